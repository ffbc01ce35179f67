"""Contacts drawn beforehand. Statistical claims hold within 5 standard errors: false alarm below 1e-6."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cssim.demand.contacts import NOBODY, Contacts, Trigger
from cssim.demand.distributions import GRID, on_grid, quantile, rounds_quantile
from cssim.demand.draw import draw, plan_of
from cssim.demand.streams import Purpose
from cssim.errors import InputError
from tests.demand.build import PLAIN, shop, streams

ARRAYS = tuple(field.name for field in fields(Contacts) if field.name not in ("queues", "horizon"))


def sale(**changes: Any) -> dict[str, Any]:
    """Three queues with all that contacts can have."""
    pre_sales = {
        "volume": {"contacts": 3000},
        "profile": "double11",
        "bot": {"covers": "90%", "resolves": "45%", "hands_over_after": "20.3s", "patience_factor": 1.5},
        "chat": {"rounds": 5, "first_reply": "3s", "reply": {"mean": "12s", "cv": 0.9}},
        "patience": {"mean": "90s", "zero": "5%", "lingers": "60%", "later": {"mean": "10min"}},
        "then": [
            {"queue": "order_change", "share": "30%", "after": {"mean": "5min", "cv": 1}},
            {"queue": "pre_sales", "share": "40%", "after": "2min", "on": "abandoned"},
        ],
    }
    order_change = {
        "then": [
            {"queue": "after_sales", "share": "50%"},
            {"queue": "order_change", "share": "50%", "on": "abandoned"},
        ]
    }
    after_sales = {"volume": {"contacts": 500}, "profile": "after_sales_double11", "chat": {"rounds": 1}}
    return {"pre_sales": pre_sales | changes, "order_change": order_change, "after_sales": after_sales}


def rounds_of(contacts: Contacts, array: str, which: Any) -> np.ndarray:
    """The rounds' values of the contacts that a mask chooses."""
    return getattr(contacts, array)[np.repeat(which, np.diff(contacts.first))]


def same(a: Contacts, b: Contacts) -> bool:
    """Whether two draws are equal to the last bit."""
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in ARRAYS)


def own(contacts: Contacts, queue: str) -> dict[str, np.ndarray]:
    """What the queue's own contacts have, without the numbers that place them in the table."""
    which = (contacts.queue == contacts.queues.index(queue)) & (contacts.parent == NOBODY)
    flat = {
        name: getattr(contacts, name)[which]
        for name in ("arrival", "covered", "deflected", "delay", "lingers")
    }
    return flat | {name: rounds_of(contacts, name, which) for name in ("work", "think", "patience")}


def line(contacts: Contacts, row: int) -> list[int]:
    """The contact and its forebears, youngest first."""
    rows = [row]
    while contacts.parent[rows[-1]] != NOBODY:
        rows.append(int(contacts.parent[rows[-1]]))
    return rows


@pytest.fixture(scope="module")
def contacts() -> Contacts:
    return draw(shop(sale()), streams())


# -- the same numbers --------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_contacts_and_another_gives_others() -> None:
    scenario = shop(sale())
    assert same(draw(scenario, streams()), draw(scenario, streams()))
    assert same(draw(scenario, streams()), draw(scenario, streams(), plan_of(scenario)))
    first = draw(scenario, streams()).arrival[:20]
    for other in (streams(1), streams(seed=0), streams(seed=2), streams(phase=2)):
        assert not np.array_equal(first, draw(scenario, other).arrival[:20])


