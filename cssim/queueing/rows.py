"""Flat columns of floats, one row an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
Rows = NDArray[np.intp]

INF = float("inf")

ROWS = 2048
"""Rows worked on at once where a row has some hundred terms or nodes."""


def by_row(formula: Callable[..., Floats], *columns: Floats, at_once: int = ROWS) -> Floats:
    """The formula over flat columns, so many rows at a time that what it works with stays in the cache."""
    if len(columns[0]) <= at_once:
        return formula(*columns)
    return np.concatenate(
        [formula(*(column[part] for column in columns)) for part in parts(len(columns[0]), at_once)]
    )


def parts(rows: int, at_once: int = ROWS) -> Iterator[slice]:
    """So many rows at a time."""
    return (slice(i, i + at_once) for i in range(0, rows, at_once))


def product(left: Floats, right: Floats) -> Floats:
    """left x right, where 0 x inf is 0."""
    with np.errstate(invalid="ignore", over="ignore"):
        found = left * right
    return np.where(left == 0, 0.0, found)
