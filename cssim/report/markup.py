"""Texts in the report's page: names stay text, sentences are HTML, tables are ready to be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup, escape

from cssim.messages import say, words
from cssim.scenario.schema import Scenario

LONGEST: Final = 80
"""Letters of a name that are shown."""

MARKS: Final[Mapping[str, str]] = {"met": "✓", "missed": "✗", "undecided": "?", "infeasible": "✗"}
"""Verdicts without colour."""


@dataclass(frozen=True)
class Table:
    """A table: `left` of its columns are words, the others figures.

    Attributes:
        head: of the columns.
        rows: cells, as they are shown.
        left: how many columns are words; the first names the row.
    """

    head: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    left: int = 1


def told(key: str, **values: object) -> Markup:
    """A message as HTML: its values stay text, but for those that are HTML already."""
    return Markup(escape(words(key))).format(**values)


def name(text: str) -> Markup:
    """A name that a user gave, apart from what stands around it, whichever way it is written."""
    return Markup("<bdi>{}</bdi>").format(short(text))


def short(text: str, longest: int = LONGEST) -> str:
    """A text that is not longer than so many letters; the whole of it stands in the scenario."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def names(texts: Iterable[str]) -> Markup:
    """Several."""
    return Markup(say("report.and_so_on")).join(name(text) for text in texts)


def isolated(text: str) -> Markup:
    """A sentence with names in it."""
    return Markup("<bdi>{}</bdi>").format(text)


def amount(value: float, scenario: Scenario, form: str = "{:,.0f}") -> str:
    """``21,350 CNY``, on one line."""
    return f"{form.format(value)}\xa0{short(scenario.currency, 20)}"


def badge(verdict: str, text: str) -> Markup:
    """A verdict, told apart by sign, word and colour."""
    return Markup('<span class="badge {}">{}\xa0{}</span>').format(verdict, MARKS[verdict], text)
