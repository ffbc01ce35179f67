"""Other plans beside a plan: what differs between the scenarios, what that costs, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from cssim.measure.numbers import NOTHING
from cssim.messages import say
from cssim.report.kept import Kept
from cssim.report.markup import Table, amount, badge, name, short, told
from cssim.roster.replay import PLAN_RESULT

MOST_DIFFERENCES: Final = 12
"""Differences between two scenarios that are listed."""

LONGEST_VALUE: Final = 60
"""Letters of a value among differences."""


def table_of(result: Kept, others: Mapping[str, Kept]) -> Table:
    """Plans, what differs between their scenarios, what they cost, and what they keep."""
    rows: list[tuple[Any, ...]] = [
        (
            told("report.beside.this"),
            NOTHING,
            amount(result.cost, result.scenario),
            NOTHING,
            say("report.tile.kept.value", kept=result.kept, all=len(result.targets)),
            badge(result.verdict, say(f"report.badge.{result.verdict}")),
        )
    ]
    for called, other in others.items():
        more = round(other.cost) - round(result.cost)
        rows.append(
            (
                name(called),
                _differences(result.raw["scenario"], other.raw["scenario"]),
                amount(other.cost, other.scenario),
                f"{more:+,d}".replace("-", "−")
                if other.scenario.currency == result.scenario.currency
                else NOTHING,
                say("report.tile.kept.value", kept=other.kept, all=len(other.targets)),
                badge(other.verdict, say(f"report.badge.{other.verdict}")),
            )
        )
    head = (
        say("report.column.plan"),
        say("report.column.differs"),
        say("report.row.cost"),
        say("report.column.against"),
        say("report.row.kept"),
        say("report.column.verdict"),
    )
    return Table(head, rows, left=2)


def _differences(here: Mapping[str, Any], there: Mapping[str, Any]) -> Markup:
    """What differs between two resolved scenarios, a line a path."""
    found = [one for one in differences(here, there) if one[0] != "name"]
    if not found:
        return told("report.beside.same")
    lines = [
        Markup("<li><code><bdi>{}</bdi></code>: <bdi>{}</bdi> → <bdi>{}</bdi></li>").format(
            short(path), _shown(was), _shown(now)
        )
        for path, was, now in found[:MOST_DIFFERENCES]
    ]
    if len(found) > MOST_DIFFERENCES:
        lines.append(Markup("<li>{}</li>").format(say("report.beside.more", n=len(found) - MOST_DIFFERENCES)))
    return Markup("<ul>{}</ul>").format(Markup("").join(lines))


def differences(here: Any, there: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The paths at which two plain values differ, with both; lists of unlike length differ as a whole."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for key in {**here, **there}:
            yield from differences(here.get(key), there.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        for k, (one, other) in enumerate(zip(here, there, strict=True)):
            yield from differences(one, other, f"{path}.{k}")
    elif here != there:
        yield path, here, there


def _shown(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, list) and any(isinstance(one, (list, Mapping)) for one in value):
        return say("report.beside.entries", n=len(value))
    return short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), LONGEST_VALUE)


def names_of(paths: Iterable[Path]) -> list[str]:
    """What results go by: the names of their files, or of the folders that they lie in; no two the same."""
    found: list[str] = []
    for path in paths:
        own = path.parent.name if path.name == PLAN_RESULT and path.parent.name else path.stem
        found.append(own if own not in found else str(path))
    return found
