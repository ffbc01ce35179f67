"""Differences between runs on common random numbers: what each replication adds to them, side by side.

The same buyers meet both runs, so a busy replication is busy in both and drops out of the difference. An
estimate is kept with its influence: how far each replication pulls it. Influences subtract replication by
replication; the half-width of what is left is Student's, which is the delta method for ratios.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import stdtrit

from cssim.experiment.simulation import SimulationResult
from cssim.measure.estimate import CONFIDENCE, number, share_of_days, tallies
from cssim.scenario.clock import Floats

_ERROR: Final = (1 - CONFIDENCE) / 2


@dataclass(frozen=True)
class Effect:
    """An estimate, or a difference of two, with what it owes to each replication.

    Attributes:
        value: NaN where there was nothing to measure.
        influence: by replication; the value is off by about their mean, (n,).
        least: the half-width is never smaller.
    """

    value: float
    influence: Floats
    least: float = 0.0

    def __sub__(self, other: Effect) -> Effect:
        """The difference on the same replications."""
        return Effect(self.value - other.value, self.influence - other.influence)

    @property
    def half_width(self) -> float:
        """Of the two-sided interval at `CONFIDENCE`; infinite after one replication, where they differ."""
        n = len(self.influence)
        if not np.any(self.influence):
            return self.least
        if n < 2:
            return np.inf
        spread = float(np.std(self.influence, ddof=1)) / math.sqrt(n)
        reach: float = spread * float(stdtrit(n - 1, 1 - _ERROR))
        return max(reach, self.least)

    @property
    def sure(self) -> bool:
        """Whether its sign is sure."""
        return abs(self.value) > self.half_width

    def to_dict(self) -> dict[str, Any]:
        """`{value, half_width}`, None where not finite."""
        return {"value": number(self.value), "half_width": number(self.half_width)}


def of_mean(values: Floats) -> Effect:
    """The mean over replications."""
    value = float(values.mean())
    return Effect(value, values - value)


def of_ratio(part: Floats, whole: Floats) -> Effect:
    """The sum of parts over the sum of wholes."""
    if not np.any(whole > 0):
        return Effect(np.nan, np.zeros(len(part)))
    value = float(part.sum() / whole.sum())
    return Effect(value, (part - value * whole) / whole.mean())


def cost_of(result: SimulationResult) -> Effect:
    """What a replication cost."""
    return of_mean(np.array([day.total_cost for day in result.measured]))


def lost_sales_of(result: SimulationResult) -> Effect:
    """What it lost in sales."""
    return of_mean(np.array([day.lost_sales for day in result.measured]))


def measure_of(result: SimulationResult, target: int, period: int) -> Effect:
    """A target's measure in one of its periods, over all replications, whatever share of days it asks for."""
    part, whole = tallies(result.measured, target)
    return of_ratio(part[:, period], whole[:, period])


def reached(result: SimulationResult, target: int, period: int) -> Effect:
    """What a target promises, in one of its periods: the measure, or the share of days that keep it."""
    asked = result.scenario.targets[target]
    if asked.on is None:
        return measure_of(result, target, period)
    days = result.targets[target].by_period[period].days
    kept = np.isnan(days) | (days >= asked.bound if asked.up else days <= asked.bound)
    return of_mean(kept.astype(np.float64))


def difference(one: SimulationResult, other: SimulationResult, target: int, period: int) -> Effect | None:
    """By how much a target fares better or worse in one run than in the other: one - other.

    A share of days that did not move is not surely the same, where the days themselves differ: its
    half-width is never less than what so many days without a change leave open.

    Returns:
        None where the two do not promise the same thing of the same period.
    """
    if not comparable(one, other, target):
        return None
    found = reached(one, target, period) - reached(other, target, period)
    days, before = (run.targets[target].by_period[period].days for run in (one, other))
    if one.targets[target].on is None or np.array_equal(days, before, equal_nan=True):
        return found
    return Effect(found.value, found.influence, share_of_days(0, len(days), _ERROR)[1])


def comparable(one: SimulationResult, other: SimulationResult, target: int) -> bool:
    """Whether two runs are of the same replications, and a target of both is about the same measure, given as
    itself or as a share of days, in the same periods."""
    if max(target, 0) >= min(len(one.targets), len(other.targets)) or not paired(one, other):
        return False
    a, b = one.targets[target], other.targets[target]
    return (
        a.measure == b.measure
        and (a.on is None) == (b.on is None)
        and _labels(a.by_period) == _labels(b.by_period)
    )


def paired(one: SimulationResult, other: SimulationResult) -> bool:
    """Whether two runs are of the same replications."""
    same = ("seed", "phase", "replications")
    return all(getattr(one, name) == getattr(other, name) for name in same)


def _labels(periods: Sequence[Any]) -> list[str]:
    return [period.period for period in periods]
