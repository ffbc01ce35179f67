"""Pools are what hangs together, and nothing more."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cssim.measure.pools import Pool, pools_of
from cssim.scenario.schema import Scenario
from tests.measure.build import shop

QUEUES = [f"q{k}" for k in range(6)]


def serving(serves: list[list[str]]) -> Scenario:
    """Groups that serve these queues; a last one serves what nobody else does, queue by queue."""
    left = [queue for queue in QUEUES if not any(queue in own for own in serves)]
    groups: dict[str, Any] = {
        f"g{k}": {"serves": own} for k, own in enumerate([*serves, *([q] for q in left)])
    }
    return shop(queues={queue: {"volume": {"contacts": 1}} for queue in QUEUES}, groups=groups)


def test_groups_that_share_a_queue_through_others_are_one_pool() -> None:
    scenario = serving([["q4"], ["q0", "q1"], ["q2"], ["q1", "q2"], ["q3", "q5"]])
    assert pools_of(scenario) == (
        Pool(("g0",), ("q4",)),
        Pool(("g1", "g2", "g3"), ("q0", "q1", "q2")),
        Pool(("g4",), ("q3", "q5")),
    )


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(QUEUES), min_size=1, max_size=3, unique=True), max_size=6))
def test_pools_part_the_groups_and_the_queues_and_no_group_serves_two(serves: list[list[str]]) -> None:
    scenario = serving(serves)
    pools = pools_of(scenario)
    assert sorted(name for pool in pools for name in pool.groups) == sorted(scenario.groups)
    assert sorted(name for pool in pools for name in pool.queues) == sorted(QUEUES)
    for name, group in scenario.groups.items():
        (own,) = (pool for pool in pools if name in pool.groups)
        assert {serve.queue for serve in group.serves} <= set(own.queues)
    for pool in pools:  # none could be parted further: from its first group all are reached
        reached, before = {pool.groups[0]}, set[str]()
        while reached != before:
            before = reached
            theirs = {serve.queue for name in before for serve in scenario.groups[name].serves}
            reached = {n for n in pool.groups if theirs & {s.queue for s in scenario.groups[n].serves}}
        assert reached == set(pool.groups)
