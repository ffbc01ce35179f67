"""Who stands in for whom: groups and queues that hang together, and the people of each such pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cssim.scenario.schema import Scenario


@dataclass(frozen=True)
class Pool:
    """Groups that share queues, directly or through others, with all the queues that they serve.

    Attributes:
        groups, queues: names, in the scenario's order.
    """

    groups: tuple[str, ...]
    queues: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"groups": list(self.groups), "queues": list(self.queues)}


def pools_of(scenario: Scenario) -> tuple[Pool, ...]:
    """The pools of a scenario; every group and every queue is in one of them, in the order of the groups."""
    found: list[tuple[set[str], set[str]]] = []
    for name, group in scenario.groups.items():
        groups, queues = {name}, {skill.queue for skill in group.serves}
        for other in [pool for pool in found if pool[1] & queues]:
            found.remove(other)
            groups, queues = groups | other[0], queues | other[1]
        found.append((groups, queues))
    pools = [
        Pool(
            groups=tuple(name for name in scenario.groups if name in groups),
            queues=tuple(name for name in scenario.queues if name in queues),
        )
        for groups, queues in found
    ]
    order = list(scenario.groups)
    return tuple(sorted(pools, key=lambda pool: order.index(pool.groups[0])))
