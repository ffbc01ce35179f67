"""Erlang's formulas with 60 digits, in other ways than cssim: sums and incomplete gamma functions."""

from __future__ import annotations

from typing import Any

import mpmath as mp

DIGITS = 60


def blocked(load: float, agents: float) -> Any:
    """Erlang B: 1 / B = 1 + s / a + s (s - 1) / a^2 + ...; parts of agents by the exponential integral."""
    with mp.workdps(DIGITS):
        a, s = mp.mpf(load), mp.mpf(agents)
        if s != int(s):
            return 1 / (a * mp.exp(a) * mp.expint(-s, a))
        term = total = mp.mpf(1)
        for k in range(int(s), 0, -1):
            term *= k / a
            total += term
            if k < a and term * k < total * (a - k) * mp.mpf(10) ** -DIGITS:
                break
        return 1 / total


def waits(load: float, agents: float) -> Any:
    """Erlang C."""
    with mp.workdps(DIGITS):
        a, s, b = mp.mpf(load), mp.mpf(agents), blocked(load, agents)
        return s * b / (s - a * (1 - b)) if a < s else mp.mpf(1)


def gamma(s: Any, x: Any) -> Any:
    """x^-s e^x times the lower incomplete gamma function: sum of x^k / s (s + 1) ... (s + k)."""
    term = total = 1 / s
    k = 0
    while x > s + k or term > total * mp.mpf(10) ** -DIGITS:
        k += 1
        term *= x / (s + k)
        total += term
    return total


def impatient(rate: float, work: float, agents: float, patience: float, within: float) -> dict[str, Any]:
    """Erlang A: `waiting`, `abandonment`, `mean_wait`, `occupancy`, `service_level` (share of offered).

    Palm's formulas: with y = rate x patience, n = agents x patience / work and A = n x gamma(n, y), the share
    that waits is A B / (1 + (A - 1) B), and of those 1 - s / a + s / (a A) leave.
    """
    with mp.workdps(DIGITS):
        rate_, w, s, p, t = (mp.mpf(value) for value in (rate, work, agents, patience, within))
        y, n, a = rate_ * p, s * p / w, rate_ * w
        g = gamma(n, y)
        busy = n * g / (1 / blocked(rate * work, agents) - 1 + n * g)
        leaves = busy * (1 - s / a + s / (a * n * g))
        short = mp.exp(-t / p)
        # e^y times the integral of u^n e^(-y u) from short to 1
        answered = gamma(n + 1, y) - mp.exp(y * (1 - short)) * short ** (n + 1) * gamma(n + 1, y * short)
        return {
            "waiting": busy,
            "abandonment": leaves,
            "mean_wait": leaves * p,
            "occupancy": a * (1 - leaves) / s,
            "service_level": 1 - busy + busy * answered / g,
        }