def test_another_queue_shifts_no_number_of_the_others() -> None:
    before = draw(shop(sale()), streams())
    more = {
        "bargaining": {"volume": {"contacts": 800}, "then": [{"queue": "pre_sales", "share": 0.5}]}
    } | sale()
    after = draw(shop(more), streams())
    for name in ("pre_sales", "after_sales"):
        for key, values in own(before, name).items():
            assert np.array_equal(values, own(after, name)[key]), (name, key)
    # the follow-ups of the old queues are the old ones too; those of the new queue come besides
    old = np.isin(after.buyer, np.flatnonzero((after.parent == NOBODY) & (after.queue > 0)))
    descend = old & (after.parent != NOBODY)
    assert np.array_equal(after.wake[descend], before.wake[before.parent != NOBODY])
    assert np.array_equal(
        rounds_of(after, "work", descend), rounds_of(before, "work", before.parent != NOBODY)
    )


def test_another_follow_up_at_the_end_shifts_no_number_of_the_others() -> None:
    before = draw(shop(sale()), streams())
    entries = [*sale()["pre_sales"]["then"], {"queue": "order_change", "share": "20%"}]
    after = draw(shop(sale(then=entries)), streams())
    for key, values in own(before, "pre_sales").items():
        assert np.array_equal(values, own(after, "pre_sales")[key])
    assert len(after) > len(before)
    # two entries to the same queue are two chances: who brings one does not tell who brings the other
    entries = [{"queue": "after_sales", "share": "50%"}, {"queue": "after_sales", "share": "50%"}]
    twice = draw(shop(sale(then=entries)), streams())
    children = twice.parent[(twice.parent != NOBODY) & (twice.parent < 3500)]
    number = np.bincount(children)[twice.queue[: children.max() + 1] == 0]
    both, n = (number == 2).sum(), (twice.queue[twice.parent == NOBODY] == 0).sum()
    assert abs(both / n - 0.25) < 5 * math.sqrt(0.25 * 0.75 / n)


def test_a_bot_that_resolves_more_changes_nobody_elses_work(contacts: Contacts) -> None:
    bot = sale()["pre_sales"]["bot"] | {"resolves": "70%"}
    more = draw(shop(sale(bot=bot)), streams())
    assert np.array_equal(more.arrival, contacts.arrival, equal_nan=True)
    assert more.deflected.sum() > contacts.deflected.sum()
    both = ~more.deflected & ~contacts.deflected
    assert not (contacts.deflected & ~more.deflected).any()
    for name in ("work", "think", "patience"):
        assert np.array_equal(rounds_of(more, name, both), rounds_of(contacts, name, both))


def test_longer_chats_change_no_first_reply_and_no_first_patience(contacts: Contacts) -> None:
    longer = draw(shop(sale(chat={**sale()["pre_sales"]["chat"], "rounds": 9})), streams())
    offered = ~contacts.deflected
    for name in ("work", "patience"):
        a, b = (getattr(c, name)[c.first[:-1][offered]] for c in (contacts, longer))
        assert np.array_equal(a, b)


def test_a_larger_volume_keeps_each_contact_what_it_is(contacts: Contacts) -> None:
    larger = draw(shop(sale(volume={"contacts": 6000})), streams())
    few, many = own(contacts, "pre_sales"), own(larger, "pre_sales")
    n = len(few["arrival"])
    assert np.all(many["arrival"][:n] < few["arrival"])
    assert np.array_equal(many["lingers"][:n], few["lingers"])
    assert np.array_equal(many["patience"][: len(few["patience"])][:1000], few["patience"][:1000])


def test_the_zone_of_a_horizon_moves_nothing_where_its_clocks_change() -> None:
    drawn = [
        draw(
            shop(sale(), "2026-10-24 18:00", "2026-10-26 02:00", "2026-10-25 00:00", timezone=zone), streams()
        )
        for zone in ("Asia/Shanghai", "Europe/Berlin")
    ]
    assert same(*drawn)


