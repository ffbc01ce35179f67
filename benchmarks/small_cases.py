"""Small cases of which every roster is tried: does the search find the cheapest, and does its bound hold?

A case is a shop of two groups that share a queue, one fast and dear, one slow and cheap, with three to five
shifts between them and up to six people each. There are as many cases with a promise of six seconds as of
five minutes, in expectation as on a share of days. All legal rosters of a case are known, and so is the
cheapest that keeps the promise,

- *on the search's numbers*: the same replications that the search compares rosters on, by point estimates. A
  roster is given up early only where no outcome of the replications that are left could save it;
- *truly*: by point estimates on 10,000 replications that the search never sees. A roster is given up (or
  believed, from 500 on) early where it surely breaks (keeps) the promise, at an error of 1e-5 each time.

Rosters are tried by pay, and one whose pay alone is more than the cost of one that keeps the promise is not
cheaper. What `optimise` finds is compared with both, and its lower bound with the true optimum. *Dearer by*
counts agent-shifts: extra cost over the pay of the dearest agent-shift of the case.

    python -m benchmarks.small_cases                    36 cases, half an hour on two cores
    python -m benchmarks.small_cases --cases 0 7 12     some of them
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from benchmarks.worth import Replications, Worth
from cssim.demand.streams import Phase, Purpose, Streams
from cssim.experiment.days import Play
from cssim.measure.estimate import tallies
from cssim.measure.service import Day
from cssim.roster import RosterResult, optimise
from cssim.roster.search import cheapest_kept, sample_of
from cssim.roster.shifts import Columns, columns_of
from cssim.roster.stop import Never, Rosters
from cssim.scenario.clock import Floats, Ints
from cssim.scenario.load import from_resolved, resolved
from cssim.scenario.schema import Scenario

CASES = 36
"""Of the table: every kind three times."""

KINDS = tuple(product((3, 4, 5), ("6s", "5min"), (None, 0.9)))
"""Number of shifts; the promise's seconds; the share of days on which it is kept, or in expectation."""

SAME = 128
"""Replications on which the search compares rosters in the end, at most."""

TRUE = 10_000
"""Replications that tell the truth."""

TRIES = 2000
"""Rosters that the search may try."""

_BLOCK = 10
"""Replications between two thoughts about giving a roster up."""


# -- cases -----------------------------------------------------------------------------------------


def case(number: int) -> Scenario:
    """A generated shop; the same for the same number."""
    shifts, within, on = KINDS[number % len(KINDS)]
    luck = iter(Streams(number, 0, 0).uniforms(Purpose.ROUNDS, "small case", 32).tolist())

    def between(low: float, high: float, step: float = 1.0) -> float:
        """A multiple of the step, both ends included."""
        return round(low + step * int(next(luck) * (round((high - low) / step) + 1)), 9)

    hours = between(3, 4, 0.5)
    agents = between(2.5, 4.5, 0.25)  # the work of so many is offered, at speed 1
    quick = within == "6s"
    reply = between(24, 40, 4) if quick else between(60, 100, 10)
    rounds = between(2, 4)
    work = 4 + (rounds - 1) * reply
    load = agents * (0.55 if quick else 0.85)
    target: dict[str, Any] = {"measure": "first_reply", "within": "6s", "at_least": between(0.7, 0.85, 0.05)}
    if not quick:
        target = {"measure": "buyers", "within": "5min", "at_least": between(0.75, 0.9, 0.05)}
    slow, pay = between(0.65, 0.85, 0.05), between(26, 34, 2)
    shop = {
        "name": f"small case {number}",
        "horizon": {"from": "2026-11-10 10:00", "to": _clock(10 + hours, "2026-11-10 "), "interval": "30min"},
        "forecast": {"day_cv": 0.0 if on is None else 0.12},
        "queues": {
            "chats": {
                "volume": {"contacts": round(load * hours * 3600 / work)},
                "profile": [["10:00", 1], [_clock(10 + between(1, hours - 1, 0.5)), between(0.6, 1.8, 0.2)]],
                "chat": {
                    "rounds": rounds,
                    "first_reply": "4s",
                    "reply": {"mean": f"{reply}s", "cv": 0.9},
                    "think": {"mean": f"{between(30, 50, 10)}s", "cv": 1.2},
                },
                "patience": {"mean": "4min", "lingers": 0.5, "later": {"mean": "10min"}},
            }
        },
        "groups": {
            "fast": _group("chats", 1.0, pay, between(5, 6) if shifts < 5 else between(4, 5)),
            "slow": _group("chats", slow, round(pay * (slow - 0.1)), 6 if shifts < 5 else between(4, 5)),
        },
        "shifts": {},
        "rest": "0s",
        "targets": [target if on is None else {**target, "on": on}],
    }
    half = hours / 2
    spans = [  # group, start, end: each group covers the day, or the fast one does
        ("fast", 0.0, np.ceil(2 * half) / 2),
        ("fast", np.floor(2 * half) / 2, hours),
        ("slow", between(0, 0.5, 0.5), hours - between(0, 0.5, 0.5)),
        ("slow", *_part(hours, next(luck))),
        ("fast", *_part(hours, next(luck))),
    ]
    for k, (group, start, end) in enumerate(spans[:shifts]):
        shop["shifts"][f"s{k}"] = {"start": _clock(10 + start), "end": _clock(10 + end)}  # type: ignore[index]
        shop["groups"][group]["shifts"].append(f"s{k}")  # type: ignore[index]
    return from_resolved(resolved(Scenario.model_validate(shop)))


