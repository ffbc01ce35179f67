"""The classical case on two other simulators from the package index, written as their guides would write it.

Both draw inside their loops, so they are compared with cssim end to end. Each returns the calls that came in
a day and how many of them left unanswered.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from importlib.util import find_spec
from typing import Any

from benchmarks.classical import AGENTS, ARRIVALS, DAY, PATIENCE, WORK

Day = tuple[int, int]
"""Calls, and those that left unanswered."""


def on_simpy(seed: int) -> Day:
    """A day on SimPy: a resource, and a request that is raced with the caller's patience."""
    import simpy

    rng = random.Random(seed)
    calls = left = 0

    def call(env: simpy.Environment, agents: simpy.Resource) -> Generator[Any, Any, None]:
        nonlocal left
        with agents.request() as request:
            patience = env.timeout(rng.expovariate(1 / PATIENCE))
            result = yield request | patience
            if request in result:
                yield env.timeout(rng.expovariate(1 / WORK))
            else:
                left += 1

    def arrivals(env: simpy.Environment, agents: simpy.Resource) -> Generator[Any, Any, None]:
        nonlocal calls
        while True:
            yield env.timeout(rng.expovariate(ARRIVALS))
            calls += 1
            env.process(call(env, agents))

    env = simpy.Environment()
    env.process(arrivals(env, simpy.Resource(env, AGENTS)))
    env.run(until=DAY)
    return calls, left


def on_ciw(seed: int) -> Day:
    """A day on Ciw: one node whose customers renege."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(ARRIVALS)],
        service_distributions=[ciw.dists.Exponential(1 / WORK)],
        reneging_time_distributions=[ciw.dists.Exponential(1 / PATIENCE)],
        number_of_servers=[AGENTS],
    )
    ciw.seed(seed)
    day = ciw.Simulation(network)
    day.simulate_until_max_time(DAY)
    kinds = [record.record_type for record in day.get_all_records()]
    return len(kinds), kinds.count("renege")


PEERS: dict[str, Callable[[int], Day]] = {"simpy": on_simpy, "ciw": on_ciw}
"""By package."""


def is_there(package: str) -> bool:
    """Whether a peer is installed."""
    return find_spec(package) is not None
