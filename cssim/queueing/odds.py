"""How much likelier an agent is free than all are busy where nobody may wait: (1 - B) / B.

Erlang's formulas follow from it without cancellation: B = 1 / (1 + odds), and C = s / (s + (s - a) odds).
All arrays are flat and of one length: loads in erlangs, agents in people.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from cssim.queueing.palm import log_concave
from cssim.queueing.rows import INF, Floats, by_row

_TERMS = 64
"""Terms of a sum at once."""

_FEW, _MANY = 24, 256
"""Agents below whom the series of `first_stable` takes too many terms, above whom its start has its own."""


def odds(load: Floats, agents: Floats, most: Floats | None = None) -> Floats:
    """(1 - B) / B = sum over k = 1..s of s (s - 1) ... (s - k + 1) / a^k.

    All terms are positive, so nothing cancels; the sum stops where the rest is less than a rounding
    error, after about 9 sqrt(a) terms, or where it overflows (then B is below 1e-308, and 0). Agents in
    fractions: see `_odds_below_one`.

    Args:
        load, agents: 0 or more.
        most: whole numbers; only the first so many terms, which are for up to so many free agents.
    """
    return by_row(_odds, load, agents, np.full_like(load, INF) if most is None else most)


def _odds(load: Floats, agents: Floats, most: Floats) -> Floats:
    total, term, left, places = np.zeros_like(load), np.ones_like(load), agents.copy(), most.copy()
    last = _odds_below_one(load, agents % 1)
    total[(load == 0) & (agents > 0) & (most > 0)] = INF
    going = np.flatnonzero((load > 0) & (agents > 0) & (most > 0))
    steps = np.arange(_TERMS)
    with np.errstate(over="ignore", invalid="ignore"):
        while going.size:
            a = load[going, None]
            people = left[going, None] - steps
            factors = np.where(people < 1, last[going, None] * (people > 0), people / a)
            factors[steps >= places[going, None]] = 0
            terms = term[going, None] * np.cumprod(factors, axis=1)
            total[going] += terms.sum(axis=1)
            term[going] = terms[:, -1]
            left[going] = np.maximum(left[going] - _TERMS, 0)
            places[going] -= _TERMS
            shrinks = np.minimum(left[going] / load[going], 1)  # each further term by this, once below 1
            goes_on = terms[:, -1] * shrinks > 1e-17 * total[going] * (1 - shrinks)
            going = going[goes_on]
    return np.where(np.isnan(total), INF, total)  # a term overflowed before the last factor became 0


def _odds_below_one(load: Floats, agents: Floats) -> Floats:
    """The odds of less than one agent; 0 of none.

    1 / B = a x integral over t > 0 of e^(-a t) (1 + t)^s (Jagerman 1974) is Erlang's formula for whole s and
    keeps its recursion between them, so that a sum for s in fractions ends with this.
    """
    found = np.zeros_like(load)
    some = np.flatnonzero((agents > 0) & (load > 0))
    if some.size:
        a, s = load[some], agents[some]
        log_peak, _, _, k = log_concave(a, s, np.full_like(a, -INF), np.zeros_like(a))  # x = -log(1 + t)
        found[some] = np.maximum(np.exp(log_peak + np.log(a)) * k.sum(axis=1) - 1, 0)
    return found


def first_stable(load: Floats) -> tuple[Floats, Floats]:
    """The fewest agents, whole numbers, with whom the line does not grow for ever, and their odds.

    Its time does not grow with the load. W(d) = 1 / B of N agents at the load N - d, 0 < d <= 1, has
    (N - d) W' = N - d + d W, which gives a series of positive terms:

        c_1 = 1, c_2 = c_0 / 2 N, c_(k+1) = (k c_k + c_(k-1)) / ((k + 1) N).

    W(0) = 1 + Q(N) with Ramanujan's function Q (Flajolet, Grabner, Kirschenhofer, Prodinger 1995).
    """
    agents = np.floor(load) + 1
    found = np.empty_like(load)
    few, many = np.flatnonzero(agents < _FEW), np.flatnonzero(agents >= _FEW)
    found[few] = _recursion(load[few], agents[few])
    found[many] = _series(agents[many], agents[many] - load[many])
    return agents, found


def _recursion(load: Floats, agents: Floats) -> Floats:
    """odds(s) = (s / a) (1 + odds(s - 1)), up from nobody to fewer than `_FEW` agents."""
    found = np.zeros_like(load)
    with np.errstate(over="ignore"):
        for s in range(1, _FEW):
            found = np.where(s <= agents, s / load * (1 + found), found)
    return found


def _series(agents: Floats, d: Floats) -> Floats:
    """W(d) - 1 from `_FEW` agents: 16 terms are as many as a double can tell."""
    ratio = d / agents
    before = _at_full_load(agents)
    term = d  # c_k d^k
    total = before - 1 + term
    before, term = term, before * d * ratio / 2
    for k in range(2, 16):
        total += term
        before, term = term, (k * term + d * before) * (ratio / (k + 1))
    return total


def _at_full_load(agents: Floats) -> Floats:
    """1 / B at a load of as many erlangs as there are agents, whole numbers from 1."""
    table = _table()
    found = table[np.minimum(agents, _MANY).astype(np.intp)]
    many = np.flatnonzero(agents > _MANY)
    if many.size:
        n = agents[many]
        stirling = 1 + (1 / 12 + (1 / 288 - (139 / 51840 + 571 / 2488320 / n) / n) / n) / n
        theta = 2 / 3 - (4 / 135 - (8 / 2835 + (16 / 8505 - 8992 / 12629925 / n) / n) / n) / n
        found[many] = np.sqrt(np.pi / 2 * n) * stirling + theta
    return found


@lru_cache(maxsize=1)
def _table() -> Floats:
    n = np.arange(_MANY + 1.0)
    return 1 + odds(n, n)
