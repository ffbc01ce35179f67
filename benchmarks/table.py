"""What a benchmark shows: lines of figures with what is wanted, as a table and as JSON."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.machine import machine, versions


@dataclass(frozen=True)
class Spread:
    """Repeats of one measurement: their median, lowest and highest."""

    median: float
    low: float
    high: float
    repeats: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(median(values), min(values), max(values), len(values))


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Attributes:
        part, name: what was measured.
        figure: in `unit`.
        wanted: at least (or at most) so much; None where nothing is.
        most: whether `wanted` is at most.
        note: what else to know.
    """

    part: str
    name: str
    figure: Spread | None
    unit: str = ""
    wanted: float | None = None
    most: bool = False
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the median is as wanted."""
        if self.wanted is None or self.figure is None:
            return None
        return self.figure.median <= self.wanted if self.most else self.figure.median >= self.wanted

    def text(self) -> str:
        """As it is printed."""
        if self.figure is None:
            return f"  {self.name:48s} {self.note}"
        f = self.figure
        wanted = "" if self.wanted is None else f"{'<=' if self.most else '>='} {short(self.wanted)}"
        verdict = {None: "", True: "holds", False: "FALLS SHORT"}[self.holds]
        spread = f"{short(f.low)} to {short(f.high)}" if f.repeats > 1 else ""
        return (
            f"  {self.name:48s} {short(f.median):>8s} {self.unit:12s} {spread:18s} {wanted:10s} {verdict:12s}"
            f"{self.note}"
        ).rstrip()


def short(value: float) -> str:
    """Three digits, millions as such."""
    if abs(value) >= 1e5:
        return f"{value / 1e6:.3g}M"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


# -- measuring -------------------------------------------------------------------------------------


def rate(task: Callable[[], float]) -> float:
    """What a task says that it did, over the seconds that it took."""
    start = time.perf_counter()
    done = task()
    return done / (time.perf_counter() - start)


def in_turn(repeats: int, *tasks: Callable[[], float]) -> list[list[float]]:
    """Rates of the tasks, one after the other and again, so that a busy machine slows all alike."""
    rounds = [[rate(task) for task in tasks] for _ in range(repeats)]
    return [list(column) for column in zip(*rounds, strict=True)]


def quotients(top: Sequence[float], bottom: Sequence[float]) -> Spread:
    """Of repeats made in turn."""
    return Spread.of([a / b for a, b in zip(top, bottom, strict=True)])


def seconds(*arguments: str, **environment: str) -> float:
    """How long a fresh Python takes."""
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    return time.perf_counter() - begin


# -- output ----------------------------------------------------------------------------------------

Part = Callable[[bool], Iterator[Line]]
"""Measures one part of a benchmark, quickly where it is given True."""


def show(what: str | None, schema: str, parts: Mapping[str, Part], quickly: str) -> int:
    """Measure what the command line asks for, print it, and write it where it is wanted.

    Args:
        what: the benchmark's description.
        schema: of its JSON.
        parts: by name.
        quickly: what `--quick` spares.

    Returns:
        The exit code: 1 where something falls short.
    """
    parser = argparse.ArgumentParser(description=what, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--quick", action="store_true", help=quickly)
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts), metavar="PART")
    options = parser.parse_args()
    for about in (machine(), versions()):
        print(", ".join(f"{name} {value}" for name, value in about.items()))
    print("figure: median, then lowest to highest of the repeats")
    lines: list[Line] = []
    for part in options.only:
        print(f"\n{part}", flush=True)
        for line in parts[part](options.quick):
            lines.append(line)
            print(line.text(), flush=True)
    judged = [line for line in lines if line.holds is not None]
    held = sum(line.holds is True for line in judged)
    print(f"\n{held} of {len(judged)} figures are as wanted")
    if options.json:
        options.json.write_text(as_json(schema, lines, options.quick), encoding="utf-8")
    return 0 if held == len(judged) else 1


def as_json(schema: str, lines: Sequence[Line], quick: bool) -> str:
    """Everything that the table says."""
    found = {
        "schema": schema,
        "quick": quick,
        "spread": "median, lowest and highest of the repeats",
        "machine": machine(),
        "versions": versions(),
        "lines": [{**asdict(line), "holds": line.holds} for line in lines],
    }
    return json.dumps(found, indent=1)
