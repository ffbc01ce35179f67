"""How far a roster is from its promises, on a search's replications: one number for each target and period.

*Slack* is positive where a promise is kept: estimate - promise for `at_least`, the reverse for `at_most`, in
shares, or in parts of the promise where that is a time or a number.

A promise on a share `on` of days is measured by a quantile of the daily values. How busy a day is, is known
of hundreds of days without simulating them; so the daily values that were simulated are regressed on it, near
the days that decide, and the quantile is taken over all days that are known: with the same replications its
standard error is less than half of the sample quantile's. That is for searching only: a verdict comes from
`cssim.measure.estimate`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, ndtr, ndtri

from cssim.measure.estimate import KINDS, share_of_days, tallies
from cssim.measure.periods import periods_of
from cssim.measure.service import Day
from cssim.measure.tables import shown_target
from cssim.scenario.clock import Calendar, Floats, Ints
from cssim.scenario.schema import Scenario, Target


@dataclass(frozen=True)
class Reading:
    """What n replications say of a roster; p promises, in the order of targets and periods.

    Attributes:
        slack: of each promise, (p,).
        value: estimate of what the promise is about: its measure, or the share of days that keep it, (p,).
        effect: what each replication adds to the slack (its influence), so that differences can be paired,
            (n, p).
        cost: overtime included, on average.
    """

    slack: Floats
    value: Floats
    effect: Floats
    cost: float

    @property
    def error(self) -> Floats:
        """Standard error of each slack, (p,)."""
        return standard_error(self.effect)


def standard_error(effect: Floats) -> Floats:
    """Of a mean of influences, (p,) from (n, p); inf for a single one."""
    n = len(effect)
    return np.asarray(effect.std(axis=0, ddof=1) / np.sqrt(n)) if n > 1 else np.full(effect.shape[1], np.inf)


@dataclass(frozen=True)
class Busy:
    """How busy days are, for each of p promises; see `cssim.roster.days.busyness`.

    Attributes:
        here: of the replications that are read, (n, p).
        known: of all days of which it is known, as quantiles at equal steps, (k, p).
        weight: of each replication in what is true on average, summing to 1, (n,).
    """

    here: Floats
    known: Floats
    weight: Floats

    @classmethod
    def of(cls, here: Floats, candidates: Floats) -> Busy:
        """The busyness of some replications among candidates, (n, p) and (c, p)."""
        return cls.even(here, quantiles(candidates))

    @classmethod
    def even(cls, here: Floats, known: Floats) -> Busy:
        """Of replications that stand for all as they are."""
        return cls(here, known, np.full(len(here), 1 / len(here)))


def quantiles(candidates: Floats) -> Floats:
    """Quantiles at the middles of equal steps, (k, p) from (c, p)."""
    steps = min(64, len(candidates))
    return np.quantile(candidates, (np.arange(steps) + 0.5) / steps, axis=0)


def read(
    scenario: Scenario, days: Sequence[Day], aims: Sequence[float], busy: Busy, *, alone: bool = False
) -> Reading:
    """What replications of a roster say.

    Args:
        scenario: names the targets.
        days: the replications.
        aims: for each target, the share of days on which it is to be kept, where it is about days.
        busy: how busy the replications are, among others.
        alone: whether a share of days is that of these replications alone, as if there were no others.
    """
    slack, value, effect = [], [], []
    usual = np.full(len(days), 1 / len(days)) if alone else busy.weight
    for number, target in enumerate(scenario.targets):
        part, whole = tallies(days, number)
        if not np.any(whole > 0):  # nobody replies, so no reply is slow: not what was promised
            slack += [-1.0] * part.shape[1]
            value += [np.nan] * part.shape[1]
            effect += [np.zeros(len(days))] * part.shape[1]
            continue
        for k in range(part.shape[1]):
            p = len(slack)
            one, estimate, by_day = _promise(
                target, part[:, k], whole[:, k], aims[number], busy.here[:, p], busy.known[:, p], usual, alone
            )
            slack.append(one)
            value.append(estimate)
            effect.append(by_day)
    return Reading(
        slack=np.array(slack),
        value=np.array(value),
        effect=np.array(effect).T,
        cost=float(usual @ [day.total_cost for day in days]),
    )


def seen(scenario: Scenario, days: Sequence[Day], aims: Sequence[float], busy: Busy) -> tuple[Floats, Floats]:
    """In time and counted by queue and interval, summed over replications, (q, i) each; see `Day`.

    Where a queue's promise is about a share of days, the days about as busy as those that decide count most.
    """
    calendar = Calendar.of(scenario.horizon)
    weight = np.ones((len(days), len(scenario.queues), calendar.intervals))
    weight *= len(days) * busy.weight[:, None, None]
    middle = np.minimum((np.arange(calendar.intervals) + 0.5) * calendar.interval, calendar.seconds - 1.0)
    for q, name in enumerate(scenario.queues):
        target = shown_target(scenario, name)
        if target is None or target.on is None:
            continue
        number = scenario.targets.index(target)
        p = sum(len(periods_of(scenario, before)) for before in scenario.targets[:number])
        for k, period in enumerate(periods_of(scenario, target), p):
            near = _near(busy.here[:, k], busy.known[:, k], aims[number])[0] * len(days)
            inside = [any(a <= moment < b for a, b in period.spans) for moment in middle]
            weight[:, q, inside] = near[:, None]
    in_time, counted = (np.array([getattr(day, name) for day in days]) for name in ("in_time", "counted"))
    return (weight * in_time).sum(axis=0), (weight * counted).sum(axis=0)


def _near(here: Floats, known: Floats, aim: float) -> tuple[Floats, Floats]:
    """Weights of days by how near they are to the busyness that decides, sum 1, and how far they are, in
    standard deviations, (n,) each."""
    spread = known.std()
    if spread < _SAME:
        return np.full(len(here), 1 / len(here)), np.zeros(len(here))
    away = (here - np.quantile(known, aim)) / spread
    weight = np.exp(-0.5 * (away / _WIDTH) ** 2)
    return weight / weight.sum(), away


def _promise(
    target: Target,
    part: Floats,
    whole: Floats,
    aim: float,
    here: Floats,
    known: Floats,
    usual: Floats,
    alone: bool,
) -> tuple[float, float, Floats]:
    """Slack of one promise, its estimate, and each replication's influence on the slack."""
    nothing = np.zeros(len(part))
    there = whole > 0
    if not there.any():
        return 1.0, np.nan, nothing
    promised, sign = target.bound, 1.0 if target.up else -1.0
    scale = sign / (max(abs(promised), 1e-9) if KINDS[target.measure] == "number" else 1.0)
    if target.on is None:
        counted = max(float(usual @ whole), 1e-9)
        value = float(usual @ part) / counted
        return scale * (value - promised), value, len(part) * usual * scale * (part - value * whole) / counted
    kept_anyway = 1 - there.mean()
    if kept_anyway >= aim:
        return 1.0, 1.0, nothing
    daily = scale * (part[there] / whole[there] - promised)
    line = _line_of(daily, here[there], known, (aim - kept_anyway) / (1 - kept_anyway))
    nothing[there] = len(daily) * line.weight * (daily - line.weight @ daily)
    if alone:
        enough = math.ceil(aim * len(part) - 1e-9) - int(np.count_nonzero(~there))
        return float(np.sort(daily)[-enough]), float(np.mean(daily >= 0)), nothing
    slack = line.reached((aim - kept_anyway) / (1 - kept_anyway))
    return slack, float(kept_anyway + (1 - kept_anyway) * line.clears(0.0)), nothing


