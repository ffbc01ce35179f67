"""How good a roster is that is bought for the need alone, before any simulation has taught it better.

For each scenario and each way to place the load, the first roster of the search is bought, by `need` and
`cover` of `cssim.roster` and nothing else, simulated, and held against every promise: what it shows in the
worst period, and how far that is from what was promised (negative: it lacks so much). The ways:

- *simple*: all the work of a contact is there when the contact comes (SIPP);
- *lagged*: each reply's work is there when it would be sent, by the means;
- *offered*: where each reply is worked on, by the distributions (the load of an infinite-server queue).

    python -m benchmarks.need                               the shipped scenarios, some minutes
    python -m benchmarks.need scenarios/small_shop.yaml --replications 200
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from cssim.engine.floor import Roster, policy_of
from cssim.experiment.simulation import SimulationResult, simulate
from cssim.measure.estimate import TargetResult
from cssim.measure.periods import periods_of
from cssim.roster.cover import cover
from cssim.roster.learn import Setting
from cssim.roster.need import Way, load_of, promises_of
from cssim.roster.shifts import columns_of
from cssim.scenario.load import load
from cssim.scenario.schema import Scenario

SHIPPED = Path(__file__).parent.parent / "scenarios"


@dataclass(frozen=True)
class First:
    """The first roster of a way.

    Attributes:
        way: to place the load.
        seconds: that the load took.
        hours: agent-hours on duty.
        result: of its simulation.
    """

    way: Way
    seconds: float
    hours: float
    result: SimulationResult

    @property
    def off(self) -> tuple[float, ...]:
        """By how much each promise is kept in its worst period, or (negative) not."""
        return tuple(margin_of(target) for target in self.result.targets)


def margin_of(target: TargetResult) -> float:
    """The worst period's estimate beyond what is promised, in the promise's own unit."""
    promised = target.on or target.at_least
    if promised is not None and target.at_least is not None:
        return target.estimate - promised
    assert target.at_most is not None
    return target.at_most - target.estimate if target.on is None else target.estimate - target.on


def first_roster(scenario: Scenario, way: Way) -> tuple[Roster, float, float]:
    """What is bought for the need alone; seconds that the load took; agent-hours on duty."""
    start = time.perf_counter()
    need = load_of(scenario, way)
    seconds = time.perf_counter() - start
    columns = columns_of(scenario)
    setting = Setting.of(
        scenario,
        columns,
        policy_of(scenario),
        need,
        promises_of(scenario, need),
        [len(periods_of(scenario, target)) for target in scenario.targets],
    )
    bought = cover(
        columns,
        setting.policy,
        setting.presence,
        setting.promises,
        setting.first_asked(),
    )
    hours = float(columns.on_duty(bought.counts).sum()) * scenario.horizon.interval / 3600
    return columns.roster(bought.counts), seconds, hours


def first_of(scenario: Scenario, way: Way, replications: int, seed: int) -> First:
    """Bought and simulated; every way meets the same contacts."""
    roster, seconds, hours = first_roster(scenario, way)
    result = simulate(scenario, roster, replications=replications, seed=seed, workers=1)
    return First(way, seconds, hours, result)


def lines_of(first: First) -> list[str]:
    """A line for the roster and one for each promise."""
    cost, on_duty = first.result.cost.total.value, f"{first.hours:6.1f} h"
    lines = [f"  {first.way:8s} cost {cost:9.0f}   on duty {on_duty}   load in {first.seconds:.3f} s"]
    for target, off in zip(first.result.targets, first.off, strict=True):
        sides = (target.estimate - target.low, target.high - target.estimate)
        lines.append(
            f"    {target.name[:46]:46s} worst {target.estimate:8.4f} (-{sides[0]:.4f} +{sides[1]:.4f}) "
            f"off {off:+8.4f}   {target.verdict}"
        )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", type=Path, help="files; the shipped ones by default")
    parser.add_argument("--replications", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    lacking: dict[str, list[float]] = {way: [] for way in get_args(Way)}
    for path in options.scenarios or sorted(SHIPPED.glob("*.yaml")):
        scenario = load(path)
        print(f"\n{path.stem}, {options.replications} replications", flush=True)
        for way in get_args(Way):
            first = first_of(scenario, way, options.replications, options.seed)
            lacking[way].append(float(np.abs(first.off).mean()))
            print("\n".join(lines_of(first)), flush=True)
    print(
        "\nmean distance from the promises: " + ", ".join(f"{w} {np.mean(x):.4f}" for w, x in lacking.items())
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
