"""Results as tables and sentences for a terminal, in the reader's language."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cssim.engine.floor import Duty, Roster
from cssim.experiment import SimulationResult
from cssim.measure.cost import pay_of
from cssim.measure.estimate import Estimate, TargetResult, Verdict
from cssim.messages import say
from cssim.queueing.pocket import Answer
from cssim.scenario.clock import Calendar
from cssim.scenario.schema import DURATION_MEASURES, NUMBER_MEASURES, Scenario
from cssim.roster.outlook import Outlook
from cssim.scenario.units import HOUR, MINUTE, format_clock, format_duration, format_moment

NOTHING = "–"
"""Stands where there is nothing to measure."""

_COLOURS: Mapping[Verdict, str] = {"met": "green", "missed": "bold red", "undecided": "yellow"}


def console() -> Console:
    """Standard output; as wide as a line needs where it is no terminal."""
    return Console(
        file=sys.stdout,
        highlight=False,
        markup=False,
        emoji=False,
        width=None if sys.stdout.isatty() else 1000,
    )


# -- numbers ----------------------------------------------------------------------------------------------


def count(value: float) -> str:
    """``1,502``; one decimal below 100 where there is one."""
    if not math.isfinite(value):
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}"


def share(value: float | None) -> str:
    """``81.3%``."""
    return NOTHING if value is None or not math.isfinite(value) else f"{100 * value:.1f}%"


def time(seconds: float | None) -> str:
    """``4.2s``, ``75s``, ``12min``, ``3.1h``: two or three figures are enough for a reader."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds >= 3 * HOUR:
        return f"{seconds / HOUR:.1f}h"
    if seconds >= 10 * MINUTE:
        return f"{seconds / MINUTE:.0f}min"
    return f"{seconds:.0f}s" if seconds >= 30 else f"{seconds:.1f}s"


def money(value: float, currency: str) -> str:
    """``2,431 CNY``."""
    return NOTHING if not math.isfinite(value) else f"{value:,.0f} {currency}"


