"""A result as one web page for a shop manager: it stands alone, needs no script, and computes nothing.

The page (`report.html.j2`, `report.css`) gets figures and sentences that are ready to be shown. Whatever a
user has named stays text: the template escapes all but what `verdict.told` and the pictures have made.
"""

from __future__ import annotations

import importlib.resources
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from cssim.measure import numbers
from cssim.measure.numbers import NOTHING, count, measured, promised, share, spaced, time
from cssim.messages import Language, say, speak, spoken
from cssim.report import frames, words
from cssim.report.frames import Frame, Result
from cssim.report.kept import PLAN_RESULT, Kept, kept
from cssim.report.verdict import amount, figure, name, promise, sentence, short, told
from cssim.scenario.units import format_moment

if TYPE_CHECKING:
    from jinja2 import Environment

    from cssim.measure.estimate import TargetResult

MOST_DIFFERENCES: Final = 12
"""Differences between two scenarios that are listed."""

MOST_OPEN: Final = 12
"""Rows of a table that is open where it stands; a longer one is folded."""

LONGEST_VALUE: Final = 60
"""Letters of a value among differences."""

MARKS: Final[Mapping[str, str]] = {"met": "✓", "missed": "✗", "undecided": "?", "infeasible": "✗"}
"""Verdicts without colour."""


