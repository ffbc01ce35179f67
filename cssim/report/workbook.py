"""A result as a workbook: the roster as a grid, coverage and demand by interval, results, assumptions.

Every number is one of the result's (`cssim.report.frames`); the totals below the roster are formulas, so that
they follow a planner who changes the counts. `simulate --roster` reads the grid back (`cssim.scenario.grid`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import copy_context
from datetime import date, datetime, timedelta
from typing import Any, Final

from cssim.errors import Fault, InputError, column_letters
from cssim.messages import Language, say, speak, spoken
from cssim.report import frames
from cssim.report.excel import Cell, Page, Writer, wide, written
from cssim.report.words import promise
from cssim.scenario.load import from_resolved
from cssim.scenario.schema import DURATION_MEASURES, NUMBER_MEASURES
from cssim.scenario.units import DAY, HOUR, parse_clock, parse_moment

SHEETS: Final = ("roster", "coverage", "demand", "results", "assumptions")
"""The sheets, in order; their names are messages."""

SPARE: Final = 5
"""Empty rows of the grid, for shifts that a planner adds."""

_GRID: Final = ("group", "shift", "start", "end", "hours")
_HEAD: Final = 3
_WIDTH: Final = 11
_ASSUMED: Final = (52, 90)
_MOST_CHOICES: Final = 255
_LOOKS: Final = {"met": "good", "missed": "bad", "undecided": "open"}


def workbook(result: frames.Result, lang: Language | None = None) -> bytes:
    """A result of `simulate` or `optimise`, or its JSON, as the content of an .xlsx file.

    Args:
        result: the result.
        lang: of the words; the language that is spoken by default.

    Raises:
        InputError: the result lacks something, or XlsxWriter is not installed.
    """
    found = frames.plain(result)
    try:
        return copy_context().run(_in, lang or spoken(), found)
    except KeyError as error:  # a result that somebody has cut
        raise InputError.one("frame.lacking", path=str(error.args[0])) from None


def _in(lang: Language, found: Mapping[str, Any]) -> bytes:
    speak(lang)

    def draw(book: Writer) -> None:
        _roster(book, found)
        _coverage(book, found)
        _demand(book, found)
        _results(book, found)
        _assumptions(book, found)

    return written(draw)


def _sheet(book: Writer, name: str) -> Page:
    return book.sheet(say(f"workbook.sheet.{name}"))


def _title(page: Page, found: Mapping[str, Any], what: str, note: str) -> None:
    name = _scenario(found).get("name") or ""
    title = say(f"workbook.sheet.{what}")
    page.put(0, 0, say("workbook.title", name=name, what=title) if name else title, look="title")
    page.put(1, 0, note, look="note")


# -- the roster -------------------------------------------------------------------------------------------


def _roster(book: Writer, found: Mapping[str, Any]) -> None:
    """Rows by group and shift, columns by date; the counts may be changed and read back."""
    frame = frames.roster(found)
    counts: dict[tuple[str, str, str, str], dict[str, int]] = {}
    for group, name, start, end, day, count in _rows(
        frame, "group", "shift", "start", "end", "date", "count"
    ):
        of_shift = counts.setdefault((group, name, start, end), {})
        of_shift[day] = of_shift.get(day, 0) + count
    days = _dates(found, frame["date"])
    page = _sheet(book, "roster")
    _title(page, found, "roster", say("workbook.roster.note"))
    page.heads(_HEAD, [say(f"workbook.column.{name}") for name in _GRID])
    first, total = len(_GRID), len(_GRID) + len(days)
    for k, day in enumerate(days):
        page.put(_HEAD, first + k, date.fromisoformat(day), "day", "head")
    page.heads(_HEAD, [say("workbook.column.total")], total)
    top = _HEAD + 1
    shifts: list[tuple[str, str, str, str] | None] = [*counts, *[None] * SPARE]
    for row, shift in enumerate(shifts, top):
        _shift(page, row, shift, [counts[shift].get(day, 0) if shift else 0 for day in days])
    last = top + len(shifts) - 1
    _totals(page, top, last, days, counts)
    page.raw.data_validation(
        *(top, first, last, total - 1),
        {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": 10_000},
    )
    scenario = _scenario(found)
    for column, names in ((0, scenario["groups"]), (1, scenario["shifts"])):
        choice = _choice(names)
        if choice:
            page.raw.data_validation(last - SPARE + 1, column, last, column, choice)
    page.widths(*(_width((str(s[k]) for s in counts), 12, 28) for k in range(2)), 8, 8, 8)
    page.widths(*[9] * (len(days) + 1), column=first)
    page.freeze(top, 2)


def _shift(page: Page, row: int, shift: tuple[str, str, str, str] | None, counts: Sequence[int]) -> None:
    """A row of the grid; one without a shift is for a planner to fill in."""
    start, end, first = (_cell(row, k) for k in (2, 3, len(_GRID)))
    hours: Any = ""
    if shift is None:
        for k, kind in enumerate(("text", "text", "clock", "clock")):
            page.blank(row, k, kind, "input")
    else:
        for k in (0, 1):
            page.put(row, k, shift[k], "text")
        begins, ends = (parse_clock(clock) for clock in shift[2:])
        page.put(row, 2, timedelta(seconds=begins), "clock")
        page.put(row, 3, timedelta(seconds=ends), "clock")
        hours = _hours(begins, ends)
    page.formula(
        row,
        4,
        f'=IF(OR({start}="",{end}=""),"",IF({end}={start},24,MOD({end}-{start},1)*24))',
        hours,
        "hours",
    )
    for k, count in enumerate(counts):
        if count:
            page.put(row, len(_GRID) + k, count, "count", "input")
        else:
            page.blank(row, len(_GRID) + k, "count", "input")
    last = _cell(row, len(_GRID) + len(counts) - 1)
    page.formula(row, len(_GRID) + len(counts), f"=SUM({first}:{last})", sum(counts), "count", "total")


def _hours(begins: float, ends: float) -> float:
    """Between two times of day in seconds; the whole day where they are the same."""
    return ((ends - begins) % DAY or DAY) / HOUR


def _totals(
    page: Page,
    top: int,
    last: int,
    days: Sequence[str],
    counts: Mapping[tuple[str, str, str, str], Mapping[str, int]],
) -> None:
    """Shifts and hours by date, and in all."""
    row = last + 1
    for k, name in enumerate(("total", "total_hours")):
        page.put(row + k, 0, say(f"workbook.{name}"), look="total")
        for column in range(1, len(_GRID)):
            page.blank(row + k, column, look="total")
    hours = f"{_cell(top, 4, fixed=True)}:{_cell(last, 4, fixed=True)}"
    of_date = [0.0] * len(days)
    for (_, _, start, end), of_shift in counts.items():
        length = _hours(parse_clock(start), parse_clock(end))
        for k, day in enumerate(days):
            of_date[k] += length * of_shift.get(day, 0)
    for k, day in enumerate(days):
        column = len(_GRID) + k
        cells = f"{_cell(top, column)}:{_cell(last, column)}"
        people = sum(of_shift.get(day, 0) for of_shift in counts.values())
        page.formula(row, column, f"=SUM({cells})", people, "count", "total")
        page.formula(row + 1, column, f"=SUMPRODUCT({hours},{cells})", of_date[k], "one", "total")
    total = len(_GRID) + len(days)
    people = sum(sum(of_shift.values()) for of_shift in counts.values())
    for k, (value, kind) in enumerate(((people, "count"), (sum(of_date), "one"))):
        cells = f"{_cell(row + k, len(_GRID))}:{_cell(row + k, total - 1)}"
        page.formula(row + k, total, f"=SUM({cells})", value, kind, "total")


def _dates(found: Mapping[str, Any], rostered: Iterable[str]) -> list[str]:
    """The dates of the horizon, and those on which somebody begins before it."""
    horizon = _scenario(found)["horizon"]
    begin, end = parse_moment(horizon["from"]), parse_moment(horizon["to"])
    inside = {begin.date() + timedelta(days=k) for k in range((end - begin).days + 2)}
    dates = {day.isoformat() for day in inside if datetime(day.year, day.month, day.day) < end}
    return sorted(dates | set(rostered))


def _choice(names: Iterable[str]) -> dict[str, object] | None:
    """A list to choose from, where the names fit into one."""
    known = list(names)
    if not all(re.fullmatch(r"\w[\w -]*", name) for name in known) or len(",".join(known)) > _MOST_CHOICES:
        return None
    return {"validate": "list", "source": known}


def _cell(row: int, column: int, fixed: bool = False) -> str:
    """A1, or $A$1."""
    letters = column_letters(column + 1)
    return f"${letters}${row + 1}" if fixed else f"{letters}{row + 1}"


# -- by interval ------------------------------------------------------------------------------------------


def _coverage(book: Writer, found: Mapping[str, Any]) -> None:
    """People needed, present and busy by pool, then present and busy by group."""
    pools, need, cover = frames.pools(found), frames.need(found), frames.coverage(found)
    blocks: list[tuple[str, Mapping[str, Sequence[Any]]]] = []
    for number, groups, queues in _rows(pools, "pool", "groups", "queues"):
        name = say("workbook.pool", groups=groups, queues=queues)
        blocks.append((name, _of(need, "pool", number, ("needed", "present", "busy"))))
        names = list(dict.fromkeys(cover["group"]))
        of_pool = [n for n, p in dict(zip(cover["group"], cover["pool"], strict=True)).items() if p == number]
        if len(of_pool) > 1:
            blocks += [(g, _of(cover, "group", g, ("present", "busy"))) for g in names if g in of_pool]
    page = _sheet(book, "coverage")
    _title(page, found, "coverage", say("workbook.coverage.note"))
    _intervals(page, _starts(found), blocks, "one")


def _demand(book: Writer, found: Mapping[str, Any]) -> None:
    """Contacts offered by queue: the tenth, the middle and the ninetieth of a hundred days."""
    contacts = frames.contacts(found)
    blocks = [
        (queue, _of(contacts, "queue", queue, ("p10", "p50", "p90")))
        for queue in dict.fromkeys(contacts["queue"])
    ]
    page = _sheet(book, "demand")
    _title(page, found, "demand", say("workbook.demand.note"))
    _intervals(page, _starts(found), blocks, "one")


def _intervals(
    page: Page, starts: Sequence[str], blocks: Sequence[tuple[str, Mapping[str, Sequence[Any]]]], kind: str
) -> None:
    """A row for each interval, columns by what they are about."""
    page.blank(2, 0, look="head")
    page.heads(_HEAD, [say("workbook.column.from")])
    for k, start in enumerate(starts):
        page.put(_HEAD + 1 + k, 0, parse_moment(start), "moment")
    column = 1
    for name, columns in blocks:
        page.across(2, column, len(columns), name, "block")
        for word, values in columns.items():
            page.heads(_HEAD, [say(f"workbook.column.{word}")], column)
            for row, value in enumerate(values):
                page.put(_HEAD + 1 + row, column, value, kind)
            column += 1
    page.tall(2, max((name for name, _ in blocks), key=wide, default=""), 2 * _WIDTH)
    page.widths(17, *[_WIDTH] * (column - 1))
    page.freeze(_HEAD + 1, 1, heads=2)


def _of(frame: frames.Frame, key: str, value: Any, names: Sequence[str]) -> dict[str, list[Any]]:
    """Some columns of the rows of a frame that are about one thing."""
    rows = [k for k, one in enumerate(frame[key]) if one == value]
    return {name: [frame[name][k] for k in rows] for name in names}


# -- results ----------------------------------------------------------------------------------------------


def _results(book: Writer, found: Mapping[str, Any]) -> None:
    """The verdict, the promises, the money, the queues and the groups."""
    page = _sheet(book, "results")
    judged = frames.judged(found)
    _title(page, found, "results", say("workbook.results.note", runs=judged["replications"]))
    row = _facts(page, 3, _verdict(found, judged))
    row = _promises(page, row + 1, judged)
    row = _money(page, row + 1, judged)
    row = _queues(page, row + 1, judged)
    _groups(page, row + 1, judged)
    page.widths(48, *[_WIDTH + 2] * 11)
    page.freeze(2, 1, heads=0)


_Fact = tuple[str, Cell, str]


def _verdict(found: Mapping[str, Any], judged: Mapping[str, Any]) -> Iterator[_Fact]:
    """What the plan is worth; of a simulation, what it costs and loses."""
    if found is not judged:
        yield say("workbook.fact.status"), say(f"workbook.status.{found['status']}"), ""
        yield say("workbook.fact.cost"), found["cost"], "money"
        bound, gap = found["lower_bound"], found["gap"]  # rounded to their safe sides, as they are shown
        yield say("workbook.fact.bound"), None if bound is None else math.floor(100 * bound) / 100, "money"
        yield say("workbook.fact.gap"), None if gap is None else math.ceil(1000 * gap - 1e-9) / 1000, "share"
        if found.get("baseline"):
            yield say("workbook.fact.baseline"), found["baseline"]["cost"]["value"], "money"
    else:
        yield say("workbook.fact.cost"), judged["cost"]["value"], "money"
    yield say("workbook.fact.lost_sales"), judged["lost_sales"]["value"], "money"
    yield say("workbook.fact.cost_per_contact"), judged["cost_per_contact"]["value"], "money"
    yield say("workbook.fact.people"), judged["people_needed"]["in_all"], "whole"
    yield say("workbook.fact.currency"), judged["currency"], ""


def _facts(page: Page, row: int, facts: Iterable[_Fact], look: str = "right") -> int:
    for name, value, kind in facts:
        page.put(row, 0, name)
        page.put(row, 1, value, kind, look)
        row += 1
    return row


def _section(page: Page, row: int, name: str, columns: Sequence[str]) -> int:
    page.put(row, 0, say(f"workbook.section.{name}"), look="section")
    page.heads(row + 1, [say(f"workbook.column.{column}") for column in columns])
    return row + 2


def _promises(page: Page, row: int, judged: Mapping[str, Any]) -> int:
    names = ("promise", "period", "estimate", "low", "high", "wanted", "verdict")
    row = _section(page, row, "promises", names)
    targets = from_resolved(judged["scenario"]).targets
    for target, result in zip(targets, judged["targets"], strict=True):
        measure = "share" if target.on is not None else target.measure
        kind = "share"
        if measure in DURATION_MEASURES:
            kind = "seconds"
        elif measure in NUMBER_MEASURES:
            kind = "one"
        wanted = target.bound if target.on is None else target.on
        for period in result["by_period"]:
            page.put(row, 0, promise(target), look="wrapped")
            page.tall(row, promise(target)[:400], 48)
            whole = result["each"] == "horizon"
            page.put(row, 1, say("table.whole") if whole else str(period["period"]))
            for k, value in enumerate((*(period[name] for name in ("estimate", "low", "high")), wanted)):
                page.put(row, 2 + k, value, kind)
            verdict = period["verdict"]
            page.put(row, 6, say(f"verdict.{verdict}"), look=_LOOKS[verdict])
            row += 1
    return row


def _money(page: Page, row: int, judged: Mapping[str, Any]) -> int:
    """What each group costs, by parts; the last row and column are sums."""
    frame = frames.money(judged)
    groups = list(dict.fromkeys(frame["group"]))
    row = _section(page, row, "money", ("group", *frames.PAY, "cost"))
    amounts = {(g, p): a for g, p, a in _rows(frame, "group", "part", "amount")}
    top, parts = row, len(frames.PAY)
    for group in groups:
        values = [amounts[group, part] for part in frames.PAY]
        page.put(row, 0, group, "text")
        for k, value in enumerate(values):
            page.put(row, 1 + k, value, "money")
        page.formula(row, 1 + parts, f"=SUM({_cell(row, 1)}:{_cell(row, parts)})", sum(values), "money")
        row += 1
    page.put(row, 0, say("workbook.sum"), look="total")
    for k, part in enumerate((*frames.PAY, None)):
        value = sum(a for (_, p), a in amounts.items() if part in (p, None))
        cells = f"{_cell(top, 1 + k)}:{_cell(row - 1, 1 + k)}"
        page.formula(row, 1 + k, f"=SUM({cells})", value, "money", "total")
    return row + 1


_OF_QUEUES: Final = (
    *((name, (name,), "one") for name in ("contacts", "offered", "deflected", "served")),
    *((name, (name,), "one") for name in ("abandoned", "lingered", "broken_off")),
    *((f"first_{p}", ("first_reply", f"{p}_s"), "seconds") for p in ("p50", "p90", "p99")),
    ("mean_reply", ("mean_reply_s",), "seconds"),
)
_OF_GROUPS: Final = (
    ("shifts", ("agents",), "one"),
    ("paid_hours", ("paid_hours",), "one"),
    ("occupancy", ("occupancy",), "share"),
    ("open_chats", ("open_chats",), "one"),
    ("overtime_hours", ("overtime_hours",), "money"),
    ("cost", ("cost",), "money"),
)


def _queues(page: Page, row: int, judged: Mapping[str, Any]) -> int:
    return _estimates(page, row, "queues", "queue", judged["queues"], _OF_QUEUES)


def _groups(page: Page, row: int, judged: Mapping[str, Any]) -> int:
    return _estimates(page, row, "groups", "group", judged["groups"], _OF_GROUPS)


def _estimates(
    page: Page,
    row: int,
    section: str,
    what: str,
    found: Mapping[str, Any],
    columns: Iterable[tuple[str, tuple[str, ...], str]],
) -> int:
    """One row a queue or group: the estimates' values."""
    columns = list(columns)
    row = _section(page, row, section, (what, *(name for name, _, _ in columns)))
    for name, figures in found.items():
        page.put(row, 0, name, "text")
        for k, (_, path, kind) in enumerate(columns):
            value: Any = figures
            for step in path:
                value = value[step]
            page.put(row, 1 + k, value["value"], kind)
        row += 1
    return row


