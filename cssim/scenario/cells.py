"""Workbooks that a planner wrote: sheets of cells, each with its place.

python-calamine reads them; it comes with the extra `excel` and is brought only here.
"""

from __future__ import annotations

import hashlib
import html
import io
import os
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib import import_module
from posixpath import join, normpath
from typing import Any, Final, TypeAlias

from cssim.errors import InputError, Place, Wrong
from cssim.scenario.text import MOST_BYTES, read_bytes
from cssim.scenario.tree import Node, scalar
from cssim.scenario.units import DAY, format_clock, format_moment

Value: TypeAlias = str | float | bool | datetime | date | time | timedelta

MOST_CELLS: Final = 2_000_000
"""Most cells of a sheet, up to the last that holds something: all of them are read into memory."""
_MOST_UNPACKED: Final = 128 * 2**20
_CELL: Final = re.compile(rb"<(?:\w+:)?c\s(?:[^>]*?\s)?r=[\"']([A-Z]{1,3})(\d{1,7})[\"'](?:[^>]*[^/>])?>")
_TOLD: Final = re.compile(
    rb"<(?:\w+:)?c\s(?P<about>[^>]*[^/>])>\s*"
    rb"(?P<made><(?:\w+:)?f(?:\s[^>]*)?(?:/>|>(?P<formula>[^<]*)</(?:\w+:)?f>))?\s*"
    rb"(?:<(?:\w+:)?v>(?P<value>[^<]*)</(?:\w+:)?v>)?"
)
_PLACED: Final = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_KIND: Final = re.compile(rb"\bt=[\"'](\w+)[\"']")
_SHEET: Final = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION: Final = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
_SET: Final = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_DAY_0: Final = datetime(1899, 12, 30)
_DAYS: Final = (25_569, 109_207)  # 1970 to 2198
_READ: Final = (".xlsx", ".xlsm")
_OTHERS: Final = (".xls", ".xlsb", ".et", ".ods")


@dataclass(frozen=True)
class Sheet:
    """A sheet: its cells by row and column from 0, empty ones as empty texts.

    Attributes:
        file, name: of the workbook and of the sheet.
        rows: they may differ in length.
    """

    file: str
    name: str
    rows: tuple[tuple[Value, ...], ...]

    def at(self, row: int, column: int) -> Value:
        """What a cell holds; an empty text where there is none."""
        cells = self.rows[row] if 0 <= row < len(self.rows) else ()
        return cells[column] if 0 <= column < len(cells) else ""

    def place(self, row: int, column: int) -> Place:
        """Where a cell is."""
        return Place(self.file, row + 1, column + 1, self.name)

    def node(self, row: int, column: int, value: Any, text: str | None = None) -> Node:
        """A value that stands in a cell; `text` is how messages quote it."""
        return Node(value, self.place(row, column), text=str(value) if text is None else text)


@dataclass(frozen=True)
class Book:
    """A workbook.

    Attributes:
        name: what messages call it: the path as it was given.
        sha256: of its bytes.
        sheets: in order.
    """

    name: str
    sha256: str
    sheets: tuple[Sheet, ...]


def is_workbook(given: object) -> bool:
    """Whether a path is that of a workbook, by its name; also of a kind that is not read."""
    return isinstance(given, (str, os.PathLike)) and str(os.fspath(given)).lower().endswith(_READ + _OTHERS)


