"""Durations, clock times, dates, shares and rates: from what a planner writes to plain numbers, and back.

Every ``parse_x`` accepts what ``format_x`` writes and gives the same number again. Durations are seconds,
clock times are seconds after midnight, shares lie in [0, 1], rates are per second.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

from cssim.errors import Wrong

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

_UNITS: dict[str, float] = {
    **dict.fromkeys(("ms", "毫秒"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "秒", "秒钟"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "分", "分钟"), MINUTE),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "时", "小时", "个小时", "钟头"), HOUR),
    **dict.fromkeys(("d", "day", "days", "天", "日"), DAY),
}
_PART = re.compile(r"(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*([^\d\s.+\-]+)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_MONTH_DAY = re.compile(r"(\d{1,2})-(\d{1,2})")


def parse_duration(value: object) -> float:
    """Seconds from ``6s``, ``1h30min``, ``5分钟``, a `timedelta`, or a bare 0.

    Raises:
        Wrong: no unit, an unknown unit, a negative duration, or not a duration at all.
    """
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        if seconds < 0:
            raise Wrong("duration.negative", given=value)
        return seconds
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Wrong("duration.not", given=value)
    if isinstance(value, (int, float)):
        if value == 0:
            return 0.0
        raise Wrong("duration.unit", given=value)
    text = value.strip()
    if text == "0":
        return 0.0
    if text.startswith("-"):
        raise Wrong("duration.negative", given=text)
    seconds, at = 0.0, 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            bare = re.fullmatch(r"[\d.]+", text[at:].strip())
            raise Wrong("duration.unit" if bare else "duration.not", given=text)
        unit = part[2].rstrip() if part[2].rstrip() in _UNITS else part[2].rstrip().lower()
        if unit not in _UNITS:
            raise Wrong("duration.unknown_unit", given=text, unit=part[2])
        seconds += float(part[1]) * _UNITS[unit]
        at = part.end()
        while at < len(text) and text[at].isspace():
            at += 1
    if not text:
        raise Wrong("duration.not", given=value)
    if not math.isfinite(seconds):
        raise Wrong("duration.not", given=value)
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest exact spelling: ``1h30min``, ``6s``, ``12.5s``."""
    if seconds != int(seconds):
        return f"{seconds!r}s"
    whole = int(seconds)
    if whole == 0:
        return "0s"
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return "".join(f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "min"), (secs, "s")) if n)


def parse_clock(value: object) -> float:
    """Seconds after midnight from ``21:30`` or ``24:00`` (or ``21:30:05``).

    Raises:
        Wrong: not a time of day from 00:00 to 24:00.
    """
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Wrong("clock.not", given=value)
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
    total = hours * HOUR + minutes * MINUTE + seconds
    if minutes > 59 or seconds > 59 or total > DAY:
        raise Wrong("clock.not", given=value)
    return total


def format_clock(seconds: float) -> str:
    """``21:30``, or ``21:30:05`` where there are seconds."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours:02d}:{minutes:02d}" + (f":{secs:02d}" if secs else "")


def parse_share(value: object) -> float:
    """A number in [0, 1] from ``40%`` or ``0.4``.

    Raises:
        Wrong: not a number, or outside [0, 1].
    """
    if isinstance(value, bool):
        raise Wrong("share.not", given=value)
    try:
        if isinstance(value, str) and value.strip().endswith("%"):
            share = float(value.strip()[:-1]) / 100
        else:
            share = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise Wrong("share.not", given=value) from None
    if not 0 <= share <= 1:
        raise Wrong("share.range", given=value)
    return share


def parse_rate(value: object) -> float:
    """Events per second from ``32/h``, ``10/min``, ``200/小时``.

    Raises:
        Wrong: not a rate, no unit of time, or negative.
    """
    text = value.strip() if isinstance(value, str) else ""
    number, slash, unit = text.partition("/")
    unit = unit.strip() if unit.strip() in _UNITS else unit.strip().lower()
    try:
        count = float(number)
    except ValueError:
        raise Wrong("rate.not", given=value) from None
    if not slash or unit not in _UNITS or not math.isfinite(count):
        raise Wrong("rate.not", given=value)
    if count < 0:
        raise Wrong("rate.negative", given=value)
    return count / _UNITS[unit]


def format_rate(per_second: float) -> str:
    """The rate per second, which loses nothing."""
    return f"{per_second!r}/s"


def parse_date(value: object) -> str:
    """``2026-11-11``, or ``11-11`` for that day of whatever year the horizon has, in one spelling.

    Raises:
        Wrong: not a date of the calendar.
    """
    if isinstance(value, datetime):
        raise Wrong("date.not", given=value)
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        raise Wrong("date.not", given=value)
    text = value.strip()
    month_day = _MONTH_DAY.fullmatch(text)
    try:
        if month_day:
            return date(2000, int(month_day[1]), int(month_day[2])).isoformat()[5:]
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Wrong("date.not", given=value) from None


def is_on(written: str, day: date) -> bool:
    """Whether a date as `parse_date` gives it means that day."""
    return day.isoformat().endswith(written)


def parse_moment(value: object) -> datetime:
    """A local date and time from ``2026-11-10 18:00`` (``24:00`` is the next midnight).

    Raises:
        Wrong: not a date and a time of day, or with a time zone of its own.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)
    elif isinstance(value, str):
        day, _, clock = value.strip().replace("T", " ").partition(" ")
        try:
            midnight = datetime.fromisoformat(day)
            moment = midnight + timedelta(seconds=parse_clock(clock) if clock.strip() else 0)
        except (ValueError, OverflowError):
            raise Wrong("moment.not", given=value) from None
    else:
        raise Wrong("moment.not", given=value)
    if moment.tzinfo is not None:
        raise Wrong("moment.zone", given=value)
    return moment


def format_moment(moment: datetime) -> str:
    """``2026-11-10 18:00``, with seconds where there are any."""
    return moment.isoformat(sep=" ", timespec="minutes" if moment.second == 0 else "seconds")


Duration = Annotated[float, BeforeValidator(parse_duration), PlainSerializer(format_duration, str, "json")]
Clock = Annotated[float, BeforeValidator(parse_clock), PlainSerializer(format_clock, str, "json")]
Share = Annotated[float, BeforeValidator(parse_share)]
Rate = Annotated[float, BeforeValidator(parse_rate), PlainSerializer(format_rate, str, "json")]
DateText = Annotated[str, BeforeValidator(parse_date)]
Moment = Annotated[datetime, BeforeValidator(parse_moment), PlainSerializer(format_moment, str, "json")]
