"""Numbers as a reader wants them: two or three figures, the unit beside, a dash where there is nothing."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from cssim.messages import say
from cssim.scenario.units import HOUR, MINUTE, format_duration

if TYPE_CHECKING:  # slow to import
    from cssim.measure.estimate import TargetResult

NOTHING = "–"
"""Stands where there is nothing to measure."""


def count(value: float) -> str:
    """``1,502``; one decimal below 100 where there is one."""
    if not math.isfinite(value):
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}"


def share(value: float | None, beside: float | None = None) -> str:
    """``81.3%``; with more figures where it would read as what it stands `beside`, and is not: ``79.96%``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    plain = f"{100 * value:.1f}%"
    if beside is None or value == beside:
        return plain
    pairs = ((f"{100 * value:.{n}f}%", f"{100 * beside:.{n}f}%") for n in range(1, 5))
    return next((one for one, other in pairs if one != other), plain)


def gap(value: float | None) -> str:
    """``3.3%``: what could be saved at most, never rounded down."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{math.ceil(1000 * value - 1e-9) / 10:.1f}%"


def bound(value: float | None) -> str:
    """``21,350``: what no roster undercuts, as `count` has it, but never rounded up."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return count(math.floor(value) if value >= 100 else math.floor(10 * value + 1e-9) / 10)


def time(seconds: float | None) -> str:
    """``4.2s``, ``75s``, ``12min``, ``3.1h``."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds >= 3 * HOUR:
        return f"{seconds / HOUR:.1f}h"
    if seconds >= 5 * MINUTE:
        return f"{seconds / MINUTE:.0f}min"
    return f"{seconds:.0f}s" if seconds >= 30 else f"{seconds:.1f}s"


def money(value: float, currency: str) -> str:
    """``2,431 CNY``."""
    return NOTHING if not math.isfinite(value) else f"{value:,.0f} {currency}"


def exactly(seconds: float) -> str:
    """A duration as it was written, in the reader's words: ``1h30min``, ``1小时30分钟``."""
    text = format_duration(seconds)
    for unit in ("min", "h", "s"):
        text = re.sub(rf"(?<=\d){unit}(?![a-z])", say(f"unit.{unit}"), text)
    return text


def is_share(measure: str) -> bool:
    """Whether a measure is a share: neither a time nor a number."""
    from cssim.scenario.schema import DURATION_MEASURES, NUMBER_MEASURES  # slow to import

    return measure not in DURATION_MEASURES | NUMBER_MEASURES


def measured(measure: str, value: float | None, beside: float | None = None) -> str:
    """A measure's value in its own unit, as found; a share told apart from what it stands `beside`."""
    from cssim.scenario.schema import DURATION_MEASURES, NUMBER_MEASURES  # slow to import

    if measure in DURATION_MEASURES:
        return time(value)
    if measure in NUMBER_MEASURES and value is not None:
        return count(value)
    return share(value, beside)


def promised(measure: str, value: float) -> str:
    """A measure's value in its own unit, as it was written: ``80%``, ``1h30min``."""
    from cssim.scenario.schema import DURATION_MEASURES, NUMBER_MEASURES

    if measure in DURATION_MEASURES:
        return exactly(value)
    return f"{value:g}" if measure in NUMBER_MEASURES else f"{100 * value:.6g}%"


def wanted(target: TargetResult) -> str:
    """``≥ 80%``."""
    return f"{'≥' if target.rises else '≤'} {promised(target.judged, target.promised)}"


_UNIT = re.compile(r"(?<=\d)(min|h|s|分钟|小时|秒)(?![a-z])")


def spaced(figure: str) -> str:
    """A figure in running text: ``6 s``, ``1 h 30 min``, ``4.2 秒``; never broken over two lines."""
    units = {unit: say(f"unit.{unit}") for unit in ("min", "h", "s")}
    apart = _UNIT.sub(lambda match: f"\xa0{units.get(match[1], match[1])}\xa0", figure)
    return re.sub(r"\xa0(?!\S)", "", apart.replace(" ", "\xa0"))
