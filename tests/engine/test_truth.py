"""The engine reproduces what is known exactly, published figures and closed forms, within chance.

Each case is played for a fixed number of replications and must lie within 3.5 standard errors of the truth:
a right engine fails a figure by chance once in 2,000 seeds, and the seeds are fixed. `python -m
benchmarks.truth` plays the same cases until the standard errors are at most 1% (0.002 for shares). Which
record is held where, and which cannot be expressed, is in `docs/truths.md`.
"""

from __future__ import annotations

import numpy as np
import pytest

from cssim.engine import compiled, reference
from cssim.engine.log import Outcome
from tests.engine.build import C, play
from tests.truth.cases import cases
from tests.truth.compare import MOST_ERRORS, Runner
from tests.truth.figures import figures

CASES = cases()

LARGE = 40
"""The readable engine looks at every agent at every event. With more agents than this the other engine, equal
float for float (`test_equality.py`), plays what would take that one minutes."""


@pytest.mark.parametrize("name", CASES)
def test_known_case(name: str) -> None:
    case = CASES[name]
    agents = sum(duty.count for duty in case.roster)
    runner = Runner(case, compiled.run if agents > LARGE else reference.run)
    runner.play(case.blocks)
    off = [
        f"{e.truth.id}: {e.value:.6g} ± {e.error:.2g}, exact {e.truth.exact:.6g}, z {e.z:.1f}"
        for e in runner.estimates()
        if not e.holds
    ]
    assert not off, f"more than {MOST_ERRORS} standard errors off: {off}"


def test_a_trace_of_arrivals_at_equal_gaps_who_renege() -> None:
    """Every 7 s one comes, work takes 11, they wait at most 3: the number there, change by change."""
    figure = figures("peer_tests")["PR30"]
    log = play([C(7.0 * k, work=[11], patience=[3]) for k in range(1, 5)])
    gone = np.where(log.outcome == Outcome.ABANDONED, log.arrival + 3, log.closed)
    times = np.unique(np.concatenate([[0.0], log.arrival, gone]))
    there = [[t, int((log.arrival <= t).sum() - (gone <= t).sum())] for t in times.tolist()]
    assert [change for change in there if change[0] < figure.params["until"]] == figure.value


def test_a_trace_where_nobody_waits() -> None:
    """One comes each second, work takes 1.5: every second one is turned away."""
    figure = figures("peer_tests")["PR43"]
    log = play([C(float(t), work=[1.5], patience=[0]) for t in range(1, 101)])
    served, left = (int((log.outcome == o).sum()) for o in (Outcome.SERVED, Outcome.ABANDONED))
    assert [served, left, np.nanmax(log.closed)] == figure.value
