"""One replication's contacts, drawn before any engine starts.

Every number has its own stream (`cssim.demand.streams`), named by the queue or, for follow-ups, by the
line of descent: ``pre_sales>0:order_change`` is what the first entry under pre-sales' `then` brings. So a
new queue, or a new entry at the end of `then`, shifts no other number; nor does a bot that resolves more,
as everything is drawn for every contact and what is not needed is dropped afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

from cssim.demand.contacts import NOBODY, Contacts, Trigger
from cssim.demand.distributions import Kind, kind_of, on_grid, quantile
from cssim.demand.forecast import Curve, check_end, curve_of, expected_contacts, shares
from cssim.demand.level import Level
from cssim.demand.streams import Purpose, Streams, keys_of
from cssim.errors import InputError
from cssim.scenario.clock import Floats, Ints
from cssim.scenario.schema import Queue, Scenario, Spread

if TYPE_CHECKING:
    from cssim.demand.compiled import Lines, Ways

MOST_ROUNDS = 2e7
"""Most rounds that a replication is expected to have; more would not fit into memory."""


OF_ROUNDS: Final = (
    Purpose.WORK,
    Purpose.LATER_WORK,
    Purpose.THINK,
    Purpose.PATIENCE,
    Purpose.LATER_PATIENCE,
)
"""What is drawn for rounds; the first rounds and the later ones have streams of their own, so longer chats
change no first reply."""

OF_LATER: Final = np.array([purpose not in (Purpose.WORK, Purpose.PATIENCE) for purpose in OF_ROUNDS])


@dataclass(frozen=True)
class Plan:
    """What of the drawing is the same in all replications; see `plan_of`. All by queue.

    Attributes:
        scenario: that is drawn.
        curves: expected arrivals.
        levels: random level between a curve's knots.
        spreads: of `OF_ROUNDS`; None for patience without end.
        kind, scale, sigma, less: see `kind_of`, (5, q).
        ways: how contacts go.
    """

    scenario: Scenario
    curves: tuple[Curve, ...]
    levels: tuple[Level, ...]
    spreads: tuple[tuple[Spread | None, ...], ...]
    kind: Ints
    scale: Floats
    sigma: Floats
    less: Floats
    ways: Ways


def plan_of(scenario: Scenario) -> Plan:
    """The plan for a scenario's replications.

    Raises:
        InputError: as `curves_of`.
    """
    curves, queues = curves_of(scenario), list(scenario.queues.values())
    spreads = tuple(_spreads(queue) for queue in queues)
    kinds = np.array([[kind_of(spread) for spread in of_queue] for of_queue in spreads], dtype=np.float64)
    kind, scale, sigma, less = kinds.T.copy()
    return Plan(
        scenario=scenario,
        curves=curves,
        levels=tuple(Level.of(scenario, curve.knots[:-1]) for curve in curves),
        spreads=spreads,
        kind=kind.astype(np.int64),
        scale=scale,
        sigma=sigma,
        less=less,
        ways=_ways(queues),
    )


def curves_of(scenario: Scenario) -> tuple[Curve, ...]:
    """The queues' curves of expected arrivals, in the scenario's order.

    Raises:
        InputError: as `forecast.curve_of`; or follow-ups without end; or more contacts than fit into memory.
    """
    check_end(shares(scenario, 1.0))
    total = expected_contacts(scenario).total
    rounds = sum(n * queue.chat.rounds.mean for n, queue in zip(total, scenario.queues.values(), strict=True))
    if not rounds <= MOST_ROUNDS:
        raise InputError.one("demand.too_many", path="queues", rounds=rounds, allowed=MOST_ROUNDS)
    return tuple(curve_of(scenario, name) for name in scenario.queues)


def draw(scenario: Scenario, streams: Streams, plan: Plan | None = None) -> Contacts:
    """What buyers will do in one replication.

    Args:
        scenario: the scenario.
        streams: seed, phase and replication.
        plan: what `plan_of` gives for the scenario; to save work where many replications are drawn.

    Raises:
        InputError: as `curves_of`.
    """
    plan = plan_of(scenario) if plan is None else plan
    generation = _own(plan, streams)
    lines: list[_Line] = []
    while generation:
        lines += generation
        generation = list(_follow_ups(scenario, streams, generation, sum(len(line.number) for line in lines)))
    # by queue, so that contacts of a queue have their numbers in one piece
    return _filled(plan, streams, sorted(lines, key=lambda line: line.queue))


@dataclass(frozen=True)
class _Line:
    """Contacts of one line of descent, in the order in which they were drawn.

    Attributes:
        lineage: name of its streams.
        queue: index.
        retry: whether the line has a retry in it already.
        number: of the contacts, (n,).
        arrival, buyer, parent, wake, trigger: as in `Contacts`; `wake` not rounded.
    """

    lineage: str
    queue: int
    retry: bool
    number: Ints
    buyer: Ints
    arrival: Floats
    parent: Ints
    wake: Floats
    trigger: Trigger


def arrivals(queue: str, curve: Curve, level: Level, streams: Streams) -> Floats:
    """Arrival times of the queue's own contacts: on the grid, ascending, in [0, horizon).

    A Poisson process of rate 1, stretched by the inverse of the cumulative expected arrivals (Cinlar 1975),
    so that the k-th contact of a replication stays the k-th if the volume changes.

    Args:
        queue: name.
        curve: expected arrivals.
        level: random level between its knots.
        streams: of the replication.
    """
    from cssim.demand.compiled import arrive

    if not curve.pieces.any():
        return np.zeros(0)
    days, drift = level.factors(queue, streams)
    cumulative = np.empty(len(curve.knots))
    cumulative[0] = 0.0
    np.cumsum(curve.pieces * (days[level.day] * drift[level.step]), out=cumulative[1:])
    rng, total, clock, times = streams.of(Purpose.ARRIVALS, queue), float(cumulative[-1]), 0.0, []
    while clock < total:
        missing = total - clock
        gaps = rng.standard_exponential(int(missing + 4 * missing**0.5) + 8)
        come = np.empty(len(gaps))
        n, clock = arrive(gaps, clock, cumulative, curve.knots, come)
        times.append(come[:n])
    return times[0] if len(times) == 1 else np.concatenate([np.zeros(0), *times])


def _own(plan: Plan, streams: Streams) -> list[_Line]:
    """The contacts that come by themselves, numbered by arrival, queue and position."""
    names = list(plan.scenario.queues)
    given = zip(names, plan.curves, plan.levels, strict=True)
    times = [arrivals(name, curve, level, streams) for name, curve, level in given]
    sizes = np.array([len(t) for t in times], dtype=np.int64)
    rank, stops = np.empty(int(sizes.sum()), dtype=np.int64), np.cumsum(sizes)
    rank[np.argsort(np.concatenate(times), kind="stable")] = np.arange(len(rank))
    numbers = [rank[stop - size : stop] for size, stop in zip(sizes.tolist(), stops.tolist(), strict=True)]
    return [
        _Line(
            lineage=_escaped(name),
            queue=q,
            retry=False,
            number=numbers[q],
            buyer=numbers[q],
            arrival=times[q],
            parent=np.full(sizes[q], NOBODY, dtype=np.int64),
            wake=np.zeros(sizes[q]),
            trigger=Trigger.NONE,
        )
        for q, name in enumerate(names)
        if sizes[q]
    ]


def _follow_ups(
    scenario: Scenario, streams: Streams, parents: Sequence[_Line], number: int
) -> Iterator[_Line]:
    """The next generation, numbered from `number` on: each entry of `then` a chance of its own per contact.

    A retry is not drawn below another retry; that a buyer retries once among siblings is for the engine.
    """
    queues = list(scenario.queues)
    for line in parents:
        for position, entry in enumerate(scenario.queues[queues[line.queue]].then):
            trigger = Trigger.RESOLVED if entry.on == "resolved" else Trigger.ABANDONED
            if trigger is Trigger.ABANDONED and line.retry:
                continue
            lineage = f"{line.lineage}>{position}:{_escaped(entry.queue)}"
            luck = streams.uniforms(Purpose.FOLLOW_UP, lineage, 2 * len(line.number))
            chosen = np.flatnonzero(luck[::2] < entry.share)
            n = len(chosen)
            if n == 0:
                continue
            yield _Line(
                lineage=lineage,
                queue=queues.index(entry.queue),
                retry=line.retry or trigger is Trigger.ABANDONED,
                number=np.arange(number, number + n),
                buyer=line.buyer.take(chosen),
                arrival=np.full(n, np.nan),
                parent=line.number.take(chosen),
                wake=quantile(entry.after, luck.take(2 * chosen + 1)),
                trigger=trigger,
            )
            number += n


def _filled(plan: Plan, streams: Streams, lines: Sequence[_Line]) -> Contacts:
    """The contacts of the lines, by number, and all that happens to them; drawn for all, kept for those that
    the bot does not resolve."""
    from cssim.demand.compiled import ROOM, Columns, enter_contacts, enter_rounds, of_offered, stretch

    table, keys = _table(lines), keys_of(line.lineage for line in lines)
    contacts, queue, ways = len(table.number), table.queue, plan.ways
    own = np.diff(table.first)
    asked = ways.covers[queue] > 0
    luck = streams.beginnings(
        np.repeat([Purpose.ROUNDS, Purpose.LINGER, Purpose.BOT], [len(lines), len(lines), asked.sum()]),
        np.concatenate([keys, keys, keys[asked]]),
        np.cumsum(np.concatenate([[0], own, own, 2 * own[asked]])),
    )
    rounds, lingers, bot = luck[:contacts], luck[contacts : 2 * contacts], luck[2 * contacts :]
    np.negative(rounds, out=rounds)
    np.log1p(rounds, out=rounds)
    columns = Columns(
        queue=np.empty(contacts, dtype=np.int64),
        buyer=np.empty(contacts, dtype=np.int64),
        arrival=np.empty(contacts),
        covered=np.empty(contacts, dtype=bool),
        deflected=np.empty(contacts, dtype=bool),
        delay=np.empty(contacts),
        lingers=np.empty(contacts, dtype=bool),
        parent=np.empty(contacts, dtype=np.int64),
        trigger=np.empty(contacts, dtype=np.int64),
        wake=np.empty(contacts),
        first=np.zeros(contacts + 1, dtype=np.int64),
    )
    drawn, counts = np.empty(contacts, dtype=np.int64), np.empty((3, len(lines)), dtype=np.int64)
    enter_contacts(table, ways, bot, lingers, rounds, columns, drawn, counts)
    every, offered, later = counts

    # what is computed alike lies in one piece, what is certain first; all by purpose and line, (5, l)
    kind = plan.kind[:, queue]
    is_drawn = kind != Kind.CERTAIN
    order = np.argsort(kind, axis=None, kind="stable")
    sizes = np.where(is_drawn, np.where(OF_LATER[:, None], later, offered), 1)
    stop = np.empty_like(sizes)
    stop.flat[order] = np.cumsum(sizes.flat[order])
    start = stop - sizes
    step = is_drawn.astype(np.int64)
    purpose, line = np.divmod(order[np.count_nonzero(~is_drawn) :], len(lines))
    upto = np.where(OF_LATER[purpose], (contacts + np.cumsum(every))[line], table.first[1:][line])
    numbers = np.empty(int(sizes.sum()) + 1)
    of_offered(
        streams.words(),
        np.array(OF_ROUNDS, dtype=np.uint64)[purpose],
        keys[line],
        upto - np.where(OF_LATER[purpose], every[line], own[line]),
        upto,
        start[purpose, line],
        drawn,
        np.empty(contacts + int(every.sum()), dtype=bool),
        np.empty(ROOM, dtype=np.uint64),
        numbers,
    )
    a, b, c = np.cumsum(np.bincount(kind.ravel(), sizes.ravel(), len(Kind)).astype(np.int64))[:3].tolist()
    certain, lognormal, exponential = numbers[:a], numbers[a:b], numbers[b:c]
    certain[:] = 1.0
    special.ndtri(lognormal, out=lognormal)
    sigma, less, scale = plan.sigma[:, queue], plan.less[:, queue], plan.scale[:, queue]
    stretch(start.ravel(), stop.ravel(), sigma.ravel(), less.ravel(), numbers, exponential)
    np.exp(lognormal, out=lognormal)
    np.log1p(exponential, out=exponential)
    for p, j in zip(*(axis.tolist() for axis in np.nonzero(kind == Kind.OTHER)), strict=True):
        spread, piece = plan.spreads[queue[j]][p], numbers[start[p, j] : stop[p, j]]
        assert spread is not None
        piece[:] = quantile(spread, piece)
    work, think, patience = np.empty((3, columns.first[-1]))
    enter_rounds(
        table.first,
        table.number,
        ways.patience_factor[queue],
        drawn,
        start,
        step,
        scale,
        numbers,
        columns.covered,
        columns.first,
        work,
        think,
        patience,
    )
    return Contacts(
        queues=tuple(plan.scenario.queues),
        horizon=plan.scenario.horizon.seconds,
        until_sent=np.array([q.patience.until == "sent" for q in plan.scenario.queues.values()], dtype=bool),
        work=work,
        think=think,
        patience=patience,
        **columns._asdict(),
    )


def _table(lines: Sequence[_Line]) -> Lines:
    """The lines in one table."""
    from cssim.demand.compiled import Lines

    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Lines(
        first=np.cumsum([0, *(len(line.number) for line in lines)], dtype=np.int64),
        queue=np.array([line.queue for line in lines], dtype=np.int64),
        trigger=np.array([line.trigger for line in lines], dtype=np.int64),
        number=np.concatenate([whole, *(line.number for line in lines)]),
        buyer=np.concatenate([whole, *(line.buyer for line in lines)]),
        parent=np.concatenate([whole, *(line.parent for line in lines)]),
        arrival=np.concatenate([real, *(line.arrival for line in lines)]),
        wake=np.concatenate([real, *(line.wake for line in lines)]),
    )


def _ways(queues: Sequence[Queue]) -> Ways:
    from cssim.demand.compiled import Ways

    bots = [queue.bot for queue in queues]
    rounds = [queue.chat.rounds for queue in queues]
    fixed = [r.dist == "fixed" or r.mean == 1 for r in rounds]
    return Ways(
        covers=np.array([bot.covers if bot else 0.0 for bot in bots]),
        resolves=np.array([bot.resolves if bot else 0.0 for bot in bots]),
        delay=on_grid([bot.hands_over_after if bot else 0.0 for bot in bots]),
        patience_factor=np.array([bot.patience_factor if bot else 1.0 for bot in bots]),
        lingers=np.array([queue.patience.lingers for queue in queues]),
        rounds=np.array(
            [int(r.mean) if f else 0 for r, f in zip(rounds, fixed, strict=True)], dtype=np.int64
        ),
        more=np.array([0.0 if f else math.log1p(-1 / r.mean) for r, f in zip(rounds, fixed, strict=True)]),
    )


def _spreads(queue: Queue) -> tuple[Spread | None, ...]:
    """Of `OF_ROUNDS`."""
    chat, patience = queue.chat, queue.patience
    return chat.first_reply or chat.reply, chat.reply, chat.think, patience, patience.later


def _escaped(name: str) -> str:
    """The name so that no name can pass for a line of descent."""
    return name.replace("\\", "\\\\").replace(">", "\\>")