@dataclass(frozen=True)
class Table:
    """A table: `left` of its columns are words, the others figures.

    Attributes:
        head: of the columns.
        rows: cells, as they are shown.
        left: how many columns are words; the first names the row.
        foot: a last row that sums up, if there is one.
    """

    head: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    left: int = 1
    foot: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A picture, what to see in it, and its numbers.

    Attributes:
        see: a sentence.
        svg: an inline `<svg>`; none where there is nothing to draw.
        table: its numbers.
    """

    see: Markup
    svg: Markup | None
    table: Table


def html(
    result: Result,
    *,
    lang: Language | None = None,
    beside: Mapping[str, Result] | None = None,
) -> str:
    """The report on a result.

    Args:
        result: of `simulate` or `optimise`, as an object or as its JSON.
        lang: of the words; the one spoken by default.
        beside: other results by the name that they go by, to stand beside it.

    Raises:
        InputError: a result lacks something, or holds what no result may.
    """

    def render() -> str:
        speak(lang or spoken())
        mine = kept(frames.plain(result))
        others = {called: kept(frames.plain(other)) for called, other in (beside or {}).items()}
        return _page().get_template("report.html.j2").render(_parts(mine, others)).lstrip()

    return copy_context().run(render)


@cache
def _page() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    found = Environment(
        autoescape=True,
        loader=FunctionLoader(_file),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(t=told, name=name, mark=MARKS)
    return found


def _file(called: str) -> str:
    return (importlib.resources.files("cssim.report") / called).read_text(encoding="utf-8")


def _parts(result: Kept, beside: Mapping[str, Kept]) -> dict[str, Any]:
    """Everything that the page shows."""
    raw, scenario = result.raw, result.scenario
    return {
        "css": Markup(_file("report.css")),
        "title": short(scenario.name) or say("report.unnamed"),
        "title_given": bool(scenario.name),
        "span": told(
            "report.span",
            start=format_moment(scenario.horizon.start),
            end=format_moment(scenario.horizon.end),
            zone=scenario.horizon.timezone,
        ),
        "made": told(
            "report.made", version=raw["version"], started=str(raw["started"])[:16].replace("T", " ")
        ),
        "verdict": result.verdict,
        "sentence": sentence(result),
        "remark": _remark(result),
        "tiles": list(_tiles(result)),
        "today": _today(result) if result.baseline else None,
        "promises": _promises(result),
        "no_miss": [
            told("table.no_miss", promise=promise(scenario, target), days=len(judged.days))
            for target, judged in zip(scenario.targets, result.targets, strict=True)
            if judged.absolute and judged.verdict == "met"
        ],
        "fresh": result.status != "simulated",
        "grid": _grid(result),
        "why_each": _why_each(result),
        "chapters": [chapter for chapter in _chapters(result) if chapter[1]],
        "tightest": _tightest(result),
        "lacking": _lacking(result) if result.status in ("infeasible", "budget") else None,
        "beside": _beside(result, beside) if beside else None,
        "untold": _untold(raw),
        "assumes": [told(key) for key in result.assumes],
        "yaml": _yaml(result),
        "run": list(_run(result)),
        "history": list(_history(result)),
        "again": list(_again(result)),
        "most_open": MOST_OPEN,
    }


# -- verdict, money, promises -----------------------------------------------------------------------------


def _remark(result: Kept) -> Markup | None:
    """Why no roster does it, or where one lacks most."""
    if result.why is not None:
        return told("report.why", why=say(result.why[0], **result.why[1]))
    if result.verdict == "met" or not result.shortfall:
        return None
    worst = max(result.shortfall, key=lambda row: row.people)
    return told(
        "report.most_lacking",
        queue=name(worst.queue),
        span=words.span(worst.start, worst.end),
        people=f"{worst.people:.1f}",
    )


def _tiles(result: Kept) -> Iterator[tuple[str, str, str]]:
    """What it is, its value, and a word on it."""
    judged, scenario = result.judged, result.scenario
    each = judged["cost_per_contact"]["value"]
    each_contact = NOTHING if each is None else amount(each, scenario, "{:,.2f}")
    yield (
        told("report.tile.cost"),
        amount(result.cost, scenario),
        say("report.tile.cost.sub", each=each_contact),
    )
    if result.lower_bound is not None:
        least = amount(math.floor(result.lower_bound), scenario)
        key = "report.tile.bound.sub" if result.verdict == "met" else "report.tile.bound.sub_lacking"
        yield told("report.tile.bound"), least, told(key, gap=numbers.gap(result.gap))
    people = count(result.people)
    yield told("report.tile.people"), people, say("report.tile.people.sub", shifts=count(result.shifts))
    yield (
        told("report.tile.kept"),
        say("report.tile.kept.value", kept=result.kept, all=len(result.targets)),
        say("report.tile.kept.sub", runs=count(result.runs)),
    )
    lost = judged["lost_sales"]["value"]
    if lost:
        yield told("report.tile.lost"), amount(lost, scenario), say("report.tile.lost.sub")


def _today(result: Kept) -> dict[str, Any]:
    """The roster of today and this one, side by side on the same days."""
    today = result.baseline
    assert today is not None
    less = round(today.cost) - round(result.cost)
    key = "less" if less > 0 else "more" if less < 0 else "same"
    saving = told(f"report.today.{key}", difference=amount(abs(less), result.scenario))
    promised = told("report.today.kept", was=today.kept, now=result.kept, all=len(result.targets))
    both = (result, today)
    rows: list[tuple[Any, ...]] = [
        (told("report.row.cost"), *(amount(one.cost, one.scenario) for one in both)),
        (told("report.row.people"), *(count(one.people) for one in both)),
        (told("report.row.shifts"), *(count(one.shifts) for one in both)),
    ]
    for k, target in enumerate(result.scenario.targets):
        rows.append((name(words.called(result.scenario, target.name)), *(_reached(one, k) for one in both)))
    head = ("", say("report.column.this"), say("report.column.today"))
    return {"says": [saving, promised], "table": Table(head, rows)}


def _reached(result: Kept, k: int) -> Markup:
    """A promise's estimate with its verdict."""
    target = result.targets[k]
    return Markup("{} {}").format(
        figure(result.scenario, target, target.estimate),
        badge(target.verdict, say(f"verdict.{target.verdict}")),
    )


def badge(verdict: str, text: str) -> Markup:
    """A verdict, told apart by sign, word and colour."""
    return Markup('<span class="badge {}">{}\xa0{}</span>').format(verdict, MARKS[verdict], text)


def _promises(result: Kept) -> list[dict[str, Any]]:
    """Each promise in words, with a row for each of its periods."""
    found = []
    for target, judged in zip(result.scenario.targets, result.targets, strict=True):
        rows = [
            (
                say("table.whole") if judged.each == "horizon" else one.period[5:],
                figure(result.scenario, judged, one.estimate),
                f"{figure(result.scenario, judged, one.low)} … {figure(result.scenario, judged, one.high)}",
                _wanted(result, judged),
                badge(one.verdict, say(f"verdict.{one.verdict}")),
            )
            for one in judged.by_period
        ]
        own = target.name if target.name != target.measure else ""
        found.append({"name": own, "words": promise(result.scenario, target), "rows": rows})
    return found


