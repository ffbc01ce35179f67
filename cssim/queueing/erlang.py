"""Erlang's formulas over whole arrays: B (nobody waits), C (everybody waits), A (who waits may leave).

Loads are in erlangs, rates per second, times in seconds. Arguments broadcast as numpy's own functions do it:
numbers give a number, arrays an array. Contacts arrive at random at a constant rate, work and patience are
exponential, every agent has one contact at a time, and the line is answered first come, first served.

    cssim.erlang.c(load=10, agents=14)                                       share that has to wait
    cssim.erlang.service_level(rate=200 / 3600, work=180, agents=14, within=20)
    cssim.erlang.agents(rate=200 / 3600, work=180, within=20, at_least=[0.8, 0.9])

Relative errors are below 1e-13 for B and C and below 1e-10 for A, for any number of agents and any load
(`python -m benchmarks.erlang` measures them).

Sources: A. K. Erlang (1917) for B and C; D. L. Jagerman (1974) for parts of agents; C. Palm (1957) and
A. Mandelbaum, S. Zeltyn, *Service engineering in action: the Palm/Erlang-A queue* (2007) for A.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cssim.errors import InputError
from cssim.queueing.fewest import Kept, searched, stepped
from cssim.queueing.odds import odds as odds_of
from cssim.queueing.palm import Line
from cssim.queueing.rows import INF, Floats, Rows, Truths, by_row, parts, product
from cssim.queueing.variants import blended, bounded

__all__ = [
    "abandonment",
    "agents",
    "agents_for_abandonment",
    "agents_for_blocking",
    "agents_for_mean_wait",
    "agents_for_occupancy",
    "b",
    "blended",
    "bounded",
    "c",
    "mean_wait",
    "occupancy",
    "queue_length",
    "rate_with_returns",
    "rostered",
    "service_level",
    "waiting",
]

Figure = np.float64 | Floats
People = np.int64 | NDArray[np.int64]

Level = Literal["offered", "served", "stayed", "ended", "virtual"]
"""What a service level is a share of; see `service_level`."""

Wait = Literal["all", "served", "virtual"]
"""Whose wait is averaged; see `mean_wait`."""

_STEPPED = 16_384
"""Rows for whom agents are added at once: few numbers each, so that more rows save calls."""

_MOST = 2.0**53
"""People, and erlangs, from which on whole numbers cannot be told apart."""


# -- what planners ask -------------------------------------------------------------------------------


def b(load: ArrayLike, agents: ArrayLike) -> Figure:
    """Share of contacts turned away where nobody may wait (Erlang B, M/G/s/s).

    Args:
        load: erlangs, 0 or more.
        agents: 0 or more; part of an agent counts by Jagerman's continuation of the formula (1974).

    Returns:
        B = (a^s / s!) / sum_k a^k / k!; 1 without agents, 0 without load (and below 1e-308).

    Raises:
        InputError: an argument is out of its range, or shapes do not fit.
    """
    shape, (a, s) = _arguments(load=load, agents=agents)
    return _shaped(1 / (1 + odds_of(a, s)), shape)


def c(load: ArrayLike, agents: ArrayLike) -> Figure:
    """Share of contacts that wait where everybody waits as long as it takes (Erlang C, M/M/s).

    Args, errors: as `b`.

    Returns:
        C = s B / (s - a (1 - B)); 1 at loads of at least the agents, where the line grows for ever.
    """
    shape, (a, s) = _arguments(load=load, agents=agents)
    return _shaped(_c(a, s, odds_of(a, s)), shape)


def waiting(rate: ArrayLike, work: ArrayLike, agents: ArrayLike, patience: ArrayLike = INF) -> Figure:
    """Share of offered contacts that find every agent busy (Erlang C; with finite patience Erlang A).

    Args:
        rate: contacts per second, 0 or more.
        work: mean work on a contact, seconds, more than 0.
        agents: 0 or more; parts of agents count as in `b`.
        patience: mean time that a waiting contact stays, seconds, 0 or more; inf where nobody leaves.

    Raises:
        InputError: an argument is out of its range, or shapes do not fit.
    """
    shape, arguments = _arguments(rate=rate, work=work, agents=agents, patience=patience)
    return _shaped(by_row(_waiting, *arguments), shape)


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
    _choice("definition", definition, Level)
    shape, arguments = _arguments(rate=rate, work=work, agents=agents, patience=patience, within=within)
    return _shaped(by_row(lambda *rows: _service_level(*rows, definition=definition), *arguments), shape)


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
    _choice("of", of, Wait)
    shape, arguments = _arguments(rate=rate, work=work, agents=agents, patience=patience)
    return _shaped(by_row(lambda *rows: _mean_wait(*rows, of=of), *arguments), shape)


def abandonment(rate: ArrayLike, work: ArrayLike, agents: ArrayLike, patience: ArrayLike) -> Figure:
    """Share of offered contacts that leave unanswered (Erlang A).

    Args, errors: as `waiting`. Infinite patience gives 0.
    """
    shape, arguments = _arguments(rate=rate, work=work, agents=agents, patience=patience)
    return _shaped(by_row(_abandonment, *arguments), shape)


def occupancy(rate: ArrayLike, work: ArrayLike, agents: ArrayLike, patience: ArrayLike = INF) -> Figure:
    """Share of their time that agents are busy: load x share served / agents; 0 without agents.

    Args, errors: as `waiting`. At most 1: where the line grows for ever, all are always busy.
    """
    shape, arguments = _arguments(rate=rate, work=work, agents=agents, patience=patience)
    return _shaped(by_row(_occupancy, *arguments), shape)


def queue_length(rate: ArrayLike, work: ArrayLike, agents: ArrayLike, patience: ArrayLike = INF) -> Figure:
    """Mean number of contacts that wait: rate x mean wait of all (Little's law).

    Args, errors: as `waiting`.
    """
    waits = mean_wait(rate, work, agents, patience)
    return np.asarray(rate, dtype=np.float64)[()] * waits


# -- fewest agents -----------------------------------------------------------------------------------


def agents(
    rate: ArrayLike,
    work: ArrayLike,
    within: ArrayLike,
    at_least: ArrayLike,
    patience: ArrayLike = INF,
    definition: Level = "offered",
) -> People:
    """Fewest agents with whom `service_level` is at least `at_least`.

    Args:
        rate, work, patience: as `waiting`.
        within: T, seconds, 0 or more.
        at_least: share, more than 0 and less than 1.
        definition: what it is a share of, as `service_level`.

    Returns:
        Whole numbers; none are needed where no contact comes.

    Raises:
        InputError: an argument is out of its range, or shapes do not fit.
    """
    _choice("definition", definition, Level)

    def patient(s: Floats, slack: Floats, odds: Floats, decay: Floats, missed: Floats) -> Truths:
        return s * np.exp(-slack * decay) <= missed * (s + slack * odds)

    def fewest(r: Floats, w: Floats, p: Floats, t: Floats, share: Floats) -> Floats:
        def kept(rows: Rows, s: Floats) -> Truths:
            level = _service_level(r[rows], w[rows], s, p[rows], t[rows], definition=definition)
            return level >= share[rows]

        return _fewest(r * w, p, kept, patient, t / w, 1 - share)

    return _people(fewest, rate=rate, work=work, patience=patience, within=within, at_least=at_least)


def agents_for_mean_wait(
    rate: ArrayLike, work: ArrayLike, mean: ArrayLike, patience: ArrayLike = INF, of: Wait = "all"
) -> People:
    """Fewest agents with whom `mean_wait` is at most `mean`.

    Args:
        rate, work, patience: as `waiting`.
        mean: seconds, more than 0.
        of: whose wait, as `mean_wait`. Where nobody has the patience to wait so long, the wait of `all` is
            short enough without any agent.

    Returns, errors: as `agents`.
    """
    _choice("of", of, Wait)

    def patient(s: Floats, slack: Floats, odds: Floats, works: Floats) -> Truths:
        return s <= works * slack * (s + slack * odds)

    def fewest(r: Floats, w: Floats, p: Floats, most: Floats) -> Floats:
        def kept(rows: Rows, s: Floats) -> Truths:
            return _mean_wait(r[rows], w[rows], s, p[rows], of=of) <= most[rows]

        return _fewest(r * w, p, kept, patient, most / w)

    return _people(fewest, rate=rate, work=work, patience=patience, mean=mean)


def agents_for_abandonment(
    rate: ArrayLike, work: ArrayLike, at_most: ArrayLike, patience: ArrayLike
) -> People:
    """Fewest agents with whom `abandonment` is at most `at_most`, a share more than 0 and less than 1.

    Args, returns, errors: as `agents`. With infinite patience nobody leaves, but the line must not grow
    for ever: the first number of agents above the load.
    """

    def patient(s: Floats, slack: Floats, odds: Floats) -> Truths:
        return slack > 0

    def fewest(r: Floats, w: Floats, p: Floats, most: Floats) -> Floats:
        def kept(rows: Rows, s: Floats) -> Truths:
            return _abandonment(r[rows], w[rows], s, p[rows]) <= most[rows]

        return _fewest(r * w, p, kept, patient)

    return _people(fewest, rate=rate, work=work, patience=patience, at_most=at_most)


def agents_for_occupancy(
    rate: ArrayLike, work: ArrayLike, at_most: ArrayLike, patience: ArrayLike = INF
) -> People:
    """Fewest agents with whom `occupancy` is at most `at_most`, a share more than 0 and less than 1.

    Args, returns, errors: as `agents`; at least one where contacts come.
    """

    def fewest(r: Floats, w: Floats, p: Floats, most: Floats) -> Floats:
        def kept(rows: Rows, s: Floats) -> Truths:
            return (s > 0) & (_occupancy(r[rows], w[rows], s, p[rows]) <= most[rows])

        return _fewest(r * w, p, kept)

    return _people(fewest, rate=rate, work=work, patience=patience, at_most=at_most)


def agents_for_blocking(load: ArrayLike, at_most: ArrayLike) -> People:
    """Fewest agents with whom Erlang B's `b` is at most `at_most`, a share more than 0 and less than 1.

    Args, returns, errors: as `b` and `agents`.
    """

    def fewest(a: Floats, most: Floats) -> Floats:
        def kept(rows: Rows, s: Floats) -> Truths:
            return 1 / (1 + odds_of(a[rows], s)) <= most[rows]

        return _fewest(a, np.zeros_like(a), kept)

    return _people(fewest, load=load, at_most=at_most)


def rostered(agents: ArrayLike, shrinkage: ArrayLike) -> People:
    """People to put on the roster so that `agents` are there: agents / (1 - shrinkage), rounded up.

    Args:
        agents: 0 or more.
        shrinkage: share of paid time in which people are not there, from 0 to less than 1.
    """

    def up(s: Floats, away: Floats) -> Floats:
        return np.ceil(s / (1 - away) * (1 - 1e-14))  # 90 of whom 10% are away are 100, not 101

    return _people(up, agents=agents, shrinkage=shrinkage)


# -- who comes back ----------------------------------------------------------------------------------


def rate_with_returns(
    rate: ArrayLike, work: ArrayLike, agents: ArrayLike, patience: ArrayLike, returns: ArrayLike
) -> Figure:
    """Contacts per second where a share of those that leave come back: put it in place of `rate` elsewhere.

    The x with x (1 - returns x abandonment(x)) = rate. It assumes that who comes back does so late enough
    to be one more contact at random, with patience and share as before (the extended Erlang B model where
    patience is 0; for Erlang A see Aguir, Karaesmen, Aksin, Chauvet, *The impact of retrials on call center
    performance*, 2004). Of buyers, not contacts, a share of 1 - rate' (1 - abandonment') / rate is lost.

    Args:
        rate: first contacts per second.
        work, agents, patience: as `waiting`; without patience nobody leaves, and nobody comes back.
        returns: share of those that leave, 0 or more and less than 1.
    """
    shape, arguments = _arguments(rate=rate, work=work, agents=agents, patience=patience, returns=returns)
    return _shaped(by_row(_rate_with_returns, *arguments), shape)


def _rate_with_returns(rate: Floats, work: Floats, agents: Floats, patience: Floats, share: Floats) -> Floats:
    """By bisection: contacts served and those lost for good both rise with the rate."""
    low, high = rate, rate / (1 - share)
    for _ in range(60):
        middle = (low + high) / 2
        short = middle * (1 - share * _abandonment(middle, work, agents, patience)) < rate
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return (low + high) / 2


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


def _fits(name: str, column: Floats) -> tuple[Truths, str]:
    """Which values are in the argument's range, and what to say of those that are not."""
    if name == "agents":
        return (column >= 0) & (column < _MOST), "erlang.agents"
    if name == "at_least":
        return (column > 0) & (column < 1), "erlang.share"
    if name == "at_most":
        return (column > 0) & (column < 1), "erlang.most"
    if name in ("returns", "shrinkage"):
        return (column >= 0) & (column < 1), "erlang.part"
    if name == "mean":
        return column > 0, "erlang.mean"
    if name == "work":
        return (column > 0) & np.isfinite(column), "erlang.work"
    if name in ("patience", "within"):
        return column >= 0, "erlang.time"
    return (column >= 0) & np.isfinite(column), "erlang.amount"


