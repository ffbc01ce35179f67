"""The random level. Statistical claims hold within 5 standard errors: false alarm below 1e-6."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cssim.demand.draw import arrivals
from cssim.demand.forecast import curve_of
from cssim.demand.level import DRIFT_STEP, Level, day_factors, drift, level
from cssim.demand.streams import keys_of
from cssim.scenario.schema import WithinDay
from tests.demand.build import PLAIN, shop, streams

ONE = {"q": {"volume": {"contacts": 100}}}
DAYS = {"day_cv": 0.2, "within_day": {"cv": 0}}
"""A random level that holds for a day."""


def test_without_randomness_the_level_is_one() -> None:
    scenario = shop(ONE, forecast=PLAIN)
    assert level(scenario, "q", streams(), np.arange(0, 32 * 3600, 60.0)).tolist() == [1.0] * (32 * 60)


def test_the_day_factor_is_shared_by_all_queues_and_changes_at_five_in_the_morning() -> None:
    queues = {"a": {"volume": {"contacts": 1}}, "b": {"volume": {"contacts": 1}}}
    scenario = shop(queues, forecast=DAYS)
    times = np.arange(0, 32 * 3600, 60.0)
    a, b = (level(scenario, name, streams(), times) for name in queues)
    assert np.array_equal(a, b)
    night = times < 11 * 3600  # 18:00 to 05:00
    assert len(set(a[night])) == len(set(a[~night])) == 1
    assert a[0] != a[-1]


def test_a_date_has_the_same_luck_in_every_horizon() -> None:
    scenarios = [
        shop(ONE, "2026-11-10 18:00", "2026-11-12 02:00", forecast=DAYS),
        shop(ONE, "2026-11-11 09:00", "2026-11-11 21:00", forecast=DAYS),
    ]
    noon = [
        level(scenario, "q", streams(), np.array([h * 3600.0]))
        for scenario, h in zip(scenarios, (18, 3), strict=True)
    ]
    assert noon[0] == noon[1] != 1


def test_day_factors_have_mean_one_and_the_cv_that_was_asked_for() -> None:
    keys, n, cv = keys_of(["2026-11-10"]), 4000, 0.2
    factors = np.array([day_factors(cv, keys, streams(r))[0] for r in range(n)])
    assert abs(factors.mean() - 1) < 5 * cv / math.sqrt(n)
    # kurtosis of the gamma distribution: 3 + 6 cv^2
    assert abs(factors.var() - cv**2) < 5 * cv**2 * math.sqrt((2 + 6 * cv**2) / n)


def test_the_drift_forgets_half_in_its_half_life_and_is_stationary_from_the_start() -> None:
    within, n, steps = WithinDay.model_validate({"cv": 0.3, "half_life": "1h"}), 3000, 25
    factors = np.array([drift(within, "q", streams(r), steps) for r in range(n)])
    assert DRIFT_STEP == 300  # twelve steps an hour
    for step in (0, 12, 24):
        assert abs(factors[:, step].mean() - 1) < 5 * 0.3 / math.sqrt(n)
    logs = np.log(factors)
    variance = math.log(1 + 0.3**2)
    for step in (0, 24):
        assert abs(logs[:, step].var() / variance - 1) < 5 * math.sqrt(2 / n)
    for lag, correlation in ((1, 2 ** (-1 / 12)), (12, 0.5), (24, 0.25)):
        # standard error of a correlation: (1 - r^2) / sqrt(n)
        seen = np.corrcoef(logs[:, 0], logs[:, lag])[0, 1]
        assert abs(seen - correlation) < 5 * (1 - correlation**2) / math.sqrt(n)


def test_each_queue_drifts_for_itself() -> None:
    within = WithinDay.model_validate({"cv": 0.3, "half_life": "1h"})
    a, b = (np.log([drift(within, q, streams(r), 1)[0] for r in range(2000)]) for q in "ab")
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / math.sqrt(2000)


@pytest.mark.parametrize("forecast", [PLAIN, "usual"])
def test_counts_are_poisson_only_without_a_random_level(forecast: object) -> None:
    """Variance over mean per quarter of an hour, mean 40: 1, or 1 + 40 x the level's variance."""
    scenario = shop(
        {"q": {"volume": {"rate": "160/h"}}}, "2026-11-10 18:00", "2026-11-10 19:00", forecast=forecast
    )
    curve, n = curve_of(scenario, "q"), 1500
    between = Level.of(scenario, curve.knots[:-1])
    times = [arrivals("q", curve, between, streams(r)) for r in range(n)]
    counts = np.array([np.histogram(t, np.arange(5) * 900)[0] for t in times])
    assert abs(counts.mean() - 40) < 5 * counts.sum(axis=1).std() / 4 / math.sqrt(n)
    ratio = counts[:, 0].var() / counts[:, 0].mean()
    if forecast == PLAIN:
        assert abs(ratio - 1) < 5 * math.sqrt(2 / n)
    else:
        # day .12 and drift .20, averaged over three steps of five minutes
        memory = 2 ** (-1 / 12)
        averaged = (3 + 4 * memory + 2 * memory**2) / 9
        assert abs(ratio / (1 + 40 * (0.12**2 + 0.2**2 * averaged)) - 1) < 5 * math.sqrt(2.5 / n)
