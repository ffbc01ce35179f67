"""A line whose rate and staff change, exactly: M(t)/M/s(t)+M as a Markov chain, solved by uniformisation.

Contacts come at random at a rate that is constant in each interval, work and patience are exponential, every
agent has one contact at a time, first come is first served; part of the buyers may have no patience at all.
Nothing is taken to be in steady state, so what it says of an interval includes what the ones before left.

**When staff falls**, authors differ in what becomes of the contacts in progress; `leaving` says which is
meant:

- `named`: those who leave are particular persons, named beforehand. Each is as likely to be busy as any
  other, finishes its contact, and takes no new one. It is the model's way (`docs/model.md`), and exact where
  agents are exchangeable; that some of them were idle for longer, having come later, is not in it.
- `anyone`: whoever is idle leaves first; if too many are busy, those who finish next leave, so nobody is
  answered until enough contacts have ended. Capacity without names, usual in simulators of call centres.
- `back`: contacts in progress are broken off and go back to the head of the line, with patience if there is
  any. It is what min(n, s) busy agents mean in the equations of a transient chain.

**Method.** With Q a generator and L at least its greatest rate, exp(Qt) is the sum over k of
P(Poisson(Lt) = k) (I + Q/L)^k: sums of positive numbers only, and what is left out is known (A. Jensen 1953;
W. K. Grassmann, *Transient solutions in Markovian queueing systems*, Computers & Operations Research 4,
1977). The line is cut at a length. Until a contact is turned away there, the cut chain and the true one are
one, so the expected number of contacts turned away bounds the difference of all probabilities. It is summed,
and where it is too much, all is done again with a longer line.

Who is answered within T is found by following a contact: what comes after it does not matter to it, so its
place in the line and the agents' state are a chain of their own, solved backwards from the deadline. Where T
reaches over a change of staff, the mean over the moments of arrival is a Gauss-Legendre quadrature of a
function that is analytic there, with twice the nodes until nothing changes.

Times in seconds, rates per second; i intervals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from cssim.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Leaving = Literal["named", "anyone", "back"]
"""What becomes of contacts in progress when staff falls; see the module."""

Level = Literal["offered", "served", "stayed", "ended"]
"""What a service level is a share of; see `cssim.queueing.erlang.service_level`."""

_TAIL = 1e-15
"""Left out of each sum over a Poisson distribution."""

_SHORTEST, _LONGEST = 32, 2**19
"""Lengths at which a line is cut."""

_NODES = (6, 12, 24, 48, 96)
"""Nodes of the quadratures, in turn."""


@dataclass(frozen=True)
class Course:
    """What is expected of each interval, (i,) each but the edges; numbers and sums, so that intervals add up.

    Attributes:
        edges: of the intervals, (i + 1,).
        arrivals: contacts.
        waiting: of those who arrive in the interval, those who find nobody free.
        answered: of them, those whose answer begins within T (at once included).
        left: of them, those who leave unanswered within T.
        lost: of them, those who ever leave unanswered.
        queue: seconds that contacts wait in the interval, all together.
        busy: seconds that agents on duty work.
        finishing: seconds that agents whose time is over work.
        staff: seconds that agents are on duty.
        all_busy: P(one who comes at the interval's end, before staff changes, would wait).
        final: distribution of the number of contacts waiting or with agents on duty at the end, (n,).
        error: bound on the error of each probability and share, rounding apart.
    """

    edges: Floats
    arrivals: Floats
    waiting: Floats
    answered: Floats
    left: Floats
    lost: Floats
    queue: Floats
    busy: Floats
    finishing: Floats
    staff: Floats
    all_busy: Floats
    final: Floats
    error: float

    @property
    def waits(self) -> Floats:
        """Share of arrivals that find nobody free."""
        return _share(self.waiting, self.arrivals)

    @property
    def abandonment(self) -> Floats:
        """Share of arrivals that leave unanswered some time."""
        return _share(self.lost, self.arrivals)

    @property
    def occupancy(self) -> Floats:
        """Share of their time on duty that agents work."""
        return _share(self.busy, self.staff)

    @property
    def mean_queue(self) -> Floats:
        """Mean number waiting over the interval."""
        return np.asarray(self.queue / np.diff(self.edges))

    def service_level(self, definition: Level = "offered") -> Floats:
        """Share of arrivals answered within T, by any definition but the virtual one."""
        if definition == "offered":
            return _share(self.answered, self.arrivals)
        if definition == "served":
            return _share(self.answered, self.arrivals - self.lost)
        if definition == "stayed":
            return _share(self.answered, self.arrivals - self.left)
        return _share(self.answered + self.left, self.arrivals)

    def over(self, first: Sequence[int]) -> Course:
        """Intervals together, those from each index of `first` up to the next; it begins with 0."""
        at = np.asarray(first, dtype=np.int64)
        last = np.append(at[1:], len(self.arrivals)) - 1
        names = ("arrivals", "waiting", "answered", "left", "lost", "queue", "busy", "finishing", "staff")
        sums: dict[str, Any] = {name: np.add.reduceat(getattr(self, name), at) for name in names}
        edges = np.append(self.edges[at], self.edges[-1])
        return replace(self, edges=edges, all_busy=self.all_busy[last], **sums)


def course(
    edges: ArrayLike,
    rates: ArrayLike,
    staff: ArrayLike,
    work: float,
    patience: float = math.inf,
    *,
    zero: float = 0.0,
    within: float = 0.0,
    leaving: Leaving = "named",
    start: ArrayLike | None = None,
    error: float = 1e-10,
) -> Course:
    """What becomes of a line over some intervals.

    After the last interval its staff stays, for those who still wait.

    Args:
        edges: rising, (i + 1,).
        rates: of arrivals, (i,).
        staff: agents on duty, whole numbers, (i,).
        work: mean on a contact, more than 0.
        patience: mean of those who have any; infinite where nobody leaves.
        zero: share of contacts that leave at once if nobody is free.
        within: T.
        leaving: see the module.
        start: P(n contacts there at the first edge) for n = 0, 1, ...; empty by default.
        error: greatest wanted of `Course.error`, 1e-14 at least for each interval; the line is cut and the
            quadratures are refined for it.

    Raises:
        InputError: arguments out of their range, shapes that do not fit, or a line that gets too long.
    """
    day = _Day.of(edges, rates, staff, work, patience, zero, within, leaving)
    first = np.ones(1) if start is None else np.asarray(start, dtype=np.float64)
    if first.ndim != 1 or not np.all(first >= 0) or not abs(first.sum() - 1) < 1e-9:
        raise InputError.one("transient.start", path="start")
    room = max(_SHORTEST, len(first), _longest_line(day, first))
    while room <= _LONGEST:
        found = _Run(day, room, error).run(first)
        if found is not None:
            return found
        room *= 2
    raise InputError.one("transient.line", most=_LONGEST)


# -- what is given -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Day:
    edges: Floats
    rates: Floats
    staff: Ints
    mu: float
    theta: float
    zero: float
    within: float
    leaving: Leaving

    @classmethod
    def of(
        cls,
        edges: ArrayLike,
        rates: ArrayLike,
        staff: ArrayLike,
        work: float,
        patience: float,
        zero: float,
        within: float,
        leaving: Leaving,
    ) -> _Day:
        edge, rate = np.asarray(edges, dtype=np.float64), np.asarray(rates, dtype=np.float64)
        people = np.asarray(staff, dtype=np.float64)
        if edge.ndim != 1 or len(edge) < 2 or not np.all(np.diff(edge) > 0):
            raise InputError.one("load.edges", path="edges")
        if not rate.shape == people.shape == (len(edge) - 1,):
            shapes = f"edges {edge.shape}, rates {rate.shape}, staff {people.shape}"
            raise InputError.one("erlang.shapes", given=shapes)
        known = np.isfinite(rate) & (rate >= 0)
        if not known.all():
            raise InputError.one("erlang.amount", path="rates", given=rate[~known].flat[0].item())
        whole = (people >= 0) & (people == np.floor(people)) & (people < 1e6)
        if not whole.all():
            raise InputError.one("erlang.agents", path="staff", given=people[~whole].flat[0].item())
        if not (math.isfinite(work) and work > 0):
            raise InputError.one("erlang.work", path="work", given=work)
        for name, value in (("patience", patience), ("within", within)):
            if not value >= 0 or (name == "within" and not math.isfinite(value)):
                raise InputError.one("erlang.time", path=name, given=value)
        if not 0 <= zero <= 1:
            raise InputError.one("transient.zero", path="zero", given=zero)
        if patience == 0:  # then nobody waits, and no rate is infinite
            patience, zero = math.inf, 1.0
        theta = 1 / patience
        return cls(edge, rate, people.astype(np.int64), 1 / work, theta, zero, within, leaving)


def _longest_line(day: _Day, first: Floats) -> int:
    """How long the line would get at most if contacts and work flowed evenly; where the cut begins."""
    line = longest = float(first @ np.arange(len(first)))
    for rate, staff, seconds in zip(day.rates, day.staff, np.diff(day.edges), strict=True):
        surplus = rate * (1 - day.zero) - staff * day.mu
        fade = -math.expm1(-day.theta * seconds) / day.theta if day.theta else seconds
        line = max(line * math.exp(-day.theta * seconds) + surplus * fade, 0.0)
        longest = max(longest, line)
    return math.ceil(longest + 6 * math.sqrt(longest))


# -- chains --------------------------------------------------------------------------------------------


@lru_cache(maxsize=128)
def _poisson(mean: float) -> tuple[Floats, Floats]:
    """P(N = k) and P(N > k) of a Poisson variable for k = 0, 1, ... as far as it matters."""
    k = np.arange(int(mean + 9 * math.sqrt(mean) + 40))
    more = np.asarray(special.gammainc(k + 1.0, mean), dtype=np.float64)
    more = more[: 1 + int(np.searchsorted(-more, -_TAIL))]
    return -np.diff(more, prepend=1.0), more


@dataclass(frozen=True)
class _Line:
    """The chain of the line in one interval: p[e, n] for e agents over the staff who finish, n others there.

    Agents over the staff exist only under `anyone`, and then all others are busy (n >= staff). All rates are
    divided by `fastest`.
    """

    staff: int
    fastest: float
    up: Floats
    down: Floats
    fade: Floats
    stays: Floats

    @classmethod
    def of(cls, day: _Day, rate: float, staff: int, over: int, room: int) -> _Line:
        n = np.arange(staff + room + 1, dtype=np.float64)
        e = np.arange(over + 1, dtype=np.float64)[:, None]
        waiting = np.maximum(n - staff, 0.0)
        up = np.where(n < staff, rate, rate * (1 - day.zero))
        up[-1] = 0.0
        down = np.where(e == 0, np.minimum(n, staff) * day.mu, 0.0) + waiting * day.theta
        fade = np.where(e > 0, (staff + e) * day.mu, 0.0)
        out = up + down + fade
        fastest = max(float(out.max()), 1e-300)
        return cls(staff, fastest, up / fastest, down / fastest, fade / fastest, 1 - out / fastest)

    def later(self, p: Floats, seconds: float) -> tuple[Floats, Floats]:
        """The distribution after a time, and its integral over that time."""
        now, more = _poisson(self.fastest * seconds)
        end, whole = now[0] * p, more[0] * p
        up, down, fade = self.up[:-1], self.down[:, 1:], self.fade[1:]
        for k in range(1, len(now)):
            moved = p * self.stays
            moved[:, 1:] += p[:, :-1] * up
            moved[:, :-1] += p[:, 1:] * down
            if len(p) > 1:
                moved[:-1] += p[1:] * fade
            p = moved
            end += now[k] * p
            whole += more[k] * p
        return end, whole / self.fastest


@dataclass(frozen=True)
class _Place:
    """The chain of one who waits, h[:, e, k] with k ahead: what is expected for it, backwards in time.

    Two things are: [0] to be answered, [1] to leave, by the moment from which `sooner` looks back. A `step`
    brings it one place nearer; from the first place it is the answer, which is in `source`.
    """

    fastest: float
    step: Floats
    fade: Floats
    stays: Floats
    source: Floats

    @classmethod
    def of(cls, day: _Day, staff: int, over: int, room: int) -> _Place:
        k = np.arange(room, dtype=np.float64)
        e = np.arange(over + 1, dtype=np.float64)[:, None]
        next_up = np.where(e == 0, staff * day.mu, 0.0)
        step = next_up + k * day.theta
        fade = np.where(e > 0, (staff + e) * day.mu, 0.0)
        out = step + fade + day.theta
        fastest = max(float(out.max()), 1e-300)
        source = np.zeros((2, over + 1, room))
        source[0, :, 0] = next_up[:, 0]
        source[1] = day.theta
        return cls(fastest, step / fastest, fade / fastest, 1 - out / fastest, source / fastest)

    def sooner(self, h: Floats, seconds: float) -> Floats:
        """The same, so long before."""
        now, _ = _poisson(self.fastest * seconds)
        found: Floats = now[0] * h
        for weight in now[1:]:
            moved = h * self.stays + self.source
            moved[:, :, 1:] += h[:, :, :-1] * self.step[:, 1:]
            if self.fade.shape[0] > 1:
                moved[:, 1:] += h[:, :-1] * self.fade[1:]
            h = moved
            found += weight * h
        return found

    def in_the_end(self) -> Floats:
        """If nothing changes any more: the fixed point of a step, place by place."""
        h = np.zeros_like(self.source)
        out = 1 - self.stays
        for e in range(h.shape[1]):
            for k in range(h.shape[2]):
                value = self.source[:, e, k].copy()
                if k:
                    value += self.step[e, k] * h[:, e, k - 1]
                if e:
                    value += self.fade[e, 0] * h[:, e - 1, k]
                h[:, e, k] = value / out[e, k] if out[e, k] > 0 else 0.0
        return h


def _most_over(before: int, over: int, after: int, leaving: Leaving) -> int:
    """Most agents over the staff after a change of it."""
    return max(before + over - after, 0) if leaving == "anyone" else 0


def _changed(p: Floats, before: int, after: int, room: int, leaving: Leaving) -> tuple[Floats, float, float]:
    """The distribution after a change of staff, how many leave in the midst of work, and what was cut off."""
    over, there = p.shape[0] - 1, p.shape[1]
    moved = np.zeros((_most_over(before, over, after, leaving) + 1, after + room + 1))
    leave = 0.0
    if leaving == "back":
        kept = min(there, moved.shape[1])
        moved[0, :kept] = p[0, :kept]
    elif leaving == "named":
        if after >= before:
            moved[0, :there] = p[0]
        else:
            gone = _busy_leavers(before, before - after)
            n = np.arange(before + 1)
            for leavers in range(before - after + 1):
                np.add.at(moved[0], np.maximum(n - leavers, 0), p[0, : before + 1] * gone[:, leavers])
            moved[0, after + 1 :] += p[0, before + 1 :]
            busy = np.append(p[0, :before], p[0, before:].sum())
            leave = float((before - after) / before * (busy @ n))
    else:
        over_staff, others = np.indices(p.shape)
        working, queue = np.minimum(others, before) + over_staff, np.maximum(others - before, 0)
        taken = np.minimum(queue, np.maximum(after - working, 0))
        working, queue = working + taken, queue - taken
        np.add.at(moved, (np.maximum(working - after, 0), np.minimum(working, after) + queue), p)
    return moved, leave, max(float(p.sum() - moved.sum()), 0.0)


@lru_cache(maxsize=256)
def _busy_leavers(agents: int, leave: int) -> Floats:
    """P(x of those who leave are busy | n of the agents are), hypergeometric, (agents + 1, leave + 1)."""
    n, x = np.arange(agents + 1)[:, None], np.arange(leave + 1)

    def log_choose(of: NDArray[np.int64], some: NDArray[np.int64]) -> Floats:
        fits = (some >= 0) & (some <= of)
        logs = special.gammaln(of + 1.0) - special.gammaln(some + 1.0) - special.gammaln(of - some + 1.0)
        return np.asarray(np.where(fits, logs, -np.inf))

    with np.errstate(invalid="ignore"):
        logs = log_choose(n, x) + log_choose(agents - n, leave - x)
    chances = np.exp(logs - log_choose(np.array(agents), np.array(leave)))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def _before_change(h: Floats, before: int, over: int, after: int, leaving: Leaving) -> Floats:
    """What is expected for one who waits just before a change of staff, from what is just after."""
    room = h.shape[2]
    e, k = np.indices((over + 1, room))
    if leaving == "back" and after < before:  # those in progress go ahead of all who wait
        taken, there = np.zeros_like(k), np.minimum(k + before - after, room - 1)
        over_then = e
    elif leaving == "anyone":
        taken = np.maximum(after - before - e, 0)
        there, over_then = k - taken, np.maximum(before + e + taken - after, 0)
    else:
        taken = np.full_like(k, max(after - before, 0))
        there, over_then = k - taken, e
    found: Floats = h[:, over_then, np.maximum(there, 0)]
    found[0] = np.where(there < 0, 1.0, found[0])
    found[1] = np.where(there < 0, 0.0, found[1])
    return found


# -- a day ---------------------------------------------------------------------------------------------


class _TooShort(Exception):
    """The line is cut too short."""


class _Run:
    """The intervals in turn, with a line cut at a length."""

    def __init__(self, day: _Day, room: int, error: float) -> None:
        self.day, self.room, self.wanted = day, room, error
        self.cut = self.rest = 0.0  # errors by cutting the line, and all others
        changes = np.flatnonzero(np.diff(day.staff)) + 1
        self.changes = day.edges[changes]
        self.staff_then = day.staff[changes]
        self.places: dict[tuple[int, int], _Place] = {}
        self.homes: dict[tuple[int, int], Floats] = {}

    def run(self, first: Floats) -> Course | None:
        """The course; None where the line is too short."""
        try:
            return self._run(first)
        except _TooShort:
            return None

    def _run(self, first: Floats) -> Course:
        day = self.day
        lengths = np.diff(day.edges)
        names = ("waiting", "answered", "left", "lost", "queue", "busy", "finishing", "all_busy")
        rows: dict[str, Floats] = {name: np.zeros(len(lengths)) for name in names}
        begins: list[Floats] = []
        ends: list[Floats] = []
        p = np.zeros((1, int(day.staff[0]) + self.room + 1))
        p[0, : len(first)] = first
        finishing = 0.0
        people = day.staff.tolist()
        for i, (rate, staff, seconds) in enumerate(
            zip(day.rates.tolist(), people, lengths.tolist(), strict=True)
        ):
            if i and staff != people[i - 1]:
                p, leave, cut = _changed(p, people[i - 1], staff, self.room, day.leaving)
                finishing += leave
                self._miss(cut)
            p = self._trimmed(p)
            begins.append(p)
            line = _Line.of(day, rate, staff, p.shape[0] - 1, self.room)
            p, whole, answered, left = self._interval(i, line, p)
            ends.append(p)
            n = np.arange(p.shape[1])
            number = whole.sum(axis=0)
            all_busy = float(number[staff:].sum())
            queue = float(number @ np.maximum(n - staff, 0))
            over = float(whole.sum(axis=1) @ np.arange(p.shape[0]))
            self._miss(rate * (1 - day.zero) * float(number[-1]))
            gone = -math.expm1(-day.mu * seconds)
            rows["waiting"][i] = rate * all_busy
            rows["answered"][i] = rate * (seconds - all_busy + (1 - day.zero) * answered)
            rows["left"][i] = rate * (day.zero * all_busy + (1 - day.zero) * left)
            rows["lost"][i] = rate * day.zero * all_busy + day.theta * queue
            rows["queue"][i] = queue
            rows["busy"][i] = float(number @ np.minimum(n, staff))
            rows["finishing"][i] = over + finishing / day.mu * gone
            rows["all_busy"][i] = float(p[:, staff:].sum())
            finishing *= 1 - gone
        if day.theta > 0:
            rows["lost"] += self._moved_to_arrival(begins, ends)
        return Course(
            edges=day.edges,
            arrivals=day.rates * lengths,
            staff=day.staff * lengths,
            final=np.asarray(p.sum(axis=0)),
            error=self.cut + self.rest,
            **rows,
        )

    def _miss(self, probability: float) -> None:
        self.cut += probability
        if self.cut > self.wanted / 2:
            raise _TooShort

    def _trimmed(self, p: Floats) -> Floats:
        """Without agents over the staff who are as good as gone."""
        mass = p.sum(axis=1)[::-1].cumsum()[::-1]
        kept = max(int(np.count_nonzero(mass > 1e-3 * self.wanted / len(self.day.rates))), 1)
        self._miss(float(mass[kept]) if kept < len(mass) else 0.0)
        return p[:kept]

    # -- who is answered in time ----------------------------------------------------------------------

    def _interval(self, i: int, line: _Line, p: Floats) -> tuple[Floats, Floats, float, float]:
        """The distribution at the end of an interval; integrals over it: of the distribution, and of who
        would be answered, or leave, within T of those who would have to wait."""
        day = self.day
        a, b = float(day.edges[i]), float(day.edges[i + 1])
        cuts = [c - day.within for c in self.changes if a < c - day.within < b] if day.within else []
        whole, sums = np.zeros_like(p), np.zeros(2)
        for u, v in zip([a, *cuts], [*cuts, b], strict=True):
            end, part = line.later(p, v - u)
            self.rest += 2 * _TAIL
            if day.within:
                ahead = self._ahead(v, u)
                if ahead:
                    sums += self._by_quadrature(line, p, u, v, ahead)
                else:
                    sums += _expected(self._in_time(line.staff, p.shape[0] - 1), part, line.staff)
            p, whole = end, whole + part
        return p, whole, float(sums[0]), float(sums[1])

    def _ahead(self, v: float, u: float) -> list[int]:
        """The changes of staff that one who comes between u and v may live to see within T."""
        seen = (self.changes >= v) & (self.changes - self.day.within <= u)
        return [int(k) for k in np.flatnonzero(seen)]

    def _place(self, staff: int, over: int) -> _Place:
        if (staff, over) not in self.places:
            self.places[staff, over] = _Place.of(self.day, staff, over, self.room)
        return self.places[staff, over]

    def _in_time(self, staff: int, over: int) -> Floats:
        """Of one who comes while nothing changes within T."""
        if (staff, over) not in self.homes:
            nothing = np.zeros((2, over + 1, self.room))
            self.homes[staff, over] = self._place(staff, over).sooner(nothing, self.day.within)
        return self.homes[staff, over]

    def _over_changes(self, moment: float, staff: int, over: int, ahead: list[int]) -> Floats:
        """Of one who comes at a moment with changes of staff ahead."""
        day = self.day
        stretch = [(staff, over, moment)]
        for k in ahead:
            before, most, _ = stretch[-1]
            then = int(self.staff_then[k])
            stretch.append((then, _most_over(before, most, then, day.leaving), float(self.changes[k])))
        end, h = moment + day.within, np.zeros((2, stretch[-1][1] + 1, self.room))
        for j in range(len(stretch) - 1, -1, -1):
            people, most, since = stretch[j]
            h = self._place(people, most).sooner(h, max(end - since, 0.0))
            if j:
                before, less, _ = stretch[j - 1]
                h = _before_change(h, before, less, people, day.leaving)
            end = since
        return h

    def _by_quadrature(self, line: _Line, p: Floats, u: float, v: float, ahead: list[int]) -> Floats:
        found, change = np.zeros(2), math.inf
        for nodes in _NODES:
            before, found = found, np.zeros(2)
            at, now = u, p
            for x, weight in zip(*np.polynomial.legendre.leggauss(nodes), strict=True):
                moment = u + (v - u) * (1 + x) / 2
                now, _ = line.later(now, moment - at)
                at = moment
                h = self._over_changes(moment, line.staff, p.shape[0] - 1, ahead)
                found += weight * (v - u) / 2 * _expected(h, now, line.staff)
            change = float(np.abs(found - before).max()) / (v - u)
            if change < 1e-2 * self.wanted:
                break
        self.rest += change
        return found

    # -- who is ever answered ---------------------------------------------------------------------------

    def _moved_to_arrival(self, begins: list[Floats], ends: list[Floats]) -> Floats:
        """What moves those who leave in an interval to the interval in which they came, (i,).

        Who comes in an interval and ever leaves is who leaves in it, and who waits at its end and will leave,
        without who waited at its beginning and will.
        """
        day, moved = self.day, np.zeros(len(begins))
        staff = day.staff.tolist()
        h = self._place(staff[-1], ends[-1].shape[0] - 1).in_the_end()
        for i in range(len(begins) - 1, -1, -1):
            over = begins[i].shape[0] - 1
            if i + 1 < len(begins):
                h = _before_change(
                    _wide(h, staff[i], over, staff[i + 1], day), staff[i], over, staff[i + 1], day.leaving
                )
            moved[i] += _will_leave(h, ends[i], staff[i])
            h = self._place(staff[i], over).sooner(h, float(day.edges[i + 1] - day.edges[i]))
            moved[i] -= _will_leave(h, begins[i], staff[i])
        return moved


def _wide(h: Floats, before: int, over: int, after: int, day: _Day) -> Floats:
    """With rows for more agents over the staff, who were cut off: as if they were the last that is known."""
    most = _most_over(before, over, after, day.leaving) if before != after else over
    extra = most + 1 - h.shape[1]
    return h if extra <= 0 else np.concatenate([h, np.repeat(h[:, -1:], extra, axis=1)], axis=1)


def _expected(h: Floats, p: Floats, staff: int) -> Floats:
    """Sums over those who would have to wait, behind all who do, (2,)."""
    waits = p[:, staff:-1]
    return np.asarray((h[:, : len(p), : waits.shape[1]] * waits).sum(axis=(1, 2)))


def _will_leave(h: Floats, p: Floats, staff: int) -> float:
    """How many of those who wait will leave."""
    until = np.cumsum(h[1, : len(p)], axis=1)
    return float((until * p[:, staff + 1 :]).sum())


def _share(part: Floats, whole: Floats) -> Floats:
    """part / whole, and 0 of nothing."""
    result: Floats = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return result
