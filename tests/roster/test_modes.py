"""What else a search is asked for: a start, people who work anyway, money, lost sales, what each is for."""

from __future__ import annotations

import numpy as np
import pytest

from cssim.engine.floor import Roster
from cssim.errors import InputError
from cssim.experiment.simulation import simulate
from cssim.roster import RosterResult, optimise
from cssim.roster.search import _Search
from cssim.roster.shifts import columns_of
from cssim.roster.stop import Rosters
from cssim.scenario.schema import Scenario
from tests.roster.build import PLAIN, group, shop
from tests.roster.hunt import SIX_SECONDS, small

pytestmark = pytest.mark.usefixtures("no_bound")


@pytest.fixture
def no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches without a simulated bound, which takes most of the time of small ones."""
    monkeypatch.setattr(_Search, "_bound", lambda *args: None)


def plan(scenario: Scenario, rosters: int = 60, **more: object) -> RosterResult:
    """A small search."""
    return optimise(scenario, seed=3, budget=Rosters(rosters), replications=60, workers=1, **more)  # type: ignore[arg-type]


def roster(scenario: Scenario, *counts: int) -> Roster:
    """So many agents on each column."""
    return columns_of(scenario).roster(np.array(counts))


def pay(scenario: Scenario, found: Roster) -> float:
    """What a roster costs, overtime apart."""
    columns = columns_of(scenario)
    return float(columns.pay @ columns.counts(found))


# -- a start ------------------------------------------------------------------------------------------


def test_a_start_is_the_first_roster_and_the_end_is_no_worse() -> None:
    scenario = small(forecast="good")
    begun = roster(scenario, 1, 2, 1, 1)  # keeps its promise, and is dear
    kept: list[tuple[Roster, float]] = []
    found = plan(scenario, start=begun, keep=lambda one, cost: kept.append((one, cost)))
    assert kept[0][0] == begun
    assert found.search.history[0]["by"] == "start"
    assert found.status == "met"
    assert found.cost < pay(scenario, begun)


def test_a_start_is_all_there_is_where_there_is_no_time_for_more() -> None:
    scenario = small(forecast="good")
    begun = roster(scenario, 1, 2, 1, 1)
    assert plan(scenario, rosters=1, start=begun).roster == begun


@pytest.mark.parametrize("name", ["start", "fixed"])
def test_a_roster_that_is_not_legal_is_refused(name: str) -> None:
    scenario = small()
    with pytest.raises(InputError, match=name):
        plan(scenario, **{name: roster(scenario, 3, 0, 0, 0)})
    with pytest.raises(InputError, match=name):
        plan(scenario, **{name: roster(small(shifts={"half": {"start": "11:00", "end": "12:00"}}), 1, 1)})


# -- people who work anyway ---------------------------------------------------------------------------


def test_who_is_fixed_works_and_the_others_are_planned_around() -> None:
    scenario = small(forecast="good")
    free = columns_of(scenario).counts(plan(scenario).roster)
    for least in ([0, 0, 2, 2], [2, 0, 0, 0]):
        assert np.any(free < least)
        found = plan(scenario, fixed=roster(scenario, *least))
        counts = columns_of(scenario).counts(found.roster)
        assert np.all(counts >= least)
        assert found.status == "met"
        assert counts.sum() < 8


# -- money --------------------------------------------------------------------------------------------


def test_money_is_not_exceeded_and_more_of_it_buys_no_worse_a_promise() -> None:
    scenario = small(forecast="good", targets=[{**SIX_SECONDS, "at_least": 0.85}])
    shares, errors = [], []
    for money in (61.0, 102.0, 1000.0):
        costs: list[float] = []
        found = plan(scenario, money=money, keep=lambda one, cost, costs=costs: costs.append(cost))
        assert costs
        assert max(costs) <= money
        assert pay(scenario, found.roster) <= money
        assert found.lower_bound is None  # what is cheapest was not asked
        again = simulate(scenario, found.roster, replications=120, seed=99, workers=1).targets[0]
        shares.append(again.estimate)
        errors.append(again.worst.half_width)
    # half-widths of 95% on both sides: a false alarm in a few hundred
    assert all(b > a - 2 * e for a, b, e in zip(shares, shares[1:], errors, strict=False))
    assert shares[-1] > shares[0] + 0.2


def test_money_goes_to_a_promise_that_is_kept_already() -> None:
    easy = small(targets=[{**SIX_SECONDS, "at_least": 0.3}])
    poor, rich = plan(easy), plan(easy, money=200.0)
    assert rich.targets[0].estimate > poor.targets[0].estimate + 0.1
    assert pay(easy, rich.roster) > pay(easy, poor.roster)


def test_no_money_is_refused() -> None:
    with pytest.raises(InputError, match="money"):
        plan(small(), money=0.0)


# -- lost sales ---------------------------------------------------------------------------------------


def test_wages_and_lost_sales_together_are_lower_where_they_count() -> None:
    queue = {**PLAIN["queues"]["pre_sales"], "sale_value": 30.0, "patience": {"mean": "1min"}}
    scenario = small(queues={"pre_sales": queue}, targets=[{**SIX_SECONDS, "at_least": 0.2}])

    def both(found: RosterResult) -> float:
        fresh = simulate(scenario, found.roster, replications=120, seed=99, workers=1)
        return fresh.cost.total.value + fresh.lost_sales.value

    plain, selling = plan(scenario), plan(scenario, lost_sales=True)
    assert both(selling) < 0.9 * both(plain)
    assert selling.cost > plain.cost  # for people


# -- the best so far ----------------------------------------------------------------------------------


def test_who_keeps_the_best_so_far_is_told_ever_better_rosters() -> None:
    scenario = small(forecast="good")
    told: list[tuple[Roster, float]] = []
    found = plan(
        scenario, start=roster(scenario, 2, 2, 2, 2), keep=lambda one, cost: told.append((one, cost))
    )
    history = found.search.history
    assert [cost for _, cost in told] == [row["cost"] for row in history]
    rank = [(not row["kept"], row["cost"]) for row in history]
    assert len(rank) > 1
    assert rank == sorted(rank, reverse=True)
    assert found.roster in [one for one, _ in told]


# -- what each is there for ---------------------------------------------------------------------------


def test_each_row_says_what_would_be_without_one_of_it() -> None:
    burst = {**PLAIN["queues"]["pre_sales"], "profile": [["10:00", 1], ["12:00", 6], ["14:00", 0]]}
    target = {**SIX_SECONDS, "each": "hour"}
    scenario = shop(queues={"pre_sales": burst}, groups={"main": group(people=8)}, targets=[target])
    found = plan(scenario)
    assert len(found.without) == len(found.rows()) > 0
    columns = columns_of(scenario)
    for row, without in zip(found.rows(), found.without, strict=True):
        assert set(without) == {"first_reply"}
        starts = 0.0 if row["start"].endswith("10:00") else 7200.0
        fewer = columns.counts(found.roster) - [shift.start == starts for shift in columns.shifts]
        truly = simulate(scenario, columns.roster(fewer), replications=200, seed=99, workers=1).targets[0]
        assert without["first_reply"] == pytest.approx(truly.estimate, abs=0.04)
        assert without["first_reply"] < found.targets[0].estimate
