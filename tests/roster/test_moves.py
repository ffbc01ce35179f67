"""Moves, in the order of what they promise, and what the search learns of them and of the curves."""

from __future__ import annotations

import numpy as np
import pytest

from cssim.roster.lab import Trial
from cssim.roster.learn import Setting, corrected, eased, relearned
from cssim.roster.moves import Move, Trust, cut, moves
from cssim.roster.search import _Search
from tests.roster.hunt import FIVE_MINUTES, SIX_SECONDS, searching, small, tried

NOBODY = np.zeros(4, dtype=np.int64)


def setting_and_trial(counts: list[int]) -> tuple[_Search, Setting, Trial]:
    """A search and one of its rosters."""
    hunt = searching(small())
    return hunt, hunt.setting, tried(hunt, counts)


def test_moves_are_legal_and_save_money_while_the_promise_is_kept() -> None:
    hunt, setting, trial = setting_and_trial([2, 2, 1, 1])
    found = list(moves(setting, hunt.asked, trial, np.full(1, -1.0), np.ones(1), NOBODY))
    assert found
    for move in found:
        assert move.saves > 0
        assert setting.columns.rules.allow(move.applied(trial.counts))
        assert np.all(move.applied(trial.counts) >= 0)
        assert setting.columns.pay @ (trial.counts - move.applied(trial.counts)) == pytest.approx(move.saves)


def test_moves_mend_while_the_promise_is_not_kept() -> None:
    hunt, setting, trial = setting_and_trial([1, 0, 0, 0])
    found = list(moves(setting, hunt.asked, trial, np.full(1, 0.1), np.ones(1), NOBODY))
    mends = [move.effect[0] > 0 for move in found]
    assert mends == sorted(mends, reverse=True)  # these first, then one less or one more anywhere
    assert found[0].on
    assert all(len(move.off) + len(move.on) == 1 for move in found[sum(mends) :])


def test_predicted_effects_have_the_sign_that_simulation_shows() -> None:
    hunt, setting, trial = setting_and_trial([1, 1, 1, 1])
    for move in moves(setting, hunt.asked, trial, np.full(1, 1.0), np.ones(1), NOBODY):
        if not move.off:
            more = hunt.lab.trial(move.applied(trial.counts), 4)
            assert more.reading.slack[0] > trial.reading.slack[0]


def test_trust_is_learnt_from_what_was_seen() -> None:
    trust = Trust(1)
    assert trust.factor == pytest.approx(1.0)
    for _ in range(20):
        trust.learn(np.array([-0.02]), np.array([-0.01]), np.array([0.001]))
    assert trust.factor == pytest.approx(0.5, rel=0.05)


def test_what_failed_is_asked_for_more_and_what_was_kept_too_well_for_less() -> None:
    hunt, setting, trial = setting_and_trial([1, 1, 0, 0])
    asked = setting.first_asked()
    seen = hunt.lab.seen(trial)
    more = corrected(setting, asked, trial, seen, trial.reading.slack + 0.1, 0.8)
    less = corrected(setting, asked, trial, seen, trial.reading.slack - 0.1, 0.8)
    assert more.shares[0][0] > less.shares[0][0]
    assert np.array_equal(more.worth, less.worth)


@pytest.mark.parametrize(("share", "side"), [(0.05, -1), (0.95, 1)])
def test_an_agent_is_worth_more_where_more_is_seen_in_time_than_the_curves_say(
    share: float, side: int
) -> None:
    _, setting, trial = setting_and_trial([1, 0, 0, 0])
    asked = setting.first_asked()
    counted = np.full(asked.worth.shape, 1000.0)
    worth = relearned(setting, asked, trial.counts, (share * counted, counted)).worth
    staffed = setting.columns.cover[0] > 0
    assert np.all(side * (worth[0, staffed][1:-1] - 1) > 0)
    nothing = relearned(setting, asked, trial.counts, (0 * counted, 0 * counted))
    np.testing.assert_allclose(nothing.worth, asked.worth)


