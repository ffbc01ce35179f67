"""Many days: replications of a roster, over any executor, and what is known after them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Protocol

from cssim.demand.streams import Phase
from cssim.engine.floor import Roster
from cssim.measure.estimate import Estimate, TargetResult
from cssim.measure.service import Day
from cssim.scenario.schema import RosterRow, Scenario

REPLICATIONS = 30
"""How many, where neither a number nor a precision is given."""


class Progress(Protocol):
    """Told how far a run is."""

    def __call__(self, done: int, total: int) -> None:
        """`done` replications of `total` are measured; under a precision the total may grow."""


@dataclass(frozen=True)
class QueueResult:
    """A queue in a replication, on average; times in seconds."""

    counts: Mapping[str, Estimate]
    first_reply: Mapping[str, Estimate]
    wait: Mapping[str, Estimate]
    mean_reply: Estimate


@dataclass(frozen=True)
class GroupResult:
    """A group in a replication, on average."""

    agents: Estimate
    paid_hours: Estimate
    occupancy: Estimate
    open_chats: Estimate
    overtime_hours: Estimate
    cost: Estimate


@dataclass(frozen=True)
class CostResult:
    """What a replication cost, and what that consists of."""

    total: Estimate
    base: float
    night: float
    overtime: float
    fixed: float


@dataclass(frozen=True)
class SimulationResult:
    """What a roster would do: everything needed to run it again, and what came of it.

    Attributes:
        scenario: resolved.
        roster: that was simulated.
        seed, phase, replications, engine, version: what fixes every number.
        precision: that was asked for, if any.
        targets: the verdicts, in the scenario's order.
        queues, groups: by name.
        cost, lost_sales, cost_per_contact: per replication.
        people_needed: by group.
        started: local date and time with the zone's offset.
        elapsed: seconds.
        measured: the replications themselves, in order.
    """

    scenario: Scenario
    roster: Roster
    seed: int
    phase: int
    replications: int
    precision: float | None
    engine: str
    version: str
    targets: tuple[TargetResult, ...]
    queues: Mapping[str, QueueResult]
    groups: Mapping[str, GroupResult]
    cost: CostResult
    lost_sales: Estimate
    cost_per_contact: Estimate
    people_needed: Mapping[str, int]
    started: str
    elapsed: float
    measured: tuple[Day, ...]

    def intervals(self) -> dict[str, list[Any]]:
        """Columns by planning interval and queue or group."""
        raise NotImplementedError

    def days(self) -> dict[str, list[Any]]:
        """Columns with one row a replication: its cost and the value of each target."""
        raise NotImplementedError

    def contacts(self, replication: int = 0) -> dict[str, Any]:
        """The contacts of one replication, run again, as columns."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The contract's `simulate` object: strict JSON, None for what is not a number."""
        raise NotImplementedError

    def to_json(self) -> str:
        """`to_dict` as text."""
        raise NotImplementedError


def engines() -> tuple[str, ...]:
    """Names of the engines there are."""
    raise NotImplementedError


def roster_of(scenario: Scenario, rows: Iterable[RosterRow]) -> Roster:
    """The duties that a roster's rows mean, in the order in which agents are numbered.

    Raises:
        InputError: rows that name no shift of the group on that date in the horizon, or more than one.
    """
    raise NotImplementedError


def run_days(
    scenario: Scenario,
    roster: Roster,
    replications: Sequence[int],
    *,
    seed: int,
    phase: int,
    engine: str = "reference",
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Day]:
    """The given replications of a roster, measured, in the order given.

    Without an executor they run here, one after the other. The numbers are the same on any executor.
    """
    raise NotImplementedError


def simulate(
    scenario: Scenario,
    roster: Roster | None = None,
    *,
    replications: int | None = None,
    precision: float | None = None,
    seed: int | None = None,
    phase: int = Phase.SIMULATION,
    engine: str = "reference",
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> SimulationResult:
    """What a roster would do, over many replications."""
    raise NotImplementedError
