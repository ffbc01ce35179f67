"""The commands as a user meets them: what they print, where, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cssim import cli
from cssim.messages import Language, say
from cssim.report import anytime, files, progress
from cssim.scenario.templates import NAMES
from cssim.scenario.units import format_duration


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


Cssim = Callable[..., Ended]


@pytest.fixture
def cssim(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cssim:
    """Run a command in a folder of its own, in English unless told."""
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "CSSIM_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")

    def run(*arguments: str | Path) -> Ended:
        with pytest.raises(SystemExit) as end:
            cli.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return Ended(end.value.code, out, err)

    return run


# -- the command line itself ------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_list_of_commands_says_of_each_what_it_does(cssim: Cssim, lang: str) -> None:
    assert "..." not in cssim("--lang", lang, "--help").out.partition("Commands:")[2]


def test_the_command_to_go_on_with_can_be_pasted(cssim: Cssim) -> None:
    assert 'cssim check "my shop.yaml"' in cssim("new", "my shop").out
    assert "cssim check 店铺.yaml" in cssim("new", "店铺").out


def test_help_is_in_the_readers_language_to_the_last_line(cssim: Cssim) -> None:
    assert "Show this message" not in cssim("--lang", "zh", "check", "--help").out


def test_a_result_that_is_not_there_is_told_plainly(cssim: Cssim) -> None:
    assert cssim("replay", "nope.json").err == "nope.json: there is no such file\n"


def test_the_version_is_the_packages(cssim: Cssim) -> None:
    import cssim as package

    assert cssim("--version") == Ended(0, f"cssim {package.__version__}\n", "")


def test_without_a_command_it_shows_the_help(cssim: Cssim) -> None:
    ended = cssim()
    assert ended.code == 0
    assert ended.out.strip() == cssim("--help").out.strip()


@pytest.mark.parametrize(
    "command", [[], ["new"], ["check"], ["simulate"], ["optimise"], ["replay"], ["report"], ["erlang"]]
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_help_is_in_the_readers_words(cssim: Cssim, command: list[str], lang: Language) -> None:
    ended = cssim(*command, "--lang", lang, "--help")
    assert ended.code == 0
    assert say("help.lang", lang) in ended.out
    assert "help." not in ended.out


@pytest.mark.parametrize(
    ("environment", "words"),
    [({"LANG": "zh_CN.UTF-8"}, "zh"), ({"LANG": "zh_CN", "LC_ALL": "en_GB"}, "en"), ({"LANG": "C"}, "en")],
)
def test_the_language_is_the_machines(
    cssim: Cssim, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: Language
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert say("help.erlang", words) in cssim("--help").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["erlang"],
        ["erlang", "d"],
        ["erlang", "c", "--agents"],
        ["simulate", "x.yaml", "--replications", "0"],
        ["simulate", "x.yaml", "--seed", "-1"],
        ["optimise"],
        ["check", "a.yaml", "b.yaml"],
        ["check", "--nonsense", "a.yaml"],
    ],
)
def test_bad_usage_is_exit_2_with_a_word_about_it(cssim: Cssim, arguments: list[str]) -> None:
    ended = cssim(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert "Error: " in ended.err
    assert "Traceback" not in ended.err


def test_a_fault_of_the_program_is_exit_1_and_says_where_the_details_are(
    cssim: Cssim, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(files, "require_free", broken)
    ended = cssim("new", "shop")
    assert (ended.code, ended.out) == (1, "")
    assert "ZeroDivisionError: a bug" in ended.err
    assert "Traceback" not in ended.err
    details = Path(ended.err.strip().rpartition("details: ")[2])
    assert "Traceback" in details.read_text(encoding="utf-8")
    details.unlink()
    monkeypatch.setenv("CSSIM_TRACEBACK", "1")
    assert "Traceback" in cssim("new", "shop").err


def test_ctrl_c_is_exit_130_and_one_line(cssim: Cssim, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "require_free", stopped)
    assert cssim("new", "shop") == Ended(130, "", say("cli.stopped") + "\n")


@pytest.mark.parametrize("read", [0, 10])
@pytest.mark.parametrize("agents", ["501:502", "501:1500"])
def test_a_reader_that_stops_reading_is_no_fault(read: int, agents: str) -> None:
    """Whether it stops before the first word or in the middle, and whether or not the words fit a buffer."""
    command = [sys.executable, "-m", "cssim", "erlang", "c", "--load", "500", "--agents", agents]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.read(read)
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    running.wait()


def test_no_output_at_all_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where standard output was closed, or on Windows without a console."""
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SystemExit) as end:
        cli.main(["erlang", "c", "--load", "5", "--agents", "8"])
    assert end.value.code == 0


