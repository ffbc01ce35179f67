"""Agents' time: when they were on, replying and holding chats, how much of it lies in a span, its measures.

Sums are taken in ticks, whole numbers of 2^-20 s, so that they are exact in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from cssim.engine.log import Log
from cssim.measure.measures import ON, OPEN_CHATS, REPLYING
from cssim.measure.periods import Period, locate
from cssim.measure.tally import Tally, sums
from cssim.scenario.clock import GRID, Floats, Ints


@dataclass(frozen=True)
class Presence:
    """The agents' time in one replication, cut into cells.

    Attributes:
        cuts: ticks, ascending, (cells + 1,).
        cells: ticks by kind (see `cssim.measure.measures.ON`), group and cell, (3, g, cells).
    """

    cuts: Ints
    cells: Ints

    def ticks(self, starts: Floats, ends: Floats) -> Ints:
        """How much of each kind lies in each of the spans [starts, ends), made of cells, (3, g, k)."""
        low, high = (np.searchsorted(self.cuts, ticks_of(edges)) for edges in (starts, ends))
        return np.asarray(self._before[..., high] - self._before[..., low])

    def seconds(self, kind: int, starts: Floats, ends: Floats, groups: Sequence[int]) -> Floats:
        """The same of some groups together, in seconds, (k,)."""
        ticks = self.ticks(starts, ends)[kind, list(groups)]
        return np.asarray(ticks.sum(axis=0) / GRID, dtype=np.float64)

    @cached_property
    def _before(self) -> Ints:
        """Ticks before each cut, (3, g, cells + 1)."""
        kinds, groups, _ = self.cells.shape
        before = np.zeros((kinds, groups, len(self.cuts)), dtype=np.int64)
        np.cumsum(self.cells, axis=-1, out=before[..., 1:])
        return before


def ticks_of(seconds: Floats) -> Ints:
    """Seconds in ticks."""
    return np.rint(seconds * GRID).astype(np.int64)


OF_TIME: Final = {"occupancy": REPLYING, "open_chats": OPEN_CHATS}
"""The kind of time that each measure of agents' time sets against the time on."""


def of_time(kind: int, presence: Presence, groups: Sequence[int], periods: Sequence[Period]) -> Tally:
    """Occupancy, the share of the time on that agents spend on replies, or the mean number of open chats.

    Occupancy: seconds of replies / seconds on. Open chats: sum over chats of the seconds that each holds a
    place / seconds on. Breaks are not time on, overtime is. Booked to the moment itself: what lies in a
    period counts there. 0/0 (nobody on): nothing to measure.
    Source: Gans, Koole and Mandelbaum 2003, section 2; Little's law, on places.

    Args:
        kind: `REPLYING` or `OPEN_CHATS`.
        presence: where the agents' time went.
        groups: indices of the groups that count.
        periods: of the target.
    """
    spans = [(a, b, k) for k, period in enumerate(periods) for a, b in period.spans]
    starts, ends, index = np.array(spans, dtype=np.float64).reshape(-1, 3).T
    k = index.astype(np.int64)
    part, whole = (presence.seconds(which, starts, ends, groups) for which in (kind, ON))
    return Tally(sums(k, part, len(periods)), sums(k, whole, len(periods)))


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
