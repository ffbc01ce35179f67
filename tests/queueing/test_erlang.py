"""Erlang's formulas against published figures, against each other, and where they are hard to compute."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from cssim.errors import InputError
from cssim.queueing import erlang
from cssim.queueing.odds import first_stable, odds
from cssim.queueing.variants import Bounded
from tests.queueing import exact
from tests.truth.figures import Figure, figures

INF = math.inf

ERLANG_BC, ERLANG_A = figures("erlang_bc"), figures("erlang_a")
OTHERS = {**figures("output_stats"), **figures("peer_tests")}


# -- published figures -------------------------------------------------------------------------------


def rate_work(params: dict[str, Any]) -> tuple[float, float]:
    """Rate and mean work, whichever way the source gives them."""
    if "arrivals_per_s" in params:
        return params["arrivals_per_s"], params["aht_s"]
    if "lam" in params:
        return params["lam"], 1 / params["mu"]
    work = params.get("aht_s", 1.0)
    return params["load_erlang"] / work, work


def highest_load(blocked: float, agents: int) -> float:
    """The load at which so many are blocked, by bisection."""
    low, high = 0.0, 10.0 * agents
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if erlang.b(middle, agents) < blocked else (low, middle)
    return low


def empty(load: float, agents: int) -> float:
    """P(nobody in the system) without patience: P(all busy, none waiting) s! / a^s."""
    none_waiting = float(erlang.c(load, agents)) * (1 - load / agents)
    return none_waiting * math.factorial(agents) / load**agents


def without_patience(figure: Figure) -> Any:
    """What the formulas say to a figure of `erlang_bc`."""
    p, quantity = figure.params, figure.quantity
    agents = p.get("agents", p.get("servers"))
    if quantity == "max_load_erlang":
        return highest_load(p["P_block"], agents)
    if quantity == "agents_incl_shrinkage":
        return erlang.rostered(p["raw_agents"], p["shrinkage"])
    rate, work = rate_work(p)
    load = rate * work
    if "lines" in p:
        return erlang.bounded(rate, work, agents, p["lines"]).queue
    if quantity == "min_servers":
        return erlang.agents_for_blocking(load, p["max_block"])
    if quantity == "min_agents":
        found = erlang.agents(rate, work, p["awt_s"], p["sl_target"])
        return max(found, erlang.agents_for_occupancy(rate, work, p["max_occupancy"]))
    return {
        "P_block": lambda: erlang.b(load, agents),
        "P_wait": lambda: erlang.c(load, agents),
        "P_immediate": lambda: 1 - erlang.c(load, agents),
        "p0": lambda: empty(load, agents),
        "service_level": lambda: erlang.service_level(rate, work, agents, p["awt_s"]),
        "ASA_s": lambda: erlang.mean_wait(rate, work, agents),
        "W_system_min": lambda: (erlang.mean_wait(rate, work, agents) + work) / 60,
        "occupancy": lambda: erlang.occupancy(rate, work, agents),
        "Lq": lambda: erlang.queue_length(rate, work, agents),
        "{P_block_B,P_wait_C,SL,ASA_s}": lambda: {
            "P_block": erlang.b(load, agents),
            "P_wait": erlang.c(load, agents),
            "SL": erlang.service_level(rate, work, agents, p["awt_s"]),
            "ASA_s": erlang.mean_wait(rate, work, agents),
        },
    }[quantity]()


def quantile(share: float, rate: float, work: float, agents: int) -> float:
    """The wait that a share of contacts does not exceed, without patience, by bisection."""
    low, high = 0.0, 1e6
    for _ in range(80):
        middle = (low + high) / 2
        short = erlang.service_level(rate, work, agents, middle) < share
        low, high = (middle, high) if short else (low, middle)
    return low


def everything(rate: float, work: float, agents: int, patience: float, within: float) -> dict[str, Any]:
    """All that the records of `erlang_a` name; nobody is blocked, so all that are offered are accepted."""

    def level(definition: Any) -> Any:
        return erlang.service_level(rate, work, agents, within, patience, definition)

    waiting = erlang.waiting(rate, work, agents, patience)
    gone = erlang.abandonment(rate, work, agents, patience)
    queue = erlang.queue_length(rate, work, agents, patience)
    busy = erlang.occupancy(rate, work, agents, patience)
    return {
        "P_block": 0.0,
        "P_wait_offered": waiting,
        "P_wait_accepted": waiting,
        "Lq": queue,
        "L": queue + agents * busy,
        "P_ab_offered": gone,
        "P_ab_accepted": gone,
        "W_mean_accepted": erlang.mean_wait(rate, work, agents, patience),
        "occ": busy,
        "SL_served_within/offered": level("offered"),
        "SL_served_within/accepted": level("offered"),
        "SL_served_within/served": level("served"),
        "SL_(served+ab within)/accepted": level("ended"),
        "SL_served_within/(accepted-ab_within)": level("stayed"),
        "SL_virtual(infinite patience tagged)": level("virtual"),
        "ASA_served": erlang.mean_wait(rate, work, agents, patience, of="served"),
        "W_virtual": erlang.mean_wait(rate, work, agents, patience, of="virtual"),
    }


def everything_bounded(found: Bounded) -> dict[str, Any]:
    """The same where lines are few."""
    let_in = found.accepted
    return {
        "P_block": found.blocked,
        "P_wait_offered": found.waits,
        "P_wait_accepted": found.waits / let_in,
        "Lq": found.queue,
        "L": found.present,
        "P_ab_offered": found.abandons,
        "P_ab_accepted": found.abandons / let_in,
        "W_mean_accepted": found.wait,
        "occ": found.occupancy,
        "SL_served_within/offered": found.served_within,
        "SL_served_within/accepted": found.served_within / let_in,
        "SL_served_within/served": found.served_within / found.served,
        "SL_(served+ab within)/accepted": (found.served_within + found.left_within) / let_in,
        "SL_served_within/(accepted-ab_within)": found.served_within / (let_in - found.left_within),
        "SL_virtual(infinite patience tagged)": found.virtual_within / let_in,
        "ASA_served": found.wait_served,
        "W_virtual": found.wait_virtual,
    }


def with_patience(figure: Figure) -> Any:
    """What the formulas say to a figure of `erlang_a`."""
    p = figure.params
    rate, work = rate_work(p)
    agents = p["agents"]
    if "threshold_idle" in p:
        blend = erlang.blended(rate, work, agents, p["threshold_idle"], p["awt_s"])
        return {
            "ASA_min": blend.mean_wait / 60,
            "service_level": blend.service_level,
            "occupancy": blend.occupancy,
            "outbound_per_min": blend.other_rate * 60,
        }[figure.quantity]
    if p.get("lines"):
        limits = p["lines"], p["awt_s"], p["patience_s"]
        return everything_bounded(erlang.bounded(rate, work, agents, *limits))
    patience = 1 / p["theta"] if "theta" in p else p["patience_s"] or INF
    if figure.quantity == "wait_90th_percentile_s":
        return quantile(0.9, rate, work, agents)
    found = everything(rate, work, agents, patience, p.get("awt_s", 0.0))
    if figure.quantity == "all":
        return found
    meant = {
        "P_abandon": "P_ab_offered",
        "P_wait": "P_wait_offered",
        "mean_queue_length": "Lq",
        "mean_wait_s": "W_mean_accepted",
        "mean_wait_all_s": "W_mean_accepted",
        "occupancy": "occ",
        "SL": "SL_served_within/offered",
    }
    return found[meant[figure.quantity.split(" ")[0]]]


@pytest.mark.parametrize("name", ERLANG_BC)
def test_published_figures_without_patience(name: str) -> None:
    figure = ERLANG_BC[name]
    assert without_patience(figure) == pytest.approx(figure.value, **figure.slack)


@pytest.mark.parametrize("name", ERLANG_A)
def test_published_figures_with_patience(name: str) -> None:
    figure = ERLANG_A[name]
    assert with_patience(figure) == pytest.approx(figure.value, **figure.slack)


@pytest.mark.parametrize("name", ["ST00", "ST03", "ST06"])
def test_share_delayed_of_a_counting_process_in_steady_state(name: str) -> None:
    figure, p = OTHERS[name], OTHERS[name].params
    patience = 60 / p["theta"] if p["theta"] else INF
    waits = erlang.waiting(p["lam_per_min"] / 60, 60 / p["mu_per_min"], p["agents"], patience)
    assert waits == pytest.approx(figure.value["ratio"], **figure.slack)


@pytest.mark.parametrize("name", ["PR20", "PR21", "PR22"])
def test_one_agent_is_idle_while_nobody_is_there(name: str) -> None:
    figure, p = OTHERS[name], OTHERS[name].params
    assert 1 - erlang.occupancy(p["lam"], 1 / p["mu"], 1) == pytest.approx(figure.value, **figure.slack)


def test_two_kinds_of_car_at_one_pump() -> None:
    figure, p = OTHERS["PR41"], OTHERS["PR41"].params
    car, moto = p["mean_service_min"]
    load = p["lam_per_min"] * (p["p_car"] * car + (1 - p["p_car"]) * moto)
    assert load * (1 - erlang.b(load, 1)) == pytest.approx(figure.value, **figure.slack)


def test_one_server_waits_as_published() -> None:
    figure, p = OTHERS["PR70"], OTHERS["PR70"].params
    assert erlang.mean_wait(p["lam"], 1 / p["mu"], 1) == pytest.approx(figure.value, **figure.slack)


# -- against sums done another way -------------------------------------------------------------------


def chain(rate: float, work: float, agents: int, patience: float) -> np.ndarray:
    """Steady state of the number in the system, by multiplying out the birth-death chain."""
    most = agents + 400
    n = np.arange(1, most + 1)
    leaving = np.minimum(n, agents) / work + np.maximum(n - agents, 0) / patience
    log_p = np.concatenate([[0.0], np.cumsum(np.log(rate / leaving))])
    p = np.exp(log_p - log_p.max())
    return p / p.sum()


@given(st.integers(0, 60), st.fractions(Fraction(1, 10), 80, max_denominator=1000))
def test_b_is_the_recursion_in_exact_fractions(agents: int, load: Fraction) -> None:
    blocked = Fraction(1)
    for s in range(1, agents + 1):
        blocked = load * blocked / (s + load * blocked)
    assert float(erlang.b(float(load), agents)) == pytest.approx(float(blocked), rel=1e-13)


@given(
    st.integers(1, 40),
    st.floats(0.1, 2.0),
    st.floats(0.05, 5.0),
)
def test_erlang_a_is_the_steady_state_of_its_chain(agents: int, per_agent: float, patience: float) -> None:
    rate = agents * per_agent
    p = chain(rate, 1.0, agents, patience)
    n = np.arange(len(p))
    queue = (p * np.maximum(n - agents, 0)).sum()
    assert erlang.waiting(rate, 1, agents, patience) == pytest.approx(p[agents:].sum(), rel=1e-11)
    assert erlang.queue_length(rate, 1, agents, patience) == pytest.approx(queue, rel=1e-11)
    assert erlang.abandonment(rate, 1, agents, patience) == pytest.approx(queue / patience / rate, rel=1e-11)
    busy = (p * np.minimum(n, agents)).sum() / agents
    assert erlang.occupancy(rate, 1, agents, patience) == pytest.approx(busy, rel=1e-11)


@given(st.integers(1, 12), st.floats(0.2, 1.5), st.floats(0.1, 3.0), st.floats(0.0, 2.0))
def test_service_levels_by_following_one_contact(
    agents: int, per_agent: float, patience: float, within: float
) -> None:
    """One with j waiting before it moves up at rate agents + j / patience, and leaves at 1 / patience."""
    rate, places = agents * per_agent, 80  # more wait less often than once in 10^9
    found = chain(rate, 1.0, agents, patience)
    free, behind = found[:agents].sum(), found[agents : agents + places]
    served, left = places, places + 1
    moves = np.zeros((places + 2, places + 2))
    for j in range(places):
        moves[j, j - 1 if j else served] = agents + j / patience
        moves[j, j] -= moves[j].sum()
    virtual = free + behind @ expm(moves * within)[:places, served]
    for j in range(places):
        moves[j, left] = 1 / patience
        moves[j, j] -= 1 / patience
    answered, gone = (behind @ expm(moves * within)[:places, [served, left]]).tolist()
    expected = {
        "virtual": virtual,
        "offered": free + answered,
        "ended": free + answered + gone,
        "stayed": (free + answered) / (1 - gone),
    }
    for definition, share in expected.items():
        level = erlang.service_level(rate, 1, agents, within, patience, definition)
        assert level == pytest.approx(share, abs=1e-9)


# -- what must hold whatever the numbers --------------------------------------------------------------

LOADS = st.floats(0.01, 2000.0)
AGENTS = st.integers(1, 1500)
PATIENCE = st.floats(0.01, 1e5)
WITHIN = st.floats(0.0, 100.0)


@given(LOADS, AGENTS)
def test_b_and_c_fall_with_agents_and_rise_with_load(load: float, agents: int) -> None:
    for formula in (erlang.b, erlang.c):
        assert formula(load, agents + 1) <= formula(load, agents) <= formula(load * 1.01, agents)
    assert erlang.b(load, agents) <= erlang.c(load, agents)


@given(LOADS, AGENTS, PATIENCE, WITHIN)
def test_erlang_a_moves_the_way_it_must(load: float, agents: int, patience: float, within: float) -> None:
    """Work takes a second, so rate is load; each comparison allows for rounding only."""
    eps = 1e-12

    def gone(load: float, agents: int, patience: float) -> float:
        return float(erlang.abandonment(load, 1, agents, patience))

    def wait(load: float, agents: int, patience: float) -> float:
        return float(erlang.mean_wait(load, 1, agents, patience))

    def level(load: float, agents: int, within: float) -> float:
        return float(erlang.service_level(load, 1, agents, within, patience))

    here = gone(load, agents, patience), wait(load, agents, patience), level(load, agents, within)
    assert gone(load, agents + 1, patience) <= here[0] * (1 + eps)
    assert gone(load * 1.01, agents, patience) >= here[0] * (1 - eps)
    assert gone(load, agents, patience * 1.5) <= here[0] * (1 + eps)
    assert wait(load, agents + 1, patience) <= here[1] * (1 + eps)
    assert wait(load * 1.01, agents, patience) >= here[1] * (1 - eps)
    assert wait(load, agents, patience * 1.5) >= here[1] * (1 - eps)
    assert level(load, agents + 1, within) >= here[2] - eps
    assert level(load * 1.01, agents, within) <= here[2] + eps
    assert level(load, agents, within + 0.1) >= here[2] - eps


@given(LOADS, AGENTS, PATIENCE, WITHIN)
def test_definitions_stand_in_their_order(load: float, agents: int, patience: float, within: float) -> None:
    offered, served, stayed, ended, virtual = (
        float(erlang.service_level(load, 1, agents, within, patience, definition))
        for definition in ("offered", "served", "stayed", "ended", "virtual")
    )
    eps = 1e-12
    assert 0 <= offered <= virtual + eps
    assert offered <= stayed + eps
    assert stayed <= min(served, ended) + eps
    assert max(served, ended) <= 1 + eps
    of_all, of_served, virtual_wait = (
        float(erlang.mean_wait(load, 1, agents, patience, of)) for of in ("all", "served", "virtual")
    )
    assert of_all <= min(patience, virtual_wait) * (1 + eps)
    assert of_served <= virtual_wait * (1 + eps)


@given(LOADS, AGENTS, PATIENCE)
def test_everybody_is_served_or_leaves(load: float, agents: int, patience: float) -> None:
    served = agents * erlang.occupancy(load, 1, agents, patience) / load
    assert served + erlang.abandonment(load, 1, agents, patience) == pytest.approx(1, abs=1e-12)


@given(st.floats(0.01, 500.0), st.integers(1, 600), WITHIN)
def test_without_patience_erlang_a_is_erlang_b(load: float, agents: int, within: float) -> None:
    blocked = float(erlang.b(load, agents))
    assert erlang.abandonment(load, 1, agents, 0) == pytest.approx(blocked, rel=1e-12)
    assert erlang.service_level(load, 1, agents, within, 0) == pytest.approx(1 - blocked, abs=1e-12)
    assert erlang.abandonment(load, 1, agents, 1e-9) == pytest.approx(blocked, rel=1e-5)


@given(st.integers(1, 600), st.floats(0.01, 0.99), WITHIN)
def test_with_long_patience_erlang_a_is_erlang_c(agents: int, per_agent: float, within: float) -> None:
    load = agents * per_agent
    patient = 1e13
    assert erlang.waiting(load, 1, agents, patient) == pytest.approx(erlang.c(load, agents), rel=1e-6)
    for of in ("all", "served", "virtual"):
        wait = erlang.mean_wait(load, 1, agents, patient, of)
        assert wait == pytest.approx(erlang.mean_wait(load, 1, agents), rel=1e-6)
    for definition in ("offered", "served", "stayed", "ended", "virtual"):
        level = erlang.service_level(load, 1, agents, within, patient, definition)
        assert level == pytest.approx(erlang.service_level(load, 1, agents, within), abs=1e-8)


@given(
    st.floats(0.001, 300.0),
    st.floats(0.1, 100.0),
    st.floats(0.01, 0.999),
    st.one_of(st.just(INF), st.floats(0.0, 1000.0)),
)
def test_the_fewest_agents_keep_the_promise_and_one_fewer_does_not(
    load: float, within: float, at_least: float, patience: float
) -> None:
    fewest = int(erlang.agents(load / 10, 10, within, at_least, patience))
    assert fewest >= 1
    assert erlang.service_level(load / 10, 10, fewest, within, patience) >= at_least - 1e-12
    assert erlang.service_level(load / 10, 10, fewest - 1, within, patience) < at_least + 1e-12


def test_buyers_with_little_patience_need_more_agents_than_those_who_wait() -> None:
    """Without any patience it takes the fewest agents that block no more than may be lost."""
    blocked = np.asarray(erlang.b(20, np.arange(60)))
    assert erlang.agents(2, 10, 100, 0.99, patience=0) == np.argmax(blocked <= 0.01)
    assert erlang.agents(2, 10, 100, 0.99) < np.argmax(blocked <= 0.01)


PROMISES = {
    "mean_wait": (erlang.agents_for_mean_wait, erlang.mean_wait, st.floats(0.01, 60.0)),
    "abandonment": (erlang.agents_for_abandonment, erlang.abandonment, st.floats(0.001, 0.999)),
    "occupancy": (erlang.agents_for_occupancy, erlang.occupancy, st.floats(0.01, 0.99)),
}


@pytest.mark.parametrize("name", PROMISES)
@given(st.data(), st.floats(0.001, 300.0), st.one_of(st.just(INF), st.floats(0.1, 1000.0)))
def test_so_do_the_fewest_for_other_promises(
    name: str, data: st.DataObject, load: float, patience: float
) -> None:
    fewest_for, figure, bounds = PROMISES[name]
    most = data.draw(bounds)
    fewest = int(fewest_for(load / 10, 10, most, patience))
    assert figure(load / 10, 10, fewest, patience) <= most * (1 + 1e-12)
    if name == "abandonment" and patience == INF:
        assert fewest - 1 <= load < fewest  # the first with whom the line does not grow for ever
    elif name == "occupancy":
        assert fewest == 1 or figure(load / 10, 10, fewest - 1, patience) > most * (1 - 1e-12)
    elif fewest:
        assert figure(load / 10, 10, fewest - 1, patience) > most * (1 - 1e-12)


@given(st.floats(0.001, 300.0), st.floats(1e-6, 0.99))
def test_fewest_agents_for_few_turned_away(load: float, at_most: float) -> None:
    fewest = int(erlang.agents_for_blocking(load, at_most))
    assert erlang.b(load, fewest) <= at_most < erlang.b(load, fewest - 1)


@pytest.mark.parametrize("definition", ["offered", "served", "stayed", "ended", "virtual"])
def test_the_fewest_agents_are_found_by_every_definition(definition: Any) -> None:
    numbers = np.arange(60)
    for patience in (5.0, 60.0, 600.0):
        level = np.asarray(erlang.service_level(0.1, 180, numbers, 20, patience, definition))
        fewest = erlang.agents(0.1, 180, 20, 0.8, patience, definition)
        assert fewest == np.argmax(level >= 0.8)
    assert erlang.agents(0.1, 180, 20, 0.8, INF, definition) == erlang.agents(0.1, 180, 20, 0.8)


@pytest.mark.parametrize("load", [0.3, 23.5, 24.0, 255.7, 300.2, 12345.6])
def test_the_first_step_is_right_whatever_the_load(load: float) -> None:
    """Stepping begins with a series; Erlang C itself is a sum."""
    numbers = int(load) + 1 + np.arange(int(4 * load**0.5) + 20)
    for share in (0.05, 0.5, 0.9, 0.999):
        level = np.asarray(erlang.service_level(load / 100, 100, numbers, 1.0))
        assert erlang.agents(load / 100, 100, 1.0, share) == numbers[np.argmax(level >= share)]


@given(st.one_of(st.floats(0.001, 60.0), st.floats(240.0, 280.0), st.floats(1.0, 1e5)))
def test_stepping_begins_with_fourteen_digits(load: float) -> None:
    agents, found = first_stable(np.array([load]))
    assert agents[0] - 1 <= load < agents[0]
    assert found == pytest.approx(odds(np.array([load]), agents), rel=2e-14, abs=0)


def test_more_are_rostered_than_are_there() -> None:
    assert erlang.rostered([90, 14, 14, 0], [0.1, 0.3, 0, 0.5]).tolist() == [100, 20, 14, 0]


@given(LOADS, AGENTS, PATIENCE, st.floats(0.0, 0.95))
def test_who_comes_back_is_as_many_as_left_and_return(
    load: float, agents: int, patience: float, returns: float
) -> None:
    total = float(erlang.rate_with_returns(load, 1, agents, patience, returns))
    left = total * float(erlang.abandonment(total, 1, agents, patience))
    assert total == pytest.approx(load + returns * left, rel=1e-12)
    assert total >= load * (1 - 1e-12)


@given(st.integers(1, 80), st.floats(0.05, 0.99), st.floats(0.1, 100.0), WITHIN)
def test_a_line_of_many_places_is_unbounded(
    agents: int, per_agent: float, patience: float, within: float
) -> None:
    load = agents * per_agent
    for time in (patience, INF):
        found = erlang.bounded(load, 1, agents, agents + 4000, within, time)
        same = everything(load, 1, agents, time, within)
        for name, value in everything_bounded(found).items():
            assert value == pytest.approx(same[name], rel=1e-6, abs=1e-9), name


@given(st.integers(1, 60), st.floats(0.1, 100.0), st.floats(0.1, 100.0), WITHIN)
def test_a_line_without_a_place_is_erlang_b(agents: int, load: float, patience: float, within: float) -> None:
    for time in (patience, INF):
        found = erlang.bounded(load, 1, agents, agents, within, time)
        assert found.blocked == pytest.approx(erlang.b(load, agents), rel=1e-12)
        assert (found.waits, found.abandons, found.queue) == (0, 0, 0)
        assert found.served_within == pytest.approx(1 - found.blocked, rel=1e-12)


@given(st.integers(1, 60), st.floats(0.05, 0.99), st.floats(0.1, 100.0), WITHIN)
def test_agents_who_may_all_be_free_do_no_other_work(
    agents: int, per_agent: float, patience: float, within: float
) -> None:
    load = agents * per_agent
    for time in (patience, INF):
        alone = erlang.blended(load, 1, agents, agents, within, time)
        assert alone.waits == pytest.approx(erlang.waiting(load, 1, agents, time), rel=1e-12)
        level = erlang.service_level(load, 1, agents, within, time)
        assert alone.service_level == pytest.approx(level, rel=1e-12)
        assert alone.mean_wait == pytest.approx(erlang.mean_wait(load, 1, agents, time), rel=1e-12)
        assert alone.other_rate == pytest.approx(0, abs=1e-9 * agents)
        none = erlang.blended(load, 1, agents, 0, within, time)
        assert (none.waits, none.occupancy) == (1, 1)


def test_nobody_comes_back_where_nobody_leaves() -> None:
    assert erlang.rate_with_returns(0.05, 180, 14, INF, 0.5) == pytest.approx(0.05, rel=1e-15)
    assert erlang.rate_with_returns(0, 180, 14, 60, 0.5) == 0
    assert erlang.rate_with_returns(1, 180, 0, 60, 0.5) == pytest.approx(2)


def test_erlang_b_with_all_but_few_coming_back_turns_away_as_retrials_do() -> None:
    """Extended Erlang B: the fixed point by plain iteration."""
    offered = 10.0
    for _ in range(500):
        offered = 10 + 0.8 * offered * float(erlang.b(offered, 12))
    assert erlang.rate_with_returns(10, 1, 12, 0, 0.8) == pytest.approx(offered, rel=1e-12)


# -- to the last digit ---------------------------------------------------------------------------------


@pytest.mark.parametrize("agents", [1, 3, 10, 65, 400, 3000])
@pytest.mark.parametrize("per_agent", [0.01, 0.5, 0.9, 0.999, 1.0, 1.5])
def test_b_and_c_have_twelve_digits(agents: int, per_agent: float) -> None:
    load = agents * per_agent
    for found, true in (
        (erlang.b(load, agents), exact.blocked(load, agents)),
        (erlang.c(load, agents), exact.waits(load, agents)),
    ):
        if true >= 1e-300:
            assert abs(found / true - 1) <= 1e-13
        else:
            assert 0 <= found <= 1e-300


@pytest.mark.parametrize("agents", [0.01, 0.5, 2.5, 44.4, 410.3])
@pytest.mark.parametrize("per_agent", [0.1, 0.9, 0.999, 1.4])
def test_parts_of_agents_count_as_the_continued_formula_says(agents: float, per_agent: float) -> None:
    load = agents * per_agent
    assert abs(erlang.b(load, agents) / exact.blocked(load, agents) - 1) <= 1e-12
    assert abs(erlang.c(load, agents) / exact.waits(load, agents) - 1) <= 1e-12


@given(st.floats(0.01, 100.0), st.floats(0.01, 60.0))
def test_parts_of_agents_lie_between_whole_ones(load: float, agents: float) -> None:
    for figure in (erlang.b, erlang.c):
        below, here, above = figure(load, np.array([np.floor(agents), agents, np.ceil(agents)]))
        assert above - 1e-12 <= here <= below + 1e-12
    assert erlang.b(load, agents + 1) == pytest.approx(
        load * erlang.b(load, agents) / (agents + 1 + load * erlang.b(load, agents)), rel=1e-12
    )


@pytest.mark.parametrize("agents", [1, 2.5, 20, 300])
@pytest.mark.parametrize("per_agent", [0.01, 0.9, 1.0, 1.5])
@pytest.mark.parametrize("patience", [0.01, 1.0, 10.0])
def test_erlang_a_has_nine_digits(agents: float, per_agent: float, patience: float) -> None:
    rate = agents * per_agent
    for within in (0.0, 0.1):
        for name, true in exact.impatient(rate, 1, agents, patience, within).items():
            promise = (within,) if name == "service_level" else ()
            found = getattr(erlang, name)(rate, 1, agents, *promise, patience)
            if true >= 1e-30:
                assert abs(found / true - 1) <= 1e-11, name


# -- where it is hard ----------------------------------------------------------------------------------

SIZES = [1, 2, 10, 100, 1000, 10_000, 100_000]
PER_AGENT = [0.01, 0.5, 0.9, 0.99, 0.9999, 1.0, 1.0001, 1.01, 1.5, 100.0]


@pytest.mark.parametrize("patience", [INF, 0.0, 1e-6, 0.01, 1.0, 100.0, 1e6, 1e12])
def test_nothing_is_undefined_at_any_size(patience: float) -> None:
    agents, per_agent = np.meshgrid(SIZES, PER_AGENT)
    load = agents * per_agent
    shares = [
        erlang.b(load, agents),
        erlang.c(load, agents),
        erlang.waiting(load, 1, agents, patience),
        erlang.abandonment(load, 1, agents, patience),
        erlang.occupancy(load, 1, agents, patience),
        *(
            erlang.service_level(load, 1, agents, within, patience, definition)
            for within in (0.0, 0.1, 100.0, INF)
            for definition in ("offered", "served", "stayed", "ended", "virtual")
        ),
    ]
    for share in shares:
        assert np.all((share >= 0) & (share <= 1 + 1e-12))
    for of in ("all", "served", "virtual"):
        wait = np.asarray(erlang.mean_wait(load, 1, agents, patience, of))
        assert np.all(wait >= 0)
        assert np.all(np.isfinite(wait[(load < agents) | np.isfinite(patience)]))


@pytest.mark.parametrize("agents", SIZES)
def test_b_keeps_its_recursion_at_any_size(agents: int) -> None:
    load = agents * np.array([0.9, 0.97, 0.99, 1.0, 1.1, 1.5, 100.0])
    before = erlang.b(load, agents - 1)
    assert erlang.b(load, agents) == pytest.approx(load * before / (agents + load * before), rel=2e-14, abs=0)


def test_c_is_certain_at_saturation_and_continuous_below_it() -> None:
    assert np.all(erlang.c([10, 10.1, 1e6], 10) == 1)
    assert erlang.c(np.nextafter(10, 0), 10) == pytest.approx(1, abs=1e-13)
    assert erlang.mean_wait(1, 1, 1) == INF
    assert erlang.service_level(1, 1, 1, 1e9) == 0


def test_far_tails_keep_their_digits() -> None:
    """Erlang B of 200 agents at load 1, 1 / (200! sum 1 / k!), is about 1e-375; of 150 about 6e-264."""
    assert erlang.b(1, 200) == 0
    assert np.all(erlang.b(1e-8, np.arange(38, 70)) < 1e-300)
    tail = 1 / (math.factorial(150) * sum(Fraction(1, math.factorial(k)) for k in range(151)))
    assert erlang.b(1, 150) == pytest.approx(float(tail), rel=1e-13, abs=0)


def test_no_contacts_and_no_agents() -> None:
    assert erlang.b(0, [0, 1]).tolist() == [1, 0]
    assert erlang.c(0, [0, 1]).tolist() == [1, 0]
    for patience in (0, 60, INF):
        assert erlang.agents(0, 180, 20, 0.8, patience) == 0
        assert erlang.service_level(0, 180, 1, 20, patience) == 1
        assert erlang.service_level(1, 180, 0, 20, patience) == 0
        assert erlang.mean_wait(0, 180, 1, patience) == 0
    assert erlang.mean_wait(1, 180, 0, 60) == pytest.approx(60)
    assert erlang.abandonment(1, 180, 0, 60) == pytest.approx(1)
    assert erlang.occupancy(1, 180, 0, 60) == 0
    assert erlang.mean_wait(1, 180, 0, 60, of="served") == INF
    assert erlang.mean_wait(1, 180, 0, 60, of="virtual") == INF


# -- manners -----------------------------------------------------------------------------------------


def test_arguments_broadcast_as_numpy_does() -> None:
    rate, agents = np.array([[0.05], [0.06]]), np.array([13, 14, 15])
    patience = np.array([INF, 60.0, 300.0])
    together = np.asarray(erlang.service_level(rate, 180, agents, 20, patience))
    assert together.shape == (2, 3)
    for i, r in enumerate(rate[:, 0]):
        for j in range(3):
            alone = erlang.service_level(r, 180, int(agents[j]), 20, float(patience[j]))
            assert together[i, j] == pytest.approx(alone, rel=1e-14)
    assert np.asarray(erlang.agents(rate, 180, 20, [0.5, 0.8, 0.9], patience)).dtype == np.int64


def test_long_arrays_are_the_same_as_short_ones() -> None:
    load = np.linspace(0.1, 60, 20_000)
    assert erlang.b(load, 40)[19_000] == erlang.b(load[19_000], 40)
    for patience in (300.0, INF):
        fewest = np.asarray(erlang.agents(load / 180, 180, 20, 0.8, patience))
        assert fewest[19_000] == erlang.agents(load[19_000] / 180, 180, 20, 0.8, patience)
        assert np.all(np.diff(fewest) >= 0)


def test_numbers_give_numbers_and_arrays_arrays() -> None:
    assert isinstance(erlang.b(10, 12), float)
    assert isinstance(erlang.agents(0.05, 180, 20, 0.8), np.int64)
    assert erlang.c([10], 12).shape == (1,)
    assert erlang.b([], 3).shape == (0,)
    assert erlang.waiting([], 1, 3, 5).shape == (0,)


@pytest.mark.parametrize(
    ("ask", "argument", "key"),
    [
        (lambda: erlang.b(-1, 2), "load", "erlang.amount"),
        (lambda: erlang.b(math.nan, 2), "load", "erlang.amount"),
        (lambda: erlang.c(INF, 2), "load", "erlang.amount"),
        (lambda: erlang.c(1, INF), "agents", "erlang.agents"),
        (lambda: erlang.agents(1e9, 1e9, 20, 0.8), "", "erlang.load"),
        (lambda: erlang.agents_for_occupancy(1, 1, 1), "at_most", "erlang.most"),
        (lambda: erlang.agents_for_abandonment(1, 1, 0, 60), "at_most", "erlang.most"),
        (lambda: erlang.agents_for_blocking(1, math.nan), "at_most", "erlang.most"),
        (lambda: erlang.agents_for_mean_wait(1, 1, 0), "mean", "erlang.mean"),
        (lambda: erlang.rostered(10, 1), "shrinkage", "erlang.part"),
        (lambda: erlang.rate_with_returns(1, 1, 1, 60, 1), "returns", "erlang.part"),
        (lambda: erlang.bounded(1, 1, 2, 1), "lines", "erlang.lines"),
        (lambda: erlang.bounded(1, 1, 0, 1), "agents", "erlang.agents"),
        (lambda: erlang.bounded(1, 1, 1, 1, 0, 0), "patience", "erlang.time"),
        (lambda: erlang.bounded(0, 1, 1, 1), "rate", "erlang.amount"),
        (lambda: erlang.blended(1, 1, 2, 3), "kept_free", "erlang.kept_free"),
        (lambda: erlang.blended(2, 1, 2, 1), "agents", "erlang.overloaded"),
        (lambda: erlang.service_level(1, 1, 2, 3, 4, "all"), "definition", "erlang.choice"),
        (lambda: erlang.mean_wait(1, 1, 2, 3, "everyone"), "of", "erlang.choice"),
        (lambda: erlang.c(1, [3, -1]), "agents", "erlang.agents"),
        (lambda: erlang.b("ten", 2), "load", "erlang.number"),
        (lambda: erlang.waiting(1, 0, 2), "work", "erlang.work"),
        (lambda: erlang.abandonment(1, 1, 2, -5), "patience", "erlang.time"),
        (lambda: erlang.service_level(1, 1, 2, math.nan), "within", "erlang.time"),
        (lambda: erlang.agents(1, 1, 2, 1.0), "at_least", "erlang.share"),
        (lambda: erlang.agents(1, 1, 2, 0), "at_least", "erlang.share"),
        (lambda: erlang.b([1, 2], [1, 2, 3]), "", "erlang.shapes"),
    ],
)
def test_nonsense_gets_a_clear_error(ask: Any, argument: str, key: str) -> None:
    with pytest.raises(InputError) as caught:
        ask()
    (fault,) = caught.value.faults
    assert (fault.path, fault.key) == (argument, key)
    for lang in ("en", "zh"):
        assert fault.text(lang)


def test_the_page_of_definitions_shows_what_they_give() -> None:
    """The figures of docs/erlang.md, as they are rounded there."""
    page = (Path(__file__).parents[2] / "docs" / "erlang.md").read_text(encoding="utf-8")
    case = (200 / 3600, 240, 12)
    shown = {}
    for line in page.splitlines():
        if re.fullmatch(r"\| `\w+`.*\| [\d.]+(%| s) \|", line):
            cells = line.split("|")
            shown[cells[1].split("`")[1], cells[-2].strip()[-1]] = cells[-2].strip()
    levels = {
        (name, "%"): f"{100 * erlang.service_level(*case, 20, 120, name):.1f}%"
        for name in ("offered", "virtual", "stayed", "ended", "served")
    }
    waits = {(of, "s"): f"{erlang.mean_wait(*case, 120, of):.1f} s" for of in ("all", "served", "virtual")}
    assert shown == levels | waits
