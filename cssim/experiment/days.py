"""Many days: replications of a roster, drawn, played and measured.

Replication r of a phase is the same whatever else is run, wherever it runs and on however many workers:
its random numbers are addressed by (seed, phase, r), results are gathered in the order of r, and what is
summed on the way is whole numbers. Logs are reduced to `Day`s where they are made.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol

from cssim.demand.drawn import Drawn
from cssim.engine.floor import Policy, Roster, Staff, policy_of
from cssim.experiment.engines import ENGINE, engine_named
from cssim.experiment.rosters import settled
from cssim.experiment.workers import in_order
from cssim.measure.course import Course
from cssim.measure.service import Day, Ruler

CHUNK = 20_000
"""Contacts in one task of an executor, at most: tens of milliseconds."""
TASKS = 8
"""Tasks that a run is split into, at least, so that every worker has its share and progress is seen."""


class Progress(Protocol):
    """Told how far a run is."""

    def __call__(self, done: int, total: int, /) -> None:
        """`done` replications of `total` are measured; under a precision the total may grow."""


class Some(NamedTuple):
    """Some replications: each one's day, and their course together."""

    days: list[Day]
    course: Course


@dataclass(frozen=True, eq=False)
class Play:
    """All that it takes to play a replication of a roster.

    Attributes:
        drawn: who comes.
        roster: who works, in the order in which agents are numbered.
        staff: the same, agent by agent.
        policy: the groups' rules.
        ruler: measures.
        engine: name, see `cssim.experiment.engines`.
    """

    drawn: Drawn
    roster: Roster
    staff: Staff
    policy: Policy
    ruler: Ruler
    engine: str

    @classmethod
    def of(cls, drawn: Drawn, roster: Roster, engine: str = ENGINE) -> Play:
        """The play of a roster, with what is the same in all its replications."""
        engine_named(engine)
        scenario, duties = drawn.scenario, settled(drawn.scenario, roster)
        staff, policy, ruler = Staff.of(scenario, duties), policy_of(scenario), Ruler.of(scenario, duties)
        return cls(drawn, duties, staff, policy, ruler, engine)

    def __call__(self, replications: Sequence[int]) -> Some:
        """Play and measure some replications, at least one."""
        run = engine_named(self.engine).run
        days: list[Day] = []
        total: Course | None = None
        for replication in replications:
            streams = self.drawn.streams(replication)
            agents = self.staff.on(streams)
            day, course = self.ruler.measure(run(self.drawn.contacts(replication), agents, self.policy))
            days.append(day)
            total = course if total is None else total + course
        assert total is not None
        return Some(days, total)

    def parts(self, replications: Sequence[int]) -> list[Sequence[int]]:
        """The replications as tasks that are worth handing out."""
        worth = int(CHUNK / max(self.drawn.expected, 1.0))
        some = max(1, min(worth, len(replications) // TASKS))
        return [replications[k : k + some] for k in range(0, len(replications), some)]

    def days(self, replications: Sequence[int], executor: Executor | None) -> Iterator[Some]:
        """The replications a task at a time, in order."""
        return in_order(executor, self, self.parts(replications))

    @cached_property
    def _recipe(self) -> bytes:
        return pickle.dumps((self.drawn, self.roster, self.engine))

    def __reduce__(self) -> tuple[object, ...]:
        """The recipe alone, by which another process knows what it has prepared before."""
        return _recalled, (self._recipe,)


@lru_cache(maxsize=2)
def _recalled(recipe: bytes) -> Play:
    return Play.of(*pickle.loads(recipe))


def run_days(
    drawn: Drawn,
    roster: Roster,
    replications: Sequence[int],
    *,
    engine: str = ENGINE,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Day]:
    """The given replications of a roster, measured, in the order given.

    Args:
        drawn: who comes; share it between rosters that are compared, and each day is drawn once.
        roster: who works.
        replications: indices, from 0.
        engine: name, see `cssim.experiment.engines`.
        executor: where they run; here, one after the other, without one. The numbers are the same.
        progress: told after each few replications.

    Raises:
        InputError: no such engine.
    """
    days: list[Day] = []
    for some in Play.of(drawn, roster, engine).days(replications, executor):
        days += some.days
        if progress is not None:
            progress(len(days), len(replications))
    return days
