"""Rosters bought by curves: never worse than where the trades began, always legal, and with no trade left."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cssim.roster.boxes import Boxes
from cssim.roster.floors import Grid
from cssim.roster.response import Curve
from cssim.roster.shifts import columns_of
from cssim.roster.trades import _Prices, bought, traded
from cssim.scenario.clock import Ints
from tests.roster.test_windows import small

SHARE = 0.75


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


def lacks(boxes: Boxes, counts: Ints) -> float:
    """Of the promise, by the curves themselves."""
    return float(np.maximum(boxes.need - boxes.gained(counts), 0.0).sum())


def test_prices_are_those_of_the_curves() -> None:
    boxes = market()
    prices = _Prices.of(boxes, np.array([2, 2, 2, 2]))
    for counts in EVERY[::17]:
        held = np.append(counts, 0)
        duty = held @ prices.duty
        if np.all(duty >= prices.least):
            found = prices.lacking((held @ prices.staff)[None], duty[None])[0]
            assert found == pytest.approx(lacks(boxes, counts), abs=0.5)  # of 800 contacts, between points


@given(st.sampled_from(EVERY), st.sampled_from([-0.5, -0.2, 0.0, 0.1, 0.15]), st.sampled_from(EVERY[:64]))
@settings(deadline=None, max_examples=60)
def test_trades_mend_or_save_and_never_the_reverse(begin: Ints, need: float, least: Ints) -> None:
    boxes = market(need)
    begin = np.maximum(begin, least)
    if not boxes.columns.rules.allow(begin):
        return
    end = traded(boxes, begin, least)
    assert np.all(end >= least)
    assert boxes.columns.rules.allow(end)
    before, after = lacks(boxes, begin), lacks(boxes, end)
    assert after <= before + 0.5
    if before == 0:
        assert boxes.columns.pay @ end <= boxes.columns.pay @ begin


@pytest.mark.parametrize("need", [-0.5, -0.3, 0.0, 0.1])
@pytest.mark.parametrize("begin", [(0, 0, 3, 3), (0, 3, 1, 3), (3, 3, 3, 3), (2, 1, 2, 3)])
def test_no_trade_is_left(need: float, begin: tuple[int, ...]) -> None:
    """One agent fewer, elsewhere, or in place of two: none is cheaper and keeps what is asked."""
    boxes = market(need)
    rules, pay = boxes.columns.rules, boxes.columns.pay
    counts = traded(boxes, np.array(begin), NONE)
    assert lacks(boxes, counts) < 0.5
    for other in EVERY:
        fewer, more = np.maximum(counts - other, 0).sum(), np.maximum(other - counts, 0).sum()
        if fewer <= 2 and more <= 1 and rules.allow(other) and pay @ other < pay @ counts - 1e-9:
            assert lacks(boxes, other) > 0, (counts, other)


def test_what_is_bought_is_near_the_cheapest_of_all() -> None:
    for need in (-0.3, 0.0, 0.1):
        boxes = market(need)
        counts = bought(boxes, boxes.everything, NONE)
        assert counts is not None
        kept = [one for one in EVERY if boxes.columns.rules.allow(one) and lacks(boxes, one) == 0]
        least = min(float(boxes.columns.pay @ one) for one in kept)
        assert boxes.columns.pay @ counts <= 1.05 * least


def test_nobody_on_duty_is_mended_where_somebody_must_be() -> None:
    boxes = market(-10.0)  # nothing is asked but the minimum on duty
    counts = traded(boxes, NONE, NONE)
    assert boxes.columns.rules.allow(counts)
    assert counts.sum() > 0
