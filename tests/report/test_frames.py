"""Frames hold the result's own numbers, in columns of equal length, and say what a result lacks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cssim.errors import InputError
from cssim.report import frames
from tests.report.results import planned, simulated

OF_ALL = (
    *(frames.contacts, frames.replies, frames.service, frames.coverage, frames.need, frames.pools),
    *(frames.tightest, frames.promises, frames.levels, frames.days, frames.money, frames.roster),
)
OF_SEARCHES = (frames.history,)

Draw = Callable[[Any], frames.Frame]


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(planned().to_json())
    return found


def rows(frame: frames.Frame) -> list[tuple[Any, ...]]:
    return list(zip(*frame.values(), strict=True))


@pytest.mark.parametrize("frame", OF_ALL + OF_SEARCHES)
def test_a_result_and_its_json_give_the_same_frame(frame: Draw, told: dict[str, Any]) -> None:
    found = frame(told)
    assert found == frame(planned())
    assert rows(found)


@pytest.mark.parametrize("frame", [frame for frame in OF_ALL if frame is not frames.roster])
def test_a_plan_is_seen_through_its_judgement(frame: Draw) -> None:
    assert frame(planned()) == frame(simulated())


def test_intervals_are_told_as_the_result_has_them(told: dict[str, Any]) -> None:
    intervals = told["judgement"]["intervals"]
    n = len(intervals["start"])
    contacts, share = frames.contacts(told), frames.service(told)
    assert contacts["queue"] == ["pre_sales"] * n + ["售后"] * n
    assert contacts["start"] == intervals["start"] * 2
    for column, name in (("p10", "offered_p10"), ("p50", "offered_p50"), ("p90", "offered_p90")):
        assert contacts[column] == [x for queue in intervals["queues"].values() for x in queue[name]]
    assert share["low"][:n] == intervals["queues"]["pre_sales"]["in_time_low"]
    people = frames.coverage(told)
    assert people["pool"] == [1] * 2 * n
    assert people["busy"][n:] == intervals["groups"]["part_timers"]["replying"]
    assert frames.need(told)["needed"] == intervals["pools"][0]["needed"]


def test_promises_stand_as_they_were_judged(told: dict[str, Any]) -> None:
    found = frames.promises(told)
    assert found["name"] == ["golden_6s", "mean_reply", "abandonment"]
    assert found["verdict"] == [target["verdict"] for target in told["targets"]]
    assert found["estimate"] == [target["estimate"] for target in told["targets"]]
    levels = rows(frames.levels(told))
    assert levels[0][:5] == ("pre_sales", "golden_6s", "first_reply", 6.0, 0.8)
    assert levels[1] == ("售后", None, None, None, None, None, None)


def test_there_is_a_row_for_each_simulated_day_of_each_period(told: dict[str, Any]) -> None:
    found = rows(frames.days(told))
    two_dates, whole, also_whole = (target["by_period"] for target in told["targets"])
    assert len(found) == 3 * (len(two_dates) + len(whole) + len(also_whole))
    assert [row[3] for row in found[:3]] == two_dates[0]["days"]
    assert [row[2] for row in found[:4]] == [1, 2, 3, 1]


def test_promises_of_one_name_are_told_apart(told: dict[str, Any]) -> None:
    target = told["targets"][0]
    twice = {**told["judgement"], "targets": [target, target, target]}
    assert frames.promises(twice)["name"] == ["golden_6s", "golden_6s (2)", "golden_6s (3)"]
    assert len(set(frames.days(twice)["target"])) == 3


def test_money_comes_to_the_cost(told: dict[str, Any]) -> None:
    found = frames.money(told)
    cost = told["judgement"]["cost"]
    assert sum(found["amount"]) == pytest.approx(cost["value"])
    for part in frames.PAY:
        of_part = [a for a, p in zip(found["amount"], found["part"], strict=True) if p == part]
        assert sum(of_part) == pytest.approx(cost[part])


def test_each_shift_of_the_roster_is_there_for_the_promise_that_it_saves(told: dict[str, Any]) -> None:
    found = frames.roster(told)
    assert found["count"] == [2, 1]
    assert found["without_target"][0] in {None, "golden_6s", "mean_reply", "abandonment"}
    assert found["without_target"][1] == "mean_reply"
    assert found["without_to"][1] == 1e5
    assert found["without_from"][1] == told["targets"][1]["estimate"]
    assert frames.roster(simulated())["without_target"] == [None, None]


def test_history_is_of_searches_alone(told: dict[str, Any]) -> None:
    found = frames.history(told)
    assert len(found["cost"]) == 50
    assert found["bound"][5] is None
    with pytest.raises(InputError, match=r"^search: "):
        frames.history(simulated())


# -- what tightens ----------------------------------------------------------------------------------------


def of_hours(share: list[float | None], offered: list[float], busy: list[float]) -> dict[str, Any]:
    """A simulation's JSON with these columns for its only queue and its only group of two people."""
    n = len(share)
    nothing = ("on", "at_most", "each", "period", "estimate", "low", "high", "verdict")
    six = {"name": "six", "measure": "first_reply", "within_s": 6.0, "at_least": 0.8, "sure": 0.95}
    in_time = {"in_time": share, "in_time_low": share, "in_time_high": share, "promised": [0.8] * n}
    offers = {f"offered_p{p}": offered for p in (10, 50, 90)}
    return {
        "targets": [{**dict.fromkeys(nothing), **six}],
        "shown_targets": {"chats": 0},
        "pools": [{"groups": ["team"], "queues": ["chats"]}],
        "intervals": {
            "start": [f"2026-11-11 {k:02}:00" for k in range(n)],
            "queues": {"chats": {**in_time, **offers}},
            "groups": {"team": {"present": [2.0] * n, "replying": busy}},
        },
    }


