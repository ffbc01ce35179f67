"""Intervals against published figures and exact binomials."""

from __future__ import annotations

import pytest
from scipy.special import bdtr, bdtrc

from cssim.measure.estimate import wilson
from tests.measure.test_estimate import COVERED_95
from tests.truth.figures import figures

FIGURES = figures("output_stats")


@pytest.mark.parametrize("name", ["ST30", "ST31", "ST32", "ST33"])
def test_wilson_intervals(name: str) -> None:
    figure = FIGURES[name]
    found = wilson(figure.params["k"], figure.params["n"])
    assert found == pytest.approx(tuple(figure.value), **figure.slack)


def test_the_count_of_intervals_that_cover_is_judged_as_published() -> None:
    """Outside with probability 0.1% at most, and as narrow as that allows on either side."""
    figure = FIGURES["ST20"]
    n, p = figure.params["macro_replications"], figure.params["nominal"]
    low, high = figure.value
    assert (low, high) == COVERED_95
    assert bdtr(low - 1, n, p) <= 0.0005 < bdtr(low, n, p)
    assert bdtrc(high, n, p) <= 0.0005 < bdtrc(high - 1, n, p)
