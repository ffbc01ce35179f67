"""Promises, shifts and remedies in words, as every page of a result says them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from cssim.engine.floor import Duty
from cssim.measure.numbers import NOTHING, exactly, measured, promised
from cssim.messages import say
from cssim.report import frames
from cssim.scenario.clock import Calendar
from cssim.scenario.schema import Scenario, Target
from cssim.scenario.units import DAY, format_clock

if TYPE_CHECKING:  # these bring the compiler with them
    from cssim.measure.estimate import TargetResult
    from cssim.roster.mend import Remedy


def promise(target: Target) -> str:
    """``golden_6s: first reply within 6s (pre_sales), at least 80% on 90% of days``."""
    within = "" if target.within is None else exactly(target.within)
    words = say(f"measure.{target.measure}", within=within)
    counted = target.queues or target.groups
    if counted:
        words = say("promise.of", words=words, names=", ".join(counted))
    if target.on is not None:
        side = "at_least" if target.up else "at_most"
        asked = promised(target.measure, target.bound)
        words = say(f"promise.{side}", words=words, bound=asked, share=promised("share", target.on))
    return words if target.name == target.measure else say("promise.named", name=target.name, words=words)


def called(scenario: Scenario, name: str) -> str:
    """A promise by its name; by its words, where it has none of its own."""
    target = next(target for target in scenario.targets if target.name == name)
    return promise(target) if target.name == target.measure else name


def remedy(found: Remedy) -> str:
    """In words; a promise that would be kept is never rounded up."""
    values = dict(found.values)
    measure = str(values.get("measure", ""))
    for name in ("best", "wanted"):
        if name in values:
            values[name] = measured(measure, cast(float, values[name]))
    if "bound" in values:
        exact = cast(float, values["bound"])
        inside = math.floor(1000 * exact) / 1000 if found.key != "mend.at_most" else exact
        values["bound"] = measured(measure, inside)
    return say(found.key, **values)


_PLAINLY = 0.002
"""Part of the cost by which another is plainly less: overtime is not the same on other days."""

Hit = tuple["TargetResult", float]
"""A promise, and its estimate without one of those who work a shift."""


def hardest_hit(targets: Sequence[TargetResult], without: Mapping[str, float]) -> Hit | None:
    """Of the promises that lose by one agent less, the one that stands worst; see `frames.hardest_hit`."""
    names = ("name", "estimate", "on", "at_least", "at_most")
    hit = frames.hardest_hit([{one: getattr(target, one) for one in names} for target in targets], without)
    return None if hit is None else (targets[hit[0]], hit[1])


def change(hit: Hit | None) -> str:
    """``80.4% → 77.1%``."""
    if hit is None:
        return NOTHING
    target, after = hit
    return f"{measured(target.judged, target.estimate)} → {measured(target.judged, after)}"


def cheaper_seen(
    status: str, cost: float, bound: float | None, steps: Sequence[Mapping[str, Any]]
) -> float | None:
    """The least cost of a roster that kept every promise on a search's own days, where that is plainly less
    than what the roster costs that was judged *met*: so none as cheap was. Not told where the cost was not
    what was sought, so that there is no bound on it."""
    seen = min((row["cost"] for row in steps if row["kept"] and row["cost"] is not None), default=cost)
    sought = status == "met" and bound is not None
    return seen if sought and seen < cost * (1 - _PLAINLY) else None


def hours_of(scenario: Scenario, duty: Duty) -> str:
    """``21:30–09:00``."""
    midnight = Calendar.of(scenario.horizon).midnight(duty.shift.day)
    start, end = duty.shift.start - midnight, duty.shift.end - midnight
    return f"{format_clock(start)}–{format_clock(end if end <= DAY else end - DAY)}"


def clocks(start: str, end: str) -> str:
    """``21:30–09:00``, ``15:30–24:00`` of two times of day."""
    return f"{start}–{'24:00' if end == '00:00' else end}"


def span(start: str, end: str) -> str:
    """``11-10 21:00–23:30`` of two moments in ISO."""
    return f"{start[5:16]}–{end[11:16] if end[:10] == start[:10] else end[5:16]}"
