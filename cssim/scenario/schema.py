"""What a planner can write in a scenario file, and what each word means: the reference.

Every model is frozen and forbids unknown keys; a key left empty means its default. A field's docstring
gives its meaning, unit and range; its default stands in the code. Names of queues, groups and shifts are
looked up while a scenario is validated, so none has a dangling one. Faults that only show between fields
(a queue nobody serves) are found in `cssim.scenario.checks`; presets are filled in here, before validation,
so that a validated scenario stands alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainSerializer,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)

from cssim.errors import Wrong
from cssim.scenario.presets import FORECASTS, PROFILES, TARGETS
from cssim.scenario.spelling import listed, unknown
from cssim.scenario.units import (
    DAY,
    HOUR,
    format_clock,
    format_duration,
    format_moment,
    format_rate,
    format_share,
    parse_clock,
    parse_date,
    parse_duration,
    parse_moment,
    parse_rate,
    parse_share,
)

Duration = Annotated[float, BeforeValidator(parse_duration), PlainSerializer(format_duration, str, "json")]
Clock = Annotated[float, BeforeValidator(parse_clock), PlainSerializer(format_clock, str, "json")]
Share = Annotated[float, BeforeValidator(parse_share), PlainSerializer(format_share, str, "json")]
Rate = Annotated[float, BeforeValidator(parse_rate), PlainSerializer(format_rate, str, "json")]
DateText = Annotated[str, BeforeValidator(parse_date)]
Moment = Annotated[datetime, BeforeValidator(parse_moment), PlainSerializer(format_moment, str, "json")]

EPOCH = datetime(1970, 1, 1)


class Model(BaseModel):
    """Common settings: frozen, strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        return {key: value for key, value in given.items() if value is not None or cls._may_be_none(key)}

    @classmethod
    def _may_be_none(cls, key: object) -> bool:
        """Whether an empty value is handed on: where it is allowed, or a fault that must be seen."""
        field = next((f for name, f in cls.model_fields.items() if key in (name, f.alias)), None)
        return field is None or field.is_required() or type(None) in get_args(field.annotation)


LARGEST = 1e12
"""Largest number that is taken for one; also keeps sums and products finite."""


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Wrong("number.not", given=value)
    if not abs(value) <= LARGEST:
        raise Wrong("number.large", given=value)
    return value


def _short(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _whole(value: object) -> object:
    number = _number(value)
    if number != int(number):  # type: ignore[call-overload]
        raise Wrong("whole.not", given=value)
    return int(number)  # type: ignore[call-overload]


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, (str, int, Mapping)) else value


def _preset(name: object, presets: Mapping[str, Mapping[str, Any]], unknown_key: str) -> dict[str, Any]:
    """What a preset fills in: its data without the words about it."""
    if not isinstance(name, (str, int)) or str(name) not in presets:
        raise unknown(unknown_key, name, presets, field=("preset",))
    return {k: v for k, v in presets[str(name)].items() if k not in ("source", "date", "why")}


Number = Annotated[
    float, BeforeValidator(_number), PlainSerializer(_short, return_type=int | float, when_used="json")
]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Factor = Annotated[Number, Field(ge=0.01, le=100)]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=100_000)]
PositiveCount = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=100_000)]
PositiveDuration = Annotated[Duration, Field(gt=0)]
Text = Annotated[str, BeforeValidator(_text)]
Name = Annotated[Text, Field(min_length=1, max_length=200)]


_written: ContextVar[Mapping[str, Any]] = ContextVar("written")


@contextmanager
def within(scenario: object) -> Iterator[None]:
    """Look names up in this scenario, as it is written, while parts of it are validated."""
    token = _written.set(scenario if isinstance(scenario, Mapping) else {})
    try:
        yield
    finally:
        _written.reset(token)


def _known(section: Literal["queues", "groups", "shifts"]) -> AfterValidator:
    """The name must stand in that section of the scenario; anything goes where there is no such section."""

    def look_up(name: str) -> str:
        names = _written.get({}).get(section)
        if isinstance(names, Mapping) and name not in map(str, names):
            raise unknown(f"{section}.unknown", name, map(str, names))
        return name

    return AfterValidator(look_up)


