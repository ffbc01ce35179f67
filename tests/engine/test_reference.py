"""The readable engine does what the model page says, one claim a test."""

from __future__ import annotations

import numpy as np
import pytest

from cssim.demand.contacts import NOBODY, Trigger
from cssim.engine.log import Log, Outcome
from tests.engine.build import A, C, G, play

NAN = float("nan")


def outcomes(log: Log) -> list[Outcome]:
    return [Outcome(o) for o in log.outcome]


def same(actual: object, expected: list[float]) -> None:
    np.testing.assert_array_equal(np.asarray(actual), np.array(expected))


# -- waiting, replying, rounds ---------------------------------------------------------------------


def test_a_contact_is_answered_at_once_by_an_idle_agent() -> None:
    log = play([C(5, work=[10])])
    same(log.message, [5])
    same(log.begun, [5])
    same(log.sent, [15])
    same(log.closed, [15])
    assert outcomes(log) == [Outcome.SERVED]
    assert log.replying[0] == log.open_seconds[0] == 10


def test_rounds_come_to_the_same_agent_after_the_buyers_thinking() -> None:
    log = play([C(0, work=[3, 4, 5], think=[20, 30])], [A(), A()], [G(chats=2)])
    same(log.message, [0, 23, 57])
    same(log.sent, [3, 27, 62])
    assert log.agent[0] == 0
    assert log.open_seconds[0] == 62


def test_an_agent_types_one_reply_at_a_time_however_many_chats_are_open() -> None:
    log = play([C(0, work=[10]), C(1, work=[10]), C(2, work=[10])], groups=[G(chats=3)])
    same(log.assigned, [0, 1, 2])
    same(log.begun, [0, 10, 20])


def test_beyond_the_chat_limit_contacts_wait_in_line() -> None:
    log = play([C(0, work=[10]), C(1, work=[10]), C(2, work=[10])], groups=[G(chats=2)])
    same(log.assigned, [0, 1, 10])


def test_a_thinking_chat_takes_a_place() -> None:
    log = play([C(0, work=[5, 5], think=[50]), C(1, work=[5])])
    same(log.assigned, [0, 60])


def test_first_replies_go_before_later_ones() -> None:
    # At 20 both the second round of contact 0 (since 15) and the first of contact 2 (since 18) wait.
    chats = [C(0, work=[5, 5], think=[10]), C(5, work=[15]), C(18, work=[5])]
    log = play(chats, groups=[G(chats=3)])
    same(log.begun, [0, 25, 5, 20])


def test_by_order_oldest_message_time_alone_counts() -> None:
    chats = [C(0, work=[5, 5], think=[10]), C(5, work=[15]), C(18, work=[5])]
    log = play(chats, groups=[G(chats=3, oldest=True)])
    same(log.begun, [0, 20, 5, 25])


@pytest.mark.parametrize(("promote_after", "later", "first"), [(4, 20, 25), (5, 25, 20), (6, 25, 20)])
def test_a_later_round_that_waited_longer_than_promote_after_goes_first(
    promote_after: float, later: float, first: float
) -> None:
    chats = [C(0, work=[5, 5], think=[10]), C(5, work=[15]), C(18, work=[5])]
    log = play(chats, groups=[G(chats=3, promote_after=promote_after)])
    same(log.begun, [0, later, 5, first])


def test_speed_divides_the_work_and_rounds_to_the_grid() -> None:
    log = play([C(0, work=[10])], groups=[G(serves={0: (0, 0.7, 0)})])
    assert log.sent[0] == round(10 / 0.7 * 2**20) / 2**20


def test_the_place_is_held_after_the_last_reply() -> None:
    log = play([C(0, work=[10]), C(1, work=[10])], groups=[G(idle_hold=30)])
    same(log.closed, [40, 80])
    same(log.assigned, [0, 40])


# -- the bot -----------------------------------------------------------------------------------------


def test_the_bot_hands_over_after_its_delay_and_the_clock_starts_there() -> None:
    log = play([C(5, covered=True, delay=20)])
    same(log.arrival, [5])
    same(log.offered, [25])
    same(log.message, [25])


