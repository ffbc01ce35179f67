"""Offered work that moves in time: who would be busy if nobody ever waited, and how many agents that takes.

With an agent for everyone, contacts that come at a rate r(t) and are there for a random time S are on
average m(t) = int_0^inf r(t - u) P(S > u) du at a time, and their number is Poisson. Rates here are constant
between edges, so that m is a sum of E[min(S, x)] over the jumps of the rate: no step in time, no error but
rounding, for every duration below.

A contact need not be there from its arrival on. A chat's third reply begins after two replies and two
thinking times and ends after a third one: it is under way for E[min(end, x)] - E[min(begin, x)], whatever
depends on what. So a `Stay` is a weighed sum of durations, and hyperexponential work, later rounds and open
chats are all the same thing.

Times in seconds, rates per second, loads in erlangs; n edges bound n - 1 pieces.

Sources: S. G. Eick, W. A. Massey, W. Whitt, *The physics of the Mt/G/inf queue*, Operations Research 41
(1993); L. V. Green, P. J. Kolesar, W. Whitt, *Coping with time-varying demand when setting staffing
requirements for a service system*, Production and Operations Management 16 (2007); O. B. Jennings,
A. Mandelbaum, W. A. Massey, W. Whitt, *Server staffing to meet time-varying demand*, Management Science 42
(1996); Z. Feldman, A. Mandelbaum, W. A. Massey, W. Whitt, *Staffing of time-varying queues to achieve
time-stable performance*, Management Science 54 (2008).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from cssim.errors import InputError
from cssim.queueing import erlang

Floats = NDArray[np.float64]

Dist = Literal["constant", "exponential", "lognormal", "gamma", "uniform"]

_ROOM = 2_000_000
"""Cells of a matrix worked on at once."""

_POINTS = 32
"""Moments of an interval at which its busiest one is looked for."""


# -- how long ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Duration:
    """A random time.

    Attributes:
        mean: seconds, 0 or more.
        cv: standard deviation over the mean; 0 for a constant, 1 for an exponential one whatever is given.
        dist: its distribution; a uniform one has a cv of at most 3^-0.5.
    """

    mean: float
    cv: float = 1.0
    dist: Dist = "exponential"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and self.mean >= 0):
            raise InputError.one("erlang.time", path="mean", given=self.mean)
        most = 3**-0.5 + 1e-12 if self.dist == "uniform" else math.inf
        if not 0 <= self.cv <= most or not math.isfinite(self.cv):
            raise InputError.one("load.cv", path="cv", given=self.cv)

    @property
    def is_constant(self) -> bool:
        """Whether it is always the same."""
        return self.mean == 0 or self.dist == "constant" or (self.cv == 0 and self.dist != "exponential")

    @property
    def variance(self) -> float:
        """Seconds squared."""
        cv = 0.0 if self.is_constant else 1.0 if self.dist == "exponential" else self.cv
        return (cv * self.mean) ** 2

    def upto(self, x: ArrayLike) -> Floats:
        """E[min(S, x)] = int_0^x P(S > u) du; 0 for x <= 0. Shape of x."""
        x = np.maximum(np.asarray(x, dtype=np.float64), 0.0)
        if self.is_constant:
            return np.asarray(np.minimum(x, self.mean))
        if self.dist == "exponential":
            return np.asarray(-self.mean * np.expm1(-x / self.mean))
        longer, first, _ = self._moments(x)
        return np.asarray(first + x * longer)

    def area(self, x: ArrayLike) -> Floats:
        """int_0^x E[min(S, u)] du = x E[S; S <= x] - E[S^2; S <= x] / 2 + x^2 P(S > x) / 2. Shape of x."""
        x = np.maximum(np.asarray(x, dtype=np.float64), 0.0)
        if self.is_constant:
            most = np.minimum(x, self.mean)
            return np.asarray(most * (x - most / 2))
        if self.dist == "exponential":
            return np.asarray(self.mean**2 * (x / self.mean + np.expm1(-x / self.mean)))
        longer, first, second = self._moments(x)
        return np.asarray(x * first - second / 2 + x**2 / 2 * longer)

    def _moments(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """P(S > x), E[S; S <= x] and E[S^2; S <= x] for x >= 0."""
        mean, square = self.mean, self.mean**2 * (1 + self.cv**2)
        if self.dist == "lognormal":
            sigma = math.sqrt(math.log1p(self.cv**2))
            with np.errstate(divide="ignore"):
                z = np.log(x / mean) / sigma + sigma / 2
            longer, first, second = (_float(special.ndtr(y)) for y in (-z, z - sigma, z - 2 * sigma))
            return longer, mean * first, square * second
        if self.dist == "gamma":
            shape = self.cv**-2
            y = x / mean * shape
            first, second = (_float(special.gammainc(shape + k, y)) for k in (1, 2))
            return _float(special.gammaincc(shape, y)), mean * first, square * second
        half = math.sqrt(3) * self.cv * mean
        low = mean - half
        y = np.clip(x, low, mean + half)
        return (
            (mean + half - y) / (2 * half),
            (y - low) * (y + low) / (4 * half),
            (y - low) * (y**2 + y * low + low**2) / (6 * half),
        )


def _float(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def total(*durations: Duration) -> Duration:
    """The sum of independent durations: a gamma one with its mean and variance.

    Exact for sums of constants, of one duration with zeros, and of gamma durations of one scale (so of
    exponential ones with one mean); else the mean and the variance are.
    """
    some = [d for d in durations if d.mean > 0]
    if len(some) == 1:
        return some[0]
    mean, variance = sum(d.mean for d in some), sum(d.variance for d in some)
    if variance == 0:
        return Duration(mean, 0.0, "constant")
    return Duration(mean, math.sqrt(variance) / mean, "gamma")


@dataclass(frozen=True)
class Stay:
    """When a contact is there, by the time since it came: weighed durations, summed.

    Attributes:
        parts: (weight, duration) each; P(there at age u) = sum of weight x P(duration > u).
    """

    parts: tuple[tuple[float, Duration], ...]

    @classmethod
    def mixed(cls, shares: Sequence[float], durations: Sequence[Duration]) -> Stay:
        """One of several durations, by chance (hyperexponential: exponential ones)."""
        return cls(tuple(zip(shares, durations, strict=True)))

    @classmethod
    def between(cls, begin: Duration, end: Duration, share: float = 1.0) -> Stay:
        """A share of contacts is there from one time after its arrival to a later one."""
        return cls(((share, end), (-share, begin)))

    def __add__(self, other: Stay) -> Stay:
        return Stay(self.parts + other.parts)

    @property
    def mean(self) -> float:
        """Seconds that a contact is there in all."""
        return sum(weight * duration.mean for weight, duration in self.parts)

    def upto(self, x: ArrayLike) -> Floats:
        """Seconds there until age x, on average; 0 for x <= 0."""
        x = np.asarray(x, dtype=np.float64)
        return np.asarray(sum((w * d.upto(x) for w, d in self.parts), np.zeros_like(x)))

    def area(self, x: ArrayLike) -> Floats:
        """The integral of `upto` from 0 to x."""
        x = np.asarray(x, dtype=np.float64)
        return np.asarray(sum((w * d.area(x) for w, d in self.parts), np.zeros_like(x)))


def stay(duration: Duration | Stay) -> Stay:
    """From the arrival on, for a duration."""
    return duration if isinstance(duration, Stay) else Stay(((1.0, duration),))


# -- chats -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Round:
    """A reply of a chat if nobody ever waits.

    Attributes:
        share: of contacts that get so far.
        begin: from the contact's arrival to its message.
        end: from the contact's arrival to when it is sent.
    """

    share: float
    begin: Duration
    end: Duration

    @property
    def work(self) -> Stay:
        """While it is worked on."""
        return Stay.between(self.begin, self.end, self.share)


def rounds(
    first: Duration, later: Duration, think: Duration, goes_on: Sequence[float], delay: Duration | None = None
) -> tuple[Round, ...]:
    """The replies of a chat, each when it falls due: after the replies and the thinking before it.

    A reply's work is as long as it should be on average, to rounding; that no reply waits, and that sums of
    durations have a gamma distribution (`total`), is what is approximated.

    Args:
        first, later: work on the first reply and on each later one.
        think: from a reply to the buyer's next message.
        goes_on: P(a contact has more than k rounds), for k = 0, 1, ...
        delay: before the first message reaches people (a bot).
    """
    begin, found = [delay or Duration(0.0)], []
    for k, share in enumerate(goes_on):
        reply = later if k else first
        found.append(Round(share, total(*begin), total(*begin, reply)))
        begin += [reply, think]
    return tuple(found)


# -- how many are there ------------------------------------------------------------------------------


def busy_at(
    times: ArrayLike, edges: ArrayLike, rates: ArrayLike, there: Duration | Stay, *, before: float = 0.0
) -> Floats:
    """Mean number of contacts there at each time, m(t); their number is Poisson. Shape of times.

    Args:
        times: seconds.
        edges: ascending, (n,).
        rates: between them, (n - 1,); 0 after the last.
        there: from a contact's arrival on.
        before: rate at all times before the first edge.

    Raises:
        InputError: edges that do not rise, a negative rate, or shapes that do not fit.
    """
    edges, jumps = _jumps(edges, rates, before)
    kind, times = stay(there), np.asarray(times, dtype=np.float64)
    found = np.full(times.size, before * kind.mean)
    for rows in _blocks(times.size, len(edges)):
        found[rows] += kind.upto(times.ravel()[rows, None] - edges) @ jumps
    return found.reshape(times.shape)


def busy(
    of: ArrayLike, edges: ArrayLike, rates: ArrayLike, there: Duration | Stay, *, before: float = 0.0
) -> Floats:
    """Mean number there over each interval from one of `of` to the next, (i + 1,) to (i,).

    Args, errors: as `busy_at`; `of` rises too.
    """
    edges, jumps = _jumps(edges, rates, before)
    kind, of = stay(there), _rising(of, "of")
    whole = np.empty(len(of))
    for rows in _blocks(len(of), len(edges)):
        whole[rows] = kind.area(of[rows, None] - edges) @ jumps
    return np.asarray(before * kind.mean + np.diff(whole) / np.diff(of))


def busy_evenly(rates: ArrayLike, step: float, there: Duration | Stay) -> Floats:
    """`busy` for pieces of one length, over the same pieces; one convolution. Shape (n,) to (n,)."""
    rates, kind = np.asarray(rates, dtype=np.float64), stay(there)
    x = _reach(len(rates), step, [duration for _, duration in kind.parts])
    return _spread(rates, kind.area(x) / step)


def come_evenly(numbers: ArrayLike, step: float, delay: Duration) -> Floats:
    """How many come a random time later, by piece, of those who come evenly within each; (n,) to (n,)."""
    numbers = np.asarray(numbers, dtype=np.float64)
    x = _reach(len(numbers), step, [delay])
    return _spread(numbers, (x - delay.upto(x)) / step)


def _reach(pieces: int, step: float, durations: Sequence[Duration]) -> Floats:
    """0, 1, ... steps: as many as there are pieces, or until all durations are as good as over."""
    most = 64
    while most < pieces and any(d.upto(step * (most - 1)) < d.mean * (1 - 1e-14) for d in durations):
        most *= 2
    return np.asarray(step * np.arange(min(most, pieces) + 1), dtype=np.float64)


def _spread(values: Floats, area: Floats) -> Floats:
    """Convolution with the second differences of a function, 0 before 0, at 0, 1, ... pieces, (n + 1,)."""
    kernel = np.diff(area, prepend=0.0)[1:]
    kernel[1:] = np.diff(kernel)
    return np.asarray(np.convolve(values, kernel)[: len(values)])


# -- how many agents -----------------------------------------------------------------------------------


def simple(
    of: ArrayLike, edges: ArrayLike, rates: ArrayLike, work: Duration | Stay, *, peak: bool = False
) -> Floats:
    """Load of each interval from its own rate: stationary, independent, period by period (SIPP).

    Good where work is short against the time in which rates move (Green, Kolesar and Whitt 2007).

    Args:
        of: edges of the intervals, (i + 1,).
        edges, rates: as `busy_at`.
        work: on a contact.
        peak: the greatest rate of an interval instead of the mean (*SIPP max*).

    Returns:
        Erlangs, (i,).
    """
    return _rate_of(_rising(of, "of"), edges, rates, peak) * stay(work).mean


def lagged(
    of: ArrayLike, edges: ArrayLike, rates: ArrayLike, work: Duration | Stay, *, peak: bool = False
) -> Floats:
    """The same with the rate of a mean work ago: the load peaks after the rate does (*lag avg*, *lag max*).

    Args, returns: as `simple` (Green, Kolesar and Whitt 2007).
    """
    mean = stay(work).mean
    return _rate_of(_rising(of, "of") - mean, edges, rates, peak) * mean


def modified(
    of: ArrayLike,
    edges: ArrayLike,
    rates: ArrayLike,
    work: Duration | Stay,
    *,
    peak: bool = False,
    before: float = 0.0,
) -> Floats:
    """Modified offered load: those who would be there with an agent for everyone (Jennings et al. 1996).

    Args, returns: as `simple`, `before` as `busy_at`. The peak is the greatest of the ends and of evenly
    spaced moments of an interval.
    """
    of = _rising(of, "of")
    if not peak:
        return busy(of, edges, rates, work, before=before)
    moments = of[:-1, None] + np.linspace(0.0, 1.0, _POINTS + 1) * np.diff(of)[:, None]
    return np.asarray(busy_at(moments, edges, rates, work, before=before).max(axis=1))


def agents(
    load: ArrayLike, work: float, within: float, at_least: float, patience: float = math.inf
) -> NDArray[np.int64]:
    """Fewest agents for each load as if it lasted: Erlang C, or A with patience, interval by interval.

    Args:
        load: by one of the three ways, erlangs.
        work: mean on a contact, seconds.
        within: T; 0 for a promise that nobody has to wait.
        at_least: share to be answered within T.
        patience: mean.
    """
    rate = np.asarray(load, dtype=np.float64) / work
    return np.asarray(erlang.agents(rate, work, within, at_least, patience), dtype=np.int64)


def _rate_of(of: Floats, edges: ArrayLike, rates: ArrayLike, peak: bool) -> Floats:
    """Mean or greatest rate from one of `of` to the next; 0 outside the edges."""
    edges, rates = _pieces(edges, rates)
    if not peak:
        whole = np.concatenate([[0.0], np.cumsum(rates * np.diff(edges))])
        return np.asarray(np.diff(np.interp(of, edges, whole)) / np.diff(of))
    first = np.searchsorted(edges, of[:-1], "right") - 1
    last = np.searchsorted(edges[:-1], of[1:], "left")
    return np.array([rates[max(a, 0) : b].max(initial=0.0) for a, b in zip(first, last, strict=True)])


# -- what is given -------------------------------------------------------------------------------------


def _rising(edges: ArrayLike, name: str) -> Floats:
    found = np.asarray(edges, dtype=np.float64)
    if found.ndim != 1 or len(found) < 2 or not np.all(np.diff(found) > 0):
        raise InputError.one("load.edges", path=name)
    return found


def _pieces(edges: ArrayLike, rates: ArrayLike) -> tuple[Floats, Floats]:
    edges, rates = _rising(edges, "edges"), np.asarray(rates, dtype=np.float64)
    if rates.shape != (len(edges) - 1,):
        raise InputError.one("erlang.shapes", given=f"edges {edges.shape}, rates {rates.shape}")
    known = np.isfinite(rates) & (rates >= 0)
    if not known.all():
        raise InputError.one("erlang.amount", path="rates", given=rates[~known].flat[0].item())
    return edges, rates


def _jumps(edges: ArrayLike, rates: ArrayLike, before: float) -> tuple[Floats, Floats]:
    """Edges, and by how much the rate rises at each, (n,) both."""
    edges, rates = _pieces(edges, rates)
    return edges, np.diff(rates, prepend=before, append=0.0)


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    some = max(_ROOM // max(columns, 1), 1)
    return (slice(k, k + some) for k in range(0, rows, some))
