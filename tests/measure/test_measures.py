"""Each measure and each option of a target, on happenings whose value is plain to see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cssim.engine.log import Outcome
from cssim.measure.service import QUANTILES, measure_day
from cssim.measure.tables import COUNTS
from tests.measure.build import HOUR, NAN, H, W, contact, log_of, never, parts, reply, shop, tally

FIRST = {"measure": "first_reply", "within": "6s"}
ANSWERED = {"measure": "answered", "within": "6s"}
ROUNDS = {"measure": "rounds", "within": "3min"}
BUYERS = {"measure": "buyers", "within": "3min"}

LEFT = H(10, [never(10)], Outcome.ABANDONED, patience=4)
GONE = H(10, [never(10)], Outcome.LINGERED, patience=4)
UNFINISHED = H(10, [never(10)], Outcome.UNFINISHED)
DEFLECTED = H(10, outcome=Outcome.DEFLECTED)
BY_BOT = H(10, [reply(30, 50)], covered=True)
"""Handed over by the bot 20 s after its arrival, answered by a person 50 s after that."""
ASLEEP = H(NAN, outcome=Outcome.NEVER)


def test_a_first_reply_is_in_time_at_exactly_t_and_late_after_it():
    assert parts(FIRST, [contact(0, 6), contact(0, 6 + 2**-20)]) == [(1, 2)]


def test_contacts_that_nobody_answered_are_late():
    assert parts(FIRST, [LEFT, GONE, UNFINISHED]) == [(0, 3)]


def test_a_lingering_contact_that_was_answered_counts_by_its_real_time():
    late, quick = contact(0, 8, outcome=Outcome.LINGERED), contact(0, 5, outcome=Outcome.LINGERED)
    assert parts(FIRST, [late, quick]) == [(1, 2)]


def test_deflected_contacts_and_sleeping_follow_ups_are_outside():
    assert parts(FIRST, [contact(0, 1), DEFLECTED, ASLEEP]) == [(1, 1)]


def test_answered_asks_when_the_reply_was_begun():
    slow = H(0, [(0, 6, 60)])
    assert parts(ANSWERED, [slow, H(0, [(0, 7, 8)])]) == [(1, 2)]
    assert parts(FIRST, [slow]) == [(0, 1)]


def test_those_who_left_within_t_can_be_taken_out_of_answered():
    later = H(10, [never(10)], Outcome.ABANDONED, patience=6.5)
    then = H(10, [never(10)], Outcome.ABANDONED, patience=6)
    rows = [contact(0, 1), LEFT, then, later, GONE, UNFINISHED]
    assert parts(ANSWERED, rows) == [(1, 6)]
    assert parts({**ANSWERED, "exclude_abandoned_within": True}, rows) == [(1, 4)]


def test_who_left_while_being_answered_in_time_stays_answered():
    answered = H(0, [(0, 2, NAN)], Outcome.ABANDONED, patience=5)
    assert parts({**ANSWERED, "exclude_abandoned_within": True}, [answered]) == [(1, 1)]


def test_the_time_after_which_a_buyer_left_runs_from_where_the_clock_starts():
    left = H(10, [never(15)], Outcome.ABANDONED, covered=True, patience=4)
    excluded = {**ANSWERED, "exclude_abandoned_within": True}
    assert parts(excluded, [left]) == [(0, 0)]
    assert parts({**excluded, "clock": "arrival"}, [left]) == [(0, 1)]


def test_clock_arrival_moves_the_start_of_the_first_round_only():
    chat = H(0, [reply(100, 90), reply(300, 180)], covered=True)
    assert parts(ROUNDS, [chat]) == [(2, 2)]
    assert parts({**ROUNDS, "clock": "arrival"}, [chat]) == [(1, 2)]
    assert parts({"measure": "mean_reply", "at_most": "1min", "clock": "arrival"}, [chat]) == [(370, 2)]


def test_rounds_are_booked_to_their_message_and_contacts_to_their_arrival():
    evening = 6 * HOUR - 1
    chat = H(evening, [reply(evening, 5), reply(evening + 60, 5)])
    assert parts({**ROUNDS, "each": "day"}, [chat]) == [(1, 1), (1, 1), (0, 0)]
    handed_over_after_midnight = H(evening, [reply(evening + 60, 5)])
    assert parts({**FIRST, "each": "day"}, [handed_over_after_midnight]) == [(1, 1), (0, 0), (0, 0)]


def test_a_round_that_was_never_answered_is_late_and_one_never_written_is_in_nothing():
    broke_off = H(0, [reply(0, 5), never(60), (NAN, NAN, NAN)], Outcome.BROKEN_OFF)
    assert parts(ROUNDS, [broke_off]) == [(1, 2)]


def test_a_late_message_fails_the_buyer_for_that_date_only():
    midnight = 6 * HOUR
    chat = H(midnight - 300, [reply(midnight - 300, 200), reply(midnight + 60, 5)])
    assert parts(BUYERS, [chat]) == [(1, 2)]
    assert parts({**BUYERS, "each": "day"}, [chat]) == [(0, 1), (1, 1), (0, 0)]


def test_a_buyer_of_two_contacts_counts_once_a_day():
    rows = [contact(0, 5), contact(900, 200, buyer=0), contact(0, 5)]
    assert parts(BUYERS, rows) == [(1, 2)]
    assert parts({**BUYERS, "queues": "after_sales"}, [*rows, contact(5, 5, queue=1, buyer=0)]) == [(1, 1)]


def test_a_buyer_kept_waiting_twice_is_lost_once():
    rows = [H(0, [reply(0, 200), reply(600, 200)]), contact(0, 5)]
    assert parts(BUYERS, rows) == [(1, 2)]


def test_an_hour_looks_at_the_buyers_of_that_hour():
    chat = H(0, [reply(0, 200), reply(HOUR, 5)])
    hours = parts({**BUYERS, "each": "hour"}, [chat])
    assert hours[:3] == [(0, 1), (1, 1), (0, 0)]


def test_means_are_of_what_was_sent_with_the_rest_counted_beside():
    rows = [H(0, [reply(0, 10), reply(60, 20), never(200)], Outcome.BROKEN_OFF), LEFT]
    replies = tally({"measure": "mean_reply", "at_most": "1min"}, rows)
    first = tally({"measure": "mean_first_reply", "at_most": "1min"}, rows)
    assert (replies.part[0], replies.whole[0], replies.unsent) == (30, 2, 2)
    assert (first.part[0], first.whole[0], first.unsent) == (10, 1, 1)


def test_abandonment_counts_those_whose_going_nobody_saw():
    broken_off = H(0, [reply(0, 5), never(60)], Outcome.BROKEN_OFF)
    rows = [LEFT, GONE, UNFINISHED, broken_off, contact(0, 1), DEFLECTED]
    assert parts({"measure": "abandonment", "at_most": 0.1}, rows) == [(2, 5)]


def test_who_comes_when_nobody_is_on_or_to_come_gives_up_and_the_sale_is_lost():
    abandonment, lost = {"measure": "abandonment", "at_most": 0}, {"measure": "lost_sales", "at_most": 0}
    cut_off = H(HOUR, [never(HOUR)], Outcome.UNFINISHED)
    in_vain = H(HOUR + 1, [never(HOUR + 1)], Outcome.UNFINISHED)
    rows = [contact(0, 1), cut_off, in_vain]
    assert parts(abandonment, rows) == [(1, 3)]
    assert parts(lost, rows) == [(38, 1)]
    assert parts(abandonment, rows, workers=[W(0, HOUR, overtime=1)]) == [(0, 3)]
    for nobody in ((), [W(0, HOUR, present=False)]):
        assert parts(abandonment, rows[1:], workers=nobody) == [(2, 2)]
        assert parts(lost, rows[1:], workers=nobody) == [(76, 1)]


def test_a_queue_is_served_until_the_last_agent_who_takes_its_contacts_goes():
    buyer = H(HOUR + 1, [never(HOUR + 1)], Outcome.UNFINISHED, queue=1)
    temps_stay = [W(0, HOUR), W(0, 2 * HOUR, group=1)]
    main_stays = [W(0, 2 * HOUR), W(0, HOUR, group=1)]
    assert parts({"measure": "abandonment", "at_most": 0}, [buyer], workers=temps_stay) == [(1, 1)]
    assert parts({"measure": "abandonment", "at_most": 0}, [buyer], workers=main_stays) == [(0, 1)]


def test_deflection_is_a_share_of_all_contacts():
    rows = [DEFLECTED, BY_BOT, contact(0, 1), LEFT, ASLEEP]
    assert parts({"measure": "deflection"}, rows) == [(1, 4)]


def test_a_sale_is_lost_by_leaving_lingering_and_breaking_off():
    broken_off = H(0, [reply(0, 5), never(60)], Outcome.BROKEN_OFF, queue=1)
    rows = [LEFT, GONE, broken_off, UNFINISHED, contact(0, 1)]
    target = {"measure": "lost_sales", "at_most": 100}
    assert parts(target, rows) == [(81, 1)]
    assert parts({**target, "queues": "after_sales"}, rows) == [(5, 1)]
    assert parts(target, [contact(0, 1)]) == [(0, 1)]


@pytest.mark.parametrize(
    ("target", "human", "by_any"),
    [
        (FIRST, (0, 1), (2, 2)),
        (ANSWERED, (1, 1), (2, 2)),
        (ROUNDS, (1, 1), (2, 2)),
        (BUYERS, (1, 1), (2, 2)),
        ({"measure": "mean_first_reply", "at_most": "1min"}, (50, 1), (0, 2)),
        ({"measure": "mean_reply", "at_most": "1min"}, (50, 1), (0, 2)),
    ],
)
def test_where_automatic_replies_count_the_bot_gives_the_first(target, human, by_any):
    rows = [BY_BOT, DEFLECTED]
    assert parts(target, rows) == [human]
    assert parts({**target, "counts": "any"}, rows) == [by_any]


def test_the_bots_answer_stands_for_the_first_round_and_for_no_later_one():
    chat = H(10, [reply(30, 200), reply(300, 200)], covered=True)
    plain = contact(10, 200)
    assert parts({**ROUNDS, "counts": "any"}, [chat, plain]) == [(1, 3)]


def test_the_bots_answer_is_booked_to_the_arrival():
    covered = H(6 * HOUR - 5, [reply(6 * HOUR + 15, 5)], covered=True)
    day = {**ROUNDS, "each": "day"}
    assert parts(day, [covered]) == [(0, 0), (1, 1), (0, 0)]
    assert parts({**day, "counts": "any"}, [covered]) == [(1, 1), (0, 0), (0, 0)]


def test_only_the_named_queues_count():
    rows = [contact(0, 1), contact(0, 9, queue=1)]
    assert parts({**FIRST, "queues": ["after_sales"]}, rows) == [(0, 1)]
    assert parts({"measure": "abandonment", "at_most": 1, "queues": "after_sales"}, rows) == [(0, 1)]


def test_a_contact_belongs_to_the_hours_in_which_it_arrived():
    before, after = 15 * HOUR - 240, 15 * HOUR  # 08:56 and 09:00
    rows = [contact(before, 300), contact(after, 1), contact(5 * HOUR - 1, 1), contact(5 * HOUR, 1)]
    target = {**FIRST, "hours": {"from": "09:00", "to": "23:00"}}
    assert parts(target, rows) == [(2, 2)]
    assert parts({**target, "hours": {"from": "23:00", "to": "09:00"}}, rows) == [(1, 2)]


def test_offline_contacts_can_be_left_out():
    rows = [contact(HOUR, 1), contact(10 * HOUR, 1)]  # 19:00 and 04:00
    changes = {"opening_hours": {"from": "08:00", "to": "24:00"}}
    assert parts(FIRST, rows, **changes) == [(2, 2)]
    assert parts({**FIRST, "offline": "excluded"}, rows, **changes) == [(1, 1)]


def test_the_warm_up_and_what_comes_after_the_end_are_not_measured():
    horizon = {"from": "2026-11-10 18:00", "to": "2026-11-10 20:00", "measure_from": "2026-11-10 19:00"}
    chat = H(HOUR - 1, [reply(HOUR - 1, 5), reply(HOUR, 5), reply(2 * HOUR, 5)])
    rows = [chat, contact(HOUR, 5), contact(2 * HOUR - 1, 5)]
    assert parts(FIRST, rows, horizon=horizon) == [(2, 2)]
    assert parts(ROUNDS, rows, horizon=horizon) == [(3, 3)]
    assert parts({"measure": "abandonment", "at_most": 1}, rows, horizon=horizon) == [(0, 2)]
    scenario = shop(horizon=horizon)
    rows.append(H(HOUR - 10, [reply(HOUR + 10, 7)], covered=True))  # arrived too early, handed over in time
    day = measure_day(scenario, log_of(scenario, rows, [W(0, 2 * HOUR)]), ())
    counts = dict(zip(COUNTS, day.counts[0].tolist(), strict=True))
    assert (counts["contacts"], counts["offered"], counts["served"], counts["rounds"]) == (2, 2, 2, 4)
    assert day.offered_in_all == 4
    assert day.offered[0].tolist() == [0, 0, 1, 1]
    assert day.in_time[0].tolist() == [0, 0, 1, 1]
    assert day.on.tolist() == [HOUR, 0]
    assert day.first_reply[0].tolist() == [10, 2]
    assert day.reply[0].tolist() == [22, 4]


def test_occupancy_is_replying_over_being_on_without_breaks():
    rows = [H(0, [reply(100, 600)], work=600), H(0, [reply(900, 400)], agent=1, work=200)]
    workers = [W(0, 3000, breaks=[(2000, 2600)]), W(0, 1000, group=1)]
    target = {"measure": "occupancy", "at_most": 0.8}
    assert parts(target, rows, workers) == [(1000, 3400)]
    assert parts({**target, "groups": "main"}, rows, workers) == [(600, 2400)]
    assert parts({**target, "groups": "temps"}, rows, workers) == [(400, 1000)]  # 200 s of work at speed 0.5


def test_agents_time_is_cut_at_the_edges_of_what_is_measured():
    rows = [H(0, [reply(6 * HOUR - 100, 300)], work=300)]
    workers = [W(5 * HOUR, 6 * HOUR, overtime=200)]
    target = {"measure": "occupancy", "at_most": 0.8, "each": "day"}
    assert parts(target, rows, workers) == [(100, HOUR), (200, 200), (0, 0)]
    horizon = {"from": "2026-11-10 18:00", "to": "2026-11-10 24:00", "measure_from": "2026-11-10 23:30"}
    assert parts(target, rows, workers, horizon=horizon) == [(100, HOUR / 2)]


def test_a_reply_to_a_buyer_who_left_meanwhile_is_work_all_the_same():
    rows = [H(0, [(0, 0, NAN)], Outcome.ABANDONED, work=120)]
    assert parts({"measure": "occupancy", "at_most": 0.8}, rows, [W(0, 1000)]) == [(120, 1000)]


def test_open_chats_is_the_mean_number_of_places_held():
    rows = [H(0, [reply(0, 5)], held=(0, 500)), H(0, [reply(0, 5)], held=(250, 1250))]
    waiting = H(0, [never(0)], Outcome.ABANDONED, agent=-1)
    target = {"measure": "open_chats", "at_most": 3}
    assert parts(target, [*rows, waiting], [W(0, 1000, overtime=250)]) == [(1500, 1250)]


def test_overtime_is_booked_to_the_last_moment_of_the_shift():
    workers = [W(0, 6 * HOUR, overtime=600), W(0, 7 * HOUR, overtime=60, group=1), W(0, HOUR, present=False)]
    target = {"measure": "overtime", "at_most": "1h", "each": "day"}
    assert parts(target, [], workers) == [(600, 1), (60, 1), (0, 1)]
    assert parts({**target, "groups": "temps"}, [], workers) == [(0, 1), (60, 1), (0, 1)]


def test_an_absent_agent_is_not_on():
    workers = [W(0, 1000), W(0, 1000, present=False)]
    assert parts({"measure": "occupancy", "at_most": 0.8}, [], workers) == [(0, 1000)]


def test_a_day_with_nobody_has_nothing_to_measure():
    for target in (FIRST, ANSWERED, ROUNDS, BUYERS, {"measure": "mean_reply", "at_most": "1min"}):
        assert parts(target, []) == [(0, 0)]
    unheard = H(0, [never(0)], Outcome.UNFINISHED, agent=-1)
    for measure in ("occupancy", "open_chats"):
        assert parts({"measure": measure, "at_most": 0.8}, [unheard], []) == [(0, 0)]


def test_the_counts_of_a_queue():
    scenario = shop()
    rows = [contact(0, 4), LEFT, GONE, UNFINISHED, DEFLECTED, BY_BOT, ASLEEP, contact(0, 8, queue=1)]
    rows.append(H(0, [reply(0, 6), never(60)], Outcome.BROKEN_OFF))
    day = measure_day(scenario, log_of(scenario, rows), ())
    assert dict(zip(COUNTS, day.counts[0].tolist(), strict=True)) == {
        "contacts": 7,
        "offered": 6,
        "deflected": 1,
        "served": 2,
        "abandoned": 1,
        "lingered": 1,
        "broken_off": 1,
        "unfinished": 1,
        "rounds": 7,
    }
    assert day.first_reply.tolist() == [[60, 3], [8, 1]]
    assert day.first_reply_at[0].tolist() == pytest.approx([6, 41.2, 49.12])
    assert day.wait.tolist() == [[0, 3], [0, 1]]
    assert day.reply.tolist() == [[60, 3], [8, 1]]
    assert day.offered[:, 0].tolist() == [6, 1]
    assert day.lost_sales == 3 * 38


def test_the_share_in_time_by_interval_is_of_the_queues_first_reply_target():
    buyers = {**BUYERS, "at_least": 0.5, "queues": "after_sales", "hours": {"from": "09:00", "to": "10:00"}}
    scenario = shop({**FIRST, "at_least": 0.5, "queues": "pre_sales"}, buyers)
    rows = [contact(1799, 6), contact(1800, 7), H(0, [reply(0, 1), reply(1800, 181)], queue=1)]
    day = measure_day(scenario, log_of(scenario, rows), ())
    assert day.counted[:, :2].tolist() == [[1, 1], [1, 1]]
    assert day.in_time[:, :2].tolist() == [[1, 0], [1, 0]]


happenings = st.lists(
    st.builds(
        lambda arrival, times, outcome, queue, buyer, covered: H(
            arrival,
            []
            if outcome is Outcome.DEFLECTED
            else [
                reply(arrival + 400 * k, t) if t < 300 else never(arrival + 400 * k)
                for k, t in enumerate(times)
            ],
            outcome,
            queue,
            buyer,
            covered,
        ),
        st.integers(0, 32 * 3600 - 1).map(float),
        st.lists(st.integers(0, 400).map(float), min_size=1, max_size=4),
        st.sampled_from([o for o in Outcome if o is not Outcome.NEVER]),
        st.integers(0, 1),
        st.integers(0, 5),
        st.booleans(),
    ),
    max_size=12,
)
shares = st.fixed_dictionaries(
    {
        "measure": st.sampled_from(["first_reply", "answered", "rounds", "buyers"]),
        "within": st.sampled_from(["6s", "3min"]),
        "each": st.sampled_from(["hour", "day", "horizon"]),
        "clock": st.sampled_from(["hand_over", "arrival"]),
        "counts": st.sampled_from(["human", "any"]),
    }
)


@given(happenings, shares, st.randoms())
def test_a_share_is_in_0_1_whatever_happens_and_in_whatever_order(rows, target, shuffler):
    found = parts(target, rows)
    assert all(0 <= part <= whole for part, whole in found)
    mixed = [
        H(r.arrival, r.rounds, r.outcome, r.queue, i if r.buyer is None else r.buyer, r.covered)
        for i, r in enumerate(rows)
    ]
    shuffler.shuffle(mixed)
    assert parts(target, mixed) == found


@given(happenings, shares)
def test_days_and_hours_add_up_to_the_horizon_but_for_buyers(rows, target):
    if target["measure"] == "buyers":
        target = {**target, "measure": "rounds"}
    whole = np.array(parts({**target, "each": "horizon"}, rows)).sum(axis=0)
    for each in ("hour", "day"):
        assert np.array(parts({**target, "each": each}, rows)).sum(axis=0).tolist() == whole.tolist()


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_quantiles_of_a_day_are_those_of_numpy(ticks):
    """Linear between neighbours, on times that lie on the grid."""
    rows = [contact(10.0 * k, after / 2**10) for k, after in enumerate(ticks)]
    scenario = shop(FIRST | {"at_least": 0.5})
    found = measure_day(scenario, log_of(scenario, rows), ()).first_reply_at[0]
    assert found == pytest.approx(np.quantile(np.array(ticks) / 2**10, QUANTILES), rel=1e-12)
