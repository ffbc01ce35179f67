"""The case that every queueing package can do: Poisson arrivals, exponential work, impatience, one line.

Ten calls a minute, a minute of work, eleven agents, a mean patience of two minutes, days of 1,440 minutes.
"""

from __future__ import annotations

from typing import Any

from cssim.scenario.schema import Scenario

ARRIVALS = 10.0
"""A minute."""

WORK, PATIENCE = 1.0, 2.0
"""Means in minutes; exponential."""

AGENTS = 11

DAY = 1440.0
"""Minutes."""


def scenario(arrivals: float = ARRIVALS, agents: int = AGENTS, **chat: Any) -> Scenario:
    """The case for cssim, one round and one chat each; `chat` where it is to be more."""
    begin, day = "2026-11-11 00:00", "2026-11-11"
    return Scenario.model_validate(
        {
            "horizon": {"from": begin, "to": "2026-11-12 00:00"},
            "forecast": {"day_cv": 0},
            "queues": {
                "calls": {
                    "volume": {"rate": f"{arrivals}/min"},
                    "chat": {"rounds": 1, "reply": exponential(WORK), **chat},
                    "patience": exponential(PATIENCE),
                }
            },
            "groups": {"team": {"serves": ["calls"], "chats": 1}},
            "shifts": {"day": {"start": "00:00", "end": "24:00"}},
            "roster": [{"group": "team", "date": day, "shift": "day", "count": agents}],
            "targets": [{"measure": "answered", "within": "20s", "at_least": 0.8}],
        }
    )


def exponential(minutes: float) -> dict[str, str]:
    """A duration of a scenario."""
    return {"mean": f"{60 * minutes}s", "dist": "exponential"}
