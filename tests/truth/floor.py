"""Telephone queues as scenarios: one round and one chat per agent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cssim.engine.floor import Duty, Roster
from cssim.scenario.schema import Scenario
from cssim.scenario.shifts import Shift

Floats = NDArray[np.float64]

MINUTE, HOUR = 60.0, 3600.0
START = datetime(2026, 1, 5)
FOR_EVER = {"mean": "3650d", "dist": "constant"}


def seconds(value: float) -> str:
    return f"{value!r}s"


def exponential(mean: float) -> dict[str, Any]:
    return {"mean": seconds(mean), "dist": "exponential"}


def phone(
    rate: float, work: Mapping[str, Any], patience: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A queue of calls: one round each."""
    return {
        "volume": {"rate": f"{rate!r}/s"},
        "chat": {"rounds": 1, "reply": dict(work)},
        "patience": dict(patience or FOR_EVER),
        **more,
    }


def scenario(
    lasting: float, queues: Mapping[str, Any], groups: Mapping[str, Any], warm_up: float = 0.0, **more: Any
) -> Scenario:
    """A scenario of so many seconds, warm-up included, with a plain Poisson process."""
    horizon: dict[str, Any] = {"from": START, "to": START + timedelta(seconds=lasting)}
    if warm_up:
        horizon["measure_from"] = START + timedelta(seconds=warm_up)
    return Scenario.model_validate(
        {
            "horizon": horizon,
            "forecast": {"day_cv": 0},
            "queues": dict(queues),
            "groups": dict(groups),
            "shifts": {"all_day": {"start": "00:00", "end": "24:00"}},
            "targets": [{"measure": "answered", "within": "20s", "at_least": 0.8}],
            **more,
        }
    )


def always(**people: int) -> Roster:
    """So many agents of each group who are on from the start until the last contact has been answered."""
    shift = Shift(0.0, 1e9, "always", date(2026, 1, 5))
    return tuple(Duty(group, shift, count) for group, count in people.items())


def law(
    rate: float, work: float, agents: int, patience: float = math.inf, lines: int | None = None
) -> Floats:
    """Steady state of the number in the system, by multiplying out the chain; `lines`: most who wait."""
    most = agents + (100 if lines is None else lines)
    while True:
        n = np.arange(1, most + 1)
        leaving = np.minimum(n, agents) / work + np.maximum(n - agents, 0) / patience
        log_p = np.concatenate([[0.0], np.cumsum(np.log(rate / leaving))])
        p = np.exp(log_p - log_p.max())
        if lines is not None or p[-1] < 1e-12 * p.sum():
            return p / p.sum()
        most *= 2
