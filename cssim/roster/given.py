"""A roster that a planner has: a table, a workbook's grid, or the result of an earlier run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from cssim.engine.floor import Roster
from cssim.errors import InputError
from cssim.experiment.rosters import roster_of, rows_from
from cssim.roster.replay import read_json, result_of
from cssim.scenario import load
from cssim.scenario.schema import Scenario


def read_roster(path: Path, scenario: Scenario) -> Roster:
    """The roster of a CSV (group, date, shift[, start, end], count), of a workbook (``.xlsx``), or of a
    result or its rows (``.json``).

    Raises:
        InputError: it cannot be read, or names what the scenario has not; every fault, with the file's name.
    """
    if path.suffix.lower() != ".json":
        return roster_of(scenario, load.read_roster(path, scenario))
    found = _rows(path)
    try:
        return roster_of(scenario, rows_from(found or ()))
    except ValueError:
        raise InputError.one("replay.lacking", f"{path}: roster") from None
    except InputError as error:
        raise InputError(replace(fault, path=f"{path}: {fault.path}") for fault in error.faults) from None


def _rows(path: Path) -> Any:
    """The rows that a JSON file holds: a list of them, or a result's.

    Raises:
        InputError: no such file, or neither of the two.
    """
    found = read_json(path)
    return found if isinstance(found, list) else result_of(found, path).get("roster")
