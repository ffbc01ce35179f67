"""Rosters tried on common random numbers, within a budget: the same contacts meet every one of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from cssim.engine.floor import Roster
from cssim.measure.service import Day
from cssim.roster.days import weights
from cssim.roster.gauge import Busy, Reading, read, seen
from cssim.roster.shifts import Columns
from cssim.roster.stop import Never, Record, Stop
from cssim.scenario.clock import Floats, Ints
from cssim.scenario.schema import Scenario

Run = Callable[[Roster, Sequence[int]], list[Day]]
"""Simulates and measures the given replications of a roster."""

Watch = Callable[[Record], None]
"""Is told how far a search is."""


FIRST = 8
"""Replications of the first roster that are run whatever the time: something must be known of something."""

HASTE = 20
"""Rosters, or seconds, that it may take from the curves to the first roster that can be worked."""


class Spent(Exception):
    """The budget does not allow what was about to be done."""


@dataclass(frozen=True)
class Trial:
    """A roster and what is known of it.

    Attributes:
        counts: agents on each column, (n,).
        pay: overtime apart.
        reading: of its replications so far.
    """

    counts: Ints
    pay: float
    reading: Reading

    @property
    def replications(self) -> int:
        """How many."""
        return len(self.reading.effect)

    def violation(self, margin: Floats) -> float:
        """How much all promises together lack of their margins; 0 for a roster that keeps them."""
        return float(np.maximum(margin - self.reading.slack, 0.0).sum())


@dataclass(frozen=True)
class Sample:
    """The replications on which rosters are compared, in their order; p promises.

    Attributes:
        order: numbers of the replications.
        here: how busy each is, (n, p); see `cssim.roster.days.busyness`.
        known: how busy days are, as `cssim.roster.gauge.quantiles`, (k, p).
        work: of each, by date, and of all days that are known, (n, dates) and (c, dates).
    """

    order: tuple[int, ...]
    here: Floats
    known: Floats
    work: tuple[Floats, Floats]

    def busy(self, replications: int) -> Busy:
        """Of the first so many."""
        here, known = self.work
        return Busy(self.here[:replications], self.known, weights(here[:replications], known))


class Lab:
    """Where rosters are tried.

    Attributes:
        aims: see `cssim.roster.gauge.read`; changes with the judgement that is planned.
        reserve: seconds kept for what comes after the search.
        pace: seconds that one more replication takes, as seen lately.
        bound: no roster that meets the targets costs less, as far as is known.
        besides: rosters that were tried on other numbers than the search's.
        history: a row for each roster that was better than all before it.
        seconds: by stage.
    """

    def __init__(
        self,
        scenario: Scenario,
        columns: Columns,
        run: Run,
        sample: Sample,
        *,
        stop: Stop,
        began: float,
        bound: float,
        lost_sales: bool = False,
        alone: bool = False,
        keep: Callable[[Roster, float], None] | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.scenario, self.columns, self.sample = scenario, columns, sample
        self.stop = stop
        self.aims: Sequence[float] = [0.5] * len(scenario.targets)
        self.reserve = 0.0
        self.pace = 0.0
        self.contacts = 0
        self.besides = 0
        self.history: list[dict[str, float | int | bool | str]] = []
        self.bound = bound
        self._run, self._watch, self._keep = run, watch, keep
        self._lost_sales, self._alone = lost_sales, alone
        self._timed = bool(np.isfinite(stop.seconds))
        self._days: dict[bytes, list[Day]] = {}
        self.seconds: dict[str, float] = {}
        self._stage = "start"
        self._since = self._began = began
        self._best: tuple[bool, float, float] | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the search began (`began`, by `time.perf_counter`)."""
        return time.perf_counter() - self._began

    @property
    def left(self) -> float:
        """Seconds of the budget that are left; inf where it is not a time."""
        return self.stop.seconds - self.elapsed

    @property
    def rosters(self) -> int:
        """How many were tried."""
        return len(self._days) + self.besides

    def trial(self, counts: Ints, replications: int) -> Trial:
        """A roster on the first so many replications; those it has met already are not run again.

        Raises:
            Spent: the budget would not hold.
        """
        known = self._days.get(counts.tobytes(), [])
        if not known and self.rosters and self.stop(self.record(self._stage, replications * self.pace)):
            raise Spent
        roster = self.columns.roster(counts)
        while len(known) < replications:
            some = 4 if not self.pace else max(4, int(0.5 / self.pace))  # half a second, where time counts
            block = self.sample.order[
                len(known) : min(len(known) + some, replications) if self._timed else replications
            ]
            first = not self.rosters or (self.rosters == 1 and 0 < len(known) < FIRST)
            if not first and self.left < self.reserve + len(block) * self.pace:
                raise Spent
            began = time.perf_counter()
            days = self._run(roster, block)
            took = (time.perf_counter() - began) / len(block)
            # the first ones also start workers up, so a faster pace is believed at once
            self.pace = took if not self.pace or took < self.pace else 0.7 * self.pace + 0.3 * took
            self.contacts += sum(day.offered_in_all for day in days)
            known = self._days[counts.tobytes()] = known + days
            if self._watch is not None:
                self._watch(self.record(self._stage))
        return self._read(counts, known[:replications])

    def _read(self, counts: Ints, days: list[Day]) -> Trial:
        busy = self.sample.busy(len(days))
        reading = read(self.scenario, days, self.aims, busy, alone=self._alone)
        if self._lost_sales:
            lost = float(busy.weight @ [day.lost_sales for day in days])
            reading = replace(reading, cost=reading.cost + lost)
        return Trial(counts, float(self.columns.pay @ counts), reading)

    @property
    def hasty(self) -> bool:
        """Whether there may be no time, or no roster, for more than a first look."""
        ahead = replace(self.record("cover"), rosters=len(self._days) + HASTE, elapsed=self.elapsed + HASTE)
        return self.stop(ahead)

    @contextmanager
    def unlimited(self) -> Iterator[None]:
        """What is tried meanwhile counts for no limit: the search is over."""
        stop, self.stop, self.reserve = self.stop, Never(), -np.inf
        try:
            yield
        finally:
            self.stop = stop

    def first(self, trial: Trial, replications: int) -> Trial:
        """A trial as its first replications alone show it, or as the aims now want it read."""
        return self._read(trial.counts, self._days[trial.counts.tobytes()][:replications])

    def seen(self, trial: Trial) -> tuple[Floats, Floats]:
        """In time and counted by queue and interval over a trial's replications, those of days about as busy
        as the ones that decide weighted most, (q, i) each."""
        days = self._days[trial.counts.tobytes()][: trial.replications]
        return seen(self.scenario, days, self.aims, self.sample.busy(len(days)))

    def lost(self, trial: Trial) -> Floats:
        """Value of the sales that may be lost with contacts that are not answered in time, by queue and
        interval, on an average day, (q, i); nothing unless lost sales count."""
        days = self._days[trial.counts.tobytes()][: trial.replications]
        value = np.array([queue.sale_value for queue in self.scenario.queues.values()]) * self._lost_sales
        usual = self.sample.busy(len(days)).weight
        late = np.tensordot(usual, [day.counted - day.in_time for day in days], axes=1)
        return np.asarray(value[:, None] * late)

    def record(self, stage: str, ahead: float = 0.0) -> Record:
        """How far the search is, with so many seconds of work about to be done."""
        kept, cost, _ = self._best or (False, None, None)
        return Record(
            stage=stage,
            elapsed=self.elapsed,
            ahead=ahead + self.reserve,
            seconds=self.stop.seconds,
            rosters=self.rosters,
            contacts=self.contacts,
            cost=cost,
            bound=self.bound,
            kept=kept,
        )

    def tell(self, stage: str) -> None:
        """A stage begins, which ends the one before: tell whoever watches."""
        now = time.perf_counter()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now
        if self._watch is not None:
            self._watch(self.record(stage))

    def note(self, trial: Trial, lacks: float, rank: float, what: str) -> None:
        """Write a roster into the history if it is the best so far: it lacks nothing, and ranks lower."""
        kept = lacks == 0
        if self._best is None or (kept, -rank) > (self._best[0], -self._best[2]):
            self._best = kept, trial.reading.cost, rank
            if self._keep is not None:
                self._keep(self.columns.roster(trial.counts), trial.reading.cost)
            self.history.append(
                {
                    "elapsed_s": round(self.elapsed, 3),
                    "rosters_tried": self.rosters,
                    "contacts_simulated": self.contacts,
                    "cost": trial.reading.cost,
                    "kept": kept,
                    "violation": lacks,
                    "bound": self.bound,
                    "by": what,
                }
            )
