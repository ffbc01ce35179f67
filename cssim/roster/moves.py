"""Small changes to a roster, and what the curves say they would do, so that the likeliest is tried first.

A step takes one agent off a column, puts one on another, or both: dropped, added, moved to a shorter or a
cheaper shift, to another hour or to another group. A move is a step, or two at once: what the one saves, the
other may mend. Its effect is read off the slopes of the curves at the roster; how far to trust them for each
promise is learnt from the moves that were simulated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cssim.demand.contacts import Bools
from cssim.roster.cover import Asked
from cssim.roster.lab import Trial
from cssim.roster.learn import Setting
from cssim.scenario.clock import Floats, Ints

NOBODY = -1

_TOGETHER = 64
"""Steps whose legality is looked at together."""

PARTNERS = 60
"""Steps that save, and steps that mend, of which pairs are made."""


@dataclass(frozen=True)
class Move:
    """An agent less on each of the columns `off`, one more on each of `on`.

    Attributes:
        off, on: indices of columns.
        saves: pay, or whatever else is to be saved.
        effect: what the curves say it changes in each promise's share, (p,).
    """

    off: tuple[int, ...]
    on: tuple[int, ...]
    saves: float
    effect: Floats

    @property
    def key(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What tells it from others, whatever roster it is made on."""
        return self.off, self.on

    def applied(self, counts: Ints) -> Ints:
        """The counts after it."""
        changed = counts.copy()
        np.subtract.at(changed, list(self.off), 1)
        np.add.at(changed, list(self.on), 1)
        return changed


@dataclass(frozen=True)
class Steps:
    """Steps as columns, m of them; `NOBODY` where none is taken off or put on.

    Attributes:
        off, on: (m, 1) for single steps, (m, 2) for pairs.
        saves: (m,).
        effect: (m, p).
    """

    off: Ints
    on: Ints
    saves: Floats
    effect: Floats

    def __getitem__(self, rows: Ints) -> Steps:
        return Steps(self.off[rows], self.on[rows], self.saves[rows], self.effect[rows])

    def move(self, row: int) -> Move:
        """One of them."""
        off, on = (tuple(int(c) for c in side[row] if c != NOBODY) for side in (self.off, self.on))
        return Move(off, on, float(self.saves[row]), self.effect[row])


class Trust:
    """How much of a predicted effect was seen, for each promise: a regression through 0, drawn towards 1."""

    def __init__(self, promises: int) -> None:
        self._both, self._square = np.full(promises, 1e-5), np.full(promises, 1e-5)

    @property
    def factor(self) -> Floats:
        """Seen over predicted, (p,)."""
        return np.asarray(np.clip(self._both / self._square, 0.3, 3.0))

    def learn(self, predicted: Floats, seen: Floats, error: Floats) -> None:
        """Count a simulated move in, less the noisier it was seen."""
        sure = 1 / (1 + (error / 0.01) ** 2)
        self._both += sure * predicted * seen
        self._square += sure * predicted**2


def moves(
    setting: Setting,
    asked: Asked,
    trial: Trial,
    margin: Floats,
    trust: Floats,
    least: Ints,
    gain: Floats | None = None,
    room: float = np.inf,
) -> Iterator[Move]:
    """The legal moves from a roster, most promising first; `least` agents stay on each column.

    `gain` is what one agent more on each column saves besides its pay, roughly, (n,); `room` is how much more
    a roster may cost.

    While the roster keeps its promises: those that save pay, first those that should leave all promises kept,
    the greatest saving first. While it does not: those that should mend most for their pay, and then, because
    the curves do not know all promises and more people are not always better, one less or one more anywhere.
    """
    steps = _steps(setting, asked, trial, setting.columns.pay - (0.0 if gain is None else gain))
    if room < np.inf:
        ranked = _bettering(steps, trial, margin, trust, room)
    elif trial.violation(margin) > 0:
        ranked = _mending(steps, trial, margin, trust)
    else:
        ranked = _saving(steps, trial, margin, trust)
    for first in range(0, len(ranked.saves), _TOGETHER):
        rows = np.arange(first, min(first + _TOGETHER, len(ranked.saves)))
        for row in rows[_legal(setting, trial.counts, ranked[rows], least)]:
            yield ranked.move(int(row))


