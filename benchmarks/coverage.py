"""How often a 95% interval holds the truth: a thousand simulations of each of a few small shops.

The truth is a very long run, whose own error is a few hundredths of an interval's half-width. Intervals of
expectations are wanted to hold it in 93 to 97% of experiments. A share of days is a number of heads among so
many coins, so what its interval must cover is known exactly, for any truth; the experiments are compared
with that. The last table is exact: what other intervals for shares of days would cover.

    python -m benchmarks.coverage                      ten minutes
    python -m benchmarks.coverage --experiments 200    four minutes
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv, gammaln, ndtri, xlog1py, xlogy

import cssim
from cssim.measure.estimate import share_of_days
from cssim.scenario.schema import Scenario

Floats = NDArray[np.float64]

WANTED = (0.93, 0.97)

TAIL = 0.025
"""Error of each bound: targets are judged at `sure` = 97.5%, so that both bounds make a 95% interval."""

LONG = 20_000
"""Replications of the run that is taken for the truth."""

MOST_ERRORS = 3.5
"""Standard errors that a count of experiments may lie off what it must be."""


# -- small shops -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Study:
    """A small shop, of which each experiment simulates so many days.

    Attributes:
        name: for people.
        contacts, agents, day_cv: a day of eight hours; `day_cv` is how far whole days are off.
        replications: days in an experiment.
        kept: promises on shares of days, each a share of first replies within 60 s.
        rough: whether it is here to show where intervals cease to be right, with fewer days than the program
            ever takes by itself.
    """

    name: str
    contacts: int
    agents: int
    day_cv: float
    replications: int
    kept: tuple[float, ...]
    rough: bool = False

    @property
    def scenario(self) -> Scenario:
        """Chats of three rounds; every measure as a target."""
        first_reply = {"measure": "first_reply", "within": "60s"}
        targets: list[dict[str, Any]] = [
            {**first_reply, "at_least": 0.9},
            {"measure": "rounds", "within": "2min", "at_least": 0.9},
            {"measure": "abandonment", "at_most": 0.1},
            {"measure": "mean_reply", "at_most": "1min"},
            {"measure": "occupancy", "at_most": 0.9},
            *({**first_reply, "at_least": level, "on": 0.9} for level in self.kept),
        ]
        day = "2026-11-11"
        return Scenario.model_validate(
            {
                "horizon": {"from": f"{day} 09:00", "to": f"{day} 17:00"},
                "forecast": {"day_cv": self.day_cv},
                "queues": {
                    "chats": {
                        "volume": {"contacts": self.contacts},
                        "chat": {"rounds": 3, "reply": {"mean": "20s", "cv": 1}, "think": {"mean": "30s"}},
                        "patience": {"mean": "3min"},
                        "sale_value": 10,
                    }
                },
                "groups": {"team": {"serves": ["chats"], "chats": 4}},
                "shifts": {"day": {"start": "09:00", "end": "17:00"}},
                "roster": [{"group": "team", "date": day, "shift": "day", "count": self.agents}],
                "targets": [
                    {"name": f"target {k}", "sure": 1 - TAIL, **target} for k, target in enumerate(targets)
                ],
            }
        )


STUDIES = (
    Study("ordinary days, 30 of them", 400, 2, 0.1, 30, (0.86, 0.9, 0.92)),
    Study("days of all kinds, 20 of them", 400, 2, 0.3, 20, (0.8, 0.88, 0.92)),
    Study("a very small shop, 20 days", 60, 1, 0.15, 20, (0.8, 0.88, 0.94)),
    Study("nearly everything kept, 30 days", 400, 3, 0.3, 30, (0.9, 0.93, 0.95)),
    Study("days of all kinds, 100 of them", 400, 2, 0.3, 100, (0.8, 0.88, 0.92)),
    Study("days of all kinds, only 10 (rough)", 400, 2, 0.3, 10, (0.8, 0.88, 0.92), rough=True),
)


@dataclass(frozen=True)
class Shown:
    """One figure of one simulation: an estimate with the ends of its 95% interval."""

    name: str
    value: float
    low: float
    high: float
    of_days: bool = False


def shown(scenario: Scenario, replications: int, seed: int) -> list[Shown]:
    """Every figure of a simulation."""
    result = cssim.simulate(scenario, replications=replications, seed=seed, workers=1)
    lost, left = result.lost_sales, result.queues["chats"].counts["abandoned"]
    return [
        *(
            Shown(
                t.measure if t.on is None else f"days with {t.measure} of {t.at_least:.0%}",
                t.estimate,
                t.low,
                t.high,
                t.on is not None,
            )
            for t in result.targets
        ),
        Shown("lost sales of a day", lost.value, lost.low, lost.high),
        Shown("abandoned in a day", left.value, left.low, left.high),
    ]


@dataclass(frozen=True)
class Counted:
    """Experiments whose interval lay above and below the truth, or held it."""

    name: str
    truth: float
    off: float
    above: int
    below: int
    experiments: int
    must: float | None

    @property
    def covers(self) -> float:
        return (self.experiments - self.above - self.below) / self.experiments

    @property
    def holds(self) -> bool:
        """In the range that is wanted; of shares of days, as near to what it must be as chance allows."""
        if self.must is None:
            return WANTED[0] <= self.covers <= WANTED[1]
        error = math.sqrt(max(self.must * (1 - self.must), 1e-4) / self.experiments)
        return abs(self.covers - self.must) <= MOST_ERRORS * error

    def text(self) -> str:
        must = "" if self.must is None else f"must be {self.must:.1%}"
        inside = WANTED[0] <= self.covers <= WANTED[1]
        verdict = "holds" if inside else "above 97%" if self.covers > WANTED[1] else "below 93%"
        return (
            f"  {self.name:34s} truth {self.truth:<9.4g} {self.covers:6.1%}  too low {self.below:3d}  "
            f"too high {self.above:3d}  {self.off:5.2f}  {verdict:10s} {must:15s}"
            f"{'' if self.holds else 'OFF'}"
        ).rstrip()


def count(study: Study, experiments: int) -> Iterator[Counted]:
    """All figures of a study."""
    scenario = study.scenario
    truths = shown(scenario, LONG, seed=10**6)
    found = [shown(scenario, study.replications, seed) for seed in range(experiments)]
    for k, truth in enumerate(truths):
        low, high = (np.array([getattr(each[k], end) for each in found]) for end in ("low", "high"))
        width = float(np.mean(high - low))
        yield Counted(
            name=truth.name,
            truth=truth.value,
            off=(truth.high - truth.low) / width,
            above=int((low > truth.value).sum()),
            below=int((high < truth.value).sum()),
            experiments=experiments,
            must=coverage(share_of_days, study.replications, truth.value) if truth.of_days else None,
        )


# -- shares of days, exactly -----------------------------------------------------------------------

Bounds = Callable[[int, int, float], tuple[float, float]]
"""Lower and upper bound of a share, of k among n, each at an error."""


def mid_p(kept: int, days: int, error: float) -> tuple[float, float]:
    """Bounds at which half of what is seen counts as a tail (Lancaster 1961, J. Am. Stat. Assoc. 56)."""
    return _mid_p_low(kept, days, error), 1 - _mid_p_low(days - kept, days, error)


def _mid_p_low(kept: int, days: int, error: float) -> float:
    if kept == 0:
        return 0.0
    if kept == days:
        return float((2 * error) ** (1 / days))

    def over(p: float) -> float:
        return float(betainc(kept, days - kept + 1, p) + betainc(kept + 1, days - kept, p)) / 2 - error

    return float(brentq(over, 0.0, 1.0))


def wilson(kept: int, days: int, error: float) -> tuple[float, float]:
    """Score bounds (Wilson 1927, J. Am. Stat. Assoc. 22)."""
    z = float(ndtri(1 - error))
    share, shrink = kept / days, z**2 / days
    centre = (share + shrink / 2) / (1 + shrink)
    reach = z / (1 + shrink) * math.sqrt(share * (1 - share) / days + shrink / (4 * days))
    return max(centre - reach, 0.0), min(centre + reach, 1.0)


def jeffreys(kept: int, days: int, error: float) -> tuple[float, float]:
    """Quantiles of the posterior under Jeffreys' prior (Brown, Cai and DasGupta 2001, Stat. Science 16)."""
    low = float(betaincinv(kept + 0.5, days - kept + 0.5, error)) if kept else 0.0
    high = float(betaincinv(kept + 0.5, days - kept + 0.5, 1 - error)) if kept < days else 1.0
    return low, high


