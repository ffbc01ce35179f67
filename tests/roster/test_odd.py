"""Odd shops: each has an answer, and the answer says what it must."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cssim.errors import InputError
from cssim.roster import RosterResult, optimise
from cssim.roster.mend import remedies
from cssim.roster.search import _Search
from cssim.roster.shifts import columns_of
from cssim.roster.stop import Rosters
from tests.roster.build import PLAIN, group
from tests.roster.hunt import SIX_SECONDS, searching, small, tried

pytestmark = [
    pytest.mark.usefixtures("no_bound"),
    pytest.mark.filterwarnings("error::RuntimeWarning"),
]

QUEUE: dict[str, Any] = PLAIN["queues"]["pre_sales"]
PATIENT = {**QUEUE, "patience": {"mean": "1000h"}}


@pytest.fixture
def no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches without a simulated bound, which takes most of the time of small ones."""
    monkeypatch.setattr(_Search, "_bound", lambda *args: None)


def plan(rosters: int = 30, **changes: Any) -> RosterResult:
    """A small search; whatever it finds can be written."""
    found = optimise(small(**changes), seed=1, budget=Rosters(rosters), replications=60, workers=1)
    assert found.to_json()
    return found


def test_a_target_in_some_hours_is_planned_for_in_these() -> None:
    found = plan(targets=[{**SIX_SECONDS, "hours": {"from": "12:00", "to": "13:00"}}])
    assert found.status == "met"
    assert {duty.shift.start for duty in found.roster} == {7200.0}  # whoever comes at noon


def test_a_group_with_no_people_has_no_part_in_it() -> None:
    found = plan(groups={"main": group(people=2), "temps": group(people=0)})
    assert found.status == "met"
    assert {duty.group for duty in found.roster} == {"main"}


def test_nobody_at_all() -> None:
    found = plan(groups={"main": group(people=0)})
    assert found.status == "infeasible"
    assert found.roster == ()
    assert found.cost == 0


def test_nobody_is_no_way_to_keep_buyers_from_giving_up() -> None:
    gives_up = {"measure": "abandonment", "at_most": 0.05}
    found = plan(targets=[gives_up])
    assert found.status == "met"
    assert sum(duty.count for duty in found.roster) > 0
    nobody = plan(targets=[gives_up], groups={"main": group(people=0)})
    assert nobody.status == "infeasible"


def test_a_horizon_of_one_hour() -> None:
    hour = {"from": "2026-11-10 10:00", "to": "2026-11-10 11:00"}
    found = plan(horizon=hour, queues={"pre_sales": {**QUEUE, "volume": {"contacts": 30}}})
    assert found.status == "met"
    assert {duty.shift.start for duty in found.roster} == {0.0}


def test_a_night_shift_longer_than_the_horizon() -> None:
    hour = {"from": "2026-11-10 23:30", "to": "2026-11-11 00:30"}
    night = {"half": {"start": "21:30", "end": "09:00"}}
    found = plan(horizon=hour, queues={"pre_sales": {**QUEUE, "volume": {"contacts": 30}}}, shifts=night)
    assert found.status == "met"
    assert {row["date"] for row in found.rows()} == {"2026-11-10"}
    assert found.cost < 100  # the hour of it that is inside


def test_two_targets_that_pull_apart_are_both_kept_where_they_can_be() -> None:
    both = [{**SIX_SECONDS, "at_least": 0.5}, {"measure": "occupancy", "at_least": 0.3}]
    found = plan(targets=both)
    assert found.status == "met"
    assert found.targets[1].estimate < 0.5  # one agent more would break the one, one less the other


def test_two_targets_that_cannot_both_be_kept_end_in_a_budget_and_say_which_fails() -> None:
    apart = [{**SIX_SECONDS, "at_least": 0.9}, {"measure": "occupancy", "at_least": 0.6}]
    found = plan(targets=apart)
    assert found.status == "budget"
    assert {target.name: target.verdict for target in found.targets} != {
        "first_reply": "met",
        "occupancy": "met",
    }
    failed = {target.name for target in found.targets if target.verdict != "met"}
    assert {remedy.target for remedy in remedies(found)} == failed


def test_a_promise_on_all_days_is_met_where_no_judged_day_misses_it() -> None:
    found = plan(forecast="good", targets=[{**SIX_SECONDS, "on": "100%"}])
    assert found.status == "met"
    (target,) = found.targets
    assert target.estimate == 1.0
    assert len(target.days) == found.judgement.replications == 60
    assert target.days.min() >= 0.6
    assert 0.9 < target.low < 1  # which is what sixty days make sure of
    assert found.judgement.sizes == (60,)


def test_a_promise_of_all_contacts_is_met_where_no_judged_one_misses_it() -> None:
    found = plan(
        queues={"pre_sales": {**PATIENT, "volume": {"contacts": 5}}},
        targets=[{"measure": "first_reply", "within": "10min", "at_least": "100%"}],
    )
    assert found.status == "met"
    assert found.targets[0].estimate == 1.0
    assert found.judgement.cost.total.value < 160  # with fewer than all


