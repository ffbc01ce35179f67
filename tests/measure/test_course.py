"""What happened in each planning interval, summed over replications without a rounding error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cssim.engine.log import Outcome
from cssim.measure.course import BINS, Course, bin_of, course_of, edges
from cssim.measure.presence import Meter
from cssim.measure.service import measure_day
from cssim.measure.summary import (
    cost_per_contact,
    cost_result,
    group_results,
    interval_columns,
    queue_results,
)
from cssim.queueing import erlang
from tests.measure.build import HOUR, NAN, H, W, contact, log_of, never, reply, shop

ROWS = [
    H(0, [reply(0, 4), reply(1800, 10)], work=600, held=(0, 2700)),
    contact(10, 9, queue=1),
    H(20, [never(20)], Outcome.ABANDONED, agent=-1),
]
WORKERS = [W(0, 2700, breaks=[(900, 1200)]), W(0, 2700, group=1, present=False)]


def measured(rows=ROWS, times=1, **changes):
    scenario = shop({"measure": "first_reply", "within": "6s", "at_least": 0.8}, **changes)
    log = log_of(scenario, rows, WORKERS)
    course = course_of(scenario, log)
    for _ in range(times - 1):
        course = course + course_of(scenario, log)
    return scenario, [measure_day(scenario, log, ())] * times, course


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
    log = log_of(scenario, ROWS, WORKERS)
    columns = interval_columns(scenario, [measure_day(scenario, log, ())], course_of(scenario, log))
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
    group = group_results(scenario, days)["main"].to_dict()
    assert group["occupancy"]["value"] == 0.5
    assert group["open_chats"]["value"] == pytest.approx(2700 / 2400)
    assert group_results(scenario, days)["temps"].to_dict()["occupancy"]["value"] is None
    assert cost_result(days).to_dict() == {
        "value": 0,
        "half_width": 0,
        "base": 0,
        "night": 0,
        "overtime": 0,
        "fixed": 0,
    }
    assert cost_per_contact(days).value == 0


@given(st.lists(st.floats(0, 4e5), min_size=1, max_size=40), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bin_of_the_true_one(times, share):
    found = bin_of(np.array(times))
    assert np.all((edges()[found] <= times) & ((times <= edges()[found + 1]) | (found == BINS - 1)))
    counts = np.bincount(found, minlength=BINS).reshape(1, 1, BINS)
    nothing = np.zeros((1, 1), dtype=np.int64)
    course = Course(1, counts, nothing, nothing, nothing, nothing, nothing)
    true = np.sort(times)[int(np.ceil(share * len(times) - 1e-9)) - 1]
    k = int(bin_of(np.array([true]))[0])
    assert edges()[k] <= course.first_reply_at(share)[0, 0] <= edges()[k + 1]


def meter(starts, ends):
    """The meter of spans of agent 0, who is in the first group."""
    scenario = shop()
    return Meter.of(log_of(scenario, []), starts, ends, np.zeros(len(starts), dtype=np.int64))


spans = st.lists(st.tuples(st.integers(-50, 150), st.integers(0, 90)), max_size=8)


@given(spans, spans)
def test_time_within_spans_is_the_sum_of_overlaps(inner, outer):
    starts = np.array([a for a, _ in inner] + [NAN], dtype=float)
    ends = starts + np.array([d for _, d in inner] + [1], dtype=float)
    lows = np.array([a for a, _ in outer], dtype=float)
    highs = lows + np.array([d for _, d in outer], dtype=float)
    overlap = [sum(max(0, min(a + d, low + n) - max(a, low)) for a, d in inner) * 2**20 for low, n in outer]
    assert meter(starts, ends).ticks(lows, highs)[0].tolist() == overlap


def test_sums_over_intervals_are_exact():
    rng = np.random.default_rng(1)
    starts = np.floor(rng.random(2000) * HOUR * 2**20) / 2**20
    ends = starts + np.floor(rng.random(2000) * 900 * 2**20) / 2**20
    edges_of = np.arange(0, 2 * HOUR + 1, 300.0)
    total = sum(round((b - a) * 2**20) for a, b in zip(starts, ends, strict=True))
    assert int(meter(starts, ends).ticks(edges_of[:-1], edges_of[1:]).sum()) == total