def _value(measure: str, value: float | None) -> str:
    """A measure's value in its own unit."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if measure in DURATION_MEASURES:
        return time(value)
    return count(value) if measure in NUMBER_MEASURES else share(value)


# -- tables -----------------------------------------------------------------------------------------------


def _table(title: str, columns: Sequence[str], left: int = 1) -> Table:
    """An open table: the first `left` columns are words, the others numbers."""
    from rich import box

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
    )
    for k, column in enumerate(columns):
        table.add_column(column, justify="left" if k < left else "right", overflow="fold")
    return table


def outlook(out: Console, found: Outlook) -> None:
    """What is known before anything is simulated."""
    scenario = found.scenario
    horizon = scenario.horizon
    out.print(
        say(
            "outlook.head",
            name=scenario.name or NOTHING,
            start=format_moment(horizon.start),
            end=format_moment(horizon.end),
            zone=horizon.timezone,
        ),
        soft_wrap=True,
    )
    out.print()
    names = ("queue", "contacts", "follow_ups", "offered", "busiest", "at_most", "work", "load")
    table = _table(say("outlook.demand"), [say(f"table.column.{name}") for name in names])
    for name, queue in found.queues.items():
        start, offered = queue.peak
        table.add_row(
            name,
            count(queue.contacts),
            count(queue.follow_ups),
            count(queue.offered),
            f"{start:%m-%d %H:%M}",
            count(offered),
            time(queue.hours * HOUR),
            f"{queue.load:.1f}",
        )
    _show(out, table)
    dates = sorted({day for queue in found.queues.values() for day in queue.by_date})
    if len(dates) > 1:
        table = _table(say("outlook.by_date"), [say("table.column.date"), *found.queues])
        for day in dates:
            offered_then = (queue.by_date.get(day, 0.0) for queue in found.queues.values())
            table.add_row(day.isoformat(), *(count(contacts) for contacts in offered_then))
        _show(out, table)
    when, most = found.busiest
    people = found.people
    out.print(
        say(
            "outlook.need" if math.isfinite(people) else "outlook.need_unlimited",
            most=f"{most:.0f}",
            when=format_moment(when),
            hours=count(found.need_hours),
            people=count(people),
        ),
        soft_wrap=True,
    )
    out.print(say("outlook.course", start=f"{found.starts[0]:%H:%M}", bars=_bars(found)), soft_wrap=True)
    out.print()
    _ceilings(out, found)


def _bars(found: Outlook) -> str:
    """The need of each hour as a row of bars."""
    hours: dict[str, float] = {}
    for start, need in zip(found.starts, found.need, strict=True):
        hour = f"{start:%m-%d %H}"
        hours[hour] = max(hours.get(hour, 0.0), float(need))
    top = max(hours.values()) or 1.0
    return "".join("▁▂▃▄▅▆▇█"[round(7 * need / top)] for need in hours.values())


def _ceilings(out: Console, found: Outlook) -> None:
    if not found.ceilings:
        return
    names = ("promise", "ceiling", "wanted", "possible")
    table = _table(say("outlook.ceilings"), [say(f"table.column.{name}") for name in names])
    for ceiling in found.ceilings:
        table.add_row(
            ceiling.name,
            _value(ceiling.measure, ceiling.best),
            _value(ceiling.measure, ceiling.wanted),
            Text(
                say("outlook.possible" if ceiling.possible else "outlook.impossible"),
                style="green" if ceiling.possible else "bold red",
            ),
        )
    _show(out, table)


def _show(out: Console, table: Table) -> None:
    out.print(table)
    out.print()


def simulation(out: Console, result: SimulationResult) -> None:
    """What a roster would do: by queue, by group, the promises, the money."""
    scenario = result.scenario
    out.print(
        say("table.simulated", name=scenario.name or "-", days=result.replications, seed=result.seed),
        soft_wrap=True,
    )
    out.print()
    _queues(out, result)
    _groups(out, result)
    targets(out, scenario, result.targets)
    cost = result.cost
    out.print(
        say(
            "table.cost",
            total=money(cost.total.value, scenario.currency),
            half=count(cost.total.half_width),
            base=count(cost.base),
            night=count(cost.night),
            overtime=count(cost.overtime),
            fixed=count(cost.fixed),
        ),
        soft_wrap=True,
    )
    out.print(
        say(
            "table.worth",
            each=f"{result.cost_per_contact.value:,.2f} {scenario.currency}",
            lost=money(result.lost_sales.value, scenario.currency),
        ),
        soft_wrap=True,
    )


def _queues(out: Console, result: SimulationResult) -> None:
    names = ("queue", "offered", "served", "unheard", "broken_off", "first_p50", "first_p90", "mean_reply")
    table = _table(say("table.queues"), [say(f"table.column.{name}") for name in names])
    for name, queue in result.queues.items():
        counts = {key: estimate.value for key, estimate in queue.counts.items()}
        table.add_row(
            name,
            count(counts["offered"]),
            count(counts["served"]),
            count(counts["abandoned"] + counts["lingered"] + counts["unfinished"]),
            count(counts["broken_off"]),
            time(queue.first_reply["p50_s"].value),
            time(queue.first_reply["p90_s"].value),
            time(queue.mean_reply.value),
        )
    _show(out, table)


def _groups(out: Console, result: SimulationResult) -> None:
    names = ("group", "shifts", "people", "paid_hours", "occupancy", "open_chats", "overtime", "cost")
    table = _table(say("table.groups"), [say(f"table.column.{name}") for name in names])
    for name, group in result.groups.items():
        table.add_row(
            name,
            count(group.agents.value),
            count(result.people_needed.get(name, 0)),
            count(group.paid_hours.value),
            share(group.occupancy.value),
            count(group.open_chats.value),
            time(group.overtime_hours.value * HOUR),
            count(group.cost.value),
        )
    _show(out, table)


def targets(out: Console, scenario: Scenario, results: Iterable[TargetResult]) -> None:
    """The promises, one row a period, each with its verdict; then how many hold."""
    results = tuple(results)
    names = ("promise", "period", "reached", "interval", "wanted", "verdict")
    table = _table(say("table.targets"), [say(f"table.column.{name}") for name in names], left=2)
    for result in results:
        measure = result.measure if result.on is None else "share of days"
        wanted = result.on if result.on is not None else bound_of(result)[1]
        for k, period in enumerate(result.by_period):
            table.add_row(
                promise(result) if k == 0 else "",
                say("table.whole") if result.each == "horizon" else period.period,
                _value(measure, period.estimate),
                f"{_value(measure, period.low)} … {_value(measure, period.high)}",
                ("≤ " if result.at_most is not None and result.on is None else "≥ ")
                + _value(measure, wanted),
                Text(say(f"verdict.{period.verdict}"), style=_COLOURS[period.verdict]),
            )
    _show(out, table)
    kept = sum(result.verdict == "met" for result in results)
    out.print(say("table.kept", kept=kept, all=len(results)), soft_wrap=True)


def bound_of(result: TargetResult) -> tuple[str, float]:
    """Which side the promise is on (`at_least` or `at_most`), and its value."""
    if result.at_least is not None:
        return "at_least", result.at_least
    assert result.at_most is not None
    return "at_most", result.at_most


def promise(result: TargetResult) -> str:
    """``golden_6s: first_reply within 6s at least 80.0%, on 90% of days``."""
    side, bound = bound_of(result)
    words = [say(f"measure.{result.measure}")]
    if result.within_s is not None:
        words.append(say("promise.within", time=format_duration(result.within_s)))
    words.append(say(f"promise.{side}", value=_value(result.measure, bound)))
    if result.on is not None:
        words.append(say("promise.on", share=share(result.on)))
    return say("promise.named", name=result.name, words=" ".join(words))


def roster(out: Console, scenario: Scenario, duties: Roster) -> None:
    """Who works when: one row a shift of a date, with what it costs."""
    names = ("group", "date", "shift", "hours", "count", "cost")
    table = _table(say("table.roster"), [say(f"table.column.{name}") for name in names], left=4)
    group = ""
    for duty in duties:
        table.add_row(
            duty.group if duty.group != group else "",
            duty.shift.day.isoformat()[5:],
            duty.shift.name,
            hours_of(scenario, duty),
            count(duty.count),
            count(duty.count * pay_of(scenario, duty).total),
        )
        group = duty.group
    _show(out, table)


def hours_of(scenario: Scenario, duty: Duty) -> str:
    """``21:30–09:00``."""
    calendar = Calendar.of(scenario.horizon)
    midnight = calendar.midnight(duty.shift.day)
    start = format_clock(duty.shift.start - midnight)
    end = duty.shift.end - midnight
    return f"{start}–{format_clock(end if end <= 24 * HOUR else end - 24 * HOUR)}"


def interval(estimate: Estimate) -> str:
    """``12.3 ± 0.4``."""
    return f"{count(estimate.value)} ± {count(estimate.half_width)}"


def pocket(out: Console, answer: Answer) -> None:
    """The pocket calculator's answer, one row a number of agents; what the model does not know is left out."""
    asked = answer.question
    shown = {
        "agents": lambda row: count(row.agents),
        "blocked": lambda row: share(row.blocked),
        "waits": lambda row: share(row.waits),
        "within": lambda row: share(row.within),
        "mean_wait": lambda row: time(row.mean_wait),
        "abandons": lambda row: share(row.abandons),
        "occupancy": lambda row: share(row.occupancy),
    }
    unknown = {
        name for name in shown if name != "agents" and all(getattr(row, name) is None for row in answer.rows)
    }
    columns = [name for name in shown if name not in unknown]
    heads = [say(f"table.column.{name}", time=format_duration(asked.within or 0.0)) for name in columns]
    table = _table(say(f"pocket.title.{asked.model}", load=f"{asked.load:.4g}"), heads, left=0)
    for row in answer.rows:
        style = "bold" if row.agents == answer.fewest else None
        table.add_row(*(shown[name](row) for name in columns), style=style)
    _show(out, table)
    if answer.fewest is not None:
        out.print(say("pocket.fewest", agents=answer.fewest, share=share(asked.at_least)), soft_wrap=True)
