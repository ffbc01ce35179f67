"""Seconds from the horizon's start and the clock on the wall."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cssim.scenario.clock import Calendar, in_hours, overlap
from cssim.scenario.schema import Hours

HOUR = 3600.0
SALE = Calendar(datetime(2026, 11, 10, 18), 32 * HOUR, 1800.0, 2 * HOUR)


def test_a_horizon_touches_the_dates_of_its_first_and_last_moment() -> None:
    assert SALE.dates == (date(2026, 11, 10), date(2026, 11, 11), date(2026, 11, 12))
    until_midnight = Calendar(datetime(2026, 11, 10, 18), 6 * HOUR, 1800.0)
    assert until_midnight.dates == (date(2026, 11, 10),)
    assert SALE.midnight(date(2026, 11, 11)) == 6 * HOUR
    assert SALE.midnight(date(2026, 11, 10)) == -18 * HOUR


def test_a_period_begins_with_its_first_moment() -> None:
    edges = np.array([6 * HOUR - 1, 6 * HOUR])
    assert SALE.day_index(edges).tolist() == [0, 1]
    assert SALE.hour_index(edges).tolist() == [23, 24]
    assert SALE.interval_index(edges).tolist() == [11, 12]
    assert (SALE.intervals, SALE.minutes) == (64, 1920)
    assert Calendar(SALE.start, 3700.0, 1800.0).intervals == 3, "the last may be cut short"


@given(st.integers(0, 32 * 3600 - 1))
def test_moments_and_seconds_are_each_others_inverse(second: int) -> None:
    moment = SALE.moment(second)
    assert SALE.at(moment) == second
    clock = float(SALE.clock(np.array([float(second)]))[0])
    assert clock == moment.hour * 3600 + moment.minute * 60 + moment.second


@given(st.integers(0, 86399), st.integers(0, 86399), st.integers(0, 86399))
def test_hours_may_run_past_midnight(start: int, end: int, second: int) -> None:
    """Counted from the first of them, a moment lies in hours where it comes before their end."""
    hours = Hours.model_construct(start=float(start), end=float(end))
    length = (end - start) % 86400 or 86400
    inside = bool(in_hours(hours, np.array([float(second)]))[0])
    assert inside == ((second - start) % 86400 < length)


def test_overlap_adds_what_disjoint_spans_cover() -> None:
    assert overlap(0, 10, [(-5, 2), (4, 6), (9, 20)]) == 5
    assert overlap(0, 10, [(10, 20)]) == 0
