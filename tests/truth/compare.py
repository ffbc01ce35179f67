"""Holding the engine to a known value: many independent replications, one ratio, its standard error.

A figure is a ratio of sums over replications. Its standard error is that of the mean of what each adds to
the numerator beyond its part of the denominator (the delta method), and two things make it smaller without
looking at what the engine did:

- replications in steady state are taken two from each stratum of what they begin with, and the error
  follows from the differences within the twos (`tests.truth.steady`);
- others are corrected, by least squares, for how many contacts came and how much work they brought in each
  part of the horizon, whose expectations the scenario says (control variates).

Random numbers are keyed by the case and the block, so that a short run is the beginning of a long one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cssim.demand.contacts import Contacts
from cssim.demand.draw import draw, plan_of
from cssim.demand.streams import Streams
from cssim.engine import reference
from cssim.engine.floor import Agents, Policy, Roster, agents_of, in_order, policy_of
from cssim.engine.log import Log
from cssim.scenario.schema import Scenario
from tests.truth.seen import Ratio, Seen
from tests.truth.steady import Steady

Floats = NDArray[np.float64]

Engine = Callable[[Contacts, Agents, Policy], Log]
"""`run` of either engine."""

FOR_EVER = 3650 * 86400.0
"""The longest patience that a scenario can give, seconds."""

MOST_ERRORS = 3.5
"""Standard errors that an estimate may lie off: by chance once in 2,000 figures."""


@dataclass(frozen=True)
class Truth:
    """A figure that a case should reproduce.

    Attributes:
        id: of the record, and what of it.
        exact: the true value.
        seen: numerator and denominator of it in one replication.
        share: whether it is a share (standard error at most 0.002), else 1% of the value.
        allowance: a difference that the model page names, beyond chance.
        published: standard error of `exact`, where that is an estimate itself.
    """

    id: str
    exact: float
    seen: Callable[[Seen], Ratio]
    share: bool = False
    allowance: float = 0.0
    published: float = 0.0

    @property
    def enough(self) -> float:
        """Standard error at which the long run stops."""
        return 0.002 if self.share else 0.01 * abs(self.exact)


@dataclass(frozen=True)
class Case:
    """A scenario of which the truth is known.

    Attributes:
        name: for people; the key of its random numbers.
        scenario: as a planner would write it.
        roster: people on the floor.
        truths: what it should reproduce.
        blocks: of the short run; in general a tenth of what the long run takes.
        steady: how replications begin in steady state, many in a block; without it, a block is one
            replication that begins with an empty floor and is measured after the scenario's warm-up.
        parts: equal parts of the horizon whose arrivals and work are controlled for; 0 for none.
    """

    name: str
    scenario: Scenario
    roster: Roster
    truths: tuple[Truth, ...]
    blocks: int
    steady: Steady | None = None
    parts: int = 0


@dataclass(frozen=True)
class Estimate:
    """An estimate and its standard error."""

    truth: Truth
    value: float
    error: float

    @property
    def z(self) -> float:
        """Standard errors off the truth, beyond what is allowed; those of both in quadrature."""
        off = abs(self.value - self.truth.exact) - self.truth.allowance
        error = np.hypot(self.error, self.truth.published)
        return float(np.sign(self.value - self.truth.exact) * max(off, 0.0) / error)

    @property
    def holds(self) -> bool:
        return abs(self.z) <= MOST_ERRORS


class Runner:
    """Plays a case block by block, and says at any time what it has shown."""

    def __init__(self, case: Case, engine: Engine = reference.run) -> None:
        self.case = case
        self.run = engine
        self.seed = zlib.crc32(case.name.encode())
        self.policy = policy_of(case.scenario)
        self.plan = plan_of(case.scenario)
        roster = in_order(case.roster, tuple(case.scenario.groups))
        self.agents = agents_of(case.scenario, roster, Streams(self.seed, 0, 0))
        assert self.agents.present.all(), "everyone turns up"
        self.shown: list[Floats] = []  # by replication, or mirrored pair of them: (figures, 2)
        self.brought: list[Floats] = []  # by replication: contacts and work beyond what is expected
        self.blocks = self.replications = self.contacts = 0

    def play(self, blocks: int) -> None:
        """So many blocks more."""
        steady, horizon = self.case.steady, self.case.scenario.horizon
        for _ in range(blocks):
            streams = Streams(self.seed, 0, self.blocks)
            drawn = self._draw(streams)
            if steady is None:
                self.brought.append(self._surplus(drawn))
                self.shown.append(self._play(drawn, horizon.warm_up, horizon.seconds))
            else:
                for weight, *pair in steady.replications(drawn, streams):
                    # those who are there at 0 are not measured
                    both = [self._play(contacts, 2.0**-20, steady.lasting) for contacts in pair]
                    self.shown.append(weight * (both[0] + both[1]))
            self.blocks += 1

    def estimates(self) -> list[Estimate]:
        """Where the figures stand."""
        found = np.array(self.shown)
        top, bottom = found[:, :, 0], found[:, :, 1]
        values = top.sum(axis=0) / bottom.sum(axis=0)
        off = top - values * bottom
        if self.case.steady is not None:
            variance = ((off[0::2] - off[1::2]) ** 2).sum(axis=0)
        else:
            n, mean = len(off), np.ones((len(off), 1))
            known = np.hstack([mean, np.array(self.brought)])
            fitted, _, rank, _ = np.linalg.lstsq(known, off, rcond=None)
            values = values + n * fitted[0] / bottom.sum(axis=0)  # where nothing more came than expected
            spread = np.linalg.inv(known.T @ known)[0, 0] * n**2
            variance = ((off - known @ fitted) ** 2).sum(axis=0) / (n - rank) * spread
        errors = np.sqrt(variance) / bottom.sum(axis=0)
        return [
            Estimate(truth, float(value), float(error))
            for truth, value, error in zip(self.case.truths, values, errors, strict=True)
        ]

    def _surplus(self, drawn: Contacts) -> Floats:
        """Contacts and work that came in each part of the horizon, by queue, less what was expected."""
        if not self.case.parts:
            return np.zeros(0)
        edges = np.linspace(0, self.case.scenario.horizon.seconds, self.case.parts + 1)
        found = []
        queues = zip(self.case.scenario.queues.values(), self.plan.curves, strict=True)
        for q, (queue, curve) in enumerate(queues):
            mine = drawn.queue == q
            more = drawn.work[mine] - queue.chat.reply.mean
            found.append(np.histogram(drawn.arrival[mine], edges)[0] - curve.by(edges))
            if queue.chat.reply.cv > 0:
                found.append(np.histogram(drawn.arrival[mine], edges, weights=more)[0])
        return np.concatenate(found)

    def _draw(self, streams: Streams) -> Contacts:
        drawn = draw(self.case.scenario, streams, self.plan)
        if drawn.patience.min() >= FOR_EVER:  # spares the engine an event a contact
            drawn = replace(drawn, patience=np.full_like(drawn.patience, np.inf))
        return drawn

    def _play(self, contacts: Contacts, start: float, end: float) -> Floats:
        """Numerator and denominator of every figure in one replication."""
        self.replications += 1
        self.contacts += len(contacts)
        seen = Seen.of(self.run(contacts, self.agents, self.policy), start, end)
        return np.array([truth.seen(seen) for truth in self.case.truths])
