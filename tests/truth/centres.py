"""Known centres beyond one queue in steady state: days with hourly staffing, priorities, two skills, M/G/1.

Figures come from the records beside this file. Replications begin with an empty floor; where the truth is of
the steady state, the scenario's warm-up comes first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from cssim.engine.floor import Duty
from cssim.scenario.shifts import Shift, shifts_of
from tests.truth.compare import Case, Truth
from tests.truth.figures import Figure, figures
from tests.truth.floor import FOR_EVER, HOUR, MINUTE, START, always, exponential, phone, scenario
from tests.truth.seen import (
    Ratio,
    Seen,
    abandoned,
    answered,
    finds,
    in_hour,
    mean_time_in_system,
    mean_wait,
    occupancy,
    of_queue,
    over,
    waits,
    working,
)

RECORDS: dict[str, Figure] = {**figures("multiskill_and_contactcenters"), **figures("peer_tests")}

Look = Callable[[Seen], Ratio]

NORMAL_95 = 1.96
"""Half of a 95% confidence interval in standard errors."""

DEDICATED_FIRST = "0.000001s"
"""A flexible group may be asked a millionth of a second later than a dedicated one (one step of the grid of
time): of two free agents the dedicated one is asked first, and nobody waits that could be told. With no such
wait the groups would be one pool, in which the route chooses."""


# -- what is seen --------------------------------------------------------------------------------------


def in_unit(unit: float, what: Look) -> Look:
    """Seconds in another unit of time."""

    def seen(s: Seen) -> Ratio:
        top, bottom = what(s)
        return top, unit * bottom

    return seen


def waiting(queue: int) -> Look:
    """Mean number in the line of one queue."""

    def seen(s: Seen) -> Ratio:
        log, first = s.log, s.log.contacts.first[:-1]
        left = log.offered + log.contacts.patience[first]
        until = np.where(np.isfinite(log.begun[first]), log.begun[first], left)
        mine = log.contacts.queue == queue
        return s.clipped(log.offered[mine], until[mine]), s.seconds

    return seen


def served(s: Seen) -> Ratio:
    """Contacts that are answered."""
    return float((~s.left).sum()), len(s.left)


def of_both(record: str, seen: Look, share: bool = False, allowance: float = 0.0) -> list[Truth]:
    """A record as it was published, with its own standard error, and what the true value is."""
    figure = RECORDS[record]
    assert isinstance(figure.tolerance, float)
    error = figure.tolerance / NORMAL_95
    return [
        Truth(record, figure.value, seen, share, allowance, error),
        Truth(f"{record} exact", figure.truth, seen, share, allowance),
    ]


# -- days ----------------------------------------------------------------------------------------------


def _thirteen_hours() -> Case:
    """L'Ecuyer's centre of 13 hours: rates and staffing by the hour, a tenth balks, the rest is patient."""
    p = RECORDS["SQ20_00"].params
    opens = START + timedelta(hours=8)
    hours = [opens + timedelta(hours=k) for k in range(len(p["staffing"]) + 1)]
    counts = [
        {"from": a, "to": b, "contacts": n}
        for (a, b), n in zip(pairwise(hours), p["arrivals_per_hour"], strict=True)
    ]
    # nested shifts that add up to the staffing; the last four stay until all are served
    people = {"08-24": 4, "09-18": 2, "10-16": 1, "10-13": 1, "14-16": 1}
    shifts = {name: {"start": f"{name[:2]}:00", "end": f"{name[3:]}:00"} for name in people}
    patience = {**exponential(p["mean_patience_s"]), "zero": p["p_balk_if_must_wait"]}
    calls = phone(1.0, exponential(p["mean_service_s"]), patience, volume={"counts": counts})
    day = scenario(
        1.0,
        {"calls": calls},
        {"team": {"serves": ["calls"], "chats": 1}},
        horizon={"from": hours[0], "to": hours[-1]},
        shifts=shifts,
    )
    roster = tuple(Duty("team", s, people[s.name]) for s in shifts_of(day, "team"))
    level = answered(p["awt_s"], "stayed")
    truths: list[Truth] = []
    for k in range(len(p["staffing"])):
        truths += of_both(f"SQ20_{k:02}", in_hour(k, level), True, FALLS.get(k, 0.0))
    truths += of_both("SQ20_all", level, True, ALL_DAY)
    truths += of_both("SQocc", over(HOUR * sum(p["staffing"]), occupancy(1)), True)
    return Case("13-hour centre", day, roster, tuple(truths), blocks=145, parts=13)


FALLS, ALL_DAY = {5: 0.004, 8: 0.004, 10: 0.004}, 0.0005
"""What the model page allows in the hours from 13, 16 and 18 o'clock, and over the day."""


