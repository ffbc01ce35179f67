"""What no roster can beat: a lower bound on the cost, and the promises that no roster can keep.

Both are proven for every way of routing, so they count only what cannot be avoided. A contact is answered in
time only if somebody has begun its reply by then, and a reply once begun takes its whole work. Nobody knows
the work, or how many rounds will follow, before the reply begins, so on average the contacts begun are like
any others. Work in a window needs agents whose shift meets the window, or paid overtime. Leaving out chat
limits, priorities, breaks and the luck of arrivals keeps the bound valid, and makes it slack.

For a promise on a share `on` of days, the other days may be the busiest: with contacts of coefficient of
variation v, they hold at most sqrt((1 - on) (1 + v^2)) of all (Cauchy and Schwarz).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from cssim.demand.distributions import cdf
from cssim.demand.forecast import curve_of
from cssim.engine.floor import Policy, policy_of
from cssim.measure.periods import periods_of
from cssim.roster.program import Program, Status
from cssim.roster.shifts import Columns
from cssim.scenario.clock import Calendar, Floats, Ints
from cssim.scenario.schema import WITHIN_MEASURES, Queue, Scenario, Spread, Target
from cssim.scenario.units import HOUR

_HAIR: Final = 1e-6

LARGE: Final = 4000
"""Rows above which whole people are not asked for where no clock ends it: a week took minutes for a few
percent more, before the first node."""


@dataclass(frozen=True)
class Bound:
    """A lower bound on the cost of every roster that meets the targets.

    Attributes:
        cost: in the scenario's currency; inf where no roster meets them.
        assumes: message keys of what it rests on.
        why: message key of the reason why no roster meets them, or empty.
        values: what fills that message.
    """

    cost: float
    assumes: tuple[str, ...]
    why: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


def bound_of(
    scenario: Scenario, columns: Columns, *, seconds: float | None = 5.0, nodes: int | None = 500
) -> Bound:
    """The bound of a scenario, or the proof that nothing meets its targets.

    Args:
        scenario: resolved.
        columns: what can be bought.
        seconds, nodes: how long the solver may sharpen the bound; it is valid whenever it stops.
    """
    for target in scenario.targets:
        best = ceiling(scenario, target)
        if best is not None and _above(scenario, target, best):
            values = {"name": target.name, "best": best, "promised": target.bound}
            return Bound(math.inf, (), "bound.ceiling", values)
    legal = _priced(columns)[0].solve(seconds=seconds, nodes=nodes)
    if legal.status is Status.INFEASIBLE:
        return Bound(math.inf, (), "bound.duty", {"least": scenario.limits.min_on_duty})
    claims = [claim for target in scenario.targets if (claim := _Claim.of(scenario, target)) is not None]
    program = _fluid(scenario, columns, claims)
    fluid = program.relaxed().solve(seconds=seconds)
    if fluid.status is not Status.INFEASIBLE and (seconds is not None or program.height <= LARGE):
        whole = program.solve(gap=0.005, seconds=seconds, nodes=nodes)
        fluid = whole if whole.bound > fluid.bound else fluid
    if fluid.status is Status.INFEASIBLE:
        return Bound(math.inf, (), "bound.work")
    assumes = ("bound.assumes_legal", *(("bound.assumes_work",) if claims else ()))
    return Bound(max(fluid.bound, legal.bound, 0.0), assumes)


# -- ceilings ---------------------------------------------------------------------------------------


def ceiling(scenario: Scenario, target: Target) -> float | None:
    """What a target's measure reaches at best, whoever is on: its most for `at_least`, least for `at_most`.

    None where nothing is proven. A reply takes work / speed, at the speed of the quickest group that serves
    its queue and may be asked in time; of several queues the best counts.
    """
    if target.counts == "any":
        return None
    policy = policy_of(scenario)
    best = []
    for q, (name, queue) in enumerate(scenario.queues.items()):
        if target.queues is not None and name not in target.queues:
            continue
        works = [queue.chat.first_reply or queue.chat.reply]
        if target.measure in ("rounds", "buyers", "mean_reply") and queue.chat.rounds.mean > 1:
            works.append(queue.chat.reply)
        if target.measure in WITHIN_MEASURES and target.at_least is not None:
            assert target.within is not None
            best.append(max(_in_time(policy, q, work, target, k == 0) for k, work in enumerate(works)))
        elif target.measure in ("mean_reply", "mean_first_reply") and target.at_most is not None:
            if queue.patience.until == "sent":
                return None
            speed = policy.speed[policy.serves[:, q], q].max(initial=0.0)
            best.append(min(work.mean for work in works) / speed if speed else math.inf)
        else:
            return None
    return (max if target.at_least is not None else min)(best)


def _in_time(policy: Policy, q: int, work: Spread, target: Target, first: bool) -> float:
    """P(a reply that begins as soon as it may is in time), by the quickest group."""
    left = (target.within or 0.0) - (policy.after[:, q] if first else np.zeros(len(policy.groups)))
    able = policy.serves[:, q] & (left >= 0)
    if target.measure == "answered":
        return float(able.any())
    quickest = np.max((left[able] + 1e-9) * policy.speed[able, q], initial=-1.0)
    return float(cdf(work, quickest))


def _above(scenario: Scenario, target: Target, best: float) -> bool:
    """Whether a promise lies beyond its ceiling, beyond doubt."""
    if target.at_most is not None:
        return target.on is None and best > target.at_most * (1 + _HAIR)
    assert target.at_least is not None
    if target.on is None:
        return best < target.at_least - _HAIR
    if not target.at_least:
        return False
    # Markov: a day keeps it with probability at most best / at_least, or has nothing to measure (Cantelli)
    least = min((float(part.sum()) for part in _counted(scenario, target)), default=0.0)
    square = _square_cv(scenario, least)
    return best / target.at_least + square / (1 + square) < target.on - _HAIR


def _counted(scenario: Scenario, target: Target) -> Sequence[Floats]:
    """Expected own contacts of the target's queues in each of its periods, by arrival."""
    names = [name for name in scenario.queues if target.queues is None or name in target.queues]
    return [
        np.array([sum(_between(scenario, name, a, b) for a, b in period.spans) for name in names])
        for period in periods_of(scenario, target)
    ]


