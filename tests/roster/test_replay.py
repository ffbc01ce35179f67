"""What was judged is judged again, number by number."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cssim.errors import Fault, InputError
from cssim.roster import optimise
from cssim.roster.replay import replay
from cssim.roster.search import _Search
from cssim.roster.stop import Rosters
from cssim.scenario.untold import untold
from tests.report.results import planned
from tests.roster.hunt import SIX_SECONDS, small


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """A plan as it was written; its judgement had two looks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Search, "_bound", lambda *args: None)
        scenario = small(forecast="good", targets=[{**SIX_SECONDS, "at_least": 0.5}])
        plan = optimise(scenario, seed=4, budget=Rosters(20), replications=100, workers=1)
    found: dict[str, Any] = json.loads(plan.to_json())
    return found


def test_a_plan_is_judged_again_to_the_same_numbers(kept: dict[str, Any]) -> None:
    assert kept["judgement"]["sizes"] == [25, 100]
    again = replay(kept, workers=1)
    assert again.kind == "optimise"
    assert again.values > 100
    assert again.differences == ()


def test_what_the_planner_did_not_tell_is_kept_and_is_no_difference() -> None:
    kept = json.loads(planned().to_json())
    told = [Fault(one["key"], one["values"], one["path"]) for one in kept["untold"]]
    assert told == list(untold(planned().scenario))
    assert kept["judgement"]["untold"] == kept["untold"]
    assert told[0].text("zh") != told[0].text("en")
    again = replay(kept["judgement"], workers=1)
    assert again.result.to_dict()["untold"] == []
    assert again.differences == ()


@pytest.mark.parametrize("name", ["cost", "judgement.sizes", "judgement.judgements", "judgement.phase"])
def test_a_number_that_was_changed_is_found(kept: dict[str, Any], name: str) -> None:
    changed = json.loads(json.dumps(kept))
    *path, last = name.split(".")
    inner = changed
    for part in path:
        inner = inner[part]
    inner[last] = [26, 100] if last == "sizes" else inner[last] + 1
    assert replay(changed, workers=1).differences


@pytest.mark.parametrize("name", ["sizes", "seed", "roster", "judgements"])
def test_a_result_that_lacks_what_it_takes_is_refused(kept: dict[str, Any], name: str) -> None:
    lacking = {**kept["judgement"]}
    del lacking[name]
    with pytest.raises(InputError, match=name):
        replay({**kept, "judgement": lacking}, workers=1)
