"""The words, in English."""

WORDS: dict[str, str] = {}
