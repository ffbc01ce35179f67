"""Response curves: which share of a slot's contacts goes well, as staff around the slot changes.

share = most / (1 + exp(-g(theta . staff))), with theta >= 0 over groups and the slots before and after: one
number, the *effective staff*, weighs who is there, and the share follows it along a logistic curve whose
argument g rises ever more slowly, as a line with bends. (A plain logistic curve promised up to 2% too much
where nearly all goes well, and a program that buys by it buys just there.)

Fitted to simulated staffings by iteratively reweighted least squares (McCullagh and Nelder 1989, "Generalized
linear models", 2.5), each step with non-negative coefficients (Lawson and Hanson 1974); theta and the bends
in turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from scipy.optimize import nnls

from cssim.scenario.clock import Floats, Ints

BEFORE: Final = 4
"""Slots before a slot whose staff matters to it."""

STEPS: Final = 12
"""Of the reweighting, at most."""

TURNS: Final = 2
"""Of fitting theta and the bends."""

RIDGE: Final = 0.1

MISFIT: Final = 0.02
"""Standard deviation of what the curve does not explain of a share, beside luck."""

BENDS: Final = (0.15, 0.35, 0.55, 0.75, 0.9)
"""Quantiles of the effective staff seen at which g may bend."""

CLOSE: Final = 0.002
"""How far, in share, the lines over a curve may lie above its envelope."""

_FLAT: Final = 5.0
"""A logit from which on a curve is as good as flat."""

_GRID: Final = 60

_STEEP: Final = 0.02
"""Of g, at least, where its slope divides."""


@dataclass(frozen=True)
class Curve:
    """A slot's response; f features, see `features`; b bends.

    Attributes:
        theta: effective staff per feature, (f,).
        start: logit without any staff.
        most: share that the curve tends to.
        knots: effective staffs at which the logit bends, ascending, the last inf, (b,).
        slopes: by how much it is less steep from there on, not negative, (b,). By default a line of slope 1.
    """

    theta: Floats
    start: float
    most: float
    knots: Floats = field(default_factory=lambda: np.array([np.inf]))
    slopes: Floats = field(default_factory=lambda: np.ones(1))

    def logit(self, effective: float | Floats) -> Floats:
        """g at some effective staff, same shape."""
        upto = np.minimum(np.asarray(effective, dtype=np.float64)[..., None], self.knots)
        return np.asarray(self.start + upto @ self.slopes)

    def share(self, effective: float | Floats) -> Floats:
        """The share at some effective staff, same shape."""
        return np.asarray(self.most / (1 + np.exp(-np.clip(self.logit(effective), -40, 40))))

    def lines(self, low: float = 0.0, high: float = np.inf) -> tuple[Floats, Floats]:
        """Heights at 0 and slopes of lines over the effective staff, whose least is the concave envelope of
        the curve over [low, high], or lies above it by no more than about `CLOSE`."""
        ends = min(max(self._flat, low), high)
        top = self.most if high == np.inf else float(self.share(high))
        if ends - low < 1e-9:
            return np.array([top]), np.zeros(1)
        bend = float(np.clip(self._last, low, ends))
        knots = self.knots[(self.knots > low) & (self.knots < ends)]
        e = np.unique(np.concatenate([np.linspace(low, bend, _GRID), np.linspace(bend, ends, _GRID), knots]))
        share = self.share(e)
        corners = _hull(e, share)
        x, y = e[corners], share[corners]
        slope = np.diff(y) / np.diff(x)
        height = y[:-1] - slope * x[:-1]
        return _few(e, np.interp(e, x, y), np.append(height, top), np.append(slope, 0.0))

    @property
    def _flat(self) -> float:
        """The effective staff from which on the curve is as good as flat."""
        rise, slope = _FLAT - float(self.logit(self._last)), float(self.slopes[-1])
        return self._last + rise / slope if rise > 0 and slope > 1e-9 else self._last

    @property
    def _last(self) -> float:
        """The effective staff of the last bend."""
        return float(self.knots[-2]) if len(self.knots) > 1 else 0.0


def _hull(x: Floats, y: Floats) -> Ints:
    """Indices of the corners of the least concave curve above points, (c,)."""
    corners = [0]
    for k in range(1, len(x)):
        while len(corners) > 1:
            a, b = corners[-2:]
            if (y[b] - y[a]) * (x[k] - x[a]) > (y[k] - y[a]) * (x[b] - x[a]):
                break
            corners.pop()
        corners.append(k)
    return np.array(corners)


def _few(x: Floats, envelope: Floats, height: Floats, slope: Floats) -> tuple[Floats, Floats]:
    """Of lines above an envelope so few that their least is nowhere more than `CLOSE` above it."""
    lines = height[:, None] + slope[:, None] * x
    kept = [0, len(height) - 1]
    for _ in height:
        off = lines[kept].min(axis=0) - envelope
        worst = int(np.argmax(off))
        if off[worst] <= CLOSE:
            break
        kept.append(int(np.argmin(lines[:, worst])))
    kept = sorted(set(kept))
    return height[kept], slope[kept]


def features(staff: Floats) -> Floats:
    """What a slot's share may depend on: staff (..., g, s) of the slot, of 1, 2, and 3 to 4 slots before it,
    and of the one after; (..., s, 5 g)."""
    ahead = [(0, 0)] * (staff.ndim - 1)
    wide = np.pad(staff, [*ahead, (BEFORE, 1)])
    s = staff.shape[-1]
    at = [wide[..., BEFORE - lag : BEFORE - lag + s] for lag in (0, 1, 2, 3, 4, -1)]
    parts = [at[0], at[1], at[2], (at[3] + at[4]) / 2, at[5]]
    return np.moveaxis(np.concatenate(parts, axis=-2), -1, -2)


def fit(x: Floats, good: Floats, counted: Floats, size: float, weight: Floats) -> Curve:
    """The curve nearest to n simulated staffings.

    Args:
        x: features, (n, f).
        good, counted: what went well, and of how many, per replication, (n,).
        size: replications that they are means of.
        weight: of each staffing, (n,).
    """
    there = counted > 0
    if not there.any():
        return Curve(np.zeros(x.shape[1]), 0.0, 1.0)
    x, good, counted, weight = x[there], good[there], counted[there], weight[there]
    n = counted * size
    share = np.clip(good / counted, 0.0, 1.0)
    most = min(1.0, float(share.max()) + 0.5 / float(n.max()))
    seen = _Seen(share / most, n, weight)
    theta, start = seen.logistic(x, np.zeros(len(n)), np.ones(len(n)))
    curve = Curve(theta, start, most)
    for turn in range(TURNS):
        if turn:
            curve = _turned(curve, x, seen)
        curve = _bent(curve, x, seen)
    return curve


def _bent(curve: Curve, x: Floats, seen: _Seen) -> Curve:
    """The same effective staff, with the bends that fit best."""
    effective = x @ curve.theta
    knots = np.unique(np.quantile(effective, BENDS))
    knots = np.append(knots[knots > 1e-6], np.inf)
    zero = np.zeros(len(effective))
    slopes, start = seen.logistic(np.minimum(effective[:, None], knots), zero, zero + 1.0)
    return replace(curve, start=start, knots=knots, slopes=slopes)


def _turned(curve: Curve, x: Floats, seen: _Seen) -> Curve:
    """The same bends, with the effective staff that fits best about where it is."""
    effective = x @ curve.theta
    steep = np.maximum((effective[:, None] < curve.knots) @ curve.slopes, _STEEP)
    theta, _ = seen.logistic(x, curve.logit(effective) - steep * effective, steep, start=False)
    return replace(curve, theta=0.5 * (curve.theta + theta))


@dataclass(frozen=True)
class _Seen:
    """What n staffings showed: shares of what can be reached, of how many, and weights, (n,) each."""

    share: Floats
    n: Floats
    weight: Floats

    def logistic(self, x: Floats, given: Floats, scale: Floats, start: bool = True) -> tuple[Floats, float]:
        """Coefficients c >= 0 and a constant with logit(share) about given + scale (x c + constant).

        Args:
            x: (n, f).
            given, scale: (n,).
            start: whether there is a constant.
        """
        seen, n, weight = self.share, self.n, self.weight
        free = np.ones((len(x), 1)) * [1.0, -1.0] if start else np.zeros((len(x), 0))
        both = scale[:, None] * np.hstack([x, free])
        ridge = np.sqrt(RIDGE * weight.mean()) * (x.std(axis=0) + 0.2)
        held = np.eye(len(ridge), both.shape[1]) * np.append(ridge, np.zeros(free.shape[1]))
        eta = np.log((seen * n + 0.5) / ((1 - seen) * n + 0.5))
        found = np.zeros(both.shape[1])
        for step in range(STEPS):
            mean = 1 / (1 + np.exp(-eta))
            steep = np.maximum(mean * (1 - mean), 0.005)
            goal = np.clip(eta + (seen - mean) / steep, -8.0, 8.0) - given
            w = np.sqrt(weight * steep**2 / (steep / n + MISFIT**2))
            found, _ = nnls(np.vstack([both * w[:, None], held]), np.append(goal * w, np.zeros(len(ridge))))
            new = given + both @ found
            if np.abs(new - eta).max() < 1e-3:
                break
            eta = new if step < 3 else 0.5 * (eta + new)
        constant = float(found[-2] - found[-1]) if start else 0.0
        return found[: x.shape[1]], constant
