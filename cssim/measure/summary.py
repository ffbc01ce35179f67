"""What queues, groups and the whole roster come to in a replication, on average, each with its half-width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cssim.engine.floor import Roster
from cssim.measure.cost import overtime_pay, pay_columns
from cssim.measure.course import Course, interval_spans
from cssim.measure.estimate import KINDS, Estimate, bounds, mean, numbers, ratio
from cssim.measure.periods import periods_of
from cssim.measure.pools import pools_of
from cssim.measure.service import QUANTILES, Day
from cssim.measure.tables import COUNTS, shown_target
from cssim.queueing import erlang
from cssim.scenario.clock import Calendar, Floats
from cssim.scenario.schema import Scenario
from cssim.scenario.units import HOUR, format_moment


@dataclass(frozen=True)
class QueueResult:
    """A queue in a replication, on average.

    Attributes:
        counts: by the names of `COUNTS`.
        first_reply: seconds from the hand-over to the first reply, of those sent: `mean_s`, and the mean over
            replications of each one's quantiles, `p50_s`, `p90_s`, `p99_s`.
        wait: seconds from message to begun, over all rounds begun, likewise.
        mean_reply: seconds from message to sent, over all replies sent.
    """

    counts: Mapping[str, Estimate]
    first_reply: Mapping[str, Estimate]
    wait: Mapping[str, Estimate]
    mean_reply: Estimate

    def to_dict(self) -> dict[str, Any]:
        """The contract's JSON."""
        return {
            **{name: estimate.to_dict() for name, estimate in self.counts.items()},
            "first_reply": {name: estimate.to_dict() for name, estimate in self.first_reply.items()},
            "wait": {name: estimate.to_dict() for name, estimate in self.wait.items()},
            "mean_reply_s": self.mean_reply.to_dict(),
        }


@dataclass(frozen=True)
class GroupResult:
    """A group in a replication, on average.

    Attributes:
        agents: shifts in the roster.
        paid_hours: of these, inside the horizon, overtime apart.
        occupancy: share of the time on that went into replies.
        open_chats: mean number open with an agent who is on.
        overtime_hours: of all agents together.
        cost: overtime included.
        base, night, overtime_pay, fixed: what the cost consists of.
    """

    agents: Estimate
    paid_hours: Estimate
    occupancy: Estimate
    open_chats: Estimate
    overtime_hours: Estimate
    cost: Estimate
    base: float
    night: float
    overtime_pay: float
    fixed: float

    def to_dict(self) -> dict[str, Any]:
        """The contract's JSON."""
        names = ("agents", "paid_hours", "occupancy", "open_chats", "overtime_hours")
        cost = CostResult(self.cost, self.base, self.night, self.overtime_pay, self.fixed)
        return {**{name: getattr(self, name).to_dict() for name in names}, "cost": cost.to_dict()}


@dataclass(frozen=True)
class CostResult:
    """What a replication cost, and what that consists of: base pay, night bonus, overtime, fixed."""

    total: Estimate
    base: float
    night: float
    overtime: float
    fixed: float

    def to_dict(self) -> dict[str, Any]:
        """The contract's JSON."""
        parts = {name: getattr(self, name) for name in ("base", "night", "overtime", "fixed")}
        return {**self.total.to_dict(), **parts}


def queue_results(scenario: Scenario, days: Sequence[Day]) -> dict[str, QueueResult]:
    """By queue."""
    counts = np.array([day.counts for day in days], dtype=np.float64)
    first, wait, reply = (
        np.array([getattr(day, name) for day in days]) for name in ("first_reply", "wait", "reply")
    )
    first_at, wait_at = (
        np.array([getattr(day, name) for day in days]) for name in ("first_reply_at", "wait_at")
    )
    return {
        name: QueueResult(
            counts={count: mean(counts[:, q, c]) for c, count in enumerate(COUNTS)},
            first_reply=_spread(first[:, q], first_at[:, q]),
            wait=_spread(wait[:, q], wait_at[:, q]),
            mean_reply=ratio(reply[:, q, 0], reply[:, q, 1]),
        )
        for q, name in enumerate(scenario.queues)
    }


