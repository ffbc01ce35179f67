"""How the inner loops become machine code, and where that is kept.

Numba may count references to arrays for every call of a function, at many times the cost of what a small
function does. The loops allocate nothing, so the counting is turned off (`_nrt`), and small functions are
merged into their callers (`forceinline`); together that is worth a factor of fifteen. Nothing here holds
Python's lock, so threads run side by side.

What is compiled is kept on disk beside the source, or in the user's cache. It is known again by the source
file of the loop alone, so a loop and whatever it is made of stand in one file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numba

OPTIONS: Final[dict[str, Any]] = {
    "nogil": True,
    "error_model": "numpy",
    "boundscheck": False,
    "_nrt": False,
    "no_cfunc_wrapper": True,
}


def part(function: Callable[..., Any]) -> Any:
    """A function of a loop, merged into its callers."""
    return numba.njit(forceinline=True, **{**OPTIONS, "no_cpython_wrapper": True})(function)


def kept(function: Callable[..., Any]) -> Any:
    """A loop, kept on disk once it is compiled, where there is a folder that can be written."""
    try:
        return numba.njit(cache=True, **OPTIONS)(function)
    except RuntimeError:  # numba: no locator available
        _not_kept.append(function.__name__)
        return numba.njit(**OPTIONS)(function)


def keeps() -> bool:
    """Whether what is compiled is kept on disk."""
    return not _not_kept


_not_kept: Final[list[str]] = []
