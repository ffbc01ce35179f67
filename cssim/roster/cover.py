"""The cheapest roster that covers a need: whole agents on legal shifts, by mixed integer programming.

The need has two parts. A *floor* is a capacity that a queue must have in an interval. A *promise* is kept
over a whole period: the expected share in time of its hours, each a concave function of the capacity there,
so that the program itself decides in which hours late replies are cheapest to avoid. A group's time is
divided among its queues by the program too. What is lacking has a price that nobody's pay comes near: so
there is always a roster to simulate, and what it lacks is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from cssim.engine.floor import Policy
from cssim.roster.need import Promise
from cssim.roster.program import Program, Solution
from cssim.roster.shifts import Columns, Rules
from cssim.scenario.clock import Floats, Ints

_WHOLE = 1e-6
STRIDE = 0.3
"""Of the parts of people that are left, so many are made whole at a time."""
DEAR = 20.0
"""All of a promise that is lacking costs so many times what filling the floor at a dear rate would."""
_BEND = 0.01
"""Curves are followed to within this share in time."""


@dataclass(frozen=True)
class Asked:
    """What a roster is asked for; q queues, i intervals.

    Attributes:
        shares: of each promise, the share in time of each of its periods, (periods,).
        worth: how much an agent counts, against what the curves say, (q, i).
        floor: least capacity, (q, i).
    """

    shares: tuple[Floats, ...]
    worth: Floats
    floor: Floats


@dataclass(frozen=True)
class Cover:
    """The roster that covers a need, or lacks least of it.

    Attributes:
        bought: agents on each column, (n,); whole ones unless parts of agents were asked for.
        pay: what they cost, overtime apart.
        solution: how the program ended.
        short: by promise, the share in time that each period lacks, (periods,).
        below: agents that the floor lacks, (q, i).
        unguarded: people that the minimum on duty lacks, at each moment of `Rules.moments`.
    """

    bought: Floats
    pay: float
    solution: Solution
    short: tuple[Floats, ...]
    below: Floats
    unguarded: Floats

    @property
    def counts(self) -> Ints:
        """Whole agents on each column, (n,)."""
        return np.round(self.bought).astype(np.int64)

    @property
    def whole(self) -> bool:
        """Whether it keeps every promise and the minimum on duty, as far as the curves tell."""
        return self.solution.found and all(
            part.max(initial=0.0) < 1e-4 for part in (*self.short, self.unguarded)
        )


def cheapest(
    pay: Floats,
    cover: Floats,
    need: Floats,
    rules: Rules | None = None,
    *,
    gap: float = 0.0,
    nodes: int | None = None,
) -> Solution:
    """The covering problem in its plainest form: least pay @ x with whole x >= 0 and cover.T @ x >= need.

    Args:
        pay: of one agent on each column, (n,).
        cover: what one agent on each column covers, (n, rows).
        need: (rows,).
        rules: what a legal roster obeys besides.
        gap: relative gap at which to stop.
        nodes: most branches to try.
    """
    program = Program()
    counts = _bought(program, pay, rules)
    program.rows([(counts, np.asarray(cover).T)], low=need)
    if rules is not None:
        program.rows([(counts, rules.duty)], low=rules.least)
    return program.solve(gap=gap, nodes=nodes)


def cover(
    columns: Columns,
    policy: Policy,
    presence: Floats,
    promises: Sequence[Promise],
    asked: Asked,
    least: Ints | None = None,
) -> Cover:
    """A legal roster of whole people for what is asked, as cheap as a dive finds it.

    Linear programs, one after the other, of which each fixes some more of the parts of people at the whole
    number above or below. The mixed integer program itself takes seconds to minutes (a branch and bound of
    Double 11 was 3% dearer after 2 s, and took 2 min to close a gap of 0.5%); a dive takes a second, ends
    1 to 2% above it, and what it bought is only where the polishing begins.

    Args:
        columns: what can be bought.
        policy: which groups serve which queues, how fast.
        presence: share of each group's shifts for which somebody turns up, (g,).
        promises: the curves of what is promised.
        asked: what is asked of them.
        least: agents on each column that there must be, (n,).
    """
    need = _Need.of(columns, policy, presence, promises, asked)
    low = np.zeros(len(columns)) if least is None else least.astype(np.float64)
    high = np.full(len(columns), np.inf)
    found = last = need.solve((low, high))
    while found.solution.found:
        last = found
        whole = np.floor(found.bought + _WHOLE)
        over = found.bought - whole
        parts_left = np.flatnonzero((over > _WHOLE) & (low < high))
        if not len(parts_left):
            return found
        order = parts_left[np.argsort(-over[parts_left], kind="stable")]
        some = order[: max(1, int(STRIDE * over[order].sum()))]
        up = low.copy()
        up[some] = whole[some] + 1
        deeper = need.solve((up, high))
        if deeper.solution.found:
            low, found = up, deeper
            continue
        high[order[0]] = max(whole[order[0]], low[order[0]])  # no room for one more there
        found = need.solve((low, high))
    found = need.solve((low, np.full(len(columns), np.inf)), whole=True, gap=0.05, nodes=20)
    if found.solution.found:
        return found
    start = np.floor(last.bought + _WHOLE) if last.solution.found else low
    return _filled(columns, policy, presence, asked, np.maximum(start, low), last)


def parts(
    columns: Columns,
    policy: Policy,
    presence: Floats,
    promises: Sequence[Promise],
    asked: Asked,
    least: Ints | None = None,
) -> Cover:
    """The cheapest roster with parts of people for what is asked; arguments as `cover`."""
    need = _Need.of(columns, policy, presence, promises, asked)
    low = np.zeros(len(columns)) if least is None else least.astype(np.float64)
    found = need.solve((low, np.full(len(columns), np.inf)))
    return found if found.solution.found else _filled(columns, policy, presence, asked, low, found)


def _filled(
    columns: Columns, policy: Policy, presence: Floats, asked: Asked, start: Floats, failed: Cover
) -> Cover:
    """A legal roster without the solver, where that has failed: one agent at a time on top of a start, where
    most of the minimum on duty and then of the floor is filled for the pay, as long as any is.

    Args:
        columns, policy, presence, asked: as of `cover`.
        start: agents on each column to begin with, (n,).
        failed: how the program ended.
    """
    rules, counts, lacks = columns.rules, start.copy(), asked.floor.copy()
    speed = np.where(policy.serves, policy.speed, 0.0) * presence[:, None]

    def put(column: int, agents: float) -> None:
        able = np.where(policy.serves[columns.group[column]][:, None], lacks, -np.inf)
        queue, every = able.argmax(axis=0), np.arange(lacks.shape[1])
        lacks[queue, every] -= agents * columns.cover[column] * speed[columns.group[column], queue]

    for column in np.flatnonzero(counts):
        put(int(column), float(counts[column]))
    dear = 1.0 + columns.cover.sum(axis=1).max(initial=0.0)
    while True:
        most = np.where(policy.serves[:, :, None], lacks, 0.0).max(axis=1)[columns.group]
        one = columns.cover * speed.max(axis=1)[columns.group, None]
        bare = (rules.least > rules.duty @ counts + _WHOLE).astype(np.float64)
        gain = np.minimum(np.maximum(most, 0.0), one).sum(axis=1) + dear * (rules.duty.T @ bare)
        room = rules.limit - rules.most @ counts
        full = rules.most.T @ (room < 1 - _WHOLE).astype(np.float64) > 0
        gain = np.where(full, 0.0, gain) / np.maximum(columns.pay, 1e-9)
        if gain.max(initial=0.0) <= _WHOLE:
            break
        put(int(gain.argmax()), 1.0)
        counts[gain.argmax()] += 1
    return Cover(
        bought=counts,
        pay=float(columns.pay @ counts),
        solution=failed.solution,
        short=tuple(np.full(len(part), np.nan) for part in failed.short),
        below=np.maximum(lacks, 0.0),
        unguarded=np.maximum(rules.least - rules.duty @ counts, 0.0),
    )


def _bought(program: Program, pay: Floats, rules: Rules | None, whole: bool = True) -> slice:
    """The counts, within people and seats; the minimum on duty is a need like others."""
    counts = program.variables(pay, whole=whole)
    if rules is not None:
        program.rows([(counts, rules.most)], high=rules.limit)
    return counts


def alike(cover: Floats, promises: Sequence[Promise]) -> Ints:
    """Which planning intervals are as good as one: neighbours that every shift covers alike and that count in
    the same periods; numbers from 0, (i,)."""
    marks = [cover, *(promise.weight.reshape(-1, cover.shape[1]) > 0 for promise in promises)]
    changes = np.any([np.any(np.diff(mark, axis=1) != 0, axis=0) for mark in marks], axis=0)
    return np.concatenate([[0], np.cumsum(changes)]).astype(np.int64)


@dataclass(frozen=True)
class _Need:
    """The program of `cover` in parts; p (group, queue) pairs, s spells of intervals that are alike."""

    columns: Columns
    spell: Ints
    uses: csr_array
    gives: csr_array
    serves: csr_array
    floor: Floats
    promises: tuple[_Curve, ...]

    @classmethod
    def of(
        cls, columns: Columns, policy: Policy, presence: Floats, promises: Sequence[Promise], asked: Asked
    ) -> _Need:
        groups, queues = policy.serves.shape
        spell = alike(columns.cover, promises)
        first = np.searchsorted(spell, np.arange(spell[-1] + 1))
        pairs = np.argwhere(policy.serves)
        speed = policy.speed[pairs[:, 0], pairs[:, 1]]
        spells, every = len(first), np.arange(len(pairs) * len(first))
        g, q, s = (
            np.repeat(pairs[:, 0], spells),
            np.repeat(pairs[:, 1], spells),
            np.tile(np.arange(spells), len(pairs)),
        )
        cover = columns.cover[:, first]
        c, k = np.nonzero(cover)
        return cls(
            columns=columns,
            spell=spell,
            uses=_sparse(np.ones(len(every)), g * spells + s, every, (groups * spells, len(every))),
            gives=_sparse(
                cover[c, k] * presence[columns.group[c]],
                columns.group[c] * spells + k,
                c,
                (groups * spells, len(columns)),
            ),
            serves=_sparse(speed[every // spells], q * spells + s, every, (queues * spells, len(every))),
            floor=np.maximum.reduceat(asked.floor, first, axis=1),
            promises=tuple(
                _Curve.of(promise, share, asked.worth, spell, pairs, speed)
                for promise, share in zip(promises, asked.shares, strict=True)
            ),
        )

    def solve(
        self,
        between: tuple[Floats, Floats],
        *,
        whole: bool = False,
        gap: float = 0.0,
        nodes: int | None = None,
    ) -> Cover:
        """Least pay, and price of what is lacking, with so many agents at least and at most on each column.

        The floor is a wish: it may fall short anywhere, at three times the pay of the dearest agent there.
        """
        program = Program()
        columns, rules = self.columns, self.columns.rules
        counts = _bought(program, columns.pay, rules, whole)
        bounded = np.isfinite(between[1]) | (between[0] > 0)
        rows = _eye(len(columns))[np.flatnonzero(bounded)]
        program.rows([(counts, rows)], low=between[0][bounded], high=between[1][bounded])
        length = np.broadcast_to(np.bincount(self.spell), self.floor.shape).ravel()
        lacking = DEAR * columns.dear * max(float(self.floor.ravel() @ length), 1.0)
        unguarded = program.variables(np.full(len(rules.least), lacking), upper=rules.least)
        program.rows([(counts, rules.duty), (unguarded, _eye(len(rules.least)))], low=rules.least)
        time = program.variables(np.zeros(self.uses.shape[1]))
        program.rows([(counts, -self.gives), (time, self.uses)], high=0.0)
        below = program.variables(columns.dear * length, upper=self.floor.ravel())
        program.rows([(time, self.serves), (below, _eye(self.floor.size))], low=self.floor.ravel())
        short = []
        for curve in self.promises:
            in_time = program.variables(np.zeros(curve.period.shape[1]), upper=1.0)
            program.rows([(time, -curve.slope), (in_time, curve.cell)], high=curve.height)
            short.append(program.variables(np.full(len(curve.asked), lacking), upper=1.0))
            program.rows([(in_time, curve.period), (short[-1], _eye(len(curve.asked)))], low=curve.asked)
        solution = program.solve(gap=gap, nodes=nodes)
        values = solution.values if solution.found else np.zeros(program.size)
        bought = values[counts]
        return Cover(
            bought=bought,
            pay=float(columns.pay @ bought),
            solution=solution,
            short=tuple(values[block] for block in short),
            below=values[below].reshape(self.floor.shape)[:, self.spell],
            unguarded=values[unguarded],
        )


@dataclass(frozen=True)
class _Curve:
    """A promise as rows: in_time[cell] <= height + slope @ time for every line of the cell's hull.

    A cell is a queue in a spell that counts.
    """

    slope: csr_array
    cell: csr_array
    height: Floats
    period: csr_array
    asked: Floats

    @classmethod
    def of(
        cls, promise: Promise, asked: Floats, worth: Floats, spell: Ints, pairs: Ints, speed: Floats
    ) -> _Curve:
        first = np.searchsorted(spell, np.arange(spell[-1] + 1))
        weight = np.add.reduceat(promise.weight, first, axis=2)
        cells = np.argwhere(weight.sum(axis=0) > 0)
        lines = [
            (cell, slope, height)
            for cell, (q, s) in enumerate(cells)
            for slope, height in hull(*_together(promise, worth, q, np.flatnonzero(spell == s)))
        ]
        of_cell, slopes, heights = np.array(lines).reshape(-1, 3).T
        cell = of_cell.astype(np.int64)
        shape = (len(lines), len(pairs) * len(first))
        slope = csr_array(shape)
        for p, (g, q) in enumerate(pairs):
            mine = np.flatnonzero((cells[cell, 0] == q) & (promise.able[g, q] > 0))
            there = p * len(first) + cells[cell[mine], 1]
            slope = slope + _sparse(slopes[mine] * speed[p], mine, there, shape)
        counted = weight[:, cells[:, 0], cells[:, 1]]
        whole = counted.sum(axis=1, keepdims=True)
        return cls(
            slope=slope,
            cell=_sparse(np.ones(len(lines)), np.arange(len(lines)), cell, (len(lines), len(cells))),
            height=heights,
            period=csr_array(counted / np.maximum(whole, 1e-300)),
            asked=np.where(whole[:, 0] > 0, asked, 0.0),
        )


def _together(promise: Promise, worth: Floats, q: int, intervals: Ints) -> tuple[Floats, Floats]:
    """The curve of several intervals at one capacity, each with its weight and an agent's worth in it."""
    weight = promise.weight[:, q, intervals].sum(axis=0)
    grids = [promise.agents[q, i] / worth[q, i] for i in intervals]
    agents = np.unique(np.concatenate(grids))
    shares = [
        np.interp(agents, grid, promise.in_time[q, i]) for grid, i in zip(grids, intervals, strict=True)
    ]
    return agents, np.average(shares, axis=0, weights=weight)


