"""Down by the bound's curves: a step is taken only where simulation says that it is better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from cssim.roster.anneal import Bought, Near
from cssim.roster.search import AROUND, FAR, REACH, VAIN, _Search
from cssim.scenario.clock import Floats, Ints
from tests.roster.hunt import searching, small, tried

Tried = Sequence[tuple[Ints, Floats]]


class Shop:
    """Sells what it is told to, one roster after the other, and remembers what was asked for."""

    def __init__(self, *rosters: Sequence[int], price: float = 50.0) -> None:
        self.rosters, self.price = list(rosters), price
        self.asked: list[tuple[Tried, Near | None]] = []

    def __call__(self, lacking: Tried, least: Ints, near: Near | None) -> Bought | None:
        self.asked.append((lacking, near))
        counts = np.array(self.rosters.pop(0) if len(self.rosters) > 1 else self.rosters[0])
        return Bought(counts, np.array([self.price]))


def hunting(shop: Shop, promised: float = -0.3) -> _Search:
    """A search on 16 replications that has to clear its one promise by so much."""
    hunt = searching(small())
    hunt.enough, hunt.suggest = 16, shop
    hunt.wanted = np.full(1, promised)
    return hunt


def test_a_cheaper_roster_that_keeps_the_promise_is_taken_and_gone_on_from() -> None:
    shop = Shop([2, 2, 1, 1], [1, 1, 1, 1])
    hunt = hunting(shop)
    end = hunt._descended(tried(hunt, [2, 2, 2, 2], 16))
    assert end.counts.tolist() == [1, 1, 1, 1]
    assert [near[0].tolist() for _, near in shop.asked[:3] if near] == [[2] * 4, [2, 2, 1, 1], [1] * 4]


def test_what_simulation_does_not_find_better_is_left_and_asked_for_with_what_it_lacks() -> None:
    shop = Shop([0, 0, 0, 1], price=1e4)
    hunt = hunting(shop, 0.1)
    start = tried(hunt, [2, 2, 2, 2], 16)
    end = hunt._descended(start)
    assert end.counts.tolist() == start.counts.tolist()
    lacking, near = shop.asked[1]
    assert [counts.tolist() for counts, _ in lacking] == [[2, 2, 2, 2], [0, 0, 0, 1]]
    assert lacking[1][1][0] > FAR  # it lacks a lot
    assert near is not None and near[1] == REACH  # noqa: PT018


def test_a_dearer_roster_is_not_taken_though_it_keeps_the_promise_too() -> None:
    hunt = hunting(Shop([2, 2, 2, 2]))
    hunt.enough = 8  # looked at once, so that it is not dropped before
    assert hunt._descended(tried(hunt, [2, 2, 1, 1], 8)).counts.tolist() == [2, 2, 1, 1]


def test_steps_in_vain_grow_shorter_until_there_is_an_end() -> None:
    shop = Shop([0, 0, 0, 1], price=1e4)
    hunt = hunting(shop, 0.1)
    hunt._descended(tried(hunt, [2, 2, 2, 2], 16))
    reach = [near[1] for _, near in shop.asked if near]
    assert reach == [one for one in (32, 16, 8, 4, 2, 1) for _ in range(VAIN)]
    assert max(len(lacking) for lacking, _ in shop.asked) <= 1 + AROUND


@pytest.mark.parametrize("price", [0.0, 50.0, 1e4])
def test_a_roster_far_from_the_promise_is_never_better_however_cheap(price: float) -> None:
    hunt = hunting(Shop([0, 0, 0, 0]), 0.1)
    hunt.price = np.array([price])
    kept, none = tried(hunt, [2, 2, 2, 2], 16), tried(hunt, [0, 0, 0, 1], 16)
    margin = hunt._margin(kept)
    assert none.violation(margin) > 0.3
    assert none.reading.cost < kept.reading.cost
    assert hunt._merit(none, margin) > hunt._merit(kept, margin)
    hunt.guided = True
    assert hunt._lacks(none, margin) > hunt._lacks(kept, margin)


def test_where_the_curves_know_nothing_nothing_changes() -> None:
    hunt = searching(small())
    start = tried(hunt, [2, 2, 2, 2])
    assert hunt._descended(start) is start
    hunt.suggest = lambda lacking, least, near: None
    hunt.enough = 4
    assert hunt._descended(start).counts.tolist() == [2, 2, 2, 2]
    assert not hunt.guided
