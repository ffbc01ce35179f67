"""What can be bought: every shift of every group as a column, and the rules that a legal roster obeys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array, vstack

from cssim.demand.contacts import Bools
from cssim.engine.floor import Duty, Roster, in_order
from cssim.measure.cost import pay_of
from cssim.scenario.clock import Calendar, Floats, Ints, overlap
from cssim.scenario.schema import Scenario
from cssim.scenario.shifts import Shift, shifts_of

_HAIR = 1e-9


@dataclass(frozen=True)
class Rules:
    """What makes the counts x of a roster legal: most @ x <= limit, and duty @ x >= least.

    Only moments at which a sum can reach its extreme have a row: a number of people on rises when a shift
    starts and falls when one ends.

    Attributes:
        most: people (one block a group, shifts lengthened by the rest) and seats, (rows, columns).
        limit: how many there are, (rows,).
        duty: who is rostered at a moment of the horizon, (rows, columns).
        least: the minimum on duty, (rows,).
        moments: of the rows of `duty`, seconds, (rows,).
    """

    most: csr_array
    limit: Floats
    duty: csr_array
    least: Floats
    moments: Floats

    def allow(self, counts: Ints) -> bool:
        """Whether a roster of these counts can be worked by the people there are, at the seats there are."""
        return bool(self.allowed(counts[None, :])[0])

    def allowed(self, counts: Ints) -> Bools:
        """The same of many rosters, (m,) from (m, n)."""
        within = np.all(self.most @ counts.T <= self.limit[:, None] + _HAIR, axis=0)
        return np.asarray(within & np.all(self.duty @ counts.T >= self.least[:, None] - _HAIR, axis=0))

    def beside(self, counts: Ints) -> Rules:
        """The rules for those who come on top of these counts."""
        limit, least = self.limit - self.most @ counts, self.least - self.duty @ counts
        return replace(self, limit=limit, least=np.maximum(least, 0.0))


@dataclass(frozen=True)
class Columns:
    """Every (group, shift) that can be bought, by group and start; n columns, g groups, i intervals.

    Attributes:
        groups: names, (g,).
        group: index of the column's group, (n,).
        shifts: the shift, (n,).
        pay: what one agent on it costs, overtime apart, in the scenario's currency, (n,).
        cover: share of each planning interval that the shift is on duty, planned breaks out, (n, i).
        rules: what a legal roster obeys.
    """

    groups: tuple[str, ...]
    group: Ints
    shifts: tuple[Shift, ...]
    pay: Floats
    cover: Floats
    rules: Rules

    def __len__(self) -> int:
        return len(self.shifts)

    def roster(self, counts: Ints) -> Roster:
        """The roster of so many agents on each column, in the order in which agents are numbered."""
        duties = [
            Duty(self.groups[g], shift, int(count))
            for g, shift, count in zip(self.group, self.shifts, counts, strict=True)
        ]
        return in_order(duties, self.groups)

    def counts(self, roster: Iterable[Duty]) -> Ints:
        """So many agents on each column, of a roster; the inverse of `roster`.

        Raises:
            KeyError: a shift that the scenario does not offer to the group.
        """
        place = {(self.groups[g], s): k for k, (g, s) in enumerate(zip(self.group, self.shifts, strict=True))}
        found = np.zeros(len(self), dtype=np.int64)
        for duty in roster:
            found[place[duty.group, duty.shift]] += duty.count
        return found

    @property
    def dear(self) -> float:
        """Three times what an agent costs for a planning interval, on the dearest shift: a price for one that
        is lacking."""
        return 3.0 * float((self.pay / np.maximum(self.cover.sum(axis=1), 1.0)).max(initial=0.0))

    def on_duty(self, counts: Ints) -> Floats:
        """Agents of each group on duty in each interval, on average, were all to turn up, (g, i)."""
        agents = np.zeros((len(self.groups), self.cover.shape[1]))
        np.add.at(agents, self.group, self.cover * counts[:, None])
        return agents


def columns_of(scenario: Scenario) -> Columns:
    """The columns of a scenario. A group of no people has none."""
    calendar = Calendar.of(scenario.horizon)
    groups = tuple(scenario.groups)
    offered = [
        (g, shift)
        for g, name in enumerate(groups)
        if scenario.groups[name].people != 0
        for shift in shifts_of(scenario, name)
    ]
    group = np.array([g for g, _ in offered], dtype=np.int64)
    shifts = tuple(shift for _, shift in offered)
    return Columns(
        groups=groups,
        group=group,
        shifts=shifts,
        pay=np.array([pay_of(scenario, Duty(groups[g], shift, 1)).total for g, shift in offered]),
        cover=np.array([_cover(calendar, shift) for shift in shifts]).reshape(
            len(shifts), calendar.intervals
        ),
        rules=_rules(scenario, group, shifts),
    )


def _cover(calendar: Calendar, shift: Shift) -> Floats:
    edges = np.minimum(np.arange(calendar.intervals + 1) * calendar.interval, calendar.seconds)
    pauses = [(pause.start, pause.end) for pause in shift.breaks]
    on = [
        overlap(a, b, [(shift.start, shift.end)]) - overlap(max(a, shift.start), min(b, shift.end), pauses)
        for a, b in pairwise(edges)
    ]
    return np.asarray(np.array(on) / np.diff(edges))


def _rules(scenario: Scenario, group: Ints, shifts: tuple[Shift, ...]) -> Rules:
    """People, seats and minimum on duty.

    An agent keeps the seat through a break: whoever returns must find it free. Overtime is nobody's plan
    and holds none.
    """
    seconds = Calendar.of(scenario.horizon).seconds
    start = np.array([shift.start for shift in shifts])
    end = np.array([shift.end for shift in shifts])
    blocks, limits = [csr_array((0, len(shifts)))], [np.zeros(0)]
    for g, rule in enumerate(scenario.groups.values()):
        if rule.people is not None:
            rows = _on_at(np.unique(start[group == g]), start, end + scenario.rest) & (group == g)
            blocks.append(csr_array(rows.astype(float)))
            limits.append(np.full(len(rows), float(rule.people)))
    if scenario.limits.seats is not None:
        rows = _on_at(np.unique(np.maximum(start, 0.0)), start, end)
        blocks.append(csr_array(rows.astype(float)))
        limits.append(np.full(len(rows), float(scenario.limits.seats)))
    least = scenario.limits.min_on_duty
    moments = np.unique(np.concatenate([[0.0], end[end < seconds]])) if least else np.zeros(0)
    return Rules(
        most=csr_array(vstack(blocks)),
        limit=np.concatenate(limits),
        duty=csr_array(_on_at(moments, start, end).astype(float)),
        least=np.full(len(moments), float(least)),
        moments=moments,
    )


def _on_at(moments: Floats, start: Floats, end: Floats) -> Bools:
    """Which spans [start, end) hold each moment, (moments, spans)."""
    return (start <= moments[:, None]) & (moments[:, None] < end)
