"""Every measure, one function each, and the one pass over a log that takes them all.

A measure is a ratio, `part / whole`, summed within each of its target's periods. Contact measures are booked
to (and gated by) the contact's arrival, round measures by the round's message; the warm-up and what comes
after the horizon's end are in none. Each docstring gives formula, denominator, the moment it is booked to,
what becomes of 0/0, and where the definition comes from.

The functions look at one contact or round at a time and are compiled into `count`, so a day is measured in
a fraction of the time that it takes to play. Sums of times are exact in any order: all are multiples of
2^-20 s, and agents' time is counted in ticks, whole numbers of them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cssim.demand.contacts import NOBODY, Bools
from cssim.engine.log import Outcome
from cssim.jit import kept, part
from cssim.scenario.clock import GRID, Floats, Ints
from cssim.scenario.units import DAY

(
    FIRST_REPLY,
    ANSWERED,
    MEAN_FIRST_REPLY,
    ABANDONMENT,
    DEFLECTION,
    LOST_SALES,
    ROUNDS,
    MEAN_REPLY,
    BUYERS,
) = range(9)
"""The measures of contacts and rounds, by number."""

LAST_OF_CONTACTS = LOST_SALES
"""Up to this one they are booked to the contact's arrival, the others to the round's message."""

KINDS: Final = {
    "first_reply": FIRST_REPLY,
    "answered": ANSWERED,
    "mean_first_reply": MEAN_FIRST_REPLY,
    "abandonment": ABANDONMENT,
    "deflection": DEFLECTION,
    "lost_sales": LOST_SALES,
    "rounds": ROUNDS,
    "mean_reply": MEAN_REPLY,
    "buyers": BUYERS,
}
"""Numbers by name."""
OTHER = len(KINDS)
"""Number of the measures of agents' time, which are not counted here."""

ON, REPLYING, OPEN_CHATS = range(3)
"""Kinds of agents' time: from log-on to sign-off, breaks apart, overtime included; on replies, also those to
buyers who left while it was written; and of every chat that held a place, from assigned to closed."""

SHORTEST: Final = 0.125
"""Seconds; shorter first replies share the first bin."""
PER_OCTAVE: Final = 1 << 4
"""Bins for each doubling of the time: a bin is 4.4% wide."""
BINS: Final = 20 * PER_OCTAVE + 1
"""Up to a day and a half; longer ones share the last bin."""

DEFLECTED, ABANDONED = int(Outcome.DEFLECTED), int(Outcome.ABANDONED)
LINGERED, BROKEN_OFF = int(Outcome.LINGERED), int(Outcome.BROKEN_OFF)
UNFINISHED = int(Outcome.UNFINISHED)


class Row(NamedTuple):
    """A round as a target sees it; times NaN where never.

    Attributes:
        message: the moment it is booked to, where it is not booked to its contact's arrival.
        start: the moment its clock starts.
        begun, sent: of its reply.
        left_after: in a first round that the buyer visibly left, seconds from `start` until then; else inf.
    """

    message: float
    start: float
    begun: float
    sent: float
    left_after: float


class Mark(NamedTuple):
    """What a contact or a round adds to a measure: to numerator, denominator, and replies never sent."""

    part: float
    whole: float
    unsent: bool


# -- the measures ----------------------------------------------------------------------------------


@part
def first_reply(row: Row, within: float) -> Mark:
    """Share of offered contacts whose first reply is sent within T.

    Formula: contacts with sent - start <= T / contacts offered (with `counts: any`: and those resolved by
    the bot). Contacts that abandoned, lingered unanswered or were left unfinished are late; a lingering
    one that was answered counts by its real time. Booked to the contact's arrival. 0/0: nothing to measure.
    Source: JD's 30-second rate; the "golden six seconds" of the trade.
    """
    return Mark(1.0 if row.sent - row.start <= within else 0.0, 1.0, False)


@part
def answered(row: Row, within: float, exclude: bool) -> Mark:
    """Classical service level: share of offered contacts whose first reply is begun within T.

    Formula: contacts with begun - start <= T / contacts offered; with `exclude_abandoned_within` those that
    visibly left within T unanswered are not in the denominator (one that lingers is: nobody saw it go).
    Booked to the contact's arrival. 0/0: nothing to measure.
    Source: Gans, Koole and Mandelbaum 2003, "Telephone call centers", M&SOM 5(2), section 2.
    """
    if row.begun - row.start <= within:
        return Mark(1.0, 1.0, False)
    return Mark(0.0, 0.0 if exclude and row.left_after <= within else 1.0, False)


