"""On which days staffings are compared for the bound, and what a roster that keeps its promises gains there.

Few days are played of each staffing. A promise about the mean is seen on days that spread evenly over how
busy days are; one on a share of days on those that rank near that share, because they decide. The best roster
known is the yardstick: played on many more days, it shows by how much it misses or exceeds its promises; any
roster that keeps them differs from it by at least as much, and that is asked on the few days.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from cssim.demand.streams import Phase
from cssim.roster.days import balanced, busyness, deciding, levels, nearness
from cssim.roster.floors import Grid, Outcome
from cssim.roster.need import load_of
from cssim.scenario.clock import Floats
from cssim.scenario.schema import Scenario

CANDIDATES: Final = 1024
"""Replications among which days are chosen."""

FEWEST: Final = 16
"""Days of a staffing in a large scenario."""

MOST: Final = 96
"""Days of a staffing in a small one."""

LARGE: Final = 12_000
"""Contacts of a large scenario; days grow with the root of how much smaller one is."""


@dataclass(frozen=True)
class Chosen:
    """Which replications are played; m of each staffing, n candidates, p promises.

    Attributes:
        days: of every staffing.
        weight: of each for each promise, summing to 1, (m, p).
        size: how many replications that is worth, (p,).
        order: candidates in a balanced order, for the yardstick, (n,).
        busy: how busy each candidate is for each promise, (n, p).
    """

    days: tuple[int, ...]
    weight: Floats
    size: Floats
    order: tuple[int, ...]
    busy: Floats

    @classmethod
    def of(cls, scenario: Scenario, grid: Grid, seed: int, contacts: float) -> Chosen:
        """The days of a scenario with so many contacts each."""
        load = load_of(scenario)
        level = levels(scenario, seed, Phase.BOUND, range(CANDIDATES))
        busy = busyness(scenario, load, level)[:, [promise.row for promise in grid.promises]]
        order = tuple(int(day) for day in balanced(scenario, load, level, CANDIDATES))
        on = np.array([np.nan if promise.on is None else promise.on for promise in grid.promises])
        decided = ~np.isnan(on)
        near = nearness(busy, on)
        some = int(np.clip(FEWEST * np.sqrt(LARGE / max(contacts, 1.0)), FEWEST, MOST))
        days = [] if decided.all() else list(order[: some // 2 if decided.any() else some])
        even = len(days)
        while len(days) < some:
            days.append(deciding(near, days))
        weight = np.zeros((len(days), len(on)))
        weight[:even, ~decided] = 1.0
        weight[:, decided] = near[days]
        weight /= weight.sum(axis=0)
        return cls(tuple(days), weight, 1 / (weight**2).sum(axis=0), order, busy)


@dataclass(frozen=True)
class Yardstick:
    """What must be gained on the chosen days, as the best roster tells; p promises, m days.

    Attributes:
        need: that any roster gains, if it keeps its promises, (p,).
        spread: standard error of that, (p,).
        related: correlation of the errors, (p, p).
        margin: of the best roster on the chosen days, (m, p).
    """

    need: Floats
    spread: Floats
    related: Floats
    margin: Floats

    @classmethod
    def of(cls, grid: Grid, chosen: Chosen, days: Sequence[int], many: Outcome, few: Outcome) -> Yardstick:
        """The yardstick of a roster that was played on many `days` and on the chosen ones."""
        margin, here = many.margin(grid.promises), few.margin(grid.promises)
        need, spread, left = (
            (chosen.weight * here).sum(axis=0),
            np.zeros(here.shape[1]),
            np.zeros_like(margin),
        )
        for p, promise in enumerate(grid.promises):
            busy = chosen.busy[list(days), p]
            if promise.on is None:
                left[:, p] = unexplained(margin[:, p], busy)
                need[p] -= margin[:, p].mean()
                spread[p] = left[:, p].std() / np.sqrt(len(days))
                continue
            daily = margin[:, p] / np.maximum(many.counted[:, p], 1.0)
            left[:, p] = unexplained(daily, busy)
            at = 1 - promise.on
            quantile = float(np.quantile(daily, at))
            # of days in order of how busy they are, each as likely kept as the next: half the changes squared
            kept = (daily >= quantile)[np.argsort(busy, kind="stable")]
            rank = math.sqrt(max(int(np.count_nonzero(kept[1:] != kept[:-1])), 1) / 2) / len(days)
            ends = np.quantile(daily, np.clip([at - rank, at + rank], 0.0, 1.0))
            counted = float(chosen.weight[:, p] @ few.counted[:, p])
            need[p] -= quantile * counted
            spread[p] = (ends[1] - ends[0]) / 2 * counted
        size = np.sqrt((left**2).mean(axis=0))
        related = left.T @ left / len(days) / np.maximum(np.outer(size, size), 1e-12)
        return cls(need, spread, related, here)

    def beside(self, chosen: Chosen, margins: Sequence[Floats]) -> Yardstick:
        """With the luck of so few days in the difference from other rosters, whose margins these are."""
        if not margins:
            return self
        squares = np.zeros_like(self.spread)
        for margin in margins:
            for p in range(margin.shape[1]):
                weight = chosen.weight[:, p]
                left = unexplained(
                    margin[:, p] - self.margin[:, p], chosen.busy[list(chosen.days), p], weight
                )
                squares[p] += float(weight**2 @ left**2) / len(margins)
        return replace(self, spread=np.sqrt(self.spread**2 + squares))

    def error(self, price: Floats) -> float:
        """Standard error of what must be gained, at these prices."""
        priced = price * self.spread
        return math.sqrt(max(float(priced @ self.related @ priced), 0.0))

    def allowance(self, price: Floats) -> Floats:
        """How far off each need is where all together are off by a standard error at these prices, (p,)."""
        covered = self.spread * (self.related @ (price * self.spread))
        return np.asarray(np.maximum(covered, 0.0) / max(self.error(price), 1e-12))


def unexplained(values: Floats, busy: Floats, weight: Floats | None = None) -> Floats:
    """What a parabola over how busy the days are does not tell of them, (days,)."""
    root = np.ones(len(values)) if weight is None else np.sqrt(weight)
    z = (busy - busy.mean()) / max(float(busy.std()), 1e-9)
    x = np.stack([np.ones_like(z), z, z**2], axis=1)
    found = np.linalg.lstsq(x * root[:, None], values * root, rcond=None)[0]
    return np.asarray(values - x @ found)