def read_book(path: str | os.PathLike[str]) -> Book:
    """A workbook's sheets.

    A cell that holds an error reads as what it shows (``#REF!``), and a formula of which no value is kept as
    the formula, so that neither is taken for an empty cell.

    Raises:
        Wrong: nothing there, a folder, unreadable, too large, no workbook, or an old or foreign one.
        InputError: the reader is not installed.
    """
    name = os.fspath(path)
    content = read_bytes(name)
    if not name.lower().endswith(_READ):
        raise Wrong("file.workbook", file=name)
    if len(content) > MOST_BYTES:
        raise Wrong("file.large", file=name, most=MOST_BYTES // 2**20)
    calamine = _calamine()
    valueless = _checked(name, content)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = tuple(
            Sheet(name, title, _rows(name, book, title, valueless.get(title, {})))
            for title in book.sheet_names
        )
    except calamine.CalamineError:
        raise Wrong("file.workbook", file=name) from None
    return Book(name, hashlib.sha256(content).hexdigest(), sheets)


def _rows(
    name: str, book: Any, title: str, valueless: Mapping[tuple[int, int], str]
) -> tuple[tuple[Value, ...], ...]:
    """A sheet's cells; those without a value, by row and column, as these texts.

    Raises:
        Wrong: a number that is to be a time is none.
    """
    try:
        rows: list[list[Value]] = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
    except OverflowError:
        raise Wrong("file.no_time", file=name, sheet=title) from None
    for (row, column), text in valueless.items():
        rows += [[] for _ in range(row + 1 - len(rows))]
        rows[row] += [""] * (column + 1 - len(rows[row]))
        rows[row][column] = text
    return tuple(map(tuple, rows))


def clock_text(value: Value) -> str:
    """A time of day as it is written in a scenario; what is none stays as it is, for a message to quote.

    Spreadsheets keep a time as a part of a day, and ``24:00`` as a whole one.
    """
    if isinstance(value, datetime):
        value = value.time()
    if isinstance(value, time):
        value = datetime.combine(date.min, value) - datetime.min
    if isinstance(value, timedelta):
        value = value.total_seconds() / DAY
    if isinstance(value, float) and 0 <= value <= 1:
        return format_clock(round(value * DAY))
    return plain_text(value)


def moment_text(value: Value) -> str:
    """A date and time as it is written in a scenario; what is none stays as it is.

    Spreadsheets keep a midnight as a date alone.
    """
    value = moment(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime):
        return format_moment((value + timedelta(microseconds=500_000)).replace(microsecond=0))
    return plain_text(value)


def moment(value: Value) -> Value:
    """A number of days as its moment: so a spreadsheet keeps one whose cell lost its look; else as it is."""
    if isinstance(value, float) and _DAYS[0] <= value < _DAYS[1]:
        return _DAY_0 + timedelta(days=value)
    return value


def plain_text(value: Value) -> str:
    """A cell as a text: whole numbers without a point, dates as they are written in a scenario."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def number(value: Value) -> Any:
    """A cell that should hold a number; so does a text that reads like one."""
    if isinstance(value, str):
        return scalar(value.strip())
    if isinstance(value, (bool, float)):
        return int(value) if isinstance(value, float) and value.is_integer() else value
    return plain_text(value)


def _calamine() -> Any:
    """The reader.

    Raises:
        InputError: it is not installed.
    """
    try:
        return import_module("python_calamine")
    except ImportError:
        raise InputError.one("excel.missing", needs="python-calamine") from None


def _checked(name: str, content: bytes) -> dict[str, dict[tuple[int, int], str]]:
    """Cells of each sheet that hold an error, or a formula without a value: the reader takes them for empty.

    What would not fit into memory is refused before: the reader would not return from it.

    Raises:
        Wrong: no workbook, or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > _MOST_UNPACKED:
                raise Wrong("file.large", file=name, most=_MOST_UNPACKED // 2**20)
            titles, found = _titles(parts), {}
            for part in parts.namelist():
                if "worksheets/" in part and part.endswith(".xml"):
                    sheet = parts.read(part)
                    _check_cells(name, sheet)
                    found[titles.get(part, part)] = _valueless(sheet)
            return found
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error):
        raise Wrong("file.workbook", file=name) from None


def _check_cells(name: str, sheet: bytes) -> None:
    rows = columns = 0
    for letters, row in _CELL.findall(sheet):
        rows, columns = max(rows, int(row)), max(columns, _column(letters))
        if rows * columns > MOST_CELLS:
            raise Wrong("file.far_cell", file=name, cell=(letters + row).decode())


def _valueless(sheet: bytes) -> dict[tuple[int, int], str]:
    """What shows in the cells of a sheet's part that hold an error or a formula without a value."""
    found = {}
    for cell in _TOLD.finditer(sheet):
        about, value = cell["about"], cell["value"]
        placed, kind = _PLACED.search(about), _KIND.search(about)
        error = kind is not None and kind[1] == b"e"
        unknown = cell["made"] and not value and (kind is None or kind[1] != b"str")  # a text may be empty
        if placed and (error or unknown):
            text = value if error and value else b"=" + (cell["formula"] or b"")
            at = int(placed[2]) - 1, _column(placed[1]) - 1
            found[at] = html.unescape(text.decode("utf-8", "replace"))
    return found


def _titles(parts: zipfile.ZipFile) -> dict[str, str]:
    """The sheets' titles by their parts, as the workbook tells."""
    told, related = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if not {told, related} <= set(parts.namelist()):
        return {}
    relations = [_set(one) for one in _RELATION.findall(parts.read(related).decode("utf-8", "replace"))]
    target = {one.get("Id", ""): normpath(join("/xl", one.get("Target", "")))[1:] for one in relations}
    sheets = [_set(one) for one in _SHEET.findall(parts.read(told).decode("utf-8", "replace"))]
    return {target.get(one.get("r:id", ""), ""): one.get("name", "") for one in sheets}


def _set(attributes: str) -> dict[str, str]:
    """The attributes of an element."""
    return {name: html.unescape(a or b) for name, a, b in _SET.findall(attributes)}


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number
