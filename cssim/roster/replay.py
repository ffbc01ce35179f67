"""The same numbers again: a result holds all that it takes to run it once more and compare."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import PositiveInt, TypeAdapter, ValidationError

from cssim.errors import InputError
from cssim.experiment.days import Progress
from cssim.experiment.rosters import roster_of, rows_from
from cssim.experiment.simulation import SimulationResult, simulate
from cssim.roster.result import SCHEMA
from cssim.scenario.load import from_resolved

SIMULATION: Final = "cssim.simulation.1"

PLAN_RESULT: Final = "result.json"
"""The result in a plan's folder."""

_OF_THE_RUN = frozenset({"started", "elapsed_s", "version", "without", "untold"})
"""Keys that say when, for how long and by which version a result was made, what only the search saw, and what
the planner's file left out: the resolved scenario, which is run again, leaves out nothing."""


_WHOLE = ("seed", "phase", "replications", "judgements")
"""Whole numbers that fix a simulation."""


@dataclass(frozen=True)
class Difference:
    """A value that is not what the result says.

    Attributes:
        path: of the value in the result.
        was: in the result.
        now: this time.
    """

    path: str
    was: object
    now: object


@dataclass(frozen=True)
class Replay:
    """What came of running a result again.

    Attributes:
        kind: `simulate` or `optimise`.
        values: how many numbers and words were compared.
        differences: those that are not the same, in the result's order.
        version: of cssim, that made the result.
        result: this time's.
    """

    kind: str
    values: int
    differences: tuple[Difference, ...]
    version: str
    result: SimulationResult

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "schema": "cssim.replay.1",
            "kind": self.kind,
            "version": self.result.version,
            "made_by_version": self.version,
            "values": self.values,
            "same": not self.differences,
            "differences": [vars(difference) for difference in self.differences],
        }


def read_result(path: Path) -> dict[str, Any]:
    """A result's JSON, from a file or from a plan's folder.

    Raises:
        InputError: no such file, or not a result of `simulate` or `optimise`.
    """
    file = file_of(path)
    return result_of(read_json(file), file)


def file_of(path: Path) -> Path:
    """The file itself; of a plan's folder, its result."""
    return path / PLAN_RESULT if path.is_dir() else path


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        InputError: no such file, or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError.one("replay.missing", str(path)) from None
    except OSError as error:
        raise InputError.one("replay.unreadable", str(path), why=error.strerror or error) from None
    except (ValueError, RecursionError):
        raise InputError.one("replay.not_json", str(path)) from None


def result_of(found: Any, path: Path) -> dict[str, Any]:
    """What was found in a file, if it is a result.

    Raises:
        InputError: it is none.
    """
    if not isinstance(found, dict) or found.get("schema") not in (SIMULATION, SCHEMA):
        raise InputError.one("replay.not_a_result", str(path), allowed=f"{SIMULATION}, {SCHEMA}")
    return found


def replay(
    result: Mapping[str, Any],
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Replay:
    """Run a simulation again, or judge an optimised roster again on the days on which it was judged.

    Raises:
        InputError: the result lacks something that it takes, or holds what no scenario may.
    """
    optimised = result.get("schema") == SCHEMA
    kept = result.get("judgement") if optimised else result
    if not isinstance(kept, Mapping):
        raise InputError.one("replay.lacking", "judgement")
    now = _again(kept, executor, workers, progress)
    was: dict[str, Any] = {**kept}
    new: dict[str, Any] = now.to_dict()
    if optimised:
        was |= {f"optimise.{key}": result.get(key) for key in ("cost", "roster", "targets")}
        new |= {
            "optimise.cost": now.cost.total.value,
            "optimise.roster": new["roster"],
            "optimise.targets": new["targets"],
        }
    pairs = list(_pairs("", _timeless(was), _timeless(json.loads(json.dumps(new)))))
    differences = tuple(Difference(path, a, b) for path, a, b in pairs if a != b)
    kind = "optimise" if optimised else "simulate"
    return Replay(kind, len(pairs), differences, str(kept.get("version")), now)


def _again(
    kept: Mapping[str, Any],
    executor: Executor | None,
    workers: int | None,
    progress: Progress | None,
) -> SimulationResult:
    for name in ("scenario", "roster", "engine", *_WHOLE):
        if kept.get(name) is None:
            raise InputError.one("replay.lacking", name)
    try:
        rows = rows_from(kept["roster"])
        run = TypeAdapter(dict[str, int]).validate_python({name: kept[name] for name in _WHOLE})
    except ValueError:  # pydantic's, too
        raise InputError.one("replay.lacking", ", ".join(("roster", *_WHOLE))) from None
    scenario, precision = from_resolved(kept["scenario"]), kept.get("precision")
    try:
        sizes = TypeAdapter(tuple[PositiveInt, ...]).validate_python(kept.get("sizes"))
    except ValidationError:
        raise InputError.one("replay.lacking", "sizes") from None
    chosen = {"sizes": sizes} if precision is None else {"replications": sizes[-1], "precision": precision}
    return simulate(
        scenario,
        roster_of(scenario, rows),
        **chosen,
        seed=run["seed"],
        phase=run["phase"],
        engine=kept["engine"],
        judgements=run["judgements"],
        executor=executor,
        workers=workers,
        progress=progress,
    )


def _timeless(value: Any) -> Any:
    """A result without what belongs to the run and not to the numbers."""
    if isinstance(value, Mapping):
        return {name: _timeless(part) for name, part in value.items() if name not in _OF_THE_RUN}
    return [_timeless(part) for part in value] if isinstance(value, list) else value


def _pairs(path: str, was: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every value of both with its path; None where one of them has none."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for name in {**was, **now}:
            yield from _pairs(f"{path}.{name}" if path else name, was.get(name), now.get(name))
    elif isinstance(was, list) and isinstance(now, list):
        for k in range(max(len(was), len(now))):
            parts = (part[k] if k < len(part) else None for part in (was, now))
            yield from _pairs(f"{path}.{k}", *parts)
    else:
        yield path, was, now
