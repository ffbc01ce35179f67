"""Replications that begin in steady state, so that short ones do: for queues that take days to settle.

A Markov queue that is met in its steady state stays in it. So instead of an empty floor and a long warm-up,
each replication finds at 0 as many contacts as the steady state's law says. What is left of exponential
work, patience and gaps is exponential, whatever has passed, so these contacts are ordinary ones that
happen to arrive together. Then the queue runs by itself, and those who come are measured: were anything
wrong with the engine, the queue would leave the law and they would not wait as they should.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cssim.demand.contacts import Contacts
from cssim.demand.streams import Purpose, Streams

Floats = NDArray[np.float64]
GRID = 2.0**20


@dataclass(frozen=True)
class Steady:
    """How to begin; a queue with one group, exponential throughout, one round.

    Attributes:
        law: probabilities of the number in the system.
        rate: contacts per second.
        contacts: mean number that come in the measured time of one replication.
        agents: of the group.
        strata: equal parts of what may be begun with, from each of which a block takes two numbers.
        means: of the gaps, of work and of patience; NaN where it is not drawn from an exponential.
    """

    law: Floats
    rate: float
    contacts: int
    agents: int
    strata: int
    means: tuple[float, float, float]

    @property
    def lasting(self) -> float:
        """Seconds that are measured."""
        return math.ceil(self.contacts / self.rate * GRID) / GRID

    @property
    def spare(self) -> int:
        """Contacts that surely are enough for the measured time."""
        return int(self.contacts + 9 * math.sqrt(self.contacts) + 20)

    @property
    def horizon(self) -> float:
        """Seconds of arrivals that surely are enough for a block."""
        drawn = 2 * self.strata * (len(self.law) + self.spare)
        return math.ceil((drawn + 9 * math.sqrt(drawn)) / self.rate)

    @cached_property
    def chosen(self) -> Floats:
        """Chances of beginning with each number: more often than the law says where many wait.

        Long waits are rare and most of what a mean wait is made of; what is seen counts for `weight`.
        """
        waiting = np.maximum(np.arange(len(self.law)) - self.agents + 1, 0)
        size = 1 + 0.5 * waiting / max(float(waiting @ self.law), 1e-9)
        return self.law * size / (self.law @ size)

    def replications(self, drawn: Contacts, streams: Streams) -> Iterator[tuple[float, Contacts, Contacts]]:
        """A block's replications, two pairs a stratum, cut one after the other out of one long draw.

        In the second of a pair all that is exponential is taken the other way round (from 1 - u where the
        first takes it from u), which makes up for some of the first one's luck.

        Yields:
            The pair's weight, and its contacts.
        """
        luck = streams.of(Purpose.ARRIVALS, "number in the system").random((self.strata, 2))
        quantiles = (np.arange(self.strata)[:, None] + luck) / self.strata
        begin = np.minimum(np.searchsorted(np.cumsum(self.chosen), quantiles.ravel()), len(self.law) - 1)
        row = 0
        for number in begin.tolist():
            rows = slice(row + 1, row + 1 + number + self.spare)
            row = rows.stop
            series = (np.diff(drawn.arrival[rows.start - 1 : row]), drawn.work[rows], drawn.patience[rows])
            other = [_mirror(x, mean) for x, mean in zip(series, self.means, strict=True)]
            weight = float(self.law[number] / self.chosen[number])
            yield weight, self._begun(drawn, number, *series), self._begun(drawn, number, *other)

    def _begun(self, drawn: Contacts, number: int, gaps: Floats, work: Floats, patience: Floats) -> Contacts:
        """Contacts of which the first `number` arrive at 0."""
        arrival = np.concatenate([np.zeros(number), np.cumsum(gaps[number:])])
        assert len(gaps) == number + self.spare, "the draw is long enough"
        assert arrival[-1] >= self.lasting, "the spare contacts are enough"
        n = int(np.searchsorted(arrival, self.lasting))
        names = ["queue", "covered", "deflected", "delay", "lingers", "parent", "trigger", "wake", "think"]
        return replace(
            drawn,
            arrival=arrival[:n],
            work=work[:n],
            patience=patience[:n],
            first=np.arange(n + 1),
            buyer=np.arange(n),
            **{name: getattr(drawn, name)[:n] for name in names},
        )


def _mirror(drawn: Floats, mean: float) -> Floats:
    """Exponential times from 1 - u where they were from u, on the grid of times."""
    if math.isnan(mean):
        return drawn
    u = -np.expm1(-np.maximum(drawn, 0.5 / GRID) / mean)
    return np.round(-mean * np.log(u) * GRID) / GRID
