"""The pocket calculator: a planner's questions to Erlang's formulas, answered for a range of agents at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cssim.errors import InputError
from cssim.queueing import erlang

Model = Literal["b", "c", "a"]


@dataclass(frozen=True)
class Row:
    """What so many agents would do; None where it is not defined (no times given, or the line grows for ever).

    Attributes:
        agents: people, each with one contact at a time.
        blocked: share turned away (Erlang B), else None.
        waits: share that has to wait (Erlang C), else None.
        within: share of contacts answered within T (Erlang C and A).
        mean_wait: mean wait of all contacts, seconds (Erlang C and A).
        abandons: share that gives up (Erlang A), else None.
        occupancy: share of their time that agents are busy.
    """

    agents: int
    blocked: float | None = None
    waits: float | None = None
    within: float | None = None
    mean_wait: float | None = None
    abandons: float | None = None
    occupancy: float | None = None


@dataclass(frozen=True)
class Answer:
    """Rows for the agents asked about, and the fewest agents where a promise was given.

    Attributes:
        model: Erlang's formula.
        load: offered work, erlangs.
        rate: contacts per second, or None where only the load is known.
        work: seconds per contact, or None.
        within: T, seconds, or None.
        patience: mean, seconds, or None.
        at_least: the promise, or None.
        fewest: the fewest agents that keep it, or None where none was asked for.
        rows: by number of agents.
    """

    model: Model
    load: float
    rate: float | None
    work: float | None
    within: float | None
    patience: float | None
    at_least: float | None
    fewest: int | None
    rows: tuple[Row, ...]


def ask(
    model: Model,
    *,
    load: float | None = None,
    rate: float | None = None,
    work: float | None = None,
    agents: Sequence[int] = (),
    within: float | None = None,
    at_least: float | None = None,
    patience: float | None = None,
) -> Answer:
    """The answers of Erlang B, C or A.

    Args:
        model: `b` (no line: who finds nobody free is turned away), `c` (everyone waits), `a` (who waits may leave).
        load: erlangs; or `rate` (per second) and `work` (seconds), which are needed wherever a time is asked for.
        agents: numbers of agents to show; only the fewest where empty.
        within: T in seconds.
        at_least: share to be answered within T (Erlang B: not to be turned away).
        patience: mean, seconds (Erlang A).

    Raises:
        InputError: too little or too much was given.
    """
    load, rate, work = _load(load, rate, work)
    if model == "a" and (rate is None or patience is None):
        raise InputError.one("pocket.needs_patience")
    if model == "b" and within is not None:
        raise InputError.one("pocket.no_within")
    if model != "b" and (within is not None or at_least is not None) and rate is None:
        raise InputError.one("pocket.needs_rate")
    if model != "b" and at_least is not None and within is None:
        raise InputError.one("pocket.needs_within")
    if not agents and at_least is None:
        raise InputError.one("pocket.needs_agents")
    fewest = None
    if at_least is not None:
        fewest = _fewest(model, load, rate, work, within, at_least, patience)
    shown = list(agents) or [n for n in range((fewest or 1) - 2, (fewest or 1) + 3) if n >= 1]
    rows = tuple(_row(model, n, load, rate, work, within, patience) for n in shown)
    return Answer(model, load, rate, work, within, patience, at_least, fewest, rows)


def _load(
    load: float | None, rate: float | None, work: float | None
) -> tuple[float, float | None, float | None]:
    if rate is not None and work is not None and load is None:
        return rate * work, rate, work
    if load is not None and rate is None:
        return load, (load / work if work else None), work
    raise InputError.one("pocket.load")


def _row(
    model: Model,
    agents: int,
    load: float,
    rate: float | None,
    work: float | None,
    within: float | None,
    patience: float | None,
) -> Row:
    if model == "b":
        blocked = float(erlang.b(load, agents))
        return Row(agents, blocked=blocked, occupancy=load * (1 - blocked) / agents)
    inside = mean = None
    lasting = math.inf if patience is None else patience
    if rate is not None and work is not None:
        mean = _finite(float(erlang.mean_wait(rate, work, agents, lasting)))
        if within is not None:
            inside = float(erlang.service_level(rate, work, agents, within, lasting))
    if model == "c":
        waits = float(erlang.c(load, agents))
        return Row(agents, waits=waits, within=inside, mean_wait=mean, occupancy=min(load / agents, 1.0))
    assert rate is not None and work is not None and patience is not None
    gone = float(erlang.abandonment(rate, work, agents, patience))
    return Row(agents, within=inside, mean_wait=mean, abandons=gone, occupancy=load * (1 - gone) / agents)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _fewest(
    model: Model,
    load: float,
    rate: float | None,
    work: float | None,
    within: float | None,
    at_least: float,
    patience: float | None,
) -> int:
    if model != "b":
        assert rate is not None and work is not None and within is not None
        lasting = math.inf if patience is None else patience
        return int(erlang.agents(rate, work, within, at_least, lasting))
    if at_least >= 1:
        raise InputError.one("pocket.certain")
    most = 16
    while float(erlang.b(load, most)) > 1 - at_least:
        most *= 2
    enough = np.asarray(erlang.b(load, np.arange(1, most + 1))) <= 1 - at_least
    return 1 + int(np.argmax(enough))
