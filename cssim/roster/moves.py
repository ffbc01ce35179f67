"""Small changes to a roster, and what the curves say they would do, so that the likeliest is tried first.

A move takes one agent off a column, puts one on another, or both: dropped, added, moved to a shorter or a
cheaper shift, to another hour or to another group. Its effect is read off the slopes of the curves at the
roster; how far to trust them for each promise is learnt from the moves that were simulated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cssim.roster.cover import Asked
from cssim.roster.lab import Trial
from cssim.roster.learn import Setting
from cssim.scenario.clock import Floats, Ints

NOBODY = -1


@dataclass(frozen=True)
class Move:
    """One agent less on column `off`, one more on column `on`; `NOBODY` where there is none.

    Attributes:
        off, on: indices of columns.
        saves: pay.
        effect: what the curves say it changes in each promise's share, (p,).
    """

    off: int
    on: int
    saves: float
    effect: Floats

    def applied(self, counts: Ints) -> Ints:
        """The counts after it."""
        changed = counts.copy()
        if self.off != NOBODY:
            changed[self.off] -= 1
        if self.on != NOBODY:
            changed[self.on] += 1
        return changed


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


def moves(setting: Setting, asked: Asked, trial: Trial, margin: Floats, trust: Floats) -> Iterator[Move]:
    """The legal moves from a roster, most promising first.

    While the roster keeps its promises: those that save pay, first those that should leave all promises kept,
    the greatest saving first. While it does not: those that should mend most for their pay, and then, because
    the curves do not know all promises and more people are not always better, one less or one more anywhere.
    """
    off, on, saves, effect = _all(setting, asked, trial)
    slack = trial.reading.slack + trust * effect
    lacking = np.maximum(margin - slack, 0.0).sum(axis=1)
    now = trial.violation(margin)
    if now > 0:
        mended = now - lacking
        useful = np.flatnonzero(mended > 1e-4 * now)
        rank = mended[useful] / np.maximum(-saves[useful], 0.02 * setting.columns.pay.max())
        alone = np.setdiff1d(np.flatnonzero((off == NOBODY) | (on == NOBODY)), useful)
        order = np.concatenate([useful[np.argsort(-rank, kind="stable")], alone])
    else:
        useful = np.flatnonzero(saves > 1e-6)
        price = saves.max(initial=0.0) / 0.01
        order = useful[np.argsort(price * lacking[useful] - saves[useful], kind="stable")]
    for k in order:
        move = Move(int(off[k]), int(on[k]), float(saves[k]), effect[k])
        if setting.columns.rules.allow(move.applied(trial.counts)):
            yield move


def _all(setting: Setting, asked: Asked, trial: Trial) -> tuple[Ints, Ints, Floats, Floats]:
    """Every move: column left, column joined, pay saved, effect on each promise; (m,), (m,), (m,), (m, p)."""
    columns = setting.columns
    less, more = (_slopes(setting, asked, trial, step) for step in (-1.0, 1.0))
    places = np.append(np.arange(len(columns)), NOBODY)
    pay, none = np.append(columns.pay, 0.0), np.zeros((1, less.shape[1]))
    less, more = np.vstack([less, none]), np.vstack([more, none])
    used = np.append(np.flatnonzero(trial.counts > 0), NOBODY)
    off, on = (part.ravel() for part in np.meshgrid(used, places, indexing="ij"))
    real = off != on
    off, on = off[real], on[real]
    return off, on, pay[off] - pay[on], less[off] + more[on]


def _slopes(setting: Setting, asked: Asked, trial: Trial, step: float) -> Floats:
    """What one agent less (or more) on each column changes in each promise, (n, p)."""
    columns = setting.columns
    on_duty = setting.on_duty(trial.counts)
    effect = np.zeros((len(columns), len(setting.of_target)))
    for promise, place in zip(setting.promises, setting.at, strict=True):
        weight = promise.weight / np.maximum(promise.weight.sum(axis=(1, 2), keepdims=True), 1e-300)
        before = promise.at(setting.capacity(promise, on_duty) * asked.worth)
        for g in range(len(columns.groups)):
            changed = on_duty.copy()
            changed[g] = np.maximum(changed[g] + step, 0.0)
            after = promise.at(setting.capacity(promise, changed) * asked.worth)
            by_interval = (weight * (after - before)).sum(axis=1)
            mine = columns.group == g
            effect[mine, place] = columns.cover[mine] @ by_interval.T * setting.presence[g]
    return effect
