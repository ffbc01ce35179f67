"""The transient chain: published days, its limits, what must add up, and a simulated day."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special
from scipy.linalg import expm

from cssim.engine import compiled
from cssim.errors import InputError
from cssim.queueing import erlang
from cssim.queueing.transient import Course, Leaving, Level, course
from tests.truth.cases import cases
from tests.truth.compare import MOST_ERRORS, Runner, Truth
from tests.truth.figures import Figure, figures
from tests.truth.seen import abandoned, answered, in_hour, waits

Floats = NDArray[np.float64]

CENTRES, MOVING = figures("multiskill_and_contactcenters"), figures("time_varying")

HOUR, MINUTE = 3600.0, 60.0

LEAVING = get_args(Leaving)


# -- published days ----------------------------------------------------------------------------------


def thirteen_hours(leaving: Leaving, level: float = 1.0) -> Course:
    """L'Ecuyer's centre of 13 hours, and two more in which nobody comes and the last are served."""
    p = CENTRES["SQ20_00"].params
    return course(
        HOUR * np.array([*range(14), 15]),
        level * np.array([*p["arrivals_per_hour"], 0]) / HOUR,
        [*p["staffing"], p["staffing"][-1]],
        p["mean_service_s"],
        p["mean_patience_s"],
        zero=p["p_balk_if_must_wait"],
        within=p["awt_s"],
        leaving=leaving,
    )


def test_the_centre_of_thirteen_hours() -> None:
    day = thirteen_hours("anyone")
    level = day.service_level("stayed")
    for k in range(13):
        figure = CENTRES[f"SQ20_{k:02}"]
        assert level[k] == pytest.approx(figure.exact, abs=1e-8)
        assert level[k] == pytest.approx(figure.value, abs=1.5 * float(figure.tolerance))
    assert day.over([0]).service_level("stayed")[0] == pytest.approx(CENTRES["SQ20_all"].exact, abs=1e-9)
    worked = (day.busy + day.finishing)[:13].sum() / day.staff[:13].sum()
    assert worked == pytest.approx(CENTRES["SQocc"].exact, abs=1e-9)
    assert day.error <= 1e-10


def test_the_centre_with_a_gamma_level_of_the_day() -> None:
    """Nodes and weights of Gauss and Laguerre for a gamma variable of shape 400, by Golub and Welsch."""
    k = np.arange(1, 10)
    nodes, vectors = np.linalg.eigh(
        np.diag(2.0 * np.arange(10) + 400) + np.diag(np.sqrt(k * (k + 399.0)), 1), "U"
    )
    days = [thirteen_hours("anyone", x / 400) for x in nodes]
    share = vectors[0] ** 2 / 1660
    assert share @ [day.arrivals.sum() for day in days] == pytest.approx(1, rel=1e-9)
    found = {
        "SSJ400_1": share @ [day.queue.sum() for day in days],
        "SSJ400_2": share @ [(day.answered + day.left).sum() for day in days],
        "SSJ400_3": share @ [day.lost.sum() for day in days],
    }
    for name, value in found.items():
        assert value == pytest.approx(CENTRES[name].exact, rel=1e-7), name


def eight_hours(patience: float) -> Course:
    """M/M/12 from an empty line; then nobody comes, and all who wait are answered."""
    p = CENTRES["CC01"].params
    return course(
        [0.0, MINUTE * p["day_min"], MINUTE * p["day_min"] + 5 * HOUR],
        [p["arrivals_per_min"] / MINUTE, 0.0],
        [p["agents"]] * 2,
        MINUTE / p["mu_per_min"],
        patience,
        within=p["awt_s"],
    )


def test_eight_hours_from_an_empty_line() -> None:
    """The records' numbers in time stand on quadratures good to 2e-6 of them; the others are exact."""
    day, impatient = eight_hours(math.inf), eight_hours(MINUTE * CENTRES["CC05"].params["patience_min"])
    found = {
        "CC01": (day.answered[0], 2e-6),
        "CC02": (day.service_level("served")[0], 2e-6),
        "CC03": (day.queue.sum() / day.arrivals.sum() / MINUTE, 1e-9),
        "CC04": (day.occupancy[0], 1e-12),
        "CC05": (impatient.lost[0], 1e-9),
        "CC06": (impatient.answered[0], 2e-6),
        "CC07": (impatient.service_level("served")[0], 2e-6),
        "CC08": (impatient.service_level("stayed")[0], 2e-6),
        "CC09": (impatient.occupancy[0], 1e-11),
    }
    for name, (value, precision) in found.items():
        assert value == pytest.approx(CENTRES[name].exact, rel=precision), name
    # the same by scipy's LSODA (rtol 1e-11) and the incomplete gamma function
    assert day.answered[0] == pytest.approx(1815.27173711, abs=2e-8)


