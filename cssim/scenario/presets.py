"""Shapes, forecasts and platforms' rules that a scenario may name: data, each with its source or reason.

A preset is written as a planner would write it, so anything here can be copied into a file and changed.
"""

from __future__ import annotations

from typing import Any, Final

Preset = dict[str, Any]

FORECASTS: Final[dict[str, Preset]] = {
    "good": {"day_cv": 0.05, "within_day": {"cv": 0.10, "half_life": "1h"}, "why": "own counts of like sales"},
    "usual": {"day_cv": 0.12, "within_day": {"cv": 0.20, "half_life": "1h"}, "why": "a planner's guess"},
    "poor": {"day_cv": 0.20, "within_day": {"cv": 0.30, "half_life": "1h"}, "why": "a first sale"},
}

PROFILES: Final[dict[str, Preset]] = {
    "flat": {"points": [["00:00", 1]], "why": "nothing known"},
}

TARGETS: Final[dict[str, Preset]] = {
    "golden_6s": {"measure": "first_reply", "within": "6s", "at_least": 0.8, "source": "trade rule of thumb"},
}
