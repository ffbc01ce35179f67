"""Tornados: what is guessed, from where to where, and which guesses are said to matter more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cssim.experiment.simulation import simulate
from cssim.roster.stop import Rosters
from cssim.scenario.load import load, replace
from cssim.sweeps import run
from cssim.sweeps.guesses import KINDS, Guess, guesses
from cssim.sweeps.paired import Effect
from cssim.sweeps.tornado import Bar, TornadoResult, nearest, ranked, tornado
from tests.sweeps.build import QUEUE, shop, stopping_at

SCENARIOS = Path(__file__).parents[2] / "scenarios"
UNHEARD = {"measure": "abandonment", "name": "unheard", "at_most": "90%"}


@pytest.fixture(scope="module")
def found() -> TornadoResult:
    return tornado(shop(), seed=1, replications=20, workers=1)


def by_path(scenario: Any) -> dict[str, Guess]:
    return {guess.path: guess for guess in guesses(scenario)}


def texts(guess: Guess) -> list[str]:
    return [change.text for change in (guess.now, guess.low, guess.high)]


def test_the_bars_are_sorted_by_what_they_move(found: TornadoResult) -> None:
    spans = [bar.span.value for bar in found.bars]
    assert spans == sorted(spans, reverse=True)
    assert len(spans) == found.guesses
    assert found.bars[0].guess.path == "queues.pre_sales.chat.rounds"
    assert found.first == tuple(bar for bar in found.bars[:3] if bar.span.sure)
    assert found.first


def test_an_end_is_the_scenario_with_that_value_on_the_same_days(found: TornadoResult) -> None:
    bar = next(bar for bar in found.bars if bar.guess.kind == "reply")
    other = replace(shop(), bar.guess.path, bar.guess.high.value)
    one, base = (simulate(s, seed=1, replications=20, workers=1) for s in (other, shop()))
    assert bar.high.value == pytest.approx(one.targets[0].estimate - base.targets[0].estimate)
    assert bar.cost_high.value == pytest.approx(one.cost.total.value - base.cost.total.value)


def test_ranks_tell_apart_only_what_is_sure() -> None:
    guess = guesses(shop())[0]
    random = np.random.default_rng(1)
    nothing = Effect(0.0, np.zeros(30))

    def bar(value: float, noise: float) -> Bar:
        luck = random.normal(0.0, noise, 30)
        return Bar(guess, Effect(-value, luck - luck.mean()), nothing, nothing, nothing)

    ranks = [one.rank for one in ranked([bar(0.1, 0.01), bar(0.5, 0.01), bar(0.3, 0.4), bar(0.29, 0.4)])]
    assert ranks == [1, 2, 2, 4]


def test_what_moves_both_ways_alike_counts_from_the_lowest_to_the_highest() -> None:
    def effect(value: float) -> Effect:
        return Effect(value, np.zeros(3))

    def span(low: float, high: float) -> float:
        return Bar(guesses(shop())[0], effect(low), effect(high), effect(0), effect(0)).span.value

    assert [span(-1, 2), span(1, 2), span(-2, -1), span(0, 0)] == [3, 2, 2, 0]


def test_an_end_that_is_as_it_is_now_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    simulated = run.simulate

    def count(scenario: Any, *args: Any, **given: Any) -> Any:
        calls.append(scenario)
        return simulated(scenario, *args, **given)

    monkeypatch.setattr(run, "simulate", count)
    found = tornado(shop(), seed=1, replications=2, workers=1)
    still = [c for bar in found.bars for c in bar.guess.ends if c.value == bar.guess.now.value]
    assert still
    assert len(calls) == 1 + 2 * found.guesses - len(still)


def test_the_promise_looked_at_is_the_one_nearest_to_failing() -> None:
    scenario = shop(targets=[UNHEARD, *shop().targets])
    result = simulate(scenario, seed=1, replications=5, workers=1)
    assert nearest(result.targets) == 1
    assert tornado(scenario, seed=1, replications=2, workers=1, target="unheard").target == 0


def test_a_share_of_days_is_looked_at_by_its_measure() -> None:
    days = [{"measure": "first_reply", "within": "20s", "at_least": "10%", "on": "50%"}]
    found = tornado(shop(targets=days), seed=1, replications=5, workers=1)
    assert found.base.targets[0].estimate == 1.0
    assert 0 < found.now().value < 1
    assert found.bars[0].span.value > 0


def test_money_is_what_the_cheapest_rosters_at_the_ends_cost(quick: None) -> None:
    scenario = shop(roster=None)
    found = tornado(scenario, search=True, top=1, budget=Rosters(2), replications=4, seed=1, workers=1)
    assert found.plan is not None
    assert found.base.result.roster == found.plan.result.roster
    first = found.bars[0]
    money = found.money(first)
    assert money is not None
    assert first.plan_low is not None
    assert money[0] == first.plan_low.cost.value - found.plan.cost.value
    assert found.rows()[0]["cheapest at high"] == money[1]
    assert all(found.money(bar) is None for bar in found.bars[1:])
    assert json.loads(found.to_json())["bars"][0]["low"]["cheapest"]["change"] == money[0]


def test_ctrl_c_keeps_the_guesses_that_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "simulate", stopping_at(4))
    found = tornado(shop(), seed=1, replications=2, workers=1)
    assert found.interrupted
    assert 1 <= len(found.bars) < found.guesses
    assert json.loads(found.to_json())["interrupted"] is True


def test_every_kind_of_guess_is_found_somewhere() -> None:
    told = {guess.kind for guess in guesses(load(SCENARIOS / "tmall_double11.yaml"))}
    groups = {"main": {"serves": "pre_sales", "shifts": "half"}}
    untold = {guess.kind for guess in guesses(shop_as_written(groups=groups))}
    assert told | untold == {kind.name for kind in KINDS}
    assert {"chats", "idle_hold", "pay"} <= untold - told


def shop_as_written(**changes: Any) -> Any:
    """The shop as a planner would write it: only what is told."""
    from cssim.scenario.schema import Scenario
    from tests.roster.build import PLAIN

    return Scenario.model_validate({**PLAIN, **changes})


def test_ranges_are_what_they_say() -> None:
    found = by_path(shop())
    assert texts(found["queues.pre_sales.bot.resolves"]) == ["40%", "30%", "75%"]
    assert texts(found["queues.pre_sales.bot.covers"]) == ["80%", "70%", "90%"]
    assert texts(found["queues.pre_sales.patience.mean"]) == ["3min", "1min30s", "6min"]
    assert texts(found["queues.pre_sales.chat.rounds"]) == ["2", "1.2", "3"]
    assert texts(found["queues.pre_sales.volume"]) == ["100%", "80%", "120%"]
    assert texts(found["groups.temps.no_show"]) == ["0%", "0%", "5%"]
    assert texts(found["forecast.day_cv"]) == ["0%", "0%", "20%"]


@pytest.mark.parametrize(
    ("volume", "low"),
    [
        ({"contacts": 100}, {"contacts": 80}),
        ({"rate": "30/h"}, {"rate": "24.0/h"}),
        ({"orders": 100, "service_share": "40%", "conversion": "50%"}, {"orders": 80}),
        (
            {"counts": [{"from": "2026-11-10 10:00", "to": "2026-11-10 12:00", "contacts": 50}]},
            {"counts": [{"from": "2026-11-10 10:00", "to": "2026-11-10 12:00", "contacts": 40}]},
        ),
    ],
)
def test_a_volume_is_moved_in_its_own_form(volume: dict[str, Any], low: dict[str, Any]) -> None:
    guess = by_path(shop(queues={"pre_sales": {**QUEUE, "volume": volume}}))["queues.pre_sales.volume"]
    assert {name: guess.low.value[name] for name in low} == low
    assert texts(guess) == ["100%", "80%", "120%"]


def test_what_would_move_nothing_is_left_out() -> None:
    call = {**QUEUE, "chat": {"rounds": {"mean": 1, "dist": "fixed"}, "first_reply": "3s", "reply": "9s"}}
    found = by_path(shop(queues={"pre_sales": {**call, "bot": {"covers": 0, "resolves": "50%"}}}))
    gone = ("chat.think.mean", "chat.reply.mean", "patience.later.mean", "bot.resolves")
    assert not {f"queues.pre_sales.{name}" for name in gone} & set(found)
    assert texts(found["queues.pre_sales.chat.rounds"]) == ["1", "1", "2"]


def test_it_says_which_was_not_told() -> None:
    queue = {"volume": {"contacts": 120}, "chat": {"rounds": 2}}
    found = by_path(shop_as_written(queues={"pre_sales": queue}))
    told = {path: guess.told for path, guess in found.items()}
    assert told["queues.pre_sales.chat.rounds"]
    assert not told["queues.pre_sales.patience.mean"]
    assert not told["queues.pre_sales.chat.reply.mean"]
