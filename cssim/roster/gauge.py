"""How far a roster is from its promises, on a search's replications: one number for each target and period.

*Slack* is positive where a promise is kept: estimate - promise for `at_least`, the reverse for `at_most`, in
shares, or in parts of the promise where that is a time or a number. A promise on a share `on` of days is
measured by a quantile of the daily values (from their mean, standard deviation and skewness, after Cornish
and Fisher), which moves smoothly where the share of days kept jumps. That is for searching only: a verdict
comes from `cssim.measure.estimate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, ndtri

from cssim.measure.estimate import KINDS, share_of_days, tallies
from cssim.measure.service import Day
from cssim.scenario.clock import Floats, Ints
from cssim.scenario.schema import Scenario, Target


@dataclass(frozen=True)
class Reading:
    """What n replications say of a roster; p promises, in the order of targets and periods.

    Attributes:
        slack: of each promise, (p,).
        effect: what each replication adds to it (its influence), so that differences can be paired, (n, p).
        cost: overtime included, on average.
        in_time, counted: by queue and interval, over all replications; see `Day`.
    """

    slack: Floats
    effect: Floats
    cost: float
    in_time: Floats
    counted: Floats

    @property
    def error(self) -> Floats:
        """Standard error of each slack, (p,)."""
        return standard_error(self.effect)


def standard_error(effect: Floats) -> Floats:
    """Of a mean of influences, (p,) from (n, p); inf for a single one."""
    n = len(effect)
    return np.asarray(effect.std(axis=0, ddof=1) / np.sqrt(n)) if n > 1 else np.full(effect.shape[1], np.inf)


def read(scenario: Scenario, days: Sequence[Day], aims: Sequence[float]) -> Reading:
    """What replications of a roster say.

    Args:
        scenario: names the targets.
        days: the replications.
        aims: for each target, the share of days on which it is to be kept, where it is about days.
    """
    slack, effect = [], []
    for number, target in enumerate(scenario.targets):
        part, whole = tallies(days, number)
        if not np.any(whole > 0):  # nobody replies, so no reply is slow: not what was promised
            slack += [-1.0] * part.shape[1]
            effect += [np.zeros(len(days))] * part.shape[1]
            continue
        for k in range(part.shape[1]):
            one, by_day = _promise(target, part[:, k], whole[:, k], aims[number])
            slack.append(one)
            effect.append(by_day)
    return Reading(
        slack=np.array(slack),
        effect=np.array(effect).T,
        cost=float(np.mean([day.total_cost for day in days])),
        in_time=np.sum([day.in_time for day in days], axis=0, dtype=np.float64),
        counted=np.sum([day.counted for day in days], axis=0, dtype=np.float64),
    )


def _promise(target: Target, part: Floats, whole: Floats, aim: float) -> tuple[float, Floats]:
    """Slack of one promise, and each replication's influence on it."""
    nothing = np.zeros(len(part))
    there = whole > 0
    if not there.any():
        return 1.0, nothing
    promised = target.at_least if target.at_least is not None else target.at_most
    assert promised is not None
    sign = 1.0 if target.at_least is not None else -1.0
    scale = sign / (max(abs(promised), 1e-9) if KINDS[target.measure] == "number" else 1.0)
    if target.on is None:
        value = part.sum() / whole.sum()
        return scale * (value - promised), scale * (part - value * whole) / whole.mean()
    daily = part[there] / whole[there]
    mean, spread = daily.mean(), daily.std(ddof=1) if len(daily) > 1 else 0.0
    from_mean = daily - mean
    z = float(ndtri(aim))
    z += (z**2 - 1) / 6 * _skewness(-sign * from_mean, spread)
    moved = sign * from_mean - z * (from_mean**2 - spread**2) / (2 * max(spread, 1e-9))
    nothing[there] = abs(scale) * moved * len(part) / there.sum()
    return float(abs(scale) * (sign * (mean - promised) - z * spread)), nothing


def _skewness(from_mean: Floats, spread: float) -> float:
    """Of a sample, drawn towards 0 the smaller it is, and within [-0.5, 2]."""
    if spread <= 0:
        return 0.0
    n = len(from_mean)
    return float(np.clip((from_mean**3).mean() / spread**3, -0.5, 2.0)) * n / (n + 12)


def aims_of(scenario: Scenario, replications: int, looks: int) -> list[float]:
    """For each target, the share of days that a roster must truly keep to be judged *met* five times in six.

    The judgement asks that Clopper and Pearson's bound clears `on`; so more days must be kept than are
    promised, the fewer are simulated the more.
    """
    return [
        0.5 if target.on is None else _aim(target.on, (1 - target.sure) / looks, replications)
        for target in scenario.targets
    ]


def _aim(on: float, error: float, replications: int) -> float:
    """The share of days at which enough of so many are kept with probability 5/6."""
    for kept in range(int(on * replications), replications + 1):
        if share_of_days(kept, replications, error)[0] >= on:
            return min(float(betaincinv(kept, replications - kept + 1, 5 / 6)), 1 - 0.2 / replications)
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
    luck = safety * np.sqrt(1 / judged + 1 / searched)
    return np.asarray(spread * (quantile[of_target] / np.sqrt(judged) + luck))
