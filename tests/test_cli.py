"""The commands as a user meets them: what they print, where, and with which exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cssim import cli
from cssim.messages import Language, say
from cssim.report import files
from cssim.scenario.templates import NAMES


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


def test_the_version_is_the_packages(cssim: Cssim) -> None:
    import cssim as package

    assert cssim("--version") == Ended(0, f"cssim {package.__version__}\n", "")


def test_without_a_command_it_shows_the_help(cssim: Cssim) -> None:
    ended = cssim()
    assert ended.code == 0
    assert ended.out.strip() == cssim("--help").out.strip()


@pytest.mark.parametrize(
    "command", [[], ["new"], ["check"], ["simulate"], ["optimise"], ["replay"], ["erlang"]]
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


def test_a_reader_that_stops_reading_is_no_fault() -> None:
    command = [sys.executable, "-m", "cssim", "erlang", "c", "--load", "500", "--agents", "501:1500"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.read(10)
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    running.wait()


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
        (["b", "--load", "3", "--at-least", "100%"], "pocket.certain"),
    ],
)
def test_erlang_says_what_it_lacks(cssim: Cssim, arguments: list[str], key: str) -> None:
    assert cssim("erlang", *arguments) == Ended(2, "", say(key, "en") + "\n")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--work", "3"), ("--rate", "240"), ("--agents", "ten"), ("--agents", "0"), ("--at-least", "800%")],
)
def test_erlang_names_the_option_that_it_cannot_read(cssim: Cssim, option: str, value: str) -> None:
    given = {"--rate": "240/h", "--work": "3min", "--within": "20s", "--at-least": "80%", option: value}
    ended = cssim("erlang", "c", *(word for pair in given.items() for word in pair))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"{option}: ")


# -- json -------------------------------------------------------------------------------------------------


def test_with_json_faults_are_an_object_too(cssim: Cssim) -> None:
    ended = cssim("erlang", "c", "--agents", "5", "--json")
    assert ended.code == 2
    assert [fault["key"] for fault in ended.json["faults"]] == ["pocket.load"]
    assert ended.err == say("pocket.load", "en") + "\n"