def _group(queue: str, speed: float, pay: float, people: float) -> dict[str, Any]:
    return {
        "serves": queue,
        "speed": speed,
        "chats": 4,
        "people": int(people),
        "pay": {"per_hour": pay, "overtime": 1.5},
        "shifts": [],
    }


def _part(hours: float, luck: float) -> tuple[float, float]:
    """An hour and a half somewhere in the day."""
    start = 0.5 * int(luck * (2 * (hours - 1.5) + 1))
    return start, start + 1.5


def _clock(hour: float, date: str = "") -> str:
    return f"{date}{int(hour):02d}:{round(hour % 1 * 60):02d}"


# -- all rosters -----------------------------------------------------------------------------------


def legal(columns: Columns) -> Ints:
    """The counts of every legal roster, cheapest pay first, (rosters, columns)."""
    rules = columns.rules
    tops = [int(rules.limit[row > 0].min()) for row in rules.most.toarray().T]
    every = np.array(list(product(*(range(top + 1) for top in tops))), dtype=np.int64)
    allowed = every[[rules.allow(counts) for counts in every]]
    return np.asarray(allowed[np.argsort(allowed @ columns.pay, kind="stable")])


@dataclass(frozen=True)
class Optimum:
    """The cheapest roster that keeps every promise on some replications.

    Attributes:
        counts: agents on each column.
        worth: on those replications.
        tried: rosters that were simulated; of all others pay alone is more.
    """

    counts: Ints
    worth: Worth
    tried: int


def cheapest(columns: Columns, numbers: Replications, rosters: Ints, margin: float = 0.0) -> Optimum | None:
    """The cheapest roster whose point estimates keep every promise by a margin; None where none does.

    Args:
        columns: what the counts are of.
        numbers: the replications.
        rosters: all that are legal, by pay, (rosters, columns).
        margin: by which promises are to be kept, in their own unit.
    """
    wholes = wholes_of(numbers)
    return _first(columns, rosters, lambda counts: on_same(columns, numbers, counts, wholes, margin))


def truly_cheapest(columns: Columns, numbers: Replications, rosters: Ints) -> Optimum | None:
    """The same, by looks at ever more replications that drop rosters which surely break a promise."""

    def look(counts: Ints) -> Worth | None:
        worth = numbers.decided(columns.roster(counts))
        return worth if worth.keeps else None

    best = _first(columns, rosters, look)
    return best and replace(best, worth=numbers.worth(columns.roster(best.counts)))


