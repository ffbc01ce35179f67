"""CSV files that a scenario names: columns found by their names, every cell with its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from cssim.errors import Fault, InputError, Place, Wrong
from cssim.scenario.spelling import half_width, is_full_width, listed, near
from cssim.scenario.text import Source
from cssim.scenario.tree import Node, scalar
from cssim.scenario.units import format_moment, parse_moment


@dataclass(frozen=True)
class Column:
    """A column: its name, other names that it goes by, whether it must be there, whether it holds numbers."""

    name: str
    others: tuple[str, ...]
    needed: bool = True
    number: bool = False


COUNTS: Final = (
    Column("from", ("start", "开始", "开始时间", "时间")),
    Column("to", ("end", "结束", "结束时间"), needed=False),
    Column("contacts", ("接待量", "咨询量", "会话量", "会话数"), number=True),
)
PROFILE: Final = (Column("time", ("时间", "时刻")), Column("weight", ("权重", "比例"), number=True))
ROSTER: Final = (
    Column("group", ("组", "组别", "小组")),
    Column("date", ("日期",)),
    Column("shift", ("班次",)),
    Column("start", ("开始", "开始时间"), needed=False),
    Column("end", ("结束", "结束时间"), needed=False),
    Column("count", ("人数",), number=True),
)


_KEPT: Final = re.compile(r"'+[-=+@\t\r]")
_FORMULA: Final = re.compile(r"'*[-=+@\t\r]")
_LINE: Final = re.compile(r'(?:(?:^|(?<=[,;\t\r\n])) *"(?:[^"]|"")*" *(?=[,;\t\r\n]|\Z)|[^\r\n])*')
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def kept_text(text: str) -> str:
    """A text as a cell of a CSV that no spreadsheet takes for a formula: with an apostrophe before it, if it
    begins like one. `as_text` gives it back, whatever it is.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def as_text(cell: str) -> str:
    """The text that `kept_text` has written."""
    return cell[1:] if _KEPT.match(cell) else cell


@dataclass(frozen=True)
class Table:
    """What a file holds.

    Attributes:
        rows: a list of nodes, by the file's rows.
        faults: of rows that have not the cells that the first line names; their path is the row's index.
    """

    rows: Node
    faults: tuple[Fault, ...]


def counts(source: Source) -> Table:
    """The rows of a counts file (from[, to], contacts) as a list of mappings.

    Without a column `to` a row lasts as long as most do, but not into the next.

    Raises:
        InputError: as `_read`.
    """
    table = _read(source, COUNTS)
    if any("to" in _cells(row) for row in _rows(table)):
        return table
    return _changed(table, _with_ends(_rows(table)))


def profile(source: Source) -> Table:
    """The rows of a profile (time, weight) as a list of pairs.

    Raises:
        InputError: as `_read`.
    """
    table = _read(source, PROFILE)
    return _changed(table, map(_pair, _rows(table)))


def roster(source: Source, known: Collection[str] = ()) -> Table:
    """The rows of a roster (group, date, shift[, start, end], count) as a list of mappings; none is nobody.

    Args:
        source: the file.
        known: names of groups and shifts; what is none of them loses blanks at its ends.

    Raises:
        InputError: as `_read`.
    """
    return _read(source, ROSTER, known, may_be_empty=True)


def _read(
    source: Source, columns: Sequence[Column], known: Collection[str] = (), *, may_be_empty: bool = False
) -> Table:
    """Each row as a mapping from column to cell without empty cells; columns of other names are passed over.

    Raises:
        InputError: no header, or no row below it where there must be one; a column that must be there is
            not, or is almost named so.
    """
    top = Place(source.name, 1, 1)
    lines = [(number, line) for number, line in _lines(source.text) if line.strip(" ,;\t")]
    if not lines:
        raise InputError.one("csv.empty", place=top, allowed=listed(c.name for c in columns))
    number, header = lines.pop(0)
    if not lines and not may_be_empty:
        raise InputError.one("csv.no_rows", place=top)
    separator = max(",\t;", key=header.count)
    names = [_named(title, columns) for title, _ in _split(header, separator)]
    _check_header(header, Place(source.name, number, 1), names, separator, columns)
    rows, faults = list[Node](), list[Fault]()
    for index, (number, line) in enumerate(lines):
        place = Place(source.name, number, 1)
        cells = [(text, at) for text, at in _split(line, separator, known)]
        too_many = any(text for text, _ in cells[len(names) :])
        too_few = any(column is not None and column.needed for column in names[len(cells) :])
        if too_many or too_few:
            faults.append(_misfit(line, place, index, len(cells), len(names)))
        filled = {
            column.name: Node(scalar(text) if column.number else text, replace(place, column=at), text=text)
            for column, (text, at) in zip(names, cells, strict=False)
            if column is not None and text
        }
        rows.append(Node(filled, place))
    return Table(Node(tuple(rows), top), tuple(faults))