@part
def rounds(row: Row, within: float) -> Mark:
    """Share of rounds that reached people and were answered within T.

    Formula: rounds with sent - start <= T / rounds with a message. Rounds never answered are late. Booked to
    the round's message. 0/0: nothing to measure.
    Source: Taobao's three-minute rate of human replies (first question to first answer).
    """
    return Mark(1.0 if row.sent - row.start <= within else 0.0, 1.0, False)


@part
def mean_reply(row: Row) -> Mark:
    """Mean time from a message to the reply to it.

    Formula: sum of sent - start over replies sent / replies sent; those never sent are counted beside.
    Booked to the round's message. 0/0: nothing to measure.
    Source: the platforms' average reply time (JD asks for under 40 s a month).
    """
    if np.isnan(row.sent):
        return Mark(0.0, 0.0, True)
    return Mark(row.sent - row.start, 1.0, False)


@part
def mean_first_reply(row: Row) -> Mark:
    """Mean time to the first reply.

    Formula: sum of sent - start over first replies sent / first replies sent; those never sent are counted
    beside. Booked to the contact's arrival. 0/0: nothing to measure.
    Source: the platforms' average first reply.
    """
    return mean_reply(row)


@part
def abandonment(outcome: int, in_vain: bool) -> Mark:
    """Share of offered contacts whose buyer gave up before the first reply.

    Formula: (abandoned + lingered + in vain) / offered. Booked to the contact's arrival. 0/0: nothing to
    measure. Who came in vain, when nobody was on or to come, can only give up; who was in line when the last
    agent went is cut off by the roster's end, and what became of it is not known.
    Source: Mandelbaum and Zeltyn 2004, "The impact of customers' patience on delay and abandonment", OR
    Spectrum 26(3); those who linger have given up too, only nobody can see it.
    """
    return Mark(1.0 if in_vain or outcome in (ABANDONED, LINGERED) else 0.0, 1.0, False)


@part
def deflection(outcome: int) -> Mark:
    """Share of contacts that the bot resolved.

    Formula: deflected / contacts. Booked to the contact's arrival. 0/0: nothing to measure.
    Source: the vendors' share of conversations resolved without a person.
    """
    return Mark(1.0 if outcome == DEFLECTED else 0.0, 1.0, False)


@part
def lost_sales(outcome: int, in_vain: bool, value: float) -> Mark:
    """Sale value of the contacts that abandoned, lingered, broke off or came in vain.

    Formula: sum of the queues' `sale_value` over them; a total, so the denominator is 1. Booked to the
    contact's arrival. Nobody lost is 0.
    Source: the model; the margin is the scenario's.
    """
    lost = in_vain or outcome in (ABANDONED, LINGERED, BROKEN_OFF)
    return Mark(value if lost else 0.0, 0.0, False)


@part
def _buyers(c: Clock, h: Happened, r: Rules, spans: Spans, s: Sums, t: int) -> None:
    """Share of buyer-days none of whose rounds was late.

    Formula: pairs (buyer, local date) with all rounds sent - start <= T / pairs with a round. Only rounds of
    the target's queues and hours are looked at; a period of an hour looks at that hour's rounds. Booked to
    the round's message: a buyer who writes on two dates counts on both. 0/0: nothing to measure.
    Source: Pinduoduo's five- and three-minute reply rates (one late message and the buyer fails that day).
    """
    for cell in range(len(s.met)):
        s.met[cell] = NOBODY
    days = len(s.met) // s.part.shape[1]
    for buyer in range(len(s.first_of)):
        i = s.first_of[buyer]
        while i != NOBODY:
            if r.queues[t, h.queue[i]]:
                if r.any_reply[t] and h.covered[i]:
                    _buyers_round(c, spans, s, r.within[t], t, days, buyer, _bots(h.arrival[i]))
                for k in range(h.first[i], h.first[i + 1]):
                    if _peoples(h, r, t, i, k):
                        _buyers_round(c, spans, s, r.within[t], t, days, buyer, _row(h, r, t, i, k))
            i = s.next_of[i]


@part
def _buyers_round(
    c: Clock, spans: Spans, s: Sums, within: float, t: int, days: int, buyer: int, row: Row
) -> None:
    """Count a buyer at the first round of a period and date, and again out at the first that is late."""
    p = _period(spans, t, row.message)
    if p < 0:
        return
    cell = p * days + int(np.floor((row.message + c.offset) / DAY))
    if s.met[cell] != buyer:
        s.met[cell] = buyer
        s.kept[cell] = True
        s.part[t, p] += 1.0
        s.whole[t, p] += 1.0
    if s.kept[cell] and not row.sent - row.start <= within:
        s.kept[cell] = False
        s.part[t, p] -= 1.0


