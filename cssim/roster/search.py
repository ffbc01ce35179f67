"""The cheapest roster that keeps the promises: cover the need, simulate, correct the need, polish, judge.

1. **Start.** The curves of `need` say roughly whom each hour takes; `cover` buys that at least cost; a few
   replications show how far it is off; `learn` corrects the curves and what is asked of them. Repeated until
   the roster keeps its promises without slack.
2. **Polish.** Moves in the order that the curves suggest, each on the same replications as the roster it
   would replace, few at first, and dropped as soon as it is clear that it breaks a promise. Where nothing is
   left, the need is corrected at the roster found and covered once more.
3. **Judge.** The roster is simulated on fresh replications. Every judgement has its own, and half of the
   error that the ones before it left, so that all together are as sure as the targets ask. If the verdict is
   not *met*, the promises that failed get more margin, and the search goes on.

More people are not always better, so whatever is changed is simulated before it is believed.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np

from cssim.demand.contacts import Bools
from cssim.demand.drawn import Drawn
from cssim.demand.streams import Phase
from cssim.engine.floor import Roster, policy_of
from cssim.errors import InputError
from cssim.experiment.days import run_days
from cssim.experiment.engines import ENGINE, get_ready
from cssim.experiment.rosters import roster_of
from cssim.experiment.simulation import SimulationResult, simulate
from cssim.experiment.workers import workers_for
from cssim.measure.periods import periods_of
from cssim.measure.service import Day
from cssim.roster.bound import bound_of
from cssim.roster.cover import Asked, Cover, cover
from cssim.roster.days import balanced
from cssim.roster.gauge import Reading, aims_of, margins, read, standard_error
from cssim.roster.lab import Lab, Spent, Trial, Watch
from cssim.roster.learn import Setting, corrected
from cssim.roster.moves import Trust, moves
from cssim.roster.need import load_of, promises_of
from cssim.roster.result import RosterResult, SearchRecord, Shortfall
from cssim.roster.shifts import columns_of
from cssim.roster.stop import Seconds, Stop
from cssim.scenario.clock import Calendar, Floats, Ints
from cssim.scenario.schema import Scenario

BUDGET: Final = 120.0
"""Seconds that a search may take where nothing else is said."""

JUDGED: Final = 400
"""Replications of a judgement, where neither their number nor the time says otherwise."""

FEW: Final = 4
"""Replications on which a roster is first looked at; doubled until it is clear what it is worth."""

BALANCED: Final = 4
"""A replication of balanced days (see `days`) tells as much as so many of days as they come."""

ENOUGH: Final = 32
"""Replications on which rosters are compared in the end."""

_SIZES: Final = (4, 8, 16, 32, 64, 128)

FAR: Final = 0.05
"""A roster whose promises lack more than this of their shares, all together, is far from keeping them."""

STEPS: Final = 10
"""Most covers before the first polish."""

TRIES: Final = (20, 40, 120)
"""Moves in a row without success after which the need is covered anew, and at last the search ends."""

ROOM: Final = 512 * 2**20
"""Bytes of contacts that are kept from roster to roster."""

JUDGEMENTS: Final = 5
"""Most rosters that are judged."""

Ended = Literal["settled", "budget", "interrupted", "proof"]


def optimise(
    scenario: Scenario,
    *,
    seed: int | None = None,
    budget: float | Stop | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    engine: str = ENGINE,
    replications: int | None = None,
    progress: Watch | None = None,
) -> RosterResult:
    """The cheapest roster found that meets the scenario's targets.

    Args:
        scenario: what the planner wrote, resolved.
        seed: of all random numbers (0 is a seed); drawn and recorded where not given.
        budget: seconds for everything (120 by default), or a rule of `cssim.roster.stop`, e.g.
            `Rosters(200)`, under which the same seed gives the same roster on any number of workers. The
            search ends earlier where nothing better is found. The least that is done in any time is one
            cover, one roster on 4 replications, and its judgement on 2.
        executor: where replications run; it is left open. Else threads of our own.
        workers: how many threads; as many as there are processors by default, and 1 means here.
        engine: see `cssim.experiment.engines`.
        replications: of each judgement; by default as many as the budget has room for, 400 at most.
        progress: told how far it is, see `cssim.roster.stop.Record`.

    Raises:
        InputError: a scenario that cannot be drawn or measured, or an argument out of its range.
    """
    started, began = datetime.now().astimezone(), time.perf_counter()
    stop = _stop(budget)
    if replications is not None and replications < 2:
        raise InputError.one("optimise.replications", path="replications", given=replications)
    seed = secrets.randbits(32) if seed is None else seed
    timed = np.isfinite(stop.seconds)
    columns = columns_of(scenario)
    bound = bound_of(scenario, columns, seconds=min(5.0, stop.seconds / 20) if timed else None)
    drawn = Drawn(scenario, seed, Phase.SEARCH, ROOM)
    get_ready(engine)
    with workers_for(executor, workers, engine) as place:
        order = balanced(scenario, load_of(scenario), seed, max(_SIZES))

        def run(roster: Roster, some: Sequence[int]) -> list[Day]:
            days = [order[k] for k in some]
            return run_days(drawn, roster, days, engine=engine, executor=place)

        def judge(roster: Roster, number: int, some: int) -> SimulationResult:
            return simulate(
                scenario,
                roster,
                replications=some,
                seed=seed,
                phase=Phase.JUDGEMENT + number,
                engine=engine,
                executor=place,
                workers=1,
                judgements=2 ** (number + 1),
            )

        lab = Lab(scenario, columns, run, stop=stop, began=began, bound=bound.cost, watch=progress)
        search = _Search(scenario, lab, judge, replications)
        found, ended = search.run(proven=bool(bound.why))
        baseline = None
        if scenario.roster is not None:
            own = roster_of(scenario, scenario.roster)
            baseline = judge(own, found.number, search.affordable(found.result.replications))
    return RosterResult(
        scenario=scenario,
        status="infeasible" if bound.why else "met" if found.met else "budget",
        why=(bound.why, bound.values) if bound.why else None,
        roster=found.result.roster,
        cost=found.result.cost.total.value,
        lower_bound=None if bound.why else min(bound.cost, found.result.cost.total.value),
        assumes=bound.assumes,
        judgement=found.result,
        baseline=baseline,
        search=SearchRecord(
            ended=ended,
            budget=stop.seconds if timed else None,
            rosters_tried=lab.rosters,
            contacts_simulated=lab.contacts,
            judgements=search.judged,
            history=tuple(lab.history),
        ),
        shortfall=() if found.met else search.shortfall(found),
        started=started.isoformat(timespec="seconds"),
        elapsed=time.perf_counter() - began,
    )


def _stop(budget: float | Stop | None) -> Stop:
    if isinstance(budget, Stop):
        return budget
    seconds = BUDGET if budget is None else budget
    if not seconds > 0:
        raise InputError.one("optimise.budget", path="budget", given=budget)
    return Seconds(seconds)


@dataclass(frozen=True)
class _Judged:
    """A roster that was judged: as tried, as judged, and on which judgement's replications."""

    trial: Trial
    result: SimulationResult
    number: int

    @property
    def met(self) -> bool:
        """Whether every promise is."""
        return all(target.verdict == "met" for target in self.result.targets)

    @property
    def rank(self) -> tuple[bool, float, float]:
        """Greater is better: met; how sure the least sure promise is; cheap."""
        surest = 0.0 if self.met else min(target.worst.sure_margin for target in self.result.targets)
        return self.met, surest, -self.result.cost.total.value


