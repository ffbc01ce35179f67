"""A scenario on one sheet of a workbook: the numbers that a manager knows, on top of a template.

A row of the sheet is a field of the template, told by its key in the sheet's last column; all that the sheet
does not ask for is as the template has it. So a sheet means what its template would mean with these values in
it, and goes through the same schema and checks; only the places are cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any, Final, Literal, TypeAlias

from cssim.errors import Fault, InputError, Wrong
from cssim.scenario.cells import Book, Sheet, Value, clock_text, moment_text, number, plain_text
from cssim.scenario.presets import FORECASTS, TARGETS
from cssim.scenario.templates import NAMES, template
from cssim.scenario.tree import Node, Path, dotted, parse
from cssim.scenario.units import (
    HOUR,
    format_share,
    is_on,
    parse_clock,
    parse_duration,
    parse_moment,
    parse_share,
)

Kind: TypeAlias = Literal["text", "choice", "moment", "clock", "number", "ratio", "share", "seconds", "hours"]
Section: TypeAlias = Literal["day", "buyers", "people", "shifts", "promises"]

TEMPLATE: Final = "template"
"""Key of the row that names the template."""
KEY_AFTER: Final = 3
"""So many columns to the right of its value stands a row's key."""
_FIRST_KEY: Final = "horizon.from"
_EVERY: Final = "*"

_Asked: TypeAlias = tuple[str, Kind, str]
# Of each section: below which names, then word, kind and path of what is asked for.
_ASKED: Final[tuple[tuple[Section, str, tuple[_Asked, ...]], ...]] = (
    (
        "day",
        "",
        (
            ("name", "text", "name"),
            ("from", "moment", "horizon.from"),
            ("to", "moment", "horizon.to"),
            ("opens", "moment", "sale.opens"),
            ("closes", "moment", "sale.closes"),
            ("forecast", "choice", "forecast"),
        ),
    ),
    ("buyers", "", (("orders", "number", "queues.*.volume.orders"),)),
    (
        "buyers",
        "queues",
        (
            ("contacts", "number", "volume.contacts"),
            ("service_share", "share", "volume.service_share"),
            ("conversion", "share", "volume.conversion"),
            ("refund_rate", "share", "volume.refund_rate"),
            ("resolves", "share", "bot.resolves"),
            ("rounds", "number", "chat.rounds"),
            ("reply", "seconds", "chat.reply.mean"),
        ),
    ),
    (
        "people",
        "groups",
        (
            ("people", "number", "people"),
            ("pay", "number", "pay.per_hour"),
            ("chats", "number", "chats"),
            ("speed", "ratio", "speed"),
        ),
    ),
    ("people", "", (("seats", "number", "limits.seats"),)),
    (
        "shifts",
        "shifts",
        (
            ("start", "clock", "start"),
            ("end", "clock", "end"),
            ("first_start", "clock", "start.from"),
            ("last_start", "clock", "start.to"),
            ("length", "hours", "length"),
        ),
    ),
    (
        "promises",
        "targets",
        (
            ("preset", "choice", "preset"),
            ("within", "seconds", "within"),
            ("at_least", "share", "at_least"),
            ("at_most", "share", "at_most"),
            ("on", "share", "on"),
        ),
    ),
)
_MAY_BE_EMPTY: Final = ("name", "closes", "seats", "on")
_ALWAYS_ASKED: Final = ("on",)
_ABSURD: Final = 1e15
"""No share is as large; it cannot be told in per cent."""
_CHOICES: Final = {"forecast": tuple(FORECASTS), "preset": tuple(TARGETS)}


