"""Figures that others published or computed, held here with their sources; never taken from this program."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        id: its name in `docs/truths.md`.
        source: where it is published, or how it was computed.
        params: what it is about.
        quantity: what it is.
        value: as published.
        tolerance: half of the last digit given, half of a confidence interval, or `rel ...`.
        exact: the true value, where `value` is itself an estimate.
    """

    id: str
    source: str
    params: dict[str, Any]
    quantity: str
    value: Any
    tolerance: float | str = 0.0
    exact: float | None = None
    exact_by: str = ""
    note: str = ""

    @property
    def truth(self) -> Any:
        """The exact value, as far as it is known."""
        return self.value if self.exact is None else self.exact

    @property
    def slack(self) -> dict[str, float]:
        """The tolerance as `pytest.approx` takes it."""
        if isinstance(self.tolerance, str):
            return {"rel": float(self.tolerance.removeprefix("rel ")), "abs": 0.0}
        return {"rel": 0.0, "abs": self.tolerance}


def figures(topic: str) -> dict[str, Figure]:
    """The figures of a file, by id."""
    text = (Path(__file__).parent / f"{topic}.json").read_text(encoding="utf-8")
    return {row["id"]: Figure(**row) for row in json.loads(text)}
