"""The cheapest roster that keeps the promises: learn, cover, polish, rehearse, judge. See docs/search.md.

1. **Begin.** The curves of `need` say roughly whom each hour takes; `cover` buys that at least cost; a few
   replications show how far it is off; `learn` corrects the curves and what is asked of them.
2. **Descend.** The bound's curves (`Windows`) know better, once they are learnt: rosters are bought by them,
   near the one at hand, each simulated on the same replications, few at first, and dropped as soon as it is
   clear that it is no better. **Polish**, where there are no such curves or time is left: single moves.
3. **Rehearse.** On many more replications the roster shows what is to be asked of it on few.
4. **Judge.** The roster is simulated on fresh replications. Every judgement has its own, and half of the
   error that the ones before it left, so that all together are as sure as the targets ask. What it shows
   there teaches the next round how much to ask.

More people are not always better, so whatever is changed is simulated before it is believed.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import count
from typing import Final, Literal

import numpy as np

from cssim.demand.contacts import Bools
from cssim.demand.drawn import Drawn
from cssim.demand.streams import Phase
from cssim.engine.floor import Policy, Roster, policy_of
from cssim.errors import InputError
from cssim.experiment.days import run_days
from cssim.experiment.engines import ENGINE, get_ready
from cssim.experiment.rosters import roster_of
from cssim.experiment.simulation import SimulationResult, simulate
from cssim.experiment.workers import workers_for
from cssim.measure.estimate import allows_no_miss
from cssim.measure.periods import periods_of
from cssim.measure.service import Day
from cssim.roster.anneal import DEAR, Bought, Near
from cssim.roster.bound import bound_of
from cssim.roster.cover import Asked, cover, parts
from cssim.roster.days import (
    CANDIDATES,
    balanced,
    busyness,
    by_date,
    in_turn,
    levels,
    nearness,
    shares_of_days,
    steady,
)
from cssim.roster.every import every_roster
from cssim.roster.exhaust import EVERY, none_keeps
from cssim.roster.explain import explained, shortfall
from cssim.roster.gauge import Busy, Reading, aims_of, margins, quantiles, read, standard_error
from cssim.roster.lab import Lab, Sample, Spent, Trial, Watch
from cssim.roster.learn import Setting, corrected, eased, relearned
from cssim.roster.moves import Move, Trust, cut, moves
from cssim.roster.need import Promise, load_of, promises_of
from cssim.roster.result import RosterResult, SearchRecord
from cssim.roster.shifts import Columns, columns_of
from cssim.roster.stop import Seconds, Stop
from cssim.roster.windows import Windows
from cssim.scenario.clock import Floats, Ints
from cssim.scenario.schema import Scenario

BUDGET: Final = 120.0
"""Seconds that a search may take where nothing else is said."""

FEW: Final = 8
"""Replications on which a roster is first looked at; doubled until it is clear what it is worth."""

COMPARED: Final = (6e5, 1.2e6)
"""Contacts on which rosters are compared in the end, before the first judgement and after it; at least and at
most so many replications of them."""

ENOUGH: Final = (32, 256)

ALL: Final = 512
"""Replications that the search knows, at most."""

SURE: Final = (2e7, 1e7, 1e8)
"""Contacts of the first judgement, the second and later ones, likewise, where neither their number nor the
time says otherwise: the first is to come soon, the second is on the way, and the more a later one knows, the
less must be kept too well."""

JUDGED: Final = (400, 10_000)

TWO_LOOKS: Final = 80
"""A judgement of so many replications is looked at after a quarter of them, too."""

HOPE: Final = 0.01
"""A roster that lacks more than this is not judged while there is time to search for a better one."""

FAR: Final = 0.05
"""A roster whose promises lack more than this of their shares, all together, is far from keeping them."""

LESSONS: Final = 12
"""Most rosters by which the curves are corrected before the first cover."""

COVERS: Final = 3
"""Most covers before the first polish."""

TRIES: Final = (30, 60, 240)
"""Moves in a row without success after which each round ends."""

STARTS: Final = (0, 12, 12)
"""Other starts from which a better roster is looked for in each round."""

WRONG: Final = 0.1
"""Span of the factors by which pay is wrong in another start."""

REACH: Final = 32
"""Agents who may come or go in one step of a descent, at first."""

AROUND: Final = 3
"""Rosters tried in vain around another from which a descent learns."""

CHEAPEST: Final = 0.5
"""Of a roster's cost, what a lack of all of a promise is thought to cost at least, where `DEAR` times its
price in the mixture is less."""

FAR_OFF: Final = 10.0
"""And beyond `FAR`."""

SLIGHT: Final = 0.005
"""Of a roster's cost: what takes less to be mended is no lack where rosters are compared."""

VAIN: Final = 2
"""Steps in vain after which the next are shorter."""

SUGGESTED: Final = 4
"""Rosters bought by the bound's curves for one start."""

REHEARSED: Final = 8
"""Times the replications of a comparison, on which its winner is looked at again."""

REHEARSALS: Final = 3

GRACE: Final = 0.02
"""Of a budget of time, by how much a round may be longer where its roster is seen to lack something."""

SAFETY: Final = 2.0
"""Standard errors by which what was chosen for looking good should look better than it need be."""

THRIFT: Final = 0.001
"""Of a roster's cost: for so much there may be more of them, up to twice as many."""

SOON: Final = 50.0
"""Seconds after which the first search ends, if not sooner, so that there is something sure to hold."""

HALF: Final = 0.5
"""Of a budget of time, when the second search ends, if it begins in the first `EARLY` of it."""

EARLY: Final = 0.3

BOUNDED: Final = 0.25
"""Of a budget of time, the part that goes to the bound."""