def _eight_hours(name: str, looks: Mapping[str, tuple[Look, bool]], blocks: int) -> Case:
    """A day of M/M/12, with or without patience, that begins empty; all who come are served."""
    p = RECORDS[next(iter(looks))].params
    patience = exponential(MINUTE * p["patience_min"]) if "patience_min" in p else FOR_EVER
    calls = phone(p["arrivals_per_min"] / MINUTE, exponential(MINUTE / p["mu_per_min"]), patience)
    return Case(
        name,
        scenario(MINUTE * p["day_min"], {"calls": calls}, {"team": {"serves": ["calls"], "chats": 1}}),
        always(team=p["agents"]),
        tuple(truth for record, (seen, share) in looks.items() for truth in of_both(record, seen, share)),
        blocks,
        parts=8,
    )


def _days() -> list[Case]:
    within, agents = RECORDS["CC01"].params["awt_s"], RECORDS["CC01"].params["agents"]
    return [
        _thirteen_hours(),
        _eight_hours(
            "8-hour centre without patience",
            {
                "CC01": (over(1, answered(within)), False),
                "CC02": (answered(within, "served"), True),
                "CC03": (in_unit(MINUTE, mean_wait), False),
                "CC04": (occupancy(agents), True),
            },
            blocks=150,
        ),
        _eight_hours(
            "8-hour centre with patience",
            {
                "CC05": (over(1, abandoned), False),
                "CC06": (over(1, answered(within)), False),
                "CC07": (answered(within, "served"), True),
                "CC08": (answered(within, "stayed"), True),
                "CC09": (occupancy(agents), True),
            },
            blocks=48,
        ),
    ]


def _random_level() -> Case:
    """Three types, two groups and three periods, with a gamma level of the day; published values only.

    Work and patience are those of the period in which a call comes, which takes a queue for each type and
    period. A group has one line: equal priorities. Who may ask both groups asks the first one first.

    In the last period half of the staff leaves, all of them busy. The records' agents are nobody in
    particular, so nothing is answered until half of the calls have ended; here those who stay go on, and 20
    to 30% more is answered in time. Those records (CM1x2) are left out.
    """
    p = RECORDS["CM00"].params
    period = MINUTE * p["period_min"]
    opens = START + timedelta(hours=8)
    ends = [opens + timedelta(seconds=k * period) for k in range(p["periods"] + 1)]
    queues, served_by = {}, [list[dict[str, Any]]() for _ in p["staff"]]
    for kind, rates in enumerate(p["lam_per_min_by_type"]):
        for k, rate in enumerate(rates):
            name = f"type{kind}_{k}"
            rows = [{"from": ends[k], "to": ends[k + 1], "contacts": rate * p["period_min"]}]
            queues[name] = phone(
                1.0,
                exponential(MINUTE / p["mu"][k]),
                exponential(MINUTE / p["nu"][k]),
                volume={"counts": rows},
            )
            for rank, group in enumerate(p["type_to_group"][kind]):
                later = {"after": DEDICATED_FIRST} if rank else {}
                served_by[group].append({"queue": name, "priority": 0, **later})
    number = {name: q for q, name in enumerate(queues)}
    day = scenario(
        1.0,
        queues,
        {f"group{g}": {"serves": serves, "chats": 1} for g, serves in enumerate(served_by)},
        horizon={"from": opens, "to": ends[-1]},
        forecast={"day_cv": BUSYNESS**-0.5},
    )
    within = p["awt_s"]
    looks: dict[str, tuple[Look, bool]] = {
        "CM00": (over(1, served), False),
        "CM01": (over(1, abandoned), False),
        "CM02": (answered(within, "stayed"), True),
    }
    for kind in range(len(p["lam_per_min_by_type"])):
        for k in range(p["periods"] - 1):
            mine = number[f"type{kind}_{k}"]
            looks[f"CM1{kind}{k}"] = (of_queue(mine, over(1, answered(within))), False)
    truths = [
        Truth(name, RECORDS[name].value, seen, share, published=RECORDS[name].tolerance / NORMAL_95)
        for name, (seen, share) in looks.items()
    ]
    roster = tuple(
        Duty(f"group{g}", Shift(start * period, until, f"{start}", START.date()), count)
        for g, staff in enumerate(p["staff"])
        for start, until, count in _nested(staff, period)
    )
    return Case("three types, two groups, the day's level random", day, roster, tuple(truths), blocks=60)


