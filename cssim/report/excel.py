"""How cells of a workbook are written: text as text, dates as dates, one look for all sheets.

XlsxWriter comes with the extra `excel` and is brought only where a workbook is written.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, TypeAlias

from cssim.errors import InputError
from cssim.measure.numbers import NOTHING
from cssim.messages import say

Cell: TypeAlias = str | float | bool | datetime | date | time | timedelta | None

LONGEST: Final = 32_767
"""Most characters that a cell takes."""

_HEIGHT: Final = 17.0

FORMATS: Final[Mapping[str, str]] = {
    "text": "@",
    "moment": "yyyy-mm-dd hh:mm",
    "date": "yyyy-mm-dd",
    "day": "mm-dd",
    "clock": "[hh]:mm",
    "whole": "#,##0",
    "number": "General",
    "one": "#,##0.0",
    "hours": "General",
    "money": "#,##0.00",
    "share": "0.0%",
    "percent": "0%",
    "count": "0",
    "seconds": '#,##0.0"{unit}"',
}
"""Number formats by what a cell holds."""

_LOOKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "": {},
    "title": {"bold": True, "font_size": 14},
    "left": {"align": "left"},
    "right": {"align": "right"},
    "note": {"font_color": "#595959"},
    "unit": {"font_color": "#595959", "indent": 1},
    "grey": {"font_color": "#8c8c8c", "font_size": 8},
    "wrapped": {"text_wrap": True},
    "head": {"bold": True, "bg_color": "#DDE6F0", "bottom": 1, "text_wrap": True, "align": "center"},
    "block": {"bold": True, "bg_color": "#DDE6F0", "text_wrap": True, "align": "center", "left": 1},
    "section": {"bold": True, "font_size": 12, "bottom": 1, "font_color": "#1F4E79"},
    "input": {"bg_color": "#FFF8D6", "border": 1, "border_color": "#BFBFBF", "align": "right"},
    "total": {"bold": True, "top": 1, "bg_color": "#F2F2F2"},
    "good": {"font_color": "#1B7F3B", "bold": True, "align": "center"},
    "bad": {"font_color": "#B3261E", "bold": True, "align": "center"},
    "open": {"font_color": "#9A6700", "bold": True, "align": "center"},
}


def is_there() -> bool:
    """Whether workbooks can be written here."""
    return find_spec("xlsxwriter") is not None


def written(draw: Callable[[Writer], None]) -> bytes:
    """The workbook that `draw` makes.

    Raises:
        InputError: XlsxWriter is not installed.
    """
    try:
        xlsxwriter: Any = import_module("xlsxwriter")
    except ImportError:
        raise InputError.one("excel.missing", needs="XlsxWriter") from None
    content = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(content, plain)
    book.set_properties({"created": datetime(2000, 1, 1)})  # the same content gives the same bytes
    draw(Writer(book))
    book.close()
    return content.getvalue()


class Writer:
    """Writes sheets of one workbook."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._looks: dict[tuple[str, str], Any] = {}

    def sheet(self, name: str, *, landscape: bool = True) -> Page:
        """A new sheet that prints on pages one sheet wide."""
        sheet = self._book.add_worksheet(name)
        if landscape:
            sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.set_default_row(_HEIGHT)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer("&L&A&R&P / &N")
        return Page(sheet, self.look)

    def look(self, look: str, kind: str) -> Any:
        """The format of a cell, made once."""
        if (look, kind) not in self._looks:
            number = {"num_format": FORMATS[kind].format(unit=say("unit.s"))} if kind else {}
            self._looks[look, kind] = self._book.add_format({"valign": "vcenter", **_LOOKS[look], **number})
        return self._looks[look, kind]


class Page:
    """A sheet that is being written. Rows and columns count from 0.

    Attributes:
        raw: XlsxWriter's sheet.
    """

    def __init__(self, sheet: Any, look: Callable[[str, str], Any]) -> None:
        self.raw, self._look = sheet, look

    def put(self, row: int, column: int, value: Cell, kind: str = "", look: str = "") -> None:
        """A cell; a text is text, whatever it begins with, and what is not there a dash."""
        form = self._look(look, kind)
        if value is None:
            self.raw.write_string(row, column, NOTHING, form)
        elif isinstance(value, str):
            text = value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"
            (self.raw.write_string if text else self.raw.write_blank)(row, column, text, form)
        elif isinstance(value, (datetime, date, time, timedelta)):
            self.raw.write_datetime(row, column, value, form)
        else:
            self.raw.write_number(row, column, value, form)

    def tall(self, row: int, text: str, width: int) -> None:
        """Give a row the height that a wrapped text takes; spreadsheets do not all see to it."""
        lines = -(-wide(text) // (width - 2))
        if lines > 1:
            self.raw.set_row(row, _HEIGHT * lines)

    def blank(self, row: int, column: int, kind: str = "", look: str = "") -> None:
        """An empty cell that has a look."""
        self.raw.write_blank(row, column, None, self._look(look, kind))

    def formula(self, row: int, column: int, formula: str, value: float, kind: str, look: str = "") -> None:
        """A formula, with its value for readers that do not calculate."""
        self.raw.write_formula(row, column, formula, self._look(look, kind), value)

    def heads(self, row: int, names: list[str], column: int = 0) -> None:
        """Headings of columns."""
        for k, name in enumerate(names):
            self.put(row, column + k, name, look="head")

    def widths(self, *widths: float, column: int = 0) -> None:
        """Widths of columns, in characters."""
        for k, width in enumerate(widths):
            self.raw.set_column(column + k, column + k, width)

    def across(self, row: int, column: int, columns: int, text: str, look: str) -> None:
        """A text over several columns."""
        if columns > 1:
            self.raw.merge_range(row, column, row, column + columns - 1, "", self._look(look, ""))
        self.put(row, column, text, look=look)

    def freeze(self, row: int, column: int, heads: int = 1) -> None:
        """Keep what is above and to the left in sight, and repeat the headings on every printed page."""
        self.raw.freeze_panes(row, column)
        if heads:
            self.raw.repeat_rows(row - heads, row - 1)


def wide(text: str) -> int:
    """Columns that a text takes; a Chinese character takes two."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
