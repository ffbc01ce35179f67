"""Random durations and numbers of rounds: quantiles, distribution functions, the time grid.

Everything is sampled by inversion, one uniform a number. So the n-th number of a stream stays the n-th
whatever its distribution: a scenario with slower replies is met by the same luck, and comparisons are sharp.
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from cssim.scenario.clock import GRID, Floats, Ints
from cssim.scenario.schema import Patience, Rounds, Spread


def on_grid(seconds: ArrayLike) -> Floats:
    """The nearest multiples of 2^-20 s (ties to even); infinity stays."""
    rounded: Floats = np.rint(np.asarray(seconds, dtype=np.float64) * GRID) / GRID
    return rounded


def quantile(spread: Spread, p: ArrayLike) -> Floats:
    """The duration, in seconds and not rounded, that a share `p` in [0, 1) of all stays below or at.

    A `Patience` has its point mass at zero: 0 for p < zero, and its spread squeezed into the rest.
    """
    share = np.asarray(p, dtype=np.float64)
    if isinstance(spread, Patience) and spread.zero > 0:
        if spread.zero >= 1:
            return np.zeros_like(share)
        later = np.clip((share - spread.zero) / (1 - spread.zero), 0.0, _BELOW_ONE)
        return np.where(share < spread.zero, 0.0, _quantile(spread, later))
    return _quantile(spread, share)


def cdf(spread: Spread, x: ArrayLike) -> Floats:
    """P(duration <= x seconds), before rounding to the grid; a `Patience` with its point mass at zero."""
    seconds = np.asarray(x, dtype=np.float64)
    below = _cdf(spread, np.maximum(seconds, 0.0))
    if isinstance(spread, Patience):
        below = spread.zero + (1 - spread.zero) * below
    return np.where(seconds < 0, 0.0, below)


def is_certain(spread: Spread) -> bool:
    """Whether every duration is the mean, whatever the luck."""
    return spread.dist == "constant" and not (isinstance(spread, Patience) and spread.zero > 0)


class Kind(IntEnum):
    """How a duration is made of its uniform number: `quantile` in steps that many distributions share."""

    CERTAIN = 0
    """scale"""
    LOGNORMAL = 1
    """scale x exp(sigma ndtri(u) - less)"""
    EXPONENTIAL = 2
    """scale x log(1 - u)"""
    OTHER = 3
    """scale x quantile(u), where scale is 1"""


def kind_of(spread: Spread | None) -> tuple[Kind, float, float, float]:
    """Kind, scale, sigma and less (0 where there is none) of a spread, or of patience without end."""
    if spread is None:
        return Kind.CERTAIN, math.inf, 0.0, 0.0
    if is_certain(spread):
        return Kind.CERTAIN, spread.mean, 0.0, 0.0
    if isinstance(spread, Patience) and spread.zero > 0:
        return Kind.OTHER, 1.0, 0.0, 0.0
    if spread.dist == "lognormal":
        sigma = _sigma(spread.cv)
        return Kind.LOGNORMAL, spread.mean, sigma, sigma**2 / 2
    if spread.dist == "exponential":
        return Kind.EXPONENTIAL, -spread.mean, 0.0, 0.0
    return Kind.OTHER, 1.0, 0.0, 0.0


def rounds_quantile(rounds: Rounds, p: ArrayLike) -> Ints:
    """The number of rounds (1, 2, ...) that a share `p` in [0, 1) of contacts stays below or at.

    Geometric: P(more than k rounds) = (1 - 1 / mean)^k.
    """
    share = np.asarray(p, dtype=np.float64)
    if rounds.dist == "fixed" or rounds.mean == 1:
        return np.full(share.shape, int(rounds.mean), dtype=np.int64)
    more = np.floor(np.log1p(-share) / math.log1p(-1 / rounds.mean))
    return 1 + more.astype(np.int64)


_BELOW_ONE = float(np.nextafter(1.0, 0.0))


def _quantile(spread: Spread, p: Floats) -> Floats:
    mean, cv = spread.mean, spread.cv
    if spread.dist == "exponential":
        return np.asarray(-mean * np.log1p(-p))
    if spread.dist == "lognormal":
        sigma = _sigma(cv)
        return np.asarray(mean * np.exp(sigma * special.ndtri(p) - sigma**2 / 2))
    if spread.dist == "gamma":
        return np.asarray(mean * cv**2 * special.gammaincinv(cv**-2, p))
    if spread.dist == "uniform":
        return np.asarray(np.maximum(mean * (1 + math.sqrt(3) * cv * (2 * p - 1)), 0.0))
    return np.full(p.shape, mean)


def _cdf(spread: Spread, x: Floats) -> Floats:
    """For x >= 0, without a point mass at zero."""
    mean, cv = spread.mean, spread.cv
    if mean == 0 or spread.dist == "constant":
        return np.asarray(np.where(x >= mean, 1.0, 0.0))
    if spread.dist == "exponential":
        return np.asarray(-np.expm1(-x / mean))
    if spread.dist == "lognormal":
        sigma = _sigma(cv)
        with np.errstate(divide="ignore"):
            return np.asarray(special.ndtr((np.log(x / mean) + sigma**2 / 2) / sigma))
    if spread.dist == "gamma":
        return np.asarray(special.gammainc(cv**-2, x / (mean * cv**2)))
    half = math.sqrt(3) * cv * mean
    if half == 0:
        return np.asarray(np.where(x >= mean, 1.0, 0.0))
    return np.asarray(np.clip((x - mean + half) / (2 * half), 0.0, 1.0))


def _sigma(cv: float) -> float:
    """Standard deviation of the logarithm of a lognormal with this coefficient of variation."""
    return math.sqrt(math.log1p(cv**2))