@dataclass(frozen=True)
class Field:
    """A number that is asked for.

    Attributes:
        section: of the sheet.
        word: what it is, as its messages are called.
        of: the queue, group or shift that it is about, a promise's number from 1, or empty.
        kind: what its cell holds: seconds and hours are numbers, shares and ratios parts of 1.
        key: what tells its row: its path, with ``*`` where one cell fills several.
        paths: of the values of the scenario that it fills.
        value: the template's, as a cell holds it; empty where it has none.
    """

    section: Section
    word: str
    of: str
    kind: Kind
    key: str
    paths: tuple[Path, ...]
    value: Value

    @property
    def may_be_empty(self) -> bool:
        """Whether the cell may be left empty."""
        return self.word in _MAY_BE_EMPTY

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that the cell may hold; none where it is no choice."""
        return _CHOICES.get(self.word, ())


def fields(name: str) -> tuple[Field, ...]:
    """What a template's sheet asks for, in order.

    Raises:
        InputError: there is no such template.
    """
    return tuple(_fields(_tree(name)))


@dataclass(frozen=True)
class Form:
    """A sheet as a scenario's tree.

    Attributes:
        root: the tree; what a cell fills has the cell's place.
        faults: of cells and rows that are missing.
        sheet: that was read.
        rows: of the fields, by their paths.
    """

    root: Node
    faults: tuple[Fault, ...]
    sheet: Sheet
    rows: Mapping[Path, tuple[int, int]]

    def placed(self, faults: Iterable[Fault]) -> list[Fault]:
        """The faults from top to bottom; what lies in the template points to the cell that is nearest."""
        found = [
            fault if fault.place else replace(fault, place=self._nearest(fault.path)) for fault in faults
        ]
        return sorted(
            found, key=lambda fault: (fault.place.line, fault.place.column) if fault.place else (0, 0)
        )

    def _nearest(self, path: str) -> Any:
        steps = path.split(".")

        def shared(way: Path) -> int:
            pairs = zip(steps, map(str, way), strict=False)
            return next((k for k, (a, b) in enumerate(pairs) if a != b), min(len(steps), len(way)))

        best = max(self.rows, key=shared)
        return self.sheet.place(*self.rows[best] if shared(best) else (0, 0))


def read(book: Book) -> Form:
    """The scenario of a workbook.

    Raises:
        InputError: no sheet of it is one, or its template is not known.
    """
    for sheet in book.sheets:
        for cells in sheet.rows:
            if _FIRST_KEY in cells[KEY_AFTER:]:
                return _form(sheet, cells.index(_FIRST_KEY, KEY_AFTER))
    raise InputError.one("sheet.none", book.name)


def _form(sheet: Sheet, keys: int) -> Form:
    column = keys - KEY_AFTER
    rows = {str(sheet.at(row, keys)): row for row in reversed(range(len(sheet.rows)))}
    root = _tree(_template(sheet, rows, column))
    begins = _at(root, ("horizon", "from"))
    filled = dict[Path, tuple[int, int]]()
    faults = list[Fault]()
    for field in _fields(root):
        row = rows.get(field.key)
        if row is None:
            faults.append(Fault("sheet.row", {"key": field.key}, field.key, sheet.place(0, column)))
            continue
        value = sheet.at(row, column)
        filled |= dict.fromkeys(field.paths, (row, column))
        if _is_empty(value):
            if field.may_be_empty:
                root = _filled(root, field.paths, sheet.node(row, column, None, ""))
            else:
                faults.append(Fault("field.empty", {}, dotted(field.paths[0]), sheet.place(row, column)))
        else:
            meant = _meant(field.kind, value)
            quoted = plain_text(value) if field.kind == "number" else str(meant)
            root = _filled(root, field.paths, sheet.node(row, column, meant, quoted))
    return Form(_moved(root, begins), tuple(faults), sheet, filled)


def _template(sheet: Sheet, rows: Mapping[str, int], column: int) -> str:
    """The name of the template.

    Raises:
        InputError: none is named, or none that there is.
    """
    if TEMPLATE not in rows:
        raise InputError.one("sheet.row", TEMPLATE, sheet.place(0, column), key=TEMPLATE)
    name = plain_text(sheet.at(rows[TEMPLATE], column)).strip()
    if name not in NAMES:
        place = sheet.place(rows[TEMPLATE], column)
        raise InputError.one("template.unknown", TEMPLATE, place, given=name, allowed=", ".join(NAMES))
    return name


@cache
def _tree(name: str) -> Node:
    root, _ = parse(template(name, "en"), name)
    return _nowhere(root)


def _nowhere(node: Node) -> Node:
    """The tree without places: nobody has written it."""
    value = node.value
    if isinstance(value, Mapping):
        value = {key: _nowhere(child) for key, child in value.items()}
    elif isinstance(value, tuple):
        value = tuple(map(_nowhere, value))
    return Node(value, text=node.text)


def _fields(root: Node) -> Iterator[Field]:
    for section, names, asked in _ASKED:
        if not names:
            yield from _present(root, section, (), "", asked)
            continue
        part = _at(root, (names,))
        steps: list[str | int] = []
        if part is not None and isinstance(part.value, Mapping):
            steps = [*part.value]
        elif part is not None and isinstance(part.value, tuple):
            steps = [*range(len(part.value))]
        for step in steps:
            # a queue that is fed by others has nothing that a manager would count
            if names != "queues" or _at(root, (names, step, "volume")) is not None:
                of = str(step + 1) if isinstance(step, int) else step
                yield from _present(root, section, (names, step), of, asked)


def _present(root: Node, section: Section, way: Path, of: str, asked: Iterable[_Asked]) -> Iterator[Field]:
    """The fields below a way that the template has."""
    for word, kind, rest in asked:
        pattern = (*way, *rest.split("."))
        paths = tuple(_ways(root, pattern))
        nodes = [node for path in paths if (node := _at(root, path)) is not None and node.is_scalar]
        if nodes:
            value = _cell(kind, nodes[0].value)
        elif word in _ALWAYS_ASKED:
            paths, value = (pattern,), ""
        else:
            continue
        yield Field(section, word, of, kind, dotted(pattern), paths, value)


def _ways(root: Node, pattern: Path) -> Iterator[Path]:
    """The paths of the tree that a pattern with `*` means."""
    if _EVERY not in pattern:
        yield pattern
        return
    at = pattern.index(_EVERY)
    part = _at(root, pattern[:at])
    if part is not None and isinstance(part.value, Mapping):
        for name in part.value:
            path = (*pattern[:at], name, *pattern[at + 1 :])
            if _at(root, path) is not None:
                yield path


def _at(root: Node, path: Path) -> Node | None:
    node = root
    for step in path:
        if isinstance(node.value, Mapping) and step in node.value:
            node = node.value[str(step)]
        elif isinstance(node.value, tuple) and isinstance(step, int):
            node = node.value[step]
        else:
            return None
    return node


def _cell(kind: Kind, value: Any) -> Value:
    """A value of a template as a cell holds it: times of day are parts of a day."""
    if kind == "moment":
        return parse_moment(value)
    if kind == "clock":
        return timedelta(seconds=parse_clock(value))
    if kind == "share":
        return parse_share(value)
    if kind == "seconds":
        return parse_duration(value)
    if kind == "hours":
        return parse_duration(value) / HOUR
    return float(value) if kind in ("number", "ratio") else str(value)


def _is_empty(value: Value) -> bool:
    return isinstance(value, str) and not value.strip()


def _meant(kind: Kind, value: Value) -> Any:
    """A cell's value as it is written in a scenario; what makes no sense stays, for the schema to refuse."""
    if kind == "moment":
        return moment_text(value)
    if kind == "clock":
        return clock_text(value)
    if kind in ("text", "choice"):
        text = plain_text(value)
        return text.strip() if kind == "choice" else text
    given = number(value)
    if isinstance(given, bool) or not isinstance(given, (int, float)) or kind in ("number", "ratio"):
        return given
    if kind == "share" and abs(given) < _ABSURD:
        return format_share(given) if 0 <= given <= 1 else f"{100 * given:.12g}%"
    return given if kind == "share" else f"{given!r}{'s' if kind == 'seconds' else 'h'}"


