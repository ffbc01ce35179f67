"""Contacts, agents and rules put together by hand, for tests that follow single contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cssim.demand.contacts import NOBODY, Contacts, Trigger
from cssim.engine.floor import Agents, Policy
from cssim.engine.log import Log
from cssim.engine.reference import run

INF = float("inf")


@dataclass(frozen=True)
class C:
    """A contact: work, think and patience by round; by default one round, infinitely patient."""

    at: float = float("nan")
    work: Sequence[float] = (10.0,)
    think: Sequence[float] = ()
    patience: Sequence[float] = ()
    queue: int = 0
    covered: bool = False
    deflected: bool = False
    delay: float = 0.0
    lingers: bool = False
    parent: int = NOBODY
    trigger: Trigger = Trigger.NONE
    wake: float = 0.0


@dataclass(frozen=True)
class A:
    """An agent: shift, breaks as (start, end), group."""

    start: float = 0.0
    end: float = 100_000.0
    breaks: Sequence[tuple[float, float]] = ()
    group: int = 0
    present: bool = True


@dataclass(frozen=True)
class G:
    """A group's rules; `serves` maps a queue to (priority, speed, after)."""

    serves: dict[int, tuple[float, float, float]] = field(default_factory=lambda: {0: (0.0, 1.0, 0.0)})
    chats: int = 1
    idle_first: bool = False
    oldest: bool = False
    promote_after: float = INF
    idle_hold: float = 0.0
    wind_down: float = 0.0


def _rounds(rows: Sequence[C], values: str, missing: float) -> np.ndarray:
    flat: list[float] = []
    for row in rows:
        given = list(getattr(row, values))
        if values == "think":
            given = [0.0, *given]
        flat += (given + [missing] * len(row.work))[: len(row.work)]
    return np.array(flat, dtype=np.float64)


def contacts(
    rows: Sequence[C], queues: int = 1, horizon: float = 100_000.0, until_sent: bool = False
) -> Contacts:
    """The arrays that the engine takes."""
    rows = [row if not row.deflected else C(**{**row.__dict__, "work": ()}) for row in rows]
    buyer = list(range(len(rows)))
    for i, row in enumerate(rows):
        buyer[i] = i if row.parent == NOBODY else buyer[row.parent]
    return Contacts(
        queues=tuple(f"q{k}" for k in range(queues)),
        horizon=horizon,
        queue=np.array([r.queue for r in rows], dtype=np.int64),
        buyer=np.array(buyer, dtype=np.int64),
        arrival=np.array([r.at for r in rows], dtype=np.float64),
        covered=np.array([r.covered or r.deflected for r in rows], dtype=bool),
        deflected=np.array([r.deflected for r in rows], dtype=bool),
        delay=np.array([r.delay for r in rows], dtype=np.float64),
        lingers=np.array([r.lingers for r in rows], dtype=bool),
        parent=np.array([r.parent for r in rows], dtype=np.int64),
        trigger=np.array([r.trigger for r in rows], dtype=np.int64),
        wake=np.array([r.wake for r in rows], dtype=np.float64),
        first=np.cumsum([0, *(len(r.work) for r in rows)], dtype=np.int64),
        work=_rounds(rows, "work", 0.0),
        think=_rounds(rows, "think", 0.0),
        patience=_rounds(rows, "patience", INF),
        until_sent=np.full(queues, until_sent),
    )


def agents(rows: Sequence[A]) -> Agents:
    """The arrays of agents, in the order given."""
    pauses = [pause for row in rows for pause in row.breaks]
    return Agents(
        group=np.array([r.group for r in rows], dtype=np.int64),
        start=np.array([r.start for r in rows], dtype=np.float64),
        end=np.array([r.end for r in rows], dtype=np.float64),
        present=np.array([r.present for r in rows], dtype=bool),
        duty=np.arange(len(rows), dtype=np.int64),
        first=np.cumsum([0, *(len(r.breaks) for r in rows)], dtype=np.int64),
        break_start=np.array([a for a, _ in pauses], dtype=np.float64),
        break_end=np.array([b for _, b in pauses], dtype=np.float64),
        break_paid=np.zeros(len(pauses), dtype=bool),
    )


def policy(groups: Sequence[G], queues: int = 1) -> Policy:
    """The arrays of rules."""
    shape = (len(groups), queues)
    serves, priority = np.zeros(shape, dtype=bool), np.full(shape, INF)
    speed, after = np.ones(shape), np.full(shape, INF)
    for g, group in enumerate(groups):
        for q, (rank, pace, wait) in group.serves.items():
            serves[g, q], priority[g, q], speed[g, q], after[g, q] = True, rank, pace, wait
    return Policy(
        groups=tuple(f"g{k}" for k in range(len(groups))),
        queues=tuple(f"q{k}" for k in range(queues)),
        serves=serves,
        priority=priority,
        speed=speed,
        after=after,
        chats=np.array([g.chats for g in groups], dtype=np.int64),
        idle_first=np.array([g.idle_first for g in groups], dtype=bool),
        oldest=np.array([g.oldest for g in groups], dtype=bool),
        promote_after=np.array([g.promote_after for g in groups]),
        idle_hold=np.array([g.idle_hold for g in groups]),
        wind_down=np.array([g.wind_down for g in groups]),
    )


def play(
    arriving: Sequence[C],
    staff: Sequence[A] = (A(),),
    groups: Sequence[G] = (G(),),
    queues: int = 1,
    horizon: float = 100_000.0,
    until_sent: bool = False,
) -> Log:
    """What the readable engine makes of it."""
    return run(contacts(arriving, queues, horizon, until_sent), agents(staff), policy(groups, queues))
