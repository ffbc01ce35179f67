"""Pictures of a result (`cssim.plot`): each takes Axes, draws a frame on them and gives them back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from cssim.errors import InputError
from cssim.measure import numbers
from cssim.messages import Language, say
from cssim.report import frames
from cssim.report.dress import COLOURS, INK, SIZE, drawn, set_ticks, short, titled
from cssim.report.frames import Frame, Result
from cssim.scenario.units import HOUR, MINUTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# -- pictures ---------------------------------------------------------------------------------------------


def contacts(
    result: Result, ax: Axes | None = None, *, queue: str | None = None, lang: Language | None = None
) -> Axes:
    """Contacts offered in each planning interval: the median day, and where eight days in ten lie.

    Args:
        result: of `simulate` or `optimise`, or its JSON.
        ax: to draw on; new ones by default.
        queue: the first by default.
        lang: of the words; the one spoken by default.

    Raises:
        InputError: no such queue, or the result lacks what is drawn.
    """
    with drawn(ax, lang) as (axes, words):
        name, rows = _only(frames.contacts(result), "queue", queue)
        edges = _edges(rows["start"])
        _band(axes, rows, edges, "p10", "p90", say("figure.spread"))
        _steps(axes, rows, edges, "p50", "present", say("figure.median"))
        _hours(axes, rows["start"], edges)
        _from_zero(axes, _most(rows, "p90"))
        minutes = _interval(rows["start"]) / timedelta(minutes=1)
        axes.set_ylabel(words(say("figure.contacts_in", minutes=f"{minutes:g}")))
        titled(axes, words(say("figure.contacts", queue=short(name))), legend=2)
    return axes


def coverage(
    result: Result,
    ax: Axes | None = None,
    *,
    pool: int | None = None,
    group: str | None = None,
    lang: Language | None = None,
) -> Axes:
    """People present and busy through the day, and those needed, of a pool; or of one of its groups.

    Args:
        result: of `simulate` or `optimise`, or its JSON.
        ax: to draw on; new ones by default.
        pool: its number (see `frames.pools`); the first by default.
        group: present and busy of this group alone; what is needed is known of pools only.
        lang: of the words; the one spoken by default.

    Raises:
        InputError: no such pool or group, or the result lacks what is drawn.
    """
    with drawn(ax, lang) as (axes, words):
        if group is None:
            number, rows = _only(frames.need(result), "pool", pool)
            among = frames.pools(result)
            several = len(among["pool"]) > 1
            of = among["groups"][among["pool"].index(number)] if several else ""
        else:
            of, rows = _only(frames.coverage(result), "group", group)
        edges = _edges(rows["start"])
        _steps(axes, rows, edges, "busy", "busy", say("figure.busy"), fill=True)
        _steps(axes, rows, edges, "present", "present", say("figure.present"))
        if group is None and any(value is not None for value in rows["needed"]):
            _steps(axes, rows, edges, "needed", "need", say("figure.needed"), style="--")
        _hours(axes, rows["start"], edges)
        _from_zero(axes, _most(rows, "present", "busy", *(["needed"] if "needed" in rows else [])))
        axes.set_ylabel(words(say("figure.people")))
        title = say("figure.coverage_of", groups=short(of)) if of else say("figure.coverage")
        titled(axes, words(title), legend=3)
    return axes


def replies(
    result: Result, ax: Axes | None = None, *, queue: str | None = None, lang: Language | None = None
) -> Axes:
    """Time to the first reply by the contact's arrival: median, p90 and p99, and the time promised.

    Args, Raises: as `contacts`.
    """
    with drawn(ax, lang) as (axes, words):
        name, rows = _only(frames.replies(result), "queue", queue)
        _, level = _only(frames.levels(result), "queue", name)
        edges = _edges(rows["start"])
        within = level["within_s"][0]
        axes.set_yscale("log")
        _steps(axes, rows, edges, "p99_s", "muted", say("figure.p99"), width=1.0)
        _steps(axes, rows, edges, "p90_s", "busy", say("figure.p90"), width=1.4)
        _steps(axes, rows, edges, "p50_s", "present", say("figure.median"))
        if within:
            label = say("figure.promised", bound=numbers.exactly(within))
            _line(axes, within, label)
        _hours(axes, rows["start"], edges)
        seconds = [x for p in ("p50_s", "p90_s", "p99_s") for x in rows[p] if x] + (
            [within] if within else []
        )
        _durations(axes, seconds)
        axes.set_ylabel(words(say("figure.seconds")))
        titled(axes, words(say("figure.replies", queue=short(name))), legend=4)
    return axes


def service(
    result: Result, ax: Axes | None = None, *, queue: str | None = None, lang: Language | None = None
) -> Axes:
    """The share in time by planning interval with its confidence band, and what is promised when it counts.

    Args, Raises: as `contacts`; of a queue that nothing is promised of there is nothing to draw.
    """
    with drawn(ax, lang) as (axes, words):
        levels = frames.levels(result)
        if queue is None:
            queue = next((q for q, name in zip(levels["queue"], levels["target"], strict=True) if name), None)
        name, rows = _only(frames.service(result), "queue", queue)
        _, level = _only(levels, "queue", name)
        edges = _edges(rows["start"])
        _band(
            axes,
            rows,
            edges,
            "low",
            "high",
            say("figure.band", sure=numbers.promised("share", level["sure"][0])),
        )
        _steps(axes, rows, edges, "share", "present", say("figure.reached"))
        promised = next((x for x in (level["at_least"][0], level["at_most"][0]) if x is not None), None)
        if promised is not None:
            label = say("figure.promised", bound=numbers.promised("share", promised))
            _steps(axes, rows, edges, "promised", "promise", label, style="--", width=1.2)
        _hours(axes, rows["start"], edges)
        _percent(axes, [x for column in ("low", "promised") for x in rows[column] if x is not None])
        axes.set_ylabel(words(say("figure.share")))
        title = say("figure.service", queue=short(name))
        if level["measure"][0] is not None:
            within = numbers.exactly(level["within_s"][0])
            measure = say(f"measure.{level['measure'][0]}", within=within)
            title = say("promise.of", words=measure, names=short(name))
        titled(axes, words(title), legend=3)
    return axes


def days(
    result: Result,
    ax: Axes | None = None,
    *,
    target: str | None = None,
    period: str | None = None,
    lang: Language | None = None,
) -> Axes:
    """How the simulated days are spread over what a promise measures, those that keep its level apart.

    Args:
        result: of `simulate` or `optimise`, or its JSON.
        ax: to draw on; new ones by default.
        target: name of the promise; the first by default.
        period: of the promise; the worst by default.
        lang: of the words; the one spoken by default.

    Raises:
        InputError: no such promise or period, or the result lacks what is drawn.
    """
    with drawn(ax, lang) as (axes, words):
        name, one = _only(frames.promises(result), "name", target, called="target")
        _, rows = _only(frames.days(result), "target", name)
        when, rows = _only(rows, "period", one["period"][0] if period is None else period)
        measure, least, most = (one[key][0] for key in ("measure", "at_least", "at_most"))
        bound = most if least is None else least
        values = np.array([value for value in rows["value"] if value is not None], dtype=np.float64)
        kept = values <= bound if least is None else values >= bound
        edges = _bins(values, bound, share=numbers.is_share(measure))
        bottom = np.zeros(len(edges) - 1)
        for which, role, label in ((kept, "good", "figure.kept"), (~kept, "bad", "figure.lacking")):
            count, _ = np.histogram(values[which], edges)
            if count.any():
                gap = 0.03 * np.diff(edges)
                bars = axes.bar(edges[:-1] + gap, count, np.diff(edges) - 2 * gap, bottom, align="edge")
                for bar in bars:
                    bar.set(facecolor=COLOURS[role], edgecolor="none", linewidth=0.0, gid=role)
                bars.set_label(say(label, days=int(count.sum())))
                bottom = bottom + count
        mark = axes.axvline(bound, color=COLOURS["promise"], linewidth=1.4, linestyle="--", gid="promise")
        mark.set_label(say("figure.promised", bound=numbers.promised(measure, bound)))
        axes.set_xlim(edges[0], edges[-1])
        _round_ticks(axes, 7, partial(tick_of, measure))
        _from_zero(axes, float(bottom.max()))
        axes.set_ylabel(words(say("figure.days_axis")))
        shown = short(name) if when == "horizon" else f"{short(name)}, {when}"
        titled(axes, words(say("figure.days", target=shown)), legend=3)
    return axes


def money(result: Result, ax: Axes | None = None, *, lang: Language | None = None) -> Axes:
    """What each group costs, and what that consists of.

    Args, Raises: as `contacts`.
    """
    with drawn(ax, lang) as (axes, words):
        rows = frames.money(result)
        groups = list(dict.fromkeys(rows["group"]))
        left = np.zeros(len(groups))
        roles = ("present", "need", "bad", "muted")
        for part, role in zip(frames.PAY, roles, strict=True):
            amounts = [a for a, p in zip(rows["amount"], rows["part"], strict=True) if p == part]
            if any(amounts):
                bars = axes.barh(range(len(groups)), amounts, 0.6, left)
                for bar in bars:
                    bar.set(facecolor=COLOURS[role], edgecolor="none", linewidth=0.0, gid=part)
                bars.set_label(say(f"figure.pay.{part}"))
                left = left + amounts
        for place, total in enumerate(left):
            axes.annotate(
                f"{total:,.0f}",
                (total, place),
                (4, 0),
                textcoords="offset points",
                va="center",
                color=INK,
                size=SIZE - 1,
            )
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.set_xlim(0, (left.max() or 1.0) * 1.1)
        names = [words(short(name, 24)) for name in groups]
        set_ticks(axes.yaxis, range(len(groups)), names)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x", color=COLOURS["grid"], linewidth=0.8)
        currency = str(frames.plain(result).get("currency", ""))
        axes.set_xlabel(words(short(currency)))
        titled(axes, words(say("figure.money")), legend=4)
    return axes


def history(result: Result, ax: Axes | None = None, *, lang: Language | None = None) -> Axes:
    """How a search came to its roster: the cost of the best so far, and below what no roster can cost.

    Args, Raises: as `contacts`; of a simulation there is nothing to draw.
    """
    with drawn(ax, lang) as (axes, words):
        rows = frames.history(result)
        currency = short(str(frames.plain(result).get("currency", "")))
        look: Mapping[str, Any] = {"drawstyle": "steps-post"}
        lacking = [
            (x, y)
            for x, y, kept in zip(rows["elapsed_s"], rows["cost"], rows["kept"], strict=True)
            if not kept
        ]
        kept = [
            (x, y) for x, y, kept in zip(rows["elapsed_s"], rows["cost"], rows["kept"], strict=True) if kept
        ]
        bound = [(x, y) for x, y in zip(rows["elapsed_s"], rows["bound"], strict=True) if y is not None]
        if lacking:
            axes.plot(
                *zip(*lacking, strict=True),
                "o",
                markersize=4,
                color=COLOURS["muted"],
                markerfacecolor="none",
                gid="lacking",
                label=say("figure.not_kept"),
            )
        if kept:
            axes.plot(
                *zip(*kept, strict=True),
                color=COLOURS["present"],
                linewidth=1.8,
                marker="o",
                markersize=3,
                gid="kept",
                label=say("figure.cost"),
                **look,
            )
        if bound:
            axes.plot(
                *zip(*bound, strict=True),
                color=COLOURS["good"],
                linewidth=1.4,
                linestyle="--",
                gid="bound",
                label=say("figure.bound"),
                **look,
            )
        _from_zero(axes, _most(rows, "cost", "bound"))
        _round_ticks(axes, 8, _elapsed)
        axes.set_ylabel(words(currency))
        titled(axes, words(say("figure.history")), legend=3)
    return axes


# -- what is drawn ----------------------------------------------------------------------------------------


def _only(frame: Frame, key: str, wanted: Any, called: str = "") -> tuple[Any, Frame]:
    """The rows of one queue, group, pool, target or period, the first where none is named."""
    names = list(dict.fromkeys(frame[key]))
    if wanted is None and names:
        wanted = names[0]
    if wanted not in names:
        allowed = ", ".join(short(str(name)) for name in names[:20])
        raise InputError.one("figure.unknown", path=called or key, given=short(str(wanted)), allowed=allowed)
    at = [k for k, name in enumerate(frame[key]) if name == wanted]
    return wanted, {name: [column[k] for k in at] for name, column in frame.items()}


def _numbers(column: Sequence[float | None]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([math.nan if value is None else value for value in column], dtype=np.float64)


def _steps(
    axes: Axes,
    rows: Frame,
    edges: np.ndarray[Any, Any],
    column: str,
    role: str,
    label: str,
    *,
    fill: bool = False,
    style: str = "-",
    width: float = 1.8,
) -> None:
    """A column as a line of steps, or the area below them; gaps where there is nothing."""
    look: dict[str, Any] = {"linewidth": width, "linestyle": style, "edgecolor": COLOURS[role]}
    if fill:
        look = {"facecolor": COLOURS[role], "alpha": 0.45, "linewidth": 0.0}
    baseline = 0.0 if fill else None
    axes.stairs(_numbers(rows[column]), edges, baseline=baseline, fill=fill, label=label, gid=column, **look)


def _band(axes: Axes, rows: Frame, edges: np.ndarray[Any, Any], low: str, high: str, label: str) -> None:
    """What lies between two columns, as a pale area."""
    bottom, top = _numbers(rows[low]), _numbers(rows[high])
    axes.stairs(
        top,
        edges,
        baseline=np.where(np.isnan(bottom), 0.0, bottom),
        fill=True,
        label=label,
        gid=f"{low} {high}",
        facecolor=COLOURS["busy"],
        alpha=0.4,
        linewidth=0.0,
    )


def _line(axes: Axes, value: float, label: str) -> None:
    axes.axhline(value, color=COLOURS["promise"], linewidth=1.2, linestyle="--", label=label, gid="promise")


def _interval(starts: Sequence[str]) -> timedelta:
    if len(starts) < 2:
        return timedelta(minutes=30)
    return datetime.fromisoformat(starts[1]) - datetime.fromisoformat(starts[0])


def _days(moments: Sequence[datetime]) -> np.ndarray[Any, Any]:
    """Local moments in matplotlib's days."""
    from matplotlib.dates import date2num

    return np.asarray(date2num(moments))  # type: ignore[no-untyped-call]


