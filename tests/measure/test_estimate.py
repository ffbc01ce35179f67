"""Intervals that cover as often as they say, and verdicts that follow from them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaincinv, ndtri, stdtrit

from cssim.errors import InputError
from cssim.measure.estimate import KINDS, Estimate, bounds, judge, mean, ratio, share_of_days, wilson
from cssim.measure.service import measure_day
from cssim.measure.tally import Tally
from cssim.scenario.schema import Measure
from tests.measure.build import log_of, shop

COVERED_95 = (926, 971)
"""Of 1,000 intervals of 95%: outside with probability 0.1%, were each right 95 times in 100 (binomial)."""

FALSE_5 = 72
"""Of 1,000 tests at an error of 5%: more with probability 0.1% (binomial)."""

FIRST = {"measure": "first_reply", "within": "6s"}


def days_of(target: dict[str, Any], parts: Any, wholes: Any) -> tuple[Any, list[Any]]:
    """A scenario with one target, and replications with these tallies, (n, periods)."""
    scenario = shop(target)
    empty = measure_day(scenario, log_of(scenario, []), ())
    rows = zip(np.array(parts, dtype=float), np.array(wholes, dtype=float), strict=True)
    return scenario, [replace(empty, tallies=(Tally(part, whole),)) for part, whole in rows]


def verdict(target: dict[str, Any], parts: Any, wholes: Any, **more: Any) -> Any:
    scenario, days = days_of(target, parts, wholes)
    return judge(scenario, days, **more)[0]


# -- intervals -------------------------------------------------------------------------------------


def test_the_delta_method_by_hand():
    found = ratio(np.array([8.0, 9.0]), np.array([10.0, 10.0]))
    # residuals -0.5 and 0.5: s^2 = 0.5, se = sqrt(0.5 / 2) / 10 = 0.05
    assert found.value == 0.85
    assert found.half_width == pytest.approx(0.05 * stdtrit(1, 0.975))


def test_a_ratio_of_sums_is_not_the_mean_of_ratios():
    assert ratio(np.array([1.0, 90.0]), np.array([1.0, 99.0])).value == 0.91


def test_a_share_that_varies_from_day_to_day_has_the_interval_of_any_ratio():
    rng = np.random.default_rng(4)
    whole = rng.poisson(1000, 200).astype(float)
    part = rng.binomial(whole.astype(int), rng.beta(60, 40, 200)).astype(float)
    assert ratio(part, whole, "share") == ratio(part, whole, "number")


def test_a_share_is_no_surer_than_as_many_independent_contacts():
    whole = np.full(20, 100.0)
    part = np.where(np.arange(20) % 2, 80.0, 81.0)
    share, plain = ratio(part, whole, "share"), ratio(part, whole, "number")
    assert share.low == pytest.approx(wilson(1610, 2000)[0])
    assert plain.half_width < share.half_width


def test_rare_bad_days_stretch_the_lower_side():
    part = np.array([[90.0]] * 18 + [[60.0]] * 2)
    value, low, high = bounds(part, np.full((20, 1), 100.0), "number", 0.05)
    assert value[0] - low[0] > 1.3 * (high[0] - value[0])
    value, low, high = bounds(100 - part, np.full((20, 1), 100.0), "number", 0.05)
    assert high[0] - value[0] > 1.3 * (value[0] - low[0])


def test_all_in_time_is_never_certain():
    whole = np.full((10, 1), 50.0)
    value, low, high = bounds(whole, whole, "share", 0.05)
    z2 = ndtri(0.95) ** 2
    assert (value[0], high[0]) == (1.0, 1.0)
    assert low[0] == pytest.approx(500 / (500 + z2))
    value, low, high = bounds(0 * whole, whole, "share", 0.05)
    assert (value[0], low[0]) == (0.0, 0.0)
    assert high[0] == pytest.approx(z2 / (500 + z2))


def test_none_late_is_surer_than_one_late():
    whole = np.full((10, 1), 50.0)
    lows = []
    for late in range(4):
        part = whole.copy()
        part[:late, 0] -= 1
        lows.append(float(bounds(part, whole, "share", 0.05)[1][0]))
    assert lows[0] > max(lows[1:])
    assert min(lows) > 0.97


@pytest.mark.parametrize("kind", ["share", "fraction", "number"])
def test_one_replication_says_nothing_of_the_spread(kind):
    for part, whole in (([8.0], [10.0]), ([8.0, 0.0], [10.0, 0.0])):
        found = ratio(np.array(part), np.array(whole), kind)
        assert found.value == 0.8
        assert (found.low, found.high) == (0.0, np.inf if kind == "number" else 1.0)


def test_nothing_to_measure_is_no_number():
    found = ratio(np.zeros(5), np.zeros(5), "share")
    assert np.isnan(found.value)
    assert (found.low, found.high) == (0, 1)
    assert found.to_dict() == {"value": None, "half_width": None}


def test_an_occupancy_without_spread_is_as_sure_as_so_many_days_allow():
    on = np.full((20, 1), 3600.0)
    assert bounds(on, on, "fraction", 0.05)[1][0] == pytest.approx(20 / (20 + ndtri(0.95) ** 2))


def test_means_leave_out_replications_without_a_value():
    assert mean(np.array([1.0, np.nan, 3.0])).value == 2.0


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=30),
    st.sampled_from(["share", "fraction", "number"]),
    st.sampled_from([0.2, 0.05, 0.001]),
)
def test_bounds_stay_in_range_and_around_the_value(days, kind, error):
    whole = np.array([[float(max(a, b))] for a, b in days])
    part = np.array([[float(min(a, b))] for a, b in days])
    value, low, high = (float(x[0]) for x in bounds(part, whole, kind, error))
    assert 0 <= low <= high
    assert kind == "number" or high <= 1
    assert np.isnan(value) or low <= value + 1e-12 <= high + 2e-12


def steady(level: np.ndarray) -> np.ndarray:
    """Share in time on a day of this level: the busier the worse."""
    return np.clip(0.8 - 0.3 * (level - 1), 0, 1)


def brittle(level: np.ndarray) -> np.ndarray:
    """The same where the floor collapses on busy days."""
    return 0.97 / (1 + np.exp(25 * (level - 1.1)))


def contacts_on_random_days(chance: Any, cv: float, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """1,000 experiments of 30 days, and the expected ratio.

    Days have gamma levels, Poisson contacts, and a share in time that is the day's own.
    """
    rng = np.random.default_rng(seed)
    shape = cv**-2
    level = rng.gamma(shape, 1 / shape, (1000, 30))
    whole = rng.poisson(500 * level)
    part = rng.binomial(whole, chance(level))
    grid = gammaincinv(shape, (np.arange(200_000) + 0.5) / 200_000) / shape
    return part.astype(float), whole.astype(float), float(np.mean(grid * chance(grid)))


def test_intervals_of_shares_cover_95_times_in_100():
    part, whole, truth = contacts_on_random_days(steady, 0.2, seed=1)
    _, low, high = bounds(part.T, whole.T, "share", 0.025)
    covered = np.count_nonzero((low <= truth) & (truth <= high))
    assert COVERED_95[0] <= covered <= COVERED_95[1]


@pytest.mark.parametrize(("chance", "cv"), [(steady, 0.2), (brittle, 0.12)])
def test_a_promise_on_its_edge_is_called_met_or_missed_no_more_often_than_allowed(chance, cv):
    part, whole, truth = contacts_on_random_days(chance, cv, seed=7)
    _, low, high = bounds(part.T, whole.T, "share", 0.05)
    assert np.count_nonzero(low >= truth) <= FALSE_5
    assert np.count_nonzero(high < truth) <= FALSE_5


def test_intervals_of_shares_cover_where_contacts_are_independent_and_nearly_all_in_time():
    rng = np.random.default_rng(3)
    whole = rng.poisson(100, (1000, 30)).astype(float)
    part = rng.binomial(whole.astype(int), 0.995).astype(float)
    _, low, high = bounds(part.T, whole.T, "share", 0.025)
    covered = np.count_nonzero((low <= 0.995) & (high >= 0.995))
    assert COVERED_95[0] <= covered <= COVERED_95[1]


def test_intervals_of_means_of_skewed_times_cover():
    rng = np.random.default_rng(5)
    whole = rng.poisson(100, (1000, 30)).astype(float)
    part = rng.gamma(np.maximum(whole, 1), 12.0)  # the sum of so many exponential times of 12 s
    _, low, high = bounds(part.T, whole.T, "number", 0.025)
    covered = np.count_nonzero((low <= 12) & (high >= 12))
    assert COVERED_95[0] <= covered <= COVERED_95[1]


def test_wilson_against_published_intervals():
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3
    for kept, days, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        assert wilson(kept, days) == pytest.approx((low, high), abs=5e-5)


def test_clopper_and_pearson_against_closed_forms():
    assert share_of_days(30, 30, 0.05) == (pytest.approx(0.05 ** (1 / 30)), 1.0)
    assert share_of_days(0, 30, 0.05) == (0.0, pytest.approx(1 - 0.05 ** (1 / 30)))
    # Newcombe 1998, table I, method 5 (two-sided 95%)
    assert share_of_days(81, 263, 0.025) == pytest.approx((0.2527, 0.3676), abs=5e-5)


@pytest.mark.parametrize("p", [0.5, 0.9, 0.97])
@pytest.mark.parametrize("n", [20, 100])
def test_bounds_on_a_share_of_days_err_no_more_than_they_say(p, n):
    chance = np.array([_binomial(n, k, p) for k in range(n + 1)])
    found = np.array([share_of_days(k, n, 0.05) for k in range(n + 1)])
    assert chance[found[:, 0] > p].sum() <= 0.05
    assert chance[found[:, 1] < p].sum() <= 0.05


def _binomial(n: int, k: int, p: float) -> float:
    from math import comb

    return float(comb(n, k) * p**k * (1 - p) ** (n - k))


# -- verdicts --------------------------------------------------------------------------------------


def test_every_measure_has_a_kind():
    assert set(KINDS) == set(Measure.__args__)


def shares(values: list[float], contacts: float = 1000.0) -> tuple[list[list[float]], list[list[float]]]:
    return [[v * contacts] for v in values], [[contacts] for _ in values]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.85, 0.86, 0.84, 0.85], "met"),
        ([0.80, 0.81, 0.82, 0.79], "undecided"),
        ([0.7, 0.72, 0.71], "missed"),
    ],
)
def test_a_verdict_needs_its_bound_to_clear(values, expected):
    parts, wholes = shares(values)
    assert verdict({**FIRST, "at_least": 0.8}, parts, wholes).verdict == expected
    late = [[whole[0] - part[0]] for part, whole in zip(parts, wholes, strict=True)]
    at_most = {"measure": "abandonment", "at_most": 0.2}
    assert verdict(at_most, late, wholes).verdict == expected


def test_one_replication_decides_nothing():
    assert verdict({**FIRST, "at_least": 0.8}, [[10]], [[1000]]).verdict == "undecided"


def test_every_period_must_clear():
    target = {**FIRST, "at_least": 0.8, "each": "day"}
    parts = [[900, 850, 79.0], [901, 851, 80], [899, 849, 81]]
    found = verdict(target, parts, [[1000, 1000, 100]] * 3)
    assert [p.verdict for p in found.by_period] == ["met", "met", "undecided"]
    assert (found.verdict, found.period, found.estimate) == ("undecided", "2026-11-12", 0.8)


def test_a_miss_is_claimed_at_the_error_shared_by_the_periods():
    parts, wholes = shares([0.78, 0.79, 0.765, 0.79, 0.80])
    alone = verdict({**FIRST, "at_least": 0.8}, parts, wholes)
    assert alone.verdict == "missed"
    among = [[p[0], 900, 900] for p in parts], [[1000, 1000, 1000]] * 5
    found = verdict({**FIRST, "at_least": 0.8, "each": "day"}, *among)
    assert found.verdict == "undecided"
    assert found.high == pytest.approx(alone.high)
    assert found.high < 0.8


def test_met_needs_no_correction_for_periods():
    parts, wholes = shares([0.82, 0.81, 0.83, 0.815, 0.805])
    alone = verdict({**FIRST, "at_least": 0.8}, parts, wholes)
    assert alone.verdict == "met"
    among = [p * 3 for p in parts], [w * 3 for w in wholes]
    assert verdict({**FIRST, "at_least": 0.8, "each": "day"}, *among).verdict == "met"


@pytest.mark.parametrize(
    ("kept", "expected"), [(29, "met"), (28, "undecided"), (23, "undecided"), (22, "missed")]
)
def test_a_share_of_days_is_judged_by_the_days_that_keep_it(kept, expected):
    parts, wholes = shares([0.8] * kept + [0.79] * (29 - kept))
    found = verdict({**FIRST, "at_least": 0.8, "on": 0.9}, parts, wholes)
    assert found.verdict == expected
    assert found.estimate == kept / 29
    assert found.days.tolist() == pytest.approx([0.8] * kept + [0.79] * (29 - kept))


def test_a_promise_of_at_most_on_a_share_of_days():
    target = {"measure": "mean_reply", "at_most": "40s", "on": 0.9}
    assert verdict(target, [[400.0]] * 30, [[10]] * 30).verdict == "met"
    assert verdict(target, [[401.0]] * 30, [[10]] * 30).verdict == "missed"


def test_looks_share_the_error():
    parts, wholes = shares([0.8] * 29)
    target = {**FIRST, "at_least": 0.8, "on": 0.9}
    assert verdict(target, parts, wholes).low == pytest.approx(0.05 ** (1 / 29))
    assert verdict(target, parts, wholes, looks=2).low == pytest.approx(0.025 ** (1 / 29))
    assert verdict(target, parts, wholes, looks=2).verdict == "undecided"


def test_nothing_to_measure_in_a_replication_is_kept():
    parts, wholes = shares([0.9] * 20)
    found = verdict({**FIRST, "at_least": 0.8, "on": 0.5}, [*parts, [0.0]], [*wholes, [0.0]])
    assert found.estimate == 1.0
    assert np.isnan(found.days[-1])
    assert verdict({**FIRST, "at_least": 0.8}, [*parts, [0.0]], [*wholes, [0.0]]).estimate == pytest.approx(
        0.9
    )


def test_nothing_to_measure_in_any_is_a_fault_of_the_input():
    with pytest.raises(InputError, match="first_reply") as error:
        verdict({**FIRST, "at_least": 0.8}, [[0.0]] * 5, [[0.0]] * 5)
    assert [fault.path for fault in error.value.faults] == ["targets[0]"]


def test_an_hour_in_which_nobody_ever_writes_keeps_the_promise():
    target = {**FIRST, "at_least": 0.8, "each": "day"}
    found = verdict(target, [[900, 0, 850], [901, 0, 851]] * 5, [[1000, 0, 1000]] * 10)
    assert found.verdict == "met"
    assert [p.verdict for p in found.by_period] == ["met"] * 3
    assert found.period == "2026-11-12"
    assert found.by_period[1].to_dict()["estimate"] is None
    assert found.by_period[1].margin == found.by_period[1].sure_margin == np.inf


def test_a_target_as_json_has_the_contracts_fields_and_only_json_in_them():
    target = {**FIRST, "at_least": 0.8, "each": "day"}
    found = verdict(target, [[900, 0, 850], [901, 0, 851]], [[1000, 0, 1000]] * 2).to_dict()
    json.dumps(found, allow_nan=False)
    wanted = {"name", "measure", "within_s", "at_least", "each", "on", "sure", "estimate", "low", "high"}
    assert wanted | {"verdict", "by_period", "days"} <= set(found)
    assert found["days"] == [0.85, 0.851]
    assert found["within_s"] == 6.0


def test_the_half_width_is_the_longer_side():
    assert Estimate(0.9, 0.7, 0.95).half_width == pytest.approx(0.2)


# -- promises that allow no miss ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "perfect", "amiss"),
    [
        ({"measure": "first_reply", "within": "20s", "at_least": 1}, 50.0, 49.0),
        ({"measure": "first_reply", "within": "20s", "at_least": 0.9, "on": 1}, 45.0, 44.0),
        ({"measure": "abandonment", "at_most": 0}, 0.0, 1.0),
    ],
)
def test_a_promise_of_all_is_met_where_no_day_misses_it_and_missed_where_one_does(
    target: dict[str, Any], perfect: float, amiss: float
) -> None:
    whole, parts = np.full((40, 1), 50.0), np.full((40, 1), perfect)
    kept = verdict(target, parts, whole)
    assert kept.absolute
    assert kept.verdict == "met"
    assert kept.high - kept.low > 0  # never certain
    parts[17] = amiss
    assert verdict(target, parts, whole).verdict == "missed"
    assert verdict(target, parts[:1], whole[:1]).verdict != "met"  # one day is not enough to say


def test_a_number_may_be_nought_without_being_a_promise_of_all():
    found = verdict({"measure": "overtime", "at_most": "0s"}, np.zeros((9, 1)), np.ones((9, 1)))
    assert not found.absolute
    assert found.verdict == "met"
