"""The fewest agents that keep a promise: whole numbers, for flat columns of any length at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cssim.queueing.odds import first_stable
from cssim.queueing.rows import Floats, Rows, Truths

Kept = Callable[..., Truths]


def stepped(load: Floats, *columns: Floats, kept: Kept) -> Floats:
    """Up from the first number of agents with whom the line does not grow for ever; nobody waits for none.

    One more agent changes (1 - B) / B by the recursion odds(s) = (s / a) (1 + odds(s - 1)).

    Args:
        load: erlangs, more than 0.
        columns: whatever else `kept` wants.
        kept: whether the promise holds, of (agents, slack = agents - load, odds, *columns).
    """
    agents, odds = first_stable(load)
    enough, rows = agents.copy(), np.arange(len(load))
    with np.errstate(over="ignore"):
        while True:
            going = np.flatnonzero(~kept(agents, agents - load, odds, *columns))
            if not going.size:
                return enough
            rows, load = rows[going], load[going]
            agents = agents[going] + 1
            odds = agents / load * (1 + odds[going])
            columns = tuple(column[going] for column in columns)
            enough[rows] = agents


def searched(start: Floats, kept: Callable[[Rows, Floats], Truths]) -> Floats:
    """Outwards from a guess until it is enclosed, by steps that double, and then by bisection.

    Args:
        start: a guess, whole numbers from 0.
        kept: of some rows and as many numbers of agents, whether each keeps the promise of its row; from
            some number of agents on it must, and below it must not.
    """
    step = np.maximum(np.floor(np.sqrt(start)), 1)
    too_few, enough = np.full_like(start, -1), start.copy()
    rows = np.arange(len(start))
    keeps = kept(rows, start)
    up, down = rows[~keeps], rows[keeps]
    while up.size:
        too_few[up] = enough[up]
        enough[up] += step[up]
        step[up] *= 2
        up = up[~kept(up, enough[up])]
    while down.size:
        less = enough[down] - step[down]
        step[down] *= 2
        down, less = down[less >= 0], less[less >= 0]
        keeps = kept(down, less)
        enough[down[keeps]] = less[keeps]
        too_few[down[~keeps]] = less[~keeps]
        down = down[keeps]
    while (going := np.flatnonzero(enough - too_few > 1)).size:
        middle = np.floor((enough[going] + too_few[going]) / 2)
        keeps = kept(going, middle)
        enough[going[keeps]] = middle[keeps]
        too_few[going[~keeps]] = middle[~keeps]
    return enough
