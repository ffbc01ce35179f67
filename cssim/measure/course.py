"""The course of the days: what happened in each planning interval, summed over replications.

Everything here is a whole number (times in ticks of 2^-20 s), so that sums are exact and the same in
whatever order and on however many workers they are taken, and however many replications there are, they
take the room of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cssim.engine.log import Log
from cssim.measure.presence import Presence
from cssim.measure.rounds import seen_by_people
from cssim.scenario.clock import GRID, Calendar, Floats, Ints
from cssim.scenario.schema import Scenario

SHORTEST: Final = 0.125
"""Seconds; shorter first replies share the first bin."""
PER_OCTAVE: Final = 16
"""Bins for each doubling of the time: a bin is 4.4% wide."""
BINS: Final = 20 * PER_OCTAVE + 1
"""Up to a day and a half; longer ones share the last bin."""


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


def bin_of(seconds: Floats) -> Ints:
    """The bin of each time, its upper end included."""
    return np.minimum(np.searchsorted(edges()[1:], seconds, side="left"), BINS - 1).astype(np.int64)


def interval_spans(calendar: Calendar) -> tuple[Floats, Floats]:
    """Starts and ends of the planning intervals in seconds, the last cut short by the horizon, (i,) each."""
    starts: Floats = np.arange(calendar.intervals, dtype=np.float64) * calendar.interval
    return starts, np.minimum(starts + calendar.interval, calendar.seconds)


def course_of(scenario: Scenario, log: Log) -> Course:
    """The course of one replication; the warm-up's intervals stay empty of contacts and rounds."""
    calendar = Calendar.of(scenario.horizon)
    q, i = len(scenario.queues), calendar.intervals
    seen = seen_by_people(log)

    def cells(at: Floats, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[Ints, Ints]:
        rows = np.flatnonzero(keep & (at >= calendar.warm_up) & (at < calendar.seconds))
        return rows, seen.queue[rows] * i + calendar.interval_index(at[rows])

    rows, cell = cells(seen.arrival, seen.first & ~np.isnan(seen.sent))
    lengths = bin_of(seen.sent[rows] - seen.start[rows])
    first_reply = np.bincount(cell * BINS + lengths, minlength=q * i * BINS)
    rows, cell = cells(seen.message, np.ones(len(seen.contact), dtype=bool))
    work = np.zeros(q * i, dtype=np.int64)
    np.add.at(work, cell, np.rint(seen.work[rows] * GRID).astype(np.int64))
    starts, ends = interval_spans(calendar)
    presence = Presence.of(log)
    return Course(
        replications=1,
        first_reply=first_reply.reshape(q, i, BINS),
        messages=np.bincount(cell, minlength=q * i).reshape(q, i),
        work=work.reshape(q, i),
        on=presence.on.ticks(starts, ends),
        replying=presence.replying.ticks(starts, ends),
        open_chats=presence.open_chats.ticks(starts, ends),
    )
