"""Many days: replications of a roster, over any executor, and what is known after them.

Replication r of a phase is the same whatever else is run, wherever it runs and on however many workers:
its random numbers are addressed by (seed, phase, r), results are gathered in the order of r, and what is
summed on the way is whole numbers. Logs never leave the worker: they are reduced to `Day`s there.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import secrets
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from html import escape
from importlib import import_module, metadata
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any, Final, Protocol

import numpy as np

from cssim.demand.contacts import NOBODY, Contacts
from cssim.demand.draw import curves_of, draw
from cssim.demand.forecast import Curve
from cssim.demand.streams import Phase, Streams
from cssim.engine.floor import Agents, Duty, Policy, Roster, agents_of, in_order, policy_of
from cssim.engine.log import Log, Outcome
from cssim.errors import Fault, InputError
from cssim.measure.cost import people_needed, roster_rows
from cssim.measure.course import Course
from cssim.measure.estimate import Estimate, TargetResult, judge, mean, numbers
from cssim.measure.service import Day, Ruler
from cssim.measure.summary import (
    CostResult,
    GroupResult,
    QueueResult,
    cost_per_contact,
    cost_result,
    group_results,
    interval_columns,
    queue_results,
)
from cssim.messages import say
from cssim.scenario.clock import Calendar
from cssim.scenario.schema import RosterRow, Scenario
from cssim.scenario.shifts import shift_of, shifts_of
from cssim.scenario.units import is_on

REPLICATIONS: Final = 30
"""How many, where neither a number nor a precision is given."""

FIRST_LOOK: Final = 20
"""Replications before the first look under a precision; each next look is at twice as many."""

MOST: Final = 2560
"""Replications at the last look under a precision, where no number is given."""

Run = Callable[[Contacts, Agents, Policy], Log]
"""What an engine is."""


class Progress(Protocol):
    """Told how far a run is."""

    def __call__(self, done: int, total: int, /) -> None:
        """`done` replications of `total` are measured; under a precision the total may grow."""


# -- engines ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Engine:
    """How to run an engine.

    Attributes:
        module: where its `run` is.
        chunk: replications in one task of an executor.
    """

    module: str
    chunk: int

    @property
    def run(self) -> Run:
        """The engine, brought in on first use."""
        run: Run = import_module(self.module).run
        return run

    def prepare(self) -> None:
        """Compile what has to be compiled, once and here, before workers or a budget's clock need it."""
        prepare = getattr(import_module(self.module), "prepare", None)
        if prepare is not None:
            prepare()


ENGINES: Final[Mapping[str, Engine]] = {
    "fast": Engine("cssim.engine.compiled", chunk=2),
    "reference": Engine("cssim.engine.reference", chunk=1),
}
"""Every engine there is, by name; they give the same numbers."""

ENGINE: Final = "fast"
"""The engine that runs where none is named."""


def engine_named(name: str) -> Engine:
    """The engine of that name.

    Raises:
        InputError: there is none.
    """
    if name not in ENGINES:
        raise InputError.one("simulate.engine", path="engine", given=name, allowed=", ".join(ENGINES))
    return ENGINES[name]


def get_ready(engine: str, executor: Executor | None) -> None:
    """Have the engine compiled, and workers started with it, before anything is timed.

    Compiled once and here, so that workers find it on disk. A worker that starts takes as long as hundreds
    of replications, and would be taken for slow ones.
    """
    engine_named(engine).prepare()
    if executor is not None:
        for worker in [executor.submit(_prepare, engine) for _ in range(os.cpu_count() or 1)]:
            worker.result()


def _prepare(engine: str) -> None:
    engine_named(engine).prepare()


# -- rosters ---------------------------------------------------------------------------------------


def roster_of(scenario: Scenario, rows: Iterable[RosterRow]) -> Roster:
    """The duties that a roster's rows mean, in the order in which agents are numbered.

    Raises:
        InputError: rows that name no group, no shift of the group on that date in the horizon, or more than
            one; all of them at once, with paths `roster[i]`.
    """
    duties, faults = [], []
    for i, row in enumerate(rows):
        if row.group not in scenario.groups:
            known = ", ".join(scenario.groups)
            faults.append(
                Fault("roster_row.no_group", {"group": row.group, "allowed": known}, f"roster[{i}].group")
            )
            continue
        shift = shift_of(scenario, row)
        if shift is None:
            faults.append(_no_shift(scenario, row, f"roster[{i}]"))
        else:
            duties.append(Duty(row.group, shift, row.count))
    if faults:
        raise InputError(faults)
    return settled(scenario, duties)


