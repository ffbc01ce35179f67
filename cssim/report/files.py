"""Results on disk: written whole or not at all, and never over something that is already there unasked."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cssim.errors import CssimError, InputError
from cssim.messages import Language, say
from cssim.scenario.tables import kept_text


class WriteError(CssimError):
    """The disk did not take a result; nothing half-written is left."""

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(path, why)

    def text(self, lang: Language | None = None) -> str:
        """What could not be written, and why."""
        return say("file.unwritable", lang, path=self.path, why=self.why)

    def __str__(self) -> str:
        return self.text()


def require_free(paths: Iterable[Path], force: bool) -> None:
    """See to it before long work that its results can be written.

    Raises:
        InputError: something is there already and `force` is not given, or the place cannot be written to.
    """
    for path in paths:
        try:
            if path.is_dir():
                raise InputError.one("file.folder", path=str(path))
            if path.exists() and not force:
                raise InputError.one("file.exists", path=str(path))
            ground = next((parent for parent in path.absolute().parents if parent.exists()), Path())
            if not ground.is_dir() or not os.access(ground, os.W_OK):
                raise InputError.one("file.ground", path=str(path), ground=str(ground))
        except OSError as error:  # a name that is too long, a disk that is gone
            raise InputError.one("file.refused", path=str(path), why=error.strerror or error) from None


def require_writable(folder: Path) -> None:
    """See to it, by trying, that files can be made in a folder that may not be there yet; nothing is left.

    Raises:
        InputError: they cannot.
    """
    path, made = folder / f".{os.getpid()}.try", list[Path]()
    try:
        made = _lacking(folder)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        path.unlink()
    except OSError as error:
        raise InputError.one("file.refused", path=str(folder), why=error.strerror or error) from None
    finally:
        _remove_folders(made)


PLAN = ("result.json", "roster.csv", "roster.json", "scenario.yaml")
"""What a plan's folder holds in any case."""

REPORT = "report.html"
"""What it holds besides, unless the report could not be made."""

WORKBOOK = "plan.xlsx"
"""What it holds besides, where workbooks can be written."""


def write_plan(
    folder: Path,
    result: str,
    rows: Iterable[Mapping[str, Any]],
    scenario: str,
    others: Mapping[str, bytes] | None = None,
) -> list[str]:
    """Write a plan's folder: the whole result, the roster as a table and for programs, the resolved scenario,
    and what else there is, by name. Gives the names.

    Raises:
        WriteError: a file could not be written; none of them was.
    """
    rows = list(rows)
    contents = (result.encode(), roster_csv(rows), roster_json(rows), scenario.encode())
    named = {**dict(zip(PLAN, contents, strict=True)), **(others or {})}
    write({folder / name: content for name, content in named.items()})
    return list(named)


def roster_json(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A roster's rows (`cssim.measure.cost.roster_rows`) as a JSON list."""
    return json.dumps(list(rows), ensure_ascii=False, indent=1, allow_nan=False).encode()


def roster_csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A roster (`cssim.measure.cost.roster_rows`) as a CSV that Excel opens and `simulate --roster` reads."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(
        text, ("group", "date", "shift", "start", "end", "count", "cost"), extrasaction="ignore"
    )
    table.writeheader()
    for row in rows:
        words = {name: kept_text(row[name]) for name in ("group", "shift")}
        table.writerow({**row, **words, "cost": f"{row['cost']:.2f}"})
    return text.getvalue().encode("utf-8-sig")


def write(contents: Mapping[Path, bytes]) -> None:
    """Write every file, or leave everything as it was.

    Each is first written beside its place and then moved into it; should a move fail (on Windows: a table
    that is open in Excel), those already moved are put back.

    Raises:
        WriteError: a file could not be written.
    """
    staged: dict[Path, Path] = {}
    before: dict[Path, Path | None] = {}
    made: list[Path] = []
    path = Path()
    try:
        for path, content in contents.items():
            made += _make_folder(path.parent)
            staged[path] = _beside(path, "new")
            with staged[path].open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path, new in staged.items():
            old = _beside(path, "old") if path.exists() else None
            if old is not None:
                shutil.copy2(path, old)
            before[path] = old
            new.replace(path)
    except BaseException as error:
        _put_back(before, staged)
        _remove(staged.values())
        _remove_folders(made)
        if isinstance(error, OSError):
            raise WriteError(path, error.strerror or str(error)) from error
        raise
    finally:
        _remove(old for old in before.values() if old is not None)


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{what}")


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder and its parents; those that are new, outermost first."""
    new = _lacking(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return new


def _lacking(folder: Path) -> list[Path]:
    """Of a folder and its parents those that are not there, outermost first."""
    return [f for f in (folder, *folder.parents) if not f.exists()][::-1]


def _remove_folders(made: Iterable[Path]) -> None:
    """Remove folders that were made, outermost first, as far as they are empty."""
    for folder in reversed(list(made)):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _put_back(before: Mapping[Path, Path | None], staged: Mapping[Path, Path]) -> None:
    for path, old in before.items():
        with contextlib.suppress(OSError):
            if old is not None:
                old.replace(path)
            elif not staged[path].exists():
                path.unlink(missing_ok=True)
