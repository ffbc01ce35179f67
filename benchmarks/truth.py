"""The engine against every known case, until the standard errors are small.

A case is played until the standard error of each of its figures is at most 1% of the value, 0.002 for
shares. Prints a line a figure. Of some 200 figures one in ten runs has one more than 3.5 standard errors off
by chance, so such a case is played again with fresh random numbers; a figure that is off again is off, and
the benchmark ends with 1.

    python -m benchmarks.truth                   every case, on the readable engine
    python -m benchmarks.truth --engine fast     on the Monte Carlo engine
    python -m benchmarks.truth M/G/1 SQ20        those with such a word in their name or figures
    python -m benchmarks.truth --jobs 2          two cases at a time
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from importlib import import_module

from cssim.engine.log import Log
from tests.truth.cases import cases
from tests.truth.compare import Case, Runner

ENGINES = {"reference": "cssim.engine.reference", "fast": "cssim.engine.compiled"}


def play(name: str, engine: str) -> tuple[str, bool]:
    """A case to its precision: its lines of the table, and whether all figures hold."""
    run: Callable[..., Log] = import_module(ENGINES[engine]).run
    case = cases()[name]
    lines, off = to_precision(case, run)
    if off:
        again, off_again = to_precision(replace(case, name=f"{name}, with fresh numbers"), run)
        lines, off = lines + again, off & off_again
    return "\n".join(lines), not off


def to_precision(case: Case, run: Callable[..., Log]) -> tuple[list[str], set[str]]:
    """Lines of the table, and the figures that are off."""
    runner, start = Runner(case, run), time.process_time()
    runner.play(case.blocks)
    while (short := max((e.error / e.truth.enough) ** 2 for e in runner.estimates())) > 1:
        runner.play(max(1, round(1.02 * runner.blocks * min(short - 1, 1.0))))
    spent = time.process_time() - start
    lines = [
        f"\n{case.name}: {runner.blocks} blocks, {runner.replications} replications, "
        f"{runner.contacts} contacts, {spent:.0f} s",
    ]
    for e in runner.estimates():
        line = (
            f"  {e.truth.id:28s} exact {e.truth.exact:<12.7g} estimate {e.value:<12.7g} "
            f"s.e. {e.error:<9.2g} z {e.z:+.2f}"
        )
        lines.append(line if e.holds else f"{line}   OFF")
    return lines, {e.truth.id for e in runner.estimates() if not e.holds}


def main() -> int:
    """Play the cases asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="words of the cases' names or figures; all by default")
    parser.add_argument("--engine", choices=ENGINES, default="reference")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time")
    options = parser.parse_args()
    names = [
        name
        for name, case in cases().items()
        if not options.words or any(w in name or any(w in t.id for t in case.truths) for w in options.words)
    ]
    held = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for lines, holds in pool.map(partial(play, engine=options.engine), names):
            print(lines, flush=True)
            held.append(holds)
    print(f"\n{len(held)} cases, {held.count(False)} with a figure off")
    return 0 if held and all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
