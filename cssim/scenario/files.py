"""The files of a scenario: what it extends, and the tables that it names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cssim.errors import Fault, InputError, Wrong
from cssim.scenario import tables
from cssim.scenario.text import Source, read_source
from cssim.scenario.tree import Node, dotted, merge, parse
from cssim.scenario.tree import Path as Way

_ANY: Final = "*"
_EXTENDS: Final = "extends"
# Where the name of a table may stand, what reads it, and what stands in for one that cannot be read.
_TABLES: Final[tuple[tuple[Way, Callable[[Source], tables.Table], Node], ...]] = (
    (("queues", _ANY, "volume", "counts"), tables.counts, Node(())),
    (("queues", _ANY, "profile"), tables.profile, Node("flat")),
    (("queues", _ANY, "profile", "shape"), tables.profile, Node("flat")),
    (("roster",), tables.roster, Node(())),
)
_OR_A_PRESET: Final = ("profile", "shape")


@dataclass
class Reading:
    """Reads the files of one scenario, and remembers their digests and what was wrong in them.

    Attributes:
        digests: sha256 by the file's name as messages give it, in the order of reading.
        faults: those that did not end the reading.
    """

    digests: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def tree_of(self, source: Source) -> Node:
        """The tree of a scenario's text on top of what it extends, with its tables filled in.

        Raises:
            InputError: a text is no YAML, or `extends` leads nowhere or round in a circle.
        """
        try:
            root = self._extended(source, ())
        except InputError as error:
            raise InputError([*self.faults, *error.faults]) from None
        return self.filled(root)

    def filled(self, root: Node) -> Node:
        """A scenario's tree with the tables read that it names."""
        for way, reader, instead in _TABLES:
            root = self._filled(root, (), way, reader, instead)
        return root

    def in_order(self, faults: Iterable[Fault]) -> list[Fault]:
        """The faults by file as they were read, then by line and column."""
        order = {name: k for k, name in enumerate(self.digests)}

        def rank(fault: Fault) -> tuple[int, int, int]:
            place = fault.place
            return (-1, 0, 0) if place is None else (order[place.file], place.line, place.column)

        return sorted(faults, key=rank)

    def _extended(self, source: Source, above: tuple[Path, ...]) -> Node:
        self.digests[source.name] = source.sha256
        root, twice = parse(source.text, source.name)
        self.faults += twice
        assert isinstance(root.value, Mapping)
        extends = root.value.get(_EXTENDS)
        own = dataclasses.replace(root, value={k: v for k, v in root.value.items() if k != _EXTENDS})
        if extends is None or extends.value is None:
            return own
        above = (*above, Path(source.name).resolve())
        try:
            if not isinstance(extends.value, str):
                raise Wrong("extends.not", given=extends.text)
            base = read_source(_beside(extends))
            if Path(base.name).resolve() in above:
                raise Wrong("extends.circle", file=base.name)
        except Wrong as wrong:
            raise InputError.one(wrong.key, _EXTENDS, extends.place, **wrong.values) from None
        return merge(self._extended(base, above), own)

    def _filled(
        self, node: Node, way: Way, rest: Way, reader: Callable[[Source], tables.Table], instead: Node
    ) -> Node:
        """The node with the table read that it names at `rest`, below itself."""
        if not rest:
            is_name = isinstance(node.value, str) and (
                way[-1] not in _OR_A_PRESET or node.value.lower().endswith(".csv")
            )
            return self._table(node, way, reader, instead) if is_name else node
        if not isinstance(node.value, Mapping):
            return node
        names = [name for name in node.value if rest[0] in (name, _ANY)]
        filled = {n: self._filled(node.value[n], (*way, n), rest[1:], reader, instead) for n in names}
        return dataclasses.replace(node, value={**node.value, **filled})

    def _table(self, name: Node, way: Way, reader: Callable[[Source], tables.Table], instead: Node) -> Node:
        try:
            source = read_source(_beside(name))
            self.digests[source.name] = source.sha256
            table = reader(source)
            self.faults += [dataclasses.replace(f, path=f"{dotted(way)}.{f.path}") for f in table.faults]
            return dataclasses.replace(table.rows, key=name.key)
        except Wrong as wrong:
            self.faults.append(Fault(wrong.key, wrong.values, dotted(way), name.place))
        except InputError as error:
            self.faults += [dataclasses.replace(fault, path=dotted(way)) for fault in error.faults]
        return dataclasses.replace(instead, place=name.place, key=name.key)


def _beside(name: Node) -> Path:
    """The path of a file that is named in another one; else it is in the working directory."""
    return (Path(name.place.file).parent if name.place else Path()) / str(name.value)
