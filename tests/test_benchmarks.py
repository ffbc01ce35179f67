"""The benchmarks mean what they say: verdicts of lines, exact coverage, a peer that plays the same case."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks import classical, peers
from benchmarks.coverage import METHODS, chances, claims_too_much, coverage, mid_p
from benchmarks.erlang import Worst
from benchmarks.need import first_of, lines_of
from benchmarks.speed import total
from benchmarks.table import Line, Spread
from cssim import simulate
from cssim.queueing import erlang
from tests.roster.build import shop


def test_a_line_holds_on_the_right_side_of_what_is_wanted() -> None:
    figure = Spread.of([3.0, 1.0, 2.0])
    assert (figure.median, figure.low, figure.high, figure.repeats) == (2.0, 1.0, 3.0, 3)
    verdicts = [
        Line("part", "name", figure, wanted=wanted, most=most).holds
        for wanted, most in ((2.0, False), (2.1, False), (2.0, True), (1.9, True), (None, True))
    ]
    assert verdicts == [True, False, True, False, None]
    assert "FALLS SHORT" in Line("part", "name", figure, wanted=2.1).text()
    assert Line("part", "name", None, wanted=1.0).holds is None


@pytest.mark.parametrize("days", [5, 30])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_chances_of_days_are_binomial(days: int, share: float) -> None:
    k = np.arange(days + 1)
    known = [math.comb(days, int(i)) * share**i * (1 - share) ** (days - i) for i in k]
    assert chances(days, share) == pytest.approx(known, rel=1e-9)


def test_the_bounds_in_use_keep_their_confidence_and_those_of_mid_p_do_not() -> None:
    shares = np.linspace(0.5, 0.99, 50)
    assert min(coverage(METHODS["in use"], 30, share) for share in shares) >= 0.95
    assert max(claims_too_much(METHODS["in use"], 30, share, 0.05) for share in shares) <= 0.05
    assert max(claims_too_much(mid_p, 30, share, 0.05) for share in shares) > 0.07


def test_mid_p_bounds_are_where_half_of_what_is_seen_and_all_beyond_is_the_error() -> None:
    low, high = mid_p(27, 30, 0.025)
    above, below = chances(30, low), chances(30, high)
    assert above[28:].sum() + above[27] / 2 == pytest.approx(0.025)
    assert below[:27].sum() + below[27] / 2 == pytest.approx(0.025)
    assert mid_p(30, 30, 0.025) == pytest.approx((0.05 ** (1 / 30), 1.0))
    assert mid_p(0, 30, 0.025) == pytest.approx((0.0, 1 - 0.05 ** (1 / 30)))


def test_the_worst_error_is_of_what_is_most_wrong() -> None:
    seen = Worst()
    seen.see(1.0, 1.0, "right")
    assert (seen.error, seen.where, seen.line("B", 0.0).holds) == (0, "", True)
    seen.see(1.001, 1.0, "wrong")
    seen.see(0.0, 1e-301, "too small to tell")
    assert seen.error == pytest.approx(1e-3)
    assert (seen.where, seen.line("B", 1e-4).holds) == ("wrong", False)
    seen.see(math.nan, 0.5, "no number")
    seen.see(1.5, 1.0, "worse, but a number")
    assert (seen.error, seen.where, seen.cases) == (math.inf, "no number", 5)


def test_the_peer_and_cssim_simulate_the_same_case() -> None:
    """Both within 3.5 standard errors of Erlang A's abandonment, by the spread between their own days."""
    exact = float(
        erlang.abandonment(classical.ARRIVALS, classical.WORK, classical.AGENTS, classical.PATIENCE)
    )
    pairs = np.array([peers.on_simpy(seed) for seed in range(6)], dtype=np.float64)
    days = [simulate(classical.scenario(), replications=1, seed=seed, workers=1) for seed in range(20)]
    own = np.array([[total(day, "offered"), total(day, "abandoned")] for day in days])
    for calls, left in (pairs.T, own.T):
        share = left.sum() / calls.sum()
        error = math.sqrt(float(((left - share * calls) ** 2).sum()) * len(calls) / (len(calls) - 1))
        assert abs(share - exact) <= 3.5 * error / calls.sum()
        assert 0.8 < share / exact < 1.2


def test_a_first_roster_is_bought_and_held_against_its_promises() -> None:
    targets = [
        {"measure": "first_reply", "within": "20s", "at_least": 0.8, "each": "hour"},
        {"measure": "abandonment", "at_most": 0.3},
        {"measure": "first_reply", "within": "20s", "at_least": 0.5, "on": 0.7},
    ]
    found = first_of(shop(targets=targets), "offered", replications=8, seed=1)
    hourly, gone, days = found.result.targets
    assert found.off[0] == hourly.worst.estimate - 0.8
    assert found.off[1] == 0.3 - gone.estimate
    assert found.off[2] == days.estimate - 0.7
    assert found.hours > 0
    assert len(lines_of(found)) == 4
