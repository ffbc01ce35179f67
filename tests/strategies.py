"""Whole valid scenarios, as a planner could write them: plain mappings for `load.from_resolved`."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from cssim.scenario.schema import Scenario
from cssim.scenario.shifts import shifts_of
from cssim.scenario.units import format_clock, format_duration, format_moment

Drawn = dict[str, Any]

QUEUES = ("pre_sales", "order_change", "after_sales", "议价")
GROUPS = ("main team", "reserves", "兼职")
SHIFTS = ("early", "late", "night", "flexible")


def shares(least: float = 0.0, most: float = 1.0) -> st.SearchStrategy[object]:
    """Shares, as a number or in per cent."""
    numbers = st.integers(round(least * 100), round(most * 100))
    return numbers.map(lambda k: f"{k}%") | numbers.map(lambda k: k / 100)


def durations(least: float, most: float) -> st.SearchStrategy[str]:
    """Durations in whole seconds, in several spellings."""
    seconds = st.integers(round(least), round(most))
    return seconds.map(format_duration) | seconds.map(lambda k: f"{k}秒")


def numbers(least: float, most: float) -> st.SearchStrategy[object]:
    """Numbers with two decimals, whole ones as such."""
    return st.integers(round(least * 100), round(most * 100)).map(
        lambda k: k // 100 if k % 100 == 0 else k / 100
    )


def spreads(least: float, most: float) -> st.SearchStrategy[object]:
    """Random durations of every family, by their short spellings and in full."""
    mean = durations(least, most)
    return st.one_of(
        mean,
        st.fixed_dictionaries({"mean": mean}),
        st.fixed_dictionaries({"mean": mean, "cv": numbers(0.1, 2)}),
        st.fixed_dictionaries({"mean": mean, "cv": numbers(0.1, 2), "dist": st.just("gamma")}),
        st.fixed_dictionaries({"mean": mean, "cv": numbers(0, 0.57), "dist": st.just("uniform")}),
        st.fixed_dictionaries({"mean": mean, "dist": st.sampled_from(["constant", "exponential"])}),
    )


def patiences() -> st.SearchStrategy[Drawn]:
    """How long buyers wait."""
    plain = {"mean": durations(10, 900)}
    optional = {
        "cv": numbers(0.1, 2),
        "lingers": shares(),
        "zero": shares(0, 0.2),
        "later": spreads(30, 900),
        "until": st.sampled_from(["begun", "sent"]),
    }
    return st.fixed_dictionaries(plain, optional=optional)


def chats() -> st.SearchStrategy[Drawn]:
    """Courses of a conversation, phone calls included."""
    rounds = st.integers(1, 6) | st.fixed_dictionaries({"mean": st.integers(1, 4), "dist": st.just("fixed")})
    optional = {
        "rounds": rounds,
        "first_reply": spreads(1, 20),
        "reply": spreads(5, 200),
        "think": spreads(5, 120),
    }
    return st.fixed_dictionaries({}, optional=optional)


def bots() -> st.SearchStrategy[Drawn]:
    """Bots that leave something to people."""
    optional = {
        "covers": shares(),
        "resolves": shares(0, 0.8),
        "hands_over_after": durations(0, 60),
        "patience_factor": numbers(0.5, 3),
    }
    return st.fixed_dictionaries({}, optional=optional)


def pays() -> st.SearchStrategy[Drawn]:
    """What an agent costs."""
    night = st.fixed_dictionaries({"from": st.just("22:00"), "to": st.just("08:00"), "times": numbers(1, 2)})
    per_hour = numbers(15, 60) | st.integers(15, 60).map(lambda k: f"{k}/h")
    return st.fixed_dictionaries(
        {"per_hour": per_hour},
        optional={"night": night, "overtime": numbers(0, 3), "per_shift": numbers(0, 50)},
    )


@st.composite
def horizons(draw: st.DrawFn) -> Drawn:
    """From two hours to three days, with or without a warm-up."""
    start = datetime(2026, 11, 10) + timedelta(minutes=30 * draw(st.integers(0, 47)))
    hours = draw(st.integers(2, 72))
    horizon: Drawn = {"from": format_moment(start), "to": format_moment(start + timedelta(hours=hours))}
    if draw(st.booleans()):
        horizon["interval"] = draw(st.sampled_from(["15min", "30min", "1h", "20分钟"]))
    if draw(st.booleans()):
        horizon["timezone"] = draw(st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York"]))
    if draw(st.booleans()):
        horizon["measure_from"] = format_moment(start + timedelta(hours=draw(st.integers(0, hours - 1))))
    return horizon


def _dates(horizon: Drawn) -> list[str]:
    first, last = (datetime.fromisoformat(horizon[edge]) for edge in ("from", "to"))
    days = ((last - timedelta(seconds=1)).date() - first.date()).days + 1
    return [(first.date() + timedelta(days=k)).isoformat() for k in range(days)]


@st.composite
def profiles(draw: st.DrawFn, horizon: Drawn, sale: Drawn | None) -> object:
    """Shapes with some weight everywhere in the horizon, so that every volume finds a place."""
    clock = [
        [f"{hour:02d}:00", draw(numbers(0.1, 5))]
        for hour in sorted(draw(st.sets(st.integers(0, 23), min_size=1)))
    ]
    calendar = [["2026-11-09 12:00", 1], [horizon["from"], draw(numbers(0.1, 5))]]
    shapes: list[object] = ["flat", "shop_day", clock, calendar]
    if sale is not None:
        shapes += ["double11", [["-10d", 1], ["-30min", 3], ["+0s", draw(numbers(1, 9))], ["+2h", 1]]]
    shape = draw(st.sampled_from(shapes))
    if draw(st.booleans()):
        return shape
    at = draw(st.sampled_from(["20:00", "opens"] if sale is not None else ["20:00"]))
    spike = {"at": at, "lead_in": draw(durations(0, 7200)), "height": draw(numbers(0.5, 6)), "decay": "30min"}
    return {"shape": shape, "spikes": [spike]}


@st.composite
def volumes(draw: st.DrawFn, horizon: Drawn, most: int) -> Drawn:
    """Volumes of every form, up to about so many contacts in the horizon."""
    form = draw(st.sampled_from(["contacts", "per_day", "rate", "funnel", "refunds", "counts"]))
    many = draw(st.integers(1, most))
    if form == "contacts":
        return {"contacts": many}
    if form == "per_day":
        return {"contacts": many / 4, "per": "day"}
    if form == "rate":
        return {"rate": f"{many / 72:.3f}/h"}
    if form == "funnel":
        return {"orders": many, "service_share": "50%", "conversion": draw(shares(0.5, 1))}
    if form == "refunds":
        refunds: Drawn = {"orders": many, "refund_rate": draw(shares(0.01, 1))}
        if draw(st.booleans()):
            dates = _dates(horizon)
            refunds["day_share"] = {day: f"{100 // len(dates)}%" for day in dates}
        return refunds
    start = datetime.fromisoformat(horizon["from"])
    edges = [format_moment(start + timedelta(minutes=40 * k)) for k in range(4)]
    rows = [{"from": a, "to": b, "contacts": many / 3} for a, b in pairwise(edges)]
    return {"counts": rows[: draw(st.integers(1, 3))]}


@st.composite
def follow_ups(draw: st.DrawFn, names: list[str]) -> list[Drawn]:
    """At most two, of which the shares add up to less than one."""
    found = []
    for _ in range(draw(st.integers(0, 2))):
        entry = {"queue": draw(st.sampled_from(names)), "share": draw(shares(0, 0.4))}
        entry |= draw(
            st.fixed_dictionaries(
                {}, optional={"after": spreads(10, 1800), "on": st.sampled_from(["resolved", "abandoned"])}
            )
        )
        found.append(entry)
    return found


@st.composite
def shift_rules(draw: st.DrawFn, name: str) -> Drawn:
    """A named shift with breaks, over midnight where its name says so, or a family of shifts."""
    if name == "flexible":
        rule: Drawn = {
            "start": {
                "from": "06:00",
                "to": draw(st.sampled_from(["06:00", "12:00", "20:00"])),
                "every": "2h",
            },
            "length": draw(st.sampled_from(["5h", {"from": "4h", "to": "8h", "every": "2h"}])),
        }
        if draw(st.booleans()):
            rule["break"] = {"after": "3h", "for": "30min", "paid": draw(st.booleans())}
        return rule
    start = {"early": 8, "late": 15, "night": 21}[name]
    length = draw(st.integers(4, 11))
    rule = {"start": f"{start:02d}:00", "end": f"{(start + length) % 24:02d}:00"}
    hours = sorted(draw(st.sets(st.integers(1, length - 1), max_size=2)))
    pauses = [
        {"at": f"{(start + h) % 24:02d}:{draw(st.sampled_from(['00', '15']))}", "for": "30min"} for h in hours
    ]
    if pauses or draw(st.booleans()):
        rule["breaks"] = [pause | {"paid": draw(st.booleans())} for pause in pauses]
    return rule


@st.composite
def groups(draw: st.DrawFn, position: int, queues: list[str], shifts: list[str], route: str) -> Drawn:
    """Agents of one kind; the first group takes every queue, so that each is served."""
    order = draw(st.permutations(queues))
    taken = order if position == 0 else order[: draw(st.integers(1, len(order)))]
    serves = [
        draw(
            st.just(name)
            | st.fixed_dictionaries(
                {"queue": st.just(name)},
                optional={
                    "after": durations(0, 90),
                    "speed": numbers(0.5, 1.5),
                    "priority": st.integers(0, 3),
                },
            )
        )
        for name in taken
    ]
    optional: Drawn = {
        "speed": numbers(0.5, 1.5),
        "chats": st.integers(1, 6),
        "people": st.integers(1, 12),
        "pay": pays(),
        "no_show": shares(0, 0.3),
        "order": st.sampled_from(["first_replies", "oldest"]),
        "promote_after": durations(1, 300),
        "idle_hold": durations(0, 180),
        "wind_down": durations(0, 600),
        "shifts": st.lists(st.sampled_from(shifts), min_size=1, unique=True),
    }
    return {"serves": serves, "route": route, **draw(st.fixed_dictionaries({}, optional=optional))}


@st.composite
def targets(draw: st.DrawFn, queues: list[str], names: list[str], opening: bool) -> Drawn:
    """Promises of every kind."""
    hours = st.sampled_from([None, {"from": "00:00", "to": "24:00"}, {"from": "12:00", "to": "12:00"}])
    some = st.lists(st.sampled_from(queues), min_size=1, unique=True)
    judged: Drawn = {
        "each": st.sampled_from(["hour", "day", "horizon"]),
        "on": shares(0.5, 1),
        "sure": shares(0.8, 0.99),
        "name": st.text("promise 承诺 12", max_size=12),
    }
    about: Drawn = {
        "queues": some,
        "hours": hours,
        "clock": st.sampled_from(["hand_over", "arrival"]),
        "counts": st.sampled_from(["human", "any"]),
        **({"offline": st.just("excluded")} if opening else {}),
    }
    within = {"within": durations(1, 600), "at_least": shares(0.1, 0.99)}
    kind = draw(st.sampled_from(["preset", "within", "mean", "share", "group", "overtime"]))
    told: Drawn
    if kind == "preset":
        told = {"preset": st.sampled_from(["golden_6s", "pdd_5min", "jd_30s"]), "at_least": shares(0.1, 0.99)}
        return draw(st.fixed_dictionaries({**told, "hours": st.none()}, optional=judged | {"queues": some}))
    if kind == "within":
        told = {"measure": st.sampled_from(["first_reply", "answered", "rounds", "buyers"]), **within}
    elif kind == "mean":
        told = {"measure": st.sampled_from(["mean_reply", "mean_first_reply"]), "at_most": durations(5, 300)}
    elif kind == "share":
        told = {"measure": st.sampled_from(["abandonment", "deflection"]), "at_most": shares(0, 0.5)}
    else:
        about = {"groups": st.lists(st.sampled_from(names), min_size=1, unique=True)}
        if kind == "group":
            told = {"measure": st.just("occupancy"), "at_most": shares(0.5, 1)}
        else:
            told = {"measure": st.just("overtime"), "at_most": durations(60, 36000)}
    return draw(st.fixed_dictionaries(told, optional=judged | about))


@st.composite
def scenarios(draw: st.DrawFn, contacts: int = 300, with_roster: bool = True) -> Drawn:
    """A valid scenario with up to about `contacts` contacts in each queue, and all that the schema knows.

    Its own roster, where it has one, means shifts that it has.
    """
    horizon = draw(horizons())
    start, end = (datetime.fromisoformat(horizon[edge]) for edge in ("from", "to"))
    scenario: Drawn = {"horizon": horizon}
    sale: Drawn | None = None
    if draw(st.booleans()):
        sale = {"opens": format_moment(start + (end - start) / 2)}
        scenario["sale"] = draw(st.just(sale) | st.just(sale | {"closes": format_moment(end)}))
    if draw(st.booleans()):
        forecast = st.fixed_dictionaries({"day_cv": shares(0, 0.3), "within_day": st.just({"cv": "20%"})})
        scenario["forecast"] = draw(st.sampled_from(["good", "usual", "poor"]) | forecast)
    if draw(st.booleans()):
        scenario["limits"] = {"seats": draw(st.integers(10, 60)), "min_on_duty": draw(st.integers(0, 3))}
    if draw(st.booleans()):
        scenario["rest"] = draw(durations(0, 50_000))
    opening = draw(st.booleans())
    if opening:
        scenario["opening_hours"] = {"from": "00:00", "to": "24:00"}

    names = list(QUEUES[: draw(st.integers(1, len(QUEUES)))])
    optional: Drawn = {"bot": bots(), "chat": chats(), "patience": patiences(), "sale_value": numbers(0, 50)}
    scenario["queues"] = {}
    for k, name in enumerate(names):
        queue = draw(st.fixed_dictionaries({}, optional=optional))
        if k == 0 or draw(st.booleans()):
            queue["volume"] = draw(volumes(horizon, contacts))
            queue["profile"] = draw(profiles(horizon, sale))
        queue["then"] = draw(follow_ups(names))
        scenario["queues"][name] = queue

    shifts = draw(st.lists(st.sampled_from(SHIFTS), min_size=1, unique=True))
    scenario["shifts"] = {name: draw(shift_rules(name)) for name in shifts}
    route = draw(st.sampled_from(["fewest_open", "idle_first"]))
    people = GROUPS[: draw(st.integers(1, len(GROUPS)))]
    scenario["groups"] = {name: draw(groups(k, names, shifts, route)) for k, name in enumerate(people)}
    scenario["targets"] = draw(st.lists(targets(names, list(people), opening), min_size=1, max_size=3))
    if with_roster and draw(st.booleans()):
        scenario["roster"] = draw(rosters(scenario))
    return scenario


@st.composite
def rosters(draw: st.DrawFn, scenario: Drawn) -> list[Drawn]:
    """Rows that mean shifts of the scenario's groups, with clock times."""
    shop = Scenario.model_validate(scenario)
    rows = []
    for name in shop.groups:
        possible = shifts_of(shop, name)
        for shift in draw(st.lists(st.sampled_from(possible), max_size=3, unique=True)) if possible else ():
            midnight = datetime.combine(shift.day, datetime.min.time())
            start, end = (
                ((shop.horizon.start - midnight).total_seconds() + second) % 86400
                for second in (shift.start, shift.end)
            )
            clocks = {"start": format_clock(start), "end": format_clock(end)}
            count = draw(st.integers(0, 5))
            rows.append(
                {"group": name, "date": shift.day.isoformat(), "shift": shift.name, "count": count, **clocks}
            )
    return rows
