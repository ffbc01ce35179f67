"""The stream ledger: where every random number of cssim comes from.

A stream is addressed by (phase, replication, purpose, name), never by how many numbers were drawn before
it, so adding a queue, a group or a purpose shifts no other stream. Phases keep search and judgement apart:
a roster is never judged on the numbers that chose it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cssim.scenario.clock import Floats, Ints

Words = NDArray[np.uint64]


class Phase(IntEnum):
    """What a replication is for. Values are part of every result's reproducibility: never renumber."""

    SIMULATION = 0
    """`simulate`: what a given roster would do."""
    SEARCH = 1
    """Common random numbers on which rosters are compared."""
    JUDGEMENT = 2
    """Fresh numbers on which the chosen roster is judged; the first judgement, then 3, 4, ... each new."""
    BOUND = 1_000_000
    """Staffings that are simulated for the lower bound on the cost."""
    PROOF = 2_000_000
    """All legal rosters, tried to show that none keeps the promises."""


class Purpose(IntEnum):
    """What a stream decides. Append only."""

    DAY_LEVEL = 0
    """Gamma day factor; name: the sale day's date."""
    DRIFT = 1
    """Within-day factor; name: the queue."""
    ARRIVALS = 2
    """Number and times of a queue's own contacts; name: the queue."""
    BOT = 3
    """Covered or not, resolved or not; name: the lineage, which is the queue or, for follow-ups,
    root>k:queue>...: what the k-th entry of `then` brings (`cssim.demand.draw`)."""
    ROUNDS = 4
    """Numbers of rounds; name: the lineage."""
    WORK = 5
    """Reply work of first rounds; name: the lineage."""
    THINK = 6
    """Think times; name: the lineage."""
    PATIENCE = 7
    """Patience in first rounds; name: the lineage."""
    LINGER = 8
    """Whether the buyer lingers; name: the lineage."""
    FOLLOW_UP = 9
    """Which contacts bring a follow-up, and its delay; name: the follow-up's lineage."""
    PRESENCE = 10
    """Who turns up; name: group, date and shift; the k-th number belongs to the k-th agent."""
    LATER_WORK = 11
    """Reply work of later rounds; name: the lineage."""
    LATER_PATIENCE = 12
    """Patience in later rounds; name: the lineage."""


@dataclass(frozen=True)
class Streams:
    """The streams of one replication.

    Attributes:
        seed: the run's seed (0 is a seed).
        phase: see `Phase`; judgements after the first have the phases after it.
        replication: index from 0.
    """

    seed: int
    phase: int
    replication: int

    def of(self, purpose: Purpose, name: str) -> np.random.Generator:
        """A generator at the beginning of the stream of that purpose and name."""
        key = (int(self.phase), self.replication, int(purpose), key_of(name))
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key)))

    def uniforms(self, purpose: Purpose, name: str, count: int) -> Floats:
        """The stream's first so many uniforms: what `of(purpose, name).random(count)` gives, and quicker."""
        return self.beginnings(purpose, keys_of([name]), np.array([0, count], dtype=np.int64))

    def beginnings(self, purpose: Purpose | Ints, keys: Words, offsets: Ints) -> Floats:
        """The first uniforms of many streams, as `uniforms` gives them for each.

        Args:
            purpose: of the streams; one for all, or (n,).
            keys: `key_of` their names, (n,).
            offsets: stream k's uniforms are offsets[k] to offsets[k + 1] of the result, (n + 1,).
        """
        from cssim.demand.compiled import ROOM, beginnings

        purposes = np.full(len(keys), purpose, dtype=np.uint64)
        numbers = np.empty(int(offsets[-1]))
        beginnings(self.words(), purposes, keys, offsets, np.empty(ROOM, dtype=np.uint64), numbers)
        return numbers

    def words(self) -> Words:
        """What the entropy of all these streams begins with; purpose and key follow. At least six words."""
        entropy = _words(self.seed)
        entropy += [0] * (4 - len(entropy))
        for part in (int(self.phase), self.replication):
            entropy += _words(part)
        return np.array(entropy, dtype=np.uint64)


def _words(number: int) -> list[int]:
    """The 32-bit words of a number, lowest first.

    Raises:
        ValueError: a negative number, which has no end of them.
    """
    if number < 0:
        raise ValueError(f"{number}: seeds, phases and replications are 0 or more")
    words = [number & 0xFFFFFFFF]
    while number := number >> 32:
        words.append(number & 0xFFFFFFFF)
    return words


@lru_cache(maxsize=4096)
def key_of(name: str) -> int:
    """64 bits of a name, the same on every machine and in every process."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def keys_of(names: Iterable[str]) -> Words:
    """`key_of` each name."""
    return np.array([key_of(name) for name in names], dtype=np.uint64)