# -- new --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", NAMES)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_template_is_a_scenario_without_a_fault(
    cssim: Cssim, tmp_path: Path, template: str, lang: Language
) -> None:
    ended = cssim("new", "shop", "--template", template, "--lang", lang)
    assert ended.code == 0
    text = (tmp_path / "shop.yaml").read_text(encoding="utf-8")
    assert "#en" not in text
    assert "#zh" not in text
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text) == (lang == "zh")
    checked = cssim("check", "shop.yaml")
    assert (checked.code, checked.err) == (0, "")


def test_a_template_that_is_not_there_is_named_with_those_that_are(cssim: Cssim, tmp_path: Path) -> None:
    ended = cssim("new", "shop", "--template", "double12")
    assert ended.code == 2
    assert "double12" in ended.err
    assert "double11" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_new_does_not_write_over_a_file_unasked(cssim: Cssim, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("mine", encoding="utf-8")
    ended = cssim("new", "shop")
    assert ended.code == 2
    assert "--force" in ended.err
    assert (tmp_path / "shop.yaml").read_text(encoding="utf-8") == "mine"
    assert cssim("new", "shop", "--force").code == 0
    assert (tmp_path / "shop.yaml").read_text(encoding="utf-8") != "mine"


# -- erlang -----------------------------------------------------------------------------------------------


def test_erlang_shows_a_row_a_number_of_agents(cssim: Cssim) -> None:
    ended = cssim("erlang", "c", "--rate", "240/h", "--work", "3min", "--within", "20s", "--agents", "13:16")
    assert (ended.code, ended.err) == (0, "")
    for agents in range(13, 17):
        assert f"\n    {agents} " in ended.out


def test_erlang_finds_the_fewest_agents(cssim: Cssim) -> None:
    """Erlang C at 12 erlangs: 80% within 20 s needs 16 agents (any Erlang table)."""
    promise = ("--within", "20s", "--at-least", "80%")
    found = cssim("erlang", "c", "--rate", "240/h", "--work", "3min", *promise, "--json").json
    within = {row["agents"]: row["within"] for row in found["rows"]}
    assert within[found["fewest"]] >= 0.8 > within[found["fewest"] - 1]


@pytest.mark.parametrize(
    ("arguments", "fewest"),
    [
        (["b", "--load", "12", "--at-least", "99%"], 20),
        (["c", "--rate", "240/h", "--work", "3min", "--within", "20s", "--at-least", "80%"], 16),
        (
            [
                "a",
                "--rate",
                "240/h",
                "--work",
                "3min",
                "--within",
                "20s",
                "--at-least",
                "80%",
                "--patience",
                "2min",
            ],
            14,
        ),
    ],
)
def test_erlang_agrees_with_the_tables(cssim: Cssim, arguments: list[str], fewest: int) -> None:
    """B(12, 19) = 1.6%, B(12, 20) = 0.98%; in 20 s, C: 77%, 87% of 15, 16 agents; A: 75%, 82% of 13, 14."""
    found = cssim("erlang", *arguments, "--json").json
    assert found["fewest"] == fewest
    assert [row["agents"] for row in found["rows"]] == [fewest + k for k in (-2, -1, 0, 1, 2)]


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["c", "--agents", "5"], "pocket.load"),
        (["c", "--load", "3", "--rate", "3/h", "--work", "1s", "--agents", "5"], "pocket.load"),
        (["c", "--load", "0", "--agents", "5"], "pocket.no_load"),
        (["c", "--load", "3"], "pocket.needs_agents"),
        (["c", "--load", "3", "--at-least", "80%"], "pocket.needs_within"),
        (["c", "--load", "3", "--within", "20s", "--agents", "5"], "pocket.needs_work"),
        (["a", "--rate", "3/h", "--work", "1min", "--agents", "5"], "pocket.patience"),
        (["b", "--load", "3", "--patience", "1min", "--agents", "5"], "pocket.patience"),
        (["b", "--load", "3", "--within", "1min", "--agents", "5"], "pocket.no_within"),
        (["b", "--load", "3", "--mean-wait", "1s"], "pocket.no_within"),
        (["c", "--load", "3", "--abandonment", "3%"], "pocket.no_abandonment"),
        (["c", "--load", "3", "--mean-wait", "3s"], "pocket.needs_work"),
        (["b", "--load", "3", "--at-least", "100%"], "pocket.certain"),
        (["b", "--load", "3", "--at-least", "0"], "pocket.nothing"),
        (["b", "--load", "3", "--agents", "5", "--shrinkage", "100%"], "pocket.all_away"),
    ],
)
def test_erlang_says_what_it_lacks(cssim: Cssim, arguments: list[str], key: str) -> None:
    assert cssim("erlang", *arguments) == Ended(2, "", say(key, "en") + "\n")


