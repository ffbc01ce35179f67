"""The report in a browser: every picture there, nothing cut off, nothing fetched, the numbers the result's.

It needs Chromium; see `tests/conftest.py` for what happens without one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cssim.messages import Language
from cssim.report.html import html
from tests.report import chromium
from tests.report.results import planned

pytestmark = pytest.mark.skipif(
    chromium.found() is None and not chromium.required(), reason="no Chromium here"
)

LONG = "很长的名字 a very long name " * 400
NAMES = {
    "pre_sales": "<script>alert(1)</script>",
    "主力": "=1+1",
    "golden_6s": LONG,
    "late": "שלום \u202eabc",
}
"""Names that would break a page which took them for anything but text."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Browser]:
    with chromium.browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


def plan() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(planned().to_json())
    return found


def met() -> dict[str, Any]:
    """The same plan, had it been judged to keep all."""
    found = plan() | {"status": "met", "shortfall": []}
    for result in (found, found["judgement"]):
        result["targets"] = [
            target
            | {"verdict": "met", "by_period": [one | {"verdict": "met"} for one in target["by_period"]]}
            for target in result["targets"]
        ]
    return found


def hostile() -> dict[str, Any]:
    text = planned().to_json()
    for plain, odd in NAMES.items():
        was, now = (json.dumps(one, ensure_ascii=False) for one in (plain, odd))
        text = re.sub(rf'(?<!"preset": ){re.escape(was)}', lambda _, now=now: now, text)
    found: dict[str, Any] = json.loads(text)
    for holder in (found, found["judgement"], found["baseline"]):
        holder["scenario"] = holder["scenario"] | {"name": LONG, "currency": LONG[:100]}
        holder["currency"] = LONG[:100]
    return found


RESULTS = {"plan": plan, "met": met, "hostile": hostile}

SCREENS = [(1280, False), (1280, True), (390, False), (390, True), (360, False)]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, Language], Path]:
    folder = tmp_path_factory.mktemp("reports")
    found: dict[tuple[str, Language], Path] = {}
    for name, result in RESULTS.items():
        for lang in ("en", "zh"):
            path = found[name, lang] = folder / f"{name}.{lang}.html"
            path.write_text(html(result(), lang=lang, beside={LONG: met()}), encoding="utf-8")
    return found


