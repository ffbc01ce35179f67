"""A scenario on one sheet is its template with the sheet's numbers, in either language."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cssim import cli
from cssim.errors import InputError
from cssim.messages import LANGUAGES, Language, say
from cssim.report import excel, sheet
from cssim.scenario import cells
from cssim.scenario import sheet as form
from cssim.scenario.load import load, loads, read, resolved
from cssim.scenario.load import replace as changed
from cssim.scenario.schema import Scenario
from cssim.scenario.templates import NAMES, template
from cssim.scenario.units import format_clock, format_moment, format_share

Row = list[Any]


def written(name: str, lang: Language, folder: Path) -> Path:
    """A template's sheet as `cssim new --workbook` writes it."""
    path = folder / f"{name}.xlsx"
    path.write_bytes(sheet.scenario_sheet(name, lang, file=str(path)))
    return path


def rows_of(path: Path) -> list[Row]:
    (page,) = cells.read_book(path).sheets
    return [list(row) for row in page.rows]


def saved(rows: list[Row], path: Path, name: str = "场景") -> Path:
    """These cells as a workbook; times of day and dates as a spreadsheet keeps them."""

    def draw(book: excel.Writer) -> None:
        page = book.sheet(name)
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                kind = "moment" if isinstance(value, datetime) else ""
                if isinstance(value, (time, timedelta)):
                    kind = "clock"
                if value != "":
                    page.put(r, c, value, kind)

    path.write_bytes(excel.written(draw))
    return path


def with_values(rows: list[Row], values: Mapping[str, Any]) -> list[Row]:
    """The rows with other values, by their keys."""
    keys = 1 + form.KEY_AFTER
    found = {row[keys] for row in rows if len(row) > keys}
    assert found >= set(values)
    return [[*row[:1], values.get(row[keys], row[1]), *row[2:]] if len(row) > keys else row for row in rows]


# -- the same scenario ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_is_the_scenario_of_its_template(name: str, lang: Language, tmp_path: Path) -> None:
    assert resolved(load(written(name, lang, tmp_path))) == resolved(loads(template(name, lang)))


def test_a_sheet_asks_for_what_a_manager_knows() -> None:
    asked = {field.word for name in NAMES for field in form.fields(name)}
    assert asked == {word for _, _, block in form._ASKED for word, _, _ in block}
    for name in NAMES:
        assert len(form.fields(name)) <= 45


NUMBERS: Mapping[str, st.SearchStrategy[float]] = {
    "orders": st.integers(1, 10**6).map(float),
    "contacts": st.floats(1, 10**6),
    "people": st.integers(0, 500).map(float),
    "seats": st.integers(3, 500).map(float),
    "chats": st.integers(1, 30).map(float),
    "pay": st.floats(0, 300),
    "rounds": st.floats(1, 30),
    "speed": st.floats(0.1, 3),
    "reply": st.floats(0.5, 300),
    "within": st.floats(0.5, 300),
    "length": st.sampled_from([1.0, 2.5, 4.0, 7.75, 10.0]),
    "conversion": st.floats(0.001, 1),
    "on": st.floats(0.01, 1),
}


