"""What the two-step plans of today cost and keep, beside the cheapest roster found by simulation.

Planners turn a forecast into a need by Erlang C, interval by interval, and cover the need with shifts. Three
such plans, fixed before any result was seen:

(i)   **Erlang C on contacts as calls, as it stands.** Rate: the contacts expected in the interval that people
      must answer, follow-ups included. Handling time: the work of all replies of a mean contact plus the
      thinking between them, over the chats that an agent holds at once (the mean of the groups that serve the
      queue at once, weighed by their people). Need: fewest agents with whom Erlang C answers the promised
      share within the promised seconds.
(ii)  **The same, scaled**: the whole need times one factor, so large that the plan keeps every promise.
(iii) **Erlang C on replies, scaled**: every reply is a call as long as the mean reply of the interval, and
      the load is the modified offered load: each reply's work where it is done if nobody ever waits.

Of each queue and interval the need is the largest over the reply-time promises about the queue that count
in that interval (the measures with a `within`; when the reply is sent or how long a whole talk takes is left
out, as planners leave it out). Where other promises count (abandonment) but none about a reply time, it is
the trade's 80% within 20 s. Where none counts, there is no need. A share of days is ignored; in (ii) and
(iii) the factor makes up for it.

The need of (i) and (ii) is pyworkforce's (`ErlangC(...).required_positions`), where that is installed, and
compared with cssim's own; that of (iii) is cssim's, as the package has no offered load.

A need is covered by `cssim.roster.cover.cheapest` with the legal shifts, within people, seats and the
minimum on duty, to a gap of 0.5%. Queues are covered by the groups that serve them at once, or, where there
are none, by those that wait least. An agent counts for the group's speed times the share who turn up (the
planner's shrinkage), outside of planned breaks. How a group's time is divided among its queues is left to
the program: it asks that the groups serving any of a set of queues cover the need of the set, for every set,
which by Hall's theorem is the same as that a division exists (where a group's speed does not differ between
its queues; else its best speed counts). Where the people cannot cover a need, as little as possible is
lacking, each fourth of a queue's need in an interval being the dearer to leave the more of it is left
already, and then the rest is covered at least cost.

*Keeps*: the point estimate of every promise in every period, on the same fresh replications for all plans and
for cssim's roster, which is bought to keep its promises at 95% confidence and so is asked for more. The
factor is found between 1/4 and 4: up from 1 by steps of a quarter until the promises are kept, then by
bisection of its logarithm, to 1%; of all plans on the way that keep them, the cheapest counts. Costs are
means on the fresh replications, overtime included.

    python -m benchmarks.plans                               every shipped scenario, half an hour
    python -m benchmarks.plans scenarios/small_shop.yaml     one of them
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import exp, log
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from benchmarks.machine import machine, versions
from benchmarks.peers import is_there
from benchmarks.worth import Replications, Worth
from cssim.engine.floor import Roster, policy_of
from cssim.experiment.workers import workers_for
from cssim.measure.periods import periods_of
from cssim.queueing import erlang
from cssim.roster import optimise
from cssim.roster.cover import cheapest
from cssim.roster.need import load_of
from cssim.roster.program import Program
from cssim.roster.shifts import Columns, columns_of
from cssim.scenario.clock import Calendar, Floats, Ints, overlap
from cssim.scenario.load import load
from cssim.scenario.schema import WITHIN_MEASURES, Scenario
from cssim.scenario.units import MINUTE

SHIPPED = Path(__file__).parent.parent / "scenarios"

FRESH = 1000
"""Replications that tell what a plan keeps."""

BUDGET = 120.0
"""Seconds for cssim's own search."""

TRADE = (20.0, 0.8)
"""Seconds and share of the trade's usual promise, where a queue has none."""

FACTORS = (0.25, 4.0)
"""Between which the need is scaled."""

STRIDE = 1.25
"""By which it is scaled up at first, as too large a need takes people from where they are wanted more."""

STEP = 0.01
"""Relative, to which the factor is found."""

GAP, NODES = 0.005, 2000
"""At which a covering program stops: no clock, so that every machine buys the same roster."""

_HAIR = 1e-6

_NUDGES = (1.0, 1.0001, 1.0003, 1.001)


# -- need ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Calls:
    """Every queue as a line of calls; q queues, i intervals.

    Attributes:
        rate: calls per second, (q, i).
        work: mean seconds of one, (q, i).
    """

    rate: Floats
    work: Floats


def as_contacts(scenario: Scenario) -> Calls:
    """Contacts as calls, the chats that an agent holds at once folded into the handling time."""
    contacts = load_of(scenario, "simple").contacts
    handling = [
        handling_time(scenario, name) / chats_at_once(scenario, q) for q, name in enumerate(scenario.queues)
    ]
    work = np.broadcast_to(np.array(handling)[:, None], contacts.shape)
    return Calls(contacts / lengths_of(scenario), work)


