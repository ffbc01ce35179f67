"""The Monte Carlo engine's loop, and the records that it reads and changes: one replication, event by event.

Function by function it is `cssim.engine.reference` under the same names. A record keeps together what an
event touches together, so that an event finds it in one line of the processor's cache. What is only read is
a column as it was drawn, so nothing is copied; what is only written is a column that goes into the log as it
stands, so the log is quick to measure and keeps no world alive.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cssim.demand.contacts import NOBODY, Bools, Trigger
from cssim.engine.log import Outcome
from cssim.jit import kept, part
from cssim.scenario.clock import GRID, Floats, Ints

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
    spot=np.int32,  # in World.free
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
    free=np.int64,  # agents who can take a chat: the first so many of World.free
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
    free: Ints  # (groups, agents): agents who can take a chat, in any order
    heap: Table
    run: Table  # one record
    touched: Ints  # agents who may be free to begin a reply
    fresh: Ints  # contacts that came to an agent with this event


SHIFT = 48
"""An event's code is its class << SHIFT, plus its contact's or agent's number."""
LOG_ON, REPLY_SENT, HOLD_ENDED, MESSAGE, ARRIVAL, PATIENCE, OVERFLOW, LEAVING = (
    k << SHIFT for k in range(1, 9)
)
SIGNS_ON, DRAINS, BREAK_DUE, DRAINS_FOR_END, ENDS = range(5)
"""What happens to an agent at a time known beforehand."""

AWAY, WAITING, PENDING, REPLYING, THINKING, HELD, DONE = range(7)
"""Where a contact is; see `reference.State`."""

HEAP, HAND_OVERS, DUTIES = range(3)
"""Where the next event comes from."""

NUMBER = (1 << SHIFT) - 1

NEVER, DEFLECTED, SERVED = int(Outcome.NEVER), int(Outcome.DEFLECTED), int(Outcome.SERVED)
ABANDONED, LINGERED = int(Outcome.ABANDONED), int(Outcome.LINGERED)
BROKEN_OFF, UNFINISHED = int(Outcome.BROKEN_OFF), int(Outcome.UNFINISHED)
ON_RESOLVED, ON_ABANDONED = int(Trigger.RESOLVED), int(Trigger.ABANDONED)


# -- events --------------------------------------------------------------------------------------


@part
def _at(w: World, time: float, code: int) -> None:
    """Let an event happen at a time, among the events of that instant by its code."""
    if w.run[0].hole:
        w.run[0].hole = False
        _sink(w, w.run[0].events, time, code)
        return
    i = w.run[0].events
    w.run[0].events = i + 1
    while i > 0:
        up = (i - 1) >> 1
        above = w.heap[up].time
        if above < time or (above == time and w.heap[up].code <= code):
            break
        w.heap[i].time = above
        w.heap[i].code = w.heap[up].code
        i = up
    w.heap[i].time = time
    w.heap[i].code = code


@part
def _sink(w: World, size: int, time: float, code: int) -> None:
    """Put an event in place of the first of so many, and let it sink to where it belongs.

    Which child is the earlier one is a coin toss to the processor, so it is computed and not branched on.
    """
    i, below = 0, 1
    while below < size:
        if below + 1 < size:
            left, right = w.heap[below].time, w.heap[below + 1].time
            earlier = w.heap[below + 1].code < w.heap[below].code
            below += int((right < left) | ((right == left) & earlier))
        first, its_code = w.heap[below].time, w.heap[below].code
        if time < first or (time == first and code <= its_code):
            break
        w.heap[i].time = first
        w.heap[i].code = its_code
        i = below
        below = 2 * i + 1
    w.heap[i].time = time
    w.heap[i].code = code


@part
def _fill_hole(w: World) -> None:
    """The first event has had its turn and no other has come into its place: the last one does."""
    w.run[0].hole = False
    last = w.run[0].events - 1
    w.run[0].events = last
    if last > 0:
        _sink(w, last, w.heap[last].time, w.heap[last].code)


@part
def _had_its_turn(w: World, time: float, code: int) -> bool:
    """Whether an event that was due before this instant's first has happened.

    What an event creates at its own instant may take the order back, so the furthest code counts.
    """
    return time < w.run[0].now or (time == w.run[0].now and code <= w.run[0].furthest)


