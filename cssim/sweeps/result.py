"""What comes of a sweep: everything needed to run it again, to print it and to draw it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module, metadata
from typing import Any, Final, Literal

from cssim.measure import html
from cssim.measure.estimate import number
from cssim.messages import say
from cssim.scenario.schema import Scenario
from cssim.sweeps.outcome import Difference, Outcome, between

SCHEMA: Final = "cssim.sweep.1"

Kind = Literal["sweep", "frontier", "bot"]

Row = dict[str, Any]
"""A row of a table by the names of its columns; numbers, texts and None."""


@dataclass(frozen=True)
class Ran:
    """When something ran and for how long."""

    started: str
    elapsed: float

    @classmethod
    def since(cls, started: datetime) -> Ran:
        """From a moment until now."""
        elapsed = (datetime.now().astimezone() - started).total_seconds()
        return cls(started.isoformat(timespec="seconds"), elapsed)


def about(scenario: Scenario, seed: int, ran: Ran, interrupted: bool) -> dict[str, Any]:
    """What every result says of itself."""
    from cssim.scenario.load import digest, resolved

    return {
        "schema": SCHEMA,
        "version": metadata.version("cssim"),
        "seed": seed,
        "scenario": resolved(scenario),
        "scenario_digest": digest(scenario),
        "currency": scenario.currency,
        "started": ran.started,
        "elapsed_s": ran.elapsed,
        "interrupted": interrupted,
    }


class Table:
    """What can be shown as rows."""

    def rows(self) -> list[Row]:
        """The rows, each with the same columns."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON, None for what is not a number."""
        raise NotImplementedError

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    def to_frame(self) -> Any:
        """The rows as a pandas frame.

        Raises:
            ImportError: pandas is not installed.
        """
        return import_module("pandas").DataFrame(self.rows())

    def _repr_html_(self) -> str:
        """The rows for a notebook, without what would make them too wide to be read."""
        rows = [{k: v for k, v in row.items() if not k.endswith(_ASIDE)} for row in self.rows()]
        return html.table(
            list(rows[0]) if rows else (), [[_cell(one) for one in row.values()] for row in rows]
        )


_ASIDE: Final = ("half_width", "currency", ": period", ": change in")
"""Ends of the names of columns that a notebook's table leaves out; `to_frame` has them all."""


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class SweepResult(Table):
    """The outcomes of a sweep, in the points' order.

    Attributes:
        kind: `sweep`; `frontier`, whose points are levels of one promise; or `bot`, whose points are a
            queue's bot as it is, without, and better or worse.
        scenario: as it was written, resolved.
        base: the outcome that the others are compared with: the scenario as it was written; None where it
            was stopped before.
        outcomes: those that were reached.
        points: how many there should be.
        seed: of all points.
        searched: whether the cheapest roster was looked for at each, or one roster simulated.
        target: which promise a frontier is of, by its index.
        interrupted: whether it was stopped.
        ran: when, and for how long.
    """

    kind: Kind
    scenario: Scenario = field(repr=False)
    base: Outcome | None = field(repr=False)
    outcomes: tuple[Outcome, ...] = field(repr=False)
    points: int
    seed: int
    searched: bool
    target: int | None
    interrupted: bool
    ran: Ran

    @property
    def paths(self) -> tuple[str, ...]:
        """What was changed, in order."""
        return tuple(dict.fromkeys(c.path for outcome in self.outcomes for c in outcome.point.changes))

    def difference(self, outcome: Outcome) -> Difference | None:
        """An outcome less the base; None without a base."""
        return between(outcome, self.base) if self.base else None

    def rows(self) -> list[Row]:
        """One row a point, the base first where no point is it: what was changed, cost, promises."""
        there = self.base is None or any(self.is_base(outcome) for outcome in self.outcomes)
        first = [] if there or self.base is None else [self.base]
        return [self._row(outcome) for outcome in (*first, *self.outcomes)]

    def is_base(self, outcome: Outcome) -> bool:
        return self.base is not None and outcome.result is self.base.result

    def _row(self, outcome: Outcome) -> Row:
        texts = {change.path: change.text for change in outcome.point.changes}
        change = self.difference(outcome)
        row: Row = {path: texts.get(path, "") for path in self.paths}
        row |= {"status": outcome.status, "currency": outcome.point.scenario.currency}
        row |= _estimate("cost", outcome.cost.value, outcome.cost.half_width)
        half = change.cost.half_width if change and change.cost else None
        row |= _estimate("cost change", change.money if change else None, half)
        row |= {"people": outcome.people, "paid_hours": outcome.hours}
        if self.searched:
            row |= {"lower_bound": outcome.lower_bound, "gap": outcome.gap}
        names = unique([target.name for target in self.scenario.targets])
        for k, name in enumerate(names):
            row |= _promise(name, outcome, k, change)
        return row

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON, None for what is not a number."""
        return {
            **about(self.scenario, self.seed, self.ran, self.interrupted),
            "kind": self.kind,
            "searched": self.searched,
            "target": self.target,
            "points": self.points,
            "base": self.base.to_dict() if self.base else None,
            "outcomes": [
                {**outcome.to_dict(), "difference": change.to_dict() if change else None}
                for outcome in self.outcomes
                for change in (self.difference(outcome),)
            ],
        }

    def _repr_html_(self) -> str:
        """The rows for a notebook, below a line that says of what."""
        head = say("sweep.html", name=self.scenario.name or "-", points=len(self.outcomes), seed=self.seed)
        return html.paragraph(head, strong=True) + super()._repr_html_()


def unique(names: Sequence[str]) -> list[str]:
    """The names; those that stand there before get their number."""
    return [name if name not in names[:k] else f"{name} ({k + 1})" for k, name in enumerate(names)]


def _estimate(name: str, value: float | None, half_width: float | None) -> Mapping[str, float | None]:
    return {
        name: None if value is None else number(value),
        f"{name} half_width": None if half_width is None else number(half_width),
    }


def _promise(name: str, outcome: Outcome, k: int, change: Difference | None) -> Row:
    if k >= len(outcome.targets):
        return {}
    target = outcome.targets[k]
    found = change.targets[k] if change else None
    return {
        f"{name}: period": target.period,
        **_estimate(f"{name}: reached", target.estimate, target.worst.half_width),
        f"{name}: verdict": target.verdict,
        f"{name}: change in": found.period if found else None,
        **_estimate(
            f"{name}: change",
            found.effect.value if found else None,
            found.effect.half_width if found else None,
        ),
    }
