"""What a roster costs: the pay of its shifts, which is known beforehand, and the overtime, which is not.

A planned shift is paid whether or not somebody turns up, so the cost of a roster is certain but for its
overtime, and the plan's cost, the search's bound and the simulated cost speak of the same money. Only the
part of a shift inside the horizon is paid, its fixed cost in that proportion, so that two horizons side by
side pay a shift once between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cssim.engine.floor import Duty
from cssim.measure.periods import spans_of
from cssim.scenario.clock import Calendar, Floats, overlap
from cssim.scenario.schema import Scenario
from cssim.scenario.units import DAY, HOUR, format_clock, format_duration


@dataclass(frozen=True)
class ShiftPay:
    """What one agent's shift costs, in the scenario's currency.

    Attributes:
        base: paid time at the base rate.
        night: what the night hours add to it.
        fixed: the cost of each shift worked, in proportion to the part inside the horizon.
        paid: paid time inside the horizon, in seconds.
    """

    base: float
    night: float
    fixed: float
    paid: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.base + self.night + self.fixed


def pay_of(scenario: Scenario, duty: Duty) -> ShiftPay:
    """What one agent of a duty is paid (`duty.count` plays no part), overtime apart.

    Paid time is the shift without its unpaid breaks as planned, inside the horizon. Base is paid time x
    rate; night adds rate x (times - 1) for the paid time inside the night hours; fixed is `per_shift` x
    (shift inside the horizon / shift).
    """
    pay = scenario.groups[duty.group].pay
    calendar = Calendar.of(scenario.horizon)
    shift = duty.shift
    start, end = max(shift.start, 0.0), min(shift.end, calendar.seconds)
    if end <= start:
        return ShiftPay(0.0, 0.0, 0.0, 0.0)
    unpaid = [(b.start, b.end) for b in shift.breaks if not b.paid]
    paid = (end - start) - overlap(start, end, unpaid)
    night = 0.0
    if pay.night is not None:
        for a, b in spans_of(pay.night, calendar, start, end):
            night += (b - a) - overlap(a, b, unpaid)
        night *= pay.per_hour / HOUR * (pay.night.times - 1)
    fixed = pay.per_shift * (end - start) / (shift.end - shift.start)
    return ShiftPay(paid / HOUR * pay.per_hour, night, fixed, paid)


def pay_columns(scenario: Scenario, roster: Iterable[Duty]) -> Floats:
    """A roster by group: how many agents, their paid seconds, base, night and fixed pay, (5, g)."""
    names = list(scenario.groups)
    columns = np.zeros((5, len(names)))
    for duty in roster:
        pay = pay_of(scenario, duty)
        one = np.array([1.0, pay.paid, pay.base, pay.night, pay.fixed])
        columns[:, names.index(duty.group)] += duty.count * one
    return columns


def overtime_pay(scenario: Scenario, group: str, seconds: float) -> float:
    """Pay of overtime: base rate x the group's overtime multiple, night or day."""
    pay = scenario.groups[group].pay
    return seconds / HOUR * pay.per_hour * pay.overtime


def cost_of(scenario: Scenario, roster: Iterable[Duty]) -> float:
    """What a roster costs before overtime: the sum over its duties of count x pay of one."""
    return sum(duty.count * pay_of(scenario, duty).total for duty in roster)


def roster_rows(scenario: Scenario, roster: Iterable[Duty]) -> list[dict[str, Any]]:
    """The roster as the contract's JSON: group, date, shift, start, end, breaks, count, cost.

    Times are by the clock; an end at or before the start is on the next date. The cost is that of all
    `count` agents, overtime apart.
    """
    calendar = Calendar.of(scenario.horizon)

    def clock(second: float) -> str:
        return format_clock((second + calendar.offset) % DAY)

    return [
        {
            "group": duty.group,
            "date": duty.shift.day.isoformat(),
            "shift": duty.shift.name,
            "start": clock(duty.shift.start),
            "end": clock(duty.shift.end),
            "breaks": [
                {"at": clock(b.start), "for": format_duration(b.end - b.start), "paid": b.paid}
                for b in duty.shift.breaks
            ],
            "count": duty.count,
            "cost": duty.count * pay_of(scenario, duty).total,
        }
        for duty in roster
    ]


def people_needed(roster: Iterable[Duty], rest: float) -> Mapping[str, int]:
    """How many people each group's shifts take: the most of them, each lengthened by `rest`, that overlap.

    Intervals colour exactly: so many people are enough, and no fewer are. A shift may begin at the
    very moment when another's rest ends. People belong to one group, so the need in all is the sum.
    """
    steps: dict[str, list[tuple[float, int]]] = {}
    for duty in roster:
        if duty.count > 0:
            steps.setdefault(duty.group, []).extend(
                [(duty.shift.start, duty.count), (duty.shift.end + rest, -duty.count)]
            )
    needed = {}
    for group, changes in steps.items():
        now = most = 0
        for _, change in sorted(changes):
            now += change
            most = max(most, now)
        needed[group] = most
    return needed
