"""How words are compared and set right: the nearest known word, and full-width signs in half width."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from cssim.errors import Wrong

CUTOFF: Final = 0.7
"""Least likeness (`difflib`'s ratio) of a near spelling."""
SHOWN: Final = 12
"""Most names that a message lists."""

_FULL_ASCII: Final = range(0xFF01, 0xFF5F)
_OTHERS: Final = {"【": "[", "】": "]", "“": '"', "”": '"', "‘": "'", "’": "'", "、": ",", "\u3000": " "}
_TO_HALF: Final = str.maketrans(
    {**{chr(code): unicodedata.normalize("NFKC", chr(code)) for code in _FULL_ASCII}, **_OTHERS}
)
# A colon or comma wants a space after it in YAML, unless it stands between digits (21：30).
_WANTS_SPACE: Final = re.compile(r"(?<![0-9０-９])[：，、](?=\S)|[：，、](?=[^\s0-9０-９])")


def half_width(text: str) -> str:
    """The text with full-width digits and punctuation as YAML wants them: ``８０％`` gives ``80%``."""
    return _WANTS_SPACE.sub(lambda sign: f"{sign[0]} ", text).translate(_TO_HALF)


def is_full_width(text: str) -> bool:
    """Whether it holds a full-width digit, letter or sign."""
    return text != text.translate(_TO_HALF)


def near(given: object, known: Iterable[str]) -> str | None:
    """The known word that is most like the given one, or None where none is."""
    words = {_plain(word): word for word in known}
    found = get_close_matches(_plain(str(given)[:200]), words, n=1, cutoff=CUTOFF)
    return words[found[0]] if found else None


def unknown(key: str, given: object, known: Iterable[str], field: tuple[str | int, ...] = ()) -> Wrong:
    """The fault of a word that is none of those known; message `key.near` where one of them is near."""
    names = list(known)
    alike = near(given, names)
    if alike is None:
        return Wrong(key, field=field, given=given, allowed=listed(names) or "-")
    return Wrong(f"{key}.near", field=field, given=given, near=alike)


def listed(names: Iterable[str]) -> str:
    """The names in one line; the first dozen, where there are more."""
    every = [str(name) for name in names]
    return ", ".join(every[:SHOWN]) + (", ..." if len(every) > SHOWN else "")


def _plain(word: str) -> str:
    return half_width(word).lower().replace("-", "_").replace(" ", "_")