def _no_shift(scenario: Scenario, row: RosterRow, path: str) -> Fault:
    """Why a row means no one shift: there is none, or there are several."""
    theirs = [shift for shift in shifts_of(scenario, row.group) if is_on(row.date, shift.day)]
    like = [shift for shift in theirs if shift.name == row.shift]
    values = {"group": row.group, "shift": row.shift, "date": row.date}
    if like and row.start is None:
        return Fault("roster_row.which_shift", values, path)
    names = ", ".join(sorted({shift.name for shift in theirs})) or "-"
    return Fault("roster_row.no_shift", {**values, "allowed": names}, path)


def settled(scenario: Scenario, roster: Iterable[Duty]) -> Roster:
    """The roster in the order in which agents are numbered, equal duties as one.

    Agents of one duty are told apart by their position in it, so one shift written twice must count on.
    """
    counts: dict[tuple[str, object], Duty] = {}
    for duty in roster:
        key = (duty.group, duty.shift)
        before = counts[key].count if key in counts else 0
        counts[key] = Duty(duty.group, duty.shift, before + duty.count)
    return in_order(counts.values(), list(scenario.groups))


# -- replications ----------------------------------------------------------------------------------


def run_days(
    scenario: Scenario,
    roster: Roster,
    replications: Sequence[int],
    *,
    seed: int,
    phase: int,
    engine: str = ENGINE,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Day]:
    """The given replications of a roster, measured, in the order given.

    Args:
        scenario, roster: what is simulated.
        replications: indices, from 0.
        seed, phase: fix the random numbers, see `cssim.demand.streams`.
        engine: name, see `ENGINES`.
        executor: where they run; here, one after the other, without one. The numbers are the same.
        progress: told after each replication, or few of them.

    Raises:
        InputError: no such engine; a scenario that cannot be drawn.
    """
    days: list[Day] = []
    for some, _ in _chunks(scenario, roster, replications, seed, phase, engine, executor, course=False):
        days += some
        if progress is not None:
            progress(len(days), len(replications))
    return days


@contextmanager
def pool(workers: int | None = None) -> Iterator[Executor | None]:
    """An executor of so many processes (by default, as many as there are processors), closed at the end.

    None, which means here, for one worker, and within a process that is itself a worker. On Ctrl-C what has
    not begun is dropped and nothing is waited for.

    Raises:
        InputError: fewer than one worker.
    """
    if workers is not None and workers < 1:
        raise InputError.one("simulate.workers", path="workers", given=workers)
    count = workers or os.cpu_count() or 1
    if count == 1 or (workers is None and multiprocessing.parent_process() is not None):
        yield None
        return
    executor = ProcessPoolExecutor(count, mp_context=_Context(), initializer=_ignore_interrupts)
    finished = False
    try:
        yield executor
        finished = True
    finally:
        executor.shutdown(wait=finished, cancel_futures=True)


def _chunks(
    scenario: Scenario,
    roster: Roster,
    replications: Sequence[int],
    seed: int,
    phase: int,
    engine: str,
    executor: Executor | None,
    *,
    course: bool,
) -> Iterator[tuple[list[Day], Course | None]]:
    """The replications' days (and their course, if wanted), a chunk at a time, in order."""
    chunk = engine_named(engine).chunk
    roster = settled(scenario, roster)
    # As bytes, so that a worker can tell at once that it has met this scenario before.
    what = (pickle.dumps(scenario), pickle.dumps(roster), seed, int(phase), engine, course)
    parts = [tuple(replications[k : k + chunk]) for k in range(0, len(replications), chunk)]
    if executor is None:
        yield from (_task(*what, part) for part in parts)
        return
    waiting: deque[Future[tuple[list[Day], Course | None]]] = deque()
    ahead = 8 * (os.cpu_count() or 1) + 64
    try:
        for part in parts:
            waiting.append(executor.submit(_task, *what, part))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _task(
    scenario: bytes,
    roster: bytes,
    seed: int,
    phase: int,
    engine: str,
    course: bool,
    replications: Sequence[int],
) -> tuple[list[Day], Course | None]:
    """Draw, run and measure a few replications: what a worker does."""
    shop, curves, policy = _shop(scenario)
    duties, ruler = _roster(scenario, roster)
    run = engine_named(engine).run
    days: list[Day] = []
    total: Course | None = None
    for replication in replications:
        streams = Streams(seed, phase, replication)
        log = run(draw(shop, streams, curves), agents_of(shop, duties, streams), policy)
        day, one = ruler.measure(log)
        days.append(day)
        if course:
            total = one if total is None else total + one
    return days, total