@part
def _touch(w: World, a: int) -> None:
    """The agent may be free to begin a reply after this event."""
    w.touched[w.run[0].touched] = a
    w.run[0].touched += 1


@part
def _settle(w: World) -> None:
    """After an event: dispatch, then every agent who can begins a reply."""
    if w.run[0].in_lines > 0:
        _dispatch(w)
    for k in range(w.run[0].touched):
        a = w.touched[k]
        if w.agent[a].replying_to == NOBODY and w.agent[a].pending > 0:
            _begin(w, a)
    w.run[0].touched = 0
    for k in range(w.run[0].fresh):
        _run_patience_with_agent(w, w.fresh[k])
    w.run[0].fresh = 0


# -- patience ------------------------------------------------------------------------------------


@part
def _has_event(w: World, i: int) -> bool:
    """Whether the patience of the first round has an event even in the line."""
    return w.contact[i].retry_hangs or w.contact[i].expiry == w.contact[i].offered


@part
def _expired_in_line(w: World, i: int) -> bool:
    """Whether a contact in a line, whose patience has no event, has meanwhile lost it."""
    return not _has_event(w, i) and _had_its_turn(w, w.contact[i].expiry, PATIENCE + i)


@part
def _waits(w: World, i: int) -> bool:
    """Whether the contact waits for what its patience is about."""
    state = w.contact[i].state
    if state == REPLYING:
        return w.queue[w.contact[i].queue].until_sent
    return state in (WAITING, PENDING)


@part
def _run_patience(w: World, i: int) -> None:
    """Let the patience have an event, unless it has one already, then or earlier."""
    if w.contact[i].expiry < w.contact[i].alarm:
        w.contact[i].alarm = w.contact[i].expiry
        _at(w, w.contact[i].expiry, PATIENCE + i)


@part
def _run_patience_in_line(w: World, i: int) -> None:
    if w.contact[i].state != DONE and _has_event(w, i):
        _run_patience(w, i)


@part
def _run_patience_with_agent(w: World, i: int) -> None:
    if not w.contact[i].gone and _waits(w, i):
        _run_patience(w, i)


@part
def _expire(w: World, i: int) -> None:
    """The buyer gives up, unless the reply has begun (or, by the queue's rule, been sent)."""
    if w.contact[i].alarm == w.run[0].now:
        w.contact[i].alarm = np.inf
    if w.contact[i].gone or not _waits(w, i):
        return
    if w.contact[i].expiry > w.run[0].now:  # of an earlier round, which was answered
        _run_patience(w, i)
        return
    left = not w.lingers[i]
    w.contact[i].gone = True
    w.contact[i].left = left
    if w.contact[i].round > w.contact[i].first:
        w.outcome[i] = BROKEN_OFF
    else:
        w.outcome[i] = ABANDONED if left else LINGERED
    if not left:
        return
    if w.contact[i].state == WAITING:
        _leave_line(w, i)
        w.contact[i].state = DONE
    elif w.contact[i].state == PENDING:
        _close(w, i)
    _wake(w, i, ON_ABANDONED)


# -- the life of a contact -----------------------------------------------------------------------


@part
def _offer_or_resolve(w: World, i: int) -> None:
    """The bot is done with the contact: it needs no person, or joins its queue's line."""
    if w.deflected[i]:
        w.contact[i].state = DONE
        w.outcome[i] = DEFLECTED
        _wake(w, i, ON_RESOLVED)
        return
    first = w.contact[i].first
    w.contact[i].round = first
    w.contact[i].offered = w.run[0].now
    w.message[first] = w.run[0].now
    if w.run[0].still_on == 0:
        w.contact[i].state = DONE
        w.outcome[i] = UNFINISHED
        return
    w.contact[i].state = WAITING
    w.contact[i].expiry = w.run[0].now + w.patience[first]
    _join_line(w, i)


@part
def _overflow_later(w: World, i: int) -> None:
    """Who is not taken at once will be dispatched again when further groups may be asked."""
    if w.contact[i].state != WAITING:
        return
    q = w.contact[i].queue
    last = 0.0
    for k in range(w.queue[q].ask_first, w.queue[q].ask_stop):
        after = w.ask[k].after
        if last < after < np.inf:
            _at(w, w.run[0].now + after, OVERFLOW + i)
            last = after