def test_erlang_keeps_every_promise_with_the_fewest_and_says_how_many_to_roster(cssim: Cssim) -> None:
    """10 erlangs, patience 120 s: 3.8% and 2.3% of 13 and 14 give up; 12 and 13: a wait of 7.4 s, 4.6 s."""
    known = ["a", "--rate", "200/h", "--work", "3min", "--patience", "2min"]
    promised = ["--at-least", "80%", "--within", "20s", "--mean-wait", "5s", "--abandonment", "3%"]
    asked = [*known, *promised, "--occupancy", "85%", "--shrinkage", "30%"]
    found = cssim("erlang", *asked, "--json").json
    fewest = {promise["measure"]: promise["agents"] for promise in found["promises"]}
    assert fewest == {"at_least": 12, "mean_wait": 13, "abandonment": 14, "occupancy": 11}
    assert (found["fewest"], found["rostered"]) == (14, 20)
    ended = cssim("erlang", *asked)
    assert say("pocket.all", "en", agents=14) in ended.out
    assert say("pocket.rostered", "en", share="30%", people=20) in ended.out
    for measure, bound in (("mean_wait", "5s"), ("abandonment", "3%"), ("occupancy", "85%")):
        assert say(f"pocket.promise.{measure}", "en", bound=bound) in ended.out


@pytest.mark.parametrize(("lang", "words"), [("en", "the line grows for ever"), ("zh", "一直变长")])
def test_erlang_says_why_so_few_are_too_few(cssim: Cssim, lang: Language, words: str) -> None:
    known = ["--rate", "200/h", "--work", "3min", "--within", "20s"]
    ended = cssim("erlang", "c", *known, "--agents", "10", "--lang", lang)
    assert (ended.code, ended.err) == (0, "")
    assert words in ended.out
    assert words not in cssim("erlang", "c", *known, "--agents", "11", "--lang", lang).out
    patient = cssim("erlang", "a", *known, "--patience", "2min", "--agents", "10", "--lang", lang)
    assert words not in patient.out
    row = cssim("erlang", "c", *known, "--agents", "10", "--json").json["rows"][0]
    assert (row["waits"], row["within"], row["mean_wait"], row["occupancy"]) == (1, 0, None, 1)


@pytest.mark.parametrize("model", [["b"], ["c"], ["a", "--patience", "1min"]])
def test_erlang_without_agents_serves_nobody(cssim: Cssim, model: list[str]) -> None:
    ended = cssim("erlang", *model, "--rate", "200/h", "--work", "3min", "--agents", "0")
    assert ended.code == 0
    assert say("pocket.nobody", "en") in ended.out
    assert "100.0%" in ended.out


@pytest.mark.parametrize(
    ("option", "value", "key"),
    [
        ("--occupancy", "0", "pocket.never"),
        ("--occupancy", "100%", "pocket.any"),
        ("--abandonment", "0%", "pocket.never"),
        ("--abandonment", "1", "pocket.any"),
        ("--mean-wait", "0s", "pocket.never"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_erlang_says_why_a_promise_is_none(
    cssim: Cssim, option: str, value: str, key: str, lang: Language
) -> None:
    asked = ["a", "--rate", "200/h", "--work", "3min", "--patience", "2min", option, value]
    ended = cssim("erlang", *asked, "--lang", lang)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(option)
    assert say(key, lang) in ended.err


@pytest.mark.parametrize(
    ("option", "value"),
    [("--work", "3"), ("--rate", "240"), ("--agents", "ten"), ("--agents", "-1"), ("--at-least", "800%")],
)
def test_erlang_names_the_option_that_it_cannot_read(cssim: Cssim, option: str, value: str) -> None:
    given = {"--rate": "240/h", "--work": "3min", "--within": "20s", "--at-least": "80%", option: value}
    ended = cssim("erlang", "c", *(word for pair in given.items() for word in pair))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"{option}: ")


# -- check ------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A morning of sixty calls, for which two agents are plenty and one is too few; with a roster of two."""
    (tmp_path / "roster.csv").write_text("group,date,shift,count\nteam,03-02,morning,2\n", encoding="utf-8")
    path = tmp_path / "quick.yaml"
    path.write_text(
        """
name: 快
horizon: {from: 2026-03-02 08:00, to: 2026-03-02 10:00}
forecast: {day_cv: 0}
queues:
  calls: {volume: {contacts: 60}, chat: {rounds: 1, reply: 60s}, patience: {mean: 5min}}
groups:
  team: {serves: calls, chats: 1, people: 3, pay: {per_hour: 30}}
shifts:
  morning: {start: 08:00, end: 10:00}
roster: roster.csv
targets:
  - {measure: answered, within: 20s, at_least: 75%}
""",
        encoding="utf-8",
    )
    return path


def test_check_shows_demand_need_ceilings_and_what_was_not_told(cssim: Cssim, shop: Path) -> None:
    ended = cssim("check", shop)
    assert (ended.code, ended.err) == (0, "")
    for words in (
        "calls",
        "60",
        "answered within 20s",
        "100.0%",
        "You have not told us",
        "groups.team.no_show",
    ):
        assert words in ended.out


def test_check_of_the_resolved_scenario_is_the_same_scenario(cssim: Cssim, shop: Path) -> None:
    resolved = cssim("check", shop, "--resolved")
    (shop.parent / "again.yaml").write_text(resolved.out, encoding="utf-8")
    assert cssim("check", "again.yaml", "--resolved") == resolved


def test_a_promise_beyond_reach_is_a_warning(cssim: Cssim, shop: Path) -> None:
    text = shop.read_text(encoding="utf-8")
    shop.write_text(text.replace("answered, within: 20s", "first_reply, within: 30s"), encoding="utf-8")
    ended = cssim("check", shop)
    assert ended.code == 0
    assert "Warning: targets.0: promises 75.0%" in ended.out


def test_standard_input_is_a_scenario_too(shop: Path) -> None:
    command = [sys.executable, "-m", "cssim", "check", "-", "--json"]
    text = shop.read_bytes().replace(b"roster: roster.csv", b"")
    ended = subprocess.run(command, input=text, capture_output=True, check=True)
    assert json.loads(ended.stdout)["scenario"]["name"] == "快"


@pytest.mark.parametrize("command", ["check", "simulate", "optimise"])
@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "broken.yaml"),
        (b"\x00\x01\xff", "broken.yaml"),
        (b"horizon: [", "broken.yaml:1:"),
        (b"name: a\nhorizonn: {}\n", "broken.yaml:2:1: horizonn"),
    ],
)
def test_a_broken_file_is_exit_2_with_its_place(
    cssim: Cssim, tmp_path: Path, command: str, content: bytes, place: str
) -> None:
    (tmp_path / "broken.yaml").write_bytes(content)
    ended = cssim(command, "broken.yaml", *(() if command == "check" else ("-o", "out")))
    assert (ended.code, ended.out) == (2, "")
    assert place in ended.err
    assert "Traceback" not in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["broken.yaml"]


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_file_that_cannot_be_read_is_exit_2(cssim: Cssim, name: str) -> None:
    ended = cssim("check", name)
    assert (ended.code, ended.out) == (2, "")
    assert name in ended.err


