"""Which days a search looks at: busy and quiet ones in their proportion, however few are looked at.

Drawn as they come, a few replications may all be quiet, and a roster polished on them fails on others. But a
replication's random level is known before anything is simulated. So the search orders replications such that
the first n of them, for every n, spread over busy and quiet as a Halton sequence spreads over the unit cube,
with a coordinate for each date. Judgements take the days as they come: only there must nothing be chosen.
"""

from __future__ import annotations

import numpy as np

from cssim.demand.level import level
from cssim.demand.streams import Phase, Streams
from cssim.roster.need import Load
from cssim.scenario.clock import Calendar, Floats
from cssim.scenario.schema import Scenario

CANDIDATES = 400
"""Replications among which the days are chosen."""

_PRIMES = (2, 3, 5, 7, 11, 13, 17)


def balanced(scenario: Scenario, load: Load, seed: int, most: int) -> tuple[int, ...]:
    """Numbers of the search's replications in a balanced order, `most` of them.

    Of horizons with more than seven dates the first seven are balanced.
    """
    if scenario.forecast.day_cv == 0 and scenario.forecast.within_day.cv == 0:
        return tuple(range(most))
    busy = _busyness(scenario, load, seed, max(CANDIDATES, most))
    rank = (np.argsort(np.argsort(busy, axis=0, kind="stable"), axis=0, kind="stable") + 0.5) / len(busy)
    free = np.ones(len(busy), dtype=bool)
    chosen = []
    for point in _halton(most, busy.shape[1]):
        far = ((rank - point) ** 2).sum(axis=1)
        chosen.append(int(np.argmin(np.where(free, far, np.inf))))
        free[chosen[-1]] = False
    return tuple(chosen)


def _busyness(scenario: Scenario, load: Load, seed: int, candidates: int) -> Floats:
    """Expected work on each date under each replication's level, (candidates, dates)."""
    calendar = Calendar.of(scenario.horizon)
    middle = np.minimum((np.arange(calendar.intervals) + 0.5) * calendar.interval, calendar.seconds - 1.0)
    date = np.minimum(calendar.day_index(middle), len(_PRIMES) - 1)
    busy = np.zeros((candidates, date.max() + 1))
    for replication in range(candidates):
        streams = Streams(seed, Phase.SEARCH, replication)
        for q, name in enumerate(scenario.queues):
            work = load.work[q] * level(scenario, name, streams, middle)
            busy[replication] += np.bincount(date, work, busy.shape[1])
    return busy


def _halton(points: int, dimensions: int) -> Floats:
    """The first points of the Halton sequence, (points, dimensions).

    Source: Halton 1960, Numerische Mathematik 2.
    """
    sequence = np.zeros((points, dimensions))
    for d, prime in enumerate(_PRIMES[:dimensions]):
        for k in range(points):
            fraction, left = 1.0, k + 1
            while left:
                fraction /= prime
                left, digit = divmod(left, prime)
                sequence[k, d] += fraction * digit
    return sequence