# -- what stands in the table ------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**9),
    st.sampled_from(["2026-11-10 18:00", "2026-11-10 18:07:13", "2026-11-10 19:59:59"]),
    st.floats(0, 400),
    st.floats(0, 1),
)
def test_the_structure_holds_for_any_seed_volume_and_horizon(
    seed: int, start: str, volume: float, share: float
) -> None:
    entries = [
        {"queue": "order_change", "share": share},
        {"queue": "pre_sales", "share": share, "on": "abandoned", "after": "3min"},
    ]
    scenario = shop(sale(volume={"contacts": volume}, then=entries), start, "2026-11-10 23:30:30")
    c = draw(scenario, streams(seed=seed))
    n = len(c)
    roots = c.parent == NOBODY
    timed = [c.arrival[roots], c.delay, c.wake, c.work, c.think, c.patience[np.isfinite(c.patience)]]
    for times in timed:
        assert np.all(times >= 0)
        assert np.all(times * GRID == np.floor(times * GRID))
    assert np.all(c.arrival[roots] < scenario.horizon.seconds)
    assert np.all(np.isnan(c.arrival[~roots]))
    # own contacts first and by arrival and queue; every parent before its children; buyers inherited
    k = int(roots.sum())
    assert roots[:k].all()
    order = np.lexsort((np.arange(k), c.queue[:k], c.arrival[:k]))
    assert order.tolist() == list(range(k))
    assert np.array_equal(c.buyer[:k], np.arange(k))
    assert np.all(c.parent[k:] < np.arange(k, n))
    assert np.array_equal(c.buyer[k:], c.buyer[c.parent[k:]])
    assert np.array_equal(c.trigger == Trigger.NONE, roots)
    # at most one retry in a line of descent
    for row in range(k, n):
        assert sum(c.trigger[r] == Trigger.ABANDONED for r in line(c, row)) <= 1
    # rounds: none where the bot resolves, else one and more; no think time before the first
    rounds = np.diff(c.first)
    assert c.first[0] == 0
    assert c.first[-1] == len(c.work) == len(c.think) == len(c.patience)
    assert np.array_equal(rounds == 0, c.deflected)
    assert not c.think[c.first[:-1][rounds > 0]].any()
    assert np.all(c.covered | ~c.deflected)
    assert np.array_equal(c.delay > 0, c.covered)


def test_every_part_of_a_scenario_shows_in_the_numbers(contacts: Contacts) -> None:
    c = contacts
    which = (c.queue == 0) & (c.parent == NOBODY)
    n = which.sum()
    assert abs(c.covered[which].mean() - 0.9) < 5 * math.sqrt(0.09 / n)
    assert abs(c.deflected[which].mean() - 0.405) < 5 * math.sqrt(0.405 * 0.595 / n)
    assert set(c.delay[c.covered]) == {round(20.3 * GRID) / GRID}
    assert abs(c.lingers[which].mean() - 0.6) < 5 * math.sqrt(0.24 / n)
    offered = which & ~c.deflected
    rounds = np.diff(c.first)[offered]
    assert abs(rounds.mean() - 5) < 5 * math.sqrt(20 / offered.sum())
    begins = c.first[:-1][offered]
    assert set(c.work[begins]) == {3.0}
    later = np.setdiff1d(np.flatnonzero(np.repeat(offered, np.diff(c.first))), begins)
    assert abs(c.work[later].mean() - 12) < 5 * 12 * 0.9 / math.sqrt(len(later))
    assert abs(c.think[later].mean() - 35) < 5 * 35 * 1.2 / math.sqrt(len(later))
    assert abs(c.patience[later].mean() - 600) < 5 * 600 / math.sqrt(len(later))
    patience, covered = c.patience[begins], c.covered[offered]
    m = len(patience)
    assert abs((patience == 0).mean() - 0.05) < 5 * math.sqrt(0.05 * 0.95 / m)
    for covers, mean in ((True, 135), (False, 90)):
        waits = patience[(covered == covers) & (patience > 0)]
        assert abs(waits.mean() - mean) < 5 * mean / math.sqrt(len(waits))
    assert np.isinf(rounds_of(c, "patience", c.queue == 2)).sum() == 0  # one round each: the first
    assert np.all(
        np.isinf(rounds_of(c, "patience", c.queue == 1)) == (rounds_of(c, "think", c.queue == 1) > 0)
    )


