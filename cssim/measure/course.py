"""The course of the days: what happened in each planning interval, summed over replications.

Everything here is a whole number (times in ticks of 2^-20 s), so that sums are exact and the same in
whatever order and on however many workers they are taken, and however many replications there are, they
take the room of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cssim.measure.measures import BINS, PER_OCTAVE, SHORTEST, Sums
from cssim.measure.presence import Presence
from cssim.scenario.clock import GRID, Calendar, Floats, Ints
from cssim.scenario.schema import Scenario


@dataclass(frozen=True)
class Course:
    """Sums over replications; q queues, g groups, i planning intervals.

    Attributes:
        replications: how many.
        first_reply: first replies sent, by interval of the contact's arrival and length, (q, i, BINS).
        messages: rounds that reached people, by interval of the message, (q, i).
        work: ticks of reply work at speed 1 that these brought, (q, i).
        on, replying, open_chats: ticks of agents' (and chats') time, (g, i).
    """

    replications: int
    first_reply: Ints
    messages: Ints
    work: Ints
    on: Ints
    replying: Ints
    open_chats: Ints

    def __add__(self, other: Course) -> Course:
        """Both together."""
        return Course(**{name: column + vars(other)[name] for name, column in vars(self).items()})

    def seconds(self, name: str) -> Floats:
        """One of the columns of ticks, in seconds."""
        return np.asarray(getattr(self, name) / GRID, dtype=np.float64)

    def mean_number(self, scenario: Scenario, name: str) -> Floats:
        """`on`, `replying` or `open_chats` as the mean number at a moment of the interval, (g, i)."""
        starts, ends = interval_spans(Calendar.of(scenario.horizon))
        return self.seconds(name) / (ends - starts) / self.replications

    def first_reply_at(self, share: float) -> Floats:
        """Time within which this share of the first replies sent was sent, seconds, (q, i).

        Pooled over the contacts of all replications; exact to the width of a bin; NaN where none was sent.
        """
        below = np.cumsum(self.first_reply, axis=-1)
        sent = below[..., -1]
        wanted = share * sent[..., None]
        at = np.argmax(below >= wanted, axis=-1)[..., None]
        there = np.take_along_axis(self.first_reply, at, axis=-1)
        before = np.take_along_axis(below, at, axis=-1) - there
        into = np.where(there > 0, (wanted - before) / np.maximum(there, 1), 0.0)[..., 0]
        start, end = edges()[at[..., 0]], edges()[at[..., 0] + 1]
        return np.where(sent > 0, start + into * (end - start), np.nan)


def edges() -> Floats:
    """Ends of the bins, in seconds, (BINS + 1,)."""
    return np.concatenate([[0.0], SHORTEST * 2.0 ** (np.arange(BINS) / PER_OCTAVE)])


def interval_spans(calendar: Calendar) -> tuple[Floats, Floats]:
    """Starts and ends of the planning intervals in seconds, the last cut short by the horizon, (i,) each."""
    starts: Floats = np.arange(calendar.intervals, dtype=np.float64) * calendar.interval
    return starts, np.minimum(starts + calendar.interval, calendar.seconds)


def course_of(calendar: Calendar, counted: Sums, presence: Presence) -> Course:
    """The course of one replication; the warm-up's intervals stay empty of contacts and rounds."""
    on, replying, open_chats = presence.ticks(*interval_spans(calendar))
    return Course(
        replications=1,
        first_reply=counted.first_reply_bins,
        messages=counted.messages,
        work=counted.work,
        on=on,
        replying=replying,
        open_chats=open_chats,
    )
