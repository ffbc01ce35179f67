"""Tables and sentences as a reader sees them, on a narrow terminal and in both languages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from cssim.engine.floor import Duty
from cssim.experiment.simulation import SimulationResult, simulate
from cssim.messages import Language, speak
from cssim.report import numbers, tables
from cssim.roster.outlook import outlook_of
from cssim.scenario.schema import Scenario
from cssim.scenario.shifts import shifts_of

SHOP: dict[str, Any] = {
    "name": "夜里也开的小店",
    "horizon": {"from": "2026-11-10 20:00", "to": "2026-11-11 10:00"},
    "queues": {
        "pre_sales": {"volume": {"contacts": 120}, "chat": {"rounds": 3, "reply": "10s"}},
        "售后": {"volume": {"contacts": 40}, "chat": {"rounds": 3, "reply": "15s"}},
    },
    "groups": {
        "主力": {"serves": ["pre_sales", "售后"], "people": 4},
        "part_timers": {"serves": "pre_sales"},
    },
    "shifts": {"night": {"start": "21:30", "end": "09:00"}, "late": {"start": "19:00", "end": "24:00"}},
    "targets": [
        {"preset": "golden_6s", "queues": ["pre_sales"], "each": "day", "on": "90%"},
        {"measure": "mean_reply", "at_most": "30s", "queues": ["售后"]},
        {"measure": "abandonment", "at_most": "50%"},
    ],
}


@pytest.fixture(scope="module")
def result() -> SimulationResult:
    scenario = Scenario.model_validate(SHOP)
    night = [s for s in shifts_of(scenario, "主力") if s.name == "night" and 0 < s.start < 86400]
    late = [s for s in shifts_of(scenario, "part_timers") if s.name == "late" and s.start < 0 < s.end]
    roster = (Duty("主力", night[0], 2), Duty("part_timers", late[0], 1))
    return simulate(scenario, roster, replications=3, seed=1, workers=1)


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


def test_a_promise_is_told_in_words() -> None:
    golden, reply, _ = Scenario.model_validate(SHOP).targets
    words = "golden_6s: first reply within 6s (pre_sales), at least 80% on 90% of days"
    assert tables.promise(golden) == words
    assert tables.promise(reply) == "mean reply time (售后)"


def test_a_shift_over_midnight_shows_its_clock_times(result: SimulationResult) -> None:
    hours = [tables.hours_of(result.scenario, duty) for duty in result.roster]
    assert hours == ["21:30–09:00", "19:00–24:00"]


@pytest.mark.parametrize(
    ("shown", "is_"),
    [
        (numbers.count(1502.3), "1,502"),
        (numbers.count(40.0), "40"),
        (numbers.count(41.25), "41.2"),
        (numbers.share(0.8126), "81.3%"),
        (numbers.share(None), "–"),
        (numbers.time(4.21), "4.2s"),
        (numbers.time(75), "75s"),
        (numbers.time(600), "10min"),
        (numbers.time(36_000), "10.0h"),
        (numbers.time(float("nan")), "–"),
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
