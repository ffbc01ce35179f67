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

from cssim.jit import kept
from cssim.roster.boxes import Boxes
from cssim.scenario.clock import Floats, Ints

STEPS: Final = 300_000
"""Moves that are looked at: a tenth of a second on a Double 11."""

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
    """A program in dense tables; n columns, k pieces of p promises, r rules.

    Attributes:
        pay: of an agent, (n,).
        staff: effective staff that one adds, (n, k).
        most: what one adds to the people and seats in use, (n, r); limit: how many there are, (r,).
        duty: whether one is on duty when somebody must be, (n, moments); least: how many, (moments,).
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
        rules, staff = boxes.columns.rules, np.ascontiguousarray(boxes.staff.toarray().T)
        far = 2.0 * (counts @ staff) + 10.0 * staff.max(axis=0) + _HAIR
        points = np.linspace(0.0, 1.0, POINTS + 1) * far[:, None]
        worth = boxes.worth.toarray()
        return cls(
            pay=np.asarray(boxes.columns.pay, dtype=np.float64),
            staff=staff,
            most=np.ascontiguousarray(rules.most.toarray().T, dtype=np.float64),
            limit=np.asarray(rules.limit, dtype=np.float64),
            duty=np.ascontiguousarray(rules.duty.toarray().T, dtype=np.float64),
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
        effective = counts @ self.staff
        at = np.minimum(effective / self.step, POINTS - 1e-6)
        below, piece = at.astype(np.int64), np.arange(len(self.step))
        share = self.table[piece, below]
        share = share + (at - below) * (self.table[piece, below + 1] - share)
        gain = np.bincount(self.promise, share * self.worth, len(self.asked)).astype(np.float64)
        return effective, share, gain, gain.copy(), counts @ self.most, counts @ self.duty


# -- compiled, see `cssim.jit` --------------------------------------------------------------------------


@kept
def _cool(held, best, home, reach, least, luck, heat, pay, staff, rules, duty, promises, curves, scratch):  # type: ignore[no-untyped-def]
    """Anneal `held`; the cheapest that was seen is left in `best`."""
    most, limit = rules
    on_duty, must, missing = duty
    of, worth, asked, price = promises
    table, step = curves
    effective, share, gain, tried, used, there = scratch
    hot, cold = heat
    n, k = staff.shape
    top = table.shape[1] - 1 - 1e-6
    away = 0
    now = 0.0
    for j in range(n):
        now += pay[j] * held[j]
        away += abs(held[j] - home[j])
    for p in range(len(asked)):
        now += price[p] * max(asked[p] - gain[p], 0.0)
    for m in range(len(must)):
        now += missing * max(must[m] - there[m], 0.0)
    least_cost, steps = now, len(luck)
    for s in range(steps):
        off, on = int(luck[s, 0] * (n + 1)), int(luck[s, 1] * (n + 1))  # n is nobody
        if off == on or (off < n and held[off] <= least[off]):
            continue
        far = away
        if off < n:
            far += 1 if held[off] <= home[off] else -1
        if on < n:
            far += 1 if held[on] >= home[on] else -1
        if far > reach and far > away:
            continue
        legal = True
        for r in range(len(limit)):
            use = used[r]
            if on < n:
                use += most[on, r]
            if off < n:
                use -= most[off, r]
            if use > limit[r] + 1e-9 and use > used[r]:
                legal = False
                break
        if not legal:
            continue
        new = now
        if off < n:
            new -= pay[off]
        if on < n:
            new += pay[on]
        for p in range(len(asked)):
            tried[p] = gain[p]
        for i in range(k):
            change = 0.0
            if on < n:
                change += staff[on, i]
            if off < n:
                change -= staff[off, i]
            if change != 0.0:
                at = min(max(effective[i] + change, 0.0) / step[i], top)
                below = int(at)
                here = table[i, below] + (at - below) * (table[i, below + 1] - table[i, below])
                tried[of[i]] += worth[i] * (here - share[i])
        for p in range(len(asked)):
            new += price[p] * (max(asked[p] - tried[p], 0.0) - max(asked[p] - gain[p], 0.0))
        for m in range(len(must)):
            people = there[m]
            if on < n:
                people += on_duty[on, m]
            if off < n:
                people -= on_duty[off, m]
            new += missing * (max(must[m] - people, 0.0) - max(must[m] - there[m], 0.0))
        if new > now and luck[s, 2] >= np.exp((now - new) / (hot * (cold / hot) ** (s / steps))):
            continue
        now, away = new, far
        if off < n:
            held[off] -= 1
        if on < n:
            held[on] += 1
        for p in range(len(asked)):
            gain[p] = tried[p]
        for i in range(k):
            change = 0.0
            if on < n:
                change += staff[on, i]
            if off < n:
                change -= staff[off, i]
            if change != 0.0:
                effective[i] += change
                at = min(max(effective[i], 0.0) / step[i], top)
                below = int(at)
                share[i] = table[i, below] + (at - below) * (table[i, below + 1] - table[i, below])
        for r in range(len(limit)):
            if on < n:
                used[r] += most[on, r]
            if off < n:
                used[r] -= most[off, r]
        for m in range(len(must)):
            if on < n:
                there[m] += on_duty[on, m]
            if off < n:
                there[m] -= on_duty[off, m]
        if now < least_cost - 1e-6:
            least_cost = now
            for j in range(n):
                best[j] = held[j]
