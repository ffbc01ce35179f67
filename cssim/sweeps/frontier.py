"""What a promise costs: the cheapest roster for each of a row of levels of it.

A roster that keeps a harder promise keeps an easier one of the same measure, too. So the hardest levels come
first, each roster is handed on as a start to those that are easier, and where a search finds nothing cheaper
it is taken over: judged again, for the easier promise, on the same replications. The other way round, a bound
that no roster for an easier promise can undercut holds for the harder one. So a frontier never contradicts
itself, whatever the searches missed.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from cssim.errors import Fault, InputError
from cssim.experiment.simulation import simulate
from cssim.roster.stop import Stop
from cssim.scenario.load import resolved
from cssim.scenario.schema import DURATION_MEASURES, NUMBER_MEASURES, Scenario, Target
from cssim.scenario.spelling import unknown
from cssim.scenario.units import format_duration, format_share
from cssim.sweeps.grid import Axis, Change, Point, grid, same
from cssim.sweeps.outcome import Outcome
from cssim.sweeps.result import Ran, SweepResult
from cssim.sweeps.run import Optimised, Part, Tell, run

WITHIN: Final = ("6s", "15s", "30s", "1min", "3min", "5min")
"""Levels of a promise with a time, where none are given."""

AT_LEAST: Final = ("70%", "80%", "90%", "95%")
"""Levels of another promise of a share."""

TIMES: Final = (0.5, 0.75, 1.0, 1.5, 2.0)
"""Levels of any other promise, as multiples of its own."""

Side = str
"""`within`, `at_least` or `at_most`."""


def frontier(
    scenario: Scenario,
    target: int | str | None = None,
    *,
    within: Iterable[Any] = (),
    at_least: Iterable[Any] = (),
    at_most: Iterable[Any] = (),
    budget: float | Stop | None = None,
    replications: int | None = None,
    seed: int | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Tell | None = None,
) -> SweepResult:
    """The cheapest roster for each of a row of levels of one promise, the others kept as they are.

    Args:
        scenario: what the planner wrote, resolved.
        target: which promise, by its name or index; the first by default.
        within, at_least, at_most: levels, written as in a file; of two sides every combination. By default
            times from 6 s to 5 min where the promise has a time, 70% to 95% for other shares, half to twice
            its own for all else. Its own level is always among them.
        budget: of each search, as of `optimise`; 30 seconds by default.
        replications: of each judgement.
        seed: of all searches; drawn and recorded where not given.
        executor, workers: where replications run.
        progress: told how many levels, and parts of levels, of how many are done.

    Raises:
        InputError: no such target; a level that it does not allow.
        KeyboardInterrupt: before the first level was done; later, what is done is kept.
    """
    started = datetime.now().astimezone()
    index = target_of(scenario, target)
    given = {"within": tuple(within), "at_least": tuple(at_least), "at_most": tuple(at_most)}
    axes = levels(scenario, index, given)
    points = grid(scenario, axes)
    experiment = Optimised(
        secrets.randbits(32) if seed is None else seed, budget, replications, executor, workers
    )
    order = sorted(range(len(points)), key=lambda k: _ease(points[k], index))
    base = next(k for k in range(len(points)) if same(points[k].scenario, scenario))

    def search(point: Point, start: Outcome | None, part: Part) -> Outcome:
        found = experiment(point, start, part)
        if start is not None and start.status == "met" and harder(start.point, point, index):
            found = cheaper(found, start, executor, workers)
        return found

    def start(k: int, done: dict[int, Outcome]) -> Outcome | None:
        before = [found for found in done.values() if harder(found.point, points[k], index)]
        met = [found for found in before if found.status == "met"]
        if met:
            return min(met, key=lambda found: found.cost.value)
        return before[-1] if before else None

    ran = run(points, search, order=order, start=start, tell=progress)
    outcomes = bounded([ran.outcomes[k] for k in sorted(ran.outcomes)], index)
    by_point = dict(zip(sorted(ran.outcomes), outcomes, strict=True))
    return SweepResult(
        kind="frontier",
        scenario=scenario,
        base=by_point.get(base),
        outcomes=tuple(outcomes),
        points=len(points),
        seed=experiment.seed,
        searched=True,
        target=index,
        interrupted=ran.interrupted,
        ran=Ran.since(started),
    )


def target_of(scenario: Scenario, target: int | str | None) -> int:
    """The index of a target, given by its name or index; the first by default.

    Raises:
        InputError: there is none.
    """
    names = [one.name for one in scenario.targets]
    if target is None:
        return 0
    if isinstance(target, int) and 0 <= target < len(names):
        return target
    if isinstance(target, str) and target in names:
        return names.index(target)
    wrong = unknown("sweep.target", target, names)
    raise InputError([Fault(wrong.key, wrong.values, "target")])


def levels(scenario: Scenario, index: int, given: dict[Side, tuple[Any, ...]]) -> list[Axis]:
    """The axes of a frontier: the levels given, or those by default, and the promise's own among them.

    Raises:
        InputError: a side that the promise has not.
    """
    target = scenario.targets[index]
    for side, some in given.items():
        if some and getattr(target, side) is None:
            raise InputError.one("sweep.no_side", path=side, name=target.name)
    if not any(given.values()):
        given = by_default(target)
    own = resolved(scenario)["targets"][index]
    path = f"targets.{index}"
    return [
        _sorted(scenario, [Change.of(f"{path}.{side}", value) for value in (*some, own[side])], index, side)
        for side, some in given.items()
        if some
    ]


def by_default(target: Target) -> dict[Side, tuple[Any, ...]]:
    """Levels that a planner would ask for."""
    if target.within is not None:
        return {"within": WITHIN}
    number = target.measure in DURATION_MEASURES | NUMBER_MEASURES
    if target.up and not number:
        return {"at_least": AT_LEAST}
    most = math.inf if number else 1.0
    some = (min(float(f"{target.bound * times:.9g}"), most) for times in TIMES)
    return {"at_least" if target.up else "at_most": tuple(_written(target, level) for level in some)}


def _written(target: Target, value: float) -> Any:
    if target.measure in DURATION_MEASURES:
        return format_duration(value)
    return value if target.measure in NUMBER_MEASURES else format_share(value)


def _sorted(scenario: Scenario, changes: Sequence[Change], index: int, side: Side) -> Axis:
    """The changes by their level, each level once, the promise's own as it stands there."""
    by_level: dict[float, Change] = {}
    for change in changes:
        (point,) = grid(scenario, [(change,)])
        by_level[getattr(point.scenario.targets[index], side)] = change
    return [by_level[level] for level in sorted(by_level)]