@lru_cache(maxsize=2)
def _shop(scenario: bytes) -> tuple[Scenario, tuple[Curve, ...], Policy]:
    """A scenario with what is the same in all its replications."""
    shop: Scenario = pickle.loads(scenario)
    return shop, curves_of(shop), policy_of(shop)


@lru_cache(maxsize=2)
def _roster(scenario: bytes, roster: bytes) -> tuple[Roster, Ruler]:
    """A roster with its ruler."""
    duties: Roster = pickle.loads(roster)
    return duties, Ruler.of(_shop(scenario)[0], duties)


class _Process(SpawnProcess):
    """A worker that does not run the user's script again, which it does not need.

    So a plain script or a notebook may call `simulate` without a guard, on every system.
    """

    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            return SpawnProcess._Popen(process_obj)
        finally:
            sys.modules["__main__"] = main


class _Context(SpawnContext):
    Process = _Process


def _ignore_interrupts() -> None:
    """Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


# -- simulate --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SimulationResult:
    """What a roster would do: everything needed to run it again, and what came of it.

    Attributes:
        scenario: resolved.
        roster: that was simulated.
        seed, phase, replications, engine, version: what fixes every number.
        precision: that was asked for, if any.
        looks: at how many sample sizes it might have stopped (1 without a precision).
        judgements: among so many the errors of its verdicts were divided besides (1 for a plain simulation).
        targets: the verdicts, in the scenario's order.
        queues, groups: by name.
        cost, lost_sales, cost_per_contact: per replication, in the scenario's currency.
        people_needed: by group, whatever number of people it takes to work the shifts with their rest.
        started: date and time with the zone's offset.
        elapsed: seconds.
        measured: the replications themselves, in order.
        course: by planning interval, summed over replications.
    """

    scenario: Scenario = field(repr=False)
    roster: Roster = field(repr=False)
    seed: int
    phase: int
    replications: int
    precision: float | None
    looks: int
    judgements: int
    engine: str
    version: str
    targets: tuple[TargetResult, ...]
    queues: Mapping[str, QueueResult]
    groups: Mapping[str, GroupResult]
    cost: CostResult
    lost_sales: Estimate
    cost_per_contact: Estimate
    people_needed: Mapping[str, int]
    started: str
    elapsed: float
    measured: tuple[Day, ...] = field(repr=False)
    course: Course = field(repr=False)

    def intervals(self) -> dict[str, Any]:
        """Columns by planning interval: `start`, `queues` by name, `groups` by name.

        See `cssim.measure.summary.interval_columns`.
        """
        return interval_columns(self.scenario, self.measured, self.course)

    def days(self) -> dict[str, list[Any]]:
        """Columns with one row a replication: its cost, lost sales, and each target in each of its periods.

        A target's column is named by the target, and by the period where it has several.
        """
        columns: dict[str, list[Any]] = {
            "replication": list(range(self.replications)),
            "cost": [day.total_cost for day in self.measured],
            "lost_sales": [day.lost_sales for day in self.measured],
        }
        for k, target in enumerate(self.targets):
            for result in target.by_period:
                name = target.name if len(target.by_period) == 1 else f"{target.name} {result.period}"
                columns[name if name not in columns else f"{name} ({k + 1})"] = numbers(result.days)
        return columns

    def contacts(self, replication: int = 0) -> dict[str, Any]:
        """The contacts of one replication, run again: columns as arrays, one row a contact that came.

        `contact`, `buyer` (numbers), `queue`, `outcome`, `group` (names, empty where nobody took it), `agent`
        (number, -1 where none), `moment` (local date and time of the arrival), and seconds from the horizon's
        start: `arrival`, `offered`, `assigned`, `first_reply` (sent), `closed`, NaN where never; `rounds` is
        how many reached people, `replies` how many were answered. The warm-up is there too.

        Raises:
            InputError: no such replication.
        """
        if not 0 <= replication < self.replications:
            raise InputError.one(
                "simulate.replication", path="replication", given=replication, most=self.replications - 1
            )
        streams = Streams(self.seed, self.phase, replication)
        contacts, agents = draw(self.scenario, streams), agents_of(self.scenario, self.roster, streams)
        log = engine_named(self.engine).run(contacts, agents, policy_of(self.scenario))
        return contact_columns(self.scenario, log)

    def to_dict(self) -> dict[str, Any]:
        """The contract's `simulate` object: strict JSON, None for what is not a number."""
        from cssim.scenario.load import digest, resolved  # brings the YAML reader with it

        return {
            "schema": "cssim.simulation.1",
            "version": self.version,
            "seed": self.seed,
            "scenario": resolved(self.scenario),
            "scenario_digest": digest(self.scenario),
            "currency": self.scenario.currency,
            "started": self.started,
            "elapsed_s": self.elapsed,
            "engine": self.engine,
            "phase": self.phase,
            "replications": self.replications,
            "precision": self.precision,
            "looks": self.looks,
            "judgements": self.judgements,
            "roster": roster_rows(self.scenario, self.roster),
            "queues": {name: queue.to_dict() for name, queue in self.queues.items()},
            "groups": {name: group.to_dict() for name, group in self.groups.items()},
            "cost": self.cost.to_dict(),
            "lost_sales": self.lost_sales.to_dict(),
            "cost_per_contact": self.cost_per_contact.to_dict(),
            "people_needed": {
                "in_all": sum(self.people_needed.values()),
                "groups": dict(self.people_needed),
            },
            "targets": [target.to_dict() for target in self.targets],
            "intervals": self.intervals(),
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    def to_frame(self) -> Any:
        """`intervals()` as a pandas frame: one row an interval, columns by (queue or group, figure).

        Raises:
            ImportError: pandas is not installed.
        """
        pd = import_module("pandas")
        columns = self.intervals()
        named = {
            (name, figure): values
            for part in (columns["queues"], columns["groups"])
            for name, figures in part.items()
            for figure, values in figures.items()
        }
        index = pd.DatetimeIndex(pd.to_datetime(columns["start"]), name="start")
        return pd.DataFrame(named, index=index, dtype=float)

    def _repr_html_(self) -> str:
        """A few lines for a notebook."""
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
            for cells in (
                (target.name, f"{target.estimate:.4g}", say(f"verdict.{target.verdict}"))
                for target in self.targets
            )
        )
        head = say("simulate.html", name=self.scenario.name or "-", days=self.replications, seed=self.seed)
        money = f"{self.cost.total.value:,.0f} {self.scenario.currency}"
        return f"<p><b>{escape(head)}</b> {escape(money)}</p><table>{rows}</table>"


