"""Slack, its influences, and what must be seen in a search for a judgement to say met."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from scipy.stats import binom

from cssim.measure.estimate import share_of_days
from cssim.measure.service import Day
from cssim.measure.tally import Tally
from cssim.roster.gauge import aims_of, margins, read, standard_error
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


def test_slack_is_the_ratio_less_the_promise() -> None:
    part, whole = np.array([[8.0], [90.0]]), np.array([[10.0], [100.0]])
    reading = read(shop(targets=[SHARE]), days(part, whole), [0.5])
    assert reading.slack[0] == pytest.approx(98 / 110 - 0.8)
    assert reading.cost == 100.5
    assert reading.counted.tolist() == [[4, 4]]


def test_slack_of_at_most_is_the_promise_less_the_ratio() -> None:
    few = {"measure": "abandonment", "at_most": 0.1}
    assert read(shop(targets=[few]), days(np.array([[5.0]]), np.array([[100.0]])), [0.5]).slack[0] == (
        pytest.approx(0.05)
    )
    slow = {"measure": "mean_reply", "at_most": "60s"}
    assert read(shop(targets=[slow]), days(np.array([[300.0]]), np.array([[10.0]])), [0.5]).slack[0] == (
        pytest.approx(0.5)  # in parts of the promise
    )


def test_a_period_with_nothing_to_measure_is_kept() -> None:
    hourly = shop(targets=[{**SHARE, "each": "hour"}])
    reading = read(hourly, days(np.array([[9.0, 0.0]] * 3), np.array([[10.0, 0.0]] * 3)), [0.5])
    assert np.all(reading.slack > 0)
    assert reading.error[1] == 0


def test_a_promise_with_nothing_to_measure_anywhere_is_not() -> None:
    reading = read(shop(targets=[SHARE]), days(np.zeros((3, 1)), np.zeros((3, 1))), [0.5])
    assert reading.slack[0] < 0
    assert reading.error[0] == 0


@pytest.mark.parametrize("on", [None, 0.9])
def test_influences_are_the_derivative_of_the_slack(on: float | None) -> None:
    rng = np.random.default_rng(5)
    whole = rng.integers(80, 120, (20, 1)).astype(float)
    part = np.minimum(whole, rng.binomial(whole.astype(int), 0.85)).astype(float)
    scenario = shop(targets=[{**SHARE, "on": on} if on else SHARE])
    reading = read(scenario, days(part, whole), [0.95])
    # one replication's weight raised a little moves the slack by its influence
    for k in (0, 7):
        heavier = np.r_[np.repeat(np.arange(20), 500), np.full(5, k)]
        moved = read(scenario, days(part[heavier], whole[heavier]), [0.95]).slack
        base = read(scenario, days(part[heavier[:-5]], whole[heavier[:-5]]), [0.95]).slack
        share = 5 / len(heavier)
        # the quantile's skewness is taken as given in its influences, so they are close, not equal
        assert (moved - base)[0] / share == pytest.approx(reading.effect[k, 0], rel=0.25, abs=4e-3)


def test_the_standard_error_is_what_repetitions_show() -> None:
    rng = np.random.default_rng(11)
    slacks, errors = [], []
    for _ in range(400):
        whole = rng.poisson(100, (25, 1)).astype(float)
        part = rng.binomial(whole.astype(int), np.clip(rng.normal(0.85, 0.05, (25, 1)), 0, 1)).astype(float)
        reading = read(shop(targets=[SHARE]), days(part, whole), [0.5])
        slacks.append(reading.slack[0])
        errors.append(reading.error[0])
    # the spread of 400 values is known to 3.5 %, four of those (a false alarm in 16,000)
    assert np.mean(errors) == pytest.approx(np.std(slacks), rel=0.14)


def test_paired_differences_are_sharper_than_the_readings() -> None:
    rng = np.random.default_rng(3)
    whole = np.full((30, 1), 100.0)
    busy = rng.normal(0.85, 0.08, (30, 1))
    one = read(shop(targets=[SHARE]), days(100 * busy, whole), [0.5])
    other = read(shop(targets=[SHARE]), days(100 * busy - rng.normal(1, 0.3, (30, 1)), whole), [0.5])
    assert standard_error(other.effect - one.effect)[0] < 0.1 * one.error[0]


@pytest.mark.parametrize("judged", [40, 100, 300])
def test_a_share_of_days_aimed_at_is_judged_met_most_of_the_time(judged: int) -> None:
    scenario = shop(targets=[{**SHARE, "on": 0.9}])
    (aim,) = aims_of(scenario, judged, looks=2)
    error = 0.05 / 2
    enough = next(k for k in range(judged + 1) if share_of_days(k, judged, error)[0] >= 0.9)
    assert binom.sf(enough - 1, judged, aim) == pytest.approx(5 / 6, abs=0.02)


def test_fewer_replications_of_the_judgement_ask_for_more_days() -> None:
    scenario = shop(targets=[{**SHARE, "on": 0.9}])
    aims = [aims_of(scenario, judged, looks=2)[0] for judged in (300, 100, 50)]
    assert aims == sorted(aims)
    assert aims_of(scenario, 10, looks=2)[0] < aims[-1]  # ten days can never show it: no use asking


def test_margins_shrink_with_replications_and_grow_with_looks() -> None:
    rng = np.random.default_rng(1)
    scenario = shop(targets=[SHARE])
    reading = read(scenario, days(rng.normal(85, 5, (30, 1)), np.full((30, 1), 100.0)), [0.5])

    def margin(**changes: Any) -> float:
        given = {"searched": 30, "judged": 100, "looks": 2, "safety": 1.0, **changes}
        return float(margins(scenario, reading, np.array([0]), **given)[0])

    assert margin(judged=400) < margin() < margin(looks=4)
    assert margin(safety=0.0) == pytest.approx(1.96 * reading.error[0] * np.sqrt(30 / 100), rel=1e-3)


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
