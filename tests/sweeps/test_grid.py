"""Grids: their order, their values as a file would have them, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cssim.errors import InputError
from cssim.scenario.load import replace
from cssim.sweeps.grid import axis_of, grid, read_axis, same, written
from cssim.sweeps.sweep import _steps
from tests.sweeps.build import shop

RESOLVES = "queues.pre_sales.bot.resolves"


def fault(text: str) -> tuple[str, str]:
    with pytest.raises(InputError) as error:
        grid(shop(), [read_axis(text)], written)
    return error.value.faults[0].key, error.value.faults[0].path


def test_the_last_axis_moves_fastest() -> None:
    points = grid(shop(), [read_axis(f"{RESOLVES}=30%,60%"), read_axis("groups.main.chats=2,3")])
    texts = [tuple(change.text for change in point.changes) for point in points]
    assert texts == [("30%", "2"), ("30%", "3"), ("60%", "2"), ("60%", "3")]
    last = points[-1].scenario
    assert last.queues["pre_sales"].bot is not None
    assert (last.queues["pre_sales"].bot.resolves, last.groups["main"].chats) == (0.6, 3)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("p=30%,0.45", ["30%", 0.45]),
        ("p=6s", ["6s"]),
        ("p={mean: 30s, cv: 0.9},45s", [{"mean": "30s", "cv": 0.9}, "45s"]),
        ("p=[a, b],[a]", [["a", "b"], ["a"]]),
        ("p='a, b',21:30", ["a, b", "21:30"]),
        ("p=2026-11-10 18:00,007", ["2026-11-10 18:00", "007"]),
        ("a=b=c", ["b=c"]),
    ],
)
def test_values_are_read_as_in_a_file(text: str, values: list[object]) -> None:
    assert [change.value for change in read_axis(text)] == values


def test_a_value_does_what_it_would_in_the_scenario() -> None:
    (point,) = grid(shop(), [read_axis("queues.pre_sales.patience={mean: 1min, lingers: 20%}")])
    other = replace(shop(), "queues.pre_sales.patience", {"mean": "1min", "lingers": "20%"})
    assert same(point.scenario, other)


def test_a_table_is_read_as_the_scenario_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    head = "group,date,shift,start,end,count\n"
    Path("one.csv").write_text(f"{head}main,11-10,half,10:00,12:00,1\n", encoding="utf-8")
    (point,) = grid(shop(), [read_axis("roster=one.csv")])
    assert point.scenario.roster is not None
    assert [row.count for row in point.scenario.roster] == [1]
    assert fault("roster=two.csv")[0].startswith("file.missing")


@pytest.mark.parametrize(
    ("text", "key", "path"),
    [
        (RESOLVES, "sweep.set", "--set"),
        ("=3", "sweep.set", "--set"),
        (f"{RESOLVES}=", "sweep.no_values", f"--set {RESOLVES}"),
        (f"{RESOLVES}=[30%", "yaml.bracket", f"--set {RESOLVES}"),
        (
            "queues.pre_sales.bot.resolve=30%",
            "path.unknown.near",
            "--set queues.pre_sales.bot.resolve=30%",
        ),
        (f"{RESOLVES}=130%", "share.range", f"--set {RESOLVES}=130%"),
        (f"{RESOLVES}=30%，45%", "text.full_width", f"--set {RESOLVES}=30%，45%"),
        ("limits.seats=0", "number.least", "--set limits.seats=0"),
    ],
)
def test_what_is_wrong_names_the_option(text: str, key: str, path: str) -> None:
    assert fault(text) == (key, path)


def test_a_fault_elsewhere_names_both_places() -> None:
    wanted = "--set limits={seats: 1, min_on_duty: 2}: limits.min_on_duty"
    key, path = fault("limits={seats: 1, min_on_duty: 2}")
    assert (key, path.replace('"', "")) == ("limits.order", wanted)


def test_every_wrong_value_is_told_at_once() -> None:
    with pytest.raises(InputError) as error:
        grid(shop(), [read_axis(f"{RESOLVES}=130%,30%,x"), read_axis("groups.main.chats=0")], written)
    assert len(error.value.faults) == 3


def test_too_many_points_and_a_path_twice_are_refused() -> None:
    many = axis_of("limits.seats", range(1, 50))
    with pytest.raises(InputError, match="at most 1000"):
        grid(shop(), [many, axis_of("groups.main.people", range(1, 50))])
    with pytest.raises(InputError, match="given twice"):
        grid(shop(), [many, many])
    with pytest.raises(InputError, match="at least one path"):
        grid(shop(), [])


@pytest.mark.parametrize("order", [1, -1])
def test_a_path_within_another_is_refused_for_one_would_undo_the_other(order: int) -> None:
    queue = [axis_of("queues.pre_sales.bot", [{"covers": "50%"}]), axis_of(RESOLVES, ["30%", "60%"])]
    with pytest.raises(InputError, match=r"bot\.resolves: lies within queues\.pre_sales\.bot,"):
        grid(shop(), queue[::order])


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
@settings(deadline=None)
def test_a_neighbour_comes_before_and_differs_in_one_step_of_one_axis(lengths: list[int]) -> None:
    def place(number: int) -> list[int]:
        found = []
        for length in reversed(lengths):
            number, digit = divmod(number, length)
            found.append(digit)
        return found

    steps = _steps(lengths)
    assert [step is None for step in steps] == [k == 0 for k in range(len(steps))]
    for number, before in enumerate(steps):
        if before is not None:
            assert before < number
            moved = [a - b for a, b in zip(place(number), place(before), strict=True)]
            assert sorted(moved) == [0] * (len(lengths) - 1) + [1]
