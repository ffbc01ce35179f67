"""The Erlang A queue: integrals over the wait before a contact, exact to rounding at any size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cssim.queueing.rows import INF, Floats, product

_NODES = 48
"""Nodes on a side of a quadrature."""

_DROP = 41.0
"""An integrand is followed until it has fallen to e^-41 of its peak, less than a rounding error."""


@dataclass(frozen=True)
class Line:
    """The Erlang A queue as an arriving contact meets it; flat arrays.

    Let x be the wait, in units of the mean patience, that a contact has before it if it stays. Given that
    all agents are busy its density is proportional to f(x) = exp(y (1 - e^-x) - n x), with y = rate x
    patience and n = agents x patience / work (Mandelbaum & Zeltyn 2007). Everything below is an integral of
    k(x) = e^-x f(x), brought there by parts so that only positive terms are added: as long patience
    (Erlang C), no patience (Erlang B) and overload are approached, nothing cancels or overflows.

    Attributes:
        y, n: as above.
        log_peak: log of k at its greatest; the figures below are relative to it.
        answered, left, wait: integrals over all x of k, (1 - e^-x) k and x k.
        total: 1 + y x (integral of k), which is n x (integral of f).
        busy, free: probability that all agents are busy, and that some are not.
    """

    y: Floats
    n: Floats
    log_peak: Floats
    answered: Floats
    left: Floats
    wait: Floats
    total: Floats
    busy: Floats
    free: Floats

    @classmethod
    def at(cls, rate: Floats, work: Floats, agents: Floats, patience: Floats, odds: Floats) -> Line:
        y, n = rate * patience, agents * (patience / work)
        zero = np.zeros_like(y)
        log_peak, answered, left, wait = _moments(y, n, zero, zero + INF)
        unit = np.exp(-log_peak)
        total = unit + y * answered
        ratio = product(unit / total, odds)  # free / busy
        with np.errstate(divide="ignore", over="ignore"):
            busy, free = 1 / (1 + ratio), 1 / (1 + 1 / ratio)
        return cls(y, n, log_peak, answered, left, wait, total, busy, free)

    def leaves(self) -> Floats:
        """Share of offered contacts that leave."""
        return self.busy * (self.answered + self.y * self.left) / self.total

    def served(self) -> Floats:
        """Share of offered contacts that are answered."""
        return self.free + self.busy * self.n * self.answered / self.total

    def served_within(self, x: Floats) -> Floats:
        """Share of offered contacts that are answered by x."""
        log_peak, answered, _, _ = _moments(self.y, self.n, np.zeros_like(x), x)
        return self.free + self.busy * self.n * answered * np.exp(log_peak - self.log_peak) / self.total

    def left_after(self, x: Floats) -> Floats:
        """Share that leaves later than x, of those who found all agents busy."""
        log_peak, answered, left, _ = _moments(self.y, self.n, x, np.full_like(x, INF))
        return (answered + self.y * left) * np.exp(log_peak - self.log_peak) / self.total

    def virtual_after(self, x: Floats) -> Floats:
        """Share whose wait, if they stay, is longer than x, of those who found all agents busy."""
        log_peak, answered, _, _ = _moments(self.y, self.n, x, np.full_like(x, INF))
        log_f = -self.y * np.expm1(-x) - product(self.n, x)
        later = self.y * answered * np.exp(log_peak - self.log_peak)
        return (np.exp(log_f - self.log_peak) + later) / self.total


def _moments(y: Floats, n: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Integrals over [start, end], 0 <= start, of k(x) = exp(y (1 - e^-x) - (n + 1) x).

    Returns:
        log k(peak); and, over k(peak), the integrals of k, of (e^-start - e^-x) k and of x k.
    """
    start = np.minimum(start, 800.0)  # where k is 0 in floating point
    log_peak, peak, t, k = log_concave(y, n, start, end)
    gone = -np.exp(-start)[:, None] * np.expm1(-((peak - start)[:, None] + t))
    x = peak[:, None] + t
    return log_peak, k.sum(axis=1), (gone * k).sum(axis=1), (x * k).sum(axis=1)


def log_concave(y: Floats, n: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Where to look at k(x) = exp(y (1 - e^-x) - (n + 1) x) on [start, end], to integrate anything times k.

    k is log-concave, so Gauss-Legendre quadrature on both sides of its peak, as far as it is above
    e^-41 of it, is exact to rounding, whatever the size of y and n. With t = x - peak and z = y e^-peak,
    log k(x) - log k(peak) = -(n + 1) t - z (e^-t - 1); its bounds -z t^2 / 2 - (z - n - 1) t on the left and
    (z - n - 1) t - z t^2 / (2 + t) on the right give the stretch.

    Args:
        y, n: (rows,), 0 or more.
        start, end: (rows,); start may be -inf where y > 0.

    Returns:
        log k(peak) and peak, (rows,); nodes t = x - peak, and weights times k / k(peak), (rows, nodes).
    """
    if not len(y):  # a quick answer without patience needs no nodes
        return y, y, y[:, None], y[:, None]
    n = n + 1
    with np.errstate(divide="ignore"):
        peak = np.clip(np.log(y / n), start, end)
    z = y * np.exp(-peak)
    rises, falls = np.maximum(z - n, 0), np.maximum(n - z, 0)
    before = 2 * _DROP / (rises + np.sqrt(rises**2 + 2 * _DROP * z) + falls)  # falls > 0 where z may be 0
    steep = 2 * falls - _DROP
    after = 4 * _DROP / (steep + np.sqrt(steep**2 + 8 * _DROP * n))
    low, high = np.maximum(start - peak, -before), np.minimum(end - peak, after)
    nodes, weights = _quadrature()
    spread = np.where(nodes < 0, -low[:, None], high[:, None])
    t = spread * nodes
    k = np.exp(-n[:, None] * t - z[:, None] * np.expm1(-t)) * (spread * weights)
    return -y * np.expm1(-peak) - n * peak, peak, t, k


@lru_cache(maxsize=1)
def _quadrature() -> tuple[Floats, Floats]:
    """Nodes and weights on [-1, 0] and [0, 1], each by Gauss and Legendre: the peak is where k bends most.

    From the eigenvectors of the recursion of Legendre's polynomials (Golub, Welsch 1969): more exact than
    numpy's own, which are in a package that takes long to import.
    """
    k = np.arange(1, _NODES)
    beside = np.diag(k / np.sqrt(4.0 * k**2 - 1), 1)
    nodes, vectors = np.linalg.eigh(beside + beside.T)
    right, halves = (1 + nodes) / 2, vectors[0] ** 2
    return np.concatenate([-right, right]), np.concatenate([halves, halves])
