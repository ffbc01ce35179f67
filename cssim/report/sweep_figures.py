"""Pictures of sweeps, in the figures' dress: each takes Axes and gives them back, and saves nothing.

They read a result or its JSON, so that a picture can be drawn again from a file.
"""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from matplotlib.ticker import FuncFormatter, MaxNLocator

from cssim.errors import InputError
from cssim.measure import numbers
from cssim.messages import Language, say
from cssim.report import fonts
from cssim.report.dress import COLOURS, INK, SIZE, drawn, short, titled
from cssim.report.figures import tick_of
from cssim.report.frames import Result, plain
from cssim.scenario.schema import Target

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SERIES: Final = ("present", "promise", "good", "need", "bad", "busy", "muted")
"""Roles of the colours of several lines."""

BARS: Final = 12
"""Guesses that are drawn."""


def sweep(
    result: Result, ax: Axes | None = None, *, target: str | None = None, lang: Language | None = None
) -> Axes:
    """What every point costs, or what a promise comes to there, each with its half-width.

    The first path runs along the axis; the others' values are lines of their own.

    Args:
        result: of a sweep, or its JSON.
        ax: to draw on; new ones by default.
        target: name of the promise; the cost by default.
        lang: of the words; the one spoken by default.

    Raises:
        InputError: no such promise.
    """
    with drawn(ax, lang) as (axes, words):
        found = plain(result)
        outcomes = found["outcomes"]
        measure = None if target is None else _target(found, target)["measure"]
        ticks, lines = _lines(outcomes)
        for k, (role, (name, line)) in enumerate(zip(_roles(len(lines)), lines.items(), strict=True)):
            beside = 0.04 * (k - (len(lines) - 1) / 2)  # so that no whisker hides another
            points = [(x + beside, *_value(outcome, target)) for x, outcome in line]
            axes.errorbar(
                [x for x, _, _ in points],
                [y for _, y, _ in points],
                _whiskers(points, share=measure is not None and numbers.is_share(measure)),
                color=COLOURS[role],
                marker="o",
                markersize=4,
                linewidth=1.6,
                elinewidth=1.0,
                capsize=3,
                label=short(name) or say("figure.sweep.half"),
            )
        if found["base"] is not None:
            value = _value(found["base"], target)[0]
            axes.axhline(
                value,
                color=COLOURS["muted"],
                linewidth=1.0,
                linestyle="--",
                label=say("figure.sweep.as_written"),
                gid="base",
            )
        _categories(axes, ticks)
        axes.set_xlabel(words(short(outcomes[0]["changes"][0]["path"], 80) if outcomes else ""))
        axes.yaxis.set_major_locator(MaxNLocator(6))
        if measure is None:
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
            axes.set_ylabel(words(short(str(found["currency"]))))
            title = say("figure.sweep.cost")
        else:
            shown = "share of days" if _target(found, target)["on"] is not None else measure
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_of(shown, value)))
            title = say("figure.sweep.promise", promise=_promise(_target(found, target)))
        titled(axes, words(title), legend=4)
    return axes


def frontier(result: Result, ax: Axes | None = None, *, lang: Language | None = None) -> Axes:
    """The cost of the cheapest roster at each level of a promise, and below what no roster can cost.

    Args, Raises: as `sweep`.
    """
    with drawn(ax, lang) as (axes, words):
        found = plain(result)
        ticks, lines = _lines(found["outcomes"])
        for role, (name, line) in zip(_roles(len(lines)), lines.items(), strict=True):
            colour = COLOURS[role]
            axes.plot(
                [x for x, _ in line],
                [outcome["cost"]["value"] for _, outcome in line],
                color=colour,
                linewidth=1.8,
                marker="o",
                markersize=5,
                label=short(name) or say("figure.frontier.found"),
                gid="cost",
            )
            bounds = [(x, o["lower_bound"]) for x, o in line if o.get("lower_bound") is not None]
            if bounds:
                axes.plot(
                    *zip(*bounds, strict=True),
                    color=colour if len(lines) > 1 else COLOURS["good"],
                    linewidth=1.2,
                    linestyle="--",
                    label=say("figure.frontier.bound") if role == SERIES[0] else None,
                    gid="bound",
                )
            unsure = [(x, outcome["cost"]["value"]) for x, outcome in line if outcome["status"] != "met"]
            if unsure:
                axes.plot(
                    *zip(*unsure, strict=True),
                    "o",
                    markersize=9,
                    markerfacecolor="none",
                    color=COLOURS["bad"],
                    label=say("figure.frontier.unsure") if role == SERIES[0] else None,
                    gid="unsure",
                )
        _categories(axes, ticks)
        if found["outcomes"]:
            side = found["outcomes"][0]["changes"][0]["path"].rpartition(".")[2]
            axes.set_xlabel(words(say(f"frontier.side.{side}", level="").strip()))
        _money_axis(axes, found)
        target = found["scenario"]["targets"][found["target"]]
        titled(axes, words(say("figure.frontier", promise=_promise(target))), legend=4)
    return axes