def as_replies(scenario: Scenario) -> Calls:
    """Replies as calls, by the modified offered load."""
    offered = load_of(scenario, "offered")
    busy = offered.replies > 0
    return Calls(
        offered.replies, np.divide(offered.work, offered.replies, out=np.ones_like(offered.work), where=busy)
    )


def handling_time(scenario: Scenario, queue: str) -> float:
    """Seconds of replies and of thinking between them in a mean contact."""
    chat = scenario.queues[queue].chat
    first = (chat.first_reply or chat.reply).mean
    return first + (chat.rounds.mean - 1) * (chat.reply.mean + chat.think.mean)


def chats_at_once(scenario: Scenario, queue: int) -> float:
    """Chats that one agent holds, the mean of those who serve the queue first."""
    rules = [
        rule
        for rule, first in zip(scenario.groups.values(), first_groups(scenario)[:, queue], strict=True)
        if first
    ]
    people = np.array([1.0 if rule.people is None else max(rule.people, 0.1) for rule in rules])
    return float(np.average([rule.chats for rule in rules], weights=people))


def first_groups(scenario: Scenario) -> Ints:
    """Which groups cover a queue: those who serve it soonest, (g, q)."""
    policy = policy_of(scenario)
    return np.asarray(policy.serves & (policy.after <= policy.after.min(axis=0)), dtype=np.int64)


def lengths_of(scenario: Scenario) -> Floats:
    """Seconds of each planning interval, (i,)."""
    return np.asarray(np.diff(edges_of(scenario)))


def edges_of(scenario: Scenario) -> Floats:
    """Where the planning intervals begin and the last one ends, (i + 1,)."""
    calendar = Calendar.of(scenario.horizon)
    return np.append(np.arange(calendar.intervals) * calendar.interval, calendar.seconds)


def asked_of(scenario: Scenario) -> list[tuple[float, float, Floats]]:
    """What planners ask: seconds, share, and where it is asked for, 0 or 1, (q, i)."""
    edges = edges_of(scenario)
    found = []
    others = np.zeros((len(scenario.queues), len(edges) - 1))
    timed = np.zeros_like(others)
    for target in scenario.targets:
        spans = [span for period in periods_of(scenario, target) for span in period.spans]
        inside = np.array([overlap(a, b, spans) > 0 for a, b in pairwise(edges)])
        counted = [target.queues is None or name in target.queues for name in scenario.queues]
        where = np.outer(counted, inside).astype(float)
        if target.measure in WITHIN_MEASURES and target.within is not None and target.at_least is not None:
            found.append((target.within, target.at_least, where))
            timed = np.maximum(timed, where)
        else:
            others = np.maximum(others, where)
    return [*found, (*TRADE, others * (1 - timed))]


Fewest = Callable[[float, float, float, float], int]
"""Agents from calls per second, seconds of one, seconds promised and the share."""


def need_of(scenario: Scenario, calls: Calls, fewest: Fewest) -> Floats:
    """Agents that each queue needs in each interval, (q, i)."""
    need = np.zeros_like(calls.rate)
    for within, share, where in asked_of(scenario):
        for q, i in np.argwhere((where > 0) & (calls.rate > 0)):
            need[q, i] = max(need[q, i], fewest(calls.rate[q, i], calls.work[q, i], within, share))
    return need


def by_cssim(rate: float, work: float, within: float, share: float) -> int:
    """By `cssim.erlang`."""
    return int(erlang.agents(rate, work, within, share))


def by_pyworkforce(rate: float, work: float, within: float, share: float) -> int:
    """By the package; it counts in minutes."""
    from pyworkforce.queuing import ErlangC

    line = ErlangC(transactions=rate * MINUTE, aht=work / MINUTE, asa=within / MINUTE, interval=1)
    return int(line.required_positions(service_level=share, max_occupancy=1.0)["raw_positions"])


