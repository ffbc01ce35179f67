"""Where agents' time went: when they were on, replying and holding chats, and how much of it lies in a span.

Sums are taken in ticks, whole numbers of 2^-20 s, so that they are exact in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cssim.engine.log import Log
from cssim.scenario.clock import GRID, Floats, Ints


@dataclass(frozen=True)
class Meter:
    """Agent-time of one kind, by group: it runs from each of `begins` on, and stops at each of `stops`.

    Attributes:
        begins, stops: ticks, ascending, as many of each; one array a group.
    """

    begins: tuple[Ints, ...]
    stops: tuple[Ints, ...]

    @classmethod
    def of(cls, log: Log, begins: Floats, stops: Floats, agent: Ints) -> Meter:
        """The meter of spans in seconds, each of an agent; those with a NaN are left out."""
        real = np.flatnonzero(~(np.isnan(begins) | np.isnan(stops)))
        group = log.agents.group[agent[real]]
        by_group = [real[group == g] for g in range(len(log.policy.groups))]
        return cls(
            tuple(np.sort(_ticks(begins[rows])) for rows in by_group),
            tuple(np.sort(_ticks(stops[rows])) for rows in by_group),
        )

    def ticks(self, starts: Floats, ends: Floats) -> Ints:
        """How much of it lies in each of the spans [starts, ends), in ticks, (g, k)."""
        low, high = _ticks(starts), _ticks(ends)
        return np.array(
            [
                _past(begins, high) - _past(stops, high) - _past(begins, low) + _past(stops, low)
                for begins, stops in zip(self.begins, self.stops, strict=True)
            ]
        )

    def seconds(self, starts: Floats, ends: Floats, groups: Sequence[int]) -> Floats:
        """The same of some groups together, in seconds, (k,)."""
        return np.asarray(self.ticks(starts, ends)[list(groups)].sum(axis=0) / GRID, dtype=np.float64)


def _past(moments: Ints, edges: Ints) -> Ints:
    """Sum over ascending moments of how far each edge lies after them."""
    behind = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(moments)])
    k = np.searchsorted(moments, edges)
    return np.asarray(k * edges - behind[k], dtype=np.int64)


def _ticks(seconds: Floats) -> Ints:
    return np.rint(seconds * GRID).astype(np.int64)


@dataclass(frozen=True)
class Presence:
    """The agents' time in one replication.

    Attributes:
        on: from log-on to sign-off, breaks apart, overtime included.
        replying: on replies, those to buyers who left while it was written included.
        open_chats: of every chat that held a place, from assigned to closed.
    """

    on: Meter
    replying: Meter
    open_chats: Meter

    @classmethod
    def of(cls, log: Log) -> Presence:
        """Where the time of a log's agents went."""
        contacts, agents = log.contacts, log.agents
        everyone = np.arange(len(agents), dtype=np.int64)
        of_break = np.repeat(everyone, np.diff(agents.first))
        taken = ~np.isnan(log.break_begun)
        on = Meter.of(
            log,
            np.concatenate([log.on, log.break_ended[taken]]),
            np.concatenate([log.off, log.break_begun[taken]]),
            np.concatenate([everyone, of_break[taken]]),
        )
        # A reply takes work / speed, rounded to the grid of time, from when it is begun.
        rows = np.flatnonzero(~np.isnan(log.begun))
        contact = np.repeat(np.arange(len(contacts)), np.diff(contacts.first))[rows]
        agent = log.agent[contact]
        speed = log.policy.speed[agents.group[agent], contacts.queue[contact]]
        sent = log.begun[rows] + np.rint(contacts.work[rows] / speed * GRID) / GRID
        return cls(
            on=on,
            replying=Meter.of(log, log.begun[rows], sent, agent),
            open_chats=Meter.of(log, log.assigned, log.closed, log.agent),
        )