def _filled(node: Node, paths: Iterable[Path], leaf: Node) -> Node:
    for path in paths:
        node = _with(node, path, leaf)
    return node


def _with(node: Node, path: Path, leaf: Node) -> Node:
    """A copy of the tree with a leaf at a path; only the last step may be new."""
    if not path:
        return leaf
    step, rest = path[0], path[1:]
    if isinstance(node.value, tuple) and isinstance(step, int):
        items = list(node.value)
        items[step] = _with(items[step], rest, leaf)
        return replace(node, value=tuple(items))
    assert isinstance(node.value, Mapping)
    below = node.value.get(str(step), Node(None))
    return replace(node, value={**node.value, str(step): _with(below, rest, leaf)})


def _moved(root: Node, begins: Node | None) -> Node:
    """The tree with the dates that stand in the template moved as far as the day that is planned."""
    now = _at(root, ("horizon", "from"))
    try:
        was, new = (parse_moment(node.value).date() for node in (begins, now) if node is not None)
    except (ValueError, Wrong):
        return root
    if f"{was:%m-%d}" == f"{new:%m-%d}":
        return root
    for path in _ways(root, ("queues", _EVERY, "volume", "day_share")):
        shares = _at(root, path)
        assert shares is not None
        assert isinstance(shares.value, Mapping)
        moved = {_later(day, was, new): share for day, share in shares.value.items()}
        root = _with(root, path, replace(shares, value=moved))
    return root


def _later(written: str, was: date, new: date) -> str:
    """A date of the template, as many days from the new beginning as it is from the old one."""
    nearby = (timedelta(days=days) for days in range(-182, 183))
    return next(((new + after).isoformat() for after in nearby if is_on(written, was + after)), written)