def _between(scenario: Scenario, name: str, start: float, end: float) -> float:
    curve = curve_of(scenario, name)
    total = np.concatenate([[0.0], np.cumsum(curve.pieces)])
    return float(np.diff(np.interp([start, end], curve.knots, total))[0])


def _square_cv(scenario: Scenario, contacts: float) -> float:
    """At most the squared coefficient of variation of a number of contacts with that mean."""
    day, drift = scenario.forecast.day_cv, scenario.forecast.within_day.cv
    return (1 + day**2) * (1 + drift**2) - 1 + 1 / max(contacts, 1e-9)


# -- work that must be done ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Claim:
    """What a target needs done; q queues, a atoms of time (pieces of its periods, an hour at most).

    Attributes:
        edges: start and end of each atom, seconds, (a, 2).
        period: which period each atom belongs to, (a,).
        least, most: contacts offered, at least and at most, (q, a).
        good: share of them that the days on which the promise holds have at least, (periods,).
        share: promised.
        counted: whether the target counts the queue, (q,).
        reach: P(in time) of a reply begun at once, (q,).
        inside: hours of work done in time for each reply in time, at least, (q,).
        first: hours of work of a first reply, at speed 1, (q,).
        later: hours of all later ones of a contact, where its buyer waits for them, else 0, (q,).
        unseen: contacts answered in time after their buyer had gone, and without later work, at most, (q, a).
        late: seconds from the arrival until the first reply must have begun, (q,).
    """

    edges: Floats
    period: Ints
    least: Floats
    most: Floats
    good: Floats
    share: float
    counted: Floats
    reach: Floats
    inside: Floats
    first: Floats
    later: Floats
    unseen: Floats
    late: Floats

    @classmethod
    def of(cls, scenario: Scenario, target: Target) -> _Claim | None:
        """The claim of a target, or None where none is proven."""
        if target.measure not in ("first_reply", "answered") or target.counts == "any":
            return None
        if target.at_least is None or target.within is None:
            return None
        follow_ups = _follow_ups(scenario)
        if follow_ups is None:
            return None
        calendar, policy = Calendar.of(scenario.horizon), policy_of(scenario)
        periods = periods_of(scenario, target)
        pieces = [(k, a, b) for k, p in enumerate(periods) for s in p.spans for a, b in _hours(calendar, *s)]
        edges = np.array([(a, b) for _, a, b in pieces])
        period = np.array([k for k, _, _ in pieces], dtype=np.int64)
        queues = list(scenario.queues.values())
        counted = np.array([float(target.queues is None or n in target.queues) for n in scenario.queues])
        least = _offered(scenario, edges) * counted[:, None]
        most = least + (follow_ups * counted)[:, None]
        whole = np.bincount(period, least.sum(axis=0), len(periods))
        good = np.ones(len(periods))
        if target.on is not None:
            square = np.array([_square_cv(scenario, n) for n in whole])
            good = np.maximum(1 - np.sqrt((1 - target.on) * (1 + square)), 0.0)
        gone = np.array([_gone(q.patience.lingers, q.patience, q.bot, target.within) for q in queues])
        sent = np.array([float(q.patience.until != "sent") for q in queues])
        firsts = [q.chat.first_reply or q.chat.reply for q in queues]
        return cls(
            edges=edges,
            period=period,
            least=least,
            most=most,
            good=good,
            share=target.at_least,
            counted=counted,
            reach=np.array([_in_time(policy, k, work, target, True) for k, work in enumerate(firsts)]),
            inside=np.array([_inside(q, w, target) for q, w in zip(queues, firsts, strict=True)]) / HOUR,
            first=sent * np.array([work.mean for work in firsts]) / HOUR,
            later=np.array(
                [(q.chat.rounds.mean - 1) * q.chat.reply.mean * (q.patience.later is None) for q in queues]
            )
            / HOUR,
            unseen=most * gone[:, None],
            late=np.array([target.within + (q.bot.hands_over_after if q.bot else 0.0) for q in queues]),
        )


