"""The cheapest mixture of shifts whose response curves keep the promises, by branching over effective staff.

A curve that first bends up is drawn up to its concave envelope, and a linear program then likes to gain by
the envelope what no staff gains by the curve. So the box of all effective staffs is split where it does, each
part has an envelope of its own, and the bound is the least over the parts: branch and bound in space.
Source: Falk and Soland 1969, "An algorithm for separable nonconvex programming problems", Management
Science 15(9).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_array, coo_array, csr_array, eye_array

from cssim.roster.floors import Grid
from cssim.roster.response import Curve, features
from cssim.roster.shifts import Columns
from cssim.scenario.clock import Floats, Ints

WORTH_SPLITTING: Final = 2e-4
"""Of the cost, that a piece's promises gain by the envelope alone."""

Between = tuple[Floats, Floats]
"""Agents on each column, at least and at most, (n,) each."""

_INSIDE: Final = 0.02
"""A box is split no nearer to its ends than this, in logits."""

_HAIR: Final = 1e-9


@dataclass(frozen=True)
class Leaf:
    """The bound for staffs whose effective staff lies in a box; p promises, k pieces of them.

    It is a certificate: no roster in the box is cheaper, unless prices x what its promises gain lie above the
    plane; by as much it may be cheaper.

    Attributes:
        low, high: the box, (k,).
        cost: of the cheapest mixture of shifts; inf where there is none.
        price: of a unit of each promise, (p,).
        height, steep: of the plane over effective staff: a number and (k,).
        mixture: agents on each column, (n,).
        effective: staff of the mixture, (k,).
        waste: what the mixture gains by envelopes alone, in money, (k,).
    """

    low: Floats
    high: Floats
    cost: float
    price: Floats
    height: float
    steep: Floats
    mixture: Floats
    effective: Floats
    waste: Floats

    def above(self, effective: Floats, gain: Floats) -> float:
        """By how much, at most, staffings in the box lie above the plane, in money; -inf where none is there.

        Args:
            effective: staff of n staffings, (n, k).
            gain: of the promises with them, (n, p).
        """
        inside = np.all((effective >= self.low - _HAIR) & (effective <= self.high + _HAIR), axis=1)
        excess = gain[inside] @ self.price - self.height - effective[inside] @ self.steep
        return float(excess.max(initial=-np.inf))