QueueName = Annotated[Name, _known("queues")]
GroupName = Annotated[Name, _known("groups")]
ShiftName = Annotated[Name, _known("shifts")]


class Hours(Model):
    """Hours of every day, by the clock; ``to`` at or before ``from`` runs past midnight."""

    start: Clock = Field(alias="from")
    """First moment that counts (inclusive)."""
    end: Clock = Field(alias="to")
    """First moment that no longer counts; `24:00` is midnight."""

    @field_validator("start")
    @classmethod
    def _midnight(cls, start: float) -> float:
        return start % DAY


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
    def _named(cls, given: object) -> object:
        return _preset(given, FORECASTS, "forecast.unknown") if isinstance(given, str) else given


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
    cv: Annotated[Number, Field(ge=0, le=20)] = 1.0
    """Standard deviation over mean; fixed by `constant` (0) and `exponential` (1)."""
    dist: Literal["constant", "exponential", "lognormal", "gamma", "uniform"] = "exponential"
    """Family; uniform spans mean x (1 ± cv √3) and needs cv <= 1/√3."""

    _fixed_cv: ClassVar[dict[str, float]] = {"constant": 0.0, "exponential": 1.0}

    @model_validator(mode="before")
    @classmethod
    def _spellings(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return {"mean": given, "cv": 0, "dist": "constant"}
        filled = {k: v for k, v in given.items() if v is not None or k not in ("cv", "dist")}
        if "dist" not in filled and "cv" in filled:
            filled["dist"] = "lognormal" if filled["cv"] != 0 else "constant"
        dist = filled.get("dist", "exponential")
        if isinstance(dist, str) and dist in cls._fixed_cv:
            filled.setdefault("cv", cls._fixed_cv[dist])
        return filled

    @model_validator(mode="after")
    def _possible(self) -> Spread:
        if self.dist in self._fixed_cv and self.cv != self._fixed_cv[self.dist]:
            cv = self._fixed_cv[self.dist]
            raise Wrong("spread.cv_fixed", field=("cv",), dist=self.dist, cv=cv, given=self.cv)
        if self.dist == "uniform" and self.cv > 3**-0.5:
            raise Wrong("spread.cv_uniform", field=("cv",), given=self.cv)
        if self.dist in ("lognormal", "gamma") and self.cv == 0:
            raise Wrong("spread.cv_zero", field=("cv",), dist=self.dist)
        return self


class CountRow(Model):
    """Contacts counted or forecast between two moments."""

    start: Moment = Field(alias="from")
    """First moment."""
    end: Moment = Field(alias="to")
    """First moment after it."""
    contacts: NotNegative
    """How many."""


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
            raise Wrong("volume.one_form" if forms else "volume.no_form", given=listed(forms))
        funnel = (self.service_share is not None) or (self.conversion is not None)
        refunds = (self.refund_rate is not None) or (self.day_share is not None)
        if self.orders is not None:
            if funnel == refunds:
                raise Wrong("volume.orders")
            if funnel and (self.service_share is None or self.conversion is None):
                raise Wrong("volume.funnel")
            if self.conversion == 0:
                raise Wrong("volume.conversion", field=("conversion",))
            if refunds and self.refund_rate is None:
                raise Wrong("volume.refunds", field=("day_share",))
            total = sum((self.day_share or {}).values())
            if total > 1 + 1e-9:
                raise Wrong("volume.day_share", field=("day_share",), total=f"{100 * total:.4g}%")
        elif funnel or refunds:
            stray = next(f for f in _OF_ORDERS if getattr(self, f) is not None)
            raise Wrong("volume.needs_orders", field=(stray,))
        if self.per == "day" and self.contacts is None:
            raise Wrong("volume.per_day", field=("per",))
        return self


_OF_ORDERS = ("service_share", "conversion", "refund_rate", "day_share")


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
_ANCHORS = get_args(Anchor)


def _parse_offset(value: object) -> float:
    text = value.strip() if isinstance(value, str) else ""
    sign = -1.0 if text.startswith("-") else 1.0
    try:
        return sign * parse_duration(text[text.startswith(("+", "-")) :])
    except Wrong as wrong:
        wrong.values["given"] = value
        raise wrong from None


def _anchor_of(time: object) -> Anchor:
    if isinstance(time, str) and time.strip()[:1] in ("+", "-"):
        return "opening"
    if isinstance(time, str) and ":" in time and "-" not in time:
        return "midnight"
    return "calendar"


def _parse_time(value: object, info: ValidationInfo) -> float:
    """Seconds from the profile's anchor."""
    anchor = info.data.get("anchor")
    if anchor == "midnight":
        return parse_clock(value)
    if anchor == "opening":
        return _parse_offset(value)
    return (parse_moment(value) - EPOCH).total_seconds()


def _pair(value: object) -> object:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise Wrong("profile.point", given=value)
    return value


Point = Annotated[tuple[Annotated[float, BeforeValidator(_parse_time)], NotNegative], BeforeValidator(_pair)]


class Profile(Model):
    """The shape of arrivals: weights that hold from their time until the next, and spikes.

    In the file: a preset's name, the path of a CSV (time, weight), a list of [time, weight], or
    `{shape: one of these, spikes: [...]}`. Times are clock times (repeated every day), `+30min`/`-2h` (from
    the sale's opening; nothing before the first) or dates with times. Only ratios of weights matter.
    """

    preset: str | None = None
    """Name of the preset that filled this in."""
    anchor: Anchor = "midnight"
    """What the times of `points` count from; told by how the first of them is written."""
    points: tuple[Point, ...]
    """(time in seconds from the anchor, weight), times ascending; a weight holds until the next time."""
    spikes: Annotated[tuple[Spike, ...], BeforeValidator(_one_or_many)] = ()
    """Bumps on top."""

    @model_validator(mode="before")
    @classmethod
    def _spellings(cls, given: object) -> object:
        if isinstance(given, (str, int)):
            given = {"preset": given}
        elif isinstance(given, (list, tuple)):
            given = {"points": given}
        if not isinstance(given, Mapping):
            raise Wrong("profile.not", given=given)
        filled = dict(given)
        shape = filled.pop("shape", None)
        if shape is not None:
            filled["preset" if isinstance(shape, (str, int)) else "points"] = shape
        if filled.get("points") is None:
            if filled.get("preset") is None:
                raise Wrong("profile.no_shape")
            filled = {**_preset(filled["preset"], PROFILES, "profile.unknown"), **filled}
        points = filled["points"]
        if not isinstance(points, (list, tuple)) or not points:
            raise Wrong("profile.points", field=("points",), given=points)
        if filled.get("anchor") is None:
            times = [point[0] for point in points if isinstance(point, (list, tuple)) and point]
            filled["anchor"] = _anchor_of(times[0] if times else None)
        return filled

    @model_validator(mode="after")
    def _ordered(self) -> Profile:
        times = [t for t, _ in self.points]
        for later, (a, b) in enumerate(pairwise(times), start=1):
            if b <= a:
                raise Wrong("profile.order", field=("points", later, 0), given=b)
        if not self.spikes and not any(w > 0 for _, w in self.points):
            raise Wrong("profile.zero")
        return self

    @field_serializer("points", when_used="json")
    def _write_points(self, points: tuple[tuple[float, float], ...]) -> list[tuple[str, int | float]]:
        def write(time: float) -> str:
            if self.anchor == "midnight":
                return format_clock(time)
            if self.anchor == "opening":
                return ("-" if time < 0 else "+") + format_duration(abs(time))
            return format_moment(EPOCH + timedelta(seconds=time))

        return [(write(time), _short(weight)) for time, weight in points]

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
    patience_factor: Factor = 1.0
    """What its answer does to the buyer's patience in the line."""


class Rounds(Model):
    """How many rounds a contact has. Bare `5` is geometric with that mean, bare `1` always one."""

    mean: Annotated[Number, Field(ge=1, le=1000)]
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
            raise Wrong("rounds.whole", field=("mean",), given=self.mean)
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

    queue: QueueName
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

    queue: QueueName
    """Queue taken."""
    after: Duration = 0.0
    """Wait, from the hand-over, before this group may be asked."""
    speed: Factor | None = None
    """Speed at this queue's work; the group's own speed where not given."""
    priority: Number | None = None
    """Lower goes first; by default the position in `serves` from 0. Equal numbers mean one line."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: object) -> object:
        return {"queue": given} if isinstance(given, (str, int)) else given


class Night(Model):
    """Hours paid at a higher rate; `to` at or before `from` is on the next date."""

    start: Clock = Field(alias="from")
    """First moment."""
    end: Clock = Field(alias="to")
    """First moment after them."""
    times: Annotated[Number, Field(ge=1)]
    """Multiple of the base rate."""


class Pay(Model):
    """What one agent of the group costs."""

    per_hour: Annotated[NotNegative, BeforeValidator(lambda v: _per_hour(v))] = 30.0
    """Base pay of an hour, in the scenario's currency."""
    night: Night | None = None
    """Night hours."""
    overtime: Annotated[Number, Field(ge=0)] = 1.5
    """Multiple of the base rate for time after the shift's end."""
    per_shift: NotNegative = 0.0
    """Fixed cost of each shift worked (meals, transport, hiring spread over shifts)."""


def _per_hour(value: object) -> object:
    return parse_rate(value, per=HOUR) if isinstance(value, str) else value


class Group(Model):
    """Agents of one kind."""

    serves: Annotated[tuple[Serve, ...], BeforeValidator(_one_or_many), Field(min_length=1)]
    """Queues that they take, most urgent first."""
    speed: Factor = 1.0
    """Speed at their work: a reply takes work / speed."""
    chats: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=1000)] = 4
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
    shifts: Annotated[tuple[ShiftName, ...], BeforeValidator(_one_or_many), Field(min_length=1)] | None = None
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
    """Planned start, from the shift's start; only shifts that have room for it have it."""
    length: PositiveDuration = Field(alias="for")
    """Length."""
    paid: bool = False
    """Whether it is paid."""


