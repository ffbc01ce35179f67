"""Every word that a user reads, in English and Chinese, and nowhere else.

Code names a message by its key and gives the values; the words are looked up only when they are shown,
so that one run can speak the reader's language without the rooms below knowing of it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final, Literal

Language = Literal["en", "zh"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")

_language: ContextVar[Language] = ContextVar("language", default="en")


def speak(language: Language) -> None:
    """Set the language of everything said from here on in this context."""
    _language.set(language)


def spoken() -> Language:
    """The language in which `say` answers when none is named."""
    return _language.get()


def say(key: str, lang: Language | None = None, /, **values: object) -> str:
    """The message `key` with its values filled in.

    Raises:
        KeyError: no such message (a fault of the program, found by the tests).
    """
    return words(key, lang).format(**values)


def words(key: str, lang: Language | None = None, /) -> str:
    """The message `key` with the names of its values in braces, for those who fill it in otherwise.

    Raises:
        KeyError: no such message.
    """
    if (lang or spoken()) == "zh":
        from cssim.messages.zh import WORDS
    else:
        from cssim.messages.en import WORDS
    return WORDS[key]