def cut(setting: Setting, asked: Asked, trial: Trial, least: Ints, room: float) -> Ints:
    """A roster's counts with the people left out whom the curves miss least for their pay, until it costs at
    least -`room` less; as far as the minimum on duty allows."""
    while room < 0:
        steps = _steps(setting, asked, trial, setting.columns.pay)
        steps = steps[np.flatnonzero((steps.on[:, 0] == NOBODY) & (steps.saves > 0))]
        steps = steps[np.flatnonzero(_legal(setting, trial.counts, steps, least))]
        if not len(steps.saves):
            break
        missed = _lacking(steps, trial, trial.reading.slack, np.ones(len(trial.reading.slack)))
        move = steps.move(int(np.argmin((missed + 1e-9) / steps.saves)))
        trial, room = replace(trial, counts=move.applied(trial.counts)), room + move.saves
    return trial.counts


def _legal(setting: Setting, counts: Ints, steps: Steps, least: Ints) -> Bools:
    """Which steps lead to legal rosters, (m,)."""
    changed = np.tile(np.append(counts, 0), (len(steps.saves), 1))  # nobody's column is the last
    every = np.arange(len(changed))[:, None]
    np.subtract.at(changed, (every, steps.off), 1)
    np.add.at(changed, (every, steps.on), 1)
    enough = np.all(changed[:, :-1] >= least, axis=1)
    return np.asarray(setting.columns.rules.allowed(changed[:, :-1]) & enough)


def _lacking(steps: Steps, trial: Trial, margin: Floats, trust: Floats) -> Floats:
    """What all promises together should lack after each step, (m,)."""
    slack = trial.reading.slack + trust * steps.effect
    return np.asarray(np.maximum(margin - slack, 0.0).sum(axis=1))


def _mending(steps: Steps, trial: Trial, margin: Floats, trust: Floats) -> Steps:
    """Single steps that should mend, in turns by how much for their pay and by how much; then all others of
    one agent. What costs next to nothing is often wishful, and what costs more mends for sure."""
    now = trial.violation(margin)
    mended = now - _lacking(steps, trial, margin, trust)
    rank = mended / np.maximum(-steps.saves, 0.02 * np.abs(steps.saves).max(initial=0.0) + 1e-9)
    turns = np.stack([np.argsort(-rank, kind="stable"), np.argsort(-mended, kind="stable")], axis=1).ravel()
    order = turns[np.sort(np.unique(turns, return_index=True)[1])]
    mends = mended[order] > 1e-4 * now
    alone = (steps.off[order, 0] == NOBODY) | (steps.on[order, 0] == NOBODY)
    return steps[np.concatenate([order[mends], order[~mends & alone]])]


def _bettering(steps: Steps, trial: Trial, margin: Floats, trust: Floats, room: float) -> Steps:
    """Single steps and pairs for which there is the money, by how much they should mend."""
    both = _joined(_doubled(steps), _pairs(steps, trial, margin, trust))
    both = both[np.flatnonzero(both.saves >= -room)]
    return both[np.argsort(_lacking(both, trial, margin, trust), kind="stable")]


def _saving(steps: Steps, trial: Trial, margin: Floats, trust: Floats) -> Steps:
    """Single steps and pairs that save, by what they save less the price of what they should lack."""
    both = _joined(_doubled(steps), _pairs(steps, trial, margin, trust))
    both = both[np.flatnonzero(both.saves > 1e-6)]
    price = steps.saves.max(initial=0.0) / 0.01
    return both[np.argsort(price * _lacking(both, trial, margin, trust) - both.saves, kind="stable")]