# -- one pass --------------------------------------------------------------------------------------


class Happened(NamedTuple):
    """The columns of a log, and of its contacts and agents, that are measured; see `Log`, `Contacts`.

    `served_until`: when the last agent who takes a queue's contacts signed off, -inf where none came, (q,).
    """

    first: Ints
    queue: Ints
    buyer: Ints
    covered: Bools
    work: Floats
    patience: Floats
    arrival: Floats
    offered: Floats
    assigned: Floats
    closed: Floats
    agent: Ints
    outcome: Ints
    message: Floats
    begun: Floats
    sent: Floats
    served_until: Floats
    group: Ints
    speed: Floats
    from_: Floats  # an agent's time from log-on to sign-off, and breaks, which are taken off
    to: Floats
    of_group: Ints
    sign: Ints


class Clock(NamedTuple):
    """Of the calendar, in seconds."""

    warm_up: float
    end: float
    interval: float
    offset: float


class Spans(NamedTuple):
    """When targets hold.

    Attributes:
        first: offsets of a target's spans, (t + 1,).
        start, stop, period: of each span, in order of time.
        hint: where a target's last moment was found, (t,); changes.
    """

    first: Ints
    start: Floats
    stop: Floats
    period: Ints
    hint: Ints


class Cells(NamedTuple):
    """Agents' time, cut into cells.

    Attributes:
        cuts: ticks, ascending, (cells + 1,).
        of_interval: the first cell of each planning interval, (i,).
        per_tick: intervals in a tick, whence the cell is guessed.
        ticks: by kind, group and cell, (3, g, cells); changes.
    """

    cuts: Ints
    of_interval: Ints
    per_tick: float
    ticks: Ints


class Rules(NamedTuple):
    """What is counted; t targets, q queues, i planning intervals.

    Attributes:
        column: where `Sums.counts` has the contacts of each outcome, 0 for none.
        values: sale value of a contact, (q,).
        shown: the target whose share in time is shown by interval, or NOBODY, (q,).
        of_rounds: targets whose measures are booked to rounds, those of buyers too.
        of_buyers: targets of buyers.
        kind, within, any_reply, from_arrival, exclude: of each target, (t,).
        queues: whether it counts the queue, (t, q).
        edges: bins of first replies, seconds, (bins + 1,).
    """

    column: Ints
    values: Floats
    shown: Ints
    of_rounds: Ints
    of_buyers: Ints
    kind: Ints
    within: Floats
    any_reply: Bools
    from_arrival: Bools
    exclude: Bools
    queues: Bools
    edges: Floats


class Sums(NamedTuple):
    """What `count` adds up, all zero before; t targets, p most periods, q queues, g groups, i intervals.

    Attributes:
        counts: contacts, those offered, those by outcome (`Rules.column`), last rounds, (q, columns).
        first_reply, wait, reply: sum of seconds and number, (q, 2).
        first_replies, waits: the seconds themselves, a queue's from its number in `room_contacts`, or in
            `room_rounds`, on.
        lost: sale value. offered_in_all: in the whole horizon, warm-up included. Both (1,).
        part, whole, unsent: of each target by period, (t, p).
        offered, counted, in_time: by planning interval, (q, i).
        first_reply_bins: by planning interval of the arrival, (q, i, bins).
        messages, work: by planning interval of the message; ticks of work, (q, i).
        first_of, next_of: the contacts of each buyer, as a chain; empty where no target asks.
        met, kept: by period and date, the buyer met last, and whether all its replies were in time.
    """

    counts: Ints
    first_reply: Floats
    wait: Floats
    reply: Floats
    first_replies: Floats
    waits: Floats
    room_contacts: Ints
    room_rounds: Ints
    lost: Floats
    offered_in_all: Ints
    part: Floats
    whole: Floats
    unsent: Ints
    offered: NDArray[np.int32]
    counted: NDArray[np.int32]
    in_time: NDArray[np.int32]
    first_reply_bins: Ints
    messages: Ints
    work: Ints
    first_of: Ints
    next_of: Ints
    met: Ints
    kept: Bools


@part
def _interval(c: Clock, at: float) -> int:
    """The planning interval of a moment, negative outside the measured part of the horizon."""
    return int(np.floor(at / c.interval)) if c.warm_up <= at < c.end else NOBODY


