"""The cheapest roster that keeps the promises. `check` needs little of it, so the rest comes on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cssim.roster.result import RosterResult
    from cssim.roster.search import optimise

_HOMES = {"RosterResult": "cssim.roster.result", "optimise": "cssim.roster.search"}

__all__ = ["RosterResult", "optimise"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cssim.roster' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
