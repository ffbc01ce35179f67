"""What is expected: volume x profile for each queue, and what follows from it, before anything is random.

A volume is the number of contacts expected *within the horizon*; a profile says only where within it. What
is divided by what:

| volume | expected contacts | spread as the profile's weight over |
| --- | --- | --- |
| `contacts` | that number | the horizon |
| `contacts`, `per: day` | that number each full local date | that date, 00:00 to 24:00 |
| `rate` | rate x length of the horizon | the horizon |
| `counts` | each row's number | evenly from the row's start to its end; no profile |
| `orders`, `service_share`, `conversion` | orders x service_share / conversion | the horizon |
| `orders`, `refund_rate` | orders x refund_rate | the horizon |
| the same with `day_share` | orders x refund_rate x the date's share | that date, 00:00 to 24:00 |

Of a date or a row that the horizon cuts, only the part inside arrives. Dates are local wall-clock dates of
24 hours (`cssim.scenario.clock`), so a change of the clocks moves nothing.

The formulas of orders are the planners' own: "receptions = orders x share who ask / conversion" and
"refunds of a day = orders x refund rate x that day's share of the campaign's refunds".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cssim.demand.distributions import cdf
from cssim.errors import InputError
from cssim.scenario.clock import Calendar, Floats
from cssim.scenario.schema import EPOCH, FollowUp, Profile, Queue, Sale, Scenario, Spike, Volume
from cssim.scenario.units import DAY, HOUR, MINUTE, is_on, parse_clock

SALE_DAY_BEGINS = 5 * HOUR
"""By the clock; the day factor changes then, so that no sale night is cut."""

MOST_AGAIN = 0.99
"""Most follow-ups that a contact may bring, by way of its own follow-ups, to its own queue."""


@dataclass(frozen=True)
class Curve:
    """Expected arrivals of one queue over the horizon, evenly spread between knots.

    The knots hold every whole minute and every moment at which the rate may jump, so an opening in the
    middle of a minute leaks nothing before it.

    Attributes:
        knots: seconds, ascending from 0 to the horizon's end, shape (k + 1,).
        pieces: expected contacts between a knot and the next, shape (k,).
    """

    knots: Floats
    pieces: Floats

    @property
    def total(self) -> float:
        """Expected contacts within the horizon."""
        return float(self.pieces.sum())

    def by(self, edges: Floats) -> Floats:
        """Expected contacts from each edge to the next; edges are among the knots, shape (n + 1,) to (n,)."""
        first = np.searchsorted(self.knots, edges[:-1])
        contacts: Floats = np.add.reduceat(self.pieces, first)
        return contacts


@dataclass(frozen=True)
class Volumes:
    """Expected contacts per queue, with those that follow from others.

    Attributes:
        queues: names, (q,).
        own: that come by themselves within the horizon, (q,).
        total: with all follow-ups, also those that the horizon's end may cut off, (q,).
        offered: of the total, those that the bot does not resolve, (q,).
    """

    queues: tuple[str, ...]
    own: Floats
    total: Floats
    offered: Floats

    @property
    def follow_ups(self) -> Floats:
        """Expected follow-ups, (q,)."""
        return self.total - self.own


def expected(scenario: Scenario) -> Floats:
    """Expected own contacts of each queue in each minute of the horizon; shape (queues, minutes).

    Exact: weights that hold between two moments and spikes are integrated in closed form, so a minute that
    a step falls into gets its share. The last minute may be cut short.

    Raises:
        InputError: as `curve_of`.
    """
    edges = minute_edges(Calendar.of(scenario.horizon))
    return np.array([curve_of(scenario, name).by(edges) for name in scenario.queues])


def minute_edges(calendar: Calendar) -> Floats:
    """Seconds at which the minutes of the horizon begin, and its end; shape (minutes + 1,)."""
    edges: Floats = np.minimum(np.arange(calendar.minutes + 1) * MINUTE, calendar.seconds)
    return edges


def curve_of(scenario: Scenario, name: str) -> Curve:
    """The expected arrivals of a queue's own contacts.

    Raises:
        InputError: the profile needs a sale's opening or closing that the scenario does not have, or has no
            weight where the volume asks for contacts, or a row of counts ends before it begins.
    """
    queue, calendar = scenario.queues[name], Calendar.of(scenario.horizon)
    sale_days = [calendar.midnight(day) + SALE_DAY_BEGINS for day in calendar.dates]
    always = np.concatenate([minute_edges(calendar), sale_days])
    if queue.volume is None:
        knots = _inside(calendar, always)
        return Curve(knots, np.zeros(len(knots) - 1))
    spans = tuple(_spans(queue.volume, calendar))
    edges = [edge for span in spans for edge in (span.start, span.end)]
    if queue.volume.counts is not None:
        shape = _Shape((), np.array([min([0.0, *edges])]), np.ones(1))
    else:
        shape = _Shape.of(queue.profile, scenario.sale, calendar, f"queues.{name}.profile")
    knots = _inside(calendar, always, shape.jumps(), edges)
    weights = np.maximum(np.diff(shape.until(knots)), 0.0)
    pieces = np.zeros(len(weights))
    for span in spans:
        if span.end <= span.start:
            raise InputError.one("demand.counts_order", path=f"queues.{name}.volume.counts", at=span.label)
        edge = np.array([span.start, span.end])
        whole = float(np.diff(shape.until(edge))[0])
        first, last = np.searchsorted(knots, np.clip(edge, 0.0, calendar.seconds))
        if whole > 0:
            pieces[first:last] += span.contacts / whole * weights[first:last]
        elif span.contacts > 0 and span.must:
            raise InputError.one("demand.no_weight", path=f"queues.{name}.profile", span=span.label)
    if queue.volume.per == "day" and queue.volume.contacts and not pieces.any():
        raise InputError.one("demand.no_weight", path=f"queues.{name}.profile", span=_label(calendar))
    return Curve(knots, pieces)


def expected_contacts(scenario: Scenario, served: float = 1.0) -> Volumes:
    """Expected contacts of each queue, follow-ups of follow-ups included.

    Solves total = own + shares' total, where a contact brings the follow-ups `on: resolved` with their share
    if it is served, and those `on: abandoned` if it is not.

    Args:
        scenario: the scenario.
        served: share of contacts that are served (or resolved by the bot). Unknown before a simulation; at
            1 the result is what has to be handled if nobody gives up, an upper bound of all but retries.

    Raises:
        InputError: as `curve_of`; or follow-ups that bring as many again, without end.
    """
    names = tuple(scenario.queues)
    own = np.array([curve_of(scenario, name).total for name in names])
    brought = shares(scenario, served)
    check_end(brought)
    total = np.linalg.solve(np.eye(len(names)) - brought.T, own)
    return Volumes(
        names, own, total, total * (1 - np.array([_deflected(q) for q in scenario.queues.values()]))
    )


def expected_follow_ups(scenario: Scenario, served: float = 1.0) -> Floats:
    """Expected arrivals of follow-ups of each queue in each minute of the horizon; (queues, minutes).

    Approximate, good to a planning interval: a contact is taken to be resolved after the bot's delay and,
    where it needs people, the mean time of its rounds without waiting; to that the follow-up's delay is added
    with its distribution, rounded to whole minutes. What falls beyond the horizon's end does not come.

    Args:
        scenario: the scenario.
        served: as in `expected_contacts`.

    Raises:
        InputError: as `expected_contacts`.
    """
    check_end(shares(scenario, served))
    queues = list(scenario.queues.values())
    names = list(scenario.queues)
    own = expected(scenario)
    minutes = own.shape[1]
    kernels = [
        (source, names.index(entry.queue), np.fft.rfft(_kernel(queue, entry, served, minutes), 2 * minutes))
        for source, queue in enumerate(queues)
        for entry in queue.then
    ]
    follow_ups = np.zeros_like(own)
    wave = own
    while wave.sum() > 1e-9 * max(own.sum(), 1e-300):
        spectrum = np.fft.rfft(wave, 2 * minutes, axis=1)
        wave = np.zeros_like(own)
        for source, target, kernel in kernels:
            wave[target] += np.fft.irfft(spectrum[source] * kernel, 2 * minutes)[:minutes]
        wave = np.maximum(wave, 0.0)
        follow_ups += wave
    return follow_ups


def check_end(brought: Floats) -> None:
    """Follow-ups must die out: the spectral radius of `shares`, (queues, queues), is at most `MOST_AGAIN`.

    Raises:
        InputError: it does not.
    """
    if brought.any() and float(np.abs(np.linalg.eigvals(brought)).max()) > MOST_AGAIN:
        raise InputError.one("demand.endless", path="queues", allowed=MOST_AGAIN)


@dataclass(frozen=True)
class _Span:
    """So many contacts from `start` to `end` (seconds, possibly beyond the horizon), as the profile spreads
    them; `must` they find weight there."""

    start: float
    end: float
    contacts: float
    label: str
    must: bool = True


def _spans(volume: Volume, calendar: Calendar) -> Iterator[_Span]:
    """What a volume asks for, span by span."""

    def over_horizon(contacts: float) -> _Span:
        return _Span(0.0, calendar.seconds, contacts, _label(calendar))

    if volume.counts is not None:
        for row in volume.counts:
            start, end = calendar.at(row.start), calendar.at(row.end)
            yield _Span(start, end, row.contacts, row.start.isoformat(sep=" ", timespec="minutes"))
    elif volume.rate is not None:
        yield over_horizon(volume.rate * calendar.seconds)
    elif volume.contacts is not None and volume.per == "day":
        for day in calendar.dates:
            midnight = calendar.midnight(day)
            yield _Span(midnight, midnight + DAY, volume.contacts, day.isoformat(), must=False)
    elif volume.contacts is not None:
        yield over_horizon(volume.contacts)
    elif volume.orders is not None and volume.refund_rate is None:
        assert volume.service_share is not None
        assert volume.conversion is not None
        yield over_horizon(volume.orders * volume.service_share / volume.conversion)
    elif volume.orders is not None and volume.refund_rate is not None:
        refunds = volume.orders * volume.refund_rate
        if volume.day_share is None:
            yield over_horizon(refunds)
        else:
            for day in calendar.dates:
                share = sum(s for written, s in volume.day_share.items() if is_on(written, day))
                midnight = calendar.midnight(day)
                yield _Span(midnight, midnight + DAY, refunds * share, day.isoformat())


def _label(calendar: Calendar) -> str:
    ends = (calendar.start, calendar.moment(calendar.seconds))
    return " - ".join(moment.isoformat(sep=" ", timespec="minutes") for moment in ends)


def _inside(calendar: Calendar, *moments: Floats | Sequence[float]) -> Floats:
    """Those of the moments that lie within the horizon, in order, each once."""
    every = np.concatenate([np.asarray(m, dtype=np.float64) for m in moments])
    return np.unique(every[(every >= 0) & (every <= calendar.seconds)])


@dataclass(frozen=True)
class _Bump:
    """A spike at one moment: rises straight for `lead_in` before `at`, then halves every `decay`."""

    at: float
    lead_in: float
    height: float
    decay: float

    def until(self, t: Floats) -> Floats:
        """Its weight from its beginning until t, integrated."""
        fall = self.decay / np.log(2)
        after = np.maximum(t - self.at, 0.0)
        area = -fall * np.expm1(-after / fall)
        if self.lead_in > 0:
            rising = np.clip(t - self.at + self.lead_in, 0.0, self.lead_in)
            area = area + rising**2 / (2 * self.lead_in)
        return np.asarray(self.height * area)


@dataclass(frozen=True)
class _Shape:
    """A profile in seconds: steps that hold until the next (nothing before the first), and bumps."""

    bumps: tuple[_Bump, ...]
    times: Floats
    weights: Floats

    @classmethod
    def of(cls, profile: Profile, sale: Sale | None, calendar: Calendar, path: str) -> _Shape:
        times, weights = (np.array(column, dtype=np.float64) for column in zip(*profile.points, strict=True))
        if profile.anchor == "midnight":
            # one date earlier too: its last weight holds until the first time of the horizon's first date
            first = calendar.midnight(calendar.dates[0]) - DAY
            midnights = first + DAY * np.arange(len(calendar.dates) + 1)
            times = np.add.outer(midnights, times).ravel()
            weights = np.tile(weights, len(midnights))
            day = first + DAY
        else:
            if profile.anchor == "opening":
                times = times + _moment("opens", sale, calendar, path)
            else:
                times = times + calendar.at(EPOCH)
            day = times[0]
        steps = cls((), times, weights)
        # height counts in mean weights of a day: of every day, or of the 24 h from the first time on
        mean = float(np.diff(steps.until(np.array([day, day + DAY])))[0]) / DAY
        bumps = (
            _Bump(at, spike.lead_in, spike.height * (mean or 1.0), spike.decay)
            for spike in profile.spikes
            for at in _peaks(spike, sale, calendar, path)
        )
        return cls(tuple(bumps), times, weights)

    def until(self, t: Floats) -> Floats:
        """Weight before t, integrated over seconds; same shape as t."""
        areas = np.concatenate([[0.0], np.cumsum(self.weights[:-1] * np.diff(self.times))])
        step = np.searchsorted(self.times, t, side="right") - 1
        area = areas[step] + self.weights[step] * (t - self.times[step])
        area = np.where(step < 0, 0.0, area)
        for bump in self.bumps:
            area = area + bump.until(t)
        return np.asarray(area)

    def jumps(self) -> Floats:
        """Seconds at which the weight or its slope jumps."""
        return np.array([*self.times, *(t for b in self.bumps for t in (b.at - b.lead_in, b.at))])


def _peaks(spike: Spike, sale: Sale | None, calendar: Calendar, path: str) -> list[float]:
    """Seconds at which a spike peaks and is felt within the horizon's dates."""
    if spike.at in ("opens", "closes"):
        return [_moment(spike.at, sale, calendar, path)]
    # forty half-lives leave 1e-12 of a peak; a year back at most
    back = min(int(np.ceil(40 * spike.decay / DAY)), 366)
    ahead = min(int(np.ceil(spike.lead_in / DAY)), 366)
    first = calendar.midnight(calendar.dates[0]) + parse_clock(spike.at)
    return [first + DAY * k for k in range(-back, len(calendar.dates) + ahead)]


