"""Of rosters that a search reports as *met* at 95%, how many truly meet.

Four small shops whose shifts can begin at every half hour, so that a roster can come close to the edge of its
promise; fifty searches of each, with different seeds and a budget of rosters, not of time. Every roster that
is reported as *met* is judged on 10,000 replications that neither searches nor judgements ever see, by the
point estimate of every promise in every period (on fewer, where it is sure before at an error of 1e-5). A
verdict at 95% may be wrong in one roster of twenty: wanted are 183 of 200, which is what all but one in sixty
such series would show were each right at exactly 95%; and as much of however many were met. A roster within
two standard errors of its promise cannot quite be told even so; how many are is printed.

    python -m benchmarks.verdicts                    200 searches, some minutes
    python -m benchmarks.verdicts --searches 10      of each shop
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

from benchmarks.worth import Replications, Worth
from cssim.engine.floor import Roster
from cssim.roster import optimise
from cssim.roster.stop import Rosters
from cssim.scenario.load import from_resolved, resolved
from cssim.scenario.schema import Scenario

SEARCHES = 50
"""Of each shop."""

TRUE = 10_000
"""Replications that tell the truth."""

TRIES = 60
"""Rosters that a search may try."""

WANTED = 183 / 200
"""Of rosters that were met."""

SHOPS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "80% in 6 s": ({"measure": "first_reply", "within": "6s", "at_least": 0.8},),
    "75% in 6 s on 80% of days": ({"measure": "first_reply", "within": "6s", "at_least": 0.75, "on": 0.8},),
    "90% in 5 min, 8% unheard": (
        {"measure": "buyers", "within": "5min", "at_least": 0.9},
        {"measure": "abandonment", "at_most": 0.08},
    ),
    "85% in 5 min on 90% of days": ({"measure": "buyers", "within": "5min", "at_least": 0.85, "on": 0.9},),
}
"""The promises of each."""


@lru_cache
def shop(name: str) -> Scenario:
    """A shop of the benchmark: three hours, two groups that share a queue, a hundred contacts or two."""
    quick = "6 s" in name
    days = SHOPS[name][0].get("on") is not None
    given = {
        "name": name,
        "horizon": {"from": "2026-11-10 10:00", "to": "2026-11-10 13:00", "interval": "30min"},
        "forecast": {"day_cv": 0.12 if days else 0.0},
        "queues": {
            "chats": {
                "volume": {"contacts": 150 if quick else 120},
                "profile": [["10:00", 1], ["11:00", 1.6], ["12:00", 1.2]],
                "chat": {
                    "rounds": 3,
                    "first_reply": "4s",
                    "reply": {"mean": "20s" if quick else "60s", "cv": 0.9},
                    "think": {"mean": "30s", "cv": 1.2},
                },
                "patience": {"mean": "4min", "lingers": 0.5, "later": {"mean": "10min"}},
            }
        },
        "groups": {
            "fast": {"serves": "chats", "chats": 4, "people": 6, "pay": {"per_hour": 30}, "shifts": "any"},
            "slow": {
                "serves": "chats",
                "speed": 0.75,
                "chats": 3,
                "people": 6,
                "pay": {"per_hour": 20},
                "no_show": 0.04,
                "shifts": "any",
            },
        },
        "shifts": {
            "any": {
                "start": {"from": "10:00", "to": "12:00", "every": "30min"},
                "length": {"from": "1h", "to": "3h", "every": "30min"},
            }
        },
        "rest": "0s",
        "targets": list(SHOPS[name]),
    }
    return from_resolved(resolved(Scenario.model_validate(given)))


@dataclass(frozen=True)
class Verdict:
    """How one search ended."""

    shop: str
    seed: int
    status: str
    roster: Roster
    cost: float


def search(name: str, seed: int, tries: int = TRIES) -> Verdict:
    """One search of a shop."""
    result = optimise(shop(name), seed=seed, budget=Rosters(tries), workers=1)
    return Verdict(name, seed, result.status, result.roster, result.cost)


def truth(name: str, roster: Roster) -> Worth:
    """What a roster of a shop is truly worth."""
    return _fresh(name).decided(roster)


@lru_cache
def _fresh(name: str) -> Replications:
    return Replications(shop(name), 0, range(TRUE))


@dataclass(frozen=True)
class Line:
    """A shop in the table, or all of them.

    Attributes:
        name: of it.
        searches, met: how many, and of how many the roster was reported as met.
        truly: of these, how many meet.
        near: of these, how many are within two standard errors of the promise.
        rosters: different ones among those met.
    """

    name: str
    searches: int
    met: int
    truly: int
    near: int
    rosters: int

    @property
    def needed(self) -> int:
        """So many must truly meet."""
        return ceil(WANTED * self.met - 1e-9)

    def text(self) -> str:
        """As it is printed."""
        return (
            f"{self.name:30s} {self.searches:8d} {self.met:5d} {self.truly:6d} {self.needed:7d} "
            f"{self.near:5d} {self.rosters:8d}"
        )


HEAD = f"{'':30s} {'searches':>8s} {'met':>5s} {'truly':>6s} {'needed':>7s} {'near':>5s} {'rosters':>8s}"


def line_of(name: str, verdicts: Sequence[Verdict], truths: Mapping[tuple[str, Roster], Worth]) -> Line:
    """What the table says of some searches."""
    met = [(verdict.shop, verdict.roster) for verdict in verdicts if verdict.status == "met"]
    worths = [truths[key] for key in met]
    return Line(
        name=name,
        searches=len(verdicts),
        met=len(met),
        truly=sum(worth.keeps for worth in worths),
        near=sum(worth.near for worth in worths),
        rosters=len(set(met)),
    )


def judged(searches: int, executor: Executor) -> Iterator[tuple[list[Verdict], dict[Any, Worth]]]:
    """The searches of each shop, and what the rosters that they met are worth."""
    for name in SHOPS:
        verdicts = list(executor.map(search, [name] * searches, range(1, searches + 1)))
        rosters = list(dict.fromkeys(verdict.roster for verdict in verdicts if verdict.status == "met"))
        worths = executor.map(truth, [name] * len(rosters), rosters)
        yield verdicts, {(name, roster): worth for roster, worth in zip(rosters, worths, strict=True)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; ends with 1 where too few verdicts are true."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--searches", type=int, default=SEARCHES, help="of each shop")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    print(HEAD)
    every: list[Verdict] = []
    truths: dict[Any, Worth] = {}
    with ProcessPoolExecutor(options.workers) as executor:
        for verdicts, worths in judged(options.searches, executor):
            print(line_of(verdicts[0].shop, verdicts, worths).text(), flush=True)
            every += verdicts
            truths |= worths
    whole = line_of("all", every, truths)
    print(f"{whole.text()}\n\n{time.perf_counter() - began:.0f} s")
    return 0 if whole.truly >= whole.needed else 1


if __name__ == "__main__":
    sys.exit(main())
