"""What a bot is worth."""

from __future__ import annotations

import pytest

from cssim.errors import InputError
from cssim.roster.stop import Rosters
from cssim.sweeps.bot import bot_worth, is_without, points_of, queue_of
from tests.sweeps.build import QUEUE, shop


def test_a_bot_saves_what_the_cheapest_roster_without_it_costs_more(quick: None) -> None:
    found = bot_worth(
        shop(roster=None), resolves=["75%"], budget=Rosters(12), replications=60, seed=1, workers=1
    )
    assert found.base is not None
    without, better = found.outcomes
    assert is_without(without)
    assert [queue_of(outcome) for outcome in found.outcomes] == ["pre_sales"] * 2
    assert without.point.scenario.queues["pre_sales"].bot is not None
    change = found.difference(without)
    assert change is not None
    assert without.status == found.base.status == better.status == "met"
    assert change.money == without.cost.value - found.base.cost.value > 0
    assert change.hours == without.hours - found.base.hours > 0
    assert better.cost.value <= found.base.cost.value
    assert len(found.rows()) == 3


def test_its_own_share_is_not_tried_twice_and_names_may_have_dots() -> None:
    queue = {**QUEUE, "bot": {"covers": "50%", "resolves": "45%"}}
    groups = {"main": {"serves": ["a.bot.b", "quiet"], "shifts": "half"}}
    quiet = {"volume": {"contacts": 5}}
    scenario = shop(queues={"a.bot.b": queue, "quiet": quiet}, groups=groups, roster=None)
    points = points_of(scenario, ("45%", "60%"))
    changes = [point.changes[0] for point in points[1:]]
    assert [(change.path, change.value) for change in changes] == [
        ("queues.a.bot.b.bot.covers", 0),
        ("queues.a.bot.b.bot.resolves", "60%"),
    ]
    bots = [point.scenario.queues["a.bot.b"].bot for point in points[1:]]
    assert [(bot.covers, bot.resolves) for bot in bots if bot] == [(0, 0.45), (0.5, 0.6)]


def test_no_bot_is_worth_nothing_to_ask() -> None:
    with pytest.raises(InputError, match="no queue has a bot"):
        bot_worth(shop(queues={"pre_sales": QUEUE}))
    with pytest.raises(InputError, match=r"between 0% and 100%"):
        bot_worth(shop(), resolves=["130%"])
