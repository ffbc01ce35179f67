"""How near the lower bound comes to a good roster's cost, and how soon.

For each shipped scenario: the fluid bound (`cssim.roster.bound`), then round after round of the simulated one
(`cssim.roster.windows`), with seconds, gap and where the time went. The roster that guides it, and against
whose cost the gap is taken, is found by the search itself; another cost may be given for the gap.

    python -m benchmarks.bounds                                 all of them, a minute of search each
    python -m benchmarks.bounds tmall_double11 --search 300 --seconds 20 60 300
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from cssim.experiment.engines import ENGINE, get_ready
from cssim.roster import optimise
from cssim.roster.bound import bound_of
from cssim.roster.shifts import Columns, columns_of
from cssim.roster.windows import Windows
from cssim.scenario.clock import Ints
from cssim.scenario.load import load
from cssim.scenario.schema import Scenario

SCENARIOS = ("small_shop", "voice_bank", "pdd_618", "tmall_double11")

HEAD = f"{'scenario':16s} {'after':>7s} {'bound':>9s} {'gap':>7s} {'staffings':>9s}  seconds were spent on"


def guide(scenario: Scenario, columns: Columns, seconds: float) -> tuple[Ints, float]:
    """Counts and cost of a good roster."""
    found = optimise(scenario, seed=1, budget=seconds)
    return columns.counts(found.roster), found.cost


def rows(name: str, bound: Windows, best: tuple[Ints, float], cost: float, marks: Sequence[float]) -> None:
    """Print the bound whenever a mark of time is reached."""
    began = time.perf_counter()
    for mark in marks:
        left = mark - (time.perf_counter() - began)
        bound.sharpen(seconds=max(left, 0.0), best=best)
        spent = ", ".join(f"{what} {seconds:.1f}" for what, seconds in bound.spent.items())
        print(
            f"{name:16s} {time.perf_counter() - began:6.1f}s {bound.cost:9.0f} {1 - bound.cost / cost:7.1%} "
            f"{bound.staffings:9d}  {spent}",
            flush=True,
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; ends with 1 where a bound is above the cost of the roster found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", default=SCENARIOS, metavar="SCENARIO")
    parser.add_argument("--search", type=float, default=60.0, help="seconds for finding a roster")
    parser.add_argument("--cost", type=float, help="of a better roster, for the gap")
    parser.add_argument("--seconds", type=float, nargs="+", default=[10.0, 20.0, 60.0])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    get_ready(ENGINE)
    print(HEAD)
    wrong = False
    with ThreadPoolExecutor(os.cpu_count()) as place:
        for name in options.scenarios:
            scenario = load(f"scenarios/{name}.yaml")
            columns = columns_of(scenario)
            best = guide(scenario, columns, options.search)
            cost = options.cost or best[1]
            began = time.perf_counter()
            fluid = bound_of(scenario, columns).cost
            took = time.perf_counter() - began
            print(
                f"{name:16s} {took:6.1f}s {fluid:9.0f} {1 - fluid / cost:7.1%} {'fluid':>9s}  of {cost:.0f}"
            )
            bound = Windows(scenario, columns, options.seed, engine=ENGINE, executor=place)
            rows(name, bound, best, cost, options.seconds)
            wrong |= max(bound.cost, fluid) > cost
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