METHODS: Mapping[str, Bounds] = {
    "in use": share_of_days,
    "mid-P": mid_p,
    "Wilson": wilson,
    "Jeffreys": jeffreys,
}

SIZES, SHARES = (10, 20, 30, 100, 200), (0.5, 0.8, 0.9, 0.95, 0.98)


def chances(days: int, share: float) -> Floats:
    """Of each number of days kept, 0 to all of them."""
    k = np.arange(days + 1)
    ways = gammaln(days + 1) - gammaln(k + 1) - gammaln(days - k + 1)
    return np.asarray(np.exp(ways + xlogy(k, share) + xlog1py(days - k, -share)))


def coverage(bounds: Bounds, days: int, share: float, error: float = TAIL) -> float:
    """Chance that the interval of both bounds holds the share."""
    low, high = _all(bounds, days, error)
    return float(chances(days, share)[(low <= share) & (share <= high)].sum())


def claims_too_much(bounds: Bounds, days: int, share: float, error: float) -> float:
    """Chance that the lower bound is above the share: that a promise on its edge is called *met*."""
    low, _ = _all(bounds, days, error)
    return float(chances(days, share)[low > share].sum())


def _all(bounds: Bounds, days: int, error: float) -> tuple[Floats, Floats]:
    both = np.array([bounds(k, days, error) for k in range(days + 1)])
    return both[:, 0], both[:, 1]


