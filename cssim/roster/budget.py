"""A budget as a planner writes it: a time, or a number of rosters to try."""

from __future__ import annotations

import re
from typing import Final

from cssim.errors import Wrong
from cssim.roster.stop import Rosters, Seconds, Stop
from cssim.scenario.units import parse_duration

_ROSTERS: Final = re.compile(r"(\d+) *(?:rosters?|张?班表|张)", re.IGNORECASE)


def parse_budget(text: str) -> Stop:
    """``60s``, ``5min``, ``1h30min``, ``5分钟``; or ``200 rosters``, ``200 班表``.

    Raises:
        Wrong: neither of the two, or nothing.
    """
    number = _ROSTERS.fullmatch(text.strip())
    try:
        limit = int(number[1]) if number else parse_duration(text)
    except Wrong:
        raise Wrong("budget.not", given=text) from None
    if not limit > 0:
        raise Wrong("budget.none", given=text)
    return Rosters(int(limit)) if number else Seconds(limit)
