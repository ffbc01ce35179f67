"""The pocket calculator: a planner's questions to Erlang's formulas, for several numbers of agents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from cssim.errors import InputError, Wrong
from cssim.queueing import erlang

Model = Literal["b", "c", "a"]
Measure = Literal["at_least", "mean_wait", "abandonment", "occupancy"]

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
        patience: mean, seconds; 0 for Erlang B, infinite for Erlang C.
        at_least: share to be answered within T (Erlang B: not to be turned away), or None.
        mean_wait: seconds that all contacts may wait on average, or None.
        abandonment: share that may leave, or None.
        occupancy: share of their time that agents may be busy, or None.
        shrinkage: share of paid time in which agents are not there, or None.
    """

    model: Model
    load: float
    work: float | None = None
    within: float | None = None
    patience: float = math.inf
    at_least: float | None = None
    mean_wait: float | None = None
    abandonment: float | None = None
    occupancy: float | None = None
    shrinkage: float | None = None

    @property
    def rate(self) -> float | None:
        """Contacts per second."""
        return self.load / self.work if self.work else None

    @property
    def times(self) -> tuple[float, float]:
        """Rate and work; in units of the work where that is not known."""
        work = self.work or 1.0
        return self.load / work, work


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
class Promise:
    """A promise, its bound, and the fewest agents that keep it."""

    measure: Measure
    bound: float
    agents: int


@dataclass(frozen=True)
class Answer:
    """Rows by number of agents, and the fewest agents that keep each promise.

    Attributes:
        too_few: most agents with whom the line grows for ever; None where it never does, or nobody asked.
    """

    question: Question
    promises: tuple[Promise, ...]
    rows: tuple[Row, ...]

    @property
    def fewest(self) -> int | None:
        """Agents who keep all promises; None where nothing is promised."""
        return max((promise.agents for promise in self.promises), default=None)

    @property
    def rostered(self) -> int | None:
        """People to roster for the fewest (or the only number asked about), where shrinkage is known."""
        people = self.rows[0].agents if len(self.rows) == 1 else self.fewest
        if people is None or self.question.shrinkage is None:
            return None
        return int(erlang.rostered(people, self.question.shrinkage))

    @property
    def too_few(self) -> int | None:
        asked = self.question
        shown = any(row.agents <= asked.load for row in self.rows)
        return math.floor(asked.load) if asked.model == "c" and shown else None

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
            "patience_s": asked.patience if asked.model == "a" else None,
            "at_least": asked.at_least,
            "shrinkage": asked.shrinkage,
            "promises": [asdict(promise) for promise in self.promises],
            "fewest": self.fewest,
            "rostered": self.rostered,
            "overloaded_to": self.too_few,
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
    mean_wait: float | None = None,
    abandonment: float | None = None,
    occupancy: float | None = None,
    patience: float | None = None,
    shrinkage: float | None = None,
) -> Question:
    """A question from what a planner gives: `load` in erlangs, or `rate` per second and `work` in seconds.

    Raises:
        InputError: too little, too much, what the model does not know, or what nobody can keep.
    """
    if rate is not None and work is not None and load is None:
        load = rate * work
    elif load is None or rate is not None:
        raise InputError.one("pocket.load")
    if not (math.isfinite(load) and load > 0) or work == 0:
        raise InputError.one("pocket.no_load")
    if (model == "a") != (patience is not None):
        raise InputError.one("pocket.patience")
    asked = Question(
        model=model,
        load=load,
        work=work,
        within=within,
        patience={"a": patience or 0.0, "b": 0.0, "c": math.inf}[model],
        at_least=at_least,
        mean_wait=mean_wait,
        abandonment=abandonment,
        occupancy=occupancy,
        shrinkage=shrinkage,
    )
    _fits(asked)
    _can_be_kept(asked)
    return asked


def _fits(asked: Question) -> None:
    """What is asked goes with the model, and all that it takes is there."""
    if asked.model == "b" and (asked.within is not None or asked.mean_wait is not None):
        raise InputError.one("pocket.no_within")
    if asked.model != "a" and asked.abandonment is not None:
        raise InputError.one("pocket.no_abandonment")
    if asked.model != "b" and asked.at_least is not None and asked.within is None:
        raise InputError.one("pocket.needs_within")
    timed = asked.within is not None or asked.mean_wait is not None or asked.model == "a"
    if timed and asked.work is None:
        raise InputError.one("pocket.needs_work")


def _can_be_kept(asked: Question) -> None:
    """Nothing is promised that no number of agents keeps, or that needs nobody."""
    if asked.at_least == 1:
        raise InputError.one("pocket.certain")
    if asked.at_least == 0:
        raise InputError.one("pocket.nothing")
    for option, bound in (("--abandonment", asked.abandonment), ("--occupancy", asked.occupancy)):
        if bound in (0, 1):
            raise InputError.one("pocket.never" if bound == 0 else "pocket.any", option)
    if asked.mean_wait == 0:
        raise InputError.one("pocket.never", "--mean-wait")
    if asked.shrinkage == 1:
        raise InputError.one("pocket.all_away")


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
    if not 1 <= len(agents) <= MOST_ROWS or agents[0] < 0:
        raise Wrong("pocket.agents", most=MOST_ROWS)
    return agents


def ask(asked: Question, agents: Sequence[int] = ()) -> Answer:
    """The answer for these numbers of agents; without any, for those around the fewest that are enough.

    Raises:
        InputError: neither agents nor a promise.
    """
    promises = _promises(asked)
    if not agents and not promises:
        raise InputError.one("pocket.needs_agents")
    fewest = max((promise.agents for promise in promises), default=0)
    shown = agents or [n for n in range(fewest - 2, fewest + 3) if n >= 1]
    return Answer(asked, promises, tuple(_row(asked, n) for n in shown))


def _promises(asked: Question) -> tuple[Promise, ...]:
    """What is promised, each with the fewest agents that keep it."""
    times, patience = asked.times, asked.patience
    found: list[Promise] = []
    if asked.at_least is not None:
        fewest = erlang.agents(*times, asked.within or 0.0, asked.at_least, patience)
        found.append(Promise("at_least", asked.at_least, int(fewest)))
    if asked.mean_wait is not None:
        fewest = erlang.agents_for_mean_wait(*times, asked.mean_wait, patience)
        found.append(Promise("mean_wait", asked.mean_wait, int(fewest)))
    if asked.abandonment is not None:
        fewest = erlang.agents_for_abandonment(*times, asked.abandonment, patience)
        found.append(Promise("abandonment", asked.abandonment, int(fewest)))
    if asked.occupancy is not None:
        fewest = erlang.agents_for_occupancy(*times, asked.occupancy, patience)
        found.append(Promise("occupancy", asked.occupancy, int(fewest)))
    return tuple(found)


def _row(asked: Question, agents: int) -> Row:
    at = *asked.times, agents
    busy = float(erlang.occupancy(*at, asked.patience))
    if asked.model == "b":
        return Row(agents, blocked=float(erlang.b(asked.load, agents)), occupancy=busy)
    inside = None
    if asked.within is not None:
        inside = float(erlang.service_level(*at, asked.within, asked.patience))
    wait = float(erlang.mean_wait(*at, asked.patience)) if asked.work else math.inf
    return Row(
        agents,
        waits=float(erlang.waiting(*at, asked.patience)),
        within=inside,
        mean_wait=wait if math.isfinite(wait) else None,
        abandons=float(erlang.abandonment(*at, asked.patience)) if asked.model == "a" else None,
        occupancy=busy,
    )