BUSYNESS = 28.7
"""Shape of the gamma level."""


def _nested(staff: Sequence[int], period: float) -> list[tuple[int, float, int]]:
    """Three periods' staff that rises, then falls, as (first period, end, agents)."""
    before, most, after = staff
    assert before <= most
    assert after <= before
    return [(0, 1e9, after), (0, 2 * period, before - after), (1, 2 * period, most - before)]


# -- steady state: M/G/1, priorities ---------------------------------------------------------------------


def _steady(
    name: str,
    rates: Sequence[float],
    work: Mapping[str, Any],
    agents: int,
    truths: Sequence[Truth],
    lasting: float,
    warm_up: float,
    blocks: int,
) -> Case:
    """Queues in order of priority before one group, for ever patient; the unit of time is a second."""
    queues = {f"class{k}": phone(rate, work) for k, rate in enumerate(rates)}
    groups = {"team": {"serves": list(queues), "chats": 1}}
    return Case(
        name,
        scenario(warm_up + lasting, queues, groups, warm_up),
        always(team=agents),
        tuple(truths),
        blocks,
        parts=1,
    )


def _of_scv(mean: float, scv: float) -> dict[str, Any]:
    """Work of that squared coefficient of variation: gamma, or constant."""
    if scv == 0:
        return {"mean": f"{mean!r}s", "dist": "constant"}
    return {"mean": f"{mean!r}s", "dist": "gamma", "cv": math.sqrt(scv)}


def _one_server() -> list[Case]:
    cases = []
    for record, (lasting, warm_up, blocks) in MG1.items():
        figure = RECORDS[record]
        p = figure.params
        truth = Truth(record, figure.truth, mean_wait)
        work = _of_scv(p["mean_service"], p["scv"])
        name = f"M/G/1, rho {p['rho']}, scv {p['scv']}"
        cases.append(_steady(name, [p["rho"]], work, 1, [truth], lasting, warm_up, blocks))
    for record in ("PR20", "PR21", "PR22", "PR70"):
        figure = RECORDS[record]
        p, value = figure.params, figure.truth
        truth = Truth(record, value, mean_wait) if record == "PR70" else Truth(record, value, finds(0), True)
        name = f"M/M/1, {p['lam']} per s, mu {p['mu']}"
        work = exponential(1 / p["mu"])
        cases.append(_steady(name, [float(p["lam"])], work, 1, [truth], 2000.0, 100.0, 24))
    return cases


MG1: dict[str, tuple[float, float, int]] = {
    "PR60": (1000.0, 100.0, 24),
    "PR61": (3000.0, 500.0, 24),
    "PR62": (10_000.0, 1500.0, 16),
    "PR63": (10_000.0, 1500.0, 16),
    "PR64": (4000.0, 700.0, 20),
}
"""Of each record: seconds measured, warm-up, blocks."""