def _wanted(result: Kept, target: TargetResult) -> str:
    return spaced(numbers.wanted(target))


# -- roster -----------------------------------------------------------------------------------------------


def _grid(result: Kept) -> dict[str, Any]:
    """Rows of group and shift, columns of dates, counts in the cells."""
    rows: dict[tuple[str, str, str, str], dict[str, int]] = {}
    breaks: dict[tuple[str, str, str, str], str] = {}
    for row in result.raw["roster"]:
        key = (row["group"], row["shift"], row["start"], row["end"])
        per_date = rows.setdefault(key, {})
        per_date[row["date"]] = per_date.get(row["date"], 0) + int(row["count"])
        breaks[key] = "; ".join(_break(pause) for pause in row["breaks"])
    dates = sorted({day for per_date in rows.values() for day in per_date})
    by_group: dict[str, list[dict[str, Any]]] = {group: [] for group in result.scenario.groups}
    for (group, shift, start, end), per_date in sorted(rows.items(), key=lambda item: item[0][2:]):
        by_group[group].append(
            {
                "shift": shift,
                "hours": words.clocks(start, end),
                "breaks": breaks[group, shift, start, end],
                "counts": [per_date.get(day, 0) for day in dates],
            }
        )
    totals = [sum(per_date.get(day, 0) for per_date in rows.values()) for day in dates]
    groups = {group: shifts for group, shifts in by_group.items() if shifts}
    return {"dates": [_date(day) for day in dates], "groups": groups, "totals": totals}


def _break(pause: Mapping[str, Any]) -> str:
    text = say("report.break", at=pause["at"], length=spaced(str(pause["for"])))
    return f"{text} ({say('report.break.paid')})" if pause["paid"] else text


def _date(day: str) -> tuple[str, str]:
    """Month and day, and the day of the week."""
    return day[5:], say(f"report.weekday.{date.fromisoformat(day).weekday()}")


def _why_each(result: Kept) -> Table | None:
    """What becomes of a promise without one of those who work a shift; None where it is not known."""
    found = frames.roster(result.raw)
    if not any(target is not None for target in found["without_target"]):
        return None
    head = tuple(
        say(f"table.column.{one}")
        for one in ("group", "shift", "date", "hours", "count", "cost", "without", "of_promise")
    )
    rows = []
    measures = _measures(result)
    for row in _rows(found):
        target = row["without_target"]
        change: Any = NOTHING
        if target is not None:
            ends = (spaced(measured(measures[target], row[end])) for end in ("without_from", "without_to"))
            change = " → ".join(ends)
        hours = words.clocks(row["start"], row["end"])
        cells = (name(row["group"]), name(row["shift"]), row["date"][5:], hours)
        rows.append((*cells, count(row["count"]), count(row["cost"]), change, name(target or NOTHING)))
    return Table(head, rows, left=4)


def _measures(result: Kept) -> dict[str, str]:
    """What is judged of each promise, by the name it has in frames."""
    found = frames.promises(result.raw)
    return {
        called: measure if on is None else "share of days"
        for called, measure, on in zip(found["name"], found["measure"], found["on"], strict=True)
    }


# -- pictures ---------------------------------------------------------------------------------------------


def _chapters(result: Kept) -> Iterator[tuple[str, list[Picture]]]:
    """Pictures by what they are about; a message key and the pictures."""
    yield "report.picture.contacts", list(_contacts(result))
    yield "report.picture.people", list(_people(result))
    yield "report.picture.replies", list(_replies(result))
    yield "report.picture.service", list(_service(result))
    yield "report.picture.days", list(_days(result))
    yield "report.picture.money", list(_money(result))


def _svg(draw: str, result: Kept, **options: Any) -> Markup:
    from cssim.report import figures
    from cssim.report.svg import svg

    return Markup(svg(getattr(figures, draw), result.raw, **options))


def _rows(frame: Frame) -> list[dict[str, Any]]:
    return [dict(zip(frame, values, strict=True)) for values in zip(*frame.values(), strict=True)]


def _of(frame: Frame, key: str) -> dict[Any, list[dict[str, Any]]]:
    """Rows by the value of a column, in order."""
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in _rows(frame):
        found.setdefault(row[key], []).append(row)
    return found


