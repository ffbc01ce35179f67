"""What a planner can write in a scenario file, and what each word means: the reference.

Every model is frozen and forbids unknown keys. A field's docstring gives its meaning, unit and range;
its default stands in the code. Faults that only show between fields (a queue nobody serves) are found in
`cssim.scenario.checks`; presets are filled in here, before validation, so that a validated scenario
stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)

from cssim.errors import Wrong
from cssim.scenario.presets import FORECASTS, PROFILES, TARGETS
from cssim.scenario.units import (
    DAY,
    Clock,
    DateText,
    Duration,
    Moment,
    Rate,
    Share,
    format_clock,
    format_duration,
    format_moment,
    parse_clock,
    parse_duration,
    parse_moment,
    parse_rate,
    parse_share,
)

EPOCH = datetime(1970, 1, 1)


class Model(BaseModel):
    """Common settings: frozen, strict about unknown keys, documented by attribute docstrings."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True, allow_inf_nan=False
    )


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Wrong("number.not", given=value)
    return value


def _whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise Wrong("whole.not", given=value)
    return int(value)


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, (str, Mapping)) else value


def _named(
    given: object, presets: Mapping[str, Mapping[str, Any]], unknown: str, key: str = "", keep: bool = False
) -> object:
    """A mapping with the preset that `given` names (or is) filled in beneath what it says itself."""
    name = given if isinstance(given, str) else given.get(key) if isinstance(given, Mapping) and key else None
    if name is None:
        return given
    if name not in presets:
        raise Wrong(unknown, given=name, allowed=", ".join(presets))
    filled = {k: v for k, v in presets[str(name)].items() if k not in ("source", "why")}
    if keep:
        filled[key] = name
    return {**filled, **given} if isinstance(given, Mapping) else filled


