"""How sure one can be of a measure after so many independent replications, and the verdict on a promise.

Replications are independent and alike; contacts within one are neither. So every interval counts
replications, not contacts:

- **Ratios** (shares of contacts, means of times, occupancy): the estimator is sum of parts / sum of wholes
  over the replications, its standard error by the delta method, the quantile Student's t, corrected for the
  skewness of the residuals by Hall's transformation: bad days are rarer and worse than good ones, and
  without it a promise on its edge is called *met* in 7 to 8% of 30-day runs where 5% were allowed, with it
  in 2 to 5% (in 7 to 9% where the day's level varies by 30% and the floor breaks on the busy days, which
  thirty days show too few of: `python -m benchmarks.coverage`). The jackknife gives the same to first order
  and costs more; the mean of the daily ratios would be another question (what an average day is like, not
  what an average contact meets).
  Sources: Law 2015, "Simulation modeling and analysis", 9.5.2; Hall 1992, J. R. Stat. Soc. B 54(1).
- **Shares of contacts** have in addition no interval narrower than Wilson's for as many independent contacts:
  contacts of one day go wrong together if at all, so fewer is never known. Where every contact was in
  time, that is the whole interval: near, but never certain.
  Source: Wilson 1927, J. Am. Stat. Assoc. 22.
- **Shares of days**: whether a day keeps a promise is a coin of its own in each replication, so the bounds
  are Clopper and Pearson's, which hold their confidence exactly, at any number of days. (`wilson`, whose
  coverage is nearer to nominal on average and below it at times, is there for comparison.)
  Source: Clopper and Pearson 1934, Biometrika 26(4); Brown, Cai and DasGupta 2001, Stat. Science 16(2).
- After one replication with anything to measure nothing is known of the spread: the interval is everything.

A promise of 100% (or of at most 0%) of contacts, time or days is one that no sample can be sure of. It is
*met* where no replication misses it, which is as much as can be seen, and *missed* where one does; the lower
bound says what so many replications do make sure of.

What no interval knows is the kind of day that it has not seen: a disaster on one day in a hundred is missing
from most samples of thirty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

from cssim.errors import InputError
from cssim.measure.periods import Period, periods_of
from cssim.scenario.clock import Floats
from cssim.scenario.schema import Scenario, Target

if TYPE_CHECKING:  # brings the compiler with it
    from cssim.measure.service import Day

Verdict = Literal["met", "missed", "undecided"]

Kind = Literal["share", "fraction", "number"]
"""`share`: of things that are counted; `fraction`: in [0, 1], but not of things; `number`: not negative."""

KINDS: Final[dict[str, Kind]] = {
    "first_reply": "share",
    "answered": "share",
    "rounds": "share",
    "buyers": "share",
    "abandonment": "share",
    "deflection": "share",
    "occupancy": "fraction",
    "mean_reply": "number",
    "mean_first_reply": "number",
    "open_chats": "number",
    "overtime": "number",
    "lost_sales": "number",
}
"""What each measure is, for its interval."""

CONFIDENCE: Final = 0.95
"""Of two-sided intervals."""

ROUNDING: Final = 1e-12
"""Residuals that are a smaller part of the whole are the rounding of none."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95% confidence interval.

    Attributes:
        value: NaN where there was nothing to measure.
        low, high: ends of the interval; infinite (0 and 1, for shares) after a single replication.
        half_width: the longer of the two sides.
    """

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """The longer side of the interval."""
        return max(self.value - self.low, self.high - self.value)

    def to_dict(self) -> dict[str, float | None]:
        """`{value, half_width}`, None where not finite."""
        return {"value": number(self.value), "half_width": number(self.half_width)}


@dataclass(frozen=True)
class PeriodResult:
    """A promise in one of its periods.

    Attributes:
        period: label, e.g. `2026-11-11`.
        estimate: of the measure, or, where the target says `on`, of the share of days that keep it; NaN
            where there was nothing to measure in any replication.
        low, high: one-sided bounds, each at the target's confidence `sure`.
        half_width: of the estimate's two-sided interval at `CONFIDENCE`.
        margin: by how much the estimate is on the right side of the promise (negative: on the wrong side).
        sure_margin: the same for the bound that has to clear; both infinite where nothing is measured.
        verdict: on this period alone.
        days: the measure in each replication, NaN where there was nothing to measure, (replications,).
    """

    period: str
    estimate: float
    low: float
    high: float
    half_width: float
    margin: float
    sure_margin: float
    verdict: Verdict
    days: Floats

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "period": self.period,
            "estimate": number(self.estimate),
            "low": number(self.low),
            "high": number(self.high),
            "half_width": number(self.half_width),
            "verdict": self.verdict,
            "days": numbers(self.days),
        }


@dataclass(frozen=True)
class TargetResult:
    """A promise, and whether it is kept.

    Attributes:
        name, measure, within_s, at_least, at_most, each, on, sure: as the scenario has them.
        verdict: *met*, *missed* or *undecided*.
        by_period: every period's result.
        worst: of these, the one nearest to failing.
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
    worst: PeriodResult
    unsent: float

    @property
    def absolute(self) -> bool:
        """Whether no miss is allowed, so that *met* says only that there was none; see `allows_no_miss`."""
        return allows_no_miss(self)

    @property
    def judged(self) -> str:
        """What its estimates are of: the measure, or `share of days`."""
        return self.measure if self.on is None else "share of days"

    @property
    def rises(self) -> bool:
        """Whether more of that is better."""
        return self.on is not None or self.at_least is not None

    @property
    def promised(self) -> float:
        """What is promised of that."""
        return next(x for x in (self.on, self.at_least, self.at_most) if x is not None)

    @property
    def period(self) -> str:
        """Label of the worst period."""
        return self.worst.period

    @property
    def estimate(self) -> float:
        """In the worst period."""
        return self.worst.estimate

    @property
    def low(self) -> float:
        """In the worst period."""
        return self.worst.low

    @property
    def high(self) -> float:
        """In the worst period."""
        return self.worst.high

    @property
    def days(self) -> Floats:
        """In the worst period."""
        return self.worst.days

    def to_dict(self) -> dict[str, Any]:
        """The same as the contract's JSON."""
        worst = self.worst.to_dict()
        return {
            "name": self.name,
            "measure": self.measure,
            "within_s": self.within_s,
            "at_least": self.at_least,
            "at_most": self.at_most,
            "each": self.each,
            "on": self.on,
            "sure": self.sure,
            **{key: worst[key] for key in ("period", "estimate", "low", "high", "half_width")},
            "verdict": self.verdict,
            "unsent": self.unsent,
            "by_period": [result.to_dict() for result in self.by_period],
            "days": worst["days"],
        }


