"""Concrete shifts: their dates, breaks and clock times, and which of them a roster's row means."""

from __future__ import annotations

from datetime import date

from cssim.scenario.schema import RosterRow
from cssim.scenario.shifts import shift_of, shifts_meant, shifts_of
from tests.scenario.build import shop

HOUR = 3600.0

NIGHTS = """
horizon: {from: 2026-09-16 08:00, to: 2026-09-18 08:00}
groups: {team: {serves: pre_sales, people: 8}, days: {serves: pre_sales, people: 8, shifts: day}}
shifts:
  day: {start: 08:00, end: 20:00}
  night: {start: 20:00, end: 08:00, breaks: {at: 02:00, for: 30min, paid: true}}
  once: {start: 10:00, end: 12:00, dates: 09-17}
"""


def row(
    date: str, shift: str, start: str | None = None, end: str | None = None, group: str = "team"
) -> RosterRow:
    return RosterRow.model_validate(
        {"group": group, "date": date, "shift": shift, "start": start, "end": end, "count": 1}
    )


def test_a_shift_belongs_to_the_date_on_which_it_begins() -> None:
    nights = [shift for shift in shifts_of(shop(NIGHTS), "team") if shift.name == "night"]
    assert [(n.day, n.start / HOUR, n.end / HOUR) for n in nights] == [
        (date(2026, 9, 16), 12, 24),
        (date(2026, 9, 17), 36, 48),
    ]
    assert [(pause.start / HOUR, pause.end / HOUR, pause.paid) for pause in nights[0].breaks] == [
        (18, 18.5, True)
    ]


def test_a_shift_that_began_on_the_eve_counts_where_it_reaches_in() -> None:
    scenario = shop(NIGHTS.replace("09-16 08:00", "09-16 06:00"))
    first = shifts_of(scenario, "team")[0]
    assert (first.name, first.day, first.start, first.end) == (
        "night",
        date(2026, 9, 15),
        -10 * HOUR,
        2 * HOUR,
    )


def test_a_group_has_its_own_shifts_or_all_and_dates_bind() -> None:
    scenario = shop(NIGHTS)
    assert {shift.name for shift in shifts_of(scenario, "days")} == {"day"}
    assert [shift.name for shift in shifts_of(scenario, "team")] == ["day", "night", "day", "once", "night"]
    assert [shift.day for shift in shifts_of(scenario, "team") if shift.name == "once"] == [date(2026, 9, 17)]


def test_a_rule_makes_every_start_with_every_length_and_breaks_where_there_is_room() -> None:
    scenario = shop(
        """
        shifts:
          flexible:
            start: {from: 08:00, to: 12:00, every: 2h}
            length: {from: 4h, to: 6h, every: 1h}
            break: {after: 4h, for: 30min}
        """
    )
    found = [shift for shift in shifts_of(scenario, "team") if shift.day == date(2026, 9, 16)]
    assert len(found) == 9
    assert {(shift.end - shift.start) / HOUR: len(shift.breaks) for shift in found} == {4: 0, 5: 1, 6: 1}


def test_a_row_means_one_shift_none_or_too_many() -> None:
    scenario = shop(NIGHTS)
    night = shift_of(scenario, row("2026-09-17", "night"))
    assert night is not None
    assert night.start == 36 * HOUR
    assert shift_of(scenario, row("09-17", "night", "20:00", "08:00")) == night
    assert shift_of(scenario, row("09-17", "night", "21:00")) is None
    assert shift_of(scenario, row("09-17", "night", group="days")) is None
    assert shift_of(scenario, row("09-18", "night")) is None, "it begins after the horizon's end"
    flexible = shop(
        "shifts: {f: {start: {from: 08:00, to: 10:00, every: 1h}, length: {from: 4h, to: 5h, every: 1h}}}\n"
    )
    assert len(shifts_meant(flexible, row("09-16", "f"))) == 6
    assert len(shifts_meant(flexible, row("09-16", "f", "09:00"))) == 2
    assert shift_of(flexible, row("09-16", "f")) is None
    found = shift_of(flexible, row("09-16", "f", "09:00", "14:00"))
    assert found is not None
    assert (found.start, found.end) == (HOUR, 6 * HOUR)
