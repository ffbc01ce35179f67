"""How tables and sentences stand on a terminal; what they say comes from `tables` and `sweep_tables`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cssim.messages import say, spoken

if TYPE_CHECKING:  # brings the compiler with it
    from cssim.measure.estimate import Verdict

COLOURS: Final[Mapping[Verdict, str]] = {"met": "green", "missed": "bold red", "undecided": "yellow"}
"""Of verdicts."""

ENDLESS: Final = 1000
"""Columns of a page that is no terminal: nothing is wrapped."""


def console() -> Console:
    """Standard output."""
    width = None if sys.stdout.isatty() else ENDLESS
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def heads(*names: str, **values: str) -> list[str]:
    """Headings of columns, by the names of their messages."""
    return [say(f"table.column.{name}", **values) for name in names]


def table(heads: Sequence[str], left: int = 1) -> Table:
    """An open table: the first `left` columns are words, the others numbers, which never wrap."""
    found = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False, show_edge=False)
    for k, head in enumerate(heads):
        word = k < left
        found.add_column(head, justify="left" if word else "right", no_wrap=not word, overflow="fold")
    return found


def show(out: Console, title: str, table: Table) -> None:
    """A table below its title."""
    out.print(Text(title, style="bold"), soft_wrap=True)
    out.print(table)
    out.print()


def line(out: Console, key: str, **values: object) -> None:
    """A message, as `sentence`."""
    sentence(out, say(key, **values))


def sentence(out: Console, text: str, indent: int = 0) -> None:
    """Wrapped between words; Chinese has no spaces and is wrapped by the terminal."""
    if spoken() == "zh":
        out.print(" " * indent + text, soft_wrap=True)
    else:
        out.print(Padding(Text(text), (0, 0, 0, indent), expand=False))
