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
from cssim.scenario.clock import Floats, Ints

GRAINS = 2.0**20
"""`GRID`, in this file because what is compiled is known again by its own file alone."""

Word = np.uint64
Words = NDArray[np.uint64]


class Line(NamedTuple):
    """Contacts of one line of descent as they were drawn; see `cssim.demand.draw`."""

    rows: Ints
    queue: int
    trigger: int
    buyer: Ints
    arrival: Floats
    parent: Ints
    wake: Floats
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


class Columns(NamedTuple):
    """The columns of `Contacts`, to be filled; `first` is known."""

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
    work: Floats
    think: Floats
    patience: Floats


@part
def _on_grid(seconds: float) -> float:
    """See `cssim.demand.distributions.on_grid`."""
    rounded: float = np.rint(seconds * GRAINS) / GRAINS
    return rounded


@kept
def enter(line: Line, columns: Columns) -> None:
    """Enter the contacts, and their rounds on the time grid, at their numbers."""
    later = 0
    for k in range(len(line.rows)):
        i = line.rows[k]
        columns.queue[i] = line.queue
        columns.trigger[i] = line.trigger
        columns.buyer[i] = line.buyer[k]
        columns.arrival[i] = line.arrival[k]
        columns.parent[i] = line.parent[k]
        columns.wake[i] = line.wake[k]
        columns.covered[i] = line.covered[k]
        columns.deflected[i] = line.deflected[k]
        columns.delay[i] = line.delay[k]
        columns.lingers[i] = line.lingers[k]
        if line.rounds[k] == 0:
            continue
        r = columns.first[i]
        columns.work[r] = _on_grid(line.work[k])
        columns.think[r] = 0.0
        columns.patience[r] = _on_grid(line.patience[k])
        for _ in range(line.rounds[k] - 1):
            r += 1
            columns.work[r] = _on_grid(line.later_work[later])
            columns.think[r] = _on_grid(line.think[later])
            columns.patience[r] = _on_grid(line.later_patience[later])
            later += 1


@kept
def reaching(rounds: Ints, deflected: Bools, chosen: Ints) -> None:
    """Which of the later rounds of all contacts are those of contacts that the bot does not resolve.

    Args:
        rounds: of each contact.
        deflected: whether the bot resolves it.
        chosen: to be filled with positions among the later rounds, contact by contact.
    """
    to, at = 0, 0
    for k in range(len(rounds)):
        more = rounds[k] - 1
        if not deflected[k]:
            for j in range(more):
                chosen[to + j] = at + j
            to += more
        at += more


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


@kept
def beginnings(common: Words, keys: Words, offsets: Ints, scratch: Words, numbers: Floats) -> None:
    """The first uniforms of many streams that differ in the key that their entropy ends in.

    Args:
        common: words of the entropy that they share, at least four.
        keys: of the streams, (n,).
        offsets: stream k's uniforms are offsets[k] to offsets[k + 1] of `numbers`, (n + 1,).
        scratch: room for twelve words.
        numbers: to be filled.
    """
    for k in range(len(keys)):
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
        for source in range(4, len(common) + (2 if keys[k] > WORD else 1)):
            if source < len(common):
                word = common[source]
            else:
                word = keys[k] & WORD if source == len(common) else keys[k] >> HALF
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
        for j in range(offsets[k], offsets[k + 1]):
            high, low = _stepped(high, low, more_high, more_low)
            mixed, turn = high ^ low, high >> TURN
            turned = (mixed >> turn) | (mixed << ((ALL - turn) & TOP))
            numbers[j] = np.float64(turned >> SPARE) * 2.0**-53