def test_a_deflected_contact_meets_nobody_and_wakes_its_follow_up() -> None:
    follow = C(parent=0, trigger=Trigger.RESOLVED, wake=100)
    log = play([C(5, deflected=True, delay=20), follow])
    assert outcomes(log) == [Outcome.DEFLECTED, Outcome.SERVED]
    same(log.offered, [NAN, 125])
    assert log.agent[0] == NOBODY


# -- patience ------------------------------------------------------------------------------------------


def test_an_impatient_buyer_leaves_the_line() -> None:
    log = play([C(0, work=[10]), C(1, patience=[5]), C(2)])
    assert outcomes(log) == [Outcome.SERVED, Outcome.ABANDONED, Outcome.SERVED]
    same(log.assigned, [0, NAN, 10])


def test_a_reply_begun_at_the_exact_expiry_is_in_time() -> None:
    log = play([C(0, work=[10]), C(1, patience=[9])])
    assert outcomes(log)[1] is Outcome.SERVED


def test_no_patience_at_all_is_enough_where_an_agent_is_idle() -> None:
    log = play([C(0, patience=[0]), C(1, patience=[0])])
    assert outcomes(log) == [Outcome.SERVED, Outcome.ABANDONED]


def test_patience_runs_until_the_reply_begins_not_until_the_chat_is_assigned() -> None:
    log = play([C(0, work=[10]), C(1, patience=[5]), C(2)], groups=[G(chats=2)])
    assert outcomes(log)[1] is Outcome.ABANDONED
    same(log.assigned, [0, 1, 6])  # the place is freed at once
    same(log.closed[:2], [10, 6])


def test_the_place_of_one_who_leaves_is_not_held() -> None:
    log = play([C(0, work=[10]), C(1, patience=[5]), C(2)], groups=[G(chats=2, idle_hold=30)])
    same(log.closed[:2], [40, 6])


def test_the_patience_of_a_round_that_was_answered_is_over() -> None:
    chats = [C(0, work=[5, 5], think=[5], patience=[12, 100]), C(6, work=[20])]
    log = play(chats, groups=[G(chats=2)])
    assert outcomes(log)[0] is Outcome.SERVED


def test_until_sent_the_reply_must_be_out_by_then_but_is_never_interrupted() -> None:
    log = play([C(0, work=[10], patience=[5]), C(1)], until_sent=True)
    assert outcomes(log) == [Outcome.ABANDONED, Outcome.SERVED]
    same(log.sent, [NAN, 20])
    same(log.closed, [10, 20])
    assert log.replying[0] == 20


def test_a_reply_sent_at_the_exact_expiry_is_in_time() -> None:
    log = play([C(0, work=[10], patience=[10])], until_sent=True)
    assert outcomes(log) == [Outcome.SERVED]


def test_a_lingering_buyer_is_answered_all_the_same_and_no_further_round_comes() -> None:
    log = play([C(0, work=[10]), C(1, work=[10, 10], think=[5], patience=[5], lingers=True)])
    assert outcomes(log)[1] is Outcome.LINGERED
    same(log.begun, [0, 10, NAN])
    same(log.sent, [10, 20, NAN])
    same(log.closed, [10, 20])


def test_a_buyer_may_break_off_in_a_later_round() -> None:
    chats = [C(0, work=[5, 5], think=[5], patience=[9, 3]), C(6, work=[20])]
    log = play(chats, groups=[G(chats=2)])
    assert outcomes(log)[0] is Outcome.BROKEN_OFF
    same(log.closed, [13, 26])
    same(log.sent, [5, NAN, 26])


def test_a_lingering_buyer_who_breaks_off_is_answered_and_the_place_held() -> None:
    chats = [C(0, work=[5, 5, 5], think=[5, 5], patience=[9, 3], lingers=True), C(6, work=[20])]
    log = play(chats, groups=[G(chats=2, idle_hold=10)])
    assert outcomes(log)[0] is Outcome.BROKEN_OFF
    same(log.sent, [5, 31, NAN, 26])
    same(log.closed, [41, 36])


# -- follow-ups ------------------------------------------------------------------------------------------


