"""What a simulated roster teaches the curves: where an agent is worth more or less than they say, and how
much more to ask for where a promise failed, or less where it was kept too well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cssim.engine.floor import Policy
from cssim.measure.tables import shown_target
from cssim.roster.cover import Asked
from cssim.roster.lab import Trial
from cssim.roster.need import Load, Promise, shared_out
from cssim.roster.shifts import Columns
from cssim.scenario.clock import Floats, Ints
from cssim.scenario.schema import WITHIN_MEASURES, Scenario

_UNSURE = 30.0
"""So many contacts seen weigh as much as what the curves said beforehand."""

_FLAT = (0.03, 0.97)
"""Outside these shares a curve is too flat to be read backwards."""


@dataclass(frozen=True)
class Setting:
    """What is the same in every step of a search: who can be bought for what load, under which promises.

    Attributes:
        scenario, columns, policy, load: as elsewhere.
        presence: share of each group's shifts for which somebody turns up, (g,).
        promises: the curves.
        at: for each of them, where its periods stand among all promises of a `Reading`.
        shown: for each queue, which of them its share in time by interval is of, or -1, (q,).
        of_target: index of each promise's target, (p,).
    """

    scenario: Scenario
    columns: Columns
    policy: Policy
    load: Load
    presence: Floats
    promises: tuple[Promise, ...]
    at: tuple[slice, ...]
    shown: Ints
    of_target: Ints

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        columns: Columns,
        policy: Policy,
        load: Load,
        promises: tuple[Promise, ...],
        periods: Sequence[int],
    ) -> Setting:
        """The setting; `periods` is how many each target has."""
        first = np.concatenate([[0], np.cumsum(periods)])
        shown = []
        for name in scenario.queues:
            target = shown_target(scenario, name)
            mine = [k for k, p in enumerate(promises) if scenario.targets[p.target] is target]
            shown.append(mine[0] if mine else -1)
        return cls(
            scenario=scenario,
            columns=columns,
            policy=policy,
            load=load,
            presence=np.array([1 - group.no_show for group in scenario.groups.values()]),
            promises=promises,
            at=tuple(slice(int(first[p.target]), int(first[p.target + 1])) for p in promises),
            shown=np.array(shown, dtype=np.int64),
            of_target=np.repeat(np.arange(len(periods)), periods),
        )

    def on_duty(self, counts: Ints) -> Floats:
        """Agents of each group expected on duty in each interval, (g, i)."""
        return self.columns.on_duty(counts) * self.presence[:, None]

    def given(self, on_duty: Floats) -> Floats:
        """Capacity that each queue gets of each group's agents on duty, (g, q, i)."""
        return shared_out(on_duty, self.load, self.policy)

    def capacity(self, promise: Promise, given: Floats) -> Floats:
        """Of what the queues are given, the capacity that is of use to a promise, (q, i)."""
        return np.asarray((given * promise.able[:, :, None]).sum(axis=0))

    def first_asked(self) -> Asked:
        """What the targets say, at the curves' word.

        Queues about which something is promised are not left to themselves in any interval; those about
        which nothing is promised have their work done.
        """
        promised = np.zeros(self.load.work.shape, dtype=bool)
        for promise in self.promises:
            promised |= promise.weight.sum(axis=0) > 0
        return Asked(
            shares=tuple(np.full(len(p.weight), p.share) for p in self.promises),
            worth=np.ones(self.load.work.shape),
            floor=self.load.work * np.where(promised, 0.85, 1.0),
        )


Seen = tuple[Floats, Floats]
"""In time and counted by queue and interval, (q, i) each; see `Lab.seen`."""


def relearned(setting: Setting, asked: Asked, counts: Ints, seen: Seen) -> Asked:
    """The same asked, by what an agent was seen to be worth with a roster of these counts."""
    given = setting.given(setting.on_duty(counts))
    return replace(asked, worth=_worth(setting, asked, given, seen))


