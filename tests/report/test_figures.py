"""Figures draw their frames and nothing else, on the Axes given, in letters that are there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.text import Text

from cssim import plot
from cssim.errors import InputError
from cssim.messages import Language, spoken
from cssim.report import dress, figures, fonts, frames, svg
from tests.report.results import planned, simulated

EVERY = (plot.contacts, plot.coverage, plot.replies, plot.service, plot.days, plot.money, plot.history)

Draw = Callable[..., Axes]


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(planned().to_json())
    return found


@pytest.fixture
def ax() -> Axes:
    return Figure(figsize=(7, 3)).subplots()


@pytest.fixture
def without_chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without a font for Chinese."""
    monkeypatch.setattr(fonts, "chinese_font", lambda: None)
    fonts.warn_once.cache_clear()
    yield
    fonts.warn_once.cache_clear()


def rendered(axes: Axes) -> None:
    """Draw it to the last letter; a warning of a letter that is lacking is an error."""
    figure = axes.get_figure()
    assert figure is not None
    FigureCanvasAgg(figure).draw()  # type: ignore[arg-type]


def steps(axes: Axes, name: str) -> Any:
    """Values, edges and baseline of what is drawn in steps under a name."""
    (patch,) = (p for p in axes.patches if isinstance(p, StepPatch) and p.get_gid() == name)
    return patch.get_data()


def column(values: list[float | None]) -> np.ndarray[Any, Any]:
    return np.array([np.nan if value is None else value for value in values])


def words(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    assert legend is not None
    return [axes.get_title(loc="left"), axes.get_ylabel(), *(text.get_text() for text in legend.get_texts())]


# -- the numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draw", "frame", "names"),
    [
        (plot.contacts, frames.contacts, ["p50"]),
        (plot.replies, frames.replies, ["p50_s", "p90_s", "p99_s"]),
        (plot.service, frames.service, ["share", "promised"]),
        (plot.coverage, frames.need, ["needed", "present", "busy"]),
    ],
)
def test_lines_are_the_frame(draw: Draw, frame: Any, names: list[str], ax: Axes, told: Any) -> None:
    rows = frame(told)
    n = len(told["judgement"]["intervals"]["start"])
    assert draw(told, ax) is ax
    for name in names:
        values, edges, _ = steps(ax, name)
        np.testing.assert_array_equal(values, column(rows[name][:n]))
        np.testing.assert_array_equal(edges[:-1], date2num(np.array(rows["start"][:n], "datetime64[m]")))
        assert edges[-1] == date2num(np.datetime64("2026-11-11T10:00"))
    rendered(ax)


@pytest.mark.parametrize(
    ("draw", "frame", "low", "high"),
    [(plot.contacts, frames.contacts, "p10", "p90"), (plot.service, frames.service, "low", "high")],
)
def test_bands_are_the_frame(draw: Draw, frame: Any, low: str, high: str, ax: Axes, told: Any) -> None:
    rows, n = frame(told), len(told["judgement"]["intervals"]["start"])
    values, _, baseline = steps(draw(told, ax), f"{low} {high}")
    np.testing.assert_array_equal(values, column(rows[high][:n]))
    np.testing.assert_array_equal(baseline, np.nan_to_num(column(rows[low][:n])))


def test_one_queue_or_group_may_be_named(ax: Axes, told: Any) -> None:
    n = len(told["judgement"]["intervals"]["start"])
    plot.contacts(told, ax, queue="售后", lang="en")
    np.testing.assert_array_equal(steps(ax, "p50")[0], frames.contacts(told)["p50"][n:])
    other = plot.coverage(told, Figure().subplots(), group="part_timers")
    np.testing.assert_array_equal(steps(other, "busy")[0], frames.coverage(told)["busy"][n:])
    assert not [p for p in other.patches if p.get_gid() == "needed"]


@pytest.mark.parametrize(
    ("draw", "given", "path"),
    [
        (plot.contacts, {"queue": "presales"}, "queue"),
        (plot.coverage, {"pool": 2}, "pool"),
        (plot.coverage, {"group": "x"}, "group"),
        (plot.days, {"target": "x"}, "target"),
        (plot.days, {"period": "2026-12-24"}, "period"),
    ],
)
def test_what_is_not_there_is_refused(draw: Draw, given: Any, path: str, ax: Axes, told: Any) -> None:
    before = spoken()
    with pytest.raises(InputError, match=f"^{path}: .*there are"):
        draw(told, ax, **given, lang="en")
    assert spoken() == before


def test_the_time_promised_is_marked_among_the_replies(ax: Axes, told: Any) -> None:
    plot.replies(told, ax)
    (line,) = (line for line in ax.lines if line.get_gid() == "promise")
    assert list(line.get_ydata()) == [6.0, 6.0]
    assert ax.get_yscale() == "log"
    other = plot.replies(told, Figure().subplots(), queue="售后", lang="en")
    assert not [line for line in other.lines if line.get_gid() == "promise"]


def bars(axes: Axes, name: str) -> float:
    """All days that bars of a colour stand for."""
    return sum(p.get_height() for p in axes.patches if p.get_gid() == name)