Number = Annotated[float, BeforeValidator(_number)]
Positive = Annotated[float, BeforeValidator(_number), Field(gt=0)]
NotNegative = Annotated[float, BeforeValidator(_number), Field(ge=0)]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=0)]
PositiveCount = Annotated[int, BeforeValidator(_whole), Field(ge=1)]
PositiveDuration = Annotated[Duration, Field(gt=0)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Hours(Model):
    """Hours of every day, by the clock; ``to`` at or before ``from`` runs past midnight."""

    start: Clock = Field(alias="from")
    """First moment that counts (inclusive)."""
    end: Clock = Field(alias="to")
    """First moment that no longer counts; `24:00` is midnight."""


class Horizon(Model):
    """The span of local wall-clock time that is simulated."""

    start: Moment = Field(alias="from")
    """First moment."""
    end: Moment = Field(alias="to")
    """First moment after it."""
    timezone: str = "Asia/Shanghai"
    """IANA name; used to say what the clock times mean, and to warn where the clocks change inside."""
    interval: PositiveDuration = 1800.0
    """Planning interval for staffing and reporting: 5 min to 4 h, a divisor of the day."""
    measure_from: Moment | None = None
    """End of the warm-up, which is simulated but not measured; by default nothing is warm-up."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start).total_seconds()

    @property
    def warm_up(self) -> float:
        """Seconds from the start that are simulated but not measured."""
        return (self.measure_from - self.start).total_seconds() if self.measure_from else 0.0


class Sale(Model):
    """The sale that the profiles are anchored to."""

    opens: Moment
    """When buyers can pay."""
    closes: Moment | None = None
    """When the prices end."""


class WithinDay(Model):
    """Random drift of the rate within a day: a lognormal factor with mean 1 and exponential memory."""

    cv: Share = 0.0
    """Coefficient of variation at any one moment."""
    half_life: PositiveDuration = 3600.0
    """After this time the correlation of the drift has fallen to one half."""


class Forecast(Model):
    """How far the volumes may be off. Both at zero leave a plain Poisson process."""

    day_cv: Share
    """Coefficient of variation of the day factor, gamma with mean 1, shared by all queues."""
    within_day: WithinDay = WithinDay()
    """Correlated drift within the day, per queue."""

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, given: object) -> object:
        return _named(given, FORECASTS, "forecast.unknown")


class Limits(Model):
    """Limits on everyone together."""

    seats: PositiveCount | None = None
    """Most people on at one time (desks, sub-accounts); none by default."""
    min_on_duty: Count = 0
    """Fewest people rostered at every moment of the horizon, so that no night is left uncovered."""


class Spread(Model):
    """A random duration. Bare `6s` is constant, `{mean, cv}` lognormal, `{mean}` alone exponential."""

    mean: Duration
    """Mean."""
    cv: NotNegative = 1.0
    """Standard deviation over mean; fixed by `constant` (0) and `exponential` (1)."""
    dist: Literal["constant", "exponential", "lognormal", "gamma", "uniform"] = "exponential"
    """Family; uniform spans mean x (1 ± cv √3) and needs cv <= 1/√3."""

    _fixed_cv: ClassVar[dict[str, float]] = {"constant": 0.0, "exponential": 1.0}

    @model_validator(mode="before")
    @classmethod
    def _spellings(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return {"mean": given, "cv": 0, "dist": "constant"}
        filled = dict(given)
        if "dist" not in filled and "cv" in filled:
            filled["dist"] = "lognormal" if filled["cv"] != 0 else "constant"
        dist = filled.get("dist", "exponential")
        if dist in cls._fixed_cv:
            filled.setdefault("cv", cls._fixed_cv[dist])
        return filled

    @model_validator(mode="after")
    def _possible(self) -> Spread:
        if self.dist in self._fixed_cv and self.cv != self._fixed_cv[self.dist]:
            raise Wrong("spread.cv_fixed", dist=self.dist, cv=self._fixed_cv[self.dist], given=self.cv)
        if self.dist == "uniform" and self.cv > 3**-0.5:
            raise Wrong("spread.cv_uniform", given=self.cv)
        if self.dist in ("lognormal", "gamma") and self.cv == 0:
            raise Wrong("spread.cv_zero", dist=self.dist)
        return self


class CountRow(Model):
    """Contacts counted or forecast between two moments."""

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    contacts: NotNegative


class Volume(Model):
    """How many contacts arrive: exactly one of contacts, rate, counts, or orders with a formula."""

    contacts: NotNegative | None = None
    """Expected number, over the horizon or `per: day`."""
    per: Literal["horizon", "day"] = "horizon"
    """What `contacts` counts: the whole horizon, or each full local date (the profile's day)."""
    rate: Rate | None = None
    """Mean rate over the horizon, e.g. `200/h`."""
    counts: tuple[CountRow, ...] | None = None
    """Expected contacts by interval; in the file the path of a CSV with columns from[, to], contacts."""
    orders: NotNegative | None = None
    """Orders of the campaign (the horizon)."""
    service_share: Share | None = None
    """Share of orders that pass through customer service: contacts = orders x share / conversion."""
    conversion: Share | None = None
    """Share of inquiries that become an order."""
    refund_rate: Share | None = None
    """Share of orders refunded: contacts of a day = orders x rate x that day's share."""
    day_share: Mapping[DateText, Share] | None = None
    """Each date's share of the campaign's refunds; without it the profile alone places them."""

    @model_validator(mode="after")
    def _one_form(self) -> Volume:
        forms = [f for f in ("contacts", "rate", "counts", "orders") if getattr(self, f) is not None]
        if len(forms) != 1:
            raise Wrong("volume.one_form", given=", ".join(forms) or "-")
        funnel = (self.service_share is not None) or (self.conversion is not None)
        refunds = (self.refund_rate is not None) or (self.day_share is not None)
        if self.orders is not None:
            if funnel == refunds:
                raise Wrong("volume.orders")
            if funnel and (self.service_share is None or not self.conversion):
                raise Wrong("volume.funnel")
            if refunds and self.refund_rate is None:
                raise Wrong("volume.refunds")
            if self.day_share and sum(self.day_share.values()) > 1 + 1e-9:
                raise Wrong("volume.day_share", given=sum(self.day_share.values()))
        elif funnel or refunds:
            raise Wrong("volume.needs_orders")
        if self.per == "day" and self.contacts is None:
            raise Wrong("volume.per_day")
        return self


class Spike(Model):
    """A bump on a profile: rises straight over `lead_in`, then halves every `decay`."""

    at: str
    """`opens`, `closes`, or a clock time of every day."""
    lead_in: Duration = 0.0
    """Time of the straight rise before the peak."""
    height: Positive
    """Added weight at the peak, in units of the profile's mean weight over a day."""
    decay: PositiveDuration = 3600.0
    """Half-life of the fall after the peak."""

    @field_validator("at", mode="before")
    @classmethod
    def _at(cls, given: object) -> str:
        return str(given) if given in ("opens", "closes") else format_clock(parse_clock(given))


Anchor = Literal["midnight", "opening", "calendar"]


def _parse_offset(value: object) -> float:
    text = value.strip() if isinstance(value, str) else ""
    sign = -1.0 if text.startswith("-") else 1.0
    return sign * parse_duration(text.lstrip("+-"))


def _anchor_of(time: object) -> Anchor:
    if isinstance(time, str) and time.strip()[:1] in ("+", "-"):
        return "opening"
    if isinstance(time, str) and ":" in time and "-" not in time:
        return "midnight"
    return "calendar"


class Profile(Model):
    """The shape of arrivals: weights that hold from their time until the next, and spikes.

    In the file: a preset's name, the path of a CSV (time, weight), a list of [time, weight], or
    `{shape: one of these, spikes: [...]}`. Times are clock times (repeated every day), `+30min`/`-2h` (from
    the sale's opening; nothing before the first) or dates with times. Only ratios of weights matter.
    """

    preset: str | None = None
    """Name of the preset that filled this in."""
    anchor: Anchor = "midnight"
    """What the times of `points` count from."""
    points: tuple[tuple[float, NotNegative], ...] = Field(min_length=1)
    """(time in seconds from the anchor, weight), times ascending."""
    spikes: tuple[Spike, ...] = ()
    """Bumps on top."""

    @model_validator(mode="before")
    @classmethod
    def _spellings(cls, given: object) -> object:
        if isinstance(given, str):
            given = {"preset": given}
        elif isinstance(given, (list, tuple)):
            given = {"points": given}
        if not isinstance(given, Mapping):
            raise Wrong("profile.not", given=given)
        filled = dict(given)
        shape = filled.pop("shape", None)
        if shape is not None:
            filled["preset" if isinstance(shape, str) else "points"] = shape
        if "preset" in filled and filled["preset"] is not None and "points" not in filled:
            name = filled["preset"]
            if name not in PROFILES:
                raise Wrong("profile.unknown", given=name, allowed=", ".join(PROFILES))
            filled = {**PROFILES[name], **filled}
        filled.pop("why", None)
        filled.pop("source", None)
        points = filled.get("points")
        if not isinstance(points, (list, tuple)) or not points:
            raise Wrong("profile.points", given=points)
        if any(not isinstance(p, (list, tuple)) or len(p) != 2 for p in points):
            raise Wrong("profile.points", given=points)
        anchor = filled.setdefault("anchor", _anchor_of(points[0][0]))
        parse = {"midnight": parse_clock, "opening": _parse_offset}.get(
            str(anchor), lambda t: (parse_moment(t) - EPOCH).total_seconds()
        )
        filled["points"] = [(parse(time), weight) for time, weight in points]
        return filled

    @model_validator(mode="after")
    def _ordered(self) -> Profile:
        times = [t for t, _ in self.points]
        if any(b <= a for a, b in zip(times, times[1:], strict=False)):
            raise Wrong("profile.order")
        if not self.spikes and not any(w > 0 for _, w in self.points):
            raise Wrong("profile.zero")
        return self

    @field_serializer("points", when_used="json")
    def _write_points(self, points: tuple[tuple[float, float], ...]) -> list[tuple[str, float]]:
        def write(time: float) -> str:
            if self.anchor == "midnight":
                return format_clock(time)
            if self.anchor == "opening":
                return ("-" if time < 0 else "+") + format_duration(abs(time))
            return format_moment(EPOCH + timedelta(seconds=time))

        return [(write(time), weight) for time, weight in points]

    @property
    def needs_opening(self) -> bool:
        """Whether it means nothing without the sale's opening."""
        return self.anchor == "opening" or any(s.at == "opens" for s in self.spikes)


class Bot(Model):
    """The machine that answers first."""

    covers: Share = 1.0
    """Share of contacts that it answers at all."""
    resolves: Share = 0.0
    """Of those, the share that needs no person (deflected)."""
    hands_over_after: Duration = 0.0
    """From the buyer's message until the hand-over to a person (or the bot's resolution)."""
    patience_factor: Positive = 1.0
    """What its answer does to the buyer's patience in the line."""


class Rounds(Model):
    """How many rounds a contact has. Bare `5` is geometric with that mean, bare `1` always one."""

    mean: Annotated[float, BeforeValidator(_number), Field(ge=1)]
    """Mean number of rounds."""
    dist: Literal["geometric", "fixed"] = "geometric"
    """`geometric` (after each round the chance of another is the same) or `fixed`."""

    @model_validator(mode="before")
    @classmethod
    def _spellings(cls, given: object) -> object:
        return given if isinstance(given, Mapping) else {"mean": given}

    @model_validator(mode="after")
    def _whole(self) -> Rounds:
        if self.dist == "fixed" and self.mean != int(self.mean):
            raise Wrong("rounds.whole", given=self.mean)
        return self


class Chat(Model):
    """The course of a conversation once a person has it."""

    rounds: Rounds = Rounds(mean=5)
    """Rounds that the buyer has in mind."""
    first_reply: Spread | None = None
    """Agent's work on the first reply at speed 1 (a quick phrase: 3 s); `reply` where not given."""
    reply: Spread = Spread.model_validate({"mean": "12s", "cv": 0.9})
    """Agent's work on a reply at speed 1."""
    think: Spread = Spread.model_validate({"mean": "35s", "cv": 1.2})
    """Buyer's time from a reply to the next message."""


class Patience(Spread):
    """How long a buyer waits for a reply to begin before giving up."""

    lingers: Share = 0.0
    """Share of buyers whose going nobody can see: their reply is still worked and sent."""
    zero: Share = 0.0
    """Share of buyers with no patience at all: they go unless answered at once."""
    later: Spread | None = None
    """Patience in later rounds; without it a buyer who was answered once waits for ever."""
    until: Literal["begun", "sent"] = "begun"
    """What ends the wait: the reply's beginning, or its being sent."""


class FollowUp(Model):
    """Contacts that come of contacts."""

    queue: Name
    """Queue that the follow-up comes to."""
    share: Share
    """Share of contacts that bring one (each at most one of this kind)."""
    after: Spread = Spread.model_validate({"mean": "5min", "cv": 1})
    """From the trigger to the follow-up's arrival."""
    on: Literal["resolved", "abandoned"] = "resolved"
    """`resolved`: of contacts served (or resolved by the bot); `abandoned`: retries of buyers who left."""


class Queue(Model):
    """A kind of contact and its waiting line."""

    volume: Volume | None = None
    """Contacts that come by themselves; none where the queue is fed only by follow-ups."""
    profile: Profile = Profile.model_validate("flat")
    """Shape of its arrivals."""
    bot: Bot | None = None
    """Its bot, if there is one."""
    chat: Chat = Chat()
    """Course of its conversations."""
    patience: Patience = Patience.model_validate({"mean": "90s"})
    """How long its buyers wait."""
    sale_value: NotNegative = 0.0
    """Margin lost with each contact that abandons, lingers or breaks off, in the scenario's currency."""
    then: Annotated[tuple[FollowUp, ...], BeforeValidator(_one_or_many)] = ()
    """Follow-ups that its contacts bring."""


class Serve(Model):
    """A queue that a group takes. A bare name is enough."""

    queue: Name
    """Queue taken."""
    after: Duration = 0.0
    """Wait, from the hand-over, before this group may be asked."""
    speed: Positive | None = None
    """Speed at this queue's work; the group's own speed where not given."""
    priority: Number | None = None
    """Lower goes first; by default the position in `serves` from 0. Equal numbers mean one line."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: object) -> object:
        return {"queue": given} if isinstance(given, str) else given


class Night(Model):
    """Hours paid at a higher rate."""

    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    times: Annotated[float, BeforeValidator(_number), Field(ge=1)]
    """Multiple of the base rate."""


class Pay(Model):
    """What one agent of the group costs."""

    per_hour: Annotated[NotNegative, BeforeValidator(lambda v: _per_hour(v))] = 30.0
    """Base pay of an hour, in the scenario's currency."""
    night: Night | None = None
    """Night hours."""
    overtime: Annotated[float, BeforeValidator(_number), Field(ge=0)] = 1.5
    """Multiple of the base rate for time after the shift's end."""
    per_shift: NotNegative = 0.0
    """Fixed cost of each shift worked (meals, transport, hiring spread over shifts)."""


def _per_hour(value: object) -> object:
    return parse_rate(value) * 3600 if isinstance(value, str) else value


class Group(Model):
    """Agents of one kind."""

    serves: Annotated[tuple[Serve, ...], BeforeValidator(_one_or_many), Field(min_length=1)]
    """Queues that they take, most urgent first."""
    speed: Positive = 1.0
    """Speed at their work: a reply takes work / speed."""
    chats: PositiveCount = 4
    """Most chats that one agent holds open."""
    people: Count | None = None
    """How many such people exist; without it as many as needed."""
    pay: Pay = Pay()
    """What they cost."""
    no_show: Share = 0.0
    """Share of shifts for which nobody turns up."""
    route: Literal["fewest_open", "idle_first"] = "fewest_open"
    """Which free agent gets the next chat."""
    order: Literal["first_replies", "oldest"] = "first_replies"
    """Which pending round an agent answers next."""
    promote_after: PositiveDuration | None = None
    """A later round that has waited longer goes before everything; never by default."""
    idle_hold: Duration = 0.0
    """How long a place stays taken after the last reply."""
    wind_down: Duration = 0.0
    """No new chat in this time before a break or the shift's end."""
    shifts: Annotated[tuple[Name, ...], BeforeValidator(_one_or_many)] | None = None
    """Shifts that they may work; all of the scenario's by default."""


class Break(Model):
    """A break of a named shift."""

    at: Clock
    """Planned start, by the clock."""
    length: PositiveDuration = Field(alias="for")
    """Length."""
    paid: bool = False
    """Whether it is paid."""


class RuleBreak(Model):
    """The break of a generated shift."""

    after: PositiveDuration
    """Planned start, from the shift's start; only shifts longer than this have it."""
    length: PositiveDuration = Field(alias="for")
    paid: bool = False


class ClockRange(Model):
    """Clock times from `from` to `to` (both included) `every` so long."""

    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    every: PositiveDuration

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: object) -> object:
        return given if isinstance(given, Mapping) else {"from": given, "to": given, "every": "1h"}

    @property
    def values(self) -> tuple[float, ...]:
        """The times, in seconds after midnight."""
        return _steps(self.start, self.end, self.every)


class LengthRange(Model):
    """Lengths from `from` to `to` (both included) `every` so long."""

    start: PositiveDuration = Field(alias="from")
    end: PositiveDuration = Field(alias="to")
    every: PositiveDuration

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: object) -> object:
        return given if isinstance(given, Mapping) else {"from": given, "to": given, "every": "1h"}

    @property
    def values(self) -> tuple[float, ...]:
        """The lengths, in seconds."""
        return _steps(self.start, self.end, self.every)