def _moment(start: str) -> str:
    """``11-10 20:00``."""
    return start[5:16]


def _head(*columns: str) -> tuple[str, ...]:
    return tuple(say(f"report.column.{column}") for column in columns)


def _optional(show: Any, value: Any) -> str:
    return NOTHING if value is None else str(show(value))


def _contacts(result: Kept) -> Iterator[Picture]:
    minutes = f"{result.scenario.horizon.interval / 60:g}"
    for queue, rows in _of(frames.contacts(result.raw), "queue").items():
        top = max(rows, key=lambda row: row["p50"] or 0.0)
        figures = {p: count(top[p] or 0.0) for p in ("p10", "p50", "p90")}
        if top["p90"]:
            when = _moment(top["start"])
            see = told(
                "report.picture.contacts.see", queue=name(queue), when=when, minutes=minutes, **figures
            )
        else:
            see = told("report.picture.contacts.none", queue=name(queue))
        cells = [
            (_moment(row["start"]), *(_optional(count, row[p]) for p in ("p10", "p50", "p90")))
            for row in rows
        ]
        picture = _svg("contacts", result, queue=queue)
        yield Picture(see, picture, Table(_head("start", "p10", "p50", "p90"), cells))


def _people(result: Kept) -> Iterator[Picture]:
    for pool, rows in _of(frames.need(result.raw), "pool").items():
        top = max(rows, key=lambda row: row["busy"] or 0.0)
        if top["present"]:
            see = told(
                "report.picture.people.see",
                when=_moment(top["start"]),
                busy=count(top["busy"]),
                present=count(top["present"]),
                share=share(top["busy"] / top["present"]),
            )
        else:
            see = told("report.picture.people.nobody")
        columns = ("needed", "present", "busy")
        cells = [(_moment(row["start"]), *(_optional(count, row[c]) for c in columns)) for row in rows]
        yield Picture(see, _svg("coverage", result, pool=pool), Table(_head("start", *columns), cells))


def _seconds(value: float) -> str:
    return spaced(time(value))


def _replies(result: Kept) -> Iterator[Picture]:
    columns = ("p50_s", "p90_s", "p99_s")
    for queue, rows in _of(frames.replies(result.raw), "queue").items():
        known = [row for row in rows if row["p90_s"] is not None]
        if not known:
            yield Picture(told("report.picture.replies.none", queue=name(queue)), None, Table((), ()))
            continue
        top = max(known, key=lambda row: row["p90_s"])
        see = told(
            "report.picture.replies.see",
            queue=name(queue),
            when=_moment(top["start"]),
            p50=_seconds(top["p50_s"]),
            p90=_seconds(top["p90_s"]),
        )
        cells = [(_moment(row["start"]), *(_optional(_seconds, row[c]) for c in columns)) for row in rows]
        yield Picture(see, _svg("replies", result, queue=queue), Table(_head("start", *columns), cells))


def _service(result: Kept) -> Iterator[Picture]:
    levels = {row["queue"]: row for row in _rows(frames.levels(result.raw))}
    for queue, rows in _of(frames.service(result.raw), "queue").items():
        level = levels[queue]
        if level["target"] is None:
            continue
        counted = [row for row in rows if row["promised"] is not None and row["share"] is not None]
        if counted:
            worst = min if level["at_most"] is None else max
            top = worst(counted, key=lambda row: row["share"])
            see = told(
                "report.picture.service.see",
                queue=name(queue),
                when=_moment(top["start"]),
                share=share(top["share"]),
                promised=promised("share", top["promised"]),
            )
        else:
            see = told("report.picture.service.none", queue=name(queue))
        columns = ("share", "low", "high", "promised")
        cells = [(_moment(row["start"]), *(share(row[c]) for c in columns)) for row in rows]
        head = _head("start", "reached", "low", "high", "promised")
        yield Picture(see, _svg("service", result, queue=queue), Table(head, cells))