def _pairs(steps: Steps, trial: Trial, margin: Floats, trust: Floats) -> Steps:
    """A step that saves with one that mends, of the best of each for their price."""
    spare = np.maximum(trial.reading.slack - margin, 0.0)
    near = 1 / (spare + 0.2 * (spare.max(initial=0.0) + 1e-3))  # what is nearest to failing counts most
    mends = (trust * steps.effect) @ near / near.sum()
    worth = steps.saves / np.maximum(-mends, 1e-4)
    savers = np.argsort(-np.where(steps.saves > 0, worth, -np.inf), kind="stable")[:PARTNERS]
    worth = mends / np.maximum(-steps.saves, 1e-2 * np.abs(steps.saves).max(initial=1.0))
    menders = np.argsort(-np.where(mends > 0, worth, -np.inf), kind="stable")[:PARTNERS]
    one, two = (side.ravel() for side in np.meshgrid(savers, menders, indexing="ij"))
    off, on = (np.hstack([side[one], side[two]]) for side in (steps.off, steps.on))
    crossed = (off[:, [0, 1]] == on[:, [1, 0]]) & (off != NOBODY)  # one's loss is the other's gain
    good = np.flatnonzero(~crossed.any(axis=1) & (one != two))
    return Steps(off, on, steps.saves[one] + steps.saves[two], steps.effect[one] + steps.effect[two])[good]


def _doubled(steps: Steps) -> Steps:
    """Single steps in the shape of pairs."""
    none = np.full_like(steps.off, NOBODY)
    return Steps(np.hstack([steps.off, none]), np.hstack([steps.on, none]), steps.saves, steps.effect)


def _joined(one: Steps, two: Steps) -> Steps:
    return Steps(
        np.vstack([one.off, two.off]),
        np.vstack([one.on, two.on]),
        np.concatenate([one.saves, two.saves]),
        np.vstack([one.effect, two.effect]),
    )


def _steps(setting: Setting, asked: Asked, trial: Trial, price: Floats) -> Steps:
    """Every single step from a roster; `price` is what one agent on each column costs, (n,)."""
    columns = setting.columns
    less, more = (_slopes(setting, asked, trial, step) for step in (-1.0, 1.0))
    places = np.append(np.arange(len(columns)), NOBODY)
    pay, none = np.append(price, 0.0), np.zeros((1, less.shape[1]))
    less, more = np.vstack([less, none]), np.vstack([more, none])
    used = np.append(np.flatnonzero(trial.counts > 0), NOBODY)
    off, on = (part.ravel() for part in np.meshgrid(used, places, indexing="ij"))
    real = off != on
    off, on = off[real], on[real]
    return Steps(off[:, None], on[:, None], pay[off] - pay[on], less[off] + more[on])


def _slopes(setting: Setting, asked: Asked, trial: Trial, step: float) -> Floats:
    """What one agent less (or more) on each column changes in each promise, (n, p)."""
    columns = setting.columns
    on_duty = setting.on_duty(trial.counts)
    effect = np.zeros((len(columns), len(setting.of_target)))
    weights = [
        p.weight / np.maximum(p.weight.sum(axis=(1, 2), keepdims=True), 1e-300) for p in setting.promises
    ]

    def shares(staff: Floats) -> list[Floats]:
        given = setting.given(staff)
        return [p.at(setting.capacity(p, given) * asked.worth) for p in setting.promises]

    before = shares(on_duty)
    for g in range(len(columns.groups)):
        mine = columns.group == g
        if not mine.any():
            continue
        changed = on_duty.copy()
        changed[g] = np.maximum(changed[g] + step, 0.0)
        each = columns.cover[mine] * setting.presence[g]
        for was, now, weight, place in zip(before, shares(changed), weights, setting.at, strict=True):
            effect[mine, place] = each @ (weight * (now - was)).sum(axis=1).T
    return effect
