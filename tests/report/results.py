"""Results for tests of what is shown: a night of two groups, and a plan with all that a plan may have."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from cssim.engine.floor import Duty
from cssim.experiment.simulation import SimulationResult, simulate
from cssim.roster.result import RosterResult, SearchRecord, Shortfall
from cssim.scenario.schema import Scenario
from cssim.scenario.shifts import shifts_of

SHOP: dict[str, Any] = {
    "name": "夜里也开的小店",
    "horizon": {"from": "2026-11-10 20:00", "to": "2026-11-11 10:00"},
    "queues": {
        "pre_sales": {"volume": {"contacts": 120}, "chat": {"rounds": 3, "reply": "10s"}},
        "售后": {"volume": {"contacts": 40}, "chat": {"rounds": 3, "reply": "15s"}},
    },
    "groups": {
        "主力": {"serves": ["pre_sales", "售后"], "people": 4},
        "part_timers": {"serves": "pre_sales"},
    },
    "shifts": {"night": {"start": "21:30", "end": "09:00"}, "late": {"start": "19:00", "end": "24:00"}},
    "targets": [
        {"preset": "golden_6s", "queues": ["pre_sales"], "each": "day", "on": "90%"},
        {"measure": "mean_reply", "at_most": "30s", "queues": ["售后"]},
        {"measure": "abandonment", "at_most": "50%"},
    ],
}


@cache
def simulated() -> SimulationResult:
    """Three nights."""
    scenario = Scenario.model_validate(SHOP)
    night = [s for s in shifts_of(scenario, "主力") if s.name == "night" and 0 < s.start < 86400]
    late = [s for s in shifts_of(scenario, "part_timers") if s.name == "late" and s.start < 0 < s.end]
    roster = (Duty("主力", night[0], 2), Duty("part_timers", late[0], 1))
    return simulate(scenario, roster, replications=3, seed=1, workers=1)


@cache
def planned() -> RosterResult:
    """A plan that lacks people."""
    hours = ("2026-11-10 21:00", "2026-11-11 00:30")
    history = [
        {
            "elapsed_s": k / 7,
            "rosters_tried": k,
            "contacts_simulated": 1000 * k,
            "cost": 2000.0 - k,
            "kept": k > 3,
            "violation": 0.0,
            "bound": math.inf if k == 5 else 800.0,
            "by": "polish",
        }
        for k in range(50)
    ]
    result = simulated()
    return RosterResult(
        scenario=result.scenario,
        status="budget",
        why=None,
        roster=result.roster,
        cost=1000.0,
        lower_bound=800.0,
        assumes=("bound.assumes_legal", "bound.assumes_curves"),
        judgement=result,
        baseline=result,
        search=SearchRecord(
            ended="budget",
            budget=60.0,
            rosters_tried=49,
            contacts_simulated=10**6,
            judgements=2,
            seconds={"search": 20.0, "judge": 10.0, "start": 0.0},
            history=tuple(history),
        ),
        shortfall=(Shortfall("golden_6s", "2026-11-10", "pre_sales", *hours, people=2.5),),
        without=(
            {"golden_6s": 1.0, "mean_reply": 29.0, "abandonment": 0.6},
            {"golden_6s": 1.0, "mean_reply": 1e5, "abandonment": 0.6},
        ),
        started="2026-11-01T10:00:00+08:00",
        elapsed=40.0,
    )