def _days(result: Kept) -> Iterator[Picture]:
    """The worst period of each promise; its numbers as a count of days by value."""
    by_target = _of(frames.days(result.raw), "target")
    for row, target in zip(_rows(frames.promises(result.raw)), result.scenario.targets, strict=True):
        values = [
            one["value"]
            for one in by_target.get(row["name"], [])
            if one["period"] == row["period"] and one["value"] is not None
        ]
        if not values:
            continue
        least, most = row["at_least"], row["at_most"]
        reached = sum(value >= least if least is not None else value <= most for value in values)
        bound = least if least is not None else most
        see = told(
            "report.picture.days.see" if row["on"] is not None else "report.picture.days.see_average",
            promise=_what(result, row, target.name),
            kept=reached,
            days=len(values),
            level=spaced(promised(row["measure"], bound)),
            reached=_value(row["measure"], row["estimate"]),
        )
        cells = [(k, _value(row["measure"], value)) for k, value in enumerate(sorted(values), 1)]
        table = Table((say("report.column.days"), say("table.column.reached")), cells)
        yield Picture(see, _svg("days", result, target=row["name"]), table)


def _what(result: Kept, row: Mapping[str, Any], called: str) -> Markup:
    """A promise, and its period where it has several."""
    found = name(words.called(result.scenario, called))
    return found if row["period"] == "horizon" else Markup("{}, {}").format(found, row["period"][5:])


def _value(measure: str, value: float) -> str:
    return spaced(measured(measure, value))


def _money(result: Kept) -> Iterator[Picture]:
    by_group = _of(frames.money(result.raw), "group")
    cells, sums = [], {}
    for group, rows in by_group.items():
        amounts = {row["part"]: row["amount"] or 0.0 for row in rows}
        sums[group] = sum(amounts.values())
        parts = (count(amounts[part]) for part in frames.PAY)
        cells.append((name(group), *parts, count(sums[group])))
    if not any(sums.values()):
        return
    top = max(sums, key=lambda group: sums[group])
    see = told(
        "report.picture.money.see",
        group=name(top),
        amount=amount(sums[top], result.scenario),
        total=amount(result.cost, result.scenario),
    )
    table = Table(_head("group", *frames.PAY, "in_all"), cells)
    yield Picture(see, _svg("money", result), table)


def _history(result: Kept) -> Iterator[Picture]:
    if result.status == "simulated" or not result.raw["search"]["history"]:
        return
    see = told("report.picture.history.see", rosters=count(result.raw["search"]["rosters_tried"]))
    cells = [
        (
            _seconds(row["elapsed_s"]),
            _optional(count, row["cost"]),
            numbers.bound(row["bound"]),
            say("report.yes" if row["kept"] else "report.no"),
        )
        for row in _rows(frames.history(result.raw))
    ]
    table = Table(_head("elapsed", "cost", "bound", "kept"), cells)
    yield Picture(see, _svg("history", result), table)


def _tightest(result: Kept) -> Table:
    rows = [
        (
            say(f"report.kind.{row['kind']}"),
            name(row["name"]),
            _moment(row["start"]),
            share(row["value"]),
            _optional(lambda value: promised("share", value), row["promised"]),
            _optional(count, row["offered"]),
        )
        for row in _rows(frames.tightest(result.raw))
    ]
    return Table(_head("kind", "name", "start", "share", "promised", "offered"), rows, left=3)


# -- shortfall, other plans, assumptions ------------------------------------------------------------------


def _lacking(result: Kept) -> dict[str, Any]:
    """Where people are lacking, and what would mend it."""
    from cssim.roster.mend import remedies

    rows = [
        (
            name(words.called(result.scenario, row.target)),
            name(row.queue),
            words.span(row.start, row.end),
            f"{row.people:.1f}",
        )
        for row in result.shortfall
    ]
    head = tuple(say(f"table.column.{column}") for column in ("promise", "queue", "hours", "lacking"))
    found = [
        (name(words.called(result.scenario, one.target)), spaced_words(words.remedy(one)))
        for one in remedies(result)
    ]
    return {
        "table": Table(head, rows, left=3) if rows else None,
        "remedies": found,
        "advice": told(f"plan.advice.{result.status}"),
    }


def spaced_words(text: str) -> Markup:
    """A sentence with names in it."""
    return Markup("<bdi>{}</bdi>").format(text)


