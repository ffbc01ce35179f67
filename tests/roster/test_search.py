"""The search: near the best of all rosters, within its budget, judged on numbers it never saw."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cssim.demand.drawn import Drawn
from cssim.demand.streams import Phase
from cssim.errors import InputError
from cssim.experiment.days import run_days
from cssim.experiment.rosters import roster_of
from cssim.experiment.simulation import simulate
from cssim.measure.cost import cost_of
from cssim.roster import RosterResult, optimise, search
from cssim.roster.lab import Lab, Spent, Trial
from cssim.roster.learn import Setting, corrected
from cssim.roster.moves import Move, Trust, moves
from cssim.roster.search import _Search
from cssim.roster.shifts import columns_of
from cssim.roster.stop import Never, Rosters, Seconds, Stop
from cssim.scenario.load import read_roster
from cssim.scenario.schema import RosterRow, Scenario
from tests.roster.build import PLAIN, group, shop

SIX_SECONDS = {"measure": "first_reply", "within": "6s", "at_least": 0.6}
FIVE_MINUTES = {"measure": "buyers", "within": "5min", "at_least": 0.9}


def small(**changes: Any) -> Scenario:
    """Two groups sharing a queue, two shifts each, at most two people of each on at a time."""
    groups = {
        "main": group(people=2),
        "temps": group(people=2, speed=0.7, chats=2, pay={"per_hour": 20}),
    }
    return shop(**{"groups": groups, **changes})


def searching(scenario: Scenario, stop: Stop | None = None, seed: int = 1) -> _Search:
    """A search that has not begun, without judgements."""

    drawn = Drawn(scenario, seed, Phase.SEARCH)

    def run(roster: Any, some: Any) -> Any:
        return run_days(drawn, roster, some)

    def judge(roster: Any, number: int, some: int) -> Any:
        raise AssertionError("no judgement here")

    lab = Lab(
        scenario,
        columns_of(scenario),
        run,
        stop=stop or Never(),
        began=time.perf_counter(),
        bound=0.0,
        watch=None,
    )
    return _Search(scenario, lab, judge, None)


# -- against all rosters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", [SIX_SECONDS, FIVE_MINUTES, {**SIX_SECONDS, "on": 0.8}], ids=["6s", "5min", "6s on days"]
)
@pytest.mark.parametrize("seed", [1, 2])
def test_at_most_one_shift_dearer_than_the_best_of_all_rosters(target: dict[str, Any], seed: int) -> None:
    scenario = small(forecast="good", targets=[target])
    hunt = searching(scenario, seed=seed)
    hunt.enough = 8
    hunt.wanted = np.zeros(1)  # the promise itself, on the search's own numbers
    hunt.lab.aims = [0.8]
    hunt._start(4)
    assert hunt.best is not None
    hunt._improve(hunt.lab.trial(hunt.best.counts, 8))
    found = hunt.best
    assert np.all(found.reading.slack >= 0)

    columns = hunt.lab.columns
    every = [np.array(counts) for counts in product(range(3), repeat=len(columns))]
    by_pay = sorted(every, key=lambda counts: float(columns.pay @ counts))
    best = next(t for c in by_pay if np.all((t := hunt.lab.trial(c, 8)).reading.slack >= 0))
    assert found.pay <= best.pay + columns.pay.max() + 1e-9
    assert columns.rules.allow(found.counts)


# -- the whole way ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plan() -> RosterResult:
    """A plan for the small shop, which has a roster of its own."""
    today = [
        {"group": "main", "date": "11-10", "shift": "half", "start": start, "count": 2}
        for start in ("10:00", "12:00")
    ]
    return optimise(
        small(roster=today, limits={"min_on_duty": 1, "seats": 4}),
        seed=5,
        budget=Rosters(40),
        replications=40,
        workers=1,
    )


def test_a_roster_that_meets_its_targets_is_found_and_legal(plan: RosterResult) -> None:
    assert plan.status == "met"
    assert all(target.verdict == "met" for target in plan.targets)
    assert plan.search.ended in ("settled", "budget")
    columns = columns_of(plan.scenario)
    assert columns.rules.allow(columns.counts(plan.roster))
    assert plan.shortfall == ()


def test_its_money_adds_up(plan: RosterResult) -> None:
    pay = cost_of(plan.scenario, plan.roster)
    assert plan.cost == plan.judgement.cost.total.value >= pay
    assert sum(row["cost"] for row in plan.rows()) == pytest.approx(pay)
    assert plan.lower_bound is not None
    assert 0 < plan.lower_bound <= plan.cost
    assert plan.gap == pytest.approx((plan.cost - plan.lower_bound) / plan.cost)
    assert plan.bound_assumes


def test_it_is_judged_on_numbers_that_the_search_never_saw(plan: RosterResult) -> None:
    assert plan.judgement.phase >= Phase.JUDGEMENT > Phase.SEARCH
    assert plan.judgement.judgements == 2 ** (plan.judgement.phase - Phase.JUDGEMENT + 1)
    assert plan.judgement.replications == 40
    assert plan.judgement.roster == plan.roster


def test_the_roster_of_today_is_judged_on_the_same_numbers(plan: RosterResult) -> None:
    assert plan.baseline is not None
    assert plan.scenario.roster is not None
    assert plan.baseline.roster == roster_of(plan.scenario, plan.scenario.roster)
    assert (plan.baseline.phase, plan.baseline.replications) == (
        plan.judgement.phase,
        plan.judgement.replications,
    )


def test_the_search_is_on_record(plan: RosterResult) -> None:
    history = plan.search.history
    assert 0 < plan.search.rosters_tried <= 40
    assert plan.search.contacts_simulated > 0
    kept = [row["cost"] for row in history if row["kept"]]
    assert kept == sorted(kept, reverse=True)  # each better than all before it
    assert [row["rosters_tried"] for row in history] == sorted(row["rosters_tried"] for row in history)


def test_the_result_is_the_contract_s_json(plan: RosterResult) -> None:
    told = json.loads(plan.to_json())
    assert told["schema"] == "cssim.roster.1"
    for key in ("version", "seed", "scenario", "scenario_digest", "currency", "started", "elapsed_s"):
        assert key in told
    assert told["status"] == "met"
    assert told["gap"] == pytest.approx((told["cost"] - told["lower_bound"]) / told["cost"])
    assert set(told["roster"][0]) == {"group", "date", "shift", "start", "end", "breaks", "count", "cost"}
    assert told["targets"] == told["judgement"]["targets"]
    assert told["baseline"]["schema"] == told["judgement"]["schema"] == "cssim.simulation.1"
    assert set(told["search"]) >= {"rosters_tried", "contacts_simulated", "history"}
    assert told["shortfall"] == []
    assert plan.scenario.currency in plan._repr_html_()


def test_its_rows_read_back_as_the_same_roster(plan: RosterResult, tmp_path: Path) -> None:
    rows = [
        RosterRow.model_validate(
            {key: row[key] for key in ("group", "date", "shift", "start", "end", "count")}
        )
        for row in plan.rows()
    ]
    assert roster_of(plan.scenario, rows) == plan.roster
    table = tmp_path / "roster.csv"
    names = list(plan.rows()[0])
    lines = [names, *([str(row[name]) for name in names] for row in plan.rows())]
    table.write_text("\n".join(",".join(line) for line in lines), encoding="utf-8-sig")
    assert roster_of(plan.scenario, read_roster(table, plan.scenario)) == plan.roster


def test_same_seed_same_roster_on_any_number_of_workers(plan: RosterResult) -> None:
    with ThreadPoolExecutor(3) as executor:
        again = optimise(plan.scenario, seed=5, budget=Rosters(40), replications=40, executor=executor)
    assert again.roster == plan.roster
    assert again.cost == plan.cost
    assert [dict(r, elapsed_s=0) for r in again.search.history] == [
        dict(r, elapsed_s=0) for r in plan.search.history
    ]


# -- budgets and endings ------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [1.0, 4.0])
def test_a_budget_of_time_is_kept(seconds: float) -> None:
    began = time.perf_counter()
    plan = optimise(small(), seed=1, budget=seconds, workers=1)
    took = time.perf_counter() - began
    assert took < seconds + 1.0  # a replication, or a solver's last step
    assert plan.search.budget == seconds
    assert plan.roster


def test_a_search_stops_in_time_for_its_judgement(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(drawn: Drawn, roster: Any, some: Any, **kwargs: Any) -> Any:
        time.sleep(0.05 * len(some))
        return run_days(drawn, roster, some, **kwargs)

    monkeypatch.setattr(search, "run_days", slow)
    began = time.perf_counter()
    plan = optimise(small(forecast="poor"), seed=1, budget=3.0, workers=1)
    assert time.perf_counter() - began < 4.0
    assert plan.search.ended == "budget"
    assert plan.judgement.replications >= 2


def test_a_budget_of_rosters_is_kept() -> None:
    plan = optimise(small(), seed=1, budget=Rosters(2), replications=4, workers=1)
    assert plan.search.rosters_tried == 2
    assert plan.status in ("met", "budget")


@pytest.mark.parametrize("rule", [Rosters(2), Seconds(100.0) | Rosters(2)])
def test_rules_end_a_search(rule: Stop) -> None:
    hunt = searching(small(), stop=rule)
    hunt._start(2)
    others = [2, 2, 2, 1], [2, 2, 1, 1]  # the start tries one or two
    with pytest.raises(Spent):
        [hunt.lab.trial(np.array(counts), 4) for counts in others]


def test_nonsense_is_refused() -> None:
    with pytest.raises(InputError, match="budget"):
        optimise(small(), budget=0.0)
    with pytest.raises(InputError, match="2 replications"):
        optimise(small(), replications=1)


def interrupting(after: int) -> Callable[..., Any]:
    """`run_days` that is interrupted by Ctrl-C after so many calls."""
    calls = 0

    def run(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise KeyboardInterrupt
        return run_days(*args, **kwargs)

    return run


def test_ctrl_c_gives_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "run_days", interrupting(3))
    plan = optimise(small(), seed=1, budget=Rosters(100), workers=1)
    assert plan.search.ended == "interrupted"
    assert plan.roster
    assert plan.judgement.replications == 8  # quickly


def test_ctrl_c_while_a_roster_is_judged_gives_that_roster(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = 0

    def once(*args: Any, **kwargs: Any) -> Any:
        nonlocal judged
        judged += 1
        if judged == 1:
            raise KeyboardInterrupt
        return simulate(*args, **kwargs)

    monkeypatch.setattr(search, "simulate", once)
    plan = optimise(small(), seed=1, budget=Rosters(3), workers=1)
    assert plan.search.ended == "interrupted"
    assert plan.roster
    assert judged == 2


def test_ctrl_c_before_there_is_anything_is_just_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "run_days", interrupting(0))
    with pytest.raises(KeyboardInterrupt):
        optimise(small(), seed=1, budget=Rosters(100), workers=1)


def test_a_promise_above_its_ceiling_is_infeasible_and_the_nearest_roster_is_shown() -> None:
    chat = {**PLAIN["queues"]["pre_sales"], "chat": {"rounds": 1, "reply": {"mean": "10s"}}}
    hard = small(queues={"pre_sales": chat}, targets=[{**SIX_SECONDS, "at_least": 0.9}])
    plan = optimise(hard, seed=1, budget=Rosters(50), workers=1)
    assert plan.status == "infeasible"
    assert plan.search.ended == "proof"
    assert plan.why is not None
    assert plan.lower_bound is None
    assert plan.roster
    told = plan.to_dict()
    assert told["why"]
    assert told["lower_bound"] is told["gap"] is None


def test_too_few_people_end_in_a_shortfall_not_in_a_proof() -> None:
    few = small(groups={"main": group(people=1)}, targets=[{**SIX_SECONDS, "at_least": 0.9}])
    plan = optimise(few, seed=1, budget=Rosters(6), replications=20, workers=1)
    assert plan.status == "budget"
    assert plan.roster
    assert plan.shortfall
    assert plan.shortfall[0].queue == "pre_sales"
    assert all(row.people > 0 for row in plan.shortfall)
    assert plan.to_dict()["shortfall"][0]["from"].startswith("2026-11-10")


def test_nobody_at_all() -> None:
    plan = optimise(small(groups={"main": group(people=0)}), seed=1, workers=1)
    assert plan.status == "infeasible"
    assert plan.roster == ()
    assert plan.cost == 0
    assert plan.to_json()


def test_a_horizon_of_one_hour() -> None:
    hour = {"from": "2026-11-10 10:00", "to": "2026-11-10 11:00"}
    queue = {**PLAIN["queues"]["pre_sales"], "volume": {"contacts": 30}}
    plan = optimise(
        small(horizon=hour, queues={"pre_sales": queue}),
        seed=1,
        budget=Rosters(20),
        replications=60,
        workers=1,
    )
    assert plan.status == "met"
    assert {duty.shift.start for duty in plan.roster} == {0.0}


def test_a_night_shift_longer_than_the_horizon() -> None:
    hour = {"from": "2026-11-10 23:30", "to": "2026-11-11 00:30"}
    queue = {**PLAIN["queues"]["pre_sales"], "volume": {"contacts": 30}}
    night = {"half": {"start": "21:30", "end": "09:00"}}
    plan = optimise(
        small(horizon=hour, queues={"pre_sales": queue}, shifts=night),
        seed=1,
        budget=Rosters(20),
        replications=60,
        workers=1,
    )
    assert plan.status == "met"
    assert {row["date"] for row in plan.rows()} == {"2026-11-10"}


# -- parts --------------------------------------------------------------------------------------------


def test_a_fully_tried_roster_is_not_given_up_for_one_only_looked_at() -> None:
    hunt = searching(small())
    hunt.enough = 8
    full = hunt.lab.trial(np.array([2, 2, 2, 2]), 8)
    hunt._consider(full, "cover")
    hunt._consider(hunt.lab.trial(np.array([1, 1, 1, 1]), 4), "cover")
    assert hunt.best is full


def setting_and_trial(counts: list[int]) -> tuple[_Search, Setting, Trial]:
    """A search and one of its rosters."""
    hunt = searching(small())
    return hunt, hunt.setting, hunt.lab.trial(np.array(counts), 4)


def test_moves_are_legal_and_save_money_while_the_promise_is_kept() -> None:
    hunt, setting, trial = setting_and_trial([2, 2, 1, 1])
    found = list(moves(setting, hunt.asked, trial, np.full(1, -1.0), np.ones(1)))
    assert found
    for move in found:
        assert move.saves > 0
        assert setting.columns.rules.allow(move.applied(trial.counts))
        assert np.all(move.applied(trial.counts) >= 0)
        assert setting.columns.pay @ (trial.counts - move.applied(trial.counts)) == pytest.approx(move.saves)


def test_moves_mend_while_the_promise_is_not_kept() -> None:
    hunt, setting, trial = setting_and_trial([1, 0, 0, 0])
    found = list(moves(setting, hunt.asked, trial, np.full(1, 0.1), np.ones(1)))
    mends = [move.effect[0] > 0 for move in found]
    assert mends == sorted(mends, reverse=True)  # these first, then one less or one more anywhere
    assert found[0].on
    assert all(len(move.off) + len(move.on) == 1 for move in found[sum(mends) :])


def test_predicted_effects_have_the_sign_that_simulation_shows() -> None:
    hunt, setting, trial = setting_and_trial([1, 1, 1, 1])
    for move in moves(setting, hunt.asked, trial, np.full(1, 1.0), np.ones(1)):
        if not move.off:
            more = hunt.lab.trial(move.applied(trial.counts), 4)
            assert more.reading.slack[0] > trial.reading.slack[0]


def test_trust_is_learnt_from_what_was_seen() -> None:
    trust = Trust(1)
    assert trust.factor == pytest.approx(1.0)
    for _ in range(20):
        trust.learn(np.array([-0.02]), np.array([-0.01]), np.array([0.001]))
    assert trust.factor == pytest.approx(0.5, rel=0.05)


def test_what_failed_is_asked_for_more_and_what_was_kept_too_well_for_less() -> None:
    _, setting, trial = setting_and_trial([1, 1, 0, 0])
    asked = setting.first_asked()
    more = corrected(setting, asked, trial, trial.reading.slack + 0.1, 0.8)
    less = corrected(setting, asked, trial, trial.reading.slack - 0.1, 0.8)
    assert more.shares[0][0] > less.shares[0][0]
    assert np.array_equal(more.worth, less.worth)


def test_a_move_takes_off_and_puts_on() -> None:
    counts = np.array([3, 0, 1])
    assert Move((), (1,), -1.0, np.zeros(1)).applied(counts).tolist() == [3, 1, 1]
    assert Move((0, 0), (1, 2), 1.0, np.zeros(1)).applied(counts).tolist() == [1, 1, 2]
    assert counts.tolist() == [3, 0, 1]


def test_a_promise_that_the_curves_do_not_know_is_sought_by_simulation() -> None:
    busy = {"measure": "occupancy", "at_most": 0.2}
    plan = optimise(small(targets=[busy]), seed=1, budget=Rosters(40), replications=40, workers=1)
    assert plan.status == "met"


def test_the_hopeless_are_dropped_after_few_replications_and_the_good_are_sharpened() -> None:
    hunt = searching(small())
    hunt.enough = 16
    base = hunt.lab.trial(np.array([2, 2, 2, 2]), 16)
    margin = base.reading.slack - 0.2
    tried = len(hunt.lab._days)
    assert hunt._compared(base, np.array([0, 0, 1, 0]), np.zeros(1), margin) is None
    better = hunt._compared(base, np.array([2, 2, 2, 1]), np.zeros(1), margin)
    assert better is not None
    assert better.reading.cost < base.reading.cost
    assert [len(days) for days in hunt.lab._days.values()][tried:] == [4, 16]