def test_every_simulated_day_stands_on_its_side_of_the_promise(ax: Axes, told: Any) -> None:
    plot.days(told, ax, target="abandonment")
    rows = frames.days(told)
    values = [v for v, name in zip(rows["value"], rows["target"], strict=True) if name == "abandonment"]
    assert bars(ax, "good") == sum(value <= 0.5 for value in values)
    assert bars(ax, "bad") == sum(value > 0.5 for value in values)
    rendered(ax)


@given(
    st.lists(st.none() | st.floats(0, 1) | st.sampled_from([0.0, 0.8, 1.0]), min_size=1, max_size=30),
    st.sampled_from([0.0, 0.8, 1.0, 0.123456789]),
    st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_no_day_is_lost_between_the_bars(values: list[float | None], bound: float, least: bool) -> None:
    told = json.loads(simulated().to_json())
    target = told["targets"][2]
    target["by_period"][0]["days"] = values
    target["at_least"], target["at_most"] = (bound, None) if least else (None, bound)
    axes = plot.days(told, Figure().subplots(), target="abandonment", lang="en")
    there = [value for value in values if value is not None]
    kept = [value >= bound if least else value <= bound for value in there]
    assert bars(axes, "good") == sum(kept)
    assert bars(axes, "bad") == len(there) - sum(kept)


def test_money_is_the_frame(ax: Axes, told: Any) -> None:
    plot.money(told, ax)
    rows = frames.money(told)
    for part in frames.PAY:
        drawn = [p.get_width() for p in ax.patches if p.get_gid() == part]
        amounts = [a for a, p in zip(rows["amount"], rows["part"], strict=True) if p == part]
        assert drawn == pytest.approx(amounts if any(amounts) else [])


def test_the_search_is_the_frame(ax: Axes, told: Any) -> None:
    plot.history(told, ax)
    rows = frames.history(told)
    lines = {line.get_gid(): line for line in ax.lines}
    kept = [cost for cost, keeps in zip(rows["cost"], rows["kept"], strict=True) if keeps]
    assert list(lines["kept"].get_ydata()) == kept
    assert list(lines["bound"].get_ydata()) == [bound for bound in rows["bound"] if bound is not None]
    assert len(lines["lacking"].get_ydata()) == len(rows["cost"]) - len(kept)


# -- the Axes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", EVERY)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_figures_speak_both_languages(
    draw: Draw, lang: Language, ax: Axes, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "chinese_font", lambda: "DejaVu Sans")
    monkeypatch.setattr(fonts, "drawable", lambda text: text)
    before = spoken()
    draw(told, ax, lang=lang)
    title, *labels = words(ax)
    ours = [title.replace("售后", ""), *labels[1:]]
    assert all(fonts.is_chinese(text) for text in ours if text) == (lang == "zh")
    assert spoken() == before


