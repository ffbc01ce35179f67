"""All legal rosters, where they are few enough to be tried one by one."""

from __future__ import annotations

import numpy as np

from cssim.roster.shifts import Columns
from cssim.scenario.clock import Ints


def every_roster(columns: Columns, least: Ints, below: float, most: int) -> Ints | None:
    """Counts of all legal rosters that pay less than `below`, the cheapest first, (m, n).

    None if there are more than `most`. `least` agents are on each column in any case, (n,).
    """
    rules, pay = columns.rules, columns.pay
    limits, uses = rules.limit, rules.most.toarray()
    partial = np.zeros((1, len(columns)), dtype=np.int64) + least
    for column in range(len(columns)):
        grown = [partial]
        while len(grown[-1]):
            more = grown[-1].copy()
            more[:, column] += 1
            within = np.all(uses @ more.T <= limits[:, None] + 1e-9, axis=0) & (more @ pay < below)
            grown.append(more[within])
            if sum(map(len, grown)) > most:
                return None
            if pay[column] <= 0 and not uses[:, column].any():
                return None  # as many as one likes
        partial = np.concatenate(grown)
    found = partial[rules.allowed(partial)]
    return np.asarray(found[np.argsort(found @ pay, kind="stable")])