# -- simulate and replay ----------------------------------------------------------------------------------

FEW = ("--replications", "6", "--seed", "0", "--workers", "1")


def test_simulate_says_what_the_roster_would_do(cssim: Cssim, shop: Path) -> None:
    ended = cssim("simulate", shop, *FEW)
    assert (ended.code, ended.err) == (0, "")
    for words in ("快: 6 runs (seed 0)", "calls", "team", "met", "Promises kept: 1 of 1", "Cost 120 CNY"):
        assert words in ended.out


def test_a_missed_promise_is_exit_5(cssim: Cssim, shop: Path) -> None:
    (shop.parent / "one.csv").write_bytes("组,日期,班次,人数\nteam,03-02,morning,1\n".encode("gb18030"))
    ended = cssim("simulate", shop, "--roster", "one.csv", *FEW)
    assert ended.code == 5
    assert "missed" in ended.out


def test_an_undecided_promise_is_exit_4(cssim: Cssim, shop: Path) -> None:
    ended = cssim("simulate", shop, "--replications", "1", "--workers", "1")
    assert ended.code == 4
    assert "undecided" in ended.out


def test_a_full_disk_loses_no_words(cssim: Cssim, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    ended = cssim("simulate", shop, *FEW, "-o", "sim.json")
    assert ended.code == 1
    assert "Promises kept: 1 of 1" in ended.out
    assert "could not write sim.json: No space left on device" in ended.err
    assert not (shop.parent / "sim.json").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk is always full here")
@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize(
    "words", [("--help",), ("check", "SHOP"), ("check", "SHOP", "--resolved"), ("check", "nope", "--json")]
)
def test_words_that_cannot_be_written_are_missed(shop: Path, words: Sequence[str], buffered: bool) -> None:
    given = [str(shop) if word == "SHOP" else word for word in words]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "cssim", *given, "--lang", "en"],
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"},
        )
    assert ended.returncode == 1
    *before, last = ended.stderr.splitlines()
    assert last.startswith("the output could not be written: No space left on device")
    assert before == (["nope: there is no such file"] if "nope" in words else [])


def test_simulate_without_a_roster_says_so(cssim: Cssim, shop: Path) -> None:
    text = shop.read_text(encoding="utf-8")
    shop.write_text(text.replace("roster: roster.csv\n", ""), encoding="utf-8")
    ended = cssim("simulate", shop, *FEW)
    assert (ended.code, ended.out) == (2, "")
    assert "--roster" in ended.err


