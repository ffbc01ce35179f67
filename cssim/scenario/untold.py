"""What a planner has not told, and what is taken instead: the most influential first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from cssim.errors import Fault
from cssim.scenario.schema import Scenario
from cssim.scenario.tree import Path, dotted
from cssim.scenario.units import format_duration, format_share

Words: TypeAlias = Callable[[Any], str]


def _mean(spread: Any) -> str:
    return format_duration(spread.mean)


def _number(value: float) -> str:
    return f"{value:g}"


def _none(_: object) -> str:
    return "-"


# In order of how far a wrong guess leads a plan astray: who gives up and when, how much work there is and at
# what hour, who is there to do it, then what it costs; last what only shows at the edges.
# Message, path, the default in words.
_ASKED: Final[tuple[tuple[str, str, Words], ...]] = (
    ("untold.patience", "queues.*.patience", _mean),
    ("untold.reply", "queues.*.chat.reply", _mean),
    ("untold.rounds", "queues.*.chat.rounds", lambda rounds: _number(rounds.mean)),
    ("untold.profile", "queues.*.profile", _none),
    ("untold.bot", "queues.*.bot", _none),
    ("untold.forecast", "forecast", lambda forecast: format_share(forecast.day_cv)),
    ("untold.no_show", "groups.*.no_show", format_share),
    ("untold.chats", "groups.*.chats", _number),
    ("untold.think", "queues.*.chat.think", _mean),
    ("untold.lingers", "queues.*.patience.lingers", format_share),
    ("untold.later", "queues.*.patience.later", _none),
    ("untold.pay", "groups.*.pay", lambda pay: _number(pay.per_hour)),
    ("untold.pay", "groups.*.pay.per_hour", _number),
    ("untold.sale_value", "queues.*.sale_value", _number),
    ("untold.idle_hold", "groups.*.idle_hold", format_duration),
    ("untold.wind_down", "groups.*.wind_down", format_duration),
    ("untold.min_on_duty", "limits.min_on_duty", _number),
    ("untold.seats", "limits.seats", _none),
    ("untold.rest", "rest", format_duration),
)


def untold(scenario: Scenario) -> tuple[Fault, ...]:
    """The fields that matter and were left to their defaults; each with its path, its text tells the default.

    What changes nothing in this scenario is not asked for (think times where there is one round), nor are the
    parts of what is left out as a whole. A resolved scenario has told everything.
    """
    found: list[Fault] = []
    paths: set[Path] = set()
    for key, way, words in _ASKED:
        for path, value in _defaults(scenario, tuple(way.split(".")), ()):
            if path[:-1] not in paths and _matters(scenario, path):
                paths.add(path)
                found.append(Fault(key, {"value": words(value)}, dotted(path)))
    return tuple(found)


def _defaults(value: Any, way: Path, path: Path, told: bool = True) -> Iterator[tuple[Path, Any]]:
    """The paths that a way with `*` means, and the values there, where a default stands on the way."""
    if not way:
        if not told:
            yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _defaults(inner, way[1:], (*path, name), told)
    else:
        name = str(way[0])
        told = told and name in value.model_fields_set
        yield from _defaults(getattr(value, name), way[1:], (*path, name), told)


def _matters(scenario: Scenario, path: Path) -> bool:
    """Whether another value of the field would change anything."""
    if path[0] != "queues":
        return True
    queue, field = scenario.queues[str(path[1])], path[-1]
    if field == "profile":
        return queue.volume is not None and queue.volume.counts is None
    if field in ("think", "later"):
        return queue.chat.rounds.mean > 1
    return True
