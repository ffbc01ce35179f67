"""Many days: the same numbers wherever they run, and all that a result must be able to say."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from cssim.demand.draw import draw
from cssim.demand.drawn import Drawn, size_of
from cssim.demand.streams import Phase, Streams
from cssim.engine.floor import Duty, agents_of, policy_of
from cssim.engine.reference import run
from cssim.errors import InputError
from cssim.experiment import workers
from cssim.experiment.days import Play, run_days
from cssim.experiment.rosters import roster_of, settled
from cssim.experiment.simulation import decided, looks_at, simulate
from cssim.experiment.workers import workers_for
from cssim.measure.measures import ON, OPEN_CHATS, REPLYING
from cssim.measure.service import Ruler
from cssim.measure.tables import COUNTS
from cssim.scenario.schema import RosterRow, Scenario

GIVEN: dict[str, Any] = {
    "name": "corner shop",
    "horizon": {"from": "2026-11-10 18:00", "to": "2026-11-10 20:00"},
    "queues": {
        "pre_sales": {
            "volume": {"contacts": 40},
            "bot": {"covers": 0.9, "resolves": 0.4, "hands_over_after": "20s"},
            "patience": {"mean": "90s", "lingers": 0.5},
            "sale_value": 38,
            "then": [{"queue": "order_change", "share": 0.2}],
        },
        "order_change": {},
    },
    "groups": {
        "main": {"serves": ["pre_sales", "order_change"], "chats": 3, "no_show": 0.1},
        "temps": {"serves": "pre_sales", "speed": 0.7},
    },
    "shifts": {
        "late": {"start": "18:00", "end": "24:00", "breaks": [{"at": "19:00", "for": "10min"}]},
        "flexible": {
            "start": {"from": "17:00", "to": "19:00", "every": "1h"},
            "length": {"from": "1h", "to": "2h", "every": "1h"},
        },
    },
    "roster": [
        {"group": "main", "date": "11-10", "shift": "late", "count": 2},
        {
            "group": "temps",
            "date": "11-10",
            "shift": "flexible",
            "start": "18:00",
            "end": "19:00",
            "count": 1,
        },
    ],
    "targets": [
        {"measure": "first_reply", "within": "6s", "at_least": 0.2, "each": "hour", "on": 0.5},
        {"measure": "rounds", "within": "3min", "at_least": 0.9},
    ],
}


def shop(**changes: Any) -> Scenario:
    return Scenario.model_validate({**GIVEN, **changes})


def figures(result: Any) -> Any:
    """All of a result but when it was made."""
    found = result.to_dict()
    return {key: value for key, value in found.items() if key not in ("started", "elapsed_s")}


def row(**given: Any) -> RosterRow:
    return RosterRow(**{"group": "main", "date": "11-10", "shift": "late", "count": 1, **given})


# -- rosters ---------------------------------------------------------------------------------------


def test_a_roster_is_numbered_by_group_start_and_end_whatever_the_order_of_its_rows():
    rows = list(shop().roster or ())
    scenario = shop()
    assert roster_of(scenario, rows) == roster_of(scenario, rows[::-1])
    assert [(d.group, d.shift.name, d.count) for d in roster_of(scenario, rows)] == [
        ("main", "late", 2),
        ("temps", "flexible", 1),
    ]


def test_a_shift_written_twice_counts_on():
    (duty,) = roster_of(shop(), [row(count=2), row(count=3), row(count=0)])
    assert duty.count == 5
    assert settled(shop(), [duty, Duty("main", duty.shift, 1)]) == (Duty("main", duty.shift, 6),)


def test_every_fault_of_a_roster_is_told_at_once():
    rows = [
        row(),
        row(group="nobody"),
        row(shift="dawn"),
        row(date="11-12"),
        row(shift="flexible"),
        row(shift="flexible", start="18:00", end="18:30"),
    ]
    with pytest.raises(InputError) as error:
        roster_of(shop(), rows)
    found = [(fault.path, fault.key) for fault in error.value.faults]
    assert found == [
        ("roster[1].group", "roster_row.no_group"),
        ("roster[2]", "roster_row.no_shift"),
        ("roster[3]", "roster_row.no_shift"),
        ("roster[4]", "roster_row.which_shift"),
        ("roster[5]", "roster_row.no_shift"),
    ]
    for lang in ("en", "zh"):
        assert "dawn" in error.value.text(lang)  # type: ignore[arg-type]


def test_a_scenario_without_a_roster_needs_one():
    with pytest.raises(InputError) as error:
        simulate(shop(roster=None), replications=2, workers=1)
    assert [fault.key for fault in error.value.faults] == ["simulate.no_roster"]
    assert (
        simulate(shop(roster=None), roster_of(shop(), [row()]), replications=2, workers=1).replications == 2
    )


# -- the same numbers ------------------------------------------------------------------------------


SCRIPT = """
import json, sys
from cssim import simulate
from cssim.scenario.schema import Scenario
shop = Scenario.model_validate(json.loads(sys.argv[1]))
print(simulate(shop, replications=5, seed=7, workers=2).to_json())
"""


def test_two_workers_give_the_numbers_of_one_and_a_script_needs_no_guard(tmp_path):
    script = tmp_path / "plan.py"
    script.write_text(SCRIPT)
    ran = subprocess.run(
        [sys.executable, str(script), json.dumps(GIVEN)], capture_output=True, text=True, check=True
    )
    there = json.loads(ran.stdout)
    here = json.loads(simulate(shop(), replications=5, seed=7, workers=1).to_json())
    for result in (there, here):
        del result["started"], result["elapsed_s"]
    assert there == here


def processes() -> Executor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


@pytest.mark.parametrize("executor", [lambda: ThreadPoolExecutor(3), processes])
def test_any_executor_will_do_and_is_left_open(executor):
    here = simulate(shop(), replications=6, seed=1, workers=1)
    with executor() as place:
        there = simulate(shop(), replications=6, seed=1, executor=place)
        assert place.submit(int, "3").result() == 3
    assert figures(there) == figures(here)


def test_another_process_gets_the_recipe_and_prepares_it_once():
    play = Play.of(Drawn(shop(), 1, 0, room=10**9), roster_of(shop(), shop().roster or ()))
    play([0])
    one, two = (pickle.loads(pickle.dumps(play)) for _ in range(2))
    assert one is two
    assert one.drawn.contacts(0) is not play.drawn.contacts(0)
    assert pickle.dumps(one([2]).days) == pickle.dumps(play([2]).days)


def test_a_day_is_drawn_once_while_there_is_room():
    one = Drawn(shop(), 1, 0).contacts(0)
    roomy, narrow = Drawn(shop(), 1, 0, room=10**9), Drawn(shop(), 1, 0, room=size_of(one) + 9)
    for drawn, kept in ((roomy, [True, True]), (narrow, [True, False]), (Drawn(shop(), 1, 0), [False] * 2)):
        assert [drawn.contacts(k) is drawn.contacts(k) for k in (0, 1)] == kept


def test_a_replication_is_the_same_whatever_else_is_run():
    scenario = shop()
    roster = roster_of(scenario, scenario.roster or ())
    whole = simulate(scenario, replications=4, seed=3, workers=1).measured
    some = run_days(Drawn(scenario, 3, Phase.SIMULATION), roster, [3, 1])
    for day, same in zip(some, (whole[3], whole[1]), strict=True):
        assert pickle.dumps(day) == pickle.dumps(same)


def test_seed_and_phase_decide():
    base = figures(simulate(shop(), replications=3, seed=0, workers=1))
    assert figures(simulate(shop(), replications=3, seed=0, workers=1)) == base
    assert base["seed"] == 0
    for other in ({"seed": 1}, {"seed": 0, "phase": Phase.JUDGEMENT}):
        assert figures(simulate(shop(), replications=3, workers=1, **other))["queues"] != base["queues"]


def test_a_seed_is_drawn_and_recorded_where_none_is_given():
    first, second = (simulate(shop(), replications=2, workers=1) for _ in range(2))
    assert first.seed != second.seed
    assert figures(simulate(shop(), replications=2, seed=first.seed, workers=1)) == figures(first)


def test_what_is_out_of_range_is_a_fault_of_the_input():
    for given, key in (
        ({"replications": 0}, "simulate.whole"),
        ({"replications": 2.5}, "simulate.whole"),
        ({"seed": -1}, "simulate.whole"),
        ({"seed": 1.5}, "simulate.whole"),
        ({"judgements": 0}, "simulate.whole"),
        ({"precision": "1%"}, "simulate.precision"),
        ({"precision": 0.0}, "simulate.precision"),
        ({"precision": 1.5}, "simulate.precision"),
        ({"workers": 0}, "simulate.workers"),
        ({"engine": "abacus"}, "simulate.engine"),
    ):
        with pytest.raises(InputError) as error:
            simulate(shop(), **{"workers": 1, **given})  # type: ignore[arg-type]
        assert [fault.key for fault in error.value.faults] == [key]


# -- progress and interruption ---------------------------------------------------------------------


def test_progress_counts_up_to_the_whole():
    told: list[tuple[int, int]] = []
    simulate(
        shop(),
        replications=4,
        seed=1,
        engine="reference",
        workers=1,
        progress=lambda *p: told.append(p),
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_seed_may_be_any_whole_number_type():
    given = simulate(shop(), replications=2, seed=np.int64(5), workers=1)  # type: ignore[arg-type]
    assert figures(given) == figures(simulate(shop(), replications=2, seed=5, workers=1))


def test_a_replication_before_the_first_is_refused():
    with pytest.raises(ValueError, match="-1"):
        run_days(Drawn(shop(), 1, 0), (), [-1])


class Cancelling(Executor):
    """Takes tasks and drops them."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.cancel()
        return future


