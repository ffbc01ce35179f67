"""Linear programs with whole numbers, built up in blocks and solved by HiGHS (`scipy.optimize.milp`)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, hstack, vstack

from cssim.scenario.clock import Floats

_FAULT: Final = 4
"""The solver's status where it had numerical trouble, or could not tell infeasible from unbounded."""

Term = tuple[slice, Any]
"""A block of variables, and the matrix (dense or sparse) that multiplies it."""


class Status(StrEnum):
    """What is known of the program."""

    OPTIMAL = "optimal"
    """The solution is optimal within the gap asked for."""
    FEASIBLE = "feasible"
    """There is a solution, perhaps not the best."""
    INFEASIBLE = "infeasible"
    """Proven to have none."""
    UNKNOWN = "unknown"
    """Neither a solution nor a proof."""


class Termination(StrEnum):
    """Why the solver stopped."""

    PROOF = "proof"
    """Nothing was left to do."""
    LIMIT = "limit"
    """Of time or of nodes."""
    FAULT = "fault"
    """Numerical trouble."""


@dataclass(frozen=True)
class Solution:
    """How a program ended.

    Attributes:
        status, termination: what is known, and why the solver stopped.
        values: of all variables; empty where there is no solution.
        cost: of the solution, or inf.
        bound: no solution costs less (to the solver's tolerance of 1e-6); -inf where nothing is known.
    """

    status: Status
    termination: Termination
    values: Floats
    cost: float
    bound: float

    @property
    def found(self) -> bool:
        """Whether there is a solution."""
        return self.status in (Status.OPTIMAL, Status.FEASIBLE)


