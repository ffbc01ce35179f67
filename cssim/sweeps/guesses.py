"""The numbers that a planner guesses, and how far off each may plausibly be, with the reason.

What was told can be uncertain too: a shop knows its pay and its shifts, but hardly anybody has measured how
long buyers wait. So most of these are moved whether or not they were told; the rest, of which a shop that
wrote something knows it, only where nothing was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cssim.scenario.load import resolved
from cssim.scenario.schema import Scenario
from cssim.scenario.units import format_duration, format_share, parse_duration, parse_share
from cssim.scenario.untold import untold
from cssim.sweeps.grid import Change

Range: TypeAlias = Callable[[Any], tuple[Any, Any]]
"""From a value as it is written to two, below and above."""


def _times(low: float, high: float) -> Range:
    """A duration or a number times two factors."""

    def ends(value: Any) -> tuple[Any, Any]:
        if isinstance(value, str):
            seconds = parse_duration(value)
            return format_duration(seconds * low), format_duration(seconds * high)
        return _short(value * low), _short(value * high)

    return ends


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _rounds(low: float, high: float) -> Range:
    """A number of rounds, which is 1 at least."""

    def ends(value: Any) -> tuple[Any, Any]:
        fixed = isinstance(value, Mapping) and value["dist"] == "fixed"
        mean = value["mean"] if isinstance(value, Mapping) else value
        some = [max(1.0, _short(mean * factor)) for factor in (low, high)]
        a, b = ({"mean": round(m) if fixed else m, "dist": "fixed" if fixed else "geometric"} for m in some)
        return a, b

    return ends


def _points(below: float, above: float) -> Range:
    """A share, less and more so many points."""

    def ends(value: Any) -> tuple[Any, Any]:
        share = parse_share(value)
        return _share(share - below), _share(share + above)

    return ends


def _between(low: float, high: float) -> Range:
    """A share between two, or its own where that lies outside."""

    def ends(value: Any) -> tuple[Any, Any]:
        share = parse_share(value)
        return _share(min(share, low)), _share(max(share, high))

    return ends


def _absence(value: Any) -> tuple[Any, Any]:
    """A share of no-shows: nobody stays away, or twice as many, and one in twenty at least."""
    return _share(0.0), _share(max(2 * parse_share(value), 0.05))


def _share(value: float) -> str:
    return format_share(round(min(max(value, 0.0), 1.0), 6))


def _either(low: Any, high: Any) -> Range:
    """Two values whatever it is."""
    return lambda value: (low, high)


def _volume(value: Any) -> tuple[Any, Any]:
    """A volume a fifth smaller and larger, in the form in which it is given."""
    return _scaled(value, 0.8), _scaled(value, 1.2)


def _scaled(volume: Mapping[str, Any], factor: float) -> dict[str, Any]:
    found = dict(volume)
    for name in ("contacts", "orders"):
        if volume.get(name) is not None:
            found[name] = _short(volume[name] * factor)
    if volume.get("rate") is not None:
        number, _, unit = volume["rate"].partition("/")
        found["rate"] = f"{_short(float(number) * factor)!r}/{unit}"
    if volume.get("counts") is not None:
        found["counts"] = [{**row, "contacts": _short(row["contacts"] * factor)} for row in volume["counts"]]
    return found


@dataclass(frozen=True)
class Kind:
    """A kind of guess.

    Attributes:
        name: of the messages `guess.{name}` (what it is) and `guess.why.{name}` (why so far).
        path: with `*` for any name.
        ends: how far it may be off.
        untold: only where the planner has not told it.
    """

    name: str
    path: str
    ends: Range
    untold: bool = False


KINDS: Final = (
    # A sale's day totals are off by 5 to 20% (three real data sets).
    Kind("volume", "queues.*.volume", _volume),
    # Published shares run from 30 to 75%.
    Kind("resolves", "queues.*.bot.resolves", _between(0.30, 0.75)),
    Kind("covers", "queues.*.bot.covers", _points(0.10, 0.10)),
    # A bank's callers have a median of 280 s, three times what shops guess; chats are hastier.
    Kind("patience", "queues.*.patience.mean", _times(0.5, 2.0)),
    Kind("later", "queues.*.patience.later.mean", _times(0.5, 2.0)),
    Kind("lingers", "queues.*.patience.lingers", _points(0.20, 0.20)),
    Kind("first_reply", "queues.*.chat.first_reply.mean", _times(0.75, 1.5)),
    Kind("reply", "queues.*.chat.reply.mean", _times(0.75, 1.5)),
    # 2.8 rounds with one platform's bot, 7.3 turns with one company's support, where shops guess 5.
    Kind("rounds", "queues.*.chat.rounds", _rounds(0.6, 1.5)),
    # 56 s in the one public log of chats, where shops guess 35 s.
    Kind("think", "queues.*.chat.think.mean", _times(0.6, 1.6)),
    Kind("speed", "groups.*.speed", _times(0.9, 1.1)),
    Kind("no_show", "groups.*.no_show", _absence),
    # Day totals off by 5 to 20%.
    Kind("day_cv", "forecast.day_cv", _between(0.05, 0.20)),
    Kind("chats", "groups.*.chats", _either(3, 6), untold=True),
    # Platforms hold an answered chat for two minutes.
    Kind("idle_hold", "groups.*.idle_hold", _either("0s", "2min"), untold=True),
    # 20 to 50 an hour (CNY).
    Kind("pay", "groups.*.pay.per_hour", _either(20, 50), untold=True),
)


@dataclass(frozen=True)
class Guess:
    """A number that may be off.

    Attributes:
        kind: which.
        owner: name of the queue or group; empty for the scenario's own.
        path: where it stands.
        now: as it is.
        low, high: from where to where it may plausibly be; one that is as it is now moves nothing.
        told: whether the planner wrote it.
    """

    kind: str
    owner: str
    path: str
    now: Change
    low: Change
    high: Change
    told: bool

    @property
    def ends(self) -> tuple[Change, Change]:
        """Below and above."""
        return self.low, self.high


def guesses(scenario: Scenario) -> tuple[Guess, ...]:
    """Every number of the scenario that is guessed, in the order of `KINDS`; those that would move nothing
    (think times where there is one round) are left out."""
    left = tuple(fault.path for fault in untold(scenario))
    values = resolved(scenario)
    found = []
    for kind in KINDS:
        for path, owner, value in _there(values, tuple(kind.path.split(".")), "", ""):
            told = not any(f"{path}.".startswith(f"{one}.") for one in left)
            if value is None or (told and kind.untold) or not _moves(scenario, kind, owner):
                continue
            low, high = kind.ends(value)
            if low == high == value:
                continue
            now, *ends = (_change(kind, path, some, value) for some in (value, low, high))
            found.append(Guess(kind.name, owner, path, now, ends[0], ends[1], told))
    return tuple(found)


def _there(value: Any, way: tuple[str, ...], path: str, owner: str) -> Iterator[tuple[str, str, Any]]:
    """The paths that a way with `*` means, whose they are, and the values there."""
    if not way:
        yield path, owner, value
    elif isinstance(value, Mapping):
        names = list(value) if way[0] == "*" else [way[0]] if way[0] in value else []
        for name in names:
            inner = f"{path}.{name}" if path else str(name)
            yield from _there(value[name], way[1:], inner, str(name) if way[0] == "*" else owner)


def _moves(scenario: Scenario, kind: Kind, owner: str) -> bool:
    """Whether another value would change anything."""
    if kind.name in ("think", "later"):
        return scenario.queues[owner].chat.rounds.mean > 1
    if kind.name == "reply":
        chat = scenario.queues[owner].chat
        return chat.first_reply is None or chat.rounds.mean > 1
    if kind.name == "resolves":
        bot = scenario.queues[owner].bot
        return bot is not None and bot.covers > 0
    return True


def _change(kind: Kind, path: str, value: Any, now: Any) -> Change:
    """The change, in the words of its kind: a volume as a part of what it is, rounds by their mean."""
    if kind.name == "volume":
        ratio = _size(value) / _size(now) if _size(now) else 1.0
        return Change(path, value, f"{100 * ratio:.4g}%")
    if kind.name == "rounds":
        return Change(path, value, f"{value['mean']:g}")
    return Change.of(path, value)


def _size(volume: Mapping[str, Any]) -> float:
    for name in ("contacts", "orders"):
        if volume.get(name) is not None:
            return float(volume[name])
    if volume.get("rate") is not None:
        return float(volume["rate"].partition("/")[0])
    return float(sum(row["contacts"] for row in volume.get("counts") or ()))
