"""The cheapest cover: published optima, limits kept to, and what is told where not all can be had."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import milp

from cssim.engine.floor import policy_of
from cssim.roster import program
from cssim.roster.cover import Asked, Cover, cheapest, cover, hull
from cssim.roster.need import Promise, load_of, promises_of, shared_out
from cssim.roster.program import Program, Status, Termination
from cssim.roster.shifts import Columns, columns_of
from cssim.scenario.schema import Scenario
from tests.roster.build import group, shop

PUBLISHED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "truth" / "shift_ilp.json").read_text(encoding="utf-8")
)


def covering(case: dict[str, Any]) -> np.ndarray:
    """Which needs each column covers, (columns, needs)."""
    return np.array([[float(k in covers) for k in range(len(case["need"]))] for covers in case["covers"]])


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: case["id"])
def test_published_optima_are_found(case: dict[str, Any]) -> None:
    matrix = covering(case)
    found = cheapest(np.array(case["cost"], dtype=float), matrix, np.array(case["need"], dtype=float))
    assert found.status is Status.OPTIMAL
    assert found.termination is Termination.PROOF
    assert found.cost == pytest.approx(case["value"])
    assert found.bound == pytest.approx(case["value"])
    assert np.all(matrix.T @ found.values >= case["need"])
    assert np.array_equal(found.values, np.round(found.values))


@pytest.mark.parametrize("case", [c for c in PUBLISHED if "lp" in c], ids=lambda case: case["id"])
def test_published_relaxations_are_found(case: dict[str, Any]) -> None:
    program = Program()
    counts = program.variables(np.array(case["cost"], dtype=float))
    program.rows([(counts, covering(case).T)], low=np.array(case["need"], dtype=float))
    assert program.solve().cost == pytest.approx(case["lp"], abs=1e-6)


def test_what_cannot_be_is_told_apart_from_what_was_not_found() -> None:
    program = Program()
    x = program.variables([1.0], upper=1.0, whole=True)
    program.rows([(x, np.array([[1.0]]))], low=2.0)
    impossible = program.solve()
    assert impossible.status is Status.INFEASIBLE
    assert impossible.termination is Termination.PROOF
    assert not impossible.found


def test_a_program_without_variables_is_fine_or_impossible() -> None:
    assert Program().solve().status is Status.OPTIMAL
    none = Program()
    nothing = none.variables(np.zeros(0))
    none.rows([(nothing, np.zeros((1, 0)))], low=1.0)
    assert none.solve().status is Status.INFEASIBLE


def test_the_solver_is_silent_whatever_it_writes(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def talking(*args: Any, **kwargs: Any) -> Any:
        os.write(1, b"debugging")
        return milp(*args, **kwargs)

    monkeypatch.setattr(program, "milp", talking)
    bought(the_parts(shop()), 0.9)
    os.write(1, b"heard again")
    assert capfd.readouterr().out == "heard again"


# -- covers of a shop -------------------------------------------------------------------------------

Parts = tuple[Scenario, Columns, tuple[Promise, ...]]


def the_parts(scenario: Scenario) -> Parts:
    """What a cover needs."""
    return scenario, columns_of(scenario), promises_of(scenario, load_of(scenario))


def bought(parts: Parts, share: float, floor: float = 0.0) -> Cover:
    """The cover at which every promise is asked for this share."""
    scenario, columns, promises = parts
    work = load_of(scenario).work
    asked = Asked(tuple(np.full(len(p.weight), share) for p in promises), np.ones(work.shape), floor * work)
    presence = np.array([1 - rule.no_show for rule in scenario.groups.values()])
    return cover(columns, policy_of(scenario), presence, promises, asked, gap=0.0)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_a_cover_keeps_what_is_asked_by_the_curves(share: float) -> None:
    parts = the_parts(shop())
    scenario, columns, promises = parts
    found = bought(parts, share)
    assert found.whole
    assert found.pay == columns.pay @ found.counts
    # one queue: nothing to share out, so the curves' hulls are met as the program saw them
    capacity = shared_out(columns.on_duty(found.counts), load_of(scenario), policy_of(scenario))
    promise = promises[0]
    share_of = [
        max(
            0.0,
            min(
                [
                    1.0,
                    *(
                        slope * e + height
                        for slope, height in hull(promise.agents[0, i], promise.in_time[0, i])
                    ),
                ]
            ),
        )
        for i, e in enumerate(capacity[0])
    ]
    weight = promise.weight[0, 0]
    assert np.dot(weight, share_of) / weight.sum() >= share - 1e-6


def test_a_cover_is_the_cheapest_of_all_rosters() -> None:
    parts = the_parts(
        shop(groups={"main": group(people=2), "temps": group(people=2, speed=0.7, pay={"per_hour": 20})})
    )
    _, columns, _ = parts
    found = bought(parts, 0.8)
    cheaper = [
        counts
        for counts in np.ndindex(*(3,) * len(columns))
        if columns.pay @ np.array(counts) < found.pay - 1e-9 and columns.rules.allow(np.array(counts))
    ]
    assert cheaper
    assert not any(keeps(parts, np.array(counts), 0.8) for counts in cheaper)


def keeps(parts: Parts, counts: np.ndarray, share: float) -> bool:
    """Whether a roster of one queue keeps a share by the hulls of the curves."""
    scenario, columns, promises = parts
    promise = promises[0]
    capacity = shared_out(columns.on_duty(counts), load_of(scenario), policy_of(scenario))[0]
    weight = promise.weight[0, 0]
    found = [
        min(
            [
                1.0,
                *(slope * e + height for slope, height in hull(promise.agents[0, i], promise.in_time[0, i])),
            ]
        )
        for i, e in enumerate(capacity)
    ]
    return bool(np.dot(weight, found) / weight.sum() >= share + 1e-6)


def test_people_seats_and_minimum_on_duty_are_kept_to() -> None:
    limited = shop(
        limits={"seats": 3, "min_on_duty": 1},
        groups={"main": group(people=1), "temps": group(people=3, speed=0.7)},
    )
    parts = the_parts(limited)
    found = bought(parts, 0.99)
    assert parts[1].rules.allow(found.counts)
    on_duty = parts[1].on_duty(found.counts)
    assert on_duty[0].max() <= 1
    assert on_duty.sum(axis=0).max() <= 3
    assert on_duty.sum(axis=0).min() >= 1


def test_a_roster_that_lacks_least_is_found_where_not_all_can_be_kept() -> None:
    parts = the_parts(shop(groups={"main": group(people=1)}))
    found = bought(parts, 0.95)
    assert not found.whole
    assert found.short[0][0] > 0
    assert found.counts.tolist() == [1, 1]  # everybody there is
    assert found.solution.found


def test_an_uncovered_night_is_told() -> None:
    parts = the_parts(shop(limits={"min_on_duty": 2}, groups={"main": group(people=1)}))
    found = bought(parts, 0.1)
    assert not found.whole
    assert found.unguarded.max() == pytest.approx(1.0, abs=1e-4)


def test_a_floor_is_a_wish_that_people_set_limits_to() -> None:
    parts = the_parts(shop(groups={"main": group(people=1)}))
    found = bought(parts, 0.1, floor=100.0)
    assert found.counts.tolist() == [1, 1]
    assert found.below.max() > 0
    assert found.whole


def test_more_is_bought_for_a_greater_share() -> None:
    parts = the_parts(shop())
    pays = [bought(parts, share).pay for share in (0.3, 0.6, 0.9, 0.99)]
    assert pays == sorted(pays)
    assert pays[0] < pays[-1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=24))
def test_a_hull_is_concave_and_lies_above_its_points_as_closely_as_said(steps: list[float]) -> None:
    shares = np.minimum(np.cumsum(steps) / max(sum(steps), 1e-9), 1.0)
    agents = np.arange(len(shares), dtype=float)
    lines = hull(agents, shares)
    slopes = [slope for slope, _ in lines]
    assert slopes == sorted(slopes, reverse=True)
    value = np.min([slope * agents + height for slope, height in lines], axis=0)
    assert np.all(value >= shares - 0.01 - 1e-9)
    assert value[-1] == pytest.approx(shares[-1], abs=0.01 + 1e-9)
