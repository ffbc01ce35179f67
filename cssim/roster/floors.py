"""Staffings that are simulated for the bound: who is there slot by slot, and which promises that keeps.

Time is cut into slots of half an hour, and what a promise gains is booked to the slot in which the contact
(or the round) came. A *floor* is a staffing that need not be a roster: so many agents of a group in each
slot, whatever shifts there are. An agent is there while it takes new chats: not on a break, and not while it
winds down before one or before going home.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np

from cssim.demand.drawn import Drawn
from cssim.engine.floor import Duty, Roster, Staff, policy_of
from cssim.engine.floor import in_order as as_numbered
from cssim.experiment.engines import engine_named
from cssim.experiment.workers import in_order
from cssim.measure.estimate import KINDS
from cssim.measure.periods import Period, periods_of
from cssim.measure.tables import Tables
from cssim.roster.shifts import Columns
from cssim.scenario.clock import Calendar, Floats, Ints, overlap
from cssim.scenario.schema import Scenario, Target
from cssim.scenario.shifts import Shift
from cssim.scenario.units import MINUTE

SLOT: Final = 30 * MINUTE
"""Seconds of a slot, in horizons of up to `SLOTS` of them; longer horizons have longer ones."""

SLOTS: Final = 100

TASK: Final = 4
"""Replications in one task of an executor."""


@dataclass(frozen=True)
class Promise:
    """One target in one of its periods, about a share of contacts, rounds or buyers.

    Attributes:
        target: index of the target.
        period: index of the period among the target's.
        row: its index among all promises of the scenario, in the order of targets and periods.
        good: whether the share is of what went well (`at_least`), else of what did not.
        share: of what goes well that is promised.
        on: share of days on which it must be kept, None where it is about the mean.
        adds_up: whether what slots gain adds up to what the period gains.
    """

    target: int
    period: int
    row: int
    good: bool
    share: float
    on: float | None
    adds_up: bool


@dataclass(frozen=True)
class Outcome:
    """What the promises gained on each of n replications; p promises, k pieces.

    Attributes:
        good, counted: what went well, and of how many, (n, p).
        good_of, counted_of: the same by piece, (n, k).
    """

    good: Floats
    counted: Floats
    good_of: Floats
    counted_of: Floats

    def __add__(self, other: Outcome) -> Outcome:
        """Of the same staffing, on other replications after these."""
        return Outcome(*(np.concatenate(both) for both in zip(self._parts, other._parts, strict=True)))

    @property
    def _parts(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.good, self.counted, self.good_of, self.counted_of

    def margin(self, promises: Sequence[Promise]) -> Floats:
        """By how many each promise is exceeded, (n, p)."""
        return self.good - np.array([p.share for p in promises]) * self.counted


@dataclass(frozen=True)
class Grid:
    """A scenario's promises in slots; s slots, k pieces of promises.

    Attributes:
        edges: of the slots, seconds, (s + 1,).
        promises: that the bound knows how to use.
        piece_promise, piece_slot: of each piece, (k,).
        targets: the scenario with each promise's target twice, whole and in pieces.
        periods: of those targets.
        place: target and period at which each promise and then each piece is counted, (p + k, 2).
        group: of each column that can be bought, (n,).
        cover: share of each slot in which an agent on each column takes new chats, (n, s).
    """

    edges: Floats
    promises: tuple[Promise, ...]
    piece_promise: Ints
    piece_slot: Ints
    targets: Scenario
    periods: tuple[tuple[Period, ...], ...]
    place: Ints
    group: Ints
    cover: Floats

    @classmethod
    def of(cls, scenario: Scenario, columns: Columns) -> Grid:
        """The grid of a scenario and of what can be bought for it."""
        calendar = Calendar.of(scenario.horizon)
        length = SLOT * max(1, int(np.ceil(calendar.seconds / SLOT / SLOTS)))
        edges = np.append(np.arange(0.0, calendar.seconds, length), calendar.seconds)
        promises: list[Promise] = []
        place, of_pieces, pieces = [], [], []
        targets: list[Target] = []
        periods: list[tuple[Period, ...]] = []
        row = 0
        for t, target in enumerate(scenario.targets):
            own = periods_of(scenario, target)
            first, row = row, row + len(own)
            if KINDS[target.measure] != "share":
                continue
            up = target.at_least is not None
            bound = target.at_least if target.at_least is not None else 1 - (target.at_most or 0.0)
            cut: list[Period] = []
            for k, period in enumerate(own):
                for slot, (a, b) in enumerate(pairwise(edges.tolist())):
                    spans = tuple((max(a, c), min(b, d)) for c, d in period.spans if max(a, c) < min(b, d))
                    if spans:
                        pieces.append((len(promises), slot))
                        of_pieces.append((len(targets) + 1, len(cut)))
                        cut.append(Period(period.label, spans))
                place.append((len(targets), k))
                promises.append(Promise(t, k, first + k, up, bound, target.on, target.measure != "buyers"))
            targets += [target, target]
            periods += [own, tuple(cut)]
        return cls(
            edges=edges,
            promises=tuple(promises),
            piece_promise=np.array([p for p, _ in pieces], dtype=np.int64),
            piece_slot=np.array([s for _, s in pieces], dtype=np.int64),
            targets=scenario.model_copy(update={"targets": tuple(targets)}),
            periods=tuple(periods),
            place=np.array([*place, *of_pieces], dtype=np.int64).reshape(-1, 2),
            group=columns.group,
            cover=_cover(scenario, columns, edges),
        )

    @property
    def slots(self) -> int:
        """How many there are."""
        return len(self.edges) - 1

    def staff(self, counts: Floats | Ints) -> Floats:
        """Staff of each group in each slot of so many agents on each column, (g, s)."""
        found = np.zeros((len(self.targets.groups), self.slots))
        np.add.at(found, self.group, self.cover * np.asarray(counts, dtype=np.float64)[:, None])
        return found

    def floor(self, scenario: Scenario, staff: Ints) -> Roster:
        """A floor of so many agents of each group in each slot, (g, s): the same ones as long as they can."""
        groups, day = list(scenario.groups), Calendar.of(scenario.horizon).start.date()
        duties = []
        for name, row in zip(groups, staff, strict=True):
            wind_down = scenario.groups[name].wind_down
            for k in range(int(row.max(initial=0))):
                for first, after in _runs(row > k):
                    shift = Shift(self.edges[first], self.edges[after] + wind_down, f"floor {k}", day)
                    duties.append(Duty(name, shift, 1))
        return as_numbered(duties, groups)


def _cover(scenario: Scenario, columns: Columns, edges: Floats) -> Floats:
    found = np.zeros((len(columns), len(edges) - 1))
    for j, (g, shift) in enumerate(zip(columns.group.tolist(), columns.shifts, strict=True)):
        wind_down = scenario.groups[columns.groups[g]].wind_down
        begins = [shift.start, *(pause.end for pause in shift.breaks)]
        ends = [*(pause.start - wind_down for pause in shift.breaks), shift.end - wind_down]
        spans = [(a, b) for a, b in zip(begins, ends, strict=True) if a < b]
        found[j] = [overlap(a, b, spans) / (b - a) for a, b in pairwise(edges.tolist())]
    return found


def _runs(where: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """First index of each run of True, and the index after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], where.astype(np.int64), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


