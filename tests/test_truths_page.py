"""The page of truths names every figure that is held, and where."""

from __future__ import annotations

import re
from pathlib import Path

from tests.truth import centres, from_steady, others, waves
from tests.truth.figures import figures

PAGE = (Path(__file__).parent.parent / "docs" / "truths.md").read_text(encoding="utf-8")
ROWS = [
    line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| record", "| ---"))
]
HELD = {record: row.split("|")[3] for row in ROWS for record in row.split("|")[1].split()}
TOPICS = (
    "erlang_bc",
    "erlang_a",
    "multiskill_and_contactcenters",
    "peer_tests",
    "time_varying",
    "chat_concurrency",
    "output_stats",
)


def test_every_figure_that_is_written_down_is_held_somewhere() -> None:
    written = {name for topic in TOPICS for name in figures(topic)}
    assert written <= HELD.keys()
    assert not {name for name in written if re.match(r" (nowhere|not )", HELD[name])}
    names = [record for row in ROWS for record in row.split("|")[1].split()]
    assert len(names) == len(set(names))


def test_the_page_says_where_the_engine_is_held_the_engine_is_held_to() -> None:
    rooms = (
        ("floor", [*from_steady.cases(), *others.cases()]),
        ("centre", centres.cases()),
        ("wave", waves.cases()),
    )
    for word, cases in rooms:
        held = {truth.id.split()[0] for case in cases for truth in case.truths}
        assert held == {name for name, where in HELD.items() if word in where}
