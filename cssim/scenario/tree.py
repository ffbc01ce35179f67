"""YAML as a tree of values that know where in which file they stand.

Scalars are resolved as in YAML 1.2's core schema, cut down to what a planner means: ``10:30``, ``11-11`` and
``007`` are texts; only numbers as one writes them are numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from cssim.errors import Fault, InputError, Place
from cssim.scenario.spelling import half_width, is_full_width
from cssim.scenario.syntax import syntax_faults

Path: TypeAlias = tuple[str | int, ...]
Scalar: TypeAlias = str | int | float | bool | None

MOST_NODES: Final = 300_000
"""Most values of a tree, aliases written out: what stops a YAML bomb."""
DEEPEST: Final = 40
"""Deepest nesting; a scenario has eight levels."""

_CONSTANTS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT: Final = re.compile(r"[-+]?(0|[1-9]\d{0,17})", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_MERGE: Final = "<<"


@dataclass(frozen=True)
class Node:
    """A value and its place.

    Attributes:
        value: a scalar, or a mapping or list of nodes.
        place: where it stands; None for what came from no file.
        key: where its key stands, if it has one.
        text: a scalar as it is written.
    """

    value: Scalar | Mapping[str, Node] | tuple[Node, ...]
    place: Place | None = None
    key: Place | None = None
    text: str = ""

    @property
    def is_scalar(self) -> bool:
        """Whether it is neither a mapping nor a list."""
        return not isinstance(self.value, (Mapping, tuple))

    @property
    def at(self) -> Place | None:
        """Where to point for the whole of it: its key, or where it begins."""
        return self.key or self.place


def scalar(text: str) -> Scalar:
    """What a bare word means: nothing, yes or no, a number, or itself."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def plain(node: Node) -> Any:
    """The tree as plain Python values."""
    if isinstance(node.value, Mapping):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(child) for child in node.value]
    return node.value


def tree(value: Any) -> Node:
    """Plain Python values as a tree without places."""
    if isinstance(value, Mapping):
        return Node({str(key): tree(child) for key, child in value.items()})
    if isinstance(value, (list, tuple)):
        return Node(tuple(tree(child) for child in value))
    return Node(value, text="" if value is None else str(value))


def dotted(path: Path) -> str:
    """A path as messages and `--set` write it: ``queues.pre_sales.patience.mean``."""
    return ".".join(map(str, path))


_SPELT: Final = {"points": "shape", "preset": "shape"}


def find(root: Node, path: Path) -> tuple[Node, Path]:
    """The node at a path of the schema, or the last on the way to it, and the way as it stands in the file.

    Where the file uses a short spelling (``6s`` for ``{mean: 6s}``, one entry for a list of one), the steps
    that it leaves out are left out.
    """
    node, way = root, list[str | int]()
    for step in path:
        if isinstance(node.value, Mapping) and isinstance(step, str):
            name = step if step in node.value else _SPELT.get(step, step)
            if name not in node.value:
                break
            node = node.value[name]
            way.append(name)
        elif isinstance(node.value, tuple) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            way.append(step)
    return node, tuple(way)


def _both(first: Node, second: Node) -> Node:
    """What a key that stands twice is taken for, so that only that is told: both, or the first, if it says
    anything.
    """
    if isinstance(first.value, Mapping) and isinstance(second.value, Mapping):
        return replace(first, value={**second.value, **first.value})
    return replace(second, key=first.key) if first.value is None else first


def sign_fault(node: Node, path: Path = ()) -> Fault | None:
    """The fault of a scalar written with full-width signs, if it is one."""
    if not is_full_width(node.text):
        return None
    values = {"given": node.text, "half": half_width(node.text)}
    return Fault("text.full_width", values, dotted(path), node.place)


def merge(base: Node, over: Node) -> Node:
    """`over` on top of `base`: mappings deeply, all else whole; an empty value takes the key out."""
    if not isinstance(base.value, Mapping) or not isinstance(over.value, Mapping):
        return over
    merged = dict(base.value)
    for key, node in over.value.items():
        if node.value is None:
            merged.pop(key, None)
        elif key in merged:
            merged[key] = merge(merged[key], node)
        else:
            merged[key] = node
    return replace(over, value=merged)


