"""Whole people from linear programs: each fixes some more parts of people at the whole number above or below.

A mixed integer program of a sale takes seconds to minutes (a branch and bound of Double 11 was 3% dearer after
2 s, and took 2 min to close a gap of 0.5%); a dive takes a second, ends 1 to 2% above it, is the same on every
machine, and what it buys is only where the polishing begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np

from cssim.scenario.clock import Floats

WHOLE: Final = 1e-6
"""Nearer to a whole number than this is whole."""

STRIDE: Final = 0.3
"""Of the parts of people that are left, so many are made whole at a time."""

WRONG: Final = 0.1
"""Span of the factors of a pay that is slightly wrong."""

Between = tuple[Floats, Floats]
"""Agents on each column, at least and at most, (n,) each."""

Found = TypeVar("Found")


def dive(
    solve: Callable[[Between], Found | None], bought: Callable[[Found], Floats], between: Between
) -> Found | None:
    """A solution of whole people, or None where the dive meets a program without a solution.

    Args:
        solve: the cheapest solution with parts of people between two counts, if there is one.
        bought: agents of a solution on each column, (n,).
        between: where to begin.
    """
    low, high = between[0].copy(), between[1].copy()
    found = solve((low, high))
    while found is not None:
        agents = bought(found)
        whole = np.floor(agents + WHOLE)
        over = agents - whole
        parts_left = np.flatnonzero((over > WHOLE) & (low < high))
        if not len(parts_left):
            return found
        order = parts_left[np.argsort(-over[parts_left], kind="stable")]
        some = order[: max(1, int(STRIDE * over[order].sum()))]
        up = low.copy()
        up[some] = whole[some] + 1
        deeper = solve((up, high))
        if deeper is not None:
            low, found = up, deeper
            continue
        high[order[0]] = max(whole[order[0]], low[order[0]])  # no room for one more there
        found = solve((low, high))
    return None


def wrong(luck: np.random.Generator, columns: int) -> Floats:
    """Factors near 1 for the pay, (n,), so that no two dives end alike."""
    return np.asarray(1 + WRONG * (luck.random(columns) - 0.5))