# -- cover -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shop:
    """What a need is covered with; s sets of queues, n columns, i intervals.

    Attributes:
        columns: what can be bought.
        sets: sets of queues, (s, q).
        gives: what an agent on each column covers of each set's need in each interval, (n, s, i).
    """

    columns: Columns
    sets: Ints
    gives: Floats

    @classmethod
    def of(cls, scenario: Scenario) -> Shop:
        """Of a scenario."""
        columns, policy = columns_of(scenario), policy_of(scenario)
        queues, first = range(len(scenario.queues)), first_groups(scenario)
        sets = np.array(
            [[int(q in some) for q in queues] for size in queues for some in combinations(queues, size + 1)]
        )
        speed = np.where(first > 0, policy.speed, 0.0)
        of_set = (sets[:, None, :] * speed).max(axis=2)  # (s, g)
        there = np.array([1 - group.no_show for group in scenario.groups.values()])
        of_column = (of_set * there)[:, columns.group]
        return cls(columns, sets, of_column.T[:, :, None] * columns.cover[:, None, :])

    def covered(self, need: Floats) -> Roster:
        """The cheapest roster that covers a need, (q, i), or that lacks least of it."""
        for lacking in (self._nothing, self._lacking):
            gives, of_set = self._rows(need - lacking(need))
            solution = cheapest(self.columns.pay, gives, of_set, self.columns.rules, gap=GAP, nodes=NODES)
            if solution.found:
                return self.columns.roster(solution.values[: len(self.columns)].astype(np.int64))
        raise RuntimeError(f"no cover: {solution.status}, {solution.termination}")

    def _rows(self, need: Floats) -> tuple[Floats, Floats]:
        """What columns give to the sets of queues, (n, rows), and what these need, (rows,).

        Sets that hold a queue without need are implied by the set without it.
        """
        s, i = self._counted(need)
        return self.gives[:, s, i], (self.sets @ need)[s, i] - _HAIR

    def _counted(self, need: Floats) -> tuple[Ints, Ints]:
        """The set and the interval of each row, (rows,) both."""
        s, i = np.nonzero(self.sets @ (need <= 0).astype(np.int64) == 0)
        return s, i

    def _nothing(self, need: Floats) -> Floats:
        return np.zeros_like(need)

    def _lacking(self, need: Floats) -> Floats:
        """What must be left uncovered, (q, i); each fourth of a need is dearer to leave than the last.

        The solver stumbles over some programs of many equal numbers, and not over their neighbours.
        """
        for nudge in _NUDGES:
            program, short = self._short_of(need * nudge)
            solution = program.solve(gap=GAP, nodes=NODES)
            if solution.found:
                left = np.sum([solution.values[part] for part in short], axis=0).reshape(need.shape)
                return np.asarray(np.where(left > _HAIR, np.minimum(left + 10 * _HAIR, need), 0.0))
        raise RuntimeError(f"no roster at all: {solution.status}, {solution.termination}")

    def _short_of(self, need: Floats) -> tuple[Program, list[slice]]:
        """The program of what is lacking, and its variables by fourths, (q x i,) each."""
        program, rules = Program(), self.columns.rules
        s, i = self._counted(need)
        every = np.arange(need.size).reshape(need.shape)
        row, q = np.nonzero(self.sets[s])
        held = csr_array((np.ones(len(row)), (row, every[q, i[row]])), shape=(len(s), need.size))
        counts = program.variables(np.zeros(len(self.columns)), whole=True)
        fourth = need.ravel() / 4
        short = [program.variables(np.full(need.size, price), upper=fourth) for price in (1.0, 2.0, 3.0, 4.0)]
        program.rows([(counts, rules.most)], high=rules.limit)
        program.rows([(counts, rules.duty)], low=rules.least)
        gives, of_set = self._rows(need)
        program.rows([(counts, gives.T), *((part, held) for part in short)], low=of_set)
        return program, short


# -- plans -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """A roster, by which factor its need was scaled, and its worth on the fresh replications."""

    factor: float
    worth: Worth


def scaled(shop: Shop, need: Floats, fresh: Replications) -> Plan | None:
    """The cheapest plan that keeps the promises among those that bisection of the factor meets.

    None where no factor does.
    """
    kept: list[Plan] = []

    def keeps(factor: float) -> bool:
        roster = shop.covered(need * factor)
        if not fresh.decided(roster).keeps:
            return False
        kept.append(Plan(factor, fresh.worth(roster)))
        return True

    if keeps(1.0):
        low, high = FACTORS[0], 1.0
    else:
        low, high = 1.0, STRIDE
        while not keeps(high):
            low, high = high, high * STRIDE
            if high > FACTORS[1]:
                return None
    while high / low > 1 + STEP:
        middle = exp((log(low) + log(high)) / 2)
        if keeps(middle):
            high = middle
        else:
            low = middle
    return min(kept, key=lambda plan: plan.worth.cost)


@dataclass(frozen=True)
class Found:
    """All plans for a scenario.

    Attributes:
        scenario: resolved.
        plain: plan (i).
        calls, replies: plans (ii) and (iii); None where no factor makes them keep the promises.
        ours: cssim's roster on the same replications.
        status: of the search.
        alike: cells of need in which the package and cssim agree, and all cells; None without the package.
    """

    scenario: Scenario
    plain: Worth
    calls: Plan | None
    replies: Plan | None
    ours: Worth
    status: str
    alike: tuple[int, int] | None