# -- intervals -------------------------------------------------------------------------------------


def bounds(part: Floats, whole: Floats, kind: Kind, error: float) -> tuple[Floats, Floats, Floats]:
    """Ratio estimates with one-sided lower and upper bounds, each wrong with probability `error`.

    Args:
        part, whole: by replication and ratio, (n, k).
        kind: see `Kind`.
        error: of each bound.

    Returns:
        Value, low and high, each (k,); NaN, and bounds that exclude nothing, where all wholes are 0.
    """
    parts, wholes = part.sum(axis=0), whole.sum(axis=0)
    informed = np.count_nonzero(whole > 0, axis=0)
    n = np.maximum(informed, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(wholes > 0, parts / wholes, np.nan)
        residual = part - value * whole
        square, cube = (residual**2).sum(axis=0), (residual**3).sum(axis=0)
        varies = square > (ROUNDING * wholes) ** 2
        error_of = np.where(varies, np.sqrt(square * n / (n - 1)) / wholes, 0.0)
        skew = np.where(varies, cube / square**1.5, 0.0)  # skewness of the residuals / sqrt(n)
        t = stdtrit(n - 1, 1 - error)
        low, high = value - error_of * _hall(t, skew), value - error_of * _hall(-t, skew)
        if kind != "number":
            # As wide as so many independent contacts make it; a fraction of time is not made of things.
            size = wholes if kind == "share" else np.where(varies, np.inf, informed)
            least, most = _wilson(value, size, ndtri(1 - error))
            low, high = np.minimum(low, least), np.maximum(high, most)
    bottom, top = (0.0, np.inf) if kind == "number" else (0.0, 1.0)
    known = informed > 1
    return (
        value,
        np.where(known, np.maximum(low, bottom), bottom),
        np.where(known, np.minimum(high, top), top),
    )


def ratio(part: Floats, whole: Floats, kind: Kind = "number", confidence: float = CONFIDENCE) -> Estimate:
    """A ratio estimate with its two-sided interval.

    Args:
        part, whole: by replication, (n,).
    """
    value, low, high = bounds(part[:, None], whole[:, None], kind, (1 - confidence) / 2)
    return Estimate(float(value[0]), float(low[0]), float(high[0]))


def mean(values: Floats, confidence: float = CONFIDENCE) -> Estimate:
    """The mean over replications of something not negative; those where it is NaN are left out."""
    there = ~np.isnan(values)
    return ratio(np.where(there, values, 0.0), there.astype(np.float64), "number", confidence)


def share_of_days(kept: int, days: int, error: float) -> tuple[float, float]:
    """Clopper and Pearson's one-sided bounds on a share of days, each wrong with probability <= `error`."""
    low = float(betaincinv(kept, days - kept + 1, error)) if kept > 0 else 0.0
    high = float(betaincinv(kept + 1, days - kept, 1 - error)) if kept < days else 1.0
    return low, high


def wilson(kept: int, days: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's two-sided score interval for a share (1927, J. Am. Stat. Assoc. 22)."""
    z = float(ndtri((1 + confidence) / 2))
    low, high = _wilson(np.array([kept / days]), np.array([float(days)]), z)
    return max(float(low[0]), 0.0), min(float(high[0]), 1.0)


def _hall(quantile: Floats, skew: Floats) -> Floats:
    """The quantile of a studentised mean with this skewness / sqrt(n): Hall's cubic, turned round."""
    a = np.where(np.abs(skew) < 1e-6, 1.0, skew)
    return np.where(np.abs(skew) < 1e-6, quantile, 3 / a * (np.cbrt(1 + a * (quantile - a / 6)) - 1))


def _wilson(value: Floats, size: Floats, quantile: float) -> tuple[Floats, Floats]:
    shrink = quantile**2 / size
    centre = (value + shrink / 2) / (1 + shrink)
    spread = np.maximum(value * (1 - value), 0.0)
    reach = quantile / (1 + shrink) * np.sqrt(spread / size + shrink / (4 * size))
    return centre - reach, centre + reach


# -- verdicts --------------------------------------------------------------------------------------


def judge(scenario: Scenario, days: Sequence[Day], *, looks: int = 1) -> tuple[TargetResult, ...]:
    """The verdict on each of the scenario's targets, in order.

    A target is *met* where the one-sided bound (lower, for `at_least`) of every period clears at confidence
    `sure`: all of them must, so no period's error needs dividing. It is *missed* where some period's other
    bound fails at the error 1 - `sure` divided by the number of periods: any of them may. Else it is
    *undecided*. Periods with nothing to measure in any replication (an hour in which nobody writes) are
    kept, as long as some period has something. A promise that `allows_no_miss` is *met* where no
    replication misses it, and *missed* where one does.

    Args:
        scenario: names the targets.
        days: independent replications of one roster.
        looks: at how many sample sizes the verdict may be taken; errors are divided by it.

    Raises:
        InputError: a target for which there is nothing to measure in any replication.
    """
    return tuple(
        _judge_one(scenario, index, target, days, looks) for index, target in enumerate(scenario.targets)
    )


def surely_missed(scenario: Scenario, days: Sequence[Day], *, looks: int = 1, nothing: bool = False) -> bool:
    """Whether replications of one roster show that it does not keep all of the scenario's targets.

    Errors are divided by the number of targets besides periods and looks: of a roster that keeps them all
    this is said with probability 1 - `sure` at most, the least of the targets'.

    Args:
        scenario, days, looks: as of `judge`.
        nothing: what to say of a target for which there is nothing to measure in any replication.
    """
    for index, target in enumerate(scenario.targets):
        if not np.any(tallies(days, index)[1] > 0):
            if nothing:
                return True
        elif _judge_one(scenario, index, target, days, looks * len(scenario.targets)).verdict == "missed":
            return True
    return False


def tallies(days: Sequence[Day], target: int) -> tuple[Floats, Floats]:
    """Parts and wholes of one target (by its index) in each replication, (n, periods) each."""
    return (
        np.array([day.tallies[target].part for day in days]),
        np.array([day.tallies[target].whole for day in days]),
    )


def allows_no_miss(target: Target | TargetResult) -> bool:
    """Whether a promise allows no miss: 100%, or at most 0%, of contacts, time or days."""
    if target.on is not None:
        return target.on == 1
    return KINDS[target.measure] != "number" and (target.at_least == 1 or target.at_most == 0)


def _judge_one(
    scenario: Scenario, index: int, target: Target, days: Sequence[Day], looks: int
) -> TargetResult:
    part, whole = tallies(days, index)
    if not np.any(whole > 0):
        raise InputError.one("judge.nothing", path=f"targets[{index}]", name=target.name)
    periods = periods_of(scenario, target)
    results = tuple(
        _judge_period(target, period, part[:, k], whole[:, k], len(periods), looks)
        for k, period in enumerate(periods)
    )
    verdicts = {result.verdict for result in results}
    return TargetResult(
        name=target.name,
        measure=target.measure,
        within_s=target.within,
        at_least=target.at_least,
        at_most=target.at_most,
        each=target.each,
        on=target.on,
        sure=target.sure,
        verdict="missed" if "missed" in verdicts else "undecided" if "undecided" in verdicts else "met",
        by_period=results,
        worst=min(results, key=lambda result: (result.sure_margin, result.margin)),
        unsent=sum(day.tallies[index].unsent for day in days) / len(days),
    )


def _judge_period(
    target: Target, period: Period, part: Floats, whole: Floats, periods: int, looks: int
) -> PeriodResult:
    """One period; its verdict is *missed* only at its share of the error of all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        days = np.where(whole > 0, part / whole, np.nan)
    error = (1 - target.sure) / looks
    bound, up = target.bound, target.up
    if target.on is not None:
        kept = np.isnan(days) | (days >= bound if up else days <= bound)
        value, k, n = float(np.mean(kept)), int(np.count_nonzero(kept)), len(days)
        low, high = share_of_days(k, n, error)
        strict = share_of_days(k, n, error / periods)
        both = share_of_days(k, n, (1 - CONFIDENCE) / 2 / looks)
        promise, up = target.on, True
        if not np.any(whole > 0):
            value = math.nan
    else:
        value, low, high = _one(part, whole, target, error)
        strict = _one(part, whole, target, error / periods)[1:]
        both = _one(part, whole, target, (1 - CONFIDENCE) / 2 / looks)[1:]
        promise = bound
    sign = 1.0 if up else -1.0
    clears = sign * ((low if up else high) - promise)
    fails = sign * ((strict[1] if up else strict[0]) - promise)
    verdict: Verdict = "met" if clears >= 0 else "missed" if fails < 0 else "undecided"
    if allows_no_miss(target) and len(days) > 1:
        verdict = "met" if value == promise else "missed"
    nothing = math.isnan(value)
    return PeriodResult(
        period=period.label,
        estimate=value,
        low=low,
        high=high,
        half_width=max(value - both[0], both[1] - value),
        margin=math.inf if nothing else sign * (value - promise),
        sure_margin=math.inf if nothing else clears,
        verdict="met" if nothing else verdict,
        days=days,
    )


def _one(part: Floats, whole: Floats, target: Target, error: float) -> tuple[float, float, float]:
    value, low, high = bounds(part[:, None], whole[:, None], KINDS[target.measure], error)
    return float(value[0]), float(low[0]), float(high[0])


# -- plain numbers ---------------------------------------------------------------------------------


def number(value: float) -> float | None:
    """The value for JSON, None where it is not finite."""
    return float(value) if math.isfinite(value) else None


def numbers(values: Floats) -> list[float | None]:
    """The values for JSON."""
    return [number(value) for value in values.tolist()]