def _beside(result: Kept, others: Mapping[str, Kept]) -> Table:
    """Plans, what differs between their scenarios, what they cost, and what they keep."""
    rows: list[tuple[Any, ...]] = [
        (
            told("report.beside.this"),
            NOTHING,
            amount(result.cost, result.scenario),
            NOTHING,
            say("report.tile.kept.value", kept=result.kept, all=len(result.targets)),
            badge(result.verdict, say(f"report.badge.{result.verdict}")),
        )
    ]
    for called, other in others.items():
        more = round(other.cost) - round(result.cost)
        rows.append(
            (
                name(called),
                _differences(result.raw["scenario"], other.raw["scenario"]),
                amount(other.cost, other.scenario),
                f"{more:+,d}".replace("-", "−")
                if other.scenario.currency == result.scenario.currency
                else NOTHING,
                say("report.tile.kept.value", kept=other.kept, all=len(other.targets)),
                badge(other.verdict, say(f"report.badge.{other.verdict}")),
            )
        )
    head = (
        *_head("plan", "differs"),
        say("report.row.cost"),
        say("report.column.against"),
        say("report.row.kept"),
        say("report.column.verdict"),
    )
    return Table(head, rows, left=2)


def _differences(here: Mapping[str, Any], there: Mapping[str, Any]) -> Markup:
    """What differs between two resolved scenarios, a line a path."""
    found = [one for one in differences(here, there) if one[0] != "name"]
    if not found:
        return told("report.beside.same")
    lines = [
        Markup("<li><code><bdi>{}</bdi></code>: <bdi>{}</bdi> → <bdi>{}</bdi></li>").format(
            short(path), _shown(was), _shown(now)
        )
        for path, was, now in found[:MOST_DIFFERENCES]
    ]
    if len(found) > MOST_DIFFERENCES:
        lines.append(Markup("<li>{}</li>").format(say("report.beside.more", n=len(found) - MOST_DIFFERENCES)))
    return Markup("<ul>{}</ul>").format(Markup("").join(lines))


def differences(here: Any, there: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The paths at which two plain values differ, with both; lists of unlike length differ as a whole."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for key in {**here, **there}:
            yield from differences(here.get(key), there.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        for k, (one, other) in enumerate(zip(here, there, strict=True)):
            yield from differences(one, other, f"{path}.{k}")
    elif here != there:
        yield path, here, there


def _shown(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, list) and any(isinstance(one, (list, Mapping)) for one in value):
        return say("report.beside.entries", n=len(value))
    return short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), LONGEST_VALUE)


def _untold(raw: Mapping[str, Any]) -> list[tuple[str, Markup]] | None:
    """What was left to its default: the path, and what was taken; None where a result does not say."""
    found = raw.get("untold")
    if found is None:
        return None
    return [(one["path"], told(one["key"], **one["values"])) for one in found]


def _yaml(result: Kept) -> str:
    from cssim.scenario.load import dump

    return dump(result.scenario)


def _run(result: Kept) -> Iterator[tuple[Markup, str]]:
    raw, judged = result.raw, result.judged
    yield told("report.run.seed"), str(raw["seed"])
    yield told("report.run.version"), f"cssim {raw['version']}"
    yield told("report.run.engine"), str(raw["engine"])
    yield told("report.run.runs"), count(result.runs)
    if result.status != "simulated":
        yield told("report.run.searched"), count(raw["search"]["rosters_tried"])
    yield told("report.run.started"), str(raw["started"])
    yield told("report.run.elapsed"), _seconds(float(raw["elapsed_s"]))
    yield told("report.run.digest"), str(judged["scenario_digest"])


def _again(result: Kept) -> Iterator[str]:
    """Commands that give the same numbers again; the files are those of a plan's folder."""
    seed = result.raw["seed"]
    yield f"cssim replay {PLAN_RESULT}"
    if result.status != "simulated":
        budget = result.raw["search"]["budget_s"]
        yield f"cssim optimise scenario.yaml --seed {seed}" + (f" --budget {budget:g}s" if budget else "")
    yield f"cssim report {PLAN_RESULT} -o report.html --lang {spoken()}"


def beside_names(paths: Iterable[Path]) -> list[str]:
    """What results go by: the names of their files, or of the folders that they lie in; no two the same."""
    found: list[str] = []
    for path in paths:
        own = path.parent.name if path.name == PLAN_RESULT and path.parent.name else path.stem
        found.append(own if own not in found else str(path))
    return found


__all__ = ["Picture", "Table", "beside_names", "differences", "html"]
