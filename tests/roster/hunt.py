"""Small searches for tests."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from cssim.demand.drawn import Drawn
from cssim.demand.streams import Phase
from cssim.engine.floor import Roster
from cssim.experiment.days import run_days
from cssim.measure.service import Day
from cssim.roster.lab import Lab, Trial
from cssim.roster.search import _Search, sample_of
from cssim.roster.shifts import columns_of
from cssim.roster.stop import Never, Stop
from cssim.scenario.schema import Scenario
from tests.roster.build import group, shop

SIX_SECONDS = {"measure": "first_reply", "within": "6s", "at_least": 0.6}
FIVE_MINUTES = {"measure": "buyers", "within": "5min", "at_least": 0.9}


def small(**changes: Any) -> Scenario:
    """Two groups sharing a queue, two shifts each, at most two people of each on at a time."""
    groups = {
        "main": group(people=2),
        "temps": group(people=2, speed=0.7, chats=2, pay={"per_hour": 20}),
    }
    return shop(**{"groups": groups, **changes})


def searching(scenario: Scenario, stop: Stop | None = None, seed: int = 1, **more: Any) -> _Search:
    """A search that has not begun, without judgements; `more` is for the lab."""
    drawn = Drawn(scenario, seed, Phase.SEARCH)

    def run(roster: Roster, some: Sequence[int]) -> list[Day]:
        return run_days(drawn, roster, some)

    lab = Lab(
        scenario,
        columns_of(scenario),
        run,
        sample_of(scenario, seed),
        stop=stop or Never(),
        began=time.perf_counter(),
        bound=0.0,
        **more,
    )
    return _Search(scenario, lab)


def tried(hunt: _Search, counts: Sequence[int], replications: int = 4) -> Trial:
    """One of its rosters."""
    return hunt.lab.trial(np.array(counts), replications)
