"""The readable engine reproduces days with hourly staffing, priorities, M/G/1 and two skills."""

from __future__ import annotations

import pytest

from tests.truth.centres import cases
from tests.truth.compare import Case, Runner


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_engine_reproduces_known_centres(case: Case) -> None:
    runner = Runner(case)
    runner.play(case.blocks)
    wrong = [
        f"{e.truth.id}: {e.value:.5g} ± {e.error:.2g} instead of {e.truth.exact:.5g} (z = {e.z:.1f})"
        for e in runner.estimates()
        if not e.holds
    ]
    assert not wrong, "; ".join(wrong)
