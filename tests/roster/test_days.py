"""The days that a search looks at: busy and quiet in their proportion, however few."""

from __future__ import annotations

import numpy as np
import pytest

from cssim.demand.draw import draw
from cssim.demand.streams import Phase, Streams
from cssim.roster.days import (
    BAND,
    CANDIDATES,
    _halton,
    balanced,
    busyness,
    by_date,
    deciding,
    in_turn,
    levels,
    nearness,
    weights,
)
from cssim.roster.need import load_of
from cssim.scenario.schema import Scenario
from tests.roster.build import PLAIN, group, shop

QUEUE = PLAIN["queues"]["pre_sales"]
NIGHTS = {"from": "2026-11-10 18:00", "to": "2026-11-12 02:00", "interval": "30min"}


def order(scenario: Scenario, seed: int, most: int) -> tuple[int, ...]:
    """The replications in their order."""
    return balanced(scenario, load_of(scenario), drawn(scenario, seed), most)


def drawn(scenario: Scenario, seed: int) -> np.ndarray:
    """Levels of the candidates."""
    return levels(scenario, seed, Phase.SEARCH, range(CANDIDATES))


def test_no_day_is_looked_at_twice() -> None:
    chosen = order(shop(forecast="usual", horizon=NIGHTS), 1, 128)
    assert len(set(chosen)) == 128
    assert set(chosen) < set(range(CANDIDATES))


def test_few_days_begin_many() -> None:
    scenario = shop(forecast="usual")
    assert order(scenario, 7, 64)[:16] == order(scenario, 7, 16)


def test_days_that_are_all_alike_are_taken_as_they_come() -> None:
    assert order(shop(forecast={"day_cv": 0}), 1, 5) == (0, 1, 2, 3, 4)


@pytest.fixture(scope="module")
def nights() -> list[np.ndarray]:
    """Levels of six seeds."""
    return [drawn(shop(forecast="usual", horizon=NIGHTS), seed) for seed in range(6)]


@pytest.mark.parametrize("few", [8, 16, 32])
def test_the_mean_level_of_few_days_is_nearer_to_the_mean_than_chance_brings_it(
    few: int, nights: list[np.ndarray]
) -> None:
    scenario = shop(forecast="usual", horizon=NIGHTS)
    load = load_of(scenario)
    by_chance, chosen = [], []
    for level in nights:
        busy = by_date(scenario, load, level)
        busy = busy / busy.mean(axis=0)
        by_chance += list(busy[:few].mean(axis=0) - 1)
        chosen += list(busy[list(balanced(scenario, load, level, few))].mean(axis=0) - 1)
    # 18 deviations each; half would take chance about five standard errors
    assert np.std(chosen) < 0.5 * np.std(by_chance)


def test_halton_fills_every_half_third_and_quarter_evenly() -> None:
    points = _halton(36, 2)
    for d, cells in ((0, 2), (0, 4), (1, 3), (1, 9)):
        share = np.bincount((points[:, d] * cells + 1e-9).astype(int), minlength=cells)
        assert share.max() - share.min() <= 1


# -- days that decide, and weights that make up for them -----------------------------------------------


def two_dates(rng: np.random.Generator, days: int = 400) -> np.ndarray:
    """How busy days are on two dates, which have something in common."""
    return rng.normal(0, 0.1, (days, 1)) + rng.normal(0, 0.1, (days, 2))


def test_a_day_is_near_by_its_rank() -> None:
    busy = np.arange(100.0)[:, None] ** 2
    near = nearness(np.hstack([busy, -busy, busy]), np.array([0.9, np.nan, 0.5]))
    assert near.shape == (100, 2)  # of the promises on a share of days
    assert np.argmax(near, axis=0) == pytest.approx([90, 50], abs=1)
    assert np.count_nonzero(near[:, 1]) == pytest.approx(2 * BAND * 100, abs=2)


def test_every_other_day_is_of_the_even_order_and_those_between_decide() -> None:
    busy = two_dates(np.random.default_rng(1))
    near = nearness(busy, np.array([0.9, 0.9]))
    even = list(range(400))
    chosen = in_turn(even, near, 60)
    assert len(set(chosen)) == 60
    assert list(chosen[::2]) == sorted(chosen[::2])  # as they come, those left out that were taken already
    assert near[list(chosen[1::2])].sum(axis=1).min() > near.sum(axis=1).mean()
    assert chosen[:20] == in_turn(even, near, 20)
    assert sorted(in_turn(even, near, 1000)) == even


