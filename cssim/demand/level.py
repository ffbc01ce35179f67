"""How far the demand of one replication lies from what is expected: the random level.

Real counts vary more than a Poisson process: variance over mean 2.6 to 3.3 in a quarter of an hour, with a
correlation of .3 to .5 from one to the next. So the rate is multiplied by a day factor that all queues
share, and by a drift within the day that each queue has for itself; both have mean 1. Both at zero leave a
plain Poisson process.
"""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
from scipy import special

from cssim.demand.forecast import SALE_DAY_BEGINS
from cssim.demand.streams import Purpose, Streams, key_of
from cssim.scenario.clock import Calendar, Floats
from cssim.scenario.schema import Scenario, WithinDay

DRIFT_STEP = 300.0
"""Seconds for which the drift holds; steps are counted from the horizon's start."""


def level(scenario: Scenario, queue: str, streams: Streams, times: Floats) -> Floats:
    """Factor on the queue's expected rate at each time (seconds in the horizon), mean 1; same shape."""
    calendar = Calendar.of(scenario.horizon)
    steps = math.ceil(calendar.seconds / DRIFT_STEP)
    factors = drift(scenario.forecast.within_day, queue, streams, steps)
    step = np.floor(times / DRIFT_STEP).astype(np.int64)
    return day_factor(scenario.forecast.day_cv, calendar, streams, times) * factors[step]


def day_factor(cv: float, calendar: Calendar, streams: Streams, times: Floats) -> Floats:
    """Gamma factor with mean 1 of the sale day that each time falls into; same shape.

    A sale day begins at 05:00 and is keyed by that day's date, so every queue, horizon and scenario that
    meets the date in a replication meets the same luck.
    """
    if cv == 0:
        return np.ones_like(times)
    day = np.floor((times + calendar.offset - SALE_DAY_BEGINS) / 86400.0).astype(np.int64)
    first = int(day.min(initial=0))
    dates = [calendar.start.date() + timedelta(days=k) for k in range(first, int(day.max(initial=0)) + 1)]
    keys = np.array([key_of(date.isoformat()) for date in dates], dtype=np.uint64)
    luck = streams.beginnings(Purpose.DAY_LEVEL, keys, np.arange(len(keys) + 1))
    factors = cv**2 * special.gammaincinv(cv**-2, luck)
    return np.asarray(factors[day - first])


def drift(within: WithinDay, queue: str, streams: Streams, steps: int) -> Floats:
    """Lognormal factor with mean 1 in each step of `DRIFT_STEP`; shape (steps,).

    Its logarithm is a stationary AR(1) process: an Ornstein-Uhlenbeck process seen at the steps, with a
    correlation of 2^(-time / half_life).
    """
    from cssim.demand.compiled import remember

    if within.cv == 0:
        return np.ones(steps)
    variance = math.log1p(within.cv**2)
    memory = 2.0 ** (-DRIFT_STEP / within.half_life)
    shocks = streams.of(Purpose.DRIFT, queue).standard_normal(steps)
    shocks[1:] *= math.sqrt(1 - memory**2)
    remember(shocks, memory)
    return np.asarray(np.exp(math.sqrt(variance) * shocks - variance / 2))
