"""The cheapest roster found, and all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cssim.engine.floor import Roster
from cssim.experiment.simulation import SimulationResult
from cssim.measure import html, numbers
from cssim.measure.cost import roster_rows
from cssim.measure.estimate import TargetResult, number
from cssim.measure.rows import Table
from cssim.messages import say
from cssim.scenario.schema import Scenario

Status = Literal["met", "infeasible", "budget"]

SCHEMA = "cssim.roster.1"


@dataclass(frozen=True)
class Shortfall:
    """Where a roster that does not keep a promise lacks people.

    Attributes:
        target: name of the promise.
        period: in which it fails.
        queue: whose replies are late.
        start, end: local date and time of the hours.
        people: agents at speed 1 that are lacking then, as the curves tell after what was simulated.
    """

    target: str
    period: str
    queue: str
    start: str
    end: str
    people: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "target": self.target,
            "period": self.period,
            "queue": self.queue,
            "from": self.start,
            "to": self.end,
            "people": round(self.people, 2),
        }


@dataclass(frozen=True)
class SearchRecord:
    """What a search did.

    Attributes:
        ended: why it stopped: `settled` (nothing better was found), `budget`, `interrupted` or `proof`.
        budget: seconds, or None where it was not a time.
        rosters_tried, contacts_simulated: on the search's own numbers, and on the proof's.
        judgements: how many rosters were judged.
        seconds: by stage: `start`, `cover`, `search`, `rehearse`, `judge`, `bound`, `prove`, `explain`.
        history: a row for each roster that was better than all before it.
    """

    ended: Literal["settled", "budget", "interrupted", "proof"]
    budget: float | None
    rosters_tried: int
    contacts_simulated: int
    judgements: int
    seconds: Mapping[str, float] = field(repr=False)
    history: tuple[Mapping[str, float | int | bool | str], ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "ended": self.ended,
            "budget_s": self.budget,
            "rosters_tried": self.rosters_tried,
            "contacts_simulated": self.contacts_simulated,
            "judgements": self.judgements,
            "seconds": dict(self.seconds),
            "history": [{**row, "bound": number(float(row["bound"]))} for row in self.history],
        }


@dataclass(frozen=True)
class RosterResult(Table):
    """A roster with its proof.

    Attributes:
        scenario: resolved.
        status: `met`: judged to keep every promise, on replications that the search never saw;
            `infeasible`: proven that no roster does; `budget`: neither, this is the best found.
        why: message key and values of the proof, where the status is `infeasible`.
        roster: who works; the one nearest to the promises where none keeps them.
        cost: what it costs on average, overtime as judged, in the scenario's currency.
        lower_bound: no roster that meets the targets costs less; None where none meets them.
        assumes: message keys of what the bound rests on.
        judgement: the simulation of the roster on fresh replications; its `targets` are the verdicts.
        baseline: the same for the scenario's own roster, where it has one.
        search: what was done.
        shortfall: where people are lacking, if a promise is not kept.
        without: for each of `rows`, about what each target's estimate would be without one of its people, by
            the target's name; empty where there was no time to see.
        started: date and time with the zone's offset.
        elapsed: seconds, all in all.
    """

    scenario: Scenario = field(repr=False)
    status: Status
    why: tuple[str, Mapping[str, object]] | None
    roster: Roster = field(repr=False)
    cost: float
    lower_bound: float | None
    assumes: tuple[str, ...]
    judgement: SimulationResult = field(repr=False)
    baseline: SimulationResult | None = field(repr=False)
    search: SearchRecord
    shortfall: tuple[Shortfall, ...]
    without: tuple[Mapping[str, float], ...] = field(repr=False)
    started: str
    elapsed: float

    @property
    def gap(self) -> float | None:
        """(cost - lower bound) / cost; None without a bound, 0 for a roster that costs nothing."""
        if self.lower_bound is None:
            return None
        return (self.cost - self.lower_bound) / self.cost if self.cost else 0.0

    @property
    def bound_assumes(self) -> str:
        """What the lower bound assumes, in words."""
        return " ".join(say(key) for key in self.assumes)

    @property
    def targets(self) -> tuple[TargetResult, ...]:
        """The verdicts, on fresh replications."""
        return self.judgement.targets

    def rows(self) -> list[dict[str, Any]]:
        """The roster: group, date, shift, start, end, breaks, count, cost; see `roster_rows`."""
        return roster_rows(self.scenario, self.roster)

    def to_dict(self) -> dict[str, Any]:
        """The contract's `optimise` object: strict JSON, None for what is not a number."""
        judgement = self.judgement.to_dict()
        same = ("version", "seed", "scenario", "scenario_digest", "currency", "engine", "untold")
        return {
            "schema": SCHEMA,
            **{key: judgement[key] for key in same},
            "started": self.started,
            "elapsed_s": self.elapsed,
            "status": self.status,
            "why": say(self.why[0], **self.why[1]) if self.why else None,
            "why_key": self.why[0] if self.why else None,
            "why_values": dict(self.why[1]) if self.why else {},
            "cost": number(self.cost),
            "lower_bound": None if self.lower_bound is None else number(self.lower_bound),
            "gap": None if self.gap is None else number(self.gap),
            "bound_assumes": self.bound_assumes,
            "assumes": list(self.assumes),
            "roster": self._explained(judgement["roster"]),
            "targets": judgement["targets"],
            "judgement": judgement,
            "baseline": self.baseline.to_dict() if self.baseline else None,
            "search": self.search.to_dict(),
            "shortfall": [row.to_dict() for row in self.shortfall],
        }

    def _explained(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows, each with what the targets would be without one of its people."""
        without = self.without or ({},) * len(rows)
        return [
            {**row, "without": {name: number(value) for name, value in one.items()}}
            for row, one in zip(rows, without, strict=True)
        ]

    def _repr_html_(self) -> str:
        """For a notebook: the verdict in a sentence, the bound, the promises and the roster as a grid."""
        currency = self.scenario.currency
        head = say(
            f"plan.{self.status}",
            name=self.scenario.name or "-",
            cost=numbers.money(self.cost, currency),
            shifts=sum(duty.count for duty in self.roster),
            people=sum(self.judgement.people_needed.values()),
            kept=sum(target.verdict == "met" for target in self.targets),
            all=len(self.targets),
            runs=self.judgement.replications,
        )
        parts = [html.paragraph(head, strong=True)]
        if self.why is not None:
            parts.append(html.paragraph(say(self.why[0], **self.why[1])))
        if self.lower_bound is not None:
            bound, gap = f"{numbers.bound(self.lower_bound)} {currency}", numbers.gap(self.gap)
            parts.append(html.paragraph(say("plan.bound", bound=bound, gap=gap, assumes=self.bound_assumes)))
        return "".join((*parts, html.promises(self.targets), html.roster(self.rows())))
