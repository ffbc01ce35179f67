"""Results as tables and sentences for a terminal, in the reader's language."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from cssim.engine.floor import Roster
from cssim.measure import numbers
from cssim.measure.cost import pay_of
from cssim.measure.numbers import NOTHING, count, measured, money, promised, share, time
from cssim.messages import say
from cssim.report import terminal, words
from cssim.scenario.schema import Scenario
from cssim.scenario.units import HOUR, format_moment

if TYPE_CHECKING:  # these bring the compiler with them
    from cssim.experiment.simulation import SimulationResult
    from cssim.measure.estimate import TargetResult
    from cssim.roster.outlook import Outlook
    from cssim.roster.replay import Replay
    from cssim.roster.result import RosterResult

# -- check ------------------------------------------------------------------------------------------------


def outlook(out: Console, found: Outlook) -> None:
    """What is known before anything is simulated."""
    scenario, horizon = found.scenario, found.scenario.horizon
    terminal.line(
        out,
        "outlook.head",
        name=scenario.name or NOTHING,
        start=format_moment(horizon.start),
        end=format_moment(horizon.end),
        zone=horizon.timezone,
    )
    out.print()
    names = ("queue", "contacts", "follow_ups", "offered", "busiest", "offered_then", "work", "load")
    table = terminal.table(terminal.heads(*names))
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
    terminal.show(out, say("outlook.demand"), table)
    dates = sorted({day for queue in found.queues.values() for day in queue.by_date})
    if len(dates) > 1:
        table = terminal.table([*terminal.heads("date"), *found.queues])
        for day in dates:
            then = (queue.by_date.get(day, 0.0) for queue in found.queues.values())
            table.add_row(day.isoformat(), *(count(contacts) for contacts in then))
        terminal.show(out, say("outlook.by_date"), table)
    table = terminal.table(terminal.heads("queue", "tightest", "need", "people", "slack"))
    for name, queue in found.queues.items():
        k = queue.tightest
        need, people = float(queue.need[k]), float(queue.people[k])
        slack = people - need
        shown = [f"{need:.1f}", *(f"{n:.0f}" if math.isfinite(n) else NOTHING for n in (people, slack))]
        table.add_row(name, f"{found.starts[k]:%m-%d %H:%M}", *shown, style="bold red" if slack < 0 else None)
    terminal.show(out, say("outlook.tight"), table)
    when, most = found.busiest
    limited = math.isfinite(found.people)
    terminal.line(
        out,
        "outlook.need" if limited else "outlook.need_unlimited",
        most=f"{most:.0f}",
        when=format_moment(when),
        hours=count(found.need_hours),
        people=f"{found.people:.0f}" if limited else "",
    )
    terminal.line(out, "outlook.course", start=f"{found.starts[0]:%H:%M}", bars=_bars(found))
    out.print()
    if found.ceilings:
        _ceilings(out, found)
    for warning in found.warnings:
        out.print(Text(say("outlook.warning", text=warning.text()), style="yellow"), soft_wrap=True)
    if found.untold:
        terminal.line(out, "outlook.untold")
        for left_out in found.untold:
            out.print(f"  {left_out.text()}", soft_wrap=True)


def _bars(found: Outlook) -> str:
    """The need of each hour as a row of bars."""
    hours: dict[str, float] = {}
    for start, need in zip(found.starts, found.need, strict=True):
        hour = f"{start:%m-%d %H}"
        hours[hour] = max(hours.get(hour, 0.0), float(need))
    top = max(hours.values()) or 1.0
    return "".join("▁▂▃▄▅▆▇█"[round(7 * need / top)] for need in hours.values())


def _ceilings(out: Console, found: Outlook) -> None:
    table = terminal.table(terminal.heads("promise", "wanted", "ceiling", "possible"))
    for ceiling in found.ceilings:
        table.add_row(
            words.promise(found.scenario.targets[ceiling.target]),
            NOTHING if ceiling.wanted is None else promised(ceiling.measure, ceiling.wanted),
            measured(ceiling.measure, ceiling.best),
            Text(
                say("outlook.possible" if ceiling.possible else "outlook.impossible"),
                style="green" if ceiling.possible else "bold red",
            ),
        )
    terminal.show(out, say("outlook.ceilings"), table)


# -- simulate ---------------------------------------------------------------------------------------------


def simulation(out: Console, result: SimulationResult) -> None:
    """What a roster would do: by queue, by group, the promises, the money."""
    scenario = result.scenario
    terminal.line(
        out, "table.simulated", name=scenario.name or NOTHING, days=result.replications, seed=result.seed
    )
    out.print()
    _queues(out, result)
    _groups(out, result)
    targets(out, scenario, result.targets)
    undecided = sum(target.verdict == "undecided" for target in result.targets)
    if undecided:
        terminal.line(out, "table.undecided", undecided=undecided)
    if result.precision is not None:
        key = "table.precise" if result.precise else "table.imprecise"
        terminal.line(out, key, days=result.replications, precision=f"{100 * result.precision:g}%")
    _money(out, result)


def _money(out: Console, result: SimulationResult) -> None:
    cost, currency = result.cost, result.scenario.currency
    terminal.line(
        out,
        "table.cost",
        total=money(cost.total.value, currency),
        half=count(cost.total.half_width),
        base=count(cost.base),
        night=count(cost.night),
        overtime=count(cost.overtime),
        fixed=count(cost.fixed),
    )
    terminal.line(
        out,
        "table.worth",
        each=f"{result.cost_per_contact.value:,.2f} {currency}",
        lost=money(result.lost_sales.value, currency),
    )


def _queues(out: Console, result: SimulationResult) -> None:
    names = ("queue", "offered", "served", "unheard", "broken_off", "first_p50", "first_p90", "mean_reply")
    table = terminal.table(terminal.heads(*names))
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
    terminal.show(out, say("table.queues"), table)


def _groups(out: Console, result: SimulationResult) -> None:
    names = ("group", "shifts", "people", "paid_hours", "occupancy", "open_chats", "overtime", "cost")
    table = terminal.table(terminal.heads(*names))
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
    terminal.show(out, say("table.groups"), table)
    for name, needed in result.people_needed.items():
        people = result.scenario.groups[name].people
        if people is not None and needed > people:
            warning = say("table.too_many", group=name, needed=needed, people=people)
            out.print(Text(warning, style="yellow"), soft_wrap=True)


def targets(out: Console, scenario: Scenario, results: Sequence[TargetResult]) -> None:
    """The promises, one row a period, each with its verdict; then how many hold."""
    table = terminal.table(terminal.heads("promise", "period", "reached", "interval", "wanted", "verdict"))
    for target, result in zip(scenario.targets, results, strict=True):
        for k, period in enumerate(result.by_period):
            ends = (period.estimate, period.low, period.high)
            reached, low, high = (measured(result.judged, value, result.promised) for value in ends)
            table.add_row(
                words.promise(target) if k == 0 else "",
                say("table.whole") if result.each == "horizon" else period.period,
                reached,
                f"{low} … {high}",
                numbers.wanted(result),
                Text(say(f"verdict.{period.verdict}"), style=terminal.COLOURS[period.verdict]),
            )
    terminal.show(out, say("table.targets"), table)
    kept = sum(result.verdict == "met" for result in results)
    terminal.line(out, "table.kept", kept=kept, all=len(results))
    for target, result in zip(scenario.targets, results, strict=True):
        if result.absolute and result.verdict == "met":
            terminal.line(out, "table.no_miss", promise=words.promise(target), days=len(result.days))


# -- optimise ---------------------------------------------------------------------------------------------


def plan(out: Console, result: RosterResult, *, lost_sales: bool = False, given: float | None = None) -> None:
    """The verdict in a sentence, the roster, its promises and its money, the bound, and what to do next."""
    scenario, currency = result.scenario, result.scenario.currency
    kept = sum(target.verdict == "met" for target in result.targets)
    terminal.line(
        out,
        f"plan.{result.status}",
        name=scenario.name or NOTHING,
        cost=money(result.cost, currency),
        shifts=sum(duty.count for duty in result.roster),
        people=sum(result.judgement.people_needed.values()),
        kept=kept,
        all=len(result.targets),
        runs=result.judgement.replications,
    )
    if result.why is not None:
        terminal.line(out, result.why[0], **result.why[1])
    out.print()
    roster(out, scenario, result.roster, [words.hardest_hit(result.targets, one) for one in result.without])
    targets(out, scenario, result.targets)
    _money(out, result.judgement)
    if lost_sales:
        both = result.cost + result.judgement.lost_sales.value
        terminal.line(out, "plan.lost_sales", both=money(both, currency))
    if given is not None and result.cost > given:
        over = say("plan.over", money=money(given, currency), cost=money(result.cost, currency))
        out.print(Text(over, style="bold red"), soft_wrap=True)
    if result.lower_bound is not None:
        bound = f"{numbers.bound(result.lower_bound)} {currency}"
        terminal.line(
            out, "plan.bound", bound=bound, gap=numbers.gap(result.gap), assumes=result.bound_assumes
        )
    if result.baseline is not None:
        _baseline(out, result, result.baseline)
    terminal.line(
        out,
        "plan.search",
        rosters=result.search.rosters_tried,
        contacts=f"{result.search.contacts_simulated:,}",
        seconds=time(result.elapsed),
        seed=result.judgement.seed,
    )
    seen = words.cheaper_seen(result.status, result.cost, result.lower_bound, result.search.history)
    if seen is not None:
        terminal.line(out, "plan.cheaper_seen", cost=money(seen, currency))
    if result.status != "met":
        _shortfall(out, result)
        terminal.line(out, f"plan.advice.{result.status}")


def _baseline(out: Console, result: RosterResult, today: SimulationResult) -> None:
    """What the roster of today costs and keeps on the same days."""
    less = today.cost.total.value - result.cost
    terminal.line(
        out,
        "plan.baseline_less" if less >= 0 else "plan.baseline_more",
        cost=money(today.cost.total.value, today.scenario.currency),
        kept=sum(target.verdict == "met" for target in today.targets),
        all=len(today.targets),
        difference=money(abs(less), today.scenario.currency),
    )


def _shortfall(out: Console, result: RosterResult) -> None:
    """Where people are lacking, and what would mend it."""
    from cssim.roster.mend import remedies

    out.print()
    if result.shortfall:
        table = terminal.table(terminal.heads("promise", "queue", "hours", "lacking"), left=3)
        before = None
        for row in result.shortfall:
            what = (words.called(result.scenario, row.target), row.queue)
            shown = what if what != before else ("", "")
            table.add_row(*shown, words.span(row.start, row.end), f"{row.people:.1f}")
            before = what
        terminal.show(out, say("plan.shortfall"), table)
    found = remedies(result)
    if found:
        out.print(Text(say("plan.mend"), style="bold"), soft_wrap=True)
    for remedy in found:
        terminal.sentence(
            out, f"{words.called(result.scenario, remedy.target)}: {words.remedy(remedy)}", indent=2
        )
    if found:
        out.print()


def roster(out: Console, scenario: Scenario, duties: Roster, hits: Sequence[words.Hit | None] = ()) -> None:
    """Who works when: one row a shift of a date, with what it costs, and what a promise would be without one
    of those who work it (`hardest_hit`), where that is known."""
    hit_ones = {hit[0].name: words.called(scenario, hit[0].name) for hit in hits if hit}
    several = len(hit_ones) > 1
    names = ("group", "date", "shift", "hours", "count", "cost")
    table = terminal.table(terminal.heads(*names, *(("without",) if hits else ())), left=4)
    for column in (table.columns[1], table.columns[3]):
        column.no_wrap = True
    if several:
        table.add_column(say("table.column.of_promise"), overflow="fold")
    group = ""
    for duty, hit in zip_longest(duties, hits):
        table.add_row(
            duty.group if duty.group != group else "",
            f"{duty.shift.day:%m-%d}",
            duty.shift.name,
            words.hours_of(scenario, duty),
            count(duty.count),
            count(duty.count * pay_of(scenario, duty).total),
            *((words.change(hit), hit_ones[hit[0].name] if hit else "") if hits else ())[: 1 + several],
        )
        group = duty.group
    terminal.show(out, say("table.roster"), table)
    if hit_ones:
        name = next(iter(hit_ones.values()))
        terminal.line(out, "plan.without_one_of_several" if several else "plan.without", name=name)
        out.print()


_MOST_HISTORY = 20


def search(out: Console, result: RosterResult) -> None:
    """Where the time of a search went, and how it came to its roster."""
    record = result.search
    out.print()
    table = terminal.table(terminal.heads("stage", "time", "part"))
    for stage, seconds in sorted(record.seconds.items(), key=lambda item: -item[1]):
        if seconds >= 0.05:
            part = seconds / result.elapsed if result.elapsed else 0.0
            table.add_row(say(f"progress.{stage}"), time(seconds), share(part))
    terminal.show(out, say("plan.time"), table)
    terminal.line(
        out,
        "plan.work",
        rosters=record.rosters_tried,
        contacts=f"{record.contacts_simulated:,}",
        judgements=record.judgements,
        ended=say(f"plan.ended.{record.ended}"),
    )
    out.print()
    names = ("time", "rosters", "contacts", "cost", "bound", "gap")
    table = terminal.table([*terminal.heads(*names), ""])
    rows = record.history
    for k in sorted({round(k * (len(rows) - 1) / _MOST_HISTORY) for k in range(_MOST_HISTORY + 1)}):
        if rows:
            table.add_row(*_step(rows[k]))
    terminal.show(out, say("plan.history"), table)


def _step(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A roster that was better than all before it; a gap only where it keeps the promises."""
    cost, bound, kept = row["cost"], row["bound"], row["kept"]
    return (
        time(row["elapsed_s"]),
        count(row["rosters_tried"]),
        f"{row['contacts_simulated']:,}",
        count(cost),
        numbers.bound(bound),
        numbers.gap((cost - bound) / cost if kept and cost else None),
        say("plan.keeps" if kept else "plan.lacks"),
    )


# -- replay -----------------------------------------------------------------------------------------------

_MOST_DIFFERENCES = 20


def replay(out: Console, found: Replay) -> None:
    """Whether the numbers are the same, and which are not."""
    if found.version != found.result.version:
        terminal.line(out, "replay.versions", was=found.version, now=found.result.version)
    if not found.differences:
        terminal.line(out, "replay.same", values=found.values)
        return
    terminal.line(out, "replay.different", different=len(found.differences), values=found.values)
    table = terminal.table(terminal.heads("value", "was", "now"))
    for difference in found.differences[:_MOST_DIFFERENCES]:
        table.add_row(difference.path, str(difference.was), str(difference.now))
    out.print(table)
    if len(found.differences) > _MOST_DIFFERENCES:
        out.print("…")
