"""The engine against every known case, at a hundred times the sample that the tests take.

Prints a line a figure: the exact value, the estimate, its standard error (s.e.), and by how many of them it
is off, beyond what the figure's own precision and the model page allow. *wide* marks a standard error above
1% of the value, 0.002 for shares. Of some 400 figures one run in six has one more than 3.5 standard errors
off by chance, so such a case is played again with fresh random numbers; a figure that is off again is off,
and the benchmark ends with 1.

    python -m benchmarks.truth                       every case, on the Monte Carlo engine
    python -m benchmarks.truth --engine reference    on the readable engine (hours)
    python -m benchmarks.truth M/G/1 SQ20            those with such a word in their name or figures
    python -m benchmarks.truth --times 1             the sample of the tests
    python -m benchmarks.truth --jobs 2              two cases at a time
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from cssim.engine import compiled, reference
from tests.truth.cases import cases
from tests.truth.compare import MOST_ERRORS, Case, Engine, Estimate, Runner

ENGINES: dict[str, Engine] = {"fast": compiled.run, "reference": reference.run}


@dataclass(frozen=True)
class Played:
    """What a long run of a case showed.

    Attributes:
        lines: of the table.
        figures: how many were looked at.
        again: those that were off at first and are not in a second run.
        off: those that are off in both.
        wide: those whose standard error is above what was wanted.
        seconds: of processor time.
    """

    lines: tuple[str, ...]
    figures: int
    again: frozenset[str]
    off: frozenset[str]
    wide: int
    seconds: float


def play(name: str, engine: str, times: float) -> Played:
    """A case at so many times its short run; once more, with fresh numbers, if a figure is off."""
    case, run, start = cases()[name], ENGINES[engine], time.process_time()
    lines, estimates = one_run(case, run, times)
    first = {e.truth.id for e in estimates if not e.holds}
    second = set()
    if first:
        more, fresh = one_run(replace(case, name=f"{name}, with fresh numbers"), run, times)
        lines += more
        second = {e.truth.id for e in fresh if not e.holds}
    return Played(
        lines=tuple(lines),
        figures=len(estimates),
        again=frozenset(first - second),
        off=frozenset(first & second),
        wide=sum(map(is_wide, estimates)),
        seconds=time.process_time() - start,
    )


def one_run(case: Case, run: Engine, times: float) -> tuple[list[str], list[Estimate]]:
    """Lines of the table, and the estimates."""
    runner, start = Runner(case, run), time.process_time()
    runner.play(max(2, round(times * case.blocks)))
    estimates = runner.estimates()
    head = (
        f"\n{case.name}: {runner.blocks} blocks, {runner.replications} replications, "
        f"{runner.contacts} contacts, {time.process_time() - start:.0f} s"
    )
    return [head, *map(line_of, estimates)], estimates


def line_of(e: Estimate) -> str:
    """An estimate as a line of the table."""
    line = (
        f"  {e.truth.id:28s} exact {e.truth.exact:<12.7g} estimate {e.value:<12.7g} "
        f"s.e. {e.error:<9.2g} z {e.z:+.2f}"
    )
    return line + ("   wide" if is_wide(e) else "") + ("" if e.holds else "   OFF")


def is_wide(e: Estimate) -> bool:
    """Whether the standard error is above what was wanted."""
    return e.error > e.truth.enough


def main() -> int:
    """Play the cases asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="words of the cases' names or figures; all by default")
    parser.add_argument("--engine", choices=ENGINES, default="fast")
    parser.add_argument("--times", type=float, default=100, help="the sample, in that of the tests")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time")
    options = parser.parse_args()
    names = [
        name
        for name, case in cases().items()
        if not options.words or any(w in name or any(w in t.id for t in case.truths) for w in options.words)
    ]
    played = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for one in pool.map(partial(play, engine=options.engine, times=options.times), names):
            print("\n".join(one.lines), flush=True)
            played.append(one)
    figures, off = sum(p.figures for p in played), sorted(name for p in played for name in p.off)
    again = sorted(name for p in played for name in p.again)
    print(
        f"\n{len(played)} cases, {figures} figures: {figures - len(off)} hold within {MOST_ERRORS} standard "
        f"errors, {len(off)} are off{': ' if off else ''}{', '.join(off)}"
    )
    print(f"off in a first run only: {', '.join(again) or 'none'}")
    print(f"standard error above 1%, 0.002 for shares: {sum(p.wide for p in played)} figures")
    print(f"{sum(p.seconds for p in played) / 60:.1f} min of processor time")
    return 0 if played and not off else 1


if __name__ == "__main__":
    sys.exit(main())
