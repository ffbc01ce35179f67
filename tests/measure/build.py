"""Scenarios and logs put together by hand, so that every measure's value can be counted on one's fingers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cssim.demand.contacts import NOBODY, Contacts
from cssim.engine.floor import Agents, Roster, policy_of
from cssim.engine.log import Log, Outcome
from cssim.measure.service import measure_day
from cssim.measure.tally import Tally
from cssim.scenario.schema import Scenario

NAN = float("nan")
HOUR = 3600.0
QUEUES = ("pre_sales", "after_sales")
GROUPS = ("main", "temps")


def shop(*targets: dict[str, Any], **changes: Any) -> Scenario:
    """A shop whose horizon runs from 18:00 on 10 November to 02:00 on the 12th."""
    given: dict[str, Any] = {
        "horizon": {"from": "2026-11-10 18:00", "to": "2026-11-12 02:00"},
        "queues": {
            "pre_sales": {"volume": {"contacts": 100}, "sale_value": 38},
            "after_sales": {"volume": {"contacts": 10}, "sale_value": 5},
        },
        "groups": {
            "main": {"serves": ["pre_sales", "after_sales"], "pay": {"per_hour": 30}},
            "temps": {"serves": ["pre_sales"], "speed": 0.5, "pay": {"per_hour": 20}},
        },
        "shifts": {
            "late": {"start": "18:00", "end": "24:00"},
            "night": {"start": "21:30", "end": "09:00", "breaks": [{"at": "02:00", "for": "30min"}]},
        },
        "targets": list(targets) or [{"measure": "first_reply", "within": "6s", "at_least": 0.8}],
    }
    return Scenario.model_validate({**given, **changes})


@dataclass(frozen=True)
class H:
    """What happened to a contact: arrival, hand-over, and (message, begun, sent) of its rounds.

    Without rounds it was never offered; by default it was handed over at once and agent 0 took it then.
    """

    arrival: float
    rounds: Sequence[tuple[float, float, float]] = ()
    outcome: Outcome = Outcome.SERVED
    queue: int = 0
    buyer: int | None = None
    covered: bool = False
    agent: int = 0
    work: float = 0.0
    patience: float = float("inf")
    held: tuple[float, float] = (NAN, NAN)


@dataclass(frozen=True)
class W:
    """When an agent worked: shift, overtime, breaks taken."""

    start: float
    end: float
    group: int = 0
    overtime: float = 0.0
    breaks: Sequence[tuple[float, float]] = ()
    present: bool = True


def reply(message: float, after: float) -> tuple[float, float, float]:
    """A round begun at once and answered so much later."""
    return (message, message, message + after)


def never(message: float) -> tuple[float, float, float]:
    """A round that was not answered."""
    return (message, NAN, NAN)


def contact(arrival: float, after: float, **more: Any) -> H:
    """A contact of one round."""
    return H(arrival, [reply(arrival, after)], **more)


def log_of(scenario: Scenario, rows: Sequence[H], workers: Sequence[W] = (W(0.0, HOUR),)) -> Log:
    """The log of these happenings."""
    rounds = [r for row in rows for r in row.rounds]
    first = np.cumsum([0, *(len(row.rounds) for row in rows)])
    per_round = [row for row in rows for _ in row.rounds]
    deflected = np.array([row.outcome is Outcome.DEFLECTED for row in rows], dtype=bool)
    offered = np.array([row.rounds[0][0] if row.rounds else NAN for row in rows], dtype=np.float64)
    contacts = Contacts(
        queues=tuple(scenario.queues),
        horizon=scenario.horizon.seconds,
        queue=np.array([row.queue for row in rows], dtype=np.int64),
        buyer=np.array([i if row.buyer is None else row.buyer for i, row in enumerate(rows)], dtype=np.int64),
        arrival=np.array([row.arrival for row in rows], dtype=np.float64),
        covered=deflected | np.array([row.covered for row in rows], dtype=bool),
        deflected=deflected,
        delay=np.zeros(len(rows)),
        lingers=np.array([row.outcome is Outcome.LINGERED for row in rows], dtype=bool),
        parent=np.full(len(rows), NOBODY, dtype=np.int64),
        trigger=np.full(len(rows), NOBODY, dtype=np.int64),
        wake=np.zeros(len(rows)),
        first=first.astype(np.int64),
        work=np.array([row.work for row in per_round], dtype=np.float64),
        think=np.zeros(len(rounds)),
        patience=np.array([row.patience for row in per_round], dtype=np.float64),
        until_sent=np.zeros(len(scenario.queues), dtype=bool),
    )
    breaks = [b for w in workers for b in w.breaks]
    agents = Agents(
        group=np.array([w.group for w in workers], dtype=np.int64),
        start=np.array([w.start for w in workers], dtype=np.float64),
        end=np.array([w.end for w in workers], dtype=np.float64),
        present=np.array([w.present for w in workers], dtype=bool),
        duty=np.zeros(len(workers), dtype=np.int64),
        first=np.cumsum([0, *(len(w.breaks) for w in workers)], dtype=np.int64),
        break_start=np.array([b[0] for b in breaks], dtype=np.float64),
        break_end=np.array([b[1] for b in breaks], dtype=np.float64),
        break_paid=np.zeros(len(breaks), dtype=bool),
    )
    column = np.array(rounds, dtype=np.float64).reshape(-1, 3)
    here = np.array([w.present for w in workers], dtype=bool)
    return Log(
        contacts=contacts,
        agents=agents,
        policy=policy_of(scenario),
        arrival=contacts.arrival,
        offered=offered,
        assigned=np.array([row.held[0] for row in rows], dtype=np.float64),
        closed=np.array([row.held[1] for row in rows], dtype=np.float64),
        agent=np.array([row.agent for row in rows], dtype=np.int64),
        outcome=np.array([row.outcome for row in rows], dtype=np.int64),
        message=column[:, 0],
        begun=column[:, 1],
        sent=column[:, 2],
        on=np.where(here, agents.start, NAN),
        off=np.where(here, agents.end + [w.overtime for w in workers], NAN),
        replying=np.zeros(len(workers)),
        open_seconds=np.zeros(len(workers)),
        overtime=np.array([w.overtime for w in workers], dtype=np.float64),
        break_begun=agents.break_start,
        break_ended=agents.break_end,
    )


def tally(
    target: dict[str, Any], rows: Sequence[H], workers: Sequence[W] = (W(0.0, HOUR),), **changes: Any
) -> Tally:
    """One target of these happenings."""
    bound = {} if "at_most" in target else {"at_least": 0.5}
    scenario = shop({**bound, **target}, **changes)
    roster: Roster = ()
    return measure_day(scenario, log_of(scenario, rows, workers), roster).tallies[0]


def parts(*args: Any, **changes: Any) -> list[tuple[float, float]]:
    """(part, whole) by period."""
    found = tally(*args, **changes)
    return list(zip(found.part.tolist(), found.whole.tolist(), strict=True))