@st.composite
def values(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Another value for every number of a template's sheet; shifts stay around their breaks."""
    found: dict[str, Any] = {}
    later = timedelta(minutes=draw(st.integers(0, 20)))
    for field in form.fields(name):
        if field.kind == "moment":
            assert isinstance(field.value, datetime)
            found[field.key] = field.value + later
        elif field.kind == "clock":
            assert isinstance(field.value, timedelta)
            found[field.key] = field.value + (later if field.value < timedelta(hours=23) else timedelta())
        elif field.kind == "choice":
            presets = ("golden_6s", "pdd_3min", "taobao_3min", "douyin_3min")
            found[field.key] = draw(
                st.sampled_from(("good", "poor") if field.word == "forecast" else presets)
            )
        elif field.kind == "text":
            found[field.key] = draw(st.sampled_from(["=1+1", "六一八", "<script>", "007"]))
        else:
            # a spreadsheet keeps 15 digits
            found[field.key] = round(draw(NUMBERS.get(field.word, st.floats(0.001, 1))), 6)
    return found


def in_words(field: form.Field, value: Any) -> Any:
    """A cell's value as a planner would write it in YAML."""
    match field.kind:
        case "moment":
            return format_moment(value)
        case "clock":
            return format_clock(value.total_seconds())
        case "share":
            return format_share(value)
        case "seconds":
            return f"{value}s"
        case "hours":
            return f"{value}h"
    return value


def twin(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The resolved template with these values in it, put in by their paths."""
    tree = form._tree(name)
    for field in form.fields(name):
        for path in field.paths:
            tree = form._with(tree, path, form.Node(in_words(field, given[field.key]), text="x"))
    from cssim.scenario.load import from_resolved
    from cssim.scenario.tree import plain

    return resolved(from_resolved(plain(tree)))


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Every value by its path, so that what differs is seen."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = {p: v for key, one in items for p, v in flat(one, f"{path}.{key}").items()}
    return inner if isinstance(value, (dict, list)) else {path: value}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_with_every_number_changed_it_is_still_its_twin(
    name: str, lang: Language, data: st.DataObject
) -> None:
    given_values = data.draw(values(name))
    with tempfile.TemporaryDirectory() as folder:
        path = written(name, lang, Path(folder))
        saved(with_values(rows_of(path), given_values), path)
        assert flat(resolved(load(path))) == flat(twin(name, given_values))


def test_one_number_changes_what_it_says(tmp_path: Path) -> None:
    """By the public `replace`, path by path, where the template's spelling is the schema's."""
    path = written("double11", "en", tmp_path)
    rows = rows_of(path)
    before = loads(template("double11", "en"))
    for key, cell, value in (
        ("queues.pre_sales.volume.conversion", 0.625, "62.5%"),
        ("queues.pre_sales.chat.reply.mean", 9.5, "9.5s"),
        ("groups.part_timers.people", 17, 17),
        ("groups.main_team.pay.per_hour", 41.5, 41.5),
        ("limits.seats", 44, 44),
        ("targets.0.at_least", 0.75, "75%"),
        ("sale.opens", datetime(2026, 11, 10, 21), "2026-11-10 21:00"),
    ):
        after = load(saved(with_values(rows, {key: cell}), path))
        assert resolved(after) == resolved(changed(before, key, value)) != resolved(before)


def test_orders_are_one_cell_for_all_queues(tmp_path: Path) -> None:
    path = written("double11", "en", tmp_path)
    shop = load(saved(with_values(rows_of(path), {"queues.*.volume.orders": 7000}), path))
    assert [queue.volume.orders for queue in shop.queues.values() if queue.volume] == [7000, 7000]


def test_dates_move_with_the_day_that_is_planned(tmp_path: Path) -> None:
    """Double 12 from the template of Double 11: the days' shares of refunds are those of its days."""
    path = written("double11", "en", tmp_path)
    dates = {
        "horizon.from": datetime(2026, 12, 11, 18),
        "horizon.to": datetime(2026, 12, 13, 2),
        "sale.opens": datetime(2026, 12, 11, 20),
        "sale.closes": datetime(2026, 12, 13),
    }
    shop = load(saved(with_values(rows_of(path), dates), path))
    volume = shop.queues["after_sales"].volume
    assert volume is not None
    assert volume.day_share == {"2026-12-11": 0.1, "2026-12-12": 0.3, "2026-12-13": 0.2}


def test_what_a_planner_types_is_understood(tmp_path: Path) -> None:
    """Texts where a spreadsheet made no number of them, units written out, blanks, a midnight."""
    path = written("pdd_5min", "zh", tmp_path)
    typed = {
        "horizon.to": "2026-09-16 24:00",
        "queues.*.volume.orders": "1500",
        "queues.pre_sales.volume.service_share": " 40% ",
        "queues.pre_sales.chat.reply.mean": "20秒",
        "shifts.early.start": "8:00",
        "shifts.late.end": time(0, 0),
        "shifts.hourly.length": "4小时",
        "targets.0.preset": " pdd_5min ",
        "limits.seats": "",
    }
    shop: Scenario = load(saved(with_values(rows_of(path), typed), path))
    assert shop.limits.seats is None
    assert shop.shifts["late"].end == 0.0
    as_it_was = changed(changed(shop, "limits.seats", 12), "shifts.late.end", "24:00")
    assert resolved(as_it_was) == resolved(loads(template("pdd_5min", "zh")))


def test_rows_and_columns_may_be_moved_about(tmp_path: Path) -> None:
    path = written("pdd_5min", "en", tmp_path)
    rows = rows_of(path)
    moved = [
        [""],
        ["notes", "of mine"],
        *[["", *row] for row in rows[:4]],
        *[["", *row] for row in rows[:3:-1]],
    ]
    assert resolved(load(saved(moved, path))) == resolved(loads(template("pdd_5min", "en")))


def test_it_knows_its_file_and_what_was_not_told(tmp_path: Path) -> None:
    path = written("pdd_5min", "en", tmp_path)
    found = read(path)
    assert list(found.files) == [str(path)]
    assert found.warnings == ()
    odd = read(saved(with_values(rows_of(path), {"groups.part_timers.people": 0}), path))
    (warning,) = odd.warnings
    assert f"{warning.place}".startswith(f"{path}: 场景 B")


# -- faults -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("queues.*.volume.orders", "", "field.empty"),
        ("queues.*.volume.orders", "many", "number.not"),
        ("queues.*.volume.orders", -5, "number.least"),
        ("queues.pre_sales.volume.service_share", 1.4, "share.range"),
        ("queues.pre_sales.volume.service_share", 1e308, "share.range"),
        ("queues.pre_sales.volume.service_share", "9" * 400, "share.range"),
        ("queues.pre_sales.chat.reply.mean", 1e308, "duration.long"),
        ("queues.pre_sales.volume.conversion", 0, "volume.conversion"),
        ("queues.pre_sales.chat.rounds", 0.5, "number.least"),
        ("queues.pre_sales.chat.reply.mean", -1, "duration.negative"),
        ("groups.service.people", 2.5, "whole.not"),
        ("groups.service.people", "８", "text.full_width"),
        ("groups.part_timers.speed", 0, "number.least"),
        ("horizon.from", "soon", "moment.not"),
        ("horizon.to", datetime(2026, 9, 15), "horizon.order"),
        ("shifts.early.start", "25:00", "clock.not"),
        ("shifts.hourly.length", 30, "shift.too_long"),
        ("shifts.early.start", "13:00", "shift.break_outside"),
        ("forecast", "usually", "forecast.unknown.near"),
        ("targets.0.preset", "pdd_5mins", "target.unknown.near"),
        ("template", "triple12", "template.unknown"),
    ],
)
def test_faults_name_sheet_and_cell(key: str, value: object, fault: str, tmp_path: Path) -> None:
    path = written("pdd_5min", "zh", tmp_path)
    rows = rows_of(path)
    saved(with_values(rows, {key: value}), path)
    row = next(n for n, cells_ in enumerate(rows, 1) if cells_[-1:] == [key])
    with pytest.raises(InputError) as error:
        load(path)
    (found,) = error.value.faults
    nearest = {"shift.break_outside": "shifts.early.start"}.get(fault, key)
    assert found.key == fault
    assert nearest == key
    assert f"{found.place}" == f"{path}: 场景 B{row}"