def _choice(name: str, given: str, choices: Any) -> None:
    if given not in get_args(choices):
        raise InputError.one("erlang.choice", name, given=given, allowed=", ".join(get_args(choices)))


def _shaped(column: Floats, shape: tuple[int, ...]) -> Figure:
    figure: Figure = column.reshape(shape)[()]
    return figure


def _people(fewest: Callable[..., Floats], **given: ArrayLike) -> People:
    """Whole numbers from flat columns of the arguments."""
    shape, columns = _arguments(**given)
    found: People = by_row(fewest, *columns, at_once=_STEPPED).astype(np.int64).reshape(shape)[()]
    return found


# -- without patience --------------------------------------------------------------------------------


def _c(load: Floats, agents: Floats, odds: Floats) -> Floats:
    """Erlang C from (1 - B) / B, without cancellation near saturation."""
    slack = np.maximum(agents - load, 0)
    return 1 / (1 + product(slack / np.where(slack > 0, agents, 1), odds))


def _late(load: Floats, work: Floats, agents: Floats, within: Floats, busy: Floats) -> Floats:
    """Share that waits longer than T without patience: C e^(-(s - a) T / work)."""
    return busy * np.exp(-product(np.maximum(agents - load, 0) / work, within))


# -- formulas by row ---------------------------------------------------------------------------------