def _priorities() -> list[Case]:
    two, three = RECORDS["PR01"], RECORDS["PR50"]
    return [
        _steady(
            "M/M/1 with two priorities",
            two.params["lam"],
            exponential(1 / two.params["mu"]),
            two.params["servers"],
            [Truth("PR01", two.truth, of_queue(0, mean_time_in_system))],
            lasting=2000.0,
            warm_up=500.0,
            blocks=24,
        ),
        _steady(
            "M/M/10 with three priorities",
            [float(rate) for rate in three.params["lam"]],
            exponential(1 / three.params["mu"]),
            three.params["servers"],
            [Truth(f"PR50 class {k}", w, of_queue(k, mean_wait)) for k, w in enumerate(three.value)],
            lasting=1000.0,
            warm_up=100.0,
            blocks=34,
        ),
    ]


# -- two skills ------------------------------------------------------------------------------------------


def _two_skills(record: str, lasting: float, warm_up: float, blocks: int) -> Case:
    """Two kinds of calls, a dedicated group for each and a flexible one; minutes.

    Who arrives asks the dedicated group first; who waits is taken by whoever gets free, at the flexible group
    kind 0 before kind 1. A group without people is left out.
    """
    figure = RECORDS[record]
    p, value = figure.params, figure.value
    kinds = ("kind0", "kind1")
    work = [MINUTE / own for own, _ in p["mu_ded_flex_per_min"]]
    queues = {
        kind: phone(rate / MINUTE, exponential(work[k]), exponential(MINUTE / theta))
        for k, (kind, rate, theta) in enumerate(
            zip(kinds, p["arrivals_per_min"], p["theta_per_min"], strict=True)
        )
    }
    flexible = [
        {"queue": kind, "speed": both / own, "priority": k, "after": DEDICATED_FIRST}
        for k, (kind, (own, both)) in enumerate(zip(kinds, p["mu_ded_flex_per_min"], strict=True))
    ]
    people = dict(zip((*kinds, "flexible"), p["agents_ded0_ded1_flex"], strict=True))
    people = {name: count for name, count in people.items() if count}
    groups = {
        name: {"serves": flexible if name == "flexible" else [name], "chats": 1, "people": count}
        for name, count in people.items()
    }
    number = {name: g for g, name in enumerate(groups)}
    truths: list[Truth] = []
    for k, kind in enumerate(kinds):
        truths += [
            Truth(f"{record} P_wait {kind}", value["P_wait"][k], of_queue(k, waits), True),
            Truth(f"{record} Lq {kind}", value["Lq"][k], waiting(k)),
            Truth(
                f"{record} mean_wait {kind}", value["mean_wait"][k], of_queue(k, in_unit(MINUTE, mean_wait))
            ),
            Truth(f"{record} P_abandon {kind}", value["P_abandon"][k], of_queue(k, abandoned), True),
            Truth(
                f"{record} flexible with {kind}",
                value["flex_busy_by_type"][k],
                working(number["flexible"], k),
            ),
        ]
    truths += [
        Truth(f"{record} busy {name}", value["busy"][(*kinds, "flexible").index(name)], working(g))
        for name, g in number.items()
    ]
    return Case(
        f"two skills, {record}",
        scenario(MINUTE * (warm_up + lasting), queues, groups, MINUTE * warm_up),
        always(**people),
        tuple(truths),
        blocks,
        parts=1,
    )


SKILLS: dict[str, tuple[float, float, int]] = {
    "MS01": (500.0, 50.0, 32),
    "MS03": (500.0, 50.0, 32),
    "MS04": (500.0, 50.0, 32),
    "MS06": (1000.0, 150.0, 32),
}
"""Of each record: minutes measured, warm-up, blocks."""


def cases() -> list[Case]:
    """Every centre."""
    return [
        *_days(),
        _random_level(),
        *_one_server(),
        *_priorities(),
        *(_two_skills(record, *size) for record, size in SKILLS.items()),
    ]
