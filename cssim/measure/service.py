"""What one replication was worth: the few numbers on which every estimate, verdict and search rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cssim.engine.floor import Roster
from cssim.engine.log import Log
from cssim.scenario.clock import Floats, Ints
from cssim.scenario.schema import Scenario

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
class Tally:
    """One target in one replication, by period: the measure is `part / whole`.

    Attributes:
        part: numerator (contacts in time, seconds of replies, seconds of overtime, ...), (periods,).
        whole: denominator; 0 where there was nothing to measure; 1 for measures that are totals, (periods,).
        unsent: replies that were never sent, counted beside the means of replies.
    """

    part: Floats
    whole: Floats
    unsent: int = 0


@dataclass(frozen=True)
class Day:
    """One replication's sufficient statistics; q queues, g groups, i planning intervals.

    A few kilobytes, so thousands of them can be kept. All but the cost is of the measured part of the
    horizon.

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
        overtime: seconds from the shift's end to the last close, (g,).
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
        roster: what was planned, in the order in which the log's agents are numbered.
    """
    raise NotImplementedError
