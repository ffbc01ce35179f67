"""Slack, its influences, and what must be seen in a search for a judgement to say met."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from cssim.measure.estimate import share_of_days
from cssim.measure.service import Day
from cssim.measure.tally import Tally
from cssim.roster import gauge
from cssim.roster.gauge import PASSES, Busy, Reading, aims_of, margins, quantiles, standard_error
from cssim.roster.stop import Either, Never, Record, Rosters, Seconds
from tests.roster.build import shop

SHARE = {"measure": "first_reply", "within": "6s", "at_least": 0.8}


def days(part: np.ndarray, whole: np.ndarray) -> list[Day]:
    """Replications of one target, (n, periods) each; nothing else of them is looked at."""
    return [
        cast(
            Day,
            SimpleNamespace(
                tallies=(Tally(p, w),),
                total_cost=100.0 + k,
                in_time=np.ones((1, 2)),
                counted=np.full((1, 2), 2),
            ),
        )
        for k, (p, w) in enumerate(zip(part, whole, strict=True))
    ]


def read(target: dict[str, Any], part: np.ndarray, whole: np.ndarray, aim: float = 0.5) -> Reading:
    """What days of one target say, of which none is known to be busier than another."""
    alike = Busy.of(np.zeros(part.shape), np.zeros((10, part.shape[1])))
    return gauge.read(shop(targets=[target]), days(part, whole), [aim], alike)


def test_slack_is_the_ratio_less_the_promise() -> None:
    part, whole = np.array([[8.0], [90.0]]), np.array([[10.0], [100.0]])
    reading = read(SHARE, part, whole)
    assert reading.slack[0] == pytest.approx(98 / 110 - 0.8)
    assert reading.value[0] == pytest.approx(98 / 110)
    assert reading.cost == 100.5


def test_slack_of_at_most_is_the_promise_less_the_ratio() -> None:
    few = {"measure": "abandonment", "at_most": 0.1}
    assert read(few, np.array([[5.0]]), np.array([[100.0]])).slack[0] == pytest.approx(0.05)
    slow = {"measure": "mean_reply", "at_most": "60s"}
    reading = read(slow, np.array([[300.0]]), np.array([[10.0]]))
    assert reading.slack[0] == pytest.approx(0.5)  # in parts of the promise
    assert reading.value[0] == pytest.approx(30.0)


def test_a_period_with_nothing_to_measure_is_kept() -> None:
    hourly = {**SHARE, "each": "hour"}
    reading = read(hourly, np.array([[9.0, 0.0]] * 3), np.array([[10.0, 0.0]] * 3))
    assert np.all(reading.slack > 0)
    assert reading.error[1] == 0


def test_a_promise_with_nothing_to_measure_anywhere_is_not() -> None:
    reading = read(SHARE, np.zeros((3, 1)), np.zeros((3, 1)))
    assert reading.slack[0] < 0
    assert reading.error[0] == 0


@pytest.mark.parametrize("on", [None, 0.9])
def test_influences_are_the_derivative_of_the_slack(on: float | None) -> None:
    rng = np.random.default_rng(5)
    whole = rng.integers(80, 120, (20, 1)).astype(float)
    part = np.minimum(whole, rng.binomial(whole.astype(int), 0.85)).astype(float)
    target = {**SHARE, "on": on} if on else SHARE
    reading = read(target, part, whole)
    # one replication's weight raised a little moves the slack by its influence
    for k in (0, 7):
        heavier = np.r_[np.repeat(np.arange(20), 500), np.full(5, k)]
        moved = read(target, part[heavier], whole[heavier]).slack
        base = read(target, part[heavier[:-5]], whole[heavier[:-5]]).slack
        share = 5 / len(heavier)
        assert (moved - base)[0] / share == pytest.approx(reading.effect[k, 0], rel=0.01, abs=5e-4)


def test_the_standard_error_is_what_repetitions_show() -> None:
    rng = np.random.default_rng(11)
    slacks, errors = [], []
    for _ in range(400):
        whole = rng.poisson(100, (25, 1)).astype(float)
        part = rng.binomial(whole.astype(int), np.clip(rng.normal(0.85, 0.05, (25, 1)), 0, 1)).astype(float)
        reading = read(SHARE, part, whole)
        slacks.append(reading.slack[0])
        errors.append(reading.error[0])
    # the spread of 400 values is known to 3.5 %, four of those (a false alarm in 16,000)
    assert np.mean(errors) == pytest.approx(np.std(slacks), rel=0.14)


def test_paired_differences_are_sharper_than_the_readings() -> None:
    rng = np.random.default_rng(3)
    whole = np.full((30, 1), 100.0)
    busy = rng.normal(0.85, 0.08, (30, 1))
    one = read(SHARE, 100 * busy, whole)
    other = read(SHARE, 100 * busy - rng.normal(1, 0.3, (30, 1)), whole)
    assert standard_error(other.effect - one.effect)[0] < 0.1 * one.error[0]


@pytest.mark.parametrize(("judged", "passes"), [(40, 0.8), (100, PASSES), (300, PASSES)])
def test_a_share_of_days_aimed_at_is_judged_met_most_of_the_time(judged: int, passes: float) -> None:
    scenario = shop(targets=[{**SHARE, "on": 0.9}])
    (aim,) = aims_of(scenario, judged, looks=2)
    error = 0.05 / 2
    enough = next(k for k in range(judged + 1) if share_of_days(k, judged, error)[0] >= 0.9)
    assert binom.sf(enough - 1, judged, aim) == pytest.approx(
        passes, abs=0.02
    )  # of forty days, all must keep it


def test_fewer_replications_of_the_judgement_ask_for_more_days() -> None:
    scenario = shop(targets=[{**SHARE, "on": 0.9}])
    aims = [aims_of(scenario, judged, looks=2)[0] for judged in (300, 100, 50)]
    assert aims == sorted(aims)
    assert aims_of(scenario, 10, looks=2)[0] < aims[-1]  # ten days can never show it: no use asking


def test_margins_shrink_with_replications_and_grow_with_looks() -> None:
    rng = np.random.default_rng(1)
    scenario = shop(targets=[SHARE])
    reading = read(SHARE, rng.normal(85, 5, (30, 1)), np.full((30, 1), 100.0))

    def margin(**changes: Any) -> float:
        given = {"searched": 30, "judged": 100, "looks": 2, "safety": 1.0, **changes}
        return float(margins(scenario, reading, np.array([0]), **given)[0])

    assert margin(judged=400) < margin() < margin(looks=4)
    assert margin(searched=120) < margin() < margin(safety=2.0)
    assert margin(safety=0.0) == pytest.approx(1.96 * reading.error[0] * np.sqrt(30 / 100), rel=1e-3)


# -- shares of days, regressed on how busy they are ------------------------------------------------------

ON_DAYS = {**SHARE, "on": 0.9}
DAY_CV = 0.15


def shares_of(busy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Daily shares that fall the faster the busier a day is, and luck."""
    return 0.9 - 0.4 * busy - 0.8 * np.maximum(busy, 0) ** 2 + rng.normal(0, 0.012, busy.shape)