LOOK = r"""
(() => {
  const wrong = [];
  const name = e => e.tagName.toLowerCase() + "." + (e.getAttribute("class") || "") + ": " +
    e.textContent.trim().slice(0, 40);
  const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 ||
    b.bottom <= a.top + 1;
  const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 &&
    a.bottom <= b.bottom + 1;
  const pairwise = (boxes, what) => boxes.forEach((a, k) => boxes.slice(k + 1).forEach(b => {
    if (!apart(a.getBoundingClientRect(), b.getBoundingClientRect()))
      wrong.push(`${what} overlap: ${name(a)} | ${name(b)}`);
  }));
  const page = document.documentElement;
  if (page.scrollWidth > innerWidth) wrong.push(`the page is ${page.scrollWidth} wide`);
  for (const e of document.body.querySelectorAll("*")) {
    if (e.closest("svg") || !e.clientWidth) continue;
    if (!e.classList.contains("scroll") && e.scrollWidth > e.clientWidth + 1)
      wrong.push(`cut off: ${name(e)} ${e.scrollWidth} > ${e.clientWidth}`);
    const box = e.getBoundingClientRect();
    if (!e.closest(".scroll") && (box.left < -1 || box.right > innerWidth + 1))
      wrong.push(`beside the page: ${name(e)}`);
  }
  for (const row of document.querySelectorAll("tr")) pairwise([...row.children], "cells");
  for (const tiles of document.querySelectorAll(".tiles")) pairwise([...tiles.children], "cards");
  pairwise([...document.querySelector("main").children], "sections");
  pairwise([...document.querySelectorAll("figure")], "figures");
  const pictures = [...document.querySelectorAll("figure svg")];
  for (const picture of pictures) {
    const box = picture.getBoundingClientRect();
    if (box.width < 100 || box.height < 50) wrong.push(`no picture: ${picture.getAttribute("aria-label")}`);
    if (picture.getAttribute("role") !== "img" || !picture.getAttribute("aria-label"))
      wrong.push("a picture without words");
    const texts = [...picture.querySelectorAll("text")];
    if (!texts.length) wrong.push("a picture without texts");
    pairwise(texts, picture.getAttribute("aria-label"));
    for (const text of texts)
      if (!inside(text.getBoundingClientRect(), box)) wrong.push(`outside its picture: ${name(text)}`);
  }
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].map(h => +h.tagName[1]);
  levels.forEach((level, k) => { if (level > (levels[k - 1] || 0) + 1) wrong.push(`heading ${k} skips`); });
  return {wrong, pictures: pictures.length, paper: getComputedStyle(document.body).backgroundColor,
    verdict: document.getElementById("verdict").textContent, lang: document.documentElement.lang,
    cards: [...document.querySelectorAll(".tiles .value")].map(e => e.textContent),
    scripts: document.scripts.length};
})()
"""


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", RESULTS)
def test_every_page_is_whole_on_every_screen(
    browser: chromium.Browser, pages: dict[tuple[str, Language], Path], name: str, lang: Language
) -> None:
    path, papers = pages[name, lang], dict[bool, str]()
    for width, dark in SCREENS:
        browser.open(path, width=width, dark=dark)
        seen = browser.run(LOOK)
        assert seen["wrong"] == [], (width, dark)
        browser.run("document.querySelectorAll('details').forEach(e => { e.open = true })")
        assert browser.run(LOOK)["wrong"] == [], (width, dark, "opened")
        papers[dark] = seen["paper"]
        assert complaints(browser) == []
        assert requests(browser) == [path.as_uri()]
        assert seen["pictures"] == expected_pictures(plan())
        assert seen["scripts"] == 0
        assert seen["lang"] == {"en": "en", "zh": "zh-CN"}[lang]
    assert papers[False] != papers[True]


def complaints(browser: chromium.Browser) -> list[dict[str, Any]]:
    kinds = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
    return [event for event in browser.events if event["method"] in kinds]


def requests(browser: chromium.Browser) -> list[str]:
    sent = [event for event in browser.events if event["method"] == "Network.requestWillBeSent"]
    return [event["params"]["request"]["url"] for event in sent]


def expected_pictures(result: dict[str, Any]) -> int:
    """Contacts and replies of each queue, people of each pool, the hours of each promise that is shown, the
    days of each promise, the money, the search."""
    judged = result["judgement"]
    shown = sum(target is not None for target in judged["shown_targets"].values())
    return 2 * len(judged["queues"]) + len(judged["pools"]) + shown + len(judged["targets"]) + 2


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_verdicts_numbers_are_those_of_the_result(
    browser: chromium.Browser, pages: dict[tuple[str, Language], Path], lang: Language
) -> None:
    result = met()
    browser.open(pages["met", lang], width=1280)
    seen = browser.run(LOOK)
    judged, target = result["judgement"], result["targets"][0]
    expected = [
        judged["people_needed"]["in_all"],
        round(judged["cost"]["value"]),
        int(result["lower_bound"]),
        len(result["targets"]) - 1,
        round(10 * target["on"]),
        10,
        round(100 * target["at_least"]),
        round(target["within_s"]),
    ]
    said = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", seen["verdict"])]
    assert sorted(said) == sorted(expected)
    cost, bound, people, kept = seen["cards"][:4]
    assert cost == f"{judged['cost']['value']:,.0f} CNY"
    assert bound == f"{int(result['lower_bound']):,d} CNY"
    assert people == str(judged["people_needed"]["in_all"])
    assert re.findall(r"\d+", kept) == ["3", "3"]


def test_names_stay_text(browser: chromium.Browser, pages: dict[tuple[str, Language], Path]) -> None:
    browser.open(pages["hostile", "en"], width=1280)
    texts = browser.run("document.body.innerText")
    for name in NAMES.values():
        assert name[:12] in texts
