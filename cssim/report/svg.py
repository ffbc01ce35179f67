"""A picture as a piece of a web page: an SVG that takes letters and colours from the page around it."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Callable
from html import escape
from typing import Any, Final

from cssim.report.dress import COLOURS, INK, for_browser
from cssim.report.frames import Result

WIDTH: Final = 7.2
HEIGHT: Final = 2.9
"""Inches, at 72 units to the inch; the page scales the picture to its own width."""


def svg(
    draw: Callable[..., Any],
    result: Result,
    *,
    width: float = WIDTH,
    height: float = HEIGHT,
    title: bool = False,
    **options: Any,
) -> str:
    """A figure as one inline `<svg>` element that stands alone; the same picture is the same text.

    Its letters are the browser's and `currentColor`; its colours are CSS variables (`--c-promise`,
    `--c-present`, ... by the names of `dress.COLOURS`) with the figures' own as default; it fills the width
    that it is given, and its names clash with no other's on the page.

    Args:
        draw: one of `cssim.plot`.
        result: what it draws.
        width, height: inches; they fix the proportions, and how large letters are.
        title: whether the title is drawn too; it is told to screen readers in any case.
        options: of the figure: `queue`, `lang`, ...

    Raises:
        InputError: as the figure.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    written = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "cssim"}), for_browser():
        figure = Figure(figsize=(width, height))
        axes = draw(result, figure.subplots(), **options)
        words = axes.get_title(loc="left")
        if not title:
            axes.set_title("", loc="left")
        _leave_room(axes, titled=title)
        with warnings.catch_warnings():
            # the browser has the letters that the fonts here lack
            warnings.filterwarnings("ignore", message="Glyph")
            figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return _for_a_page(written.getvalue(), words)


def _leave_room(axes: Any, titled: bool) -> None:
    """Margins for what stands around the axes, by the letters' number, whatever fonts are here."""
    from cssim.report.dress import SIZE, width_of

    width, height = axes.figure.get_size_inches() * 72
    axes.figure.canvas.draw_idle()
    names = [label.get_text() for label in axes.get_yticklabels()]
    longest = max((width_of(name) for name in names), default=0.0)
    left = SIZE * (longest + 1.5 + (1.5 if axes.get_ylabel() else 0.0))
    bottom = SIZE * (3.4 if any("\n" in t.get_text() for t in axes.get_xticklabels()) else 2.2)
    bottom += SIZE * 1.4 if axes.get_xlabel() else 0.0
    top = SIZE * ((2.2 if axes.get_legend() else 0.8) + (2.2 if titled else 0.0))
    axes.figure.subplots_adjust(
        left=left / width, right=1 - 1.5 * SIZE / width, bottom=bottom / height, top=1 - top / height
    )


def _for_a_page(text: str, words: str) -> str:
    """Matplotlib's file as an element of a page."""
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"<defs>\s*</defs>", "", text)
    text = re.sub(r' d="([^"]*)"', lambda found: f' d="{_shorter(found[1])}"', text)
    text = text.replace("xlink:href=", "href=")
    text = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", text)
    text = re.sub(r" ?font-family: [^;\"]*;?| transform=\"rotate\(-?0 [^)]*\)\"", "", text)
    text = text.replace(INK, "currentColor")
    for name, colour in COLOURS.items():
        text = text.replace(colour, f"var(--c-{name}, {colour})")
    view = re.search(r'viewBox="[^"]*"', text)
    assert view is not None
    inner = text[text.index(">") + 1 :]
    inner = _own_names(
        re.sub(r">\s+<", "><", inner), f"f{hashlib.sha256((words + inner).encode()).hexdigest()[:8]}"
    )
    name = escape(words)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {view[0]} role="img" aria-label="{name}" '
        'style="width:100%;height:auto;overflow:visible;stroke-linejoin:round;stroke-linecap:butt">'
        f"{inner.strip()}"
    )


def _shorter(path: str) -> str:
    """A path's numbers to a tenth of a unit, which nobody sees."""
    path = re.sub(r"-?\d+\.\d+", lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), path)
    return " ".join(path.split())


def _own_names(text: str, prefix: str) -> str:
    """Names that are referred to with a prefix of the picture's own; the others are left out."""
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
    wanted = {name for pair in used for name in pair if name}

    def renamed(found: re.Match[str]) -> str:
        return f' id="{prefix}-{found[1]}"' if found[1] in wanted else ""

    text = re.sub(r' id="([^"]*)"', renamed, text)
    text = re.sub(r'href="#', f'href="#{prefix}-', text)
    return re.sub(r"url\(#", f"url(#{prefix}-", text)
