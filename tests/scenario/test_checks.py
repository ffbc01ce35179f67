"""What only shows between fields: the odd, and the finer points of what is wrong."""

from __future__ import annotations

import io

import pytest

from cssim.scenario.checks import warnings
from cssim.scenario.load import loads, read
from cssim.scenario.schema import Scenario
from tests.scenario.build import keys, shop, small


def odd(over: str) -> list[str]:
    """The warnings of the small scenario with these sections."""
    return [fault.key for fault in warnings(shop(over))]


def test_nothing_is_odd_about_the_small_scenario() -> None:
    assert warnings(shop()) == ()


NIGHT = "horizon: {from: 2026-09-16 08:00, to: 2026-09-17 08:00}\n"


@pytest.mark.parametrize(
    ("over", "key", "path"),
    [
        (
            "horizon: {from: 2026-10-25 00:00, to: 2026-10-25 12:00, timezone: Europe/Berlin}\n"
            "shifts: {night: {start: 00:00, end: 12:00}}",
            "warn.clocks",
            "horizon.timezone",
        ),
        (
            "queues: {pre_sales: {volume: {contacts: 9}}, idle: {chat: {rounds: 1}}}",
            "warn.no_contacts",
            "queues.idle",
        ),
        (NIGHT, "warn.nobody", "queues.pre_sales"),
        (
            "shifts: {day: {start: 08:00, end: 20:00}, more: {start: 08:00, end: 12:00}}\n"
            "groups: {team: {serves: pre_sales, people: 8, shifts: day}}",
            "warn.shift_unused",
            "shifts.more",
        ),
        (
            "shifts: {day: {start: 08:00, end: 20:00}, old: {start: 08:00, end: 12:00, dates: 09-01}}",
            "warn.shift_outside",
            "shifts.old",
        ),
        (
            "groups: {team: {serves: pre_sales, people: 8}, ghosts: {serves: pre_sales, people: 0}}",
            "warn.no_people",
            "groups.ghosts.people",
        ),
        ("groups: {team: {serves: pre_sales}}", "warn.unlimited", "groups.team"),
        ("targets: {preset: jd_30s, at_least: 90%}", "warn.offline", "targets.0.preset"),
    ],
)
def test_the_odd_is_told(over: str, key: str, path: str) -> None:
    found = warnings(shop(over + "\n"))
    assert [(fault.key, fault.path) for fault in found] == [(key, path)]
    assert found[0].text("en") != found[0].text("zh")


def test_warnings_of_a_file_have_places() -> None:
    found = read(io.StringIO(small("groups: {team: {serves: pre_sales, people: 0}}\n")), "shop.yaml").warnings
    assert [str(fault.place) for fault in found] == ["shop.yaml:2:10", "shop.yaml:5:44"]


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("flat", True),
        ("[[00:00, 0], [09:00, 1], [19:00, 0]]", False),
        ("[[09:00, 1], [19:00, 0]]", False),
        ("[[09:00, 0], [19:00, 1]]", True),
        ("[[2026-09-16 09:00, 1], [2026-09-16 19:00, 0]]", False),
        ("[[+1h, 1], [+9h, 0]]", False),
        ("[[+1h, 1], [+11h, 0]]", True),
        ("{shape: [[00:00, 0]], spikes: [{at: opens, height: 1, decay: 10min}]}", False),
        ("{shape: [[00:00, 0]], spikes: [{at: opens, height: 1, decay: 3h}]}", True),
        ("{shape: [[00:00, 0]], spikes: [{at: 12:00, lead_in: 2h, height: 1, decay: 10min}]}", False),
        ("{shape: [[00:00, 0]], spikes: [{at: 07:00, lead_in: 2h, height: 1, decay: 10min}]}", True),
        ("{shape: [[00:00, 0]], spikes: [{at: closes, lead_in: 1h, height: 1, decay: 10min}]}", True),
    ],
)
def test_hours_without_anyone_are_told_where_contacts_come(profile: str, told: bool) -> None:
    over = f"""\
{NIGHT}sale: {{opens: 2026-09-16 10:00, closes: 2026-09-17 00:00}}
queues: {{pre_sales: {{volume: {{contacts: 900}}, profile: {profile}}}}}
"""
    assert odd(over) == (["warn.nobody"] if told else [])


def test_before_the_first_time_of_a_dated_profile_nobody_comes() -> None:
    noon = "shifts: {day: {start: 12:00, end: 20:00}}\n"
    queues = "queues: {{pre_sales: {{volume: {{contacts: 900}}, profile: {}}}}}\n"
    assert odd(noon + queues.format("[[2026-09-16 12:00, 1]]")) == []
    assert odd(noon + queues.format("[[12:00, 1]]")) == ["warn.nobody"], "every day, and so on the eve"


def test_hours_without_anyone_are_counted() -> None:
    (fault,) = warnings(shop(NIGHT))
    assert (fault.values["start"], fault.values["end"], fault.values["hours"]) == (
        "2026-09-16 20:00",
        "2026-09-17 08:00",
        "12",
    )


