"""Between the scenario's wall clock and the seconds that everything below counts in.

Second 0 is the horizon's start. Hours are counted as they stand on the wall: a day has 24 of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from cssim.scenario.schema import Horizon, Hours
from cssim.scenario.units import DAY, HOUR, MINUTE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GRID = 2.0**20
"""Steps of the time grid in a second: every drawn time is a multiple of 2^-20 s, so that sums are exact."""


@dataclass(frozen=True)
class Calendar:
    """Dates and clock times of a horizon.

    Attributes:
        start: local date and time of second 0.
        seconds: length of the horizon.
        interval: length of a planning interval, in seconds.
        warm_up: seconds from the start that are not measured.
    """

    start: datetime
    seconds: float
    interval: float
    warm_up: float = 0.0

    @classmethod
    def of(cls, horizon: Horizon) -> Calendar:
        """The calendar of a scenario's horizon."""
        return cls(horizon.start, horizon.seconds, horizon.interval, horizon.warm_up)

    @property
    def offset(self) -> float:
        """Seconds from midnight of the first date to second 0."""
        midnight = datetime(self.start.year, self.start.month, self.start.day)
        return (self.start - midnight).total_seconds()

    @property
    def dates(self) -> tuple[date, ...]:
        """The local dates that the horizon touches."""
        days = int(np.ceil((self.offset + self.seconds) / DAY))
        return tuple(self.start.date() + timedelta(days=k) for k in range(days))

    def at(self, moment: datetime) -> float:
        """Second of a local date and time (may lie outside the horizon)."""
        return (moment - self.start).total_seconds()

    def midnight(self, day: date) -> float:
        """Second at which a date begins."""
        return self.at(datetime(day.year, day.month, day.day))

    def moment(self, second: float) -> datetime:
        """Local date and time of a second."""
        return self.start + timedelta(seconds=second)

    def day_index(self, seconds: Floats) -> Ints:
        """Index into `dates` of each second."""
        return np.floor((seconds + self.offset) / DAY).astype(np.int64)

    def hour_index(self, seconds: Floats) -> Ints:
        """Whole local hours since midnight of the first date."""
        return np.floor((seconds + self.offset) / HOUR).astype(np.int64)

    def interval_index(self, seconds: Floats) -> Ints:
        """Index of the planning interval of each second, from second 0."""
        return np.floor(seconds / self.interval).astype(np.int64)

    @property
    def intervals(self) -> int:
        """Number of planning intervals; the last may be cut short."""
        return int(np.ceil(self.seconds / self.interval))

    @property
    def minutes(self) -> int:
        """Number of minutes, the resolution of arrival rates; the last may be cut short."""
        return int(np.ceil(self.seconds / MINUTE))

    def clock(self, seconds: Floats) -> Floats:
        """Seconds after midnight of each second."""
        return np.mod(seconds + self.offset, DAY)

    def within(self, hours: Hours | None, seconds: Floats) -> NDArray[np.bool_]:
        """Whether each second lies in the hours of its day; always, where no hours are given."""
        if hours is None:
            return np.ones(np.shape(seconds), dtype=bool)
        return in_hours(hours, self.clock(seconds))


def in_hours(hours: Hours, clock: Floats) -> NDArray[np.bool_]:
    """Whether clock times (seconds after midnight) lie in hours that may run past midnight."""
    if hours.start < hours.end:
        return (clock >= hours.start) & (clock < hours.end)
    return (clock >= hours.start) | (clock < hours.end)


def overlap(start: float, end: float, spans: Sequence[tuple[float, float]]) -> float:
    """Seconds of [start, end) that the spans cover; the spans are disjoint."""
    return sum(max(0.0, min(end, b) - max(start, a)) for a, b in spans)