@part
def _join_line(w: World, i: int) -> None:
    """Lines are in the order of (offered, number)."""
    q = w.contact[i].queue
    before, behind = w.queue[q].tail, NOBODY
    while before != NOBODY and w.contact[before].offered == w.run[0].now and before > i:
        before, behind = w.contact[before].before, before
    w.contact[i].before = before
    w.contact[i].behind = behind
    if before == NOBODY:
        w.queue[q].head = i
    else:
        w.contact[before].behind = i
    if behind == NOBODY:
        w.queue[q].tail = i
    else:
        w.contact[behind].before = i
    w.run[0].in_lines += 1


@part
def _leave_line(w: World, i: int) -> None:
    q = w.contact[i].queue
    before, behind = w.contact[i].before, w.contact[i].behind
    if before == NOBODY:
        w.queue[q].head = behind
    else:
        w.contact[before].behind = behind
    if behind == NOBODY:
        w.queue[q].tail = before
    else:
        w.contact[behind].before = before
    w.run[0].in_lines -= 1


@part
def _assign(w: World, i: int, a: int) -> None:
    """An agent takes the contact out of the line."""
    _leave_line(w, i)
    place = w.agent[a].open
    w.contact[i].state = PENDING
    w.contact[i].agent = a
    w.contact[i].assigned = w.run[0].now
    w.contact[i].slot = place
    w.place[a, place] = i
    w.agent[a].open = place + 1
    w.agent[a].pending += 1
    w.agent[a].last_chat = w.run[0].now
    _count_free(w, a)
    _touch(w, a)
    w.fresh[w.run[0].fresh] = i
    w.run[0].fresh += 1


@part
def _begin(w: World, a: int) -> None:
    """The agent begins the reply that is next."""
    i = _next_reply(w, a)
    r = w.contact[i].round
    w.agent[a].pending -= 1
    w.agent[a].replying_to = i
    w.contact[i].state = REPLYING
    w.begun[r] = w.run[0].now
    speed = w.speed[w.agent[a].group, w.contact[i].queue]
    seconds = np.rint(w.work[r] / speed * GRID) / GRID
    w.agent[a].replying += seconds
    _at(w, w.run[0].now + seconds, REPLY_SENT + i)


@part
def _send(w: World, i: int) -> None:
    """The reply is sent; the buyer thinks, or the conversation is over."""
    a, r = w.contact[i].agent, w.contact[i].round
    w.agent[a].replying_to = NOBODY
    _touch(w, a)
    if w.contact[i].left:
        _close(w, i)
        return
    w.sent[r] = w.run[0].now
    if w.contact[i].gone:
        _hold(w, i)
    elif r + 1 == w.contact[i].stop:
        w.outcome[i] = SERVED
        _hold(w, i)
        _wake(w, i, ON_RESOLVED)
    else:
        w.contact[i].state = THINKING
        _at(w, w.run[0].now + w.think[r + 1], MESSAGE + i)


@part
def _write(w: World, i: int) -> None:
    """The buyer writes the next round to the same agent."""
    a, r = w.contact[i].agent, w.contact[i].round + 1
    w.contact[i].round = r
    w.contact[i].state = PENDING
    w.contact[i].expiry = w.run[0].now + w.patience[r]
    w.message[r] = w.run[0].now
    w.agent[a].pending += 1
    _touch(w, a)
    w.fresh[w.run[0].fresh] = i
    w.run[0].fresh += 1


@part
def _hold(w: World, i: int) -> None:
    """After the last reply the place stays taken for a while, unless the agent is winding down."""
    a = w.contact[i].agent
    seconds = w.group[w.agent[a].group].idle_hold
    if seconds == 0 or w.agent[a].drains > 0 or w.agent[a].ending:
        _close(w, i)
    else:
        w.contact[i].state = HELD
        _at(w, w.run[0].now + seconds, HOLD_ENDED + i)


@part
def _close(w: World, i: int) -> None:
    """The contact's place with its agent becomes free; the agent's last chat takes its slot."""
    a = w.contact[i].agent
    if w.contact[i].state == PENDING:
        w.agent[a].pending -= 1
    w.contact[i].state = DONE
    w.closed[i] = w.run[0].now
    w.agent[a].open_seconds += w.run[0].now - w.contact[i].assigned
    last = w.agent[a].open - 1
    moved = w.place[a, last]
    w.place[a, w.contact[i].slot] = moved
    w.contact[moved].slot = w.contact[i].slot
    w.agent[a].open = last
    _count_free(w, a)
    _rest_or_go(w, a)


