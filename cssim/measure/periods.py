"""When a promise holds: its periods (hours, dates, the horizon) and the gated time inside each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from cssim.scenario.clock import Calendar
from cssim.scenario.schema import Hours, Night, Scenario, Target
from cssim.scenario.units import DAY

Span = tuple[float, float]


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
    """The target's periods in which gated hours meet the measured part of the horizon, in order of time."""
    raise NotImplementedError


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
