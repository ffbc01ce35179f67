"""What the queues ask of the floor: work where it falls due, curves that rise, capacity shared out fairly."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cssim.engine.floor import policy_of
from cssim.queueing import erlang
from cssim.roster.need import Promise, Way, load_of, promises_of, shared_out
from cssim.scenario.schema import Scenario
from tests.roster.build import PLAIN, group, shop

DAY = {"from": "2026-11-10 00:00", "to": "2026-11-11 00:00", "interval": "30min"}


def queue(**changes: Any) -> dict[str, Any]:
    """The plain queue with some of its fields replaced."""
    return {**PLAIN["queues"]["pre_sales"], **changes}


def test_all_work_of_all_contacts_is_placed() -> None:
    noon = queue(volume={"contacts": 100}, profile=[["00:00", 0], ["10:00", 1], ["12:00", 0]])
    load = load_of(shop(horizon=DAY, queues={"pre_sales": noon}))
    assert load.contacts.sum() == pytest.approx(100)
    assert load.contacts[0, :20].sum() == pytest.approx(0)
    # two rounds on average: 4 s and 30 s
    assert (load.work * 1800).sum() == pytest.approx(100 * 34, rel=2e-3)
    assert (load.replies * 1800).sum() == pytest.approx(200, rel=2e-3)


def test_open_chats_are_littles_law() -> None:
    flat = load_of(shop(horizon=DAY, queues={"pre_sales": queue(volume={"contacts": 2400})}))
    rate, length = 2400 / 86400, 4 + 30 + 30  # first reply, thinking, second reply
    assert flat.chats[0, 24] == pytest.approx(rate * length, rel=2e-3)


def test_later_replies_fall_due_after_the_thinking() -> None:
    burst = queue(
        volume={"contacts": 100},
        profile=[["00:00", 0], ["10:00", 1], ["10:30", 0]],
        chat={"rounds": {"mean": 2, "dist": "fixed"}, "reply": "30s", "think": "1h"},
    )
    scenario = shop(horizon=DAY, queues={"pre_sales": burst})
    load = load_of(scenario, "offered")
    # who comes in the last half minute is answered in the next interval; the second reply is an hour later
    assert np.flatnonzero(load.work[0] > 1e-9).tolist() == [20, 21, 22, 23]
    assert load.work[0, 21] / load.work[0, 20] == pytest.approx(15 / 1785, rel=1e-9)
    assert load.work[0, 20] + load.work[0, 21] == pytest.approx(100 * 30 / 1800)
    assert load.replies[0, [20, 21, 22, 23]] * 1800 == pytest.approx(
        [100, 0, 100 * 59 / 60, 100 / 60], abs=1e-9
    )


@pytest.mark.parametrize("way", get_args(Way))
def test_every_way_places_the_same_work(way: Way) -> None:
    noon = queue(volume={"contacts": 100}, profile=[["00:00", 0], ["10:00", 1], ["10:30", 0]])
    load = load_of(shop(horizon=DAY, queues={"pre_sales": noon}), way)
    assert load.work.sum() * 1800 == pytest.approx(100 * 34, rel=2e-3)
    assert load.replies.sum() * 1800 == pytest.approx(200, rel=2e-3)
    assert load.chats.sum() * 1800 == pytest.approx(100 * (34 + 30), rel=2e-3)


def test_the_simple_way_has_all_work_at_once_and_the_lagged_one_when_it_is_sent() -> None:
    burst = queue(
        volume={"contacts": 100},
        profile=[["00:00", 0], ["10:00", 1], ["10:30", 0]],
        chat={"rounds": 1, "reply": "30min"},
    )
    scenario = shop(horizon=DAY, queues={"pre_sales": burst})
    work = {way: load_of(scenario, way).work[0, 20:23] for way in get_args(Way)}
    assert work["simple"] == pytest.approx([100, 0, 0], abs=1e-9)
    assert work["lagged"] == pytest.approx([0, 100, 0], abs=1e-9)
    assert work["offered"] == pytest.approx([50, 50, 0], abs=1e-9)


def test_the_bot_s_contacts_are_left_out_and_follow_ups_counted() -> None:
    served = queue(
        bot={"covers": 0.5, "resolves": 0.4},
        then=[{"queue": "change", "share": 0.1, "after": "10min"}],
    )
    groups = {"main": group(serves=["pre_sales", "change"])}
    load = load_of(shop(horizon=DAY, queues={"pre_sales": served, "change": {}}, groups=groups))
    assert load.contacts[0].sum() == pytest.approx(120 * 0.8)
    assert load.contacts[1].sum() == pytest.approx(12, rel=0.02)


def promise_of(scenario: Scenario) -> Promise:
    """The curve of the only target."""
    (promise,) = promises_of(scenario, load_of(scenario))
    return promise


def test_a_call_s_curve_is_erlang_s() -> None:
    call = queue(
        volume={"rate": "120/h"},
        chat={"rounds": 1, "reply": {"mean": "3min", "dist": "exponential"}},
        patience={"mean": "2min"},
    )
    target = {"measure": "answered", "within": "20s", "at_least": 0.8}
    scenario = shop(queues={"pre_sales": call}, groups={"main": group(chats=1)}, targets=[target])
    promise = promise_of(scenario)
    agents, share = promise.agents[0, 4], promise.in_time[0, 4]
    # a place and a reply are the same line here, and the curve asks both
    once = erlang.service_level(120 / 3600, 180.0, np.maximum(agents, 1), 20.0, patience=120.0)
    np.testing.assert_allclose(share[1:], np.asarray(once)[1:] ** 2, rtol=1e-6)


@pytest.mark.parametrize(
    "target",
    [
        {"measure": "first_reply", "within": "6s", "at_least": 0.8},
        {"measure": "first_reply", "within": "5min", "at_least": 0.9, "each": "hour", "on": 0.9},
        {"measure": "rounds", "within": "3min", "at_least": 0.9, "hours": {"from": "11:00", "to": "13:00"}},
        {"measure": "buyers", "within": "3min", "at_least": 0.9},
        {"measure": "mean_reply", "at_most": "60s"},
        {"measure": "abandonment", "at_most": 0.05},
        {"measure": "lost_sales", "at_most": 10},
    ],
)
def test_curves_rise_and_are_read_both_ways(target: dict[str, Any]) -> None:
    promise = promise_of(shop(forecast="usual", targets=[target]))
    assert np.all(np.diff(promise.in_time, axis=2) >= 0)
    assert np.all((promise.in_time >= 0) & (promise.in_time <= 1 + 1e-12))
    assert np.all(promise.in_time[..., 0] == 0)
    for share in (0.3, 0.6):
        capacity = promise.capacity(np.full(promise.agents.shape[:2], share))
        np.testing.assert_allclose(promise.at(capacity), share, rtol=1e-9)
    assert promise.kept(np.full(promise.agents.shape[:2], 99.0)).min() > 0.9


def test_hours_that_do_not_count_have_no_weight() -> None:
    target = {
        "measure": "first_reply",
        "within": "6s",
        "at_least": 0.8,
        "hours": {"from": "11:15", "to": "13:00"},
    }
    weight = promise_of(shop(targets=[target])).weight[0, 0]
    np.testing.assert_allclose(weight / weight[4], [0, 0, 0.5, 1, 1, 1, 0, 0], atol=1e-9)


def test_targets_that_people_cannot_bring_nearer_have_no_curve() -> None:
    targets = [
        {"measure": "occupancy", "at_most": 0.8},
        {"measure": "overtime", "at_most": "1h"},
        {"measure": "deflection", "at_least": 0.1},
    ]
    scenario = shop(targets=targets)
    assert promises_of(scenario, load_of(scenario)) == ()


def test_a_group_that_may_be_asked_too_late_is_of_no_use_to_the_promise() -> None:
    groups = {"main": group(), "late": group(serves=[{"queue": "pre_sales", "after": "30s"}])}
    promise = promise_of(shop(groups=groups))
    assert promise.able[:, 0].tolist() == [1.0, 0.0]


def test_a_busy_day_is_planned_for_where_the_promise_is_about_days() -> None:
    target = {"measure": "first_reply", "within": "6s", "at_least": 0.8}
    calm = promise_of(shop(forecast="poor", targets=[target]))
    busy = promise_of(shop(forecast="poor", targets=[{**target, "on": 0.9}]))
    share = np.full(calm.agents.shape[:2], 0.8)
    assert np.all(busy.capacity(share) > calm.capacity(share))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.0, 20.0), min_size=3, max_size=3), st.integers(0, 10**6))
def test_no_group_s_time_is_given_away_twice_or_lost(agents: list[float], seed: int) -> None:
    groups = {
        "a": group(serves=["x"]),
        "b": group(serves=["x", "y"], speed=0.5),
        "c": group(serves=["y", {"queue": "x", "after": "10s"}], speed=2.0),
    }
    scenario = shop(queues={"x": queue(), "y": queue()}, groups=groups, targets=PLAIN["targets"])
    policy, load = policy_of(scenario), load_of(scenario)
    rng = np.random.default_rng(seed)
    on_duty = np.array(agents)[:, None] * rng.random((3, load.work.shape[1]))
    capacity = shared_out(on_duty, load, policy)
    assert capacity.shape == (3, 2, load.work.shape[1])
    assert np.all(capacity >= 0)
    speeds = np.array([1.0, 0.5, 2.0])[:, None]
    np.testing.assert_allclose(capacity.sum(axis=1), speeds * on_duty, rtol=1e-6, atol=1e-9)
    assert np.all(capacity[0, 1] == 0)  # "a" does not serve "y"


def test_capacity_follows_the_work_where_groups_can_help_out() -> None:
    groups = {"both": group(serves=["x", "y"])}
    queues = {"x": queue(volume={"contacts": 300}), "y": queue(volume={"contacts": 100})}
    scenario = shop(queues=queues, groups=groups)
    load = load_of(scenario)
    (capacity,) = shared_out(np.full((1, 8), 4.0), load, policy_of(scenario))
    np.testing.assert_allclose(capacity[0, 4] / capacity[1, 4], 3.0, rtol=1e-6)
