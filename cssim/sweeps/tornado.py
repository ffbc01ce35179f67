"""Which of the guessed numbers matter most: each moved to both ends of its plausible range.

The quick way keeps the roster and simulates it at both ends on the same replications: what happens to the
promise, and to the cost (which then is that of overtime alone). The other way looks for the cheapest roster
at both ends, of those few that matter most by the quick way, and so gives money.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate
from typing import Any, Final

import numpy as np

from cssim.engine.floor import Roster
from cssim.experiment.rosters import roster_of
from cssim.experiment.simulation import SimulationResult
from cssim.measure.estimate import TargetResult, number
from cssim.measure.rows import Row, Table
from cssim.messages import say
from cssim.roster.stop import Stop
from cssim.scenario.schema import Scenario
from cssim.sweeps import paired
from cssim.sweeps.frontier import target_of
from cssim.sweeps.grid import Change, Point, changed
from cssim.sweeps.guesses import Guess, guesses
from cssim.sweeps.outcome import Outcome
from cssim.sweeps.paired import Effect
from cssim.sweeps.result import Ran, about
from cssim.sweeps.run import Optimised, Simulated, Tell, rows_of, run

TOP: Final = 5
"""So many of the guesses are optimised at both ends, where money is asked for."""


@dataclass(frozen=True)
class Bar:
    """A guess, and what it moves.

    Attributes:
        guess: from where to where.
        low, high: the promise at the ends, less the promise as it is.
        cost_low, cost_high: the same of the cost, of the same roster.
        rank: its place, shared with those above that do not surely move the promise more.
        plan_low, plan_high: the cheapest rosters at the ends, where they were looked for.
    """

    guess: Guess
    low: Effect
    high: Effect
    cost_low: Effect
    cost_high: Effect
    rank: int = 1
    plan_low: Outcome | None = field(default=None, repr=False)
    plan_high: Outcome | None = field(default=None, repr=False)

    @property
    def span(self) -> Effect:
        """From the lowest that the promise comes to, to the highest; no less than nothing."""
        nothing = Effect(0.0, np.zeros(len(self.low.influence)))
        ends = (self.low, nothing, self.high)
        return max(ends, key=lambda end: end.value) - min(ends, key=lambda end: end.value)

    @property
    def plans(self) -> tuple[Outcome | None, Outcome | None]:
        """At the low end and at the high end."""
        return self.plan_low, self.plan_high


@dataclass(frozen=True)
class TornadoResult(Table):
    """What the guesses move, most first.

    Attributes:
        scenario: as it was written, resolved.
        target: the promise that is looked at, by its index.
        period: of it, by its number; the one that is worst as things are.
        base: the roster at the numbers as they are.
        plan: the cheapest roster at the numbers as they are, where one was looked for.
        bars: sorted by what they move the promise; where money was asked for, the few that were optimised
            come first, sorted by what they move the cost.
        guesses: how many there are.
        seed: of everything.
        searched: whether money was asked for.
        interrupted: whether it was stopped.
        ran: when, and for how long.
    """

    scenario: Scenario = field(repr=False)
    target: int
    period: int
    base: Outcome = field(repr=False)
    plan: Outcome | None = field(repr=False)
    bars: tuple[Bar, ...] = field(repr=False)
    guesses: int
    seed: int
    searched: bool
    interrupted: bool
    ran: Ran

    @property
    def first(self) -> tuple[Bar, ...]:
        """The three to measure first: those at the top that surely move the promise at all."""
        return tuple(bar for bar in self.bars[:3] if bar.span.sure or self.money(bar))

    @property
    def told_apart(self) -> bool:
        """Whether each of the first surely moves the promise more than those that follow."""
        rest = self.bars[len(self.first) :]
        return all(_more(bar, other) for bar in self.first for other in rest)

    def now(self) -> Effect:
        """The promise's measure as things are."""
        return paired.measure_of(self.base.result, self.target, self.period)

    def money(self, bar: Bar) -> tuple[float, float] | None:
        """What the cheapest roster costs more at the ends; None where it was not looked for."""
        if self.plan is None or bar.plan_low is None or bar.plan_high is None:
            return None
        cost = self.plan.cost.value
        return bar.plan_low.cost.value - cost, bar.plan_high.cost.value - cost

    def rows(self) -> list[Row]:
        """One row a guess."""
        return [self._row(bar) for bar in self.bars]

    def _row(self, bar: Bar) -> Row:
        guess, money = bar.guess, self.money(bar)
        row: Row = {
            "rank": bar.rank,
            "guess": say(f"guess.{guess.kind}"),
            "of": guess.owner,
            "path": guess.path,
            "told": guess.told,
            "now": guess.now.text,
            "low": guess.low.text,
            "high": guess.high.text,
            "promise": self.scenario.targets[self.target].name,
            "currency": self.scenario.currency,
        }
        effects = (("low", bar.low), ("high", bar.high), ("span", bar.span))
        costs = (("cost at low", bar.cost_low), ("cost at high", bar.cost_high))
        for name, effect in (*((f"promise at {end}", e) for end, e in effects), *costs):
            row |= {name: number(effect.value), f"{name} half_width": number(effect.half_width)}
        if self.searched:
            for k, end in enumerate(("low", "high")):
                plan = bar.plans[k]
                row |= {
                    f"cheapest at {end}": number(money[k]) if money else None,
                    f"status at {end}": plan.status if plan else None,
                    f"gap at {end}": plan.gap if plan else None,
                }
        return row

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON, None for what is not a number."""
        target = self.base.targets[self.target]
        return {
            **about(self.scenario, self.seed, self.ran, self.interrupted),
            "kind": "tornado",
            "searched": self.searched,
            "target": self.target,
            "period": target.by_period[self.period].period,
            "now": self.now().to_dict(),
            "base": self.base.to_dict(),
            "plan": self.plan.to_dict() if self.plan else None,
            "guesses": self.guesses,
            "bars": [self._bar(bar) for bar in self.bars],
        }

    def _bar(self, bar: Bar) -> dict[str, Any]:
        guess, money = bar.guess, self.money(bar)

        def end(change: Change, effect: Effect, cost: Effect, k: int) -> dict[str, Any]:
            plan = bar.plans[k]
            return {
                "value": change.value,
                "text": change.text,
                "promise": effect.to_dict(),
                "cost": cost.to_dict(),
                "cheapest": {"change": number(money[k]), **plan.to_dict()} if plan and money else None,
            }

        return {
            "rank": bar.rank,
            "kind": guess.kind,
            "of": guess.owner,
            "path": guess.path,
            "told": guess.told,
            "now": {"value": guess.now.value, "text": guess.now.text},
            "low": end(guess.low, bar.low, bar.cost_low, 0),
            "high": end(guess.high, bar.high, bar.cost_high, 1),
            "span": bar.span.to_dict(),
        }


def tornado(
    scenario: Scenario,
    roster: Roster | None = None,
    *,
    target: int | str | None = None,
    search: bool = False,
    top: int = TOP,
    replications: int | None = None,
    budget: float | Stop | None = None,
    seed: int | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Tell | None = None,
) -> TornadoResult:
    """Which of the guessed numbers move a promise most, and what they move the cost.

    Args:
        scenario: what the planner wrote, resolved.
        roster: that is simulated; the scenario's own by default, and where it has none the cheapest that is
            found at the numbers as they are.
        target: which promise is looked at, by its name or index; the one nearest to failing by default.
        search: whether to look for the cheapest roster at both ends of the `top` guesses that move the
            promise most.
        top: see `search`.
        replications: of each simulation; 30 by default.
        budget: of each search, as of `optimise`; 30 seconds by default.
        seed: of everything; drawn and recorded where not given.
        executor, workers: where replications run.
        progress: told how many ends, and parts of them, of how many are done.

    Raises:
        InputError: no such target; or as `simulate`.
        KeyboardInterrupt: before the first guess was moved; later, what is done is kept.
    """
    started = datetime.now().astimezone()
    seed = secrets.randbits(32) if seed is None else seed
    chosen = None if target is None else target_of(scenario, target)
    every = guesses(scenario)
    ends = {(k, e): change for k, guess in enumerate(every) for e, change in enumerate(guess.ends)}
    moved = [key for key, change in ends.items() if change.value != every[key[0]].now.value]
    here = Point((), scenario)
    points = [here, *(Point((ends[key],), changed(scenario, [ends[key]])) for key in moved)]
    cheapest = Optimised(seed, budget, None, executor, workers)
    own = roster is None and scenario.roster is None
    steps = _Steps(progress, len(points) + (search or own) + (2 * min(top, len(every)) if search else 0))

    plan = cheapest(here, None, steps.part) if search or own else None
    if plan is not None:
        if plan.stopped:
            raise KeyboardInterrupt
        steps.done += 1
    if roster is None:
        roster = plan.result.roster if own and plan else roster_of(scenario, scenario.roster or ())
    simulated = Simulated(rows_of(scenario, roster), seed, replications, executor, workers)
    ran = run(points, simulated, tell=steps)
    steps.done += len(points)
    base = ran.outcomes[0].result
    index = nearest(base.targets) if chosen is None else chosen
    period = next(
        k for k, one in enumerate(base.targets[index].by_period) if one is base.targets[index].worst
    )
    # an end that is as it is now was not run
    found = dict.fromkeys(ends, base) | dict.fromkeys(moved)
    found |= {key: ran.outcomes[k].result for k, key in enumerate(moved, start=1) if k in ran.outcomes}
    bars = ranked(
        _bar(guess, base, low, high, index, period)
        for k, guess in enumerate(every)
        for low, high in ((found[k, 0], found[k, 1]),)
        if low is not None and high is not None
    )
    interrupted = ran.interrupted
    if search and plan is not None and not interrupted:
        bars, interrupted = _priced(scenario, bars, top, cheapest, plan, steps)
    return TornadoResult(
        scenario=scenario,
        target=index,
        period=period,
        base=ran.outcomes[0],
        plan=plan if search else None,
        bars=tuple(bars),
        guesses=len(every),
        seed=seed,
        searched=search,
        interrupted=interrupted,
        ran=Ran.since(started),
    )


@dataclass
class _Steps:
    """Counts what is done over several runs, for who watches.

    Attributes:
        tell: who watches.
        total: of all runs.
        done: by the runs before the one that is under way.
    """

    tell: Tell | None
    total: int
    done: int = 0

    def __call__(self, some: float, of: int) -> None:
        if self.tell is not None:
            self.tell(self.done + some, self.total)

    def part(self, share: float) -> None:
        """Of a run of one."""
        self(share, 1)


def nearest(targets: Sequence[TargetResult]) -> int:
    """The index of the promise that is nearest to failing, for what it allows."""

    def room(target: TargetResult) -> float:
        asked = target.promised
        allowed = 1 - asked if target.rises and 0 < asked < 1 else asked
        return target.worst.margin / (allowed or 1.0)

    return min(range(len(targets)), key=lambda k: room(targets[k]))


def _bar(
    guess: Guess,
    base: SimulationResult,
    low: SimulationResult,
    high: SimulationResult,
    target: int,
    period: int,
) -> Bar:
    now, cost = paired.measure_of(base, target, period), paired.cost_of(base)
    return Bar(
        guess,
        low=paired.measure_of(low, target, period) - now,
        high=paired.measure_of(high, target, period) - now,
        cost_low=paired.cost_of(low) - cost,
        cost_high=paired.cost_of(high) - cost,
    )


def ranked(bars: Iterable[Bar]) -> list[Bar]:
    """The bars by what they move the promise, most first, each with its rank."""
    ordered = sorted(bars, key=lambda bar: -bar.span.value)
    more = (sum(_more(other, bar) for other in ordered) for bar in ordered)
    return [replace(bar, rank=1 + rank) for bar, rank in zip(ordered, accumulate(more, max), strict=True)]


def _more(one: Bar, other: Bar) -> bool:
    """Whether one surely moves the promise more than the other does."""
    difference = one.span - other.span
    return difference.value > 0 and difference.sure


def _priced(
    scenario: Scenario, bars: list[Bar], top: int, cheapest: Optimised, plan: Outcome, tell: Tell
) -> tuple[list[Bar], bool]:
    """The bars, the first few with the cheapest rosters at their ends and sorted by what those cost; and
    whether it was interrupted."""
    priced, rest = bars[:top], bars[top:]
    ends = [change for bar in priced for change in bar.guess.ends if change.value != bar.guess.now.value]
    points = [Point((change,), changed(scenario, [change])) for change in ends]
    try:
        ran = run(points, cheapest, start=lambda k, done: plan, tell=tell)
    except KeyboardInterrupt:
        return bars, True
    found = {(ends[k].path, ends[k].text): outcome for k, outcome in ran.outcomes.items()}

    def end(bar: Bar, change: Change) -> Outcome | None:
        return plan if change.value == bar.guess.now.value else found.get((change.path, change.text))

    priced = [
        replace(bar, plan_low=end(bar, bar.guess.low), plan_high=end(bar, bar.guess.high)) for bar in priced
    ]
    return sorted(priced, key=lambda bar: -_price_span(bar, plan)) + rest, ran.interrupted


def _price_span(bar: Bar, plan: Outcome) -> float:
    """From the cheapest that a guess may come to, to the dearest."""
    costs = [plan.cost.value, *(end.cost.value for end in bar.plans if end is not None)]
    return max(costs) - min(costs)
