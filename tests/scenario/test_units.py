"""Durations, clock times, dates, shares and rates: what is written comes back as the same number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cssim.errors import Wrong
from cssim.scenario.units import (
    LONGEST,
    format_clock,
    format_duration,
    format_moment,
    format_rate,
    format_share,
    is_on,
    parse_clock,
    parse_date,
    parse_duration,
    parse_moment,
    parse_rate,
    parse_share,
)


@given(st.floats(0, LONGEST) | st.integers(0, int(LONGEST)).map(float))
def test_durations_come_back(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.integers(0, 86400))
def test_clock_times_come_back(seconds: int) -> None:
    assert parse_clock(format_clock(seconds)) == seconds


@given(st.floats(0, 1))
def test_shares_come_back(share: float) -> None:
    assert parse_share(format_share(share)) == share


@given(st.floats(0, 1e9))
def test_rates_come_back(per_second: float) -> None:
    assert parse_rate(format_rate(per_second)) == per_second


@given(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31)).map(lambda m: m.replace(microsecond=0)))
def test_moments_come_back(moment: datetime) -> None:
    assert parse_moment(format_moment(moment)) == moment


@given(st.dates(date(1970, 1, 1), date(2199, 12, 31)))
def test_dates_come_back_with_and_without_their_year(day: date) -> None:
    assert parse_date(day.isoformat()) == day.isoformat()
    assert is_on(parse_date(day.isoformat()), day)
    assert is_on(parse_date(f"{day.month}-{day.day}"), day)
    assert not is_on(parse_date(day.isoformat()), day + timedelta(days=366))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6s", 6),
        ("6秒", 6),
        ("5min", 300),
        ("5 分钟", 300),
        ("2小时", 7200),
        ("1h30min", 5400),
        ("1小时30分", 5400),
        ("1h 30min 5s", 5405),
        ("2d", 172800),
        ("1天", 86400),
        ("250ms", 0.25),
        ("0.5h", 1800),
        ("6 Sec", 6),
        ("0", 0),
        (0, 0),
        (timedelta(minutes=2), 120),
    ],
)
def test_durations_in_many_spellings(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "share"),
    [("40%", 0.4), ("40 %", 0.4), ("0.4", 0.4), (0.4, 0.4), (1, 1.0), ("0%", 0.0), ("7%", 0.07)],
)
def test_shares_in_many_spellings(text: object, share: float) -> None:
    assert parse_share(text) == share


def test_human_spellings_are_preferred() -> None:
    assert format_duration(5400) == "1h30min"
    assert format_duration(12.5) == "12.5s"
    assert format_share(0.07) == "7%"
    assert format_share(1 / 3) == repr(1 / 3)
    assert format_rate(parse_rate("200/h")) == "200/h"
    assert format_clock(86400) == "24:00"


def test_a_rate_may_be_asked_for_in_another_time_without_loss() -> None:
    assert parse_rate("32/h", per=3600) == 32
    assert parse_rate("200/小时") == 200 / 3600


def test_midnight_has_two_names() -> None:
    assert parse_moment("2026-11-10 24:00") == parse_moment("2026-11-11 00:00") == parse_moment("2026-11-11")
    assert parse_moment("2026/11/10 9:05") == datetime(2026, 11, 10, 9, 5)
    assert parse_moment("2026-11-10T18:00") == datetime(2026, 11, 10, 18)


@pytest.mark.parametrize(
    ("parse", "given", "key"),
    [
        (parse_duration, 6, "duration.unit"),
        (parse_duration, "1h6", "duration.unit"),
        (parse_duration, -6, "duration.negative"),
        (parse_duration, "-6s", "duration.negative"),
        (parse_duration, timedelta(-1), "duration.negative"),
        (parse_duration, "6 ss", "duration.unknown_unit"),
        (parse_duration, "", "duration.not"),
        (parse_duration, True, "duration.not"),
        (parse_duration, "６s", "duration.not"),
        (parse_duration, "1e400h", "duration.long"),
        (parse_clock, "24:01", "clock.not"),
        (parse_clock, "9:5", "clock.not"),
        (parse_clock, "08:60", "clock.not"),
        (parse_clock, 30600, "clock.not"),
        (parse_share, "１0%", "share.not"),
        (parse_share, "1_0%", "share.not"),
        (parse_share, True, "share.not"),
        (parse_share, float("nan"), "share.range"),
        (parse_share, "-1%", "share.range"),
        (parse_share, 40, "share.percent"),
        (parse_rate, "200", "rate.not"),
        (parse_rate, "200/fortnight", "rate.not"),
        (parse_rate, "-1/h", "rate.negative"),
        (parse_date, "02-30", "date.not"),
        (parse_date, "2026-02-29", "date.not"),
        (parse_date, "0026-02-28", "date.year"),
        (parse_date, datetime(2026, 1, 1), "date.not"),
        (parse_moment, "18:00", "moment.not"),
        (parse_moment, "2026-11-10 18h", "moment.not"),
        (parse_moment, "2026-11-10 18:00Z", "moment.zone"),
        (parse_moment, datetime(2026, 1, 1, microsecond=5), "moment.not"),
    ],
)
def test_what_is_no_such_thing_is_told(parse: Callable[[object], object], given: object, key: str) -> None:
    with pytest.raises(Wrong) as wrong:
        parse(given)
    assert wrong.value.key == key
    assert str(wrong.value)