def spread_out(few: int, candidates: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Candidates that spread over busy and quiet, as a search chooses its replications."""
    ranks = (np.arange(few) + rng.random(few)) / few
    return np.sort(candidates)[(ranks * len(candidates)).astype(int)]


def on_days(busy: np.ndarray, shares: np.ndarray, candidates: np.ndarray, aim: float) -> Reading:
    """The reading of days of 1,000 contacts each."""
    whole = np.full((len(busy), 1), 1000.0)
    known = Busy.of(busy[:, None], candidates[:, None])
    return gauge.read(shop(targets=[ON_DAYS]), days(1000 * shares[:, None], whole), [aim], known)


@pytest.fixture(scope="module")
def readings() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float, float]:
    """Of 250 samples of 32 days: slack, its error, value, sample quantile; the true slack, the true share."""
    rng = np.random.default_rng(12)
    truly = shares_of(rng.normal(0, DAY_CV, 400_000), rng) - 0.8
    rows = []
    for _ in range(250):
        candidates = rng.normal(0, DAY_CV, 1024)
        busy = spread_out(32, candidates, rng)
        shares = shares_of(busy, rng)
        reading = on_days(busy, shares, candidates, 0.9)
        rows.append((reading.slack[0], reading.error[0], reading.value[0], np.quantile(shares, 0.1) - 0.8))
    slack, error, value, plain = np.array(rows).T
    return slack, error, value, plain, float(np.quantile(truly, 0.1)), float(np.mean(truly >= 0))


Readings = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float, float]


def test_a_quantile_of_days_by_regression_is_right_on_average(readings: Readings) -> None:
    slack, _, _, _, truly, _ = readings
    # four standard errors of the mean (a false alarm in 16,000), and what a line misses of a curve
    assert slack.mean() == pytest.approx(truly, abs=4 * slack.std() / np.sqrt(len(slack)) + 0.004)


def test_a_quantile_of_days_by_regression_is_less_noisy_than_the_sample_s(readings: Readings) -> None:
    slack, _, _, plain, _, _ = readings
    assert 1.5 * slack.std() < plain.std()


def test_its_standard_error_is_of_the_size_that_repetitions_show(readings: Readings) -> None:
    slack, error, _, _, _, _ = readings
    # days are spread out, which the error does not know: so it is rather too great
    assert slack.std() < 1.15 * error.mean()


def test_the_value_is_the_share_of_days_that_keep_it(readings: Readings) -> None:
    _, _, value, _, _, truly = readings
    assert value.mean() == pytest.approx(truly, abs=4 * value.std() / np.sqrt(len(value)) + 0.01)


def test_slack_is_nought_where_the_value_is_just_what_is_aimed_at() -> None:
    rng = np.random.default_rng(2)
    candidates = rng.normal(0, DAY_CV, 1024)
    busy = spread_out(32, candidates, rng)
    shares = shares_of(busy, rng)
    slack = on_days(busy, shares, candidates, 0.9).slack[0]
    moved = on_days(busy, shares - slack, candidates, 0.9)
    assert moved.slack[0] == pytest.approx(0, abs=1e-6)
    assert moved.value[0] == pytest.approx(0.9, abs=1e-4)


@pytest.mark.parametrize("aim", [0.8, 0.9, 0.97])
def test_days_that_are_alike_have_a_normal_quantile(aim: float) -> None:
    rng = np.random.default_rng(4)
    shares = rng.normal(0.85, 0.02, 40)
    reading = on_days(np.zeros(40), shares, np.zeros(64), aim)
    luck = shares.std(ddof=1)
    assert reading.slack[0] == pytest.approx(shares.mean() - ndtri(aim) * luck - 0.8, abs=1e-6)
    assert reading.value[0] == pytest.approx(ndtr((shares.mean() - 0.8) / luck), abs=1e-6)


def test_days_on_which_nobody_comes_are_kept() -> None:
    part, whole = np.array([[90.0], [70.0]] * 8 + [[0.0]] * 64), np.array([[100.0]] * 16 + [[0.0]] * 64)
    reading = read(ON_DAYS, part, whole, aim=0.8)
    assert reading.slack[0] > 0  # sixty-four in eighty
    assert reading.value[0] == 1.0
    assert read(ON_DAYS, part, whole, aim=0.9).slack[0] < 0.1


def test_quantiles_keep_the_mean_and_the_order_of_what_they_stand_for() -> None:
    rng = np.random.default_rng(8)
    candidates = rng.normal(0, 1, (1024, 2))
    found = quantiles(candidates)
    assert found.shape == (64, 2)
    assert np.all(np.diff(found, axis=0) >= 0)
    np.testing.assert_allclose(found.mean(axis=0), candidates.mean(axis=0), atol=0.01)
    assert quantiles(candidates[:5]).shape == (5, 2)


def test_what_was_seen_counts_most_on_days_as_busy_as_those_that_decide() -> None:
    busy = np.array([[-0.3], [0.0], [0.2]])
    known = Busy.of(busy, np.random.default_rng(1).normal(0, DAY_CV, (500, 1)))
    three = [
        cast(Day, SimpleNamespace(in_time=np.full((1, 8), part), counted=np.full((1, 8), 100)))
        for part in (100, 80, 50)
    ]
    in_time, counted = gauge.seen(shop(targets=[ON_DAYS]), three, [0.9], known)
    weight = np.exp(-0.5 * ((busy[:, 0] - np.quantile(known.known, 0.9)) / known.known.std()) ** 2)
    np.testing.assert_allclose(in_time / counted, weight @ [1.0, 0.8, 0.5] / weight.sum())
    np.testing.assert_allclose(counted, 300.0)
    assert np.all(in_time / counted < 0.65)  # near the day that decides, not the mean
    all_alike, _ = gauge.seen(shop(targets=[SHARE]), three, [0.5], known)
    np.testing.assert_allclose(all_alike, 230.0)


# -- when a search ends -----------------------------------------------------------------------------


def record(**changes: Any) -> Record:
    """A search on its way."""
    given: dict[str, Any] = {
        "stage": "search",
        "elapsed": 10.0,
        "ahead": 2.0,
        "seconds": 20.0,
        "rosters": 5,
        "contacts": 1000,
        "cost": None,
        "bound": 0.0,
        "kept": False,
    }
    return Record(**{**given, **changes})


def test_a_time_counts_what_is_still_to_come() -> None:
    assert not Seconds(12.0)(record())
    assert Seconds(11.9)(record())
    assert Seconds(60.0).seconds == 60.0


def test_rosters_are_counted() -> None:
    assert Rosters(5)(record())
    assert not Rosters(6)(record())
    assert Rosters(6).seconds == float("inf")


def test_rules_combine_and_the_first_one_ends_the_search() -> None:
    both = Seconds(12.0) | Rosters(6)
    assert isinstance(both, Either)
    assert both.seconds == 12.0
    assert not both(record())
    assert both(record(rosters=6))
    assert both(record(elapsed=11.0))
    assert not (Never() | Never())(record())