def test_a_queue_that_a_bot_settles_needs_nobody() -> None:
    bot = (
        "queues: {pre_sales: {volume: {contacts: 9}}, menu: {volume: {contacts: 9}, bot: {resolves: 100%}}}\n"
    )
    assert loads(small(bot))
    assert keys(lambda: loads(small(bot.replace("100%", "99%")))) == ["queues.unserved"]


def test_a_queue_fed_by_follow_ups_must_be_served() -> None:
    fed = """
    queues:
      pre_sales: {volume: {contacts: 9}, then: {queue: again, share: 5%}}
      again: {then: {queue: last, share: 5%, on: abandoned}}
      last: {}
    """
    assert keys(lambda: loads(small(fed))) == ["queues.unserved", "queues.unserved"]
    assert odd(fed.replace("share: 5%}}", "share: 0%}}")) == ["warn.no_contacts", "warn.no_contacts"]


@pytest.mark.parametrize(
    ("a_to_b", "b_to_a", "on", "endless"),
    [
        ("99%", "99%", "resolved", False),
        ("100%", "99%", "resolved", True),
        ("100%", "100%", "abandoned", False),
    ],
)
def test_follow_ups_die_out(a_to_b: str, b_to_a: str, on: str, endless: bool) -> None:
    """Round a circle of two a contact brings the root of the product of the shares: .99 or .995."""
    text = small(
        f"""
        queues:
          pre_sales: {{volume: {{contacts: 9}}, then: {{queue: b, share: {a_to_b}, on: {on}}}}}
          b: {{then: {{queue: pre_sales, share: {b_to_a}}}}}
        groups: {{team: {{serves: [pre_sales, b], people: 8}}}}
        """
    )
    if endless:
        assert keys(lambda: loads(text)) == ["follow_ups.endless"]
    else:
        assert loads(text)


def test_pools_are_told_apart_by_their_waits() -> None:
    pools = """
    groups:
      team: {serves: pre_sales, people: 8}
      helpers: {serves: {queue: pre_sales, after: 10s}, people: 8, route: idle_first}
    """
    assert loads(small(pools))
    assert keys(lambda: loads(small(pools.replace("10s", "0s")))) == ["groups.route"]


def test_hours_of_a_promise_must_meet_what_is_measured() -> None:
    target = "targets: {preset: golden_6s, hours: {from: 07:00, to: 09:00}}\n"
    assert loads(small(target))
    late = "horizon: {from: 2026-09-16 08:00, to: 2026-09-16 20:00, measure_from: 2026-09-16 09:00}\n"
    assert keys(lambda: loads(small(late + target))) == ["target.hours"]
    assert loads(small(late + target.replace("07:00, to", "22:00, to").replace("09:00}", "09:30}")))
    shut = "opening_hours: {from: 09:00, to: 18:00}\n"
    offline = target.replace("hours:", "offline: excluded, hours:")
    assert keys(lambda: loads(small(shut + offline))) == ["target.hours"]
    assert loads(small(shut + offline.replace("to: 09:00", "to: 09:01")))


def test_jd_leaves_offline_time_out_where_the_shop_says_when_it_is_open() -> None:
    target = "targets: {preset: jd_30s, at_least: 90%}\n"
    assert shop(target).targets[0].offline == "counted"
    assert shop("opening_hours: {from: 09:00, to: 18:00}\n" + target).targets[0].offline == "excluded"
    assert odd("opening_hours: {from: 09:00, to: 18:00}\n" + target) == []


def test_counts_may_reach_beyond_the_horizon_but_do_not_count_there() -> None:
    rows = """
    queues:
      pre_sales:
        volume:
          counts:
            - {from: 2026-09-15 08:00, to: 2026-09-15 09:00, contacts: 5}
            - {from: 2026-09-16 08:00, to: 2026-09-16 09:00, contacts: 5}
    """
    assert odd(rows) == ["warn.counts"]


def test_checks_of_sound_sections_go_on_where_others_are_at_fault() -> None:
    several = """
    horizon: {from: 2026-09-16 08:00, to: 2026-09-15 20:00}
    limits: {seats: 1, min_on_duty: 2}
    rest: 11
    """
    assert keys(lambda: loads(small(several))) == ["horizon.order", "limits.order", "duration.unit"]


def test_an_empty_section_is_no_hindrance() -> None:
    assert keys(lambda: loads(small("limits: ~\nopening_hours:\nrest: 11\n"))) == ["duration.unit"]


def test_a_scenario_is_never_without_the_names_it_speaks_of() -> None:
    """Also where it does not come from a file."""
    mapping = {
        "horizon": {"from": "2026-09-16 08:00", "to": "2026-09-16 20:00"},
        "queues": {"a": {}},
        "groups": {"g": {"serves": ["a"]}},
        "shifts": {"s": {"start": "08:00", "end": "20:00"}},
        "targets": [{"preset": "golden_6s"}],
    }
    assert Scenario.model_validate(mapping)
    with pytest.raises(ValueError, match="no queue is called b"):
        Scenario.model_validate({**mapping, "targets": [{"preset": "golden_6s", "queues": ["b"]}]})
