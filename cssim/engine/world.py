"""What the fast engine reads and changes: one replication laid out as tables of records, and columns.

A record keeps together what an event touches together, so that an event finds it in one line of the
processor's cache. What is only read is a column as it was drawn, so nothing is copied; what is only written
is a column that goes into the log as it stands, so the log is quick to measure and keeps no world alive.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cssim.demand.contacts import NOBODY, Bools, Contacts, Trigger
from cssim.engine.floor import Agents, Policy
from cssim.engine.log import Log
from cssim.jit import kept
from cssim.scenario.clock import Floats, Ints

Table = NDArray[np.void]


def _record(**fields: DTypeLike) -> np.dtype[np.void]:
    return np.dtype(list(fields.items()), align=True)


CONTACT = _record(
    # as drawn
    queue=np.int32,
    first=np.int32,  # its rounds are first to stop
    stop=np.int32,
    retry_hangs=np.bool_,  # a follow-up waits for it to abandon
    # as it goes
    state=np.int8,
    gone=np.bool_,
    left=np.bool_,
    retried=np.bool_,  # of the buyer, kept at the buyer's number
    round=np.int32,
    slot=np.int32,  # its place with its agent
    before=np.int32,  # neighbours in the line
    behind=np.int32,
    agent=np.int32,
    expiry=np.float64,  # of the current round's patience
    alarm=np.float64,  # when its patience has an event, inf where it has none
    offered=np.float64,
    assigned=np.float64,
)
AGENT = _record(
    # what routing looks at
    open=np.int32,
    pending=np.int32,
    replying_to=np.int32,
    group=np.int32,
    last_chat=np.float64,
    can_take=np.bool_,
    # what the agent goes through
    end=np.float64,
    drains=np.int32,  # breaks that it winds down for
    next_break=np.int32,  # breaks next_break to due have come due and have not begun
    due=np.int32,
    ending=np.bool_,  # winds down for the shift's end
    on_break=np.bool_,
    over=np.bool_,
    signed_on=np.bool_,
    on=np.float64,
    off=np.float64,
    replying=np.float64,
    open_seconds=np.float64,
    overtime=np.float64,
)
GROUP = _record(
    chats=np.int64,
    promote_after=np.float64,
    idle_hold=np.float64,
    idle_first=np.bool_,
    oldest=np.bool_,
    free=np.int64,  # agents who can take a chat
    on=np.int64,  # agents signed on: the first so many of World.floor
)
QUEUE = _record(
    head=np.int64,
    tail=np.int64,
    ask_first=np.int64,  # groups that may be asked are ask_first to ask_stop of World.ask, soonest first
    ask_stop=np.int64,
    until_sent=np.bool_,
)
BREAK = _record(length=np.float64, begun=np.float64, ended=np.float64)
ASK = _record(group=np.int64, after=np.float64, priority=np.float64)
EVENT = _record(time=np.float64, code=np.int64)
DUTY_EVENT = _record(time=np.float64, code=np.int64, kind=np.int64)
RUN = _record(
    now=np.float64,
    furthest=np.int64,  # greatest code that had its turn at this instant
    horizon=np.float64,
    events=np.int64,  # in the heap
    hole=np.bool_,  # the first of them has had its turn, and its place is free
    still_on=np.int64,  # agents on or to come
    in_lines=np.int64,
    touched=np.int64,
    fresh=np.int64,
)


class World(NamedTuple):
    """One replication. Rows of a table are the numbers of contacts, rounds, agents, ... as everywhere."""

    contact: Table
    agent: Table
    group: Table
    queue: Table
    pause: Table
    ask: Table
    speed: Floats  # (groups, queues)
    # by contact, as drawn
    buyer: Ints
    trigger: Ints
    deflected: Bools
    lingers: Bools
    delay: Floats
    wake: Floats
    child_first: Ints  # follow-ups of contact i are child_first[i] to child_first[i + 1] of `child`
    child: Ints
    # by round, as drawn
    work: Floats
    think: Floats
    patience: Floats
    # for the log
    arrival: Floats
    closed: Floats
    outcome: Ints
    message: Floats
    begun: Floats
    sent: Floats
    # as it goes
    place: Ints  # (agents, chats): contacts that an agent has open
    floor: Ints  # (groups, agents): agents signed on
    heap: Table
    run: Table  # one record
    touched: Ints  # agents who may be free to begin a reply
    fresh: Ints  # contacts that came to an agent with this event


SHIFT = 48
"""An event's code is its class << SHIFT, plus its contact's or agent's number."""
LOG_ON, REPLY_SENT, HOLD_ENDED, MESSAGE, ARRIVAL, PATIENCE, OVERFLOW, LEAVING = (
    k << SHIFT for k in range(1, 9)
)
ON_ABANDONED = int(Trigger.ABANDONED)
SIGNS_ON, DRAINS, BREAK_DUE, DRAINS_FOR_END, ENDS = range(5)
"""What happens to an agent at a time known beforehand."""


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
    _lay_out(
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
        arrival=contacts.arrival.copy(),
        closed=np.full(rows, np.nan),
        outcome=np.zeros(rows, dtype=np.int64),
        message=np.full(rounds, np.nan),
        begun=np.full(rounds, np.nan),
        sent=np.full(rounds, np.nan),
        place=np.empty((people, most), dtype=np.int64),
        floor=np.empty((len(policy.groups), people), dtype=np.int64),
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


@kept
def _lay_out(
    queue: Ints,
    first: Ints,
    parent: Ints,
    trigger: Ints,
    arrival: Floats,
    delay: Floats,
    contact: Table,
    hand_overs: Table,
    child_first: Ints,
    child: Ints,
) -> None:
    """Fill the table of contacts; when the bot is done with those that come by themselves (at once, where
    there is none), by number; and each contact's follow-ups, by number.

    Args:
        queue, first, parent, trigger, arrival, delay: as in `Contacts`.
        contact, hand_overs, child: to be filled.
        child_first: zeros, (contacts + 2,); the last is of no use afterwards.
    """
    ready = 0
    for i in range(len(contact)):
        contact[i].queue = queue[i]
        contact[i].first = first[i]
        contact[i].stop = first[i + 1]
        contact[i].retry_hangs = False
        contact[i].state = 0
        contact[i].gone = False
        contact[i].left = False
        contact[i].retried = False
        contact[i].round = first[i]
        contact[i].slot = 0
        contact[i].before = 0
        contact[i].behind = 0
        contact[i].agent = -1
        contact[i].expiry = np.inf
        contact[i].alarm = np.inf
        contact[i].offered = np.nan
        contact[i].assigned = np.nan
        if parent[i] < 0:
            hand_overs[ready].time = arrival[i] + delay[i]
            hand_overs[ready].code = ARRIVAL + i
            ready += 1
        else:
            child_first[parent[i] + 2] += 1
    for i in range(len(contact)):
        child_first[i + 2] += child_first[i + 1]
    for i in range(len(contact)):
        if parent[i] >= 0:
            child[child_first[parent[i] + 1]] = i
            child_first[parent[i] + 1] += 1
            if trigger[i] == ON_ABANDONED:
                contact[parent[i]].retry_hangs = True


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
