"""How far long work is, on standard error: a bar with the time left on a terminal, elsewhere a few lines."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cssim.messages import say
from cssim.report.numbers import count
from cssim.roster.stop import Record

EVERY = 10.0
"""Seconds between the lines where standard error is no terminal."""

Show = Callable[[str, float, float | None], None]
"""Shows what is being done, how much of it is done, and of how much (None where nobody knows)."""


@contextmanager
def of_runs(what: str) -> Iterator[Callable[[int, int], None]]:
    """While it is open, shows how many runs of how many are done; gives the function to be told."""
    with _shown(what) as show:

        def tell(done: int, total: int) -> None:
            show(say("progress.runs", what=what, done=done, total=total), done, total)

        yield tell


@contextmanager
def of_search() -> Iterator[Callable[[Record], None]]:
    """While it is open, shows how far a search is; gives the function to be told."""
    with _shown(say("progress.search")) as show:

        def tell(record: Record) -> None:
            words = say(f"progress.{record.stage}")
            if record.cost is not None:
                words = say(
                    "progress.best" if record.kept else "progress.short",
                    what=words,
                    rosters=record.rosters,
                    cost=count(record.cost),
                )
            limit = record.seconds if math.isfinite(record.seconds) else None
            show(words, record.elapsed, limit)

        yield tell


@contextmanager
def _shown(what: str) -> Iterator[Show]:
    if sys.stderr.isatty():
        with _bar(what) as show:
            yield show
    else:
        yield _lines()


@contextmanager
def _bar(what: str) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    console = Console(stderr=True, highlight=False, markup=False)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda words, done, total: progress.update(task, description=words, completed=done, total=total)


def _lines() -> Show:
    said = time.monotonic()

    def show(words: str, done: float, total: float | None) -> None:
        nonlocal said
        if time.monotonic() - said >= EVERY:
            said = time.monotonic()
            print(words, file=sys.stderr, flush=True)

    return show
