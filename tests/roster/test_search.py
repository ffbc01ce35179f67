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
from scipy.stats import binom

from cssim.demand.drawn import Drawn
from cssim.demand.streams import Phase
from cssim.engine.floor import Roster
from cssim.errors import InputError
from cssim.experiment.days import run_days
from cssim.experiment.rosters import roster_of
from cssim.experiment.simulation import SimulationResult, simulate
from cssim.measure.cost import cost_of
from cssim.measure.estimate import share_of_days
from cssim.roster import RosterResult, optimise, search
from cssim.roster.lab import Spent, Trial
from cssim.roster.moves import Move
from cssim.roster.search import JUDGEMENTS, cheapest_kept, looks
from cssim.roster.shifts import columns_of
from cssim.roster.stop import Rosters, Seconds, Stop
from cssim.scenario.load import read_roster
from cssim.scenario.schema import RosterRow, Scenario
from tests.roster.build import PLAIN, group
from tests.roster.hunt import FIVE_MINUTES, SIX_SECONDS, searching, small, tried

TEMPS = group(people=2, speed=0.7, chats=2, pay={"per_hour": 20})

# -- against all rosters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", [SIX_SECONDS, FIVE_MINUTES, {**SIX_SECONDS, "on": 0.8}], ids=["6s", "5min", "6s on days"]
)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_cheapest_of_all_rosters_is_found_where_they_are_few(target: dict[str, Any], seed: int) -> None:
    scenario = small(forecast="good", targets=[target])
    found = cheapest_kept(scenario, seed, 8, Rosters(400))
    assert np.all(found.reading.slack >= 0)

    hunt = searching(scenario, seed=seed, alone=True)
    hunt.lab.aims = [0.8]
    columns = hunt.lab.columns
    every = [np.array(counts) for counts in product(range(3), repeat=len(columns))]
    trials = [hunt.lab.trial(counts, 8) for counts in every if columns.rules.allow(counts)]
    cheapest = min(trial.reading.cost for trial in trials if np.all(trial.reading.slack >= 0))
    assert found.reading.cost == pytest.approx(cheapest)


def test_without_trying_all_at_most_an_agent_dearer_than_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "EVERY", 0)
    scenario = small(forecast="good", targets=[SIX_SECONDS], groups={"main": group(people=3), "temps": TEMPS})
    found = cheapest_kept(scenario, 1, 8, Rosters(100))
    hunt = searching(scenario, alone=True)
    columns = hunt.lab.columns
    every = [np.array(counts) for counts in product(range(4), range(4), range(3), range(3))]
    cheaper = [c for c in every if columns.pay @ c < found.pay - columns.pay.max() - 1e-9]
    assert not any(np.all(hunt.lab.trial(counts, 8).reading.slack >= 0) for counts in cheaper)


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
    assert plan.judgement.sizes == (40,)
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
    better = [(not row["kept"], row["cost"]) for row in history]
    assert better == sorted(better, reverse=True)  # each better than all before it
    for name in ("elapsed_s", "rosters_tried", "contacts_simulated"):
        assert [row[name] for row in history] == sorted(row[name] for row in history)
    assert set(plan.search.seconds) >= {"cover", "search", "judge", "bound", "explain"}


def test_the_result_is_the_contract_s_json(plan: RosterResult) -> None:
    told = json.loads(plan.to_json())
    assert told["schema"] == "cssim.roster.1"
    for key in ("version", "seed", "scenario", "scenario_digest", "currency", "started", "elapsed_s"):
        assert key in told
    assert told["status"] == "met"
    assert told["gap"] == pytest.approx((told["cost"] - told["lower_bound"]) / told["cost"])
    assert set(told["roster"][0]) == {
        "group",
        "date",
        "shift",
        "start",
        "end",
        "breaks",
        "count",
        "cost",
        "without",
    }
    assert set(told["roster"][0]["without"]) == {"first_reply"}
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
    with ThreadPoolExecutor(2) as executor:
        again = optimise(plan.scenario, seed=5, budget=Rosters(40), replications=40, executor=executor)
    assert again.roster == plan.roster
    assert (again.cost, again.lower_bound) == (plan.cost, plan.lower_bound)
    assert again.assumes == plan.assumes
    assert again.without == plan.without
    assert again.targets[0].to_dict() == plan.targets[0].to_dict()
    assert [dict(r, elapsed_s=0) for r in again.search.history] == [
        dict(r, elapsed_s=0) for r in plan.search.history
    ]