def test_only_those_who_left_come_back_and_only_once() -> None:
    log = play(
        [
            C(0, work=[100]),
            C(1, patience=[5]),
            C(2, patience=[5], lingers=True),
            C(parent=1, trigger=Trigger.ABANDONED, wake=4, patience=[3]),
            C(parent=1, trigger=Trigger.ABANDONED, wake=5),
            C(parent=2, trigger=Trigger.ABANDONED, wake=4),
            C(parent=3, trigger=Trigger.ABANDONED, wake=4),
        ]
    )
    same(log.arrival, [0, 1, 2, 10, NAN, NAN, NAN])
    assert outcomes(log)[3:] == [Outcome.ABANDONED, Outcome.NEVER, Outcome.NEVER, Outcome.NEVER]


def test_a_served_contact_wakes_its_follow_ups_at_its_last_reply() -> None:
    log = play(
        [C(0, work=[10]), C(parent=0, trigger=Trigger.RESOLVED, wake=7)], groups=[G(idle_hold=60, chats=2)]
    )
    same(log.arrival, [0, 17])


def test_wake_ups_stop_at_the_horizon() -> None:
    rows = [C(0, work=[10]), *(C(parent=0, trigger=Trigger.RESOLVED, wake=w) for w in (89.0, 90.0))]
    log = play(rows, horizon=100, groups=[G(chats=9)])
    same(log.arrival, [0, 99, NAN])
    assert outcomes(log)[2] is Outcome.NEVER


# -- dispatch --------------------------------------------------------------------------------------------


def test_the_lower_priority_number_is_taken_first() -> None:
    rows = [C(0, work=[10]), C(1, queue=0), C(2, queue=1)]
    log = play(rows, groups=[G(serves={0: (1, 1, 0), 1: (0, 1, 0)})], queues=2)
    same(log.assigned, [0, 20, 10])


def test_equal_priorities_are_one_line() -> None:
    rows = [C(0, work=[10]), C(1, queue=1), C(2, queue=0), C(3, queue=1)]
    log = play(rows, groups=[G(serves={0: (0, 1, 0), 1: (0, 1, 0)})], queues=2)
    same(log.assigned, [0, 10, 20, 30])


def test_a_group_may_be_asked_only_after_its_wait() -> None:
    groups = [G(), G(serves={0: (0, 0.5, 30)})]
    log = play([C(0, work=[100]), C(1, work=[10])], [A(), A(group=1)], groups)
    same(log.assigned, [0, 31])
    same(log.sent, [100, 51])
    assert log.agent[1] == 1


def test_the_group_of_the_shortest_wait_is_asked_first_even_when_both_may_be() -> None:
    groups = [G(serves={0: (0, 1, 30)}), G(serves={0: (0, 1, 0)})]
    log = play([C(0, work=[1])], [A(50, group=0), A(50, group=1)], groups)
    assert log.agent.tolist() == [1]


def test_the_contact_is_chosen_by_its_best_priority_over_eligible_groups() -> None:
    # Contact 1 is second to none in group 1 (5 and 0), contact 0 is first in neither (1 and 1).
    groups = [G(serves={0: (1, 1, 0), 1: (5, 1, 0)}), G(serves={0: (1, 1, 0), 1: (0, 1, 0)})]
    log = play([C(0, queue=0), C(1, queue=1)], [A(10, group=0), A(10, group=1)], groups, queues=2)
    assert log.agent.tolist() == [1, 0]


def test_fewest_open_chats_first() -> None:
    rows = [C(0, work=[1, 1], think=[100]), C(5, work=[1])]
    log = play(rows, [A(), A()], [G(chats=2)])
    assert log.agent.tolist() == [0, 1]


def test_then_one_who_is_not_replying() -> None:
    # At 21 both hold one chat: agent 0 is replying, agent 1's buyer thinks, though 1 had a chat last.
    rows = [C(0, work=[50]), C(1, work=[5, 5], think=[100]), C(21)]
    log = play(rows, [A(), A()], [G(chats=2)])
    assert log.agent.tolist() == [0, 1, 1]


def test_then_the_longest_since_the_last_new_chat_where_a_log_on_counts_as_one() -> None:
    rows = [C(20, work=[1]), C(30, work=[1]), C(40, work=[1])]
    log = play(rows, [A(10), A(5), A(0)], [G()])
    assert log.agent.tolist() == [2, 1, 0]


