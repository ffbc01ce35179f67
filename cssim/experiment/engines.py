"""The engines there are, and how to have one ready before its time counts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from threading import Thread
from typing import Final

import numpy as np

from cssim.demand.contacts import Contacts
from cssim.demand.draw import draw
from cssim.demand.streams import Phase, Streams
from cssim.engine.floor import Agents, Policy, agents_of, policy_of
from cssim.engine.log import Log
from cssim.errors import InputError
from cssim.jit import compiles, keeps
from cssim.measure.service import measure_day
from cssim.messages import say
from cssim.scenario.schema import Scenario

Run = Callable[[Contacts, Agents, Policy], Log]
"""What an engine is."""

Say = Callable[[str], None]
"""Is told a sentence for the user."""


@dataclass(frozen=True)
class Engine:
    """Where an engine is.

    Attributes:
        module: where its `run` is.
        threads: whether it gains from threads, because it does not hold Python's lock.
    """

    module: str
    threads: bool

    @property
    def run(self) -> Run:
        """The engine, brought in on first use."""
        run: Run = import_module(self.module).run
        return run


ENGINES: Final[Mapping[str, Engine]] = {
    "fast": Engine("cssim.engine.compiled", threads=True),
    "reference": Engine("cssim.engine.reference", threads=False),
}
"""Every engine there is, by name; they give the same numbers."""

ENGINE: Final = "fast"
"""The engine that runs where none is named."""

_log = logging.getLogger("cssim")

SOON: Final = 1.5
"""Seconds after which the user is told that the engine is being compiled, if it is."""


def engine_named(name: str) -> Engine:
    """The engine of that name.

    Raises:
        InputError: there is none.
    """
    if name not in ENGINES:
        raise InputError.one("simulate.engine", path="engine", given=name, allowed=", ".join(ENGINES))
    return ENGINES[name]


def get_ready(engine: str = ENGINE, tell: Say = _log.warning) -> None:
    """Have the engine compiled, or brought from disk, before anything is timed.

    Args:
        engine: see `ENGINES`.
        tell: is told, where it takes long, that the engine is compiled, and where that cannot be kept.

    Raises:
        InputError: no such engine.
    """
    run = engine_named(engine).run
    if engine in _tried_out:
        return
    # In a thread beside, so that the user is told before it is over and Ctrl-C is heard.
    failed: list[BaseException] = []
    compiling = Thread(target=_try_out, args=(run, failed), daemon=True)
    compiling.start()
    compiling.join(SOON)
    told = False
    while compiling.is_alive():
        if not told and compiles():  # it may only be slow to come from disk
            tell(say("engine.compiles"))
            told = True
        compiling.join(0.5)
    if told and not keeps():
        tell(say("engine.not_kept"))
    if failed:
        raise failed[0]
    _keep_freed_memory()
    _tried_out.add(engine)


def _try_out(run: Run, failed: list[BaseException]) -> None:
    """Play and measure a day with all that is compiled."""
    try:
        _play_the_smallest(run)
    except BaseException as fault:  # is raised where it is heard
        failed.append(fault)


def _keep_freed_memory() -> None:
    """Have the memory of one replication used again by the next.

    glibc hands freed memory back to the system, to be had again at the price of a fault a page, an eighth of
    a replication's time; unless it has seen a block of nearly 32 MB freed (mallopt(3), M_MMAP_THRESHOLD).
    The block is never touched, so it takes no memory; elsewhere this does nothing.
    """
    np.empty(31 << 20, dtype=np.uint8)


def _play_the_smallest(run: Run) -> None:
    shop, streams = Scenario.model_validate(_SMALLEST), Streams(0, Phase.SIMULATION, 0)
    log = run(draw(shop, streams), agents_of(shop, (), streams), policy_of(shop))
    measure_day(shop, log, ())


_tried_out: Final[set[str]] = set()

_SMALLEST: Final = {
    "horizon": {"from": "2026-11-11 00:00", "to": "2026-11-11 01:00"},
    "queues": {
        "one": {"volume": {"contacts": 10}, "bot": {"covers": 0.5}, "then": [{"queue": "one", "share": 0.5}]}
    },
    "groups": {"all": {"serves": ["one"], "pay": {"per_hour": 1}}},
    "shifts": {"day": {"start": "00:00", "end": "01:00"}},
    "targets": [{"measure": "rounds", "within": "1min", "at_least": 0.5}],
}
