"""What a replication shows of its contacts and agents, as numerators and denominators of figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cssim.engine.log import Log, Outcome

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BLINK = 1e-3
"""A wait shorter than this is none: ties between groups are broken by `after` of a millionth of a second."""

HOUR = 3600.0


@dataclass(frozen=True)
class Seen:
    """What one replication shows of the contacts that arrive in the measured window, and of its agents.

    Attributes:
        log: everything.
        start, end: the window, seconds.
        queue: index of each contact's queue, (n,).
        arrival: seconds, (n,).
        wait: until the first reply began or the buyer left, seconds, (n,).
        left: whether the buyer left unanswered, (n,).
        spent: from the hand-over until the place was free again; NaN for those who left, (n,).
        met: contacts that each found in the system, waiting or open, (n,).
    """

    log: Log
    start: float
    end: float
    queue: NDArray[np.int64]
    arrival: Floats
    wait: Floats
    left: Bools
    spent: Floats
    met: NDArray[np.int64]

    @classmethod
    def of(cls, log: Log, start: float, end: float) -> Seen:
        first = log.contacts.first[:-1]
        begun = log.begun[first]
        left = log.outcome == Outcome.ABANDONED
        assert np.all(left | np.isfinite(begun)), "everyone is answered or leaves"
        gone = log.offered + log.contacts.patience[first]
        wait = np.where(left, log.contacts.patience[first], begun - log.offered)
        over = np.sort(np.where(left, gone, log.closed))
        met = np.arange(len(first)) - np.searchsorted(over, log.arrival, side="right")
        inside = (log.arrival >= start) & (log.arrival < end)
        columns = (log.contacts.queue, log.arrival, wait, left, log.closed - log.offered, met)
        return cls(log, start, end, *(column[inside] for column in columns))

    def where(self, mine: Bools) -> Seen:
        """The same of some of the contacts."""
        columns = (self.queue, self.arrival, self.wait, self.left, self.spent, self.met)
        return Seen(self.log, self.start, self.end, *(column[mine] for column in columns))

    def clipped(self, since: Floats, until: Floats) -> float:
        """Sum of spans, the parts in the window only; spans that never were are NaN."""
        return float(np.nansum(np.clip(until, self.start, self.end) - np.clip(since, self.start, self.end)))

    @property
    def seconds(self) -> float:
        return self.end - self.start


Ratio = tuple[float, float]
"""Numerator and denominator of one replication."""


def waits(s: Seen) -> Ratio:
    return float((s.wait > BLINK).sum()), len(s.wait)


def at_once(s: Seen) -> Ratio:
    return float((s.wait <= BLINK).sum()), len(s.wait)


def mean_wait(s: Seen) -> Ratio:
    return float(s.wait.sum()), len(s.wait)


def mean_wait_of_served(s: Seen) -> Ratio:
    return float(s.wait[~s.left].sum()), float((~s.left).sum())


def abandoned(s: Seen) -> Ratio:
    return float(s.left.sum()), len(s.left)


def finds(number: int) -> Callable[[Seen], Ratio]:
    """Share that meets so many in the system, which is that state's share in time (arrivals are Poisson)."""
    return lambda s: (float((s.met == number).sum()), len(s.met))


def mean_time_in_system(s: Seen) -> Ratio:
    return float(np.nansum(s.spent)), float((~s.left).sum())


def occupancy(agents: int) -> Callable[[Seen], Ratio]:
    return lambda s: (s.clipped(s.log.begun, s.log.sent), agents * s.seconds)


def queue_length(s: Seen) -> Ratio:
    first = s.log.contacts.first[:-1]
    left = s.log.offered + s.log.contacts.patience[first]
    until = np.where(np.isfinite(s.log.begun[first]), s.log.begun[first], left)
    return s.clipped(s.log.offered, until), s.seconds


def answered(within: float, of: str = "offered") -> Callable[[Seen], Ratio]:
    """Answered within T, as a share of what `erlang.service_level` calls by these names."""

    def seen(s: Seen) -> Ratio:
        good = ~s.left & (s.wait <= within)
        gone = s.left & (s.wait <= within)
        return {
            "offered": (float(good.sum()), len(good)),
            "served": (float(good.sum()), float((~s.left).sum())),
            "stayed": (float(good.sum()), float((~gone).sum())),
            "ended": (float((good | gone).sum()), len(good)),
        }[of]

    return seen


def of_queue(queue: int, what: Callable[[Seen], Ratio]) -> Callable[[Seen], Ratio]:
    """The same of one queue's contacts."""
    return lambda s: what(s.where(s.queue == queue))


def contacts(s: Seen) -> Ratio:
    return float(len(s.wait)), 1.0


def over(denominator: float, what: Callable[[Seen], Ratio]) -> Callable[[Seen], Ratio]:
    """The same numerator over a number that is known beforehand; over 1, the number in a day."""
    return lambda s: (what(s)[0], denominator)


def working(group: int, queue: int | None = None) -> Callable[[Seen], Ratio]:
    """Mean number of a group's agents who are replying (to a queue's contacts)."""

    def seen(s: Seen) -> Ratio:
        first = s.log.contacts.first[:-1]
        taken = s.log.agent >= 0
        mine = taken & (s.log.agents.group[s.log.agent] == group)
        if queue is not None:
            mine &= s.log.contacts.queue == queue
        return s.clipped(s.log.begun[first][mine], s.log.sent[first][mine]), s.seconds

    return seen


def in_hour(hour: int, what: Callable[[Seen], Ratio]) -> Callable[[Seen], Ratio]:
    """The same of the contacts that came in an hour of the horizon."""
    return lambda s: what(s.where(np.floor(s.arrival / HOUR) == hour))


def between(start: float, end: float, what: Callable[[Seen], Ratio]) -> Callable[[Seen], Ratio]:
    """The same of the contacts that came between two moments, seconds from the horizon's start."""
    return lambda s: what(s.where((s.arrival >= start) & (s.arrival < end)))


def there(moment: float) -> Callable[[Seen], Ratio]:
    """Contacts in the system, waiting or open, at a moment."""

    def seen(s: Seen) -> Ratio:
        log, first = s.log, s.log.contacts.first[:-1]
        left = log.outcome == Outcome.ABANDONED
        over = np.where(left, log.offered + log.contacts.patience[first], log.closed)
        return float(((log.offered <= moment) & (over > moment)).sum()), 1.0

    return seen


def all_busy(agents: int, moments: Sequence[float]) -> Callable[[Seen], Ratio]:
    """Share of the moments at which so many agents are replying, each to one contact."""

    def seen(s: Seen) -> Ratio:
        begun, sent = np.sort(s.log.begun), np.sort(s.log.sent)  # NaN last
        at = np.asarray(moments)
        busy = np.searchsorted(begun, at, side="right") - np.searchsorted(sent, at, side="right")
        return float((busy >= agents).sum()), float(len(at))

    return seen
