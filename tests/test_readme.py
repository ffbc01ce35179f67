"""What the READMEs show is what happens."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READMES = [ROOT / "README.md", ROOT / "README.zh.md"]

VARIES = ("optimise", "simulate", "replay", "sweep")
"""What these print depends on how far a search gets in its time, and so does the verdict of the first two."""


def blocks(readme: Path, language: str) -> list[str]:
    text = readme.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def steps(readme: Path) -> list[tuple[list[str], str]]:
    """The commands of the tour in order, each with what the README shows below it."""
    found = []
    for block in blocks(readme, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append((shlex.split(command), shown))
    return found


def without_numbers(text: str) -> str:
    return re.sub(r"[\d.,]+", "#", text)


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_the_tour_works_as_shown(readme: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "LANG": "zh_CN.UTF-8" if ".zh" in readme.name else "en_GB.UTF-8"}
    environment.pop("LC_ALL", None)
    environment["PYTHONUTF8"] = "1"
    assert len(steps(readme)) >= 6
    for command, shown in steps(readme):
        assert command[0] == "cssim"
        ended = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
        )
        assert ended.returncode in ((0, 4) if command[1] in VARIES[:2] else (0,)), ended.stderr
        printed = "\n".join(line.rstrip() for line in ended.stdout.splitlines()).strip()
        if command[1] in VARIES and ended.returncode != 0:
            continue
        if command[1] in VARIES:
            first = [without_numbers(text.strip().split("\n")[0]) for text in (printed, shown)]
            assert first[0] == first[1]
        else:
            assert printed == shown.strip()


def test_the_python_shown_runs(tmp_path: Path) -> None:
    (code,) = blocks(ROOT / "README.md", "python")
    (tmp_path / "tour.py").write_text(code, encoding="utf-8")
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    ended = subprocess.run([sys.executable, "tour.py"], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split()[-2:] == ["[16", "17]"]
    assert (tmp_path / "coverage.png").stat().st_size > 0


def test_both_readmes_show_the_same_python() -> None:
    english, chinese = (blocks(readme, "python") for readme in READMES)
    without_comments = [re.sub(r" *#.*", "", block) for block in (*english, *chinese)]
    assert len(without_comments) == 2
    assert without_comments[0] == without_comments[1]


def test_both_readmes_show_the_same_commands() -> None:
    english, chinese = ([command for command, _ in steps(readme)] for readme in READMES)
    assert english == chinese


def test_both_readmes_name_the_two_commands() -> None:
    for readme in READMES:
        text = readme.read_text(encoding="utf-8")
        assert "make run" in text
        assert "make test" in text