def plans_for(scenario: Scenario, fresh: Replications, budget: float, seed: int) -> Found:
    """Make and simulate all of them."""
    shop, calls = Shop.of(scenario), as_contacts(scenario)
    need, alike = need_of(scenario, calls, by_cssim), None
    if is_there("pyworkforce"):
        theirs = need_of(scenario, calls, by_pyworkforce)
        busy = calls.rate > 0
        alike = (int(np.count_nonzero((need == theirs) & busy)), int(np.count_nonzero(busy)))
        need = theirs
    plain = fresh.worth(shop.covered(need))
    _tell(f"(i) {plain.cost:,.0f}")
    scaled_calls = scaled(shop, need, fresh)
    _tell(f"(ii) {_cell(scaled_calls)}")
    scaled_replies = scaled(shop, need_of(scenario, as_replies(scenario), by_cssim), fresh)
    _tell(f"(iii) {_cell(scaled_replies)}")
    own = optimise(scenario, seed=seed, budget=budget)
    return Found(scenario, plain, scaled_calls, scaled_replies, fresh.worth(own.roster), own.status, alike)


def _tell(what: str) -> None:
    """How far it is."""
    print(f"  {what}", file=sys.stderr, flush=True)


# -- output ----------------------------------------------------------------------------------------


def table(found: Sequence[tuple[str, Found]]) -> Iterator[str]:
    """Markdown: costs, and ours over theirs."""
    yield "| scenario | (i) as it stands | (ii) scaled | (iii) replies, scaled | cssim | / (ii) | / (iii) |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, one in found:
        kept = sum(one.plain.kept)
        ours = f"{one.ours.cost:,.0f}, {one.status}" + ("" if one.ours.keeps else ", breaks")
        yield (
            f"| {name}, {one.scenario.currency} | {one.plain.cost:,.0f}, keeps {kept} of "
            f"{len(one.plain.kept)} | {_cell(one.calls)} | {_cell(one.replies)} | {ours} | "
            f"{_over(one.ours, one.calls)} | {_over(one.ours, one.replies)} |"
        )


def _cell(plan: Plan | None) -> str:
    if plan is None:
        return "none keeps all"
    return f"{plan.worth.cost:,.0f} (x {plan.factor:.2f})"


def _over(ours: Worth, plan: Plan | None) -> str:
    return "-" if plan is None or not ours.keeps else f"{ours.cost / plan.worth.cost:.3f}"


def kept_by(found: Sequence[tuple[str, Found]]) -> Iterator[str]:
    """Markdown: what plan (i) keeps, promise by promise, in the worst period."""
    yield "| scenario | promise | asked | (i) keeps | |"
    yield "| --- | --- | --- | --- | --- |"
    for name, one in found:
        for target, kept in zip(one.plain.targets, one.plain.kept, strict=True):
            worst = min(target.by_period, key=lambda period: period.margin)
            asked = target.on or target.at_least or target.at_most or 0.0
            side = "at most" if target.at_least is None and target.on is None else "at least"
            days = " of days" if target.on is not None else ""
            where = "" if worst.period == "horizon" else f" ({worst.period})"
            yield (
                f"| {name} | {target.name} | {side} {asked:.0%}{days} | {worst.estimate:.1%}{where} | "
                f"{'kept' if kept else 'broken'} |"
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", type=Path, help="files; the shipped ones by default")
    parser.add_argument("--replications", type=int, default=FRESH, help="fresh ones, the same for all plans")
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds of cssim's search")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    for about in (machine(), versions()):
        print(", ".join(f"{name} {value}" for name, value in about.items()))
    found = []
    with workers_for() as executor:
        for path in options.scenarios or sorted(SHIPPED.glob("*.yaml")):
            print(path.stem, file=sys.stderr, flush=True)
            scenario = load(path)
            numbers = range(options.replications)
            fresh = Replications(scenario, options.seed, numbers, room=2**30, executor=executor)
            found.append((path.stem, plans_for(scenario, fresh, options.budget, options.seed)))
    print(
        f"\n{options.replications} fresh replications, seed {options.seed}, {options.budget:.0f} s a search\n"
    )
    print("\n".join(table(found)))
    print("\n" + "\n".join(kept_by(found)))
    for name, one in found:
        if one.alike is not None:
            print(f"{name}: need of pyworkforce and cssim the same in {one.alike[0]} of {one.alike[1]} cells")
        else:
            print(f"{name}: pyworkforce is not installed, the need is cssim's")
    return 0


if __name__ == "__main__":
    sys.exit(main())
