"""What `check` says before anything is simulated agrees with what an idle floor then does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cssim.demand.drawn import Drawn
from cssim.engine.floor import Duty
from cssim.errors import InputError
from cssim.experiment.days import run_days
from cssim.measure.estimate import judge
from cssim.roster.outlook import ceilings_of, outlook_of
from cssim.scenario.schema import Scenario
from cssim.scenario.shifts import shifts_of

REPLY = {"mean": "40s", "cv": 0.8}
FIRST = {"mean": "30s", "cv": 0.5}
CHAT = {"rounds": 4, "first_reply": FIRST, "reply": REPLY, "think": {"mean": "20s", "cv": 1}}


def shop(**changes: Any) -> Scenario:
    """A quiet shop whose only promise is `changes`."""
    target = {"measure": "first_reply", "within": "30s", "at_least": 0.5, **changes}
    return Scenario.model_validate(
        {
            "horizon": {"from": "2026-03-02 08:00", "to": "2026-03-02 20:00"},
            "forecast": {"day_cv": 0},
            "queues": {
                "chat": {
                    "volume": {"contacts": 300},
                    "chat": CHAT,
                    "bot": {"covers": 0.6, "resolves": 0.3, "hands_over_after": "10s"},
                    "patience": "10h",
                },
                "fixed": {
                    "volume": {"contacts": 150},
                    "chat": {**CHAT, "rounds": {"mean": 3, "dist": "fixed"}},
                    "patience": "10h",
                },
            },
            "groups": {
                "quick": {
                    "serves": [{"queue": "chat", "after": "5s"}],
                    "speed": 1.4,
                    "chats": 50,
                    "people": 40,
                },
                "slow": {"serves": ["chat", "fixed"], "speed": 0.9, "chats": 50, "people": 40},
            },
            "shifts": {"all": {"start": "08:00", "end": "20:00"}},
            "targets": [target],
        }
    )


@pytest.mark.parametrize("counts", ["human", "any"])
@pytest.mark.parametrize("clock", ["hand_over", "arrival"])
@pytest.mark.parametrize("measure", ["first_reply", "rounds", "buyers", "mean_reply", "mean_first_reply"])
def test_a_ceiling_is_what_idle_agents_reach(measure: str, clock: str, counts: str) -> None:
    """Of the slow group alone, so that nobody quicker is asked first; within 6 standard errors (12 days: a
    false alarm in 10,000)."""
    promise: dict[str, Any] = {"measure": measure, "clock": clock, "counts": counts}
    if measure.startswith("mean"):
        promise |= {"within": None, "at_least": None, "at_most": "1h"}
    scenario = shop(**promise)
    groups = {"slow": scenario.groups["slow"]}
    scenario = scenario.model_copy(update={"groups": groups})
    (ceiling,) = ceilings_of(scenario)
    (shift,) = [s for s in shifts_of(scenario, "slow") if s.start == 0]
    days = run_days(Drawn(scenario, 3, 0), (Duty("slow", shift, 40),), range(12))
    values = np.array([day.tallies[0].part[0] / day.tallies[0].whole[0] for day in days])
    error = values.std(ddof=1) / np.sqrt(len(values))
    (target,) = judge(scenario, days)
    assert abs(target.estimate - ceiling.best) < 6 * error
    assert 0.02 < ceiling.best < 0.98 or measure.startswith("mean")


def test_a_quicker_group_that_may_be_asked_in_time_raises_the_ceiling() -> None:
    both = shop(queues=["chat"])
    (ceiling,) = ceilings_of(both)
    (slow,) = ceilings_of(both.model_copy(update={"groups": {"slow": both.groups["slow"]}}))
    assert ceiling.best > slow.best + 0.05


def test_a_group_that_may_only_be_asked_too_late_does_not() -> None:
    scenario = shop(queues=["chat"])
    late = scenario.groups["quick"].serves[0].model_copy(update={"after": 25.0})
    quick = scenario.groups["quick"].model_copy(update={"serves": (late,)})
    (ceiling,) = ceilings_of(scenario.model_copy(update={"groups": {**scenario.groups, "quick": quick}}))
    (slow,) = ceilings_of(scenario.model_copy(update={"groups": {"slow": scenario.groups["slow"]}}))
    assert ceiling.best == slow.best


def test_a_promise_above_its_ceiling_is_a_warning_that_says_so() -> None:
    outlook = outlook_of(shop(at_least=0.99))
    assert [ceiling.possible for ceiling in outlook.ceilings] == [False]
    (warning,) = outlook.warnings
    assert warning.path == "targets.0"
    assert "99.0%" in warning.text("en")
    assert outlook_of(shop(at_least=0.3)).warnings == ()


def test_a_reply_that_takes_exactly_the_time_allowed_is_in_time() -> None:
    scenario = shop(queues=["fixed"])
    queue = scenario.queues["fixed"]
    chat = queue.chat.model_copy(update={"first_reply": type(queue.chat.reply).model_validate("27s")})
    queues = {**scenario.queues, "fixed": queue.model_copy(update={"chat": chat})}
    (ceiling,) = ceilings_of(scenario.model_copy(update={"queues": queues}))
    assert ceiling.best == 1.0


def test_a_promise_about_contacts_that_never_come_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to measure"):
        outlook_of(shop(hours={"from": "20:30", "to": "21:30"}))


def test_demand_is_counted_by_date_and_interval() -> None:
    outlook = outlook_of(shop())
    chat = outlook.queues["chat"]
    assert chat.contacts == pytest.approx(300)
    assert chat.offered == pytest.approx(300 * (1 - 0.6 * 0.3))
    assert sum(chat.by_date.values()) == pytest.approx(chat.offered)
    assert chat.peak[1] == pytest.approx(chat.offered / 24)
    assert chat.hours == pytest.approx(chat.offered * (30 + 3 * 40) / 3600, rel=0.02)


def test_the_need_covers_the_work_and_the_minimum_on_duty() -> None:
    scenario = shop()
    limits = scenario.limits.model_copy(update={"min_on_duty": 30})
    outlook = outlook_of(scenario)
    assert (outlook.need >= sum(queue.load for queue in outlook.queues.values()) * 0.9).mean() > 0.8
    assert outlook_of(scenario.model_copy(update={"limits": limits})).need.min() == 30
