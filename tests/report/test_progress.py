"""What is shown while a search goes on: on a terminal a bar, elsewhere a line now and then, or nothing."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import pytest

from cssim.messages import Language, speak
from cssim.report import progress
from cssim.roster.stop import Record, Rosters, Seconds, Stop

RECORD = Record(
    stage="search",
    elapsed=15.0,
    ahead=0.0,
    seconds=60.0,
    rosters=50,
    contacts=10**6,
    cost=20_000.0,
    bound=19_000.0,
    kept=True,
)
STAGES = ("start", "cover", "search", "rehearse", "judge", "bound", "explain", "end")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(monkeypatch: pytest.MonkeyPatch, *records: Record, quiet: bool = False) -> list[str]:
    """What is printed where standard error is no terminal and every line is due."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setattr(progress, "EVERY", 0.0)
    with progress.of_search(Seconds(60), quiet=quiet) as tell:
        for record in records:
            tell(record)
    return out.getvalue().splitlines()


def test_a_line_tells_stage_tries_cost_and_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines(monkeypatch, RECORD) == ["searching: 50 rosters, best 20,000, gap 5.0%"]


def test_only_a_roster_that_keeps_the_promises_is_called_best(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = lines(monkeypatch, replace(RECORD, kept=False))
    assert line == "searching: 50 rosters, nearest 20,000, promises not kept yet"


def test_before_the_first_roster_only_the_stage_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines(monkeypatch, replace(RECORD, stage="cover", cost=None)) == ["first plan"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_word(monkeypatch: pytest.MonkeyPatch, stage: str, language: Language) -> None:
    speak(language)
    try:
        (line,) = lines(monkeypatch, replace(RECORD, stage=stage))
    finally:
        speak("en")
    assert "20,000" in line
    assert "progress." not in line


@pytest.mark.parametrize("bound", [float("inf"), 0.0])
@pytest.mark.parametrize("cost", [0.0, 20_000.0])
def test_odd_bounds_are_no_fault(monkeypatch: pytest.MonkeyPatch, bound: float, cost: float) -> None:
    (line,) = lines(monkeypatch, replace(RECORD, bound=bound, cost=cost))
    assert "nan" not in line
    assert "inf" not in line


def test_quiet_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines(monkeypatch, RECORD, quiet=True) == []


@pytest.mark.parametrize(
    ("stop", "record", "part"),
    [
        (Seconds(60), RECORD, 0.25),
        (Rosters(200), replace(RECORD, seconds=float("inf")), 0.25),
        (None, replace(RECORD, seconds=120.0), 0.125),
    ],
)
def test_the_bar_is_as_far_as_the_budget(
    monkeypatch: pytest.MonkeyPatch, stop: Stop | None, record: Record, part: float
) -> None:
    out = Screen()
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setenv("COLUMNS", "80")
    shown: list[float | None] = []
    real = progress._bar

    def watched(what: str):  # type: ignore[no-untyped-def]
        from contextlib import contextmanager

        @contextmanager
        def bar():  # type: ignore[no-untyped-def]
            with real(what) as show:

                def look(words: str, done: float, total: float | None) -> None:
                    shown.append(done / total if total else None)
                    show(words, done, total)

                yield look

        return bar()

    monkeypatch.setattr(progress, "_bar", watched)
    with progress.of_search(stop) as tell:
        tell(record)
    assert shown == [part]
    assert "best 20,000, gap 5.0%" in out.getvalue()
