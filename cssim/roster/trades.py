"""A roster of whole people bought by response curves: the cheapest mixture of shifts, made whole by trades.

The mixture is rounded; then one agent more, fewer or elsewhere is priced by the curves, all such
trades at once, and the best is made until none is left: first those that mend most of what is lacking for the
money, then those that save most and leave nothing lacking; last, one agent in place of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Final

import numpy as np

from cssim.roster.boxes import Boxes
from cssim.scenario.clock import Floats, Ints

POINTS: Final = 200
"""At which a curve is tabulated; in between it is taken for straight."""

MOST: Final = 300
"""Trades, at the most."""

BLOCK: Final = 4000
"""Trades that are priced at once."""

WHOLE: Final = 1e-6
"""Nearer to a whole number than this is whole."""

_HAIR: Final = 1e-9


def bought(boxes: Boxes, box: tuple[Floats, Floats], least: Ints) -> Ints | None:
    """A cheap legal roster that keeps the promises by the curves, or comes as near as trades can.

    On Double 11 it costs about 2% more than the mixture and takes a second; a mixed integer program under the
    curves' envelopes, as far as its root node, came as near in three, and only about as near to the promises.

    Args:
        boxes: the curves, what can be bought, and what is asked.
        box: least and greatest effective staff of each piece in which the mixture is sought, (k,) each.
        least: agents that there must be on each column, (n,).

    Returns:
        Counts, (n,), or None where nothing legal is found.
    """
    mixture = boxes.leaf(*box, (least.astype(np.float64), np.full(len(least), np.inf)))
    if not np.isfinite(mixture.cost) or not mixture.mixture.any():
        return None
    rules = boxes.columns.rules
    begin = np.maximum(np.rint(mixture.mixture).astype(np.int64), least)
    if np.any(rules.most @ begin > rules.limit + _HAIR):
        begin = np.maximum(np.floor(mixture.mixture + WHOLE).astype(np.int64), least)
    counts = traded(boxes, begin, least)
    return counts if rules.allow(counts) else None


def traded(boxes: Boxes, counts: Ints, least: Ints) -> Ints:
    """A roster that lacks less of what is asked by the curves, or costs less and lacks nothing.

    Args:
        boxes: the curves, what can be bought, and what is asked.
        counts: a roster within the people and seats there are, (n,).
        least: agents that there must be on each column, (n,).
    """
    prices, nobody = _Prices.of(boxes, counts), len(counts)
    held = np.append(counts, 0)
    for _ in range(MOST):
        off = np.append(np.flatnonzero(held[:-1] > least), nobody)
        trade = prices.best(held, *_pairs(off[:, None], nobody + 1))
        if trade is None:
            two = [
                (a, b)
                for a, b in combinations_with_replacement(off[:-1], 2)
                if a != b or held[a] > least[a] + 1
            ]
            trade = prices.best(held, *_pairs(np.array(two, dtype=np.int64).reshape(-1, 2), nobody))
        if trade is None:
            break
        gone, come = trade
        np.add.at(held, gone, -1)
        held[come] += 1
        held[nobody] = 0
    return held[:-1]


def _pairs(off: Ints, onto: int) -> tuple[Ints, Ints]:
    """Each of some sets of columns, (s, a), with each of `onto` columns: (m, a) and (m,)."""
    return np.repeat(off, onto, axis=0), np.tile(np.arange(onto), len(off))


@dataclass(frozen=True)
class _Prices:
    """By what trades are priced; n columns and nobody's, k pieces of p promises, r rules.

    Attributes:
        pay: of an agent, (n + 1,).
        staff: effective staff that one adds, (n + 1, k).
        most: what one adds to the people and seats in use, (n + 1, r); limit: how many there are, (r,).
        duty: whether one is on duty when somebody must be, (n + 1, moments); least: how many, (moments,).
        worth: what each piece's share is worth to each promise, (p, k); asked: of each promise, (p,).
        table: shares at `POINTS` steps of the effective staff, (k, POINTS + 1); step: (k,).
    """

    pay: Floats
    staff: Floats
    most: Floats
    limit: Floats
    duty: Floats
    least: Floats
    worth: Floats
    asked: Floats
    table: Floats
    step: Floats

    @classmethod
    def of(cls, boxes: Boxes, counts: Ints) -> _Prices:
        """Of a program; `counts` say about how much staff there will be."""

        def and_nobody(rows: Floats) -> Floats:
            return np.vstack([rows, np.zeros((1, rows.shape[1]))])

        rules, staff = boxes.columns.rules, boxes.staff.toarray().T
        far = 2.0 * (counts @ staff) + 10.0 * staff.max(axis=0) + _HAIR
        points = np.linspace(0.0, 1.0, POINTS + 1) * far[:, None]
        return cls(
            pay=np.append(boxes.columns.pay, 0.0),
            staff=and_nobody(staff),
            most=and_nobody(rules.most.toarray().T),
            limit=rules.limit,
            duty=and_nobody(rules.duty.toarray().T),
            least=rules.least,
            worth=boxes.worth.toarray(),
            asked=boxes.given + boxes.need,
            table=np.array([curve.share(at) for curve, at in zip(boxes.curves, points, strict=True)]),
            step=far / POINTS,
        )

    def lacking(self, effective: Floats, on_duty: Floats) -> Floats:
        """How much of the promises and of the minimum on duty m rosters lack, (m,).

        Args:
            effective: staff, (m, k).
            on_duty: agents, (m, moments).
        """
        at = np.minimum(effective / self.step, POINTS - 1e-6)
        below = at.astype(np.int64)
        piece = np.arange(len(self.step))
        share = self.table[piece, below]
        share += (at - below) * (self.table[piece, below + 1] - share)
        lacks = np.maximum(self.asked - share @ self.worth.T, 0.0).sum(axis=1)
        return np.asarray(
            lacks + np.maximum(self.least - on_duty, 0.0).sum(axis=1) * (1 + self.asked.max(initial=0.0))
        )

    def best(self, held: Ints, gone: Ints, come: Ints) -> tuple[Ints, int] | None:
        """The best of m trades that the rules allow, or None where none does any good.

        Args:
            held: agents on each column, and 0 of nobody, (n + 1,).
            gone: the columns that each trade takes an agent from, (m, 1 or 2).
            come: the column that gets one, (m,).
        """
        staff, used, on_duty = held @ self.staff, held @ self.most, held @ self.duty
        lack = float(self.lacking(staff[None], on_duty[None])[0])
        dearer = self.pay[come] - self.pay[gone].sum(axis=1)
        order = np.argsort(dearer, kind="stable")
        order = order[dearer[order] < -_HAIR] if lack <= _HAIR else order
        most, found = 0.0, None
        for k in range(0, len(order), BLOCK):
            some = order[k : k + BLOCK]
            use = used + self.most[come[some]] - self.most[gone[some]].sum(axis=1)
            some = some[np.all(use <= self.limit + _HAIR, axis=1)]
            if not len(some):
                continue
            change = [of[come[some]] - of[gone[some]].sum(axis=1) for of in (self.staff, self.duty)]
            lacks = self.lacking(staff + change[0], on_duty + change[1])
            if lack <= _HAIR:
                if np.any(lacks <= _HAIR):  # in order of what they save
                    first = some[np.argmax(lacks <= _HAIR)]
                    return gone[first], int(come[first])
                continue
            mends = (lack - lacks) / np.maximum(dearer[some], 1.0)
            at = int(np.argmax(mends))
            if mends[at] > most and lacks[at] < lack * (1 - 1e-6):
                most, found = float(mends[at]), (gone[some[at]], int(come[some[at]]))
        return found
