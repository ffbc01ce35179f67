"""The lower bound holds for every roster; *impossible* is said only where it is proven."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from cssim.demand.drawn import Drawn
from cssim.demand.streams import Phase
from cssim.experiment.days import run_days
from cssim.measure.estimate import tallies
from cssim.roster import bound as bounds
from cssim.roster.bound import bound_of, ceiling
from cssim.roster.program import Program, Solution, Status, Termination
from cssim.roster.shifts import Columns, columns_of
from cssim.scenario.schema import Scenario
from tests.roster.build import PLAIN, group, shop

CALL = {
    "volume": {"contacts": 200},
    "chat": {"rounds": 1, "reply": {"mean": "3min", "dist": "exponential"}},
    "patience": {"mean": "2min"},
}


def calls(share: float, **changes: Any) -> Scenario:
    """A small call centre of two groups, about 2.5 erlangs."""
    groups = {
        "main": group(chats=1, people=5),
        "temps": group(chats=1, people=3, speed=0.8, pay={"per_hour": 25}),
    }
    return shop(queues={"pre_sales": CALL}, groups=groups, targets=[{**calls_target(share)[0], **changes}])


def calls_target(share: float) -> list[dict[str, Any]]:
    """The promise of the call centre."""
    return [{"measure": "answered", "within": "20s", "at_least": share}]


def bound(scenario: Scenario) -> float:
    """The bound's cost."""
    return bound_of(scenario, columns_of(scenario)).cost


def slack(scenario: Scenario, columns: Columns, counts: np.ndarray) -> float:
    """How far a roster is above its only promise, over 12 days."""
    days = run_days(Drawn(scenario, 1, Phase.SIMULATION), columns.roster(counts), range(12))
    part, whole = tallies(days, 0)
    promised = scenario.targets[0].at_least
    assert promised is not None
    return float((part.sum(axis=0) / np.maximum(whole.sum(axis=0), 1.0)).min()) - promised


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_no_roster_that_keeps_the_promise_is_cheaper(share: float) -> None:
    scenario = calls(share)
    columns = columns_of(scenario)
    least = bound(scenario)
    assert least > 0
    cheaper = [
        np.array(counts)
        for counts in np.ndindex(*(6 - 2 * int(g) for g in columns.group))
        if columns.pay @ np.array(counts) < least
    ]
    assert cheaper
    # a cheaper roster's share lies below the promise; fewer agents only lower it, so the largest are tried
    largest = sorted(cheaper, key=lambda counts: -float(columns.pay @ counts))[:12]
    assert max(slack(scenario, columns, counts) for counts in largest) < 0


def test_the_bound_rises_with_the_promise_and_with_the_work() -> None:
    bounds = [bound(calls(share)) for share in (0.2, 0.5, 0.8, 1.0)]
    assert bounds == sorted(bounds)
    assert bounds[0] < bounds[-1]


def test_the_whole_work_is_paid_for_where_all_is_promised() -> None:
    # 200 calls of 3 minutes, ten hours; temps do 0.8 of an hour's work for 25
    assert bound(calls(1.0)) >= 10 * min(30.0, 25 / 0.8) * (1 - 1e-5)


def test_those_who_do_not_turn_up_are_paid_and_do_no_work() -> None:
    def with_absent(share: float, overtime: float = 10.0) -> float:
        pay = {"per_hour": 30, "overtime": overtime}
        groups = {"main": group(chats=1, people=20, no_show=share, pay=pay)}
        return bound(shop(queues={"pre_sales": CALL}, groups=groups, targets=calls_target(1.0)))

    assert with_absent(0.5) == pytest.approx(2 * with_absent(0.0), rel=0.1)
    # where overtime is cheaper than paying two for one to come, it may do the work instead
    assert with_absent(0.5, overtime=1.5) < 0.8 * with_absent(0.5)


def test_a_share_of_days_asks_for_less_than_every_day() -> None:
    assert 0 < bound(calls(0.9, on=0.9)) < bound(calls(0.9))


def test_the_minimum_on_duty_costs_what_its_cheapest_cover_costs() -> None:
    scenario = shop(limits={"min_on_duty": 2})
    found = bound_of(scenario, columns_of(scenario))
    assert found.cost == pytest.approx(2 * 4 * 20)
    assert found.why == ""
    assert found.assumes


def test_paid_overtime_is_not_forgotten() -> None:
    cheap_overtime = group(chats=1, people=5, pay={"per_hour": 30, "overtime": 0})
    free = shop(queues={"pre_sales": CALL}, groups={"main": cheap_overtime}, targets=calls_target(0.9))
    assert bound(free) < bound(calls(0.9))


# -- proven impossible --------------------------------------------------------------------------------


def chat(**changes: Any) -> dict[str, Any]:
    """The plain queue with another course of its chats."""
    plain = PLAIN["queues"]["pre_sales"]
    return {**plain, "chat": {**plain["chat"], **changes}}


SLOW = {"mean": "10s", "dist": "exponential"}


