"""The experiment at each point: a roster simulated, or the cheapest one looked for; all on one seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from cssim.engine.floor import Roster
from cssim.experiment.rosters import roster_of
from cssim.experiment.simulation import simulate
from cssim.measure.cost import roster_rows
from cssim.roster.search import optimise
from cssim.roster.shifts import columns_of
from cssim.roster.stop import Record, Rosters, Stop
from cssim.scenario.schema import RosterRow, Scenario
from cssim.scenario.shifts import shift_of
from cssim.sweeps.grid import Point
from cssim.sweeps.outcome import Outcome

BUDGET: Final = 30.0
"""Seconds for the search at each point, where nothing else is said."""

Tell = Callable[[float, int], None]
"""Told how many points, and parts of points, of how many are done."""

Part = Callable[[float], None]
"""Told which part of a point is done."""


class Experiment(Protocol):
    """What is done at a point."""

    def __call__(self, point: Point, start: Outcome | None, part: Part) -> Outcome:
        """The outcome; `start` is one whose roster may be a good one here, too."""


@dataclass(frozen=True)
class Simulated:
    """The same rows of a roster at every point, on the same replications.

    Attributes:
        rows: of the roster; a point's own roster without.
        replications: at each point.
    """

    rows: tuple[RosterRow, ...] | None
    seed: int
    replications: int | None = None
    executor: Executor | None = None
    workers: int | None = None

    def __call__(self, point: Point, start: Outcome | None, part: Part) -> Outcome:
        """Simulate; a roster's rows mean the point's own shifts.

        Raises:
            InputError: there is no roster, or its rows mean nothing at the point.
        """
        result = simulate(
            point.scenario,
            None if self.rows is None else roster_of(point.scenario, self.rows),
            replications=self.replications,
            seed=self.seed,
            executor=self.executor,
            workers=self.workers,
            progress=lambda done, total: part(done / total),
        )
        return Outcome(point, result)


@dataclass(frozen=True)
class Optimised:
    """The cheapest roster found at each point.

    Attributes:
        budget: of each point, as of `optimise`.
        replications: of each judgement; as many as the search thinks best by default.
    """

    seed: int
    budget: float | Stop | None = None
    replications: int | None = None
    executor: Executor | None = None
    workers: int | None = None

    def __call__(self, point: Point, start: Outcome | None, part: Part) -> Outcome:
        """Search, from the other outcome's roster too where it is legal here."""
        most = self.budget.limit if isinstance(self.budget, Rosters) else math.inf

        def watch(record: Record) -> None:
            timed = math.isfinite(record.seconds)
            part(min(record.elapsed / record.seconds if timed else record.rosters / most, 1.0))

        plan = optimise(
            point.scenario,
            seed=self.seed,
            budget=BUDGET if self.budget is None else self.budget,
            replications=self.replications,
            executor=self.executor,
            workers=self.workers,
            start=legal(point.scenario, start.result.roster) if start else None,
            progress=watch,
        )
        return Outcome.searched(point, plan)


def legal(scenario: Scenario, roster: Roster) -> Roster | None:
    """The roster, where the scenario offers its shifts and has the people and seats; else None."""
    columns = columns_of(scenario)
    try:
        counts = columns.counts(roster)
    except KeyError:
        return None
    rules = columns.rules
    return roster if np.all(rules.most @ counts <= rules.limit + 1e-9) else None


def rows_of(scenario: Scenario, roster: Roster) -> tuple[RosterRow, ...]:
    """A roster as rows, which mean the like in a scenario with other hours: times are only there where the
    shift's name does not tell it alone."""
    return tuple(_row(scenario, row) for row in roster_rows(scenario, roster))


def _row(scenario: Scenario, cells: dict[str, object]) -> RosterRow:
    named = {name: cells[name] for name in ("group", "date", "shift", "count")}
    row = RosterRow.model_validate(named)
    if shift_of(scenario, row) is not None:
        return row
    return RosterRow.model_validate({**named, "start": cells["start"], "end": cells["end"]})


@dataclass(frozen=True)
class Done:
    """Outcomes by point, as far as it came.

    Attributes:
        outcomes: by the point's number.
        interrupted: whether it was stopped before its end.
    """

    outcomes: dict[int, Outcome]
    interrupted: bool


def run(
    points: Sequence[Point],
    experiment: Experiment,
    *,
    order: Iterable[int] | None = None,
    start: Callable[[int, dict[int, Outcome]], Outcome | None] = lambda k, done: None,
    tell: Tell | None = None,
) -> Done:
    """The experiment at each point; on Ctrl-C what is done is kept.

    Args:
        points: where.
        experiment: what.
        order: of the points' numbers; as they come by default.
        start: an outcome for the point of that number to start from, of those there are.
        tell: told how far it is.

    Raises:
        KeyboardInterrupt: nothing is done yet.
    """
    done: dict[int, Outcome] = {}
    for k in range(len(points)) if order is None else order:

        def part(share: float) -> None:
            if tell is not None:
                tell(len(done) + share, len(points))

        try:
            found = experiment(points[k], start(k, done), part)
        except KeyboardInterrupt:
            if not done:
                raise
            return Done(done, True)
        done[k] = found
        if found.stopped:
            return Done(done, True)
    return Done(done, False)
