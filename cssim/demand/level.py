"""How far the demand of one replication lies from what is expected: the random level.

Real counts vary more than a Poisson process: variance over mean 2.6 to 3.3 in a quarter of an hour, with a
correlation of .3 to .5 from one to the next. So the rate is multiplied by a day factor that all queues
share, and by a drift within the day that each queue has for itself; both have mean 1. Both at zero leave a
plain Poisson process.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from scipy import special

from cssim.demand.forecast import SALE_DAY_BEGINS
from cssim.demand.streams import Purpose, Streams, Words, keys_of
from cssim.scenario.clock import Calendar, Floats, Ints
from cssim.scenario.schema import Forecast, Scenario, WithinDay

DRIFT_STEP = 300.0
"""Seconds for which the drift holds; steps are counted from the horizon's start."""


@dataclass(frozen=True)
class Level:
    """The level at some times (seconds in the horizon): all of it that is the same in every replication.

    Attributes:
        forecast: says how far the level varies.
        steps: of the drift, in the whole horizon.
        step: of the drift, at each time.
        keys: of the streams of the sale days that the times fall into.
        day: index of its sale day, at each time.
    """

    forecast: Forecast
    steps: int
    step: Ints
    keys: Words
    day: Ints

    @classmethod
    def of(cls, scenario: Scenario, times: Floats) -> Level:
        """The level at these times.

        A sale day begins at 05:00 and is keyed by that day's date, so every queue, horizon and scenario that
        meets the date in a replication meets the same luck.
        """
        calendar = Calendar.of(scenario.horizon)
        day = np.floor((times + calendar.offset - SALE_DAY_BEGINS) / 86400.0).astype(np.int64)
        first, last = int(day.min(initial=0)), int(day.max(initial=0))
        dates = [calendar.start.date() + timedelta(days=k) for k in range(first, last + 1)]
        return cls(
            forecast=scenario.forecast,
            steps=math.ceil(calendar.seconds / DRIFT_STEP),
            step=np.floor(times / DRIFT_STEP).astype(np.int64),
            keys=keys_of(date.isoformat() for date in dates),
            day=day - first,
        )

    def factors(self, queue: str, streams: Streams) -> tuple[Floats, Floats]:
        """Factors of the sale days and of the steps of the drift; their product is the level."""
        days = day_factors(self.forecast.day_cv, self.keys, streams)
        return days, drift(self.forecast.within_day, queue, streams, self.steps)


def level(scenario: Scenario, queue: str, streams: Streams, times: Floats) -> Floats:
    """Factor on the queue's expected rate at each time (seconds in the horizon), mean 1; same shape."""
    there = Level.of(scenario, times)
    days, steps = there.factors(queue, streams)
    return days[there.day] * steps[there.step]


def day_factors(cv: float, keys: Words, streams: Streams) -> Floats:
    """Gamma factors with mean 1 of the sale days with these keys; same shape."""
    if cv == 0:
        return np.ones(len(keys))
    luck = streams.beginnings(Purpose.DAY_LEVEL, keys, np.arange(len(keys) + 1))
    return np.asarray(cv**2 * special.gammaincinv(cv**-2, luck))


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
