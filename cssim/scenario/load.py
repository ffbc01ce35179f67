"""From a planner's file to a checked scenario, and back.

A file becomes text (`text`), then a tree of values that know their places (`tree`), in which what it extends
and the tables that it names are filled in (`files`); then the schema (`schema`) and the checks between fields
(`checks`) have their say. Each step hands on every fault that it finds, so that all are told at once.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeAlias

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML

from cssim.errors import Fault, InputError, Wrong
from cssim.scenario import cells, checks, grid, sheet, tables
from cssim.scenario.faults import each_once, fault_of, schema_faults
from cssim.scenario.files import Reading
from cssim.scenario.schema import RosterRow, Scenario, within
from cssim.scenario.spelling import unknown
from cssim.scenario.text import Source, read_source, text_source
from cssim.scenario.tree import Node, plain, tree


class Stream(Protocol):
    """What can be read as text."""

    def read(self) -> str:
        """All of it."""


Given: TypeAlias = str | os.PathLike[str] | Stream


class CheckedScenario(Scenario):
    """A scenario that every check has passed."""

    def replace(self, path: str, value: object) -> CheckedScenario:
        """A checked copy with one value changed; see the function `replace`."""
        return replace(self, path, value)


@dataclass(frozen=True)
class Loaded:
    """A scenario and what came with it.

    Attributes:
        scenario: resolved; it stands alone.
        files: sha256 of every file that was read, by the name it was given.
        warnings: what is legal but odd, with places.
    """

    scenario: CheckedScenario
    files: Mapping[str, str]
    warnings: tuple[Fault, ...]


def load(given: Given) -> CheckedScenario:
    """The scenario of a file (YAML, or a workbook with the sheet of `cssim new --workbook`), of standard
    input (``-``) or of an open text.

    Raises:
        InputError: every fault, each with its place.
    """
    return read(given).scenario


def loads(text: str, name: str = "<text>") -> CheckedScenario:
    """The scenario of a text; files that it names are looked for in the working directory.

    Raises:
        InputError: every fault, each with its place.
    """
    return read(io.StringIO(text), name).scenario


def read(given: Given, name: str = "<text>") -> Loaded:
    """As `load`, with the files' digests and the warnings; `name` is what an open text is called.

    Raises:
        InputError: every fault, each with its place.
    """
    if cells.is_workbook(given):
        return _read_sheet(_book(given))
    source = _source(given, name)
    reading = Reading()
    try:
        root = reading.tree_of(source)
        scenario = _checked(root, reading.faults)
    except InputError as error:
        raise InputError(reading.in_order(error.faults)) from None
    odd = [fault_of(wrong, path, root) for path, wrong in checks.oddities(scenario)]
    return Loaded(scenario, reading.digests, tuple(reading.in_order(odd)))


def from_resolved(resolved: Mapping[str, Any]) -> CheckedScenario:
    """The scenario of a mapping, such as the one that `resolved` gives and a result keeps.

    Raises:
        InputError: every fault, with its path.
    """
    return _checked(tree(resolved), [])


def resolved(scenario: Scenario) -> dict[str, Any]:
    """The scenario as plain values with every default, in the spellings of a file; order counts."""
    return scenario.model_dump(mode="json", by_alias=True)


def dump(scenario: Scenario) -> str:
    """The resolved scenario as YAML: ``loads(dump(s)) == s``."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None  # flow style for what has no mapping or list inside
    yaml.sort_base_mapping_type_on_output = False
    yaml.allow_unicode = True
    yaml.width = 10_000
    text = io.StringIO()
    yaml.dump(resolved(scenario), text)
    return text.getvalue()


