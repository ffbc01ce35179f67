"""The concrete shifts that a scenario's words allow: on which date, from when to when, with which breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from cssim.scenario.clock import Calendar
from cssim.scenario.schema import RosterRow, Scenario, ShiftRule
from cssim.scenario.units import DAY, is_on


@dataclass(frozen=True, order=True)
class Pause:
    """A planned break: start and end in seconds from the horizon's start."""

    start: float
    end: float
    paid: bool


@dataclass(frozen=True, order=True)
class Shift:
    """A shift of one date, which is the date on which it begins.

    Attributes:
        day: that date.
        start, end: seconds from the horizon's start (may lie outside the horizon).
        name: its name in the scenario.
        breaks: planned breaks, in order.
    """

    start: float
    end: float
    name: str
    day: date
    breaks: tuple[Pause, ...] = ()


def shifts_of(scenario: Scenario, group: str) -> tuple[Shift, ...]:
    """Every shift that the group may be given and that touches the horizon, by start, end and name.

    A shift that began on the eve of the horizon counts: its part inside can be bought.
    """
    calendar = Calendar.of(scenario.horizon)
    names = scenario.groups[group].shifts or tuple(scenario.shifts)
    found = [
        shift
        for name in names
        for day in _days(calendar)
        for shift in _on(scenario.shifts[name], name, day, calendar)
        if shift.end > 0 and shift.start < calendar.seconds
    ]
    return tuple(sorted(found))


def shift_of(scenario: Scenario, row: RosterRow) -> Shift | None:
    """The shift that a roster's row means, or None where the scenario has no such shift for the group."""
    meant = shifts_meant(scenario, row)
    return meant[0] if len(meant) == 1 else None


def shifts_meant(scenario: Scenario, row: RosterRow) -> tuple[Shift, ...]:
    """The group's shifts that a roster's row may mean: none, one, or several that it does not tell apart."""
    if row.shift not in (scenario.groups[row.group].shifts or scenario.shifts):
        return ()
    calendar = Calendar.of(scenario.horizon)
    return tuple(
        shift
        for day in _days(calendar)
        if is_on(row.date, day)
        for shift in _on(scenario.shifts[row.shift], row.shift, day, calendar)
        if shift.end > 0
        and shift.start < calendar.seconds
        and (row.start is None or _clock(scenario, shift.start) == row.start % DAY)
        and (row.end is None or _clock(scenario, shift.end) == row.end % DAY)
    )


def _days(calendar: Calendar) -> list[date]:
    """Dates on which a shift that touches the horizon may begin: those of the horizon, and their eve."""
    eve = calendar.dates[0] - timedelta(days=1)
    return [eve, *calendar.dates]


def _clock(scenario: Scenario, second: float) -> float:
    return (second + Calendar.of(scenario.horizon).offset) % DAY


def _on(rule: ShiftRule, name: str, day: date, calendar: Calendar) -> Iterator[Shift]:
    """The rule's shifts that begin on a date."""
    if rule.dates is not None and not any(is_on(written, day) for written in rule.dates):
        return
    midnight = calendar.midnight(day)
    for clock in rule.start.values:
        start = midnight + clock
        if rule.end is not None:
            length = rule.end - clock if rule.end > clock else rule.end - clock + DAY
            pauses = tuple(
                Pause(start + (b.at - clock) % DAY, start + (b.at - clock) % DAY + b.length, b.paid)
                for b in rule.breaks
            )
            yield Shift(start, start + length, name, day, pauses)
        elif rule.length is not None:
            for length in rule.length.values:
                pause = rule.rule_break
                pauses = ()
                if pause is not None and length >= pause.after + pause.length:
                    pauses = (Pause(start + pause.after, start + pause.after + pause.length, pause.paid),)
                yield Shift(start, start + length, name, day, pauses)