def _first(columns: Columns, rosters: Ints, look: Callable[[Ints], Worth | None]) -> Optimum | None:
    best: Optimum | None = None
    for tried, counts in enumerate(rosters):
        if best is not None and columns.pay @ counts >= best.worth.cost:
            return replace(best, tried=tried)
        worth = look(counts)
        if worth is not None and (best is None or worth.cost < best.worth.cost):
            best = Optimum(counts, worth, 0)
    return None if best is None else replace(best, tried=len(rosters))


def wholes_of(numbers: Replications) -> list[Floats]:
    """What each target counts, in each replication and period: here the same whoever works."""
    days = numbers.days((), numbers.numbers)
    return [tallies(days, t)[1] for t in range(len(numbers.scenario.targets))]


def on_same(
    columns: Columns, numbers: Replications, counts: Ints, wholes: Sequence[Floats], margin: float = 0.0
) -> Worth | None:
    """A roster's worth if it keeps its promises, None as soon as that is impossible.

    Raises:
        ValueError: what is counted depends on who works, so that nothing is known of the replications left.
    """
    scenario, every = numbers.scenario, list(numbers.numbers)
    play = Play.of(numbers.drawn, columns.roster(counts))
    days: list[Day] = []
    while len(days) < len(every):
        days += play(every[len(days) : len(days) + _BLOCK]).days
        for t, (target, whole) in enumerate(zip(scenario.targets, wholes, strict=True)):
            part, counted = tallies(days, t)
            if target.at_least is None or not np.array_equal(counted, whole[: len(days)]):
                raise ValueError(target.name)
            if _lost(part, whole, target.at_least, target.on, margin):
                return None
    return Worth.of(scenario, days)


def _lost(part: Floats, whole: Floats, at_least: float, on: float | None, margin: float) -> bool:
    """Whether a promise is broken even if all is in time in the replications that are left."""
    some, n = len(part), len(whole)
    if on is None:
        most = part.sum(axis=0) + whole[some:].sum(axis=0)
        share = most / np.maximum(whole.sum(axis=0), 1.0)
        return bool(np.any(share - at_least < margin))
    kept = part / np.maximum(whole[:some], 1.0) >= at_least
    lost = np.count_nonzero(~kept & (whole[:some] > 0), axis=0)
    return bool(np.any((n - lost) / n - on < margin))


# -- the search beside them ------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A case in the table.

    Attributes:
        number: of the case.
        promise: in words.
        legal: rosters.
        near: of these, how many cost the true optimum's pay within 5%.
        same, true: the cheapest on the search's numbers, and truly; None where none keeps the promise.
        status: of the search.
        found: what the search found by its own numbers alone, and what `optimise` found, truly.
        bound: no roster costs less, it says.
        dearest: pay of the dearest agent-shift.
        seconds: for all rosters, twice, and for the search.
    """

    number: int
    promise: str
    legal: int
    near: int
    same: Optimum | None
    true: Optimum | None
    status: str
    found: tuple[Worth, Worth]
    bound: float | None
    dearest: float
    seconds: tuple[float, float]

    def extra(self, which: int) -> float:
        """What the roster found costs beyond the optimum on the search's numbers (0), or truly (1)."""
        optimum = (self.same, self.true)[which]
        return self.found[which].cost - (np.nan if optimum is None else optimum.worth.cost)

    @property
    def holds(self) -> bool:
        """Whether the bound is at most the true optimum."""
        return self.true is None or self.bound is None or bool(self.bound <= self.true.worth.cost + 1e-6)

    def text(self) -> str:
        """As it is printed."""

        def beside(which: int) -> str:
            optimum, extra = (self.same, self.true)[which], self.extra(which)
            if optimum is None:
                return f"{'none':>8s} {'':8s} {'':6s}"
            kept = "" if self.found[which].keeps else " breaks"
            return f"{optimum.worth.cost:8.2f} {extra:+8.2f} {extra / self.dearest:+6.2f}{kept:7s}"

        bound = "-" if self.bound is None else f"{self.bound:8.2f}"
        return (
            f"{self.number:3d} {self.promise:28s} {self.legal:5d} {self.near:5d} {self.status:10s} "
            f"{beside(0)} {beside(1)} {bound:>8s} {'' if self.holds else 'TOO HIGH':8s} "
            f"{self.seconds[0]:5.0f} {self.seconds[1]:5.1f}"
        )


