"""What only shows between fields: one small function a check, each finding a path and what is wrong there.

A check may rely on the schema (names are known, values are in range) and on the sections of the scenario that
it says it needs: where one of them is at fault, the check waits until that is mended. Faults stop; warnings
are legal but odd.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from itertools import combinations, pairwise
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from numpy.typing import NDArray

from cssim.errors import Fault, Wrong
from cssim.scenario.clock import Calendar, Floats, in_hours
from cssim.scenario.presets import TARGETS
from cssim.scenario.schema import EPOCH, Hours, Profile, Queue, RosterRow, Scenario, Volume
from cssim.scenario.shifts import shifts_meant, shifts_of
from cssim.scenario.spelling import listed, unknown
from cssim.scenario.tree import Path, dotted
from cssim.scenario.units import DAY, HOUR, MINUTE, format_duration, format_moment, is_on, parse_clock

Found: TypeAlias = tuple[Path, Wrong]
Check: TypeAlias = Callable[[Scenario], Iterator[Found]]
Bools: TypeAlias = NDArray[np.bool_]

SHORTEST_HORIZON, LONGEST_HORIZON = HOUR, 56 * DAY
SHORTEST_INTERVAL, LONGEST_INTERVAL = 5 * MINUTE, 4 * HOUR
MOST_AGAIN: Final = 0.99
"""Most follow-ups that a contact may bring, by way of its own follow-ups, to its own queue."""


def faults(scenario: Scenario, sections: Collection[str] | None = None) -> Iterator[Found]:
    """What is wrong between the fields of the sections that are sound; all of them by default."""
    broken = set() if sections is None else set(Scenario.model_fields) - set(sections)
    if not broken & {"horizon"}:
        for found in horizon_fits(scenario):
            broken.add("horizon")
            yield found
    for check, needs in FAULTS.items():
        if not broken & set(needs):
            yield from check(scenario)


def oddities(scenario: Scenario) -> Iterator[Found]:
    """What is legal but odd."""
    for check in WARNINGS:
        yield from check(scenario)


def warnings(scenario: Scenario) -> tuple[Fault, ...]:
    """What is legal but odd, without places; `load.read` gives them with places."""
    return tuple(Fault(wrong.key, wrong.values, dotted(path)) for path, wrong in oddities(scenario))


# -- faults: time -----------------------------------------------------------------------------------------


def horizon_fits(scenario: Scenario) -> Iterator[Found]:
    """From an hour to eight weeks; intervals of 5 min to 4 h that divide the day; the warm-up inside it."""
    horizon = scenario.horizon
    if horizon.end <= horizon.start:
        yield ("horizon", "to"), Wrong("horizon.order", given=format_moment(horizon.end))
    elif not SHORTEST_HORIZON <= horizon.seconds <= LONGEST_HORIZON:
        length = format_duration(horizon.seconds)
        yield ("horizon", "to"), Wrong("horizon.length", length=length, days=round(LONGEST_HORIZON / DAY))
    if not SHORTEST_INTERVAL <= horizon.interval <= LONGEST_INTERVAL or DAY % horizon.interval:
        yield ("horizon", "interval"), Wrong("horizon.interval", given=format_duration(horizon.interval))
    if _zone(horizon.timezone) is None:
        zones = sorted(available_timezones())
        yield ("horizon", "timezone"), unknown("horizon.timezone", horizon.timezone, zones)
    begin = horizon.measure_from
    if begin is not None and horizon.start < horizon.end and not horizon.start <= begin < horizon.end:
        yield ("horizon", "measure_from"), Wrong("horizon.measure_from", given=format_moment(begin))


def sale_in_order(scenario: Scenario) -> Iterator[Found]:
    """A sale closes after it opens."""
    sale = scenario.sale
    if sale is not None and sale.closes is not None and sale.closes <= sale.opens:
        yield ("sale", "closes"), Wrong("sale.order", given=format_moment(sale.closes))


def sale_is_told(scenario: Scenario) -> Iterator[Found]:
    """A profile that is anchored to the sale has a sale."""
    for which in ("opens", "closes"):
        if scenario.sale is not None and getattr(scenario.sale, which) is not None:
            continue
        names = [name for name, queue in scenario.queues.items() if _needs(queue, which)]
        if names:
            yield ("queues", names[0], "profile"), Wrong("sale.needed", which=which, queues=listed(names))
            return


def _needs(queue: Queue, which: str) -> bool:
    """Whether its arrivals mean nothing without the sale's opening or closing."""
    if queue.volume is None or queue.volume.counts is not None:
        return False
    anchored = which == "opens" and queue.profile.anchor == "opening"
    return anchored or any(spike.at == which for spike in queue.profile.spikes)