def hull(agents: Floats, in_time: Floats) -> list[tuple[float, float]]:
    """The least concave curve above points, as lines (slope, height at 0), steepest first.

    Args:
        agents: ascending, from 0, (k,).
        in_time: never falling, (k,).
    """
    corners = [(float(agents[0]), float(in_time[0]))]
    for x, y in zip(agents[1:], in_time[1:], strict=True):
        if x <= corners[-1][0]:
            continue
        while len(corners) > 1 and _turns_up(corners[-2], corners[-1], (x, y)):
            corners.pop()
        corners.append((float(x), float(y)))
    kept = [corners[0]]
    for k in range(1, len(corners)):
        last = k == len(corners) - 1
        if last or corners[k + 1][1] - kept[-1][1] > _BEND:
            kept.append(corners[k])
    lines = [((b[1] - a[1]) / (b[0] - a[0]), a) for a, b in pairwise(kept)]
    return [(slope, a[1] - slope * a[0]) for slope, a in lines] or [(0.0, kept[0][1])]


def _turns_up(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[1] - a[1]) * (c[0] - b[0]) <= (c[1] - b[1]) * (b[0] - a[0])


def _sparse(values: Floats, rows: Ints, columns: Ints, shape: tuple[int, int]) -> csr_array:
    return csr_array((values, (rows, columns)), shape=shape)


def _eye(size: int) -> csr_array:
    return _sparse(np.ones(size), np.arange(size), np.arange(size), (size, size))
