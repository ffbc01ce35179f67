"""The words, in Chinese."""

WORDS: dict[str, str] = {}
