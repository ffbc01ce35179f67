"""What can be said of a scenario before anything is simulated: its demand, its load, roughly whom it needs,
and how far each promise could be kept by agents with nothing else to do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from cssim.demand.distributions import cdf
from cssim.demand.forecast import expected_contacts
from cssim.engine.floor import Policy, policy_of
from cssim.errors import Fault
from cssim.measure.estimate import numbers
from cssim.roster.need import load_of, promises_of, refuse_empty
from cssim.roster.slack import Shortage, able_for, people_of, shortages
from cssim.scenario import checks
from cssim.scenario.clock import Calendar, Floats
from cssim.scenario.load import digest, resolved
from cssim.scenario.schema import DURATION_MEASURES, Queue, Scenario, Spread, Target
from cssim.scenario.units import HOUR, format_moment
from cssim.scenario.untold import untold


@dataclass(frozen=True)
class QueueOutlook:
    """A queue, as expected if nobody gives up.

    Attributes:
        contacts: over the horizon, follow-ups included.
        follow_ups: of these, those that come of other contacts.
        offered: of all, those that reach people.
        by_date: offered, by local date of the hand-over.
        peak: offered in the busiest planning interval, and its start.
        hours: agent-hours of reply work at speed 1.
        load: agents busy replying at speed 1, at most in any interval (erlangs).
        need: agents at speed 1 that it roughly takes by itself, (i,).
        people: agents at speed 1 who may work for it (and for others), (i,); infinite without a limit.
    """

    contacts: float
    follow_ups: float
    offered: float
    by_date: dict[date, float]
    peak: tuple[datetime, float]
    hours: float
    load: float
    need: Floats
    people: Floats

    @property
    def tightest(self) -> int:
        """The interval in which it has least to spare; its busiest, where nothing limits the people."""
        left = self.people - self.need
        return int(np.argmin(left)) if np.isfinite(left).any() else int(np.argmax(self.need))


@dataclass(frozen=True)
class Ceiling:
    """How far agents with nothing else to do would keep a promise about replies.

    Attributes:
        target: its index in the scenario.
        name: of the target.
        measure: of the target.
        best: the share in time, or the mean seconds, that they would reach.
        wanted: what is promised; None where it is promised to be slow or seldom.
        possible: whether the promise lies on the right side of it.
    """

    target: int
    name: str
    measure: str
    best: float
    wanted: float | None
    possible: bool


@dataclass(frozen=True)
class Outlook:
    """What `check` shows.

    Attributes:
        scenario: resolved.
        queues: by name.
        starts: of the planning intervals, local, (i,).
        need: agents at speed 1 on duty that the promises roughly take, (i,).
        need_hours: the same in agent-hours over the horizon.
        people_on: agents of each group who may work, at its speed, (i,); infinite without a limit.
        ceilings: of every promise about replies, in the scenario's order.
        warnings: what is legal but odd.
        untold: what was left to its default, the most influential first.
    """

    scenario: Scenario
    queues: dict[str, QueueOutlook]
    starts: tuple[datetime, ...]
    need: Floats
    need_hours: float
    people_on: dict[str, Floats]
    ceilings: tuple[Ceiling, ...]
    warnings: tuple[Fault, ...]
    untold: tuple[Fault, ...]

    @property
    def people(self) -> float:
        """Everybody there is, in agents at their groups' speed; infinite where a group has no limit."""
        groups = self.scenario.groups.values()
        return sum(math.inf if g.people is None else g.people * g.speed for g in groups)

    @property
    def busiest(self) -> tuple[datetime, float]:
        """The interval that needs most people, and how many."""
        most = int(np.argmax(self.need))
        return self.starts[most], float(self.need[most])

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON."""
        when, most = self.busiest
        return {
            "schema": "cssim.outlook.1",
            "scenario": resolved(self.scenario),
            "scenario_digest": digest(self.scenario),
            "queues": {
                name: {
                    "contacts": queue.contacts,
                    "follow_ups": queue.follow_ups,
                    "offered": queue.offered,
                    "by_date": {day.isoformat(): contacts for day, contacts in queue.by_date.items()},
                    "peak": {"start": format_moment(queue.peak[0]), "offered": queue.peak[1]},
                    "work_hours": queue.hours,
                    "load": queue.load,
                    "need": numbers(queue.need),
                    "people": numbers(queue.people),
                }
                for name, queue in self.queues.items()
            },
            "need": {
                "start": [format_moment(start) for start in self.starts],
                "agents": [float(agents) for agents in self.need],
                "hours": self.need_hours,
                "busiest": {"start": format_moment(when), "agents": most},
                "groups": {name: numbers(people) for name, people in self.people_on.items()},
            },
            "ceilings": [
                {
                    "target": ceiling.name,
                    "measure": ceiling.measure,
                    "best": ceiling.best if math.isfinite(ceiling.best) else None,
                    "wanted": ceiling.wanted,
                    "possible": ceiling.possible,
                }
                for ceiling in self.ceilings
            ],
            "warnings": [warning.text() for warning in self.warnings],
            "untold": [left_out.text() for left_out in self.untold],
        }


def outlook_of(scenario: Scenario, warnings: tuple[Fault, ...] | None = None) -> Outlook:
    """The outlook of a scenario.

    Args:
        scenario: what the planner wrote, resolved.
        warnings: those that its reading gave, with their places; found here by default.

    Raises:
        InputError: a volume that its profile cannot place, follow-ups without end, or a promise about
            contacts that never come.
    """
    calendar = Calendar.of(scenario.horizon)
    starts = tuple(calendar.moment(k * calendar.interval) for k in range(calendar.intervals))
    lengths = np.diff(np.append(np.arange(calendar.intervals) * calendar.interval, calendar.seconds))
    load, volumes = load_of(scenario), expected_contacts(scenario)
    capacity = load.work.copy()
    promises = promises_of(scenario, load)
    refuse_empty(scenario, promises)
    for promise in promises:
        counts = promise.weight.sum(axis=0) > 0
        wanted = promise.capacity(np.full(load.work.shape, promise.share))
        capacity = np.maximum(capacity, np.where(counts, wanted, 0.0))
    people, policy = people_of(scenario), policy_of(scenario)
    queues = {}
    for q, name in enumerate(scenario.queues):
        by_date: dict[date, float] = {}
        for start, contacts in zip(starts, load.contacts[q], strict=True):
            by_date[start.date()] = by_date.get(start.date(), 0.0) + float(contacts)
        most = int(np.argmax(load.contacts[q]))
        queues[name] = QueueOutlook(
            contacts=float(volumes.total[q]),
            follow_ups=float(volumes.follow_ups[q]),
            offered=float(volumes.offered[q]),
            by_date=by_date,
            peak=(starts[most], float(load.contacts[q, most])),
            hours=float(load.work[q] @ lengths) / HOUR,
            load=float(load.work[q].max()),
            need=capacity[q],
            people=able_for(scenario, people, [q], policy),
        )
    need = np.maximum(capacity.sum(axis=0), scenario.limits.min_on_duty)
    ceilings = ceilings_of(scenario)
    return Outlook(
        scenario=scenario,
        queues=queues,
        starts=starts,
        need=need,
        need_hours=float(need @ lengths) / HOUR,
        people_on=dict(zip(scenario.groups, people, strict=True)),
        ceilings=ceilings,
        warnings=(
            *(checks.warnings(scenario) if warnings is None else warnings),
            *(_above(ceiling) for ceiling in ceilings if not ceiling.possible),
            *(_short(one, starts, calendar) for one in shortages(scenario, capacity, people)),
        ),
        untold=untold(scenario),
    )


def _short(one: Shortage, starts: Sequence[datetime], calendar: Calendar) -> Fault:
    end = calendar.moment(min((one.last + 1) * calendar.interval, calendar.seconds))
    values = {
        "queues": ", ".join(one.queues),
        "start": format_moment(starts[one.first]),
        "end": format_moment(end),
        "need": f"{one.need:.0f}",
        "people": f"{one.people:.0f}",
    }
    return Fault("outlook.short", values, "groups")


def _above(ceiling: Ceiling) -> Fault:
    assert ceiling.wanted is not None
    form = "{:.1f}s" if ceiling.measure in DURATION_MEASURES else "{:.1%}"
    values = {"wanted": form.format(ceiling.wanted), "best": form.format(ceiling.best)}
    return Fault("outlook.above_ceiling", values, f"targets.{ceiling.target}")


# -- ceilings ---------------------------------------------------------------------------------------------


def ceilings_of(scenario: Scenario) -> tuple[Ceiling, ...]:
    """The ceiling of every promise about replies.

    A reply that begins at once takes work / speed, of the fastest group that may be asked in time: the share
    within T is P(work <= speed x T). A round is the first with probability 1 / mean rounds; a buyer is kept
    if every round is (the generating function of the rounds at that share). Follow-ups and hours of the day
    are left out: they change nothing for an agent who answers everybody at once.
    """
    policy, volumes = policy_of(scenario), expected_contacts(scenario)
    found = []
    for index, target in enumerate(scenario.targets):
        reach = _MEASURES.get(target.measure)
        if reach is None:
            continue
        pairs = [
            reach(_Reach(queue, target, policy, q), volumes.total[q], volumes.offered[q])
            for q, (name, queue) in enumerate(scenario.queues.items())
            if target.queues is None or name in target.queues
        ]
        part, whole = np.sum(pairs, axis=0)
        best = float(part / whole) if whole > 0 else math.nan
        if target.measure in DURATION_MEASURES:
            wanted, possible = target.at_most, target.at_most is None or not best > target.at_most
        else:
            wanted, possible = target.at_least, target.at_least is None or not best < target.at_least
        found.append(Ceiling(index, target.name, target.measure, best, wanted, possible))
    return tuple(found)


@dataclass(frozen=True)
class _Reach:
    """What a queue's rounds reach if they are answered at once."""

    queue: Queue
    target: Target
    policy: Policy
    index: int

    @property
    def covers(self) -> float:
        return self.queue.bot.covers if self.queue.bot else 0.0

    @property
    def deflects(self) -> float:
        return self.covers * self.queue.bot.resolves if self.queue.bot else 0.0

    @property
    def handed_over_after(self) -> float:
        return self.queue.bot.hands_over_after if self.queue.bot else 0.0

    @property
    def rounds(self) -> float:
        return self.queue.chat.rounds.mean

    @property
    def first_work(self) -> Spread:
        return self.queue.chat.first_reply or self.queue.chat.reply

    def in_time(self, work: Spread, late: float = 0.0, first: bool = False) -> float:
        """P(reply within T, the clock having run for `late` already), by the group that reaches most."""
        return max(
            (
                float(cdf(work, (left + 1e-9) * speed)) if left >= 0 else 0.0
                for left, speed in self._groups(late, first)
            ),
            default=0.0,
        )

    def begun(self, late: float) -> float:
        """The same for a reply that need only begin."""
        return max((float(left >= 0) for left, _ in self._groups(late, True)), default=0.0)

    def _groups(self, late: float, first: bool) -> list[tuple[float, float]]:
        within, q = self.target.within or 0.0, self.index
        serving = np.flatnonzero(self.policy.serves[:, q])
        wait = self.policy.after[serving, q] if first else np.zeros(len(serving))
        return [(within - late - w, s) for w, s in zip(wait, self.policy.speed[serving, q], strict=True)]

    def first(self, reached: Callable[[float], float]) -> tuple[float, float, float]:
        """First rounds in time: deflected, covered and offered, not covered; as shares of contacts."""
        late = self.handed_over_after
        handed, bare = self.covers - self.deflects, 1 - self.covers
        if self.target.counts == "any":
            return self.deflects, handed, bare * reached(0.0)
        return 0.0, handed * reached(late if self.target.clock == "arrival" else 0.0), bare * reached(0.0)

    def quickest(self, work: Spread, first: bool) -> float:
        """Mean seconds of a reply that begins at once, by the fastest group."""
        q = self.index
        serving = np.flatnonzero(self.policy.serves[:, q])
        if not len(serving):
            return math.inf
        wait = self.policy.after[serving, q] if first else 0.0
        return float((wait + work.mean / self.policy.speed[serving, q]).min())


