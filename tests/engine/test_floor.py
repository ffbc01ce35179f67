"""Who turns up."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from cssim.demand.streams import Purpose, Streams
from cssim.engine.floor import Agents, Duty, Staff, agents_of, in_order
from cssim.scenario.clock import Calendar
from cssim.scenario.schema import Scenario
from cssim.scenario.shifts import shifts_of

SHOP = Scenario.model_validate(
    {
        "horizon": {"from": "2026-11-10 18:00", "to": "2026-11-12 02:00"},
        "queues": {"one": {"volume": {"contacts": 1}}},
        "groups": {
            "steady": {"serves": ["one"]},
            "flighty": {"serves": ["one"], "no_show": 0.3},
        },
        "shifts": {"day": {"start": "09:00", "end": "18:00", "breaks": [{"at": "12:00", "for": "30min"}]}},
        "targets": [{"measure": "first_reply", "within": "6s", "at_least": 0.8}],
    }
)
ROSTER = in_order(
    [Duty(group, shift, 20) for group in SHOP.groups for shift in shifts_of(SHOP, group)], list(SHOP.groups)
)


def test_some_of_the_flighty_are_absent_and_none_of_the_steady() -> None:
    """The share present lies within five standard errors."""
    staff, many = Staff.of(SHOP, ROSTER), 400
    present = np.array([staff.on(Streams(1, 0, r)).present for r in range(many)])
    flighty = staff.agents.group == 1
    assert present[:, ~flighty].all()
    share = present[:, flighty]
    assert abs(share.mean() - 0.7) < 5 * np.sqrt(0.3 * 0.7 / share.size)


def test_one_more_agent_changes_nobody_elses_luck() -> None:
    streams = Streams(1, 0, 7)
    before = agents_of(SHOP, ROSTER, streams)
    for d, duty in enumerate(ROSTER):
        larger = [*ROSTER[:d], replace(duty, count=21), *ROSTER[d + 1 :]]
        after = agents_of(SHOP, tuple(larger), streams)
        newcomer = np.flatnonzero(after.duty == d)[-1]
        assert np.array_equal(np.delete(after.present, newcomer), before.present)


def test_only_presence_differs_between_replications() -> None:
    staff = Staff.of(SHOP, ROSTER)
    one, other = staff.on(Streams(1, 0, 0)), staff.on(Streams(1, 0, 1))
    differ = [
        f.name for f in fields(Agents) if not np.array_equal(getattr(one, f.name), getattr(other, f.name))
    ]
    assert differ == ["present"]


def test_nobody_on_a_roster_is_nobody_present() -> None:
    assert len(agents_of(SHOP, (), Streams(1, 0, 0))) == 0


def test_each_entry_of_the_roster_has_the_luck_of_its_own_group_date_and_shift() -> None:
    """The streams by their names, so that no entry has another's; 60% absent tell them apart."""
    scenario = SHOP.model_copy(
        update={"groups": {name: g.model_copy(update={"no_show": 0.6}) for name, g in SHOP.groups.items()}}
    )
    streams, calendar = Streams(1, 0, 7), Calendar.of(SHOP.horizon)
    present = agents_of(scenario, ROSTER, streams)
    seen = set()
    for d, duty in enumerate(ROSTER):
        shift = duty.shift
        clock, length = shift.start - calendar.midnight(shift.day), shift.end - shift.start
        name = f"{duty.group}|{shift.day}|{shift.name}|{clock!r}|{length!r}"
        luck = streams.of(Purpose.PRESENCE, name).random(duty.count) >= 0.6
        assert present.present[present.duty == d].tolist() == luck.tolist()
        seen.add(tuple(luck.tolist()))
    assert len(seen) == len(ROSTER) == 2