@pytest.mark.parametrize("figure", [f for f in MOVING.values() if "rule" in f.params], ids=lambda f: f.id)
def test_a_day_whose_rate_moves_along_a_sine(figure: Figure) -> None:
    """A day after many alike, of which eight hours are enough; calls are broken off where staff falls.

    The records weigh P(wait) by the rate at 21 points of each period with the trapezoidal rule, which is up
    to 0.001 off the mean where P(wait) jumps; so the same is done here.
    """
    p = figure.params
    period, turn = p["planning_period_h"], math.pi / 12
    before = round(8 / period)
    staff = [*figure.value["s"][-before:], *figure.value["s"]]
    often = round(10 * period)  # pieces between two points
    begins = period * (np.arange(len(staff)) - before)
    # the first moment of a period shows what the change of staff did
    pieces = np.concatenate([[0.0, 1e-9], period * np.arange(1, 20 * often) / (20 * often)])
    edges = np.append(np.add.outer(begins, pieces), 24.0)
    whole = p["lam_bar_per_h"] * (edges - p["rel_amplitude"] / turn * np.cos(turn * edges))
    people, rates = np.repeat(staff, len(pieces)), np.maximum(np.diff(whole), 0.0) / np.diff(edges)
    day = course(edges, rates, people, 1 / p["mu_per_h"], leaving="back", error=1e-7)
    first, later = day.waits[:: len(pieces)], day.all_busy.reshape(len(staff), -1)[:, often::often]
    weight = 1 + p["rel_amplitude"] * np.sin(turn * np.add.outer(begins, np.linspace(0, period, 21)))
    weight[:, [0, -1]] /= 2
    found = (weight * np.insert(later, 0, first, axis=1)).sum(axis=1) / weight.sum(axis=1)
    np.testing.assert_allclose(found[before:], figure.value["P_delay"], atol=1e-5)
    mean = day.over(np.arange(0, len(people), len(pieces)).tolist()).waits
    np.testing.assert_allclose(mean[before:], figure.value["P_delay"], atol=1e-3)


@pytest.mark.parametrize("record", ["TV030", "TV031"])
def test_patience_as_long_as_work(record: str) -> None:
    """Then the number there is Poisson whatever the staff; the limit of ever shorter pieces."""
    rows = MOVING[record].value
    times, staff = [float(t) for t in rows], [row["s"] for row in rows.values()]
    poisson = np.exp(-90.0 + np.arange(250) * math.log(90.0) - special.gammaln(np.arange(250) + 1.0))

    def at_the_times(pieces: int) -> Floats:
        edges = np.linspace(0.0, 6.0, 6 * pieces + 1)
        rates = np.diff(100 * edges - 20 * np.cos(edges)) * pieces
        people = np.repeat(staff, pieces)
        day = course(edges, rates, people, 1.0, 1.0, leaving="back", start=poisson, error=1e-12)
        return day.all_busy[pieces - 1 :: pieces]

    one, two, four = (at_the_times(n) for n in (8, 16, 32))
    one, two = (4 * two - one) / 3, (4 * four - two) / 3
    found = (16 * two - one) / 15
    assert times == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(found, [row["P_delay"] for row in rows.values()], atol=1e-10)


