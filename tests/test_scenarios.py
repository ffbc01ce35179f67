"""The scenarios that are shipped: each could be taken over, and does what it says it does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cssim.demand.drawn import Drawn
from cssim.demand.forecast import expected
from cssim.engine.floor import Duty, Roster
from cssim.experiment.days import run_days
from cssim.experiment.rosters import roster_of
from cssim.measure.estimate import judge, tallies
from cssim.roster.outlook import ceilings_of
from cssim.roster.shifts import columns_of
from cssim.scenario.load import CheckedScenario, load, read, read_roster
from cssim.scenario.shifts import Shift
from cssim.scenario.units import HOUR

SCENARIOS = Path(__file__).parents[1] / "scenarios"
FILES = sorted(SCENARIOS.glob("*.yaml"))


def shop(name: str) -> CheckedScenario:
    return load(SCENARIOS / f"{name}.yaml")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_planner_could_take_it_over(path: Path) -> None:
    """No warning, no promise beyond reach, comments in both languages, every group with people and pay."""
    found = read(path)
    assert found.warnings == ()
    assert all(ceiling.possible for ceiling in ceilings_of(found.scenario))
    comments = [line.partition("#")[2] for line in path.read_text(encoding="utf-8").splitlines()]
    assert sum(any("a" <= letter <= "z" for letter in comment) for comment in comments) > 10
    assert sum(any("\u4e00" <= letter <= "\u9fff" for letter in comment) for comment in comments) > 5
    assert all(group.people is not None for group in found.scenario.groups.values())


def test_the_small_shop_is_small() -> None:
    small = shop("small_shop")
    assert expected(small).sum() == pytest.approx(1500)
    assert len(small.groups) == 2
    assert "pdd_5min" in [target.preset for target in small.targets]


def test_double_11_is_the_sale_that_it_says() -> None:
    sale = shop("tmall_double11")
    assert sale.queues["pre_sales"].volume is not None
    assert sale.queues["pre_sales"].volume.orders == 24_000
    assert (len(sale.queues), len(sale.groups)) == (4, 6)
    people = {name: group.people or 0 for name, group in sale.groups.items()}
    assert people.pop("part_timers") == 30
    assert sum(people.values()) == 40
    golden = next(target for target in sale.targets if target.preset == "golden_6s")
    assert (golden.queues, golden.each, golden.on) == (("pre_sales",), "day", 0.9)
    night = sale.shifts["night_a"]
    assert night.end is not None
    assert night.end < night.start.values[0]


def test_double_11_can_be_kept_by_the_people_it_names() -> None:
    """By a legal roster, over forty sales; the verdict on more is in the scenario's comment."""
    sale = shop("tmall_double11")
    roster = roster_of(sale, read_roster(SCENARIOS / "tmall_double11_roster.csv", sale))
    columns = columns_of(sale)
    assert columns.rules.allow(columns.counts(roster))
    golden, *others = judge(sale, run_days(Drawn(sale, 11, 0), roster, range(40)))
    assert all(period.estimate >= 0.9 for period in golden.by_period)
    assert {target.verdict for target in others} == {"met"}


def test_double_11_cannot_be_kept_by_half_of_them() -> None:
    """Not even if half of every group worked through the first evening, all at once and without breaks."""
    sale = shop("tmall_double11")
    evening = Shift(0.0, 6 * HOUR, "eve_a", sale.horizon.start.date())
    half: Roster = tuple(Duty(name, evening, (group.people or 0) // 2) for name, group in sale.groups.items())
    days = run_days(Drawn(sale, 11, 0), half, range(12))
    part, whole = tallies(days, 0)
    assert np.mean(part[:, 0] / whole[:, 0] >= 0.8) < 0.6
    assert part[:, 0].sum() / whole[:, 0].sum() < 0.75