_WIDTH = 1.0
"""Of the days around those that decide, in standard deviations of busyness."""
_SAME = 1e-9
_ENOUGH = 6
"""Replications of which a line can be told from luck."""


@dataclass(frozen=True)
class _Line:
    """Daily values of all days known: a line in their busyness, and normal luck about it.

    Attributes:
        line: values on the line of the days known, (k,).
        noise: standard deviation about it.
        weight: of each replication in where the line is at the days that decide, (n,).
    """

    line: Floats
    noise: float
    weight: Floats

    def clears(self, value: float) -> float:
        """Share of days that reach a value."""
        if self.noise < _SAME:
            return float(np.mean(self.line >= value))
        return float(ndtr((self.line - value) / self.noise).mean())

    def reached(self, share: float) -> float:
        """The value that is reached on such a share of days."""
        reach = 9 * self.noise + _SAME
        low, high = float(self.line.min()) - reach, float(self.line.max()) + reach
        while high - low > 1e-7:
            value = (low + high) / 2
            low, high = (value, high) if self.clears(value) >= share else (low, value)
        return low


def _line_of(daily: Floats, here: Floats, known: Floats, aim: float) -> _Line:
    """Daily values as a line, fitted where days are about as busy as at the `aim` quantile."""
    n = len(daily)
    weight, away = _near(here, known, aim)
    centre = weight @ away
    square = weight @ (away - centre) ** 2
    if n < _ENOUGH or square < _SAME:
        noise = float(daily.std(ddof=1)) if n > 1 else 0.0
        return _Line(np.full(1, daily.mean()), noise, np.full(n, 1 / n))
    slope = float((weight * (away - centre)) @ daily / square)
    weight_at = weight * (1 - centre * (away - centre) / square)
    level = float(weight_at @ daily)
    left = daily - level - slope * away
    freedom = 1 - 2 * float(weight @ weight)  # of the weighted sample, two taken by the line
    noise = float(np.sqrt(weight @ left**2 / max(freedom, 0.2)))
    line = level + slope * (known - np.quantile(known, aim)) / known.std()
    return _Line(line, noise, weight_at)