def test_what_is_drawn_for_one_purpose_tells_nothing_of_another() -> None:
    random = {"mean": "30s"}
    queue = {
        "volume": {"contacts": 2000},
        "chat": {"rounds": {"mean": 2, "dist": "fixed"}, "reply": random, "think": random},
        "patience": {**random, "lingers": "50%", "later": random},
    }
    c = draw(shop({"q": queue}, forecast=PLAIN), streams())
    first, later = c.first[:-1], c.first[:-1] + 1
    columns = [c.work[first], c.work[later], c.think[later], c.patience[first], c.patience[later], c.lingers]
    gaps = np.diff(c.arrival, prepend=0.0)
    correlations = np.corrcoef([*columns, gaps])[np.triu_indices(7, 1)]
    assert np.abs(correlations).max() < 5 / math.sqrt(len(c))


def test_follow_ups_come_with_their_share_trigger_and_delay(contacts: Contacts) -> None:
    c = contacts
    roots = (c.parent == NOBODY) & (c.queue == 0)
    n = int(roots.sum())
    from_roots = (c.parent != NOBODY) & roots[c.parent]
    changes = from_roots & (c.queue == 1)
    retries = from_roots & (c.trigger == Trigger.ABANDONED)
    assert abs(changes.sum() / n - 0.3) < 5 * math.sqrt(0.21 / n)
    assert abs(retries.sum() / n - 0.4) < 5 * math.sqrt(0.24 / n)
    assert np.array_equal(retries, from_roots & (c.queue == 0))
    assert abs(c.wake[changes].mean() - 300) < 5 * 300 / math.sqrt(changes.sum())
    assert set(c.wake[retries]) == {120.0}
    assert len(set(c.parent[changes])) == changes.sum()  # each brings at most one of a kind
    # drawn for deflected contacts as for the others: what wakes is for the engine to say
    assert abs(c.deflected[c.parent[changes]].mean() - 0.405) < 5 * math.sqrt(0.24 / changes.sum())
    # retries of a queue below a retry of another are not drawn, its other follow-ups are
    below = [r for r in range(len(c)) if c.queue[r] == 1 and c.trigger[c.parent[r]] == Trigger.ABANDONED]
    assert below
    children = np.isin(c.parent, below)
    assert children.any()
    assert set(c.trigger[children]) == {Trigger.RESOLVED}


def test_whether_the_reply_must_be_sent_stands_by_queue() -> None:
    queues = {"a": {"volume": {"contacts": 5}, "patience": {"mean": "90s", "until": "sent"}}, "b": {}}
    drawn = draw(shop(queues), streams())
    assert drawn.until_sent.tolist() == [True, False]
    assert drawn.queues == ("a", "b")
    assert drawn.horizon == 32 * 3600


def test_nothing_expected_is_nothing_drawn() -> None:
    drawn = draw(shop({"a": {"volume": {"contacts": 0}}, "b": {}}), streams())
    assert len(drawn) == 0
    assert drawn.first.tolist() == [0]


def test_the_number_of_contacts_is_poisson() -> None:
    scenario = shop({"q": {"volume": {"contacts": 50}, "profile": "double11"}}, forecast=PLAIN)
    numbers = np.array([len(draw(scenario, streams(r))) for r in range(800)])
    assert abs(numbers.mean() - 50) < 5 * math.sqrt(50 / 800)
    assert abs(numbers.var() / 50 - 1) < 5 * math.sqrt((2 + 1 / 50) / 800)


def test_nobody_comes_before_an_opening_in_mid_minute() -> None:
    queues = {"q": {"volume": {"contacts": 50_000}, "profile": "orders_double11"}}
    scenario = shop(queues, "2026-11-10 19:00:30", "2026-11-10 21:00", forecast=PLAIN)
    arrival = draw(scenario, streams()).arrival
    opening = 59.5 * 60
    assert opening <= arrival.min() < opening + 0.1
    share = np.mean(arrival < opening + 30)
    expected = 30 * 33.527 / (96 * 33.527 + (3600 - 96) * 7.739)
    assert abs(share - expected) < 5 * math.sqrt(expected / len(arrival))


