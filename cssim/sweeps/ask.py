"""What the command line asks of a sweep: which of the four questions, and how it is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cssim.engine.floor import Roster
from cssim.errors import InputError
from cssim.roster.stop import Stop
from cssim.scenario.schema import Scenario
from cssim.sweeps.bot import bot_worth
from cssim.sweeps.frontier import frontier
from cssim.sweeps.grid import Axis, grid, read_axis, read_values, written
from cssim.sweeps.result import SweepResult
from cssim.sweeps.run import Tell
from cssim.sweeps.sweep import experiment_of, swept
from cssim.sweeps.tornado import TornadoResult, tornado

SIDES: Final = ("within", "at_least", "at_most")


@dataclass(frozen=True)
class Question:
    """One of four.

    Attributes:
        kind: which.
        axes: of a sweep.
        levels: of a frontier, by side.
        target: name of a promise, for a frontier or a tornado.
    """

    kind: Literal["set", "frontier", "bot", "tornado"]
    axes: tuple[Axis, ...] = ()
    levels: Mapping[str, Axis] | None = None
    target: str | None = None


@dataclass(frozen=True)
class Conditions:
    """Under which it is answered; see `cssim.sweeps.sweep.sweep`."""

    roster: Roster | None = None
    search: bool | None = None
    replications: int | None = None
    budget: Stop | None = None
    seed: int | None = None
    workers: int | None = None


def question(
    *,
    sets: Sequence[str],
    frontier: bool,
    bot: bool,
    tornado: bool,
    target: str | None,
    levels: Mapping[str, str | None],
    simulate: bool,
    optimise: bool,
    roster: bool,
) -> Question:
    """The question that the options ask.

    Raises:
        InputError: none or several; an option that does not go with it.
    """
    asked = {"set": bool(sets), "frontier": frontier, "bot": bot, "tornado": tornado}
    if sum(asked.values()) != 1:
        raise InputError.one("sweep.which")
    if simulate and optimise:
        raise InputError.one("sweep.either")
    for option, given in (("--simulate", simulate), ("--roster", roster)):
        if given and (frontier or bot):
            raise InputError.one("sweep.always_searched", path=option)
    options = {side: f"--{side.replace('_', '-')}" for side in SIDES}
    stray = next((side for side, text in levels.items() if text is not None and not frontier), None)
    if stray:
        raise InputError.one("sweep.only_frontier", path=options[stray])
    if target is not None and not (frontier or tornado):
        raise InputError.one("sweep.only_target", path="--target")
    if sets:
        return Question("set", tuple(read_axis(text) for text in sets))
    if frontier:
        read = {side: read_values(text, options[side]) for side, text in levels.items() if text is not None}
        return Question("frontier", levels=read, target=target)
    return Question("bot" if bot else "tornado", target=target)


def answer(
    scenario: Scenario, asked: Question, under: Conditions, progress: Tell | None = None
) -> SweepResult | TornadoResult:
    """The answer.

    Raises:
        InputError, KeyboardInterrupt: as `sweep`, `frontier`, `bot_worth` and `tornado`.
    """
    if asked.kind == "set":
        points = grid(scenario, asked.axes, written)
        experiment = experiment_of(
            scenario,
            roster=under.roster,
            search=under.search,
            replications=under.replications,
            budget=under.budget,
            seed=under.seed,
            workers=under.workers,
        )
        return swept(scenario, asked.axes, points, experiment, progress)
    if asked.kind == "tornado":
        return tornado(
            scenario,
            under.roster,
            target=asked.target,
            search=bool(under.search),
            replications=under.replications,
            budget=under.budget,
            seed=under.seed,
            workers=under.workers,
            progress=progress,
        )
    if asked.kind == "bot":
        return bot_worth(
            scenario,
            replications=under.replications,
            budget=under.budget,
            seed=under.seed,
            workers=under.workers,
            progress=progress,
        )
    levels = {side: [change.value for change in axis] for side, axis in (asked.levels or {}).items()}
    return frontier(
        scenario,
        asked.target,
        within=levels.get("within", ()),
        at_least=levels.get("at_least", ()),
        at_most=levels.get("at_most", ()),
        replications=under.replications,
        budget=under.budget,
        seed=under.seed,
        workers=under.workers,
        progress=progress,
    )
