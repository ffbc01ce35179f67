"""The fast engine is the readable engine: the same log, float for float, on generated floors."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import numpy as np
from hypothesis import HealthCheck, given, settings

from cssim.engine import compiled, reference
from cssim.engine.log import Log
from tests.engine.build import agents, contacts, policy
from tests.engine.generate import Case, behaviours, cases

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


def assert_equal(case: Case) -> Log:
    slow, fast = logs(case)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name), err_msg=name, strict=True)
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