def _edges(starts: Sequence[str]) -> np.ndarray[Any, Any]:
    """The intervals' edges in matplotlib's days."""
    moments = [datetime.fromisoformat(start) for start in starts]
    return _days([*moments, moments[-1] + _interval(starts)])


def _hours(axes: Axes, starts: Sequence[str], edges: np.ndarray[Any, Any]) -> None:
    """The clock below the axes, with the date where one begins; a line at every midnight."""
    first = datetime.fromisoformat(starts[0])
    last = datetime.fromisoformat(starts[-1]) + _interval(starts)
    hours = (last - first) / timedelta(hours=1)
    step = next((s for s in (1, 2, 3, 6, 12, 24, 48, 96, 168) if hours / s <= 12), 336)
    midnight = datetime(first.year, first.month, first.day)
    ticks = []
    for k in range(int(((last - midnight) / timedelta(hours=1)) / step) + 1):
        moment = midnight + timedelta(hours=k * step)
        if first <= moment <= last:
            ticks.append(moment)
    labels = [
        f"{moment:%m-%d}"
        if step >= 24
        else f"{moment:%H:%M}\n{moment:%m-%d}"
        if moment.hour == 0 or k == 0
        else f"{moment:%H:%M}"
        for k, moment in enumerate(ticks)
    ]
    set_ticks(axes.xaxis, _days(ticks), labels)
    axes.set_xlim(edges[0], edges[-1])
    day = midnight + timedelta(days=1)
    while day < last:
        axes.axvline(float(_days([day])[0]), color=COLOURS["grid"], linewidth=0.8, zorder=0.5)
        day += timedelta(days=1)


