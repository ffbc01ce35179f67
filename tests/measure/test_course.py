"""What happened in each planning interval, summed over replications without a rounding error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cssim.engine.floor import Duty
from cssim.engine.log import Outcome
from cssim.measure.course import edges
from cssim.measure.estimate import bounds
from cssim.measure.measures import BINS, ON
from cssim.measure.service import Ruler
from cssim.measure.summary import (
    cost_per_contact,
    cost_result,
    group_results,
    interval_columns,
    queue_results,
    shown_targets,
)
from cssim.queueing import erlang
from cssim.scenario.shifts import shifts_of
from tests.measure.build import HOUR, H, W, contact, log_of, never, reply, shop, tally

ROWS = [
    H(0, [reply(0, 4), reply(1800, 10)], work=600, held=(0, 2700)),
    contact(10, 9, queue=1),
    H(20, [never(20)], Outcome.ABANDONED, agent=-1),
]
WORKERS = [W(0, 2700, breaks=[(900, 1200)]), W(0, 2700, group=1, present=False)]


def measured(rows=ROWS, times=1, **changes):
    scenario = shop({"measure": "first_reply", "within": "6s", "at_least": 0.8}, **changes)
    log = log_of(scenario, rows, WORKERS)
    day, one = Ruler.of(scenario, ()).measure(log)
    course = one
    for _ in range(times - 1):
        course = course + one
    return scenario, [day] * times, course


def test_columns_by_interval():
    columns = interval_columns(*measured(times=3))
    assert columns["start"][:2] == ["2026-11-10 18:00", "2026-11-10 18:30"]
    assert len(columns["start"]) == 64
    pre_sales = {name: values[:3] for name, values in columns["queues"]["pre_sales"].items()}
    assert pre_sales["offered_p10"] == pre_sales["offered_p90"] == [2, 0, 0]
    assert pre_sales["in_time"] == [0.5, None, None]
    assert pre_sales["first_reply_p99_s"] == [pytest.approx(4, rel=0.05), None, None]
    assert pre_sales["first_reply_p50_s"] == [pytest.approx(4, rel=0.05), None, None]
    main = columns["groups"]["main"]
    assert main["present"][:3] == [pytest.approx(1500 / 1800), 0.5, 0]
    assert main["replying"][:3] == [pytest.approx(600 / 1800), pytest.approx(600 / 1800), 0]
    assert main["open_chats"][:3] == [1, 0.5, 0]
    assert columns["groups"]["temps"]["present"][:1] == [0]


def test_the_share_in_time_has_bounds_at_the_promises_confidence():
    scenario, days, course = measured(times=3)
    _, better, _ = measured([contact(0, 3), contact(5, 4)])
    days = [*days, *better]
    columns = interval_columns(scenario, days, course)["queues"]
    pre_sales = {name: values[:2] for name, values in columns["pre_sales"].items()}
    _, low, high = bounds(np.array([[1.0]] * 3 + [[2.0]]), np.full((4, 1), 2.0), "share", 1 - 0.95)
    assert pre_sales["in_time"] == [5 / 8, None]
    assert pre_sales["in_time_low"] == [low[0], None]
    assert pre_sales["in_time_high"] == [high[0], None]
    assert set(columns["pre_sales"]["promised"]) == {0.8}


def test_a_promise_is_told_in_the_hours_in_which_it_counts():
    target = {"measure": "rounds", "within": "3min", "at_least": 0.9, "queues": ["pre_sales"]}
    hours = {"from": "23:00", "to": "00:45"}
    horizon = {"from": "2026-11-10 22:00", "to": "2026-11-11 02:00", "measure_from": "2026-11-10 23:30"}
    scenario = shop({**target, "hours": hours}, horizon=horizon)
    day, course = Ruler.of(scenario, ()).measure(log_of(scenario, ROWS, WORKERS))
    columns = interval_columns(scenario, [day], course)
    assert columns["queues"]["pre_sales"]["promised"] == [None] * 3 + [0.9] * 3 + [None] * 2
    assert set(columns["queues"]["after_sales"]["promised"]) == {None}
    assert shown_targets(scenario) == {"pre_sales": 0, "after_sales": None}


def test_a_pool_is_the_sum_of_its_queues_and_groups():
    columns = interval_columns(*measured(times=3))
    (pool,) = columns["pools"]
    queues, groups = columns["queues"].values(), columns["groups"].values()
    assert pool["needed"] == [sum(x) for x in zip(*(queue["needed"] for queue in queues), strict=True)]
    assert pool["present"] == [sum(x) for x in zip(*(group["present"] for group in groups), strict=True)]
    assert pool["replying"] == [sum(x) for x in zip(*(group["replying"] for group in groups), strict=True)]


def test_a_groups_cost_is_told_in_parts():
    scenario = shop(
        groups={
            "main": {
                "serves": ["pre_sales", "after_sales"],
                "pay": {
                    "per_hour": 30,
                    "night": {"from": "22:00", "to": "08:00", "times": 1.5},
                    "per_shift": 7,
                    "overtime": 2,
                },
            }
        }
    )
    late = next(s for s in shifts_of(scenario, "main") if s.name == "late" and s.start == 0)
    roster = (Duty("main", late, 2),)
    log = log_of(scenario, ROWS, [W(0, 6 * HOUR, overtime=HOUR / 2), W(0, 6 * HOUR)])
    day = Ruler.of(scenario, roster).measure(log).day
    main = group_results(scenario, [day, day], roster)["main"].to_dict()["cost"]
    assert main == {
        "value": 360 + 60 + 30 + 14,
        "half_width": 0,
        "base": 360,
        "night": 60,
        "overtime": 30,
        "fixed": 14,
    }


def test_offered_varies_over_replications():
    scenario, days, course = measured()
    _, none, _ = measured(rows=[])
    columns = interval_columns(scenario, [*days * 3, *none * 7], course)
    assert [columns["queues"]["pre_sales"][f"offered_p{p}"][0] for p in (10, 50, 90)] == [0, 0, 2]


def test_needed_is_erlangs_answer_to_the_rounds_that_came():
    rows = [H(30.0 * k, [reply(30.0 * k, 5)], work=60) for k in range(60)]
    needed = interval_columns(*measured(rows, times=3))["queues"]["pre_sales"]["needed"]
    assert needed[0] == erlang.agents(1 / 30, 60, 6, 0.8)
    assert needed[1] == 0


def test_needed_is_nothing_without_a_reply_target():
    scenario = shop({"measure": "occupancy", "at_most": 0.8})
    day, course = Ruler.of(scenario, ()).measure(log_of(scenario, ROWS, WORKERS))
    columns = interval_columns(scenario, [day], course)
    assert set(columns["queues"]["pre_sales"]["needed"]) == {None}


def test_the_last_interval_may_be_cut_short():
    horizon = {"from": "2026-11-10 18:00", "to": "2026-11-10 18:40"}
    columns = interval_columns(*measured(horizon=horizon))
    assert columns["groups"]["main"]["present"] == [pytest.approx(1500 / 1800), 1.0]


def test_the_warm_up_shows_who_was_there_but_no_contacts():
    horizon = {"from": "2026-11-10 18:00", "to": "2026-11-10 20:00", "measure_from": "2026-11-10 18:30"}
    scenario, days, course = measured(horizon=horizon)
    assert course.messages[0].tolist() == [0, 1, 0, 0]
    columns = interval_columns(scenario, days, course)
    assert columns["groups"]["main"]["present"][0] == pytest.approx(1500 / 1800)
    assert columns["queues"]["pre_sales"]["first_reply_p50_s"] == [None] * 4


def test_the_summary_of_queues_groups_and_cost():
    scenario, days, _ = measured(times=4)
    queue = queue_results(scenario, days)["pre_sales"].to_dict()
    assert queue["offered"] == {"value": 2, "half_width": 0}
    assert queue["first_reply"]["mean_s"] == {"value": 4, "half_width": 0}
    assert queue["first_reply"]["p90_s"]["value"] == 4
    assert queue["mean_reply_s"]["value"] == 7
    assert queue["wait"]["mean_s"]["value"] == 0
    group = group_results(scenario, days, ())["main"].to_dict()
    assert group["occupancy"]["value"] == 0.5
    assert group["open_chats"]["value"] == pytest.approx(2700 / 2400)
    assert group_results(scenario, days, ())["temps"].to_dict()["occupancy"]["value"] is None
    assert cost_result(days).to_dict() == {
        "value": 0,
        "half_width": 0,
        "base": 0,
        "night": 0,
        "overtime": 0,
        "fixed": 0,
    }
    assert cost_per_contact(days).value == 0


def grid(seconds):
    """Multiples of the grid of time."""
    return np.floor(np.array(seconds) * 2**20) / 2**20


@given(st.lists(st.floats(0, 4e5), min_size=1, max_size=40), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bin_of_the_true_one(times, share):
    times = np.sort(grid(times))
    course = measured([contact(0, after) for after in times])[2]
    counts = course.first_reply[0, 0]
    found = np.repeat(np.arange(BINS), counts)
    assert np.all((edges()[found] <= times) & ((times <= edges()[found + 1]) | (found == BINS - 1)))
    k = found[int(np.ceil(share * len(times) - 1e-9)) - 1]
    assert edges()[k] <= course.first_reply_at(share)[0, 0] <= edges()[k + 1]


def presence(workers, interval):
    """The time of agents, all of the first group."""
    horizon = {"from": "2026-11-10 18:00", "to": "2026-11-10 20:00", "interval": interval}
    scenario = shop(horizon=horizon)
    _, time = Ruler.of(scenario, ()).tables.count(log_of(scenario, [], workers))
    return time


seconds = st.integers(-90, 7290)
spans = st.lists(st.tuples(seconds, st.integers(0, 900), st.integers(0, 900)), max_size=8)


@given(spans)
def test_time_on_in_intervals_is_the_sum_of_overlaps_without_breaks(given_):
    workers = [W(a, a + b + d + 60, breaks=[(a + b, a + b + d)]) for a, b, d in given_]
    on = [part for a, b, d in given_ for part in ((a, a + b), (a + b + d, a + b + d + 60))]
    starts = np.arange(0, 7200, 300.0)
    wanted = [sum(max(0, min(b, low + 300) - max(a, low)) for a, b in on) * 2**20 for low in starts]
    assert presence(workers, "5min").ticks(starts, starts + 300)[ON, 0].tolist() == wanted


@given(spans)
def test_time_on_in_odd_hours_is_the_sum_of_overlaps(given_):
    workers = [W(a, a + b + 1) for a, b, _ in given_]
    asked = {"measure": "occupancy", "at_most": 0.8, "hours": {"from": "18:07", "to": "19:23"}}
    on = sum(max(0, min(a + b + 1, 83 * 60) - max(a, 7 * 60)) for a, b, _ in given_)
    assert tally(asked, [], workers).whole.tolist() == [on]


def test_sums_over_intervals_are_exact():
    rng = np.random.default_rng(1)
    starts = grid(rng.random(2000) * HOUR)
    ends = starts + grid(rng.random(2000) * 900)
    edges_of = np.arange(0, 2 * HOUR + 1, 300.0)
    total = sum(round((b - a) * 2**20) for a, b in zip(starts, ends, strict=True))
    time = presence([W(a, b) for a, b in zip(starts, ends, strict=True)], "5min")
    assert int(time.ticks(edges_of[:-1], edges_of[1:])[ON].sum()) == total