# -- limits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "work", "agents", "patience", "within"),
    [
        (0.05, 200.0, 12, 300.0, 20.0),
        (0.05, 180.0, 10, math.inf, 30.0),
        (0.05, 300.0, 9, 60.0, 20.0),
        (0.3, 100.0, 30, 0.0, 20.0),
        (2.0, 60.0, 115, 400.0, 5.0),
        (0.01, 30.0, 0, 60.0, 20.0),
    ],
)
def test_after_a_long_time_it_is_erlangs(
    rate: float, work: float, agents: int, patience: float, within: float
) -> None:
    settled = 2000 * work if math.isinf(patience) else 30 * max(patience, work)
    edges = [0.0, settled, settled + work]
    day = course(edges, [rate] * 2, [agents] * 2, work, patience, within=within, error=1e-12)
    line = (rate, work, agents)
    levels: tuple[Level, ...] = ("offered", "served", "stayed", "ended")
    for level in levels if agents else levels[:1]:
        expected = erlang.service_level(*line, within, patience, definition=level)
        assert day.service_level(level)[1] == pytest.approx(expected, abs=1e-10)
    assert day.waits[1] == pytest.approx(erlang.waiting(*line, patience), abs=1e-10)
    assert day.all_busy[1] == pytest.approx(erlang.waiting(*line, patience), abs=1e-10)
    assert day.abandonment[1] == pytest.approx(erlang.abandonment(*line, patience), abs=1e-10)
    assert day.occupancy[1] == pytest.approx(erlang.occupancy(*line, patience), abs=1e-10)
    assert day.mean_queue[1] == pytest.approx(erlang.queue_length(*line, patience), abs=1e-8)


def test_who_begins_in_steady_state_stays_in_it() -> None:
    long = course([0.0, 1e5], [0.05], [11], 200.0, 300.0)
    day = course([0.0, 5.0, 60.0], [0.05] * 2, [11] * 2, 200.0, 300.0, within=20.0, start=long.final)
    np.testing.assert_allclose(day.waits, erlang.waiting(0.05, 200.0, 11, 300.0), rtol=1e-9)
    size = min(len(day.final), len(long.final))
    np.testing.assert_allclose(day.final[:size], long.final[:size], atol=1e-12)


def test_an_overloaded_hour_is_a_matrix_exponential() -> None:
    rate, work, patience, agents, most = 0.1, 60.0, 90.0, 3, 90
    n = np.arange(most + 1.0)
    down = np.minimum(n, agents) / work + np.maximum(n - agents, 0) / patience
    generator = np.diag(np.full(most, rate), 1) + np.diag(down[1:], -1)
    generator -= np.diag(generator.sum(axis=1))
    day = course([0.0, 40.0, 300.0], [rate] * 2, [agents] * 2, work, patience)
    expected = expm(300 * generator)[0]
    size = min(most + 1, len(day.final))
    np.testing.assert_allclose(day.final[:size], expected[:size], atol=1e-13)
    assert day.all_busy[0] == pytest.approx(expm(40 * generator)[0, agents:].sum(), abs=1e-12)


# -- what must add up --------------------------------------------------------------------------------

days = st.integers(1, 4).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(5.0, 200.0), min_size=n, max_size=n),
        st.lists(st.floats(0.0, 0.2), min_size=n, max_size=n),
        st.lists(st.integers(0, 6), min_size=n, max_size=n),
    )
)


@settings(max_examples=8, deadline=None)
@given(days, st.sampled_from(LEAVING), st.sampled_from([0.0, 0.3]), st.sampled_from([15.0, 40.0]))
def test_everyone_is_answered_or_leaves(
    day: tuple[list[float], list[float], list[int]], leaving: Leaving, zero: float, patience: float
) -> None:
    """Who leaves is found by following a contact for long, and by what leaves the line; both are the same."""
    lengths, rates, staff = day
    edges = np.concatenate([[0.0], np.cumsum([*lengths, 25 * patience + 4000.0])])
    found = course(
        edges, [*rates, 0.0], [*staff, 2], 50.0, patience, zero=zero, within=25 * patience, leaving=leaving
    )
    assert found.error <= 1e-10
    np.testing.assert_allclose(found.answered + found.left, found.arrivals, atol=1e-9)
    np.testing.assert_allclose(found.lost, found.left, atol=1e-8)
    if leaving != "back":  # who was interrupted may leave
        worked = (found.busy + found.finishing).sum() / 50.0
        assert worked == pytest.approx((found.arrivals - found.lost).sum(), abs=1e-6)
        gone = zero * found.waiting.sum() + found.queue.sum() / patience
        assert found.lost.sum() == pytest.approx(gone, abs=1e-8)
    assert np.all(found.busy <= found.staff + 1e-9)
    assert found.finishing.sum() == pytest.approx(0.0, abs=1e-12) or leaving != "back"
    for part in (found.waiting - found.lost, found.lost, found.queue, found.busy, found.finishing):
        assert np.all(part >= -1e-9)
    whole = found.over([0])
    assert whole.waiting[0] == pytest.approx(found.waiting.sum())
    assert whole.edges.tolist() == [edges[0], edges[-1]]