def _moment(which: str, sale: Sale | None, calendar: Calendar, path: str) -> float:
    """Second of the sale's opening or closing."""
    moment = None if sale is None else sale.opens if which == "opens" else sale.closes
    if moment is None:
        raise InputError.one("demand.no_sale", path=path, field=f"sale.{which}")
    return calendar.at(moment)


def shares(scenario: Scenario, served: float) -> Floats:
    """Follow-ups in queue j that a contact of queue i brings by itself, (queues, queues).

    Args:
        scenario: the scenario.
        served: as in `expected_contacts`.
    """
    names = list(scenario.queues)
    brought = np.zeros((len(names), len(names)))
    for source, queue in enumerate(scenario.queues.values()):
        for entry in queue.then:
            brought[source, names.index(entry.queue)] += _happens(entry, served) * entry.share
    return brought


def _happens(entry: FollowUp, served: float) -> float:
    return served if entry.on == "resolved" else 1 - served


def _deflected(queue: Queue) -> float:
    return queue.bot.covers * queue.bot.resolves if queue.bot else 0.0


def _kernel(queue: Queue, entry: FollowUp, served: float, minutes: int) -> Floats:
    """Follow-ups of one contact of minute 0 that arrive in minutes 0, 1, ..., shape (minutes,)."""
    chat, bot = queue.chat, queue.bot
    delay = bot.hands_over_after if bot else 0.0
    first = (chat.first_reply or chat.reply).mean
    talk = first + (chat.rounds.mean - 1) * (chat.think.mean + chat.reply.mean)
    if entry.on == "abandoned":
        talk = queue.patience.mean * (1 - queue.patience.zero)
    edges = MINUTE * (np.arange(minutes + 1) - 0.5)
    edges[0] = -np.inf

    def after(begin: float) -> Floats:
        return np.diff(cdf(entry.after, edges - begin))

    deflected = _deflected(queue)
    if entry.on == "abandoned":
        return np.asarray((1 - served) * entry.share * after(delay + talk))
    arriving = deflected * after(delay) + (1 - deflected) * after(delay + talk)
    return np.asarray(served * entry.share * arriving)
