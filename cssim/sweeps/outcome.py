"""What came of one point of a sweep, and how it differs from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cssim.experiment.simulation import SimulationResult
from cssim.measure.cost import roster_rows
from cssim.measure.estimate import Estimate, TargetResult, number
from cssim.roster.result import RosterResult
from cssim.sweeps import paired
from cssim.sweeps.grid import Point
from cssim.sweeps.paired import Effect


@dataclass(frozen=True)
class Outcome:
    """A point, and what a roster did there.

    Attributes:
        point: what was changed.
        result: the simulation; where the roster was searched for, its judgement.
        plan: the search, if there was one.
        status: `simulated`, or how the search ended: `met`, `infeasible`, `budget`.
        lower_bound: of a search: no roster that meets the targets here costs less.
        handed: the roster was found at another point, for a harder promise.
    """

    point: Point
    result: SimulationResult = field(repr=False)
    plan: RosterResult | None = field(default=None, repr=False)
    status: str = "simulated"
    lower_bound: float | None = None
    handed: bool = False

    @classmethod
    def searched(cls, point: Point, plan: RosterResult) -> Outcome:
        """Of a search."""
        return cls(point, plan.judgement, plan, plan.status, plan.lower_bound)

    @property
    def cost(self) -> Estimate:
        """Per replication."""
        return self.result.cost.total

    @property
    def people(self) -> int:
        """Whom it takes to work the roster, with their rest."""
        return sum(self.result.people_needed.values())

    @property
    def hours(self) -> float:
        """Paid agent-hours inside the horizon, overtime apart."""
        return sum(group.paid_hours.value for group in self.result.groups.values())

    @property
    def targets(self) -> tuple[TargetResult, ...]:
        """The verdicts, in the scenario's order."""
        return self.result.targets

    @property
    def gap(self) -> float | None:
        """(cost - lower bound) / cost; None without a bound."""
        if self.lower_bound is None:
            return None
        return (self.cost.value - self.lower_bound) / self.cost.value if self.cost.value else 0.0

    @property
    def stopped(self) -> bool:
        """Whether its search was interrupted."""
        return self.plan is not None and self.plan.search.ended == "interrupted"

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        from cssim.scenario.load import digest

        searched = {
            "lower_bound": None if self.lower_bound is None else number(self.lower_bound),
            "gap": None if self.gap is None else number(self.gap),
            "search": self.plan.search.ended if self.plan else None,
            "handed_over": self.handed,
            "roster": roster_rows(self.point.scenario, self.result.roster),
        }
        return {
            "changes": [
                {"path": change.path, "value": change.value, "text": change.text}
                for change in self.point.changes
            ],
            "scenario_digest": digest(self.point.scenario),
            "status": self.status,
            "replications": self.result.replications,
            "cost": self.cost.to_dict(),
            "people": self.people,
            "paid_hours": self.hours,
            "lost_sales": self.result.lost_sales.to_dict(),
            **(searched if self.status != "simulated" else {}),
            "targets": [_brief(target) for target in self.targets],
        }


def _brief(target: TargetResult) -> dict[str, Any]:
    """The verdict without the single days."""
    whole = target.to_dict()
    periods = [{k: v for k, v in period.items() if k != "days"} for period in whole["by_period"]]
    return {**{k: v for k, v in whole.items() if k != "days"}, "by_period": periods}


@dataclass(frozen=True)
class TargetChange:
    """What a promise gained or lost.

    Attributes:
        period: label of the period in which both are compared: the other's worst.
        effect: with the half-width of the difference of the same days.
    """

    period: str
    effect: Effect


@dataclass(frozen=True)
class Difference:
    """One outcome less another.

    Attributes:
        cost: with its half-width where both simulated a roster on the same replications; None where either
            was searched for, for its cost is off by what the search missed, too.
        money: the same as a plain number, always.
        people, hours: as of `Outcome`.
        targets: in order; None where they cannot be compared.
    """

    cost: Effect | None
    money: float
    people: int
    hours: float
    targets: tuple[TargetChange | None, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        cost: Mapping[str, Any] = {"value": number(self.money), "half_width": None}
        return {
            "cost": self.cost.to_dict() if self.cost else cost,
            "people": self.people,
            "paid_hours": self.hours,
            "targets": [
                {"period": change.period, **change.effect.to_dict()} if change else None
                for change in self.targets
            ],
        }


def between(one: Outcome, other: Outcome) -> Difference:
    """One less the other: paired by replication where both ran the same ones."""
    a, b = one.result, other.result
    known = one.status == other.status == "simulated" and paired.paired(a, b)
    return Difference(
        cost=paired.cost_of(a) - paired.cost_of(b) if known else None,
        money=one.cost.value - other.cost.value,
        people=one.people - other.people,
        hours=one.hours - other.hours,
        targets=tuple(_target_change(a, b, k) for k in range(len(a.targets))),
    )


def _target_change(one: SimulationResult, other: SimulationResult, target: int) -> TargetChange | None:
    if not paired.comparable(one, other, target):
        return None
    before = other.targets[target]
    period = next(k for k, result in enumerate(before.by_period) if result is before.worst)
    effect = paired.difference(one, other, target, period)
    return TargetChange(before.period, effect) if effect is not None else None