def digest(scenario: Scenario) -> str:
    """sha256 of the resolved scenario as compact JSON.

    The order of queues and groups is part of it, for it numbers contacts and agents.
    """
    text = json.dumps(resolved(scenario), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def replace(scenario: Scenario, path: str, value: object) -> CheckedScenario:
    """A checked copy with the value at a path changed, e.g. ``queues.pre_sales.bot.resolves``.

    The path is that of the resolved scenario, items of lists by their number from 0; the value is written as
    in a file, and a table that it names is looked for in the working directory. What is not there by default
    (a bot) is made.

    Raises:
        InputError: there is no such path, or the copy is at fault.
    """
    try:
        changed = _with(resolved(scenario), path, value)
    except Wrong as wrong:
        raise InputError([Fault(wrong.key, wrong.values, path)]) from None
    reading = Reading()
    root = reading.filled(tree(changed))
    return _checked(root, reading.faults)


def read_roster(path: str | os.PathLike[str], scenario: Scenario) -> tuple[RosterRow, ...]:
    """The rows of a roster for a scenario: of a CSV (group, date, shift[, start, end], count), or of the grid
    of a workbook (see `cssim.scenario.grid`).

    Raises:
        InputError: every fault, each with its place.
    """
    names = {*scenario.groups, *scenario.shifts}
    if cells.is_workbook(path):
        table = grid.roster(_book(path), names)
    else:
        table = tables.roster(_source(path), names)
    root = Node({"roster": table.rows})
    faults = [dataclasses.replace(fault, path=f"roster.{fault.path}") for fault in table.faults]
    schema = dict[str, tuple[RosterRow, ...]]
    found: tuple[RosterRow, ...] = ()
    try:
        with within({name: getattr(scenario, name) for name in ("groups", "shifts")}):
            found = TypeAdapter(schema).validate_python(plain(root))["roster"]
    except ValidationError as error:
        faults += _apart_from(faults, schema_faults(error, root, schema))
    faults += [fault_of(wrong, way, root) for way, wrong in checks.rows_mean_shifts(scenario, found)]
    if faults:
        raise InputError(each_once(faults))
    return found


# -- from a tree to a scenario ----------------------------------------------------------------------------


def _source(given: Given, name: str = "") -> Source:
    """What is given, as a text; a file that cannot be read has no place to point to."""
    try:
        if isinstance(given, (str, os.PathLike)):
            return read_source(given)
        return text_source(given.read(), name)
    except Wrong as wrong:
        raise InputError([Fault(wrong.key, wrong.values)]) from None


def _book(path: Any) -> cells.Book:
    """A workbook; one that cannot be read has no place to point to."""
    try:
        return cells.read_book(path)
    except Wrong as wrong:
        raise InputError([Fault(wrong.key, wrong.values)]) from None


def _read_sheet(book: cells.Book) -> Loaded:
    """As `read`, for a scenario on a sheet."""
    form = sheet.read(book)
    try:
        scenario = _checked(form.root, list(form.faults))
    except InputError as error:
        raise InputError(form.placed(error.faults)) from None
    odd = [fault_of(wrong, path, form.root) for path, wrong in checks.oddities(scenario)]
    return Loaded(scenario, {book.name: book.sha256}, tuple(form.placed(odd)))


def _checked(root: Node, faults: list[Fault]) -> CheckedScenario:
    """The scenario of a tree in whose reading these faults were found.

    Raises:
        InputError: these faults, the schema's and the checks'.
    """
    given = plain(root)
    scenario: Scenario
    try:
        scenario = CheckedScenario.model_validate(given)
    except ValidationError as error:
        faults = faults + _apart_from(faults, schema_faults(error, root, Scenario))
        scenario = _sound_part(given, faults)
    odd = checks.faults(scenario, _sound(given, faults))
    faults = faults + [fault_of(wrong, path, root) for path, wrong in odd]
    if faults:
        raise InputError(each_once(faults))
    assert isinstance(scenario, CheckedScenario)
    return scenario


def _apart_from(read: list[Fault], found: list[Fault]) -> list[Fault]:
    """What was found, but for what lies in something that could not be read or stands twice."""
    paths = tuple(f"{fault.path}." for fault in read)
    return [fault for fault in found if not f"{fault.path}.".startswith(paths)]


def _sound(given: Any, faults: list[Fault]) -> set[str]:
    """The sections of the scenario in which there is no fault, and that are not missing or misspelt."""
    if not isinstance(given, Mapping):
        return set()
    broken = {fault.path.partition(".")[0] for fault in faults}
    misspelt = {fault.values.get("near") for fault in faults if "." not in fault.path}
    missing = {name for name, field in Scenario.model_fields.items() if field.is_required()} - set(given)
    return set(Scenario.model_fields) - broken - misspelt - missing


def _sound_part(given: Any, faults: list[Fault]) -> Scenario:
    """A scenario of those sections alone, for the checks that need no others."""
    sections = {}
    with within(given):
        for name in _sound(given, faults) & {name for name, section in given.items() if section is not None}:
            field = Scenario.model_fields[name]
            annotation: Any = Annotated[(field.annotation, field)]
            sections[name] = TypeAdapter[Any](annotation).validate_python(given[name])
    return Scenario.model_construct(**sections)


def _with(values: Any, path: str, value: object) -> Any:
    """A copy of plain values with the one at a path changed; what is not there becomes a mapping.

    Raises:
        Wrong: there is no such path.
    """
    if not path:
        return value
    if values is None:
        first, _, rest = path.partition(".")
        return {first: _with(None, rest, value)}
    items = dict(enumerate(values)) if isinstance(values, list) else values
    if not isinstance(items, dict):
        items = {}
    # the longest, for names may have dots in them
    key = max((k for k in items if f"{path}.".startswith(f"{k}.")), key=lambda k: len(str(k)), default=None)
    if key is None:
        raise unknown("path.unknown", path.partition(".")[0] or path, map(str, items))
    if key == "preset":
        raise Wrong("path.preset")
    changed = {**items, key: _with(items[key], path[len(str(key)) + 1 :], value)}
    return list(changed.values()) if isinstance(values, list) else changed