def _inside(queue: Queue, work: Spread, target: Target) -> float:
    """Least seconds of work within T for each first reply in time.

    One begun with time for r seconds of work takes E[min(W, r)] of them and is in time with P(W <= r); the
    least ratio over all r holds for every mixture of beginnings.
    """
    if target.measure == "answered" or queue.patience.until == "sent":
        return 0.0
    r = np.linspace(0.0, max(2.0 * (target.within or 0.0), 10.0 * work.mean), 4001)[1:]
    in_time = cdf(work, r)
    step = r[1] - r[0]
    taken = np.cumsum(1 - in_time) * step  # a lower sum of the integral of 1 - P, which falls
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.nanmin(np.where(in_time > 0, taken / in_time, np.inf)))


def _gone(lingers: float, patience: Spread, bot: object, within: float) -> float:
    """Share of buyers who may have gone unseen before a reply in time."""
    factor = getattr(bot, "patience_factor", 1.0)
    return lingers * float(max(cdf(patience, within), cdf(patience, within / factor)))


def _hours(calendar: Calendar, start: float, end: float) -> list[tuple[float, float]]:
    """A span cut at the full hours of the clock."""
    first = math.floor((start + calendar.offset) / HOUR) + 1
    hours = (k * HOUR - calendar.offset for k in range(first, first + int((end - start) // HOUR) + 2))
    return list(pairwise([start, *(hour for hour in hours if hour < end), end]))


def _offered(scenario: Scenario, edges: Floats) -> Floats:
    """Expected own contacts that arrive in each atom and reach people, (q, a)."""
    offered = []
    for name, queue in scenario.queues.items():
        curve = curve_of(scenario, name)
        total = np.concatenate([[0.0], np.cumsum(curve.pieces)])
        deflected = queue.bot.covers * queue.bot.resolves if queue.bot else 0.0
        offered.append((1 - deflected) * np.diff(np.interp(edges, curve.knots, total))[:, 0])
    return np.array(offered)


def _follow_ups(scenario: Scenario) -> Floats | None:
    """Follow-ups of each queue that reach people, at most, over the horizon, (q,); None if without end."""
    names = list(scenario.queues)
    shares = np.zeros((len(names), len(names)))
    for q, queue in enumerate(scenario.queues.values()):
        for entry in queue.then:
            shares[q, names.index(entry.queue)] += entry.share
    if not shares.any():
        return np.zeros(len(names))
    if np.abs(np.linalg.eigvals(shares)).max() >= 1 - 1e-9:
        return None
    own = np.array([curve_of(scenario, name).total for name in names])
    return np.asarray(np.linalg.solve(np.eye(len(names)) - shares.T, own) - own)


def _priced(columns: Columns) -> tuple[Program, slice]:
    """The cheapest legal roster, as a program to build on."""
    program = Program()
    counts = program.variables(columns.pay, whole=True)
    program.rows([(counts, columns.rules.most)], high=columns.rules.limit)
    program.rows([(counts, columns.rules.duty)], low=columns.rules.least)
    return program, counts


def _fluid(scenario: Scenario, columns: Columns, claims: Sequence[_Claim]) -> Program:
    """Legal rosters, and overtime in hours, that have time for the work that every claim needs."""
    program, counts = _priced(columns)
    policy = policy_of(scenario)
    rules = list(scenario.groups.values())
    overtime = program.variables([rule.pay.per_hour * rule.pay.overtime for rule in rules])
    most = 1.0 + sum(float((c.most * (c.first + c.later)[:, None]).sum()) for c in claims)
    slowest = min(policy.speed[policy.serves].min(), 1.0)
    hours = most / slowest
    mine = columns.group == np.arange(len(rules))[:, None]
    program.rows([(overtime, np.eye(len(rules))), (counts, -hours * mine)], high=0.0)
    for claim in claims:
        work = _promised(program, policy, claim)
        _timed(program, scenario, columns, policy, claim, work, (counts, overtime), hours)
    return program


def _promised(program: Program, policy: Policy, claim: _Claim) -> tuple[slice, slice]:
    """One claim's contacts, and the work they bring to groups that serve them.

    Contacts by (queue, atom) are `kept` (in time) or at least `begun` in time.

    Returns:
        Variables, in hours by (pair of group and queue, atom): `prompt` work that is done in time, and the
        `rest` of the same contacts' work.
    """
    queues, atoms = claim.most.shape
    pairs = np.argwhere(policy.serves)
    kept, begun = (program.variables(np.zeros(queues * atoms), upper=claim.most.ravel()) for _ in range(2))
    prompt, rest = (program.variables(np.zeros(len(pairs) * atoms)) for _ in range(2))
    program.rows([(kept, np.eye(queues * atoms)), (begun, -_spread(claim.reach, atoms))], high=0.0)

    now = claim.period == np.arange(len(claim.good))[:, None]
    need = claim.share * claim.good * np.array([claim.least[:, row].sum() for row in now])
    here = np.kron(claim.counted[None, :], now.astype(float))
    program.rows([(kept, here)], low=need * (1 - _HAIR) - _HAIR)

    serve = np.zeros((queues, len(pairs)))
    serve[pairs[:, 1], np.arange(len(pairs))] = policy.speed[pairs[:, 0], pairs[:, 1]]
    done = csr_array(np.kron(serve, np.eye(atoms)))
    program.rows([(prompt, done), (kept, -_spread(claim.inside, atoms))], low=0.0)
    program.rows(
        [(prompt, done), (rest, done), (begun, -_spread(claim.first + claim.later, atoms))],
        low=-(claim.later[:, None] * claim.unseen).ravel(),
    )
    return prompt, rest


def _timed(
    program: Program,
    scenario: Scenario,
    columns: Columns,
    policy: Policy,
    claim: _Claim,
    work: tuple[slice, slice],
    bought: tuple[slice, slice],
    hours: float,
) -> None:
    """Work takes the time of agents who are there, or their overtime (`bought`: counts and overtime)."""
    prompt, rest = work
    horizon, atoms = Calendar.of(scenario.horizon).seconds, len(claim.edges)
    pairs = np.argwhere(policy.serves)
    start = np.array([max(shift.start, 0.0) for shift in columns.shifts])
    end = np.array([shift.end for shift in columns.shifts])
    free = np.where(end > horizon, hours, 0.0)  # what such a shift does after the horizon is not paid
    windows = _windows(atoms)
    inside = np.array([[first <= a <= last for a in range(atoms)] for first, last in windows], dtype=float)
    begins = np.array([claim.edges[first, 0] for first, _ in windows])[:, None]
    for g, rule in enumerate(scenario.groups.values()):
        served = pairs[:, 0] == g
        if not served.any():
            continue
        busy = csr_array(np.kron(served.astype(float)[None, :], inside))
        ends = np.array([claim.edges[last, 1] for _, last in windows])[:, None]
        ends = ends + float(claim.late[pairs[served, 1]].max())
        own = (columns.group == g) * (1 - rule.no_show)
        more = np.zeros((len(windows), len(scenario.groups)))
        more[:, g] = -1.0
        there = np.maximum(np.minimum(end, ends) - np.maximum(start, begins), 0.0) / HOUR
        onwards = np.maximum(end - np.maximum(start, begins), 0.0) / HOUR + free
        for terms, time in (
            ((prompt,), there + np.where(ends > end, free, 0.0)),
            ((prompt, rest), np.where(start < ends, onwards, 0.0)),
        ):
            capacity = [(bought[0], -(own * time)), (bought[1], more)]
            program.rows([*((block, busy) for block in terms), *capacity], high=0.0)


def _spread(weight: Floats, atoms: int) -> csr_array:
    """A diagonal over (queue, atom) with a weight by queue."""
    return csr_array(np.kron(np.diag(weight), np.eye(atoms)))


def _windows(atoms: int) -> list[tuple[int, int]]:
    """Windows of 1, 2, 4, ... atoms at steps of half their length, and every window to the end."""
    found = {(first, atoms - 1) for first in range(atoms)}
    length = 1
    while length <= atoms:
        step = max(length // 2, 1)
        found |= {(first, first + length - 1) for first in range(0, atoms - length + 1, step)}
        length *= 2
    found |= {(0, last) for last in range(atoms)}
    return sorted(found)
