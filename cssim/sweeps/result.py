"""What comes of a sweep: everything needed to run it again, to print it and to draw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import metadata
from typing import Any, Final, Literal

from cssim.measure import html
from cssim.measure.estimate import number
from cssim.measure.rows import Row, Table, unique
from cssim.messages import say
from cssim.scenario.schema import Scenario
from cssim.sweeps.outcome import Difference, Outcome, between

SCHEMA: Final = "cssim.sweep.1"

Kind = Literal["sweep", "frontier", "bot"]


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
