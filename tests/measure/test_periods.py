"""The periods of a promise and the time in them that counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cssim.measure.periods import locate, periods_of, spans_of
from cssim.scenario.clock import Calendar, in_hours
from cssim.scenario.schema import Hours
from tests.measure.build import HOUR, shop

FIRST = {"measure": "first_reply", "within": "6s", "at_least": 0.8}


def periods(target, **changes):
    scenario = shop({**FIRST, **target}, **changes)
    return periods_of(scenario, scenario.targets[0])


def test_days_are_local_dates():
    labels = [(p.label, p.spans) for p in periods({"each": "day"})]
    assert labels == [
        ("2026-11-10", ((0, 6 * HOUR),)),
        ("2026-11-11", ((6 * HOUR, 30 * HOUR),)),
        ("2026-11-12", ((30 * HOUR, 32 * HOUR),)),
    ]


def test_only_periods_in_which_gated_hours_meet_the_measured_part():
    hours = {"hours": {"from": "23:30", "to": "01:00"}}
    found = periods({"each": "hour", **hours})
    assert [p.label[5:] for p in found] == ["11-10 23:00", "11-11 00:00", "11-11 23:00", "11-12 00:00"]
    horizon = {"from": "2026-11-10 18:00", "to": "2026-11-11 00:30", "measure_from": "2026-11-11 00:00"}
    found = periods({"each": "day", **hours}, horizon=horizon)
    assert [(p.label, p.spans) for p in found] == [("2026-11-11", ((6 * HOUR, 6.5 * HOUR),))]


def test_a_date_of_hours_past_midnight_has_two_spans():
    found = periods({"each": "day", "hours": {"from": "22:00", "to": "02:00"}})
    assert found[1].spans == ((6 * HOUR, 8 * HOUR), (28 * HOUR, 30 * HOUR))


def test_opening_hours_gate_where_offline_is_excluded():
    opening = {"opening_hours": {"from": "08:00", "to": "24:00"}}
    assert periods({}, **opening)[0].spans == ((0, 32 * HOUR),)
    gated = periods({"offline": "excluded", "hours": {"from": "20:00", "to": "10:00"}}, **opening)
    assert gated[0].spans == ((2 * HOUR, 6 * HOUR), (14 * HOUR, 16 * HOUR), (26 * HOUR, 30 * HOUR))


def test_a_moment_belongs_to_the_span_that_begins_with_it():
    found = periods({"each": "day", "hours": {"from": "20:00", "to": "22:00"}})
    seconds = np.array([2 * HOUR - 1, 2 * HOUR, 4 * HOUR, 26 * HOUR, np.nan, -1.0])
    assert locate(found, seconds).tolist() == [-1, 0, -1, 1, -1, -1]


clocks = st.integers(0, 48).map(lambda k: f"{k // 2:02d}:{k % 2 * 30:02d}")


@given(clocks, clocks, st.integers(0, 23), st.integers(1, 80))
def test_spans_of_hours_hold_just_the_moments_whose_clock_is_in_them(start, end, begin, length):
    hours = Hours.model_validate({"from": start, "to": end})
    scenario = shop(horizon={"from": f"2026-11-10 {begin:02d}:00", "to": "2026-11-14 12:00"})
    calendar = Calendar.of(scenario.horizon)
    last = min(length * HOUR, calendar.seconds)
    spans = spans_of(hours, calendar, 0.0, last)
    moments = np.arange(0, last, 900.0) + 1
    inside = np.zeros(len(moments), dtype=bool)
    for a, b in spans:
        assert not np.any(inside[(moments >= a) & (moments < b)])
        inside |= (moments >= a) & (moments < b)
    assert inside.tolist() == in_hours(hours, calendar.clock(moments)).tolist()


@pytest.mark.parametrize("each", ["hour", "day", "horizon"])
def test_periods_share_out_the_gated_time(each):
    hours = {"hours": {"from": "08:15", "to": "23:20"}}
    whole = sum(b - a for a, b in periods(hours)[0].spans)
    assert sum(b - a for p in periods({**hours, "each": each}) for a, b in p.spans) == whole
