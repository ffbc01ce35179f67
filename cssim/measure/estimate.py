"""How sure one can be of a measure after so many independent replications, and the verdict on a promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cssim.measure.service import Day
from cssim.scenario.clock import Floats
from cssim.scenario.schema import Scenario

Verdict = Literal["met", "missed", "undecided"]


@dataclass(frozen=True)
class Estimate:
    """A value with its 95% confidence interval.

    Attributes:
        value: NaN where there was nothing to measure.
        low, high: ends of the interval; infinite (or 0 and 1, for shares) after a single replication.
        half_width: the longer of the two sides.
    """

    value: float
    low: float
    high: float
    half_width: float

    def to_dict(self) -> dict[str, float | None]:
        """`{value, half_width}`, None where not finite."""
        raise NotImplementedError


@dataclass(frozen=True)
class PeriodResult:
    """A promise in one of its periods.

    Attributes:
        period: label, e.g. `2026-11-11`.
        estimate: of the measure, or, where the target says `on`, of the share of days that keep it; NaN
            where there was nothing to measure in any replication.
        low, high: one-sided bounds, each at the target's confidence `sure`.
        margin: by how much the estimate is on the right side of the promise (negative: on the wrong side).
        sure_margin: the same for the bound that has to clear.
        verdict: on this period alone.
        days: the measure in each replication, NaN where there was nothing to measure, (replications,).
    """

    period: str
    estimate: float
    low: float
    high: float
    margin: float
    sure_margin: float
    verdict: Verdict
    days: Floats

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON."""
        raise NotImplementedError


@dataclass(frozen=True)
class TargetResult:
    """A promise, and whether it is kept.

    Attributes:
        name, measure, within_s, at_least, at_most, each, on, sure: as the scenario has them.
        verdict: *met*, *missed* or *undecided*.
        by_period: every period's result.
        period: label of the period that is nearest to failing; the next four are of that period.
        estimate, low, high: see `PeriodResult`.
        days: see `PeriodResult`.
        unsent: replies never sent, per replication, beside means of replies; else 0.
    """

    name: str
    measure: str
    within_s: float | None
    at_least: float | None
    at_most: float | None
    each: str
    on: float | None
    sure: float
    verdict: Verdict
    by_period: tuple[PeriodResult, ...]
    period: str
    estimate: float
    low: float
    high: float
    days: Floats
    unsent: float

    def to_dict(self) -> dict[str, Any]:
        """The same as the contract's JSON."""
        raise NotImplementedError


def judge(scenario: Scenario, days: Sequence[Day], *, looks: int = 1) -> tuple[TargetResult, ...]:
    """The verdict on each of the scenario's targets, in order.

    Args:
        scenario: names the targets.
        days: independent replications of one roster.
        looks: at how many sample sizes the verdict may be taken; errors are divided by it.

    Raises:
        InputError: a target for which there is nothing to measure in any replication.
    """
    raise NotImplementedError
