"""Durations, clock times, dates, shares and rates: from what a planner writes to plain numbers, and back.

Every ``parse_x`` accepts what ``format_x`` writes and gives the same number again. Durations are seconds,
clock times are seconds after midnight, shares lie in [0, 1], rates are per second.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta

from cssim.errors import Wrong

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

_UNITS: dict[str, float] = {
    **dict.fromkeys(("ms", "毫秒"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "秒", "秒钟"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "分", "分钟"), MINUTE),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "时", "小时", "个小时", "钟头"), HOUR),
    **dict.fromkeys(("d", "day", "days", "天", "日"), DAY),
}
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_PART = re.compile(r"\s*(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*([^\d\s.+\-]+)", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_DATE = re.compile(r"(?:(\d{4})[-/])?(\d{1,2})[-/](\d{1,2})", re.ASCII)

LONGEST = 3660 * DAY
"""Longest duration that is taken for one; also keeps all arithmetic with durations finite."""
_YEARS = range(1970, 2200)


def parse_duration(value: object) -> float:
    """Seconds from ``6s``, ``1h30min``, ``5分钟``, a `timedelta`, or a bare 0.

    Raises:
        Wrong: no unit, an unknown unit, negative, longer than ten years, or not a duration at all.
    """
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Wrong("duration.not", given=value)
    elif isinstance(value, str):
        seconds = _written_duration(value.strip())
    elif value == 0:
        seconds = 0.0
    else:
        raise Wrong("duration.negative" if value < 0 else "duration.unit", given=value)
    if seconds < 0:
        raise Wrong("duration.negative", given=value)
    if not seconds <= LONGEST:
        raise Wrong("duration.long", given=value)
    return seconds


def _written_duration(text: str) -> float:
    if _NUMBER.fullmatch(text):
        if float(text) == 0:
            return 0.0
        raise Wrong("duration.negative" if text.startswith("-") else "duration.unit", given=text)
    parts = text.removeprefix("-")
    seconds, at = 0.0, 0
    while at < len(parts):
        part = _PART.match(parts, at)
        if part is None:
            raise Wrong(
                "duration.unit" if _NUMBER.fullmatch(parts[at:].strip()) else "duration.not", given=text
            )
        if _unit(part[2]) not in _UNITS:
            raise Wrong("duration.unknown_unit", given=text, unit=part[2])
        seconds += float(part[1]) * _UNITS[_unit(part[2])]
        at = part.end()
    if not parts:
        raise Wrong("duration.not", given=text)
    return -seconds if text.startswith("-") else seconds


def _unit(written: str) -> str:
    return written.strip().lower()


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
    if isinstance(value, str):
        text = value.strip()
        number = text.removesuffix("%").rstrip()
        if not _NUMBER.fullmatch(number):
            raise Wrong("share.not", given=value)
        share = float(number) / 100 if text.endswith("%") else float(number)
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Wrong("share.not", given=value)
    else:
        share = value
    if 1 < share <= 100 and not str(value).strip().endswith("%"):
        raise Wrong("share.percent", given=value)
    if not 0 <= share <= 1:
        raise Wrong("share.range", given=value)
    return float(share)


def format_share(share: float) -> str:
    """``40%`` where that is the same number, else as many digits as it takes."""
    percent = f"{share * 100:.12g}%"
    return percent if parse_share(percent) == share else repr(share)


def parse_rate(value: object, per: float = 1.0) -> float:
    """Events in `per` seconds from ``32/h``, ``10/min``, ``200/小时``.

    Raises:
        Wrong: not a rate, no unit of time, or negative.
    """
    text = value.strip() if isinstance(value, str) else ""
    number, _, unit = text.partition("/")
    if not _NUMBER.fullmatch(number.strip()) or _unit(unit) not in _UNITS:
        raise Wrong("rate.not", given=value)
    count = float(number)
    if count < 0:
        raise Wrong("rate.negative", given=value)
    if not math.isfinite(count):
        raise Wrong("rate.not", given=value)
    return count * per / _UNITS[_unit(unit)]


def format_rate(per_second: float) -> str:
    """``200/h`` where that is the same number, else the rate per second."""
    hourly = f"{per_second * HOUR:.12g}/h"
    return hourly if parse_rate(hourly) == per_second else f"{per_second!r}/s"


def parse_date(value: object) -> str:
    """``2026-11-11``, or ``11-11`` for that day of whatever year the horizon has, in one spelling.

    Raises:
        Wrong: not a date of the calendar.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Wrong("date.not", given=value)
    if match[1] is None:
        return _day(2000, match, value).isoformat()[5:]
    return _day(int(match[1]), match, value).isoformat()


def _day(year: int, match: re.Match[str], given: object) -> date:
    if year not in _YEARS:
        raise Wrong("date.year", given=given, first=_YEARS[0], last=_YEARS[-1])
    try:
        return date(year, int(match[2]), int(match[3]))
    except ValueError:
        raise Wrong("date.not", given=given) from None


def is_on(written: str, day: date) -> bool:
    """Whether a date as `parse_date` gives it means that day."""
    return day.isoformat().endswith(written)


def parse_moment(value: object) -> datetime:
    """A local date and time from ``2026-11-10 18:00`` (``24:00`` is the next midnight).

    Raises:
        Wrong: not a date and a time of day in whole seconds, or with a time zone of its own.
    """
    if isinstance(value, str):
        day, _, clock = value.strip().replace("T", " ").partition(" ")
        match = _DATE.fullmatch(day)
        if match is None or match[1] is None:
            raise Wrong("moment.not", given=value)
        if re.search(r"\d\s*(Z|[-+]\d\d(:?\d\d)?)$", clock):
            raise Wrong("moment.zone", given=value)
        try:
            seconds = parse_clock(clock) if clock.strip() else 0.0
        except Wrong:
            raise Wrong("moment.not", given=value) from None
        midnight = _day(int(match[1]), match, value)
        return datetime(midnight.year, midnight.month, midnight.day) + timedelta(seconds=seconds)
    if not isinstance(value, date):
        raise Wrong("moment.not", given=value)
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    if moment.tzinfo is not None:
        raise Wrong("moment.zone", given=value)
    if moment.microsecond or moment.year not in _YEARS:
        raise Wrong("moment.not", given=value)
    return moment


def format_moment(moment: datetime) -> str:
    """``2026-11-10 18:00``, with seconds where there are any."""
    return moment.isoformat(sep=" ", timespec="minutes" if moment.second == 0 else "seconds")
