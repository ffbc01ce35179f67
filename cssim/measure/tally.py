"""One target in one replication: the two numbers by period that every estimate rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cssim.scenario.clock import Floats, Ints


@dataclass(frozen=True)
class Tally:
    """One target in one replication, by period: the measure is `part / whole`.

    Attributes:
        part: numerator (contacts in time, seconds of replies, seconds of overtime, ...), (periods,).
        whole: denominator; 0 where there was nothing to measure; 1 for measures that are totals, (periods,).
        unsent: replies that were never sent, counted beside the means of replies.
    """

    part: Floats
    whole: Floats
    unsent: int = 0


def sums(index: Ints, values: Floats, length: int) -> Floats:
    """The values summed by their index, (length,)."""
    return np.bincount(index, weights=values, minlength=length).astype(np.float64)
