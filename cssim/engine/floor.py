"""Who stands on the floor and by which rules: a roster's agents and the groups' policy, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cssim.demand.contacts import Bools
from cssim.demand.streams import Purpose, Streams, key_of
from cssim.scenario.clock import GRID, Calendar, Floats, Ints
from cssim.scenario.schema import Scenario
from cssim.scenario.shifts import Shift


def on_grid(seconds: float) -> float:
    """The nearest multiple of 2^-20 s (ties to even)."""
    return round(seconds * GRID) / GRID


@dataclass(frozen=True)
class Duty:
    """So many agents of a group on one concrete shift."""

    group: str
    shift: Shift
    count: int


Roster = tuple[Duty, ...]


@dataclass(frozen=True)
class Policy:
    """The groups' rules; g groups, q queues.

    Attributes:
        groups: names, (g,).
        queues: names, (q,).
        serves: whether the group takes the queue, (g, q).
        priority: lower goes first, (g, q).
        speed: at the queue's work, (g, q).
        after: wait from the hand-over before the group may be asked, seconds, (g, q).
        chats: most chats that one agent holds open, (g,).
        idle_first: route, else fewest open, (g,).
        oldest: order of replies by message time alone, else first replies first, (g,).
        promote_after: a later round that has waited longer goes first, seconds or inf, (g,).
        idle_hold: seconds a place stays taken after the last reply, (g,).
        wind_down: seconds before a break or the end without new chats, (g,).
    """

    groups: tuple[str, ...]
    queues: tuple[str, ...]
    serves: Bools
    priority: Floats
    speed: Floats
    after: Floats
    chats: Ints
    idle_first: Bools
    oldest: Bools
    promote_after: Floats
    idle_hold: Floats
    wind_down: Floats


@dataclass(frozen=True)
class Agents:
    """One roster's agents in one replication, numbered by (group, start, end, shift name, k).

    Attributes:
        group: index of the group, (a,).
        start, end: of the shift, seconds from the horizon's start, (a,).
        present: whether the agent turns up, (a,).
        duty: index of the agent's entry in the roster, (a,).
        first: offsets of the agent's breaks, (a + 1,).
        break_start, break_end: planned, in order within an agent, (breaks,).
        break_paid: (breaks,).
    """

    group: Ints
    start: Floats
    end: Floats
    present: Bools
    duty: Ints
    first: Ints
    break_start: Floats
    break_end: Floats
    break_paid: Bools

    def __len__(self) -> int:
        return len(self.group)


def policy_of(scenario: Scenario) -> Policy:
    """The rules of a scenario's groups."""
    queues = tuple(scenario.queues)
    groups = tuple(scenario.groups)
    shape = (len(groups), len(queues))
    serves, priority = np.zeros(shape, dtype=bool), np.full(shape, np.inf)
    speed, after = np.ones(shape), np.full(shape, np.inf)
    for g, group in enumerate(scenario.groups.values()):
        for position, serve in enumerate(group.serves):
            q = queues.index(serve.queue)
            serves[g, q] = True
            priority[g, q] = position if serve.priority is None else serve.priority
            speed[g, q] = serve.speed or group.speed
            after[g, q] = on_grid(serve.after)
    rules = list(scenario.groups.values())
    return Policy(
        groups=groups,
        queues=queues,
        serves=serves,
        priority=priority,
        speed=speed,
        after=after,
        chats=np.array([r.chats for r in rules], dtype=np.int64),
        idle_first=np.array([r.route == "idle_first" for r in rules], dtype=bool),
        oldest=np.array([r.order == "oldest" for r in rules], dtype=bool),
        promote_after=np.array(
            [np.inf if r.promote_after is None else on_grid(r.promote_after) for r in rules]
        ),
        idle_hold=np.array([on_grid(r.idle_hold) for r in rules]),
        wind_down=np.array([on_grid(r.wind_down) for r in rules]),
    )


def in_order(roster: Iterable[Duty], groups: Sequence[str]) -> Roster:
    """The roster's entries in the order in which agents are numbered, entries without people left out."""
    rank = {name: g for g, name in enumerate(groups)}
    entries = [duty for duty in roster if duty.count > 0]
    return tuple(sorted(entries, key=lambda d: (rank[d.group], d.shift.start, d.shift.end, d.shift.name)))


@dataclass(frozen=True)
class Staff:
    """A roster's agents, whatever the replication; see `Agents`.

    Attributes:
        agents: all of them present.
        no_show: chance that the agent does not turn up, (a,).
        keys: of the streams of presence, one for each entry of the roster.
        offsets: an entry's agents are offsets[d] to offsets[d + 1].
    """

    agents: Agents
    no_show: Floats
    keys: NDArray[np.uint64]
    offsets: Ints

    @classmethod
    def of(cls, scenario: Scenario, roster: Roster) -> Staff:
        """The agents of a roster, as `in_order` gives it."""
        names = list(scenario.groups)
        calendar = Calendar.of(scenario.horizon)
        counts = [duty.count for duty in roster]

        def each(values: Iterable[float], dtype: type[np.generic]) -> NDArray[Any]:
            return np.repeat(np.array(list(values), dtype=dtype), counts)

        def key(duty: Duty) -> int:
            shift = duty.shift
            clock = shift.start - calendar.midnight(shift.day)
            length = shift.end - shift.start
            return key_of(f"{duty.group}|{shift.day}|{shift.name}|{clock!r}|{length!r}")

        pauses = [duty.shift.breaks for duty in roster for _ in range(duty.count)]
        agents = Agents(
            group=each((names.index(duty.group) for duty in roster), np.int64),
            start=each((duty.shift.start for duty in roster), np.float64),
            end=each((duty.shift.end for duty in roster), np.float64),
            present=np.ones(sum(counts), dtype=bool),
            duty=each(range(len(roster)), np.int64),
            first=np.cumsum([0, *(len(p) for p in pauses)], dtype=np.int64),
            break_start=np.array([b.start for p in pauses for b in p], dtype=np.float64),
            break_end=np.array([b.end for p in pauses for b in p], dtype=np.float64),
            break_paid=np.array([b.paid for p in pauses for b in p], dtype=bool),
        )
        return cls(
            agents=agents,
            no_show=each((scenario.groups[duty.group].no_show for duty in roster), np.float64),
            keys=np.array([key(duty) for duty in roster], dtype=np.uint64),
            offsets=np.cumsum([0, *counts], dtype=np.int64),
        )

    def on(self, streams: Streams) -> Agents:
        """Who of them turns up in this replication.

        Presence is keyed by group, date, shift and position, so one more agent changes nobody else's luck.
        """
        if not self.no_show.any():
            return self.agents
        luck = streams.beginnings(Purpose.PRESENCE, self.keys, self.offsets)
        return replace(self.agents, present=luck >= self.no_show)


def agents_of(scenario: Scenario, roster: Roster, streams: Streams) -> Agents:
    """The agents of a roster (as `in_order` gives it), and who of them turns up in this replication."""
    return Staff.of(scenario, roster).on(streams)
