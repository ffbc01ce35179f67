"""How far long work is, on standard error: a bar with the time left on a terminal, elsewhere a few lines."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cssim.measure import numbers
from cssim.measure.numbers import count
from cssim.messages import say
from cssim.roster.stop import Record, Rosters, Stop

EVERY = 10.0
"""Seconds between the lines where standard error is no terminal."""

Show = Callable[[str, float, float | None], None]
"""Shows what is being done, how much of it is done, and of how much (None where nobody knows)."""


@contextmanager
def of_runs(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """While it is open, shows how many runs of how many are done; gives the function to be told."""
    with _shown(what, quiet) as show:

        def tell(done: int, total: int) -> None:
            show(say("progress.runs", what=what, done=done, total=total), done, total)

        yield tell


@contextmanager
def of_points(what: str, *, quiet: bool = False) -> Iterator[Callable[[float, int], None]]:
    """While it is open, shows how many points, and parts of points, of how many are done."""
    with _shown(what, quiet) as show:

        def tell(done: float, total: int) -> None:
            show(say("progress.points", what=what, now=min(int(done) + 1, total), total=total), done, total)

        yield tell


@contextmanager
def of_search(stop: Stop | None = None, *, quiet: bool = False) -> Iterator[Callable[[Record], None]]:
    """While it is open, shows how far a search towards `stop` is; gives the function to be told."""
    most = stop.limit if isinstance(stop, Rosters) else None
    with _shown(say("progress.search"), quiet) as show:

        def tell(record: Record) -> None:
            if math.isfinite(record.seconds):
                show(_how_far(record), record.elapsed, record.seconds)
            else:
                show(_how_far(record), record.rosters, most)

        yield tell


def _how_far(record: Record) -> str:
    """What is being done, and the best roster so far; nearest, where none keeps the promises yet."""
    what = say(f"progress.{record.stage}")
    if record.cost is None:
        return what
    return say(
        "progress.best" if record.kept else "progress.short",
        what=what,
        rosters=record.rosters,
        cost=count(record.cost),
        gap=numbers.gap((record.cost - record.bound) / record.cost if record.cost and record.kept else None),
    )


@contextmanager
def _shown(what: str, quiet: bool) -> Iterator[Show]:
    if quiet:
        yield lambda words, done, total: None
    elif sys.stderr.isatty():
        with _bar(what) as show:
            yield show
    else:
        yield _lines()


@contextmanager
def _bar(what: str) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(compact=True))
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