class Program:
    """min cost . v, subject to rows low <= sum of matrix @ block <= high and 0 <= v <= upper."""

    def __init__(self) -> None:
        self._cost: list[Floats] = []
        self._upper: list[Floats] = []
        self._whole: list[Floats] = []
        self._rows: list[tuple[Sequence[Term], Floats, Floats]] = []
        self._size = 0

    @property
    def size(self) -> int:
        """Number of variables."""
        return self._size

    def variables(self, cost: ArrayLike, *, upper: ArrayLike = np.inf, whole: bool = False) -> slice:
        """A block of variables with these costs; `whole` ones take whole numbers only."""
        costs = np.atleast_1d(np.asarray(cost, dtype=float))
        self._cost.append(costs)
        self._upper.append(np.broadcast_to(np.asarray(upper, dtype=float), costs.shape))
        self._whole.append(np.full(costs.shape, float(whole)))
        self._size += len(costs)
        return slice(self._size - len(costs), self._size)

    def rows(self, terms: Sequence[Term], low: ArrayLike = -np.inf, high: ArrayLike = np.inf) -> None:
        """Constraints, one for each row of the terms' matrices."""
        count = terms[0][1].shape[0]
        self._rows.append(
            (
                terms,
                np.broadcast_to(np.asarray(low, dtype=float), (count,)),
                np.broadcast_to(np.asarray(high, dtype=float), (count,)),
            )
        )

    @property
    def height(self) -> int:
        """Number of rows."""
        return sum(len(low) for _, low, _ in self._rows)

    def relaxed(self) -> Program:
        """The same with parts of whole numbers allowed."""
        loose = Program()
        loose._cost, loose._upper, loose._rows, loose._size = self._cost, self._upper, self._rows, self._size
        loose._whole = [np.zeros(len(whole)) for whole in self._whole]
        return loose

    def solve(self, *, gap: float = 0.0, seconds: float | None = None, nodes: int | None = None) -> Solution:
        """Solve to a relative gap, or as far as the time or the nodes allow.

        A limit of nodes gives the same answer on every machine; one of time does not.
        """
        if self._size == 0:
            return self._without_variables()
        options: dict[str, Any] = {"mip_rel_gap": gap}
        if seconds is not None:
            options["time_limit"] = max(seconds, 0.05)
        if nodes is not None:
            options["node_limit"] = nodes
        result = self._run(options)
        if result.status == _FAULT and result.x is None:  # in a degenerate program presolve may be what fails
            result = self._run({**options, "presolve": False})
        if result.status == _FAULT and result.x is None and not np.any(np.concatenate(self._whole)):
            result = self._inside()
        if result.status == 2:
            return Solution(Status.INFEASIBLE, Termination.PROOF, np.zeros(0), np.inf, np.inf)
        # HiGHS ends at its limit of nodes with a status that scipy does not know
        found = {_FAULT: Termination.LIMIT} if nodes is not None and result.x is not None else {}
        ended = {0: Termination.PROOF, 1: Termination.LIMIT, **found}.get(result.status, Termination.FAULT)
        bound = result.get("mip_dual_bound")
        if bound is None:
            bound = result.fun if result.status == 0 else -np.inf
        if result.x is None:
            return Solution(Status.UNKNOWN, ended, np.zeros(0), np.inf, float(bound))
        whole = np.concatenate(self._whole) > 0
        values = np.where(whole, np.round(result.x), result.x)
        status = Status.OPTIMAL if ended is Termination.PROOF else Status.FEASIBLE
        return Solution(status, ended, values, float(result.fun), float(bound))

    def _run(self, options: dict[str, Any]) -> Any:
        with _unspoken():
            return milp(
                np.concatenate(self._cost),
                integrality=np.concatenate(self._whole),
                bounds=Bounds(0.0, np.concatenate(self._upper)),
                constraints=self._constraints(),
                options=options,  # type: ignore[arg-type]
            )

    def _inside(self) -> Any:
        """What the interior point method makes of a linear program over which the simplex method stumbled."""
        matrix, low, high = self._together()
        above, below = np.isfinite(high), np.isfinite(low)
        cost = np.concatenate(self._cost)
        with _unspoken():
            return linprog(  # type: ignore[call-overload]
                cost,
                A_ub=vstack([matrix[above], -matrix[below]]),
                b_ub=np.concatenate([high[above], -low[below]]),
                bounds=np.column_stack([np.zeros(len(cost)), np.concatenate(self._upper)]),
                method="highs-ipm",
            )

    def _constraints(self) -> list[LinearConstraint]:
        matrix, low, high = self._together()
        return [LinearConstraint(matrix.tocsc(), low, high)] if len(low) else []

    def _together(self) -> tuple[Any, Floats, Floats]:
        """All rows: their matrix, and what their sums lie between."""
        none = np.zeros(0)
        return (
            vstack(
                [csr_array((0, self._size)), *(self._wide(terms) for terms, _, _ in self._rows)], format="csr"
            ),
            np.concatenate([none, *(low for _, low, _ in self._rows)]),
            np.concatenate([none, *(high for _, _, high in self._rows)]),
        )

    def _wide(self, terms: Sequence[Term]) -> Any:
        """The terms' matrices side by side, each in its block's place."""
        rows, at, parts = terms[0][1].shape[0], 0, []
        for block, matrix in sorted(terms, key=lambda term: (term[0].start, term[0].stop)):
            parts += [csr_array((rows, block.start - at)), csr_array(matrix)]
            at = block.stop
        return hstack([*parts, csr_array((rows, self._size - at))], format="csr")

    def _without_variables(self) -> Solution:
        if all(np.all(low <= 0) and np.all(high >= 0) for _, low, high in self._rows):
            return Solution(Status.OPTIMAL, Termination.PROOF, np.zeros(0), 0.0, 0.0)
        return Solution(Status.INFEASIBLE, Termination.PROOF, np.zeros(0), np.inf, np.inf)


@contextmanager
def _unspoken() -> Iterator[None]:
    """Keep the solver off standard output.

    HiGHS 1.12, which scipy 1.17 brings, prints a line of its own debugging now and then, whatever is asked
    of it (github.com/ERGO-Code/HiGHS/issues/2783), and spoils the JSON there. It is C's output, so C's buffer
    is emptied on both sides of the change.
    """
    try:
        kept = os.dup(1)
    except OSError:  # a process without a standard output
        yield
        return
    _flush()
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            _flush()
            os.dup2(kept, 1)
            os.close(kept)


def _flush() -> None:
    """Empty C's output buffers, where C's library can be found."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("ucrtbase" if os.name == "nt" else None).fflush(None)