@settings(max_examples=10, deadline=None)
@given(days, st.sampled_from(LEAVING), st.floats(1.0, 400.0))
def test_what_is_within_the_time_grows_with_it(
    day: tuple[list[float], list[float], list[int]], leaving: Leaving, within: float
) -> None:
    lengths, rates, staff = day
    edges = np.concatenate([[0.0], np.cumsum(lengths)])

    def at(seconds: float) -> Course:
        return course(edges, rates, staff, 50.0, 80.0, within=seconds, leaving=leaving)

    less, more = at(within), at(1.3 * within)
    assert np.all(more.answered >= less.answered - 1e-9)
    assert np.all(more.left >= less.left - 1e-9)
    assert np.all(less.answered + less.left <= less.arrivals + 1e-9)
    np.testing.assert_allclose(at(0.0).answered, less.arrivals - less.waiting, atol=1e-12)


@pytest.mark.parametrize("leaving", LEAVING)
def test_an_interval_cut_in_two_is_the_same(leaving: Leaving) -> None:
    """Also where the cut falls into the time from which a change of staff is near enough to matter."""
    whole = course([0.0, 100.0, 160.0], [0.1, 0.05], [6, 3], 50.0, 80.0, within=30.0, leaving=leaving)
    cut = course(
        [0.0, 20.0, 85.0, 100.0, 110.0, 160.0],
        [0.1] * 3 + [0.05] * 2,
        [6] * 3 + [3] * 2,
        50.0,
        80.0,
        within=30.0,
        leaving=leaving,
    ).over([0, 3])
    for name in ("waiting", "answered", "left", "lost", "queue", "busy", "finishing", "all_busy"):
        np.testing.assert_allclose(
            getattr(cut, name), getattr(whole, name), rtol=1e-9, atol=1e-9, err_msg=name
        )


def test_who_leaves_is_busy_or_not() -> None:
    """Two busy agents for certain, nobody waits, and one of three goes: its contact ends by itself."""
    there = [0.0, 0.0, 1.0]
    found = {
        leaving: course([0.0, 1e-9, 50.0], [0.0] * 2, [3, 1], 50.0, leaving=leaving, start=there)
        for leaving in LEAVING
    }
    gone = 50.0 * -math.expm1(-1.0)  # seconds of work of one contact within its mean
    # both who go are busy with probability 1/3, else one of them is: 4/3 on average
    assert found["named"].finishing.sum() == pytest.approx(4 / 3 * gone, rel=1e-6)
    assert found["named"].busy.sum() == pytest.approx(2 / 3 * gone, rel=1e-6)
    # one more than the staff until one of two has ended
    assert found["anyone"].finishing.sum() == pytest.approx(25 * -math.expm1(-2.0), rel=1e-6)
    assert found["back"].queue.sum() == pytest.approx(50 * -math.expm1(-1.0), rel=1e-6)


