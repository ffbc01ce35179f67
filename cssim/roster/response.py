"""Response curves: which share of a slot's contacts goes well, as staff around the slot changes.

share = most / (1 + exp(-(a + theta . staff))), with theta >= 0 over groups and the slots before and after:
one number, the *effective staff*, weighs who is there, and the share follows it along a logistic curve.
Fitted to simulated staffings by iteratively reweighted least squares (McCullagh and Nelder 1989, "Generalized
linear models", 2.5), each step with non-negative coefficients (Lawson and Hanson 1974).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import nnls

from cssim.scenario.clock import Floats

BEFORE: Final = 4
"""Slots before a slot whose staff matters to it."""

STEPS: Final = 12
"""Of the reweighting, at most."""

RIDGE: Final = 0.1

MISFIT: Final = 0.02
"""Standard deviation of what the curve does not explain of a share, beside luck."""

FLAT: Final = 5.0
"""A logit from which on a curve is as good as flat."""


@dataclass(frozen=True)
class Curve:
    """A slot's response; f features, see `features`.

    Attributes:
        theta: effective staff per feature, (f,).
        start: logit without any staff.
        most: share that the curve tends to.
    """

    theta: Floats
    start: float
    most: float

    def lines(self, low: float = 0.0, high: float = np.inf) -> tuple[Floats, Floats]:
        """Heights at 0 and slopes of lines over the effective staff, whose least is the concave envelope of
        the curve over [low, high], or a little above it.

        Where the curve bends up the envelope is a chord from the lower end; then it is the curve, of which
        these are tangents.
        """
        ends = min(max(FLAT - self.start, low), high)
        none, top = float(self.share(low)), self.most if high == np.inf else float(self.share(high))
        if ends - low < 1e-9:
            return np.array([top]), np.zeros(1)
        e = np.linspace(low, ends, 80)[1:]
        chord = (self.share(e) - none) / (e - low)
        touch = int(np.argmax(chord))
        height, slope = [none - chord[touch] * low], [chord[touch]]
        if touch < len(e) - 1:
            for at in np.linspace(e[touch], ends, 7):
                share = float(self.share(float(at)))
                steep = share * (1 - share / self.most)
                # the first tangent, where bending up ends between points of the grid, is too low at the start
                height.append(max(share - steep * at, none - steep * low))
                slope.append(steep)
        height.append(top)
        slope.append(0.0)
        return np.array(height), np.array(slope)

    def share(self, effective: float | Floats) -> Floats:
        """The share at some effective staff, same shape."""
        return np.asarray(self.most / (1 + np.exp(-np.clip(self.start + effective, -40, 40))))


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
    seen, most = Seen.of(good[there], counted[there], size, weight[there])
    theta, start = seen.logistic(x[there], np.zeros(len(seen.n)), np.ones(len(seen.n)))
    return Curve(theta, start, most)


@dataclass(frozen=True)
class Seen:
    """What n staffings showed: shares of what can be reached, of how many, and weights, (n,) each."""

    share: Floats
    n: Floats
    weight: Floats

    @classmethod
    def of(cls, good: Floats, counted: Floats, size: float, weight: Floats) -> tuple[Seen, float]:
        """What was seen, and the share that can be reached; arguments as of `fit`, none counted 0."""
        share, n = np.clip(good / counted, 0.0, 1.0), counted * size
        most = min(1.0, float(share.max()) + 0.5 / float(n.max()))
        return cls(share / most, n, weight), most

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