def _waiting(rate: Floats, work: Floats, agents: Floats, patience: Floats) -> Floats:
    load = rate * work
    odds = odds_of(load, agents)
    found = _c(load, agents, odds)
    some, line = _impatient(rate, work, agents, patience, odds)
    found[some] = line.busy
    return found


def _service_level(
    rate: Floats, work: Floats, agents: Floats, patience: Floats, within: Floats, *, definition: Level
) -> Floats:
    load = rate * work
    odds = odds_of(load, agents)
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
    odds = odds_of(load, agents)
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
    some, line = _impatient(rate, work, agents, patience, odds_of(rate * work, agents))
    found[some] = line.leaves()
    return found


def _occupancy(rate: Floats, work: Floats, agents: Floats, patience: Floats) -> Floats:
    load = rate * work
    served = np.ones_like(load)
    some, line = _impatient(rate, work, agents, patience, odds_of(load, agents))
    served[some] = line.served()
    return np.where(agents > 0, np.minimum(load * served / np.maximum(agents, 1), 1), 0.0)


def _impatient(
    rate: Floats, work: Floats, agents: Floats, patience: Floats, odds: Floats
) -> tuple[NDArray[np.bool_], Line]:
    """Which rows have finite patience, and their queues."""
    some = np.isfinite(patience)
    return some, Line.at(rate[some], work[some], agents[some], patience[some], odds[some])


