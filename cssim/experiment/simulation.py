"""What a roster would do: many days of it, until there are enough to be sure."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module, metadata
from numbers import Integral, Real
from typing import Any, Final

import numpy as np

from cssim.demand.contacts import NOBODY
from cssim.demand.draw import draw
from cssim.demand.drawn import Drawn
from cssim.demand.streams import Phase, Streams
from cssim.engine.floor import Roster, agents_of, policy_of
from cssim.engine.log import Log, Outcome
from cssim.errors import InputError
from cssim.experiment.days import Play, Progress
from cssim.experiment.engines import ENGINE, engine_named, get_ready
from cssim.experiment.rosters import roster_of
from cssim.experiment.workers import workers_for
from cssim.measure import html
from cssim.measure.cost import people_needed, roster_rows
from cssim.measure.course import Course
from cssim.measure.estimate import Estimate, TargetResult, judge, mean, numbers
from cssim.measure.numbers import money
from cssim.measure.pools import pools_of
from cssim.measure.service import Day
from cssim.measure.summary import (
    CostResult,
    GroupResult,
    QueueResult,
    cost_per_contact,
    cost_result,
    group_results,
    interval_columns,
    queue_results,
    shown_targets,
)
from cssim.messages import say
from cssim.scenario.clock import Calendar
from cssim.scenario.schema import Scenario
from cssim.scenario.untold import untold

REPLICATIONS: Final = 30
"""How many, where neither a number nor a precision is given."""

FIRST_LOOK: Final = 20
"""Replications before the first look under a precision; each next look is at twice as many."""

MOST: Final = 2560
"""Replications at the last look under a precision, where no number is given."""


@dataclass(frozen=True)
class SimulationResult:
    """What a roster would do: everything needed to run it again, and what came of it.

    Attributes:
        scenario: resolved.
        roster: that was simulated.
        seed, phase, replications, engine, version: what fixes every number.
        precision: that was asked for, if any.
        sizes: of the sample at which it might have stopped, ascending; see `simulate`.
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
    sizes: tuple[int, ...]
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

    @property
    def looks(self) -> int:
        """At how many sample sizes it might have stopped."""
        return len(self.sizes)

    @property
    def precise(self) -> bool | None:
        """Whether every promise is decided or known to the precision; None where none was asked for."""
        if self.precision is None:
            return None
        return all(sure_enough(target, self.precision) for target in self.targets)

    def intervals(self) -> dict[str, Any]:
        """Columns by planning interval: `start`, `queues` by name, `groups` by name, `pools` in order.

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
            "precise": self.precise,
            "looks": self.looks,
            "sizes": list(self.sizes),
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
            "shown_targets": shown_targets(self.scenario),
            "pools": [pool.to_dict() for pool in pools_of(self.scenario)],
            "untold": [
                {"path": one.path, "key": one.key, "values": dict(one.values)}
                for one in untold(self.scenario)
            ],
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
        """For a notebook: what was simulated, what it costs, and how the promises do."""
        head = say("simulate.html", name=self.scenario.name or "-", days=self.replications, seed=self.seed)
        cost = money(self.cost.total.value, self.scenario.currency)
        kept = sum(target.verdict == "met" for target in self.targets)
        return "".join(
            (
                html.paragraph(f"{head} {cost}", strong=True),
                html.paragraph(say("table.kept", kept=kept, all=len(self.targets))),
                html.promises(self.targets),
            )
        )


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
    sizes: Sequence[int] | None = None,
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
        executor: where the replications run; it is left open. Else threads of our own.
        workers: how many threads; as many as there are processors by default, and 1 means here, where the
            readable engine always runs.
        sizes: of the sample, ascending, after which the run may stop, and does once it is decided (see
            `decided`); errors are divided by how many there are. In place of `replications` and `precision`.
        judgements: the errors of all verdicts are divided by it, where several rosters may be judged, each on
            its own phase, and the one that is met is then believed.
        progress: told how far it is.

    Raises:
        InputError: no roster; a target with nothing to measure; an argument out of its range.
    """
    started, clock = datetime.now().astimezone(), time.perf_counter()
    _in_range(seed, replications, precision, judgements)
    roster = own_roster(scenario) if roster is None else roster
    seed = secrets.randbits(32) if seed is None else int(seed)
    looks = looks_at(replications, precision) if sizes is None else tuple(sizes)
    play = Play.of(Drawn(scenario, seed, phase), roster, engine)
    get_ready(engine)
    days: list[Day] = []
    total: Course | None = None
    with workers_for(executor, workers, engine) as place:
        for size in looks:
            for some, course in play.days(range(len(days), size), place):
                days += some
                total = course if total is None else total + course
                if progress is not None:
                    progress(len(days), size)
            targets = judge(scenario, days, looks=len(looks) * judgements)
            if precision is not None and all(sure_enough(target, precision) for target in targets):
                break
            if sizes is not None and decided(targets):
                break
    assert total is not None
    return SimulationResult(
        scenario=scenario,
        roster=play.roster,
        seed=seed,
        phase=int(phase),
        replications=len(days),
        precision=precision,
        sizes=looks,
        judgements=judgements,
        engine=engine,
        version=metadata.version("cssim"),
        targets=targets,
        queues=queue_results(scenario, days),
        groups=group_results(scenario, days, play.roster),
        cost=cost_result(days),
        lost_sales=mean(np.array([day.lost_sales for day in days])),
        cost_per_contact=cost_per_contact(days),
        people_needed=people_needed(play.roster, scenario.rest),
        started=started.isoformat(timespec="seconds"),
        elapsed=time.perf_counter() - clock,
        measured=tuple(days),
        course=total,
    )


def decided(targets: Sequence[TargetResult]) -> bool:
    """Whether more replications are worth little: every verdict is clear, or what was seen is on the wrong
    side of some promise, so that only a better rest could save it. That can lose a *met*, never make one."""
    clear = all(target.verdict != "undecided" for target in targets)
    return clear or any(target.worst.margin < 0 for target in targets if target.verdict != "met")


def _in_range(seed: int | None, replications: int | None, precision: float | None, judgements: int) -> None:
    """Refuse what is no whole number, or too small, or no share."""
    for name, given, least in (
        ("seed", seed, 0),
        ("replications", replications, 1),
        ("judgements", judgements, 1),
    ):
        if given is not None and not (isinstance(given, Integral) and given >= least):
            raise InputError.one("simulate.whole", path=name, given=given, least=least)
    if precision is not None and not (isinstance(precision, Real) and 0 < precision < 1):
        raise InputError.one("simulate.precision", path="precision", given=precision)


def own_roster(scenario: Scenario) -> Roster:
    """The duties of the scenario's own roster.

    Raises:
        InputError: it has none; or as `roster_of`.
    """
    if scenario.roster is None:
        raise InputError.one("simulate.no_roster", path="roster")
    return roster_of(scenario, scenario.roster)


def looks_at(replications: int | None, precision: float | None) -> tuple[int, ...]:
    """The numbers of replications after which a run may stop, ascending."""
    if precision is None:
        return (replications or REPLICATIONS,)
    most = replications or MOST
    sizes = [FIRST_LOOK]
    while sizes[-1] < most:
        sizes.append(2 * sizes[-1])
    return (*sizes[:-1], most)


def sure_enough(target: TargetResult, precision: float) -> bool:
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