LEARNT: Final = 0.07
"""Of a budget of time, the part of that before the first judgement, which teaches the curves."""

ROUNDS: Final = 2
"""Rounds of the bound after each judgement, where the budget is not a time."""

EXPLAINED: Final = 0.08
"""Of a budget of time, the part in which is seen what a roster would be without each of its people."""

WORTH: Final = 0.001
"""A roster is judged if it saves such a part of the cost of the best that is known to do."""

REST: Final = 6
"""Steps for which a refused move is left alone."""

ROOM: Final = 512 * 2**20
"""Bytes of contacts that are kept from roster to roster."""

MORE: Final = 0.01
"""Share by which promises are to be kept better, again and again, while there is money left."""

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
    start: Roster | None = None,
    fixed: Roster | None = None,
    money: float | None = None,
    lost_sales: bool = False,
    keep: Callable[[Roster, float], None] | None = None,
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
        start: a legal roster to begin with: what an earlier search had found, or what the shop has today.
        fixed: people who work in any case; the search plans the others around them.
        money: what the roster may cost. Then what is sought is the roster that comes nearest to the targets
            for it, or clears them by most, instead of the cheapest that meets them.
        lost_sales: whether sales that are lost with buyers who go count as cost, besides the wages.
        keep: told the best roster so far and its cost whenever there is a better one, so that it is not lost
            if the process is killed.
        replications: of each judgement; by default as many as the budget has room for, 10,000 at most.
        progress: told how far it is, see `cssim.roster.stop.Record`.

    Raises:
        InputError: a scenario that cannot be drawn or measured, or an argument out of its range.
    """
    started, began = datetime.now().astimezone(), time.perf_counter()
    stop = _stop(budget)
    if money is not None and not money > 0:
        raise InputError.one("optimise.money", path="money", given=money)
    if replications is not None and replications < 2:
        raise InputError.one("optimise.replications", path="replications", given=replications)
    seed = secrets.randbits(32) if seed is None else seed
    timed = np.isfinite(stop.seconds)
    columns = columns_of(scenario)
    begin, least = (_counts(columns, roster, name) for roster, name in ((start, "start"), (fixed, "fixed")))
    bound = bound_of(scenario, columns, seconds=min(5.0, stop.seconds / 20) if timed else None)
    drawn = Drawn(scenario, seed, Phase.SEARCH, ROOM)
    get_ready(engine)
    with workers_for(executor, workers, engine) as place:

        def run(roster: Roster, some: Sequence[int], met: Drawn = drawn) -> list[Day]:
            return run_days(met, roster, some, engine=engine, executor=place)

        def judge(roster: Roster, number: int, sizes: Sequence[int]) -> SimulationResult:
            return simulate(
                scenario,
                roster,
                sizes=sizes,
                seed=seed,
                phase=Phase.JUDGEMENT + number,
                engine=engine,
                executor=place,
                workers=1,
                judgements=2 ** (number + 1),
            )

        lab = Lab(
            scenario,
            columns,
            run,
            sample_of(scenario, seed),
            stop=stop,
            began=began,
            bound=0.0 if bound.why else bound.cost,
            lost_sales=lost_sales,
            keep=keep,
            watch=progress,
        )
        windows = Windows(scenario, columns, seed, engine=engine, executor=place)

        def sharpen(seconds: float | None, best: tuple[Ints, float]) -> float:
            windows.sharpen(seconds=seconds, rounds=None if timed else ROUNDS, best=best)
            return max(bound.cost, windows.cost)

        search = _Search(scenario, lab, judge, sharpen, windows.suggest, replications, begin, least, money)
        _refuse_empty(scenario, search.setting.promises)
        found, ended = search.run(proven=bool(bound.why))
        why = (bound.why, bound.values) if bound.why else None
        if not found.met and money is None and ended not in ("interrupted", "proof"):
            afresh = partial(run, met=Drawn(scenario, seed, Phase.PROOF, ROOM))
            try:
                why = none_keeps(lab, afresh, search.least, found.trial.counts, search.planned)
            except KeyboardInterrupt:
                ended = "interrupted"
            else:
                ended = "proof" if why else ended
        stopped = ended == "interrupted"
        without = () if stopped else explained(search.setting, lab, found.trial, found.result, search.enough)
        baseline = None
        if scenario.roster is not None:
            own = roster_of(scenario, scenario.roster)
            some = min(found.result.replications, 2 * FEW) if stopped else found.result.replications
            with suppress(KeyboardInterrupt):
                baseline = judge(own, found.number, (search.affordable(some),))
    lower = max(bound.cost, windows.cost if found.met else 0.0)
    lab.tell("end")
    return RosterResult(
        scenario=scenario,
        status="infeasible" if why else "met" if found.met else "budget",
        why=why,
        roster=found.result.roster,
        cost=found.result.cost.total.value,
        lower_bound=None if why or money else min(lower, found.result.cost.total.value),
        assumes=() if money else bound.assumes if bound.cost >= lower else windows.assumes,
        judgement=found.result,
        baseline=baseline,
        search=SearchRecord(
            ended=ended,
            budget=stop.seconds if timed else None,
            rosters_tried=lab.rosters,
            contacts_simulated=lab.contacts,
            judgements=search.judged,
            seconds={stage: round(seconds, 3) for stage, seconds in lab.seconds.items()},
            history=tuple(lab.history),
        ),
        shortfall=() if found.met else shortfall(search.setting, search.asked, found.trial, found.result),
        without=without,
        started=started.isoformat(timespec="seconds"),
        elapsed=time.perf_counter() - began,
    )


def cheapest_kept(scenario: Scenario, seed: int, replications: int, stop: Stop) -> Trial:
    """The cheapest roster found that keeps every promise on the first so many replications of the search, by
    point estimates, with no thought of others: what can be compared with a trial of all rosters.

    Args:
        scenario, seed: as of `optimise`.
        replications: on which rosters are compared; `sample_of` says which.
        stop: when to end.
    """
    columns, sample = columns_of(scenario), sample_of(scenario, seed)
    drawn = Drawn(scenario, seed, Phase.SEARCH, ROOM)
    get_ready(ENGINE)

    def run(roster: Roster, some: Sequence[int]) -> list[Day]:
        return run_days(drawn, roster, some)

    lab = Lab(scenario, columns, run, sample, stop=stop, began=time.perf_counter(), bound=0.0, alone=True)
    lab.aims = [0.5 if target.on is None else target.on for target in scenario.targets]
    return _Search(scenario, lab).alone(replications)


def _refuse_empty(scenario: Scenario, promises: Sequence[Promise]) -> None:
    """Refuse a promise about contacts that never come: no judgement could say anything of it."""
    for promise in promises:
        if not promise.weight.any():
            path, name = f"targets[{promise.target}]", scenario.targets[promise.target].name
            raise InputError.one("judge.nothing", path=path, name=name)


def _counts(columns: Columns, roster: Roster | None, name: str) -> Ints | None:
    """A roster as counts on the columns.

    Raises:
        InputError: a shift that is not offered to the group, or more people than there are.
    """
    if roster is None:
        return None
    try:
        counts = columns.counts(roster)
    except KeyError as unknown:
        group, shift = unknown.args[0]
        raise InputError.one("optimise.not_offered", path=name, group=group, shift=shift.name) from None
    if not np.all(columns.rules.most @ counts <= columns.rules.limit + 1e-9):
        raise InputError.one("optimise.not_legal", path=name)
    return counts


def sample_of(scenario: Scenario, seed: int) -> Sample:
    """The replications on which a search compares rosters."""
    load = load_of(scenario)
    level = levels(scenario, seed, Phase.SEARCH, range(CANDIDATES))
    busy = busyness(scenario, load, level)
    order = balanced(scenario, load, level, ALL)
    near = nearness(busy, shares_of_days(scenario))
    if near.any() and not steady(scenario):
        order = in_turn(order, near, ALL)
    work = np.log(by_date(scenario, load, level))
    return Sample(order, busy[list(order)], quantiles(busy), (work[list(order)], work))


def _full(scenario: Scenario) -> Bools:
    """Which targets promise all contacts, or all of the time, so that nothing shows more than is asked."""
    return np.array([allows_no_miss(target) and target.on is None for target in scenario.targets])


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

    def __init__(
        self,
        scenario: Scenario,
        lab: Lab,
        judge: _Judge | None = None,
        sharpen: _Sharpen | None = None,
        suggest: _Suggest | None = None,
        replications: int | None = None,
        start: Ints | None = None,
        least: Ints | None = None,
        money: float | None = None,
    ) -> None:
        load = load_of(scenario)
        self.scenario, self.lab, self.judge, self.replications = scenario, lab, judge, replications
        self.sharpen, self.suggest = sharpen, suggest
        self.setting = Setting.of(
            scenario,
            lab.columns,
            policy_of(scenario),
            load,
            promises_of(scenario, load),
            [len(periods_of(scenario, target)) for target in scenario.targets],
        )
        contacts = max(float(load.contacts.sum()), 1.0)
        self.full = _full(scenario)[self.setting.of_target]
        self.asked = self.setting.first_asked()
        self.trust = Trust(len(self.setting.of_target))
        self.start, self.money = start, money
        self.least = np.zeros(len(lab.columns), dtype=np.int64) if least is None else least
        self.sizes = tuple(_within(*ENOUGH, some / contacts) for some in COMPARED)
        self.enough = self.sizes[0]
        self.sure = tuple(_within(*JUDGED, some / contacts) for some in SURE)
        self.planned = replications or self.sure[0]
        self.last: _Judged | None = None
        self.seen: list[Ints] = []  # judged already
        self.failed: list[Ints] = []  # of these, not met
        self.wanted: Floats | None = None
        self.taught: Floats | None = None
        self.best: Trial | None = None
        self.bought: Trial
        self.judged = 0
        self.late, self.hurried, self.stopped = False, False, False
        self.early, self.number = False, 0
        self.starts, self.guided = 0, False  # whether the bound's curves are known
        self.scale = float(lab.columns.pay.sum())  # about what a roster costs
        self.price = np.full(len(self.setting.of_target), self.scale)

    # -- the whole ----------------------------------------------------------------------------------

    def run(self, *, proven: bool) -> tuple[_Judged, Ended]:
        """The best roster that was judged, and why the search ended; the bound as well as time allows."""
        best, ended = self._rounds(proven)
        if ended not in ("interrupted", "proof"):
            self._bound(best, 1.0)
        return best, "interrupted" if self.stopped else ended

    def _rounds(self, proven: bool) -> tuple[_Judged, Ended]:
        """Search and judge in rounds, until nothing changes any more, or time is up.

        The first round is short, so that there is soon a roster that is judged; after a roster is *met* the
        search goes on with what its judgement taught, for a cheaper one.
        """
        best: _Judged | None = None
        for number in count():
            ended = self._round(number, proven)
            if ended == "budget" and self.early:  # the end of the round, not of the time
                ended = "settled"
            assert self.best is not None
            last = number >= len(TRIES) - 1 and ended == "settled"
            if best is not None and not self._worth_judging(best):
                if ended != "settled" or last:
                    return best, ended
                continue
            hopeless = self.best.violation(self._margin(self.best)) > HOPE
            if ended == "budget" and self.judged == 0 and hopeless and not self.late:
                self.late = True  # not worth a long judgement: its time goes to the search
                continue
            try:
                judged = self._judge(self.best, quick=ended in ("interrupted", "proof"))
            except KeyboardInterrupt:
                if best is not None:
                    return best, "interrupted"
                judged, ended = self._judge(self.best, quick=True), "interrupted"
            if not judged.met:
                self.failed.append(judged.trial.counts)
            if best is None or judged.rank > best.rank:
                best = judged
            if ended in ("interrupted", "proof"):
                return best, ended
            self._bound(best, 0.5)
            if self.stopped:
                return best, "interrupted"
            if self.judged == JUDGEMENTS or self._too_late():
                return best, "budget" if np.isfinite(self.lab.left) else ended
            self.last = judged
        raise AssertionError("without end")

    def _bound(self, best: _Judged, part: float) -> None:
        """Sharpen the bound for a part of the time that it has left, beside the best judged roster."""
        lab = self.lab
        left = BOUNDED * lab.stop.seconds - lab.seconds.get("bound", 0.0)
        left = min(left, lab.left - EXPLAINED * lab.stop.seconds)
        try:
            self._sharpened(best.trial.counts, best.result.cost.total.value, part * left)
        except KeyboardInterrupt:
            self.stopped = True

    def _sharpened(self, counts: Ints, cost: float, seconds: float) -> None:
        """Look for a higher bound, and learn the curves by which rosters are bought, with so much time."""
        if self.money is not None or self.sharpen is None or not seconds > 1.0:
            return
        self.scale = cost
        self.lab.tell("bound")
        self.lab.bound = self.sharpen(seconds if np.isfinite(seconds) else None, (counts, cost))

    def alone(self, replications: int) -> Trial:
        """The best roster by point estimates on so many replications, without a judgement."""
        self.enough = replications
        self.wanted = np.zeros(len(self.setting.of_target))
        with suppress(Spent):
            self._begin(LESSONS)
            assert self.best is not None
            trial = self.lab.trial(self.best.counts, self.enough)
            for tries in TRIES:
                trial = self._polish(trial, tries)
                trial = self._elsewhere(trial, None, tries, 0.0)
            self._exhausted(trial)
        assert self.best is not None
        return self.best

    def _worth_judging(self, best: _Judged) -> bool:
        """Whether the best roster may do better than the best that was judged."""
        assert self.best is not None
        assert self.last is not None
        if any(np.array_equal(self.best.counts, counts) for counts in self.seen):
            return False
        if self.money is not None:
            margin = self._margin(self.best)
            return self._lacks(self.best, margin) < self._lacks(best.trial, margin)
        return not best.met or self.best.reading.cost < best.result.cost.total.value * (1 - WORTH)

    def _round(self, number: int, proven: bool) -> Ended:
        """Improve the best roster until nothing better is found, or the round's time is over."""
        self.number = number
        try:
            self._plan()
            if self.best is None:
                self._begin(1 if proven else LESSONS)
                self._plan()
            if proven:
                return "proof"
            assert self.best is not None
            trial = self.lab.trial(self.best.counts, self.enough)
            if self.last is not None:
                self._learn_from(self.last)
                self.best = trial
            self._improve(trial, number)
        except Spent:
            return "budget"
        except KeyboardInterrupt:
            if self.best is None:
                raise
            return "interrupted"
        return "budget" if self.hurried else "settled"

    def _plan(self) -> None:
        """How many replications the next judgement has, and what that asks of the search.

        Of a budget of time the first search gets not quite half, and not long, so that there is time to mend
        what its judgement finds; the second ends at half of it. Of what is left then, a part is kept for the
        next judgement, the smaller where there is little hope of *met*.
        """
        lab, first = self.lab, self.judged == 0 and not self.late
        self.hurried = self.early = False
        self.planned = self.replications or self.sure[min(self.judged, len(self.sure) - 1)]
        if self.guided:
            self.enough = max(self.enough, self.sizes[min(self.judged, len(self.sizes) - 1)])
        if np.isfinite(lab.left):
            if lab.pace:
                some = int((0.25 if self.late else 0.3) * lab.left / lab.pace)
                self.planned = max(min(self.planned, some), 10)
                self.enough = min(self.enough, _within(FEW, ENOUGH[1], 0.01 * lab.stop.seconds / lab.pace))
            own = 2.0 if self.scenario.roster is not None else 1.0
            later = EXPLAINED * lab.stop.seconds + own * 1.15 * self.planned * lab.pace
            soon = min(0.45 * lab.stop.seconds, SOON)
            self.early = self.number == 1 == self.judged and lab.elapsed < EARLY * lab.stop.seconds
            ends = soon if first else HALF * lab.stop.seconds if self.early else np.inf
            lab.reserve = max(lab.stop.seconds - ends, later if not first else 0.0)
        lab.aims = aims_of(self.scenario, self.planned, self._errors(self.judged))
        self.wanted = None
        if self.best is not None:
            self.best = lab.first(self.best, self.best.replications)

    def _errors(self, judged: int) -> int:
        """By how much the error of a verdict is divided: each judgement has half of what is left, shared by
        its looks."""
        return (2 << judged) * len(looks(self.scenario, self.planned))

    def affordable(self, replications: int) -> int:
        """So many replications, or as many as the time allows, but at least two."""
        left, pace = self.lab.left, self.lab.pace
        if not np.isfinite(left):
            return replications
        return max(2, min(replications, int((0.8 * left - 0.2) / pace)))

    def _too_late(self) -> bool:
        """Whether there is no time for another round."""
        return self.lab.left < max((2 * self.enough + 40) * self.lab.pace, 0.08 * self.lab.stop.seconds)

    def _margin(self, trial: Trial, searched: int | None = None) -> Floats:
        """The slack that a roster must show to be judged *met*, most likely, (p,).

        Before the first judgement it follows from how a roster's days differ: where one is only looked at, as
        if on all the replications of a comparison; `searched` says on how many, where it is to be believed.
        After a judgement it is what that has taught.
        """
        if self.wanted is not None:
            return self._seeable(self.wanted)
        return self._seeable(self._needed(trial.reading, searched or self.enough))

    def _seeable(self, margin: Floats) -> Floats:
        """A margin as far as it can be seen: of a promise of all, that none is missed, and nothing above."""
        return np.where(self.full, np.minimum(margin, 0.0), margin)

    def _needed(self, reading: Reading, searched: int) -> Floats:
        """See `margins`. All promises must be passed at once, so of what costs little there is more."""
        bare, one = (
            margins(
                self.scenario,
                reading,
                self.setting.of_target,
                searched=searched,
                judged=self.planned,
                looks=self._errors(self.judged),
                safety=safety,
            )
            for safety in (0.0, 1.0)
        )
        error = one - bare
        more: Floats | float = 0.0
        if self.guided:
            more = np.minimum(THRIFT * reading.cost / np.maximum(self.price * error, 1e-9), SAFETY)
        return np.asarray(bare + (SAFETY + more) * error)

    def _learn_from(self, judged: _Judged) -> None:
        """Ask for what a judgement needs, and as much more (or less) as the judged roster looked better (or
        worse) in the search than on numbers that did not choose it, the surer of the two believed more; and
        for more than it showed there of what it was not judged to keep, so that it is not chosen again."""
        lab, result = self.lab, judged.result
        level = levels(self.scenario, result.seed, result.phase, range(result.replications))
        busy = Busy.even(busyness(self.scenario, self.setting.load, level), lab.sample.known)
        fresh = read(self.scenario, result.measured, lab.aims, busy)
        searched = lab.trial(judged.trial.counts, self._many).reading
        mine, theirs = searched.error**2, fresh.error**2
        belief = mine / np.maximum(mine + theirs, 1e-12)
        needed = self._needed(fresh, result.replications + self._many)
        taught = needed + belief * (searched.slack - fresh.slack)
        failed = [one.verdict != "met" for target in result.targets for one in target.by_period]
        self.taught = np.where(failed, np.maximum(taught, searched.slack + MORE / 10), taught)

    def _consider(self, trial: Trial, what: str) -> None:
        """Remember the best roster, and write it into the history. One that was only looked at is never
        better than one that was compared on all replications."""

        def rank(one: Trial) -> tuple[float, bool, float, float]:
            margin = self._margin(one, min(one.replications, self.enough))
            over = max(-self._room(one), 0.0)
            return over, one.replications < self.enough, *self._lacks(one, margin)

        if self.best is None or rank(trial) < rank(self.best):
            self.best = trial
        if self._room(trial) >= 0:
            lacks, cost = self._lacks(trial, self._margin(trial))
            self.lab.note(trial, lacks, trial.reading.cost if self.money is not None else cost, what)

    def _lacks(self, trial: Trial, margin: Floats) -> tuple[float, float]:
        """What a roster lacks of its promises, and what then decides: its cost; or by how little it clears
        them, where the money is given. Where it is known what it costs to mend a lack, that is added to the
        cost, and a slight lack is none, unless the roster was judged with it and not met."""
        lacks = trial.violation(margin)
        if self.money is not None:
            return lacks, trial.violation(margin + 1.0)
        if not self.guided:
            return lacks, trial.reading.cost
        mending = self._mending(margin - trial.reading.slack)
        if any(np.array_equal(trial.counts, counts) for counts in self.failed):
            return lacks, trial.reading.cost + mending
        return lacks if mending > SLIGHT * trial.reading.cost else 0.0, trial.reading.cost + mending

    # -- start --------------------------------------------------------------------------------------

    def _begin(self, lessons: int) -> None:
        """Correct the curves by rosters that are only looked at, then buy and look until one is near.

        What the curves are taught by need not be legal or good, only near what will be bought: parts of
        people, rounded.
        """
        if self.start is not None:
            self._consider(self.lab.trial(np.maximum(self.start, self.least), FEW), "start")
            self._plan()
        elif lessons == 1 or self.lab.hasty:
            self._consider(self.lab.trial(cover(*self._question()).counts, FEW), "cover")
        self.lab.tell("cover")
        for lesson in range(lessons):
            trial = self.lab.trial(self._rounded(parts(*self._question()).bought), FEW)
            if lesson == 0 and self.judge is not None:
                self._plan()
            margin = self._margin(trial)
            off = trial.reading.slack - margin
            self._correct(trial, margin, 0.8 if lesson < 3 else 0.5)
            if np.all(off > -0.01) and np.any(off < 0.01):
                break
        if self.money is not None:
            self._afford(0.98 * self.money)
        self._covered()

    def _afford(self, money: float) -> None:
        """Ask for as much of all promises alike, on the scale of odds, as the money buys."""
        asked, low, high = self.asked, -4.0, 4.0
        for _ in range(8):
            self.asked = eased(asked, (low + high) / 2)
            dear = parts(*self._question()).pay > money
            low, high = (low, (low + high) / 2) if dear else ((low + high) / 2, high)
        self.asked = eased(asked, low)

    def _covered(self) -> Trial:
        """A roster bought for what is asked, that looks as if it kept the promises or lacked little of them;
        the nearest to them, where none does."""
        found: list[tuple[float, float, int, Trial]] = []
        for _ in range(COVERS):
            trial = self._looked_at(cover(*self._question()).counts)
            margin = self._margin(trial)
            over = max(-self._room(trial), 0.0)
            found.append((1e3 * over + trial.violation(margin), trial.reading.cost, len(found), trial))
            if self.money is None:
                self._correct(trial, margin, 0.5)
            elif over:
                trial = self._looked_at(cut(self.setting, self.asked, trial, self.least, -over))
                over = max(-self._room(trial), 0.0)
                found.append((1e3 * over + trial.violation(margin), trial.reading.cost, len(found), trial))
                break
            if trial.violation(margin) < FAR:
                break
        return min(found)[-1]

    def _correct(self, bought: Trial, margin: Floats, gain: float) -> None:
        """Ask for what a roster, bought for what was asked, shows to be needed."""
        self.asked = corrected(self.setting, self.asked, bought, self.lab.seen(bought), margin, gain)
        self.bought = bought

    def _question(
        self, wrong: Floats | float = 1.0
    ) -> tuple[Columns, Policy, Floats, tuple[Promise, ...], Asked, Ints]:
        """What is asked for of whom, with pay that is `wrong` by a factor."""
        setting = self.setting
        columns = replace(setting.columns, pay=setting.columns.pay * wrong)
        return columns, setting.policy, setting.presence, setting.promises, self.asked, self.least

    def _rounded(self, bought: Floats) -> Ints:
        """Whole people for parts of people: each group's sums from its first shift on, rounded."""
        counts = np.zeros(len(bought), dtype=np.int64)
        group = self.lab.columns.group
        for g in np.unique(group):
            sums = np.round(np.cumsum(bought[group == g]) + 1e-9).astype(np.int64)
            counts[group == g] = np.diff(sums, prepend=0)
        return np.maximum(counts, self.least)

    def _looked_at(self, counts: Ints) -> Trial:
        """A roster that was covered, on few replications, and on more while it may keep its promises."""
        trial = self.lab.trial(counts, min(FEW, self.enough))
        while trial.replications < self.enough:
            if np.any(trial.reading.slack + 2.5 * trial.reading.error < self._margin(trial) - FAR):
                break
            trial = self.lab.trial(counts, min(2 * trial.replications, self.enough))
        self._consider(trial, "cover")
        return trial

    # -- polish -------------------------------------------------------------------------------------

    def _improve(self, trial: Trial, number: int) -> None:
        """Descend by the bound's curves, from here and from other starts; where there are none, polish, cover
        anew where that promises something better, and polish that; longer in later rounds.

        Few replications tell how rosters differ, but not how good they are. So a roster is looked at on many
        of them before, which says what is to be asked of it on few; and again after it, as what comes out on
        top on few has had luck.
        """
        tries = TRIES[min(number, len(TRIES) - 1)]
        lab = self.lab
        ahead = min(1.5 * self._many * lab.pace, 0.4 * max(lab.left - lab.reserve, 0.0))
        ahead = ahead if np.isfinite(lab.left) else 0.0
        if self.last is None and not lab.hasty:
            self._sharpened(trial.counts, trial.reading.cost, LEARNT * lab.stop.seconds)
            found = self._suggested(trial)
            if found is not None:
                trial = self._nearer(trial, self._descended(found, ahead))
        if not self.guided or self.last is not None:
            self._rehearsed(trial)
            trial = self._descended(trial, ahead)
        mend = self.last is None or not self.last.met
        if mend and not self.guided:  # what its judgement found is soonest mended where it is
            trial = self._polish(trial, tries, ahead)
        for _ in range(STARTS[min(number, len(STARTS) - 1)]):
            trial = self._elsewhere(trial, self.starts, TRIES[0], ahead)
            self.starts += 1
            if self.hurried:
                break
        if not self.hurried if self.guided else not mend:
            trial = self._polish(trial, tries, ahead)
        if trial.violation(self._margin(trial)) > FAR:
            trial = self._elsewhere(trial, None, tries, ahead)
        if number >= len(TRIES) - 1:
            trial = self._exhausted(trial)
        for _ in range(REHEARSALS):
            if self._rehearsed(trial):
                return
            if self.hurried and self.guided:  # a judgement that is not passed takes longer than to mend this
                lab.reserve -= GRACE * lab.stop.seconds
            if self.guided:
                trial = self._descended(trial, 0.5 * ahead)
            else:
                trial = self._polish(trial, tries, 0.5 * ahead)

    @property
    def _many(self) -> int:
        """Replications of a rehearsal."""
        return min(REHEARSED * self.enough, len(self.lab.sample.order))

    def _rehearsed(self, trial: Trial) -> bool:
        """Whether a roster shows all that is asked of it on many of the search's replications; what is asked
        of rosters on few is then what it shows there when it shows just enough on many."""
        self.lab.tell("rehearse")
        seen = self.lab.trial(trial.counts, self.enough).reading
        more = self.lab.trial(trial.counts, self._many).reading
        if self.enough < self._many and np.any(self.full & (more.slack < 0)):
            self.enough = self._many  # a miss so rare is seen on no fewer
            return self._rehearsed(trial)
        wanted = self._seeable(self._needed(more, self._many) if self.taught is None else self.taught)
        self.wanted = wanted + seen.slack - more.slack
        return bool(np.all(more.slack >= wanted))

    def _better(self, one: Trial, other: Trial) -> Trial:
        """The one that lacks less, or costs less, by what is asked of the first."""
        margin = self._margin(one)
        return min(one, other, key=lambda trial: self._lacks(trial, margin))

    def _elsewhere(self, trial: Trial, start: int | None, tries: int, ahead: float) -> Trial:
        """The better of a roster and one that is found from another start: bought by the bound's curves, or
        where they tell nothing bought anew for what is asked by now, at slightly wrong pay from the second
        start on, so that no two are alike."""
        if self.money is not None:
            return trial
        self.lab.tell("cover")
        if start is None:
            bought = self.lab.trial(self.bought.counts, self.enough)
            self._correct(bought, self._margin(bought), 0.7)
            other = self._covered()
        elif (found := self._suggested(trial)) is not None:
            return self._nearer(trial, self._descended(found, ahead))
        else:
            wrong = _wrong(start, len(self.least)) if start else np.ones(len(self.least))
            other = self._looked_at(cover(*self._question(wrong)).counts)
        far = other.violation(self._margin(trial)) > 2 * FAR
        if far or np.array_equal(other.counts, trial.counts):
            return trial
        return self._better(trial, self._polish(other, tries, ahead))

    def _nearer(self, one: Trial, other: Trial) -> Trial:
        """The one that costs less with what it takes to mend it, by what is asked of the first."""
        margin = self._margin(one)
        return min(one, other, key=lambda trial: self._merit(trial, margin))

    def _suggested(self, trial: Trial) -> Trial | None:
        """The best of a few rosters bought by the bound's curves, each for what it seems to take by now to
        keep the promises with nothing to spare; None where there are none."""
        if self.suggest is None or self.money is not None:
            return None
        margin = self._margin(trial)
        tried, found = [trial], list[Trial]()
        for _ in range(SUGGESTED):
            lacking = [(one.counts, margin - one.reading.slack) for one in tried]
            if self.lab.left <= self.lab.reserve:
                raise Spent
            counts = self._bought(lacking)
            if counts is None or any(np.array_equal(counts, one.counts) for one in tried):
                break
            found.append(self._looked_at(counts))
            tried.append(found[-1])
        return min(found, key=lambda one: self._merit(one, margin), default=None)

    def _descended(self, trial: Trial, ahead: float = 0.0) -> Trial:
        """A roster that is cheaper, or lacks less, some steps on: each to one that is bought by the bound's
        curves within reach, where they err little, for what the roster and those tried around it lack or have
        to spare. Where a step leads to nothing better, the next is shorter."""
        if self.suggest is None or self.money is not None:
            return trial
        lab, margin, reach = self.lab, self._margin(trial), REACH
        lab.tell("search")
        trial = lab.trial(trial.counts, self.enough)
        here, vain = [(trial.counts, margin - trial.reading.slack)], 0
        around = here
        while reach and lab.left > lab.reserve + ahead:
            counts = self._bought(around, (trial.counts, reach))
            if counts is None:
                break
            vain += 1
            if not any(np.array_equal(counts, one) for one, _ in around):
                other, slack = self._raced(trial, counts, margin)
                here = [(counts, margin - slack)]
                known = other.replications >= self.enough
                if known and self._merit(other, margin) < self._merit(trial, margin):
                    trial, around, reach, vain = other, here, min(2 * reach, REACH), 0
                    self._consider(trial, "descent")
                else:
                    around = [around[0], *[*around[1:], *here][-AROUND:]]
            if vain == VAIN:
                reach, vain = reach // 2, 0
        self.hurried = lab.left < lab.reserve + ahead
        return trial

    def _raced(self, base: Trial, counts: Ints, margin: Floats) -> tuple[Trial, Floats]:
        """A roster on as many of the replications of a comparison as it takes to see that it does no better
        than another; and its slack there as the difference tells it, (p,)."""
        size = min(FEW, self.enough)
        while True:
            trial, before = self.lab.trial(counts, size), self.lab.first(base, size).reading
            slack = base.reading.slack + trial.reading.slack - before.slack
            hope = slack + 2.5 * standard_error(trial.reading.effect - before.effect)
            mended = trial.reading.cost + self._mending(margin - hope)
            if size >= self.enough or mended >= self._merit(base, margin):
                return trial, slack
            size = min(2 * size, self.enough)

    def _bought(self, tried: Sequence[tuple[Ints, Floats]], near: Near | None = None) -> Ints | None:
        """A roster bought by the bound's curves, which also tell what it costs to mend what is lacking."""
        assert self.suggest is not None
        found = self.suggest(tried, self.least, near)
        self.guided = found is not None
        if found is None:
            return None
        self.price = np.where(np.isnan(found.price), self.price, found.price)
        return found.counts

    def _merit(self, trial: Trial, margin: Floats) -> float:
        """What a roster costs, and what it seems to cost to mend it."""
        return trial.reading.cost + self._mending(margin - trial.reading.slack)

    def _mending(self, lacking: Floats) -> float:
        """What it seems to cost to mend what a roster lacks of each promise, (p,): as much as the last unit
        of it did in a mixture, and a little more; far from the promises, where that tells nothing, it is
        dear."""
        lacks = np.maximum(lacking, 0.0)
        price = np.maximum(DEAR * self.price, CHEAPEST * self.scale)
        return float(price @ lacks + FAR_OFF * self.scale * max(lacks.sum() - FAR, 0.0))

    def _polish(self, trial: Trial, tries: int, ahead: float = 0.0) -> Trial:
        """Take the first move that is better, until none of so many is, or as many seconds as are `ahead`
        are all that is left of the round.

        Every step lacks less or costs less, so there is an end. A move that was refused is left alone for
        some steps: what it does changes little from one roster to the next.
        """
        self.lab.tell("search")
        trial = self.lab.trial(trial.counts, self.enough)
        self._consider(trial, "polish")
        margin, failed, step = self._margin(trial), 0, 0
        refused: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}  # a move, and until which step
        self.hurried = self.lab.left < self.lab.reserve + ahead
        while failed < tries and self.lab.left > self.lab.reserve + ahead:
            asked = relearned(self.setting, self.asked, trial.counts, self.lab.seen(trial))
            room = self._room(trial)
            if room < np.inf and trial.violation(margin) == 0:  # as much more as the money buys
                margin = margin + MORE
            saved = self._saved(trial)
            trust = self.trust.factor
            for move in moves(self.setting, asked, trial, margin, trust, self.least, saved, room):
                if step < refused.get(move.key, step):
                    continue
                better = self._compared(trial, move, margin)
                if better is not None:
                    break
                refused[move.key] = step + REST
                failed += 1
                self.hurried = self.lab.left < self.lab.reserve + ahead
                if failed >= tries or self.hurried:
                    return trial
            else:
                return trial
            trial, failed, step = better, 0, step + 1
            self._consider(trial, "polish")
        return trial

    def _exhausted(self, trial: Trial) -> Trial:
        """The cheapest of all rosters, the cheapest tried first, where there are so few that all can be."""
        margin = self._margin(trial)
        if trial.violation(margin) > 0 or self.money is not None:
            return trial
        rosters = every_roster(self.lab.columns, self.least, trial.reading.cost, EVERY)
        for counts in () if rosters is None else rosters:
            if float(self.lab.columns.pay @ counts) >= trial.reading.cost:
                break
            other = self.lab.trial(counts, min(FEW, self.enough))
            while np.all(other.reading.slack + 3.5 * other.reading.error >= margin):
                if other.replications >= self.enough:
                    break
                other = self.lab.trial(counts, min(2 * other.replications, self.enough))
            kept = other.replications >= self.enough and other.violation(margin) == 0
            if kept and other.reading.cost < trial.reading.cost:
                trial = other
                self._consider(trial, "every")
        return trial

    def _room(self, trial: Trial) -> float:
        """What more a roster may cost; inf where nothing limits the money."""
        return np.inf if self.money is None else self.money - trial.reading.cost

    def _saved(self, trial: Trial) -> Floats | None:
        """What one agent more on each column may save of lost sales, (n,); None where they do not count."""
        lost = self.lab.lost(trial)
        if not lost.any():
            return None
        columns, serves = self.setting.columns, self.setting.policy.serves.astype(np.float64)
        people = serves.T @ self.setting.on_duty(trial.counts) + 1.0
        return np.asarray((columns.cover * (serves @ (lost / people))[columns.group]).sum(axis=1))

    def _compared(self, base: Trial, move: Move, margin: Floats) -> Trial | None:
        """The roster after a move, if on the same replications it is better than `base`.

        Looked at after 8, 16, ... replications, and dropped when 2.5 standard errors of the paired difference
        cannot save it.
        """
        lacks = base.violation(margin)
        counts = move.applied(base.counts)
        size = min(FEW, self.enough)
        while True:
            trial = self.lab.trial(counts, size)
            before = self.lab.first(base, size).reading
            change = trial.reading.slack - before.slack
            error = standard_error(trial.reading.effect - before.effect)
            if lacks > 0:  # of rare misses few replications tell nothing
                error = np.where(self.full, np.maximum(error, 1 / size), error)
            hope = np.maximum(margin - (base.reading.slack + change + 2.5 * error), 0.0).sum()
            if hope > 0 if lacks == 0 else hope >= lacks:
                self.trust.learn(move.effect, change, error)
                return None
            if size >= self.enough:
                break
            size = min(2 * size, self.enough)
        self.trust.learn(move.effect, change, error)
        mended = trial.violation(margin)
        if lacks > 0:
            return trial if mended < lacks * (1 - 1e-6) else None
        return trial if mended == 0 and trial.reading.cost < base.reading.cost - 1e-9 else None

    # -- judgement ----------------------------------------------------------------------------------

    def _judge(self, trial: Trial, *, quick: bool) -> _Judged:
        assert self.judge is not None
        self.lab.tell("judge")
        number = self.judged
        self.judged += 1
        self.seen.append(trial.counts)
        some = self.affordable(min(self.planned, 2 * FEW) if quick else self.planned)
        roster = self.setting.columns.roster(trial.counts)
        return _Judged(trial, self.judge(roster, number, looks(self.scenario, some)), number)