def _spread(sums: Floats, quantiles: Floats) -> dict[str, Estimate]:
    return {
        "mean_s": ratio(sums[:, 0], sums[:, 1]),
        **{f"p{share * 100:.0f}_s": mean(quantiles[:, k]) for k, share in enumerate(QUANTILES)},
    }


def group_results(scenario: Scenario, days: Sequence[Day], roster: Roster) -> dict[str, GroupResult]:
    """By group, of the roster that worked these days."""
    _, _, base, night, fixed = pay_columns(scenario, roster).tolist()
    names = ("agents", "paid", "on", "replying", "open_chats", "overtime", "cost")
    agents, paid, on, replying, held, overtime, cost = (
        np.array([getattr(day, name) for day in days], dtype=np.float64) for name in names
    )
    return {
        name: GroupResult(
            agents=mean(agents[:, g]),
            paid_hours=mean(paid[:, g] / HOUR),
            occupancy=ratio(replying[:, g], on[:, g], "fraction"),
            open_chats=ratio(held[:, g], on[:, g]),
            overtime_hours=mean(overtime[:, g] / HOUR),
            cost=mean(cost[:, g]),
            base=base[g],
            night=night[g],
            overtime_pay=overtime_pay(scenario, name, float(overtime[:, g].mean())),
            fixed=fixed[g],
        )
        for g, name in enumerate(scenario.groups)
    }


def cost_result(days: Sequence[Day]) -> CostResult:
    """Of everyone together."""
    return CostResult(
        total=mean(np.array([day.total_cost for day in days])),
        base=float(np.mean([day.base for day in days])),
        night=float(np.mean([day.night for day in days])),
        overtime=float(np.mean([day.overtime_pay for day in days])),
        fixed=float(np.mean([day.fixed for day in days])),
    )


def cost_per_contact(days: Sequence[Day]) -> Estimate:
    """Cost / contacts offered, both over the whole horizon, warm-up included, as the pay is."""
    cost = np.array([day.total_cost for day in days])
    return ratio(cost, np.array([day.offered_in_all for day in days], dtype=np.float64))


def interval_columns(scenario: Scenario, days: Sequence[Day], course: Course) -> dict[str, Any]:
    """Columns by planning interval: `start`, then by queue and by group; None where there is nothing.

    By queue: `offered_p10`, `_p50`, `_p90` (over replications, contacts offered by arrival), `needed` (see
    `needed_agents`), `first_reply_p50_s`, `_p90_s`, `_p99_s` (pooled over all replications' replies sent),
    `in_time` (the share of the queue's first reply target, see `shown_targets`) with the bounds `in_time_low`
    and `in_time_high` (each at the target's confidence `sure`) and `promised` (the share that the target asks
    for, in the hours in which it counts). By group, in people: `present` (on, not on a break), `replying`,
    `open_chats`. By pool, in the order of `pools_of`: the sums of its queues' `needed`, where any has one,
    and of its groups' `present` and `replying`.
    """
    calendar = Calendar.of(scenario.horizon)
    offered = np.quantile(np.array([day.offered for day in days]), (0.1, 0.5, 0.9), axis=0)
    in_time = shares_in_time(scenario, days)
    replies = {f"first_reply_p{100 * p:.0f}_s": course.first_reply_at(p) for p in QUANTILES}
    needed = needed_agents(scenario, course)
    on, replying, held = (course.mean_number(scenario, name) for name in ("on", "replying", "open_chats"))
    starts, _ = interval_spans(calendar)
    queues, groups = list(scenario.queues), list(scenario.groups)
    pools = [
        ([queues.index(name) for name in pool.queues], [groups.index(name) for name in pool.groups])
        for pool in pools_of(scenario)
    ]
    return {
        "start": [format_moment(calendar.moment(second)) for second in starts.tolist()],
        "queues": {
            name: {
                **{f"offered_p{p}": numbers(offered[k, q]) for k, p in enumerate((10, 50, 90))},
                "needed": numbers(needed[q]),
                **{column: numbers(values[q]) for column, values in replies.items()},
                **{column: numbers(values[q]) for column, values in in_time.items()},
            }
            for q, name in enumerate(scenario.queues)
        },
        "groups": {
            name: {
                "present": numbers(on[g]),
                "replying": numbers(replying[g]),
                "open_chats": numbers(held[g]),
            }
            for g, name in enumerate(scenario.groups)
        },
        "pools": [
            {
                "needed": numbers(_sum_of_known(needed[its_queues])),
                "present": numbers(on[its_groups].sum(axis=0)),
                "replying": numbers(replying[its_groups].sum(axis=0)),
            }
            for its_queues, its_groups in pools
        ],
    }