def aims_of(scenario: Scenario, replications: int, looks: int) -> list[float]:
    """For each target, the share of days that a roster must truly keep to be judged *met* nine times in ten.

    The judgement asks that Clopper and Pearson's bound clears `on`; so more days must be kept than are
    promised, the fewer are simulated the more.
    """
    return [
        0.5 if target.on is None else _aim(target.on, (1 - target.sure) / looks, replications)
        for target in scenario.targets
    ]


PASSES = 0.9


def _aim(on: float, error: float, replications: int) -> float:
    """The share of days at which enough of so many are kept with probability `PASSES`."""
    for kept in range(int(on * replications), replications + 1):
        if share_of_days(kept, replications, error)[0] >= on:
            return min(float(betaincinv(kept, replications - kept + 1, PASSES)), 1 - 0.2 / replications)
    return min(on + (1 - on) / 3, 1 - 0.2 / replications)  # too few to say *met* in any case


def margins(
    scenario: Scenario,
    reading: Reading,
    of_target: Ints,
    *,
    searched: int,
    judged: int,
    looks: int,
    safety: float,
) -> Floats:
    """The slack that a roster must show in the search to be judged *met* most of the time, (p,).

    The judgement's own one-sided quantile of its standard error, and `safety` standard errors of the
    difference between the judgement and what was seen before. Where a promise is about days, the former is in
    its aim already.

    Args:
        scenario: names the targets.
        reading: of a roster like it.
        of_target: index of each promise's target, (p,).
        searched: replications on which it was seen.
        judged: replications of the judgement.
        looks: by which its errors are divided.
        safety: one or two; more where the roster was chosen for looking good.
    """
    quantile = np.array(
        [0.0 if t.on is not None else float(ndtri(1 - (1 - t.sure) / looks)) for t in scenario.targets]
    )
    spread = reading.effect.std(axis=0, ddof=1) if len(reading.effect) > 1 else np.zeros(len(of_target))
    on = np.array([t.on is not None for t in scenario.targets])[of_target]
    luck = safety * np.sqrt(np.where(on, 0.0, 1 / judged) + 1 / searched)
    return np.asarray(spread * (quantile[of_target] / np.sqrt(judged) + luck))
