"""Random durations and rounds. Statistical claims hold within 5 standard errors: false alarm below 1e-6."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cssim.demand.distributions import (
    GRID,
    cdf,
    on_grid,
    quantile,
    rounds_quantile,
)
from cssim.scenario.schema import Patience, Rounds, Spread

N = 100_000
FAMILIES = {
    "exponential": {"mean": "40s", "dist": "exponential"},
    "lognormal": {"mean": "12s", "cv": 0.9},
    "gamma": {"mean": "30s", "cv": 1.5, "dist": "gamma"},
    "uniform": {"mean": "20s", "cv": 0.4, "dist": "uniform"},
}


def drawn(spread: Spread, rng: np.random.Generator, n: int) -> np.ndarray:
    """`n` durations as a replication has them."""
    return on_grid(quantile(spread, rng.random(n)))


def drawn_rounds(rounds: Rounds, rng: np.random.Generator, n: int) -> np.ndarray:
    return rounds_quantile(rounds, rng.random(n))


def kurtosis(spread: Spread) -> float:
    """Fourth central moment over the variance squared; Johnson, Kotz and Balakrishnan (1994)."""
    if spread.dist == "lognormal":
        w = 1 + spread.cv**2
        return w**4 + 2 * w**3 + 3 * w**2 - 3
    return {"exponential": 9.0, "gamma": 3 + 6 * spread.cv**2, "uniform": 1.8}[spread.dist]


@st.composite
def spreads(draw: st.DrawFn) -> Spread:
    dist = draw(st.sampled_from(["exponential", "lognormal", "gamma", "uniform"]))
    cv = 1.0 if dist == "exponential" else draw(st.floats(0.1, 0.57 if dist == "uniform" else 3.0))
    mean = draw(st.floats(0.5, 7200.0))
    return Spread.model_validate({"mean": f"{mean!r}s", "cv": cv, "dist": dist})


@pytest.mark.parametrize("family", FAMILIES)
def test_samples_have_the_mean_and_the_variance_that_were_asked_for(family: str) -> None:
    spread = Spread.model_validate(FAMILIES[family])
    numbers = drawn(spread, np.random.default_rng(5), N)
    variance = (spread.mean * spread.cv) ** 2
    assert abs(numbers.mean() - spread.mean) < 5 * math.sqrt(variance / N)
    assert abs(numbers.var() - variance) < 5 * variance * math.sqrt((kurtosis(spread) - 1) / N)


@given(spreads(), st.integers(0, 2**32))
def test_every_sample_lies_on_the_grid_and_is_not_negative(spread: Spread, seed: int) -> None:
    numbers = drawn(spread, np.random.default_rng(seed), 50)
    assert np.all(numbers * GRID == np.floor(numbers * GRID))
    assert np.all(numbers >= 0)
    assert np.all(np.isfinite(numbers))


@given(spreads(), st.floats(0.001, 0.999))
def test_the_distribution_function_undoes_the_quantile(spread: Spread, p: float) -> None:
    assert cdf(spread, quantile(spread, p)) == pytest.approx(p, abs=1e-9)


@given(spreads(), st.floats(0, 0.99999), st.floats(0, 0.99999))
def test_quantiles_rise(spread: Spread, p: float, q: float) -> None:
    assert quantile(spread, min(p, q)) <= quantile(spread, max(p, q))


def test_a_constant_is_itself_on_the_grid() -> None:
    spread = Spread.model_validate("0.1s")
    assert set(drawn(spread, np.random.default_rng(0), 3)) == {on_grid(0.1).item()}
    assert cdf(spread, [0.0999, 0.1]).tolist() == [0.0, 1.0]


def test_a_mean_of_zero_is_always_zero() -> None:
    for dist in ("exponential", "lognormal", "gamma", "uniform"):
        spread = Spread.model_validate({"mean": 0, "dist": dist, "cv": 1 if dist != "uniform" else 0.5})
        assert not drawn(spread, np.random.default_rng(0), 100).any()
        assert cdf(spread, [-1.0, 0.0]).tolist() == [0.0, 1.0]


def test_ties_go_to_the_even_step() -> None:
    assert (on_grid([0.5 / GRID, 1.5 / GRID, 2.5 / GRID]) * GRID).tolist() == [0.0, 2.0, 2.0]
    assert on_grid(np.inf) == np.inf


def test_patience_has_its_point_mass_at_zero_and_its_spread_in_the_rest() -> None:
    patience = Patience.model_validate({"mean": "90s", "zero": "10%"})
    plain = Spread.model_validate({"mean": "90s"})
    numbers = drawn(patience, np.random.default_rng(2), N)
    assert abs((numbers == 0).mean() - 0.1) < 5 * math.sqrt(0.1 * 0.9 / N)
    assert abs(numbers[numbers > 0].mean() - 90) < 5 * 90 / math.sqrt(0.9 * N)
    assert cdf(patience, 0.0) == pytest.approx(0.1)
    assert cdf(patience, 60.0) == pytest.approx(0.1 + 0.9 * cdf(plain, 60.0))
    sure = Patience.model_validate({"mean": "90s", "dist": "constant", "zero": "10%"})
    assert quantile(sure, [0.0, 0.0999, 0.1001, 0.9]).tolist() == [0, 0, 90, 90]
    nobody_waits = Patience.model_validate({"mean": "90s", "zero": 1})
    assert not drawn(nobody_waits, np.random.default_rng(2), 100).any()


@given(st.floats(0.01, 0.9), st.floats(0.001, 0.999))
def test_the_distribution_function_of_patience_undoes_its_quantile(zero: float, p: float) -> None:
    patience = Patience.model_validate({"mean": "90s", "cv": 1.3, "zero": zero})
    assert cdf(patience, quantile(patience, p)) == pytest.approx(max(p, zero), abs=1e-9)


def test_geometric_rounds_have_their_mean_and_variance() -> None:
    rounds = Rounds.model_validate(5)
    numbers = drawn_rounds(rounds, np.random.default_rng(3), N)
    variance = 5 * 4
    assert numbers.min() == 1
    assert abs(numbers.mean() - 5) < 5 * math.sqrt(variance / N)
    # excess kurtosis of the geometric distribution: 6 + p^2 / (1 - p), p = 1/5
    assert abs(numbers.var() - variance) < 5 * variance * math.sqrt((9.05 - 1) / N)


@given(st.floats(1.01, 50), st.integers(1, 40))
def test_a_number_of_rounds_has_the_share_that_the_geometric_law_gives_it(mean: float, k: int) -> None:
    rounds = Rounds.model_validate(mean)
    below, to = (1 - (1 - 1 / mean) ** n for n in (k - 1, k))
    if to - below > 1e-9:
        inside = below + (to - below) * np.array([0.01, 0.5, 0.99])
        assert rounds_quantile(rounds, inside).tolist() == [k] * 3


def test_fixed_rounds_are_fixed() -> None:
    rng = np.random.default_rng(0)
    assert set(drawn_rounds(Rounds.model_validate({"mean": 3, "dist": "fixed"}), rng, 20)) == {3}
    assert set(drawn_rounds(Rounds.model_validate(1), rng, 20)) == {1}
