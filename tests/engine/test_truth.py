"""The engines reproduce what is known exactly, published figures and closed forms, within chance.

Each case is played for a fixed number of replications and must lie within 3.5 standard errors of the truth:
a right engine fails a figure by chance once in 2,000 seeds, and the seeds are fixed. The Monte Carlo engine
plays every case; the readable one, equal to it float for float (`test_equality.py`), a case of each kind.
`python -m benchmarks.truth` plays them all at a hundred times the sample. Which record is held where, and
which cannot be expressed, is in `docs/truths.md`.
"""

from __future__ import annotations

import numpy as np
import pytest

from cssim.engine import compiled, reference
from cssim.engine.log import Outcome
from tests.engine.build import C, play
from tests.truth.cases import cases
from tests.truth.compare import MOST_ERRORS, Engine, Runner
from tests.truth.figures import figures

CASES = cases()

KINDS = (
    "2 erlangs of 1200 s, 3 agents",
    "10 erlangs of 180 s, 11 agents",
    "13.3333 erlangs of 240 s, 12 agents, patience 120 s",
    "9.5 erlangs, 10 agents, nobody waits",
    "8-hour centre with patience",
    "M/G/1, rho 0.8, scv 0",
    "M/M/1 with two priorities",
    "two skills, MS01",
    "two kinds of car at one pump",
    "one agent shares 0.6 erlangs among three chats",
    "rising staff, TV103",
)
"""A case of each kind."""


@pytest.mark.parametrize("name", CASES)
def test_known_case(name: str) -> None:
    holds(name, compiled.run)


@pytest.mark.parametrize("name", KINDS)
def test_known_case_on_the_readable_engine(name: str) -> None:
    holds(name, reference.run)


def holds(name: str, engine: Engine) -> None:
    """The engine is right about every figure of a case."""
    case = CASES[name]
    runner = Runner(case, engine)
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
