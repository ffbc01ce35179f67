"""The fast engine is the readable engine: the same log, float for float, on generated floors."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from cssim.demand.draw import draw
from cssim.demand.streams import Phase, Streams
from cssim.engine import compiled, reference
from cssim.engine.floor import agents_of, policy_of
from cssim.engine.log import Log, Outcome
from cssim.experiment.rosters import roster_of
from cssim.scenario.load import load, read_roster
from tests.engine.build import agents, contacts, policy
from tests.engine.generate import Case, behaviours, cases

SCENARIOS = Path(__file__).parents[2] / "scenarios"

COLUMNS = [f.name for f in fields(Log) if f.name not in ("contacts", "agents", "policy")]

EXAMPLES = 800
LEAST = 5
"""In so many of the examples each behaviour must have shown, so that equality is never vacuous."""


def logs(case: Case) -> tuple[Log, Log]:
    given_ = (
        contacts(case.contacts, case.queues, case.horizon, case.until_sent),
        agents(case.staff),
        policy(case.groups, case.queues),
    )
    return reference.run(*given_), compiled.run(*given_)


def assert_same(slow: Log, fast: Log) -> None:
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name), err_msg=name, strict=True)


def assert_equal(case: Case) -> Log:
    slow, fast = logs(case)
    assert_same(slow, fast)
    return slow


def test_both_engines_write_the_same_log() -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def compare(case: Case) -> None:
        seen.update(behaviours(assert_equal(case)))

    compare()
    print("\n".join(f"{n:6d}  {name}" for name, n in seen.most_common()))
    scarce = {name: n for name, n in seen.items() if n < LEAST}
    assert not scarce


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_both_engines_write_the_same_log_of_a_sale(share: float) -> None:
    """The night of Double 11 with the roster that is shipped, and with half of it."""
    sale = load(SCENARIOS / "tmall_double11.yaml")
    rows = read_roster(SCENARIOS / "tmall_double11_roster.csv", sale)
    roster = tuple(replace(d, count=math.ceil(share * d.count)) for d in roster_of(sale, rows))
    streams = Streams(1, Phase.SIMULATION, 0)
    given_ = draw(sale, streams), agents_of(sale, roster, streams), policy_of(sale)
    slow, fast = reference.run(*given_), compiled.run(*given_)
    assert np.count_nonzero(slow.outcome == Outcome.ABANDONED) > 0
    assert_same(slow, fast)
