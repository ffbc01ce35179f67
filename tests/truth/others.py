"""Known cases of their own kind: nobody waits, a random level of the day, chats as slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cssim.queueing import erlang
from cssim.scenario.schema import Forecast
from tests.truth import centres
from tests.truth.compare import Case, Truth
from tests.truth.figures import figures
from tests.truth.floor import HOUR, MINUTE, always, exponential, phone, scenario
from tests.truth.seen import (
    abandoned,
    answered,
    contacts,
    finds,
    mean_time_in_system,
    mean_wait,
    occupancy,
    over,
    waits,
)


def cases() -> list[Case]:
    """All of them."""
    return [
        _petrol_pump(),
        _from_empty(),
        _random_level(),
        *(_slots(route) for route in ("fewest_open", "idle_first")),
        *_shared_attention(),
    ]


def _petrol_pump() -> Case:
    """Two kinds of car at one pump; a car that finds it taken drives on."""
    figure = figures("peer_tests")["PR41"]
    p = figure.params
    shares, drives_on = (p["p_car"], 1 - p["p_car"]), {"mean": "1s", "zero": "100%"}
    queues = {
        kind: phone(p["lam_per_min"] * share / MINUTE, exponential(MINUTE * work), drives_on)
        for kind, share, work in zip(("cars", "motorcycles"), shares, p["mean_service_min"], strict=True)
    }
    return Case(
        "two kinds of car at one pump",
        scenario(49 * HOUR, queues, {"pump": {"serves": list(queues), "chats": 1}}, warm_up=HOUR),
        always(pump=1),
        (Truth("PR41", figure.truth, occupancy(1), share=True),),
        blocks=24,
    )


def _from_empty() -> Case:
    """Eight hours of M/M/14 from an empty line: how many have to wait."""
    figure = figures("output_stats")["ST02"]
    p = figure.params
    calls = phone(p["lam_per_min"] / MINUTE, exponential(MINUTE / p["mu_per_min"]))
    return Case(
        "eight hours from empty, 14 agents",
        scenario(p["T_min"] * MINUTE, {"calls": calls}, {"team": {"serves": ["calls"], "chats": 1}}),
        always(team=p["agents"]),
        (
            Truth("ST02 ratio", figure.value["ratio"], waits, share=True),
            Truth("ST02 E_D", figure.value["E_D"], over(1, waits)),
        ),
        blocks=30,
        parts=1,
    )


def _random_level() -> Case:
    """The 13-hour centre with a gamma factor of mean 1 and cv 5% on the rates of each day."""
    records = figures("multiskill_and_contactcenters")
    (plain,) = (case for case in centres.cases() if case.name == "13-hour centre")
    p = records["SSJ400_0"].params
    expected, within, beyond = sum(p["arrivals_per_hour"]), p["awt_s"], 0.0005  # of named agents
    looks = {
        "SSJ400_0": (over(1, contacts), False, 0.0),
        "SSJ400_1": (over(expected, mean_wait), False, 0.0),
        "SSJ400_2": (over(expected, answered(within, "ended")), True, beyond),
        "SSJ400_3": (over(expected, abandoned), True, beyond),
    }
    return replace(
        plain,
        name="13-hour centre, the day's level random",
        scenario=plain.scenario.model_copy(update={"forecast": Forecast.model_validate({"day_cv": 0.05})}),
        truths=tuple(Truth(name, records[name].truth, *look) for name, look in looks.items()),
        blocks=170,
        parts=0,
    )


def _slots(route: str) -> Case:
    """Chats that hold their place for a time on which nothing else bears: Erlang A of agents x chats servers.

    The buyer thinks for that time, between two replies that take a millionth of a second each (`CH201`).
    """
    hold, patience, agents, chats, rate = 180.0, 120.0, 3, 4, 11 / 180
    queue = phone(
        rate,
        {},
        exponential(patience),
        chat={
            "rounds": {"mean": 2, "dist": "fixed"},
            "reply": {"mean": "0.000001s", "dist": "constant"},
            "think": exponential(hold),
        },
    )
    model = (rate, hold, agents * chats)
    return Case(
        f"chats as slots, {route}",
        scenario(
            420 * hold,
            {"chats": queue},
            {"team": {"serves": ["chats"], "chats": chats, "route": route}},
            warm_up=20 * hold,
        ),
        always(team=agents),
        (
            Truth("CH201 P_wait", float(erlang.waiting(*model, patience)), waits, share=True),
            Truth("CH201 P_abandon", float(erlang.abandonment(*model, patience)), abandoned, share=True),
            Truth("CH201 mean_wait", float(erlang.mean_wait(*model, patience)), mean_wait),
            Truth("CH201 SL", float(erlang.service_level(*model, 20, patience)), answered(20), share=True),
        ),
        blocks=17,
    )


def _shared_attention() -> list[Case]:
    """One agent whose open chats, all waiting for the next of many short replies, share the attention.

    The work of a chat is a geometric number of exponential replies, so exponential, and the agent is never
    idle while a chat is there. However the replies take turns the number there is that of M/M/1, and with
    short replies in turn this is processor sharing (`PR10`, `PR11`; with three chats at most `CH200`).
    """
    found = []
    for name, blocks in (("PR10", 24), ("PR11", 60)):
        figure = figures("peer_tests")[name]
        load = figure.params["lam"] / figure.params["mu"]
        mean = figure.truth * figure.params["mu"] * MINUTE  # the work of a chat takes a minute
        spent = Truth(name, mean, mean_time_in_system)
        case = f"one agent shares {load:g} erlangs among all who are there"
        found.append(_desk(case, load, 1000, [spent], blocks))
    load = 0.6
    there = [Truth(f"CH200 P({n})", (1 - load) * load**n, finds(n), share=True) for n in range(5)]
    found.append(_desk(f"one agent shares {load:g} erlangs among three chats", load, 3, there, blocks=32))
    return found


def _desk(name: str, load: float, chats: int, truths: Sequence[Truth], blocks: int) -> Case:
    rounds = 5
    queue = phone(
        load / MINUTE,
        {},
        chat={"rounds": rounds, "reply": exponential(MINUTE / rounds), "think": "0s"},
    )
    return Case(
        name,
        scenario(
            26 * HOUR,
            {"chats": queue},
            {"team": {"serves": ["chats"], "chats": chats, "order": "oldest"}},
            2 * HOUR,
        ),
        always(team=1),
        tuple(truths),
        blocks=blocks,
    )
