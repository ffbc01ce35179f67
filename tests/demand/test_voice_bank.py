"""The shipped call centre is the measured one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from cssim.demand.distributions import cdf, quantile
from cssim.demand.forecast import expected
from cssim.scenario.schema import Scenario

ROOT = Path(__file__).parents[2]
TRUTH = json.loads((ROOT / "tests" / "truth" / "anonymous_bank_1999.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def bank() -> Scenario:
    text = (ROOT / "scenarios" / "voice_bank.yaml").read_text(encoding="utf-8")
    return Scenario.model_validate(YAML(typ="safe", pure=True).load(text))


def test_calls_come_as_they_were_counted(bank: Scenario) -> None:
    quarters = expected(bank)[0].reshape(-1, 15).sum(axis=1)
    assert quarters == pytest.approx(np.array(TRUTH["counts"]), abs=1e-9)


def test_talk_time_and_patience_are_those_measured(bank: Scenario) -> None:
    queue = bank.queues["calls"]
    assert (queue.chat.reply.mean, queue.chat.reply.cv) == (
        TRUTH["service"]["mean_s"],
        TRUTH["service"]["cv"],
    )
    assert quantile(queue.patience, 0.5) == pytest.approx(TRUTH["patience"]["median_s"], rel=0.002)
    for seconds, share in TRUTH["patience"]["left_by_s"].items():
        assert cdf(queue.patience, float(seconds)) == pytest.approx(share, rel=0.1)
