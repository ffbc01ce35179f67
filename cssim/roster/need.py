"""What the queues ask of the floor, before anything is simulated: reply work by interval, and how the share
in time grows with the agents there.

A chat's work is its replies, each placed where it falls due if nobody ever waits: the first at the
hand-over, the later ones after the mean replies and thinking before them (`cssim.queueing.load`; Little's law
then gives the open chats). Spreading them by their distributions (`offered`) changes the need by hundredths
of an agent, and the search did worse from there. The share in time is Erlang's for calls as long as
*replies*, averaged over how busy the day may turn out; the chat limit adds a second such line, for a place.
Rough on purpose: it decides where a search begins and in which order it tries, never what it finds; the
search corrects it by what it sees in simulation.

Capacity is counted in agents at speed 1, of a queue in an interval; q queues, i intervals, g groups, k points
of a curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy.special import gammaincinv

from cssim.demand.contacts import Bools
from cssim.demand.distributions import quantile
from cssim.demand.forecast import expected, expected_follow_ups
from cssim.engine.floor import Policy, policy_of
from cssim.errors import InputError
from cssim.measure.periods import periods_of
from cssim.queueing import erlang
from cssim.queueing.load import Duration, Stay, busy_evenly, come_evenly, rounds, total
from cssim.scenario.clock import Calendar, Floats, overlap
from cssim.scenario.schema import WITHIN_MEASURES, Chat, Queue, Scenario, Spread, Target
from cssim.scenario.units import MINUTE

POINTS = 24
"""Points of each curve."""

_LEVELS = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
"""Quantiles over which a random level or a random work is averaged."""

_LOOSE = 0.8
"""Share in time that stands for a promise about a mean."""


Way = Literal["simple", "lagged", "offered"]
"""Where the work of a contact is placed: all of it when the contact comes; each reply's when it should be
sent, by the means; or where each reply is worked on, by the distributions too (the offered load)."""


@dataclass(frozen=True)
class Load:
    """What every queue brings, interval by interval, if all are served without waiting, (q, i) each.

    Attributes:
        contacts: offered to people, by the interval of their arrival.
        replies: per second.
        work: agents busy replying, at speed 1.
        chats: open chats.
    """

    contacts: Floats
    replies: Floats
    work: Floats
    chats: Floats


def load_of(scenario: Scenario, way: Way = "lagged") -> Load:
    """The load of a scenario, follow-ups included; contacts that the bot resolves are not in it."""
    calendar = Calendar.of(scenario.horizon)
    arrivals = expected(scenario) + expected_follow_ups(scenario)
    of_minute = calendar.interval_index(np.arange(calendar.minutes, dtype=np.float64) * MINUTE)
    first = np.searchsorted(of_minute, np.arange(calendar.intervals))
    edges = np.append(np.arange(calendar.intervals) * calendar.interval, calendar.seconds)
    seconds = np.diff(edges)
    found = []
    for queue, curve in zip(scenario.queues.values(), arrivals, strict=True):
        offered = curve * (1 - (queue.bot.covers * queue.bot.resolves if queue.bot else 0.0))
        hold = max((g.idle_hold for g in scenario.groups.values()), default=0.0)
        minutes = np.array([offered, *_replies(queue, offered, hold, way)])
        found.append(np.add.reduceat(minutes, first, axis=1))
    contacts, replies, work, chats = np.array(found).transpose(1, 0, 2)
    return Load(contacts, replies / seconds, work / seconds, chats / seconds)


def _replies(queue: Queue, offered: Floats, hold: float, way: Way) -> tuple[Floats, Floats, Floats]:
    """Replies, seconds of work and seconds of open chats by the minute in which they fall."""
    chat = queue.chat
    spreads = chat.first_reply or chat.reply, chat.reply, chat.think
    first, later, think = (_duration(spread, way) for spread in spreads)
    delay = Duration(queue.bot.hands_over_after if queue.bot else 0.0, 0.0, "constant")
    goes_on = _all_rounds(chat)
    due = rounds(first, later, think, [*goes_on, 0.0], delay)
    replies, work, chats = np.zeros_like(offered), np.zeros_like(offered), np.zeros_like(offered)
    for one, after in pairwise(due):
        length, ends = one.end.mean - one.begin.mean, one.share - after.share
        if way == "simple":
            replies += one.share * offered
            work += one.share * length * offered
            chats += (one.share * length + after.share * think.mean + ends * hold) * offered
            continue
        replies += one.share * come_evenly(offered, MINUTE, one.begin)
        if way == "lagged":
            work += one.share * length * come_evenly(offered, MINUTE, one.end)
        else:
            work += busy_evenly(offered, MINUTE, one.work)
        held = total(one.end, Duration(hold, 0.0, "constant"))
        stays = one.work + Stay.between(one.end, after.begin, after.share) + Stay.between(one.end, held, ends)
        chats += busy_evenly(offered, MINUTE, stays)
    return replies, np.maximum(work, 0.0), np.maximum(chats, 0.0)


def _duration(spread: Spread, way: Way) -> Duration:
    """Of a scenario; what only counts by its mean is constant."""
    return Duration(spread.mean, spread.cv, spread.dist if way == "offered" else "constant")


def _all_rounds(chat: Chat) -> list[float]:
    """P(more than k rounds) for k = 0, 1, ... as far as it is worth counting."""
    found = [1.0]
    while (more := _goes_on(chat, len(found))) > 1e-3:
        found.append(more)
    return found


def _goes_on(chat: Chat, rounds: int) -> float:
    """P(a contact has more than so many rounds)."""
    if chat.rounds.dist == "fixed":
        return float(rounds < chat.rounds.mean)
    return float((1 - 1 / chat.rounds.mean) ** rounds)


@dataclass(frozen=True)
class Promise:
    """A target that more people in the right hours bring nearer.

    Attributes:
        target: its index in the scenario.
        share: of contacts (or replies) in time that it asks for, roughly.
        weight: of each cell in each of its periods, contacts or replies, (periods, q, i).
        able: which groups can help a queue in time at all, (g, q).
        agents: capacities at which the curve is known, from 0, (q, i, k).
        in_time: share in time at them, never falling, (q, i, k).
    """

    target: int
    share: float
    weight: Floats
    able: Floats
    agents: Floats
    in_time: Floats

    def at(self, capacity: Floats) -> Floats:
        """Share in time of each cell at these capacities, (q, i); straight between points."""
        above = np.clip((self.agents <= capacity[..., None]).sum(axis=2), 1, self.agents.shape[2] - 1)[
            ..., None
        ]
        x0, x1 = (np.take_along_axis(self.agents, above - d, 2)[..., 0] for d in (1, 0))
        y0, y1 = (np.take_along_axis(self.in_time, above - d, 2)[..., 0] for d in (1, 0))
        step = np.clip((capacity - x0) / np.maximum(x1 - x0, 1e-12), 0.0, 1.0)
        return np.asarray(y0 + step * (y1 - y0))

    def capacity(self, share: Floats) -> Floats:
        """The capacity at which each cell reaches a share in time, or the last that is known, (q, i)."""
        reached = self.in_time >= share[..., None]
        above = np.where(reached.any(axis=2), reached.argmax(axis=2), self.agents.shape[2] - 1)
        above = np.maximum(above, 1)[..., None]
        x0, x1 = (np.take_along_axis(self.agents, above - d, 2)[..., 0] for d in (1, 0))
        y0, y1 = (np.take_along_axis(self.in_time, above - d, 2)[..., 0] for d in (1, 0))
        step = np.clip((share - y0) / np.maximum(y1 - y0, 1e-12), 0.0, 1.0)
        return np.asarray(x0 + step * (x1 - x0))

    def kept(self, capacity: Floats) -> Floats:
        """Share in time of each period at these capacities, (periods,)."""
        whole = self.weight.sum(axis=(1, 2))
        return np.asarray((self.weight * self.at(capacity)).sum(axis=(1, 2)) / np.maximum(whole, 1e-300))


def promises_of(scenario: Scenario, load: Load) -> tuple[Promise, ...]:
    """A curve for every target about waiting; others (occupancy, overtime) are left to the simulation."""
    found = []
    policy = policy_of(scenario)
    for number, target in enumerate(scenario.targets):
        within = _within(scenario, target)
        if within is None:
            continue
        counted = np.array([target.queues is None or name in target.queues for name in scenario.queues])
        weight = _weights(scenario, target, load) * counted[:, None]
        able = policy.serves & (policy.after <= within) & counted
        agents, in_time = _curve(scenario, load, target, within, policy, counted)
        share = target.at_least if target.measure in WITHIN_MEASURES else None
        if share is None:
            share = _LOOSE if target.measure != "abandonment" else 1 - (target.at_most or 0.0)
        found.append(Promise(number, share, weight, able.astype(float), agents, in_time))
    return tuple(found)


def refuse_empty(scenario: Scenario, promises: Sequence[Promise]) -> None:
    """Refuse a promise about contacts that never come: no judgement could say anything of it.

    Raises:
        InputError: there is one.
    """
    for promise in promises:
        if not promise.weight.any():
            path, name = f"targets[{promise.target}]", scenario.targets[promise.target].name
            raise InputError.one("judge.nothing", path=path, name=name)


def _within(scenario: Scenario, target: Target) -> Floats | None:
    """Seconds to the reply, by queue, that stand for the promise; None where no time does."""
    queues = scenario.queues.values()
    if target.measure in WITHIN_MEASURES and target.at_least is not None:
        return np.full(len(queues), target.within)
    if target.measure in ("mean_reply", "mean_first_reply") and target.at_most is not None:
        return np.full(len(queues), target.at_most)
    if target.measure == "abandonment" and target.at_most is not None:
        return np.array([float(quantile(q.patience, min(target.at_most, 0.99))) for q in queues])
    if target.measure == "lost_sales" and target.at_most is not None:
        return np.array([float(quantile(q.patience, 0.05)) for q in queues])
    return None


def _weights(scenario: Scenario, target: Target, load: Load) -> Floats:
    """What each cell counts in each period, (periods, q, i)."""
    calendar = Calendar.of(scenario.horizon)
    edges = np.append(np.arange(calendar.intervals) * calendar.interval, calendar.seconds)
    lengths = np.diff(edges)
    inside = np.array(
        [[overlap(a, b, period.spans) for a, b in pairwise(edges)] for period in periods_of(scenario, target)]
    ).reshape(-1, len(lengths))  # no period at all, where its hours lie outside the horizon
    mass = load.replies * lengths if target.measure in ("rounds", "mean_reply") else load.contacts
    return np.asarray((inside / lengths)[:, None, :] * mass)


def _curve(
    scenario: Scenario, load: Load, target: Target, within: Floats, policy: Policy, counted: Bools
) -> tuple[Floats, Floats]:
    """Points (capacity, share in time) of every cell, (q, i, k) both; 0 for queues that are not counted.

    Queues that share a group at once are one pool: each is taken to have its part of the pool's agents by
    its part of the work, and the luck of the whole pool.
    """
    pool = _pools(policy)
    rows = list(scenario.queues.values())
    joint = Load(*(pool @ part for part in (load.contacts, load.replies, load.work, load.chats)))
    part = np.divide(load.work, joint.work, out=np.zeros_like(load.work), where=joint.work > 0)
    step = np.ceil((2.0 * joint.work + 12.0) / (POINTS - 1))
    agents: Floats = step[..., None] * np.arange(POINTS, dtype=np.float64)
    in_time: Floats = np.zeros_like(agents)
    sent = target.measure not in ("answered", "abandonment", "lost_sales")
    levels = _levels(scenario, target)
    for q, queue in enumerate(rows):
        if not counted[q]:
            continue
        chats = _chats(scenario, policy, q)
        works = quantile(queue.chat.first_reply or queue.chat.reply, _LEVELS) if sent else np.zeros(1)
        patience = max(queue.patience.mean, 1.0)
        for level in levels:
            for work in np.unique(works):
                if work > within[q]:
                    continue
                reply = _line(
                    level * joint.replies[q], level * joint.work[q], agents[q], within[q] - work, patience
                )
                place = _line(
                    level * joint.contacts[q] / Calendar.of(scenario.horizon).interval,
                    level * joint.chats[q],
                    agents[q] * chats,
                    within[q] - work,
                    patience,
                )
                in_time[q] += reply * place * np.mean(works == work) / len(levels)
    in_time[..., 0] = 0.0
    return agents * part[..., None], np.maximum.accumulate(in_time, axis=2)


def _line(rate: Floats, work: Floats, agents: Floats, within: float, patience: float) -> Floats:
    """Erlang A: share begun within T of a line with so much work, (i, k) from (i,), (i,) and (i, k)."""
    busy = (rate > 0) & (work > 0)
    share = np.ones(agents.shape)
    if busy.any():
        each = (work[busy] / rate[busy])[:, None]
        share[busy] = erlang.service_level(
            rate[busy][:, None], each, np.maximum(np.floor(agents[busy]), 1), within, patience
        )
    return share


BUSIEST = 0.999
"""The need looks at no busier day than this share of days, though a promise may be about all of them."""


def _levels(scenario: Scenario, target: Target) -> Floats:
    """Factors on the load to average over: a busy day's, where the promise is about a share of days."""
    day, drift = scenario.forecast.day_cv, scenario.forecast.within_day.cv
    if target.on is not None:
        busy = min(target.on, BUSIEST)
        return _gamma(day if target.each != "hour" else float(np.hypot(day, drift)), np.array([busy]))
    return _gamma(float(np.hypot(day, drift)), _LEVELS)