def test_a_number_that_no_time_of_day_can_be_is_refused_with_its_sheet(tmp_path: Path) -> None:
    def draw(book: excel.Writer) -> None:
        page = book.sheet("场景")
        page.raw.write_number(0, 0, 13_800_138_000, page._look("", "clock"))

    (tmp_path / "typo.xlsx").write_bytes(excel.written(draw))
    with pytest.raises(InputError) as error:
        load(tmp_path / "typo.xlsx")
    assert error.value.faults[0].key == "file.no_time"
    assert "场景" in error.value.text()


def test_every_fault_is_told_from_top_to_bottom(tmp_path: Path) -> None:
    path = written("pdd_5min", "en", tmp_path)
    wrong = {"targets.0.at_least": "most", "horizon.from": "", "groups.service.chats": 0}
    saved(with_values(rows_of(path), wrong), path)
    with pytest.raises(InputError) as error:
        load(path)
    assert [fault.path for fault in error.value.faults] == [
        "horizon.from",
        "groups.service.chats",
        "targets.0.at_least",
    ]


def test_a_row_that_was_deleted_is_missed(tmp_path: Path) -> None:
    path = written("pdd_5min", "en", tmp_path)
    rows = [row for row in rows_of(path) if row[-1:] != ["groups.service.people"]]
    with pytest.raises(InputError, match=r"groups\.service\.people"):
        load(saved(rows, path))