def test_a_promise_of_all_contacts_goes_on_where_few_days_show_no_miss() -> None:
    """One agent on each shift misses one in some hundred contacts, so few days tell nothing of a change."""
    few = {"pre_sales": {**PATIENT, "volume": {"contacts": 20}}}
    target = {"measure": "first_reply", "within": "90s", "at_least": "100%"}
    found = plan(40, forecast="good", queues=few, groups={"main": group(people=5)}, targets=[target])
    assert found.status == "met"
    assert 4 <= sum(duty.count for duty in found.roster) < 10
    assert found.search.history[-1]["kept"]


def test_no_more_than_all_is_ever_asked_for() -> None:
    """Whatever a judgement has taught: a roster that misses none keeps a promise of all."""
    both = [{**SIX_SECONDS, "at_least": "100%"}, {**SIX_SECONDS, "name": "most"}]
    hunt = searching(small(targets=both))
    hunt.wanted = np.array([0.01, 0.01])
    assert hunt._margin(tried(hunt, [1, 1, 1, 1])).tolist() == [0.0, 0.01]


def test_a_promise_of_all_that_a_contact_misses_is_missed() -> None:
    found = plan(targets=[{**SIX_SECONDS, "within": "30s", "at_least": "100%"}])
    assert found.status == "budget"
    assert found.targets[0].verdict == "missed"


NIGHTS = {
    "horizon": {"from": "2026-11-10 22:00", "to": "2026-11-12 10:00", "interval": "1h"},
    "queues": {"pre_sales": {**QUEUE, "volume": {"contacts": 500}}},
    "shifts": {"half": {"start": "22:00", "end": "10:00"}, "day": {"start": "10:00", "end": "22:00"}},
    "targets": [{**SIX_SECONDS, "at_least": 0.5, "each": "day"}],
}


@pytest.mark.parametrize(("rest", "people"), [("12h", 4), ("11h", 4), ("12h", 1)])
def test_who_works_a_night_rests_before_the_next_shift(rest: str, people: int) -> None:
    crew = {"main": group(people=people, shifts=["half", "day"])}
    found = plan(**NIGHTS, rest=rest, groups=crew)
    assert found.status == ("met" if people == 4 else "infeasible")
    assert found.judgement.people_needed["main"] <= people
    columns = columns_of(found.scenario)
    assert columns.rules.allow(columns.counts(found.roster))
    if people == 4:  # two shifts after one another need two crews
        most = max(duty.count for duty in found.roster)
        assert found.judgement.people_needed["main"] > most


def test_a_scenario_without_targets_is_refused() -> None:
    with pytest.raises(ValueError, match="targets"):
        small(targets=None)
    with pytest.raises(ValueError, match="targets"):
        small(targets=[])


def test_a_queue_that_no_group_takes_is_refused() -> None:
    with pytest.raises(InputError, match="no group serves other"):
        small(queues={"pre_sales": QUEUE, "other": QUEUE})


def test_a_promise_about_a_queue_whose_group_has_nobody_is_proven_out_of_reach() -> None:
    crews = {"main": group(people=2), "temps": group(serves=["other"], people=0)}
    queues = {"pre_sales": QUEUE, "other": QUEUE}
    found = plan(queues=queues, groups=crews, targets=[{**SIX_SECONDS, "queues": ["other"]}])
    assert (found.status, found.search.ended) == ("infeasible", "proof")
    assert found.lower_bound is None


def test_a_queue_whose_group_has_nobody_is_left_alone_where_nothing_is_promised_of_it() -> None:
    crews = {"main": group(people=2), "temps": group(serves=["other"], people=0)}
    queues = {"pre_sales": QUEUE, "other": QUEUE}
    found = plan(queues=queues, groups=crews, targets=[{**SIX_SECONDS, "queues": ["pre_sales"]}])
    assert found.status == "met"


def test_nobody_comes() -> None:
    with pytest.raises(InputError, match="no contact comes"):
        small(queues={"pre_sales": {**QUEUE, "volume": {"contacts": 0}}})


def test_a_promise_about_a_queue_to_which_nobody_comes_is_refused_before_any_search() -> None:
    quiet = {"pre_sales": QUEUE, "other": {**QUEUE, "volume": {"contacts": 0}}}
    told: list[Any] = []
    scenario = small(
        queues=quiet,
        groups={"main": group(serves=list(quiet))},
        targets=[SIX_SECONDS, {**SIX_SECONDS, "name": "vain", "queues": ["other"]}],
    )
    with pytest.raises(InputError, match="vain"):
        optimise(scenario, seed=1, budget=Rosters(30), workers=1, progress=told.append)
    assert not told


def test_hours_in_which_nobody_comes_ask_for_nobody() -> None:
    morning = {**QUEUE, "profile": [["10:00", 1], ["11:30", 0], ["14:00", 0]]}
    found = plan(queues={"pre_sales": morning}, targets=[{**SIX_SECONDS, "each": "hour"}])
    assert found.status == "met"
    assert {duty.shift.start for duty in found.roster} == {0.0}


def test_a_promise_that_the_curves_do_not_know_is_sought_by_simulation() -> None:
    found = plan(rosters=40, targets=[{"measure": "occupancy", "at_most": 0.2}])
    assert found.status == "met"