# -- assumptions ------------------------------------------------------------------------------------------


def _assumptions(book: Writer, found: Mapping[str, Any]) -> None:
    """What it takes to run it again, what the planner has not told, and the resolved scenario."""
    page = _sheet(book, "assumptions")
    _title(page, found, "assumptions", say("workbook.assumptions.note"))
    judged = frames.judged(found)
    facts = [(name, judged[name]) for name in ("seed", "replications", "engine", "version")]
    facts += [("digest", judged["scenario_digest"]), ("started", found["started"])]
    row = _facts(page, 3, ((say(f"workbook.fact.{name}"), str(value), "") for name, value in facts), "left")
    if found is not judged and found.get("assumes"):
        page.put(row, 0, say("workbook.fact.bound_assumes"))
        _long(page, row, " ".join(say(key) for key in found["assumes"]))
        row += 1
    untold = found.get("untold") or []
    if untold:
        row = _section(page, row + 1, "untold", ("path", "assumed"))
        for one in untold:
            page.put(row, 0, one["path"], "text")
            _long(page, row, Fault(one["key"], one["values"]).text())
            row += 1
    row = _section(page, row + 1, "scenario", ("path", "value"))
    for path, value in _leaves(_scenario(found), ""):
        page.put(row, 0, path, "text")
        if isinstance(value, str):
            _long(page, row, value)
        else:
            page.put(row, 1, value, "number", "left")
        row += 1
    page.widths(*_ASSUMED)
    page.freeze(2, 0, heads=0)


