"""Small shops for tests of rosters."""

from __future__ import annotations

from typing import Any

from cssim.scenario.load import from_resolved, resolved
from cssim.scenario.schema import Scenario

PLAIN: dict[str, Any] = {
    "name": "stall",
    "horizon": {"from": "2026-11-10 10:00", "to": "2026-11-10 14:00", "interval": "30min"},
    "forecast": {"day_cv": 0.0},
    "queues": {
        "pre_sales": {
            "volume": {"contacts": 120},
            "chat": {"rounds": 2, "first_reply": "4s", "reply": {"mean": "30s"}, "think": {"mean": "30s"}},
            "patience": {"mean": "3min", "later": {"mean": "10min"}},
        }
    },
    "groups": {
        "main": {"serves": "pre_sales", "chats": 3, "people": 4, "pay": {"per_hour": 30}, "shifts": "half"},
        "temps": {
            "serves": "pre_sales",
            "speed": 0.7,
            "chats": 2,
            "people": 4,
            "pay": {"per_hour": 20},
            "shifts": "half",
        },
    },
    "shifts": {
        "half": {
            "start": {"from": "10:00", "to": "12:00", "every": "2h"},
            "length": {"from": "2h", "to": "2h", "every": "1h"},
        }
    },
    "rest": "0s",
    "targets": [{"measure": "first_reply", "within": "20s", "at_least": "80%"}],
}


def shop(**changes: Any) -> Scenario:
    """The plain stall with some of its parts replaced; `None` leaves a part out."""
    given = {key: value for key, value in {**PLAIN, **changes}.items() if value is not None}
    return from_resolved(resolved(Scenario.model_validate(given)))


def group(**changes: Any) -> dict[str, Any]:
    """The main group, with some of its fields replaced."""
    return {**PLAIN["groups"]["main"], **changes}
