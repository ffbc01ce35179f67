"""Why a roster is as it is: what each of its people is there for, and where people are lacking."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cssim.demand.contacts import Bools
from cssim.experiment.simulation import SimulationResult
from cssim.measure.estimate import KINDS
from cssim.roster.cover import Asked
from cssim.roster.lab import Lab, Spent, Trial
from cssim.roster.learn import Setting
from cssim.roster.result import Shortfall
from cssim.scenario.clock import Calendar, Floats

LEAST = 8
"""Replications below which nothing is said of what a roster would be without somebody."""


def explained(
    setting: Setting, lab: Lab, trial: Trial, judged: SimulationResult, replications: int
) -> tuple[Mapping[str, float], ...]:
    """For each row of a roster, about what each target's worst period would be with one agent less on it.

    The judgement's estimate, and by how much that changes on the search's replications.

    Args:
        setting, lab: of the search.
        trial, judged: the roster, as tried and as judged.
        replications: on which it is seen; fewer where there is no time for them, and nothing is said where
            there is time for less than `LEAST`.
    """
    rows = judged.roster
    lab.tell("explain")
    some = replications
    if np.isfinite(lab.left):
        some = min(some, int(0.9 * lab.left / max(lab.pace * (len(rows) + 1), 1e-9)))
    if some < LEAST:
        return ()
    before = np.concatenate([[period.estimate for period in target.by_period] for target in judged.targets])
    worst = []
    try:
        with lab.unlimited():
            base = lab.trial(trial.counts, some).reading.value
            for duty in rows:
                fewer = trial.counts - setting.columns.counts([replace(duty, count=1)])
                change = lab.trial(fewer, some).reading.value - base
                worst.append(_worst(setting, before + change))
    except (KeyboardInterrupt, Spent):
        return ()
    return tuple(worst)


def _worst(setting: Setting, value: Floats) -> dict[str, float]:
    """By target, the estimate of its worst period, (p,)."""
    worst = {}
    for number, target in enumerate(setting.scenario.targets):
        mine = value[setting.of_target == number]
        up = target.on is not None or target.at_least is not None
        one = float(np.nanmin(mine) if up else np.nanmax(mine)) if np.isfinite(mine).any() else math.nan
        share = target.on is not None or KINDS[target.measure] != "number"
        worst[target.name] = min(max(one, 0.0), 1.0) if share else max(one, 0.0)
    return worst


def shortfall(
    setting: Setting, asked: Asked, trial: Trial, judged: SimulationResult
) -> tuple[Shortfall, ...]:
    """Where people are lacking, hour by hour, for each promise that is not met, as the curves tell."""
    scenario, calendar = setting.scenario, Calendar.of(setting.scenario.horizon)
    given = setting.given(setting.on_duty(trial.counts))
    rows = []
    for promise, share in zip(setting.promises, asked.shares, strict=True):
        target = judged.targets[promise.target]
        capacity = setting.capacity(promise, given) * asked.worth
        for period, weight, wanted_share in zip(target.by_period, promise.weight, share, strict=True):
            if period.verdict == "met":
                continue
            wanted = promise.capacity(np.full(capacity.shape, wanted_share))
            lacking = np.where(weight > 0, wanted - capacity, 0.0) / asked.worth
            for q, queue in enumerate(scenario.queues):
                for first, last in _runs(lacking[q] >= 0.5):
                    ends = min((last + 1) * calendar.interval, calendar.seconds)
                    rows.append(
                        Shortfall(
                            target=target.name,
                            period=period.period,
                            queue=queue,
                            start=calendar.moment(first * calendar.interval).isoformat(" ", "minutes"),
                            end=calendar.moment(ends).isoformat(" ", "minutes"),
                            people=float(lacking[q, first : last + 1].max()),
                        )
                    )
    return tuple(rows)


def _runs(where: Bools) -> list[tuple[int, int]]:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], where.astype(np.int64), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