def _round_ticks(axes: Axes, most: int, words: Callable[[float], str]) -> None:
    """Ticks at round numbers of the x axis as it is."""
    low, high = axes.get_xlim()
    places = [
        float(x) for x in MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= x <= high
    ]
    set_ticks(axes.xaxis, places, [words(x) for x in places])


def _from_zero(axes: Axes, most: float) -> None:
    """An axis from 0 to a little above the most that is drawn, which counts something."""
    axes.set_ylim(0.0, 1.06 * most or 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=most >= 3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _most(rows: Frame, *columns: str) -> float:
    return max((value for name in columns for value in rows[name] if value is not None), default=0.0)


def _percent(axes: Axes, values: Sequence[float]) -> None:
    low = min([1.0, *values])
    bottom = max(0.0, math.floor(10 * low - 0.3) / 10)
    axes.set_ylim(bottom, 1.0 + 0.02 * (1 - bottom))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.6g}%"))


_TIMES: Final = (1, 2, 5, 10, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE,
    HOUR, 2 * HOUR, 5 * HOUR, 10 * HOUR, 24 * HOUR)  # fmt: skip


def _durations(axes: Axes, seconds: Sequence[float]) -> None:
    """A logarithmic axis with round times on it."""
    low, high = min(seconds, default=1.0) / 1.5, max(seconds, default=10.0) * 1.5
    shown = [time for time in _TIMES if low <= time <= high]
    every = math.ceil(len(shown) / 7)
    axes.set_ylim(low, high)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    set_ticks(axes.yaxis, shown[::every], [numbers.exactly(time) for time in shown[::every]])


def _bins(values: np.ndarray[Any, Any], bound: float, *, share: bool) -> np.ndarray[Any, Any]:
    """Edges of about twenty bins of round width, one of them at the promise."""
    low = min([bound, *values.tolist()])
    high = max([bound, *values.tolist()])
    raw = (high - low) / 20 or abs(bound) / 20 or 0.05
    power = 10.0 ** math.floor(math.log10(raw))
    width = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))
    first, last = math.floor((low - bound) / width - 1e-9), math.floor((high - bound) / width + 1e-9) + 1
    edges = bound + width * np.arange(first, last + 1)
    if share:
        edges = np.unique(np.clip(edges, 0.0, 1.0))
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)
    return edges


def _elapsed(seconds: float) -> str:
    return numbers.exactly(seconds) if seconds >= MINUTE else f"{seconds:.6g}{say('unit.s')}"


def tick_of(measure: str, value: float) -> str:
    """A round value of a measure, for an axis."""
    if numbers.is_share(measure):
        return f"{100 * value:.6g}%"
    return numbers.measured(measure, value)