_Sharpen = Callable[[float | None, tuple[Ints, float]], float]
"""Looks for a higher bound for so many seconds, knowing the best roster and its cost; gives the bound."""

_Suggest = Callable[[Sequence[tuple[Ints, Floats]], Ints, Near | None], Bought | None]
"""See `Windows.suggest`."""

_Judge = Callable[[Roster, int, Sequence[int]], SimulationResult]
"""Simulates a roster on the n-th judgement's numbers, until the verdict is clear at one of these sizes."""


def looks(scenario: Scenario, most: int) -> tuple[int, ...]:
    """The sizes of a judgement's sample at which its verdict may be clear; a promise that allows no miss is
    held against all of it."""
    early = most >= TWO_LOOKS and not any(map(allows_no_miss, scenario.targets))
    return (most // 4, most) if early else (most,)


def _wrong(start: int, columns: int) -> Floats:
    """Factors near 1 for the pay, (n,), others for each start: a Kronecker sequence, spread evenly."""
    turns = np.arange(1, columns + 1) * 0.6180339887498949 + start * 0.7548776662466927 * np.arange(columns)
    return np.asarray(1 + WRONG * (turns % 1.0 - 0.5))


def _within(least: int, most: int, wanted: float) -> int:
    """The number wanted, or the nearest that is allowed."""
    return max(least, min(most, int(wanted)))
