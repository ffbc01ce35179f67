"""What happened in one replication, contact by contact and agent by agent: the only thing measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from cssim.demand.contacts import Contacts
from cssim.engine.floor import Agents, Policy
from cssim.scenario.clock import Floats, Ints


class Outcome(IntEnum):
    """How a contact ended."""

    NEVER = 0
    """A follow-up that was never woken; in no measure."""
    SERVED = 1
    """All its rounds were answered."""
    DEFLECTED = 2
    """The bot resolved it."""
    ABANDONED = 3
    """The buyer left in the first round."""
    LINGERED = 4
    """The buyer was gone in the first round and nobody could see it."""
    BROKEN_OFF = 5
    """The buyer gave up in a later round."""
    UNFINISHED = 6
    """No agent was on or to come."""


@dataclass(frozen=True)
class Log:
    """One replication: what went in, and what came of it. Times in seconds, NaN where never.

    Attributes:
        contacts, agents, policy: what the engine was given.
        arrival: of the contact (follow-ups: when woken), (n,).
        offered: when it was handed to people; NaN where the bot resolved it, (n,).
        assigned: when an agent took it, (n,).
        closed: when its place became free, (n,).
        agent: who took it, `NOBODY` where none, (n,).
        outcome: `Outcome`, (n,).
        message, begun, sent: of each round, (rounds,).
        on, off: an agent's log-on, and sign-off at the later of the shift's end and the last close, (a,).
        replying: seconds spent on replies, (a,).
        open_seconds: sum over the agent's chats of the time that each held a place, (a,).
        overtime: seconds from the shift's end to the last close, (a,).
        break_begun, break_ended: of each break; NaN where it lapsed, (breaks,).
    """

    contacts: Contacts
    agents: Agents
    policy: Policy
    arrival: Floats
    offered: Floats
    assigned: Floats
    closed: Floats
    agent: Ints
    outcome: Ints
    message: Floats
    begun: Floats
    sent: Floats
    on: Floats
    off: Floats
    replying: Floats
    open_seconds: Floats
    overtime: Floats
    break_begun: Floats
    break_ended: Floats
