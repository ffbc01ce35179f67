"""The best roster so far, on disk while a search runs: a killed process loses a second of it at most."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cssim.engine.floor import Roster
from cssim.measure.cost import roster_rows
from cssim.report.files import WriteError, roster_csv, write
from cssim.roster.stop import Record
from cssim.scenario.schema import Scenario

NAME: Final = "best_so_far.csv"
"""The file's name, in the plan's folder."""

EVERY: Final = 1.0
"""Seconds between two writings."""


def left_in(folder: Path) -> Path | None:
    """The file that a search which never ended has left in a folder, if there is one."""
    path = folder / NAME
    return path if path.is_file() else None


class BestSoFar:
    """Writes the best roster so far: whole or not at all, and not more than once a second.

    A disk that does not take it ends no search; `complain` is told so, once.

    Attributes:
        path: of the file.
    """

    def __init__(
        self,
        folder: Path,
        scenario: Scenario,
        complain: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = folder / NAME
        self._scenario, self._complain, self._clock = scenario, complain, clock
        self._complained = False
        self._written = -EVERY + clock()
        self._waiting: Roster | None = None

    def keep(self, roster: Roster, cost: float) -> None:
        """Take a roster that is better than all before it; written now, or when it is time."""
        self._waiting = roster
        self._write(EVERY)

    def look(self, record: Record) -> None:
        """Write what is waiting if it is time, or if the search is about to be silent for long."""
        self._write(0.0 if record.stage in ("judge", "bound") else EVERY)

    def remove(self) -> None:
        """The plan is on disk, so this file is not needed any more."""
        self._waiting = None
        self.path.unlink(missing_ok=True)

    def _write(self, after: float) -> None:
        if self._waiting is None or self._clock() - self._written < after:
            return
        self._written = self._clock()
        try:
            write({self.path: roster_csv(roster_rows(self._scenario, self._waiting))})
            self._waiting = None
        except WriteError as error:
            if not self._complained:
                self._complain(str(error))
            self._complained = True
