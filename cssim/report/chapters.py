"""Pictures of the report, by what they are about: each with what to see in it, and its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from cssim.measure import numbers
from cssim.measure.numbers import NOTHING, count, measured, promised, share, spaced, time
from cssim.messages import say
from cssim.report import frames, words
from cssim.report.frames import Frame
from cssim.report.kept import Kept
from cssim.report.markup import Table, amount, name, told


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


def chapters(result: Kept) -> Iterator[tuple[str, list[Picture]]]:
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


def rows_of(frame: Frame) -> list[dict[str, Any]]:
    """The rows of a frame, by the names of its columns."""
    return [dict(zip(frame, values, strict=True)) for values in zip(*frame.values(), strict=True)]


def _of(frame: Frame, key: str) -> dict[Any, list[dict[str, Any]]]:
    """Rows by the value of a column, in order."""
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in rows_of(frame):
        found.setdefault(row[key], []).append(row)
    return found


def _moment(start: str) -> str:
    """``11-10 20:00``."""
    return start[5:16]


def heads(*columns: str) -> tuple[str, ...]:
    """Headings of columns, by the names of their messages."""
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
        yield Picture(see, picture, Table(heads("start", "p10", "p50", "p90"), cells))


def _people(result: Kept) -> Iterator[Picture]:
    for pool, rows in _of(frames.need(result.raw), "pool").items():
        staffed = [row for row in rows if (row["present"] or 0.0) >= 0.5]  # fewer are there in overtime alone
        if staffed:
            top = max(staffed, key=lambda row: (row["busy"] or 0.0) / row["present"])
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
        yield Picture(see, _svg("coverage", result, pool=pool), Table(heads("start", *columns), cells))


def duration(value: float) -> str:
    """``4.2 s``."""
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
            p50=duration(top["p50_s"]),
            p90=duration(top["p90_s"]),
        )
        cells = [(_moment(row["start"]), *(_optional(duration, row[c]) for c in columns)) for row in rows]
        yield Picture(see, _svg("replies", result, queue=queue), Table(heads("start", *columns), cells))


def _service(result: Kept) -> Iterator[Picture]:
    levels = {row["queue"]: row for row in rows_of(frames.levels(result.raw))}
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
        head = heads("start", "reached", "low", "high", "promised")
        yield Picture(see, _svg("service", result, queue=queue), Table(head, cells))


def _days(result: Kept) -> Iterator[Picture]:
    """The worst period of each promise; a day on which nothing counts keeps a promise of days."""
    by_target = _of(frames.days(result.raw), "target")
    for row, target in zip(rows_of(frames.promises(result.raw)), result.scenario.targets, strict=True):
        days = [one["value"] for one in by_target.get(row["name"], []) if one["period"] == row["period"]]
        values = [value for value in days if value is not None]
        if not values:
            continue
        least, most = row["at_least"], row["at_most"]
        idle = 0 if row["on"] is None else len(days) - len(values)
        reached = sum(value >= least if least is not None else value <= most for value in values)
        bound = least if least is not None else most
        see = told(
            "report.picture.days.see" if row["on"] is not None else "report.picture.days.see_average",
            promise=_what(result, row, target.name),
            kept=reached + idle,
            days=len(values) + idle,
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
    table = Table(heads("group", *frames.PAY, "in_all"), cells)
    yield Picture(see, _svg("money", result), table)


def history(result: Kept) -> Iterator[Picture]:
    if result.status == "simulated" or not result.raw["search"]["history"]:
        return
    see = told("report.picture.history.see", rosters=count(result.raw["search"]["rosters_tried"]))
    rows = rows_of(frames.history(result.raw))
    seen = words.cheaper_seen(result.status, result.cost, result.lower_bound, rows)
    if seen is not None:
        see += Markup(" ") + told("plan.cheaper_seen", cost=amount(seen, result.scenario))
    cells = [
        (
            duration(row["elapsed_s"]),
            _optional(count, row["cost"]),
            numbers.bound(row["bound"]),
            say("report.yes" if row["kept"] else "report.no"),
        )
        for row in rows
    ]
    table = Table(heads("elapsed", "cost", "bound", "kept"), cells)
    yield Picture(see, _svg("history", result), table)


def tightest(result: Kept) -> Table:
    rows = [
        (
            say(f"report.kind.{row['kind']}"),
            name(row["name"]),
            _moment(row["start"]),
            share(row["value"]),
            _optional(lambda value: promised("share", value), row["promised"]),
            _optional(count, row["offered"]),
        )
        for row in rows_of(frames.tightest(result.raw))
    ]
    return Table(heads("kind", "name", "start", "share", "promised", "offered"), rows, left=3)