def _sum_of_known(rows: Floats) -> Floats:
    """The sum of each column's numbers; NaN where it has none, (i,)."""
    return np.where(np.isnan(rows).all(axis=0), np.nan, np.nansum(rows, axis=0))


def shown_targets(scenario: Scenario) -> dict[str, int | None]:
    """By queue, the index of the target that is shown by interval, or None; see `shown_target`."""
    found = {name: shown_target(scenario, name) for name in scenario.queues}
    return {name: None if t is None else scenario.targets.index(t) for name, t in found.items()}


def shares_in_time(scenario: Scenario, days: Sequence[Day]) -> dict[str, Floats]:
    """`in_time`, its bounds and what is promised, (q, i) each; NaN where nothing counts, or is promised."""
    calendar = Calendar.of(scenario.horizon)
    counted = np.array([day.counted for day in days], dtype=np.float64)
    kept = np.array([day.in_time for day in days], dtype=np.float64)
    names = ("in_time", "in_time_low", "in_time_high", "promised")
    columns = {name: np.full(counted.shape[1:], np.nan) for name in names}
    starts, ends = interval_spans(calendar)
    for q, index in enumerate(shown_targets(scenario).values()):
        if index is None:
            continue
        target = scenario.targets[index]
        value, low, high = bounds(kept[:, q], counted[:, q], KINDS[target.measure], 1 - target.sure)
        there = ~np.isnan(value)
        columns["in_time"][q] = value
        columns["in_time_low"][q] = np.where(there, low, np.nan)
        columns["in_time_high"][q] = np.where(there, high, np.nan)
        for a, b in (span for period in periods_of(scenario, target) for span in period.spans):
            columns["promised"][q, (starts < b) & (ends > a)] = target.bound
    return columns


def needed_agents(scenario: Scenario, course: Course) -> Floats:
    """Agents that each queue would need by itself in each interval, by Erlang C on its replies, (q, i).

    The rounds that came, their mean work at speed 1, and the queue's first reply target (T and share); NaN
    where the queue has no such target with `at_least`. It knows neither the other queues nor what is left
    over from the interval before: a yardstick beside the people present, not a plan.
    """
    starts, ends = interval_spans(Calendar.of(scenario.horizon))
    needed = np.full(course.messages.shape, np.nan)
    for q, name in enumerate(scenario.queues):
        target = shown_target(scenario, name)
        if target is None or target.at_least is None or not 0 < target.at_least < 1:
            continue
        came = course.messages[q]
        busy = np.flatnonzero(came)
        needed[q] = 0.0
        rate = came[busy] / course.replications / (ends - starts)[busy]
        work = course.seconds("work")[q, busy] / came[busy]
        slow = work > 0
        needed[q, busy[slow]] = erlang.agents(rate[slow], work[slow], target.within or 0.0, target.at_least)
        needed[q, busy[~slow]] = 1.0
    return needed
