"""How fast cssim is, how much memory it takes, and what others take for the same: a table, and JSON.

Figures are medians of several repeats, with the lowest and the highest; ratios are of repeats that were
made in turn. Anything else that runs on the machine spoils them.

    python -m benchmarks.speed                     three minutes
    python -m benchmarks.speed --quick             one minute, fewer repeats and replications
    python -m benchmarks.speed --json speed.json   also to a file
    python -m benchmarks.speed --only peers start  some parts: kernel, days, threads, peers, memory, start
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import cssim
from benchmarks import classical
from benchmarks.peers import PEERS, is_there
from benchmarks.table import Line, Spread, in_turn, quotients, seconds, show
from cssim.demand.contacts import Contacts
from cssim.demand.draw import draw, plan_of
from cssim.demand.streams import Phase, Streams
from cssim.engine import compiled, reference
from cssim.engine.floor import Agents, Policy, agents_of, policy_of
from cssim.engine.log import Log
from cssim.queueing import erlang
from cssim.scenario.load import read_roster
from cssim.scenario.schema import Scenario

SCENARIOS = Path(__file__).parents[1] / "scenarios"

Run = Callable[[Contacts, Agents, Policy], Log]


@dataclass(frozen=True)
class Effort:
    """How much is done.

    Attributes:
        repeats: of what takes less than a second or two; others are repeated less.
        replications: drawn for the kernel.
        days: simulated at a time of the shop, and ten times as many of the classical case.
        memory: replications of the long run.
    """

    repeats: int
    replications: int
    days: int
    memory: int


FULL, QUICK = Effort(11, 5, 40, 1000), Effort(3, 2, 10, 50)


def shop() -> Scenario:
    """The large scenario that is shipped, with the roster beside it."""
    scenario = cssim.load(SCENARIOS / "tmall_double11.yaml")
    rows = read_roster(SCENARIOS / "tmall_double11_roster.csv", scenario)
    return scenario.model_copy(update={"roster": rows})


@dataclass(frozen=True)
class Drawn:
    """What an engine is given: one scenario's policy, and replications with contacts and agents."""

    policy: Policy
    replications: tuple[tuple[Contacts, Agents], ...]

    @classmethod
    def of(cls, scenario: Scenario, replications: int) -> Drawn:
        roster = cssim.simulate(scenario, replications=1, seed=0, workers=1).roster
        plan = plan_of(scenario)
        streams = [Streams(0, Phase.SIMULATION, r) for r in range(replications)]
        pairs = tuple((draw(scenario, s, plan), agents_of(scenario, roster, s)) for s in streams)
        return cls(policy_of(scenario), pairs)

    def first(self) -> Drawn:
        """The first replication alone."""
        return Drawn(self.policy, self.replications[:1])

    def played(self, run: Run, done: float) -> Callable[[], float]:
        """A task: an engine plays them all; `done` is what it did, known beforehand."""

        def task() -> float:
            for contacts, agents in self.replications:
                run(contacts, agents, self.policy)
            return done

        return task

    def rounds(self) -> float:
        """That reached people."""
        logs = [compiled.run(contacts, agents, self.policy) for contacts, agents in self.replications]
        return float(sum(np.count_nonzero(~np.isnan(log.message)) for log in logs))

    def contacts(self) -> float:
        return float(sum(len(contacts) for contacts, _ in self.replications))


def total(result: cssim.SimulationResult, count: str) -> float:
    """Of all queues and replications of a simulation, by the name of the count."""
    each = sum(queue.counts[count].value for queue in result.queues.values())
    return each * result.replications


# -- parts -----------------------------------------------------------------------------------------