class _Search:
    """A search under way."""

    def __init__(self, scenario: Scenario, lab: Lab, judge: _Judge, replications: int | None) -> None:
        load = load_of(scenario)
        self.scenario, self.lab, self.judge, self.replications = scenario, lab, judge, replications
        self.setting = Setting.of(
            scenario,
            lab.columns,
            policy_of(scenario),
            load,
            promises_of(scenario, load),
            [len(periods_of(scenario, target)) for target in scenario.targets],
        )
        promises = len(self.setting.of_target)
        self.asked = self.setting.first_asked()
        self.trust = Trust(promises)
        self.last: _Judged | None = None
        self.wanted: Floats | None = None
        self.best: Trial | None = None
        self.enough = ENOUGH
        self.planned = replications or JUDGED
        self.judged = 0
        self.few = 2 * FEW if any(target.on is not None for target in scenario.targets) else FEW
        self.late = False
        self.unfit: set[bytes] = set()

    # -- the whole ----------------------------------------------------------------------------------

    def run(self, *, proven: bool) -> tuple[_Judged, Ended]:
        """Search and judge in rounds, until nothing changes any more, or time is up.

        After a roster is *met* the search goes on with what its judgement taught, for a cheaper one.
        """
        best: _Judged | None = None
        while True:
            ended = self._until_settled(proven)
            assert self.best is not None
            if best is not None and self.last is not None:
                same = np.array_equal(self.best.counts, self.last.trial.counts)
                if same or (best.met and self.best.reading.cost >= best.result.cost.total.value):
                    return best, ended
            if ended == "budget" and not self.late and np.any(self.best.reading.slack < 0):
                self.late = True  # not worth a long judgement: its time goes to the search
                continue
            try:
                judged = self._judge(self.best, quick=ended in ("interrupted", "proof"))
            except KeyboardInterrupt:
                if best is not None:
                    return best, "interrupted"
                judged, ended = self._judge(self.best, quick=True), "interrupted"
            if best is None or judged.rank > best.rank:
                best = judged
            if ended in ("interrupted", "proof"):
                return best, ended
            if self.judged == JUDGEMENTS or self._too_late():
                return best, "budget" if np.isfinite(self.lab.left) else ended
            self.last = judged

    def _until_settled(self, proven: bool) -> Ended:
        """Improve the best roster until nothing better is found, or the round's time is over."""
        try:
            self._plan()
            if self.best is None:
                self._start(1 if proven else STEPS)
                self._plan()
            if proven:
                return "proof"
            assert self.best is not None
            trial = self.lab.trial(self.best.counts, self.enough)
            if self.last is not None:
                self._learn_from(self.last)
                self.best = trial
            self._improve(trial)
        except Spent:
            return "budget"
        except KeyboardInterrupt:
            if self.best is None:
                raise
            return "interrupted"
        return "settled"

    def _plan(self) -> None:
        """How many replications the next judgement has, and what that asks of the search.

        Of a budget of time the first search gets rather more than half and the first judgement a fifth, so
        that there is time to mend what it finds; of what is left then, two fifths are kept for the next one,
        and a quarter where there is little hope of *met*.
        """
        lab, first = self.lab, self.judged == 0 and not self.late
        if np.isfinite(lab.left):
            kept = 0.2 * lab.stop.seconds if first else (0.25 if self.late else 0.4) * lab.left
            if lab.pace:
                most = JUDGED if self.replications is None else self.replications
                self.planned = min(most, max(int(kept / lab.pace), 10))
                sizes = [n for n in _SIZES if n * lab.pace < 0.02 * lab.stop.seconds]
                self.enough = sizes[-1] if sizes else FEW
            own = 2.0 if self.scenario.roster is not None else 1.0
            lab.reserve = 0.45 * lab.stop.seconds if first else own * 1.15 * self.planned * lab.pace
        lab.aims = aims_of(self.scenario, self.planned, 2 ** (self.judged + 1))
        self.unfit.clear()
        self.wanted = None
        if self.best is not None:
            self.best = lab.first(self.best, self.best.replications)

    def affordable(self, replications: int) -> int:
        """So many replications, or as many as the time allows, but at least two."""
        left, pace = self.lab.left, self.lab.pace
        return (
            max(2, min(replications, int((0.8 * left - 0.2) / pace))) if np.isfinite(left) else replications
        )

    def _too_late(self) -> bool:
        """Whether there is no time for another round."""
        return self.lab.left < max((2 * self.enough + 40) * self.lab.pace, 0.08 * self.lab.stop.seconds)

    def _margin(self, trial: Trial, searched: int | None = None) -> Floats:
        """The slack that a roster must show to be judged *met*, most likely, (p,).

        Before the first judgement it follows from how a roster's days differ: where one is only looked at, as
        if on all the replications of a comparison; `searched` says on how many, where it is to be believed.
        """
        if self.wanted is not None:
            return self.wanted
        return self._needed(trial.reading, searched or self.enough, 1.5)

    def _needed(self, reading: Reading, searched: int, safety: float) -> Floats:
        return margins(
            self.scenario,
            reading,
            self.setting.of_target,
            searched=BALANCED * searched,
            judged=self.planned,
            looks=2 ** (self.judged + 1),
            safety=safety,
        )

    def _learn_from(self, judged: _Judged) -> None:
        """Ask for what a judgement needs, and as much more (or less) as the judged roster looked better (or
        worse) in the search than on numbers that did not choose it; few of them are believed in part."""
        fresh = read(self.scenario, judged.result.measured, self.lab.aims)
        searched = self.lab.trial(judged.trial.counts, self.enough).reading
        seen = judged.result.replications
        belief = seen / (seen + BALANCED * self.enough)
        needed = self._needed(fresh, seen // BALANCED + self.enough, 1.0)
        self.wanted = needed + belief * (searched.slack - fresh.slack)

    def _consider(self, trial: Trial, what: str) -> None:
        """Remember the best roster, and write it into the history. One that was only looked at is never
        better than one that was compared on all replications."""

        def rank(one: Trial) -> tuple[bool, float, float]:
            margin = self._margin(one, min(one.replications, self.enough))
            return one.replications < self.enough, one.violation(margin), one.reading.cost

        if self.best is None or rank(trial) < rank(self.best):
            self.best = trial
        self.lab.note(trial, self._margin(trial), what)

    # -- start --------------------------------------------------------------------------------------

    def _cover(self, asked: Asked, gap: float = 0.005) -> Cover:
        left = self.lab.left
        seconds = min(10.0, max(left / 25, 0.5)) if np.isfinite(left) else None
        self.lab.tell("cover")
        setting = self.setting
        return cover(
            setting.columns,
            setting.policy,
            setting.presence,
            setting.promises,
            asked,
            gap=gap,
            seconds=seconds,
            nodes=100,
        )

    def _looked_at(self, counts: Ints) -> Trial:
        """A roster that was covered, on few replications, and on more while it may keep its promises."""
        trial = self.lab.trial(counts, min(self.few, self.enough))
        while trial.replications < self.enough:
            if np.any(trial.reading.slack + 2.5 * trial.reading.error < self._margin(trial)):
                break
            trial = self.lab.trial(counts, min(2 * trial.replications, self.enough))
        self._consider(trial, "cover")
        return trial

    def _start(self, steps: int) -> None:
        """Cover, look, correct, until the roster neither lacks nor wastes."""
        seen: set[bytes] = set()
        for step in range(steps):
            counts = self._cover(self.asked, 0.02 if step < 2 else 0.005).counts
            if counts.tobytes() in seen:
                return
            seen.add(counts.tobytes())
            if step == 0:
                self._consider(self.lab.trial(counts, FEW), "cover")  # shows the pace; better than nothing
            self._plan()
            trial = self._looked_at(counts)
            margin = self._margin(trial)
            off = trial.reading.slack - margin
            if np.all(off > 0) and np.any(off < 0.01):
                return
            self.asked = corrected(self.setting, self.asked, trial, margin, 0.8 if step < 3 else 0.5)

    # -- polish -------------------------------------------------------------------------------------

    def _improve(self, trial: Trial) -> None:
        """Polish, cover anew where that promises something better, and polish that; ever longer.

        A roster that is far from its promises is covered anew first: single agents would mend it too slowly.
        """
        if trial.violation(self._margin(trial)) > FAR:
            trial = self._better(trial, self._covered_anew(trial))
        for tries in TRIES:
            trial = self._polish(trial, tries)
            if tries < TRIES[-1]:
                other = self._covered_anew(trial)
                if other is not None:
                    trial = self._better(trial, self._polish(other, tries))

    def _better(self, one: Trial, other: Trial | None) -> Trial:
        """The one that lacks less, or costs less, by what is asked of the first."""
        if other is None:
            return one
        margin = self._margin(one)
        return min(one, other, key=lambda trial: (trial.violation(margin), trial.reading.cost))

    def _covered_anew(self, trial: Trial) -> Trial | None:
        """A roster bought for what the best one taught, if it is cheaper or lacks less."""
        margin = self._margin(trial)
        lacking = trial.violation(margin)
        asked = corrected(self.setting, self.asked, trial, margin, 0.7, bought=False)
        found: Trial | None = None
        for _ in range(4 if lacking > FAR else 2):
            bought = self._cover(asked)
            if lacking == 0 and bought.pay >= trial.pay - 1e-6:
                break
            other = self._looked_at(bought.counts)
            if found is None or other.violation(self._margin(other)) < found.violation(self._margin(found)):
                found = other
            asked = corrected(self.setting, asked, other, self._margin(other), 0.7)
        if found is None or np.array_equal(found.counts, trial.counts):
            return None
        return self.lab.trial(found.counts, self.enough)

    def _polish(self, trial: Trial, tries: int) -> Trial:
        """Take the first move that is better, until none of so many is.

        What is asked stays as it is meanwhile: every step lacks less or costs less, so there is an end.
        """
        self.lab.tell("search")
        self._consider(trial, "polish")
        margin, failed = self._margin(trial), 0
        while failed < tries:
            keeps = trial.violation(margin) == 0
            for move in moves(self.setting, self.asked, trial, margin, self.trust.factor):
                counts = move.applied(trial.counts)
                if counts.tobytes() in self.unfit:
                    continue
                better = self._compared(trial, counts, move.effect, margin)
                if better is not None:
                    break
                if keeps:
                    self.unfit.add(counts.tobytes())
                failed += 1
                if failed >= tries:
                    return trial
            else:
                return trial
            trial, failed = better, 0
            self._consider(trial, "polish")
        return trial

    def _compared(self, base: Trial, counts: Ints, predicted: Floats, margin: Floats) -> Trial | None:
        """The roster with these counts, if on the same replications it is better than `base`.

        Looked at after 4, 8, ... replications, and dropped when 2.5 standard errors of the paired difference
        cannot save it.
        """
        lacks = base.violation(margin)
        size = min(self.few, self.enough)
        while True:
            trial = self.lab.trial(counts, size)
            before = self.lab.first(base, size).reading
            change = trial.reading.slack - before.slack
            error = standard_error(trial.reading.effect - before.effect)
            hope = np.maximum(margin - (base.reading.slack + change + 2.5 * error), 0.0).sum()
            if hope > 0 if lacks == 0 else hope >= lacks:
                self.trust.learn(predicted, change, error)
                return None
            if size >= self.enough:
                break
            size = min(2 * size, self.enough)
        self.trust.learn(predicted, change, error)
        mended = trial.violation(margin)
        if lacks > 0:
            return trial if mended < lacks * (1 - 1e-6) else None
        return trial if mended == 0 and trial.reading.cost < base.reading.cost - 1e-9 else None

    # -- judgement ----------------------------------------------------------------------------------

    def _judge(self, trial: Trial, *, quick: bool) -> _Judged:
        self.lab.tell("judge")
        number = self.judged
        self.judged += 1
        some = self.affordable(min(self.planned, 2 * FEW) if quick else self.planned)
        roster = self.setting.columns.roster(trial.counts)
        return _Judged(trial, self.judge(roster, number, some), number)

    def shortfall(self, found: _Judged) -> tuple[Shortfall, ...]:
        """Where people are lacking, hour by hour, for each promise that is not met."""
        setting, calendar = self.setting, Calendar.of(self.scenario.horizon)
        on_duty = setting.on_duty(found.trial.counts)
        rows = []
        for promise, share in zip(setting.promises, self.asked.shares, strict=True):
            target = found.result.targets[promise.target]
            capacity = setting.capacity(promise, on_duty) * self.asked.worth
            for period, weight, asked in zip(target.by_period, promise.weight, share, strict=True):
                if period.verdict == "met":
                    continue
                wanted = promise.capacity(np.full(capacity.shape, asked))
                lacking = np.where(weight > 0, wanted - capacity, 0.0) / self.asked.worth
                for q, queue in enumerate(self.scenario.queues):
                    for first, last in _runs(lacking[q] >= 0.5):
                        ends = min((last + 1) * calendar.interval, calendar.seconds)
                        rows.append(
                            Shortfall(
                                target=target.name,
                                period=period.period,
                                queue=queue,
                                start=calendar.moment(first * calendar.interval).isoformat(" ", "minutes"),
                                end=calendar.moment(ends).isoformat(" ", "minutes"),
                                people=float(lacking[q, first : last + 1].max()),
                            )
                        )
        return tuple(rows)


_Judge = Callable[[Roster, int, int], SimulationResult]
"""Simulates a roster on the n-th judgement's numbers, with so many replications."""


def _runs(where: Bools) -> list[tuple[int, int]]:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], where.astype(np.int64), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
