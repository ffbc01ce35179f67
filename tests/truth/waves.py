"""Known centres whose rates move along a sine: no waiting at all, patience equal to work, and rising staff.

Time is in units of the mean work (the first two kinds, an hour here), from an origin at which the sine
begins to rise; the records say what is there at given times. Arrivals are given by the minute or two, each
with the exact integral of the sine, which leaves less than 0.003 contacts between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from cssim.engine.floor import Duty, Roster
from cssim.scenario.shifts import Shift
from tests.truth.compare import Case, Truth
from tests.truth.figures import figures
from tests.truth.floor import HOUR, START, always, exponential, phone, scenario
from tests.truth.seen import all_busy, between, there, waits

RECORDS = figures("time_varying")

UNIT = HOUR
"""Mean work."""


def cases() -> list[Case]:
    """All of them."""
    endless = [name for name, record in RECORDS.items() if "service" in record.params]
    rising = [name for name, record in RECORDS.items() if "rule" in record.params]
    return [
        *(_endless(name) for name in endless),
        _endless_from_empty("TV020"),
        *_patience_is_work("TV030", "TV031"),
        *(_rising_staff(name) for name in rising),
    ]


def sine(mean: float, amplitude: float, speed: float, begin: float, end: float, step: float) -> list[Any]:
    """Rows of counts of the rate mean + amplitude sin(speed t), from `begin` to `end`, beginning at START."""
    edges = np.append(np.arange(begin, end - step / 2, step), end)
    whole = mean * edges - amplitude / speed * np.cos(speed * edges)
    times = [START + timedelta(seconds=round(s)) for s in (edges - begin) * UNIT]
    return [
        {"from": a, "to": b, "contacts": float(n)}
        for (a, b), n in zip(pairwise(times), np.diff(whole), strict=True)
    ]


# -- more agents than anyone needs -----------------------------------------------------------------------


def _endless(name: str) -> Case:
    """Mt/G with an agent for everyone: the number there is Poisson with a mean that is known.

    Balanced hyperexponential work, which no duration of a scenario has, is two queues: a random part of a
    Poisson process is one too.
    """
    p = RECORDS[name].params
    parts = WORK[p["service"]]
    before = 40.0 if len(parts) > 1 else 14.0
    truths = [
        Truth(f"{name} m({t})", m, there((before + float(t)) * UNIT))
        for t, m in RECORDS[name].value["m"].items()
    ]
    return _many(
        f"moving rate, {p['lam_bar']:g} erlangs, speed {p['gamma']:g}, {p['service']}",
        sine(p["lam_bar"], p["amplitude"], p["gamma"], -before, 11.0, 1 / 60),
        parts,
        int(2 * p["lam_bar"] + 20),
        truths,
        before + 11,
    )


def _endless_from_empty(name: str) -> Case:
    """The same, beginning with an empty floor."""
    p = RECORDS[name].params
    rows = sine(p["lam_bar"], p["amplitude"], p["gamma"], 0.0, 9.0, 1 / 60)
    truths = [Truth(f"{name} m({t})", m, there(float(t) * UNIT)) for t, m in RECORDS[name].value.items()]
    return _many(f"{name}: moving rate from empty", rows, WORK["exp(mean 1)"], 220, truths, 9.0)


def _many(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    parts: Mapping[float, Mapping[str, Any]],
    agents: int,
    truths: Sequence[Truth],
    units: float,
) -> Case:
    queues = {
        f"part{k}": phone(
            1.0, work, volume={"counts": [{**row, "contacts": share * row["contacts"]} for row in rows]}
        )
        for k, (share, work) in enumerate(parts.items())
    }
    return Case(
        name,
        scenario(units * UNIT, queues, {"team": {"serves": list(queues), "chats": 1}}),
        always(team=agents),
        tuple(truths),
        blocks=60,
    )


def _balanced(scv: float) -> dict[float, dict[str, Any]]:
    """Shares and exponential work of the two phases of a hyperexponential with balanced means."""
    often = (1 + math.sqrt((scv - 1) / (scv + 1))) / 2
    return {share: exponential(UNIT / (2 * share)) for share in (often, 1 - often)}


def _spread(dist: str, cv: float) -> dict[float, dict[str, Any]]:
    return {1.0: {"mean": f"{UNIT!r}s", "dist": dist, "cv": cv}}


WORK: dict[str, dict[float, dict[str, Any]]] = {
    "exp(mean 1)": {1.0: exponential(UNIT)},
    "deterministic 1": {1.0: {"mean": f"{UNIT!r}s", "dist": "constant"}},
    "uniform(0,2)": _spread("uniform", 3**-0.5),
    "Erlang-2 mean 1": _spread("gamma", 2**-0.5),
    "H2 mean 1 scv 4 balanced means": _balanced(4.0),
}
"""Of each name in the records: shares of the contacts, and their work."""


# -- patience equal to work ------------------------------------------------------------------------------


def _patience_is_work(*names: str) -> list[Case]:
    """Who waits leaves as fast as who is served, so the number there is Poisson *whatever* the staff.

    So the staff of each time in the records may be there all the time; a case for each number of agents.
    """
    looks: dict[int, list[tuple[str, str, float]]] = {}
    for name in names:
        for t, row in RECORDS[name].value.items():
            looks.setdefault(row["s"], []).append((name, t, row["P_delay"]))
    return [_in_turn(agents, rows) for agents, rows in sorted(looks.items())]


def _in_turn(agents: int, rows: Sequence[tuple[str, str, float]]) -> Case:
    """So many agents, looked at in twelve periods of the sine one after the other."""
    before, periods, turn = 14.0, 12, 2 * math.pi
    units = math.ceil(before + 7 + turn * periods)
    moments = {t: [(before + float(t) + turn * k) * UNIT for k in range(periods)] for _, t, _ in rows}
    volume = {"counts": sine(100.0, 20.0, 1.0, -before, units - before, 1 / 30)}
    calls = phone(1.0, exponential(UNIT), exponential(UNIT), volume=volume)
    return Case(
        f"moving rate, patience as long as work, {agents} agents",
        scenario(units * UNIT, {"calls": calls}, {"team": {"serves": ["calls"], "chats": 1}}),
        always(team=agents),
        tuple(
            Truth(f"{name} P_delay({t})", share, all_busy(agents, moments[t]), share=True)
            for name, t, share in rows
        ),
        blocks=25,
    )


# -- rising staff ----------------------------------------------------------------------------------------


def _rising_staff(name: str) -> Case:
    """A day of Mt/M/s(t) from the trough of the rate to the first fall of staff; share that waits, by period.

    In the records a call in progress goes back into the line when staff falls, which no agent here does; so
    the run begins with an empty floor in the trough, where next to nobody calls, and ends before the first
    fall. Two hours after the trough the records' periodic day and this one differ by less than 0.00001;
    looked at are the periods from five hours after it, in which there are calls enough.
    """
    record = RECORDS[name]
    p, staff, waiting = record.params, record.value["s"], record.value["P_delay"]
    period, trough = p["planning_period_h"], 18.0
    number = len(staff)
    k = first = int(trough / period)
    while staff[(k + 1) % number] >= staff[k % number]:
        k += 1
    rows = sine(
        p["lam_bar_per_h"],
        p["lam_bar_per_h"] * p["rel_amplitude"],
        math.pi / 12,
        trough,
        (k + 1) * period,
        1 / 60,
    )
    calls = phone(1.0, exponential(HOUR / p["mu_per_h"]), volume={"counts": rows})
    looked_at = range(first + int(5 / period), k + 1)
    begins = [(j - first) * period * HOUR for j in range(first, k + 2)]
    return Case(
        f"rising staff, {name}",
        scenario(
            (k + 1 - first) * period * HOUR,
            {"calls": calls},
            {"team": {"serves": ["calls"], "chats": 1}},
        ),
        _rising([staff[j % number] for j in range(first, k + 1)], period * HOUR),
        tuple(
            Truth(
                f"{name} period {j % number}",
                waiting[j % number],
                between(begins[j - first], begins[j - first + 1], waits),
                share=True,
            )
            for j in looked_at
        ),
        blocks=200,
    )


def _rising(staff: Sequence[int], period: float) -> Roster:
    """Staff that only rises: whoever has come stays until the last contact has been answered."""
    more = np.diff(staff, prepend=0)
    return tuple(
        Duty("team", Shift(k * period, 1e9, f"from_{k}", date(2026, 1, 5)), int(n))
        for k, n in enumerate(more)
        if n > 0
    )
