"""Rosters bought by curves: always legal, never worse than where annealing began, and near the cheapest."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cssim.roster.anneal import _Shop, annealed, bought
from cssim.roster.boxes import Boxes
from cssim.roster.floors import Grid
from cssim.roster.response import Curve
from cssim.roster.shifts import columns_of
from cssim.scenario.clock import Floats, Ints
from tests.roster.test_windows import small

PRICE = np.array([5.0])


@cache
def market(need: float = 0.0) -> Boxes:
    """256 rosters of two groups, by curves that are given; what is needed is a part of all contacts."""
    scenario = small("seconds", limits={"min_on_duty": 1})
    columns = columns_of(scenario)
    grid = Grid.of(scenario, columns)
    pieces = len(grid.piece_slot)
    theta = np.zeros(10)
    theta[:2] = 1.0, 0.6
    curves = tuple(Curve(theta, -2.0 - k % 3 / 2, 0.95) for k in range(pieces))
    weight = np.full(pieces, 100.0)
    return Boxes.of(grid, columns, curves, weight, np.zeros(1), np.array([need * 100.0 * pieces]))


EVERY = [np.array(one) for one in product(range(4), repeat=4)]
NONE = np.zeros(4, dtype=np.int64)


def luck(number: int = 1) -> np.random.Generator:
    return np.random.default_rng(number)


def lacks(boxes: Boxes, counts: Ints) -> float:
    """Of the promise, by the curves themselves."""
    return float(np.maximum(boxes.need - boxes.gained(counts), 0.0).sum())


def dear(boxes: Boxes, counts: Ints, price: Floats = PRICE) -> float:
    """What a roster costs with what it lacks."""
    return float(boxes.columns.pay @ counts) + float(price[0]) * lacks(boxes, counts)


def test_the_tables_are_the_curves() -> None:
    boxes = market()
    shop = _Shop.of(boxes, np.array([2, 2, 2, 2]))
    for counts in EVERY[::17]:
        gain = shop.scratch(counts)[2] - boxes.given
        assert gain[0] == pytest.approx(boxes.gained(counts)[0], abs=0.5)  # of 800 contacts, between points


@given(
    st.sampled_from(EVERY),
    st.sampled_from([-0.5, -0.2, 0.0, 0.1, 0.15]),
    st.sampled_from(EVERY[:64]),
    st.integers(0, 5),
    st.sampled_from([0, 1, 2, 3, 100]),
)
@settings(deadline=None, max_examples=60)
def test_annealing_ends_legal_within_reach_and_no_worse_than_it_began(
    begin: Ints, need: float, least: Ints, number: int, reach: int
) -> None:
    boxes = market(need)
    begin = np.maximum(begin, least)
    if not boxes.columns.rules.allow(begin):
        return
    end = annealed(boxes, PRICE, begin, least, luck(number), (begin, reach))
    assert np.all(end >= least)
    assert boxes.columns.rules.allow(end)
    assert np.abs(end - begin).sum() <= reach
    assert dear(boxes, end) <= dear(boxes, begin) + 0.5 * PRICE[0]  # between points of the tables


@pytest.mark.parametrize("need", [-0.5, -0.3, 0.0, 0.1])
@pytest.mark.parametrize("number", range(4))
def test_of_few_rosters_it_finds_the_one_that_costs_least_with_its_lack(need: float, number: int) -> None:
    boxes = market(need)
    allowed = [one for one in EVERY if boxes.columns.rules.allow(one)]
    found = annealed(boxes, PRICE, allowed[-1], NONE, luck(number))
    least = min(dear(boxes, one) for one in allowed)
    assert dear(boxes, found) == pytest.approx(least, abs=0.5 * PRICE[0])


def test_the_same_luck_buys_the_same_roster() -> None:
    boxes = market(0.05)
    one, same = (annealed(boxes, PRICE, EVERY[-1], NONE, luck(3)) for _ in range(2))
    assert np.array_equal(one, same)


def test_what_is_bought_is_near_the_cheapest_that_keeps_the_promise() -> None:
    for need in (-0.3, 0.0, 0.1):
        boxes = market(need)
        found = bought(boxes, boxes.everything, NONE, luck())
        assert found is not None
        kept = [one for one in EVERY if boxes.columns.rules.allow(one) and lacks(boxes, one) == 0]
        least = min(float(boxes.columns.pay @ one) for one in kept)
        assert boxes.columns.pay @ found.counts <= 1.05 * least
        assert np.all(found.price >= 0)


def test_where_a_roster_is_to_be_near_another_it_is() -> None:
    boxes = market(-0.3)
    home = np.array([3, 3, 3, 3])
    for reach in (1, 2, 4):
        found = bought(boxes, boxes.everything, NONE, luck(), (home, reach))
        assert found is not None
        assert 0 < np.abs(found.counts - home).sum() <= reach


def test_nobody_on_duty_is_mended_where_somebody_must_be() -> None:
    boxes = market(-10.0)  # nothing is asked but the minimum on duty
    counts = annealed(boxes, PRICE, NONE, NONE, luck())
    assert boxes.columns.rules.allow(counts)
    assert counts.sum() > 0
