"""Frontiers: their levels, and that they never contradict themselves, whatever the searches miss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from random import Random
from typing import Any

import pytest

from cssim.engine.floor import Roster
from cssim.errors import InputError
from cssim.experiment.simulation import simulate
from cssim.roster.shifts import columns_of
from cssim.roster.stop import Rosters
from cssim.scenario.schema import Scenario
from cssim.sweeps import frontier as frontiers
from cssim.sweeps.frontier import bounded, frontier, harder, levels, target_of
from cssim.sweeps.grid import Point, axis_of, grid
from cssim.sweeps.outcome import Outcome
from cssim.sweeps.result import SweepResult
from tests.sweeps.build import shop

REPLY = {"measure": "first_reply", "within": "20s", "at_least": "80%"}
UNHEARD = {"measure": "abandonment", "name": "unheard", "at_most": "10%"}


@dataclass(frozen=True)
class Guessing:
    """A search that returns any roster, however dear, and says whether it keeps the promises."""

    seed: int
    budget: Any = None
    replications: Any = None
    executor: Any = None
    workers: Any = None

    def __call__(self, point: Point, start: Outcome | None, part: Any) -> Outcome:
        some = Random(f"{self.seed} {point.changes}")
        result = simulate(
            point.scenario, self._roster(point.scenario, some), sizes=(4, 8), seed=self.seed, workers=1
        )
        met = all(target.verdict == "met" for target in result.targets)
        bound = some.uniform(0.2, 1.0) * result.cost.total.value
        return Outcome(point, result, None, "met" if met else "budget", bound)

    @staticmethod
    def _roster(scenario: Scenario, some: Random) -> Roster:
        columns = columns_of(scenario)
        counts = [some.randint(1, 4) for _ in range(len(columns))]
        return tuple(duty for duty in columns.roster(counts) if duty.count)  # type: ignore[arg-type]


def cost(outcome: Outcome) -> float:
    return outcome.cost.value


def check_consistent(found: SweepResult) -> int:
    """That no two levels contradict each other; how many pairs were compared."""
    assert found.target is not None
    pairs = [
        (one, other)
        for one, other in product(found.outcomes, repeat=2)
        if one is not other and harder(one.point, other.point, found.target)
    ]
    for hard, easy in pairs:
        if hard.status == "met":
            assert easy.status == "met"
            assert cost(easy) <= cost(hard)
        if hard.lower_bound is not None and easy.lower_bound is not None:
            assert hard.lower_bound >= min(easy.lower_bound, cost(hard))
    return len(pairs)


@pytest.mark.parametrize("seed", range(6))
def test_a_frontier_never_contradicts_itself(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontiers, "Optimised", Guessing)
    found = frontier(
        shop(targets=[REPLY]), within=["10s", "40s"], at_least=["50%", "70%", "80%"], seed=seed, workers=1
    )
    assert len(found.outcomes) == 9
    assert check_consistent(found) == 27
    for outcome in found.outcomes:
        target = outcome.point.scenario.targets[0]
        assert (outcome.targets[0].within_s, outcome.targets[0].at_least) == (target.within, target.at_least)


def test_rosters_are_handed_over_and_judged_for_the_easier_promise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frontiers, "Optimised", Guessing)
    handed = [
        (found, outcome)
        for seed in range(6)
        for found in (frontier(shop(targets=[REPLY]), within=["40s", "90s"], seed=seed, workers=1),)
        for outcome in found.outcomes
        if outcome.handed
    ]
    assert handed
    for found, outcome in handed:
        source = next(o for o in found.outcomes if not o.handed and cost(o) == cost(outcome))
        assert outcome.result.roster == source.result.roster
        assert outcome.result.phase == source.result.phase
        assert outcome.targets[0].estimate >= source.targets[0].estimate
        assert outcome.targets[0].verdict == "met"
        judged = (outcome.result, source.result)
        assert len({result.judgements * result.looks for result in judged}) == 1


def test_the_cheapest_rosters_for_a_row_of_times(quick: None) -> None:
    found = frontier(
        shop(roster=None, targets=[REPLY]),
        within=["6s", "2min"],
        budget=Rosters(12),
        replications=60,
        seed=1,
        workers=1,
    )
    assert [outcome.point.changes[0].text for outcome in found.outcomes] == ["6s", "20s", "2min"]
    assert [outcome.status for outcome in found.outcomes] == ["met"] * 3
    assert cost(found.outcomes[0]) > cost(found.outcomes[2])
    assert check_consistent(found) == 3
    assert found.base is found.outcomes[1]


def test_levels_by_default_are_what_a_planner_asks_for() -> None:
    def default(target: dict[str, Any]) -> list[str]:
        (axis,) = levels(shop(targets=[target]), 0, {})
        return [change.text for change in axis]

    assert default(REPLY) == ["6s", "15s", "20s", "30s", "1min", "3min", "5min"]
    assert default(UNHEARD) == ["5%", "7.5%", "10%", "15%", "20%"]
    assert default({"measure": "deflection", "at_least": "32%"}) == ["32%", "70%", "80%", "90%", "95%"]
    assert default({"measure": "mean_reply", "at_most": "40s"}) == ["20s", "30s", "40s", "1min", "1min20s"]
    assert default({"measure": "lost_sales", "at_most": 100}) == ["50.0", "75.0", "100.0", "150.0", "200.0"]


def test_its_own_level_stands_once_however_it_is_written() -> None:
    (axis,) = levels(shop(targets=[REPLY]), 0, {"within": ("1min", "20秒")})
    assert [change.text for change in axis] == ["20s", "1min"]


@pytest.mark.parametrize(
    ("target", "path", "values"),
    [
        (REPLY, "within", ["6s", "20s", "5min"]),
        (REPLY, "at_least", ["95%", "80%", "70%"]),
        (UNHEARD, "at_most", ["5%", "10%", "20%"]),
    ],
)
def test_the_harder_promise_is_the_one_that_allows_less(target: Any, path: str, values: list[str]) -> None:
    points = grid(shop(targets=[target]), [axis_of(f"targets.0.{path}", values)])
    order = [[harder(a, b, 0) for b in points] for a in points]
    assert order == [[True, True, True], [False, True, True], [False, False, True]]


def test_what_none_does_for_an_easier_promise_none_does_for_a_harder_one() -> None:
    points = grid(shop(targets=[REPLY]), [axis_of("targets.0.within", ["6s", "20s", "5min"])])
    result = simulate(shop(), seed=1, replications=2, workers=1)
    hard = Outcome(points[0], result, None, "budget", 3.0)
    middle = replace(hard, point=points[1], lower_bound=7.0)
    easy = replace(hard, point=points[2], lower_bound=5.0)
    assert [outcome.lower_bound for outcome in bounded([hard, middle, easy], 0)] == [7.0, 7.0, 5.0]
    none = replace(easy, status="infeasible", lower_bound=None)
    assert [outcome.status for outcome in bounded([hard, none], 0)] == ["infeasible", "infeasible"]


def test_a_promise_is_named_or_numbered() -> None:
    scenario = shop(targets=[REPLY, UNHEARD])
    assert [target_of(scenario, one) for one in (None, 0, 1, "unheard")] == [0, 0, 1, 1]
    with pytest.raises(InputError, match="did you mean unheard"):
        target_of(scenario, "unherd")
    with pytest.raises(InputError, match="no promise is called 2"):
        target_of(scenario, 2)


def test_a_side_that_the_promise_has_not_is_refused() -> None:
    with pytest.raises(InputError, match="no such level"):
        frontier(shop(targets=[UNHEARD]), within=["6s"])
    with pytest.raises(InputError, match="not a duration"):
        frontier(shop(targets=[REPLY]), within=["soon"])