def _gamma(cv: float, share: Floats) -> Floats:
    """Quantiles of a gamma variable with mean 1."""
    return np.asarray(gammaincinv(cv**-2, share) * cv**2) if cv else np.ones(1)


def _pools(policy: Policy) -> Floats:
    """Which queues share agents at once, directly or through others, (q, q)."""
    at_once = (policy.serves & (policy.after == 0)).astype(float)
    linked: Floats = np.minimum(at_once.T @ at_once + np.eye(len(policy.queues)), 1.0)
    for _ in policy.queues:
        linked = np.minimum(linked @ linked, 1.0)
    return linked


def _chats(scenario: Scenario, policy: Policy, queue: int) -> float:
    """Places for chats that an agent at speed 1 brings to a queue, on average over its groups' people."""
    rows = [(g, rule) for g, rule in enumerate(scenario.groups.values()) if policy.serves[g, queue]]
    if not rows:
        return 1.0
    people = np.array([1.0 if rule.people is None else max(rule.people, 0.1) for _, rule in rows])
    places = np.array([rule.chats / policy.speed[g, queue] for g, rule in rows])
    return float((people * places).sum() / people.sum())


def shared_out(capacity: Floats, load: Load, policy: Policy) -> Floats:
    """Capacity that each queue gets of each group's agents, at their speed, (g, q, i) from (g, i).

    The work of a queue goes to the groups that serve it so that all are equally busy where they can be; a
    group's time then goes to its queues in proportion. Groups that must wait before they take a queue take a
    quarter as readily.
    """
    speed = np.where(policy.serves, policy.speed, 0.0)
    ready = np.where(policy.serves, np.where(policy.after > 0, 0.25, 1.0), 0.0)
    work = np.maximum(load.work, 1e-9)
    per_speed = np.divide(1.0, speed, out=np.zeros_like(speed), where=speed > 0)[:, :, None]
    taken = (ready * speed)[:, :, None] * capacity[:, None, :]
    free = 1 / np.maximum(capacity, 1e-9)
    last = taken
    for _ in range(12):
        last = taken * (work / np.maximum(taken.sum(axis=0), 1e-300))
        busy = (last * per_speed).sum(axis=1) * free
        taken = last / np.maximum(busy[:, None, :], 1e-9)
    time = last * per_speed
    part = time / np.maximum(time.sum(axis=1, keepdims=True), 1e-300)
    return np.asarray(part * capacity[:, None, :] * speed[:, :, None])
