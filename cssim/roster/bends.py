"""Response curves that flatten, for buying rosters; the bound rests on plain ones (`response`).

share = most / (1 + exp(-g(theta . staff))), where g rises ever more slowly, as a line with bends. On Double
11 that leaves a third less unexplained than a plain logistic curve, which promises up to 2% too much where
nearly all goes well, and a program that buys by it buys just there. Where little was simulated it may promise
too little, so no bound rests on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cssim.roster.response import FLAT, Curve, Seen
from cssim.scenario.clock import Floats, Ints

TURNS: Final = 1
"""Of fitting theta anew to the bends, and then the bends to theta."""

BENDS: Final = (0.15, 0.35, 0.55, 0.75, 0.9)
"""Quantiles of the effective staff seen at which g may bend."""

CLOSE: Final = 0.002
"""How far, in share, the lines over a curve may lie above its envelope."""

_GRID: Final = 60

_STEEP: Final = 0.02
"""Of g, at least, where its slope divides."""


@dataclass(frozen=True)
class Bent(Curve):
    """A slot's response whose logit bends; b bends.

    Attributes:
        knots: effective staffs at which the logit bends, ascending, the last inf, (b,).
        slopes: by how much it is less steep from there on, not negative, (b,).
    """

    knots: Floats
    slopes: Floats

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
        rise, slope = FLAT - float(self.logit(self._last)), float(self.slopes[-1])
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


def bent(plain: Curve, x: Floats, good: Floats, counted: Floats, size: float, weight: Floats) -> Curve:
    """The curve with bends that is nearest to n simulated staffings; arguments as of `response.fit`, which
    gave the plain one."""
    there = counted > 0
    if not there.any():
        return plain
    x = x[there]
    seen, _ = Seen.of(good[there], counted[there], size, weight[there])
    curve = _bent(plain, plain.theta, x, seen)
    for _ in range(TURNS):
        curve = _bent(plain, _turned(curve, x, seen), x, seen)
    return curve


def _bent(plain: Curve, theta: Floats, x: Floats, seen: Seen) -> Bent:
    """The bends that fit best to an effective staff."""
    effective = x @ theta
    knots = np.unique(np.quantile(effective, BENDS))
    knots = np.append(knots[knots > 1e-6], np.inf)
    zero = np.zeros(len(effective))
    slopes, start = seen.logistic(np.minimum(effective[:, None], knots), zero, zero + 1.0)
    return Bent(theta, start, plain.most, knots, slopes)


def _turned(curve: Bent, x: Floats, seen: Seen) -> Floats:
    """The theta that fits the bends best, about where it is; half of the way to it."""
    effective = x @ curve.theta
    steep = np.maximum((effective[:, None] < curve.knots) @ curve.slopes, _STEEP)
    theta, _ = seen.logistic(x, curve.logit(effective) - steep * effective, steep, start=False)
    return np.asarray(0.5 * (curve.theta + theta))