def _in_units(within: Floats, patience: Floats) -> Floats:
    """T over the mean patience; T = 0 is 0 even to those with none."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(within == 0, 0.0, within / patience)


def _share(part: Floats, whole: Floats) -> Floats:
    """part / whole, and 0 of nothing."""
    result: Floats = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return result


def _fewest(
    load: Floats,
    patience: Floats,
    kept: Callable[[Rows, Floats], Truths],
    patient: Kept | None = None,
    *columns: Floats,
) -> Floats:
    """Fewest agents by row: without patience stepping up where `patient` is there, else searching."""
    if not (load < _MOST).all():
        raise InputError.one("erlang.load", given=load.max().item())
    found = np.zeros_like(load)
    steps = ~np.isfinite(patience) if patient else np.zeros(len(load), dtype=np.bool_)
    rows = np.flatnonzero(steps & (load > 0))
    if patient and rows.size:
        found[rows] = stepped(load[rows], *(column[rows] for column in columns), kept=patient)
    rest = np.flatnonzero(~steps & (load > 0))
    for part in parts(rest.size):
        found[rest[part]] = _searched(rest[part], load, kept)
    return found


def _searched(rows: Rows, load: Floats, kept: Callable[[Rows, Floats], Truths]) -> Floats:
    return searched(np.floor(load[rows]), lambda some, s: kept(rows[some], s))
