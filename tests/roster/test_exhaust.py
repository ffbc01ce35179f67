"""Where all legal rosters are few and each surely misses a promise, it is proven that none keeps them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from cssim.demand.drawn import Drawn
from cssim.demand.streams import Phase
from cssim.engine.floor import Roster
from cssim.experiment.days import run_days
from cssim.measure.estimate import judge, surely_missed
from cssim.measure.service import Day
from cssim.roster import RosterResult, exhaust, optimise, search
from cssim.roster.exhaust import none_keeps
from cssim.roster.lab import Lab
from cssim.roster.mend import remedies
from cssim.roster.replay import replay
from cssim.roster.search import _Search
from cssim.roster.shifts import columns_of
from cssim.roster.stop import Record, Rosters, Seconds, Stop
from cssim.scenario.schema import Scenario
from tests.roster.build import group
from tests.roster.hunt import FIVE_MINUTES, SIX_SECONDS, searching, small

ONE = {"main": group(people=1)}
"""One agent on either of two shifts, or on both: four rosters. Both together reach 76%, the others half."""


@pytest.fixture(autouse=True)
def no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches without a simulated bound, which takes most of the time of small ones."""
    monkeypatch.setattr(_Search, "_bound", lambda *args: None)


def promising(share: float, **changes: Any) -> Scenario:
    """Four rosters, and the share of first replies in six seconds that is promised."""
    return small(**{"groups": ONE, "targets": [{**SIX_SECONDS, "at_least": share}], **changes})


def plan(scenario: Scenario, budget: Stop | None = None, **more: Any) -> RosterResult:
    """A small search."""
    return optimise(scenario, seed=1, budget=budget or Rosters(100), replications=60, workers=1, **more)


def tried(scenario: Scenario, stop: Stop | None = None, replications: int = 60) -> tuple[Lab, Any]:
    """What comes of trying all rosters, without a search before it."""
    lab = searching(scenario, stop).lab
    fresh = Drawn(scenario, 1, Phase.PROOF)

    def run(roster: Roster, some: Sequence[int]) -> list[Day]:
        return run_days(fresh, roster, some)

    nobody = np.zeros(len(lab.columns), dtype=np.int64)
    return lab, none_keeps(lab, run, nobody, nobody + 1, replications)


# -- what is proven -----------------------------------------------------------------------------------


def test_a_promise_that_all_of_few_rosters_miss_is_proven_out_of_reach() -> None:
    found = plan(promising(0.9))
    assert (found.status, found.search.ended) == ("infeasible", "proof")
    assert found.why == ("bound.every", {"rosters": 4, "sure": "95%"})
    assert "all 4 rosters" in found.to_dict()["why"]
    assert found.lower_bound is found.gap is None
    assert [duty.count for duty in found.roster] == [1, 1]  # the nearest


def test_it_says_where_people_are_lacking_and_what_would_mend_it() -> None:
    found = plan(promising(0.9))
    assert {row.target for row in found.shortfall} == {"first_reply"}
    assert found.shortfall[0].start.startswith("2026-11-10 1")
    assert {"mend.people", "mend.at_least"} <= {remedy.key for remedy in remedies(found)}
    assert found.without


def test_what_is_proven_is_judged_again_to_the_same_numbers() -> None:
    kept = json.loads(plan(promising(0.9)).to_json())
    again = replay(kept, workers=1)
    assert again.differences == ()
    assert again.values > 100


def test_it_is_no_proof_where_one_roster_keeps_the_promise() -> None:
    assert tried(promising(0.7))[1] is None
    assert plan(promising(0.7)).status == "met"


def test_it_is_no_proof_where_one_roster_is_not_surely_missed() -> None:
    """The one of both agents truly keeps it, by a hair (76.3% in 4,000 days)."""
    found = plan(promising(0.76))
    assert found.status == "budget"
    assert found.targets[0].verdict == "undecided"
    assert found.search.ended == "settled"


def test_the_one_that_keeps_it_is_found_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """All rosters but one are missed, whichever that is."""
    scenario = promising(0.9)
    columns = columns_of(scenario)
    for kept in ([0, 0], [0, 1], [1, 0], [1, 1]):
        monkeypatch.setattr(
            exhaust, "_missed", lambda lab, run, counts, sizes, kept=kept: counts.tolist() != kept
        )
        assert tried(scenario)[1] is None
    monkeypatch.setattr(exhaust, "_missed", lambda *args: True)
    assert tried(scenario)[1] is not None
    assert len(columns) == 2


def test_promises_that_pull_apart_are_proven_to() -> None:
    apart = [{**SIX_SECONDS, "at_least": 0.9}, {"measure": "occupancy", "at_least": 0.6}]
    found = plan(small(targets=apart), Rosters(200))
    assert found.status == "infeasible"
    assert found.why is not None
    assert found.why[1]["rosters"] == 81
    assert found.search.rosters_tried > 81


def test_where_nothing_may_be_bought_the_one_roster_of_nobody_is_tried() -> None:
    nobody = promising(0.9, groups={"main": group(people=0)}, targets=[FIVE_MINUTES])
    found = plan(nobody)
    assert (found.status, found.roster, found.cost) == ("infeasible", (), 0)
    assert tried(nobody)[1] == ("bound.every", {"rosters": 1, "sure": "95%"})


