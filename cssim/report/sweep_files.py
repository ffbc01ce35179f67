"""A sweep on disk: a table for a spreadsheet, the whole result, and a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cssim.measure.rows import Table
from cssim.report import files
from cssim.scenario.tables import kept_text

NAMES: Final = ("sweep.csv", "sweep.json", "sweep.png")
"""What a sweep's folder holds."""


def paths_of(out: Path) -> list[Path]:
    """The files that are meant: one by its ending, or all in a folder."""
    return [out] if out.suffix.lower() in _CONTENTS else [out / name for name in NAMES]


def write(out: Path, result: Table) -> list[Path]:
    """Write the files that are meant; all of them, or none.

    Raises:
        WriteError: a file could not be written.
    """
    paths = paths_of(out)
    files.write({path: _CONTENTS[path.suffix.lower()](result) for path in paths})
    return paths


def table(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as a CSV that Excel opens, also where it is Chinese; nothing in it is taken for a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer.writerow([_cell(name) for name in names])
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        text = str(value)
        return text if _is_number(text) else kept_text(text)
    return f"{value:.10g}"


def _is_number(text: str) -> bool:
    try:
        float(text.removesuffix("%"))
    except ValueError:
        return False
    return True


def _picture(result: Table) -> bytes:
    from cssim.report.sweep_figures import picture

    return picture(result)


_CONTENTS: Final[Mapping[str, Callable[[Table], bytes]]] = {
    ".csv": lambda result: table(result.rows()),
    ".json": lambda result: result.to_json().encode(),
    ".png": _picture,
}