@dataclass(frozen=True, eq=False)
class Theatre:
    """Where floors and rosters are played and their promises counted.

    Attributes:
        drawn: who comes.
        grid: what is counted.
        engine: see `cssim.experiment.engines`.
    """

    drawn: Drawn
    grid: Grid
    engine: str
    _good: np.ndarray[tuple[int], np.dtype[np.bool_]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Which places count what goes well."""
        grid = self.grid
        up = np.array([p.good for p in grid.promises], dtype=bool)
        object.__setattr__(self, "_good", np.concatenate([up, up[grid.piece_promise]]))

    @cached_property
    def _tables(self) -> Tables:
        scenario = self.grid.targets
        return Tables.of(scenario, Calendar.of(scenario.horizon), self.grid.periods)

    def play(
        self, rosters: Sequence[Roster], replications: Sequence[int], executor: Executor | None
    ) -> list[Outcome]:
        """What each roster gains on the given replications."""
        parts = [replications[k : k + TASK] for k in range(0, len(replications), TASK)]
        tasks = [(roster, part) for roster in rosters for part in parts]
        rows = list(in_order(executor, self, tasks))
        found = []
        for k in range(0, len(rows), len(parts)):
            both = np.concatenate(rows[k : k + len(parts)], axis=1)
            p = len(self.grid.promises)
            found.append(Outcome(both[0, :, :p], both[1, :, :p], both[0, :, p:], both[1, :, p:]))
        return found

    def __call__(self, task: tuple[Roster, Sequence[int]]) -> Floats:
        """What went well and of how many, (2, replications, p + k)."""
        roster, replications = task
        scenario = self.drawn.scenario
        staff, policy = Staff.of(scenario, roster), policy_of(scenario)
        run = engine_named(self.engine).run
        found = np.empty((2, len(replications), len(self.grid.place)))
        for n, replication in enumerate(replications):
            agents = staff.on(self.drawn.streams(replication))
            sums, _ = self._tables.count(run(self.drawn.contacts(replication), agents, policy))
            at = self.grid.place[:, 0], self.grid.place[:, 1]
            part, whole = sums.part[at], sums.whole[at]
            found[:, n] = np.where(self._good, part, whole - part), whole
        return found
