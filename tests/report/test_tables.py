"""Tables and sentences as a reader sees them, on a narrow terminal and in both languages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from cssim.experiment.simulation import SimulationResult
from cssim.measure import numbers
from cssim.messages import Language, speak
from cssim.report import tables
from cssim.report import words as in_words
from cssim.roster.mend import Remedy
from cssim.roster.outlook import outlook_of
from cssim.roster.result import RosterResult
from cssim.scenario.schema import Scenario
from tests.report.results import SHOP, planned, simulated


@pytest.fixture(scope="module")
def result() -> SimulationResult:
    return simulated()


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> Iterator[Language]:
    speak(request.param)
    yield request.param
    speak("en")


def drawn(draw: Any, *given: Any, width: int = 80) -> str:
    out = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    draw(out, *given)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def rows(text: str) -> list[str]:
    """The lines of tables: those between a rule and the next empty line, and the heads above the rules."""
    lines, inside, found = text.splitlines(), False, []
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith("───"):
            found.append(before)
            inside = True
        inside = inside and bool(line.strip())
        if inside:
            found.append(line)
    return found


def test_no_table_is_wider_than_a_narrow_terminal(result: SimulationResult, language: Language) -> None:
    text = drawn(tables.simulation, result) + drawn(tables.outlook, outlook_of(result.scenario))
    text += drawn(tables.roster, result.scenario, result.roster)
    assert len(rows(text)) > 20
    assert max(cell_len(row.rstrip()) for row in rows(text)) <= 80


def test_numbers_and_verdicts_are_never_broken(result: SimulationResult, language: Language) -> None:
    wide, narrow = (drawn(tables.targets, result.scenario, result.targets, width=w) for w in (300, 80))
    cells = {cell for row in rows(wide) for cell in row.split() if cell[:1].isdigit() or "标" in cell}
    assert cells
    assert all(cell in narrow for cell in cells)


def test_a_roster_that_takes_more_people_than_there_are_is_said_to(result: SimulationResult) -> None:
    assert "there are" not in drawn(tables.simulation, result)
    crowded = replace(result, people_needed={**result.people_needed, "主力": 5})
    assert "主力: these shifts take 5 people, there are 4" in drawn(tables.simulation, crowded)


def test_it_is_said_how_many_runs_a_precision_took(result: SimulationResult) -> None:
    assert "enough" not in drawn(tables.simulation, result)
    for verdict, words in (("met", "3 runs were enough"), ("undecided", "3 runs were not enough")):
        targets = tuple(replace(target, verdict=verdict) for target in result.targets)
        assert words in drawn(tables.simulation, replace(result, precision=1e-9, targets=targets))


# -- plans ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plan() -> RosterResult:
    return planned()


def test_a_plan_fits_a_narrow_terminal(plan: RosterResult, language: Language) -> None:
    text = drawn(tables.plan, plan) + drawn(tables.search, plan)
    assert len(rows(text)) > 30
    lines = text.splitlines() if language == "en" else rows(text)  # Chinese is wrapped by the terminal
    assert max(cell_len(line.rstrip()) for line in lines) <= 80


def test_dates_and_hours_of_a_plan_are_never_broken(plan: RosterResult, language: Language) -> None:
    text = drawn(tables.plan, plan, width=72)
    for words in ("11-10", "21:30–09:00", "19:00–24:00", "11-10 21:00–11-11 00:30"):
        assert words in text


def test_beside_every_shift_stands_what_the_promise_would_be_without_one(plan: RosterResult) -> None:
    """Of those that lose, the one that then stands worst for what it allows."""
    _, reply, abandonment = plan.targets
    text = drawn(tables.plan, plan, width=200)
    first, second = (next(line for line in rows(text) if shift in line) for shift in (" night ", " late "))
    now = numbers.share(abandonment.estimate)
    assert first.rstrip().endswith(f"{now} → 60.0%  contacts without a reply")
    assert second.rstrip().endswith(f"{numbers.time(reply.estimate)} → 27.8h  mean reply time (售后)")


def test_what_loses_nothing_without_one_is_a_dash(plan: RosterResult) -> None:
    better: dict[str, float] = {"golden_6s": 1.0, "mean_reply": 0.0, "abandonment": 0.0}
    assert in_words.hardest_hit(plan.targets, better) is None
    text = drawn(tables.plan, replace(plan, without=(better, better)))
    assert all(line.rstrip().endswith(numbers.NOTHING) for line in rows(text) if ":30–09:00" in line)


def test_a_share_is_hit_by_the_misses_that_it_allows(plan: RosterResult) -> None:
    """85% where 90% are asked is half as many misses again; 6% where 5% may go is a fifth more."""
    golden, _, abandonment = plan.targets
    asked = replace(golden, on=None, at_least=0.9, worst=replace(golden.worst, estimate=0.91))
    few = replace(abandonment, at_most=0.05, worst=replace(abandonment.worst, estimate=0.04))
    both = replace(plan, judgement=replace(plan.judgement, targets=(asked, few)))
    hit = in_words.hardest_hit(both.targets, {"golden_6s": 0.85, "abandonment": 0.06})
    assert hit == (asked, 0.85)


def test_a_plan_without_time_for_that_has_no_such_column(plan: RosterResult) -> None:
    assert "without one" in drawn(tables.plan, plan)
    assert "ithout one" not in drawn(tables.plan, replace(plan, without=()))


def test_a_shortfall_is_told_with_what_would_mend_it(plan: RosterResult) -> None:
    text = " ".join(drawn(tables.plan, plan).split())
    for words in (
        "Where people are lacking",
        "2.5",
        "What would mend it",
        "golden_6s: pre_sales: there are people",
    ):
        assert words in text


def test_a_promise_that_would_be_kept_is_not_rounded_up(plan: RosterResult) -> None:
    remedy = Remedy("golden_6s", "mend.at_least", {"measure": "first_reply", "bound": 0.79999})
    assert "79.9%" in in_words.remedy(remedy)


def test_the_gap_is_what_could_be_saved_and_what_it_rests_on_is_said(plan: RosterResult) -> None:
    text = " ".join(drawn(tables.plan, plan).split())
    assert "costs less than 800 CNY, so at most 20.0% of the cost could be saved" in text
    assert plan.bound_assumes in text
    assert "costs less than" not in drawn(tables.plan, replace(plan, lower_bound=None))


def test_the_reason_for_infeasible_is_told(plan: RosterResult) -> None:
    why = ("bound.duty", {"least": 3})
    text = drawn(tables.plan, replace(plan, status="infeasible", why=why, lower_bound=None))
    assert "no roster can keep every promise" in text
    assert "cover the minimum of 3" in text
    assert "longer search" not in text


def test_lost_sales_are_added_where_they_count(plan: RosterResult) -> None:
    both = plan.cost + plan.judgement.lost_sales.value
    words = f"Wages and lost sales together: {numbers.money(both, 'CNY')}"
    assert words in drawn(partial(tables.plan, lost_sales=True), plan)
    assert words not in drawn(tables.plan, plan)


def test_a_plan_that_costs_more_than_the_money_given_says_so(plan: RosterResult) -> None:
    words = "for the money given, 999 CNY: this one costs 1,000 CNY"
    assert words in drawn(partial(tables.plan, given=999.0), plan)
    assert "money given" not in drawn(partial(tables.plan, given=1000.0), plan)
    assert "money given" not in drawn(tables.plan, plan)


def test_the_history_is_thinned_and_begins_and_ends_as_it_did(plan: RosterResult) -> None:
    lines = rows(drawn(tables.search, plan))
    costs = [
        int(line.split()[3].replace(",", "")) for line in lines if "promises" in line or "not yet" in line
    ]
    assert (costs[0], costs[-1], costs == sorted(costs, reverse=True)) == (2000, 1951, True)
    assert len(costs) <= 21
    assert all((numbers.NOTHING in line) == ("not yet" in line or " 5,000 " in line) for line in lines[-21:])
    empty = replace(plan, search=replace(plan.search, history=()))
    assert "How the roster became better" in drawn(tables.search, empty)


def test_a_cheaper_roster_that_was_not_surely_enough_is_told(plan: RosterResult) -> None:
    def with_step(cost: float, kept: bool = True) -> RosterResult:
        step = {**plan.search.history[-1], "cost": cost, "kept": kept}
        return replace(plan, status="met", search=replace(plan.search, history=(step,)))

    cheap = with_step(0.9 * plan.cost)
    told = f"also saw a roster at {numbers.money(0.9 * plan.cost, 'CNY')}"
    assert told in " ".join(drawn(tables.plan, cheap).split())
    for other in (
        with_step(0.999 * plan.cost),
        with_step(0.9 * plan.cost, kept=False),
        replace(cheap, status="budget"),
        replace(cheap, lower_bound=None),
    ):
        assert "also saw" not in drawn(tables.plan, other)


def test_where_the_time_went_adds_up(plan: RosterResult) -> None:
    text = drawn(tables.search, plan)
    assert "searching  20.0s  50.0%" in text
    assert "starting" not in text


def test_a_promise_is_told_in_words() -> None:
    golden, reply, _ = Scenario.model_validate(SHOP).targets
    words = "golden_6s: first reply within 6s (pre_sales), at least 80% on 90% of days"
    assert in_words.promise(golden) == words
    assert in_words.promise(reply) == "mean reply time (售后)"


def test_a_shift_over_midnight_shows_its_clock_times(result: SimulationResult) -> None:
    hours = [in_words.hours_of(result.scenario, duty) for duty in result.roster]
    assert hours == ["21:30–09:00", "19:00–24:00"]


@pytest.mark.parametrize(
    ("shown", "is_"),
    [
        (numbers.count(1502.3), "1,502"),
        (numbers.count(40.0), "40"),
        (numbers.count(41.25), "41.2"),
        (numbers.share(0.8126), "81.3%"),
        (numbers.share(None), "–"),
        (numbers.share(0.79961, 0.8), "79.96%"),
        (numbers.share(0.8, 0.8), "80.0%"),
        (numbers.share(0.8126, 0.8), "81.3%"),
        (numbers.share(0.8 + 1e-9, 0.8), "80.0%"),
        (numbers.time(4.21), "4.2s"),
        (numbers.time(75), "75s"),
        (numbers.time(600), "10min"),
        (numbers.time(36_000), "10.0h"),
        (numbers.time(float("nan")), "–"),
        (numbers.gap(0.0321), "3.3%"),
        (numbers.gap(0.03), "3.0%"),
        (numbers.gap(None), "–"),
        (numbers.bound(2431.9), "2,431"),
        (numbers.bound(41.39), "41.3"),
        (numbers.bound(41.3), "41.3"),
        (numbers.bound(None), "–"),
        (numbers.money(2431.4, "CNY"), "2,431 CNY"),
        (numbers.promised("first_reply", 0.8), "80%"),
        (numbers.promised("mean_reply", 5400), "1h30min"),
        (numbers.promised("open_chats", 2.5), "2.5"),
    ],
)
def test_numbers_have_two_or_three_figures(shown: str, is_: str) -> None:
    assert shown == is_


def test_durations_in_chinese() -> None:
    speak("zh")
    try:
        assert numbers.exactly(5405) == "1小时30分钟5秒"
    finally:
        speak("en")
