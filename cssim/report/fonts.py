"""Which letters can be drawn on this machine: Chinese ones where a font has them, else what to install."""

from __future__ import annotations

import unicodedata
import warnings
from contextlib import suppress
from functools import cache
from typing import Final

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from cssim.messages import say

CHINESE: Final = (
    "Microsoft YaHei",
    "PingFang SC",
    "PingFang HK",  # what a Mac's collection begins with; the letters of the mainland are in it
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "SimHei",
    "DengXian",
    "SimSun",
    "Songti SC",
    "Noto Sans CJK JP",  # what Linux's collection begins with; a letter here and there looks Japanese
    "Noto Serif CJK SC",
    "Noto Serif CJK JP",
    "Droid Sans Fallback",
    "AR PL UMing CN",
    "AR PL UKai CN",
    "Arial Unicode MS",
)
"""Families that have Chinese letters, the most readable first: Windows, macOS, Linux."""

UNKNOWN: Final = "□"
"""Stands for a letter that no font here has."""


class FontWarning(UserWarning):
    """There is no font for Chinese letters on this machine; says what to install."""


@cache
def chinese_font() -> str | None:
    """The family with which Chinese is drawn; None where there is none, also in files newly installed."""
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    if known.isdisjoint(CHINESE):
        for path in set(font_manager.findSystemFonts()) - {e.fname for e in font_manager.fontManager.ttflist}:
            with suppress(OSError, RuntimeError, ValueError):  # a file that is no font for this library
                if FT2Font(path).family_name in CHINESE:
                    font_manager.fontManager.addfont(path)
        known = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE if name in known), None)


def is_chinese(text: str) -> bool:
    """Whether any letter of it is as wide as it is high, as Chinese ones are."""
    return any(unicodedata.east_asian_width(letter) in "WF" for letter in text)


def families(text: str) -> list[str] | None:
    """The fonts that a text asks for, the reader's own first; None where his own will do."""
    chinese = chinese_font() if is_chinese(text) else None
    return None if chinese is None else [*font_manager.FontProperties().get_family(), chinese]


def drawable(text: str) -> str:
    """The text with `UNKNOWN` for the letters that no font has; warns once where Chinese ones are lacking."""
    if is_chinese(text) and chinese_font() is None:
        warn_once()
    letters = set(text) - _letters(None)
    if letters and (chinese := chinese_font()) is not None:
        letters -= _letters(chinese)
    return "".join(UNKNOWN if letter in letters and letter != "\n" else letter for letter in text)


@cache
def warn_once() -> None:
    """Say what to install, the first time."""
    warnings.warn(FontWarning(say("figure.no_font")), stacklevel=2)


@cache
def _letters(family: str | None) -> frozenset[str]:
    """Every letter that a family has; None means the reader's own."""
    path = font_manager.findfont(font_manager.FontProperties(family=family))
    return frozenset(map(chr, FT2Font(path).get_charmap()))
