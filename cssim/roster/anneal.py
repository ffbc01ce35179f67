"""A roster of whole people bought by response curves: the cheapest mixture of shifts, made whole by luck.

Simulated annealing: one agent more, fewer or elsewhere at a time, at random; what makes the roster cheaper is
taken, what makes it dearer the more seldom the colder it is. What is lacking of the promises costs more than
it takes to mend it.
Source: Kirkpatrick, Gelatt and Vecchi 1983, "Optimization by simulated annealing", Science 220.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cssim.jit import kept, part
from cssim.roster.boxes import Boxes
from cssim.scenario.clock import Floats, Ints

STEPS: Final = 300_000
"""Moves that are looked at: about a fifth of a second on a Double 11."""

HOT: Final = 0.1
"""The temperature at first, of an agent's mean pay."""

COLD: Final = 0.003
"""And in the end."""

DEAR: Final = 3.0
"""Times the price of a promise in the mixture that what is lacking costs."""

BESIDE: Final = 0.1
"""And of the mixture's cost for all contacts, so that what was not tight is kept, too."""

POINTS: Final = 200
"""At which a curve is tabulated; in between it is taken for straight."""

_HAIR: Final = 1e-9

Near = tuple[Ints, int]
"""A roster, (n,), and how many agents may come or go."""


@dataclass(frozen=True)
class Bought:
    """A roster, (n,), and what the last unit of each promise cost in the mixture from which it came, (p,)."""

    counts: Ints
    price: Floats


def bought(
    boxes: Boxes, box: tuple[Floats, Floats], least: Ints, luck: np.random.Generator, near: Near | None = None
) -> Bought | None:
    """A cheap legal roster that keeps the promises by the curves, or comes close.

    On Double 11 it costs about 1.5% more than the mixture, which buys parts of people.

    Args:
        boxes: the curves, what can be bought, and what is asked.
        box: least and greatest effective staff of each piece in which the mixture is sought, (k,) each.
        least: agents that there must be on each column, (n,).
        luck: of the moves.
        near: where the roster is to be found; anywhere, by default.

    Returns:
        None where nothing legal is found.
    """
    mixture = boxes.leaf(*box, (least.astype(np.float64), np.full(len(least), np.inf)))
    if not np.isfinite(mixture.cost) or not mixture.mixture.any():
        return None
    rules = boxes.columns.rules
    if near is not None:
        begin = np.maximum(near[0], least)
    else:
        begin = np.maximum(np.rint(mixture.mixture).astype(np.int64), least)
        if np.any(rules.most @ begin > rules.limit + _HAIR):
            begin = np.maximum(np.floor(mixture.mixture + 1e-6).astype(np.int64), least)
    all_of_it = np.maximum(boxes.worth.sum(axis=1), _HAIR)
    price = DEAR * mixture.price + BESIDE * mixture.cost / all_of_it
    counts = annealed(boxes, price, begin, least, luck, near)
    return Bought(counts, mixture.price) if rules.allow(counts) else None


def annealed(
    boxes: Boxes,
    price: Floats,
    counts: Ints,
    least: Ints,
    luck: np.random.Generator,
    near: Near | None = None,
) -> Ints:
    """A roster that costs less, what it lacks at these prices of each promise, (p,), included.

    Args:
        boxes: the curves, what can be bought, and what is asked.
        price: of a unit that is lacking of each promise, (p,).
        counts: a roster within the people and seats there are, (n,).
        least: agents that there must be on each column, (n,).
        luck: of the moves.
        near: where the roster is to be found; anywhere, by default.
    """
    shop = _Shop.of(boxes, counts)
    home, reach = (counts, 2**31) if near is None else near
    held, best = counts.astype(np.int64), counts.astype(np.int64)
    mean = float(shop.pay[shop.pay > 0].mean()) if np.any(shop.pay > 0) else 1.0
    scratch = shop.scratch(held)
    _cool(
        held,
        best,
        home.astype(np.int64),
        int(reach),
        least.astype(np.int64),
        luck.random((STEPS, 3)),
        (HOT * mean, COLD * mean),
        shop.pay,
        shop.staff,
        (shop.most, shop.limit),
        (shop.duty, shop.least, 10.0 * float(shop.pay.max(initial=1.0))),
        (shop.promise, shop.worth, shop.asked, np.asarray(price, dtype=np.float64)),
        (shop.table, shop.step),
        scratch,
    )
    return best


