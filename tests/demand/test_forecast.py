"""What is expected: volumes, profiles, spikes, follow-ups. All of it is exact, up to rounding."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cssim.demand.forecast import curve_of, expected, expected_contacts, expected_follow_ups
from cssim.errors import InputError
from cssim.scenario.presets import PROFILES
from tests.demand.build import shop

TRUTH = Path(__file__).parents[1] / "truth"
OPENINGS = ("2026-11-10 20:00", "2026-11-11 00:00", "2026-11-11 00:30")
PEAK = {"at": "opens", "lead_in": "2h", "height": 6, "decay": "30min"}
CLOCK_PEAK = {"at": "21:00", "lead_in": "30min", "height": 2, "decay": "3h"}


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


@st.composite
def profiles(draw: st.DrawFn) -> Any:
    """A preset, or points by the clock or from the opening, with and without spikes; weight everywhere."""
    kind = draw(st.sampled_from(["preset", "midnight", "opening"]))
    if kind == "preset":
        return draw(st.sampled_from([n for n in PROFILES if "orders" not in n and n != "office_day"]))
    low, high = (0, 86400) if kind == "midnight" else (-5 * 86400, 5 * 86400)
    times = sorted(draw(st.sets(st.integers(low, high), min_size=1, max_size=8)))
    weights = [draw(st.floats(0.05, 20)) for _ in times]
    if kind == "opening":
        times = [-6 * 86400, *times]
        weights = [0.3, *weights]
    spell = clock if kind == "midnight" else lambda t: f"{'-' if t < 0 else '+'}{abs(t)}s"
    points = [[spell(t), w] for t, w in zip(times, weights, strict=True)]
    spikes = draw(st.lists(st.sampled_from([PEAK, CLOCK_PEAK]), max_size=2))
    return {"points": points, "spikes": spikes}


@st.composite
def horizons(draw: st.DrawFn) -> tuple[str, str]:
    """From an hour to four days, to the second: ends in mid-minute and mid-day."""
    start = datetime(2026, 11, 9) + timedelta(seconds=draw(st.integers(0, 2 * 86400)))
    end = start + timedelta(seconds=draw(st.integers(3600, 4 * 86400)))
    return str(start), str(end)


@settings(max_examples=60, deadline=None)
@given(profiles(), horizons(), st.sampled_from(OPENINGS))
def test_a_volume_is_what_is_expected_within_the_horizon(profile: Any, ends: Any, opens: str) -> None:
    scenario = shop({"q": {"volume": {"contacts": 1234.5}, "profile": profile}}, *ends, opens=opens)
    minutes = expected(scenario)
    assert minutes.shape == (1, -(-scenario.horizon.seconds // 60))
    assert minutes.sum() == pytest.approx(1234.5)
    assert np.all(minutes >= 0)


@settings(max_examples=40, deadline=None)
@given(profiles(), horizons(), st.sampled_from(OPENINGS), st.floats(0.01, 0.99))
def test_a_volume_per_day_is_the_same_minute_by_minute_however_the_days_are_cut(
    profile: Any, ends: Any, opens: str, at: float
) -> None:
    start, end = (datetime.fromisoformat(e) for e in ends)
    cut = start + timedelta(minutes=max(1, int(at * ((end - start).total_seconds() // 60))))
    queues = {"q": {"volume": {"contacts": 700, "per": "day"}, "profile": profile}}
    whole = expected(shop(queues, str(start), str(end), opens=opens))[0]
    if cut >= end:
        return
    halves = [shop(queues, str(start), str(cut), opens=opens), shop(queues, str(cut), str(end), opens=opens)]
    assert np.concatenate([expected(half)[0] for half in halves]) == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize("opens", OPENINGS)
def test_every_full_day_has_its_volume(opens: str) -> None:
    queues = {"q": {"volume": {"contacts": 700, "per": "day"}, "profile": "double11"}}
    minutes = expected(shop(queues, "2026-11-10 00:00", "2026-11-13 00:00", opens=opens))[0]
    assert minutes.reshape(3, 1440).sum(axis=1) == pytest.approx([700] * 3)


def test_the_funnel_is_orders_times_share_over_conversion() -> None:
    volume = {"orders": 24000, "service_share": "40%", "conversion": "50%"}
    assert expected(shop({"q": {"volume": volume}})).sum() == pytest.approx(19200)


def test_a_rate_holds_on_average_over_the_horizon() -> None:
    scenario = shop({"q": {"volume": {"rate": "200/h"}, "profile": "shop_day"}})
    assert expected(scenario).sum() == pytest.approx(200 * 32)


def test_refunds_come_by_date_and_only_those_of_the_horizon() -> None:
    volume = {"orders": 24000, "refund_rate": "8%", "day_share": {"11-11": "30%", "2026-11-12": "20%"}}
    queues = {"q": {"volume": volume, "profile": "flat"}}
    minutes = expected(shop(queues, "2026-11-10 18:00", "2026-11-12 06:00"))[0]
    days = [minutes[: 6 * 60].sum(), minutes[6 * 60 : 30 * 60].sum(), minutes[30 * 60 :].sum()]
    assert days == pytest.approx([0, 24000 * 0.08 * 0.3, 24000 * 0.08 * 0.2 / 4])


def test_refunds_without_dates_follow_the_profile_alone() -> None:
    scenario = shop(
        {"q": {"volume": {"orders": 1000, "refund_rate": "8%"}, "profile": "after_sales_double11"}}
    )
    assert expected(scenario).sum() == pytest.approx(80)


def test_counts_are_spread_evenly_over_their_spans_whatever_the_profile() -> None:
    rows = [
        {"from": "2026-11-10 17:00", "to": "2026-11-10 19:00", "contacts": 60},
        {"from": "2026-11-10 18:00:30", "to": "2026-11-10 18:01:30", "contacts": 10},
        {"from": "2026-11-12 03:00", "to": "2026-11-12 04:00", "contacts": 99},
    ]
    minutes = expected(shop({"q": {"volume": {"counts": rows}, "profile": "double11"}}))[0]
    assert minutes[:4] == pytest.approx([0.5 + 5, 0.5 + 5, 0.5, 0.5])
    assert minutes.sum() == pytest.approx(30 + 10)


def test_a_weight_holds_until_the_next_time_and_past_midnight() -> None:
    queues = {"q": {"volume": {"contacts": 100}, "profile": [["08:00", 1], ["20:00", 3]]}}
    minutes = expected(shop(queues, "2026-11-10 00:00", "2026-11-11 00:00"))[0]
    hours = minutes.reshape(24, 60).sum(axis=1)
    assert hours == pytest.approx(100 * np.repeat([3, 1, 3], [8, 12, 4]) / 48)


def test_a_profile_of_dates_begins_with_its_first_time() -> None:
    profile = [["2026-11-10 20:00", 2], ["2026-11-11 02:00", 1], ["2026-11-11 10:00", 0]]
    minutes = expected(shop({"q": {"volume": {"contacts": 200}, "profile": profile}}))[0]
    hours = minutes.reshape(32, 60).sum(axis=1)
    assert hours == pytest.approx(np.repeat([0, 20, 10, 0], [2, 6, 8, 16]))


@pytest.mark.parametrize("opens", OPENINGS)
def test_an_opening_in_mid_minute_leaks_nothing_before_it(opens: str) -> None:
    start = datetime.fromisoformat(opens) - timedelta(seconds=3585)
    end = datetime.fromisoformat(opens) + timedelta(hours=3)
    queues = {"q": {"volume": {"contacts": 1000}, "profile": [["+0s", 1]]}}
    scenario = shop(queues, str(start), str(end), opens=opens)
    minutes = expected(scenario)[0]
    assert not minutes[:59].any()
    assert minutes[59] == pytest.approx(1000 * 15 / 10800)
    assert minutes[60] == pytest.approx(1000 * 60 / 10800)
    curve = curve_of(scenario, "q")
    assert not curve.pieces[curve.knots[1:] <= 3585].any()


@pytest.mark.parametrize("spike", [PEAK, {**PEAK, "lead_in": 0, "decay": "6h"}, CLOCK_PEAK])
def test_a_spike_is_what_its_words_say(spike: dict[str, Any]) -> None:
    """Against its weight at every second: a straight rise, then halved every `decay`; mean weight 1.5."""
    profile = {"shape": [["00:00", 1], ["12:00", 2]], "spikes": [spike]}
    start, end = datetime(2026, 11, 10, 10, 0, 20), datetime(2026, 11, 12, 3)
    scenario = shop({"q": {"volume": {"contacts": 5000}, "profile": profile}}, str(start), str(end))
    seconds = np.arange(0, (end - start).total_seconds()) + 0.5
    of_day = (seconds + 10 * 3600 + 20) % 86400
    weight = np.where(of_day < 12 * 3600, 1.0, 2.0)
    lead_in = {"2h": 7200, "30min": 1800, 0: 0}[spike["lead_in"]]
    decay = {"30min": 1800, "3h": 10800, "6h": 21600}[spike["decay"]]
    if spike["at"] == "opens":
        peaks = [datetime(2026, 11, 10, 20)]
    else:
        peaks = [datetime(2026, 11, 1, 21) + timedelta(days=k) for k in range(14)]
    for peak in peaks:
        t = seconds - (peak - start).total_seconds()
        rise = np.where((t < 0) & (t >= -lead_in), 1 + t / max(lead_in, 1), 0.0)
        weight += 1.5 * spike["height"] * np.where(t < 0, rise, 2.0 ** (-np.maximum(t, 0) / decay))
    minute = np.floor(seconds / 60).astype(int)
    counted = np.bincount(minute, weight) * 5000 / weight.sum()
    assert expected(scenario)[0] == pytest.approx(counted, rel=1e-6)


def test_orders_of_double11_follow_the_published_payments() -> None:
    truth = json.loads((TRUTH / "double11_2019_payments.json").read_text(encoding="utf-8"))
    published = np.diff(truth["bn_cny"]) / truth["bn_cny"][-1]
    for opens in OPENINGS:
        end = datetime.fromisoformat(opens) + timedelta(days=1)
        queues = {"q": {"volume": {"contacts": 1}, "profile": "orders_double11"}}
        curve = curve_of(shop(queues, "2026-11-10 18:00", str(end), opens=opens), "q")
        opening = (datetime.fromisoformat(opens) - datetime(2026, 11, 10, 18)).total_seconds()
        shares = curve.by(opening + np.array(truth["seconds"], dtype=float))
        assert shares == pytest.approx(published, abs=2e-4)


@pytest.mark.parametrize("opens", OPENINGS)
def test_questions_before_double11_are_five_to_eight_times_a_usual_day(opens: str) -> None:
    """In the half hour before the opening; both profiles have the same weights days later."""

    def minutes(profile: str) -> Any:
        queues = {"q": {"volume": {"contacts": 1}, "profile": profile}}
        return expected(shop(queues, "2026-11-10 12:00", "2026-11-15 12:00", opens=opens))[0]

    sale, usual = minutes("double11"), minutes("shop_day")
    scale = usual[-600:].sum() / sale[-600:].sum()
    k = int((datetime.fromisoformat(opens) - datetime(2026, 11, 10, 12)).total_seconds() // 60)
    assert 5 < scale * sale[k - 30 : k].mean() / usual[:1440].mean() < 8


@pytest.mark.parametrize("name", PROFILES)
def test_every_preset_has_a_reason_and_a_weight(name: str) -> None:
    assert PROFILES[name].get("why") or PROFILES[name].get("source")
    assert expected(shop({"q": {"volume": {"contacts": 10}, "profile": name}})).sum() == pytest.approx(10)


def test_the_zone_of_a_horizon_moves_nothing_where_its_clocks_change() -> None:
    queues = {"q": {"volume": {"contacts": 1000, "per": "day"}, "profile": "shop_day"}}
    shanghai, berlin = (
        shop(queues, "2026-10-24 12:00", "2026-10-26 12:00", opens=None, timezone=zone)
        for zone in ("Asia/Shanghai", "Europe/Berlin")
    )
    assert np.array_equal(expected(shanghai), expected(berlin))


# -- follow-ups --------------------------------------------------------------------------------------


def chain(share: float = 0.5) -> dict[str, Any]:
    return {
        "a": {
            "volume": {"contacts": 1000},
            "bot": {"covers": "80%", "resolves": "50%", "hands_over_after": "20s"},
            "chat": {"rounds": 1, "reply": "100s"},
            "then": [{"queue": "b", "share": "20%", "after": {"mean": "10min"}}],
        },
        "b": {
            "volume": {"contacts": 100},
            "then": [
                {"queue": "b", "share": share, "after": "5min"},
                {"queue": "a", "share": "10%", "on": "abandoned"},
            ],
        },
    }


def test_follow_ups_of_follow_ups_are_counted_to_the_end() -> None:
    volumes = expected_contacts(shop(chain()))
    b = (100 + 0.2 * 1000) / (1 - 0.5)
    assert volumes.own == pytest.approx([1000, 100])
    assert volumes.total == pytest.approx([1000, b])
    assert volumes.follow_ups == pytest.approx([0, b - 100])
    assert volumes.offered == pytest.approx([1000 * 0.6, b])


def test_fewer_served_bring_fewer_follow_ups_and_more_retries() -> None:
    volumes = expected_contacts(shop(chain()), served=0.9)
    a, b = volumes.total
    assert a == pytest.approx(1000 + 0.1 * 0.1 * b)
    assert b == pytest.approx(100 + 0.9 * 0.2 * a + 0.9 * 0.5 * b)


def test_follow_ups_by_minute_add_up_and_come_after_their_cause() -> None:
    queues = chain(share=0)
    # all own contacts of `a` in one minute, so the follow-ups show the delay
    queues["a"]["volume"] = {
        "counts": [{"from": "2026-11-10 19:00", "to": "2026-11-10 19:01", "contacts": 1000}]
    }
    queues["b"].pop("volume")
    minutes = expected_follow_ups(shop(queues))
    assert minutes.shape == (2, 1920)
    assert minutes.sum(axis=1) == pytest.approx([0, 200], abs=1e-6)
    assert minutes[1, :60].max() < 1e-9
    middle = (np.arange(1920) + 0.5) * 60
    # 40% resolved by the bot after 20 s, 60% after 120 s; then ten minutes on average
    assert (middle * minutes[1]).sum() / 200 == pytest.approx(
        60 * 60 + 30 + 0.4 * 20 + 0.6 * 120 + 600, abs=30
    )


def test_follow_ups_round_a_circle_by_minute_add_up_to_the_linear_system() -> None:
    queues = chain()
    queues["a"]["volume"] = {
        "counts": [{"from": "2026-11-10 18:00", "to": "2026-11-10 18:30", "contacts": 1000}]
    }
    queues["b"].pop("volume")
    scenario = shop(queues)
    assert expected_follow_ups(scenario).sum(axis=1) == pytest.approx(
        expected_contacts(scenario).follow_ups, rel=1e-3
    )


# -- faults ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queue", "key"),
    [
        ({"volume": {"contacts": 5}, "profile": "double11"}, "demand.no_sale"),
        ({"volume": {"contacts": 5}, "profile": [["+1h", 1]]}, "demand.no_sale"),
        (
            {"volume": {"contacts": 5}, "profile": [["2026-12-24 12:00", 1]]},
            "demand.no_weight",
        ),
        (
            {"volume": {"contacts": 5, "per": "day"}, "profile": [["2026-12-24 12:00", 1]]},
            "demand.no_weight",
        ),
        (
            {
                "volume": {"orders": 5, "refund_rate": 1, "day_share": {"11-10": 0.1, "11-11": 0.5}},
                "profile": [["2026-11-11 12:00", 1]],
            },
            "demand.no_weight",
        ),
        (
            {"volume": {"counts": [{"from": "2026-11-10 20:00", "to": "2026-11-10 20:00", "contacts": 3}]}},
            "demand.counts_order",
        ),
    ],
)
def test_a_volume_that_cannot_be_placed_is_a_fault_with_its_path(queue: Any, key: str) -> None:
    with pytest.raises(InputError) as caught:
        expected(shop({"q": queue}, opens=None))
    (fault,) = caught.value.faults
    assert fault.key == key
    assert fault.path.startswith("queues.q.")
    assert fault.text("en") != fault.text("zh")


def test_a_spike_at_the_closing_needs_a_closing() -> None:
    queues = {
        "q": {"volume": {"contacts": 5}, "profile": {"shape": "flat", "spikes": [{**PEAK, "at": "closes"}]}}
    }
    with pytest.raises(InputError, match=r"sale\.closes"):
        expected(shop(queues))
    minutes = expected(shop(queues, closes="2026-11-12 00:00"))[0]
    assert minutes.argmax() in (30 * 60 - 1, 30 * 60)


def test_days_before_a_profile_begins_have_nothing_of_a_volume_per_day() -> None:
    queues = {"q": {"volume": {"contacts": 50, "per": "day"}, "profile": "orders_double11"}}
    minutes = expected(shop(queues, "2026-11-09 00:00", "2026-11-11 00:00"))[0]
    assert not minutes[: 24 * 60 + 20 * 60].any()
    assert minutes.sum() == pytest.approx(50)


def test_follow_ups_without_end_are_a_fault() -> None:
    with pytest.raises(InputError, match="without end"):
        expected_contacts(shop(chain(share=1)))
    with pytest.raises(InputError, match="without end"):
        expected_follow_ups(shop(chain(share=1)))
