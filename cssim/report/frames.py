"""A result as tidy tables: where report, workbook and figures get every number that they show.

Each function takes a result of `simulate` or `optimise`, as an object or as its JSON, and gives a frame:
columns of equal length by name, None where there is nothing. An object is turned into its JSON first, so a
picture of `result.json` is the picture that was drawn right after the run; whoever wants many frames of one
object calls `to_dict` once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, Protocol, TypeAlias

from cssim.errors import InputError
from cssim.measure.rows import unique


class HasDict(Protocol):
    """A `SimulationResult` or a `RosterResult`."""

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""


Result: TypeAlias = Mapping[str, Any] | HasDict
Frame: TypeAlias = dict[str, list[Any]]

PAY: Final = ("base", "night", "overtime", "fixed")
"""What a cost consists of."""

MOST: Final = 8
"""Rows of `tightest`."""


def plain(result: Result) -> Mapping[str, Any]:
    """A result as JSON."""
    return result if isinstance(result, Mapping) else result.to_dict()


def judged(result: Result) -> Mapping[str, Any]:
    """The simulation in a result: itself, or the judgement of an optimised roster.

    Raises:
        InputError: it has none.
    """
    found = plain(result)
    if "search" in found or "judgement" in found:
        return _mapping(found, "judgement")
    return found


# -- by planning interval ---------------------------------------------------------------------------------


def contacts(result: Result) -> Frame:
    """Contacts offered by interval of their arrival, over simulated days: `queue`, `start`, `p10`, `p50`,
    `p90`."""
    names = [f"offered_p{p}" for p in (10, 50, 90)]
    return _by_interval(result, "queues", "queue", dict(zip(names, ("p10", "p50", "p90"), strict=True)))


def replies(result: Result) -> Frame:
    """Time to the first reply, of those sent: `queue`, `start`, `p50_s`, `p90_s`, `p99_s`, in seconds."""
    names = ("p50_s", "p90_s", "p99_s")
    return _by_interval(result, "queues", "queue", {f"first_reply_{name}": name for name in names})


def service(result: Result) -> Frame:
    """The share in time against the queue's promise (`levels`): `queue`, `start`, `share`, its bounds `low`
    and `high`, each at the promise's confidence, and `promised`, in the hours in which it counts."""
    names = {"in_time": "share", "in_time_low": "low", "in_time_high": "high", "promised": "promised"}
    return _by_interval(result, "queues", "queue", names)


def coverage(result: Result) -> Frame:
    """People by group: `pool` (see `pools`), `group`, `start`, mean number `present` and `busy`."""
    found = judged(result)
    pool_of = {
        group: number
        for number, pool in enumerate(_list(found, "pools"), 1)
        for group in _list(pool, "groups", "pools")
    }
    frame = _by_interval(found, "groups", "group", {"present": "present", "replying": "busy"})
    return {"pool": [pool_of.get(group) for group in frame["group"]], **frame}


def need(result: Result) -> Frame:
    """People by pool: `pool`, `start`, `needed` (a yardstick: Erlang C on the replies that came, at speed 1;
    None where no share of replies is promised), and the mean number `present` and `busy`."""
    found = judged(result)
    starts = _starts(found)
    names = {"needed": "needed", "present": "present", "replying": "busy"}
    rows = []
    for number, columns in enumerate(_list(_mapping(found, "intervals"), "pools", "intervals"), 1):
        path = f"intervals.pools.{number - 1}"
        values = [_column(columns, name, path, len(starts)) for name in names]
        rows += [(number, *row) for row in zip(starts, *values, strict=True)]
    return _frame(("pool", "start", *names.values()), rows)


def pools(result: Result) -> Frame:
    """Groups and queues that hang together: `pool` (1, 2, ...), `groups`, `queues` (names, by commas)."""
    rows = [
        (number, ", ".join(_list(pool, "groups", "pools")), ", ".join(_list(pool, "queues", "pools")))
        for number, pool in enumerate(_list(judged(result), "pools"), 1)
    ]
    return _frame(("pool", "groups", "queues"), rows)


