"""A replication laid out for the Monte Carlo engine's loop, and the log of what it made of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cssim.demand.contacts import NOBODY, Contacts
from cssim.engine.floor import Agents, Policy
from cssim.engine.kernel import (
    AGENT,
    ASK,
    BREAK,
    BREAK_DUE,
    CONTACT,
    DRAINS,
    DRAINS_FOR_END,
    DUTY_EVENT,
    ENDS,
    EVENT,
    GROUP,
    LEAVING,
    LOG_ON,
    QUEUE,
    RUN,
    SIGNS_ON,
    Table,
    World,
    lay_out,
)
from cssim.engine.log import Log
from cssim.scenario.clock import Ints


def world_of(contacts: Contacts, agents: Agents, policy: Policy) -> tuple[World, Table, Table]:
    """The world before anything happened, and the events known beforehand, in order.

    Returns:
        The world; the hand-overs and bot resolutions of contacts that come by themselves (`EVENT`); what
        happens to agents (`DUTY_EVENT`).
    """
    rows, rounds, people = len(contacts), len(contacts.work), len(agents)
    follow_ups = int(np.count_nonzero(contacts.parent != NOBODY))
    contact, hand_overs = np.empty(rows, dtype=CONTACT), np.empty(rows - follow_ups, dtype=EVENT)
    child_first, child = np.zeros(rows + 2, dtype=np.int64), np.empty(follow_ups, dtype=np.int64)
    came, closed, outcome = np.empty(rows), np.empty(rows), np.empty(rows, dtype=np.int64)
    lay_out(
        contacts.queue,
        contacts.first,
        contacts.parent,
        contacts.trigger,
        contacts.arrival,
        contacts.delay,
        contact,
        hand_overs,
        child_first,
        child,
        came,
        closed,
        outcome,
    )
    asks = [
        sorted((float(policy.after[g, q]), g) for g in np.flatnonzero(policy.serves[:, q]).tolist())
        for q in range(len(policy.queues))
    ]
    asked = [(g, after, policy.priority[g, q]) for q, of_queue in enumerate(asks) for after, g in of_queue]
    offsets = np.cumsum([0, *map(len, asks)])
    drains, ending, duties = _duties(agents, policy)
    most = int(policy.chats.max(initial=0))
    world = World(
        contact=contact,
        agent=_table(
            AGENT,
            people,
            group=agents.group,
            end=agents.end,
            replying_to=NOBODY,
            drains=drains,
            ending=ending,
            next_break=agents.first[:-1],
            due=agents.first[:-1],
            on=np.nan,
            off=np.nan,
        ),
        group=_table(
            GROUP,
            len(policy.groups),
            chats=policy.chats,
            promote_after=policy.promote_after,
            idle_hold=policy.idle_hold,
            idle_first=policy.idle_first,
            oldest=policy.oldest,
        ),
        queue=_table(
            QUEUE,
            len(policy.queues),
            head=NOBODY,
            tail=NOBODY,
            ask_first=offsets[:-1],
            ask_stop=offsets[1:],
            until_sent=contacts.until_sent,
        ),
        pause=_table(
            BREAK,
            len(agents.break_start),
            length=agents.break_end - agents.break_start,
            begun=np.nan,
            ended=np.nan,
        ),
        ask=np.array(asked, dtype=ASK),
        speed=policy.speed,
        buyer=contacts.buyer,
        trigger=contacts.trigger,
        deflected=contacts.deflected,
        lingers=contacts.lingers,
        delay=contacts.delay,
        wake=contacts.wake,
        child_first=child_first,
        child=child,
        work=contacts.work,
        think=contacts.think,
        patience=contacts.patience,
        arrival=came,
        closed=closed,
        outcome=outcome,
        message=np.full(rounds, np.nan),
        begun=np.full(rounds, np.nan),
        sent=np.full(rounds, np.nan),
        place=np.empty((people, most), dtype=np.int64),
        free=np.empty((len(policy.groups), people), dtype=np.int64),
        heap=np.empty(_most_events(contacts, agents, asks), dtype=EVENT),
        run=_table(RUN, 1, now=-np.inf, horizon=contacts.horizon, still_on=int(agents.present.sum())),
        # One event touches its own agent; the dispatch after it one agent for each contact that it assigns.
        touched=np.empty(rows + people + 1, dtype=np.int64),
        fresh=np.empty(rows + 1, dtype=np.int64),
    )
    # nearly in order already; the contacts' numbers are, among equal times
    in_order = np.argsort(hand_overs["time"], kind="stable")
    return world, hand_overs[in_order], duties


def log_of(world: World, contacts: Contacts, agents: Agents, policy: Policy) -> Log:
    """The log of a world in which everything has happened."""
    contact, agent, pause = world.contact, world.agent, world.pause
    return Log(
        contacts=contacts,
        agents=agents,
        policy=policy,
        arrival=world.arrival,
        offered=contact["offered"].copy(),
        assigned=contact["assigned"].copy(),
        closed=world.closed,
        agent=contact["agent"].astype(np.int64),
        outcome=world.outcome,
        message=world.message,
        begun=world.begun,
        sent=world.sent,
        on=agent["on"].copy(),
        off=agent["off"].copy(),
        replying=agent["replying"].copy(),
        open_seconds=agent["open_seconds"].copy(),
        overtime=agent["overtime"].copy(),
        break_begun=pause["begun"].copy(),
        break_ended=pause["ended"].copy(),
    )


def _table(dtype: np.dtype[np.void], rows: int, **columns: Any) -> Table:
    """Records with the columns given; the others are zero."""
    table = np.zeros(rows, dtype=dtype)
    for name, values in columns.items():
        table[name] = values
    return table


def _duties(agents: Agents, policy: Policy) -> tuple[Ints, NDArray[np.bool_], Table]:
    """Drains in force from the log-on, by agent; and everything that happens to agents later, in order."""
    pauses = np.diff(agents.first)
    of_pause = np.repeat(np.arange(len(agents)), pauses)
    wind_down = policy.wind_down[agents.group]
    drain, drain_for_end = agents.break_start - wind_down[of_pause], agents.end - wind_down
    before = drain < agents.start[of_pause]
    ending = drain_for_end < agents.start
    everyone, step = np.arange(len(agents)), np.arange(len(of_pause)) - agents.first[of_pause]
    events = [  # time, agent, kind, and the order of what happens to one agent at one instant
        (agents.start, everyone, SIGNS_ON, 0 * everyone),
        (drain[~before], of_pause[~before], DRAINS, 2 * step[~before]),
        (np.maximum(agents.break_start, agents.start[of_pause]), of_pause, BREAK_DUE, 2 * step + 1),
        (drain_for_end[~ending], everyone[~ending], DRAINS_FOR_END, 2 * pauses[~ending]),
        (agents.end, everyone, ENDS, 2 * pauses + 1),
    ]
    time = np.concatenate([t for t, _, _, _ in events])
    agent = np.concatenate([a for _, a, _, _ in events])
    kind = np.concatenate([np.full(len(a), k) for _, a, k, _ in events])
    code = np.where(kind == SIGNS_ON, LOG_ON, LEAVING) + agent
    order = np.lexsort((np.concatenate([s for _, _, _, s in events]), code, time))
    order = order[agents.present[agent[order]]]
    duties = _table(DUTY_EVENT, len(order), time=time[order], code=code[order], kind=kind[order])
    return np.bincount(of_pause[before], minlength=len(agents)), ending, duties


def _most_events(contacts: Contacts, agents: Agents, asks: list[list[tuple[float, int]]]) -> int:
    """An upper bound of the events in the heap at one time.

    By contact: its next step, its waits before overflow, and the patience of each of its rounds; by agent:
    the end of a break.
    """
    waits = max((len({after for after, _ in of_queue}) for of_queue in asks), default=0)
    return len(contacts) * (1 + waits) + len(contacts.work) + len(agents) + 1
