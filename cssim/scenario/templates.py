"""Commented scenarios to start from: each a file whose comments stand in both languages side by side."""

from __future__ import annotations

import re
from importlib.resources import files

from cssim.errors import InputError
from cssim.messages import Language

NAMES = ("double11", "618", "pdd_5min", "call_centre")

_COMMENT = re.compile(r"#en (?P<en>.*) #zh (?P<zh>.*)$", re.MULTILINE)


def template(name: str, lang: Language) -> str:
    """The template's text with its comments in one language.

    Raises:
        InputError: there is no such template.
    """
    if name not in NAMES:
        raise InputError.one("template.unknown", given=name, allowed=", ".join(NAMES))
    text = (files("cssim") / "templates" / f"{name}.yaml").read_text(encoding="utf-8")
    return _COMMENT.sub(lambda comment: f"# {comment[lang]}", text)
