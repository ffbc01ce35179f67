"""M/M/s, M/M/s/s and Erlang A: every record that a floor can show, those of one queue together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.truth.compare import Case, Truth
from tests.truth.figures import Figure, figures
from tests.truth.floor import FOR_EVER, MINUTE, Floats, always, exponential, law, phone, scenario
from tests.truth.seen import (
    Ratio,
    Seen,
    abandoned,
    answered,
    at_once,
    finds,
    mean_time_in_system,
    mean_wait,
    mean_wait_of_served,
    occupancy,
    queue_length,
    waits,
)
from tests.truth.steady import Steady

WORK = 300.0
"""Mean work where a record gives the load alone, seconds."""

Look = tuple[float, Callable[[Seen], Ratio], bool]
"""Exact value, how it is seen, whether it is a share."""


@dataclass(frozen=True)
class Plan:
    """How long a case is played.

    Attributes:
        contacts: mean number measured in one replication.
        strata: of a block, which has four replications of each.
        blocks: of the short run.
    """

    contacts: int
    strata: int
    blocks: int


@dataclass(frozen=True)
class Line:
    """One queue: load in erlangs, agents, mean work and patience in seconds."""

    load: float
    agents: int
    work: float
    patience: float

    @classmethod
    def of(cls, figure: Figure) -> Line:
        """The queue that a record is about, whichever way it gives it."""
        p = figure.params
        agents = p.get("agents", p.get("servers"))
        patience = MINUTE / p["theta"] if "theta" in p else p.get("patience_s") or math.inf
        if "load_erlang" in p:
            return cls(p["load_erlang"], agents, p.get("aht_s", WORK), patience)
        if "lam" in p:
            return cls(p["lam"] / p["mu"], agents, MINUTE / p["mu"], patience)
        return cls(round(p["arrivals_per_s"] * p["aht_s"], 9), agents, p["aht_s"], patience)

    @property
    def name(self) -> str:
        name = f"{self.load:.6g} erlangs of {self.work:g} s, {self.agents} agents"
        return name if math.isinf(self.patience) else f"{name}, patience {self.patience:g} s"


NO_FLOOR = ("min_agents", "min_servers", "max_load_erlang", "agents_incl_shrinkage")
"""No figures of agents at work; nor are lines full in the model, nor do agents make work for themselves."""


def cases() -> list[Case]:
    """All of them."""
    waiting: dict[Line, list[Figure]] = {}
    losing: dict[Line, list[Figure]] = {}
    for figure in (*figures("erlang_bc").values(), *figures("erlang_a").values()):
        if figure.quantity in NO_FLOOR or {"lines", "threshold_idle"} & {
            k for k, v in figure.params.items() if v
        }:
            continue
        line = Line.of(figure)
        if _looks(figure):
            waiting.setdefault(line, []).append(figure)
        if _lost(figure) is not None:
            losing.setdefault(Line(line.load, line.agents, WORK, math.inf), []).append(figure)
    return [
        *(_waiting_case(line, records) for line, records in waiting.items()),
        *(_losing_case(line, records) for line, records in losing.items()),
    ]


def _looks(figure: Figure) -> dict[str, Look]:
    """What a record of M/M/s or Erlang A says that can be seen on a floor, by name; times in seconds.

    A virtual wait cannot: no contact has it.
    """
    p, quantity, exact = figure.params, figure.quantity.split(" ")[0], figure.truth
    agents, within = p.get("agents", p.get("servers")), p.get("awt_s", 0.0)
    if quantity == "all":
        return {
            "P_wait": (exact["P_wait_offered"], waits, True),
            "Lq": (exact["Lq"], queue_length, False),
            "P_ab": (exact["P_ab_offered"], abandoned, True),
            "W_mean": (exact["W_mean_accepted"], mean_wait, False),
            "occ": (exact["occ"], occupancy(agents), True),
            "SL/offered": (exact["SL_served_within/offered"], answered(within), True),
            "SL/served": (exact["SL_served_within/served"], answered(within, "served"), True),
            "SL ended": (exact["SL_(served+ab within)/accepted"], answered(within, "ended"), True),
            "SL stayed": (exact["SL_served_within/(accepted-ab_within)"], answered(within, "stayed"), True),
            "ASA_served": (exact["ASA_served"], mean_wait_of_served, False),
        }
    if isinstance(exact, dict):
        return {
            "P_wait": (exact["P_wait"], waits, True),
            "SL": (exact["SL"], answered(within), True),
            "ASA_s": (exact["ASA_s"], mean_wait, False),
        }
    looks: dict[str, Look] = {
        "P_wait": (exact, waits, True),
        "P_immediate": (exact, at_once, True),
        "P_abandon": (exact, abandoned, True),
        "p0": (exact, finds(0), True),
        "service_level": (exact, answered(within), True),
        "SL": (exact, answered(within), True),
        "ASA_s": (exact, mean_wait, False),
        "mean_wait_s": (exact, mean_wait, False),
        "mean_wait_all_s": (exact, mean_wait, False),
        "W_system_min": (MINUTE * exact, mean_time_in_system, False),
        "occupancy": (exact, occupancy(agents), True),
        "Lq": (exact, queue_length, False),
        "mean_queue_length": (exact, queue_length, False),
        "wait_90th_percentile_s": (0.9, answered(exact), True),
    }
    return {quantity: looks[quantity]} if quantity in looks else {}


def _lost(figure: Figure) -> float | None:
    """Erlang B of a record, if it has it."""
    if figure.quantity == "P_block":
        return float(figure.truth)
    is_set = isinstance(figure.value, dict) and "SL" in figure.value
    return float(figure.value["P_block"]) if is_set else None


def _waiting_case(line: Line, records: Sequence[Figure]) -> Case:
    rate = line.load / line.work
    looks = {f"{record.id} {name}": look for record in records for name, look in _looks(record).items()}
    return _case(
        line.name,
        line,
        [Truth(name, exact, seen, share) for name, (exact, seen, share) in looks.items()],
        FOR_EVER if math.isinf(line.patience) else exponential(line.patience),
        law(rate, line.work, line.agents, line.patience),
    )


def _losing_case(line: Line, records: Sequence[Figure]) -> Case:
    """Buyers with no patience at all: who finds everybody busy is lost."""
    lost = {f"{record.id} P_block": _lost(record) for record in records}
    return _case(
        f"{line.load:g} erlangs, {line.agents} agents, nobody waits",
        line,
        [Truth(name, exact, abandoned, share=True) for name, exact in lost.items() if exact],
        {"mean": "1s", "zero": "100%"},
        law(line.load / line.work, line.work, line.agents, lines=0),
    )


def _case(
    name: str, line: Line, truths: Sequence[Truth], patience: Mapping[str, Any], chances: Floats
) -> Case:
    plan, rate = PLANS[name], line.load / line.work
    steady = Steady(
        law=chances,
        rate=rate,
        contacts=plan.contacts,
        agents=line.agents,
        strata=plan.strata,
        means=(1 / rate, line.work, line.patience if math.isfinite(line.patience) else math.nan),
    )
    queues = {"calls": phone(rate, exponential(line.work), patience)}
    groups = {"team": {"serves": ["calls"], "chats": 1}}
    return Case(
        name,
        scenario(steady.horizon, queues, groups),
        always(team=line.agents),
        tuple(truths),
        plan.blocks,
        steady,
    )


PLANS: dict[str, Plan] = {
    "10 erlangs of 180 s, 14 agents": Plan(10, 24, 30),
    "10 erlangs of 180 s, 11 agents": Plan(20, 24, 11),
    "10 erlangs of 180 s, 15 agents": Plan(20, 24, 10),
    "12 erlangs of 180 s, 14 agents": Plan(10, 24, 15),
    "2 erlangs of 1200 s, 3 agents": Plan(20, 24, 3),
    "20 erlangs of 300 s, 25 agents": Plan(10, 24, 13),
    "50 erlangs of 300 s, 55 agents": Plan(20, 24, 13),
    "10 erlangs of 300 s, 11 agents": Plan(20, 24, 9),
    "8.4 erlangs of 120 s, 12 agents": Plan(10, 24, 14),
    "1.5 erlangs of 300 s, 2 agents": Plan(20, 24, 8),
    "4 erlangs of 300 s, 5 agents": Plan(20, 24, 12),
    "8 erlangs of 300 s, 10 agents": Plan(20, 24, 13),
    "9.5 erlangs of 300 s, 10 agents": Plan(20, 24, 6),
    "48 erlangs of 300 s, 50 agents": Plan(20, 24, 11),
    "90 erlangs of 300 s, 100 agents": Plan(30, 48, 5),
    "99 erlangs of 300 s, 100 agents": Plan(30, 48, 3),
    "480 erlangs of 300 s, 500 agents": Plan(20, 48, 3),
    "48 erlangs of 60 s, 50 agents, patience 120 s": Plan(20, 24, 5),
    "48 erlangs of 60 s, 50 agents": Plan(20, 24, 3),
    "10 erlangs of 180 s, 14 agents, patience 300 s": Plan(10, 24, 44),
    "10 erlangs of 60 s, 10 agents, patience 60 s": Plan(20, 24, 9),
    "48 erlangs of 60 s, 50 agents, patience 60 s": Plan(20, 24, 14),
    "13.3333 erlangs of 240 s, 12 agents, patience 120 s": Plan(10, 24, 16),
    "300 erlangs of 300 s, 300 agents, patience 180 s": Plan(20, 48, 6),
    "300 erlangs of 300 s, 280 agents, patience 180 s": Plan(20, 48, 7),
    "600 erlangs of 300 s, 600 agents, patience 100 s": Plan(20, 48, 5),
    "100 erlangs of 400 s, 90 agents, patience 30 s": Plan(30, 48, 7),
    "1 erlangs, 1 agents, nobody waits": Plan(40, 24, 2),
    "1 erlangs, 2 agents, nobody waits": Plan(40, 24, 1),
    "20 erlangs, 25 agents, nobody waits": Plan(40, 24, 2),
    "50 erlangs, 55 agents, nobody waits": Plan(40, 24, 2),
    "10 erlangs, 11 agents, nobody waits": Plan(40, 24, 2),
    "1.5 erlangs, 2 agents, nobody waits": Plan(40, 24, 2),
    "4 erlangs, 5 agents, nobody waits": Plan(40, 24, 2),
    "8 erlangs, 10 agents, nobody waits": Plan(40, 24, 2),
    "9.5 erlangs, 10 agents, nobody waits": Plan(40, 24, 2),
    "48 erlangs, 50 agents, nobody waits": Plan(40, 24, 2),
    "90 erlangs, 100 agents, nobody waits": Plan(40, 12, 3),
    "99 erlangs, 100 agents, nobody waits": Plan(40, 12, 5),
    "480 erlangs, 500 agents, nobody waits": Plan(100, 12, 1),
}
"""By case; blocks are a tenth of what the long run took."""
