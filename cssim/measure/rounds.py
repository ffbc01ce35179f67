"""Rounds as a target sees them: with the bot's answers or without, from the hand-over or from the arrival."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cssim.demand.contacts import Bools
from cssim.engine.log import Log, Outcome
from cssim.scenario.clock import Floats, Ints
from cssim.scenario.schema import Target


@dataclass(frozen=True)
class Seen:
    """Rounds with the clock and the replies that a target counts, one row a round; times NaN where never.

    Attributes:
        contact: number of the round's contact.
        queue, buyer, arrival: of that contact.
        first: whether it is the contact's first round.
        message: the moment it is booked to.
        start: the moment its clock starts.
        begun, sent: of its reply.
        work: seconds that the reply takes a person at speed 1; 0 for the bot.
        left_after: in a first round that the buyer visibly left, seconds from `start` until then; else inf.
    """

    contact: Ints
    queue: Ints
    buyer: Ints
    arrival: Floats
    first: Bools
    message: Floats
    start: Floats
    begun: Floats
    sent: Floats
    work: Floats
    left_after: Floats

    def where(self, keep: Bools) -> Seen:
        """Some of the rows."""
        return Seen(**{name: column[keep] for name, column in vars(self).items()})


def seen_by_people(log: Log) -> Seen:
    """The rounds that reached people: `counts: human`, `clock: hand_over`."""
    contacts = log.contacts
    contact = np.repeat(np.arange(len(contacts), dtype=np.int64), np.diff(contacts.first))
    first = np.zeros(len(contact), dtype=bool)
    first[contacts.first[:-1][np.diff(contacts.first) > 0]] = True
    left = first & (log.outcome[contact] == Outcome.ABANDONED)
    seen = Seen(
        contact=contact,
        queue=contacts.queue[contact],
        buyer=contacts.buyer[contact],
        arrival=log.arrival[contact],
        first=first,
        message=log.message,
        start=log.message,
        begun=log.begun,
        sent=log.sent,
        work=contacts.work,
        left_after=np.where(left, contacts.patience, np.inf),
    )
    return seen.where(~np.isnan(log.message))


def seen_by(target: Target, log: Log, people: Seen) -> Seen:
    """The rounds as the target counts them.

    `counts: any`: the bot's answer is the first reply of every contact that it covers, given at its arrival,
    in place of the person's; contacts that it resolved have that one round. `clock: arrival`: the first
    round's clock starts at the contact's arrival; the round is still booked to its message.
    """
    seen = people
    if target.counts == "any":
        seen = _with_the_bot(log, people)
    if target.clock == "arrival":
        earlier = np.where(seen.first, seen.message - seen.arrival, 0.0)
        seen = replace(
            seen,
            start=np.where(seen.first, seen.arrival, seen.start),
            left_after=seen.left_after + earlier,
        )
    if target.queues is not None:
        seen = seen.where(np.isin(seen.queue, [log.contacts.queues.index(q) for q in target.queues]))
    return seen


def _with_the_bot(log: Log, people: Seen) -> Seen:
    """The bot's answers in place of people's first replies to the contacts that it covers."""
    contacts = log.contacts
    covered = np.flatnonzero(contacts.covered)
    rest = people.where(~(people.first & contacts.covered[people.contact]))
    arrival = log.arrival[covered]
    added = Seen(
        contact=covered.astype(np.int64),
        queue=contacts.queue[covered],
        buyer=contacts.buyer[covered],
        arrival=arrival,
        first=np.ones(len(covered), dtype=bool),
        message=arrival,
        start=arrival,
        begun=arrival,
        sent=arrival,
        work=np.zeros(len(covered)),
        left_after=np.full(len(covered), np.inf),
    )
    return Seen(**{name: np.concatenate([vars(rest)[name], vars(added)[name]]) for name in vars(rest)})
