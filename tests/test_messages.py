"""Every word that a user reads exists in both languages, and every message that the code names exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import cssim
from cssim.messages import en, zh

CODE = Path(cssim.__file__).parent
SPEAKERS = {"Fault", "Wrong", "say", "one", "unknown"}
"""Names of what takes a message's key as its first argument."""


def placeholders(words: str) -> set[str]:
    return {name.split("!")[0] for _, name, _, _ in Formatter().parse(words) if name}


def test_both_languages_have_the_same_messages() -> None:
    assert en.WORDS.keys() == zh.WORDS.keys()


@pytest.mark.parametrize("key", en.WORDS)
def test_both_languages_say_the_same_values(key: str) -> None:
    assert placeholders(en.WORDS[key]) == placeholders(zh.WORDS[key])


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in CODE.rglob("*.py"):
        if path.parent.name != "messages":
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def named(call: ast.Call) -> Iterator[str]:
    """The keys that a call names: a text, or one of two."""
    first = call.args[0]
    for part in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def test_every_message_that_the_code_names_exists() -> None:
    missing = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args:
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                wanted = named(node) if called in SPEAKERS else ()
                for key in wanted:
                    both = [key, f"{key}.near"] if called == "unknown" else [key]
                    missing += [f"{path.name}:{node.lineno}: {k}" for k in both if k not in en.WORDS]
    assert missing == []


def test_every_message_is_named_somewhere() -> None:
    texts: set[str] = set()
    patterns = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [p.value if isinstance(p, ast.Constant) else None for p in node.values]
                if any(part and "." in str(part) for part in parts):
                    patterns.add("".join(".+" if part is None else re.escape(str(part)) for part in parts))
    unnamed = [k for k in en.WORDS if k not in texts and not any(re.fullmatch(p, k) for p in patterns)]
    assert unnamed == []