def test_who_waits_while_one_of_two_busy_agents_leaves() -> None:
    """It comes at 0, one of two goes at 30 s, and it must be answered within 80 s; work takes 50 s."""
    before, after = -math.expm1(-2 * 30 / 50), 1.0  # the mean work is 50 s, so 50 s are left
    there = [0.0, 0.0, 1.0]
    one_ends, two_end = -math.expm1(-after), 1 - math.exp(-after) * (1 + after)
    expected = {
        "named": one_ends,  # the one who stays
        "back": two_end,  # the one broken off is answered first
        "anyone": (-math.expm1(-after)) ** 2,  # both who are busy
    }
    for leaving in LEAVING:
        day = course(
            [0.0, 1e-7, 30.0, 200.0],
            [1.0, 0.0, 0.0],
            [2, 2, 1],
            50.0,
            within=80.0,
            leaving=leaving,
            start=there,
        )
        share = before + (1 - before) * expected[leaving]
        assert day.service_level()[0] == pytest.approx(share, abs=1e-6), leaving


@pytest.mark.parametrize("leaving", LEAVING)
def test_who_waits_while_two_agents_come(leaving: Leaving) -> None:
    """Behind one in progress and two who wait; at 30 s there are three agents."""
    rows = ([0.0, 1e-7, 30.0, 200.0], [1.0, 0.0, 0.0], [1, 1, 3], 50.0)
    start = [0.0, 0.0, 0.0, 1.0]
    soon, late = (course(*rows, within=t, leaving=leaving, start=start).service_level()[0] for t in (29, 31))
    x = 30 / 50
    two_ended = 1 - math.exp(-x) * (1 + x)  # then it has only one ahead, or none, and is answered at 30 s
    one_ended_first = math.exp(-x) * x  # one in progress, one and itself waiting: both answered
    nobody = math.exp(-x) * -math.expm1(-3 * 1 / 50)  # three in progress, it waits: the first of three to end
    y = 29 / 50
    assert soon == pytest.approx(1 - math.exp(-y) * (1 + y + y**2 / 2), abs=1e-6)
    assert late == pytest.approx(two_ended + one_ended_first + nobody, abs=1e-6)


def test_the_bound_of_the_error_holds() -> None:
    def at(error: float) -> Course:
        return course([0.0, 900.0, 1800.0], [0.3, 0.1], [12, 14], 60.0, within=20.0, error=error)

    rough, fine = at(0.3), at(1e-12)
    assert len(rough.final) < len(fine.final)
    assert 1e-6 < rough.error <= 0.3
    for name in ("waits", "all_busy"):
        off = np.abs(getattr(rough, name) - getattr(fine, name))
        assert np.all(off <= rough.error)
    assert np.all(np.abs(rough.service_level() - fine.service_level()) <= rough.error)


# -- a simulated day ---------------------------------------------------------------------------------


def test_the_simulation_s_agents_leave_by_name() -> None:
    """The 13 hours with shifts: who leaves is named, and no allowance is made, as it is for the records."""
    case, day = cases()["13-hour centre"], thirteen_hours("named")
    level = day.service_level("stayed")
    truths = [
        *(
            Truth(f"in time, hour {k}", float(level[k]), in_hour(k, answered(20, "stayed")), True)
            for k in range(13)
        ),
        *(
            Truth(f"waits and has patience, hour {k}", float(0.9 * day.waits[k]), in_hour(k, waits), True)
            for k in range(13)
        ),
        Truth("abandoned", float(day.over([0]).abandonment[0]), abandoned, True),
    ]
    runner = Runner(replace(case, truths=tuple(truths)), compiled.run)
    runner.play(case.blocks)
    off = [(e.truth.id, e.value, e.truth.exact, e.z) for e in runner.estimates() if not e.holds]
    assert not off, f"more than {MOST_ERRORS} standard errors off: {off}"


# -- what is refused ---------------------------------------------------------------------------------


GOOD: dict[str, Any] = {"edges": [0, 1, 2], "rates": [1, 1], "staff": [1, 2], "work": 1.0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"edges": [0, 1, 1]},
        {"rates": [1, -1]},
        {"rates": [1, math.nan]},
        {"staff": [1]},
        {"staff": [1, 1.5]},
        {"work": 0.0},
        {"patience": -1.0},
        {"within": math.inf},
        {"zero": 1.1},
        {"start": [0.5, 0.4]},
        {"rates": [1e6, 1]},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    course(**GOOD)
    with pytest.raises(InputError):
        course(**{**GOOD, **wrong})
