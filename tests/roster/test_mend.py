"""What would mend a shortfall is told from the shifts, people and seats that there are, and the verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cssim.roster.mend import Remedy, remedies
from cssim.roster.result import Shortfall, Status
from cssim.roster.search import optimise
from cssim.roster.shifts import columns_of
from cssim.roster.stop import Rosters
from cssim.scenario.schema import Scenario
from tests.roster.build import group, shop


def short(scenario: Scenario, start: str, end: str, each: int, status: Status = "budget") -> list[Remedy]:
    """What would mend it, if `each` agents of every group worked every shift, and people lacked from start to
    end."""
    columns = columns_of(scenario)
    everybody = columns.roster(np.full(len(columns), each))
    result = optimise(scenario, seed=1, budget=Rosters(1), replications=10, workers=1, start=everybody)
    assert result.roster == everybody
    targets = tuple(replace(target, verdict="missed") for target in result.targets)
    times = (f"2026-11-10 {start}", f"2026-11-10 {end}")
    lacking = Shortfall(result.targets[0].name, "whole", "pre_sales", *times, people=2.0)
    judgement = replace(result.judgement, targets=targets)
    return list(remedies(replace(result, status=status, judgement=judgement, shortfall=(lacking,))))


def said(remedies: list[Remedy], key: str) -> dict[str, object] | None:
    return next((dict(remedy.values) for remedy in remedies if remedy.key == key), None)


def test_a_plan_that_keeps_its_promises_needs_no_mending() -> None:
    result = optimise(shop(), seed=1, budget=Rosters(60), workers=1)
    assert result.status == "met"
    assert remedies(result) == ()


def test_hours_without_a_shift_are_named() -> None:
    late = shop(horizon={"from": "2026-11-10 10:00", "to": "2026-11-10 16:00", "interval": "30min"})
    found = short(late, "13:00", "15:30", each=1)
    assert said(found, "mend.shift") == {"queue": "pre_sales", "hours": "11-10 14:00–15:30"}


def test_of_hours_with_a_shift_none_is_missing() -> None:
    assert said(short(shop(), "10:00", "12:00", each=1), "mend.shift") is None


def test_where_everybody_works_more_people_are_asked_for() -> None:
    found = short(shop(), "10:30", "11:30", each=4)
    assert said(found, "mend.people") == {"queue": "pre_sales", "groups": "main, temps"}
    assert said(found, "mend.time") is None


def test_where_some_are_left_they_are_named_and_more_time_is_asked_for() -> None:
    scenario = shop(groups={"main": group(people=3), "temps": group(people=2)})
    found = short(scenario, "10:30", "11:30", each=2)
    assert said(found, "mend.time") == {"queue": "pre_sales", "groups": "main"}
    assert said(found, "mend.people") is None


def test_no_longer_search_is_advised_where_it_is_proven_to_be_in_vain() -> None:
    assert said(short(shop(), "10:30", "11:30", each=1, status="infeasible"), "mend.time") is None


def test_where_every_seat_is_taken_more_seats_are_asked_for() -> None:
    found = short(shop(limits={"seats": 6}), "10:30", "11:30", each=3)
    assert said(found, "mend.seats") == {"queue": "pre_sales", "seats": 6}
    assert said(found, "mend.people") is None


def test_only_groups_that_take_the_queue_count() -> None:
    queues = {**shop().model_dump(mode="json", by_alias=True)["queues"]}
    queues["refunds"] = queues["pre_sales"]
    groups = {"main": group(), "others": group(serves="refunds", people=9)}
    found = short(shop(queues=queues, groups=groups), "10:30", "11:30", each=4)
    assert said(found, "mend.people") == {"queue": "pre_sales", "groups": "main"}


def test_a_promise_near_its_ceiling_asks_for_quicker_replies() -> None:
    """The first reply takes 4 s on average, exponentially: 1 - exp(-7/4) = 82.6% are sent within 7 s."""
    chat = {"rounds": 2, "first_reply": {"mean": "4s", "dist": "exponential"}, "reply": "30s"}
    queues = {"pre_sales": {"volume": {"contacts": 120}, "chat": chat}}
    target = {"measure": "first_reply", "within": "7s", "at_least": "80%"}
    near = said(short(shop(queues=queues, targets=[target]), "10:30", "11:30", each=4), "mend.ceiling")
    assert near is not None
    assert near["best"] == pytest.approx(0.826, abs=0.001)
    easy = [{**target, "within": "20s"}]
    assert said(short(shop(queues=queues, targets=easy), "10:30", "11:30", each=4), "mend.ceiling") is None


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ({"measure": "first_reply", "within": "20s", "at_least": "99.9%"}, "mend.at_least"),
        ({"measure": "abandonment", "at_most": "0.1%"}, "mend.at_most"),
        ({"measure": "first_reply", "within": "20s", "at_least": "99.9%", "on": "99%"}, "mend.days"),
    ],
)
def test_the_promise_that_the_roster_would_keep_is_told(target: dict[str, Any], key: str) -> None:
    """It is the end of the interval that decided the verdict."""
    result = optimise(shop(targets=[target]), seed=1, budget=Rosters(20), replications=40, workers=1)
    (judged,) = result.targets
    assert judged.verdict != "met"
    end = judged.worst.high if key == "mend.at_most" else judged.worst.low
    keeps = said(list(remedies(result)), key)
    assert (keeps["bound"] if keeps else None) == (end if end > 0 else None)
