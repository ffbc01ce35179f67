"""Sweeps as a reader sees them: tables and sentences, files, pictures, and the command."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from rich.cells import cell_len
from rich.console import Console

from cssim import cli
from cssim.experiment.simulation import simulate
from cssim.messages import Language, speak
from cssim.report import sweep_figures, sweep_files, sweep_tables
from cssim.scenario.load import dump
from cssim.sweeps import run
from cssim.sweeps.bot import points_of
from cssim.sweeps.grid import axis_of, grid
from cssim.sweeps.outcome import Outcome
from cssim.sweeps.result import Ran, SweepResult
from cssim.sweeps.sweep import sweep
from cssim.sweeps.tornado import TornadoResult, tornado
from tests.sweeps.build import QUEUE, shop, stopping_at

RESOLVES = "queues.pre_sales.bot.resolves"
HOSTILE = "=1+1 <script>\u202e$x^2$" + "长" * 300


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> Iterator[Language]:
    speak(request.param)
    yield request.param
    speak("en")


@pytest.fixture(scope="module")
def swept() -> SweepResult:
    targets = [
        {"measure": "first_reply", "name": HOSTILE, "within": "20s", "at_least": "80%"},
        {"measure": "mean_reply", "at_most": "1min"},
        {"measure": "first_reply", "name": "days", "within": "20s", "at_least": "50%", "on": "50%"},
    ]
    values = {RESOLVES: ["20%", "60%"], "groups.main.chats": [2, 4]}
    return sweep(shop(targets=targets), values, replications=5, seed=1, workers=1)


@pytest.fixture(scope="module")
def blown() -> TornadoResult:
    return tornado(shop(), replications=8, seed=1, workers=1)


def searched(kind: Any, points: Any, statuses: list[str], costs: list[int]) -> SweepResult:
    """A result as of a search, with rosters of so many people."""
    outcomes = []
    for point, status, people in zip(points, statuses, costs, strict=True):
        rows = shop().model_dump(mode="json", by_alias=True)["roster"]
        scenario = shop(roster=[{**row, "count": people} for row in rows])
        result = simulate(point.scenario, run.roster_of(scenario, scenario.roster or ()), seed=1, workers=1)
        outcomes.append(Outcome(point, result, None, status, 0.8 * result.cost.total.value))
    base = outcomes[0] if kind == "bot" else outcomes[1]
    return SweepResult(
        kind=kind,
        scenario=shop(),
        base=base,
        outcomes=tuple(outcomes[1:] if kind == "bot" else outcomes),
        points=len(outcomes),
        seed=1,
        searched=True,
        target=0 if kind == "frontier" else None,
        interrupted=False,
        ran=Ran("2026-11-01T00:00:00+08:00", 1.0),
    )


@pytest.fixture(scope="module")
def front() -> SweepResult:
    points = grid(shop(), [axis_of("targets.0.within", ["6s", "20s", "5min"])])
    return searched("frontier", points, ["budget", "met", "met"], [4, 3, 1])


@pytest.fixture(scope="module")
def bots() -> SweepResult:
    return searched("bot", points_of(shop(), ("75%",)), ["met", "met", "met"], [2, 3, 1])


def shown(result: SweepResult | TornadoResult, width: int = 1000) -> str:
    page = io.StringIO()
    console = Console(file=page, width=width, highlight=False, markup=False, emoji=False)
    sweep_tables.show(console, result)
    return page.getvalue()


# -- tables -----------------------------------------------------------------------------------------------


def test_a_grid_shows_every_point_in_every_table(swept: SweepResult, language: Language) -> None:
    text = shown(swept)
    assert text.count("20%  ") >= 8
    assert HOSTILE in text
    assert ("as written" if language == "en" else "场景原样") in text


def test_tables_fit_a_terminal_of_80_columns(
    front: SweepResult, bots: SweepResult, blown: TornadoResult, language: Language
) -> None:
    for result in (front, bots, blown):
        lines = [line for line in shown(result, 80).splitlines() if language == "en" or "  " in line]
        assert max(map(cell_len, lines)) <= 80
        assert "…" not in "".join(lines).replace(" … ", "")


def test_costs_of_two_searches_differ_without_a_half_width() -> None:
    """Even where both were judged on the same replications: what a search missed is not in them."""
    points = grid(shop(), [axis_of(RESOLVES, ["20%", "60%"])])
    found = searched("sweep", points, ["met", "met"], [3, 2])
    change = found.difference(found.outcomes[0])
    assert change is not None
    assert change.cost is None
    assert found.rows()[0]["cost change half_width"] is None
    _, head, _, row, _ = (line.split() for line in shown(found).splitlines()[2:7])
    assert len(head) == len(row) + 1  # its heading "paid h" is two words


def test_a_narrow_terminal_loses_no_figure_of_a_tornado(blown: TornadoResult, language: Language) -> None:
    narrow, wide = (re.findall(r"[+−]?\d[\d.,]*%?", shown(blown, width)) for width in (80, 200))
    assert sorted(narrow) == sorted(wide)


def test_a_frontier_says_what_the_hardest_and_the_easiest_level_cost(front: SweepResult) -> None:
    text = shown(front)
    words = r"Within 20s costs 36\d CNY; within 5min costs 1[23]\d CNY: 2[34]\d CNY \(6[456]\.\d%\) less\."
    assert re.search(words, text)
    assert "not sure" in text


def test_a_roster_that_was_taken_over_may_say_undecided_itself(front: SweepResult) -> None:
    first, *rest = front.outcomes
    unsure = replace(first.result, targets=(replace(first.targets[0], verdict="undecided"),))
    handed = replace(front, outcomes=(replace(first, result=unsure, status="met", handed=True), *rest))
    assert "its own verdict here may say undecided" in shown(handed)
    assert "its own verdict here may say undecided" not in shown(front)


def test_a_bots_worth_is_said_in_money_hours_and_people(bots: SweepResult) -> None:
    text = shown(bots)
    assert re.search(r"The bot of pre_sales saves 1[12]\d CNY per horizon", text)
    assert "(agent-hours saved: 4; people: 1)" in text
    assert "as it is (40.0%)" in text


def test_a_bot_without_which_nothing_is_kept_is_needed_not_priced() -> None:
    found = searched("bot", points_of(shop(), ()), ["met", "budget"], [2, 3])
    assert "no roster was found that surely keeps every promise" in shown(found)
    found = searched("bot", points_of(shop(), ()), ["met", "met"], [3, 2])
    assert "saves nothing that could be seen" in shown(found)
    found = searched("bot", points_of(shop(), ()), ["budget", "met"], [3, 2])
    assert "its worth cannot be told" in shown(found)


def test_a_tornado_says_what_to_measure_first(blown: TornadoResult, language: Language) -> None:
    text = shown(blown)
    for bar in blown.first:
        assert sweep_tables.label(bar, star=False) in text
    assert (("Measure these first: " if language == "en" else "先实测这几个：") in text) == bool(blown.first)


# -- files ------------------------------------------------------------------------------------------------


def test_the_csv_opens_in_excel_and_holds_no_formula(swept: SweepResult) -> None:
    content = sweep_files.table(swept.rows())
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 6
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]
    assert [row[:2] for row in rows[1:3]] == [["", ""], ["20%", "2"]]


def test_numbers_and_texts_in_a_csv() -> None:
    row = {"a": -1.5, "b": None, "c": "-30%", "d": "-x", "e": 3, "f": "=A1"}
    lines = sweep_files.table([row]).decode("utf-8-sig").splitlines()
    assert lines == ["a,b,c,d,e,f", "-1.5,,-30%,'-x,3,'=A1"]


def test_one_file_by_its_ending_or_all_in_a_folder(swept: SweepResult, tmp_path: Path) -> None:
    assert sweep_files.write(tmp_path / "one.JSON", swept) == [tmp_path / "one.JSON"]
    assert json.loads((tmp_path / "one.JSON").read_text("utf-8"))["kind"] == "sweep"
    sweep_files.write(tmp_path / "all", swept)
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == sorted(sweep_files.NAMES)


# -- pictures ---------------------------------------------------------------------------------------------


def axes() -> Any:
    return Figure().subplots()


def test_a_sweep_is_drawn_as_a_line_for_each_value_of_the_second_path(swept: SweepResult) -> None:
    ax = axes()
    assert sweep_figures.sweep(swept, ax) is ax
    assert len(ax.containers) == 2
    first = ax.containers[0].lines[0]
    assert list(first.get_ydata()) == [swept.outcomes[0].cost.value, swept.outcomes[2].cost.value]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["20%", "60%"]


def test_whiskers_of_shares_end_at_nothing_and_all(swept: SweepResult) -> None:
    ax = sweep_figures.sweep(swept, axes(), target="days")
    ends = [y for bars in ax.containers for line in bars.lines[1] for y in line.get_ydata()]
    assert 0 <= min(ends) <= max(ends) <= 1


def test_a_frontier_is_drawn_with_its_bound_and_what_is_not_sure(front: SweepResult) -> None:
    ax = sweep_figures.frontier(front.to_dict(), axes())
    lines = {line.get_gid(): list(line.get_ydata()) for line in ax.lines}
    assert lines["cost"] == [outcome.cost.value for outcome in front.outcomes]
    assert lines["bound"] == [outcome.lower_bound for outcome in front.outcomes]
    assert lines["unsure"] == [front.outcomes[0].cost.value]


def test_a_tornados_longest_bar_is_on_top(blown: TornadoResult) -> None:
    ax = sweep_figures.tornado(blown, axes())
    low, high = (bars for bars in ax.containers if hasattr(bars, "patches"))
    assert [bar.get_width() for bar in low.patches] == [bar.low.value for bar in blown.bars[:12]]
    assert [bar.get_width() for bar in high.patches] == [bar.high.value for bar in blown.bars[:12]]
    bottom, top = ax.get_ylim()
    assert bottom > top


@pytest.mark.parametrize("name", ["swept", "front", "bots", "blown"])
def test_every_page_is_drawn_in_both_languages(
    name: str, language: Language, request: pytest.FixtureRequest
) -> None:
    page = sweep_figures.picture(request.getfixturevalue(name))
    assert page.startswith(b"\x89PNG")


# -- the command ------------------------------------------------------------------------------------------


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Any]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    Path("shop.yaml").write_text(dump(shop()), encoding="utf-8")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            cli.main(["sweep", "shop.yaml", *arguments, "--workers", "1"])
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    yield call
    speak("en")


def test_the_command_writes_a_table_and_ends_with_0_whatever_is_missed(command: Any) -> None:
    more = "queues.pre_sales.volume={contacts: 900}"
    code, out, _ = command("--set", more, "--replications", "12", "--seed", "1", "-o", "out")
    assert code == 0
    assert "missed" in out
    assert all(Path("out", name).exists() for name in sweep_files.NAMES)
    code, _, err = command("--set", f"{RESOLVES}=0%", "-o", "out")
    assert (code, "is there already" in err) == (2, True)


def test_json_is_one_object(command: Any) -> None:
    code, out, err = command("--set", f"{RESOLVES}=0%", "--replications", "2", "--json", "--quiet")
    assert (code, err) == (0, "")
    assert json.loads(out)["schema"] == "cssim.sweep.1"


def test_a_tornado_from_the_command_line(command: Any) -> None:
    code, out, _ = command("--tornado", "--replications", "3", "--seed", "1", "--lang", "zh", "-o", "t.csv")
    assert code == 0
    assert "估计值的影响" in out
    assert Path("t.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_ctrl_c_writes_what_is_done_and_ends_with_4(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "simulate", stopping_at(2))
    code, out, err = command("--set", f"{RESOLVES}=40%,60%", "--replications", "2", "-o", "s.json")
    assert code == 4
    assert "40%" in out
    assert "1 of 2 points" in err
    assert json.loads(Path("s.json").read_text("utf-8"))["interrupted"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give one of --set"),
        (("--bot", "--tornado"), "give one of --set"),
        (("--set", "queues.pre_sales.bot.resolve=3%"), "did you mean resolves?"),
        (("--set", "x"), "--set: x; write PATH=V1,V2"),
        (("--bot", "--simulate"), "--simulate: the cheapest rosters are looked for"),
        (("--tornado", "--within", "6s"), "--within: goes with --frontier"),
        (("--bot", "--target", "x"), "--target: goes with --frontier or --tornado"),
        (("--tornado", "--target", "x"), "--target: no promise is called x"),
        (("--frontier", "--within", "6"), "6 has no unit"),
        (("--frontier", "--at-most", "5%"), "--at-most: the promise first_reply has no such level"),
        (("--tornado", "--simulate", "--optimise"), "one of --simulate and --optimise"),
        (("--tornado", "--budget", "soon", "--optimise"), "--budget: soon is no budget"),
    ],
)
def test_what_makes_no_sense_is_said(command: Any, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_bot_is_asked_for_where_there_is_one(command: Any) -> None:
    Path("shop.yaml").write_text(dump(shop(queues={"pre_sales": QUEUE})), encoding="utf-8")
    code, _, err = command("--bot")
    assert (code, "no queue has a bot" in err) == (2, True)
