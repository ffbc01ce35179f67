"""What would mend a shortfall, as far as it can be told from what is known: shifts, people, seats, quicker
phrases, a smaller promise, or more time to search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from cssim.demand.contacts import Bools
from cssim.engine.floor import Roster
from cssim.measure.cost import people_needed
from cssim.measure.estimate import TargetResult
from cssim.roster.outlook import ceilings_of
from cssim.roster.result import Shortfall
from cssim.roster.shifts import Columns, columns_of
from cssim.scenario.clock import Calendar, Ints
from cssim.scenario.schema import DURATION_MEASURES, Scenario

NEAR: Final = 0.5
"""A promise is near its ceiling where agents with nothing else to do use up such a part of what it allows."""


Said = tuple[str, Mapping[str, object]]
"""A message's key and values."""


class Planned(Protocol):
    """What has to be known of a plan: a `RosterResult`, or one that was read back from its JSON."""

    @property
    def scenario(self) -> Scenario:
        """Resolved."""

    @property
    def status(self) -> str:
        """`met`, `infeasible` or `budget`."""

    @property
    def roster(self) -> Roster:
        """Who works."""

    @property
    def targets(self) -> tuple[TargetResult, ...]:
        """The verdicts."""

    @property
    def shortfall(self) -> tuple[Shortfall, ...]:
        """Where people are lacking."""


@dataclass(frozen=True)
class Remedy:
    """What would bring a promise nearer.

    Attributes:
        target: name of the promise.
        key: of the message.
        values: of the message; values of a measure as numbers, with `measure` beside.
    """

    target: str
    key: str
    values: Mapping[str, object]


def remedies(result: Planned) -> tuple[Remedy, ...]:
    """What would mend each promise that a roster does not surely keep.

    Where people are lacking: hours without a shift of anybody who may help, then people or seats that are all
    taken in every such shift, else only a better roster. Besides: a ceiling near the promise, and the
    promise that this roster would keep.
    """
    where = _Where(result)
    return tuple(
        Remedy(target.name, key, values)
        for index, target in enumerate(result.targets)
        if target.verdict != "met"
        for key, values in (*where.lacking(target.name), *_ceiling(result, index), *_smaller(target))
    )


class _Where:
    """The hours in which a roster lacks people, against the shifts, people and seats that there are."""

    def __init__(self, result: Planned) -> None:
        self.result, self.scenario = result, result.scenario
        calendar = Calendar.of(self.scenario.horizon)
        edges = [min(k * calendar.interval, calendar.seconds) for k in range(calendar.intervals + 1)]
        self.labels = [calendar.moment(edge).isoformat(" ", "minutes") for edge in edges]
        self.columns: Columns = columns_of(self.scenario)
        self.counts: Ints = self.columns.counts(result.roster)

    def lacking(self, target: str) -> Iterator[Said]:
        """What hinders more people in the hours in which a target lacks them, queue by queue."""
        rows = [row for row in self.result.shortfall if row.target == target]
        for queue in dict.fromkeys(row.queue for row in rows):
            hours = np.zeros(len(self.labels) - 1, dtype=bool)
            for row in rows:
                if row.queue == queue:
                    hours[self.labels.index(row.start) : self.labels.index(row.end)] = True
            yield from self._queue(queue, hours)

    def _queue(self, queue: str, hours: Bools) -> Iterator[Said]:
        able = self._able(queue)
        covered = np.any(self.columns.cover[able] > 0, axis=0)
        bare = hours & ~covered
        if bare.any():
            yield ("mend.shift", {"queue": queue, "hours": self._words(bare)})
        helping = np.flatnonzero(able & np.any(self.columns.cover[:, hours & covered] > 0, axis=1))
        if not len(helping):
            return
        free = [int(j) for j in helping if self._fits(int(j))]
        if free and self.result.status != "infeasible":
            groups = dict.fromkeys(self.columns.groups[self.columns.group[j]] for j in free)
            yield ("mend.time", {"queue": queue, "groups": ", ".join(groups)})
        if free:
            return
        full = dict.fromkeys(self.columns.groups[self.columns.group[j]] for j in helping)
        short = [name for name in full if self._all_work(name, helping)]
        if short:
            yield ("mend.people", {"queue": queue, "groups": ", ".join(short)})
        if len(short) < len(full):
            yield ("mend.seats", {"queue": queue, "seats": self.scenario.limits.seats})

    def _able(self, queue: str) -> Bools:
        """Which columns are of groups that take a queue."""
        groups = self.scenario.groups.values()
        takes = np.array([any(serve.queue == queue for serve in group.serves) for group in groups])
        return np.asarray(takes[self.columns.group])

    def _with_one(self, j: int) -> Ints:
        counts = self.counts.copy()
        counts[j] += 1
        return counts

    def _fits(self, j: int) -> bool:
        """Whether one more could work a column."""
        rules = self.columns.rules
        return bool(np.all(rules.most @ self._with_one(j) <= rules.limit + 1e-9))

    def _all_work(self, group: str, columns: Iterable[int]) -> bool:
        """Whether one more on any of these columns of a group takes more people than it has."""
        people = self.scenario.groups[group].people
        if people is None:
            return False
        mine = [j for j in columns if self.columns.groups[self.columns.group[j]] == group]
        rosters = (self.columns.roster(self._with_one(j)) for j in mine)
        return all(people_needed(roster, self.scenario.rest)[group] > people for roster in rosters)

    def _words(self, hours: Bools) -> str:
        """``11-10 21:00–23:30, 11-11 …``."""
        edges = np.flatnonzero(np.diff(np.concatenate([[0], hours.astype(np.int64), [0]])))
        spans = []
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            start, end = self.labels[a], self.labels[b]
            spans.append(f"{start[5:]}–{end[11:] if end[:10] == start[:10] else end[5:]}")
        return ", ".join(spans)


def _ceiling(result: Planned, index: int) -> Iterator[Said]:
    """Where agents with nothing else to do use up much of what a promise allows."""
    for ceiling in ceilings_of(result.scenario):
        if ceiling.target != index or not ceiling.wanted:
            continue
        if ceiling.measure in DURATION_MEASURES:
            used = ceiling.best / ceiling.wanted
        else:
            used = (1 - ceiling.best) / (1 - ceiling.wanted) if ceiling.wanted < 1 else 1.0
        if used > NEAR:
            yield (
                "mend.ceiling",
                {"measure": ceiling.measure, "best": ceiling.best, "wanted": ceiling.wanted},
            )


def _smaller(target: TargetResult) -> Iterator[Said]:
    """The promise that the roster would have been judged to keep."""
    at_least = target.on is not None or target.at_least is not None
    ends = [period.low if at_least else period.high for period in target.by_period]
    bound = min(ends) if at_least else max(ends)
    if np.isfinite(bound) and bound > 0:
        side = "days" if target.on is not None else "at_least" if at_least else "at_most"
        yield (
            f"mend.{side}",
            {"measure": "share of days" if side == "days" else target.measure, "bound": bound},
        )