# -- faults: contacts -------------------------------------------------------------------------------------


def counts_in_order(scenario: Scenario) -> Iterator[Found]:
    """Counts end after they begin, do not overlap, and some of them lie in the horizon."""
    for name, queue in scenario.queues.items():
        counted = queue.volume.counts if queue.volume else None
        if counted is None:
            continue
        path: Path = ("queues", name, "volume", "counts")
        for k, row in enumerate(counted):
            if row.end <= row.start:
                yield (*path, k), Wrong("counts.order", start=format_moment(row.start))
        order = sorted(range(len(counted)), key=lambda k: counted[k].start)
        for a, b in pairwise(order):
            if counted[b].start < counted[a].end and counted[a].start < counted[a].end:
                yield (*path, b), Wrong("counts.overlap", start=format_moment(counted[b].start))
        if counted and len(_rows_outside(scenario, queue.volume)) == len(counted):
            yield path, Wrong("counts.outside")


def _rows_outside(scenario: Scenario, volume: Volume | None) -> list[int]:
    """Indices of the counts that have no part in the horizon."""
    horizon = scenario.horizon
    counted = volume.counts if volume and volume.counts else ()
    return [k for k, row in enumerate(counted) if row.end <= horizon.start or row.start >= horizon.end]


def day_shares_meet_the_horizon(scenario: Scenario) -> Iterator[Found]:
    """Each date with a share of the refunds is one of the horizon, and written once."""
    dates = Calendar.of(scenario.horizon).dates
    for name, queue in scenario.queues.items():
        shares = (queue.volume.day_share if queue.volume else None) or {}
        meant = [(written, [day for day in dates if is_on(written, day)]) for written in shares]
        path: Path = ("queues", name, "volume", "day_share")
        for k, (written, days) in enumerate(meant):
            if not days:
                known = listed(day.isoformat() for day in dates)
                yield (*path, written), Wrong("date.outside", date=written, allowed=known)
            elif any(set(days) & set(earlier) for _, earlier in meant[:k]):
                yield (*path, written), Wrong("date.twice", date=written)


def something_comes(scenario: Scenario) -> Iterator[Found]:
    """Some queue has contacts (where its counts all lie outside the horizon, that has been said already)."""
    queues = scenario.queues.values()
    if not any(_own(scenario, queue) or _rows_outside(scenario, queue.volume) for queue in queues):
        yield ("queues",), Wrong("queues.empty")


def _own(scenario: Scenario, queue: Queue) -> bool:
    """Whether contacts come to a queue by themselves."""
    volume = queue.volume
    if volume is None:
        return False
    if volume.counts is not None:
        outside = set(_rows_outside(scenario, volume))
        return any(row.contacts > 0 for k, row in enumerate(volume.counts) if k not in outside)
    factors = (volume.contacts, volume.rate, volume.orders, volume.service_share, volume.refund_rate)
    shares = (volume.day_share or {"": 1.0}).values()
    return all(factor is None or factor > 0 for factor in factors) and any(share > 0 for share in shares)


def _reached(scenario: Scenario) -> set[str]:
    """The queues to which contacts come, by themselves or after others."""
    found = {name for name, queue in scenario.queues.items() if _own(scenario, queue)}
    while True:
        after = {f.queue for name in found for f in scenario.queues[name].then if f.share > 0}
        if after <= found:
            return found
        found |= after


def _asks_people(queue: Queue) -> bool:
    """Whether the bot leaves anything of it to people."""
    return queue.bot is None or queue.bot.covers * queue.bot.resolves < 1


