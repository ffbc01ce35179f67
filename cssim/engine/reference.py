"""The readable engine: the model page as SimPy code, and the definition that the fast engine must equal.

`run` is a deterministic function of what was drawn beforehand. SimPy keeps the clock and the calendar of
events; each event is a small function that changes the state of one contact or one agent. After it the
floor is dispatched, agents who are free to begin a reply begin one, and only then the next event happens.
Events of one instant happen in the order of `Order`, within it by contact or agent number.

To try a new rule, change the function that bears its name: `_best_contact` (who is taken next),
`_route` (which agent gets the chat), `_next_reply` (what an agent answers next), `_expire` (what
impatience does).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from enum import Enum, IntEnum, auto

import numpy as np
import simpy

from cssim.demand.contacts import NOBODY, Contacts, Trigger
from cssim.engine.floor import Agents, Policy, on_grid
from cssim.engine.log import Log, Outcome

Action = Callable[[], None]

NEVER = float("nan")
INFINITY = float("inf")


class Order(IntEnum):
    """What happens first at one instant."""

    LOG_ON = 1  # and ends of breaks
    REPLY_SENT = 2
    HOLD_ENDED = 3
    MESSAGE = 4
    ARRIVAL = 5  # wake-ups, bot resolutions and hand-overs too
    PATIENCE = 6
    OVERFLOW = 7
    LEAVING = 8  # drains, starts of breaks, ends of shifts


class State(Enum):
    """Where a contact is."""

    AWAY = auto()  # not arrived, or with the bot
    WAITING = auto()  # in its queue's line
    PENDING = auto()  # with an agent, who has yet to begin the reply
    REPLYING = auto()
    THINKING = auto()  # the buyer's turn
    HELD = auto()  # nothing to say, the place still taken
    DONE = auto()


class Contact:
    """One conversation under way."""

    __slots__ = ("agent", "gone", "last", "left", "number", "queue", "round", "state", "waited")

    def __init__(self, number: int, queue: int, first: int, last: int) -> None:
        self.number = number
        self.queue = queue
        self.round = first  # index of the current round in the log
        self.last = last
        self.state = State.AWAY
        self.waited = 0.0  # groups with no longer `after` may be asked
        self.agent: Agent | None = None
        self.gone = False  # the buyer has given up
        self.left = False  # and everybody can see it


class Agent:
    """One person on one shift."""

    __slots__ = (
        "breaks",
        "chats",
        "draining",
        "due",
        "end",
        "group",
        "last_chat",
        "number",
        "on_break",
        "over",
        "pending",
        "replying",
        "signed_off",
    )

    def __init__(self, number: int, group: int, end: float, breaks: range) -> None:
        self.number = number
        self.group = group
        self.end = end
        self.breaks = breaks  # indices of its breaks in the log
        self.chats: dict[int, Contact] = {}  # open, by contact number: thinking and held ones too
        self.pending: dict[int, Contact] = {}  # those of them that wait for a reply
        self.replying: Contact | None = None
        self.last_chat = NEVER
        self.draining: set[int] = set()  # the breaks (or END) that it winds down for
        self.due: list[int] = []  # breaks whose planned start has passed
        self.on_break = False
        self.over = False  # the shift has ended
        self.signed_off = False


END = -1
"""In `Agent.draining`: the shift's end, as against one of its breaks."""


class Event(simpy.Event):
    """Something that happens at a set time, in a set place among the events of that instant."""

    def __init__(self, env: simpy.Environment, time: float, priority: int, action: Action) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        self.callbacks.append(lambda _: action())
        # Times are multiples of 2^-20 s, so the difference and SimPy's sum of it are exact.
        env.schedule(self, priority, time - env.now)  # type: ignore[arg-type]


def run(contacts: Contacts, agents: Agents, policy: Policy) -> Log:
    """One replication: what becomes of these contacts on this floor under these rules.

    Args:
        contacts: n contacts with their rounds, as `cssim.demand` draws them.
        agents: a agents, as `cssim.engine.floor.agents_of` numbers them.
        policy: rules of the groups; its queues are those of the contacts, in the same order.

    Returns:
        The log of what happened, in seconds.

    Raises:
        ValueError: the policy and the contacts speak of different queues.
    """
    if contacts.queues != policy.queues:
        raise ValueError(f"contacts of {contacts.queues} on a floor for {policy.queues}")
    return _Run(contacts, agents, policy).log()