def test_a_name_cannot_pass_for_a_line_of_descent() -> None:
    queues = {
        "a": {"volume": {"contacts": 300}, "then": {"queue": "b", "share": 1}},
        "b": {},
        "a>0:b": {"volume": {"contacts": 300}},
    }
    drawn = draw(shop(queues), streams())
    assert not np.isin(
        rounds_of(drawn, "work", drawn.queue == 2), rounds_of(drawn, "work", drawn.queue == 1)
    ).all()
    work = [rounds_of(drawn, "work", drawn.queue == q)[:5] for q in (1, 2)]
    assert not np.array_equal(*work)


def test_more_than_memory_holds_is_a_fault() -> None:
    with pytest.raises(InputError) as caught:
        draw(shop({"q": {"volume": {"contacts": 1e12}}}), streams())
    assert caught.value.faults[0].key == "demand.too_many"
    assert "5e+12" in caught.value.text("en")


@pytest.mark.parametrize("bot", [None, {"covers": 0.7, "resolves": 0.6, "patience_factor": 1.5}])
@pytest.mark.parametrize(
    "spread",
    [
        "7s",
        {"mean": "20s"},
        {"mean": "20s", "cv": 0.8},
        {"mean": "20s", "cv": 0.8, "dist": "gamma"},
        {"mean": "20s", "cv": 0.3, "dist": "uniform"},
    ],
)
@pytest.mark.parametrize("zero", [0, 0.3, 1])
def test_every_number_is_the_quantile_of_its_own_uniform(spread: Any, zero: float, bot: Any) -> None:
    written = spread if isinstance(spread, dict) else {"mean": spread, "cv": 0, "dist": "constant"}
    queue = {
        "volume": {"contacts": 200},
        "bot": bot,
        "chat": {"rounds": 3, "first_reply": spread, "reply": spread, "think": spread},
        "patience": {**written, "zero": zero, "lingers": 0.4, "later": spread},
    }
    scenario, own = shop({"q": queue}), streams()
    c, law = draw(scenario, own), scenario.queues["q"]
    n, first = len(c), c.first[:-1]
    rounds = rounds_quantile(law.chat.rounds, own.uniforms(Purpose.ROUNDS, "q", n))
    of_later, kept = np.repeat(~c.deflected, rounds - 1), ~c.deflected
    assert np.diff(c.first).tolist() == np.where(c.deflected, 0, rounds).tolist()
    later = np.setdiff1d(np.arange(len(c.work)), first[kept])
    assert np.array_equal(c.lingers, own.uniforms(Purpose.LINGER, "q", n) < 0.4)

    def luck(purpose: Purpose) -> np.ndarray:
        if purpose in (Purpose.WORK, Purpose.PATIENCE):
            return own.uniforms(purpose, "q", n)[kept]
        return own.uniforms(purpose, "q", len(of_later))[of_later]

    factor = np.where(c.covered[kept], 1.5, 1.0)
    waits = quantile(law.patience, luck(Purpose.PATIENCE)) * factor
    assert law.patience.later is not None
    assert np.array_equal(c.work[first[kept]], on_grid(quantile(law.chat.reply, luck(Purpose.WORK))))
    assert np.array_equal(c.work[later], on_grid(quantile(law.chat.reply, luck(Purpose.LATER_WORK))))
    assert np.array_equal(c.think[later], on_grid(quantile(law.chat.think, luck(Purpose.THINK))))
    assert np.array_equal(c.patience[first[kept]], on_grid(waits))
    of_patience = quantile(law.patience.later, luck(Purpose.LATER_PATIENCE))
    assert np.array_equal(c.patience[later], on_grid(of_patience))
