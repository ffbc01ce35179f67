"""One replication's contacts, drawn before any engine starts.

Every number has its own stream (`cssim.demand.streams`), named by the queue or, for follow-ups, by the
line of descent: ``pre_sales>0:order_change`` is what the first entry under pre-sales' `then` brings. So a
new queue, or a new entry at the end of `then`, shifts no other number; nor does a bot that resolves more,
as everything is drawn for every contact and what is not needed is dropped afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cssim.demand.contacts import NOBODY, Bools, Contacts, Trigger
from cssim.demand.distributions import is_certain, on_grid, quantile, rounds_quantile
from cssim.demand.forecast import Curve, check_end, curve_of, expected_contacts, shares
from cssim.demand.level import level
from cssim.demand.streams import Purpose, Streams
from cssim.errors import InputError
from cssim.scenario.clock import GRID, Floats, Ints
from cssim.scenario.schema import Queue, Scenario, Spread

MOST_ROUNDS = 2e7
"""Most rounds that a replication is expected to have; more would not fit into memory."""


def draw(scenario: Scenario, streams: Streams, curves: Sequence[Curve] | None = None) -> Contacts:
    """What buyers will do in one replication.

    Args:
        scenario: the scenario.
        streams: seed, phase and replication.
        curves: what `curves_of` gives for the scenario; to save work where many replications are drawn.

    Raises:
        InputError: as `curves_of`.
    """
    curves = curves_of(scenario) if curves is None else curves
    generation = _own(scenario, streams, curves)
    batches: list[_Batch] = []
    while generation:
        batches += generation
        row = sum(len(batch.rows) for batch in batches)
        generation = list(_follow_ups(scenario, streams, generation, row))
    return _assemble(scenario, batches)


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


@dataclass(frozen=True)
class _Course:
    """How contacts of one line go once they have come; n contacts.

    Attributes:
        covered, deflected, delay, lingers: as in `Contacts`, (n,).
        rounds: none where the bot resolves the contact, (n,).
        work, patience: of the first rounds, also of contacts that the bot resolves, not rounded, (n,).
        later_work, think, later_patience: of the later rounds that there are, contact by contact.
    """

    covered: Bools
    deflected: Bools
    delay: Floats
    lingers: Bools
    rounds: Ints
    work: Floats
    patience: Floats
    later_work: Floats
    think: Floats
    later_patience: Floats


@dataclass(frozen=True)
class _Batch:
    """Contacts of one line of descent, in the order in which they were drawn.

    Attributes:
        lineage: name of its streams.
        queue: index.
        retry: whether the line has a retry in it already.
        rows: their contact numbers, (n,).
        arrival, buyer, parent, wake, trigger: as in `Contacts`.
        course: what happens to them.
    """

    lineage: str
    queue: int
    retry: bool
    rows: Ints
    buyer: Ints
    arrival: Floats
    parent: Ints
    wake: Floats
    trigger: Trigger
    course: _Course


def arrivals(scenario: Scenario, queue: str, curve: Curve, streams: Streams) -> Floats:
    """Arrival times of the queue's own contacts: on the grid, ascending, in [0, horizon).

    A Poisson process of rate 1, stretched by the inverse of the cumulative expected arrivals (Cinlar 1975),
    so that the k-th contact of a replication stays the k-th if the volume changes.
    """
    if not curve.pieces.any():
        return np.zeros(0)
    expected = curve.pieces * level(scenario, queue, streams, curve.knots[:-1])
    cumulative = np.concatenate([[0.0], np.cumsum(expected)])
    rng, total, clock = streams.of(Purpose.ARRIVALS, queue), cumulative[-1], np.zeros(1)
    while clock[-1] < total:
        missing = total - clock[-1]
        gaps = rng.standard_exponential(int(missing + 4 * missing**0.5) + 8)
        clock = np.concatenate([clock, clock[-1] + np.cumsum(gaps)])
    times = np.interp(clock[1 : np.searchsorted(clock, total)], cumulative, curve.knots)
    last = np.ceil(curve.knots[-1] * GRID) - 1
    return np.asarray(np.minimum(np.floor(times * GRID), last) / GRID)


def _own(scenario: Scenario, streams: Streams, curves: Sequence[Curve]) -> list[_Batch]:
    """The contacts that come by themselves, numbered by arrival, queue and position."""
    names = list(scenario.queues)
    times = [arrivals(scenario, name, curve, streams) for name, curve in zip(names, curves, strict=True)]
    sizes = [len(t) for t in times]
    rank = np.empty(sum(sizes), dtype=np.int64)
    rank[np.argsort(np.concatenate([np.zeros(0), *times]), kind="stable")] = np.arange(len(rank))
    rows = np.split(rank, np.cumsum(sizes)[:-1])
    return [
        _Batch(
            lineage=_escaped(name),
            queue=q,
            retry=False,
            rows=rows[q],
            buyer=rows[q],
            arrival=times[q],
            parent=np.full(sizes[q], NOBODY, dtype=np.int64),
            wake=np.zeros(sizes[q]),
            trigger=Trigger.NONE,
            course=_course(scenario.queues[name], _escaped(name), sizes[q], streams),
        )
        for q, name in enumerate(names)
        if sizes[q]
    ]


def _follow_ups(
    scenario: Scenario, streams: Streams, parents: Sequence[_Batch], row: int
) -> Iterator[_Batch]:
    """The next generation, numbered from `row` on: each entry of `then` an independent chance per contact.

    A retry is not drawn below another retry; that a buyer retries once among siblings is for the engine.
    """
    queues = list(scenario.queues)
    for batch in parents:
        for position, entry in enumerate(scenario.queues[queues[batch.queue]].then):
            trigger = Trigger.RESOLVED if entry.on == "resolved" else Trigger.ABANDONED
            if trigger is Trigger.ABANDONED and batch.retry:
                continue
            lineage = f"{batch.lineage}>{position}:{_escaped(entry.queue)}"
            luck = streams.uniforms(Purpose.FOLLOW_UP, lineage, 2 * len(batch.rows)).reshape(-1, 2)
            chosen = np.flatnonzero(luck[:, 0] < entry.share)
            n = len(chosen)
            if n == 0:
                continue
            yield _Batch(
                lineage=lineage,
                queue=queues.index(entry.queue),
                retry=batch.retry or trigger is Trigger.ABANDONED,
                rows=np.arange(row, row + n),
                buyer=batch.buyer.take(chosen),
                arrival=np.full(n, np.nan),
                parent=batch.rows.take(chosen),
                wake=on_grid(quantile(entry.after, luck[:, 1].take(chosen))),
                trigger=trigger,
                course=_course(scenario.queues[entry.queue], lineage, n, streams),
            )
            row += n


def _course(queue: Queue, lineage: str, n: int, streams: Streams) -> _Course:
    """Bot, rounds, work, think times and patience of n contacts; drawn for all, kept for those offered."""
    from cssim.demand.compiled import reaching

    chat, patience, bot = queue.chat, queue.patience, queue.bot
    covered = deflected = np.zeros(n, dtype=bool)
    if bot is not None:
        luck = streams.uniforms(Purpose.BOT, lineage, 2 * n).reshape(n, 2)
        covered = luck[:, 0] < bot.covers
        deflected = covered & (luck[:, 1] < bot.resolves)
    delay = np.where(covered, on_grid(bot.hands_over_after if bot else 0.0), 0.0)
    drawn = rounds_quantile(chat.rounds, streams.uniforms(Purpose.ROUNDS, lineage, n))
    later_drawn = int(drawn.sum()) - n
    rounds = np.where(deflected, 0, drawn)
    chosen = None
    if bot is not None:
        chosen = np.empty(int(rounds.sum()) - int(np.count_nonzero(rounds)), dtype=np.int64)
        reaching(drawn, deflected, chosen)
    later_rounds = later_drawn if chosen is None else len(chosen)

    def later(spread: Spread, purpose: Purpose) -> Floats:
        # drawn for every round, turned into a duration for those that there will be
        if is_certain(spread):
            return np.full(later_rounds, spread.mean)
        luck = streams.uniforms(purpose, lineage, later_drawn)
        return quantile(spread, luck if chosen is None else luck.take(chosen))

    # first and later rounds have streams of their own: longer chats change no first reply
    opening = chat.first_reply or chat.reply
    if is_certain(opening):
        work = np.full(n, opening.mean)
    else:
        work = quantile(opening, streams.uniforms(Purpose.WORK, lineage, n))
    waits = quantile(patience, streams.uniforms(Purpose.PATIENCE, lineage, n))
    if bot is not None:
        waits *= np.where(covered, bot.patience_factor, 1.0)
    return _Course(
        covered=covered,
        deflected=deflected,
        delay=delay,
        lingers=streams.uniforms(Purpose.LINGER, lineage, n) < patience.lingers,
        rounds=rounds,
        work=work,
        patience=waits,
        later_work=later(chat.reply, Purpose.LATER_WORK),
        think=later(chat.think, Purpose.THINK),
        later_patience=np.full(later_rounds, np.inf)
        if patience.later is None
        else later(patience.later, Purpose.LATER_PATIENCE),
    )


def _assemble(scenario: Scenario, batches: Sequence[_Batch]) -> Contacts:
    """The batches as one table, in the order of contact numbers."""
    from cssim.demand.compiled import Columns, Line, enter

    contacts = sum(len(batch.rows) for batch in batches)
    rounds = np.zeros(contacts + 1, dtype=np.int64)
    for batch in batches:
        rounds[1:][batch.rows] = batch.course.rounds
    first = np.cumsum(rounds)
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
        first=first,
        work=np.empty(first[-1]),
        think=np.empty(first[-1]),
        patience=np.empty(first[-1]),
    )
    for batch in batches:
        course = batch.course
        line = Line(
            rows=batch.rows,
            queue=batch.queue,
            trigger=int(batch.trigger),
            buyer=batch.buyer,
            arrival=batch.arrival,
            parent=batch.parent,
            wake=batch.wake,
            covered=course.covered,
            deflected=course.deflected,
            delay=course.delay,
            lingers=course.lingers,
            rounds=course.rounds,
            work=course.work,
            patience=course.patience,
            later_work=course.later_work,
            think=course.think,
            later_patience=course.later_patience,
        )
        enter(line, columns)
    return Contacts(
        queues=tuple(scenario.queues),
        horizon=scenario.horizon.seconds,
        until_sent=np.array([q.patience.until == "sent" for q in scenario.queues.values()], dtype=bool),
        **columns._asdict(),
    )


def _escaped(name: str) -> str:
    """The name so that no name can pass for a line of descent."""
    return name.replace("\\", "\\\\").replace(">", "\\>")