def test_axes_that_are_given_leave_the_rest_alone() -> None:
    """In a process of its own, without pyplot, and with the settings as they were."""
    code = (
        "import json, sys, matplotlib as mpl\n"
        "from matplotlib.figure import Figure\n"
        "before = mpl.rcParams.copy()\n"
        "from cssim import plot\n"
        "plan = json.load(sys.stdin)\n"
        f"for name in {[draw.__name__ for draw in EVERY]}:\n"
        "    getattr(plot, name)(plan, ax=Figure().subplots())\n"
        "    plot.svg(getattr(plot, name), plan)\n"
        "print('matplotlib.pyplot' in sys.modules)\n"
        "print([k for k in before if not k.startswith('backend') and mpl.rcParams[k] != before[k]])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(planned().to_dict()),
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert found.stdout.split() == ["False", "[]"]


def test_without_axes_a_figure_makes_its_own(told: Any) -> None:
    import matplotlib.pyplot as plt

    before, backend = plt.get_fignums(), mpl.get_backend()
    plt.switch_backend("agg")
    axes = plot.contacts(told, lang="en")
    assert len(plt.get_fignums()) == len(before) + 1
    plt.close(axes.get_figure())  # type: ignore[arg-type]
    plt.switch_backend(backend)


@pytest.mark.parametrize(("hours", "ticks"), [(2, "10:00"), (16, "12:00"), (32, "03:00"), (24 * 7, "11-12")])
def test_the_clock_shows_dates_where_they_begin(hours: int, ticks: str, ax: Axes) -> None:
    starts = np.datetime64("2026-11-10T08:00") + 30 * np.arange(2 * hours)
    texts = [str(start).replace("T", " ") for start in starts]
    figures._hours(ax, texts, figures._edges(texts))
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert 3 <= len(labels) <= 15
    assert any(ticks in label for label in labels)
    assert all(("\n" in label) == label.startswith("00:00") for label in labels[1:])


# -- letters ----------------------------------------------------------------------------------------------

HOSTILE = {
    "formula": "$\\frac$ $x^2",
    "markup": "<script>alert(1)</script> & ]]> --> \"'",
    "long": "长" * 10_000,
    "lines": "a\nb\x00c\x1b[31m",
    "right to left": "‮שלום مرحبا",
    "spreadsheet": "=1+1",
    "emoji": "🛒 ไทย",
}


def called(name: str) -> dict[str, Any]:
    """A plan in which everything is called so."""
    told = json.dumps(planned().to_dict(), ensure_ascii=False)
    quoted = json.dumps(name, ensure_ascii=False)[1:-1]
    for one in ("pre_sales", "主力", "golden_6s", "CNY"):
        told = told.replace(f'"{one}"', f'"{quoted}"')
    found: dict[str, Any] = json.loads(told)
    return found


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.usefixtures("without_chinese")
def test_whatever_names_hold_stays_text(name: str) -> None:
    result = called(name)
    for draw in (plot.contacts, plot.days, plot.money):
        axes = Figure(figsize=(7, 3)).subplots()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", plot.FontWarning)
            draw(result, axes, lang="en")
        rendered(axes)
        assert not any(part.get_parse_math() for part in axes.findobj(Text) if "$" in part.get_text())
        picture = plot.svg(draw, result, title=True, lang="zh")
        tree = ElementTree.fromstring(picture)
        assert {part.tag.split("}")[1] for part in tree.iter()} <= KNOWN
        assert len(picture) < 60_000


KNOWN = {"svg", "g", "path", "defs", "use", "text", "clipPath", "rect", "tspan"}


@pytest.mark.usefixtures("without_chinese")
def test_without_a_chinese_font_it_is_said_once_what_to_install(told: Any) -> None:
    first, *others = EVERY
    with pytest.warns(plot.FontWarning, match="思源黑体"):
        first(told, Figure().subplots(), lang="zh")
    for draw in others:
        axes = draw(told, Figure(figsize=(7, 3)).subplots(), lang="zh")
        rendered(axes)
        assert not any(fonts.is_chinese(text) for text in words(axes))


@pytest.mark.usefixtures("without_chinese")
def test_names_that_cannot_be_drawn_are_boxes_and_the_words_are_there(told: Any, ax: Axes) -> None:
    with pytest.warns(plot.FontWarning):
        plot.contacts(told, ax, queue="售后", lang="en")
    assert ax.get_title(loc="left") == "Contacts expected: □□"


@pytest.mark.skipif(fonts.chinese_font() is None, reason="no Chinese font is installed here")
def test_chinese_is_drawn_where_a_font_has_it(told: Any) -> None:
    for draw in EVERY:
        axes = draw(told, Figure(figsize=(7, 3)).subplots(), lang="zh")
        assert fonts.is_chinese(axes.get_title(loc="left"))
        rendered(axes)


# -- pieces of a web page ---------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", EVERY)
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.usefixtures("without_chinese")
def test_a_picture_for_a_page_stands_alone(draw: Draw, lang: Language, told: Any) -> None:
    picture = plot.svg(draw, told, lang=lang)
    assert picture == plot.svg(draw, told, lang=lang)
    tree = ElementTree.fromstring(picture)
    assert {part.tag.split("}")[1] for part in tree.iter()} <= KNOWN
    assert fonts.is_chinese(tree.attrib["aria-label"]) == (lang == "zh")
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"font-family|<style|<!--|<metadata|#(000000|ffffff)", picture)
    assert not re.search(r' d="[^"]*\.\d\d', picture)
    assert "currentColor" in picture
    assert "□" not in picture
    ids = re.findall(r' id="([^"]+)"', picture)
    used = {a or b for a, b in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', picture)}
    assert len(ids) == len(set(ids))
    assert used == set(ids)


def test_every_colour_of_a_picture_is_a_variable_of_the_page(told: Any) -> None:
    for draw in EVERY:
        left = re.sub(r"var\(--c-([a-z]+), #[0-9a-f]{6}\)", "", plot.svg(draw, told, lang="en"))
        assert not re.search(r"#[0-9a-f]{6}[;\" ]", left)
    assert dress.DARK.keys() == dress.COLOURS.keys()


def test_names_in_one_picture_clash_with_no_others(told: Any) -> None:
    pictures = [plot.svg(draw, told, lang="en") for draw in EVERY]
    ids = [name for picture in pictures for name in re.findall(r' id="([^"]+)"', picture)]
    assert len(ids) == len(set(ids))


def test_a_week_of_half_hours_is_small(told: Any) -> None:
    week = json.loads(json.dumps(told["judgement"]))
    intervals = week["intervals"]
    times = 7 * 48 // len(intervals["start"])
    n = times * len(intervals["start"])
    starts = np.datetime64("2026-11-09T00:00") + 30 * np.arange(n)
    intervals["start"] = [str(start).replace("T", " ") for start in starts]
    rng = np.random.default_rng(1)
    for part in [*intervals["queues"].values(), *intervals["groups"].values(), *intervals["pools"]]:
        for name in part:
            part[name] = rng.uniform(1, 1000, n).tolist()
    for draw in (plot.contacts, plot.coverage, plot.replies):
        assert len(plot.svg(draw, week, lang="en")) < 60_000


def test_paths_are_shortened_by_what_nobody_sees() -> None:
    assert svg._shorter("M 1.04999 2.000001\nL -0.04 10 z") == "M 1 2 L -0 10 z"