def test_a_move_takes_off_and_puts_on() -> None:
    counts = np.array([3, 0, 1])
    assert Move((), (1,), -1.0, np.zeros(1)).applied(counts).tolist() == [3, 1, 1]
    assert Move((0, 0), (1, 2), 1.0, np.zeros(1)).applied(counts).tolist() == [1, 1, 2]
    assert counts.tolist() == [3, 0, 1]


def test_nobody_is_taken_off_who_works_in_any_case() -> None:
    hunt, setting, trial = setting_and_trial([2, 2, 1, 1])
    least = np.array([2, 0, 1, 0])
    found = list(moves(setting, hunt.asked, trial, np.full(1, -1.0), np.ones(1), least))
    assert found
    assert all(np.all(move.applied(trial.counts) >= least) for move in found)


def test_moves_within_money_cost_no_more_than_there_is() -> None:
    hunt, setting, trial = setting_and_trial([1, 1, 0, 0])
    found = list(moves(setting, hunt.asked, trial, np.full(1, 0.5), np.ones(1), NOBODY, room=45.0))
    paid = [setting.columns.pay @ (move.applied(trial.counts) - trial.counts) for move in found]
    assert found
    assert 0 < max(paid) <= 45.0


def test_what_an_agent_saves_besides_the_pay_counts() -> None:
    hunt, setting, trial = setting_and_trial([1, 1, 1, 1])
    sales = np.array([0.0, 0.0, 0.0, 100.0])  # one more at noon saves more than anybody costs
    keeps = np.full(1, -1.0)
    plain, selling = (
        {move.key for move in moves(setting, hunt.asked, trial, keeps, np.ones(1), NOBODY, gain)}
        for gain in (None, sales)
    )
    more, less = ((), (3,)), ((3,), ())
    assert more in selling - plain
    assert less in plain - selling


def test_people_are_left_out_until_the_money_suffices() -> None:
    hunt, setting, trial = setting_and_trial([2, 2, 2, 2])
    pay = setting.columns.pay

    def left(money: float, least: np.ndarray = NOBODY) -> np.ndarray:
        return cut(setting, hunt.asked, trial, least, money - float(pay @ trial.counts))

    for money in (140.0, 60.0):
        counts = left(money)
        assert pay @ counts <= money
        assert np.all((counts >= 0) & (counts <= trial.counts))
    assert left(60.0, np.array([2, 0, 2, 0])).tolist() == [2, 0, 2, 0]  # as far as one may
    assert np.array_equal(left(float(pay @ trial.counts)), trial.counts)


def test_who_is_left_out_is_missed_least() -> None:
    hunt, setting, trial = setting_and_trial([2, 2, 2, 2])
    pay = setting.columns.pay
    counts = cut(setting, hunt.asked, trial, NOBODY, -float(pay.max()))
    missed = hunt.lab.trial(counts, 4).reading.slack[0]
    others = [c for c in np.ndindex(3, 3, 3, 3) if pay @ c <= pay @ trial.counts - pay.max()]
    dear = [c for c in others if pay @ c >= pay @ counts - 1e-9]
    slacks = sorted(hunt.lab.trial(np.array(c), 4).reading.slack[0] for c in dear)
    assert missed >= slacks[len(slacks) // 2]


def test_more_is_asked_of_all_promises_alike_by_odds() -> None:
    hunt = searching(small(targets=[{**SIX_SECONDS, "name": "a"}, {**FIVE_MINUTES, "name": "b"}]))
    more, less = eased(hunt.asked, 1.0), eased(hunt.asked, -1.0)
    for before, up, down in zip(hunt.asked.shares, more.shares, less.shares, strict=True):
        assert np.all((down < before) & (before < up))
        np.testing.assert_allclose(np.log(up / (1 - up)) - np.log(before / (1 - before)), 1.0)
    assert np.array_equal(more.floor, hunt.asked.floor)
    assert np.all(less.floor < hunt.asked.floor)
