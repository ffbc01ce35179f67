"""A roster in a workbook: a row for each group and shift, a column for each date, people in the cells.

The workbook of a plan has such a sheet, and a planner may have written one: its headings are found by their
words, in any language that cssim speaks. A roster's CSV that was saved as a workbook is read too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from cssim.errors import Fault, InputError, Wrong
from cssim.messages import LANGUAGES, say
from cssim.scenario.cells import Book, Sheet, Value, clock_text, moment, number, plain_text
from cssim.scenario.tables import ROSTER, Column, Table
from cssim.scenario.tree import Node
from cssim.scenario.units import parse_date

_HEAD_WITHIN: Final = 30
"""The headings stand in one of so many rows from the top."""
_TOTALS: Final = ("workbook.total", "workbook.total_hours")
_LIST: Final = ("date", "count")
"""Columns of a roster that has a row for each shift of a date."""


@dataclass(frozen=True)
class _Grid:
    """Where the headings stand: the row, the column of each word, and the columns that hold people, each with
    its date; None where the date stands in the row."""

    sheet: Sheet
    head: int
    columns: Mapping[str, int]
    people: Mapping[int, str | None]


def roster(book: Book, known: Collection[str] = ()) -> Table:
    """The roster of a workbook: a row for each cell that holds a number other than 0; none is nobody.

    Args:
        book: the workbook; its first sheet that has the headings counts.
        known: names of groups and shifts; what is none of them loses blanks at its ends.

    Raises:
        InputError: no sheet has the headings.
    """
    grids = [grid for sheet in book.sheets if (grid := _grid_of(sheet)) is not None]
    if not grids:
        raise InputError.one("grid.none", book.name)
    grid = grids[0]
    rows, faults = list[Node](), list[Fault]()
    for row in range(grid.head + 1, len(grid.sheet.rows)):
        if not _is_total(grid, row):
            cells = {name: grid.sheet.at(row, column) for name, column in grid.columns.items()}
            for column, day in grid.people.items():
                if grid.sheet.at(row, column) not in ("", 0.0):
                    faults += _lacking(grid, row, cells, len(rows))
                    rows.append(_row(grid, row, column, day, known))
    faults += _misread(grid)
    return Table(Node(tuple(rows), grid.sheet.place(grid.head, 0)), tuple(faults))


def _grid_of(sheet: Sheet) -> _Grid | None:
    for head in range(min(_HEAD_WITHIN, len(sheet.rows))):
        cells = sheet.rows[head]
        columns = dict[str, int]()
        for at, cell in enumerate(cells):
            name = next((column.name for column in ROSTER if _is_named(cell, column)), None)
            if name is not None:
                columns.setdefault(name, at)
        people: dict[int, str | None] = {
            at: day for at, cell in enumerate(cells) if (day := _date(cell)) is not None
        }
        if not people and all(name in columns for name in _LIST):
            people = {columns["count"]: None}
        if "group" in columns and "shift" in columns and people:
            words = {name: at for name, at in columns.items() if name != "count"}
            return _Grid(sheet, head, words, people)
    return None


def _is_named(cell: Value, column: Column) -> bool:
    word = cell.strip().lower() if isinstance(cell, str) else ""
    return word == column.name or word in column.others


def _date(cell: Value) -> str | None:
    """The date of a heading; words and other numbers are none."""
    cell = moment(cell)
    if isinstance(cell, datetime):
        cell = cell.date()
    if not isinstance(cell, (date, str)):
        return None
    try:
        return parse_date(cell)
    except Wrong:
        return None


def _is_total(grid: _Grid, row: int) -> bool:
    """Whether a row adds up those above it."""
    first = grid.sheet.at(row, grid.columns["group"])
    return first in [say(key, lang) for key in _TOTALS for lang in LANGUAGES]


def _misread(grid: _Grid) -> Iterator[Fault]:
    """The faults of headings that were to be dates, where people stand below them.

    A word is none, but for one between the dates; without a heading, only numbers count as people.
    """
    if None in grid.people.values():
        return
    rows = [row for row in range(grid.head + 1, len(grid.sheet.rows)) if not _is_total(grid, row)]
    first, last = min(grid.people), max(grid.people)
    for column in range(max(map(len, grid.sheet.rows))):
        text = plain_text(grid.sheet.at(grid.head, column)).strip()
        was_date = first < column < last or text.startswith(("#", "=")) or any(map(str.isdigit, text))
        known = column in grid.people or column in grid.columns.values()
        below = [cell for row in rows if (cell := grid.sheet.at(row, column)) not in ("", 0.0)]
        people = below if text else [cell for cell in below if isinstance(cell, float)]
        if people and not known and (was_date or not text):
            key = "grid.date" if text else "grid.no_date"
            yield Fault(key, {"given": text} if text else {}, "date", grid.sheet.place(grid.head, column))


def _lacking(grid: _Grid, row: int, cells: Mapping[str, Value], index: int) -> Iterator[Fault]:
    """The faults of people without a group or a shift."""
    for name in ("group", "shift"):
        if not plain_text(cells[name]).strip():
            place = grid.sheet.place(row, grid.columns[name])
            yield Fault("field.empty", path=f"{index}.{name}", place=place)


def _row(grid: _Grid, row: int, column: int, day: str | None, known: Collection[str]) -> Node:
    """A cell's people as a row of a roster, every part with its own place."""
    sheet = grid.sheet
    parts = dict[str, Node]()
    for name, at in grid.columns.items():
        cell = sheet.at(row, at)
        if name in ("start", "end"):
            text = clock_text(cell).strip()
        else:
            text = _date(cell) or plain_text(cell) if name == "date" else _name(cell, known)
        if text:
            parts[name] = sheet.node(row, at, text)
    if day is not None:
        parts["date"] = sheet.node(grid.head, column, day)
    people = sheet.at(row, column)
    parts["count"] = sheet.node(row, column, number(people), plain_text(people))
    return Node(parts, sheet.place(row, column))


def _name(cell: Value, known: Collection[str]) -> str:
    text = plain_text(cell)
    return text if text in known else text.strip()