@part
def _wake(w: World, i: int, trigger: int) -> None:
    """The contact's follow-ups of that kind come, each after its delay; one retry a buyer."""
    for k in range(w.child_first[i], w.child_first[i + 1]):
        j = w.child[k]
        if w.trigger[j] != trigger:
            continue
        buyer = w.buyer[j]
        if trigger == ON_ABANDONED:
            if w.contact[buyer].retried:
                continue
            w.contact[buyer].retried = True
        arrival = w.run[0].now + w.wake[j]
        if arrival < w.run[0].horizon:
            w.arrival[j] = arrival
            _at(w, arrival + w.delay[j], ARRIVAL + j)


# -- dispatch ------------------------------------------------------------------------------------


@part
def _dispatch(w: World) -> None:
    """While some waiting contact has an eligible agent, the best contact goes to the best agent."""
    while w.run[0].in_lines > 0:
        i = _best_contact(w)
        if i == NOBODY:
            return
        _assign(w, i, _route(w, w.contact[i].queue))


@part
def _best_contact(w: World) -> int:
    """The head of a line that is lowest by (priority in the receiving group, offered, number)."""
    best, best_priority, best_offered = NOBODY, np.inf, np.inf
    for q in range(len(w.queue)):
        i = _head(w, q)
        if i == NOBODY:
            continue
        offered, priority, anybody = w.contact[i].offered, np.inf, False
        for k in range(w.queue[q].ask_first, w.queue[q].ask_stop):
            after = w.ask[k].after
            if after > 0 and not _had_its_turn(w, offered + after, OVERFLOW + i):
                break
            if w.group[w.ask[k].group].free > 0:
                anybody = True
                priority = min(priority, w.ask[k].priority)
        if not anybody:
            continue
        if (
            best == NOBODY
            or priority < best_priority
            or (priority == best_priority and offered < best_offered)
            or (priority == best_priority and offered == best_offered and i < best)
        ):
            best, best_priority, best_offered = i, priority, offered
    return best


@part
def _head(w: World, q: int) -> int:
    """The first in the line who still waits; who has left meanwhile is taken out."""
    i = w.queue[q].head
    while i != NOBODY and not w.contact[i].gone and _expired_in_line(w, i):
        w.contact[i].gone = True
        if w.lingers[i]:
            w.outcome[i] = LINGERED
            break
        w.outcome[i] = ABANDONED
        w.contact[i].state = DONE
        _leave_line(w, i)
        i = w.queue[q].head
    return i


@part
def _route(w: World, q: int) -> int:
    """Which free agent gets the chat, of the groups that may be asked soonest after the hand-over."""
    k = w.queue[q].ask_first
    while w.group[w.ask[k].group].free == 0:
        k += 1
    after, idle_first = w.ask[k].after, w.group[w.ask[k].group].idle_first
    best = NOBODY
    while k < w.queue[q].ask_stop and w.ask[k].after == after:
        g = w.ask[k].group
        for s in range(w.group[g].free):
            a = w.free[g, s]
            if best == NOBODY or _goes_before(w, a, best, idle_first):
                best = a
        k += 1
    return best


@part
def _goes_before(w: World, a: int, b: int, idle_first: bool) -> bool:
    """Whether agent a is before agent b by the route."""
    one, other = w.agent[a], w.agent[b]
    one_types, other_types = one.replying_to != NOBODY, other.replying_to != NOBODY
    if idle_first:
        one_busy, other_busy = one_types or one.pending > 0, other_types or other.pending > 0
        if one_busy != other_busy:
            return other_busy
    if one.open != other.open:
        return one.open < other.open
    if one_types != other_types:
        return other_types
    if one.last_chat != other.last_chat:
        return one.last_chat < other.last_chat
    return a < b