# -- budgets and endings ------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [1.0, 4.0])
def test_a_budget_of_time_is_kept(seconds: float) -> None:
    began = time.perf_counter()
    plan = optimise(small(), seed=1, budget=seconds, workers=1)
    took = time.perf_counter() - began
    assert took < seconds + 1.5  # a replication, or a solver's last step
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
    assert 2 <= plan.search.rosters_tried <= 2 + len(plan.without)  # what each is for is seen besides
    assert plan.status in ("met", "budget")


@pytest.mark.parametrize("rule", [Rosters(2), Seconds(100.0) | Rosters(2)])
def test_rules_end_a_search(rule: Stop) -> None:
    hunt = searching(small(), stop=rule)
    tried(hunt, [2, 2, 2, 2])
    tried(hunt, [2, 2, 2, 1])
    tried(hunt, [2, 2, 2, 2], 8)  # no new one
    with pytest.raises(Spent):
        tried(hunt, [2, 2, 1, 1])


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
    monkeypatch.setattr(search, "run_days", interrupting(8))
    plan = optimise(small(), seed=1, budget=Rosters(100), workers=1)
    assert plan.search.ended == "interrupted"
    assert plan.roster
    assert plan.judgement.replications == 16  # quickly


def test_ctrl_c_is_not_followed_by_explaining(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = optimise(small(), seed=1, budget=Rosters(3), replications=16, workers=1)
    assert plain.without
    monkeypatch.setattr(search, "run_days", interrupting(8))
    plan = optimise(small(), seed=1, budget=Rosters(100), workers=1)
    assert plan.search.ended == "interrupted"
    assert plan.without == ()
    assert list(plan.search.seconds)[-1] == "judge"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_ctrl_c_while_the_bound_is_sharpened_ends_the_search(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Before the first judgement, after which what was found is judged; between the rounds; in the end."""
    calls, stages = 0, []

    def interrupted(*args: Any, **kwargs: Any) -> float:
        nonlocal calls
        calls += 1
        if calls == number:
            raise KeyboardInterrupt
        return 0.0

    monkeypatch.setattr(search.Windows, "sharpen", interrupted)
    plan = optimise(
        small(forecast="good"),
        seed=1,
        budget=Rosters(100),
        replications=60,
        workers=1,
        progress=lambda record: stages.append(record.stage),
    )
    assert (calls, plan.status, plan.search.ended) == (number, "met", "interrupted")
    assert plan.without == ()
    assert stages[-2:] == ["judge" if number == 1 else "bound", "end"]


ROSTER = [{"group": "main", "date": "11-10", "shift": "half", "start": "10:00", "end": "12:00", "count": 1}]


def test_ctrl_c_while_the_roster_of_today_is_judged_leaves_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = small(roster=ROSTER)
    assert scenario.roster is not None
    own = roster_of(scenario, scenario.roster)

    def judged(one: Scenario, roster: Roster, **more: Any) -> SimulationResult:
        if roster == own:
            raise KeyboardInterrupt
        return simulate(one, roster, **more)

    monkeypatch.setattr(search, "simulate", judged)
    plan = optimise(scenario, seed=1, budget=Rosters(3), workers=1)
    assert plan.roster != own
    assert plan.baseline is None


def test_after_ctrl_c_the_roster_of_today_is_judged_as_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = small(forecast="good", roster=ROSTER)

    told = iter([0.0])

    def interrupted(*args: Any, **kwargs: Any) -> float:
        for bound in told:
            return bound
        raise KeyboardInterrupt

    monkeypatch.setattr(search.Windows, "sharpen", interrupted)
    plan = optimise(scenario, seed=1, budget=Rosters(100), replications=60, workers=1)
    assert plan.judgement.replications == 60
    assert plan.baseline is not None
    assert plan.baseline.replications == 16


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


# -- judgement ----------------------------------------------------------------------------------------


def test_a_long_judgement_has_two_looks_and_a_promise_of_all_has_one() -> None:
    assert looks(small(), 400) == (100, 400)
    assert looks(small(), 40) == (40,)
    assert looks(small(targets=[{**SIX_SECONDS, "on": 1}]), 400) == (400,)


def test_all_looks_of_all_judgements_together_are_as_sure_as_promised() -> None:
    """Rosters that keep 89.9% of days, of 90% promised, judged again and again until one is called *met*."""
    rng = np.random.default_rng(7)
    repetitions, sizes = 20_000, looks(small(), 400)
    met = np.zeros(repetitions, dtype=bool)
    for number in range(JUDGEMENTS):
        error = 0.05 / (len(sizes) * 2 ** (number + 1))
        kept = np.cumsum([rng.binomial(n, 0.899, repetitions) for n in np.diff(sizes, prepend=0)], axis=0)
        for n, some in zip(sizes, kept, strict=True):
            clear = next(k for k in range(n + 1) if share_of_days(k, n, error)[0] >= 0.9)
            met |= some >= clear
    # a false alarm in 1,000, were each repetition wrong with probability 5%
    assert 0 < met.sum() <= binom.isf(0.001, repetitions, 0.05)


def test_judgements_are_made_with_that_error(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, tuple[int, ...]]] = []

    def noting(*args: Any, **kwargs: Any) -> Any:
        asked.append((kwargs["phase"], kwargs["judgements"], tuple(kwargs["sizes"])))
        return simulate(*args, **kwargs)

    monkeypatch.setattr(search, "simulate", noting)
    monkeypatch.setattr(search, "SAFETY", -4.0)  # so rashly that the first judgements fail
    optimise(small(forecast="good"), seed=1, budget=Rosters(200), replications=100, workers=1)
    assert len(asked) > 1
    assert asked == [(Phase.JUDGEMENT + k, 2 ** (k + 1), (25, 100)) for k in range(len(asked))]


def test_the_worse_a_judgement_turns_out_the_more_is_asked_of_the_next_roster() -> None:
    hunt = searching(small(forecast="good"))

    def judge(counts: list[int]) -> search.SimulationResult:
        roster = hunt.lab.columns.roster(np.array(counts))
        return simulate(hunt.scenario, roster, replications=40, seed=1, phase=Phase.JUDGEMENT, workers=1)

    hunt.planned, hunt.enough = 40, 8
    trial = tried(hunt, [1, 1, 1, 0], 8)
    asked = []
    for result in (judge([1, 1, 1, 1]), judge([1, 1, 1, 0]), judge([1, 1, 0, 0])):
        hunt._learn_from(search._Judged(trial, result, 0))
        assert hunt.taught is not None
        asked.append(float(hunt.taught[0]))
    assert asked == sorted(asked)
    assert asked[0] < asked[-1]


def test_a_roster_that_is_only_lucky_is_turned_down() -> None:
    hunt = searching(small(forecast="poor"))
    hunt.enough = 8
    sure = tried(hunt, [2, 2, 2, 2], 8)
    assert hunt._rehearsed(sure)
    lucky = tried(hunt, [1, 1, 0, 0], 8)
    many = tried(hunt, [1, 1, 0, 0], hunt._many)
    hunt.taught = (lucky.reading.slack + many.reading.slack) / 2  # between what few and many show
    if many.reading.slack[0] < lucky.reading.slack[0]:
        assert not hunt._rehearsed(lucky)
        assert np.all(hunt.wanted > lucky.reading.slack)  # so it has to be better by as much as it lacks
    else:
        assert hunt._rehearsed(lucky)
        assert np.all(hunt.wanted < lucky.reading.slack)


# -- parts --------------------------------------------------------------------------------------------


def test_a_fully_tried_roster_is_not_given_up_for_one_only_looked_at() -> None:
    hunt = searching(small())
    hunt.enough = 8
    full = tried(hunt, [2, 2, 2, 2], 8)
    hunt._consider(full, "cover")
    hunt._consider(tried(hunt, [1, 1, 1, 1]), "cover")
    assert hunt.best is full


def test_the_hopeless_are_dropped_after_few_replications_and_the_good_are_sharpened() -> None:
    hunt = searching(small())
    hunt.enough = 32
    base = tried(hunt, [2, 2, 2, 2], 32)
    margin = base.reading.slack - 0.2
    nearly_all = Move((0, 0, 1, 1, 2, 3), (), 200.0, np.zeros(1))
    assert hunt._compared(base, nearly_all, margin) is None
    better = hunt._compared(base, Move((3,), (), 40.0, np.zeros(1)), margin)
    assert better is not None
    assert better.reading.cost < base.reading.cost
    assert [len(days) for days in hunt.lab._days.values()] == [32, 8, 32]


def test_a_refused_move_rests_and_is_then_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    hunt = searching(small())
    hunt.enough = 8
    start = tried(hunt, [2, 2, 2, 2], 8)
    hunt.wanted = np.full(1, -1.0)
    asked: list[tuple[int, Any]] = []
    refused = Move((0,), (), 60.0, np.zeros(1))
    welcome = [Move((), (), 0.1, np.zeros(1))] * 20

    def offered(*args: Any, **kwargs: Any) -> Any:
        yield refused
        yield welcome[0]

    def compared(base: Trial, move: Move, margin: Any) -> Trial | None:
        asked.append((len(taken), move.key))
        if move is refused:
            return None
        taken.append(move)
        return base if len(taken) < 12 else None

    taken: list[Move] = []
    monkeypatch.setattr(search, "moves", offered)
    monkeypatch.setattr(hunt, "_compared", compared)
    hunt._polish(start, tries=3)
    assert [step for step, key in asked if key == refused.key][:2] == [0, search.REST]
