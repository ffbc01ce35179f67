"""Where replications run: threads of our own, or any executor; results in order, and an end that is clean."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from cssim.errors import InputError
from cssim.experiment.engines import ENGINE, engine_named

Given = TypeVar("Given")
Result = TypeVar("Result")

AHEAD = 16
"""Tasks for each processor that are handed out before the first result is waited for."""


@contextmanager
def workers_for(
    executor: Executor | None = None, workers: int | None = None, engine: str = ENGINE
) -> Iterator[Executor | None]:
    """The user's executor, left open; or threads of our own, closed at the end; or None, which means here.

    On Ctrl-C what has not begun is dropped; a replication that has begun runs out beside.

    Args:
        executor: the user's.
        workers: how many threads; as many as there are processors by default, and 1 means here.
        engine: one that gains nothing from threads runs here.

    Raises:
        InputError: fewer than one worker; no such engine.
    """
    if workers is not None and workers < 1:
        raise InputError.one("simulate.workers", path="workers", given=workers)
    count = workers or os.cpu_count() or 1
    if executor is not None or count == 1 or not engine_named(engine).threads:
        yield executor
        return
    own = ThreadPoolExecutor(count, thread_name_prefix="cssim")
    finished = False
    try:
        yield own
        finished = True
    finally:
        own.shutdown(wait=finished, cancel_futures=True)


def in_order(
    executor: Executor | None, task: Callable[[Given], Result], parts: Iterable[Given]
) -> Iterator[Result]:
    """What the task gives for each part, in order; tasks that are no longer wanted are cancelled."""
    if executor is None:
        yield from map(task, parts)
        return
    waiting: deque[Future[Result]] = deque()
    ahead = AHEAD * (os.cpu_count() or 1)
    try:
        for part in parts:
            waiting.append(executor.submit(task, part))
            if len(waiting) >= ahead:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
    finally:
        for future in waiting:
            future.cancel()


def _result(future: Future[Result]) -> Result:
    """The result once it is there; Ctrl-C is heard meanwhile, which on Windows takes waking up for."""
    while not future.done():
        wait([future], timeout=0.2)
    return future.result()
