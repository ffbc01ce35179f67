"""A small valid scenario as text, and the faults and warnings of variations of it."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from cssim.errors import Fault, InputError
from cssim.scenario.load import CheckedScenario, loads

SMALL = """\
horizon: {from: 2026-09-16 08:00, to: 2026-09-16 20:00}
queues: {pre_sales: {volume: {contacts: 900}}}
groups: {team: {serves: pre_sales, people: 8}}
shifts: {day: {start: 08:00, end: 20:00}}
targets: {preset: golden_6s}
"""


def small(over: str = "", *, without: str = "") -> str:
    """The small scenario with the sections of `over` in place of its own, and without one of them."""
    text = dedent(over)
    replaced = {line.split(":")[0] for line in text.splitlines() if line[:1].isalpha()} | {without}
    return "".join(f"{line}\n" for line in SMALL.splitlines() if line.split(":")[0] not in replaced) + text


def shop(over: str = "") -> CheckedScenario:
    """That scenario."""
    return loads(small(over))


def faults(reading: Callable[[], object]) -> tuple[Fault, ...]:
    """What is wrong with what is read."""
    with pytest.raises(InputError) as error:
        reading()
    return error.value.faults


def keys(reading: Callable[[], object]) -> list[str]:
    """The messages about it."""
    return [fault.key for fault in faults(reading)]