def test_json_is_one_object_and_nothing_else(cssim: Cssim, shop: Path) -> None:
    ended = cssim("simulate", shop, *FEW, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.json["seed"] == 0
    assert ended.json["scenario"]["name"] == "快"


def test_chinese_words_for_a_chinese_reader(cssim: Cssim, shop: Path) -> None:
    ended = cssim("simulate", shop, *FEW, "--lang", "zh")
    assert "达标" in ended.out
    assert "met" not in ended.out


def test_the_same_seed_is_the_same_on_one_process_and_two(cssim: Cssim, shop: Path) -> None:
    few = ("--replications", "3", "--seed", "7", "--json")
    one, two = (cssim("simulate", shop, *few, "--workers", n).json for n in ("1", "2"))
    for changing in ("started", "elapsed_s"):
        assert one.pop(changing) != two.pop(changing) or changing == "started"
    assert one == two


def test_a_result_is_written_once_and_replays(cssim: Cssim, shop: Path) -> None:
    assert cssim("simulate", shop, *FEW, "-o", "sim.json").code == 0
    again = cssim("simulate", shop, *FEW, "-o", "sim.json")
    assert (again.code, again.out) == (2, "")
    assert "--force" in again.err
    shop.unlink()
    replayed = cssim("replay", "sim.json", "--workers", "1")
    assert (replayed.code, replayed.err) == (0, "")
    assert replayed.out.startswith("The same numbers")


def test_replay_of_a_result_that_stopped_at_a_precision(cssim: Cssim, shop: Path) -> None:
    precise = ("--precision", "10%", "--replications", "45", "--seed", "1", "--workers", "1")
    assert cssim("simulate", shop, *precise, "-o", "sim.json").code == 0
    assert cssim("replay", "sim.json", "--workers", "1").code == 0


def test_replay_finds_a_number_that_was_changed(cssim: Cssim, shop: Path, tmp_path: Path) -> None:
    cssim("simulate", shop, *FEW, "-o", "sim.json")
    result = json.loads((tmp_path / "sim.json").read_text(encoding="utf-8"))
    result["cost"]["value"] += 1e-9
    (tmp_path / "sim.json").write_text(json.dumps(result), encoding="utf-8")
    ended = cssim("replay", "sim.json", "--workers", "1")
    assert ended.code == 1
    assert "cost.value" in ended.out
    found = cssim("replay", "sim.json", "--workers", "1", "--json").json
    assert (found["same"], [row["path"] for row in found["differences"]]) == (False, ["cost.value"])


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "cssim.simulation.1"}', "{" * 10_000])
def test_replay_of_something_else_is_exit_2(cssim: Cssim, tmp_path: Path, content: str) -> None:
    (tmp_path / "sim.json").write_text(content, encoding="utf-8")
    ended = cssim("replay", "sim.json")
    assert (ended.code, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1


# -- optimise ---------------------------------------------------------------------------------------------

WHOLE_PLAN = (*files.PLAN, files.REPORT, files.WORKBOOK)

SHORT = ("--budget", "8s", "--workers", "1", "--seed", "3")


def test_a_plan_is_a_folder_that_the_other_commands_read(cssim: Cssim, shop: Path, tmp_path: Path) -> None:
    ended = cssim("optimise", shop, *SHORT, "-o", "deep/plan")
    assert ended.code == 0
    for words in (
        "this roster keeps every promise",
        "Roster",
        "morning",
        "met",
        "no roster that keeps the promises costs less than",
        "Today's roster costs",
    ):
        assert words in ended.out
    folder = tmp_path / "deep" / "plan"
    assert sorted(path.name for path in folder.iterdir()) == sorted(WHOLE_PLAN)
    assert (
        (folder / "roster.csv")
        .read_bytes()
        .startswith(b"\xef\xbb\xbfgroup,date,shift,start,end,count,cost\r\n")
    )
    assert cssim("check", folder / "scenario.yaml").code == 0
    seen = [
        cssim("simulate", shop, "--roster", folder / name, *FEW, "--json").json["targets"]
        for name in ("roster.csv", "roster.json", "plan.xlsx", "result.json")
    ]
    assert all(targets == seen[0] for targets in seen)
    replayed = cssim("replay", folder / "result.json", "--workers", "1")
    assert (replayed.code, replayed.out.startswith("The same numbers")) == (0, True)
    again = cssim("optimise", shop, *SHORT, "-o", "deep/plan")
    assert (again.code, again.out) == (2, "")
    assert "--force" in again.err


def test_a_plan_has_a_report_that_is_made_again_in_another_language(
    cssim: Cssim, shop: Path, tmp_path: Path
) -> None:
    ended = cssim("optimise", shop, *ONCE, "-o", "plan")
    page = tmp_path / "plan" / "report.html"
    assert ended.out.splitlines()[-1] == say("report.open", "en", path=Path("plan") / "report.html")
    assert '<html lang="en">' in page.read_text(encoding="utf-8")
    again = cssim("report", "plan", "-o", "zh.html", "--lang", "zh", "--beside", "plan/result.json")
    assert (again.code, again.err) == (0, "")
    assert "zh.html" in again.out
    assert '<html lang="zh-CN">' in (tmp_path / "zh.html").read_text(encoding="utf-8")
    assert cssim("report", "plan", "-o", "zh.html").code == 2
    forced = cssim("report", "plan/result.json", "-o", "zh.html", "--force", "--json")
    assert (forced.code, forced.json) == (0, {"file": "zh.html", "lang": "en"})


def test_a_report_on_a_simulation(cssim: Cssim, shop: Path, tmp_path: Path) -> None:
    cssim("simulate", shop, *FEW, "-o", "sim.json")
    assert cssim("report", "sim.json", "-o", "sim.html").code == 0
    assert (tmp_path / "sim.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    "content", ["", "[]", '{"schema": "cssim.roster.1"}', '{"schema": "cssim.simulation.1"}']
)
def test_a_report_on_something_else_is_exit_2_and_writes_nothing(
    cssim: Cssim, tmp_path: Path, content: str
) -> None:
    (tmp_path / "old.json").write_text(content, encoding="utf-8")
    ended = cssim("report", "old.json", "-o", "old.html")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("old.json: ")
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "old.html").exists()