def corrected(
    setting: Setting,
    asked: Asked,
    trial: Trial,
    seen: Seen,
    margin: Floats,
    gain: float,
) -> Asked:
    """What to ask for next, after a roster that was bought for `asked` has been tried.

    An agent's worth is read off the curve of the queue's own promise, cell by cell, from the share in time
    that was seen there. Then each period's share is moved, on the scale of odds, by what its measure lacks of
    the promise and its margin (times `gain`), and by what the new worth changes at the roster tried.
    """
    given = setting.given(setting.on_duty(trial.counts))
    worth = _worth(setting, asked, given, seen)
    shares = []
    for promise, share, place in zip(setting.promises, asked.shares, setting.at, strict=True):
        capacity = setting.capacity(promise, given)
        before, after = (promise.kept(capacity * w) for w in (asked.worth, worth))
        lacks = _lacks(setting.scenario, promise.target, trial.reading.slack[place], margin[place])
        moved = _odds(share) + _odds(after) - _odds(before) + gain * lacks
        shares.append(_share(np.clip(moved, -4.0, 7.0)))
    floor = asked.floor
    others = np.setdiff1d(np.arange(len(margin)), np.concatenate([np.arange(0), *map(_range, setting.at)]))
    if len(others):
        short = bool(np.any(trial.reading.slack[others] < margin[others]))
        floor = floor * (1.1 if short else 0.97)
    return replace(asked, shares=tuple(shares), worth=worth, floor=floor)


def _range(place: slice) -> Ints:
    return np.arange(place.start, place.stop)


def eased(asked: Asked, odds: float) -> Asked:
    """The same asked, every promise's share moved by so much on the scale of odds, and less of a floor."""
    shares = tuple(_share(_odds(share) + odds) for share in asked.shares)
    return replace(asked, shares=shares, floor=asked.floor * np.exp(min(odds, 0.0)))


def _worth(setting: Setting, asked: Asked, given: Floats, seen: Seen) -> Floats:
    """How much an agent counts in each cell, against the curve, (q, i)."""
    in_time, counted = seen
    moved, weight = np.zeros(asked.worth.shape), np.zeros(asked.worth.shape)
    for number, promise in enumerate(setting.promises):
        mine = (setting.shown == number)[:, None]
        capacity = setting.capacity(promise, given) * asked.worth
        said = promise.at(capacity)
        share = (in_time + _UNSURE * said) / (counted + _UNSURE)
        low, high = _FLAT
        flat = ((said > high) & (share > high)) | ((said < low) & (share < low)) | (capacity <= 0)
        ratio = promise.capacity(np.clip(share, low, high)) / np.maximum(
            promise.capacity(np.clip(said, low, high)), 1e-9
        )
        moved = np.where(mine & ~flat, np.log(np.clip(ratio, 0.5, 2.0)), moved)
        weight = np.where(mine & ~flat, counted, weight)
    smooth, mass = _beside(moved * weight), _beside(weight)
    step = np.divide(smooth, mass + _UNSURE, out=np.zeros_like(smooth), where=mass > 0)
    return np.asarray(np.clip(asked.worth * np.exp(step), 0.4, 2.5))


def _beside(values: Floats) -> Floats:
    """Each interval with half of its neighbours, (q, i)."""
    wide = np.pad(values, ((0, 0), (1, 1)))
    return np.asarray(values + 0.5 * (wide[:, :-2] + wide[:, 2:]))


def _lacks(scenario: Scenario, number: int, slack: Floats, margin: Floats) -> Floats:
    """What a target's periods lack, on the scale of odds of a share in time."""
    target = scenario.targets[number]
    if target.measure in WITHIN_MEASURES and target.at_least is not None:
        seen, wanted = target.at_least + slack, target.at_least + margin
    elif target.measure == "abandonment" and target.at_most is not None:
        seen, wanted = 1 - target.at_most + slack, 1 - target.at_most + margin
    else:
        return np.asarray(np.clip(2.0 * (margin - slack), -1.5, 1.5))
    return np.asarray(np.clip(_odds(wanted) - _odds(seen), -1.5, 1.5))


def _odds(share: Floats) -> Floats:
    kept = np.clip(share, 1e-3, 1 - 1e-3)
    return np.asarray(np.log(kept / (1 - kept)))


def _share(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-odds)))