def follow_ups_die_out(scenario: Scenario) -> Iterator[Found]:
    """Contacts that bring contacts do not go on for ever: the spectral radius of the shares stays below one.

    Retries are left out, for a buyer makes one at most.
    """
    names = list(scenario.queues)
    brought = np.zeros((len(names), len(names)))
    for source, queue in enumerate(scenario.queues.values()):
        for entry in queue.then:
            if entry.on == "resolved":
                brought[source, names.index(entry.queue)] += entry.share
    growth, vectors = np.linalg.eig(brought)
    worst = int(np.argmax(np.abs(growth)))
    if np.abs(growth[worst]) > MOST_AGAIN:
        name = names[int(np.argmax(np.abs(vectors[:, worst])))]
        yield ("queues", name, "then"), Wrong("follow_ups.endless", most=MOST_AGAIN)


# -- faults: people ---------------------------------------------------------------------------------------


def nothing_twice(scenario: Scenario) -> Iterator[Found]:
    """A group serves a queue once and has a shift once."""
    for name, group in scenario.groups.items():
        queues = [serve.queue for serve in group.serves]
        for field, names in (("serves", queues), ("shifts", list(group.shifts or ()))):
            for k, given in enumerate(names):
                if given in names[:k]:
                    yield ("groups", name, field, k), Wrong("groups.twice", given=given)


def pools_have_one_route(scenario: Scenario) -> Iterator[Found]:
    """Groups that may take a queue's contacts after the same wait are one pool, and a pool has one route."""
    waits = {
        name: {serve.queue: serve.after for serve in group.serves} for name, group in scenario.groups.items()
    }
    for one, other in combinations(scenario.groups, 2):
        if scenario.groups[one].route == scenario.groups[other].route:
            continue
        shared = [queue for queue, after in waits[one].items() if waits[other].get(queue) == after]
        if shared:
            wrong = Wrong("groups.route", group=other, other=one, queue=shared[0])
            yield ("groups", other, "route"), wrong


def every_queue_is_served(scenario: Scenario) -> Iterator[Found]:
    """Where contacts reach people, some group takes them."""
    served = {serve.queue for group in scenario.groups.values() for serve in group.serves}
    reached = _reached(scenario)
    for name, queue in scenario.queues.items():
        if name in reached and name not in served and _asks_people(queue):
            yield ("queues", name), Wrong("queues.unserved", queue=name)


def limits_agree(scenario: Scenario) -> Iterator[Found]:
    """No more people must be on duty than there are seats."""
    limits = scenario.limits
    if limits.seats is not None and limits.min_on_duty > limits.seats:
        wrong = Wrong("limits.order", duty=limits.min_on_duty, seats=limits.seats)
        yield ("limits", "min_on_duty"), wrong


def roster_means_shifts(scenario: Scenario) -> Iterator[Found]:
    """Each row of the scenario's own roster means one shift of its group."""
    return rows_mean_shifts(scenario, scenario.roster or ())


def rows_mean_shifts(scenario: Scenario, rows: tuple[RosterRow, ...]) -> Iterator[Found]:
    """Each row of a roster means one shift of its group."""
    dates = Calendar.of(scenario.horizon).dates
    days = (dates[0] - timedelta(days=1), *dates)
    for k, row in enumerate(rows):
        path: Path = ("roster", k)
        theirs = scenario.groups[row.group].shifts or tuple(scenario.shifts)
        if row.shift not in theirs:
            wrong = Wrong("roster.not_theirs", group=row.group, shift=row.shift, allowed=listed(theirs))
            yield (*path, "shift"), wrong
        elif not any(is_on(row.date, day) for day in days):
            known = listed(day.isoformat() for day in dates)
            yield (*path, "date"), Wrong("date.outside", date=row.date, allowed=known)
        elif len(meant := shifts_meant(scenario, row)) != 1:
            key = "roster.which_shift" if meant else "roster.no_shift"
            yield path, Wrong(key, shift=row.shift, date=row.date)


# -- faults: promises -------------------------------------------------------------------------------------