@pytest.mark.parametrize(("idle_first", "chosen"), [(False, 0), (True, 1)])
def test_idle_first_prefers_one_with_nothing_to_reply_to(idle_first: bool, chosen: int) -> None:
    # At 50 agent 0 replies to its only chat; agent 1 has two chats open whose buyers think.
    rows = [
        C(0, work=[5, 90], think=[30]),
        C(1, work=[0.5, 2], think=[200]),
        C(2, work=[2, 2], think=[200]),
        C(50),
    ]
    log = play(rows, [A(), A()], [G(chats=3, idle_first=idle_first)])
    assert log.agent.tolist() == [0, 1, 1, chosen]


# -- agents' day -------------------------------------------------------------------------------------------


def test_an_absent_agent_takes_nothing() -> None:
    log = play([C(0)], [A(present=False), A(10)])
    same(log.begun, [10])
    same(log.on, [NAN, 10])


def test_open_chats_are_finished_in_overtime_and_no_new_one_is_taken() -> None:
    log = play([C(90, work=[5, 5], think=[20]), C(101)], [A(0, 100), A(150, 200)])
    same(log.sent, [95, 120, 160])
    same(log.off, [120, 200])
    same(log.overtime, [20, 0])
    assert log.agent.tolist() == [0, 1]


def test_an_arrival_at_the_very_end_of_a_shift_is_still_taken() -> None:
    log = play([C(100, work=[5]), C(101)], [A(0, 100)])
    assert outcomes(log) == [Outcome.SERVED, Outcome.UNFINISHED]
    assert log.overtime[0] == 5


def test_winding_down_takes_no_new_chat_and_closes_held_ones() -> None:
    log = play([C(70, work=[5]), C(85)], [A(0, 100), A(100, 200)], [G(wind_down=20, idle_hold=60)])
    same(log.closed, [80, 170])
    same(log.assigned, [70, 100])
    same(log.off, [100, 200])


def test_while_winding_down_no_place_is_held() -> None:
    log = play([C(70, work=[15])], [A(0, 100)], [G(wind_down=20, idle_hold=60)])
    same(log.closed, [85])


def test_a_wind_down_longer_than_the_shift_takes_no_chat_at_all() -> None:
    log = play([C(10)], [A(0, 100)], [G(wind_down=150)])
    assert outcomes(log) == [Outcome.UNFINISHED]
    same(log.off, [100])


def test_nobody_comes_back_from_a_break_that_reaches_the_shifts_end() -> None:
    log = play([C(100)], [A(0, 100, breaks=[(80, 100)])])
    same(log.break_ended, [100])
    assert outcomes(log) == [Outcome.UNFINISHED]


def test_a_break_planned_for_the_shifts_end_lapses() -> None:
    log = play([], [A(0, 100, breaks=[(100, 110)])])
    same(log.break_begun, [NAN])


def test_a_break_waits_for_the_last_chat_and_lasts_its_length() -> None:
    log = play([C(45, work=[10]), C(56)], [A(breaks=[(50, 80)])])
    same(log.break_begun, [55])
    same(log.break_ended, [85])
    same(log.assigned, [45, 85])


def test_a_break_is_cut_at_the_shifts_end() -> None:
    log = play([C(70, work=[20])], [A(0, 100, breaks=[(75, 95)])])
    same(log.break_begun, [90])
    same(log.break_ended, [100])
    same(log.off, [100])


def test_a_break_lapses_if_not_begun_by_the_shifts_end() -> None:
    log = play([C(70, work=[40])], [A(0, 100, breaks=[(75, 95)])])
    same(log.break_begun, [NAN])
    same(log.overtime, [10])


def test_breaks_that_fall_due_together_follow_each_other() -> None:
    log = play([C(45, work=[30])], [A(breaks=[(50, 60), (70, 90)])])
    same(log.break_begun, [75, 85])
    same(log.break_ended, [85, 105])


def test_the_wind_down_holds_before_a_break_too() -> None:
    log = play([C(45), C(105)], [A(breaks=[(50, 60)])], [G(wind_down=10)])
    same(log.assigned, [60, 105])
    same(log.break_begun, [50])


def test_a_shift_that_begins_before_the_horizon_has_its_breaks_there_too() -> None:
    log = play([C(0), C(20)], [A(-100, 200, breaks=[(-5, 10)])])
    same(log.assigned, [10, 20])
    same(log.break_begun, [-5])