@pytest.mark.parametrize("rows", [[["group", "shift", "2026-09-16"]], [[]], [[1, 2, 3, 4, 5]]])
def test_another_workbook_is_no_scenario(rows: list[Row], tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load(saved(rows, tmp_path / "other.xlsx"))
    assert [fault.key for fault in error.value.faults] == ["sheet.none"]


# -- words and commands -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_words_of_its_own(name: str, lang: Language, tmp_path: Path) -> None:
    rows = rows_of(written(name, lang, tmp_path))
    asked = [row for row in rows if len(row) > 4 and row[4] in {field.key for field in form.fields(name)}]
    labels = [row[0] for row in asked]
    assert len(labels) == len(form.fields(name)) == len(set(labels))
    assert all(row[3] for row in asked)
    assert [sheet.label(field, lang) for field in form.fields(name)] == labels


Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def run_it(*arguments: str) -> int:
        with pytest.raises(SystemExit) as end:
            cli.main([*arguments, "--lang", "en"])
        assert isinstance(end.value.code, int)
        return end.value.code

    return run_it


def test_the_commands_take_a_sheet_in_place_of_yaml(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("new", "--workbook", "shop.xlsx") == 0
    assert "cssim check shop.xlsx" in capsys.readouterr().out
    assert run("check", "shop.xlsx") == 0
    assert "pre_sales" in capsys.readouterr().out
    assert run("check", "shop.xlsx", "--resolved") == 0
    assert resolved(loads(capsys.readouterr().out)) == resolved(loads(template("pdd_5min", "en")))
    Path("roster.csv").write_text("group,date,shift,count\nservice,09-16,early,2\n", encoding="utf-8")
    few = ("--replications", "2", "--seed", "1", "--quiet", "--json", "--roster", "roster.csv")
    assert run("simulate", "shop.xlsx", *few) in (4, 5)


def test_what_a_sheet_does_not_ask_for_can_be_told_in_yaml(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run("new", "--workbook", "shop.xlsx")
    capsys.readouterr()
    run("check", "shop.xlsx")
    assert "cssim check shop.xlsx --resolved" in capsys.readouterr().out
    run("check", "shop.xlsx", "--resolved")
    told = tmp_path / "shop.yaml"
    told.write_text(capsys.readouterr().out, encoding="utf-8")
    assert load(told).model_dump() == load(tmp_path / "shop.xlsx").model_dump()
    run("check", "shop.yaml")
    assert "--resolved" not in capsys.readouterr().out


def test_new_writes_either_yaml_or_a_sheet(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("new") == 2
    assert run("new", "shop", "--workbook", "shop.xlsx") == 2
    assert run("new", "--workbook", "shop.xls") == 2
    assert run("new", "--workbook", "shop.xlsx", "--template", "none") == 2
    assert not list(Path().iterdir())
    assert run("new", "--workbook", "shop.xlsx") == 0
    assert run("new", "--workbook", "shop.xlsx") == 2
    assert "--force" in capsys.readouterr().err


def test_a_fault_of_a_sheet_is_an_object_for_programs(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    path = written("pdd_5min", "en", Path())
    saved(with_values(rows_of(path), {"groups.service.chats": "few"}), path, say("sheet.name", "en"))
    assert run("check", str(path), "--json") == 2
    out = capsys.readouterr().out
    assert '"sheet": "Scenario"' in out
    assert '"path": "groups.service.chats"' in out


def test_a_cell_that_may_be_empty_is_told_apart() -> None:
    may = {field.word for name in NAMES for field in form.fields(name) if field.may_be_empty}
    assert may == set(form._MAY_BE_EMPTY)
    assert replace(form.fields("618")[0], word="orders").may_be_empty is False
