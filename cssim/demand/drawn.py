"""A scenario's replications, each drawn once however many rosters meet it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

import numpy as np

from cssim.demand.contacts import Contacts
from cssim.demand.draw import Plan, draw, plan_of
from cssim.demand.streams import Streams
from cssim.scenario.schema import Scenario


@dataclass(frozen=True, eq=False)
class Drawn:
    """The contacts of a scenario's replications in a phase; the first ones are kept, while there is room.

    Threads share one. Another process gets the recipe and draws for itself.

    Attributes:
        scenario, seed, phase: fix every number, see `cssim.demand.streams`.
        room: bytes of contacts that may be kept.
        plan: what of the drawing is the same in all replications.
    """

    scenario: Scenario
    seed: int
    phase: int
    room: int = 0
    plan: Plan = field(init=False, repr=False)
    _kept: dict[int, Contacts] = field(init=False, repr=False, default_factory=dict)
    _used: list[int] = field(init=False, repr=False, default_factory=lambda: [0])
    _lock: Lock = field(init=False, repr=False, default_factory=Lock)

    def __post_init__(self) -> None:
        """Make the plan.

        Raises:
            InputError: a scenario that cannot be drawn, see `plan_of`.
        """
        object.__setattr__(self, "plan", plan_of(self.scenario))

    def streams(self, replication: int) -> Streams:
        """The random numbers of a replication."""
        return Streams(self.seed, self.phase, replication)

    def contacts(self, replication: int) -> Contacts:
        """The contacts of a replication; arrays that are shared, not to be changed."""
        kept = self._kept.get(replication)
        if kept is not None:
            return kept
        contacts = draw(self.scenario, self.streams(replication), self.plan)
        size = size_of(contacts)
        with self._lock:
            if replication not in self._kept and self._used[0] + size <= self.room:
                self._kept[replication] = contacts
                self._used[0] += size
        return contacts

    @property
    def expected(self) -> float:
        """Contacts that come by themselves in a replication, on average."""
        return sum(curve.total for curve in self.plan.curves)

    def __reduce__(self) -> tuple[object, ...]:
        """The recipe alone, by which another process knows what it has drawn before."""
        return _recalled, (pickle.dumps((self.scenario, self.seed, self.phase, self.room)),)


@lru_cache(maxsize=2)
def _recalled(recipe: bytes) -> Drawn:
    return Drawn(*pickle.loads(recipe))


def size_of(contacts: Contacts) -> int:
    """Bytes."""
    return sum(column.nbytes for column in vars(contacts).values() if isinstance(column, np.ndarray))