@part
def _period(spans: Spans, t: int, at: float) -> int:
    """The period of the target in which a moment counts, negative where there is none."""
    first, stop = spans.first[t], spans.first[t + 1]
    if first == stop:
        return NOBODY
    k = spans.hint[t]
    while k > first and at < spans.start[k]:
        k -= 1
    while k + 1 < stop and at >= spans.start[k + 1]:
        k += 1
    spans.hint[t] = k
    return spans.period[k] if spans.start[k] <= at < spans.stop[k] else NOBODY


@part
def _bots(arrival: float) -> Row:
    """The bot's answer to a contact that it covers, given at its arrival."""
    return Row(arrival, arrival, arrival, arrival, np.inf)


@part
def _peoples(h: Happened, r: Rules, t: int, i: int, k: int) -> bool:
    """Whether a round reached people, and the target does not take the bot's answer in its place."""
    if np.isnan(h.message[k]):
        return False
    return k > h.first[i] or not (r.any_reply[t] and h.covered[i])


@part
def _row(h: Happened, r: Rules, t: int, i: int, k: int) -> Row:
    """A round that reached people as the target sees it: `clock: arrival` moves the first one's start."""
    message, start, left_after = h.message[k], h.message[k], np.inf
    if k == h.first[i]:
        if r.from_arrival[t]:
            start = h.arrival[i]
        if h.outcome[i] == ABANDONED:
            left_after = h.patience[k] + (message - start)
    return Row(message, start, h.begun[k], h.sent[k], left_after)


@part
def _add(r: Rules, spans: Spans, s: Sums, t: int, q: int, at: float, cell: int, mark: Mark) -> None:
    """Add to a target in the period of a moment, and to what is shown of its interval, where it has one."""
    if r.shown[q] == t and cell != NOBODY:
        s.counted[q, cell] += int(mark.whole)
        s.in_time[q, cell] += int(mark.part)
    if r.kind[t] == BUYERS:  # which counts buyers; what is shown of them is their rounds
        return
    p = _period(spans, t, at)
    if p >= 0:
        s.part[t, p] += mark.part
        s.whole[t, p] += mark.whole
        if mark.unsent:
            s.unsent[t, p] += 1


@part
def _mark(kind: int, within: float, exclude: bool, row: Row) -> Mark:
    """What a reply adds to a target."""
    if kind == FIRST_REPLY:
        return first_reply(row, within)
    if kind == ANSWERED:
        return answered(row, within, exclude)
    if kind == MEAN_FIRST_REPLY:
        return mean_first_reply(row)
    if kind == MEAN_REPLY:
        return mean_reply(row)
    return rounds(row, within)


@part
def _contact(c: Clock, h: Happened, r: Rules, spans: Spans, cells: Cells, s: Sums, i: int) -> None:
    """Count a contact that came, and the bot's answer to it."""
    q, arrival, outcome, cell = h.queue[i], h.arrival[i], h.outcome[i], _interval(c, h.arrival[i])
    offered = not np.isnan(h.offered[i])
    in_vain = outcome == UNFINISHED and h.offered[i] > h.served_until[q]
    if offered:
        s.offered_in_all[0] += 1
    if cell != NOBODY:
        s.counts[q, 0] += 1
        if offered:
            s.counts[q, 1] += 1
            s.offered[q, cell] += 1
        if r.column[outcome] > 0:
            s.counts[q, r.column[outcome]] += 1
        s.lost[0] += lost_sales(outcome, in_vain, r.values[q]).part
    for t in range(len(r.kind)):
        if not r.queues[t, q] or r.kind[t] == OTHER:
            continue
        kind, by_bot = r.kind[t], r.any_reply[t] and h.covered[i]
        if kind == DEFLECTION:
            mark = deflection(outcome)
        elif kind == LOST_SALES:
            mark = lost_sales(outcome, in_vain, r.values[q])
        elif kind == ABANDONMENT:
            if not offered:
                continue
            mark = abandonment(outcome, in_vain)
        elif by_bot:
            mark = _mark(r.kind[t], r.within[t], r.exclude[t], _bots(h.arrival[i]))
        elif kind > LAST_OF_CONTACTS or not offered:
            continue
        else:
            mark = _mark(r.kind[t], r.within[t], r.exclude[t], _row(h, r, t, i, h.first[i]))
        _add(r, spans, s, t, q, arrival, cell, mark)
    if not (np.isnan(h.assigned[i]) or np.isnan(h.closed[i])):
        _spend(cells, OPEN_CHATS, h.group[h.agent[i]], _ticks(h.assigned[i]), _ticks(h.closed[i]), 1)


