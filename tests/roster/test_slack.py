"""Where people are too few before anything is simulated, also for queues that share them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from cssim.engine.floor import policy_of
from cssim.roster.outlook import outlook_of
from cssim.roster.slack import able_for, people_of, shortages
from cssim.scenario.schema import Scenario

HORIZON = {"from": "2026-11-11 08:00", "to": "2026-11-11 12:00", "interval": "1h"}


def shop(serves: dict[str, list[str]], people: dict[str, int | None], **changes: Any) -> Scenario:
    """A morning of four hours; every group works in the `day` unless it is told otherwise."""
    queues = sorted({queue for theirs in serves.values() for queue in theirs})
    given_: dict[str, Any] = {
        "horizon": HORIZON,
        "queues": {name: {"volume": {"contacts": 10}} for name in queues},
        "groups": {name: {"serves": serves[name], "people": people[name]} for name in serves},
        "shifts": {"day": {"start": "08:00", "end": "12:00"}, "early": {"start": "08:00", "end": "10:00"}},
        "targets": [{"measure": "rounds", "within": "3min", "at_least": 0.8}],
    }
    for group in given_["groups"].values():
        group["shifts"] = ["day"]
    return Scenario.model_validate({**given_, **changes})


def test_nobody_may_work_where_no_shift_is():
    scenario = shop({"a": ["x"]}, {"a": 3})
    early = scenario.groups["a"].model_copy(update={"shifts": ("early",)})
    scenario = scenario.model_copy(update={"groups": {"a": early}})
    assert people_of(scenario).tolist() == [[3, 3, 0, 0]]
    (short,) = shortages(scenario, np.ones((1, 4)), people_of(scenario))
    assert (short.queues, short.first, short.last, short.people) == (("x",), 2, 3, 0)


def test_queues_that_share_people_may_lack_together_what_neither_lacks_alone():
    scenario = shop({"both": ["x", "y"]}, {"both": 3})
    people = people_of(scenario)
    assert shortages(scenario, np.array([[2.0] * 4, [0.0] * 4]), people) == ()
    (short,) = shortages(scenario, np.array([[2.0] * 4, [2.0] * 4]), people)
    assert (short.queues, short.need, short.people) == (("x", "y"), 4, 3)


def test_seats_bound_everybody_and_no_limit_is_no_shortage():
    scenario = shop({"a": ["x"]}, {"a": None})
    assert shortages(scenario, np.full((1, 4), 1e6), people_of(scenario)) == ()
    seated = scenario.model_copy(update={"limits": scenario.limits.model_copy(update={"seats": 2})})
    assert able_for(seated, people_of(seated), [0], policy_of(seated)).tolist() == [2] * 4


def test_people_count_at_their_speed():
    scenario = shop({"a": ["x"]}, {"a": 4})
    slow = scenario.groups["a"].model_copy(update={"speed": 0.5})
    scenario = scenario.model_copy(update={"groups": {"a": slow}})
    assert people_of(scenario)[0].tolist() == [2] * 4


NEEDS = st.lists(st.integers(0, 9), min_size=3, max_size=3)


@given(NEEDS, NEEDS)
def test_something_is_short_exactly_where_people_cannot_be_shared_out(need, people):
    """Against a linear program that shares them out; whole people, so nothing is nearly short."""
    serves = {"a": ["x", "y"], "b": ["y", "z"], "c": ["z"]}
    scenario = shop(serves, dict.fromkeys(serves, 1))
    policy = policy_of(scenario)
    ways = [(g, q) for g in range(3) for q in range(3) if policy.serves[g, q]]
    to = [[-1.0 if q == way[1] else 0.0 for way in ways] for q in range(3)]
    by = [[1.0 if g == way[0] else 0.0 for way in ways] for g in range(3)]
    shared = linprog(np.zeros(len(ways)), A_ub=to + by, b_ub=[-n for n in need] + people).status == 0
    found = shortages(scenario, np.array([need] * 4, float).T, np.array([people] * 4, float).T)
    assert (not found) == shared


def test_check_warns_of_hours_that_nobody_can_fill():
    scenario = shop({"a": ["x"]}, {"a": 1}, queues={"x": {"volume": {"contacts": 4000}}})
    outlook = outlook_of(scenario)
    assert any(fault.key == "outlook.short" for fault in outlook.warnings)
    assert outlook.queues["x"].people.tolist() == [1] * 4
    assert not any(
        fault.key == "outlook.short" for fault in outlook_of(shop({"a": ["x"]}, {"a": 9})).warnings
    )


def test_the_tightest_interval_has_the_least_to_spare():
    queue = outlook_of(shop({"a": ["x"]}, {"a": 5})).queues["x"]
    left = queue.people - queue.need
    assert left[queue.tightest] == pytest.approx(left.min())
