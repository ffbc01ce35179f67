"""What-if tables: a roster simulated, or the cheapest looked for, at every combination of values."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Any

from cssim.engine.floor import Roster
from cssim.errors import InputError
from cssim.roster.stop import Stop
from cssim.scenario.schema import Scenario
from cssim.sweeps.grid import Axis, Point, axis_of, grid, same
from cssim.sweeps.outcome import Outcome
from cssim.sweeps.result import Ran, SweepResult
from cssim.sweeps.run import Optimised, Simulated, Tell, rows_of, run


def sweep(
    scenario: Scenario,
    values: Mapping[str, Iterable[Any]],
    *,
    roster: Roster | None = None,
    search: bool | None = None,
    replications: int | None = None,
    budget: float | Stop | None = None,
    seed: int | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Tell | None = None,
) -> SweepResult:
    """An experiment at every combination of values, on common random numbers.

    Args:
        scenario: what the planner wrote, resolved.
        values: by path, as of `Scenario.replace`; the last path moves fastest.
        roster: to simulate at every point; the scenario's own by default.
        search: whether to look for the cheapest roster at every point instead; by default where there is no
            roster to simulate.
        replications: of each simulation (30 by default), or of each judgement.
        budget: of each search, as of `optimise`; 30 seconds by default.
        seed: of all points; drawn and recorded where not given.
        executor, workers: where replications run.
        progress: told how many points, and parts of points, of how many are done.

    Raises:
        InputError: no such path, a value that its field does not allow, no roster; or as `simulate`.
        KeyboardInterrupt: before the first point was done; later, what is done is kept.
    """
    axes = [axis_of(path, some) for path, some in values.items()]
    points = grid(scenario, axes)
    experiment = experiment_of(
        scenario,
        roster=roster,
        search=search,
        replications=replications,
        budget=budget,
        seed=seed,
        executor=executor,
        workers=workers,
    )
    return swept(scenario, axes, points, experiment, progress)


def experiment_of(
    scenario: Scenario,
    *,
    roster: Roster | None = None,
    search: bool | None = None,
    replications: int | None = None,
    budget: float | Stop | None = None,
    seed: int | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
) -> Simulated | Optimised:
    """What is done at each point; see `sweep`.

    Raises:
        InputError: nothing to simulate.
    """
    seed = secrets.randbits(32) if seed is None else seed
    there = roster is not None or scenario.roster is not None
    if search or (search is None and not there):
        return Optimised(seed, budget, replications, executor, workers)
    if not there:
        raise InputError.one("simulate.no_roster", path="roster")
    rows = None if roster is None else rows_of(scenario, roster)
    return Simulated(rows, seed, replications, executor, workers)


def swept(
    scenario: Scenario,
    axes: Sequence[Axis],
    points: Sequence[Point],
    experiment: Simulated | Optimised,
    progress: Tell | None = None,
) -> SweepResult:
    """The experiment at the points of a grid, and at the scenario as it was written, which comes first.

    A search starts from the roster of the point before it on the last axis that moved, too.
    """
    started = datetime.now().astimezone()
    its = next((k for k, point in enumerate(points) if same(point.scenario, scenario)), None)
    base = 0 if its is None else its
    every = list(points) if its is not None else [Point((), scenario), *points]
    steps = _steps([len(axis) for axis in axes])
    shift = len(every) - len(points)

    def start(k: int, done: dict[int, Outcome]) -> Outcome | None:
        before = steps[k - shift] if k >= shift else None
        return done.get(base if before is None else before + shift, done.get(base))

    order = [base, *(k for k in range(len(every)) if k != base)]
    ran = run(every, experiment, order=order, start=start, tell=progress)
    found = [ran.outcomes[k] for k in sorted(ran.outcomes) if k >= shift]
    return SweepResult(
        kind="sweep",
        scenario=scenario,
        base=ran.outcomes.get(base),
        outcomes=tuple(found),
        points=len(points),
        seed=experiment.seed,
        searched=isinstance(experiment, Optimised),
        target=None,
        interrupted=ran.interrupted,
        ran=Ran.since(started),
    )


def _steps(lengths: Sequence[int]) -> list[int | None]:
    """For each point of a grid the number of its neighbour: one step back on the last axis on which there is
    one; None for the first."""
    strides = [1] * len(lengths)
    for k in range(len(lengths) - 1, 0, -1):
        strides[k - 1] = strides[k] * lengths[k]
    total = strides[0] * lengths[0] if lengths else 0

    def neighbour(number: int) -> int | None:
        for stride, length in zip(reversed(strides), reversed(lengths), strict=True):
            if (number // stride) % length:
                return number - stride
        return None

    return [neighbour(number) for number in range(total)]