@pytest.mark.parametrize(
    ("change", "suffix"),
    [
        ({"untold": [None]}, "html"),
        ({"roster": [{"group": "team", "date": "x"}]}, "html"),
        ({"queues": None}, "xlsx"),
        ({"people_needed": -1}, "xlsx"),
        ({"cost": {"value": 10**400, "half_width": 0}}, "xlsx"),
    ],
)
def test_a_report_on_a_result_that_somebody_has_changed_is_exit_2(
    cssim: Cssim, shop: Path, tmp_path: Path, change: dict[str, object], suffix: str
) -> None:
    result = json.loads(cssim("simulate", shop, "--replications", "2", "--json").out)
    (tmp_path / "old.json").write_text(json.dumps({**result, **change}), encoding="utf-8")
    ended = cssim("report", "old.json", "-o", f"old.{suffix}")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("old.json: ")
    assert not (tmp_path / f"old.{suffix}").exists()


def test_a_report_that_fails_takes_nothing_of_the_plan_with_it(
    cssim: Cssim, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("cssim.report.html.html", broken)
    assert cssim("optimise", shop, *ONCE, "-o", "plan").code == 1
    assert sorted(path.name for path in (tmp_path / "plan").iterdir()) == sorted(files.PLAN)


def test_a_plan_as_json_is_one_object(cssim: Cssim, shop: Path, tmp_path: Path) -> None:
    ended = cssim("optimise", shop, *SHORT, "--json", "-o", "plan")
    assert (ended.code, ended.json["status"]) == (0, "met")
    assert ended.out.strip() == (tmp_path / "plan" / "result.json").read_text(encoding="utf-8").strip()


def test_what_is_proven_impossible_is_exit_3_and_says_why(cssim: Cssim, shop: Path) -> None:
    text = shop.read_text(encoding="utf-8")
    shop.write_text(text.replace("answered, within: 20s", "first_reply, within: 30s"), encoding="utf-8")
    ended = cssim("optimise", shop, *SHORT)
    assert ended.code == 3
    assert "no roster can keep every promise" in ended.out
    assert "What to do" in ended.out


@pytest.mark.parametrize(("lang", "words"), [("en", "all 2 rosters"), ("zh", "全部 2 张班表")])
def test_where_all_rosters_were_tried_and_miss_is_exit_3_with_what_would_mend_it(
    cssim: Cssim, shop: Path, lang: Language, words: str
) -> None:
    text = (
        shop.read_text(encoding="utf-8").replace("people: 3", "people: 1").replace("roster: roster.csv", "")
    )
    shop.write_text(text, encoding="utf-8")
    ended = cssim("optimise", shop, *TRIED, "--workers", "1", "--quiet", "--lang", lang)
    assert (ended.code, ended.err) == (3, "")
    for expected in (words, "95%", say("plan.shortfall", lang), say("plan.mend", lang)):
        assert expected in ended.out
    assert cssim("optimise", shop, *TRIED, "--workers", "1", "--json").json["status"] == "infeasible"


def test_ctrl_c_before_the_first_roster_is_exit_130_and_leaves_nothing(
    cssim: Cssim, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cssim.roster.search.run_days", stopped)
    for more in ((), ("--json",)):
        ended = cssim("optimise", shop, *TRIED, "--workers", "1", "--quiet", "-o", "plan", *more)
        assert ended == Ended(130, "", say("cli.stopped") + "\n")
        assert not (shop.parent / "plan").exists()


def test_a_full_disk_still_shows_the_plan(cssim: Cssim, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    ended = cssim("optimise", shop, *SHORT, "-o", "plan")
    assert ended.code == 1
    assert "Promises kept: 1 of 1" in ended.out
    assert "No space left on device" in ended.err
    assert not (shop.parent / "plan").exists()


@pytest.mark.parametrize("budget", ["0s", "soon", "-5s", "60", "0 rosters", "-3 rosters"])
def test_a_budget_that_is_none_is_exit_2(cssim: Cssim, shop: Path, budget: str) -> None:
    ended = cssim("optimise", shop, f"--budget={budget}")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("--budget: ")
    assert "200 rosters" in ended.err or "60s" in ended.err


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_help_tells_the_default_budget(cssim: Cssim, lang: Language) -> None:
    from cssim.roster.search import BUDGET

    assert say("help.budget", lang).count(format_duration(BUDGET)) == 1
    words = " ".join(cssim("optimise", "--help", "--lang", lang).out.split())
    assert format_duration(BUDGET) in words
    assert "200" in words


TRIED = ("--budget", "40 rosters", "--seed", "3")


def test_a_budget_of_rosters_gives_the_same_roster_on_any_number_of_workers(cssim: Cssim, shop: Path) -> None:
    one, two = (cssim("optimise", shop, *TRIED, "--workers", n, "--json").json for n in ("1", "2"))
    assert one["search"]["rosters_tried"] <= 40
    assert (one["roster"], one["cost"]) == (two["roster"], two["cost"])


THREE = "group,date,shift,count\nteam,03-02,morning,3\n"
ONCE = ("--budget", "1 roster", "--workers", "1", "--seed", "3")


def people(plan: Mapping[str, Any]) -> int:
    return sum(row["count"] for row in plan["roster"])


def test_a_search_begins_with_the_roster_that_it_is_given(cssim: Cssim, shop: Path) -> None:
    """With one roster to try it has tried that one; a table and a result are alike."""
    (shop.parent / "three.csv").write_text(THREE, encoding="utf-8")
    ended = cssim("optimise", shop, *ONCE, "--start", "three.csv", "-o", "plan")
    assert ended.code == 0
    assert people(json.loads((shop.parent / "plan" / "result.json").read_text(encoding="utf-8"))) == 3
    assert people(cssim("optimise", shop, *ONCE, "--start", "plan/result.json", "--json").json) == 3
    simulated = cssim("simulate", shop, *FEW, "--roster", "plan/result.json", "--json").json
    assert simulated["groups"]["team"]["agents"]["value"] == 3


def test_people_who_are_fixed_work(cssim: Cssim, shop: Path) -> None:
    (shop.parent / "three.csv").write_text(THREE, encoding="utf-8")
    assert people(cssim("optimise", shop, *TRIED, "--workers", "1", "--json").json) == 2
    fixed = cssim("optimise", shop, *TRIED, "--workers", "1", "--fixed", "three.csv", "--json")
    assert people(fixed.json) == 3


def test_money_buys_the_best_promise_that_it_can(cssim: Cssim, shop: Path) -> None:
    """A shift costs 60: for 70 one person works, and the promise is missed; for 200 all three work."""
    poor = cssim("optimise", shop, *TRIED, "--workers", "1", "--money", "70", "--json")
    assert (poor.code, people(poor.json)) == (5, 1)
    rich = cssim("optimise", shop, *TRIED, "--workers", "1", "--money", "200", "--json")
    assert (rich.code, people(rich.json)) == (0, 3)


def test_lost_sales_count_as_cost_where_asked(cssim: Cssim, shop: Path) -> None:
    """A lost buyer costs 1000, so a third person at 60 pays off."""
    text = shop.read_text(encoding="utf-8")
    dear = text.replace("patience: {mean: 5min}", "sale_value: 1000, patience: {mean: 1min}")
    shop.write_text(dear, encoding="utf-8")
    wages = cssim("optimise", shop, *TRIED, "--workers", "1", "--json")
    both = cssim("optimise", shop, *TRIED, "--workers", "1", "--lost-sales", "--json")
    assert (people(wages.json), people(both.json)) == (2, 3)


NOBODY = '{"group": "nobody", "date": "03-02", "shift": "morning", "count": 1}'


@pytest.mark.parametrize("option", ["--start", "--fixed"])
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nowhere.csv", None, "nowhere.csv"),
        ("nowhere.json", None, "nowhere.json"),
        ("r.csv", "group,date,shift,count\nteam,03-02,evening,1\n", "r.csv:2:"),
        ("r.json", "{}", "r.json"),
        ("r.json", '{"schema": "cssim.roster.1", "roster": [{"group": "nobody"}]}', "r.json"),
        ("r.json", '{"schema": "cssim.roster.1", "roster": 3}', "r.json"),
        ("r.json", f'{{"schema": "cssim.roster.1", "roster": [{NOBODY}]}}', "r.json: roster[0].group"),
        ("r.csv", "group,date,shift,count\nteam,03-02,morning,9\n", "more people"),
    ],
)
def test_a_roster_that_is_none_is_exit_2(
    cssim: Cssim, shop: Path, option: str, name: str, content: str | None, words: str
) -> None:
    if content is not None:
        (shop.parent / name).write_text(content, encoding="utf-8")
    ended = cssim("optimise", shop, *ONCE, option, name)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("money", ["0", "-5", "lots"])
def test_money_that_is_none_is_exit_2(cssim: Cssim, shop: Path, money: str) -> None:
    ended = cssim("optimise", shop, *ONCE, f"--money={money}")
    assert (ended.code, ended.out) == (2, "")
    assert "--money" in ended.err


def test_verbose_says_where_the_time_went(cssim: Cssim, shop: Path) -> None:
    ended = cssim("optimise", shop, *TRIED, "--workers", "1", "--verbose")
    assert ended.code == 0
    for words in (
        "Where the time went",
        "judging",
        "judged; it ended because",
        "How the roster became better",
    ):
        assert words in ended.out


@pytest.mark.parametrize("folder", ["n" * 300, "read_only"])
def test_a_folder_that_cannot_be_written_is_found_before_the_search(
    cssim: Cssim, shop: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    from cssim.roster import search

    real = Path.mkdir

    def mkdir(self: Path, *given: Any, **more: Any) -> None:
        if self.name == "read_only":
            raise OSError(30, "Read-only file system")
        real(self, *given, **more)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setattr(search, "optimise", pytest.fail)
    ended = cssim("optimise", shop, *ONCE, "-o", folder)
    assert (ended.code, ended.out) == (2, "")
    assert f"{folder}" in ended.err
    assert "cannot be written" in ended.err


def test_a_killed_search_goes_on_where_it_was(shop: Path, tmp_path: Path) -> None:
    """The same command again begins with the best roster that the killed process had written."""
    command = [
        sys.executable,
        "-m",
        "cssim",
        "optimise",
        str(shop),
        "-o",
        "plan",
        "--seed",
        "1",
        "--lang",
        "en",
    ]
    left = tmp_path / "plan" / anytime.NAME
    killed = subprocess.Popen([*command, "--budget", "10min"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        while killed.poll() is None and not left.exists():
            time.sleep(0.02)
    finally:
        killed.kill()
        killed.wait()
    assert {path.name for path in left.parent.iterdir() if path.suffix} >= {anytime.NAME}
    best = left.read_bytes()
    again = subprocess.run(
        [*command, "--budget", "1 roster"], cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    assert f"Going on from {Path('plan') / anytime.NAME}" in again.stderr
    assert sorted(path.name for path in left.parent.glob("[!.]*")) == sorted(WHOLE_PLAN)
    assert (left.parent / "roster.csv").read_bytes() == best


def test_another_start_is_taken_instead_of_what_was_left(cssim: Cssim, shop: Path) -> None:
    (shop.parent / "three.csv").write_text(THREE, encoding="utf-8")
    (shop.parent / "plan").mkdir()
    (shop.parent / "plan" / anytime.NAME).write_text(THREE.replace(",3", ",2"), encoding="utf-8")
    ended = cssim("optimise", shop, *ONCE, "-o", "plan", "--start", "three.csv", "--json")
    assert "Going on from" not in ended.err
    assert people(ended.json) == 3


def test_what_was_left_of_another_scenario_is_named(cssim: Cssim, shop: Path) -> None:
    (shop.parent / "plan").mkdir()
    left = shop.parent / "plan" / anytime.NAME
    left.write_text(THREE.replace(",3", ",9"), encoding="utf-8")
    ended = cssim("optimise", shop, *ONCE, "-o", "plan")
    assert ended.code == 2
    assert ended.err.splitlines()[1].startswith(f"{Path('plan') / anytime.NAME}: ")
    assert left.exists()


def test_a_plan_that_could_not_be_written_leaves_the_best_so_far(
    cssim: Cssim, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, *_: object) -> None:
        raise files.WriteError(folder, "No space left on device")

    monkeypatch.setattr(files, "write_plan", full)
    ended = cssim("optimise", shop, *TRIED, "--workers", "1", "-o", "plan")
    assert ended.code == 1
    assert (shop.parent / "plan" / anytime.NAME).exists()


@pytest.mark.parametrize("command", [["simulate", *FEW], ["optimise", *ONCE, "--start", "roster.csv"]])
def test_quiet_says_nothing_of_the_progress(
    cssim: Cssim, shop: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    name, *options = command
    assert cssim(name, shop, *options).err != ""
    assert cssim(name, shop, *options, "--quiet").err == ""


# -- json -------------------------------------------------------------------------------------------------


def test_with_json_faults_are_an_object_too(cssim: Cssim) -> None:
    ended = cssim("erlang", "c", "--agents", "5", "--json")
    assert ended.code == 2
    assert [fault["key"] for fault in ended.json["faults"]] == ["pocket.load"]
    assert ended.err == say("pocket.load", "en") + "\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["erlang", "d"], "'d'"),
        (["optimise"], "SCENARIO"),
        (["optimise", "x.yaml", "--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
    ],
)
def test_with_json_bad_usage_is_an_object_too(cssim: Cssim, arguments: list[str], words: str) -> None:
    ended = cssim(*arguments, "--json")
    assert ended.code == 2
    (fault,) = ended.json["faults"]
    assert fault["key"] == "cli.usage"
    assert words in fault["text"]
    assert words in ended.err
