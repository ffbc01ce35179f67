"""What was not told, the most influential first."""

from __future__ import annotations

from cssim.scenario.load import dump, loads
from cssim.scenario.untold import untold
from tests.scenario.build import shop


def asked(over: str) -> list[str]:
    return [fault.path for fault in untold(shop(over))]


def test_the_most_influential_come_first() -> None:
    assert asked("") == [
        "queues.pre_sales.patience",
        "queues.pre_sales.chat.reply",
        "queues.pre_sales.chat.rounds",
        "queues.pre_sales.profile",
        "queues.pre_sales.bot",
        "forecast",
        "groups.team.no_show",
        "groups.team.chats",
        "queues.pre_sales.chat.think",
        "groups.team.pay",
        "queues.pre_sales.sale_value",
        "groups.team.idle_hold",
        "groups.team.wind_down",
        "limits.min_on_duty",
        "limits.seats",
        "rest",
    ]


def test_the_default_is_told_in_words() -> None:
    words = {fault.path: (fault.text("en"), fault.text("zh")) for fault in untold(shop())}
    english, chinese = words["queues.pre_sales.patience"]
    assert english.endswith("1min30s on average")
    assert "1min30s" in chinese
    assert "12%" in words["forecast"][0]


def test_what_was_told_is_not_asked_for_but_its_parts_are() -> None:
    told = asked(
        "queues:\n"
        "  pre_sales: {volume: {contacts: 9}, patience: {mean: 60s, lingers: 0%}, chat: {rounds: 3}}\n"
        "groups: {team: {serves: pre_sales, people: 8, no_show: 0%, pay: {overtime: 2}}}\n"
        "forecast: usual\n"
    )
    assert told[:2] == ["queues.pre_sales.chat.reply", "queues.pre_sales.profile"]
    assert "queues.pre_sales.patience.later" in told
    assert "groups.team.pay.per_hour" in told
    assert not {
        "forecast",
        "queues.pre_sales.patience.lingers",
        "groups.team.no_show",
        "groups.team.pay",
    } & set(told)


def test_what_changes_nothing_is_not_asked_for() -> None:
    calls = asked("queues: {pre_sales: {volume: {contacts: 9}, patience: 60s, chat: {rounds: 1}}}\n")
    assert not any(path.endswith(("think", "later")) for path in calls)
    rows = "[{from: 2026-09-16 08:00, to: 2026-09-16 09:00, contacts: 5}]"
    counted = asked(f"queues: {{pre_sales: {{volume: {{counts: {rows}}}}}}}\n")
    assert "queues.pre_sales.profile" not in counted


def test_a_resolved_scenario_has_told_everything() -> None:
    assert untold(loads(dump(shop()))) == ()
