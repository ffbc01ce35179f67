"""Where agents' time went: when they were on, replying and holding chats, and how much of it lies in a span.

Sums are taken in ticks, whole numbers of 2^-20 s, so that they are exact in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cssim.demand.contacts import NOBODY
from cssim.engine.log import Log
from cssim.scenario.clock import GRID, Floats, Ints

Spans = tuple[Floats, Floats, Ints, bool]
"""Starts, ends, the agent of each, and whether they add to (or take from) the time."""


def on_spans(log: Log) -> list[Spans]:
    """Time on, from log-on to sign-off, breaks taken out."""
    agents = log.agents
    everyone = np.arange(len(agents), dtype=np.int64)
    of_break = np.repeat(everyone, np.diff(agents.first))
    return [(log.on, log.off, everyone, True), (log.break_begun, log.break_ended, of_break, False)]


def open_spans(log: Log) -> list[Spans]:
    """Time that chats held a place, from assigned to closed."""
    return [(log.assigned, log.closed, log.agent, True)]


def replying_spans(log: Log) -> list[Spans]:
    """Time spent on replies, those to buyers who left while it was written included.

    A reply takes work / speed, rounded to the grid of time, from when it is begun.
    """
    contacts, agents = log.contacts, log.agents
    rows = np.flatnonzero(~np.isnan(log.begun))
    contact = np.repeat(np.arange(len(contacts)), np.diff(contacts.first))[rows]
    agent = log.agent[contact]
    speed = log.policy.speed[agents.group[agent], contacts.queue[contact]]
    end = log.begun[rows] + np.rint(contacts.work[rows] / speed * GRID) / GRID
    return [(log.begun[rows], end, agent, True)]


def ticks_within(starts: Floats, ends: Floats, lows: Floats, highs: Floats) -> Ints:
    """How much of the spans [starts, ends) lies in each of [lows, highs), in ticks of 2^-20 s, exactly.

    Spans with a NaN are left out. Shapes (n,), (n,), (k,), (k,); gives (k,).
    """
    real = ~(np.isnan(starts) | np.isnan(ends))

    def past(moments: Floats, edges: Ints) -> Ints:
        """Sum over the moments of how far each edge lies after them."""
        ordered = np.sort(_ticks(moments[real]))
        behind = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(ordered)])
        k = np.searchsorted(ordered, edges)
        return np.asarray(k * edges - behind[k], dtype=np.int64)

    low, high = _ticks(lows), _ticks(highs)
    return (past(starts, high) - past(ends, high)) - (past(starts, low) - past(ends, low))


def _ticks(seconds: Floats) -> Ints:
    return np.rint(seconds * GRID).astype(np.int64)


def group_ticks(
    log: Log, spans: Callable[[Log], list[Spans]], groups: Sequence[int], starts: Floats, ends: Floats
) -> Ints:
    """Agent-time of the groups within each span of time, in ticks, (k,)."""
    total = np.zeros(len(starts), dtype=np.int64)
    for begins, finishes, agent, adds in spans(log):
        someones = np.flatnonzero(agent != NOBODY)
        theirs = someones[np.isin(log.agents.group[agent[someones]], list(groups))]
        part = ticks_within(begins[theirs], finishes[theirs], starts, ends)
        total = total + part if adds else total - part
    return total


def seconds_within(
    log: Log, spans: Callable[[Log], list[Spans]], groups: Sequence[int], starts: Floats, ends: Floats
) -> Floats:
    return group_ticks(log, spans, groups, starts, ends) / GRID
