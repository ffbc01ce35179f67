"""Two neighbours of Erlang's formulas: a line with few places, and agents who do other work meanwhile.

Rates per second, times in seconds; one case at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cssim.errors import InputError
from cssim.queueing.odds import odds
from cssim.queueing.palm import Line
from cssim.queueing.rows import INF, Floats

MOST_PLACES = 10_000_000
"""Waiting places that are worked out one by one."""


@dataclass(frozen=True)
class Bounded:
    """Contacts that are turned away where all lines are taken, and wait otherwise (M/M/n/K + M).

    All shares are of the contacts offered; divide by `accepted` for those of the contacts let in, by
    `served` for those of the contacts answered.

    Attributes:
        blocked: share turned away.
        waits: share let in that finds all agents busy.
        served, abandons: shares answered, and left in the line.
        served_within, left_within: shares answered, and left, no later than T.
        virtual_within: share let in that would be answered by T if it stayed.
        queue, present: mean number waiting, and in all.
        occupancy: share of their time that agents are busy.
        wait, wait_served, wait_virtual: mean seconds of those let in, of those answered, and of those let in
            if they stayed.
    """

    blocked: float
    waits: float
    served: float
    abandons: float
    served_within: float
    left_within: float
    virtual_within: float
    queue: float
    present: float
    occupancy: float
    wait: float
    wait_served: float
    wait_virtual: float

    @property
    def accepted(self) -> float:
        return 1 - self.blocked


def bounded(
    rate: float, work: float, agents: int, lines: int, within: float = 0.0, patience: float = INF
) -> Bounded:
    """Agents with a line that has `lines` - `agents` waiting places.

    Steady state of the chain of contacts present. One that finds all agents and j others before it moves up
    at the rates 1 / m_i, m_i = 1 / (agents / work + i / patience), so that its wait is a power of a beta
    variable, or without patience an Erlang one (Riordan, *Stochastic Service Systems*, 1962).

    Args:
        rate: contacts per second, more than 0.
        work: mean seconds, more than 0.
        agents: whole, from 1.
        lines: contacts that may be there at a time, at least `agents`.
        within: T, seconds, 0 or more.
        patience: mean seconds, more than 0; inf where nobody leaves.

    Raises:
        InputError: an argument is out of its range.
    """
    _check(rate, work, agents, lines, within, patience)
    free = float(odds(np.array([rate * work]), np.array([float(agents)]))[0])
    j = np.arange(lines - agents + 1.0)  # others in the line
    moves = agents / work + j / patience
    log_queue = np.concatenate([[0.0], np.cumsum(np.log(rate / moves[1:]))])
    top = log_queue.max()
    queued = np.exp(log_queue - top)  # in proportion to the probability of j in the line
    total = queued.sum() + free * np.exp(-top)
    queued = queued / total
    enters, busy = queued[:-1], float(queued.sum())
    ahead = j[:-1]
    survives = (agents / work) / moves[1:] if patience < INF else np.ones_like(ahead)
    virtual, answered = _in_time(ahead, agents * patience / work, agents / work, within, patience)
    in_time = float(enters @ (survives * answered))
    gone = float(enters @ (1 - (1 - virtual) * np.exp(-within / patience))) - in_time
    queue = float(queued @ j)
    blocked = float(queued[-1])
    served = 1 - blocked - queue / patience / rate
    idle = 1 - busy
    waits_if_staying = np.cumsum(1 / moves[:-1])
    waits_if_served = np.cumsum(1 / moves[1:]) if patience < INF else waits_if_staying
    return Bounded(
        blocked=blocked,
        waits=busy - blocked,
        served=served,
        abandons=queue / patience / rate,
        served_within=idle + in_time,
        left_within=max(gone, 0.0),
        virtual_within=idle + float(enters @ virtual),
        queue=queue,
        present=queue + rate * served * work,
        occupancy=rate * served * work / agents,
        wait=queue / rate / (1 - blocked),
        wait_served=float(enters @ (survives * waits_if_served)) / served,
        wait_virtual=float(enters @ waits_if_staying) / (1 - blocked),
    )


def _in_time(
    ahead: Floats, n: float, free_up: float, within: float, patience: float
) -> tuple[Floats, Floats]:
    """P(wait <= T) with so many ahead: if one stays, and given that one is answered."""
    from scipy.special import betainc, gammainc  # slow to import

    if patience == INF:
        same = np.asarray(gammainc(ahead + 1, free_up * within), dtype=np.float64)
        return same, same
    u = -np.expm1(-within / patience)
    staying, served = betainc(ahead + 1, n, u), betainc(ahead + 1, n + 1, u)
    return np.asarray(staying, dtype=np.float64), np.asarray(served, dtype=np.float64)


def _check(rate: float, work: float, agents: int, lines: int, within: float, patience: float) -> None:
    if not 0 < rate < INF:
        raise InputError.one("erlang.amount", "rate", given=rate)
    if not 0 < work < INF:
        raise InputError.one("erlang.work", "work", given=work)
    if not (agents >= 1 and agents == int(agents)):
        raise InputError.one("erlang.agents", "agents", given=agents)
    if not (agents <= lines <= agents + MOST_PLACES and lines == int(lines)):
        raise InputError.one("erlang.lines", "lines", given=lines, agents=agents, most=MOST_PLACES)
    for name, value in (("within", within), ("patience", patience)):
        if not value >= 0 or (name == "patience" and value == 0):
            raise InputError.one("erlang.time", name, given=value)


@dataclass(frozen=True)
class Blended:
    """Agents who take other work from a pile while more than a few of them are free.

    Attributes:
        waits: share of contacts that find all agents busy.
        service_level: share of offered contacts answered within T.
        mean_wait: of all contacts, seconds.
        abandons: share of contacts that leave.
        occupancy: share of their time that agents are busy with either.
        other_rate: pieces of other work done per second.
    """

    waits: float
    service_level: float
    mean_wait: float
    abandons: float
    occupancy: float
    other_rate: float


def blended(
    rate: float, work: float, agents: int, kept_free: int, within: float = 0.0, patience: float = INF
) -> Blended:
    """As many agents as are free beyond `kept_free` begin other work, of which there is always more.

    Other work takes as long as contacts do, exponential, and is not broken off. So never more than
    `kept_free` agents are free, and among those states the chain moves as Erlang's does (S. Bhulai,
    G. Koole, *A queueing model for call blending in call centers*, 2003).

    Args:
        rate, work, agents, within, patience: as `bounded`.
        kept_free: whole, from 0 to `agents`.

    Raises:
        InputError: an argument is out of its range; the load is at least the agents and nobody leaves.
    """
    _check(rate, work, agents, agents, within, patience)
    if not (0 <= kept_free <= agents and kept_free == int(kept_free)):
        raise InputError.one("erlang.kept_free", "kept_free", given=kept_free, most=agents)
    load = rate * work
    if patience == INF and load >= agents:
        raise InputError.one("erlang.overloaded", "agents", given=agents, load=load)
    free = np.cumprod((agents - np.arange(kept_free)) / load)  # 1, 2, ... free agents, to none
    ratio = float(free.sum())
    if patience == INF:
        waits = agents / (agents + (agents - load) * ratio)
        late = waits * np.exp(-(agents - load) * within / work)
        mean_wait, leaves = waits * work / (agents - load), 0.0
    else:
        row = (np.array([float(value)]) for value in (rate, work, agents, patience, ratio))
        line = Line.at(*row)
        waits, leaves = float(line.busy[0]), float(line.leaves()[0])
        late = 1 - float(line.served_within(np.array([within / patience]))[0])
        mean_wait = leaves * patience
    idle = (1 - waits) * float(free @ np.arange(1, kept_free + 1)) / ratio if kept_free else 0.0
    occupancy = 1 - idle / agents
    return Blended(
        waits=float(waits),
        service_level=float(1 - late),
        mean_wait=float(mean_wait),
        abandons=leaves,
        occupancy=occupancy,
        other_rate=(occupancy * agents - load * (1 - leaves)) / work,
    )
