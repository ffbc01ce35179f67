"""How exact Erlang's formulas are, how fast the fewest agents are found, and how soon the command answers.

Errors are relative, against mpmath with 60 digits, at 1 to 100,000 agents and 0.01 to 1.5 erlangs for each;
any warning stops the run. Speeds are medians of repeats, with the lowest and the highest, and of others
made in turn; anything else that runs on the machine spoils them.

    python -m benchmarks.erlang                      three minutes
    python -m benchmarks.erlang --quick              half a minute, a coarser grid and fewer repeats
    python -m benchmarks.erlang --json erlang.json   also to a file
    python -m benchmarks.erlang --only speed peer    some parts: digits, speed, peer, start
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import is_there
from benchmarks.table import Line, Spread, in_turn, quotients, seconds, show
from cssim.queueing import erlang
from tests.queueing import exact

WORK, WITHIN, AT_LEAST = 180.0, 20.0, 0.8
"""Seconds of work; the promise: 80% within 20 s."""

AGENTS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
PER_AGENT = (
    0.01,
    0.1,
    0.3,
    0.5,
    0.7,
    0.8,
    0.9,
    0.95,
    0.98,
    0.99,
    0.999,
    0.9999,
    1.0,
    1.0001,
    1.01,
    1.1,
    1.3,
    1.5,
)
PATIENCE = (0.01, 0.1, 1.0, 10.0)
"""Over the mean work."""

SMALLEST = 1e-300
"""An exact value below this may be found as 0."""

QUESTION = ("c", "--rate", "200/h", "--work", "3min", "--agents", "14", "--within", "20s")

Floats = NDArray[np.float64]


# -- digits ----------------------------------------------------------------------------------------


class Worst:
    """The worst relative error of a figure, and where."""

    def __init__(self) -> None:
        self.error, self.where, self.cases = 0.0, "", 0

    def see(self, found: float, true: Any, where: str) -> None:
        """One more case; no number, or more than the smallest where less is true, is endlessly wrong."""
        self.cases += 1
        if true < SMALLEST:
            error = 0.0 if 0 <= found <= SMALLEST else np.inf
        else:
            error = float(abs(found / true - 1)) if np.isfinite(found) else np.inf
        if error > self.error:
            self.error, self.where = error, where

    def line(self, name: str, wanted: float) -> Line:
        note = f"worst of {self.cases} at {self.where}" if self.where else f"all of {self.cases}"
        return Line("digits", name, Spread.of([self.error]), "", wanted, most=True, note=note)


def digits(quick: bool) -> Iterator[Line]:
    """Worst errors over the whole grid."""
    agents = AGENTS[::2][:6] if quick else AGENTS
    grid = list(product(agents, PER_AGENT[::2] if quick else PER_AGENT))
    b, c, overloaded = Worst(), Worst(), Worst()
    for s, per_agent in grid:
        load, where = s * per_agent, f"{s} agents, load {s * per_agent:g}"
        true = exact.waits(load, s)
        b.see(float(erlang.b(load, s)), exact.blocked(load, s), where)
        (c if load < s else overloaded).see(float(erlang.c(load, s)), true, where)
    yield b.line("B", 1e-12)
    yield c.line("C", 1e-12)
    yield overloaded.line("C at loads of at least the agents, off 1", 0.0)
    worst: dict[str, Worst] = {}
    for (s, per_agent), patience in product(grid, PATIENCE):
        if s * per_agent * patience > 2e5:  # the exact sum would take minutes
            continue
        within = patience / 10
        where = f"{s} agents, load {s * per_agent:g}, patience {patience:g}"
        for name, true in exact.impatient(s * per_agent, 1, s, patience, within).items():
            if name == "service_level" and true < 1e-25:  # beyond what 60 digits leave of the exact one
                continue
            promise = (within,) if name == "service_level" else ()
            found = getattr(erlang, name)(s * per_agent, 1, s, *promise, patience)
            worst.setdefault(name, Worst()).see(float(found), true, where)
    for name, seen in worst.items():
        yield seen.line(f"A, {name}", 1e-9)


# -- speed -----------------------------------------------------------------------------------------


def fewest(load: Floats) -> Callable[[], float]:
    """A task: the fewest agents for all these loads at once."""
    rate = load / WORK

    def task() -> float:
        erlang.agents(rate, WORK, WITHIN, AT_LEAST)
        return float(len(load))

    return task


def speed(quick: bool) -> Iterator[Line]:
    """Fewest agents for 80% within 20 s, in one call."""
    rng, n = np.random.default_rng(4), 10**6
    loads = {
        "uniform to 100": rng.uniform(0, 100, n),
        "uniform to 1,000": rng.uniform(0, 1000, n),
        "log-uniform to 100,000": 10 ** rng.uniform(0, 5, n),
    }
    tasks = [fewest(load) for load in loads.values()]
    rates = in_turn(3 if quick else 11, *tasks)
    for name, found in zip(loads, rates, strict=True):
        yield Line("speed", f"a million loads {name}", Spread.of(found), "answers/s", 2e6)


def peer(quick: bool) -> Iterator[Line]:
    """The package that people use today, a few loads about each size; its answers are compared too."""
    if not is_there("pyworkforce"):
        yield Line("peer", "pyworkforce", None, note="not installed; pip install '.[bench]'")
        return
    from pyworkforce.queuing import ErlangC

    for size, few in ((1000.0, 100), (10_000.0, 10)):
        loads = size + np.arange(few)
        answers: list[int] = []

        def theirs(loads: Floats = loads, answers: list[int] = answers) -> float:
            answers.clear()
            for load in loads:
                asked = ErlangC(transactions=load, aht=WORK, interval=WORK, asa=WITHIN, shrinkage=0.0)
                found = asked.required_positions(service_level=AT_LEAST, max_occupancy=1.0)
                answers.append(found["raw_positions"])
            return float(len(loads))

        many = fewest(np.tile(loads, 100_000 // few))
        ours, slow = in_turn(3 if quick else 7, many, theirs)
        same = np.count_nonzero(np.asarray(erlang.agents(loads / WORK, WORK, WITHIN, AT_LEAST)) == answers)
        name = f"at {size:,.0f} erlangs"
        note = f"{same} of {few} answers are cssim's"
        yield Line("peer", f"pyworkforce {name}", Spread.of(slow), "answers/s", note=note)
        yield Line("peer", f"cssim {name}", Spread.of(ours), "answers/s")
        yield Line("peer", f"cssim over pyworkforce {name}", quotients(ours, slow), "times")


# -- start -----------------------------------------------------------------------------------------


def start(quick: bool) -> Iterator[Line]:
    """The command, whole, beside the import of numpy, in turn."""
    command = ("-m", "cssim", "erlang", *QUESTION)
    pairs = [(seconds(*command), seconds("-c", "import numpy")) for _ in range(5 if quick else 10)]
    asked, numpy_alone = ([pair[k] for pair in pairs] for k in (0, 1))
    yield Line("start", "cssim erlang c", Spread.of(asked), "s")
    yield Line("start", "import numpy", Spread.of(numpy_alone), "s")
    ratio = Spread.of([median(asked) / median(numpy_alone)])
    yield Line("start", "the command over numpy, medians", ratio, "times", 2.5, most=True)


def without_warnings(part: Callable[[bool], Iterator[Line]]) -> Callable[[bool], Iterator[Line]]:
    """The same, but a warning stops it."""

    def strict(quick: bool) -> Iterator[Line]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield from part(quick)

    return strict


PARTS: Mapping[str, Callable[[bool], Iterator[Line]]] = {
    "digits": without_warnings(digits),
    "speed": without_warnings(speed),
    "peer": peer,
    "start": start,
}


def main() -> int:
    """Measure what is asked for; ends with 1 where something falls short."""
    return show(__doc__, "cssim.erlang-benchmark.1", PARTS, "a coarser grid, fewer repeats")


if __name__ == "__main__":
    sys.exit(main())