@part
def _round(c: Clock, h: Happened, r: Rules, spans: Spans, cells: Cells, s: Sums, i: int, k: int) -> None:
    """Count a round that reached people."""
    q, message, begun, sent = h.queue[i], h.message[k], h.begun[k], h.sent[k]
    cell = _interval(c, message)
    if cell != NOBODY:
        s.counts[q, s.counts.shape[1] - 1] += 1
        s.messages[q, cell] += 1
        s.work[q, cell] += _ticks(h.work[k])
        if not np.isnan(begun):
            s.waits[s.room_rounds[q] + int(s.wait[q, 1])] = begun - message
            s.wait[q, 0] += begun - message
            s.wait[q, 1] += 1.0
        if not np.isnan(sent):
            s.reply[q, 0] += sent - message
            s.reply[q, 1] += 1.0
    arrived = _interval(c, h.arrival[i]) if k == h.first[i] and not np.isnan(sent) else NOBODY
    if arrived != NOBODY:
        s.first_replies[s.room_contacts[q] + int(s.first_reply[q, 1])] = sent - message
        s.first_reply[q, 0] += sent - message
        s.first_reply[q, 1] += 1.0
        s.first_reply_bins[q, arrived, _bin(r.edges, sent - message)] += 1
    for j in range(len(r.of_rounds)):
        t = r.of_rounds[j]
        if r.queues[t, q] and _peoples(h, r, t, i, k):
            mark = _mark(r.kind[t], r.within[t], r.exclude[t], _row(h, r, t, i, k))
            _add(r, spans, s, t, q, message, cell, mark)
    if not np.isnan(begun):
        g = h.group[h.agent[i]]
        # A reply takes work / speed, rounded to the grid of time, from when it is begun.
        begin = _ticks(begun)
        _spend(cells, REPLYING, g, begin, begin + _ticks(h.work[k] / h.speed[g, q]), 1)


@part
def _bin(edges: Floats, seconds: float) -> int:
    """The bin of a time, its upper end included."""
    k, last = 0, len(edges) - 2
    if seconds > SHORTEST:
        # The exponent and the leading four digits of the number lie at most two bins below.
        digits = np.float64(seconds / SHORTEST).view(np.int64)
        k = min(int((((digits >> 52) - 1023) << 4) + ((digits >> 48) & 15)), last)
    while k < last and seconds > edges[k + 1]:
        k += 1
    return k


@part
def _ticks(seconds: float) -> int:
    return int(np.rint(seconds * GRID))


@part
def _spend(cells: Cells, kind: int, g: int, begin: int, end: int, sign: int) -> None:
    """Add an agent's time to the cells that it lies in; what lies outside the horizon is nobody's."""
    a, b = max(begin, cells.cuts[0]), min(end, cells.cuts[len(cells.cuts) - 1])
    if a >= b:
        return
    k = cells.of_interval[min(int(a * cells.per_tick), len(cells.of_interval) - 1)]
    while k > 0 and a < cells.cuts[k]:
        k -= 1
    while a >= cells.cuts[k + 1]:
        k += 1
    while a < b:
        upto = min(b, cells.cuts[k + 1])
        cells.ticks[kind, g, k] += sign * (upto - a)
        a = upto
        k += 1


@kept
def count(c: Clock, h: Happened, r: Rules, spans: Spans, cells: Cells, s: Sums) -> None:
    """Measure a log in one pass.

    Args:
        c, r: what is counted.
        h: what happened.
        spans: when targets hold; only its hints change.
        cells, s: what is added up, zero before.
    """
    for t in range(len(r.kind)):
        spans.hint[t] = spans.first[t]
    for i in range(len(h.queue)):
        s.room_contacts[h.queue[i] + 1] += 1
        s.room_rounds[h.queue[i] + 1] += h.first[i + 1] - h.first[i]
    for q in range(1, len(s.room_rounds)):
        s.room_contacts[q] += s.room_contacts[q - 1]
        s.room_rounds[q] += s.room_rounds[q - 1]
    for i in range(len(h.queue)):
        if np.isnan(h.arrival[i]):
            continue
        _contact(c, h, r, spans, cells, s, i)
        for k in range(h.first[i], h.first[i + 1]):
            if not np.isnan(h.message[k]):
                _round(c, h, r, spans, cells, s, i, k)
    for k in range(len(h.from_)):
        _spend(cells, ON, h.of_group[k], _ticks(h.from_[k]), _ticks(h.to[k]), h.sign[k])
    if len(r.of_buyers) > 0:
        for i in range(len(h.queue) - 1, -1, -1):
            s.next_of[i] = s.first_of[h.buyer[i]]
            s.first_of[h.buyer[i]] = i
        for j in range(len(r.of_buyers)):
            _buyers(c, h, r, spans, s, r.of_buyers[j])
