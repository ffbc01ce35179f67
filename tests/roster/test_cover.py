"""The cheapest cover: published optima, limits kept to, and what is told where not all can be had."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import OptimizeResult, milp

from cssim.engine.floor import policy_of
from cssim.roster import program
from cssim.roster.cover import Asked, Cover, alike, cheapest, cover, hull
from cssim.roster.cover import parts as in_parts
from cssim.roster.need import Promise, load_of, promises_of, shared_out
from cssim.roster.program import Program, Status, Termination
from cssim.roster.search import optimise
from cssim.roster.shifts import Columns, columns_of
from cssim.roster.stop import Rosters
from cssim.scenario.schema import Scenario
from tests.roster.build import PLAIN, group, shop
from tests.roster.hunt import small

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


# -- where the solver fails ---------------------------------------------------------------------------


class Failing:
    """A solver that ends in numerical trouble at the runs that `when` names, by number and options."""

    def __init__(self, when: Callable[[int, dict[str, Any]], bool]) -> None:
        self.when, self.runs, self.failed = when, 0, 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.runs += 1
        if self.when(self.runs, kwargs["options"]):
            self.failed += 1
            return OptimizeResult(status=4, x=None, fun=None, mip_dual_bound=None)
        return milp(*args, **kwargs)


def no_inside(*args: Any, **kwargs: Any) -> Any:
    """An interior point method that fails, too."""
    return OptimizeResult(status=4, x=None, fun=None)


def test_a_fault_of_presolve_is_mended_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = bought(the_parts(shop()), 0.9)
    solver = Failing(lambda run, options: options.get("presolve", True))
    monkeypatch.setattr(program, "milp", solver)
    monkeypatch.setattr(program, "linprog", no_inside)
    found = bought(the_parts(shop()), 0.9)
    assert found.solution.found
    assert found.pay == pytest.approx(plain.pay)
    assert solver.failed


def test_a_linear_program_that_fails_is_solved_by_the_interior_point_method(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = bought(the_parts(shop()), 0.9, buy=in_parts)
    monkeypatch.setattr(program, "milp", Failing(lambda run, options: True))
    found = bought(the_parts(shop()), 0.9, buy=in_parts)
    assert found.solution.status is Status.OPTIMAL
    assert found.pay == pytest.approx(plain.pay, rel=1e-4)
    assert found.solution.cost == pytest.approx(plain.solution.cost, rel=1e-4)


@pytest.mark.parametrize("begins", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("duty", [0, 1])
def test_where_the_solver_fails_in_a_dive_there_is_a_legal_roster_with_people(
    monkeypatch: pytest.MonkeyPatch, begins: int, duty: int
) -> None:
    """At the first program, or at any after it."""
    parts = the_parts(shop(limits={"min_on_duty": duty}))
    solver = Failing(lambda run, options: run >= begins)
    monkeypatch.setattr(program, "milp", solver)
    monkeypatch.setattr(program, "linprog", no_inside)
    for buy in (cover, in_parts):
        solver.runs = 0
        found = bought(parts, 0.9, 0.85, buy)
        counts = np.floor(found.bought + 1e-6).astype(np.int64)
        assert counts.sum() >= 2
        if buy is cover:
            assert parts[1].rules.allow(found.counts)
            assert np.array_equal(found.counts, found.bought)
        if not found.solution.found:
            assert found.below.max() < 1.0
            assert not found.whole


@pytest.mark.parametrize(("people", "floor"), [(4, 0.0), (1, 30.0)])
def test_what_is_bought_without_a_solver_is_legal_whatever_is_asked(
    monkeypatch: pytest.MonkeyPatch, people: int, floor: float
) -> None:
    """Somebody at every moment where nothing else is asked, and no more people than there are."""
    monkeypatch.setattr(program, "milp", Failing(lambda run, options: True))
    monkeypatch.setattr(program, "linprog", no_inside)
    parts = the_parts(shop(limits={"min_on_duty": 1}, groups={"main": group(people=people)}))
    found = bought(parts, 0.9, floor)
    assert parts[1].rules.allow(found.counts)
    assert found.counts.tolist() == [1, 1]


def test_a_search_whose_solver_fails_ends_with_a_roster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "milp", Failing(lambda run, options: True))
    monkeypatch.setattr(program, "linprog", no_inside)
    plan = optimise(small(forecast="good"), seed=1, budget=Rosters(30), replications=60, workers=1)
    assert plan.status == "met"


# -- covers of a shop -------------------------------------------------------------------------------

Parts = tuple[Scenario, Columns, tuple[Promise, ...]]


def the_parts(scenario: Scenario) -> Parts:
    """What a cover needs."""
    return scenario, columns_of(scenario), promises_of(scenario, load_of(scenario))


def bought(
    parts: Parts,
    share: float,
    floor: float = 0.0,
    buy: Callable[..., Cover] = cover,
    least: np.ndarray | None = None,
) -> Cover:
    """The cover at which every promise is asked for this share."""
    scenario, columns, promises = parts
    work = load_of(scenario).work
    asked = Asked(tuple(np.full(len(p.weight), share) for p in promises), np.ones(work.shape), floor * work)
    presence = np.array([1 - rule.no_show for rule in scenario.groups.values()])
    return buy(columns, policy_of(scenario), presence, promises, asked, least)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_a_cover_keeps_what_is_asked_by_the_curves(share: float) -> None:
    parts = the_parts(shop())
    scenario, columns, promises = parts
    found = bought(parts, share)
    assert found.whole
    assert found.pay == columns.pay @ found.counts
    # one queue: nothing to share out, so the curves' hulls are met as the program saw them
    capacity = shared_out(columns.on_duty(found.counts), load_of(scenario), policy_of(scenario)).sum(axis=0)
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


TWO_GROUPS = {"main": group(people=2), "temps": group(people=2, speed=0.7, pay={"per_hour": 20})}


@pytest.mark.parametrize("share", [0.6, 0.8, 0.9])
def test_a_cover_is_at_most_an_agent_dearer_than_the_cheapest_of_all_rosters(share: float) -> None:
    parts = the_parts(shop(groups=TWO_GROUPS))
    columns = parts[1]
    found = bought(parts, share)
    every = [np.array(counts) for counts in np.ndindex(*(3,) * len(columns))]
    cheapest_pay = min(
        columns.pay @ counts
        for counts in every
        if columns.rules.allow(counts) and keeps(parts, counts, share)
    )
    assert found.whole
    assert cheapest_pay - 1e-6 <= found.pay <= cheapest_pay + columns.pay.max() + 1e-6


@pytest.mark.parametrize("share", [0.6, 0.9])
def test_parts_of_people_cost_no_more_than_whole_ones(share: float) -> None:
    parts = the_parts(shop(groups=TWO_GROUPS))
    broken, whole = bought(parts, share, buy=in_parts), bought(parts, share)
    assert broken.whole  # keeps what is asked
    assert np.any(broken.bought != broken.counts)
    assert broken.pay <= whole.pay + 1e-6


def test_a_dive_ends_near_the_parts_where_there_are_many_shifts() -> None:
    parts = the_parts(
        shop(
            horizon={"from": "2026-11-10 08:00", "to": "2026-11-11 08:00", "interval": "30min"},
            queues={"pre_sales": {**PLAIN["queues"]["pre_sales"], "volume": {"contacts": 4000}}},
            groups={
                "main": group(people=40, shifts="any"),
                "temps": group(people=40, speed=0.7, shifts="any"),
            },
            shifts={
                "any": {
                    "start": {"from": "08:00", "to": "23:00", "every": "1h"},
                    "length": {"from": "4h", "to": "9h", "every": "1h"},
                }
            },
        )
    )
    assert len(parts[1]) > 150
    broken, whole = (bought(parts, 0.85, floor=0.85, buy=buy) for buy in (in_parts, cover))
    assert whole.whole
    assert parts[1].rules.allow(whole.counts)
    assert np.array_equal(whole.bought, whole.counts)
    assert broken.pay <= whole.pay <= 1.04 * broken.pay


def test_who_is_there_anyway_is_bought_first() -> None:
    parts = the_parts(shop(groups=TWO_GROUPS))
    free = bought(parts, 0.6)
    least = np.array([0, 0, 2, 2])
    assert np.any(free.counts < least)
    for buy in (cover, in_parts):
        assert np.all(bought(parts, 0.6, buy=buy, least=least).bought >= least - 1e-6)


def test_intervals_are_alike_only_where_shifts_and_promises_do_not_change() -> None:
    _, columns, promises = the_parts(
        shop(targets=[{**PLAIN["targets"][0], "hours": {"from": "10:00", "to": "11:00"}}])
    )
    # a shift changes at 12:00, what is promised at 11:00
    assert alike(columns.cover, promises).tolist() == [0, 0, 1, 1, 2, 2, 2, 2]


def keeps(parts: Parts, counts: np.ndarray, share: float) -> bool:
    """Whether a roster of one queue keeps a share by the hulls of the curves."""
    scenario, columns, promises = parts
    promise = promises[0]
    capacity = shared_out(columns.on_duty(counts), load_of(scenario), policy_of(scenario)).sum(axis=0)[0]
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