def test_the_tightest_hours_are_those_with_most_late_contacts_then_the_busiest_people() -> None:
    shop = of_hours([0.5, 0.75, 0.81, 0.99, None], [2, 100, 9, 9, 9], [0.5, 1.9, 1.0, 0.1, 0.2])
    found = frames.tightest(shop, most=4)
    assert found["kind"] == ["queue", "queue", "group", "group"]
    assert found["start"] == [f"2026-11-11 {k:02}:00" for k in (1, 0, 1, 2)]
    assert found["value"] == [0.75, 0.5, 0.95, 0.5]
    assert frames.tightest(shop, most=100)["start"][:4] == [f"2026-11-11 {k:02}:00" for k in (1, 0, 2, 3)]


shares = st.none() | st.floats(0, 1)


@settings(deadline=None)
@given(st.lists(st.tuples(shares, st.integers(0, 99), st.floats(0, 2)), min_size=1), st.integers(0, 20))
def test_columns_are_equally_long_and_no_more_rows_than_wanted(
    hours: list[tuple[float | None, int, float]], most: int
) -> None:
    shop = of_hours([a for a, _, _ in hours], [float(b) for _, b, _ in hours], [c for _, _, c in hours])
    found = frames.tightest(shop, most)
    there = sum(a is not None and b > 0 for a, b, _ in hours) + len(hours)
    assert len(rows(found)) == min(most, there)
    for frame in (frames.contacts, frames.service, frames.coverage):
        assert len(rows(frame(shop))) == len(hours)


# -- results of older versions, and broken ones -----------------------------------------------------------


def paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every key of a result, with those that lead to it."""
    if not isinstance(value, dict):
        return []
    return [p for key, inner in value.items() for p in [(*path, key), *paths(inner, (*path, key))]]


def outcome(frame: Draw, result: Any) -> tuple[str, set[int]]:
    """The part of the result that a frame found lacking, or its columns' lengths."""
    try:
        return "", {len(column) for column in frame(result).values()}
    except InputError as error:
        return error.faults[0].path.split(".")[0], set()


READ = [p for p in paths(json.loads(planned().to_json())["judgement"]) if p[0] != "scenario"]


@settings(deadline=None)
@given(st.sampled_from(READ), st.sampled_from(["gone", None, 3, "text", [], {}, [None]]))
def test_whatever_a_result_lacks_is_named(path: tuple[str, ...], instead: Any) -> None:
    broken = json.loads(planned().to_json())["judgement"]
    inner = broken
    for key in path[:-1]:
        inner = inner[key]
    if instead == "gone":
        del inner[path[-1]]
    else:
        inner[path[-1]] = instead
    for frame in OF_ALL:
        lacking, lengths = outcome(frame, broken)
        assert lacking in ("", path[0], "shown_targets")  # which may point to a target that is gone
        assert len(lengths) == (not lacking)


@pytest.mark.parametrize("spoilt", [[], [1.0], ["many"], None, {}])
def test_a_column_that_is_none_is_named(spoilt: Any) -> None:
    broken = json.loads(planned().to_json())["judgement"]
    n = len(broken["intervals"]["start"])
    broken["intervals"]["queues"]["售后"]["offered_p50"] = spoilt * n if spoilt == ["many"] else spoilt
    with pytest.raises(InputError, match=r"^intervals\.queues\.售后\.offered_p50: "):
        frames.contacts(broken)


@pytest.mark.parametrize("path", ["pools", "shown_targets", "intervals.pools", "groups.主力.cost.night"])
def test_a_result_of_an_older_version_says_to_run_again(path: str, told: dict[str, Any]) -> None:
    old = json.loads(json.dumps(told["judgement"]))
    *way, last = path.split(".")
    inner = old
    for key in way:
        inner = inner[key]
    del inner[last]
    lacking = {outcome(frame, old)[0] for frame in OF_ALL}
    assert lacking == {"", path.split(".")[0]}
    with pytest.raises(InputError, match=f"^{path}: .* again$"):
        [frame(old) for frame in OF_ALL]