def parse(text: str, name: str) -> tuple[Node, list[Fault]]:
    """The tree of a YAML text, and the faults of keys that stand in it twice.

    Raises:
        InputError: not YAML, empty, not a mapping, several documents, too large or too deep.
    """
    try:
        return _Builder(name).document(YAML(typ="safe", pure=True).parse(text))
    except YAMLError as error:
        raise InputError(syntax_faults(text, name, error)) from None


@dataclass
class _Builder:
    """Builds the tree of one document from the parser's events.

    Attributes:
        name: of the file.
        faults: keys that stand twice.
        anchors: what stands behind each, how many values and how many levels that is.
        size: values so far, aliases written out.
        depth: level of the deepest value so far in the one that is being built.
    """

    name: str
    faults: list[Fault] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int, int]] = field(default_factory=dict)
    size: int = 0
    depth: int = 0

    def document(self, events: Iterator[Event]) -> tuple[Node, list[Fault]]:
        next(events)  # the stream begins
        if isinstance(next(events), StreamEndEvent):
            raise InputError.one("yaml.empty", place=Place(self.name, 1, 1))
        root = self._node(next(events), events, ())
        next(events)  # the document ends
        after = next(events)
        if not isinstance(after, StreamEndEvent):
            raise InputError.one("yaml.documents", place=self._place(after))
        if root.value is None:
            raise InputError.one("yaml.empty", place=root.place)
        if not isinstance(root.value, Mapping):
            raise InputError([sign_fault(root) or Fault("yaml.not_mapping", place=root.place)])
        return root, self.faults

    def _node(self, event: Event, events: Iterator[Event], path: Path) -> Node:
        place = self._place(event)
        if isinstance(event, AliasEvent):
            if event.anchor not in self.anchors:
                raise InputError.one("yaml.alias", dotted(path), place, given=event.anchor)
            target, size, levels = self.anchors[event.anchor]
            self._count(size, len(path) + levels, place)
            return replace(target, place=place, key=None)
        assert isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent))
        if event.tag is not None:
            raise InputError.one("yaml.tag", dotted(path), place, given=event.tag)
        before, around, self.depth = self.size, self.depth, 0
        self._count(1, len(path), place)
        if isinstance(event, ScalarEvent):
            bare = event.implicit[0]
            node = Node(scalar(event.value) if bare else event.value, place, text=event.value)
        elif isinstance(event, SequenceStartEvent):
            node = Node(tuple(self._items(events, path)), place)
        else:
            node = Node(self._entries(events, path), place)
        if event.anchor is not None:
            self.anchors[event.anchor] = node, self.size - before, self.depth - len(path)
        self.depth = max(around, self.depth)
        return node

    def _items(self, events: Iterator[Event], path: Path) -> Iterator[Node]:
        for position, event in enumerate(iter(lambda: next(events), None)):
            if isinstance(event, SequenceEndEvent):
                return
            yield self._node(event, events, (*path, position))

    def _entries(self, events: Iterator[Event], path: Path) -> Mapping[str, Node]:
        merged: dict[str, Node] = {}
        own: dict[str, Node] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            key = self._node(event, events, (*path, "?"))
            assert key.place is not None
            if isinstance(key.value, (Mapping, tuple)):
                raise InputError.one("yaml.key", dotted(path), key.place)
            way = (*path, key.text)
            value = self._node(next(events), events, way)
            if isinstance(event, ScalarEvent) and event.value == _MERGE and event.style is None:
                for entries in value.value if isinstance(value.value, tuple) else (value,):
                    if not isinstance(entries.value, Mapping):
                        raise InputError.one("yaml.merge", dotted(path), value.place)
                    merged = {**entries.value, **merged}
            elif key.text in own:
                first = own[key.text].key
                assert first is not None
                values = {"given": key.text, "line": first.line}
                self.faults.append(Fault("yaml.duplicate", values, dotted(way), key.place))
                own[key.text] = _both(own[key.text], value)
            else:
                own[key.text] = replace(value, key=key.place)
        return {**merged, **own}

    def _count(self, size: int, depth: int, place: Place) -> None:
        self.size += size
        self.depth = max(self.depth, depth)
        if self.size > MOST_NODES:
            raise InputError.one("yaml.bomb", place=place, most=MOST_NODES)
        if self.depth > DEEPEST:
            raise InputError.one("yaml.deep", place=place, most=DEEPEST)

    def _place(self, event: Event) -> Place:
        return Place(self.name, event.start_mark.line + 1, event.start_mark.column + 1)
