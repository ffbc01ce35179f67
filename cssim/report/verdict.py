"""The verdict on a result in one sentence, for whoever reads nothing else."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from markupsafe import Markup

from cssim.measure.numbers import count, is_share, measured, promised, spaced
from cssim.report.markup import amount, names, told
from cssim.scenario.schema import Scenario, Target
from cssim.scenario.units import format_clock

if TYPE_CHECKING:
    from cssim.measure.estimate import TargetResult
    from cssim.report.kept import Kept


def sentence(result: Kept) -> Markup:
    """What came of it: kept or not, by how many people, for what money, and what nothing cheaper can do."""
    scenario, verdict = result.scenario, result.verdict
    common = {"people": _people(result), "cost": amount(result.cost, scenario)}
    if verdict == "infeasible":
        return told("report.verdict.infeasible", kept=result.kept, all=len(result.targets), **common)
    chosen = first(result)
    said = {"promise": promise(scenario, scenario.targets[chosen]), **common}
    if verdict == "met":
        return told("report.verdict.met", more=_more(len(result.targets) - 1), bound=_bound(result), **said)
    target = result.targets[chosen]
    low, reached, high = (figure(scenario, target, x) for x in (target.low, target.estimate, target.high))
    several = len(result.targets) > 1
    return told(
        f"report.verdict.{verdict}",
        reached=told("report.reached.value" if target.on is None else "report.reached.days", reached=reached),
        low=low,
        high=high,
        others=told("report.others", kept=result.kept, all=len(result.targets)) if several else "",
        **said,
    )


def first(result: Kept) -> int:
    """Number of the promise that the sentence is about: the first that decides the verdict."""
    return next((k for k, target in enumerate(result.targets) if target.verdict == result.verdict), 0)


def promise(scenario: Scenario, target: Target) -> Markup:
    """``on 9 days in 10 at least 80% of buyers get a first reply within 6 s between 20:00 and 02:00``."""
    side = "at_least" if target.up else "at_most"
    if target.measure == "lost_sales":
        value = amount(target.bound, scenario, "{:,.15g}")
    else:
        value = spaced(promised(target.measure, target.bound))
    within = "" if target.within is None else spaced(promised("mean_reply", target.within))
    clause = told(f"report.clause.{target.measure}", bound=told(f"report.{side}", value=value), within=within)
    parts = {
        "when": _when(target),
        "clause": clause,
        "hours": _hours(target),
        "names": _counted(scenario, target),
        "automatic": told("report.automatic") if target.counts == "any" else Markup(""),
    }
    return Markup(re.sub(" +", " ", told("report.promise", **parts)).strip(" "))


def _when(target: Target) -> Markup:
    """On which days, and whether in each date or hour."""
    each = told("report.when.hourly") if target.each == "hour" else Markup("")
    if target.on is None:
        if target.each == "day":
            each = told("report.when.daily")
        return each + told("report.when.average") if is_share(target.measure) else each
    tenths = 10 * target.on
    if target.on == 1:
        return each + told("report.when.always")
    if math.isclose(tenths, round(tenths)):
        return each + told("report.when.tenths", n=round(tenths))
    return each + told("report.when.share", share=promised("share", target.on))


def _hours(target: Target) -> Markup:
    hours = target.hours
    if hours is None:
        return Markup("")
    return told("report.hours", start=format_clock(hours.start), end=format_clock(hours.end))


def _counted(scenario: Scenario, target: Target) -> Markup:
    """The queues or groups that count, where these are not all."""
    for counted, every, key in (
        (target.queues, scenario.queues, "report.of_queues"),
        (target.groups, scenario.groups, "report.of_groups"),
    ):
        if counted and set(counted) != set(every):
            return told(key, names=names(counted))
    return Markup("")


def figure(scenario: Scenario, target: TargetResult, value: float) -> str:
    """A value of what is judged: its measure, or the share of days that keep it."""
    if target.judged == "lost_sales":
        return amount(value, scenario)
    return spaced(measured(target.judged, value, target.promised))


def _people(result: Kept) -> Markup:
    key = "report.people.one" if result.people == 1 else "report.people.many"
    return told(key, n=count(result.people))


def _more(others: int) -> Markup:
    if others == 0:
        return Markup("")
    return told("report.more.one" if others == 1 else "report.more.many", n=others)


def _bound(result: Kept) -> Markup:
    """What nothing cheaper can do; a bound is never rounded up."""
    if not result.lower_bound or result.lower_bound < 1:
        return Markup("")
    bound = math.floor(result.lower_bound)
    if bound >= math.floor(result.cost):
        return told("report.bound.tight")
    return told("report.bound", bound=amount(bound, result.scenario))
