"""The repository as a stranger finds it: portable, bilingual, complete."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from cssim.messages.en import WORDS as ENGLISH
from cssim.messages.zh import WORDS as CHINESE
from cssim.scenario.templates import NAMES

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "cssim").rglob("*.py"))
PLACES = ("cssim", "docs", "scenarios", "tests", "benchmarks", "notebooks", ".ci")


def texts() -> Iterator[Path]:
    """The files of the repository that people read."""
    yield from (path for path in ROOT.iterdir() if path.is_file())
    for place in PLACES:
        yield from (path for path in (ROOT / place).rglob("*.*") if path.parent.name != "__pycache__")


def calls(path: Path) -> Iterator[tuple[ast.Call, str]]:
    """The calls of a module with the name that is called."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            yield node, called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def placeholders(text: str) -> set[str]:
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    assert ENGLISH.keys() == CHINESE.keys()
    unlike = {key for key in ENGLISH if placeholders(ENGLISH[key]) != placeholders(CHINESE[key])}
    assert unlike == set()


def test_every_message_that_the_code_names_is_there() -> None:
    position = {"say": 0, "Fault": 0, "Wrong": 0, "one": 0, "unknown": 0, "_line": 1}
    given = [
        node.args[position[called] :]
        for path in MODULES
        for node, called in calls(path)
        if called in position
    ]
    named = {part[0].value for part in given if part and isinstance(part[0], ast.Constant)}
    assert len(named) > 100
    assert {key for key in named if key not in ENGLISH} == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_text_is_opened_with_its_encoding(path: Path) -> None:
    """On Windows the default is not UTF-8."""
    for node, called in calls(path):
        if ast.unparse(node.func) == "os.open":  # bytes
            continue
        mode = next((a.value for a in node.args if isinstance(a, ast.Constant)), "")
        if called in ("read_text", "write_text") or (called == "open" and "b" not in str(mode)):
            assert any(keyword.arg == "encoding" for keyword in node.keywords), node.lineno


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_needs_a_posix_system(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    posix = (
        r"\b(import (fcntl|pwd|grp|resource|termios)|os\.(fork|kill|getuid|mkfifo)|SIGKILL|SIGALRM|\"fork\")"
    )
    assert re.search(posix, text) is None


def test_no_file_knows_the_machine_that_it_was_written_on() -> None:
    personal = re.compile(
        r"(?<![\w.])/(work|home|root|Users|mnt|opt)/\w|[A-Z]:\\\\Users|localhost:\d|https?://[\w.]*pypi"
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in texts()
        if path.is_file() and path != Path(__file__)
        for match in personal.finditer(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert found == []


def test_every_template_is_named_and_every_name_is_a_template() -> None:
    assert {path.stem for path in (ROOT / "cssim" / "templates").iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", ["LICENSE", "README.md", "README.zh.md", "CHANGELOG.md", "cssim/py.typed"])
def test_what_a_stranger_looks_for_is_there(name: str) -> None:
    assert (ROOT / name).is_file()


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md")), ids=lambda p: p.name
)
def test_every_link_to_a_file_leads_to_one(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (path.parent / link).exists(), link
