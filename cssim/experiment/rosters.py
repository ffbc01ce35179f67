"""A roster's rows, as a result holds them, and what they mean: who works which concrete shift.

Duties stand in the order in which agents are numbered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cssim.engine.floor import Duty, Roster, in_order
from cssim.errors import Fault, InputError
from cssim.scenario.schema import RosterRow, Scenario
from cssim.scenario.shifts import shift_of, shifts_of
from cssim.scenario.units import is_on


def roster_of(scenario: Scenario, rows: Iterable[RosterRow]) -> Roster:
    """The duties that a roster's rows mean, in the order in which agents are numbered.

    Raises:
        InputError: rows that name no group, no shift of the group on that date in the horizon, or more than
            one; all of them at once, with paths `roster[i]`.
    """
    duties, faults = [], []
    for i, row in enumerate(rows):
        if row.group not in scenario.groups:
            known = ", ".join(scenario.groups)
            faults.append(
                Fault("roster_row.no_group", {"group": row.group, "allowed": known}, f"roster[{i}].group")
            )
            continue
        shift = shift_of(scenario, row)
        if shift is None:
            faults.append(_no_shift(scenario, row, f"roster[{i}]"))
        else:
            duties.append(Duty(row.group, shift, row.count))
    if faults:
        raise InputError(faults)
    return settled(scenario, duties)


def rows_from(found: Any) -> tuple[RosterRow, ...]:
    """Rows as a result's JSON holds them; what it tells of them besides is left out.

    Raises:
        ValueError: they are no rows of a roster.
    """
    try:
        known = [{name: row.get(name) for name in RosterRow.model_fields} for row in found]
        return TypeAdapter(tuple[RosterRow, ...]).validate_python(known)
    except (ValidationError, AttributeError, TypeError) as error:
        raise ValueError("no rows of a roster") from error


def _no_shift(scenario: Scenario, row: RosterRow, path: str) -> Fault:
    """Why a row means no one shift: there is none, or there are several."""
    theirs = [shift for shift in shifts_of(scenario, row.group) if is_on(row.date, shift.day)]
    like = [shift for shift in theirs if shift.name == row.shift]
    values = {"group": row.group, "shift": row.shift, "date": row.date}
    if like and row.start is None:
        return Fault("roster_row.which_shift", values, path)
    names = ", ".join(sorted({shift.name for shift in theirs})) or "-"
    return Fault("roster_row.no_shift", {**values, "allowed": names}, path)


def settled(scenario: Scenario, roster: Iterable[Duty]) -> Roster:
    """The roster in the order in which agents are numbered, equal duties as one.

    Agents of one duty are told apart by their position in it, so one shift written twice must count on.
    """
    counts: dict[tuple[str, object], Duty] = {}
    for duty in roster:
        key = (duty.group, duty.shift)
        before = counts[key].count if key in counts else 0
        counts[key] = Duty(duty.group, duty.shift, before + duty.count)
    return in_order(counts.values(), list(scenario.groups))