def _first_reply(reach: _Reach, contacts: float, offered: float) -> tuple[float, float]:
    in_time = reach.first(lambda late: reach.in_time(reach.first_work, late, first=True))
    return contacts * sum(in_time), contacts if reach.target.counts == "any" else offered


def _answered(reach: _Reach, contacts: float, offered: float) -> tuple[float, float]:
    return contacts * sum(reach.first(reach.begun)), contacts if reach.target.counts == "any" else offered


def _rounds(reach: _Reach, contacts: float, offered: float) -> tuple[float, float]:
    part, whole = _first_reply(reach, contacts, offered)
    later = offered * (reach.rounds - 1)
    return part + later * reach.in_time(reach.queue.chat.reply), whole + later


def _buyers(reach: _Reach, contacts: float, offered: float) -> tuple[float, float]:
    deflected, handed, bare = reach.first(lambda late: reach.in_time(reach.first_work, late, first=True))
    kept, mean = reach.in_time(reach.queue.chat.reply), reach.rounds
    if reach.queue.chat.rounds.dist == "fixed":
        later = kept ** (mean - 1)
    else:
        later = 1 / (mean - (mean - 1) * kept)
    whole = contacts if reach.target.counts == "any" else offered
    return contacts * (deflected + (handed + bare) * later), whole


def _mean_first_reply(reach: _Reach, contacts: float, offered: float) -> tuple[float, float]:
    each = reach.quickest(reach.first_work, first=True)
    if reach.target.counts == "any":
        return contacts * (1 - reach.covers) * each, contacts
    handed = contacts * (reach.covers - reach.deflects) if reach.target.clock == "arrival" else 0.0
    return offered * each + handed * reach.handed_over_after, offered


def _mean_reply(reach: _Reach, contacts: float, offered: float) -> tuple[float, float]:
    part, whole = _mean_first_reply(reach, contacts, offered)
    later = offered * (reach.rounds - 1)
    return part + later * reach.quickest(reach.queue.chat.reply, first=False), whole + later


_MEASURES: dict[str, Callable[[_Reach, float, float], tuple[float, float]]] = {
    "first_reply": _first_reply,
    "answered": _answered,
    "rounds": _rounds,
    "buyers": _buyers,
    "mean_first_reply": _mean_first_reply,
    "mean_reply": _mean_reply,
}