@part
def _next_reply(w: World, a: int) -> int:
    """Which pending round the agent answers now: lowest by (rank, message, number)."""
    g = w.agent[a].group
    best, best_rank, best_message = NOBODY, 3, np.inf
    for k in range(w.agent[a].open):
        i = w.place[a, k]
        if w.contact[i].state != PENDING:
            continue
        r = w.contact[i].round
        message, later = w.message[r], r > w.contact[i].first
        if later and w.run[0].now - message > w.group[g].promote_after:
            rank = 0
        elif later and not w.group[g].oldest:
            rank = 2
        else:
            rank = 1
        if (
            rank < best_rank
            or (rank == best_rank and message < best_message)
            or (rank == best_rank and message == best_message and i < best)
        ):
            best, best_rank, best_message = i, rank, message
    return best


# -- the life of an agent ------------------------------------------------------------------------


@part
def _count_free(w: World, a: int) -> None:
    """Keep a group's agents who can take a chat, after a change to one of them."""
    g = w.agent[a].group
    can_take = (
        w.agent[a].signed_on
        and w.agent[a].open < w.group[g].chats
        and w.agent[a].drains == 0
        and not w.agent[a].ending
        and not w.agent[a].on_break
    )
    if can_take == w.agent[a].can_take:
        return
    w.agent[a].can_take = can_take
    if can_take:
        w.agent[a].spot = w.group[g].free
        w.free[g, w.group[g].free] = a
        w.group[g].free += 1
    else:
        w.group[g].free -= 1
        last, spot = w.free[g, w.group[g].free], w.agent[a].spot
        w.free[g, spot] = last
        w.agent[last].spot = spot


@part
def _log_on(w: World, a: int) -> None:
    w.agent[a].on = w.run[0].now
    w.agent[a].last_chat = w.run[0].now
    w.agent[a].signed_on = True
    _count_free(w, a)


@part
def _end_break(w: World, a: int) -> None:
    w.agent[a].on_break = False
    w.agent[a].drains -= 1
    _count_free(w, a)
    _rest_or_go(w, a)


@part
def _leaving(w: World, a: int, kind: int) -> None:
    """A drain, a break that is due, or the shift's end."""
    if kind == ENDS:
        w.agent[a].over = True
        w.agent[a].on_break = False
    elif kind == BREAK_DUE:
        w.agent[a].due += 1
    else:
        if kind == DRAINS:
            w.agent[a].drains += 1
        else:
            w.agent[a].ending = True
        _close_held(w, a)
    _count_free(w, a)
    _rest_or_go(w, a)


@part
def _close_held(w: World, a: int) -> None:
    k = 0
    while k < w.agent[a].open:
        i = w.place[a, k]
        if w.contact[i].state == HELD:
            _close(w, i)
        else:
            k += 1


@part
def _rest_or_go(w: World, a: int) -> None:
    """With no chat open, a break that is due begins; after the shift's end the agent signs off."""
    if w.agent[a].open > 0 or w.agent[a].on_break or not w.agent[a].signed_on:
        return
    if w.agent[a].over:
        _sign_off(w, a)
    elif w.agent[a].next_break < w.agent[a].due and w.run[0].now < w.agent[a].end:
        b = w.agent[a].next_break
        end = w.run[0].now + w.pause[b].length
        w.agent[a].next_break = b + 1
        w.agent[a].on_break = True
        w.pause[b].begun = w.run[0].now
        w.pause[b].ended = min(end, w.agent[a].end)
        _count_free(w, a)
        if end < w.agent[a].end:
            _at(w, end, LOG_ON + a)


@part
def _sign_off(w: World, a: int) -> None:
    """The agent goes; after the last one nobody in a line will be answered."""
    w.agent[a].off = w.run[0].now
    w.agent[a].overtime = w.run[0].now - w.agent[a].end
    w.agent[a].signed_on = False
    _count_free(w, a)
    w.run[0].still_on -= 1
    if w.run[0].still_on == 0:
        _give_up_lines(w)


@part
def _give_up_lines(w: World) -> None:
    for q in range(len(w.queue)):
        i = _head(w, q)
        while i != NOBODY:
            if not w.contact[i].gone:
                if not _expired_in_line(w, i):
                    w.outcome[i] = UNFINISHED
                elif w.lingers[i]:
                    w.outcome[i] = LINGERED
                else:
                    w.outcome[i] = ABANDONED
            w.contact[i].state = DONE
            i = w.contact[i].behind
        w.queue[q].head = NOBODY
        w.queue[q].tail = NOBODY
    w.run[0].in_lines = 0