@dataclass(frozen=True)
class _Shop:
    """A program in dense tables; n columns and nobody's, k pieces of p promises, r rules.

    Attributes:
        pay: of an agent, (n + 1,).
        staff: effective staff that one adds, (n + 1, k).
        most: what one adds to the people and seats in use, (n + 1, r); limit: how many there are, (r,).
        duty: whether one is on duty when somebody must be, (n + 1, moments); least: how many, (moments,).
        promise: of each piece, (k,); worth: what its share is worth to that, (k,); asked: of each, (p,).
        table: shares at `POINTS` steps of the effective staff, (k, POINTS + 1); step: (k,).
    """

    pay: Floats
    staff: Floats
    most: Floats
    limit: Floats
    duty: Floats
    least: Floats
    promise: Ints
    worth: Floats
    asked: Floats
    table: Floats
    step: Floats

    @classmethod
    def of(cls, boxes: Boxes, counts: Ints) -> _Shop:
        """Of a program; `counts` say about how much staff there will be."""

        def and_nobody(rows: Floats) -> Floats:
            return np.vstack([rows, np.zeros((1, rows.shape[1]))])

        rules, staff = boxes.columns.rules, boxes.staff.toarray().T
        far = 2.0 * (counts @ staff) + 10.0 * staff.max(axis=0) + _HAIR
        points = np.linspace(0.0, 1.0, POINTS + 1) * far[:, None]
        worth = boxes.worth.toarray()
        return cls(
            pay=np.append(boxes.columns.pay, 0.0),
            staff=and_nobody(staff),
            most=and_nobody(rules.most.toarray().T),
            limit=np.asarray(rules.limit, dtype=np.float64),
            duty=and_nobody(rules.duty.toarray().T),
            least=np.asarray(rules.least, dtype=np.float64),
            promise=np.abs(worth).argmax(axis=0),
            worth=worth.sum(axis=0),
            asked=boxes.given + boxes.need,
            table=np.array([curve.share(at) for curve, at in zip(boxes.curves, points, strict=True)]),
            step=far / POINTS,
        )

    def scratch(self, counts: Ints) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
        """Effective staff, (k,), shares, (k,), gains, (p,), and once more for a try, people and seats in use,
        (r,), and people on duty, (moments,)."""
        effective = counts @ self.staff[:-1]
        at = np.minimum(effective / self.step, POINTS - 1e-6)
        below, piece = at.astype(np.int64), np.arange(len(self.step))
        share = self.table[piece, below]
        share = share + (at - below) * (self.table[piece, below + 1] - share)
        gain = np.bincount(self.promise, share * self.worth, len(self.asked)).astype(np.float64)
        return effective, share, gain, gain.copy(), counts @ self.most[:-1], counts @ self.duty[:-1]


# -- compiled, see `cssim.jit` --------------------------------------------------------------------------


@part
def _share(table, step, i, effective):  # type: ignore[no-untyped-def]
    """A piece's share at some effective staff."""
    at = min(max(effective, 0.0) / step[i], table.shape[1] - 1 - 1e-6)
    below = int(at)
    return table[i, below] + (at - below) * (table[i, below + 1] - table[i, below])


@kept
def _cool(held, best, home, reach, least, luck, heat, pay, staff, rules, duty, promises, curves, scratch):  # type: ignore[no-untyped-def]
    """Anneal `held`; the cheapest that was seen is left in `best`."""
    most, limit = rules
    on_duty, must, missing = duty
    of, worth, asked, price = promises
    table, step = curves
    effective, share, gain, tried, used, there = scratch
    hot, cold = heat
    nobody = len(held)
    away = 0
    now = 0.0
    for j in range(nobody):
        now += pay[j] * held[j]
        away += abs(held[j] - home[j])
    for p in range(len(asked)):
        now += price[p] * max(asked[p] - gain[p], 0.0)
    for m in range(len(must)):
        now += missing * max(must[m] - there[m], 0.0)
    cheapest, steps = now, len(luck)
    for s in range(steps):
        off, on = int(luck[s, 0] * (nobody + 1)), int(luck[s, 1] * (nobody + 1))
        if off == on or (off < nobody and held[off] <= least[off]):
            continue
        far = away
        if off < nobody:
            far += 1 if held[off] <= home[off] else -1
        if on < nobody:
            far += 1 if held[on] >= home[on] else -1
        if far > reach and far > away:
            continue
        legal = True
        for r in range(len(limit)):
            more = most[on, r] - most[off, r]
            if more > 0.0 and used[r] + more > limit[r] + 1e-9:
                legal = False
                break
        if not legal:
            continue
        new = now + pay[on] - pay[off]
        for p in range(len(asked)):
            tried[p] = gain[p]
        for i in range(len(of)):
            change = staff[on, i] - staff[off, i]
            if change != 0.0:
                tried[of[i]] += worth[i] * (_share(table, step, i, effective[i] + change) - share[i])
        for p in range(len(asked)):
            new += price[p] * (max(asked[p] - tried[p], 0.0) - max(asked[p] - gain[p], 0.0))
        for m in range(len(must)):
            people = there[m] + on_duty[on, m] - on_duty[off, m]
            new += missing * (max(must[m] - people, 0.0) - max(must[m] - there[m], 0.0))
        if new > now and luck[s, 2] >= np.exp((now - new) / (hot * (cold / hot) ** (s / steps))):
            continue
        now, away = new, far
        if off < nobody:
            held[off] -= 1
        if on < nobody:
            held[on] += 1
        for p in range(len(asked)):
            gain[p] = tried[p]
        for i in range(len(of)):
            change = staff[on, i] - staff[off, i]
            if change != 0.0:
                effective[i] += change
                share[i] = _share(table, step, i, effective[i])
        for r in range(len(limit)):
            used[r] += most[on, r] - most[off, r]
        for m in range(len(must)):
            there[m] += on_duty[on, m] - on_duty[off, m]
        if now < cheapest - 1e-6:
            cheapest = now
            for j in range(nobody):
                best[j] = held[j]
