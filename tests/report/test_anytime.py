"""The best roster so far is on disk, whole, and written at most once a second."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cssim.engine.floor import Roster
from cssim.report import files
from cssim.report.anytime import NAME, BestSoFar, left_in
from cssim.roster.given import read_roster
from cssim.roster.shifts import columns_of
from cssim.roster.stop import Record
from tests.roster.build import shop

SHOP = shop()
RECORD = Record(
    stage="search",
    elapsed=1.0,
    ahead=0.0,
    seconds=60.0,
    rosters=3,
    contacts=1000,
    cost=100.0,
    bound=80.0,
    kept=True,
)


def roster(count: int) -> Roster:
    columns = columns_of(SHOP)
    return columns.roster(count * (columns.group == 0))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    assert left_in(tmp_path) is None
    BestSoFar(tmp_path / "plan", SHOP, pytest.fail).keep(roster(2), 240.0)
    left = left_in(tmp_path / "plan")
    assert left is not None
    assert read_roster(left, SHOP) == roster(2)
    assert [path.name for path in left.parent.iterdir()] == [NAME]


def test_it_is_written_at_most_once_a_second_and_the_last_is_not_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    best = BestSoFar(tmp_path, SHOP, pytest.fail, clock)
    best.keep(roster(4), 480.0)
    clock.now += 0.3
    best.keep(roster(3), 360.0)
    best.keep(roster(2), 240.0)
    assert read_roster(best.path, SHOP) == roster(4)
    clock.now += 0.6
    best.look(RECORD)
    assert read_roster(best.path, SHOP) == roster(4)
    clock.now += 0.2
    best.look(RECORD)
    assert read_roster(best.path, SHOP) == roster(2)
    best.path.unlink()
    clock.now += 5
    best.look(RECORD)
    assert not best.path.exists()  # nothing waits any more


@pytest.mark.parametrize("stage", ["judge", "bound"])
def test_what_waits_is_written_before_a_stage_that_tells_nothing(tmp_path: Path, stage: str) -> None:
    best = BestSoFar(tmp_path, SHOP, pytest.fail, Clock())
    best.keep(roster(4), 480.0)
    best.keep(roster(2), 240.0)
    best.look(replace(RECORD, stage=stage))
    assert read_roster(best.path, SHOP) == roster(2)


def test_it_goes_once_it_is_not_needed_any_more(tmp_path: Path) -> None:
    clock = Clock()
    best = BestSoFar(tmp_path, SHOP, pytest.fail, clock)
    best.keep(roster(4), 480.0)
    best.keep(roster(2), 240.0)
    best.remove()
    clock.now += 5
    best.look(RECORD)
    assert list(tmp_path.iterdir()) == []
    best.remove()


def test_a_full_disk_ends_no_search_and_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    clock, said = Clock(), list[str]()
    best = BestSoFar(tmp_path, SHOP, said.append, clock)
    best.keep(roster(4), 480.0)
    with monkeypatch.context() as broken:
        broken.setattr(files.os, "fsync", full)
        for _ in range(3):
            clock.now += 2
            best.keep(roster(3), 360.0)
    assert len(said) == 1
    assert "No space left" in said[0]
    assert read_roster(best.path, SHOP) == roster(4)
    clock.now += 2
    best.look(RECORD)
    assert read_roster(best.path, SHOP) == roster(3)
