"""Small scenarios for the tests of demand."""

from __future__ import annotations

from typing import Any

from cssim.demand.streams import Streams
from cssim.scenario.schema import Scenario

PLAIN = {"day_cv": 0, "within_day": {"cv": 0}}
"""No random level: a Poisson process."""


def shop(
    queues: dict[str, Any],
    start: str = "2026-11-10 18:00",
    end: str = "2026-11-12 02:00",
    opens: str | None = "2026-11-10 20:00",
    closes: str | None = None,
    forecast: Any = "usual",
    timezone: str = "Asia/Shanghai",
) -> Scenario:
    """A scenario with these queues and one group that takes them all."""
    return Scenario.model_validate(
        {
            "horizon": {"from": start, "to": end, "timezone": timezone},
            "sale": None if opens is None else {"opens": opens, "closes": closes},
            "forecast": forecast,
            "queues": queues,
            "groups": {"team": {"serves": list(queues)}},
            "shifts": {"day": {"start": "09:00", "end": "18:00"}},
            "targets": [{"measure": "first_reply", "within": "6s", "at_least": 0.8}],
        }
    )


def streams(replication: int = 0, seed: int = 1, phase: int = 0) -> Streams:
    """The streams of a replication."""
    return Streams(seed, phase, replication)
