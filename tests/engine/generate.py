"""Whole floors for hypothesis: small, dense and full of ties, so that every rule meets every other.

Times are halves of a second over a minute or so: nearly everything happens at the same instant as something
else, which is where two engines differ first.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from cssim.demand.contacts import NOBODY, Trigger
from cssim.engine.log import Log, Outcome
from tests.engine.build import INF, A, C, G


@dataclass(frozen=True)
class Case:
    """What `tests.engine.build` makes arrays of."""

    contacts: list[C]
    staff: list[A]
    groups: list[G]
    queues: int
    horizon: float
    until_sent: bool


def times(most: int) -> st.SearchStrategy[float]:
    return st.integers(0, 2 * most).map(lambda halves: halves / 2) | st.integers(0, most).map(float)


@st.composite
def bodies(draw: st.DrawFn, queues: int) -> C:
    """A contact without its origin: rounds, patience, bot."""
    rounds = draw(st.integers(1, 3))
    patience = st.one_of(times(12), times(12), st.just(INF))
    covered = draw(st.booleans()) and draw(st.booleans())
    return C(
        work=[draw(times(8)) for _ in range(rounds)],
        think=[draw(times(8)) for _ in range(rounds - 1)],
        patience=[draw(patience) for _ in range(rounds)],
        queue=draw(st.integers(0, queues - 1)),
        covered=covered,
        deflected=covered and draw(st.booleans()),
        delay=draw(times(6)) if covered else 0.0,
        lingers=draw(st.integers(0, 2)) == 0,
    )


@st.composite
def shifts(draw: st.DrawFn, groups: int, horizon: int) -> A:
    start = draw(st.integers(-20, horizon - 1))
    at, pauses = float(start), []
    for _ in range(draw(st.integers(0, 2))):
        begin = at + draw(st.integers(0, 14))
        at = begin + draw(st.integers(0, 9))
        pauses.append((begin, at))
    end = float(start + draw(st.integers(1, 60)))
    present = draw(st.integers(0, 5)) > 0
    return A(float(start), end, pauses, draw(st.integers(0, groups - 1)), present)


@st.composite
def rules(draw: st.DrawFn, queues: int, idle_first: bool) -> G:
    serves = {
        q: (
            float(draw(st.integers(0, 2))),
            draw(st.sampled_from([1.0, 1.0, 0.5, 2.0, 0.7])),
            draw(st.sampled_from([0.0, 0.0, 3.0, 6.0])),
        )
        for q in range(queues)
        if draw(st.integers(0, 3)) > 0
    }
    return G(
        serves,
        chats=draw(st.integers(1, 3)),
        idle_first=idle_first,
        oldest=draw(st.integers(0, 2)) == 0,
        promote_after=draw(st.sampled_from([INF, 0.5, 0.5, 2.0])),
        idle_hold=draw(st.sampled_from([0.0, 3.0, 8.0])),
        wind_down=draw(st.sampled_from([0.0, 0.0, 4.0, 40.0])),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A floor, its rules, and who comes to it."""
    queues, groups = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    horizon = draw(st.integers(5, 80))
    crowd = draw(st.integers(0, 24))
    arrivals = sorted(draw(st.lists(st.integers(0, horizon - 1), min_size=crowd // 2, max_size=crowd)))
    rows = [replace(draw(bodies(queues)), at=float(at)) for at in arrivals]
    for _ in range(draw(st.integers(0, 8)) if rows else 0):
        origin = {
            "parent": draw(st.integers(0, len(rows) - 1)),
            "trigger": draw(st.sampled_from([Trigger.RESOLVED, Trigger.ABANDONED])),
            "wake": draw(times(10)),
        }
        rows.append(replace(draw(bodies(queues)), **origin))
    idle_first = draw(st.booleans())
    people = draw(st.integers(0, 6))
    staff = draw(st.lists(shifts(groups, horizon), min_size=people // 2, max_size=people))
    return Case(
        contacts=rows,
        staff=sorted(staff, key=lambda a: (a.group, a.start, a.end)),
        groups=[draw(rules(queues, idle_first)) for _ in range(groups)],
        queues=queues,
        horizon=float(horizon),
        until_sent=draw(st.integers(0, 3)) == 0,
    )


def behaviours(log: Log) -> Counter[str]:
    """Which of the model's behaviours a replication showed."""
    contacts, agents, policy = log.contacts, log.agents, log.policy
    taken = log.agent != NOBODY
    group = agents.group[log.agent[taken]]
    queue = contacts.queue[taken]
    parent = contacts.parent
    woken = (parent != NOBODY) & ~np.isnan(log.arrival)
    of_round = np.repeat(np.arange(len(contacts)), np.diff(contacts.first))
    later = np.arange(len(log.begun)) > contacts.first[of_round]
    begun = ~np.isnan(log.begun)
    again = np.flatnonzero(later & begun)
    patient = policy.promote_after[agents.group[log.agent[of_round[again]]]]
    promoted = log.begun[again] - log.message[again] > patient
    pauses = np.repeat(np.arange(len(agents)), np.diff(agents.first))
    on = ~np.isnan(log.on[pauses])
    planned, taken_off = agents.break_end - agents.break_start, log.break_ended - log.break_begun
    outcome = log.outcome
    unsent = np.isnan(log.sent) & begun
    left_with_agent = np.isin(outcome, [Outcome.ABANDONED]) & taken
    instants = np.concatenate([log.offered, log.message, log.begun, log.sent, log.closed, log.off])
    instants = instants[~np.isnan(instants)]
    served = np.flatnonzero(outcome == Outcome.SERVED)
    held = log.closed[served] > log.sent[contacts.first[1:][served] - 1]
    seen = {
        "nobody on duty": not agents.present.any(),
        "nobody comes": len(contacts) == 0,
        "a line empty all day": len(np.unique(contacts.queue)) < len(contacts.queues),
        "waited in line": bool((log.assigned > log.offered).any()),
        "taken by a group asked later": bool((policy.after[group, queue] > 0).any()),
        "worked at another speed": bool((policy.speed[group, queue] != 1).any()),
        "several chats at once": bool((log.open_seconds > log.replying).any()),
        "a later round": bool((later & begun).any()),
        "a later round promoted": bool(promoted.any()),
        "left the line": bool((np.isin(outcome, [Outcome.ABANDONED]) & ~taken).any()),
        "left an agent who had not begun": bool(left_with_agent.any()),
        "left while the reply was written": bool(unsent.any()),
        "lingered": bool((outcome == Outcome.LINGERED).any()),
        "broke off": bool((outcome == Outcome.BROKEN_OFF).any()),
        "broke off and lingered": bool(((outcome == Outcome.BROKEN_OFF) & contacts.lingers).any()),
        "unfinished": bool((outcome == Outcome.UNFINISHED).any()),
        "deflected": bool((outcome == Outcome.DEFLECTED).any()),
        "follow-up of a served or deflected one": bool(
            (woken & (contacts.trigger == Trigger.RESOLVED)).any()
        ),
        "retry": bool((woken & (contacts.trigger == Trigger.ABANDONED)).any()),
        "follow-up never woken": bool((outcome == Outcome.NEVER).any()),
        "absent": bool((~agents.present).any()),
        "overtime": bool((log.overtime > 0).any()),
        "a place held": bool(held.any()),
        "a break late": bool((log.break_begun > agents.break_start).any()),
        "a break cut": bool((taken_off < planned).any()),
        "a break lapsed": bool((np.isnan(log.break_begun) & on).any()),
        "on before the horizon": bool((log.on < 0).any()),
        "after the horizon": bool((log.begun >= contacts.horizon).any()),
        "no work at all": bool((begun & (contacts.work == 0)).any()),
        "no patience at all": bool((contacts.patience == 0).any()),
        "many things at one instant": len(instants) > len(np.unique(instants)) + 5,
        "replies by message time alone": bool(policy.oldest.any()),
        "idle first": bool(policy.idle_first.any()),
    }
    return Counter({name: int(shown) for name, shown in seen.items()})
