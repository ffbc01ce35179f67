"""The proof that no roster keeps the promises, where all legal ones are so few that each can be tried.

All meet the same fresh replications, which neither chose nor judged any (`Phase.PROOF`), and each is dropped
as soon as it surely misses a promise. The claim is wrong only if some roster keeps every promise and all are
dropped, that one too; which is no likelier than that it alone is dropped. So the error is divided by the
promises, their periods and the looks at a roster, but need not be by the rosters.
Source: Berger 1982, Technometrics 24(4) (the intersection-union test).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from cssim.measure.estimate import surely_missed
from cssim.measure.service import Day
from cssim.roster.every import every_roster
from cssim.roster.lab import Lab, Run
from cssim.scenario.clock import Ints

EVERY: Final = 5000
"""Rosters that are all tried, if there are no more than so many."""

LEAST: Final = 16
"""Replications before the first look at a roster."""

STEP: Final = 4
"""Each next look is at so many times the replications."""


def none_keeps(
    lab: Lab, run: Run, least: Ints, nearest: Ints, replications: int
) -> tuple[str, Mapping[str, object]] | None:
    """That every legal roster surely misses a promise, as a message's key and values; None where that is not
    shown: there are too many, the budget does not hold them, or one of them is not surely missed.

    Args:
        lab: of the search; what is tried counts for its budget.
        run: simulates on numbers that nothing else has seen.
        least: agents on each column in any case, (n,).
        nearest: the roster that is the likeliest to keep the promises, (n,). It is tried first, as nothing is
            proven if it is not missed; then the dearest.
        replications: on each roster, at most.
    """
    scenario, sizes = lab.scenario, _sizes(replications)
    found = every_roster(lab.columns, least, np.inf, EVERY)
    if found is None or not len(found):
        return None
    order = np.argsort(~np.all(found[::-1] == nearest, axis=1), kind="stable")
    lab.tell("prove")
    if _spent(lab, len(found), len(found) * sizes[0]):
        return None
    for counts in found[::-1][order]:
        if not _missed(lab, run, counts, sizes):
            return None
    sure = min(target.sure for target in scenario.targets)
    return "bound.every", {"rosters": len(found), "sure": f"{100 * sure:.4g}%"}


def _sizes(most: int) -> tuple[int, ...]:
    """Of the sample at the looks, ascending."""
    sizes = [most]
    while sizes[0] >= STEP * LEAST:
        sizes.insert(0, sizes[0] // STEP)
    return tuple(sizes)


def _spent(lab: Lab, rosters: int, replications: int) -> bool:
    """Whether the budget does not hold so many rosters more, on so many replications in all."""
    record = lab.record("prove", replications * lab.pace)
    return lab.stop(replace(record, rosters=record.rosters + rosters - 1))


def _missed(lab: Lab, run: Run, counts: Ints, sizes: Sequence[int]) -> bool:
    """Whether a roster is surely missed at one of the looks that the budget holds."""
    days: list[Day] = []
    for some in _blocks(sizes):
        new = not days
        if _spent(lab, new, len(some)):
            return False
        lab.besides += new
        days += run(lab.columns.roster(counts), some)
        lab.contacts += sum(day.offered_in_all for day in days[some.start :])
        last = len(days) == sizes[-1]
        if surely_missed(lab.scenario, days, looks=len(sizes), nothing=last):
            lab.tell("prove")
            return True
    return False


def _blocks(sizes: Sequence[int]) -> Iterator[range]:
    """The replications between one look and the next."""
    for before, size in zip((0, *sizes), sizes, strict=False):
        yield range(before, size)
