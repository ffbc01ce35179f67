"""What can be bought, and when a roster is legal."""

from __future__ import annotations

from datetime import date
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cssim.engine.floor import Duty
from cssim.measure.cost import cost_of
from cssim.roster.shifts import columns_of
from cssim.scenario.clock import Calendar
from cssim.scenario.shifts import Shift
from tests.roster.build import group, shop

TWO_DAYS = {"from": "2026-11-10 10:00", "to": "2026-11-12 10:00", "interval": "1h"}
ANY_TIME = {
    "any": {
        "start": {"from": "00:00", "to": "21:00", "every": "3h"},
        "length": {"from": "3h", "to": "12h", "every": "3h"},
    }
}


def can_be_worked(shifts: list[Shift], people: int, rest: float) -> bool:
    """Whether so many people can work these shifts: every way of handing them out is tried."""
    if not shifts:
        return True

    def clash(a: Shift, b: Shift) -> bool:
        first, second = sorted((a, b))
        return second.start < first.end + rest

    return any(
        all(
            hands[i] != hands[j] or not clash(shifts[i], shifts[j])
            for i in range(len(shifts))
            for j in range(i)
        )
        for hands in product(range(people), repeat=len(shifts))
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_people_are_enough_exactly_where_the_shifts_can_be_handed_out(data: st.DataObject) -> None:
    people = data.draw(st.integers(1, 3))
    rest = data.draw(st.sampled_from(["0s", "3h", "11h"]))
    scenario = shop(
        horizon=TWO_DAYS, groups={"main": group(people=people, shifts="any")}, shifts=ANY_TIME, rest=rest
    )
    columns = columns_of(scenario)
    picks = data.draw(st.lists(st.integers(0, len(columns) - 1), min_size=1, max_size=5))
    counts = np.bincount(picks, minlength=len(columns))
    shifts = [columns.shifts[k] for k in picks]
    assert columns.rules.allow(counts) == can_be_worked(shifts, people, scenario.rest)


def test_groups_do_not_share_people() -> None:
    scenario = shop(groups={"main": group(people=1), "temps": group(people=1)})
    columns = columns_of(scenario)
    at_ten = np.array([shift.start == 0 for shift in columns.shifts])
    assert columns.rules.allow(at_ten.astype(int))
    assert not columns.rules.allow(2 * at_ten.astype(int))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_seats_and_minimum_on_duty_hold_at_every_moment(data: st.DataObject) -> None:
    least = data.draw(st.integers(0, 2))
    seats = data.draw(st.integers(max(least, 1), 4))
    scenario = shop(
        horizon=TWO_DAYS,
        groups={"main": group(people=None, shifts="any")},
        shifts=ANY_TIME,
        limits={"seats": seats, "min_on_duty": least},
    )
    columns = columns_of(scenario)
    picks = data.draw(st.lists(st.integers(0, len(columns) - 1), max_size=14))
    counts = np.bincount(picks, minlength=len(columns))
    every_half_hour = np.arange(0.0, 48 * 3600.0, 1800.0)
    on = np.array(
        [sum(columns.shifts[k].start <= t < columns.shifts[k].end for k in picks) for t in every_half_hour]
    )
    assert columns.rules.allow(counts) == bool(on.max() <= seats and on.min() >= least)


def test_a_seat_is_held_through_a_break() -> None:
    broken = {"half": {"start": "10:00", "end": "14:00", "breaks": [{"at": "12:00", "for": "1h"}]}}
    filler = {"noon": {"start": "12:00", "end": "13:00"}}
    both = group(people=None, shifts=["half", "noon"])
    columns = columns_of(shop(groups={"main": both}, shifts={**broken, **filler}, limits={"seats": 1}))
    assert not columns.rules.allow(np.ones(2, dtype=int))


NIGHT = {"night": {"start": "21:30", "end": "09:00", "breaks": [{"at": "02:00", "for": "30min"}]}}


def test_a_night_belongs_to_the_date_on_which_it_begins() -> None:
    horizon = {"from": "2026-11-10 18:00", "to": "2026-11-12 02:00", "interval": "30min"}
    columns = columns_of(shop(horizon=horizon, groups={"main": group(shifts="night")}, shifts=NIGHT))
    assert [shift.day for shift in columns.shifts] == [date(2026, 11, 10), date(2026, 11, 11)]
    first, second = columns.cover
    assert first[:7].sum() == 0  # 18:00 to 21:30
    assert first[7:30].sum() == 22  # 23 half hours to 09:00, less the break at 02:00
    assert first[16] == 0
    assert second.sum() == 9  # 21:30 to the horizon's end


def test_a_night_that_began_on_the_eve_can_be_bought_for_the_part_inside() -> None:
    horizon = {"from": "2026-11-10 06:00", "to": "2026-11-10 18:00"}
    columns = columns_of(shop(horizon=horizon, groups={"main": group(shifts="night")}, shifts=NIGHT))
    assert [shift.day for shift in columns.shifts] == [date(2026, 11, 9)]
    assert columns.pay.tolist() == [90.0]  # three hours at 30
    assert columns.cover[0].sum() == 6


def test_the_part_of_an_interval_on_duty_is_covered() -> None:
    rule = {"odd": {"start": "10:20", "end": "13:10", "breaks": [{"at": "11:25", "for": "20min"}]}}
    columns = columns_of(shop(groups={"main": group(shifts="odd")}, shifts=rule))
    np.testing.assert_allclose(columns.cover[0] * 30, [10, 30, 25, 15, 30, 30, 10, 0])
    lengths = 1800.0
    assert columns.cover[0].sum() * lengths == pytest.approx(170 * 60 - 20 * 60)


def test_counts_and_rosters_are_the_same_thing() -> None:
    columns = columns_of(shop())
    counts = np.array([2, 0, 1, 3])
    roster = columns.roster(counts)
    assert sum(duty.count for duty in roster) == 6
    assert np.array_equal(columns.counts(roster), counts)
    assert columns.pay @ counts == pytest.approx(cost_of(shop(), roster))
    with pytest.raises(KeyError):
        columns.counts([Duty("main", Shift(0.0, 1.0, "half", date(2026, 11, 10)), 1)])


def test_a_group_without_people_has_no_columns() -> None:
    columns = columns_of(shop(groups={"main": group(people=0), "temps": group()}))
    assert set(columns.group.tolist()) == {1}


def test_agents_on_duty_add_up_by_group() -> None:
    scenario = shop()
    columns = columns_of(scenario)
    on_duty = columns.on_duty(np.array([1, 2, 0, 3]))
    assert on_duty.shape == (2, Calendar.of(scenario.horizon).intervals)
    assert on_duty[0].tolist() == [1.0] * 4 + [2.0] * 4
    assert on_duty[1].tolist() == [0.0] * 4 + [3.0] * 4