def harder(one: Point, other: Point, index: int) -> bool:
    """Whether a roster that keeps the one's promise keeps the other's, whatever the roster."""
    a, b = one.scenario.targets[index], other.scenario.targets[index]
    return all(x <= y for x, y in zip(_easiness(a), _easiness(b), strict=True))


def _easiness(target: Target) -> tuple[float, float]:
    """How easy a promise is, by its time and by its bound; greater is easier."""
    within, bound = target.within or 0.0, target.bound
    return (within, -bound) if target.up else (-within, bound)


def _ease(point: Point, index: int) -> tuple[float, ...]:
    """An order in which what is harder comes first."""
    return _easiness(point.scenario.targets[index])


def cheaper(found: Outcome, start: Outcome, executor: Executor | None, workers: int | None) -> Outcome:
    """What was found for a promise, or the roster of a harder one where that costs no more."""
    if found.stopped or (found.status == "met" and found.cost.value <= start.cost.value):
        return found
    judged = start.result
    result = simulate(
        found.point.scenario,
        judged.roster,
        sizes=(judged.replications,),
        seed=judged.seed,
        phase=judged.phase,
        engine=judged.engine,
        executor=executor,
        workers=workers,
        judgements=judged.judgements * judged.looks,
    )
    return replace(found, result=result, status="met", handed=True)


def bounded(outcomes: Sequence[Outcome], index: int) -> list[Outcome]:
    """The outcomes, each with the best of its own lower bound and those of easier promises.

    What no roster does for an easier promise, none does for a harder one.
    """

    def best(outcome: Outcome) -> Outcome:
        easier = [other for other in outcomes if harder(outcome.point, other.point, index)]
        if outcome.status != "met" and any(other.status == "infeasible" for other in easier):
            return replace(outcome, status="infeasible", lower_bound=None)
        bounds = [other.lower_bound for other in easier if other.lower_bound is not None]
        if outcome.lower_bound is None or not bounds:
            return outcome
        return replace(outcome, lower_bound=min(max(bounds), outcome.cost.value))

    return [best(outcome) for outcome in outcomes]
