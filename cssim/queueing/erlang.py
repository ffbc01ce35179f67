"""Erlang's formulas over whole arrays: B (nobody waits), C (everybody waits), A (who waits may leave).

Loads are in erlangs, rates per second, times in seconds. Arguments broadcast as numpy's own functions do it:
numbers give a number, arrays an array. Contacts arrive at random at a constant rate, work and patience are
exponential, every agent has one contact at a time, and the line is answered first come, first served.

Sources: A. K. Erlang (1917) for B and C; C. Palm (1957) and A. Mandelbaum, S. Zeltyn, *Service engineering in
action: the Palm/Erlang-A queue* (2007) for A.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cssim.errors import InputError

Floats = NDArray[np.float64]
Figure = np.float64 | Floats

Level = Literal["offered", "served", "stayed", "ended", "virtual"]
"""What a service level is a share of; see `service_level`."""

Wait = Literal["all", "served", "virtual"]
"""Whose wait is averaged; see `mean_wait`."""

INF = float("inf")

_ROWS, _TERMS, _NODES = 4096, 64, 48
"""Rows worked on at once, terms of a sum at once, nodes on a side of a quadrature."""

_DROP = 41.0
"""An integrand is followed until it has fallen to e^-41 of its peak, less than a rounding error."""


# -- what planners ask -------------------------------------------------------------------------------


def b(load: ArrayLike, agents: ArrayLike) -> Figure:
    """Share of contacts turned away where nobody may wait (Erlang B, M/G/s/s).

    Args:
        load: erlangs, 0 or more.
        agents: whole numbers, 0 or more.

    Returns:
        B = (a^s / s!) / sum_k a^k / k!; 1 without agents, 0 without load (and below 1e-308).

    Raises:
        InputError: an argument is out of its range, or shapes do not fit.
    """
    shape, (a, s) = _arguments(load=load, agents=agents)
    return _shaped(1 / (1 + _odds(a, s)), shape)


def c(load: ArrayLike, agents: ArrayLike) -> Figure:
    """Share of contacts that wait where everybody waits as long as it takes (Erlang C, M/M/s).

    Args, errors: as `b`.

    Returns:
        C = s B / (s - a (1 - B)); 1 at loads of at least the agents, where the line grows for ever.
    """
    shape, (a, s) = _arguments(load=load, agents=agents)
    return _shaped(_c(a, s, _odds(a, s)), shape)


def waiting(rate: ArrayLike, work: ArrayLike, agents: ArrayLike, patience: ArrayLike = INF) -> Figure:
    """Share of offered contacts that find every agent busy (Erlang C; with finite patience Erlang A).

    Args:
        rate: contacts per second, 0 or more.
        work: mean work on a contact, seconds, more than 0.
        agents: whole numbers, 0 or more.
        patience: mean time that a waiting contact stays, seconds, 0 or more; inf where nobody leaves.

    Raises:
        InputError: an argument is out of its range, or shapes do not fit.
    """
    shape, arguments = _arguments(rate=rate, work=work, agents=agents, patience=patience)
    return _shaped(_by_row(_waiting, *arguments), shape)


def service_level(
    rate: ArrayLike,
    work: ArrayLike,
    agents: ArrayLike,
    within: ArrayLike,
    patience: ArrayLike = INF,
    definition: Level = "offered",
) -> Figure:
    """Share of contacts answered within a time.

    Authors differ in what they divide by what. With patience, `definition` says which is meant:

    - `offered`: answered within T / offered (the default, and the `answered` of the targets);
    - `served`: answered within T / answered at all;
    - `stayed`: answered within T / (offered - left within T);
    - `ended`: (answered or left within T) / offered;
    - `virtual`: share that would be answered within T if they stayed.

    Args:
        rate, work, agents, patience: as `waiting`.
        within: T, seconds, 0 or more.
        definition: one of the above; without patience all are the same.

    Returns:
        0 where the line grows for ever (load of at least the agents, infinite patience).

    Raises:
        InputError: an argument is out of its range, or shapes do not fit.
    """
    shape, arguments = _arguments(rate=rate, work=work, agents=agents, patience=patience, within=within)
    return _shaped(_by_row(lambda *rows: _service_level(*rows, definition=definition), *arguments), shape)


def mean_wait(
    rate: ArrayLike,
    work: ArrayLike,
    agents: ArrayLike,
    patience: ArrayLike = INF,
    of: Wait = "all",
) -> Figure:
    """Mean wait in seconds, those who are answered at once included with 0.

    With patience, `of` says whose wait it is:

    - `all`: of all offered contacts, until they are answered or leave (the default);
    - `served`: of those answered (the average speed of answer);
    - `virtual`: that all offered contacts would have if they stayed.

    Args:
        rate, work, agents, patience: as `waiting`.
        of: one of the above; without patience all are the same.

    Returns:
        inf where the line grows for ever; and for `served` and `virtual` with contacts but no agents.

    Raises:
        InputError: an argument is out of its range, or shapes do not fit.
    """
    shape, arguments = _arguments(rate=rate, work=work, agents=agents, patience=patience)
    return _shaped(_by_row(lambda *rows: _mean_wait(*rows, of=of), *arguments), shape)


def abandonment(rate: ArrayLike, work: ArrayLike, agents: ArrayLike, patience: ArrayLike) -> Figure:
    """Share of offered contacts that leave unanswered (Erlang A).

    Args, errors: as `waiting`. Infinite patience gives 0.
    """
    shape, arguments = _arguments(rate=rate, work=work, agents=agents, patience=patience)
    return _shaped(_by_row(_abandonment, *arguments), shape)


def occupancy(rate: ArrayLike, work: ArrayLike, agents: ArrayLike, patience: ArrayLike = INF) -> Figure:
    """Share of their time that agents are busy: load x share served / agents; 0 without agents.

    Args, errors: as `waiting`. At most 1: where the line grows for ever, all are always busy.
    """
    shape, arguments = _arguments(rate=rate, work=work, agents=agents, patience=patience)
    return _shaped(_by_row(_occupancy, *arguments), shape)


def queue_length(rate: ArrayLike, work: ArrayLike, agents: ArrayLike, patience: ArrayLike = INF) -> Figure:
    """Mean number of contacts that wait: rate x mean wait of all (Little's law).

    Args, errors: as `waiting`.
    """
    waits = mean_wait(rate, work, agents, patience)
    return np.asarray(rate, dtype=np.float64)[()] * waits


def agents(
    rate: ArrayLike, work: ArrayLike, within: ArrayLike, at_least: ArrayLike, patience: ArrayLike = INF
) -> np.int64 | NDArray[np.int64]:
    """Fewest agents with whom `service_level` (share of offered) is at least `at_least`.

    Args:
        rate, work, patience: as `waiting`.
        within: T, seconds, 0 or more.
        at_least: share, more than 0 and less than 1.

    Returns:
        Whole numbers; none are needed where no contact comes.

    Raises:
        InputError: an argument is out of its range, or shapes do not fit.
    """
    shape, rows = _arguments(rate=rate, work=work, patience=patience, within=within, at_least=at_least)
    found = _by_row(_fewest, *rows)
    return found.astype(np.int64).reshape(shape)[()]


# -- arguments ---------------------------------------------------------------------------------------


def _arguments(**given: ArrayLike) -> tuple[tuple[int, ...], list[Floats]]:
    """The arguments' common shape, and each as a flat array of it, in the order given."""
    columns: dict[str, Floats] = {}
    for name, value in given.items():
        try:
            columns[name] = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError.one("erlang.number", name, given=value) from None
    for name, column in columns.items():
        fits, key = _fits(name, column)
        if not fits.all():
            raise InputError.one(key, name, given=column[~fits].flat[0].item())
    try:
        shape = np.broadcast_shapes(*(column.shape for column in columns.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {column.shape}" for name, column in columns.items())
        raise InputError.one("erlang.shapes", given=shapes) from None
    return shape, [np.broadcast_to(column, shape).ravel() for column in columns.values()]


def _fits(name: str, column: Floats) -> tuple[NDArray[np.bool_], str]:
    """Which values are in the argument's range, and what to say of those that are not."""
    if name == "agents":
        return (column >= 0) & (column == np.floor(column)) & (column < 2**53), "erlang.agents"
    if name == "at_least":
        return (column > 0) & (column < 1), "erlang.share"
    if name == "work":
        return (column > 0) & np.isfinite(column), "erlang.work"
    if name in ("patience", "within"):
        return column >= 0, "erlang.time"
    return (column >= 0) & np.isfinite(column), "erlang.amount"


def _shaped(column: Floats, shape: tuple[int, ...]) -> Figure:
    figure: Figure = column.reshape(shape)[()]
    return figure


def _by_row(formula: Callable[..., Floats], *columns: Floats) -> Floats:
    """The formula over flat columns, so many rows at a time that its inner sums stay in memory."""
    rows = len(columns[0])
    if rows <= _ROWS:
        return formula(*columns)
    parts = (slice(i, i + _ROWS) for i in range(0, rows, _ROWS))
    return np.concatenate([formula(*(column[part] for column in columns)) for part in parts])


# -- without patience --------------------------------------------------------------------------------


def _odds(load: Floats, agents: Floats) -> Floats:
    """(1 - B) / B = sum over k = 1..s of s (s - 1) ... (s - k + 1) / a^k.

    All terms are positive, so nothing cancels; the sum stops where the rest is less than a rounding
    error, after about 9 sqrt(a) terms, or where it overflows (then B is below 1e-308, and 0).
    """
    return _by_row(_odds_of_rows, load, agents)


def _odds_of_rows(load: Floats, agents: Floats) -> Floats:
    total, term, left = np.zeros_like(load), np.ones_like(load), agents.copy()
    total[(load == 0) & (agents > 0)] = INF
    going = np.flatnonzero((load > 0) & (agents > 0))
    with np.errstate(over="ignore", invalid="ignore"):
        while going.size:
            a = load[going]
            factors = np.maximum(left[going, None] - np.arange(_TERMS), 0) / a[:, None]
            terms = term[going, None] * np.cumprod(factors, axis=1)
            total[going] += terms.sum(axis=1)
            term[going] = terms[:, -1]
            left[going] = np.maximum(left[going] - _TERMS, 0)
            shrinks = np.minimum(left[going] / a, 1)  # each further term by this at least, once below 1
            goes_on = terms[:, -1] * shrinks > 1e-17 * total[going] * (1 - shrinks)
            going = going[goes_on]
    return np.where(np.isnan(total), INF, total)  # a term overflowed before the last factor became 0


def _c(load: Floats, agents: Floats, odds: Floats) -> Floats:
    """Erlang C from (1 - B) / B, without cancellation near saturation."""
    slack = np.maximum(agents - load, 0)
    return np.where(slack > 0, agents / np.maximum(agents + _product(slack, odds), 1), 1.0)


def _late(load: Floats, work: Floats, agents: Floats, within: Floats, busy: Floats) -> Floats:
    """Share that waits longer than T without patience: C e^(-(s - a) T / work)."""
    return busy * np.exp(-_product(np.maximum(agents - load, 0) / work, within))


def _product(left: Floats, right: Floats) -> Floats:
    """left x right, where 0 x inf is 0."""
    with np.errstate(invalid="ignore", over="ignore"):
        product = left * right
    return np.where(left == 0, 0.0, product)


# -- with patience -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Line:
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
    def at(cls, rate: Floats, work: Floats, agents: Floats, patience: Floats, odds: Floats) -> _Line:
        y, n = rate * patience, agents * (patience / work)
        zero = np.zeros_like(y)
        log_peak, answered, left, wait = _moments(y, n, zero, zero + INF)
        unit = np.exp(-log_peak)
        total = unit + y * answered
        ratio = _product(unit / total, odds)  # free / busy
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
        log_f = -self.y * np.expm1(-x) - _product(self.n, x)
        later = self.y * answered * np.exp(log_peak - self.log_peak)
        return (np.exp(log_f - self.log_peak) + later) / self.total


def _moments(y: Floats, n: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Integrals over [start, end] of k(x) = exp(y (1 - e^-x) - (n + 1) x).

    k is log-concave, so Gauss-Legendre quadrature on both sides of its peak, as far as it is above
    e^-41 of it, is exact to rounding, whatever the size of y and n. With t = x - peak and z = y e^-peak,
    log k(x) - log k(peak) = -(n + 1) t - z (e^-t - 1); its bounds -z t^2 / 2 - (z - n - 1) t on the left and
    (z - n - 1) t - z t^2 / (2 + t) on the right give the stretch.

    Returns:
        log k(peak); and, over k(peak), the integrals of k, of (e^-start - e^-x) k and of x k.
    """
    start = np.minimum(start, 800.0)  # where k is 0 in floating point
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
    gone = -np.exp(-start)[:, None] * np.expm1(-((peak - start)[:, None] + t))
    x = peak[:, None] + t
    log_peak = -y * np.expm1(-peak) - n * peak
    return log_peak, k.sum(axis=1), (gone * k).sum(axis=1), (x * k).sum(axis=1)


@lru_cache(maxsize=1)
def _quadrature() -> tuple[Floats, Floats]:
    """Nodes and weights on [-1, 0] and [0, 1], each by Gauss and Legendre: the peak is where k bends most."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    right, halves = (1 + nodes) / 2, weights / 2
    return np.concatenate([-right, right]), np.concatenate([halves, halves])


# -- formulas by row ---------------------------------------------------------------------------------


def _waiting(rate: Floats, work: Floats, agents: Floats, patience: Floats) -> Floats:
    load = rate * work
    odds = _odds(load, agents)
    found = _c(load, agents, odds)
    some, line = _impatient(rate, work, agents, patience, odds)
    found[some] = line.busy
    return found


def _service_level(
    rate: Floats, work: Floats, agents: Floats, patience: Floats, within: Floats, *, definition: Level
) -> Floats:
    load = rate * work
    odds = _odds(load, agents)
    found = 1 - _late(load, work, agents, within, _c(load, agents, odds))
    some, line = _impatient(rate, work, agents, patience, odds)
    x = _in_units(within[some], patience[some])
    if definition == "virtual":
        found[some] = np.maximum(1 - line.busy * line.virtual_after(x), 0)
        return found
    answered = line.served_within(x)
    left_later = line.busy * line.left_after(x)
    if definition == "offered":
        found[some] = answered
    elif definition == "served":
        found[some] = _share(answered, line.served())
    elif definition == "stayed":
        found[some] = _share(answered, line.served() + left_later)
    else:
        found[some] = answered + np.maximum(line.leaves() - left_later, 0)
    return found


def _mean_wait(rate: Floats, work: Floats, agents: Floats, patience: Floats, *, of: Wait) -> Floats:
    load = rate * work
    odds = _odds(load, agents)
    slack = np.maximum(agents - load, 0)
    with np.errstate(divide="ignore"):
        found = _c(load, agents, odds) * work / slack
    some, line = _impatient(rate, work, agents, patience, odds)
    unit = patience[some] * line.busy
    if of == "all":
        found[some] = patience[some] * line.leaves()
    elif of == "served":
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = unit * line.n * line.wait / line.total / line.served()
        found[some] = np.where(line.served() > 0, mean, INF)
    else:
        with np.errstate(divide="ignore"):
            next_free = work[some] / agents[some]
        found[some] = line.busy * next_free + unit * line.y * line.wait / line.total
    return found


def _abandonment(rate: Floats, work: Floats, agents: Floats, patience: Floats) -> Floats:
    found = np.zeros_like(rate)
    some, line = _impatient(rate, work, agents, patience, _odds(rate * work, agents))
    found[some] = line.leaves()
    return found


def _occupancy(rate: Floats, work: Floats, agents: Floats, patience: Floats) -> Floats:
    load = rate * work
    served = np.ones_like(load)
    some, line = _impatient(rate, work, agents, patience, _odds(load, agents))
    served[some] = line.served()
    return np.where(agents > 0, np.minimum(load * served / np.maximum(agents, 1), 1), 0.0)


def _impatient(
    rate: Floats, work: Floats, agents: Floats, patience: Floats, odds: Floats
) -> tuple[NDArray[np.bool_], _Line]:
    """Which rows have finite patience, and their queues."""
    some = np.isfinite(patience)
    return some, _Line.at(rate[some], work[some], agents[some], patience[some], odds[some])


def _in_units(within: Floats, patience: Floats) -> Floats:
    """T over the mean patience; T = 0 is 0 even to those with none."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(within == 0, 0.0, within / patience)


def _share(part: Floats, whole: Floats) -> Floats:
    """part / whole, and 0 of nothing."""
    result: Floats = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return result


def _fewest(rate: Floats, work: Floats, patience: Floats, within: Floats, at_least: Floats) -> Floats:
    load = rate * work
    some = np.isfinite(patience)
    horizon = np.where(some, 0.0, within)  # with patience, those who need not wait are a lower bound
    enough = _fewest_patient(load, work, horizon, at_least)
    if some.any():
        rows = (column[some] for column in (rate, work, patience, within, at_least))
        enough[some] = _fewest_impatient(*rows, most=enough[some])
    return enough


def _fewest_patient(load: Floats, work: Floats, within: Floats, at_least: Floats) -> Floats:
    """Up from the first number of agents with whom the line does not grow for ever.

    One more agent changes (1 - B) / B by the recursion odds(s) = (s / a) (1 + odds(s - 1)).
    """
    enough = np.where(load > 0, np.floor(load) + 1, 0)
    odds = _odds(load, enough)
    going = np.flatnonzero(load > 0)
    while going.size:
        a, s = load[going], enough[going]
        late = _late(a, work[going], s, within[going], _c(a, s, odds[going]))
        going = going[1 - late < at_least[going]]
        enough[going] += 1
        with np.errstate(over="ignore"):
            odds[going] = enough[going] / load[going] * (1 + odds[going])
    return enough


def _fewest_impatient(
    rate: Floats, work: Floats, patience: Floats, within: Floats, at_least: Floats, *, most: Floats
) -> Floats:
    """By bisection: `most` agents do; those that cannot even serve the share asked for do not."""
    too_few = np.where(most > 0, np.ceil(rate * work * at_least) - 1, -1)
    enough: Floats = np.maximum(most, too_few + 1)
    while (going := np.flatnonzero(enough - too_few > 1)).size:
        middle = np.floor((enough[going] + too_few[going]) / 2)
        level = _service_level(
            rate[going], work[going], middle, patience[going], within[going], definition="offered"
        )
        keeps = level >= at_least[going]
        enough[going] = np.where(keeps, middle, enough[going])
        too_few[going] = np.where(keeps, too_few[going], middle)
    return enough
