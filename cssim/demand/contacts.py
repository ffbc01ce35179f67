"""What buyers will do in one replication, drawn before any engine starts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cssim.scenario.clock import Floats, Ints

Bools = NDArray[np.bool_]

NOBODY = -1
"""Index that stands for no contact or no agent."""


class Trigger(IntEnum):
    """What wakes a follow-up."""

    NONE = -1
    RESOLVED = 0
    ABANDONED = 1


@dataclass(frozen=True)
class Contacts:
    """One replication's contacts, a struct of arrays; all times are multiples of 2^-20 s.

    The contacts that come by themselves stand first, by arrival; follow-ups stand after every contact
    that may bring them. Row number is contact number. Contact i has rounds `first[i]` to `first[i + 1]`
    of the round arrays; a deflected one has none.

    Attributes:
        queues: names of the queues.
        horizon: seconds until arrivals and wake-ups stop.
        queue: index of the contact's queue, shape (n,).
        buyer: number of the buyer (that of the first contact of the line of descent), (n,).
        arrival: seconds; NaN for a follow-up, which arrives when it is woken, (n,).
        covered: whether a bot answers it at its arrival, (n,).
        deflected: whether the bot resolves it, (n,).
        delay: seconds from arrival to hand-over (or to the bot's resolution); 0 where no bot covers it, (n,).
        lingers: whether nobody can see the buyer go, (n,).
        parent: contact that brings it, `NOBODY` for those that come by themselves, (n,).
        trigger: `Trigger`, (n,).
        wake: seconds from the trigger to the follow-up's arrival; 0 for others, (n,).
        first: offsets into the round arrays, (n + 1,).
        work: agent's reply work at speed 1, seconds, (rounds,).
        think: buyer's time from the previous reply to this round's message; 0 in the first, (rounds,).
        patience: seconds until the buyer gives up this round, possibly inf, (rounds,).
        until_sent: by queue, whether the reply must be sent (not just begun) by then, (queues,).
    """

    queues: tuple[str, ...]
    horizon: float
    queue: Ints
    buyer: Ints
    arrival: Floats
    covered: Bools
    deflected: Bools
    delay: Floats
    lingers: Bools
    parent: Ints
    trigger: Ints
    wake: Floats
    first: Ints
    work: Floats
    think: Floats
    patience: Floats
    until_sent: Bools

    def __len__(self) -> int:
        return len(self.queue)
