"""What a roster costs, to the cent, and how many people it takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cssim.engine.floor import Duty
from cssim.measure.cost import ShiftPay, cost_of, pay_of, people_needed, roster_rows
from cssim.measure.service import measure_day
from cssim.scenario.schema import RosterRow
from cssim.scenario.shifts import Shift, shift_of
from tests.measure.build import HOUR, W, log_of, shop

PAY = {
    "per_hour": 30,
    "night": {"from": "22:00", "to": "08:00", "times": 1.3},
    "overtime": 1.5,
    "per_shift": 23,
}
GROUPS = {
    "main": {"serves": ["pre_sales", "after_sales"], "pay": PAY},
    "temps": {"serves": "pre_sales", "pay": {"per_hour": 20}},
}


def duty(scenario, date, shift, count=1, group="main"):
    return Duty(group, shift_of(scenario, RosterRow(group=group, date=date, shift=shift, count=count)), count)


def test_pay_of_a_night_with_an_unpaid_break_inside_the_night_hours():
    scenario = shop(groups=GROUPS)
    pay = pay_of(scenario, duty(scenario, "11-10", "night"))  # 21:30 to 09:00, 02:00 to 02:30 unpaid
    assert pay == ShiftPay(base=11 * 30, night=pytest.approx(9.5 * 30 * 0.3), fixed=23, paid=11 * HOUR)
    assert pay.total == pytest.approx(11 * 30 + 9.5 * 9 + 23)


def test_a_paid_break_is_paid():
    shifts = {
        "night": {"start": "21:30", "end": "09:00", "breaks": [{"at": "02:00", "for": "30min", "paid": True}]}
    }
    scenario = shop(groups=GROUPS, shifts=shifts)
    assert pay_of(scenario, duty(scenario, "11-10", "night")).base == 11.5 * 30


def test_a_shift_across_an_edge_is_paid_for_the_part_inside_and_once_in_all():
    scenario = shop(groups=GROUPS)
    cut = pay_of(scenario, duty(scenario, "11-11", "night"))  # the horizon ends at 02:00
    assert cut.base == 4.5 * 30
    assert cut.night == pytest.approx(4 * 30 * 0.3)
    assert cut.fixed == pytest.approx(23 * 4.5 / 11.5)
    whole = shop(groups=GROUPS, horizon={"from": "2026-11-10 18:00", "to": "2026-11-13 00:00"})
    rest = shop(groups=GROUPS, horizon={"from": "2026-11-12 02:00", "to": "2026-11-13 00:00"})
    parts = [pay_of(s, duty(s, "11-11", "night")) for s in (scenario, rest)]
    at_once = pay_of(whole, duty(whole, "11-11", "night"))
    assert sum(p.total for p in parts) == pytest.approx(at_once.total)
    assert sum(p.paid for p in parts) == at_once.paid


def test_a_shift_outside_the_horizon_costs_nothing():
    scenario = shop(groups=GROUPS)
    outside = Duty("main", Shift(33 * HOUR, 40 * HOUR, "x", duty(scenario, "11-11", "late").shift.day), 3)
    assert pay_of(scenario, outside).total == 0


def test_a_roster_costs_its_people():
    scenario = shop(groups=GROUPS)
    late = duty(scenario, "11-10", "late", 3, "temps")
    assert cost_of(scenario, [late, duty(scenario, "11-10", "night", 2)]) == pytest.approx(
        3 * 6 * 20 + 2 * (330 + 85.5 + 23)
    )


def test_a_day_pays_who_was_planned_and_the_overtime_of_who_came():
    scenario = shop(groups=GROUPS)
    roster = (duty(scenario, "11-10", "late", 2),)
    late = roster[0].shift
    workers = [W(late.start, late.end, overtime=1800), W(late.start, late.end, present=False)]
    day = measure_day(scenario, log_of(scenario, [], workers), roster)
    assert day.agents.tolist() == [2, 0]
    assert day.paid.tolist() == [12 * HOUR, 0]
    assert day.overtime.tolist() == [1800, 0]
    assert (day.base, day.fixed) == (12 * 30, 46)
    assert day.night == pytest.approx(2 * 2 * 30 * 0.3)
    assert day.overtime_pay == 0.5 * 30 * 1.5
    assert day.total_cost == pytest.approx(360 + 46 + 36 + 22.5)
    assert day.cost.tolist() == [pytest.approx(day.total_cost), 0]


def test_overtime_after_the_horizons_end_is_paid_but_not_that_of_a_shift_which_ends_after_it():
    scenario = shop(groups=GROUPS)
    end = scenario.horizon.seconds
    workers = [W(end - HOUR, end, overtime=600), W(end - HOUR, end + HOUR, overtime=7000)]
    day = measure_day(scenario, log_of(scenario, [], workers), ())
    assert day.overtime.tolist() == [600, 0]


def test_a_rosters_rows_say_what_it_is_and_can_be_read_again():
    scenario = shop(groups=GROUPS)
    night = duty(scenario, "11-10", "night", 2)
    (row,) = roster_rows(scenario, [night])
    assert row == {
        "group": "main",
        "date": "2026-11-10",
        "shift": "night",
        "start": "21:30",
        "end": "09:00",
        "breaks": [{"at": "02:00", "for": "30min", "paid": False}],
        "count": 2,
        "cost": pytest.approx(2 * 438.5),
    }
    again = RosterRow(**{key: value for key, value in row.items() if key not in ("breaks", "cost")})
    assert shift_of(scenario, again) == night.shift


def test_people_are_free_again_after_their_rest_and_not_before():
    day = duty(shop(), "11-10", "late").shift
    early = replace(day, start=0.0, end=8 * HOUR)
    later = replace(day, start=19 * HOUR, end=27 * HOUR)
    roster = [
        Duty("main", early, 3),
        Duty("main", later, 2),
        Duty("temps", early, 1),
        Duty("temps", later, 0),
    ]
    assert people_needed(roster, 11 * HOUR) == {"main": 3, "temps": 1}
    assert people_needed(roster, 11 * HOUR + 1) == {"main": 5, "temps": 1}


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.integers(0, 3)), min_size=1, max_size=8),
    st.integers(0, 12),
)
def test_people_needed_is_what_handing_out_the_shifts_in_order_takes(shifts, rest):
    day = duty(shop(), "11-10", "late").shift
    roster = [
        Duty("main", replace(day, start=float(start), end=float(start + length)), count)
        for start, length, count in shifts
    ]
    free = np.zeros(0)
    for one in sorted(roster, key=lambda d: d.shift.start):
        for _ in range(one.count):
            ready = np.flatnonzero(free <= one.shift.start)
            if not len(ready):
                free, ready = np.append(free, 0.0), np.array([len(free)])
            free[ready[0]] = one.shift.end + rest
    assert people_needed(roster, rest).get("main", 0) == len(free)
