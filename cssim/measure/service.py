"""What one replication was worth: the few numbers on which every estimate, verdict and search rests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cssim.demand.contacts import Bools
from cssim.engine.floor import Roster
from cssim.engine.log import Log, Outcome
from cssim.measure.cost import overtime_pay, pay_of
from cssim.measure.measures import (
    OF_ROUNDS,
    Marks,
    Tally,
    abandonment,
    buyers,
    deflection,
    lost_sales,
    occupancy,
    open_chats,
    overtime,
    rounds,
    sums,
)
from cssim.measure.periods import Period, locate, periods_of
from cssim.measure.presence import Presence
from cssim.measure.rounds import Seen, seen_by, seen_by_people
from cssim.scenario.clock import GRID, Calendar, Floats, Ints
from cssim.scenario.schema import WITHIN_MEASURES, Scenario, Target

COUNTS: Final = (
    "contacts",
    "offered",
    "deflected",
    "served",
    "abandoned",
    "lingered",
    "broken_off",
    "unfinished",
    "rounds",
)
"""Columns of `Day.counts`."""

QUANTILES: Final = (0.5, 0.9, 0.99)
"""Columns of `Day.first_reply_at` and `Day.wait_at`."""


@dataclass(frozen=True)
class Day:
    """One replication's sufficient statistics; q queues, g groups, i planning intervals.

    A few kilobytes, so thousands of them can be kept. All but the cost and the overtime is of the measured
    part of the horizon.

    Attributes:
        counts: whole numbers by queue, columns `COUNTS`, (q, 9).
        first_reply: seconds from the hand-over to the first reply sent: sum and number, (q, 2).
        wait: seconds from message to begun, over all rounds begun: sum and number, (q, 2).
        reply: seconds from message to sent, over all replies sent: sum and number, (q, 2).
        first_reply_at, wait_at: quantiles `QUANTILES`, NaN where there is none, (q, 3).
        agents: shifts in the roster, whether or not somebody turned up, (g,).
        paid: paid seconds inside the horizon, (g,).
        on: seconds that agents were on, without breaks, (g,).
        replying: of those, seconds spent on replies, (g,).
        open_chats: sum over open chats of the seconds that each held a place, (g,).
        overtime: seconds from the shift's end to the last close, of shifts that end in the horizon, (g,).
        cost: everything paid to the group, (g,).
        base, night, overtime_pay, fixed: what the cost consists of.
        offered_in_all: contacts offered in the whole horizon, warm-up included.
        lost_sales: sale value of the contacts that abandoned, lingered or broke off.
        tallies: by target, in the scenario's order.
        offered: contacts offered by interval of their arrival, (q, i).
        counted, in_time: what the queue's first reply target counts, and what of it was in time, by
            planning interval whatever the target's hours, (q, i).
    """

    counts: Ints
    first_reply: Floats
    wait: Floats
    reply: Floats
    first_reply_at: Floats
    wait_at: Floats
    agents: Ints
    paid: Floats
    on: Floats
    replying: Floats
    open_chats: Floats
    overtime: Floats
    cost: Floats
    base: float
    night: float
    overtime_pay: float
    fixed: float
    offered_in_all: int
    lost_sales: float
    tallies: tuple[Tally, ...]
    offered: NDArray[np.int32]
    counted: NDArray[np.int32]
    in_time: NDArray[np.int32]

    @property
    def total_cost(self) -> float:
        """What the replication cost, overtime included."""
        return self.base + self.night + self.overtime_pay + self.fixed


def measure_day(scenario: Scenario, log: Log, roster: Roster) -> Day:
    """What one replication of a roster was worth.

    Args:
        scenario: names the queues, groups and targets.
        log: what happened; its policy is the scenario's.
        roster: what was planned, which is what is paid.
    """
    return Ruler.of(scenario, roster).measure(log)


@dataclass(frozen=True)
class Ruler:
    """All that measuring needs and that is the same in every replication of a roster.

    Attributes:
        scenario: names the queues, groups and targets.
        calendar: of its horizon.
        periods: of each target.
        shown: by queue, the target whose share in time is shown by interval, or None.
        agents, paid, base, night, fixed: of the roster, by group, (g,).
    """

    scenario: Scenario
    calendar: Calendar
    periods: tuple[tuple[Period, ...], ...]
    shown: tuple[Target | None, ...]
    agents: Ints
    paid: Floats
    base: Floats
    night: Floats
    fixed: Floats

    @classmethod
    def of(cls, scenario: Scenario, roster: Roster) -> Ruler:
        """The ruler for a roster."""
        names = list(scenario.groups)
        columns = np.zeros((5, len(names)))
        for duty in roster:
            pay = pay_of(scenario, duty)
            one = np.array([1.0, pay.paid, pay.base, pay.night, pay.fixed])
            columns[:, names.index(duty.group)] += duty.count * one
        return cls(
            scenario,
            Calendar.of(scenario.horizon),
            tuple(periods_of(scenario, target) for target in scenario.targets),
            tuple(shown_target(scenario, queue) for queue in scenario.queues),
            columns[0].astype(np.int64),
            *columns[1:],
        )

    def measure(self, log: Log) -> Day:
        """What one replication was worth."""
        people = seen_by_people(log)
        paid_overtime = self._overtime(log)
        extra = np.array(
            [
                overtime_pay(self.scenario, group, seconds)
                for group, seconds in zip(self.scenario.groups, paid_overtime.tolist(), strict=True)
            ]
        )
        start, end = np.array([self.calendar.warm_up]), np.array([self.calendar.seconds])
        presence = Presence.of(log)
        on, replying, held = (
            meter.ticks(start, end)[:, 0] / GRID
            for meter in (presence.on, presence.replying, presence.open_chats)
        )
        lost = lost_sales(log, self._values())
        counted, in_time = self._shown(log, people)
        offered = ~np.isnan(log.offered)
        return Day(
            counts=self._counts(log, people),
            **self._times(people),
            agents=self.agents,
            paid=self.paid,
            on=on,
            replying=replying,
            open_chats=held,
            overtime=paid_overtime,
            cost=self.base + self.night + self.fixed + extra,
            base=float(self.base.sum()),
            night=float(self.night.sum()),
            overtime_pay=float(extra.sum()),
            fixed=float(self.fixed.sum()),
            offered_in_all=int(np.count_nonzero(offered & (log.arrival < self.calendar.seconds))),
            lost_sales=float(lost.part[self._measured(lost.at)].sum()),
            tallies=tuple(
                self._tally(log, people, presence, target, periods)
                for target, periods in zip(self.scenario.targets, self.periods, strict=True)
            ),
            offered=self._by_interval(log.contacts.queue, log.arrival, offered),
            counted=counted,
            in_time=in_time,
        )

    def _measured(self, seconds: Floats) -> Bools:
        """Whether moments lie in the measured part of the horizon."""
        return (seconds >= self.calendar.warm_up) & (seconds < self.calendar.seconds)

    def _values(self) -> Floats:
        return np.array([queue.sale_value for queue in self.scenario.queues.values()], dtype=np.float64)

    def _counts(self, log: Log, people: Seen) -> Ints:
        """Contacts by arrival and outcome, rounds by message."""
        q = len(self.scenario.queues)
        arrived = self._measured(log.arrival)
        kinds = {
            "contacts": arrived,
            "offered": arrived & ~np.isnan(log.offered),
            **{
                name: arrived & (log.outcome == Outcome[name.upper()])
                for name in ("deflected", "served", "abandoned", "lingered", "broken_off", "unfinished")
            },
        }
        columns = [np.bincount(log.contacts.queue[kinds[name]], minlength=q) for name in COUNTS[:-1]]
        columns.append(np.bincount(people.queue[self._measured(people.message)], minlength=q))
        return np.stack(columns, axis=1).astype(np.int64)

    def _times(self, people: Seen) -> dict[str, Floats]:
        """Sums, numbers and quantiles of first replies, waits and replies, by queue."""
        first = people.first & self._measured(people.arrival)
        inside = self._measured(people.message)
        first_sum, first_at = self._spread(people.queue, people.sent - people.start, first)
        wait_sum, wait_at = self._spread(people.queue, people.begun - people.start, inside)
        reply_sum, _ = self._spread(people.queue, people.sent - people.start, inside)
        return {
            "first_reply": first_sum,
            "wait": wait_sum,
            "reply": reply_sum,
            "first_reply_at": first_at,
            "wait_at": wait_at,
        }

    def _spread(self, queue: Ints, seconds: Floats, counts: Bools) -> tuple[Floats, Floats]:
        """By queue: sum and number, and quantiles, of the times that count and are not NaN."""
        counts = counts & ~np.isnan(seconds)
        q = len(self.scenario.queues)
        sums, quantiles = np.zeros((q, 2)), np.full((q, len(QUANTILES)), np.nan)
        for k in range(q):
            times = seconds[counts & (queue == k)]
            sums[k] = times.sum(), len(times)
            if len(times):
                quantiles[k] = np.quantile(times, QUANTILES)
        return sums, quantiles

    def _overtime(self, log: Log) -> Floats:
        """Overtime by group, of shifts that end in the horizon; all of it, wherever its last close lies."""
        agents = log.agents
        ours = agents.end <= self.calendar.seconds
        return sums(agents.group[ours], log.overtime[ours], len(self.scenario.groups))

    def _tally(
        self, log: Log, people: Seen, presence: Presence, target: Target, periods: tuple[Period, ...]
    ) -> Tally:
        """One target's parts and wholes, by period."""
        if target.measure in ("occupancy", "open_chats", "overtime"):
            names = list(self.scenario.groups)
            groups = [names.index(name) for name in target.groups or names]
            if target.measure == "overtime":
                return overtime(log, groups, periods)
            measure = occupancy if target.measure == "occupancy" else open_chats
            return _over_spans(measure, presence, groups, periods)
        if target.measure == "buyers":
            return buyers(seen_by(target, log, people), target, periods, self.calendar.offset)
        marks = self._marks_of(log, people, target)
        period = locate(periods, marks.at)
        inside = period >= 0
        part = sums(period[inside], marks.part[inside], len(periods))
        whole = sums(period[inside], marks.whole[inside], len(periods))
        if target.measure == "lost_sales":
            whole = np.ones(len(periods))
        return Tally(part, whole, int(np.count_nonzero(marks.unsent[inside])))

    def _marks_of(self, log: Log, people: Seen, target: Target) -> Marks:
        if target.measure in OF_ROUNDS:
            return OF_ROUNDS[target.measure](seen_by(target, log, people), target)
        if target.measure == "lost_sales":
            marks = lost_sales(log, self._values())
        else:
            marks = {"abandonment": abandonment, "deflection": deflection}[target.measure](log)
        if target.queues is None:
            return marks
        keep = np.isin(marks.queue, [log.contacts.queues.index(q) for q in target.queues])
        return Marks(*(column[keep] for column in vars(marks).values()))

    def _by_interval(self, queue: Ints, at: Floats, counts: NDArray[np.generic]) -> NDArray[np.int32]:
        """Counts by queue and planning interval, of what is measured, (q, i)."""
        inside = self._measured(at)
        shape = (len(self.scenario.queues), self.calendar.intervals)
        cell = queue[inside] * shape[1] + self.calendar.interval_index(at[inside])
        weights = counts[inside].astype(np.float64)
        return sums(cell, weights, shape[0] * shape[1]).reshape(shape).astype(np.int32)

    def _shown(self, log: Log, people: Seen) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """By queue and interval: what its first reply target counts, and what of it was in time."""
        counted = np.zeros((len(self.scenario.queues), self.calendar.intervals), dtype=np.int32)
        in_time = np.zeros_like(counted)
        for q, target in enumerate(self.shown):
            if target is None:
                continue
            seen = seen_by(target, log, people)
            marks = (OF_ROUNDS[target.measure] if target.measure != "buyers" else rounds)(seen, target)
            counted[q] = self._by_interval(marks.queue, marks.at, marks.whole)[q]
            in_time[q] = self._by_interval(marks.queue, marks.at, marks.part)[q]
        return counted, in_time


def shown_target(scenario: Scenario, queue: str) -> Target | None:
    """The queue's first target on replies within a time, which is shown by interval (buyers by rounds)."""
    for target in scenario.targets:
        if target.measure in WITHIN_MEASURES and (target.queues is None or queue in target.queues):
            return target
    return None


def _over_spans(
    measure: Callable[[Presence, Sequence[int], Floats, Floats], tuple[Floats, Floats]],
    presence: Presence,
    groups: Sequence[int],
    periods: Sequence[Period],
) -> Tally:
    """A measure of agents' time, by period."""
    spans = [(a, b, k) for k, period in enumerate(periods) for a, b in period.spans]
    starts, ends, index = np.array(spans, dtype=np.float64).reshape(-1, 3).T
    part, whole = measure(presence, groups, starts, ends)
    k = index.astype(np.int64)
    return Tally(sums(k, part, len(periods)), sums(k, whole, len(periods)))
