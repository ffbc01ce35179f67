"""One agent, many chats, as a Markov chain solved numerically: what the engine must show on average.

With Poisson contacts, exponential replies, think times and patience, and geometric rounds, the state is how
many contacts wait in line, and of the agent's chats how many wait for a first reply, how many for a later
one, how many buyers think, and whether a reply is being written. First replies go before later ones.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, eye, vstack
from scipy.sparse.linalg import spsolve

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Desk:
    """The agent's day; means in seconds.

    Attributes:
        chats: chat limit.
        gap: mean time between contacts.
        reply, think, patience: means.
        rounds: mean number.
        line: most contacts in line that the chain follows.
    """

    chats: int
    gap: float
    reply: float = 10.0
    think: float = 30.0
    patience: float = 60.0
    rounds: float = 3.0
    line: int = 60

    @property
    def goes_on(self) -> float:
        """Chance that a reply is not the last."""
        return 1 - 1 / self.rounds


@dataclass(frozen=True, order=True)
class State:
    """Contacts in line; chats that wait for a first reply, for a later one, that think; a reply under way."""

    line: int
    first: int
    later: int
    think: int
    replying: int

    @property
    def open(self) -> int:
        return self.first + self.later + self.think + self.replying


@dataclass(frozen=True)
class Exact:
    """What the chain says of the long run."""

    abandonment: float
    occupancy: float
    open_chats: float
    at_once: float
    wait_of_answered: float


Step = tuple[float, State]


def next_reply(s: State) -> State:
    """An agent who is not replying takes the next pending round, first replies first."""
    if s.replying or not (s.first or s.later):
        return s
    if s.first:
        return State(s.line, s.first - 1, s.later, s.think, 1)
    return State(s.line, 0, s.later - 1, s.think, 1)


def freed(s: State) -> State:
    """A place has become free: the head of the line takes it."""
    return State(s.line - 1, s.first + 1, s.later, s.think, s.replying) if s.line else s


def steps(desk: Desk, s: State) -> Iterator[Step]:
    """Where the chain goes from a state, and at what rates per second."""
    if s.open < desk.chats:
        yield 1 / desk.gap, next_reply(State(0, s.first + 1, s.later, s.think, s.replying))
    elif s.line < desk.line:
        yield 1 / desk.gap, State(s.line + 1, s.first, s.later, s.think, s.replying)
    if s.replying:
        stays = State(s.line, s.first, s.later, s.think + 1, 0)
        goes = freed(State(s.line, s.first, s.later, s.think, 0))
        yield desk.goes_on / desk.reply, next_reply(stays)
        yield (1 - desk.goes_on) / desk.reply, next_reply(goes)
    if s.think:
        yield s.think / desk.think, next_reply(State(s.line, s.first, s.later + 1, s.think - 1, s.replying))
    if s.line:
        yield s.line / desk.patience, State(s.line - 1, s.first, s.later, s.think, s.replying)
    if s.first:
        yield s.first / desk.patience, freed(State(s.line, s.first - 1, s.later, s.think, s.replying))


def reachable(start: Hashable, onward: Callable[[Hashable], Iterable[Hashable]]) -> list[Hashable]:
    """Every state that can be reached."""
    seen, open_ = {start: None}, [start]
    while open_:
        for state in onward(open_.pop()):
            if state not in seen:
                seen[state] = None
                open_.append(state)
    return list(seen)


def long_run(desk: Desk) -> dict[State, float]:
    """Stationary probabilities."""
    states = reachable(State(0, 0, 0, 0, 0), lambda s: [t for _, t in steps(desk, s)])
    index = {s: k for k, s in enumerate(states)}
    moves = [(index[s], index[t], rate) for s in states for rate, t in steps(desk, s)]
    row, column, rate = (np.array(x) for x in zip(*moves, strict=True))
    n = len(states)
    flow = csr_matrix((rate, (column, row)), shape=(n, n))
    balance = flow - csr_matrix((np.asarray(flow.sum(axis=0)).ravel(), (range(n), range(n))))
    system = vstack([balance.tocsr()[:-1], csr_matrix(np.ones((1, n)))]).tocsc()
    p = spsolve(system, np.eye(n)[-1])
    return dict(zip(states, p, strict=True))


# -- the wait of one contact that is answered --------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Turn:
    """A contact that waits: with the agent, behind `first` others; or in line, `s.line` others ahead."""

    with_agent: bool
    s: State


ANSWERED, LEFT = "answered", "left"


def turns(desk: Desk, turn: Turn) -> Iterator[tuple[float, Turn | str]]:
    """What can happen to it, and at what rates; who comes later plays no part."""
    s = turn.s
    yield 1 / desk.patience, LEFT
    if turn.with_agent:
        ahead = Turn(True, State(0, s.first - 1, 0, 0, 1))
        yield 1 / desk.reply, ahead if s.first else ANSWERED
        if s.first:
            yield s.first / desk.patience, ahead
        return

    def place(t: State) -> Turn | str:
        """A place is free: the head of the line has it, or the contact itself."""
        if t.line:
            return Turn(False, next_reply(freed(t)))
        if t.replying:
            return Turn(True, State(0, t.first, 0, 0, 1))
        return Turn(True, State(0, t.first - 1, 0, 0, 1)) if t.first else ANSWERED

    if s.replying:
        yield (
            desk.goes_on / desk.reply,
            Turn(False, next_reply(State(s.line, s.first, s.later, s.think + 1, 0))),
        )
        yield (1 - desk.goes_on) / desk.reply, place(State(s.line, s.first, s.later, s.think, 0))
    if s.think:
        later = State(s.line, s.first, s.later + 1, s.think - 1, s.replying)
        yield s.think / desk.think, Turn(False, next_reply(later))
    if s.line:
        yield s.line / desk.patience, Turn(False, State(s.line - 1, s.first, s.later, s.think, s.replying))
    if s.first:
        yield s.first / desk.patience, place(State(s.line, s.first - 1, s.later, s.think, s.replying))


def on_arrival(desk: Desk, s: State) -> Turn | str:
    """What a contact finds."""
    if s.open == desk.chats:
        return Turn(False, s)
    return Turn(True, State(0, s.first, 0, 0, 1)) if s.replying else ANSWERED


def answered_waits(desk: Desk, begin: Iterable[Turn]) -> dict[Turn, tuple[float, float]]:
    """For each turn: the chance to be answered, and the mean wait where only answered ones count."""
    found: dict[Hashable, None] = {}
    for turn in begin:
        if turn not in found:
            onward = reachable(turn, lambda t: [u for _, u in turns(desk, t) if isinstance(u, Turn)])
            found.update(dict.fromkeys(onward))
    states = list(found)
    index = {t: k for k, t in enumerate(states)}
    n = len(states)
    total = np.array([sum(rate for rate, _ in turns(desk, t)) for t in states])
    row, column, chance, answered = [], [], [], np.zeros(n)
    for k, turn in enumerate(states):
        for rate, then in turns(desk, turn):
            if then == ANSWERED:
                answered[k] += rate / total[k]
            elif isinstance(then, Turn):
                row.append(k)
                column.append(index[then])
                chance.append(rate / total[k])
    system = (eye(n) - csr_matrix((chance, (row, column)), shape=(n, n))).tocsc()
    p = spsolve(system, answered)
    m = spsolve(system, p / total)
    return {t: (float(p[k]), float(m[k])) for t, k in index.items()}


def exact(desk: Desk) -> Exact:
    """The long run in figures."""
    law = long_run(desk)
    assert law[max(law, key=lambda s: s.line)] < 1e-12, "the line is long enough"
    found = {s: on_arrival(desk, s) for s in law}
    waits = answered_waits(desk, {t for t in found.values() if isinstance(t, Turn)})

    def mean(of: Callable[[State], float]) -> float:
        return float(sum(p * of(s) for s, p in law.items()))

    def of_turn(which: int) -> float:
        return mean(lambda s: waits[t][which] if isinstance(t := found[s], Turn) else 1.0 - which)

    abandonment = mean(lambda s: s.line + s.first) / desk.patience * desk.gap
    # The same by two ways: from the flow out of the lines, and from what becomes of single contacts.
    assert abs(abandonment - (1 - of_turn(0))) < 1e-9
    return Exact(
        abandonment=abandonment,
        occupancy=mean(lambda s: s.replying),
        open_chats=mean(lambda s: s.open),
        at_once=mean(lambda s: found[s] == ANSWERED),
        wait_of_answered=of_turn(1) / of_turn(0),
    )