def test_an_executor_that_drops_what_it_took_ends_the_run():
    with pytest.raises(CancelledError):
        simulate(shop(), replications=5, seed=1, executor=Cancelling())


class Slow(Executor):
    """Never runs anything but the first task."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if not self.futures:
            future.set_result(fn(*args, **kwargs))
        self.futures.append(future)
        return future


def interrupt(done: int, total: int, /) -> None:
    raise KeyboardInterrupt


def test_an_interruption_cancels_what_has_not_begun():
    executor = Slow()
    with pytest.raises(KeyboardInterrupt):
        simulate(shop(), replications=5, seed=1, engine="reference", executor=executor, progress=interrupt)
    assert [future.cancelled() for future in executor.futures] == [False, True, True, True, True]


def test_an_interruption_ends_the_workers():
    with pytest.raises(KeyboardInterrupt):
        simulate(shop(), replications=40, seed=1, workers=2, progress=interrupt)
    patience = time.monotonic() + 20
    while any(t.name.startswith("cssim") for t in threading.enumerate()) and time.monotonic() < patience:
        time.sleep(0.02)
    assert not any(t.name.startswith("cssim") for t in threading.enumerate())


class Recording:
    """Threads that only note how they are closed."""

    closed: ClassVar[list[dict[str, bool]]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def shutdown(self, **how: bool) -> None:
        self.closed.append(how)


def test_a_pool_waits_for_its_workers_only_where_all_went_well(monkeypatch):
    monkeypatch.setattr(workers, "ThreadPoolExecutor", Recording)
    with workers_for(workers=2):
        pass
    with pytest.raises(KeyboardInterrupt), workers_for(workers=2):
        raise KeyboardInterrupt
    assert [how["wait"] for how in Recording.closed] == [True, False]
    assert all(how["cancel_futures"] for how in Recording.closed)
    with workers_for(workers=1) as here:
        assert here is None
    with workers_for(workers=2, engine="reference") as here:
        assert here is None


# -- precision -------------------------------------------------------------------------------------


def test_looks_double_and_end_at_the_most():
    assert looks_at(None, None) == (30,)
    assert looks_at(7, None) == (7,)
    assert looks_at(100, 0.1) == (20, 40, 80, 100)
    assert looks_at(80, 0.1) == (20, 40, 80)
    assert looks_at(5, 0.1) == (5,)
    assert looks_at(None, 0.1)[-1] == 2560


def test_a_precision_stops_when_every_verdict_is_clear_or_every_half_width_small():
    clear = {"measure": "rounds", "within": "1h", "at_least": 0.01}
    edge = {"measure": "mean_reply", "at_most": "13s"}
    found = simulate(shop(targets=[clear]), precision=1e-6, replications=80, seed=1, workers=1)
    assert (found.replications, found.looks, found.targets[0].verdict) == (20, 3, "met")
    assert found.precise is True
    level = simulate(shop(targets=[edge]), replications=40, seed=1, workers=1).targets[0].estimate
    edge = {"measure": "mean_reply", "at_most": f"{level:.6f}s"}  # no number of days will decide this
    found = simulate(shop(targets=[edge]), precision=0.3, replications=80, seed=1, workers=1)
    assert found.targets[0].verdict == "undecided"
    assert 20 <= found.replications < 80
    assert found.targets[0].worst.half_width <= 0.3 * found.targets[0].estimate
    found = simulate(shop(targets=[edge]), precision=1e-6, replications=40, seed=1, workers=1)
    assert (found.replications, found.targets[0].verdict) == (40, "undecided")
    assert found.precise is False


def test_the_errors_of_verdicts_are_shared_by_the_looks():
    target = {"measure": "rounds", "within": "3min", "at_least": 0.5, "on": 0.5}
    plain = simulate(shop(targets=[target]), replications=20, seed=1, workers=1)
    looked = simulate(shop(targets=[target]), precision=0.5, replications=40, seed=1, workers=1)
    assert looked.replications == 20
    assert looked.targets[0].estimate == plain.targets[0].estimate == 1.0
    assert plain.targets[0].low == pytest.approx(0.05 ** (1 / 20))
    assert looked.targets[0].low == pytest.approx(0.025 ** (1 / 20))


# -- results ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result():
    return simulate(shop(), replications=6, seed=2, workers=1)


def test_json_has_the_contracts_fields(result):
    found = json.loads(result.to_json(), parse_constant=pytest.fail)
    assert {
        "schema",
        "version",
        "seed",
        "scenario",
        "scenario_digest",
        "currency",
        "started",
        "elapsed_s",
        "replications",
        "queues",
        "groups",
        "cost",
        "lost_sales",
        "cost_per_contact",
        "people_needed",
        "targets",
        "intervals",
    } <= set(found)
    queue = found["queues"]["pre_sales"]
    assert set(COUNTS) <= set(queue)
    assert set(queue["first_reply"]) == set(queue["wait"]) == {"mean_s", "p50_s", "p90_s", "p99_s"}
    assert set(queue["offered"]) == set(queue["mean_reply_s"]) == {"value", "half_width"}
    group = {"agents", "paid_hours", "occupancy", "open_chats", "overtime_hours", "cost"}
    assert set(found["groups"]["main"]) == group
    assert set(found["cost"]) == {"value", "half_width", "base", "night", "overtime", "fixed"}
    assert found["people_needed"] == {"in_all": 3, "groups": {"main": 2, "temps": 1}}
    assert found["replications"] == 6
    assert len(found["targets"][0]["days"]) == 6
    assert [p["period"] for p in found["targets"][0]["by_period"]] == ["2026-11-10 18:00", "2026-11-10 19:00"]


def test_what_it_ran_on_can_be_run_again_from_its_json(result):
    found = json.loads(result.to_json())
    scenario = Scenario.model_validate(found["scenario"])
    keys = ("group", "date", "shift", "start", "end", "count")
    roster = roster_of(scenario, [RosterRow(**{key: r[key] for key in keys}) for r in found["roster"]])
    again = simulate(scenario, roster, replications=found["replications"], seed=found["seed"], workers=1)
    assert again.roster == result.roster
    assert figures(again)["targets"] == figures(result)["targets"]


def test_counts_add_up(result):
    for queue in result.queues.values():
        value = {name: estimate.value for name, estimate in queue.counts.items()}
        assert value["contacts"] == pytest.approx(value["offered"] + value["deflected"])
        ends = ("served", "abandoned", "lingered", "broken_off", "unfinished")
        assert value["offered"] == pytest.approx(sum(value[name] for name in ends))
    assert result.queues["order_change"].counts["contacts"].value > 0


def test_costs_add_up(result):
    cost = result.cost
    assert cost.total.value == pytest.approx(cost.base + cost.night + cost.overtime + cost.fixed)
    assert cost.total.value == pytest.approx(sum(group.cost.value for group in result.groups.values()))


def test_the_contacts_of_a_replication_are_those_that_were_measured(result):
    contacts = result.contacts(3)
    assert len({len(column) for column in contacts.values()}) == 1
    mine = contacts["queue"] == "pre_sales"
    counts = dict(zip(COUNTS, result.measured[3].counts[0].tolist(), strict=True))
    assert np.count_nonzero(mine) == counts["contacts"]
    for outcome in ("served", "deflected", "abandoned", "lingered"):
        assert np.count_nonzero(contacts["outcome"][mine] == outcome) == counts[outcome]
    assert np.nansum((contacts["first_reply"] - contacts["offered"])[mine]) == pytest.approx(
        result.measured[3].first_reply[0, 0]
    )
    assert set(contacts["group"]) <= {"main", "temps", ""}
    assert contacts["moment"][0] >= np.datetime64("2026-11-10T18:00")
    assert np.all(contacts["replies"] <= contacts["rounds"])
    with pytest.raises(InputError):
        result.contacts(6)


def test_days_are_columns_with_one_row_a_replication(result):
    days = result.days()
    hour = "first_reply 2026-11-10 18:00"
    assert list(days) == ["replication", "cost", "lost_sales", hour, "first_reply 2026-11-10 19:00", "rounds"]
    assert {len(column) for column in days.values()} == {6}
    assert np.mean(days["cost"]) == pytest.approx(result.cost.total.value)
    kept = np.mean([share >= 0.2 for share in days[hour]])
    assert kept == result.targets[0].by_period[0].estimate


def test_intervals_show_who_was_there(result):
    present = result.intervals()["groups"]["temps"]["present"]
    assert present[:2] == [1, 1]
    assert present[3] == 0


def test_a_frame_has_a_row_an_interval(result, monkeypatch):
    made: dict[str, Any] = {}
    pandas = SimpleNamespace(
        DatetimeIndex=lambda values, name: (values, name),
        to_datetime=list,
        DataFrame=lambda data, index, dtype: made.update(data=data, index=index),
    )
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    result.to_frame()
    assert made["index"] == (result.intervals()["start"], "start")
    assert made["data"]["main", "present"] == result.intervals()["groups"]["main"]["present"]


def test_a_notebook_shows_the_verdicts_and_escapes_names():
    scenario = shop(name="<b>shop</b>")
    html = simulate(scenario, replications=2, seed=1, workers=1)._repr_html_()
    assert "&lt;b&gt;shop" in html
    assert html.count("<tr>") == 1 + len(scenario.targets)


def test_time_measured_from_rounds_and_chats_is_the_time_that_the_engine_counted():
    scenario, longer = shop(), shop(horizon={"from": "2026-11-10 18:00", "to": "2026-11-11 18:00"})
    roster = roster_of(scenario, scenario.roster or ())
    for replication in range(3):
        streams = Streams(5, Phase.SIMULATION, replication)
        agents = agents_of(scenario, roster, streams)
        log = run(draw(scenario, streams), agents, policy_of(scenario))
        _, presence = Ruler.of(longer, roster).tables.count(log)
        always = np.array([0.0]), np.array([longer.horizon.seconds])
        for g in range(2):
            theirs = agents.group == g
            assert presence.seconds(REPLYING, *always, [g]) == log.replying[theirs].sum()
            assert presence.seconds(OPEN_CHATS, *always, [g]) == log.open_seconds[theirs].sum()
        breaks = np.nansum(log.break_ended - log.break_begun)
        assert presence.seconds(ON, *always, [0, 1]) == np.nansum(log.off - log.on) - breaks


def a_target(verdict: str, margin: float) -> Any:
    """What `decided` reads of a target."""
    return SimpleNamespace(verdict=verdict, worst=SimpleNamespace(margin=margin))


@pytest.mark.parametrize(
    ("targets", "is_decided"),
    [
        ([("met", 0.03)], True),
        ([("met", 0.03), ("missed", -0.03)], True),
        ([("met", 0.03), ("undecided", 0.001)], False),
        ([("met", 0.03), ("undecided", -0.001)], True),
        ([("undecided", 0.01), ("missed", -0.03)], True),
    ],
)
def test_a_judgement_gives_up_what_is_on_the_wrong_side(
    targets: list[tuple[str, float]], is_decided: bool
) -> None:
    assert decided([a_target(*one) for one in targets]) is is_decided