def targets_can_be_measured(scenario: Scenario) -> Iterator[Found]:
    """A target's hours meet the measured horizon, and offline time is known where it is left out."""
    for k, target in enumerate(scenario.targets):
        excluded = target.offline == "excluded"
        if excluded and scenario.opening_hours is None:
            yield ("targets", k, "offline"), Wrong("target.opening_hours")
        elif not _meet(scenario, target.hours, scenario.opening_hours if excluded else None):
            yield ("targets", k, "hours"), Wrong("target.hours")


def _meet(scenario: Scenario, *hours: Hours | None) -> bool:
    """Whether some moment of the measured horizon lies in all these hours; if any, one where they begin."""
    calendar = Calendar.of(scenario.horizon)
    every = [h for h in hours if h is not None]
    begins = [calendar.midnight(day) + h.start for day in calendar.dates for h in every]
    moments = np.array([calendar.warm_up, *(t for t in begins if calendar.warm_up <= t < calendar.seconds)])
    clock = calendar.clock(moments)
    return bool(np.logical_and.reduce([in_hours(h, clock) for h in every], initial=True).any())


# -- warnings ---------------------------------------------------------------------------------------------


def clocks_change(scenario: Scenario) -> Iterator[Found]:
    """The clocks change inside the horizon: hours are taken as if they did not."""
    horizon, zone = scenario.horizon, _zone(scenario.horizon.timezone)
    hours = range(int(horizon.seconds // HOUR) + 1)
    offsets = [(horizon.start + timedelta(hours=k)).replace(tzinfo=zone).utcoffset() for k in hours]
    for k, (before, after) in enumerate(pairwise(offsets), start=1):
        if before != after:
            moment = format_moment(horizon.start + timedelta(hours=k))
            yield ("horizon", "timezone"), Wrong("warn.clocks", moment=moment, timezone=horizon.timezone)


def queues_without_contacts(scenario: Scenario) -> Iterator[Found]:
    """No contact comes to a queue, by itself or after others."""
    reached = _reached(scenario)
    for name in scenario.queues:
        if name not in reached:
            yield ("queues", name), Wrong("warn.no_contacts", queue=name)


def counts_outside(scenario: Scenario) -> Iterator[Found]:
    """Some counts lie outside the horizon, and do not count."""
    for name, queue in scenario.queues.items():
        outside = _rows_outside(scenario, queue.volume)
        if outside:
            yield ("queues", name, "volume", "counts"), Wrong("warn.counts", rows=len(outside))


def hours_without_anyone(scenario: Scenario) -> Iterator[Found]:
    """Contacts come while no shift of a group that takes them is on."""
    calendar = Calendar.of(scenario.horizon)
    minutes = np.arange(calendar.minutes, dtype=np.float64) * MINUTE
    manned = {
        name: _manned(scenario, name, calendar)
        for name, group in scenario.groups.items()
        if group.people != 0
    }
    for name, queue in scenario.queues.items():
        if queue.volume is None or not _own(scenario, queue) or not _asks_people(queue):
            continue
        groups = [g for g in manned if any(serve.queue == name for serve in scenario.groups[g].serves)]
        alone = _comes(scenario, queue.volume, queue.profile, minutes)
        for group in groups:
            alone &= ~manned[group]
        spans = _spans(alone)
        if spans:
            first, last = spans[0]
            yield (
                ("queues", name),
                Wrong(
                    "warn.nobody",
                    queue=name,
                    start=format_moment(calendar.moment(first * MINUTE)),
                    end=format_moment(calendar.moment(min(last * MINUTE, calendar.seconds))),
                    hours=f"{alone.sum() / 60:.3g}",
                ),
            )


def _manned(scenario: Scenario, group: str, calendar: Calendar) -> Bools:
    """The minutes of the horizon in which some shift of the group is on."""
    on = np.zeros(calendar.minutes, dtype=bool)
    for shift in shifts_of(scenario, group):
        on[max(0, int(shift.start // MINUTE)) : max(0, int(np.ceil(shift.end / MINUTE)))] = True
    return on


def _comes(scenario: Scenario, volume: Volume, profile: Profile, minutes: Floats) -> Bools:
    """The minutes in which a queue's own contacts come."""
    calendar = Calendar.of(scenario.horizon)
    if volume.counts is not None:
        spans = [(calendar.at(row.start), calendar.at(row.end)) for row in volume.counts if row.contacts > 0]
        return _inside(minutes, spans)
    times, weights = (np.array(column) for column in zip(*profile.points, strict=True))
    if profile.anchor == "midnight":
        moments = calendar.clock(minutes)
    else:
        moments = minutes - (_sale(scenario, "opens") if profile.anchor == "opening" else calendar.at(EPOCH))
    step = np.searchsorted(times, moments, side="right") - 1
    # before the first of its times a daily profile has the last weight of the day before, any other none
    comes = (weights[step] > 0) & ((step >= 0) | (profile.anchor == "midnight"))
    for spike in profile.spikes:
        if spike.at in ("opens", "closes"):
            peaks = [_sale(scenario, spike.at)]
        else:
            peaks = [calendar.midnight(day) + parse_clock(spike.at) for day in calendar.dates]
        comes |= _inside(minutes, [(at - spike.lead_in, at + 5 * spike.decay) for at in peaks])
    return np.asarray(comes)


def _sale(scenario: Scenario, which: str) -> float:
    """Second of the sale's opening or closing, which there is."""
    return Calendar.of(scenario.horizon).at(getattr(scenario.sale, which))


def _inside(minutes: Floats, spans: list[tuple[float, float]]) -> Bools:
    """Whether each minute begins in one of the spans."""
    inside = np.zeros(len(minutes), dtype=bool)
    for start, end in spans:
        inside |= (minutes >= start) & (minutes < end)
    return inside


def _spans(flags: Bools) -> list[tuple[int, int]]:
    """Runs of true flags: the first index, and the one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def shifts_unused(scenario: Scenario) -> Iterator[Found]:
    """A shift that no group may work, or that never touches the horizon."""
    groups = scenario.groups.values()
    used = {name for group in groups for name in group.shifts or scenario.shifts}
    on = {shift.name for name in scenario.groups for shift in shifts_of(scenario, name)}
    for name in scenario.shifts:
        if name not in used:
            yield ("shifts", name), Wrong("warn.shift_unused", shift=name)
        elif name not in on:
            yield ("shifts", name), Wrong("warn.shift_outside", shift=name)


def groups_without_people(scenario: Scenario) -> Iterator[Found]:
    """A group of nobody, and groups of as many as anyone likes."""
    for name, group in scenario.groups.items():
        if group.people == 0:
            yield ("groups", name, "people"), Wrong("warn.no_people", group=name)
    unlimited = [name for name, group in scenario.groups.items() if group.people is None]
    if unlimited:
        yield ("groups", unlimited[0]), Wrong("warn.unlimited", groups=listed(unlimited))


def offline_counts(scenario: Scenario) -> Iterator[Found]:
    """A platform leaves offline time out, but the scenario does not say when the shop is open."""
    for k, target in enumerate(scenario.targets):
        rule: Mapping[str, object] = TARGETS.get(target.preset or "", {})
        if rule.get("offline") == "excluded" and target.offline == "counted" and not scenario.opening_hours:
            yield ("targets", k, "preset"), Wrong("warn.offline", preset=target.preset)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: a folder of zones, such as Asia
        return None


FAULTS: Final[Mapping[Check, tuple[str, ...]]] = {
    sale_in_order: ("sale",),
    sale_is_told: ("sale", "queues"),
    counts_in_order: ("horizon", "queues"),
    day_shares_meet_the_horizon: ("horizon", "queues"),
    something_comes: ("horizon", "queues"),
    follow_ups_die_out: ("queues",),
    nothing_twice: ("groups",),
    pools_have_one_route: ("groups",),
    every_queue_is_served: ("horizon", "queues", "groups"),
    limits_agree: ("limits",),
    roster_means_shifts: ("horizon", "groups", "shifts", "roster"),
    targets_can_be_measured: ("horizon", "targets", "opening_hours"),
}
"""Each check and the sections that it needs; `horizon_fits` goes before them all."""

WARNINGS: Final[tuple[Check, ...]] = (
    clocks_change,
    queues_without_contacts,
    counts_outside,
    hours_without_anyone,
    shifts_unused,
    groups_without_people,
    offline_counts,
)