class _Run:
    """The mutable state of one replication."""

    def __init__(self, contacts: Contacts, agents: Agents, policy: Policy) -> None:
        self.drawn = contacts
        self.roster = agents
        self.policy = policy
        n, rounds, people = len(contacts), len(contacts.work), len(agents)

        self.arrival = [NEVER] * n
        self.offered = [NEVER] * n
        self.assigned = [NEVER] * n
        self.closed = [NEVER] * n
        self.taken_by = [NOBODY] * n
        self.outcome = [Outcome.NEVER] * n
        self.message = [NEVER] * rounds
        self.begun = [NEVER] * rounds
        self.sent = [NEVER] * rounds
        self.on = [NEVER] * people
        self.off = [NEVER] * people
        self.replying_seconds = [0.0] * people
        self.open_seconds = [0.0] * people
        self.overtime = [0.0] * people
        self.break_begun = [NEVER] * len(agents.break_start)
        self.break_ended = [NEVER] * len(agents.break_start)

        # Plain lists: reading one number of a numpy array at a time is slow.
        self.work, self.think = contacts.work.tolist(), contacts.think.tolist()
        self.patience, self.delay = contacts.patience.tolist(), contacts.delay.tolist()
        self.buyer, self.lingers = contacts.buyer.tolist(), contacts.lingers.tolist()
        self.limit = policy.chats.tolist()
        first = contacts.first.tolist()
        self.contacts = [
            Contact(i, queue, first[i], first[i + 1] - 1) for i, queue in enumerate(contacts.queue.tolist())
        ]
        self.follow_ups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for i in np.flatnonzero(contacts.parent != NOBODY).tolist():
            self.follow_ups[int(contacts.parent[i]), int(contacts.trigger[i])].append(i)
        self.retried: set[int] = set()  # buyers who have come back after leaving once

        offsets = agents.first.tolist()
        self.agents = [
            Agent(i, int(agents.group[i]), float(agents.end[i]), range(offsets[i], offsets[i + 1]))
            for i in range(people)
        ]
        self.coming = [agent for agent in self.agents if agents.present[agent.number]]
        self.still_on = len(self.coming)  # agents on or to come
        self.floor: list[list[Agent]] = [[] for _ in policy.groups]  # signed on, by group
        self.lines: list[list[tuple[float, int]]] = [[] for _ in policy.queues]  # (offered, contact number)
        self.serving = [
            [(float(policy.after[g, q]), g) for g in np.flatnonzero(policy.serves[:, q]).tolist()]
            for q in range(len(policy.queues))
        ]
        self.log_ons: Counter[float] = Counter()  # events of Order.LOG_ON still to come, by instant
        self.touched: dict[int, Agent] = {}  # agents who may be free to begin a reply

        starts = [float(agents.start[agent.number]) for agent in self.coming]
        self.env = simpy.Environment(initial_time=min([0.0, *starts]))

    # -- events ------------------------------------------------------------------------------------

    def log(self) -> Log:
        """Let everything happen; then say what did."""
        for agent in self.coming:
            self._at_log_on(float(self.roster.start[agent.number]), agent, self._log_on)
        own = np.flatnonzero(self.drawn.parent == NOBODY).tolist()
        for contact, arrival in zip(own, self.drawn.arrival[own].tolist(), strict=True):
            self._at(arrival, Order.ARRIVAL, contact, self._arrive, self.contacts[contact])
        self.env.run()

        def column(values: Iterable[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
            return np.array(list(values), dtype=np.float64)

        return Log(
            contacts=self.drawn,
            agents=self.roster,
            policy=self.policy,
            arrival=column(self.arrival),
            offered=column(self.offered),
            assigned=column(self.assigned),
            closed=column(self.closed),
            agent=np.array(self.taken_by, dtype=np.int64),
            outcome=np.array(self.outcome, dtype=np.int64),
            message=column(self.message),
            begun=column(self.begun),
            sent=column(self.sent),
            on=column(self.on),
            off=column(self.off),
            replying=column(self.replying_seconds),
            open_seconds=column(self.open_seconds),
            overtime=column(self.overtime),
            break_begun=column(self.break_begun),
            break_ended=column(self.break_ended),
        )

    @property
    def now(self) -> float:
        return float(self.env.now)

    def _at(self, time: float, order: Order, number: int, act: Callable[..., None], *what: object) -> None:
        """Let `act(*what)` happen at a time, among the events of that instant by (order, number)."""

        def happen() -> None:
            act(*what)
            self._settle()

        Event(self.env, time, (order << 48) + number, happen)

    def _at_log_on(self, time: float, agent: Agent, act: Callable[..., None], *what: object) -> None:
        """The same for log-ons and ends of breaks: the floor is dispatched once, after the instant's last."""

        def happen() -> None:
            act(agent, *what)
            self.log_ons[time] -= 1
            if self.log_ons[time] == 0:
                self._settle()

        self.log_ons[time] += 1
        Event(self.env, time, (Order.LOG_ON << 48) + agent.number, happen)

    def _settle(self) -> None:
        """After an event: dispatch, then every agent who can begins a reply."""
        self._dispatch()
        for agent in self.touched.values():
            if agent.replying is None and agent.pending:
                self._begin(agent, self._next_reply(agent))
        self.touched.clear()

    # -- the life of a contact -----------------------------------------------------------------------

    def _arrive(self, contact: Contact) -> None:
        """The buyer writes; a bot, where it covers the contact, has it for its delay."""
        i = contact.number
        self.arrival[i] = self.now
        after_bot = self._resolve if self.drawn.deflected[i] else self._offer
        if self.delay[i] > 0:
            self._at(self.now + self.delay[i], Order.ARRIVAL, i, after_bot, contact)
        else:
            after_bot(contact)

    def _resolve(self, contact: Contact) -> None:
        """The bot needs no person for this one."""
        contact.state = State.DONE
        self.outcome[contact.number] = Outcome.DEFLECTED
        self._wake(contact, Trigger.RESOLVED)

    def _offer(self, contact: Contact) -> None:
        """The contact is handed to people: it joins its queue's line and its patience runs."""
        i = contact.number
        self.offered[i] = self.message[contact.round] = self.now
        if self.still_on == 0:
            self._finish(contact, Outcome.UNFINISHED)
            return
        contact.state = State.WAITING
        insort(self.lines[contact.queue], (self.now, i))
        self._run_patience(contact)
        for after in {after for after, _ in self.serving[contact.queue] if 0 < after < INFINITY}:
            self._at(self.now + after, Order.OVERFLOW, i, self._overflow, contact, after)

    def _overflow(self, contact: Contact, after: float) -> None:
        """The contact has waited so long that further groups may be asked."""
        contact.waited = after

    def _assign(self, contact: Contact, agent: Agent) -> None:
        """An agent takes the contact out of the line."""
        self._leave_line(contact)
        contact.state = State.PENDING
        contact.agent = agent
        self.assigned[contact.number] = agent.last_chat = self.now
        self.taken_by[contact.number] = agent.number
        agent.chats[contact.number] = agent.pending[contact.number] = contact
        self.touched[agent.number] = agent

    def _begin(self, agent: Agent, contact: Contact) -> None:
        """The agent begins the reply to the contact's current round."""
        del agent.pending[contact.number]
        agent.replying = contact
        contact.state = State.REPLYING
        self.begun[contact.round] = self.now
        speed = float(self.policy.speed[agent.group, contact.queue])
        seconds = on_grid(self.work[contact.round] / speed)
        self.replying_seconds[agent.number] += seconds
        self._at(self.now + seconds, Order.REPLY_SENT, contact.number, self._send, agent, contact)

    def _send(self, agent: Agent, contact: Contact) -> None:
        """The reply is sent; the buyer thinks, or the conversation is over."""
        agent.replying = None
        self.touched[agent.number] = agent
        if contact.left:
            self._close(contact)
            return
        self.sent[contact.round] = self.now
        if contact.gone:
            self._hold(contact)
        elif contact.round == contact.last:
            self.outcome[contact.number] = Outcome.SERVED
            self._hold(contact)
            self._wake(contact, Trigger.RESOLVED)
        else:
            contact.state = State.THINKING
            think = self.think[contact.round + 1]
            self._at(self.now + think, Order.MESSAGE, contact.number, self._write, contact)

    def _write(self, contact: Contact) -> None:
        """The buyer writes the next round to the same agent."""
        agent = _with_agent(contact)
        contact.round += 1
        contact.state = State.PENDING
        self.message[contact.round] = self.now
        agent.pending[contact.number] = contact
        self.touched[agent.number] = agent
        self._run_patience(contact)

    def _hold(self, contact: Contact) -> None:
        """After the last reply the place stays taken for a while, unless the agent is winding down."""
        agent = _with_agent(contact)
        hold = float(self.policy.idle_hold[agent.group])
        if hold == 0 or agent.draining:
            self._close(contact)
            return
        contact.state = State.HELD
        self._at(self.now + hold, Order.HOLD_ENDED, contact.number, self._release, contact)

    def _release(self, contact: Contact) -> None:
        if contact.state is State.HELD:
            self._close(contact)

    def _close(self, contact: Contact) -> None:
        """The contact's place with its agent becomes free."""
        agent = _with_agent(contact)
        contact.state = State.DONE
        self.closed[contact.number] = self.now
        self.open_seconds[agent.number] += self.now - self.assigned[contact.number]
        del agent.chats[contact.number]
        agent.pending.pop(contact.number, None)
        self._rest_or_go(agent)

    def _run_patience(self, contact: Contact) -> None:
        """From a message on, the buyer waits so long and no longer."""
        patience = self.patience[contact.round]
        if patience < INFINITY:
            self._at(
                self.now + patience, Order.PATIENCE, contact.number, self._expire, contact, contact.round
            )

    def _expire(self, contact: Contact, round_: int) -> None:
        """The buyer gives up, unless the reply has begun (or, by the queue's rule, been sent)."""
        until_sent = self.drawn.until_sent[contact.queue]
        waits = contact.state in (State.WAITING, State.PENDING)
        if contact.round != round_ or not (waits or (until_sent and contact.state is State.REPLYING)):
            return
        i = contact.number
        contact.gone = True
        contact.left = not self.lingers[i]
        if contact.round > int(self.drawn.first[i]):
            self.outcome[i] = Outcome.BROKEN_OFF
        else:
            self.outcome[i] = Outcome.ABANDONED if contact.left else Outcome.LINGERED
        if not contact.left:
            return
        if contact.state is State.WAITING:
            self._leave_line(contact)
            contact.state = State.DONE
        elif contact.state is State.PENDING:
            self._close(contact)
        # A reply under way is never interrupted: its place is freed when it ends.
        self._wake(contact, Trigger.ABANDONED)

    def _wake(self, contact: Contact, trigger: Trigger) -> None:
        """The contact's follow-ups of that kind come, each after its delay; one retry a buyer."""
        for i in self.follow_ups.get((contact.number, trigger), ()):
            if trigger is Trigger.ABANDONED:
                if self.buyer[i] in self.retried:
                    continue
                self.retried.add(self.buyer[i])
            arrival = self.now + float(self.drawn.wake[i])
            if arrival < self.drawn.horizon:
                self._at(arrival, Order.ARRIVAL, i, self._arrive, self.contacts[i])

    def _finish(self, contact: Contact, outcome: Outcome) -> None:
        """The contact ends without an agent; a buyer who had gone before stays lingered."""
        contact.state = State.DONE
        if not contact.gone:
            self.outcome[contact.number] = outcome

    def _leave_line(self, contact: Contact) -> None:
        line = self.lines[contact.queue]
        del line[bisect_left(line, (self.offered[contact.number], contact.number))]

    # -- dispatch ------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """While some waiting contact has an eligible agent, the best contact goes to the best agent."""
        while (choice := self._best_contact()) is not None:
            contact, pool = choice
            self._assign(contact, self._route(pool))

    def _best_contact(self) -> tuple[Contact, list[Agent]] | None:
        """The contact to take now, and the agents among whom the route chooses.

        Best is lowest by (priority in the receiving group, offered, number). Only the head of each line
        matters: it has waited longest, so every group that may be asked for another may be asked for it.
        """
        best: tuple[float, float, int] | None = None
        for queue, line in enumerate(self.lines):
            if not line:
                continue
            offered, number = line[0]
            waited = self.contacts[number].waited
            priorities = [
                float(self.policy.priority[g, queue])
                for after, g in self.serving[queue]
                if after <= waited and any(map(self._can_take, self.floor[g]))
            ]
            if priorities and (best is None or (min(priorities), offered, number) < best):
                best = (min(priorities), offered, number)
        if best is None:
            return None
        contact = self.contacts[best[2]]
        return contact, self._pool(contact)

    def _pool(self, contact: Contact) -> list[Agent]:
        """Free agents of the groups that may be asked soonest after the hand-over.

        Some group may be asked now, and one that may not yet has a longer wait, so it is never the soonest.
        """
        free: dict[float, list[Agent]] = defaultdict(list)
        for after, g in self.serving[contact.queue]:
            free[after] += filter(self._can_take, self.floor[g])
        return free[min(after for after, agents in free.items() if agents)]

    def _can_take(self, agent: Agent) -> bool:
        """On, not winding down, and below the chat limit."""
        return not agent.draining and not agent.on_break and len(agent.chats) < self.limit[agent.group]

    def _route(self, pool: list[Agent]) -> Agent:
        """Which agent of the pool gets the chat. A pool has one route; were it mixed, its first group's."""
        idle_first = bool(self.policy.idle_first[min(agent.group for agent in pool)])

        def rank(agent: Agent) -> tuple[bool, int, bool, float, int]:
            busy = idle_first and (agent.replying is not None or bool(agent.pending))
            return (busy, len(agent.chats), agent.replying is not None, agent.last_chat, agent.number)

        return min(pool, key=rank)

    def _next_reply(self, agent: Agent) -> Contact:
        """Which pending round the agent answers now."""
        promote_after = float(self.policy.promote_after[agent.group])
        oldest = bool(self.policy.oldest[agent.group])

        def rank(contact: Contact) -> tuple[int, float, int]:
            message = self.message[contact.round]
            later = contact.round > int(self.drawn.first[contact.number])
            if later and self.now - message > promote_after:
                return (0, message, contact.number)
            return (2 if later and not oldest else 1, message, contact.number)

        return min(agent.pending.values(), key=rank)

    # -- the life of an agent --------------------------------------------------------------------------

    def _log_on(self, agent: Agent) -> None:
        """The shift begins; its breaks and its end are known from here on."""
        i = agent.number
        self.on[i] = agent.last_chat = self.now
        self.floor[agent.group].append(agent)
        wind_down = float(self.policy.wind_down[agent.group])
        for b in agent.breaks:
            start = float(self.roster.break_start[b])
            self._wind_down(start - wind_down, agent, b)
            self._at(max(start, self.now), Order.LEAVING, i, self._break_due, agent, b)
        self._wind_down(agent.end - wind_down, agent, END)
        self._at(agent.end, Order.LEAVING, i, self._end_shift, agent)

    def _wind_down(self, time: float, agent: Agent, reason: int) -> None:
        """No new chat from that time on, or from now on where it has passed."""
        if time < self.now:
            agent.draining.add(reason)
        else:
            self._at(time, Order.LEAVING, agent.number, self._drain, agent, reason)

    def _drain(self, agent: Agent, reason: int) -> None:
        """The agent takes no new chat; held ones close at once, open ones are finished."""
        agent.draining.add(reason)
        for contact in [c for c in agent.chats.values() if c.state is State.HELD]:
            self._close(contact)

    def _break_due(self, agent: Agent, b: int) -> None:
        agent.due.append(b)
        self._rest_or_go(agent)

    def _rest_or_go(self, agent: Agent) -> None:
        """With no chat open, a break that is due begins; after the shift's end the agent signs off."""
        if agent.chats or agent.on_break or agent.signed_off:
            return
        if agent.over:
            self._sign_off(agent)
        elif agent.due and self.now < agent.end:
            self._begin_break(agent, agent.due.pop(0))

    def _begin_break(self, agent: Agent, b: int) -> None:
        """The break lasts its length, or until the shift's end, from which nobody comes back."""
        agent.on_break = True
        self.break_begun[b] = self.now
        end = self.now + float(self.roster.break_end[b] - self.roster.break_start[b])
        self.break_ended[b] = min(end, agent.end)
        if end < agent.end:
            self._at_log_on(end, agent, self._end_break, b)

    def _end_break(self, agent: Agent, b: int) -> None:
        agent.on_break = False
        agent.draining.discard(b)
        self._rest_or_go(agent)

    def _end_shift(self, agent: Agent) -> None:
        """Breaks not begun lapse; chats still open, none of them held by now, are finished in overtime."""
        agent.over = True
        agent.on_break = False
        self._rest_or_go(agent)

    def _sign_off(self, agent: Agent) -> None:
        """The agent goes; after the last one nobody in a line will be answered."""
        agent.signed_off = True
        self.off[agent.number] = self.now
        self.overtime[agent.number] = self.now - agent.end
        self.floor[agent.group].remove(agent)
        self.still_on -= 1
        if self.still_on == 0:
            for line in self.lines:
                for _, i in line:
                    self._finish(self.contacts[i], Outcome.UNFINISHED)
                line.clear()


def _with_agent(contact: Contact) -> Agent:
    assert contact.agent is not None
    return contact.agent