def test_a_promise_above_its_ceiling_is_impossible() -> None:
    target = {"measure": "first_reply", "within": "6s", "at_least": 0.6}
    scenario = shop(queues={"pre_sales": chat(first_reply=SLOW)}, targets=[target])
    best = 1 - math.exp(-0.6)  # by the main group; temps are slower
    assert ceiling(scenario, scenario.targets[0]) == pytest.approx(best)
    found = bound_of(scenario, columns_of(scenario))
    assert found.cost == math.inf
    assert found.why == "bound.ceiling"
    below = shop(queues={"pre_sales": chat(first_reply=SLOW)}, targets=[{**target, "at_least": 0.44}])
    assert bound_of(below, columns_of(below)).why == ""


def test_a_group_that_is_asked_too_late_does_not_raise_the_ceiling() -> None:
    groups = {"late": group(serves=[{"queue": "pre_sales", "after": "10s"}])}
    scenario = shop(groups=groups, targets=[{"measure": "first_reply", "within": "6s", "at_least": 0.1}])
    assert ceiling(scenario, scenario.targets[0]) == 0
    assert bound_of(scenario, columns_of(scenario)).why == "bound.ceiling"


@pytest.mark.parametrize(
    ("target", "best"),
    [
        ({"measure": "answered", "within": "6s", "at_least": 0.9}, 1.0),
        ({"measure": "rounds", "within": "20s", "at_least": 0.9}, 1 - math.exp(-2)),
        ({"measure": "buyers", "within": "20s", "at_least": 0.9}, 1 - math.exp(-2)),
        ({"measure": "mean_first_reply", "at_most": "9s"}, 10.0),
        ({"measure": "abandonment", "at_most": 0.1}, None),
        ({"measure": "first_reply", "within": "6s", "at_least": 0.9, "counts": "any"}, None),
    ],
)
def test_ceilings_by_measure(target: dict[str, Any], best: float | None) -> None:
    scenario = shop(queues={"pre_sales": chat(first_reply=SLOW, reply=SLOW)}, targets=[target])
    found = ceiling(scenario, scenario.targets[0])
    assert found == (None if best is None else pytest.approx(best))


def test_a_share_of_days_is_impossible_only_beyond_doubt() -> None:
    def why(at_least: float, on: float) -> str:
        target = {"measure": "first_reply", "within": "6s", "at_least": at_least, "on": on}
        scenario = shop(queues={"pre_sales": chat(first_reply=SLOW)}, targets=[target])
        return bound_of(scenario, columns_of(scenario)).why

    assert why(0.9, 0.9) == "bound.ceiling"  # 0.45 can reach 0.9 on half of the days at most
    assert why(0.5, 0.9) == ""  # a lucky day may do it


def test_a_minimum_that_no_shift_covers_is_impossible() -> None:
    morning = {"half": {"start": "10:00", "end": "12:00"}}
    scenario = shop(limits={"min_on_duty": 1}, shifts=morning)
    found = bound_of(scenario, columns_of(scenario))
    assert (found.cost, found.why) == (math.inf, "bound.duty")


def test_a_queue_served_only_by_nobody_is_impossible() -> None:
    scenario = shop(groups={"main": group(people=0)})
    found = bound_of(scenario, columns_of(scenario))
    assert (found.cost, found.why) == (math.inf, "bound.work")


def test_too_few_people_are_not_called_impossible_without_proof() -> None:
    scenario = shop(groups={"main": group(people=1)}, targets=[{**PLAIN["targets"][0], "at_least": 0.99}])
    assert bound_of(scenario, columns_of(scenario)).why == ""


# -- large shops --------------------------------------------------------------------------------------


def test_where_no_clock_ends_it_a_large_program_is_not_asked_for_whole_people(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario = calls(0.7)
    columns, whole, solve = columns_of(scenario), bound(calls(0.7)), Program.solve
    asked: list[bool] = []

    def solving(self: Program, **limits: Any) -> Solution:
        asked.append(bool(np.any(np.concatenate(self._whole))))
        return solve(self, **limits)

    monkeypatch.setattr(Program, "solve", solving)
    monkeypatch.setattr(bounds, "LARGE", 0)
    loose = bound_of(scenario, columns, seconds=None).cost
    assert asked == [True, False]  # what is legal, and what has the time
    assert 0 < loose < whole
    assert bound_of(scenario, columns, seconds=5.0).cost == pytest.approx(whole)


def test_where_time_is_too_short_for_whole_people_parts_of_them_still_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solve = Program.solve

    def short(self: Program, **limits: Any) -> Solution:
        if np.any(np.concatenate(self._whole)):
            return Solution(Status.UNKNOWN, Termination.LIMIT, np.zeros(0), math.inf, -math.inf)
        return solve(self, **limits)

    whole = bound(calls(0.7))
    monkeypatch.setattr(Program, "solve", short)
    assert 0.5 * whole < bound(calls(0.7)) < whole
