"""Which days a search looks at, and how busy each of them is before anything is simulated.

Drawn as they come, a few replications may all be quiet, and a roster polished on them fails on others. But a
replication's random level is known beforehand. So the search orders replications such that the first n of
them, for every n, spread over busy and quiet as a Halton sequence spreads over the unit cube, with a
coordinate for each date. Judgements take the days as they come: only there must nothing be chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from cssim.demand.level import level
from cssim.demand.streams import Streams
from cssim.measure.periods import periods_of
from cssim.roster.need import Load
from cssim.scenario.clock import Calendar, Floats, overlap
from cssim.scenario.schema import Scenario

CANDIDATES = 1024
"""Replications among which the days are chosen."""

BAND = 0.2
"""A day counts for a promise on a share of days if its rank is nearer than this; the nearer, the more."""

_PRIMES = (2, 3, 5, 7, 11, 13, 17)


def levels(scenario: Scenario, seed: int, phase: int, replications: Sequence[int]) -> Floats:
    """Factor on each queue's rate in the middle of each planning interval, (n, q, i); 1 if nothing varies."""
    calendar = Calendar.of(scenario.horizon)
    found = np.ones((len(replications), len(scenario.queues), calendar.intervals))
    if steady(scenario):
        return found
    middle = np.minimum((np.arange(calendar.intervals) + 0.5) * calendar.interval, calendar.seconds - 1.0)
    for k, replication in enumerate(replications):
        streams = Streams(seed, phase, replication)
        for q, name in enumerate(scenario.queues):
            found[k, q] = level(scenario, name, streams, middle)
    return found


def steady(scenario: Scenario) -> bool:
    """Whether the forecast is right on every day, but for the luck of single arrivals."""
    return scenario.forecast.day_cv == 0 and scenario.forecast.within_day.cv == 0


def busyness(scenario: Scenario, load: Load, level: Floats) -> Floats:
    """Logarithm of the expected work of each promise's queues in each of its periods, (n, p).

    Promises in the order of targets and periods; `level` as `levels` gives it.
    """
    calendar = Calendar.of(scenario.horizon)
    edges = np.append(np.arange(calendar.intervals) * calendar.interval, calendar.seconds)
    work = load.work * level
    found = []
    for target in scenario.targets:
        mine = [q for q, name in enumerate(scenario.queues) if target.queues is None or name in target.queues]
        by_interval = work[:, mine].sum(axis=1)
        for period in periods_of(scenario, target):
            inside = np.array([overlap(a, b, period.spans) for a, b in pairwise(edges)])
            found.append(np.log(np.maximum(by_interval @ inside, 1e-9)))
    return np.array(found).T


def balanced(scenario: Scenario, load: Load, level: Floats, most: int) -> tuple[int, ...]:
    """Numbers of the candidates (rows of `level`) in a balanced order, `most` of them at the most.

    Of horizons with more than seven dates the first seven are balanced.
    """
    most = min(most, len(level))
    if steady(scenario):
        return tuple(range(most))
    busy = by_date(scenario, load, level)
    rank = _rank(busy)
    free = np.ones(len(busy), dtype=bool)
    chosen = []
    for point in _halton(most, busy.shape[1]):
        far = ((rank - point) ** 2).sum(axis=1)
        chosen.append(int(np.argmin(np.where(free, far, np.inf))))
        free[chosen[-1]] = False
    return tuple(chosen)


def shares_of_days(scenario: Scenario) -> Floats:
    """The share of days on which each promise is to be kept, in the order of targets and periods, (p,); nan
    where it is about the mean."""
    return np.array(
        [
            np.nan if target.on is None else target.on
            for target in scenario.targets
            for _ in periods_of(scenario, target)
        ]
    )


def nearness(busy: Floats, on: Floats) -> Floats:
    """How near days rank to those that decide promises on a share of days, 0 to 1: (n, d) from (n, p), for
    the d promises of which `on` says the share, (p,)."""
    decided = ~np.isnan(on)
    return np.maximum(1 - np.abs(_rank(busy)[:, decided] - on[decided]) / BAND, 0.0)


def deciding(near: Floats, days: Sequence[int]) -> int:
    """The day, not yet among `days`, that adds most where least is known of what decides; see `nearness`."""
    worth = (near / (near[list(days)].sum(axis=0) + 0.5)).sum(axis=1)
    worth[list(days)] = -1.0
    return int(np.argmax(worth))


def in_turn(even: Sequence[int], near: Floats, most: int) -> tuple[int, ...]:
    """Days of an even order, and in turn with them days that decide."""
    chosen: list[int] = []
    waiting = iter(even)
    while len(chosen) < most:
        if len(chosen) % 2:
            chosen.append(deciding(near, chosen))
        elif (day := next((day for day in waiting if day not in chosen), None)) is not None:
            chosen.append(day)
        else:
            break
    return tuple(chosen)


def weights(here: Floats, known: Floats) -> Floats:
    """Weights of some days, as equal as can be, by which they are as busy as all days that are known: in the
    mean and in the mean square, on each date. (n,) from (n, dates) and (c, dates), summing to 1.

    Source: Deville and Särndal 1992, "Calibration estimators in survey sampling", Journal of the American
    Statistical Association 87.
    """
    z, all_of = ((x - known.mean(axis=0)) / np.maximum(known.std(axis=0), 1e-9) for x in (here, known))
    design = np.hstack([np.ones((len(z), 1)), z, z**2])
    wanted = np.concatenate([[1.0], all_of.mean(axis=0), (all_of**2).mean(axis=0)])
    even = np.full(len(z), 1 / len(z))
    change = np.linalg.lstsq(design.T, wanted - even @ design, rcond=1e-6)[0]
    found = even + change
    return np.asarray(found / found.sum())


def by_date(scenario: Scenario, load: Load, level: Floats) -> Floats:
    """Expected work on each date, (n, dates); from the seventh on of all that are left."""
    calendar = Calendar.of(scenario.horizon)
    middle = np.minimum((np.arange(calendar.intervals) + 0.5) * calendar.interval, calendar.seconds - 1.0)
    date = np.minimum(calendar.day_index(middle), len(_PRIMES) - 1)
    by_interval = (load.work * level).sum(axis=1)
    return np.asarray(by_interval @ (date[:, None] == np.arange(date.max() + 1)))


def _rank(busy: Floats) -> Floats:
    """Each day's rank among all, 0 to 1, (n, p)."""
    return (np.argsort(np.argsort(busy, axis=0, kind="stable"), axis=0, kind="stable") + 0.5) / len(busy)


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
