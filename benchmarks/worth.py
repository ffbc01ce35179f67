"""What a roster is truly worth: many replications of a phase that no search and no judgement ever sees."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from cssim.demand.drawn import Drawn
from cssim.engine.floor import Roster
from cssim.experiment.days import run_days
from cssim.measure.estimate import CONFIDENCE, PeriodResult, TargetResult, judge
from cssim.measure.service import Day
from cssim.scenario.schema import Scenario

PHASE = 2**20
"""Judgements have the phases from 2 on, one each; there will never be so many."""

NEAR = 2.0
"""Within so many standard errors of a promise, even many replications do not quite tell."""

LOOKS = (20, 50, 100, 200, 500, 1000, 2000, 5000)
"""Replications after which a roster that surely breaks a promise is given up."""

ENOUGH = 500
"""Replications after which a roster that surely keeps its promises is believed."""

SURE = 5000
"""The errors of such a look are divided by this: 5% becomes 1e-5."""

_HALF = float(ndtri((1 + CONFIDENCE) / 2))


@dataclass(frozen=True)
class Worth:
    """A roster on a set of replications.

    Attributes:
        cost: mean of everything paid, overtime included.
        targets: the promises; only point estimates and standard errors of them are looked at.
    """

    cost: float
    targets: tuple[TargetResult, ...] = field(repr=False)

    @classmethod
    def of(cls, scenario: Scenario, days: Sequence[Day]) -> Worth:
        """From the replications' days."""
        return cls(float(np.mean([day.total_cost for day in days])), judge(scenario, days))

    def margins(self) -> tuple[float, ...]:
        """By target: by how much its estimate in the worst period keeps the promise (negative: breaks it)."""
        return tuple(min(period.margin for period in target.by_period) for target in self.targets)

    @property
    def keeps(self) -> bool:
        """Whether every promise is kept, in every period, by its point estimate."""
        return min(self.margins()) >= 0

    @property
    def kept(self) -> tuple[bool, ...]:
        """Which promises are."""
        return tuple(margin >= 0 for margin in self.margins())

    @property
    def near(self) -> bool:
        """Whether the promise in question is within `NEAR` standard errors of its estimate."""
        return abs(min(_in_errors(period) for target in self.targets for period in target.by_period)) <= NEAR


def _in_errors(period: PeriodResult) -> float:
    """The margin in standard errors; infinite where nothing varies."""
    error = period.half_width / _HALF
    return period.margin / error if error > 0 else float(np.copysign(np.inf, period.margin))


@dataclass(frozen=True, eq=False)
class Replications:
    """A fixed set of replications on which rosters are compared; each roster is run once.

    Attributes:
        scenario, seed, phase: fix every number.
        numbers: which replications.
        room: bytes of contacts that are kept from roster to roster.
        executor: where they run; here without one.
    """

    scenario: Scenario
    seed: int
    numbers: Sequence[int]
    phase: int = PHASE
    room: int = 2**28
    executor: Executor | None = None
    _known: dict[Roster, Worth] = field(init=False, repr=False, default_factory=dict)

    @cached_property
    def drawn(self) -> Drawn:
        """Who comes."""
        return Drawn(self.scenario, self.seed, self.phase, self.room)

    def days(self, roster: Roster, numbers: Sequence[int]) -> list[Day]:
        """Some of the replications of a roster."""
        return run_days(self.drawn, roster, numbers, executor=self.executor)

    def worth(self, roster: Roster) -> Worth:
        """Of a roster, on all of them."""
        if roster not in self._known:
            self._known[roster] = Worth.of(self.scenario, self.days(roster, self.numbers))
        return self._known[roster]

    def decided(self, roster: Roster) -> Worth:
        """A roster's worth on as many of them as it takes to see whether it keeps its promises.

        After `LOOKS` replications a roster is given up that surely breaks a promise, or (from `ENOUGH` on)
        believed that surely keeps all; else it takes all of them.
        """
        days: list[Day] = []
        for look in (*(look for look in LOOKS if look < len(self.numbers)), len(self.numbers)):
            days += self.days(roster, self.numbers[len(days) : look])
            verdicts = {target.verdict for target in judge(self.scenario, days, looks=SURE)}
            if "missed" in verdicts or (look >= ENOUGH and verdicts == {"met"}):
                break
        return Worth.of(self.scenario, days)