def simulate(
    scenario: Scenario,
    roster: Roster | None = None,
    *,
    replications: int | None = None,
    precision: float | None = None,
    seed: int | None = None,
    phase: int = Phase.SIMULATION,
    engine: str = ENGINE,
    executor: Executor | None = None,
    workers: int | None = None,
    judgements: int = 1,
    progress: Progress | None = None,
) -> SimulationResult:
    """What a roster would do, over many replications.

    With a `precision` P the sample is looked at after 20 replications and at each doubling, up to
    `replications` (or 2,560), and no more are added once every target either has a clear verdict or, in
    every period, a half-width of at most P times its value. Stopping at a good-looking moment would spoil
    the confidence of what is then said; so the errors of all verdicts and targets' intervals are divided by
    the number of looks there could have been (Bonferroni): with probability at least `sure` nothing said of
    a target would have been wrong at any look, whichever was the last. The intervals of the other figures
    are the plain ones of the sample as it ended.

    Args:
        scenario: what the planner wrote, resolved.
        roster: who works; the scenario's own by default.
        replications: how many; 30 by default. With a precision: the most.
        precision: relative, e.g. 0.01.
        seed: of all random numbers (0 is a seed); drawn and recorded where not given.
        phase: see `cssim.demand.streams.Phase`.
        engine: see `ENGINES`.
        executor: where the replications run; it is left open. Else a pool of `workers` processes.
        workers: how many processes; all processors by default, and 1 means here.
        judgements: the errors of all verdicts are divided by it, where several rosters may be judged, each on
            its own phase, and the one that is met is then believed.
        progress: told how far it is.

    Raises:
        InputError: no roster; a target with nothing to measure; an argument out of its range.
    """
    started, clock = datetime.now().astimezone(), time.perf_counter()
    _in_range(replications, precision)
    duties = _own_roster(scenario) if roster is None else settled(scenario, roster)
    seed = secrets.randbits(32) if seed is None else seed
    looks = looks_at(replications, precision)
    engine_named(engine).prepare()
    days: list[Day] = []
    total: Course | None = None
    with _where(executor, workers) as place:
        for size in looks:
            fresh = range(len(days), size)
            for some, course in _chunks(scenario, duties, fresh, seed, phase, engine, place, course=True):
                days += some
                total = course if total is None or course is None else total + course
                if progress is not None:
                    progress(len(days), size)
            targets = judge(scenario, days, looks=len(looks) * judgements)
            if precision is not None and all(_sure_enough(target, precision) for target in targets):
                break
    assert total is not None
    return SimulationResult(
        scenario=scenario,
        roster=duties,
        seed=seed,
        phase=int(phase),
        replications=len(days),
        precision=precision,
        looks=len(looks),
        judgements=judgements,
        engine=engine,
        version=metadata.version("cssim"),
        targets=targets,
        queues=queue_results(scenario, days),
        groups=group_results(scenario, days),
        cost=cost_result(days),
        lost_sales=mean(np.array([day.lost_sales for day in days])),
        cost_per_contact=cost_per_contact(days),
        people_needed=people_needed(duties, scenario.rest),
        started=started.isoformat(timespec="seconds"),
        elapsed=time.perf_counter() - clock,
        measured=tuple(days),
        course=total,
    )