HEAD = (
    f"{'':3s} {'promise':28s} {'legal':>5s} {'near':>5s} {'status':10s} "
    f"{'same':>8s} {'dearer':>8s} {'shifts':>6s}{'':7s} {'true':>8s} {'dearer':>8s} {'shifts':>6s}{'':7s} "
    f"{'bound':>8s} {'':8s} {'all s':>5s} {'own s':>5s}"
)


def search(scenario: Scenario, seed: int, tries: int) -> RosterResult:
    """What is put to the test."""
    return optimise(scenario, seed=seed, budget=Rosters(tries), workers=1)


def same_numbers(scenario: Scenario, seed: int, some: int) -> Replications:
    """The replications on which a search compares rosters."""
    return Replications(scenario, seed, sample_of(scenario, seed).order[:some], Phase.SEARCH)


def row_of(number: int, same: int = SAME, true: int = TRUE, tries: int = TRIES) -> Row:
    """A case with all its rosters tried, and the search beside."""
    began = time.perf_counter()
    scenario = case(number)
    columns = columns_of(scenario)
    rosters = legal(columns)
    seen = same_numbers(scenario, number, same)
    truth = Replications(scenario, number, range(true))
    on_same, truly = cheapest(columns, seen, rosters), truly_cheapest(columns, truth, rosters)
    middle = time.perf_counter()
    alone = cheapest_kept(scenario, number, same, Never())
    result = search(scenario, number, tries)
    ended = time.perf_counter()
    pay = rosters @ columns.pay
    return Row(
        number=number,
        promise=_words(scenario),
        legal=len(rosters),
        near=0 if truly is None else int(np.sum(np.abs(pay / (columns.pay @ truly.counts) - 1) <= 0.05)),
        same=on_same,
        true=truly,
        status=result.status,
        found=(seen.worth(columns.roster(alone.counts)), truth.worth(result.roster)),
        bound=result.lower_bound,
        dearest=float(columns.pay.max()),
        seconds=(middle - began, ended - middle),
    )


def _words(scenario: Scenario) -> str:
    (target,) = scenario.targets
    days = "" if target.on is None else f" on {target.on:.0%} of days"
    return f"{len(scenario.shifts)} shifts, {target.at_least:.0%} in {target.within:.0f} s{days}"


def rows_of(numbers: Sequence[int], workers: int, true: int = TRUE) -> Iterator[Row]:
    """All rows, in order, on so many processes."""
    row = partial(row_of, true=true)
    if workers == 1:
        yield from map(row, numbers)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(row, numbers)


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """What is wanted, and how often it is so."""
    for which, name in enumerate(("the search's numbers", "numbers that it never saw")):
        known = [row for row in rows if (row.same, row.true)[which] is not None]
        extra = np.array([row.extra(which) / row.dearest for row in known])
        kept = np.array([row.found[which].keeps for row in known], dtype=bool)
        exact = np.count_nonzero(kept & (extra < 1e-9))
        yield (
            f"on {name}: found in {exact} of {len(known)}, kept in {kept.sum()}; "
            f"dearest by {extra.max(initial=0.0):.2f} agent-shifts, "
            f"{np.count_nonzero(extra > 1)} by more than one"
        )
    bounded = [row for row in rows if row.true is not None and row.bound is not None]
    gaps = [1 - row.bound / row.true.worth.cost for row in bounded if row.true and row.bound is not None]
    yield (
        f"bound at most the true optimum in {sum(row.holds for row in bounded)} of {len(bounded)}; "
        f"below it by {np.mean(gaps):.1%} in the mean"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; ends with 1 where a bound is above the true optimum."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", nargs="+", type=int, default=range(CASES), metavar="NUMBER")
    parser.add_argument("--true", type=int, default=TRUE, help="replications that tell the truth")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args(arguments)
    print(HEAD)
    rows = []
    for row in rows_of(list(options.cases), options.workers, options.true):
        rows.append(row)
        print(row.text(), flush=True)
    print("\n" + "\n".join(summary(rows)))
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
