"""The pocket calculator's answers as text, in the reader's language.

On plain text alone: a quick answer must not wait for a library that draws tables.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence

from cssim.measure.numbers import count, exactly, share, time
from cssim.messages import say
from cssim.queueing.pocket import Answer, Promise, Question
from cssim.scenario.units import format_share

_FIGURES: Mapping[str, Callable[..., str]] = {
    "agents": count,
    "blocked": share,
    "waits": share,
    "within": share,
    "mean_wait": time,
    "abandons": share,
    "occupancy": share,
}


def text(answer: Answer) -> str:
    """A row for each number of agents, then the promises; what the model does not know is left out."""
    asked = answer.question
    patience = exactly(asked.patience) if math.isfinite(asked.patience) else ""
    title = say(f"pocket.title.{asked.model}", load=f"{asked.load:.4g}", patience=patience)
    return "\n".join([title, *_table(answer), "", *_remarks(answer)]).rstrip()


def _table(answer: Answer) -> Iterator[str]:
    known = [name for name in _FIGURES if any(getattr(row, name) is not None for row in answer.rows)]
    within = exactly(answer.question.within or 0.0)
    head = [say(f"table.column.{name}", time=within) for name in known]
    rows = [[_FIGURES[name](getattr(row, name)) for name in known] for row in answer.rows]
    widths = [max(_width(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    yield _line(head, widths)
    yield "─" * (sum(widths) + 2 * len(widths) - 2)
    yield from (_line(row, widths) for row in rows)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(" " * (width - _width(cell)) + cell for cell, width in zip(cells, widths, strict=True))


def _width(words: str) -> int:
    """Places on a terminal: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)


def _remarks(answer: Answer) -> Iterator[str]:
    """What the figures are of, what is impossible and why, and what keeps the promises."""
    asked, load = answer.question, f"{answer.question.load:.4g}"
    if asked.model == "a":
        yield say("pocket.means.a")
    if answer.too_few is not None:
        yield say("pocket.overloaded", load=load, most=answer.too_few, least=answer.too_few + 1)
    if answer.rows[0].agents == 0:
        yield say("pocket.nobody")
    for promise in answer.promises:
        yield say("pocket.fewest", promise=_words(asked, promise), agents=promise.agents)
    if len(answer.promises) > 1:
        yield say("pocket.all", agents=answer.fewest)
    if answer.rostered is not None:
        yield say("pocket.rostered", share=format_share(asked.shrinkage or 0.0), people=answer.rostered)


def _words(asked: Question, promise: Promise) -> str:
    """A promise in a few words: ``80% within 20s``."""
    bound = exactly(promise.bound) if promise.measure == "mean_wait" else format_share(promise.bound)
    kind = "served" if asked.model == "b" and promise.measure == "at_least" else promise.measure
    return say(f"pocket.promise.{kind}", bound=bound, time=exactly(asked.within or 0.0))
