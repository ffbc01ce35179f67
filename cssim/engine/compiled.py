"""The Monte Carlo engine: the model page over flat tables, compiled, equal to `reference` float for float.

`run` is the same function as `cssim.engine.reference.run`, function by function under the same names. What
the readable engine keeps in objects stands in records and columns (`cssim.engine.kernel`), and what it
leaves to SimPy is one heap beside two streams of events known beforehand: hand-overs, and agents' shifts
and breaks.

Three things differ in how, none in what:

- An event that would change nothing is left out: a message to the bot, the expiry of an answered round.
- The patience of a contact in a line is looked at when it comes to the head, unless something hangs on its
  instant (a retry, or an instant that is the offer's own). With an agent who is busy it has an event; one at
  a time, which of a round that was answered passes on to the round that waits by then.
- Whether a wait before overflow has elapsed is read off the order of events, where each has its place.
"""

from __future__ import annotations

from cssim.demand.contacts import Contacts
from cssim.engine.floor import Agents, Policy
from cssim.engine.kernel import play
from cssim.engine.log import Log
from cssim.engine.world import log_of, world_of


def run(contacts: Contacts, agents: Agents, policy: Policy) -> Log:
    """One replication; see `cssim.engine.reference.run`. Other threads run meanwhile."""
    if contacts.queues != policy.queues:
        raise ValueError(f"contacts of {contacts.queues} on a floor for {policy.queues}")
    world, hand_overs, duties = world_of(contacts, agents, policy)
    play(world, hand_overs, duties)
    return log_of(world, contacts, agents, policy)