def _long(page: Page, row: int, text: str) -> None:
    """A text that may take several lines, though not a whole page."""
    page.put(row, 1, text, "text", "wrapped")
    page.tall(row, text[: _ASSUMED[1] * 20], _ASSUMED[1])


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Cell]]:
    """Every value of the resolved scenario with its path; a list of plain values is one."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for k, one in enumerate(value):
            yield from _leaves(one, f"{path}.{k}")
    elif isinstance(value, (list, Mapping)):
        yield path, ", ".join(_brief(one) for one in value) or None
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    else:
        yield path, value


def _brief(value: Any) -> str:
    return f"[{', '.join(map(_brief, value))}]" if isinstance(value, list) else str(value)


# -- reading ----------------------------------------------------------------------------------------------


def _scenario(found: Mapping[str, Any]) -> Mapping[str, Any]:
    scenario = frames.judged(found).get("scenario")
    if not isinstance(scenario, Mapping):
        raise InputError.one("frame.lacking", path="scenario")
    return scenario


def _starts(found: Mapping[str, Any]) -> list[str]:
    return list(frames.judged(found)["intervals"]["start"])


def _rows(frame: frames.Frame, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(frame[name] for name in names), strict=True))


def _width(texts: Iterable[str], least: int, most: int) -> int:
    """Width of a column that holds these texts, within bounds."""
    return min(max(least, max(map(wide, texts), default=0) + 2), most)
