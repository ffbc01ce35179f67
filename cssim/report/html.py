"""A result as one web page for a shop manager: it stands alone, needs no script, and computes nothing.

The page (`report.html.j2`, `report.css`) gets figures and sentences that are ready to be shown. Whatever a
user has named stays text: the template escapes all but what `verdict.told` and the pictures have made.
"""

from __future__ import annotations

import importlib.resources
import math
from collections.abc import Iterator, Mapping
from contextvars import copy_context
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from cssim.measure import numbers
from cssim.measure.numbers import NOTHING, count, measured, spaced
from cssim.messages import Language, say, speak, spoken
from cssim.report import beside, frames, words
from cssim.report.chapters import chapters, duration, history, rows_of, tightest
from cssim.report.frames import Result
from cssim.report.kept import Kept, kept
from cssim.report.markup import MARKS, Table, amount, badge, isolated, name, short, told
from cssim.report.verdict import figure, promise, sentence
from cssim.roster.replay import PLAN_RESULT
from cssim.scenario.units import format_moment

if TYPE_CHECKING:
    from jinja2 import Environment


MOST_OPEN: Final = 12
"""Rows of a table that is open where it stands; a longer one is folded."""


def html(
    result: Result | Kept,
    *,
    lang: Language | None = None,
    beside: Mapping[str, Result | Kept] | None = None,
) -> str:
    """The report on a result.

    Args:
        result: of `simulate` or `optimise`, as an object, as its JSON, or read back from it.
        lang: of the words; the one spoken by default.
        beside: other results by the name that they go by, to stand beside it.

    Raises:
        InputError: a result lacks something, or holds what no result may.
    """

    def render() -> str:
        speak(lang or spoken())
        mine, others = _read(result), {called: _read(other) for called, other in (beside or {}).items()}
        return _page().get_template("report.html.j2").render(_parts(mine, others)).lstrip()

    return copy_context().run(render)


def _read(result: Result | Kept) -> Kept:
    return result if isinstance(result, Kept) else kept(frames.plain(result))


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


def _parts(result: Kept, others: Mapping[str, Kept]) -> dict[str, Any]:
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
        "chapters": [chapter for chapter in chapters(result) if chapter[1]],
        "tightest": tightest(result),
        "lacking": _lacking(result) if result.status in ("infeasible", "budget") else None,
        "beside": beside.table_of(result, others) if others else None,
        "untold": _untold(raw),
        "assumes": [told(key) for key in result.assumes],
        "yaml": _yaml(result),
        "run": list(_run(result)),
        "history": list(history(result)),
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


def _promises(result: Kept) -> list[dict[str, Any]]:
    """Each promise in words, with a row for each of its periods."""
    found = []
    for target, judged in zip(result.scenario.targets, result.targets, strict=True):
        rows = [
            (
                say("table.whole") if judged.each == "horizon" else one.period[5:],
                figure(result.scenario, judged, one.estimate),
                f"{figure(result.scenario, judged, one.low)} … {figure(result.scenario, judged, one.high)}",
                spaced(numbers.wanted(judged)),
                badge(one.verdict, say(f"verdict.{one.verdict}")),
            )
            for one in judged.by_period
        ]
        own = target.name if target.name != target.measure else ""
        found.append({"name": own, "words": promise(result.scenario, target), "rows": rows})
    return found


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
    for row in rows_of(found):
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
        (name(words.called(result.scenario, one.target)), isolated(words.remedy(one)))
        for one in remedies(result)
    ]
    return {
        "table": Table(head, rows, left=3) if rows else None,
        "remedies": found,
        "advice": told(f"plan.advice.{result.status}"),
    }


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
    yield told("report.run.elapsed"), duration(float(raw["elapsed_s"]))
    yield told("report.run.digest"), str(judged["scenario_digest"])


def _again(result: Kept) -> Iterator[str]:
    """Commands that give the same numbers again; the files are those of a plan's folder."""
    seed = result.raw["seed"]
    yield f"cssim replay {PLAN_RESULT}"
    if result.status != "simulated":
        budget = result.raw["search"]["budget_s"]
        yield f"cssim optimise scenario.yaml --seed {seed}" + (f" --budget {budget:g}s" if budget else "")
    yield f"cssim report {PLAN_RESULT} -o report.html --lang {spoken()}"
