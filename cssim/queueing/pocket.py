"""The pocket calculator: a planner's questions to Erlang's formulas, for several numbers of agents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from cssim.errors import InputError, Wrong
from cssim.queueing import erlang

Model = Literal["b", "c", "a"]

MOST_ROWS = 1000
"""Numbers of agents that one question may ask about."""


@dataclass(frozen=True)
class Question:
    """What is known, and what is promised.

    Attributes:
        model: `b` (who finds nobody free is turned away), `c` (everyone waits), `a` (who waits may leave).
        load: offered work, erlangs.
        work: seconds per contact; None where times are neither known nor asked for.
        within: T, seconds, of the share answered in time, or None.
        patience: mean, seconds; infinite but for Erlang A.
        at_least: share to be answered within T (Erlang B: not to be turned away), or None.
    """

    model: Model
    load: float
    work: float | None = None
    within: float | None = None
    patience: float = math.inf
    at_least: float | None = None

    @property
    def rate(self) -> float | None:
        """Contacts per second."""
        return self.load / self.work if self.work else None


@dataclass(frozen=True)
class Row:
    """What so many agents would do; None where the model has no such thing or it has no bound.

    Attributes:
        agents: people, each with one contact at a time.
        blocked: share turned away (Erlang B).
        waits: share that has to wait (Erlang C and A).
        within: share of contacts answered within T (Erlang C and A).
        mean_wait: mean wait of all contacts, seconds (Erlang C and A).
        abandons: share that gives up (Erlang A).
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
    """Rows by number of agents, and the fewest agents that keep the promise (None where there is none)."""

    question: Question
    fewest: int | None
    rows: tuple[Row, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON; None where there is nothing to say."""
        asked = self.question
        return {
            "schema": "cssim.erlang.1",
            "model": asked.model,
            "load": asked.load,
            "rate_per_s": asked.rate,
            "work_s": asked.work,
            "within_s": asked.within,
            "patience_s": asked.patience if math.isfinite(asked.patience) else None,
            "at_least": asked.at_least,
            "fewest": self.fewest,
            "rows": [asdict(row) for row in self.rows],
        }


def question(
    model: Model,
    *,
    load: float | None = None,
    rate: float | None = None,
    work: float | None = None,
    within: float | None = None,
    at_least: float | None = None,
    patience: float | None = None,
) -> Question:
    """A question from what a planner gives: `load` in erlangs, or `rate` per second and `work` in seconds.

    Raises:
        InputError: too little, too much, or what the model does not know.
    """
    if rate is not None and work is not None and load is None:
        load = rate * work
    elif load is None or rate is not None:
        raise InputError.one("pocket.load")
    if not (math.isfinite(load) and load > 0) or work == 0:
        raise InputError.one("pocket.no_load")
    if (model == "a") != (patience is not None):
        raise InputError.one("pocket.patience")
    if model == "b" and within is not None:
        raise InputError.one("pocket.no_within")
    if model != "b" and at_least is not None and within is None:
        raise InputError.one("pocket.needs_within")
    if work is None and (within is not None or patience is not None):
        raise InputError.one("pocket.needs_work")
    if at_least == 1:
        raise InputError.one("pocket.certain")
    return Question(model, load, work, within, math.inf if patience is None else patience, at_least)


def parse_agents(text: str) -> range:
    """The numbers of agents that `12` or `10:20` (both ends included) means.

    Raises:
        Wrong: neither, or too many.
    """
    first, _, last = text.partition(":")
    try:
        agents = range(int(first), int(last or first) + 1)
    except ValueError:
        agents = range(0)
    if not 1 <= len(agents) <= MOST_ROWS or agents[0] < 1:
        raise Wrong("pocket.agents", most=MOST_ROWS)
    return agents


def ask(asked: Question, agents: Sequence[int] = ()) -> Answer:
    """The answer for these numbers of agents; without any, for those around the fewest that are enough.

    Raises:
        InputError: neither agents nor a promise, or no number of agents can keep the promise.
    """
    fewest = _fewest(asked) if asked.at_least is not None else None
    if not agents and fewest is None:
        raise InputError.one("pocket.needs_agents")
    shown = agents or [n for n in range((fewest or 1) - 2, (fewest or 1) + 3) if n >= 1]
    return Answer(asked, fewest, tuple(_row(asked, n) for n in shown))


def _row(asked: Question, agents: int) -> Row:
    load, work = asked.load, asked.work or 1.0
    rate = load / work
    if asked.model == "b":
        blocked = float(erlang.b(load, agents))
        return Row(agents, blocked=blocked, occupancy=load * (1 - blocked) / agents)
    times = (rate, work, agents)
    inside = None
    if asked.within is not None:
        inside = float(erlang.service_level(*times, asked.within, asked.patience))
    wait = float(erlang.mean_wait(*times, asked.patience)) if asked.work else math.inf
    return Row(
        agents,
        waits=float(erlang.waiting(*times, asked.patience)),
        within=inside,
        mean_wait=wait if math.isfinite(wait) else None,
        abandons=float(erlang.abandonment(*times, asked.patience)) if asked.model == "a" else None,
        occupancy=float(erlang.occupancy(*times, asked.patience)),
    )


def _fewest(asked: Question) -> int:
    at_least = asked.at_least or 0.0
    if asked.model != "b":
        work = asked.work or 1.0
        return int(erlang.agents(asked.load / work, work, asked.within or 0.0, at_least, asked.patience))
    most = 16
    while float(erlang.b(asked.load, most)) > 1 - at_least:
        most *= 2
    enough = np.asarray(erlang.b(asked.load, np.arange(1, most + 1))) <= 1 - at_least
    return 1 + int(np.argmax(enough))