class ClockRange(Model):
    """Clock times from `from` to `to` (both included) `every` so long. One time alone is enough."""

    start: Clock = Field(alias="from")
    """First."""
    end: Clock = Field(alias="to")
    """Last."""
    every: PositiveDuration
    """Step."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: object) -> object:
        return given if isinstance(given, Mapping) else {"from": given, "to": given, "every": "1h"}

    @model_validator(mode="after")
    def _countable(self) -> ClockRange:
        _check_steps(self.start, self.end, self.every)
        return self

    @property
    def values(self) -> tuple[float, ...]:
        """The times, in seconds after midnight."""
        return _steps(self.start, self.end, self.every)


class LengthRange(Model):
    """Lengths from `from` to `to` (both included) `every` so long. One length alone is enough."""

    start: PositiveDuration = Field(alias="from")
    """Shortest."""
    end: PositiveDuration = Field(alias="to")
    """Longest."""
    every: PositiveDuration
    """Step."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: object) -> object:
        return given if isinstance(given, Mapping) else {"from": given, "to": given, "every": "1h"}

    @model_validator(mode="after")
    def _countable(self) -> LengthRange:
        _check_steps(self.start, self.end, self.every)
        return self

    @property
    def values(self) -> tuple[float, ...]:
        """The lengths, in seconds."""
        return _steps(self.start, self.end, self.every)