@dataclass(frozen=True)
class Boxes:
    """The program: counts x, effective staff e = theta . staff(x), shares v <= each line of the curve over e.

    Each promise needs worth @ (v - share) + offset >= need.

    Attributes:
        columns: that can be bought.
        curves: of the pieces.
        staff: effective staff of an agent on each column, (k, n).
        worth: what each piece's share adds to each promise, (p, k).
        given: worth @ share - offset, (p,).
        need: what the promises must gain, (p,).
    """

    columns: Columns
    curves: tuple[Curve, ...]
    staff: csr_array
    worth: csr_array
    given: Floats
    need: Floats
    _lines: dict[tuple[int, float, float], tuple[Floats, Floats]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        grid: Grid,
        columns: Columns,
        curves: tuple[Curve, ...],
        weight: Floats,
        offset: Floats,
        need: Floats,
    ) -> Boxes:
        """The program of a scenario's pieces.

        Args:
            grid: of the pieces.
            columns: that can be bought.
            curves: of the pieces.
            weight: what a piece's share adds to its promise, (k,).
            offset: what a promise gains besides, (p,).
            need: what the promises must gain, (p,).
        """
        groups = np.arange(len(columns.groups))[:, None]
        one = features((groups == columns.group[:, None, None]) * grid.cover[:, None, :])
        theta = np.array([curve.theta for curve in curves])
        worth = csr_array(weight * (grid.piece_promise == np.arange(len(grid.promises))[:, None]))
        share = np.array([promise.share for promise in grid.promises])[grid.piece_promise]
        staff = csr_array(np.einsum("nkf,kf->kn", one[:, grid.piece_slot], theta))
        return cls(columns, curves, staff, worth, worth @ share - offset, need)

    @property
    def everything(self) -> tuple[Floats, Floats]:
        """The box that holds every effective staff."""
        return np.zeros(len(self.curves)), np.full(len(self.curves), np.inf)

    def needing(self, need: Floats) -> Boxes:
        """The same where something else must be gained."""
        return replace(self, need=need)

    def paying(self, pay: Floats) -> Boxes:
        """The same at other pay, (n,)."""
        return replace(self, columns=replace(self.columns, pay=pay))

    def gained(self, counts: Ints) -> Floats:
        """What the promises gain with a roster of these counts, by the curves, (p,)."""
        effective = np.asarray(self.staff @ counts)
        shares = [float(curve.share(float(e))) for curve, e in zip(self.curves, effective, strict=True)]
        return np.asarray(self.worth @ np.array(shares) - self.given)

    def split(self, most: int) -> tuple[Leaf, ...]:
        """Leaves that together hold every staff, the cheapest first, after so many splits at most.

        Those that no legal mixture reaches are left out; so none is left where nothing keeps the promises.
        """
        leaves = [self.leaf(*self.everything)]
        for _ in range(most):
            leaves.sort(key=lambda leaf: leaf.cost)
            first = leaves[0]
            k = int(np.argmax(first.waste))
            if first.waste[k] <= WORTH_SPLITTING * first.cost:
                break
            upto, onwards = first.high.copy(), first.low.copy()
            upto[k] = onwards[k] = first.effective[k]
            leaves[0] = self.leaf(first.low, upto)
            leaves.append(self.leaf(onwards, first.high))
        return tuple(sorted((one for one in leaves if np.isfinite(one.cost)), key=lambda leaf: leaf.cost))

    def leaf(self, low: Floats, high: Floats, between: Between | None = None) -> Leaf:
        """The leaf of a box, with so many agents at least and at most on each column, (n,) each."""
        columns, k, n, p = self.columns, len(self.curves), len(self.columns), len(self.need)
        height, slope, piece, under = self._rows(low, high)
        over = coo_array((-slope, (np.arange(len(piece)), piece)), under.shape)
        rules = columns.rules
        rows: list[list[Any]] = [[None, over, under], [None, None, -self.worth], [rules.most, None, None]]
        limits = [height, -(self.given + self.need), rules.limit]
        if len(rules.least):
            rows.append([-rules.duty, None, None])
            limits.append(-rules.least)
        least, most = (np.zeros(n), np.full(n, np.inf)) if between is None else between
        free = np.full(k, np.inf)
        bounds = np.array([np.concatenate([least, low, -free]), np.concatenate([most, high, free])]).T
        solve: Any = linprog  # its types know no sparse blocks
        solved = solve(
            np.concatenate([columns.pay, np.zeros(2 * k)]),
            A_ub=block_array(rows, format="csr"),
            b_ub=np.concatenate(limits),
            A_eq=block_array([[-self.staff, eye_array(k), csr_array((k, k))]], format="csr"),
            b_eq=np.zeros(k),
            bounds=bounds,
            method="highs-ds",
        )
        if solved.status != 0:  # infeasible; or numerical trouble, of which nothing is claimed
            cost = np.inf if solved.status == 2 else 0.0
            none = np.zeros(k)
            return Leaf(low, high, cost, np.zeros(p), 0.0, none, np.zeros(n), none, none)
        dual = np.maximum(-np.asarray(solved.ineqlin.marginals), 0.0)
        of_line, price = dual[: len(piece)], dual[len(piece) : len(piece) + p]
        x, e, v = np.split(np.asarray(solved.x), [n, n + k])
        shares = np.array([c.share(staff) for c, staff in zip(self.curves, e, strict=True)])
        waste = np.where((e - low > _INSIDE) & (high - e > _INSIDE), (v - shares) * (price @ self.worth), 0.0)
        return Leaf(
            low=low,
            high=high,
            cost=float(solved.fun),
            price=price,
            height=float(of_line @ height - price @ self.given),
            steep=np.bincount(piece, of_line * slope, k).astype(np.float64),
            mixture=np.maximum(x, 0.0),
            effective=e,
            waste=waste,
        )

    def _rows(self, low: Floats, high: Floats) -> tuple[Floats, Floats, Ints, csr_array]:
        """Every line over the curves in a box: height, slope and piece, (rows,); the piece as a matrix."""
        k = len(self.curves)
        lines = [self._over(*one) for one in zip(range(k), low.tolist(), high.tolist(), strict=True)]
        piece = np.repeat(np.arange(k), [len(heights) for heights, _ in lines])
        height, slope = (np.concatenate(part) for part in zip(*lines, strict=True))
        under = csr_array((np.ones(len(piece)), (np.arange(len(piece)), piece)), (len(piece), k))
        return height, slope, piece, under

    def _over(self, piece: int, low: float, high: float) -> tuple[Floats, Floats]:
        """The lines over a piece's curve between two ends; a split changes those of one piece only."""
        key = piece, low, high
        if key not in self._lines:
            self._lines[key] = self.curves[piece].lines(low, high)
        return self._lines[key]
