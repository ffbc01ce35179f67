"""What is changed in a scenario, and the points that the changes make."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from math import prod
from typing import Any, Final

from cssim.errors import Fault, InputError
from cssim.scenario import load
from cssim.scenario.schema import Scenario
from cssim.scenario.tree import parse, plain

MOST: Final = 1000
"""Most points of a grid."""

_SHOWN: Final = 40


@dataclass(frozen=True)
class Change:
    """One value at one path of a scenario.

    Attributes:
        path: as of `Scenario.replace`.
        value: plain, as the scenario's file would hold it.
        text: the value as one writes it.
    """

    path: str
    value: Any
    text: str

    @classmethod
    def of(cls, path: str, value: Any) -> Change:
        """The change to a plain value."""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        return cls(path, value, text)

    @property
    def brief(self) -> str:
        """The value in a few characters."""
        return self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}..."


@dataclass(frozen=True)
class Point:
    """A scenario, and what was changed to come to it."""

    changes: tuple[Change, ...]
    scenario: Scenario


Axis = Sequence[Change]
"""Values of one path, in order."""


def axis_of(path: str, values: Iterable[Any]) -> Axis:
    """The values of a path, each plain, as a scenario's file would hold it.

    Raises:
        InputError: there is none.
    """
    axis = tuple(Change.of(path, value) for value in values)
    if not axis:
        raise InputError.one("sweep.no_values", path=path)
    return axis


def read_axis(text: str) -> Axis:
    """The axis that ``PATH=V1,V2,...`` means; its values as of `read_values`.

    Raises:
        InputError: there is no path, no value, or the values cannot be read.
    """
    path, equals, values = text.partition("=")
    path = path.strip()
    if not equals or not path:
        raise InputError.one("sweep.set", path="--set", given=text[:_SHOWN])
    return tuple(replace(change, path=path) for change in read_values(values, f"--set {path}"))


def read_values(text: str, option: str) -> Axis:
    """The values of ``V1,V2,...``, read as the scenario's file is; one that has commas of its own stands in
    quotes, ``[ ]`` or ``{ }``.

    Raises:
        InputError: there is none, or they cannot be read.
    """
    try:
        root, _ = parse(f"values: [{text}]", option)
    except InputError as error:
        raise InputError(replace(fault, path=option, place=None) for fault in error.faults) from None
    assert isinstance(root.value, Mapping)
    nodes = root.value["values"].value
    if len(root.value) != 1 or not isinstance(nodes, tuple) or not nodes:
        raise InputError.one("sweep.no_values", path=option)
    return tuple(
        Change(option, plain(node), node.text) if node.is_scalar else Change.of(option, plain(node))
        for node in nodes
    )


def written(change: Change) -> str:
    """A change as the command line has it."""
    return f"--set {change.path}={change.brief}"


def named(change: Change) -> str:
    """A change as Python has it: by its path and value."""
    return f"{change.path}={change.brief}"


def changed(
    scenario: Scenario, changes: Iterable[Change], called: Callable[[Change], str] = named
) -> Scenario:
    """A checked copy of a scenario with all changes made.

    Raises:
        InputError: there is no such path, or the copy is at fault; a fault names the change that makes it.
    """
    for change in changes:
        try:
            scenario = load.replace(scenario, change.path, change.value)
        except InputError as error:
            raise InputError(_of(fault, change, called) for fault in error.faults) from None
    return scenario


def _of(fault: Fault, change: Change, called: Callable[[Change], str]) -> Fault:
    """A fault as one of the change."""
    elsewhere = "" if fault.path in ("", change.path) else f": {fault.path}"
    return replace(fault, path=f"{called(change)}{elsewhere}", place=None)


def same(one: Scenario, other: Scenario) -> bool:
    """Whether two scenarios mean the same."""
    return load.resolved(one) == load.resolved(other)


def grid(
    scenario: Scenario, axes: Sequence[Axis], called: Callable[[Change], str] = named
) -> tuple[Point, ...]:
    """Every combination of the axes' values; the last axis moves fastest.

    Raises:
        InputError: no axis; a path twice, or one within another; too many points; every value that is at
            fault on its own, else the first combination that is.
    """
    if not axes:
        raise InputError.one("sweep.no_axes", path="set")
    paths = [axis[0].path for axis in axes]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise InputError.one("sweep.twice", path=twice)
    for inner, outer in permutations(paths, 2):
        if inner.startswith(f"{outer}."):  # whichever is made last would undo the other
            raise InputError.one("sweep.inside", path=inner, outer=outer)
    if prod(map(len, axes)) > MOST:
        raise InputError.one("sweep.many", path="set", points=prod(map(len, axes)), most=MOST)
    faults: list[Fault] = []
    for change in (change for axis in axes for change in axis):
        try:
            changed(scenario, [change], called)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return tuple(Point(changes, changed(scenario, changes, called)) for changes in product(*axes))