def _steps(start: float, end: float, every: float) -> tuple[float, ...]:
    if end < start:
        raise Wrong("range.order")
    steps = int((end - start) // every) + 1
    if steps > 1000:
        raise Wrong("range.many", given=steps)
    return tuple(start + k * every for k in range(steps))


class ShiftRule(Model):
    """A shift: named (`start`, `end`, `breaks`) or a family generated from a rule (`start`, `length`, `break`)."""

    start: ClockRange
    """Start by the clock: one time, or a range of them."""
    end: Clock | None = None
    """End of a named shift; at or before the start it is on the next date."""
    length: LengthRange | None = None
    """Lengths of generated shifts, up to 24 h."""
    breaks: tuple[Break, ...] = ()
    """Breaks of a named shift."""
    rule_break: RuleBreak | None = Field(default=None, alias="break")
    """The break of generated shifts."""
    dates: Annotated[tuple[DateText, ...], BeforeValidator(_one_or_many)] | None = None
    """Dates on which it may begin; every date of the horizon by default."""

    @model_validator(mode="after")
    def _kind(self) -> ShiftRule:
        if (self.end is None) == (self.length is None):
            raise Wrong("shift.end_or_length")
        starts = self.start.values
        if self.end is not None:
            if self.rule_break is not None:
                raise Wrong("shift.break_of_named")
            if len(starts) != 1:
                raise Wrong("shift.one_start")
            self._breaks_inside(starts[0], self.end)
        else:
            assert self.length is not None
            if self.breaks:
                raise Wrong("shift.breaks_of_rule")
            if max(self.length.values) > DAY:
                raise Wrong("shift.too_long", given=format_duration(max(self.length.values)))
        if any(s >= DAY for s in starts):
            raise Wrong("shift.start_24")
        return self

    def _breaks_inside(self, start: float, end: float) -> None:
        last = 0.0
        length = (end - start) if end > start else (end - start + DAY)
        for pause in self.breaks:
            at = (pause.at - start) % DAY
            if at + pause.length > length:
                raise Wrong("shift.break_outside", at=format_clock(pause.at))
            if at < last:
                raise Wrong("shift.break_order", at=format_clock(pause.at))
            last = at + pause.length


class RosterRow(Model):
    """So many people of a group on one shift of one date."""

    group: Name
    date: DateText
    shift: Name
    """Name of the shift in the scenario."""
    start: Clock | None = None
    """Start by the clock; needed where the shift is a rule with several."""
    end: Clock | None = None
    """End by the clock, on the next date where it is at or before the start."""
    count: Count


Measure = Literal[
    "first_reply",
    "answered",
    "rounds",
    "buyers",
    "mean_reply",
    "mean_first_reply",
    "abandonment",
    "deflection",
    "occupancy",
    "open_chats",
    "overtime",
    "lost_sales",
]
WITHIN_MEASURES = frozenset({"first_reply", "answered", "rounds", "buyers"})
DURATION_MEASURES = frozenset({"mean_reply", "mean_first_reply", "overtime"})
NUMBER_MEASURES = frozenset({"open_chats", "lost_sales"})
GROUP_MEASURES = frozenset({"occupancy", "open_chats", "overtime"})


class Target(Model):
    """A promise."""

    preset: str | None = None
    """Name of the platform's rule that filled this in."""
    measure: Measure
    """What is measured."""
    name: str = ""
    """What to call it; by default the preset's name or the measure's."""
    within: Duration | None = None
    """T of first_reply, answered, rounds and buyers."""
    at_least: float | None = None
    """Smallest value that keeps the promise: a share, a duration or a number, as the measure is."""
    at_most: float | None = None
    """Largest value that keeps it."""
    queues: Annotated[tuple[Name, ...], BeforeValidator(_one_or_many)] | None = None
    """Queues that count; all by default."""
    groups: Annotated[tuple[Name, ...], BeforeValidator(_one_or_many)] | None = None
    """Groups that count, of occupancy, open_chats and overtime; all by default."""
    hours: Hours | None = None
    """Hours of the day that count; all by default."""
    clock: Literal["hand_over", "arrival"] = "hand_over"
    """Where the first round's clock starts."""
    counts: Literal["human", "any"] = "human"
    """Whether automatic replies count."""
    each: Literal["hour", "day", "horizon"] = "horizon"
    """One promise for each of these; all must hold."""
    on: Annotated[Share, Field(gt=0)] | None = None
    """Share of days on which each must be kept; without it the promise is about the expectation."""
    sure: Annotated[Share, Field(gt=0.5, lt=1)] = 0.95
    """Confidence of the verdict."""
    exclude_abandoned_within: bool = False
    """`answered` only: contacts that left within T do not count."""
    offline: Literal["counted", "excluded"] = "counted"
    """Whether contacts outside the scenario's opening hours count."""

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, given: object) -> object:
        return _named(given, TARGETS, "target.unknown", key="preset", keep=True)

    @field_validator("at_least", "at_most", mode="before")
    @classmethod
    def _bound(cls, given: object, info: ValidationInfo) -> object:
        if given is None:
            return None
        measure = info.data.get("measure")
        if measure in DURATION_MEASURES:
            return parse_duration(given)
        return _number(given) if measure in NUMBER_MEASURES else parse_share(given)

    @field_serializer("at_least", "at_most", when_used="json")
    def _write_bound(self, bound: float | None) -> float | str | None:
        return format_duration(bound) if bound is not None and self.measure in DURATION_MEASURES else bound

    @model_validator(mode="after")
    def _complete(self) -> Target:
        if (self.at_least is None) == (self.at_most is None):
            raise Wrong("target.one_bound")
        if (self.within is None) == (self.measure in WITHIN_MEASURES):
            raise Wrong("target.within" if self.within is None else "target.no_within", measure=self.measure)
        if self.exclude_abandoned_within and self.measure != "answered":
            raise Wrong("target.exclude", measure=self.measure)
        if self.groups is not None and self.measure not in GROUP_MEASURES:
            raise Wrong("target.groups", measure=self.measure)
        if self.queues is not None and self.measure in GROUP_MEASURES:
            raise Wrong("target.queues", measure=self.measure)
        if not self.name:
            object.__setattr__(self, "name", self.preset or self.measure)
        return self


class Scenario(Model):
    """Everything that a plan depends on. Only horizon, queues, groups, shifts and targets are required."""

    name: str = ""
    """What to call it."""
    horizon: Horizon
    sale: Sale | None = None
    currency: str = "CNY"
    """Shown beside every amount of money."""
    forecast: Forecast = Forecast.model_validate("usual")
    """good | usual | poor, or {day_cv, within_day: {cv, half_life}}."""
    limits: Limits = Limits()
    opening_hours: Hours | None = None
    """When the shop says that it answers; needed by targets with `offline: excluded`."""
    queues: Annotated[Mapping[Name, Queue], Field(min_length=1)]
    groups: Annotated[Mapping[Name, Group], Field(min_length=1)]
    shifts: Annotated[Mapping[Name, ShiftRule], Field(min_length=1)]
    rest: Duration = 39600.0
    """Least time between two shifts of one person."""
    roster: tuple[RosterRow, ...] | None = None
    """What the shop has today; in the file the path of a CSV (group, date, shift[, start, end], count)."""
    targets: Annotated[tuple[Target, ...], Field(min_length=1)]
