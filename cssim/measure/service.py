"""What one replication was worth: the few numbers on which every estimate, verdict and search rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cssim.engine.floor import Roster
from cssim.engine.log import Log
from cssim.measure.cost import overtime_pay, pay_columns
from cssim.measure.course import Course, course_of
from cssim.measure.measures import Sums
from cssim.measure.periods import Period, periods_of
from cssim.measure.presence import OF_TIME, Presence, of_time, overtime
from cssim.measure.tables import Tables
from cssim.measure.tally import Tally, sums
from cssim.scenario.clock import GRID, Calendar, Floats, Ints
from cssim.scenario.schema import Scenario

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


class Measured(NamedTuple):
    """One replication: what it was worth, and what happened in each planning interval."""

    day: Day
    course: Course


def measure_day(scenario: Scenario, log: Log, roster: Roster) -> Day:
    """What one replication of a roster was worth.

    Args:
        scenario: names the queues, groups and targets.
        log: what happened; its policy is the scenario's.
        roster: what was planned, which is what is paid.
    """
    return Ruler.of(scenario, roster).measure(log).day


@dataclass(frozen=True)
class Ruler:
    """All that measuring needs and that is the same in every replication of a roster.

    Attributes:
        scenario: names the queues, groups and targets.
        calendar: of its horizon.
        periods: of each target.
        tables: what is counted.
        agents, paid, base, night, fixed: of the roster, by group, (g,).
    """

    scenario: Scenario
    calendar: Calendar
    periods: tuple[tuple[Period, ...], ...]
    tables: Tables
    agents: Ints
    paid: Floats
    base: Floats
    night: Floats
    fixed: Floats

    @classmethod
    def of(cls, scenario: Scenario, roster: Roster) -> Ruler:
        """The ruler for a roster."""
        columns = pay_columns(scenario, roster)
        calendar = Calendar.of(scenario.horizon)
        periods = tuple(periods_of(scenario, target) for target in scenario.targets)
        tables = Tables.of(scenario, calendar, periods)
        return cls(scenario, calendar, periods, tables, columns[0].astype(np.int64), *columns[1:])

    def measure(self, log: Log) -> Measured:
        """What one replication was worth, and its course."""
        counted, presence = self.tables.count(log)
        return Measured(self._day(log, counted, presence), course_of(self.calendar, counted, presence))

    def _day(self, log: Log, counted: Sums, presence: Presence) -> Day:
        paid_overtime = self._overtime(log)
        extra = np.array(
            [
                overtime_pay(self.scenario, group, seconds)
                for group, seconds in zip(self.scenario.groups, paid_overtime.tolist(), strict=True)
            ]
        )
        start, end = np.array([self.calendar.warm_up]), np.array([self.calendar.seconds])
        on, replying, held = presence.ticks(start, end)[..., 0] / GRID
        return Day(
            counts=counted.counts,
            first_reply=counted.first_reply,
            wait=counted.wait,
            reply=counted.reply,
            first_reply_at=_quantiles(
                counted.first_replies, counted.room_contacts, counted.first_reply[:, 1]
            ),
            wait_at=_quantiles(counted.waits, counted.room_rounds, counted.wait[:, 1]),
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
            offered_in_all=int(counted.offered_in_all[0]),
            lost_sales=float(counted.lost[0]),
            tallies=tuple(self._tally(t, log, counted, presence) for t in range(len(self.scenario.targets))),
            offered=counted.offered,
            counted=counted.counted,
            in_time=counted.in_time,
        )

    def _overtime(self, log: Log) -> Floats:
        """Overtime by group, of shifts that end in the horizon; all of it, wherever its last close lies."""
        agents = log.agents
        ours = agents.end <= self.calendar.seconds
        return sums(agents.group[ours], log.overtime[ours], len(self.scenario.groups))

    def _tally(self, t: int, log: Log, counted: Sums, presence: Presence) -> Tally:
        """One target's parts and wholes, by period."""
        target, periods = self.scenario.targets[t], self.periods[t]
        names = list(self.scenario.groups)
        groups = [names.index(name) for name in target.groups or names]
        if target.measure == "overtime":
            return overtime(log, groups, periods)
        if target.measure in OF_TIME:
            return of_time(OF_TIME[target.measure], presence, groups, periods)
        p = len(periods)
        whole = np.ones(p) if target.measure == "lost_sales" else counted.whole[t, :p]
        return Tally(counted.part[t, :p], whole, int(counted.unsent[t, :p].sum()))


def _quantiles(seconds: Floats, room: Ints, number: Floats) -> Floats:
    """By queue, the quantiles `QUANTILES` of its times, NaN where it has none, (q, 3)."""
    found = np.full((len(number), len(QUANTILES)), np.nan)
    for q, (first, n) in enumerate(zip(room[:-1].tolist(), number.astype(np.int64).tolist(), strict=True)):
        if n:
            # as `np.quantile`, linear between neighbours; sorting costs a third of its partition
            ordered = np.sort(seconds[first : first + n])
            at = np.array(QUANTILES) * (n - 1)
            below = at.astype(np.int64)
            above = np.minimum(below + 1, n - 1)
            found[q] = ordered[below] + (ordered[above] - ordered[below]) * (at - below)
    return found