def _in_range(replications: int | None, precision: float | None) -> None:
    if replications is not None and replications < 1:
        raise InputError.one("simulate.replications", path="replications", given=replications)
    if precision is not None and not 0 < precision < 1:
        raise InputError.one("simulate.precision", path="precision", given=precision)


def _own_roster(scenario: Scenario) -> Roster:
    if scenario.roster is None:
        raise InputError.one("simulate.no_roster", path="roster")
    return roster_of(scenario, scenario.roster)


@contextmanager
def _where(executor: Executor | None, workers: int | None) -> Iterator[Executor | None]:
    """The user's executor, left open, or a pool of our own."""
    if executor is not None:
        yield executor
        return
    with pool(workers) as own:
        yield own


def looks_at(replications: int | None, precision: float | None) -> tuple[int, ...]:
    """The numbers of replications after which a run may stop, ascending."""
    if precision is None:
        return (replications or REPLICATIONS,)
    most = replications or MOST
    sizes = [FIRST_LOOK]
    while sizes[-1] < most:
        sizes.append(2 * sizes[-1])
    return (*sizes[:-1], most)


def _sure_enough(target: TargetResult, precision: float) -> bool:
    """A clear verdict, or half-widths within the precision in every period that has anything to measure."""
    return target.verdict != "undecided" or all(
        result.half_width <= precision * result.estimate
        for result in target.by_period
        if not np.isnan(result.estimate)
    )


def contact_columns(scenario: Scenario, log: Log) -> dict[str, Any]:
    """A log's contacts as columns; see `SimulationResult.contacts`."""
    contacts = log.contacts
    rows = np.flatnonzero(~np.isnan(log.arrival))
    agent = log.agent[rows]
    groups = np.array([*log.policy.groups, ""])
    group = np.where(agent == NOBODY, len(groups) - 1, log.agents.group[agent]) if len(log.agents) else agent
    begin = np.datetime64(Calendar.of(scenario.horizon).start, "ms")
    first, last = contacts.first[rows], contacts.first[rows + 1]
    sent = np.append(log.sent, np.nan)

    def number_of(times: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
        before = np.concatenate([[0], np.cumsum(~np.isnan(times))])
        return np.asarray(before[last] - before[first])

    return {
        "contact": rows,
        "buyer": contacts.buyer[rows],
        "queue": np.array(contacts.queues)[contacts.queue[rows]],
        "outcome": np.array([outcome.name.lower() for outcome in Outcome])[log.outcome[rows]],
        "group": groups[group],
        "agent": agent,
        "moment": begin + (log.arrival[rows] * 1000).astype("timedelta64[ms]"),
        "arrival": log.arrival[rows],
        "offered": log.offered[rows],
        "assigned": log.assigned[rows],
        "first_reply": np.where(last > first, sent[first], np.nan),
        "closed": log.closed[rows],
        "rounds": number_of(log.message),
        "replies": number_of(log.sent),
    }