def tightest(result: Result, most: int = MOST) -> Frame:
    """The hours with least to spare: `kind` (queue or group), `name`, `start`, `value` (share in time, or of
    the time on that went into replies), `promised` (None of groups) and `offered` (contacts, of queues).

    Queues come first, in the hours in which their promise counts: by how many contacts too many are late,
    then by how little more may be; then groups, by how busy they are.

    Args:
        result: of either kind.
        most: rows; half of them of each kind, as far as there are.
    """
    found = judged(result)
    share, came, people = service(found), contacts(found), coverage(found)
    at_most = {queue for queue, bound in _known(*(levels(found)[name] for name in ("queue", "at_most")))}

    def spare(queue: str, value: float, promised: float, offered: float) -> tuple[float, float]:
        more = (promised - value) if queue in at_most else (value - promised)
        return offered * min(more, 0.0), more

    queues = [
        (spare(queue, value, promised, offered), ("queue", queue, start, value, promised, offered))
        for queue, start, value, promised, offered in _known(
            share["queue"], share["start"], share["share"], share["promised"], came["p50"]
        )
        if offered > 0
    ]
    groups = [
        ((-busy / present,), ("group", group, start, busy / present, None, None))
        for group, start, present, busy in _known(
            people["group"], people["start"], people["present"], people["busy"]
        )
        if present > 0
    ]
    worst_of = [[row for _, row in sorted(rows, key=lambda row: row[0])] for rows in (queues, groups)]
    of_queues = max(most - most // 2, most - len(worst_of[1]))
    first = worst_of[0][:of_queues]
    rows = first + worst_of[1][: most - len(first)]
    return _frame(("kind", "name", "start", "value", "promised", "offered"), rows)


# -- promises ---------------------------------------------------------------------------------------------


def promises(result: Result) -> Frame:
    """One row a target, in its worst period: `name`, `measure`, `within_s`, `at_least`, `at_most`, `each`,
    `on`, `sure`, `period`, `estimate`, `low`, `high`, `verdict`.

    Names are the targets' own; a second of the same name is told apart by its number.
    """
    names = (
        *("measure", "within_s", "at_least", "at_most", "each", "on", "sure"),
        *("period", "estimate", "low", "high", "verdict"),
    )
    targets = _targets(result)
    rows = [
        (name, *(_of_target(target, key, k) for key in names)) for k, (name, target) in enumerate(targets)
    ]
    return _frame(("name", *names), rows)


def levels(result: Result) -> Frame:
    """What `service` and `replies` are held against, one row a queue: `queue`, `target`, `measure`,
    `within_s`, `at_least`, `at_most`, `sure`; None where nothing is promised of the queue's replies."""
    found = judged(result)
    names = ("measure", "within_s", "at_least", "at_most", "sure")
    targets = _targets(found)
    rows = []
    for queue, k in _mapping(found, "shown_targets").items():
        if k is None:
            rows.append((queue, *[None] * (1 + len(names))))
        elif not isinstance(k, int) or not 0 <= k < len(targets):
            raise _lacking(f"shown_targets.{queue}")
        else:
            name, target = targets[k]
            rows.append((queue, name, *(_of_target(target, key, k) for key in names)))
    return _frame(("queue", "target", *names), rows)


def days(result: Result) -> Frame:
    """What each simulated day came to: `target`, `period`, `day` (from 1), `value` (None where there was
    nothing to measure)."""
    rows = []
    for k, (name, target) in enumerate(_targets(result)):
        for period in _list(target, "by_period", f"targets.{k}"):
            values = _column(period, "days", f"targets.{k}.by_period")
            label = _value(period, "period", f"targets.{k}.by_period")
            rows += [(name, label, day, value) for day, value in enumerate(values, 1)]
    return _frame(("target", "period", "day", "value"), rows)


# -- money and people -------------------------------------------------------------------------------------


def money(result: Result) -> Frame:
    """Where the money goes: `group`, `part` (base, night, overtime, fixed), `amount` per simulated run."""
    rows = []
    for name, group in _mapping(judged(result), "groups").items():
        path = f"groups.{name}"
        cost = _mapping(group, "cost", path)
        rows += [(name, part, _number(cost, part, f"{path}.cost")) for part in PAY]
    return _frame(("group", "part", "amount"), rows)


def roster(result: Result) -> Frame:
    """Who works: `group`, `date`, `shift`, `start`, `end`, `count`, `cost`, and what each is there for.

    Of the promises that would lose by one agent less, the one that then stands worst is `without_target`, its
    estimate `without_from` with everybody and `without_to` without; None where it is not known.
    """
    found = plain(result)
    names = ("group", "date", "shift", "start", "end", "count", "cost")
    targets = _targets(found)
    rows = []
    for k, row in enumerate(_list(found, "roster")):
        duty = [_value(row, name, f"roster.{k}") for name in names]
        without = _mapping(row, "without", f"roster.{k}") if "without" in row else {}
        hit = hardest_hit([target for _, target in targets], without)
        loss = (targets[hit[0]][0], targets[hit[0]][1]["estimate"], hit[1]) if hit else (None,) * 3
        rows.append((*duty, *loss))
    return _frame((*names, "without_target", "without_from", "without_to"), rows)


def hardest_hit(
    targets: Sequence[Mapping[str, Any]], without: Mapping[str, float | None]
) -> tuple[int, float] | None:
    """Of the promises that lose by one agent less, the one that then stands worst for what it allows: the
    misses, where a share is promised, else the value. Its index and what it would be; None if none loses.

    Args:
        targets: of a result's JSON.
        without: by the targets' names, what they would be.
    """
    hits: list[tuple[float, int, float]] = []
    for k, target in enumerate(targets):
        after, estimate = without.get(target["name"]), target["estimate"]
        bounds = [target[name] for name in ("on", "at_least", "at_most")]
        asked = next((x for x in bounds if x is not None), None)
        if after is None or estimate is None or asked is None:
            continue
        sign = -1 if bounds[0] is None and bounds[1] is None else 1
        allowed = 1 - asked if sign > 0 and 0 < asked < 1 else asked
        if sign * (after - estimate) < 0:
            hits.append((sign * (after - asked) / (allowed or 1.0), k, after))
    return min(hits)[1:] if hits else None


def history(result: Result) -> Frame:
    """How a search came to its roster: `elapsed_s`, `cost`, `bound` (no roster that meets the targets costs
    less; None where there is none), `kept` (whether it keeps the promises).

    Raises:
        InputError: the result is of a simulation.
    """
    names = ("elapsed_s", "cost", "bound", "kept")
    steps = _list(_mapping(plain(result), "search"), "history", "search")
    rows = [tuple(_value(row, name, f"search.history.{k}") for name in names) for k, row in enumerate(steps)]
    return _frame(names, rows)


# -- reading ----------------------------------------------------------------------------------------------


def _frame(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Frame:
    """Rows as columns."""
    columns: Frame = {name: [] for name in names}
    for row in rows:
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return columns


def _known(*columns: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Rows of columns of equal length, but for those in which something is None."""
    return [row for row in zip(*columns, strict=True) if None not in row]


def _by_interval(result: Result, part: str, called: str, names: Mapping[str, str]) -> Frame:
    """Columns of `intervals`, one row a queue (or group) and interval; `names` are theirs and the frame's."""
    found = judged(result)
    starts = _starts(found)
    rows = []
    for name, columns in _mapping(_mapping(found, "intervals"), part, "intervals").items():
        values = [_column(columns, key, f"intervals.{part}.{name}", len(starts)) for key in names]
        rows += [(name, *row) for row in zip(starts, *values, strict=True)]
    return _frame((called, "start", *names.values()), rows)


def _starts(found: Mapping[str, Any]) -> list[Any]:
    """The planning intervals' starts, in order."""
    starts = _list(_mapping(found, "intervals"), "start", "intervals")
    if not starts or not all(isinstance(start, str) for start in starts) or _unordered(starts):
        raise _lacking("intervals.start")
    return starts


def _unordered(starts: Sequence[str]) -> bool:
    return any(a >= b for a, b in pairwise(starts))


def _targets(result: Result) -> list[tuple[str, Mapping[str, Any]]]:
    """The targets of a result, each with a name of its own."""
    targets, names = _list(judged(result), "targets"), []
    for k, target in enumerate(targets):
        names.append(_of_target(target, "name", k))
        if names[k] is None:
            raise _lacking(f"targets.{k}.name")
        for key in ("on", "at_least", "at_most", "estimate"):
            _of_target(target, key, k)
    return list(zip(unique(names), targets, strict=True))


_NUMBERS: Final = frozenset({"within_s", "at_least", "at_most", "on", "sure", "estimate", "low", "high"})
"""Of a target; the rest are words."""


def _of_target(target: Any, key: str, k: int) -> Any:
    found = _value(target, key, f"targets.{k}")
    if found is not None and not isinstance(found, (int, float) if key in _NUMBERS else str):
        raise _lacking(f"targets.{k}.{key}")
    return found


def _value(holder: Any, key: str, path: str = "") -> Any:
    if not isinstance(holder, Mapping) or key not in holder:
        raise _lacking(f"{path}.{key}" if path else key)
    return holder[key]


def _number(holder: Any, key: str, path: str) -> float:
    found = _value(holder, key, path)
    if not isinstance(found, (int, float)):
        raise _lacking(f"{path}.{key}")
    return found


def _mapping(holder: Any, key: str, path: str = "") -> Mapping[str, Any]:
    found = _value(holder, key, path)
    if not isinstance(found, Mapping):
        raise _lacking(f"{path}.{key}" if path else key)
    return found


def _list(holder: Any, key: str, path: str = "") -> list[Any]:
    found = _value(holder, key, path)
    if not isinstance(found, list):
        raise _lacking(f"{path}.{key}" if path else key)
    return found


def _column(holder: Any, key: str, path: str, length: int | None = None) -> list[Any]:
    """Numbers or None, as many as there should be."""
    found = _list(holder, key, path)
    numbers = all(value is None or isinstance(value, (int, float)) for value in found)
    if not numbers or length not in (None, len(found)):
        raise _lacking(f"{path}.{key}")
    return found


def _lacking(path: str) -> InputError:
    return InputError.one("frame.lacking", path=path)
