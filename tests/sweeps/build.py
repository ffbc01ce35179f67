"""A small shop with a bot and a roster, for tests of sweeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cssim.experiment.simulation import SimulationResult, simulate
from cssim.scenario.load import from_resolved
from cssim.scenario.schema import Scenario
from tests.roster import build

ROSTER = [
    {"group": "main", "date": "2026-11-10", "shift": "half", "start": "10:00", "end": "12:00", "count": 2},
    {"group": "main", "date": "2026-11-10", "shift": "half", "start": "12:00", "end": "14:00", "count": 2},
]

QUEUE: dict[str, Any] = build.PLAIN["queues"]["pre_sales"]


def shop(**changes: Any) -> Scenario:
    """The plain stall with a bot and a roster, some of its parts replaced; `None` leaves a part out."""
    bot = {"covers": "80%", "resolves": "40%"}
    given = {**build.PLAIN, "queues": {"pre_sales": {**QUEUE, "bot": bot}}, "roster": ROSTER, **changes}
    return from_resolved({key: value for key, value in given.items() if value is not None})


def stopping_at(call: int) -> Callable[..., SimulationResult]:
    """`simulate`, but for Ctrl-C at one of its calls, counted from 1."""
    calls = 0

    def simulated(*args: Any, **given: Any) -> SimulationResult:
        nonlocal calls
        calls += 1
        if calls == call:
            raise KeyboardInterrupt
        return simulate(*args, **given)

    return simulated