def test_the_day_that_decides_is_of_the_promise_of_which_least_is_known() -> None:
    near = np.array([[1.0, 0.0], [0.9, 0.0], [0.0, 0.4]])
    assert deciding(near, [0]) == 2
    assert deciding(near, []) == 0


@pytest.mark.parametrize("few", [12, 45, 90])
def test_by_the_weights_few_days_are_as_busy_as_all_in_mean_and_in_mean_square(few: int) -> None:
    busy = two_dates(np.random.default_rng(2))
    chosen = list(in_turn(range(400), nearness(busy, np.array([0.9, 0.9])), few))
    weight = weights(busy[chosen], busy)
    assert weight.sum() == pytest.approx(1)
    assert busy[chosen].mean() > busy.mean() + 0.02  # there are too many busy ones among them
    np.testing.assert_allclose(weight @ busy[chosen], busy.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(weight @ busy[chosen] ** 2, (busy**2).mean(axis=0), atol=1e-6)


def test_a_mean_by_the_weights_is_right_where_the_plain_one_is_not() -> None:
    """Values that bend in busyness, and luck: 200 samples of 45 days."""
    off, plain = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        busy = two_dates(rng)
        value = 0.1 + 0.3 * busy[:, 0] + 2.0 * busy[:, 1] ** 2 + rng.normal(0, 0.01, len(busy))
        chosen = list(in_turn(range(400), nearness(busy, np.array([0.9, 0.9])), 45))
        off.append(weights(busy[chosen], busy) @ value[chosen] - value.mean())
        plain.append(value[chosen].mean() - value.mean())
    assert abs(np.mean(off)) < 4 * np.std(off) / np.sqrt(200)  # a false alarm in 16,000
    assert np.mean(plain) > 10 * np.std(off) / np.sqrt(200)


@pytest.mark.parametrize("few", [1, 2, 5])
def test_fewer_days_than_can_be_balanced_still_have_weights_that_sum_to_one(few: int) -> None:
    busy = two_dates(np.random.default_rng(3))
    weight = weights(busy[:few], busy)
    assert weight.sum() == pytest.approx(1)
    assert np.all(np.isfinite(weight))


def test_days_that_are_all_alike_have_equal_weights() -> None:
    np.testing.assert_allclose(weights(np.zeros((5, 2)), np.zeros((9, 2))), 0.2)


# -- how busy they are ----------------------------------------------------------------------------------


def test_the_level_of_a_day_is_the_one_its_contacts_are_drawn_at() -> None:
    scenario = shop(forecast={"day_cv": 0.5}, queues={"pre_sales": {**QUEUE, "volume": {"contacts": 2000}}})
    level = levels(scenario, 3, Phase.SEARCH, range(30))
    came = [len(draw(scenario, Streams(3, Phase.SEARCH, k)).arrival) for k in range(30)]
    wanted = load_of(scenario).contacts.sum() * level.mean(axis=(1, 2))
    # Poisson: thirty deviations, none beyond four of its own (a false alarm in 500)
    inside = [abs(c - w) < 4 * np.sqrt(w) + 0.05 * w for c, w in zip(came, wanted, strict=True)]
    assert all(inside)
    assert np.ptp(wanted) > 1000


def test_a_level_is_one_where_the_forecast_is_right() -> None:
    assert np.all(levels(shop(), 1, Phase.SEARCH, range(3)) == 1)


def test_a_promise_s_busyness_is_the_work_of_its_queues_in_its_hours() -> None:
    queues = {"pre_sales": QUEUE, "after_sales": QUEUE}
    targets = [
        {"measure": "first_reply", "within": "20s", "at_least": 0.8},
        {
            "measure": "first_reply",
            "within": "20s",
            "at_least": 0.8,
            "queues": ["after_sales"],
            "hours": {"from": "11:15", "to": "12:00"},
        },
    ]
    scenario = shop(queues=queues, targets=targets, groups={"main": group(serves=list(queues))})
    load = load_of(scenario)
    level = np.random.default_rng(1).lognormal(0, 0.3, (5, *load.work.shape))
    work = load.work * level
    hour = 0.5 * work[:, 1, 2] + work[:, 1, 3]  # of which half of the first half hour counts
    np.testing.assert_allclose(
        busyness(scenario, load, level),
        np.log(np.stack([work.sum(axis=(1, 2)) * 1800, hour * 1800], axis=1)),
    )


def test_busier_days_are_the_busier_the_more_comes() -> None:
    scenario = shop(forecast="usual")
    level = drawn(scenario, 1)[:50]
    busy = busyness(scenario, load_of(scenario), level)[:, 0]
    assert np.array_equal(np.argsort(busy), np.argsort(level.mean(axis=(1, 2))))