def alternatives() -> Iterator[str]:
    """Lines: coverage of each method, and the error of its one-sided lower bound at 5%."""
    yield "\nshares of days, exactly: coverage of 95% intervals (error of the lower bound at 5%)"
    yield f"  {'days':>5s} {'share':>6s}" + "".join(f"{name:>20s}" for name in METHODS)
    for days in SIZES:
        for share in SHARES:
            cells = (
                f"{coverage(bounds, days, share):8.1%} ({claims_too_much(bounds, days, share, 0.05):.1%})"
                for bounds in METHODS.values()
            )
            yield f"  {days:5d} {share:6.2f}" + "".join(f"{cell:>20s}" for cell in cells)
    yield "\nover all shares from 50 to 99%: mean coverage, least coverage, largest error of the bound"
    grid = np.linspace(0.5, 0.99, 491)
    for days in SIZES:
        line = f"  {days:5d} {'':6s}"
        for bounds in METHODS.values():
            (low, high), (below, _) = _all(bounds, days, TAIL), _all(bounds, days, 0.05)
            p = np.array([chances(days, share) for share in grid])
            inside = (p * ((low <= grid[:, None]) & (grid[:, None] <= high))).sum(axis=1)
            error = (p * (below > grid[:, None])).sum(axis=1)
            line += f"{f'{inside.mean():.1%} {inside.min():.1%} {error.max():.1%}':>20s}"
        yield line


def main() -> int:
    """Count, and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--experiments", type=int, default=1000)
    options = parser.parse_args()
    begin = time.perf_counter()
    print(
        f"{options.experiments} experiments each; held, intervals that lie too low and too high, "
        "the truth's own interval as a part of theirs, wanted 93 to 97%"
    )
    counted: list[Counted] = []
    rough: list[Counted] = []
    for study in STUDIES:
        print(f"\n{study.name}", flush=True)
        for one in count(study, options.experiments):
            (rough if study.rough else counted).append(one)
            print(one.text(), flush=True)
    for line in alternatives():
        print(line)
    print(f"\n{summary([c for c in counted if c.must is None], 'expectations', 'hold in 93 to 97%')}")
    print(summary([c for c in counted if c.must is not None], "shares of days", "hold as often as they must"))
    print(f"not counted: the rough study, where {sum(c.holds for c in rough)} of {len(rough)} do")
    print(f"{(time.perf_counter() - begin) / 60:.1f} min")
    return 0 if all(c.holds for c in counted) else 1


def summary(counted: Sequence[Counted], of: str, what: str) -> str:
    return f"{of}: {sum(c.holds for c in counted)} of {len(counted)} {what}"


if __name__ == "__main__":
    sys.exit(main())
