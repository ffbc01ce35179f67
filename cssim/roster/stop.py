"""When a search ends: small rules that look at a record of it; `|` combines them, the first ends it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Record:
    """How far a search is; what a rule, and whoever watches, is told.

    Attributes:
        stage: `cover`, `search` or `judge`.
        elapsed: seconds since it began.
        ahead: seconds that cannot be left out any more: the next replications, and the judgement.
        seconds: the budget, inf where it is not a time.
        rosters: tried so far.
        contacts: simulated so far.
        cost: of the best roster so far, by the search's numbers; None before the first.
        bound: no roster that meets the targets costs less.
        kept: whether that best roster keeps every promise, by the search's numbers.
    """

    stage: str
    elapsed: float
    ahead: float
    seconds: float
    rosters: int
    contacts: int
    cost: float | None
    bound: float
    kept: bool


class Stop:
    """A rule. It is asked before every piece of work and keeps no state.

    Attributes:
        seconds: the time after which it surely says stop; inf where it does not look at time.
    """

    seconds: float = inf

    def __call__(self, record: Record) -> bool:
        """Whether to stop now."""
        raise NotImplementedError

    def __or__(self, other: Stop) -> Stop:
        return Either(self, other)


@dataclass(frozen=True)
class Seconds(Stop):
    """After so many seconds, the work that is still to come included."""

    limit: float

    @property
    def seconds(self) -> float:  # type: ignore[override]
        """The limit."""
        return self.limit

    def __call__(self, record: Record) -> bool:
        """Whether the time is over, or would be by the end of what cannot be left out."""
        return record.elapsed + record.ahead > self.limit


@dataclass(frozen=True)
class Rosters(Stop):
    """After so many rosters tried: the same on every machine."""

    limit: int

    def __call__(self, record: Record) -> bool:
        """Whether another would be one too many."""
        return record.rosters >= self.limit


@dataclass(frozen=True)
class Never(Stop):
    """Only when nothing better is found."""

    def __call__(self, record: Record) -> bool:
        """No."""
        return False


@dataclass(frozen=True)
class Either(Stop):
    """When one of two says so."""

    one: Stop
    other: Stop

    @property
    def seconds(self) -> float:  # type: ignore[override]
        """The shorter of the two."""
        return min(self.one.seconds, self.other.seconds)

    def __call__(self, record: Record) -> bool:
        """Whether one of the two stops."""
        return self.one(record) or self.other(record)
