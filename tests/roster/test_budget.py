"""A budget is a time or a number of rosters; anything else is told what it may be."""

from __future__ import annotations

import pytest

from cssim.errors import Wrong
from cssim.roster.budget import parse_budget
from cssim.roster.stop import Rosters, Seconds, Stop


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("60s", Seconds(60)),
        ("5min", Seconds(300)),
        ("1h30min", Seconds(5400)),
        ("5分钟", Seconds(300)),
        ("200 rosters", Rosters(200)),
        ("200rosters", Rosters(200)),
        (" 1 Roster ", Rosters(1)),
        ("200班表", Rosters(200)),
        ("200 张班表", Rosters(200)),
        ("200张", Rosters(200)),
    ],
)
def test_a_budget_is_a_time_or_a_number_of_rosters(text: str, rule: Stop) -> None:
    assert parse_budget(text) == rule


@pytest.mark.parametrize(
    "text", ["60", "soon", "-5s", "-3 rosters", "2.5 rosters", "rosters", "", "60s or so"]
)
def test_anything_else_is_told_both_forms(text: str) -> None:
    with pytest.raises(Wrong, match=r"60s.*200 rosters"):
        parse_budget(text)


@pytest.mark.parametrize("text", ["0s", "0 rosters", "0min"])
def test_a_budget_of_nothing_is_none(text: str) -> None:
    with pytest.raises(Wrong, match="more than 0"):
        parse_budget(text)