def test_after_the_horizon_agents_still_on_take_what_waits() -> None:
    log = play([C(90, work=[20]), C(95, work=[20]), C(96, work=[60])], [A(0, 120)], horizon=100)
    assert outcomes(log) == [Outcome.SERVED, Outcome.SERVED, Outcome.UNFINISHED]
    same(log.assigned, [90, 110, NAN])


def test_with_nobody_on_or_to_come_contacts_are_unfinished_at_once() -> None:
    log = play([C(0, patience=[5]), C(50, patience=[5])], [A(10, 20)])
    assert outcomes(log) == [Outcome.ABANDONED, Outcome.UNFINISHED]


def test_a_buyer_who_lingered_in_line_stays_lingered_when_the_last_agent_goes() -> None:
    log = play([C(0, work=[30]), C(1, patience=[5], lingers=True)], [A(0, 20)])
    assert outcomes(log) == [Outcome.SERVED, Outcome.LINGERED]


def test_nobody_at_all() -> None:
    assert outcomes(play([C(0), C(3, deflected=True)], [])) == [Outcome.UNFINISHED, Outcome.DEFLECTED]


# -- the order of things at one instant ---------------------------------------------------------------------


def test_log_ons_of_an_instant_are_dispatched_once_after_the_last() -> None:
    # Agent 1 had no chat for as long as agent 0, but group 1 is asked first: both must be on before.
    groups = [G(serves={0: (0, 1, 5)}), G()]
    log = play([C(0)], [A(10, group=0), A(10, group=1)], groups)
    assert log.agent[0] == 1


def test_a_reply_that_ends_makes_room_for_the_arrival_of_the_same_instant() -> None:
    log = play([C(10, patience=[0]), C(0, work=[10])])
    assert outcomes(log) == [Outcome.SERVED, Outcome.SERVED]


def test_and_the_agent_counts_as_free_of_it_when_the_arrival_is_routed() -> None:
    # At 10 agent 0 ends its only chat; agent 1 has one whose buyer thinks.
    rows = [C(10), C(0, work=[10]), C(1, work=[2, 2], think=[100])]
    log = play(rows, [A(), A()], [G(chats=2)])
    assert log.agent.tolist() == [0, 0, 1]


def test_so_does_a_hold_that_ends() -> None:
    log = play([C(15, patience=[0]), C(0, work=[10])], groups=[G(idle_hold=5)])
    assert outcomes(log) == [Outcome.SERVED, Outcome.SERVED]


def test_a_later_message_comes_before_an_arrival_of_the_same_instant() -> None:
    # Both reach the agent at 15; by plain message time the lower contact number would go first anyway,
    # so the arrival has the lower number: the message is begun first because it happened first.
    rows = [C(15, work=[7]), C(0, work=[5, 5], think=[10])]
    log = play(rows, groups=[G(chats=2, oldest=True)])
    same(log.begun, [20, 0, 15])


def test_patience_comes_before_the_wait_before_overflow() -> None:
    groups = [G(), G(serves={0: (0, 1, 30)})]
    log = play([C(0, work=[100]), C(1, patience=[30])], [A(), A(group=1)], groups)
    assert outcomes(log)[1] is Outcome.ABANDONED


def test_a_wait_before_overflow_has_elapsed_from_its_own_event_on() -> None:
    # At 31 contact 0's answered round expires to no effect; it must not hand contact 1 to group 1.
    groups = [G(), G(serves={0: (0, 1, 30)})]
    log = play([C(0, work=[100], patience=[31]), C(1, patience=[30])], [A(), A(group=1)], groups)
    assert outcomes(log) == [Outcome.SERVED, Outcome.ABANDONED]


def test_what_an_event_creates_at_the_same_instant_joins_its_own_class() -> None:
    # Contact 0 takes no time: its reply's end (class 2) comes before contact 1's arrival (class 5),
    # so both are taken by the one agent at the same instant and neither waits.
    log = play([C(10, work=[0], patience=[0]), C(10, work=[0], patience=[0])])
    same(log.sent, [10, 10])
    assert outcomes(log) == [Outcome.SERVED, Outcome.SERVED]


def test_contacts_and_policy_must_speak_of_the_same_queues() -> None:
    from cssim.engine.reference import run
    from tests.engine.build import agents, contacts, policy

    with pytest.raises(ValueError, match="q1"):
        run(contacts([C(0)]), agents([A()]), policy([G()], queues=2))