def test_who_is_fixed_works_in_all_rosters_that_are_tried() -> None:
    scenario = promising(0.9)
    fixed = columns_of(scenario).roster(np.array([1, 0]))
    found = plan(scenario, fixed=fixed)
    assert found.why == ("bound.every", {"rosters": 2, "sure": "95%"})


# -- how sure it is -----------------------------------------------------------------------------------


def test_all_are_tried_on_numbers_that_nothing_else_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    phases: list[int] = []

    def run(drawn: Drawn, *args: Any, **kwargs: Any) -> list[Day]:
        phases.append(drawn.phase)
        return run_days(drawn, *args, **kwargs)

    monkeypatch.setattr(search, "run_days", run)
    assert plan(promising(0.9)).status == "infeasible"
    proof = [number for number, phase in enumerate(phases) if phase == Phase.PROOF]
    assert len(proof) >= 4
    assert set(phases) == {Phase.SEARCH, Phase.PROOF}
    assert phases[proof[0] : proof[-1] + 1] == [Phase.PROOF] * len(proof)


def test_a_verdict_on_all_promises_shares_its_error_among_them() -> None:
    """A roster that one promise alone would call missed is not, where two others are as easily wrong."""
    target = {**SIX_SECONDS, "at_least": 0.9}
    for share in np.arange(0.76, 0.80, 0.001):
        one = promising(0.9, targets=[{**target, "at_least": round(float(share), 3)}])
        days = run_days(Drawn(one, 1, Phase.PROOF), columns_of(one).roster(np.array([1, 1])), range(60))
        if judge(one, days)[0].verdict == "missed":
            break
    assert judge(one, days)[0].verdict == "missed"
    assert surely_missed(one, days)
    three = one.model_copy(update={"targets": one.targets * 3})
    days = run_days(Drawn(three, 1, Phase.PROOF), columns_of(one).roster(np.array([1, 1])), range(60))
    assert not surely_missed(three, days)
    assert not surely_missed(one, days, looks=3)


def test_a_promise_with_nothing_to_measure_counts_as_missed_only_in_the_end() -> None:
    nobody = promising(0.9, targets=[{"measure": "mean_reply", "at_most": "1h"}])
    days = run_days(Drawn(nobody, 1, Phase.PROOF), (), range(4))
    assert not surely_missed(nobody, days)
    assert surely_missed(nobody, days, nothing=True)


@pytest.mark.parametrize(("most", "sizes"), [(10, (10,)), (60, (60,)), (64, (16, 64)), (400, (25, 100, 400))])
def test_the_looks_at_a_roster(most: int, sizes: tuple[int, ...]) -> None:
    assert exhaust._sizes(most) == sizes


def test_looks_share_the_error_and_nothing_to_measure_counts_at_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[int, int, bool]] = []

    def never(scenario: Scenario, days: Sequence[Day], *, looks: int, nothing: bool) -> bool:
        seen.append((len(days), looks, nothing))
        return False

    monkeypatch.setattr(exhaust, "surely_missed", never)
    assert tried(promising(0.9), replications=64)[1] is None
    assert seen == [(16, 2, False), (64, 2, True)]  # of the first roster, and there it ends


# -- within the budget --------------------------------------------------------------------------------


def test_it_is_not_begun_where_the_rosters_of_the_budget_do_not_hold_it() -> None:
    before = plan(promising(0.9)).search.rosters_tried - 4
    assert plan(promising(0.9), Rosters(before + 4)).status == "infeasible"
    found = plan(promising(0.9), Rosters(before + 3))
    assert (found.status, found.search.rosters_tried) == ("budget", before)


def test_it_is_not_begun_where_the_time_does_not_hold_it() -> None:
    lab, proof = tried(promising(0.9), Seconds(1e-3))
    assert proof is None
    assert lab.rosters == 0


@dataclass(frozen=True)
class Contacts(Stop):
    """After so many contacts."""

    limit: int

    def __call__(self, record: Record) -> bool:
        return record.contacts > self.limit


def test_it_ends_where_the_budget_does() -> None:
    every, proof = tried(promising(0.9))
    assert proof is not None
    some, proof = tried(promising(0.9), Contacts(every.contacts // 2))
    assert proof is None
    assert 0 < some.besides < every.besides == 4


def test_too_many_rosters_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhaust, "EVERY", 3)
    assert plan(promising(0.9)).status == "budget"


def test_money_that_is_given_proves_nothing() -> None:
    found = plan(promising(0.9), money=61.0)
    assert (found.status, found.why) == ("budget", None)


def test_ctrl_c_while_all_are_tried_gives_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(drawn: Drawn, *args: Any, **kwargs: Any) -> list[Day]:
        if drawn.phase == Phase.PROOF:
            raise KeyboardInterrupt
        return run_days(drawn, *args, **kwargs)

    monkeypatch.setattr(search, "run_days", run)
    found = plan(promising(0.9))
    assert (found.status, found.search.ended, found.why) == ("budget", "interrupted", None)
    assert found.roster
