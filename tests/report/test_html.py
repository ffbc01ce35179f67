"""The report as text: the verdict right for every result and promise, names text, the page small."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cssim.errors import InputError
from cssim.experiment.simulation import simulate
from cssim.messages import Language, en, speak, spoken
from cssim.report import html as page
from cssim.report import verdict
from cssim.report.beside import differences, names_of
from cssim.report.html import html
from cssim.report.kept import kept, read
from cssim.roster.mend import remedies
from cssim.scenario.schema import Scenario, Target
from tests.report.results import SHOP, planned, simulated


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> Iterator[Language]:
    speak(request.param)
    yield request.param
    speak("en")


def plan() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(planned().to_json())
    return found


def judged_as(verdicts: list[str], **changes: Any) -> dict[str, Any]:
    """The plan, had its promises been judged so."""
    found = plan()
    for target, one in zip(found["judgement"]["targets"], verdicts, strict=True):
        target["verdict"] = one
    found["targets"] = found["judgement"]["targets"]
    return found | changes


def plain(markup: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", markup)).replace("\xa0", " ")


def said(result: dict[str, Any]) -> str:
    return plain(verdict.sentence(kept(result)))


KEPT = ["met"] * 3


# -- the sentence -----------------------------------------------------------------------------------------


def test_a_roster_that_keeps_all_is_told_with_its_people_cost_and_bound() -> None:
    assert said(judged_as(KEPT, status="met")) == (
        "With these 3 people, on 9 days in 10 at least 80% of buyers get a first reply within 6 s in "
        f"pre_sales, and 2 more promises are kept; cost {plan()['judgement']['cost']['value']:,.0f} CNY; "
        "no roster below 800 CNY can do it."
    )


def test_a_bound_as_high_as_the_cost_means_that_none_is_cheaper_and_a_bound_is_never_rounded_up() -> None:
    cost = plan()["judgement"]["cost"]["value"]
    assert "no cheaper roster can do it" in said(judged_as(KEPT, status="met", lower_bound=cost))
    assert "no roster below 800 CNY" in said(judged_as(KEPT, status="met", lower_bound=800.99))
    assert said(judged_as(KEPT, status="met", lower_bound=None)).endswith("CNY.")
    assert said(judged_as(KEPT, status="met", lower_bound=0.0)).endswith("CNY.")


def test_a_missed_promise_is_the_one_that_is_told() -> None:
    found = said(judged_as(["met", "undecided", "missed"]))
    assert found.startswith(
        "With these 3 people this promise is not kept: on average at most 50% of chats stay without a reply; "
        "it comes to "
    )
    assert "1 of 3 promises are kept" in found


def test_an_undecided_promise_is_told_with_its_bounds() -> None:
    target = plan()["targets"][0]
    found = said(judged_as(["undecided", "met", "met"]))
    assert "it is not certain that on 9 days in 10" in found
    for name in ("low", "estimate", "high"):
        assert f"{100 * target[name]:.1f}%" in found


def test_what_is_proven_impossible_is_told_with_the_nearest_and_why(language: Language) -> None:
    result = judged_as(
        ["missed", "met", "met"], status="infeasible", why_key="bound.duty", why_values={"least": 3}
    )
    result["lower_bound"] = result["gap"] = None
    start = {
        "en": "No roster can keep every promise; the nearest, with these 3 people for ",
        "zh": "没有任何班表",
    }
    assert said(result).startswith(start[language])
    text = plain(html(result))
    assert {"en": "Why: no people, seats and shifts cover", "zh": "原因：现有的人"}[language] in text


def test_a_simulation_has_a_verdict_without_a_bound() -> None:
    result = json.loads(simulated().to_json())
    for target in result["targets"]:
        target["verdict"] = "met"
    assert said(result).endswith("CNY.")
    assert "no roster" not in said(result)


def test_one_person_is_one_person(language: Language) -> None:
    result = judged_as(KEPT, status="met")
    result["judgement"]["people_needed"]["in_all"] = 1
    assert {"en": "With this 1 person, ", "zh": "用这 1 人，"}[language] in said(result)


SIDES = {"at_least": ("at least ", "至少 "), "at_most": ("at most ", "不超过 ")}
VALUES = {
    **dict.fromkeys(("mean_reply", "mean_first_reply", "overtime"), ("90s", ("1 min 30 s", "1 分钟 30 秒"))),
    "open_chats": (3.5, ("3.5", "3.5")),
    "lost_sales": (1500, ("1,500 CNY", "1,500 CNY")),
}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    "measure", [key.split(".")[-1] for key in en.WORDS if key.startswith("report.clause.")]
)
def test_every_measure_is_promised_in_words(language: Language, measure: str, side: str) -> None:
    bound, shown = VALUES.get(measure, ("92.5%", ("92.5%", "92.5%")))
    within = {"within": "3min"} if measure in ("first_reply", "answered", "rounds", "buyers") else {}
    scenario = Scenario.model_validate(SHOP)
    which = 0 if language == "en" else 1
    for each in ("hour", "day", "horizon"):
        for on in (None, "90%", "97.5%", "100%"):
            asked = {"measure": measure, side: bound, "each": each, "on": on, **within}
            words = plain(verdict.promise(scenario, Target.model_validate(asked)))
            assert SIDES[side][which] + shown[which] in words
            assert ("3 min" in words or "3 分钟" in words) == bool(within)
            assert ("9 days in 10" in words or "10 天里有 9 天" in words) == (on == "90%")
            assert ("97.5%" in words) == (on == "97.5%")
            assert re.search(r"[{}]|None|  |^ | $", words) is None


def test_hours_and_those_who_count_are_told_where_they_are_not_all() -> None:
    scenario = Scenario.model_validate(SHOP)
    asked = {"measure": "rounds", "within": "3min", "at_least": "90%", "queues": ["售后"]}
    target = Target.model_validate({**asked, "hours": {"from": "20:00", "to": "02:00"}})
    assert plain(verdict.promise(scenario, target)).endswith("within 3 min between 20:00 and 02:00 in 售后")
    every = Target.model_validate({**asked, "queues": ["售后", "pre_sales"], "counts": "any"})
    assert plain(verdict.promise(scenario, every)).endswith("within 3 min (automatic replies count)")


# -- the page ---------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Tags with their attributes, in order, and what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_alone(language: Language) -> None:
    text = html(plan(), beside={"other": judged_as(KEPT)})
    found = Page(text)
    assert found.open == []
    assert not {tag for tag, _ in found.tags} & {"script", "link", "img", "iframe", "base", "object"}
    for _, attributes in found.tags:
        assert not {"src", "srcset", "data", "action", "onload", "onclick"} & set(attributes)
        assert (attributes.get("href") or attributes.get("xlink:href") or "#").startswith("#")
    assert re.search(r"@import|url\((?!#)", text) is None
    assert found.tags[0] == ("html", {"lang": {"en": "en", "zh": "zh-CN"}[language]})
    names = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(names) == len(set(names))
    for tag, attributes in found.tags:
        assert tag != "th" or attributes.get("scope")


def test_every_message_that_the_page_names_exists_and_is_said(language: Language) -> None:
    template = (Path(page.__file__).parent / "report.html.j2").read_text(encoding="utf-8")
    named = set(re.findall(r'"((?:report|table)\.[\w.]+\w)"', template))
    assert len(named) > 20
    assert named <= en.WORDS.keys()
    text = plain(html(plan()))
    assert re.search(r"\b(report|table|figure|plan|measure|untold|bound)\.(?!html)[a-z_]+\b", text) is None


def test_a_plan_beside_today_shows_what_both_cost_and_what_is_saved() -> None:
    result = judged_as(KEPT, status="met")
    result["baseline"]["cost"]["value"] = result["judgement"]["cost"]["value"] + 250
    text = plain(html(result))
    assert "This roster costs 250 CNY less than today's." in text
    result["baseline"]["cost"]["value"] -= 500
    assert "This roster costs 250 CNY more than today's." in plain(html(result))


def test_a_roster_is_a_grid_with_what_each_shift_is_there_for() -> None:
    text = html(plan())
    for words in ("21:30–09:00", "19:00–24:00", "<b>2</b>", "11-10<br>", "Why each shift is there", "→"):
        assert words in text


def test_a_shortfall_is_told_with_what_would_mend_it() -> None:
    text = plain(html(plan()))
    for words in (
        "People are lacking most in pre_sales",
        "11-10 21:00–11-11 00:30",
        "2.5",
        "What would mend it",
    ):
        assert words in text
    assert "What would mend it" not in plain(html(judged_as(KEPT, status="met", shortfall=[])))


def test_other_plans_are_told_by_what_differs() -> None:
    other = judged_as(KEPT)
    for group in other["scenario"]["groups"].values():
        group["route"] = "idle_first"
    other["judgement"]["cost"]["value"] += 100
    text = plain(html(plan(), beside={"idle <b>": other, "same": plan()}))
    assert "groups.主力.route: fewest_open → idle_first" in text
    assert "idle <b>" in text
    assert "+100" in text
    assert "the same scenario" in text


def test_assumptions_are_in_full(language: Language) -> None:
    result = plan()
    text = plain(html(result))
    for one in result["untold"]:
        assert one["path"] in text
    for words in (
        result["scenario_digest"],
        "cssim replay result.json",
        f"--seed {result['seed']}",
        "interval: 30min",
    ):
        assert words in text
    assert len(result["untold"]) > 3
    del result["untold"]
    assert {"en": "does not say what was left", "zh": "没有记录"}[language] in plain(html(result))


def test_names_stay_text() -> None:
    text = (
        planned().to_json().replace('"pre_sales"', '"<script>alert(1)</script>"').replace('"主力"', '"=1+1"')
    )
    found = Page(html(json.loads(text)))
    assert "script" not in {tag for tag, _ in found.tags}
    assert "<script" not in html(json.loads(text))


def test_a_page_in_one_language_leaves_the_other_spoken() -> None:
    assert "结论" in html(plan(), lang="zh")
    assert spoken() == "en"


def test_an_object_and_its_json_make_the_same_page() -> None:
    assert html(planned()) == html(plan())


def test_a_week_of_half_hours_is_small_and_quick() -> None:
    """In seconds of the processor, for the machine may be busy; up to three times."""
    shop = {
        **SHOP,
        "horizon": {"from": "2026-11-09 00:00", "to": "2026-11-16 00:00"},
        "roster": [
            {"group": "主力", "date": f"11-{day:02d}", "shift": "night", "count": 2} for day in range(9, 16)
        ],
        "queues": {
            **SHOP["queues"],
            **{f"queue {k}": {"volume": {"contacts": 60}} for k in range(4)},
        },
        "groups": {"主力": {"serves": [*SHOP["queues"], *(f"queue {k}" for k in range(4))]}},
    }
    scenario = Scenario.model_validate({**shop, "targets": SHOP["targets"]})
    result = simulate(scenario, replications=20, seed=1, workers=1).to_dict()
    for _ in range(3):
        started = time.process_time()
        text = html(result)
        took = time.process_time() - started
        if took < 3:
            break
    assert took < 3
    assert len(text.encode()) < 2_000_000


# -- reading ----------------------------------------------------------------------------------------------


def test_a_result_is_read_back_as_what_it_was() -> None:
    was, now = planned(), kept(plan())
    assert now.roster == was.roster
    assert now.shortfall == was.shortfall
    assert now.scenario.model_dump() == was.scenario.model_dump()
    for one, other in zip(was.targets, now.targets, strict=True):
        assert one.to_dict() == other.to_dict()
    assert remedies(now) == remedies(was)


def test_what_is_no_whole_result_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    for name in ("scenario", "judgement", "roster", "targets", "shortfall"):
        result = plan()
        del result[name]
        if name == "targets":
            del result["judgement"]["targets"]
        path.write_text(json.dumps(result), encoding="utf-8")
        with pytest.raises(InputError) as error:
            read(path)
        assert "old.json" in error.value.text()
    for content in ("", "[1]", "{}", '{"schema": "cssim.roster.1"}'):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=re.escape("old.json")):
            read(path)
    with pytest.raises(InputError):
        read(tmp_path / "none.json")


def test_a_plans_folder_is_read_by_its_result(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(planned().to_json(), encoding="utf-8")
    assert read(tmp_path).raw == plan()


def test_plans_go_by_their_folders_or_files_and_no_two_by_the_same() -> None:
    paths = [Path("a/result.json"), Path("b/idle.json"), Path("c/idle.json"), Path("d")]
    assert names_of(paths) == ["a", "idle", str(Path("c/idle.json")), "d"]


VALUES_OF_JSON = st.recursive(
    st.none() | st.integers(0, 3) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(VALUES_OF_JSON, VALUES_OF_JSON)
def test_differences_are_the_same_from_either_side_and_none_with_itself(here: Any, there: Any) -> None:
    found = sorted(differences(here, there), key=repr)
    back = sorted(((path, was, now) for path, now, was in differences(there, here)), key=repr)
    assert found == back
    assert list(differences(here, here)) == []
    assert bool(found) == (told(here) != told(there))


def told(value: Any) -> Any:
    """A value without what stands there as nothing."""
    if isinstance(value, dict):
        return {key: told(one) for key, one in value.items() if one is not None}
    return [told(one) for one in value] if isinstance(value, list) else value
