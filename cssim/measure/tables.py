"""What is counted in every replication of a scenario, as the tables that the one pass over a log reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cssim.demand.contacts import NOBODY
from cssim.engine.log import Log, Outcome
from cssim.measure.course import edges, interval_spans
from cssim.measure.measures import (
    KINDS,
    LAST_OF_CONTACTS,
    OTHER,
    Cells,
    Clock,
    Happened,
    Rules,
    Spans,
    Sums,
    count,
)
from cssim.measure.periods import Period
from cssim.measure.presence import OF_TIME, Presence, ticks_of
from cssim.scenario.clock import GRID, Calendar, Floats, Ints
from cssim.scenario.schema import WITHIN_MEASURES, Scenario, Target

COUNTS: Final = (
    "contacts",
    "offered",
    "deflected",
    "served",
    "abandoned",
    "lingered",
    "broken_off",
    "unfinished",
    "rounds",
)
"""Columns of `Sums.counts`."""


@dataclass(frozen=True)
class Tables:
    """What is counted.

    Attributes:
        queues, groups, intervals: how many.
        periods: most of one target.
        dates: that the horizon touches.
        clock, rules, spans: see `cssim.measure.measures`; the hints of the spans are to be copied.
        cuts, of_interval: of `Cells`.
    """

    queues: int
    groups: int
    intervals: int
    periods: int
    dates: int
    clock: Clock
    rules: Rules
    spans: Spans
    cuts: Ints
    of_interval: Ints

    @classmethod
    def of(cls, scenario: Scenario, calendar: Calendar, periods: Sequence[Sequence[Period]]) -> Tables:
        """The tables of a scenario; `calendar` is its horizon's, `periods` are of each target."""
        cuts, of_interval = _cells(scenario, calendar, periods)
        return cls(
            queues=len(scenario.queues),
            groups=len(scenario.groups),
            intervals=calendar.intervals,
            periods=max((len(of_one) for of_one in periods), default=0),
            dates=len(calendar.dates),
            clock=Clock(calendar.warm_up, calendar.seconds, calendar.interval, calendar.offset),
            rules=_rules(scenario),
            spans=_spans(periods),
            cuts=cuts,
            of_interval=of_interval,
        )

    def count(self, log: Log) -> tuple[Sums, Presence]:
        """Everything that one pass over a log adds up."""
        sums = self._nothing(log)
        shape = (3, self.groups, len(self.cuts) - 1)
        per_tick = 1 / (self.clock.interval * GRID)
        cells = Cells(self.cuts, self.of_interval, per_tick, np.zeros(shape, dtype=np.int64))
        spans = self.spans._replace(hint=np.empty_like(self.spans.hint))
        count(self.clock, _happened(log), self.rules, spans, cells, sums)
        return sums, Presence(self.cuts, cells.ticks)

    def _nothing(self, log: Log) -> Sums:
        """Sums before anything is counted, with room for what the log has."""
        q, i, t, p = self.queues, self.intervals, len(self.rules.kind), self.periods
        contacts, whole, real, small = log.contacts, np.int64, np.float64, np.int32
        asked = len(self.rules.of_buyers) > 0
        buyers = int(contacts.buyer.max(initial=NOBODY)) + 1 if asked else 0
        dates = p * self.dates if asked else 0
        return Sums(
            counts=np.zeros((q, len(COUNTS)), whole),
            first_reply=np.zeros((q, 2), real),
            wait=np.zeros((q, 2), real),
            reply=np.zeros((q, 2), real),
            first_replies=np.empty(len(contacts), real),
            waits=np.empty(len(log.begun), real),
            room_contacts=np.zeros(q + 1, whole),
            room_rounds=np.zeros(q + 1, whole),
            lost=np.zeros(1, real),
            offered_in_all=np.zeros(1, whole),
            part=np.zeros((t, p), real),
            whole=np.zeros((t, p), real),
            unsent=np.zeros((t, p), whole),
            offered=np.zeros((q, i), small),
            counted=np.zeros((q, i), small),
            in_time=np.zeros((q, i), small),
            first_reply_bins=np.zeros((q, i, len(self.rules.edges) - 1), whole),
            messages=np.zeros((q, i), whole),
            work=np.zeros((q, i), whole),
            first_of=np.full(buyers, NOBODY, whole),
            next_of=np.empty(len(contacts) if asked else 0, whole),
            met=np.empty(dates, whole),
            kept=np.empty(dates, bool),
        )


