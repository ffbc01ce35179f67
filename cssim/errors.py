"""What can go wrong, as values: a fault has a place, a path and a message key; an error carries faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cssim.messages import Language, say


@dataclass(frozen=True)
class Place:
    """Where in a file; line and column count from 1. In a workbook: a cell of a sheet."""

    file: str
    line: int
    column: int
    sheet: str = ""

    def __str__(self) -> str:
        if self.sheet:
            return f"{self.file}: {self.sheet} {column_letters(self.column)}{self.line}"
        return f"{self.file}:{self.line}:{self.column}"


def column_letters(column: int) -> str:
    """A column as a spreadsheet calls it: A to Z, AA, AB and so on."""
    before, last = divmod(column - 1, 26)
    return (column_letters(before) if before else "") + chr(ord("A") + last)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong (or, as a warning, odd) with what the user gave.

    Attributes:
        key: message key of `cssim.messages`.
        values: what fills the message.
        path: dotted path of the field, e.g. ``queues.pre_sales.patience.mean``; empty for a whole file.
        place: file, line and column, where known.
    """

    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    path: str = ""
    place: Place | None = None

    def text(self, lang: Language | None = None) -> str:
        """``file:line:column: path: what is wrong; what is allowed``."""
        head = [str(part) for part in (self.place, self.path) if part]
        return ": ".join([*head, say(self.key, lang, **self.values)])


class CssimError(Exception):
    """Base of every error that cssim raises on purpose."""


class InputError(CssimError):
    """The input is at fault; carries every fault found, not just the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def text(self, lang: Language | None = None) -> str:
        """One line a fault."""
        return "\n".join(fault.text(lang) for fault in self.faults)

    def __str__(self) -> str:
        return self.text()

    @classmethod
    def one(cls, key: str, /, path: str = "", place: Place | None = None, **values: object) -> InputError:
        """An error of a single fault."""
        return cls([Fault(key, values, path, place)])


class Wrong(ValueError):
    """A single value is not what its field allows; the loader gives it a path and a place.

    Attributes:
        key, values: of the message.
        field: where, below the thing that was validated, the fault lies; empty for the thing itself.
    """

    def __init__(self, key: str, /, *, field: tuple[str | int, ...] = (), **values: object) -> None:
        self.key = key
        self.values = values
        self.field = field
        super().__init__(key, values)

    def __str__(self) -> str:
        return say(self.key, None, **self.values)

    def __reduce__(self) -> tuple[object, ...]:
        return (_wrong, (self.key, self.values, self.field))


def _wrong(key: str, values: dict[str, object], field: tuple[str | int, ...]) -> Wrong:
    return Wrong(key, field=field, **values)
