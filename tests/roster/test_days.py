"""The days that a search looks at: busy and quiet in their proportion, however few."""

from __future__ import annotations

import numpy as np
import pytest

from cssim.roster.days import CANDIDATES, _busyness, _halton, balanced
from cssim.roster.need import load_of
from cssim.scenario.schema import Scenario
from tests.roster.build import shop

NIGHTS = {"from": "2026-11-10 18:00", "to": "2026-11-12 02:00", "interval": "30min"}


def order(scenario: Scenario, seed: int, most: int) -> tuple[int, ...]:
    """The replications in their order."""
    return balanced(scenario, load_of(scenario), seed, most)


def test_no_day_is_looked_at_twice() -> None:
    chosen = order(shop(forecast="usual", horizon=NIGHTS), 1, 128)
    assert len(set(chosen)) == 128
    assert set(chosen) < set(range(CANDIDATES))


def test_few_days_begin_many() -> None:
    scenario = shop(forecast="usual")
    assert order(scenario, 7, 64)[:16] == order(scenario, 7, 16)


def test_days_that_are_all_alike_are_taken_as_they_come() -> None:
    assert order(shop(forecast={"day_cv": 0}), 1, 5) == (0, 1, 2, 3, 4)


@pytest.mark.parametrize("few", [8, 16, 32])
def test_the_mean_level_of_few_days_is_nearer_to_the_mean_than_chance_brings_it(few: int) -> None:
    scenario = shop(forecast="usual", horizon=NIGHTS)
    load = load_of(scenario)
    by_chance, chosen = [], []
    for seed in range(6):
        busy = _busyness(scenario, load, seed, CANDIDATES)
        busy = busy / busy.mean(axis=0)
        by_chance += list(busy[:few].mean(axis=0) - 1)
        chosen += list(busy[list(balanced(scenario, load, seed, few))].mean(axis=0) - 1)
    # 18 deviations each; half would take chance about five standard errors
    assert np.std(chosen) < 0.5 * np.std(by_chance)


def test_halton_fills_every_half_third_and_quarter_evenly() -> None:
    points = _halton(36, 2)
    for d, cells in ((0, 2), (0, 4), (1, 3), (1, 9)):
        share = np.bincount((points[:, d] * cells + 1e-9).astype(int), minlength=cells)
        assert share.max() - share.min() <= 1