def kernel(effort: Effort) -> Iterator[Line]:
    """The engine alone, on contacts and agents that are drawn beforehand."""
    drawn = Drawn.of(shop(), effort.replications)
    first = drawn.first()
    (fast,) = in_turn(effort.repeats, drawn.played(compiled.run, drawn.rounds()))
    yield Line("kernel", "tmall_double11, rounds a second", Spread.of(fast), "rounds/s", 4e6)
    slow, beside = in_turn(
        max(1, effort.repeats // 4),
        first.played(reference.run, first.rounds()),
        first.played(compiled.run, first.rounds()),
    )
    yield Line("kernel", "the same, readable engine", Spread.of(slow), "rounds/s")
    yield Line("kernel", "fast over readable, same contacts", quotients(beside, slow), "times", 100)
    calls = Drawn.of(classical.scenario(), 4 * effort.replications)
    (of_calls,) = in_turn(effort.repeats, calls.played(compiled.run, calls.contacts()))
    yield Line("kernel", "classical case, contacts a second", Spread.of(of_calls), "contacts/s", 4e6)


def days(effort: Effort) -> Iterator[Line]:
    """Draw, simulate and measure on one worker, beside the kernel on the same scenario."""
    scenario = shop()
    drawn = Drawn.of(scenario, effort.replications)
    seeds = iter(range(10**6))

    def end_to_end() -> float:
        result = cssim.simulate(scenario, replications=effort.days, seed=next(seeds), workers=1)
        return total(result, "rounds")

    whole, alone = in_turn(
        max(3, effort.repeats // 2), end_to_end, drawn.played(compiled.run, drawn.rounds())
    )
    yield Line("days", "tmall_double11, end to end, one worker", Spread.of(whole), "rounds/s")
    yield Line("days", "share of the kernel's", quotients(whole, alone), "", 0.6)


def threads(effort: Effort) -> Iterator[Line]:
    """Two threads over one, end to end."""
    if (os.cpu_count() or 1) < 2:
        yield Line("threads", "two threads over one", None, note="not measured: one core")
        return
    scenario = shop()
    seeds = iter(range(10**6))

    def on(executor: Executor | None) -> Callable[[], float]:
        def task() -> float:
            seed, alone = next(seeds), 1 if executor is None else None
            result = cssim.simulate(
                scenario, replications=effort.days, seed=seed, executor=executor, workers=alone
            )
            return total(result, "rounds")

        return task

    with ThreadPoolExecutor(2) as pool:
        two, one = in_turn(max(3, effort.repeats // 2), on(pool), on(None))
    yield Line("threads", "tmall_double11, two threads", Spread.of(two), "rounds/s")
    yield Line("threads", "two threads over one", quotients(two, one), "times", 1.8)


def peers(effort: Effort) -> Iterator[Line]:
    """The classical case end to end, on one core each."""
    exact = erlang.abandonment(classical.ARRIVALS, classical.WORK, classical.AGENTS, classical.PATIENCE)
    scenario = classical.scenario()
    shares: dict[str, list[tuple[float, float]]] = {"cssim": []}
    seeds = iter(range(10**6))

    def own() -> float:
        result = cssim.simulate(scenario, replications=10 * effort.days, seed=next(seeds), workers=1)
        shares["cssim"].append((total(result, "offered"), total(result, "abandoned")))
        return total(result, "offered")

    def peer(name: str) -> Callable[[], float]:
        shares[name] = []

        def task() -> float:
            days = [PEERS[name](next(seeds)) for _ in range(3)]
            shares[name] += days
            return sum(calls for calls, _ in days)

        return task

    there = [name for name in PEERS if is_there(name)]
    own_rate, *rates = in_turn(max(3, effort.repeats // 2), own, *(peer(name) for name in there))
    for name, values in zip(("cssim", *there), (own_rate, *rates), strict=True):
        share, error = share_of(shares[name])
        note = f"abandoned {share:.4f}, s.e. {error:.4f}, exact {float(exact):.4f}"
        yield Line("peers", f"classical case, {name}", Spread.of(values), "contacts/s", note=note)
    for name, values in zip(there, rates, strict=True):
        wanted = 50.0 if name == "simpy" else None
        yield Line("peers", f"cssim over {name}", quotients(own_rate, values), "times", wanted)
    for name in PEERS.keys() - set(there):
        yield Line("peers", name, None, note="not installed; pip install '.[bench]'")


def share_of(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Sum of parts over sum of wholes, of (whole, part) of independent days; its standard error (delta)."""
    whole, part = np.array(pairs).T
    share, n = part.sum() / whole.sum(), len(pairs)
    error = np.sqrt(((part - share * whole) ** 2).sum() * n / (n - 1)) / whole.sum()
    return float(share), float(error)


def memory(effort: Effort) -> Iterator[Line]:
    """The peak of a fresh process over a long run."""
    name = f"{effort.memory} replications of 50,000 contacts, peak"
    peak = child("memory", str(effort.memory))
    if peak == "None":
        yield Line("memory", name, None, note="not measured on this system")
    else:
        yield Line("memory", name, Spread.of([int(peak) / 2**30]), "GiB", 1.0, most=True)


def start(effort: Effort) -> Iterator[Line]:
    """Fresh processes: until the engine is ready, and whole, from the command to the end."""
    child("first")  # what is compiled is on disk afterwards
    some = max(3, effort.repeats // 2)
    ready, first, shown, numpy_alone = (
        list(column)
        for column in zip(
            *(
                (
                    until_ready(),
                    seconds("-m", "benchmarks.fresh", "first"),
                    seconds("-m", "cssim", "--help"),
                    seconds("-c", "import numpy"),
                )
                for _ in range(some)
            ),
            strict=True,
        )
    )
    yield Line("start", "cached: import, engine from disk", Spread.of(ready), "s", 0.7, most=True)
    yield Line("start", "cached: import, first day simulated", Spread.of(first), "s")
    with tempfile.TemporaryDirectory() as empty:
        cold = seconds("-m", "benchmarks.fresh", "first", NUMBA_CACHE_DIR=empty)
    yield Line("start", "cold: first day, all compiled", Spread.of([cold]), "s", 15, most=True)
    yield Line("start", "cssim --help", Spread.of(shown), "s")
    yield Line("start", "import numpy", Spread.of(numpy_alone), "s")
    yield Line("start", "help over numpy", quotients(shown, numpy_alone), "times", 1.3, most=True)


def until_ready() -> float:
    """How long it takes from the command until a first replication could begin."""
    begin = time.time()
    return float(child("start")) - begin


def child(*arguments: str) -> str:
    """What a fresh process of `benchmarks.fresh` prints."""
    command = [sys.executable, "-m", "benchmarks.fresh", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


PARTS: Mapping[str, Callable[[Effort], Iterator[Line]]] = {
    "kernel": kernel,
    "days": days,
    "threads": threads,
    "peers": peers,
    "memory": memory,
    "start": start,
}


def main() -> int:
    """Measure what is asked for; ends with 1 where something falls short."""
    cssim.simulate(classical.scenario(), replications=1, seed=0, workers=1)  # all is compiled and warm
    parts = {name: lambda quick, part=part: part(QUICK if quick else FULL) for name, part in PARTS.items()}
    return show(__doc__, "cssim.speed.1", parts, "fewer repeats and replications")


if __name__ == "__main__":
    sys.exit(main())
