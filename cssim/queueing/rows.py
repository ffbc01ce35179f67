"""Flat columns of floats, one row an answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
Rows = NDArray[np.intp]

INF = float("inf")

ROWS = 4096
"""Rows worked on at once, so that what they take stays in the cache."""


def by_row(formula: Callable[..., Floats], *columns: Floats) -> Floats:
    """The formula over flat columns, so many rows at a time that what it works with stays in the cache."""
    rows = len(columns[0])
    if rows <= ROWS:
        return formula(*columns)
    parts = (slice(i, i + ROWS) for i in range(0, rows, ROWS))
    return np.concatenate([formula(*(column[part] for column in columns)) for part in parts])


def product(left: Floats, right: Floats) -> Floats:
    """left x right, where 0 x inf is 0."""
    with np.errstate(invalid="ignore", over="ignore"):
        found = left * right
    return np.where(left == 0, 0.0, found)
