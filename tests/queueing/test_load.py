"""Offered work that moves in time: closed forms, published figures, all work done, staffing by SIPP."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, special

from cssim.errors import InputError
from cssim.queueing import erlang
from cssim.queueing.load import (
    Duration,
    Stay,
    agents,
    busy,
    busy_at,
    busy_evenly,
    come_evenly,
    lagged,
    modified,
    rounds,
    simple,
    stay,
    total,
)
from tests.truth.figures import Figure, figures

Floats = NDArray[np.float64]

MOVING = figures("time_varying")

DURATIONS = [
    Duration(3.0),
    Duration(3.0, 0.0, "constant"),
    Duration(3.0, 0.4, "uniform"),
    Duration(3.0, 0.7, "gamma"),
    Duration(3.0, 1.6, "gamma"),
    Duration(3.0, 1.16, "lognormal"),
    Duration(3.0, 0.2, "lognormal"),
]


# -- published figures -------------------------------------------------------------------------------


def romberg(value: Callable[[int], Floats], pieces: int, times: int) -> Floats:
    """The limit of a value that depends on the number of pieces by even powers of their length."""
    row = [value(pieces * 2**k) for k in range(times)]
    for power in range(1, times):
        row = [(4**power * b - a) / (4**power - 1) for a, b in pairwise(row)]
    return row[0]


def sine(p: dict[str, Any], begin: float, end: float, per_unit: int) -> tuple[Floats, Floats]:
    """Edges and mean rates of mean + amplitude x sin(speed x t), piece by piece."""
    edges = begin + np.arange(round((end - begin) * per_unit) + 1) / per_unit
    whole = p["lam_bar"] * edges - p["amplitude"] / p["gamma"] * np.cos(p["gamma"] * edges)
    return edges, np.diff(whole) * per_unit


OFTEN = (1 + math.sqrt(3 / 5)) / 2
SERVICE: dict[str, Duration | Stay] = {
    "exp(mean 1)": Duration(1.0),
    "deterministic 1": Duration(1.0, 0.0, "constant"),
    "uniform(0,2)": Duration(1.0, 3**-0.5, "uniform"),
    "Erlang-2 mean 1": Duration(1.0, 2**-0.5, "gamma"),
    "H2 mean 1 scv 4 balanced means": Stay.mixed(
        [OFTEN, 1 - OFTEN], [Duration(1 / (2 * OFTEN)), Duration(1 / (2 * (1 - OFTEN)))]
    ),
}


@pytest.mark.parametrize("figure", [f for f in MOVING.values() if "service" in f.params], ids=lambda f: f.id)
def test_rates_that_move_along_a_sine_from_long_ago(figure: Figure) -> None:
    p = figure.params
    times = np.array([float(t) for t in figure.value["m"]])
    began = -200.0 if "H2" in p["service"] else -48.0

    def there(per_unit: int) -> Floats:
        edges, rates = sine(p, began, 10.0, per_unit)
        return busy_at(times, edges, rates, SERVICE[p["service"]])

    found = romberg(there, 8 if p["gamma"] > 1 else 2, 6)
    np.testing.assert_allclose(found, list(figure.value["m"].values()), rtol=1e-12)


def test_rates_that_move_along_a_sine_from_an_empty_floor() -> None:
    figure = MOVING["TV020"]
    p, times = figure.params, np.array([float(t) for t in figure.value])

    def there(per_unit: int) -> Floats:
        return busy_at(times, *sine(p, 0.0, 8.0, per_unit), Duration(1 / p["mu"]))

    np.testing.assert_allclose(romberg(there, 2, 6), list(figure.value.values()), rtol=1e-12)


@pytest.mark.parametrize("record", ["TV030", "TV031"])
def test_staff_by_the_square_root_rule_where_patience_is_work(record: str) -> None:
    """The number there is Poisson with mean m(t), so P(wait) = P(Poisson >= staff)."""
    figure = MOVING[record]
    p = {"lam_bar": 100.0, "amplitude": 20.0, "gamma": 1.0}
    times = np.array([float(t) for t in figure.value])
    m = romberg(lambda n: busy_at(times, *sine(p, -48.0, 6.0, n), Duration(1.0)), 2, 6)
    for load, row in zip(m, figure.value.values(), strict=True):
        staff = math.ceil(load + figure.params["z"] * math.sqrt(load))
        assert staff == row["s"]
        assert load == pytest.approx(row["m"], abs=1e-11)
        # P(Poisson(m) >= s) is the regularised incomplete gamma function
        assert special.gammainc(staff, load) == pytest.approx(row["P_delay"], abs=1e-12)


@pytest.mark.parametrize("figure", [f for f in MOVING.values() if "rule" in f.params], ids=lambda f: f.id)
def test_staff_by_the_simple_and_the_lagged_rule(figure: Figure) -> None:
    p = figure.params
    work, period = 1 / p["mu_per_h"], p["planning_period_h"]
    wave = {
        "lam_bar": p["lam_bar_per_h"],
        "amplitude": p["lam_bar_per_h"] * p["rel_amplitude"],
        "gamma": math.pi / 12,
    }
    edges, rates = sine(wave, -24.0, 24.0, 240)
    if "max" in p["rule"]:  # of each piece too; 4 or 5 agents hang on half a second
        moving = wave["lam_bar"] + wave["amplitude"] * np.sin(wave["gamma"] * edges)
        rates = np.maximum(moving[:-1], moving[1:])
    of = np.arange(round(24 / period) + 1) * period
    way = lagged if "lag" in p["rule"] else simple
    load = way(of, edges, rates, Duration(work), peak="max" in p["rule"])
    found = agents(load, work, 0.0, 1 - p["target_Pdelay"])
    assert found.tolist() == figure.value["s"]


# -- closed forms --------------------------------------------------------------------------------------


def test_a_step_fills_as_1_less_e_to_minus_t() -> None:
    times = np.array([-1.0, 0.0, 1.0, 60.0, 600.0])
    found = busy_at(times, [0.0, 600.0], [0.5], Duration(120.0))
    expected = 60.0 * -np.expm1(-np.maximum(times, 0.0) / 120.0)
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    later = busy_at([600.0, 720.0], [0.0, 600.0], [0.5], Duration(120.0))
    assert later[1] == pytest.approx(later[0] / math.e, rel=1e-13)


@pytest.mark.parametrize("duration", DURATIONS, ids=str)
def test_the_integrals_of_the_tail(duration: Duration) -> None:
    """Against a quadrature of P(S > u)."""
    edge = 3 * (1 - math.sqrt(3) * 0.4), 3 * (1 + math.sqrt(3) * 0.4)
    sigma = math.sqrt(math.log1p(duration.cv**2))
    longer: dict[str, Callable[[float], float]] = {
        "exponential": lambda u: math.exp(-u / 3),
        "constant": lambda u: float(u < 3),
        "uniform": lambda u: min(max((edge[1] - u) / (edge[1] - edge[0]), 0.0), 1.0),
        "gamma": lambda u: float(special.gammaincc(duration.cv**-2, u / (3 * duration.cv**2))),
        "lognormal": lambda u: float(special.ndtr(-(math.log(u / 3) + sigma**2 / 2) / sigma)) if u else 1.0,
    }
    kinks = [*edge, 3.0]
    for x in (0.3, 2.0, 3.5, 9.0):
        parts = [k for k in kinks if k < x]
        tail = longer[duration.dist]
        upto = integrate.quad(tail, 0, x, points=parts or None, epsabs=1e-12, limit=200)[0]
        area = integrate.quad(lambda u, x=x, f=tail: (x - u) * f(u), 0, x, points=parts or None)[0]
        assert duration.upto(x) == pytest.approx(upto, rel=1e-9)
        assert duration.area(x) == pytest.approx(area, rel=1e-7)
    assert duration.upto(1e6) == pytest.approx(3.0, rel=1e-12)
    assert duration.upto([-1.0, 0.0]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("duration", DURATIONS, ids=str)
def test_all_work_is_done_some_time(duration: Duration) -> None:
    edges, rates = [0.0, 1.0, 4.0, 5.0], [2.0, 0.0, 7.0]
    whole = busy([0.0, 5.0, 5e5], edges, rates, duration)
    assert whole @ [5.0, 5e5 - 5] == pytest.approx(9 * duration.mean, rel=1e-6)


@pytest.mark.parametrize("duration", DURATIONS, ids=str)
def test_a_rate_that_has_always_been_is_littles_law(duration: Duration) -> None:
    found = busy_at([0.0, 3.0, 7.0], [0.0, 10.0], [2.0], duration, before=2.0)
    np.testing.assert_allclose(found, 2 * duration.mean, rtol=1e-14)


pieces = st.lists(st.floats(0.0, 50.0), min_size=1, max_size=12)


@given(pieces, st.sampled_from(DURATIONS), st.floats(0.0, 5.0))
def test_loads_add_up_and_grow_with_the_rate(rates: list[float], duration: Duration, more: float) -> None:
    edges, times = np.arange(len(rates) + 1.0), np.linspace(-1.0, len(rates) + 6.0, 40)
    one = busy_at(times, edges, rates, duration)
    other = busy_at(times, edges, np.full(len(rates), more), duration)
    both = busy_at(times, edges, np.array(rates) + more, duration)
    np.testing.assert_allclose(both, one + other, atol=1e-11)
    assert np.all(both >= one - 1e-11)
    assert np.all((one >= -1e-11) & (one <= max(rates) * duration.mean + 1e-11))


@given(pieces, st.sampled_from(DURATIONS), st.floats(0.1, 10.0))
def test_even_pieces_by_convolution_are_the_same(rates: list[float], duration: Duration, step: float) -> None:
    edges = step * np.arange(len(rates) + 1)
    found = busy_evenly(rates, step, duration)
    np.testing.assert_allclose(found, busy(edges, edges, rates, duration), atol=1e-9)


def test_the_mean_over_an_interval_is_that_of_its_moments() -> None:
    edges, rates = np.array([0.0, 2.0, 3.0, 7.0]), [4.0, 0.5, 2.0]
    for duration in DURATIONS:
        found = busy([1.0, 4.5, 9.0], edges, rates, duration)
        moments = (np.arange(35000) + 0.5) / 10000 + 1.0
        assert found[0] == pytest.approx(busy_at(moments, edges, rates, duration).mean(), rel=1e-6)


# -- chats ---------------------------------------------------------------------------------------------


def test_sums_of_durations() -> None:
    assert total(Duration(0.0), Duration(5.0, 0.3, "lognormal")) == Duration(5.0, 0.3, "lognormal")
    assert total(Duration(5.0, 0.0, "constant"), Duration(2.0, 0.0, "constant")).is_constant
    both = total(Duration(3.0), Duration(3.0))
    assert (both.mean, both.variance) == pytest.approx((6.0, 18.0))
    # two exponential ones with one mean: Erlang-2, whose tail is e^-y (1 + y)
    assert both.upto(6.0) == pytest.approx(integrate.quad(lambda u: math.exp(-u / 3) * (1 + u / 3), 0, 6)[0])


def test_the_replies_of_a_chat_do_all_its_work_and_fall_due_when_they_should() -> None:
    first, later, think = Duration(4.0, 0.0, "constant"), Duration(20.0, 0.9, "lognormal"), Duration(45.0)
    found = rounds(first, later, think, [1.0, 0.75, 0.5])
    assert sum(r.work.mean for r in found) == pytest.approx(4 + 0.75 * 20 + 0.5 * 20)
    assert [r.begin.mean for r in found] == pytest.approx([0.0, 49.0, 114.0])
    assert [r.end.variance for r in found] == pytest.approx([0.0, 45**2 + 18**2, 2 * 45**2 + 2 * 18**2])
    rates = np.zeros(600)
    rates[0] = 1.0
    work = sum(busy_evenly(rates, 10.0, r.work) for r in found)
    assert np.sum(work) == pytest.approx(29.0, rel=1e-6)  # one contact a second for 10 s, in pieces of 10 s
    third = come_evenly(rates, 10.0, found[2].begin)
    when = 10.0 * np.arange(600) + 5.0
    assert third.sum() == pytest.approx(1.0, rel=1e-9)
    assert third @ when == pytest.approx(5 + 114, rel=1e-3)


def test_chats_whose_times_are_all_exponential_are_a_markov_chain() -> None:
    """Two replies with thinking in between, of one mean each: open in phases 1, 2, 3; exact here."""
    each = Duration(10.0)
    found = rounds(each, each, each, [1.0, 1.0])
    edges, rates, times = [0.0, 25.0, 300.0], [0.4, 0.1], np.array([3.0, 20.0, 40.0, 90.0])
    first, second = (busy_at(times, edges, rates, r.work) for r in found)
    for t, one, two in zip(times, first, second, strict=True):
        phase = [0.0, 0.0]
        for k, shape in enumerate((1, 3)):  # P(in phase k + 1 at age u) = e^-y y^k / k!
            for a, b, rate in ((0.0, 25.0, 0.4), (25.0, 300.0, 0.1)):
                new, old = (max(t - edge, 0.0) / 10.0 for edge in (b, a))
                share = special.gammainc(shape, old) - special.gammainc(shape, new)
                phase[k] += rate * 10.0 * share
        assert (one, two) == pytest.approx(phase, rel=1e-12)


# -- staffing ------------------------------------------------------------------------------------------


def test_the_three_ways_are_one_where_rates_stand_still() -> None:
    edges, of, work = np.arange(0.0, 40.0), np.array([25.0, 30.0, 35.0]), Duration(0.5, 1.2, "lognormal")
    rates = np.full(39, 8.0)
    for peak in (False, True):
        loads = [way(of, edges, rates, work, peak=peak) for way in (simple, lagged)]
        loads.append(modified(of, edges, rates, work, peak=peak, before=8.0))
        np.testing.assert_allclose(loads, 4.0, rtol=1e-12)
    assert agents([4.0, 0.0], 0.5, 0.1, 0.8).tolist() == [int(erlang.agents(8.0, 0.5, 0.1, 0.8)), 0]


def test_the_peak_of_the_load_comes_after_that_of_the_rate() -> None:
    edges = np.arange(0.0, 241.0)
    rates = np.where((edges[:-1] >= 60) & (edges[:-1] < 90), 1.0, 0.0)
    of, work = np.arange(0.0, 241.0, 10.0), Duration(30.0)
    at_once, later, moved = (way(of, edges, rates, work) for way in (simple, lagged, modified))
    assert np.flatnonzero(at_once > 1e-9).tolist() == [6, 7, 8]
    assert np.flatnonzero(later > 1e-9).tolist() == [9, 10, 11]
    assert int(moved.argmax()) == 8
    assert np.all(modified(of, edges, rates, work, peak=True) >= moved - 1e-12)
    assert moved[9] > moved[7]  # what has come is not gone when nobody comes any more


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Duration(-1.0),
        lambda: Duration(math.inf),
        lambda: Duration(1.0, 0.7, "uniform"),
        lambda: busy_at([0.0], [0.0, 0.0], [1.0], Duration(1.0)),
        lambda: busy_at([0.0], [0.0, 1.0], [-1.0], Duration(1.0)),
        lambda: busy_at([0.0], [0.0, 1.0], [math.nan], Duration(1.0)),
        lambda: busy([0.0], [0.0, 1.0], [1.0], Duration(1.0)),
        lambda: simple([0.0, 1.0], [0.0, 1.0], [1.0, 2.0], Duration(1.0)),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        wrong()


def test_a_stay_adds_up() -> None:
    one, two = stay(Duration(2.0)), Stay.between(Duration(1.0), Duration(4.0), 0.5)
    assert (one + two).mean == pytest.approx(3.5)
    assert (one + two).upto(2.0) == pytest.approx(one.upto(2.0) + two.upto(2.0))
