"""The inner loops of drawing a replication, compiled; see `cssim.jit`. Imported when something is drawn."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from cssim.demand.contacts import Bools
from cssim.jit import kept, part
from cssim.scenario.clock import GRID, Floats, Ints

Word = np.uint64
Words = NDArray[np.uint64]


class Lines(NamedTuple):
    """Lines of descent, and their contacts line by line; l lines, n contacts."""

    first: Ints  # line j's contacts are first[j] to first[j + 1], (l + 1,)
    queue: Ints  # (l,)
    trigger: Ints  # (l,)
    number: Ints  # of the contact, (n,)
    buyer: Ints  # as in `Contacts`, (n,)
    parent: Ints
    arrival: Floats
    wake: Floats  # not rounded


class Ways(NamedTuple):
    """What a contact is drawn from, by queue; no bot is a bot that covers nobody."""

    covers: Floats
    resolves: Floats
    delay: Floats
    patience_factor: Floats
    lingers: Floats
    rounds: Ints  # where their number is fixed, else 0
    more: Floats  # logarithm of the chance of one round more


class Columns(NamedTuple):
    """The columns of `Contacts`, to be filled; `first` is zeros."""

    queue: Ints
    buyer: Ints
    arrival: Floats
    covered: Bools
    deflected: Bools
    delay: Floats
    lingers: Bools
    parent: Ints
    trigger: Ints
    wake: Floats
    first: Ints


@part
def _on_grid(seconds: float) -> float:
    """See `cssim.demand.distributions.on_grid`."""
    rounded: float = np.rint(seconds * GRID) / GRID
    return rounded


@kept
def arrive(gaps: Floats, begin: float, cumulative: Floats, knots: Floats, times: Floats) -> tuple[int, float]:
    """Times on the grid at which a Poisson process of rate 1 arrives, stretched to what is expected.

    Args:
        gaps: of the process.
        begin: its clock before them.
        cumulative: expected before each knot.
        knots: seconds.
        times: to be filled; as many as gaps.

    Returns:
        How many arrive before the last knot, and the clock after the gaps.
    """
    last = np.ceil(knots[-1] * GRID) - 1
    elapsed, j, n = 0.0, 0, 0
    for k in range(len(gaps)):
        elapsed += gaps[k]
        clock = begin + elapsed
        if clock < cumulative[-1]:
            while cumulative[j + 1] <= clock:
                j += 1
            slope = (knots[j + 1] - knots[j]) / (cumulative[j + 1] - cumulative[j])
            time = slope * (clock - cumulative[j]) + knots[j]
            times[n] = min(np.floor(time * GRID), last) / GRID
            n += 1
    return n, begin + elapsed


@kept
def enter_contacts(
    lines: Lines,
    ways: Ways,
    bot: Floats,
    lingers: Floats,
    rounds: Floats,
    columns: Columns,
    drawn: Ints,
    counts: Ints,
) -> None:
    """Enter the contacts at their numbers, and count their rounds.

    Args:
        lines, ways: what is entered.
        bot: two uniforms for each contact of the lines whose queue has a bot, contact by contact.
        lingers: a uniform for each contact, (n,).
        rounds: the logarithm of one less such a uniform, (n,).
        columns: to be filled.
        drawn: to be filled with each contact's rounds, 0 less them where the bot resolves it, (n,).
        counts: to be filled with each line's later rounds, with its contacts that the bot does not resolve,
            and with the later rounds of those, (3, l).
    """
    asked = 0
    for j in range(len(lines.queue)):
        q = lines.queue[j]
        every, offered, later = 0, 0, 0
        for k in range(lines.first[j], lines.first[j + 1]):
            i = lines.number[k]
            covered = deflected = False
            if ways.covers[q] > 0:
                covered = bot[asked] < ways.covers[q]
                deflected = covered and bot[asked + 1] < ways.resolves[q]
                asked += 2
            # geometric: P(more than m rounds) = (1 - 1 / mean)^m
            n = ways.rounds[q] if ways.rounds[q] > 0 else 1 + int(np.floor(rounds[k] / ways.more[q]))
            drawn[k] = -n if deflected else n
            columns.queue[i] = q
            columns.trigger[i] = lines.trigger[j]
            columns.buyer[i] = lines.buyer[k]
            columns.parent[i] = lines.parent[k]
            columns.arrival[i] = lines.arrival[k]
            columns.wake[i] = _on_grid(lines.wake[k])
            columns.covered[i] = covered
            columns.deflected[i] = deflected
            columns.delay[i] = ways.delay[q] if covered else 0.0
            columns.lingers[i] = lingers[k] < ways.lingers[q]
            every += n - 1
            if not deflected:
                columns.first[i + 1] = n
                offered += 1
                later += n - 1
        counts[0, j], counts[1, j], counts[2, j] = every, offered, later
    for i in range(len(columns.queue)):
        columns.first[i + 1] += columns.first[i]


@kept
def stretch(
    start: Ints, stop: Ints, sigma: Floats, less: Floats, numbers: Floats, exponential: Floats
) -> None:
    """Turn normal numbers into logarithms of lognormal ones with mean 1, and the signs of the uniforms of
    exponential ones; in place.

    Args:
        start, stop: pieces of `numbers`.
        sigma, less: of each, see `Kind` in `cssim.demand.distributions`; sigma is 0 where not lognormal.
        numbers, exponential: to be changed.
    """
    for j in range(len(start)):
        if sigma[j] > 0:
            for k in range(start[j], stop[j]):
                numbers[k] = numbers[k] * sigma[j] - less[j]
    for k in range(len(exponential)):
        exponential[k] = -exponential[k]


@kept
def enter_rounds(
    first_contact: Ints,
    number: Ints,
    factor: Floats,
    drawn: Ints,
    start: Ints,
    step: Ints,
    scale: Floats,
    numbers: Floats,
    covered: Bools,
    first: Ints,
    work: Floats,
    think: Floats,
    patience: Floats,
) -> None:
    """Enter the rounds of contacts that the bot does not resolve, on the time grid.

    Args:
        first_contact, number: `first` and `number` of `Lines`.
        factor: on the patience of each line's contacts that the bot covers, (l,).
        drawn: as `enter_contacts` left it.
        start: where in `numbers` a line's first work, later work, think times, first patience and later
            patience begin, (5, l).
        step: from one of these to the next; 0 where all are the same, (5, l).
        scale: of each, see `Kind` in `cssim.demand.distributions`, (5, l).
        numbers: what is entered, without its scale.
        covered, first: as in `Contacts`.
        work, think, patience: columns of `Contacts`, to be filled.
    """
    for j in range(len(factor)):
        a, b, c, d, e = start[0, j], start[1, j], start[2, j], start[3, j], start[4, j]
        for k in range(first_contact[j], first_contact[j + 1]):
            if drawn[k] < 0:
                continue
            i = number[k]
            r = first[i]
            waits = numbers[d] * scale[3, j]
            work[r] = _on_grid(numbers[a] * scale[0, j])
            think[r] = 0.0
            patience[r] = _on_grid(waits * factor[j] if covered[i] else waits)
            a += step[0, j]
            d += step[3, j]
            for _ in range(drawn[k] - 1):
                r += 1
                work[r] = _on_grid(numbers[b] * scale[1, j])
                think[r] = _on_grid(numbers[c] * scale[2, j])
                patience[r] = _on_grid(numbers[e] * scale[4, j])
                b += step[1, j]
                c += step[2, j]
                e += step[4, j]


@kept
def remember(shocks: Floats, memory: float) -> None:
    """Turn independent shocks into an autoregressive process of order one, in place."""
    for k in range(1, len(shocks)):
        shocks[k] = memory * shocks[k - 1] + shocks[k]


# -- the beginnings of many streams ----------------------------------------------------------------
# What numpy's SeedSequence and PCG64 give, which numpy promises not to change (O'Neill 2014, 2015), without
# an object for each stream. Words have 32 bits, kept in 64; states have 128, kept as high and low.

WORD, HALF, FOLD = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(16)
START, FACTOR = np.uint64(0x43B0D7E5), np.uint64(0x931E8875)
START_OUT, FACTOR_OUT = np.uint64(0x8B51F9DD), np.uint64(0x58F38DED)
LEFT, RIGHT = np.uint64(0xCA01F9DD), np.uint64(0x4973F715)
HIGH, LOW = np.uint64(2549297995355413924), np.uint64(4865540595714422341)
ONE, TOP, TURN, ALL, SPARE = np.uint64(1), np.uint64(63), np.uint64(58), np.uint64(64), np.uint64(11)


@part
def _hashed(word: Word, by: Word, then: Word) -> Word:
    word = ((word ^ by) * then) & WORD
    return word ^ (word >> FOLD)


@part
def _mixed(x: Word, y: Word) -> Word:
    word = (LEFT * x - RIGHT * y) & WORD
    return word ^ (word >> FOLD)


@part
def _sum(high: Word, low: Word, more_high: Word, more_low: Word) -> tuple[Word, Word]:
    total = low + more_low
    return high + more_high + np.uint64(total < low), total


def _product(_: Any, a: Any, b: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, factors: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(factor, wide) for factor in factors))
        return builder.trunc(builder.lshr(product, wide(64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), code


_high_half: Any = intrinsic(_product)
"""The upper 64 bits of a product: one instruction of the processor, six of arithmetic."""


@part
def _stepped(high: Word, low: Word, more_high: Word, more_low: Word) -> tuple[Word, Word]:
    """The state times a constant, and more."""
    carried = _high_half(low, LOW) + high * LOW + low * HIGH
    state: tuple[Word, Word] = _sum(carried, low * LOW, more_high, more_low)
    return state


State = tuple[Word, Word, Word, Word]
"""Of a stream: high and low of where it is, high and low of what is added at each step."""

ROOM = 12
"""Words of scratch room that it takes to begin a stream."""


@part
def _begun(common: Words, purpose: Word, key: Word, scratch: Words) -> State:
    """A stream before its first number; its entropy is the common words, the purpose and the key."""
    by = START
    for i in range(4):
        then = (by * FACTOR) & WORD
        scratch[i] = _hashed(common[i], by, then)
        by = then
    for source in range(4):
        for i in range(4):
            if i != source:
                then = (by * FACTOR) & WORD
                scratch[i] = _mixed(scratch[i], _hashed(scratch[source], by, then))
                by = then
    shared = len(common)
    for source in range(4, shared + (3 if key > WORD else 2)):
        if source < shared:
            word = common[source]
        elif source == shared:
            word = purpose
        else:
            word = key & WORD if source == shared + 1 else key >> HALF
        for i in range(4):
            then = (by * FACTOR) & WORD
            scratch[i] = _mixed(scratch[i], _hashed(word, by, then))
            by = then
    by = START_OUT
    for i in range(8):
        then = (by * FACTOR_OUT) & WORD
        scratch[4 + i] = _hashed(scratch[i & 3], by, then)
        by = then
    more_high, more_low = (scratch[9] << HALF) | scratch[8], (scratch[11] << HALF) | scratch[10]
    more_high, more_low = (more_high << ONE) | (more_low >> TOP), (more_low << ONE) | ONE
    high, low = _sum(
        more_high, more_low, (scratch[5] << HALF) | scratch[4], (scratch[7] << HALF) | scratch[6]
    )
    high, low = _stepped(high, low, more_high, more_low)
    return high, low, more_high, more_low


@part
def _uniform(high: Word, low: Word) -> float:
    """The number that the stream gives where it is."""
    mixed, turn = high ^ low, high >> TURN
    turned = (mixed >> turn) | (mixed << ((ALL - turn) & TOP))
    number: float = np.float64(turned >> SPARE) * 2.0**-53
    return number


@kept
def beginnings(
    common: Words, purposes: Words, keys: Words, offsets: Ints, scratch: Words, numbers: Floats
) -> None:
    """The first uniforms of many streams.

    Args:
        common: words of the entropy that they share, see `Streams.words`.
        purposes, keys: that their entropy ends in, (n,).
        offsets: stream k's uniforms are offsets[k] to offsets[k + 1] of `numbers`, (n + 1,).
        scratch: of `ROOM`.
        numbers: to be filled.
    """
    for k in range(len(keys)):
        high, low, more_high, more_low = _begun(common, purposes[k], keys[k], scratch)
        for j in range(offsets[k], offsets[k + 1]):
            high, low = _stepped(high, low, more_high, more_low)
            numbers[j] = _uniform(high, low)


@kept
def of_offered(
    common: Words,
    purposes: Words,
    keys: Words,
    start: Ints,
    stop: Ints,
    at: Ints,
    drawn: Ints,
    needed: Bools,
    scratch: Words,
    numbers: Floats,
) -> None:
    """The uniforms of streams that have one for each contact, or each later round, of a line of descent;
    without those of contacts that the bot resolves, which are drawn and dropped.

    Args:
        common, purposes, keys, scratch: as in `beginnings`, (s,).
        start, stop: a stream's contacts, or later rounds counted from n on, (s,).
        at: where the uniforms that are needed begin in `numbers`, ascending, (s,).
        drawn: as in `enter_contacts`, (n,).
        needed: room for all contacts and later rounds.
        numbers: to be filled; has room for one more.
    """
    later = len(drawn)
    for k in range(len(drawn)):
        needed[k] = drawn[k] > 0
        for _ in range(abs(drawn[k]) - 1):
            needed[later] = drawn[k] > 0
            later += 1
    for s in range(len(keys)):
        high, low, more_high, more_low = _begun(common, purposes[s], keys[s], scratch)
        to = at[s]
        for k in range(start[s], stop[s]):
            high, low = _stepped(high, low, more_high, more_low)
            numbers[to] = _uniform(high, low)  # a branch here would be a coin toss to the processor
            to += needed[k]
