"""What a planner may write for one thing, and what it is taken for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from cssim.scenario.load import loads
from cssim.scenario.presets import FORECASTS, PROFILES, TARGETS
from cssim.scenario.schema import (
    Forecast,
    Hours,
    Model,
    Patience,
    Pay,
    Profile,
    Rounds,
    Serve,
    ShiftRule,
    Spread,
    Target,
)
from tests.scenario.build import keys, shop, small


@pytest.mark.parametrize(
    ("model", "short", "full"),
    [
        (Spread, "6s", {"mean": "6s", "cv": 0, "dist": "constant"}),
        (Spread, {"mean": "6s"}, {"mean": "6s", "cv": 1, "dist": "exponential"}),
        (Spread, {"mean": "6s", "cv": 0.5}, {"mean": "6s", "cv": 0.5, "dist": "lognormal"}),
        (Spread, {"mean": "6s", "cv": 0}, {"mean": "6s", "cv": 0, "dist": "constant"}),
        (Spread, {"mean": "6s", "dist": "constant"}, {"mean": "6s", "cv": 0, "dist": "constant"}),
        (Spread, {"mean": "6s", "cv": None}, {"mean": "6s", "cv": 1, "dist": "exponential"}),
        (Patience, "90s", {"mean": "90s", "cv": 0, "dist": "constant", "lingers": 0, "later": None}),
        (Rounds, 5, {"mean": 5, "dist": "geometric"}),
        (Serve, "calls", {"queue": "calls", "after": "0s", "speed": None, "priority": None}),
        (Forecast, "good", {k: v for k, v in FORECASTS["good"].items() if k != "why"}),
        (Pay, {"per_hour": "32/h"}, {"per_hour": 32}),
        (Profile, [["08:00", 1]], {"anchor": "midnight", "points": [["08:00", 1]], "spikes": []}),
        (Profile, {"shape": [["+1h", 1]]}, {"anchor": "opening", "points": [["+1h", 1]]}),
        (Profile, [["2026-11-10 18:00", 1]], {"anchor": "calendar", "points": [["2026-11-10 18:00", 1]]}),
        (
            ShiftRule,
            {"start": "08:00", "end": "16:00"},
            {"start": {"from": "08:00", "to": "08:00", "every": "1h"}, "end": "16:00"},
        ),
        (Hours, {"from": "24:00", "to": "08:00"}, {"from": "00:00", "to": "08:00"}),
    ],
)
def test_short_spellings(model: type[Model], short: object, full: Mapping[str, Any]) -> None:
    assert model.model_validate(short) == model.model_validate(full)


def test_a_preset_can_be_written_over_in_part() -> None:
    target = Target.model_validate({"preset": "pdd_5min", "within": "3min", "hours": None})
    assert (target.measure, target.within, target.hours, target.at_least) == ("buyers", 180, None, 0.85)
    assert Target.model_validate({"preset": "golden_6s", "at_most": "99%"}).at_least is None


@pytest.mark.parametrize("name", TARGETS)
def test_every_platforms_rule_can_be_used(name: str) -> None:
    """With its own number, or, where the platform gives none, with the planner's."""
    bare = small(f"targets: {{preset: {name}}}\n")
    if "at_least" in TARGETS[name]:
        assert loads(bare).targets[0].at_least is not None
    else:
        assert keys(lambda: loads(bare)) == ["target.preset_bound"]
    target = shop(f"targets: {{preset: {name}, at_least: 90%}}\n").targets[0]
    assert (target.preset, target.name, target.at_least, target.counts) == (name, name, 0.9, "human")
    assert TARGETS[name]["source"]
    assert TARGETS[name]["date"]


def test_the_platforms_rules_are_those_of_the_guides() -> None:
    """Within, hours and measure as their guides give them."""
    rules = {name: (r["measure"], r["within"], r.get("hours")) for name, r in TARGETS.items()}
    day, long, jd = (
        {"from": a, "to": b} for a, b in (("08:00", "23:00"), ("08:00", "24:00"), ("09:00", "23:00"))
    )
    assert rules == {
        "golden_6s": ("first_reply", "6s", None),
        "pdd_5min": ("buyers", "5min", day),
        "pdd_3min": ("buyers", "3min", day),
        "taobao_3min": ("rounds", "3min", long),
        "jd_30s": ("first_reply", "30s", jd),
        "douyin_3min": ("rounds", "3min", day),
        "kuaishou_3min": ("buyers", "3min", day),
    }


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_can_be_used(name: str) -> None:
    sale = "sale: {opens: 2026-09-16 10:00, closes: 2026-09-16 20:00}\n"
    queues = f'queues: {{pre_sales: {{volume: {{contacts: 900}}, profile: "{name}"}}}}\n'
    assert shop(sale + queues).queues["pre_sales"].profile.preset == name


def test_a_scenario_cannot_be_changed() -> None:
    scenario = shop()
    with pytest.raises(ValidationError):
        scenario.rest = 0  # type: ignore[misc]


def test_a_break_past_midnight_lies_inside_a_night_shift() -> None:
    night = {
        "start": "21:30",
        "end": "09:00",
        "breaks": [{"at": "02:00", "for": "30min"}, {"at": "08:30", "for": "30min"}],
    }
    assert len(ShiftRule.model_validate(night).breaks) == 2
    with pytest.raises(ValidationError):
        ShiftRule.model_validate({**night, "breaks": [{"at": "08:45", "for": "30min"}]})


def test_lengths_and_starts_include_both_ends() -> None:
    rule = ShiftRule.model_validate(
        {
            "start": {"from": "06:00", "to": "08:00", "every": "1h"},
            "length": {"from": "4h", "to": "9h", "every": "2h"},
        }
    )
    assert rule.start.values == (21600, 25200, 28800)
    assert rule.length is not None
    assert rule.length.values == (14400, 21600, 28800)
