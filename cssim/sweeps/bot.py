"""What a bot is worth: the cheapest roster as it is, without it, and with one that resolves more or less."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, Final

from cssim.errors import InputError
from cssim.roster.stop import Stop
from cssim.scenario.schema import Scenario
from cssim.sweeps.grid import Change, Point, changed, same
from cssim.sweeps.outcome import Outcome
from cssim.sweeps.result import Ran, SweepResult
from cssim.sweeps.run import Optimised, Tell, run

RESOLVES: Final = ("30%", "45%", "60%", "75%")
"""Published shares that bots resolve run from 30 to 75%."""


def bot_worth(
    scenario: Scenario,
    *,
    resolves: Iterable[Any] = RESOLVES,
    budget: float | Stop | None = None,
    replications: int | None = None,
    seed: int | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Tell | None = None,
) -> SweepResult:
    """The cheapest roster as the bots are; and for each queue with a bot without it (`covers: 0`), and where
    it resolves more or less.

    Args:
        scenario: what the planner wrote, resolved.
        resolves: shares of what the bot covers, written as in a file.
        budget: of each search, as of `optimise`; 30 seconds by default.
        replications: of each judgement.
        seed: of all searches; drawn and recorded where not given.
        executor, workers: where replications run.
        progress: told how many searches, and parts of them, of how many are done.

    Raises:
        InputError: no queue has a bot; a share that is none.
        KeyboardInterrupt: before the first search was done; later, what is done is kept.
    """
    started = datetime.now().astimezone()
    points = points_of(scenario, tuple(resolves))
    seed = secrets.randbits(32) if seed is None else seed

    def start(k: int, done: dict[int, Outcome]) -> Outcome | None:
        return done.get(0)

    experiment = Optimised(seed, budget, replications, executor, workers)
    ran = run(points, experiment, start=start, tell=progress)
    return SweepResult(
        kind="bot",
        scenario=scenario,
        base=ran.outcomes.get(0),
        outcomes=tuple(found for k, found in ran.outcomes.items() if k),
        points=len(points) - 1,
        seed=seed,
        searched=True,
        target=None,
        interrupted=ran.interrupted,
        ran=Ran.since(started),
    )


def points_of(scenario: Scenario, resolves: tuple[Any, ...]) -> list[Point]:
    """The scenario as it is; then of each queue's bot: without it, and each share that is not its own.

    Raises:
        InputError: no queue has a bot.
    """
    bots = {name: queue.bot for name, queue in scenario.queues.items() if queue.bot and queue.bot.covers > 0}
    if not bots:
        raise InputError.one("sweep.no_bot", path="queues")
    points = [Point((), scenario)]
    for name in bots:
        changes = [Change.of(f"queues.{name}.bot.covers", 0)]
        changes += [Change.of(f"queues.{name}.bot.resolves", value) for value in resolves]
        for change in changes:
            other = changed(scenario, [change])
            if not same(other, scenario):
                points.append(Point((change,), other))
    return points


def queue_of(outcome: Outcome) -> str:
    """The queue whose bot a point changes."""
    path = outcome.point.changes[0].path
    return path.removeprefix("queues.").removesuffix(".bot.covers").removesuffix(".bot.resolves")


def is_without(outcome: Outcome) -> bool:
    """Whether the point is without the bot."""
    return outcome.point.changes[0].path.endswith(".bot.covers")