def bot(result: Result, ax: Axes | None = None, *, lang: Language | None = None) -> Axes:
    """The cost of the cheapest roster with each bot as it is, without it, and better or worse.

    Args, Raises: as `sweep`.
    """
    with drawn(ax, lang) as (axes, words):
        found = plain(result)
        rows = [(say("figure.sweep.as_written"), found["base"])] if found["base"] else []
        rows += [(_bot_words(outcome), outcome) for outcome in found["outcomes"]]
        for place, (_, outcome) in enumerate(rows):
            role = "muted" if outcome is found["base"] else "present" if outcome["status"] == "met" else "bad"
            axes.barh(place, outcome["cost"]["value"], 0.6, color=COLOURS[role])
            axes.annotate(
                f"{outcome['cost']['value']:,.0f}",
                (outcome["cost"]["value"], place),
                (4, 0),
                textcoords="offset points",
                va="center",
                size=SIZE - 1,
            )
        if any(outcome["status"] != "met" for _, outcome in rows):
            axes.plot([], [], "s", color=COLOURS["bad"], label=say("figure.frontier.unsure"))
        if found["base"]:
            axes.axvline(
                found["base"]["cost"]["value"], color=COLOURS["muted"], linewidth=1.0, linestyle="--"
            )
        _labels(axes, [words(name) for name, _ in rows])
        axes.set_xlim(0, 1.12 * max([outcome["cost"]["value"] for _, outcome in rows], default=1.0) or 1.0)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axes.set_xlabel(words(short(str(found["currency"]))))
        titled(axes, words(say("figure.bot")), legend=2)
    return axes


def tornado(
    result: Result, ax: Axes | None = None, *, money: bool = False, lang: Language | None = None
) -> Axes:
    """What each guess moves the promise, most first, with its half-width; or the cost of the cheapest roster.

    Args:
        money: the cost, where it was looked for, in place of the promise.
        result, ax, lang: as of `sweep`.
    """
    with drawn(ax, lang) as (axes, words):
        found = plain(result)
        bars = [bar for bar in found["bars"] if not money or _priced(bar)][:BARS]
        measure = found["scenario"]["targets"][found["target"]]["measure"]
        for end, role in (("low", "busy"), ("high", "present")):
            values = [_effect(bar[end], money) for bar in bars]
            axes.barh(
                range(len(bars)),
                [value for value, _ in values],
                0.62,
                xerr=None if money else [half for _, half in values],
                color=COLOURS[role],
                ecolor=COLOURS["muted"],
                capsize=2,
                label=say(f"figure.tornado.{end}"),
            )
        axes.axvline(0.0, color=INK, linewidth=0.8)
        _labels(axes, [words(_bar_words(bar)) for bar in bars])
        axes.xaxis.set_major_locator(MaxNLocator(6))
        if money:
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+,.10g}"))
            axes.set_xlabel(words(short(str(found["currency"]))))
            title = say("figure.tornado.cost")
        else:
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _signed(measure, value)))
            axes.set_xlabel(words(say("figure.tornado.change")))
            target = {**found["scenario"]["targets"][found["target"]], "on": None}
            title = say("figure.tornado", promise=_promise(target))
        titled(axes, words(title), legend=2)
    return axes


def picture(result: Result, *, lang: Language | None = None) -> bytes:
    """All pictures of a sweep on one page, as PNG."""
    with _without_remarks():
        return _page(plain(result), lang)


