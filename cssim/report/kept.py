"""A result read back from its JSON, as the objects that sentences and tables are made of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from cssim.engine.floor import Roster
from cssim.errors import InputError
from cssim.experiment.rosters import roster_of, rows_from
from cssim.measure.estimate import PeriodResult, TargetResult
from cssim.messages import say
from cssim.roster.replay import file_of, read_result
from cssim.roster.result import SCHEMA, Shortfall
from cssim.scenario.load import from_resolved
from cssim.scenario.schema import Scenario

_DAMAGE: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RuntimeError)
"""What comes of a result that somebody has cut or changed."""


@dataclass(frozen=True)
class Kept:
    """A simulation, or a plan with the simulation that judged it.

    Attributes:
        raw: the JSON, as it was read.
        judged: the JSON of the simulation: the whole of it, or its judgement.
        scenario: resolved.
        status: of a plan `met`, `infeasible` or `budget`; of a simulation `simulated`.
        why: message key and values of the proof, where the status is `infeasible`.
        roster: who works, in the order of the JSON's rows where those are in order.
        targets: the verdicts.
        shortfall: where people are lacking.
        cost: on average, in the scenario's currency.
        lower_bound: no roster that meets the targets costs less; None where there is none.
        assumes: message keys of what the bound rests on.
        people, shifts: that the roster takes.
        baseline: the same for the scenario's own roster, where a plan has one.
    """

    raw: Mapping[str, Any] = field(repr=False)
    judged: Mapping[str, Any] = field(repr=False)
    scenario: Scenario = field(repr=False)
    status: str
    why: tuple[str, Mapping[str, object]] | None
    roster: Roster = field(repr=False)
    targets: tuple[TargetResult, ...]
    shortfall: tuple[Shortfall, ...]
    cost: float
    lower_bound: float | None
    assumes: tuple[str, ...]
    people: int
    shifts: int
    baseline: Kept | None

    @property
    def runs(self) -> int:
        """Simulated days of the verdicts."""
        return int(self.judged["replications"])

    @property
    def kept(self) -> int:
        """How many promises are kept."""
        return sum(target.verdict == "met" for target in self.targets)

    @property
    def gap(self) -> float | None:
        """The part of the cost that could be saved at most."""
        gap = self.raw.get("gap")
        return None if gap is None else float(gap)

    @property
    def verdict(self) -> str:
        """Of all promises together: `met`, `infeasible`, `missed` or `undecided`."""
        verdicts = {target.verdict for target in self.targets}
        if self.status == "infeasible":
            return "infeasible"
        return next((one for one in ("missed", "undecided") if one in verdicts), "met")


def read(path: Path) -> Kept:
    """The result in a file, or in a plan's folder.

    Raises:
        InputError: no such file; no result of `simulate` or `optimise`; one that lacks something.
    """
    file = file_of(path)
    try:
        return kept(read_result(file))
    except InputError as error:
        if any(str(file) in fault.path for fault in error.faults):
            raise
        what = "; ".join(fault.text() for fault in error.faults[:3])
        raise InputError.one("report.broken", str(file), what=what) from None


def kept(result: Mapping[str, Any]) -> Kept:
    """A result's JSON as objects.

    Raises:
        InputError: it lacks something, or holds what no result may.
    """
    plan = result.get("schema") == SCHEMA
    try:
        judged = result["judgement"] if plan else result
        scenario = from_resolved(result["scenario"])
        why = result.get("why_key")
        bound = result.get("lower_bound")
        today = result.get("baseline")
        shortfall = result["shortfall"] if plan else []
        return Kept(
            raw=result,
            judged=judged,
            scenario=scenario,
            status=str(result["status"]) if plan else "simulated",
            why=(why, result["why_values"]) if why and say(why, **result["why_values"]) else None,
            roster=_roster(scenario, result["roster"]),
            targets=tuple(_target(row) for row in judged["targets"]),
            shortfall=tuple(
                Shortfall(s["target"], s["period"], s["queue"], s["from"], s["to"], float(s["people"]))
                for s in shortfall
            ),
            cost=float(judged["cost"]["value"]),
            lower_bound=None if bound is None else float(bound),
            assumes=tuple(key for key in result.get("assumes", ()) if say(key)),
            people=int(judged["people_needed"]["in_all"]),
            shifts=sum(int(row["count"]) for row in result["roster"]),
            baseline=None if today is None else kept(today),
        )
    except _DAMAGE as error:
        raise _lacking(error) from None


@contextmanager
def showing(file: Path) -> Iterator[None]:
    """A result that was read from this file is shown: what cannot be is the file's fault.

    Raises:
        InputError: it lacks something, or holds what no result may.
    """
    try:
        yield
    except _DAMAGE as error:
        raise InputError.one("report.broken", str(file), what=_lacking(error).text()) from error


def _lacking(error: Exception) -> InputError:
    return InputError.one("report.lacking", what=f"{type(error).__name__}: {error}")


def _roster(scenario: Scenario, rows: Sequence[Mapping[str, Any]]) -> Roster:
    try:
        return roster_of(scenario, rows_from(rows))
    except ValueError:
        raise InputError.one("report.lacking", what="roster") from None


def _target(row: Mapping[str, Any]) -> TargetResult:
    periods = tuple(_period(one) for one in row["by_period"])
    return TargetResult(
        **{key: row[key] for key in ("name", "measure", "within_s", "at_least", "at_most", "each", "on")},
        sure=float(row["sure"]),
        verdict=row["verdict"],
        by_period=periods,
        worst=next(one for one in periods if one.period == row["period"]),
        unsent=float(row["unsent"]),
    )


def _period(row: Mapping[str, Any]) -> PeriodResult:
    """Margins are for a judge, and a judgement is not made again."""
    return PeriodResult(
        period=str(row["period"]),
        **{key: _number(row[key]) for key in ("estimate", "low", "high", "half_width")},
        margin=math.nan,
        sure_margin=math.nan,
        verdict=row["verdict"],
        days=np.array([_number(day) for day in row["days"]]),
    )


def _number(value: object) -> float:
    """JSON has no word for what is not a number."""
    return math.nan if value is None else float(cast(float, value))
