"""Results as rows: for a program, for pandas, for a notebook; and names for columns, no two the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib import import_module
from typing import Any, Final

from cssim.measure import html

Row = dict[str, Any]
"""A row of a table by the names of its columns; numbers, texts and None."""


class Table:
    """What can be shown as rows."""

    def rows(self) -> list[Row]:
        """The rows, each with the same columns."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON, None for what is not a number."""
        raise NotImplementedError

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    def to_frame(self) -> Any:
        """The rows as a pandas frame.

        Raises:
            ImportError: pandas is not installed.
        """
        return import_module("pandas").DataFrame(self.rows())

    def _repr_html_(self) -> str:
        """The rows for a notebook, without what would make them too wide to be read."""
        rows = [{k: v for k, v in row.items() if not k.endswith(_ASIDE)} for row in self.rows()]
        return html.table(
            list(rows[0]) if rows else (), [[_cell(one) for one in row.values()] for row in rows]
        )


_ASIDE: Final = ("half_width", "currency", ": period", ": change in")
"""Ends of the names of columns that a notebook's table leaves out; `to_frame` has them all."""


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def unique(names: Iterable[str]) -> list[str]:
    """The names; one that stands there already gets its number."""
    found: list[str] = []
    for number, name in enumerate(names, 1):
        while name in found:
            name = f"{name} ({number})"
        found.append(name)
    return found