def _page(found: Mapping[str, Any], lang: Language | None) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kind = found["kind"]
    names = [target["name"] for target in found["scenario"]["targets"]]
    heights = {
        "sweep": [3.0] * (1 + len(names)),
        "frontier": [4.0],
        "bot": [1.2 + 0.36 * (1 + len(found.get("outcomes", ())))],
        "tornado": [1.4 + 0.34 * min(len(found.get("bars", ())), BARS)]
        + ([1.4 + 0.34 * 5] if found["searched"] else []),
    }[kind]
    figure = Figure(figsize=(8.4, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    places = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    if kind == "sweep":
        sweep(found, places[0], lang=lang)
        for name, place in zip(names, places[1:], strict=True):
            sweep(found, place, target=name, lang=lang)
    elif kind == "tornado":
        tornado(found, places[0], lang=lang)
        if found["searched"]:
            tornado(found, places[1], money=True, lang=lang)
    else:
        {"frontier": frontier, "bot": bot}[kind](found, places[0], lang=lang)
    page = io.BytesIO()
    figure.savefig(page, format="png", dpi=150)
    return page.getvalue()


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Meanwhile matplotlib does not remark on standard error that a Chinese font has one weight only."""
    log = logging.getLogger("matplotlib.font_manager")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


# -- what is drawn ----------------------------------------------------------------------------------------

Outcome = Mapping[str, Any]


def _lines(outcomes: Sequence[Outcome]) -> tuple[list[str], dict[str, list[tuple[int, Outcome]]]]:
    """The values of the first path, and by those of the others the outcomes in their places."""
    ticks = list(dict.fromkeys(outcome["changes"][0]["text"] for outcome in outcomes))
    lines: dict[str, list[tuple[int, Outcome]]] = {}
    for outcome in outcomes:
        first, *others = outcome["changes"]
        name = ", ".join(f"{change['path'].rpartition('.')[2]} {change['text']}" for change in others)
        lines.setdefault(name, []).append((ticks.index(first["text"]), outcome))
    return ticks, lines


def _roles(lines: int) -> list[str]:
    return [SERIES[k % len(SERIES)] for k in range(lines)]


def _value(outcome: Outcome, target: str | None) -> tuple[float, float]:
    """The cost, or what a promise comes to, and its half-width; NaN where there is none."""
    if target is None:
        value, half = outcome["cost"]["value"], outcome["cost"]["half_width"]
    else:
        found = next((one for one in outcome["targets"] if one["name"] == target), None)
        value, half = (found["estimate"], found["half_width"]) if found else (None, None)
    return math.nan if value is None else value, 0.0 if half is None else half


def _whiskers(points: Sequence[tuple[float, float, float]], *, share: bool) -> list[list[float]]:
    """Half-widths below and above; those of a share end at nothing and all."""
    below = [min(half, value) if share else half for _, value, half in points]
    above = [min(half, 1.0 - value) if share else half for _, value, half in points]
    return [below, above]


def _target(found: Mapping[str, Any], name: str | None) -> Mapping[str, Any]:
    for target in found["scenario"]["targets"]:
        if target["name"] == name:
            return dict(target)
    allowed = ", ".join(short(target["name"]) for target in found["scenario"]["targets"])
    raise InputError.one("figure.unknown", path="target", given=short(str(name)), allowed=allowed)


def _promise(target: Mapping[str, Any]) -> str:
    from cssim.report.words import promise

    return short(promise(Target.model_validate(dict(target))), 100)


def _categories(axes: Axes, ticks: Sequence[str]) -> None:
    texts = [fonts.drawable(short(text, 16)) for text in ticks]
    axes.set_xticks(range(len(ticks)), texts, parse_math=False)
    axes.set_xlim(-0.4, len(ticks) - 0.6)


def _labels(axes: Axes, names: Sequence[str]) -> None:
    """Names of horizontal bars, the first on top."""
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=COLOURS["grid"], linewidth=0.8)


def _money_axis(axes: Axes, found: Mapping[str, Any]) -> None:
    axes.set_ylim(bottom=0.0)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.set_ylabel(fonts.drawable(short(str(found["currency"]))))


def _bot_words(outcome: Outcome) -> str:
    change = outcome["changes"][0]
    head, _, field = change["path"].rpartition(".")
    queue = short(head.removeprefix("queues.").removesuffix(".bot"), 24)
    words = say("bot.without") if field == "covers" else say("bot.resolves", resolves=change["text"])
    return say("guess.of", what=queue, name=words)


def _bar_words(bar: Mapping[str, Any]) -> str:
    what = say(f"guess.{bar['kind']}")
    words = say("guess.of", what=what, name=short(bar["of"], 20)) if bar["of"] else what
    return f"{words}\n{short(bar['low']['text'], 14)} … {short(bar['high']['text'], 14)}"


def _priced(bar: Mapping[str, Any]) -> bool:
    return all(bar[end]["cheapest"] is not None for end in ("low", "high"))


def _effect(end: Mapping[str, Any], money: bool) -> tuple[float, float]:
    found = {"value": end["cheapest"]["change"]} if money else end["promise"]
    return found["value"] or 0.0, found.get("half_width") or 0.0


def _signed(measure: str, value: float) -> str:
    if numbers.is_share(measure):
        return f"{100 * value:+.6g}%".replace("-", "−")
    return f"{'−' if value < 0 else ''}{numbers.measured(measure, abs(value))}"
