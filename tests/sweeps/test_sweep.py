"""What-if tables: common random numbers, differences of the same days, and what Ctrl-C leaves."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cssim.engine.floor import Duty
from cssim.errors import InputError
from cssim.experiment.rosters import roster_of
from cssim.experiment.simulation import simulate
from cssim.measure.estimate import Estimate
from cssim.roster.search import optimise
from cssim.roster.stop import Rosters
from cssim.scenario.load import digest, resolved
from cssim.scenario.schema import Scenario
from cssim.sweeps import paired, run, sweep
from cssim.sweeps.grid import Point, grid, read_axis
from cssim.sweeps.outcome import Outcome, between
from cssim.sweeps.paired import Effect, of_mean, of_ratio
from cssim.sweeps.result import SweepResult
from cssim.sweeps.run import Optimised, Part
from tests.sweeps.build import shop, stopping_at

RESOLVES = "queues.pre_sales.bot.resolves"
DAY = {"measure": "first_reply", "within": "20s", "at_least": "80%", "on": "50%"}


def swept(scenario: Scenario, values: dict[str, list[Any]], **given: Any) -> SweepResult:
    return sweep.sweep(scenario, values, **{"seed": 3, "replications": 12, "workers": 1, **given})


@pytest.fixture(scope="module")
def bots() -> SweepResult:
    return swept(shop(), {RESOLVES: ["20%", "40%", "60%"]})


def test_a_change_that_changes_nothing_changes_nothing() -> None:
    found = swept(shop(targets=[DAY, *shop().targets]), {"groups.temps.pay.per_hour": [20, 25, 90]})
    assert found.base is not None
    for outcome in found.outcomes:
        change = found.difference(outcome)
        assert change is not None
        assert change.cost is not None
        assert (change.cost.value, change.cost.half_width) == (0.0, 0.0)
        assert outcome.cost == found.base.cost
        for target in change.targets:
            assert target is not None
            assert (target.effect.value, target.effect.half_width) == (0.0, 0.0)


def test_every_point_has_the_numbers_of_a_simulation_with_that_seed(bots: SweepResult) -> None:
    for outcome in bots.outcomes:
        alone = simulate(outcome.point.scenario, seed=3, replications=12, workers=1)
        assert outcome.cost == alone.cost.total
        assert outcome.targets[0].estimate == alone.targets[0].estimate


def test_the_difference_is_that_of_the_estimates_and_surer_than_they_are(bots: SweepResult) -> None:
    assert bots.base is not None
    worse = bots.outcomes[0]
    change = bots.difference(worse)
    assert change is not None
    moved = change.targets[0]
    assert moved is not None
    one, other = worse.targets[0], bots.base.targets[0]
    assert moved.effect.value == pytest.approx(one.estimate - other.estimate)
    assert 0 < moved.effect.half_width < 0.8 * np.hypot(one.worst.half_width, other.worst.half_width)


def test_a_point_that_is_the_scenario_as_written_is_the_base_and_run_once(bots: SweepResult) -> None:
    assert [bots.is_base(outcome) for outcome in bots.outcomes] == [False, True, False]
    assert len(bots.rows()) == 3
    assert len(swept(shop(), {RESOLVES: ["60%"]}, replications=2).rows()) == 2


def test_share_of_days_without_a_change_is_not_surely_the_same() -> None:
    days = [{**DAY, "within": "10min"}]
    found = swept(shop(targets=days), {RESOLVES: ["35%"]})
    change = found.difference(found.outcomes[0])
    assert change is not None
    moved = change.targets[0]
    assert moved is not None
    assert moved.effect.value == 0
    assert moved.effect.half_width == pytest.approx(1 - 0.025 ** (1 / 12))


def test_promises_about_different_things_are_not_compared() -> None:
    other = [{"measure": "abandonment", "at_most": "5%"}]
    found = swept(shop(), {"targets": [other]}, replications=2)
    change = found.difference(found.outcomes[0])
    assert change is not None
    assert change.targets == (None,)


def test_runs_of_other_replications_are_not_paired(bots: SweepResult) -> None:
    fewer = simulate(shop(), seed=3, replications=5, workers=1)
    assert bots.base is not None
    change = between(Outcome(bots.base.point, fewer), bots.base)
    assert change.cost is None
    assert change.targets == (None,)
    assert change.money == fewer.cost.total.value - bots.base.cost.value


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0.1, 9)), min_size=2, max_size=9))
@settings(deadline=None)
def test_an_effect_less_itself_is_nothing_and_influences_add_up_to_nothing(pairs: list[Any]) -> None:
    part, whole = np.array(pairs).T
    for effect in (of_ratio(part, whole), of_mean(part)):
        nothing = effect - effect
        assert (nothing.value, nothing.half_width) == (0.0, 0.0)
        assert effect.influence.sum() == pytest.approx(0, abs=1e-9)


def test_one_replication_says_nothing_of_the_spread() -> None:
    assert Effect(1.0, np.array([0.5])).half_width == np.inf
    assert not Effect(1.0, np.array([0.5])).sure


def test_paired_half_widths_hold_what_they_promise() -> None:
    """In 400 samples of 15 pairs, 95% of intervals hold the true difference, to five standard errors."""
    random = np.random.default_rng(5)
    inside = 0
    for _ in range(400):
        day = random.gamma(4.0, size=15)
        one, other = day + random.normal(0.5, 0.2, 15), day + random.normal(0.0, 0.2, 15)
        effect = of_mean(one) - of_mean(other)
        inside += abs(effect.value - 0.5) <= effect.half_width
    assert abs(inside / 400 - 0.95) < 5 * (0.95 * 0.05 / 400) ** 0.5


def test_a_roster_means_the_points_own_hours() -> None:
    """A named shift that is made longer is worked longer."""
    shifts = {"half": {"start": "10:00", "end": "12:00"}}
    scenario = shop(shifts=shifts, roster=None)
    rows = [{"group": "main", "date": "11-10", "shift": "half", "count": 2}]
    roster = roster_of(scenario, shop(shifts=shifts, roster=rows).roster or ())
    found = swept(scenario, {"shifts.half.end": ["12:00", "14:00"]}, roster=roster, replications=2)
    assert [outcome.hours for outcome in found.outcomes] == [4, 8]


def test_a_roster_with_several_such_shifts_is_the_same_roster() -> None:
    rows = run.rows_of(shop(), roster_of(shop(), shop().roster or ()))
    assert [(row.start, row.end, row.count) for row in rows] == [(36000, 43200, 2), (43200, 50400, 2)]


def test_without_a_roster_one_is_looked_for_at_each_point(quick: None) -> None:
    found = swept(shop(roster=None), {RESOLVES: ["0%", "90%"]}, budget=Rosters(12), replications=60)
    assert found.searched
    dear, cheap = found.outcomes
    assert dear.status == cheap.status == "met"
    assert dear.cost.value > cheap.cost.value
    assert dear.lower_bound is not None
    assert dear.lower_bound <= dear.cost.value
    alone = optimise(
        cheap.point.scenario,
        seed=3,
        budget=Rosters(12),
        replications=60,
        start=dear.result.roster,
        workers=1,
    )
    assert alone.cost == cheap.cost.value


def test_a_point_starts_from_its_neighbour_and_the_first_from_the_scenario_as_written() -> None:
    starts: list[tuple[str, ...] | None] = []

    class Watched(Optimised):
        def __call__(self, point: Point, start: Outcome | None, part: Part) -> Outcome:
            starts.append(tuple(change.text for change in start.point.changes) if start else None)
            return Outcome(point, simulate(point.scenario, seed=self.seed, replications=2, workers=1))

    axes = [read_axis(f"{RESOLVES}=30%,60%"), read_axis("groups.main.chats=2,4")]
    sweep.swept(shop(), axes, grid(shop(), axes), Watched(3))
    assert starts == [None, (), ("30%", "2"), ("30%", "2"), ("60%", "2")]


def test_an_illegal_roster_is_no_start() -> None:
    roster = roster_of(shop(), shop().roster or ())
    assert run.legal(shop(), roster) == roster
    assert run.legal(shop(limits={"seats": 1}), roster) is None
    other = {"half": {"start": "10:00", "end": "13:00"}}
    assert run.legal(shop(shifts=other, roster=None), roster) is None
    assert isinstance(roster[0], Duty)


def test_nothing_to_simulate_is_refused() -> None:
    with pytest.raises(InputError, match="nobody to simulate"):
        swept(shop(roster=None), {RESOLVES: ["20%"]}, search=False)


def test_ctrl_c_keeps_the_points_that_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "simulate", stopping_at(3))
    found = swept(shop(), {RESOLVES: ["20%", "40%", "60%"]}, replications=2)
    assert found.interrupted
    assert [outcome.point.changes[0].text for outcome in found.outcomes] == ["20%", "40%"]
    assert found.points == 3


def test_ctrl_c_before_the_first_point_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*args: Any, **given: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "simulate", stop)
    with pytest.raises(KeyboardInterrupt):
        swept(shop(), {RESOLVES: ["20%"]})


def test_who_watches_is_told_of_parts_of_points() -> None:
    told: list[tuple[float, int]] = []
    swept(shop(), {RESOLVES: ["20%"]}, progress=lambda done, total: told.append((done, total)))
    dones = [done for done, _ in told]
    assert dones == sorted(dones)
    assert told[-1] == (2.0, 2)


def test_a_result_carries_what_it_takes_to_run_it_again(bots: SweepResult) -> None:
    found = json.loads(bots.to_json())
    head = ("schema", "seed", "scenario_digest", "currency", "interrupted", "kind", "points")
    assert [found[name] for name in head] == [
        "cssim.sweep.1",
        3,
        digest(bots.scenario),
        "CNY",
        False,
        "sweep",
        3,
    ]
    assert found["scenario"] == resolved(bots.scenario)
    assert {"version", "started", "elapsed_s"} <= found.keys()
    assert [one["changes"][0]["value"] for one in found["outcomes"]] == ["20%", "40%", "60%"]
    assert found["outcomes"][1]["difference"]["cost"] == {"value": 0.0, "half_width": 0.0}
    again = swept(bots.scenario, {RESOLVES: ["20%", "40%", "60%"]})
    assert [o.cost for o in again.outcomes] == [o.cost for o in bots.outcomes]
    assert isinstance(again.outcomes[0].cost, Estimate)


def test_a_currency_that_is_changed_stands_in_its_row() -> None:
    found = swept(shop(), {"currency": ["CNY", "USD"]})
    assert [row["currency"] for row in found.rows()] == ["CNY", "USD"]


def test_hostile_names_stay_text_in_a_notebook() -> None:
    targets = [{**resolved(shop())["targets"][0], "name": "<script>"}]
    found = swept(shop(targets=targets), {RESOLVES: ["20%"]}, replications=2)
    assert "<script>" not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()


def test_the_influence_of_a_target_is_that_of_its_days(bots: SweepResult) -> None:
    assert bots.base is not None
    result = bots.base.result
    assert paired.reached(result, 0, 0).value == pytest.approx(result.targets[0].estimate)