def _misfit(line: str, place: Place, index: int, cells: int, columns: int) -> Fault:
    """The fault of a row with more or fewer cells than there are columns."""
    if is_full_width(line):
        return replace(_full_width(line, place), path=str(index))
    return Fault("csv.cells", {"cells": cells, "columns": columns}, str(index), place)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines, each with its number (from 1); a cell in quotes may go over several."""
    number, at = 1, 0
    while at < len(text):
        match = _LINE.match(text, at)
        assert match is not None
        yield number, match[0]
        end = _LINE_END.match(text, match.end())
        at = end.end() if end else len(text)
        number += len(_LINE_END.findall(text, match.start(), at))


def _split(line: str, separator: str, known: Collection[str] = ()) -> Iterator[tuple[str, int]]:
    """The cells of a line, each with its column (from 1)."""
    cell = re.compile(rf'\s*"((?:[^"]|"")*)"\s*(?={separator}|$)|[^{separator}]*')
    at = 0
    while at <= len(line):
        match = cell.match(line, at)
        assert match is not None
        whole = match[0] if match[1] is None else match[1].replace('""', '"')
        text = as_text(whole) if as_text(whole) in known else as_text(whole.strip())
        yield text, at + 1 + len(match[0]) - len(match[0].lstrip())
        at = match.end() + 1


def _named(title: str, columns: Sequence[Column]) -> Column | None:
    word = title.strip().lower()
    return next((c for c in columns if word == c.name or word in c.others), None)


def _check_header(
    header: str, place: Place, names: Sequence[Column | None], separator: str, columns: Sequence[Column]
) -> None:
    missing = [c for c in columns if c not in names]
    titles = list(_split(header, separator))
    faults = []
    for column in missing:
        strays = {title: at for (title, at), name in zip(titles, names, strict=True) if name is None}
        alike = near(column.name, strays)
        if alike is not None:
            there = replace(place, column=strays[alike])
            faults.append(Fault("csv.column.near", {"given": alike, "near": column.name}, place=there))
        elif column.needed:
            faults.append(Fault("csv.column", {"given": header[:60], "missing": column.name}, place=place))
    if faults and is_full_width(header) and separator not in header:
        faults = [_full_width(header, place)]
    if faults:
        raise InputError(faults)


def _full_width(line: str, place: Place) -> Fault:
    return Fault("text.full_width", {"given": line[:60], "half": half_width(line[:60])}, place=place)


def _with_ends(rows: Sequence[Node]) -> Iterator[Node]:
    """The rows, each with an end: after the most common step, or where the next begins."""
    starts = [_start_of(row) for row in rows]
    steps = Counter(b - a for a, b in pairwise(starts) if a is not None and b is not None and b > a)
    common = steps.most_common(1)[0][0] if steps else None
    for row, start, after in zip(rows, starts, [*starts[1:], None], strict=True):
        if start is None or common is None:
            yield row
            continue
        end = start + common if after is None or after <= start else min(start + common, after)
        begins = _cells(row)["from"]
        yield replace(row, value={**_cells(row), "to": replace(begins, value=format_moment(end))})


def _start_of(row: Node) -> datetime | None:
    try:
        return parse_moment(_cells(row)["from"].value)
    except (KeyError, Wrong):
        return None


def _pair(row: Node) -> Node:
    empty = Node(None, row.place)
    return replace(row, value=(_cells(row).get("time", empty), _cells(row).get("weight", empty)))


def _changed(table: Table, rows: Iterable[Node]) -> Table:
    return replace(table, rows=replace(table.rows, value=tuple(rows)))


def _rows(table: Table) -> tuple[Node, ...]:
    assert isinstance(table.rows.value, tuple)
    return table.rows.value


def _cells(row: Node) -> dict[str, Node]:
    assert isinstance(row.value, dict)
    return row.value
