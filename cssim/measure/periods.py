"""When a promise holds: its periods (hours, dates, the horizon) and the gated time inside each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from cssim.scenario.clock import Calendar, Floats, Ints
from cssim.scenario.schema import Hours, Night, Scenario, Target
from cssim.scenario.units import DAY, HOUR

Span = tuple[float, float]
"""Seconds from (inclusive) and to (exclusive)."""

OUTSIDE = -1
"""Index of a moment that lies in no period."""


@dataclass(frozen=True)
class Period:
    """One hour, date or horizon in which a target must hold.

    Attributes:
        label: `2026-11-11 20:00` (an hour), `2026-11-11` (a date) or `horizon`.
        spans: the seconds of it that count: measured, and in the target's hours (and the opening hours,
            where it excludes offline time); disjoint, in order.
    """

    label: str
    spans: tuple[Span, ...]


def periods_of(scenario: Scenario, target: Target) -> tuple[Period, ...]:
    """The target's periods in which gated hours meet the measured part of the horizon, in order of time.

    Hours and dates are local, by the wall clock.
    """
    calendar = Calendar.of(scenario.horizon)
    spans = [(calendar.warm_up, calendar.seconds)]
    if target.hours is not None:
        spans = spans_of(target.hours, calendar, calendar.warm_up, calendar.seconds)
    if target.offline == "excluded" and scenario.opening_hours is not None:
        spans = [part for a, b in spans for part in spans_of(scenario.opening_hours, calendar, a, b)]
    length = {"hour": HOUR, "day": DAY, "horizon": np.inf}[target.each]
    form = {"hour": "%Y-%m-%d %H:00", "day": "%Y-%m-%d", "horizon": "horizon"}[target.each]
    found: dict[str, list[Span]] = {}
    for span in spans:
        for start, end in _cut(span, length, calendar.offset):
            found.setdefault(calendar.moment(start).strftime(form), []).append((start, end))
    return tuple(Period(label, tuple(parts)) for label, parts in found.items())


def locate(periods: Sequence[Period], seconds: Floats) -> Ints:
    """Index of the period in which each moment counts, `OUTSIDE` where it counts in none (or is NaN)."""
    spans = [(a, b, k) for k, period in enumerate(periods) for a, b in period.spans]
    if not spans:
        return np.full(len(seconds), OUTSIDE, dtype=np.int64)
    starts, ends, index = (np.array(column) for column in zip(*spans, strict=True))
    place = np.searchsorted(starts, seconds, side="right") - 1
    inside = (place >= 0) & (seconds < ends[place])
    return np.where(inside, index[place], OUTSIDE).astype(np.int64)


def spans_of(hours: Hours | Night, calendar: Calendar, start: float, end: float) -> list[Span]:
    """The parts of [start, end) that lie in hours of the day, as disjoint spans in order of time."""
    length = hours.end - hours.start if hours.end > hours.start else hours.end - hours.start + DAY
    first = calendar.moment(start).date() - timedelta(days=1)
    spans = []
    for k in range(int((end - start) // DAY) + 3):
        a = calendar.midnight(first + timedelta(days=k)) + hours.start
        if max(a, start) < min(a + length, end):
            spans.append((max(a, start), min(a + length, end)))
    return spans


def _cut(span: Span, length: float, offset: float) -> list[Span]:
    """A span cut at every multiple of `length` since midnight of the first date."""
    start, end = span
    parts = []
    while start < end:
        edge = (np.floor((start + offset) / length) + 1) * length - offset if length < np.inf else end
        parts.append((start, min(float(edge), end)))
        start = float(edge)
    return parts