def shown_target(scenario: Scenario, queue: str) -> Target | None:
    """The queue's first target on replies within a time, which is shown by interval (buyers by rounds)."""
    for target in scenario.targets:
        if target.measure in WITHIN_MEASURES and (target.queues is None or queue in target.queues):
            return target
    return None


def _rules(scenario: Scenario) -> Rules:
    targets, queues = scenario.targets, list(scenario.queues)
    kind = np.array([KINDS.get(target.measure, OTHER) for target in targets], dtype=np.int64)
    shown = [shown_target(scenario, queue) for queue in queues]
    columns = [outcome.name.lower() for outcome in Outcome]
    return Rules(
        column=np.array([COUNTS.index(name) if name in COUNTS else 0 for name in columns], dtype=np.int64),
        values=np.array([queue.sale_value for queue in scenario.queues.values()], dtype=np.float64),
        shown=np.array([NOBODY if t is None else targets.index(t) for t in shown], dtype=np.int64),
        of_rounds=np.flatnonzero((kind > LAST_OF_CONTACTS) & (kind < OTHER)),
        of_buyers=np.flatnonzero(kind == KINDS["buyers"]),
        kind=kind,
        within=np.array([target.within or 0.0 for target in targets], dtype=np.float64),
        any_reply=np.array([target.counts == "any" for target in targets], dtype=bool),
        from_arrival=np.array([target.clock == "arrival" for target in targets], dtype=bool),
        exclude=np.array([target.exclude_abandoned_within for target in targets], dtype=bool),
        queues=np.array([q in (t.queues or queues) for t in targets for q in queues], dtype=bool).reshape(
            len(targets), len(queues)
        ),
        edges=edges(),
    )


def _spans(periods: Sequence[Sequence[Period]]) -> Spans:
    spans = [[(a, b, k) for k, period in enumerate(of_one) for a, b in period.spans] for of_one in periods]
    every = np.array([span for of_one in spans for span in of_one], dtype=np.float64).reshape(-1, 3)
    return Spans(
        first=np.cumsum([0, *(len(of_one) for of_one in spans)], dtype=np.int64),
        start=every[:, 0].copy(),
        stop=every[:, 1].copy(),
        period=every[:, 2].astype(np.int64),
        hint=np.zeros(len(spans), dtype=np.int64),
    )


def _cells(scenario: Scenario, calendar: Calendar, periods: Sequence[Sequence[Period]]) -> tuple[Ints, Ints]:
    """Where agents' time is cut, so that all that is asked of it is made of whole cells; see `Cells`."""
    starts, ends = interval_spans(calendar)
    asked = [
        edge
        for target, of_one in zip(scenario.targets, periods, strict=True)
        if target.measure in OF_TIME
        for period in of_one
        for span in period.spans
        for edge in span
    ]
    cuts = np.unique(ticks_of(np.concatenate([starts, ends, np.array([calendar.warm_up, *asked])])))
    return cuts, np.searchsorted(cuts, ticks_of(starts)).astype(np.int64)


def _served_until(log: Log, came: Ints) -> Floats:
    """When the last of the agents who came and take a queue's contacts signed off, (q,)."""
    off = np.where(log.policy.serves[log.agents.group[came]], log.off[came, None], -np.inf)
    return np.asarray(off.max(axis=0, initial=-np.inf))


def _happened(log: Log) -> Happened:
    """The columns that are measured, each in one piece."""
    contacts, agents, whole = log.contacts, log.agents, np.ascontiguousarray
    came, taken = np.flatnonzero(~np.isnan(log.on)), np.flatnonzero(~np.isnan(log.break_begun))
    of_break = np.repeat(np.arange(len(agents)), np.diff(agents.first))
    return Happened(
        first=whole(contacts.first),
        queue=whole(contacts.queue),
        buyer=whole(contacts.buyer),
        covered=whole(contacts.covered),
        work=whole(contacts.work),
        patience=whole(contacts.patience),
        arrival=whole(log.arrival),
        offered=whole(log.offered),
        assigned=whole(log.assigned),
        closed=whole(log.closed),
        agent=whole(log.agent),
        outcome=whole(log.outcome),
        message=whole(log.message),
        begun=whole(log.begun),
        sent=whole(log.sent),
        served_until=_served_until(log, came),
        group=whole(agents.group),
        speed=whole(log.policy.speed),
        from_=np.concatenate([log.on[came], log.break_begun[taken]]),
        to=np.concatenate([log.off[came], log.break_ended[taken]]),
        of_group=agents.group[np.concatenate([came, of_break[taken]])],
        sign=np.repeat(np.array([1, -1]), [len(came), len(taken)]),
    )