MOST_SHIFTS = 2000
"""Most shifts of one date that a rule may generate."""


def _check_steps(start: float, end: float, every: float) -> None:
    if end < start:
        raise Wrong("range.order", field=("to",))
    if (end - start) / every >= MOST_SHIFTS:
        raise Wrong("range.many", field=("every",), most=MOST_SHIFTS)


def _steps(start: float, end: float, every: float) -> tuple[float, ...]:
    return tuple(start + k * every for k in range(int((end - start) // every) + 1))


class ShiftRule(Model):
    """A shift: named (`start`, `end`, `breaks`), or a family of them (`start`, `length`, `break`)."""

    start: ClockRange
    """Start by the clock: one time, or a range of them."""
    end: Clock | None = None
    """End of a named shift; at or before the start it is on the next date."""
    length: LengthRange | None = None
    """Lengths of generated shifts, up to 24 h."""
    breaks: Annotated[tuple[Break, ...], BeforeValidator(_one_or_many)] = ()
    """Breaks of a named shift, in order."""
    rule_break: RuleBreak | None = Field(default=None, alias="break")
    """The break of generated shifts."""
    dates: Annotated[tuple[DateText, ...], BeforeValidator(_one_or_many)] | None = None
    """Dates on which it may begin; every date of the horizon by default."""

    @model_validator(mode="after")
    def _kind(self) -> ShiftRule:
        if self.end is not None and self.length is not None:
            raise Wrong("shift.end_and_length", field=("length",))
        starts = self.start.values
        if max(starts) >= DAY:
            raise Wrong("shift.start_24", field=("start",))
        if self.end is not None:
            if self.rule_break is not None:
                raise Wrong("shift.break_of_named", field=("break",))
            if len(starts) != 1:
                raise Wrong("shift.one_start", field=("start",))
            self._check_breaks(starts[0], self.end)
        elif self.length is not None:
            lengths = self.length.values
            if self.breaks:
                raise Wrong("shift.breaks_of_rule", field=("breaks",))
            if max(lengths) > DAY:
                raise Wrong("shift.too_long", field=("length",), given=format_duration(max(lengths)))
            if len(starts) * len(lengths) > MOST_SHIFTS:
                raise Wrong("shift.many", given=len(starts) * len(lengths), most=MOST_SHIFTS)
        else:
            raise Wrong("shift.no_end")
        return self

    def _check_breaks(self, start: float, end: float) -> None:
        """Breaks lie inside the shift, one after the other."""
        length = (end - start) if end > start else (end - start + DAY)
        last = 0.0
        for k, pause in enumerate(self.breaks):
            at = (pause.at - start) % DAY
            if at + pause.length > length:
                span = f"{format_clock(start)}-{format_clock(end)}"
                raise Wrong("shift.break_outside", field=("breaks", k), span=span)
            if at < last:
                raise Wrong("shift.break_order", field=("breaks", k))
            last = at + pause.length


class RosterRow(Model):
    """So many people of a group on one shift of one date."""

    group: GroupName
    """Group that they belong to."""
    date: DateText
    """Date on which the shift begins."""
    shift: ShiftName
    """Name of the shift in the scenario."""
    start: Clock | None = None
    """Start by the clock; needed where the shift is a rule with several."""
    end: Clock | None = None
    """End by the clock, on the next date where it is at or before the start."""
    count: Annotated[int, BeforeValidator(_whole), Field(ge=0, le=10_000)]
    """How many people."""


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
    name: Text = ""
    """What to call it; by default the preset's name or the measure's."""
    within: Duration | None = None
    """T of first_reply, answered, rounds and buyers."""
    at_least: float | None = None
    """Smallest value that keeps the promise: a share, a duration or a number, as the measure is."""
    at_most: float | None = None
    """Largest value that keeps it."""
    queues: Annotated[tuple[QueueName, ...], BeforeValidator(_one_or_many), Field(min_length=1)] | None = None
    """Queues that count; all by default."""
    groups: Annotated[tuple[GroupName, ...], BeforeValidator(_one_or_many), Field(min_length=1)] | None = None
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

    @property
    def up(self) -> bool:
        """Whether it is `at_least` that is promised."""
        return self.at_least is not None

    @property
    def bound(self) -> float:
        """`at_least` or `at_most`, whichever is promised."""
        found = self.at_least if self.at_least is not None else self.at_most
        assert found is not None
        return found

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: object) -> object:
        if not isinstance(given, Mapping) or given.get("preset") is None:
            return given
        rule = _preset(given["preset"], TARGETS, "target.unknown")
        if "at_most" in given:
            rule.pop("at_least", None)
        if rule.get("offline") == "excluded" and not _written.get({}).get("opening_hours"):
            del rule["offline"]
        return {**rule, **given}

    @field_validator("at_least", "at_most", mode="before")
    @classmethod
    def _bound(cls, given: object, info: ValidationInfo) -> object:
        measure = info.data.get("measure")
        if given is None or measure is None:
            return None
        if measure in DURATION_MEASURES:
            return parse_duration(given)
        return _number(given) if measure in NUMBER_MEASURES else parse_share(given)

    @field_serializer("at_least", "at_most", when_used="json")
    def _write_bound(self, bound: float | None) -> float | str | None:
        if bound is None or self.measure in NUMBER_MEASURES:
            return bound
        return format_duration(bound) if self.measure in DURATION_MEASURES else format_share(bound)

    @model_validator(mode="after")
    def _complete(self) -> Target:
        if self.at_least is None and self.at_most is None:
            if self.preset is not None:
                raise Wrong("target.preset_bound", preset=self.preset)
            raise Wrong("target.no_bound")
        if self.at_least is not None and self.at_most is not None:
            raise Wrong("target.one_bound", field=("at_most",))
        if self.within is None and self.measure in WITHIN_MEASURES:
            raise Wrong("target.within", measure=self.measure)
        if self.within is not None and self.measure not in WITHIN_MEASURES:
            raise Wrong("target.no_within", field=("within",), measure=self.measure)
        if self.exclude_abandoned_within and self.measure != "answered":
            raise Wrong("target.exclude", field=("exclude_abandoned_within",), measure=self.measure)
        if self.groups is not None and self.measure not in GROUP_MEASURES:
            raise Wrong("target.groups", field=("groups",), measure=self.measure)
        if self.queues is not None and self.measure in GROUP_MEASURES:
            raise Wrong("target.queues", field=("queues",), measure=self.measure)
        if not self.name:
            object.__setattr__(self, "name", self.preset or self.measure)
        return self


class Scenario(Model):
    """Everything that a plan depends on. Only horizon, queues, groups, shifts and targets are required."""

    name: Text = ""
    """What to call it."""
    horizon: Horizon
    """What is simulated, from when to when."""
    sale: Sale | None = None
    """The sale, where there is one."""
    currency: Text = "CNY"
    """Shown beside every amount of money."""
    forecast: Forecast = Forecast.model_validate("usual")
    """good | usual | poor, or {day_cv, within_day: {cv, half_life}}."""
    limits: Limits = Limits()
    """Limits on everyone together."""
    opening_hours: Hours | None = None
    """When the shop says that it answers; needed by targets with `offline: excluded`."""
    queues: Annotated[Mapping[Name, Queue], Field(min_length=1)]
    """Kinds of contact, by name."""
    groups: Annotated[Mapping[Name, Group], Field(min_length=1)]
    """Agents of one kind, by name."""
    shifts: Annotated[Mapping[Name, ShiftRule], Field(min_length=1)]
    """What can be bought, by name."""
    rest: Duration = 39600.0
    """Least time between two shifts of one person."""
    roster: tuple[RosterRow, ...] | None = None
    """What the shop has today; in the file the path of a CSV (group, date, shift[, start, end], count)."""
    targets: Annotated[tuple[Target, ...], BeforeValidator(_one_or_many), Field(min_length=1)]
    """What is promised."""

    @model_validator(mode="wrap")
    @classmethod
    def _look_names_up_here(cls, given: object, handler: ModelWrapValidatorHandler[Scenario]) -> Scenario:
        with within(given):
            return handler(given)
