"""Who may work when, set against what is roughly needed: where it is tight before anything is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cssim.engine.floor import Policy, policy_of
from cssim.scenario.clock import Calendar, Floats
from cssim.scenario.schema import Scenario
from cssim.scenario.shifts import shifts_of

MANY = 10
"""Of more queues than this only each by itself, and all together, are looked at."""

TIGHT = 0.5
"""Agents; a rough need that is above the people by less is no shortage."""


@dataclass(frozen=True)
class Shortage:
    """A run of planning intervals in which some queues roughly need more than may work for them.

    Attributes:
        queues: names.
        first, last: indices of its intervals, the last included.
        need, people: agents at speed 1, in the interval that lacks most.
    """

    queues: tuple[str, ...]
    first: int
    last: int
    need: float
    people: float


def people_of(scenario: Scenario) -> Floats:
    """Agents of each group who may work in each interval, at its speed, (g, i); inf without a limit.

    A group works in an interval if one of its shifts covers the middle of it; rest and breaks are left out.
    """
    calendar = Calendar.of(scenario.horizon)
    starts = np.arange(calendar.intervals) * calendar.interval
    middle = (starts + np.minimum(starts + calendar.interval, calendar.seconds)) / 2
    found = np.zeros((len(scenario.groups), calendar.intervals))
    for g, (name, group) in enumerate(scenario.groups.items()):
        covered = np.zeros(len(middle), dtype=bool)
        for shift in shifts_of(scenario, name):
            covered |= (shift.start <= middle) & (middle < shift.end)
        found[g, covered] = np.inf if group.people is None else group.people * group.speed
    return found


def able_for(scenario: Scenario, people: Floats, queues: Sequence[int], policy: Policy) -> Floats:
    """Agents who may work for any of some queues, by interval, within the seats, (i,)."""
    serving = policy.serves[:, list(queues)].any(axis=1)
    seats = np.inf if scenario.limits.seats is None else scenario.limits.seats
    quickest = max((group.speed for group in scenario.groups.values()), default=1.0)
    return np.asarray(np.minimum(people[serving].sum(axis=0), seats * quickest), dtype=np.float64)


def shortages(scenario: Scenario, need: Floats, people: Floats) -> tuple[Shortage, ...]:
    """Where some queues together need more than all who serve any of them.

    Hall's condition: if no set of queues lacks people, agents can be shared out so that none does.

    Args:
        scenario: names the queues and groups.
        need: agents at speed 1, (q, i).
        people: `people_of` the scenario, (g, i).
    """
    policy, names = policy_of(scenario), list(scenario.queues)
    sizes = range(1, len(names) + 1) if len(names) <= MANY else (1, len(names))
    sets = [one for size in sizes for one in combinations(range(len(names)), size)]
    wanted = np.array([need[list(one)].sum(axis=0) for one in sets])
    able = np.array([able_for(scenario, people, one, policy) for one in sets])
    lack = wanted - able
    worst = lack.argmax(axis=0)  # the smallest of the sets that lack most, as they come by size
    most = lack.max(axis=0)
    short = most > TIGHT
    found = []
    for first in np.flatnonzero(short & ~np.append(False, short[:-1])):
        last = first
        while last + 1 < len(short) and short[last + 1]:
            last += 1
        at = first + int(most[first : last + 1].argmax())
        k = int(worst[at])
        found.append(
            Shortage(
                tuple(names[q] for q in sets[k]),
                int(first),
                int(last),
                float(wanted[k, at]),
                float(able[k, at]),
            )
        )
    return tuple(found)