# -- the loop ------------------------------------------------------------------------------------


@part
def _another_log_on(w: World, duties: Table, d: int) -> bool:
    """Whether the next event is a log-on (or the end of a break) at this very instant."""
    if w.run[0].hole:
        _fill_hole(w)
    if w.run[0].events > 0 and w.heap[0].time == w.run[0].now and w.heap[0].code < REPLY_SENT:
        return True
    return d < len(duties) and duties[d].time == w.run[0].now and duties[d].code < REPLY_SENT


@kept
def play(w: World, hand_overs: Table, duties: Table) -> None:
    """Let everything happen: always the first event of the heap and of the streams known beforehand."""
    h, d = 0, 0
    while True:
        if w.run[0].hole:
            _fill_hole(w)
        time, code, source = np.inf, 0, NOBODY
        if w.run[0].events > 0:
            time, code, source = w.heap[0].time, w.heap[0].code, HEAP
        if h < len(hand_overs):
            t, c = hand_overs[h].time, hand_overs[h].code
            if t < time or (t == time and c < code):
                time, code, source = t, c, HAND_OVERS
        if d < len(duties):
            t, c = duties[d].time, duties[d].code
            if t < time or (t == time and c < code):
                time, code, source = t, c, DUTIES
        if source == NOBODY:
            return
        w.run[0].furthest = code if time > w.run[0].now else max(code, w.run[0].furthest)
        w.run[0].now = time
        number, order = code & NUMBER, code & ~NUMBER

        if source == DUTIES:
            kind = duties[d].kind
            d += 1
            if kind == SIGNS_ON:
                _log_on(w, number)
            else:
                _leaving(w, number, kind)
        else:
            if source == HEAP:
                w.run[0].hole = True
            else:
                h += 1
            if order == REPLY_SENT:
                _send(w, number)
            elif order == MESSAGE:
                _write(w, number)
            elif order == ARRIVAL:
                _offer_or_resolve(w, number)
            elif order == PATIENCE:
                _expire(w, number)
            elif order == HOLD_ENDED:
                if w.contact[number].state == HELD:
                    _close(w, number)
            elif order == LOG_ON:
                _end_break(w, number)

        if order == LOG_ON and _another_log_on(w, duties, d):
            continue
        _settle(w)
        if order == ARRIVAL:
            _run_patience_in_line(w, number)
            _overflow_later(w, number)


# -- before the first event ------------------------------------------------------------------------


@kept
def lay_out(
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
    came: Floats,
    closed: Floats,
    outcome: Ints,
) -> None:
    """Fill the table of contacts; when the bot is done with those that come by themselves (at once, where
    there is none), by number; and each contact's follow-ups, by number.

    Args:
        queue, first, parent, trigger, arrival, delay: as in `Contacts`.
        contact, hand_overs, child: to be filled.
        came, closed, outcome: for the log, to be filled with what holds beforehand.
        child_first: zeros, (contacts + 2,); the last is of no use afterwards.
    """
    ready = 0
    for i in range(len(contact)):
        contact[i].queue = queue[i]
        contact[i].first = first[i]
        contact[i].stop = first[i + 1]
        contact[i].retry_hangs = False
        contact[i].state = AWAY
        contact[i].gone = False
        contact[i].left = False
        contact[i].retried = False
        contact[i].round = first[i]
        contact[i].slot = 0
        contact[i].before = 0
        contact[i].behind = 0
        contact[i].agent = NOBODY
        contact[i].expiry = np.inf
        contact[i].alarm = np.inf
        contact[i].offered = np.nan
        contact[i].assigned = np.nan
        came[i] = arrival[i]
        closed[i] = np.nan
        outcome[i] = NEVER
        if parent[i] == NOBODY:
            hand_overs[ready].time = arrival[i] + delay[i]
            hand_overs[ready].code = ARRIVAL + i
            ready += 1
        else:
            child_first[parent[i] + 2] += 1
    for i in range(len(contact)):
        child_first[i + 2] += child_first[i + 1]
    for i in range(len(contact)):
        if parent[i] != NOBODY:
            child[child_first[parent[i] + 1]] = i
            child_first[parent[i] + 1] += 1
            if trigger[i] == ON_ABANDONED:
                contact[parent[i]].retry_hangs = True
