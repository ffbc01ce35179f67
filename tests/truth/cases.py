"""Every known case that the engine is held to: by tests in a short run, by the benchmark in a long one."""

from __future__ import annotations

from tests.truth import centres, from_steady, others, waves
from tests.truth.compare import Case


def cases() -> dict[str, Case]:
    """By name."""
    found = [*from_steady.cases(), *centres.cases(), *others.cases(), *waves.cases()]
    return {case.name: case for case in found}
