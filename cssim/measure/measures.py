"""Every measure, one function each.

A measure is a ratio, `part / whole`, summed within each of its target's periods. Contact measures are booked
to (and gated by) the contact's arrival, round measures by the round's message; the warm-up and what comes
after the horizon's end are in none. Each docstring gives formula, denominator, the moment it is booked to,
what becomes of 0/0, and where the definition comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cssim.demand.contacts import Bools
from cssim.engine.log import Log, Outcome
from cssim.measure.periods import Period, locate
from cssim.measure.presence import Presence
from cssim.measure.rounds import Seen
from cssim.scenario.clock import GRID, Floats, Ints
from cssim.scenario.schema import Target
from cssim.scenario.units import DAY


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
class Marks:
    """What single contacts or rounds add to a measure, one row each.

    Attributes:
        queue: index.
        at: the moment it is booked to.
        part, whole: added to numerator and denominator.
        unsent: whether a reply was due and never sent, where that is counted beside.
    """

    queue: Ints
    at: Floats
    part: Floats
    whole: Floats
    unsent: Bools


def _marks(
    queue: Ints, at: Floats, part: NDArray[np.generic], whole: NDArray[np.generic] | None = None
) -> Marks:
    ones = np.ones(len(at)) if whole is None else whole.astype(np.float64)
    return Marks(queue, at, part.astype(np.float64), ones, np.zeros(len(at), dtype=bool))


def first_reply(seen: Seen, target: Target) -> Marks:
    """Share of offered contacts whose first reply is sent within T.

    Formula: contacts with sent - start <= T / contacts offered (with `counts: any`: and those resolved by
    the bot). Contacts that abandoned, lingered unanswered or were left unfinished are late; a lingering
    one that was answered counts by its real time. Booked to the contact's arrival. 0/0: nothing to measure.
    Source: JD's 30-second rate; the "golden six seconds" of the trade.
    """
    rows = seen.where(seen.first)
    return _marks(rows.queue, rows.arrival, rows.sent - rows.start <= _within(target))


def answered(seen: Seen, target: Target) -> Marks:
    """Classical service level: share of offered contacts whose first reply is begun within T.

    Formula: contacts with begun - start <= T / contacts offered; with `exclude_abandoned_within` those that
    visibly left within T unanswered are not in the denominator (one that lingers is: nobody saw it go).
    Booked to the contact's arrival. 0/0: nothing to measure.
    Source: Gans, Koole and Mandelbaum 2003, "Telephone call centers", M&SOM 5(2), section 2.
    """
    rows = seen.where(seen.first)
    within = _within(target)
    in_time = rows.begun - rows.start <= within
    counts = np.ones(len(in_time), dtype=bool)
    if target.exclude_abandoned_within:
        counts = in_time | (rows.left_after > within)
    return _marks(rows.queue, rows.arrival, in_time, counts)


def rounds(seen: Seen, target: Target) -> Marks:
    """Share of rounds that reached people and were answered within T.

    Formula: rounds with sent - start <= T / rounds with a message. Rounds never answered are late. Booked to
    the round's message. 0/0: nothing to measure.
    Source: Taobao's three-minute rate of human replies (first question to first answer).
    """
    return _marks(seen.queue, seen.message, seen.sent - seen.start <= _within(target))


def buyers(seen: Seen, target: Target, periods: Sequence[Period], offset: float) -> Tally:
    """Share of buyer-days none of whose rounds was late.

    Formula: pairs (buyer, local date) with all rounds sent - start <= T / pairs with a round. Only rounds of
    the target's queues and hours are looked at; a period of an hour looks at that hour's rounds. Booked to
    the round's message: a buyer who writes on two dates counts on both. 0/0: nothing to measure.
    Source: Pinduoduo's five- and three-minute reply rates (one late message and the buyer fails that day).

    Args:
        offset: seconds from midnight of the first date to second 0.
    """
    period = locate(periods, seen.message)
    inside = period >= 0
    late = ~(seen.sent - seen.start <= _within(target))[inside]
    day = np.floor((seen.message[inside] + offset) / DAY).astype(np.int64)
    days, people = day.max(initial=0) + 1, seen.buyer.max(initial=0) + 1
    keys = (period[inside] * days + day) * people + seen.buyer[inside]
    pairs, which = np.unique(keys, return_inverse=True)
    kept = np.bincount(which[late], minlength=len(pairs)) == 0
    of_pair = pairs // (days * people)
    return Tally(
        sums(of_pair, kept.astype(np.float64), len(periods)), sums(of_pair, np.ones(len(pairs)), len(periods))
    )


def mean_reply(seen: Seen, target: Target) -> Marks:
    """Mean time from a message to the reply to it.

    Formula: sum of sent - start over replies sent / replies sent; those never sent are counted beside.
    Booked to the round's message. 0/0: nothing to measure.
    Source: the platforms' average reply time (JD asks for under 40 s a month).
    """
    return _mean(seen, seen.message)


def mean_first_reply(seen: Seen, target: Target) -> Marks:
    """Mean time to the first reply.

    Formula: sum of sent - start over first replies sent / first replies sent; those never sent are counted
    beside. Booked to the contact's arrival. 0/0: nothing to measure.
    Source: the platforms' average first reply.
    """
    rows = seen.where(seen.first)
    return _mean(rows, rows.arrival)


def _mean(rows: Seen, at: Floats) -> Marks:
    unsent = np.isnan(rows.sent)
    time = np.where(unsent, 0.0, rows.sent - rows.start)
    return Marks(rows.queue, at, time, (~unsent).astype(np.float64), unsent)


def abandonment(log: Log) -> Marks:
    """Share of offered contacts whose buyer gave up before the first reply.

    Formula: (abandoned + lingered) / offered. Booked to the contact's arrival. 0/0: nothing to measure.
    Source: Mandelbaum and Zeltyn 2004, "The impact of customers' patience on delay and abandonment", OR
    Spectrum 26(3); those who linger have given up too, only nobody can see it.
    """
    rows = np.flatnonzero(~np.isnan(log.offered))
    gone = np.isin(log.outcome[rows], (Outcome.ABANDONED, Outcome.LINGERED))
    return _marks(log.contacts.queue[rows], log.arrival[rows], gone)


def deflection(log: Log) -> Marks:
    """Share of contacts that the bot resolved.

    Formula: deflected / contacts. Booked to the contact's arrival. 0/0: nothing to measure.
    Source: the vendors' share of conversations resolved without a person.
    """
    rows = np.flatnonzero(~np.isnan(log.arrival))
    return _marks(log.contacts.queue[rows], log.arrival[rows], log.outcome[rows] == Outcome.DEFLECTED)


LOST: Final = (Outcome.ABANDONED, Outcome.LINGERED, Outcome.BROKEN_OFF)
"""Outcomes that lose the sale."""


def occupancy(
    presence: Presence, groups: Sequence[int], starts: Floats, ends: Floats
) -> tuple[Floats, Floats]:
    """Share of the time on that agents spend on replies.

    Formula: seconds of replies / seconds on, breaks apart, overtime included. Booked to the moment itself:
    what lies in a span counts there. 0/0 (nobody on): nothing to measure.
    Source: Gans, Koole and Mandelbaum 2003, section 2.

    Args:
        presence: where the agents' time went.
        groups: indices of the groups that count.
        starts, ends: disjoint spans, in seconds, (k,).

    Returns:
        Seconds of replies and seconds on in each span, (k,) and (k,).
    """
    return presence.replying.seconds(starts, ends, groups), presence.on.seconds(starts, ends, groups)


def open_chats(
    presence: Presence, groups: Sequence[int], starts: Floats, ends: Floats
) -> tuple[Floats, Floats]:
    """Mean number of chats that an agent who is on has open.

    Formula: sum over chats of the seconds that each holds a place / seconds on. Booked to the moment itself.
    0/0 (nobody on): nothing to measure. Arguments and result as in `occupancy`.
    Source: Little's law, on places.
    """
    return presence.open_chats.seconds(starts, ends, groups), presence.on.seconds(starts, ends, groups)


def overtime(log: Log, groups: Sequence[int], periods: Sequence[Period]) -> Tally:
    """Agent-seconds of overtime.

    Formula: sum over agents of last close - shift's end; a total, so the denominator is 1. Booked to the last
    moment of the shift (a shift until 24:00 belongs to the date that ends then). No overtime is 0.
    Source: the model; domain guides allow about 3 h a day.
    """
    agents = log.agents
    counts = np.isin(agents.group, list(groups))
    period = locate(periods, np.where(counts, agents.end - 1 / GRID, np.nan))
    inside = period >= 0
    return Tally(sums(period[inside], log.overtime[inside], len(periods)), np.ones(len(periods)))


def lost_sales(log: Log, values: Floats) -> Marks:
    """Sale value of the contacts that abandoned, lingered or broke off.

    Formula: sum of the queues' `sale_value` over them; a total, so the denominator is 1. Booked to the
    contact's arrival. Nobody lost is 0.
    Source: the model; the margin is the scenario's.

    Args:
        values: sale value by queue, (q,).
    """
    rows = np.flatnonzero(np.isin(log.outcome, LOST))
    queue = log.contacts.queue[rows]
    return _marks(queue, log.arrival[rows], values[queue])


def sums(index: Ints, values: Floats, length: int) -> Floats:
    """The values summed by their index, (length,)."""
    return np.bincount(index, weights=values, minlength=length).astype(np.float64)


def _within(target: Target) -> float:
    assert target.within is not None
    return target.within


OF_ROUNDS: Final[dict[str, Callable[[Seen, Target], Marks]]] = {
    "first_reply": first_reply,
    "answered": answered,
    "rounds": rounds,
    "mean_reply": mean_reply,
    "mean_first_reply": mean_first_reply,
}
