"""What a plan tells of itself: to programs, in whatever language, and to a notebook."""

from __future__ import annotations

import json
from dataclasses import replace

from cssim.measure.html import paragraph, table
from cssim.messages import say, speak
from tests.report.results import planned


def test_its_words_can_be_said_again_in_another_language() -> None:
    plan = replace(planned(), why=("bound.duty", {"least": 3}), status="infeasible")
    told = json.loads(plan.to_json())
    assert told["why"] == say(told["why_key"], "en", **told["why_values"])
    assert told["bound_assumes"] == " ".join(say(key, "en") for key in told["assumes"])
    without = json.loads(planned().to_json())
    assert (without["why"], without["why_key"], without["why_values"]) == (None, None, {})


def test_a_notebook_shows_the_verdict_the_promises_and_the_roster_as_a_grid() -> None:
    hostile = planned().scenario.model_copy(update={"name": "<script>alert(1)</script>"})
    html = replace(planned(), scenario=hostile)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert table(["<b>"], [["<i>"]]).count("&lt;") == 2
    assert paragraph("<b>") == "<p>&lt;b&gt;</p>"
    for text in ("golden_6s", "主力", "21:30–09:00", "<td>2</td>", "<th>11-10</th>", "≥ 90%"):
        assert text in html
    speak("zh")
    try:
        assert "班次" in planned()._repr_html_()
    finally:
        speak("en")
