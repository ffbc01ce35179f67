"""How the inner loops become machine code, and where that is kept.

Numba may count references to arrays for every call of a function, at many times the cost of what a small
function does. The loops allocate nothing, so the counting is turned off (`_nrt`), and small functions are
merged into their callers (`forceinline`); together that is worth a factor of fifteen. Nothing here holds
Python's lock, so threads run side by side.

What is compiled is kept on disk beside the source, or in the user's cache. It is known again by the source
file of the loop alone, so a loop and whatever it is made of stand in one file; what it takes from elsewhere
are numbers that never change (`tests/test_jit.py` holds them).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
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


class Loop:
    """A compiled loop. What cannot be kept, or was kept and is damaged, is compiled all the same."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.is_kept = True
        try:
            self.compiled = numba.njit(cache=True, **OPTIONS)(function)
        except RuntimeError:  # numba: no folder that can be written
            self.is_kept = False
            self.compiled = numba.njit(**OPTIONS)(function)

    def __call__(self, *given: Any) -> Any:
        """Run it; the first time, bring it from disk or compile it."""
        try:
            return self.compiled(*given)
        except OSError:  # the disk is full: it is compiled, only not kept
            self.is_kept = False
        except Exception:
            if not self._forget():
                raise
        return self.compiled(*given)

    def _forget(self) -> bool:
        """Delete what was kept of it, which could not be read; False where there is nothing."""
        code = self.function.__code__
        name = f"{Path(code.co_filename).stem}.{self.function.__qualname__}-{code.co_firstlineno}.*.nb[ic]"
        files = list(Path(self.compiled.stats.cache_path).glob(name)) if self.is_kept else []
        for file in files:
            file.unlink(missing_ok=True)
        return bool(files)


def kept(function: Callable[..., Any]) -> Loop:
    """A loop, kept on disk once it is compiled, where there is a folder that can be written."""
    loop = Loop(function)
    LOOPS.append(loop)
    return loop


def keeps() -> bool:
    """Whether what is compiled is kept on disk."""
    return all(loop.is_kept for loop in LOOPS)


def compiles() -> bool:
    """Whether any loop was not found on disk, so that it had to be compiled, or is being compiled now."""
    return any(loop.compiled.stats.cache_misses for loop in LOOPS)


LOOPS: Final[list[Loop]] = []
"""Every loop that there is, where its file was imported."""
