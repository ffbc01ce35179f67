"""How every picture is dressed: colours by role, letters that can be drawn, titles, ticks.

Colours have roles that are the same in every picture, and are told apart by the colour-blind too (after Okabe
and Ito 2008, "Color universal design"). Nothing outside the Axes is changed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.text import Text

from cssim.messages import Language, speak, spoken
from cssim.report import fonts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

COLOURS: Final[Mapping[str, str]] = {
    "promise": "#d55e00",
    "need": "#aa4499",
    "present": "#0072b2",
    "busy": "#56b4e9",
    "good": "#009e73",
    "bad": "#e69f00",
    "muted": "#7d8790",
    "grid": "#dfe3e6",
}
"""By role."""

DARK: Final[Mapping[str, str]] = {
    "promise": "#ff8c42",
    "need": "#dd7fd0",
    "present": "#5cb3ff",
    "busy": "#3f7fae",
    "good": "#35c495",
    "bad": "#f2b53a",
    "muted": "#98a2ab",
    "grid": "#363d44",
}
"""The same on a dark page, as values of the CSS variables that `cssim.plot.svg` leaves open."""

INK: Final = "#24292e"
"""Of letters."""

SIZE: Final = 9.0
"""Of letters, in points."""

LONGEST: Final = 36
"""Letters of a name (half as many Chinese ones) that are shown."""

_browser: ContextVar[bool] = ContextVar("browser", default=False)


@contextmanager
def for_browser() -> Iterator[None]:
    """Figures drawn meanwhile are shown by a browser, which has fonts of its own for every letter."""
    before = _browser.set(True)
    try:
        yield
    finally:
        _browser.reset(before)


@contextmanager
def drawn(ax: Axes | None, lang: Language | None) -> Iterator[tuple[Axes, Callable[[str], str]]]:
    """Axes in the figures' dress, and what makes a text drawable; meanwhile `say` speaks the language."""
    before = spoken()
    wanted, words = lang or before, _as_it_is if _browser.get() else fonts.drawable
    speak(wanted)
    try:
        if wanted == "zh" and not _browser.get() and fonts.chinese_font() is None:
            fonts.warn_once()
            speak("en")  # words that can be read
        axes = _new_axes() if ax is None else ax
        _dress(axes)
        yield axes, words
        _letters(axes)
    finally:
        speak(before)


def _as_it_is(text: str) -> str:
    return text


def _new_axes() -> Axes:
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(8.0, 3.6), layout="constrained")[1]


def _dress(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["muted"])
    axes.spines["bottom"].set_linewidth(0.8)
    axes.tick_params(labelsize=SIZE - 1, labelcolor=INK, color=COLOURS["muted"], length=3, width=0.8)
    axes.tick_params(axis="y", length=0)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="y", color=COLOURS["grid"], linewidth=0.8)


def _letters(axes: Axes) -> None:
    """Every text as it is, without formulas in it, in fonts that have its letters."""
    for text in axes.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
        family = None if _browser.get() else fonts.families(text.get_text())
        if family is not None:
            text.set_fontfamily(family)


def titled(axes: Axes, title: str, legend: int) -> None:
    """A title, and above the axes a line that names what is drawn, in so many columns at most."""
    handles, labels = axes.get_legend_handles_labels()
    words = _as_it_is if _browser.get() else fonts.drawable
    axes.legend(
        handles,
        [words(label) for label in labels],
        loc="lower left",
        bbox_to_anchor=(0.0, 1.01),
        ncols=legend,
        frameon=False,
        fontsize=SIZE - 0.5,
        labelcolor=INK,
        borderpad=0.0,
        borderaxespad=0.2,
        handlelength=1.6,
        handletextpad=0.5,
        columnspacing=2.2,
    )
    axes.set_title(title[:1].upper() + title[1:], loc="left", fontsize=SIZE + 2, color=INK, pad=2.4 * SIZE)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(fontsize=SIZE - 0.5, color=INK)


def short(name: str, longest: int = LONGEST) -> str:
    """A name in one line, cut where it is too long to be shown."""
    name = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in name)
    if _cells(name) <= longest:
        return name
    kept = ""
    for letter in name:
        if _cells(kept + letter) >= longest:
            break
        kept += letter
    return f"{kept}…"


def _cells(text: str) -> int:
    return sum(2 if fonts.is_chinese(letter) else 1 for letter in text)


def width_of(text: str) -> float:
    """About how wide the widest line of a text is, in its own size, whatever font it is drawn in."""
    return max(0.62 * _cells(line) * (0.85 if fonts.is_chinese(line) else 1.0) for line in text.split("\n"))


def set_ticks(axis: Axis, places: Sequence[float] | np.ndarray[Any, Any], words: Sequence[str]) -> None:
    """Ticks with words, told now: a formatter would be asked when the language may be another."""
    family = None if _browser.get() else fonts.families("".join(words))
    look: dict[str, Any] = {} if family is None else {"fontfamily": family}
    axis.set_ticks(list(places), list(words), parse_math=False, **look)
