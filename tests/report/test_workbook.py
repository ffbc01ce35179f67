"""A plan's workbook holds the result's numbers, keeps every text a text, and its roster reads back."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from cssim import cli
from cssim.errors import InputError
from cssim.experiment.rosters import roster_of
from cssim.experiment.simulation import SimulationResult, simulate
from cssim.measure.cost import roster_rows
from cssim.messages import LANGUAGES, Language, say
from cssim.report import excel, files, frames
from cssim.report.workbook import SHEETS, workbook
from cssim.roster.given import read_roster
from cssim.scenario import cells
from cssim.scenario.load import CheckedScenario, from_resolved
from cssim.scenario.schema import RosterRow
from cssim.scenario.tables import ROSTER
from cssim.scenario.units import format_moment

HOSTILE = ("=1+1", "<script>alert(1)</script>", "‮מוקד", "@SUM(A1)")
LONG = "客" * 10_000


def shop() -> CheckedScenario:
    """Two days, two groups that hang together, names that no sheet should believe."""
    queue, odd, group, other = HOSTILE
    return from_resolved(
        {
            "name": LONG,
            "horizon": {"from": "2026-09-16 06:00", "to": "2026-09-17 12:00", "interval": "2h"},
            "queues": {queue: {"volume": {"contacts": 60}}, odd: {"volume": {"contacts": 30}}},
            "groups": {
                group: {"serves": [queue, odd], "people": 6, "shifts": ["night", odd]},
                other: {"serves": [odd], "people": 6, "shifts": ["hourly"]},
            },
            "shifts": {
                "night": {"start": "20:00", "end": "08:00"},
                odd: {"start": "08:00", "end": "24:00", "breaks": [{"at": "12:00", "for": "30min"}]},
                "hourly": {"start": {"from": "08:00", "to": "10:00", "every": "1h"}, "length": "4h"},
            },
            "roster": [
                {"group": group, "date": "09-16", "shift": "night", "count": 2},
                {"group": group, "date": "09-16", "shift": odd, "count": 1},
                {"group": group, "date": "09-17", "shift": odd, "count": 3},
                {"group": other, "date": "09-17", "shift": "hourly", "start": "09:00", "count": 1},
            ],
            "targets": [
                {"preset": "golden_6s", "name": queue},
                {"measure": "mean_reply", "at_most": "30s", "on": "80%"},
                {"measure": "open_chats", "at_most": 3},
            ],
        }
    )


@pytest.fixture(scope="module")
def result() -> SimulationResult:
    return simulate(shop(), replications=3, seed=7)


@pytest.fixture(scope="module")
def content(result: SimulationResult) -> dict[Language, bytes]:
    found = result.to_dict()
    return {lang: workbook(found, lang) for lang in LANGUAGES}


def rows_of(content: bytes, sheet: str) -> list[list[Any]]:
    return (
        CalamineWorkbook.from_filelike(io.BytesIO(content))
        .get_sheet_by_name(sheet)
        .to_python(skip_empty_area=False)
    )


def sheet(lang: Language, name: str) -> str:
    return say(f"workbook.sheet.{name}", lang)


def planners(rows: list[list[Any]], name: str = "排班") -> bytes:
    """A workbook of one sheet, as a planner would write it."""

    def draw(book: excel.Writer) -> None:
        page = book.sheet(name)
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                kind = {date: "date", time: "clock", timedelta: "clock"}.get(type(value), "")
                if value != "":
                    page.put(r, c, value, kind)

    return excel.written(draw)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(content: bytes) -> Path:
        (tmp_path / "plan.xlsx").write_bytes(content)
        return tmp_path / "plan.xlsx"

    return save


Saved = Callable[[bytes], Path]


# -- the roster, read back --------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_roster_reads_back_and_gives_the_same_numbers(
    lang: Language, result: SimulationResult, content: dict[Language, bytes], saved: Saved
) -> None:
    again = read_roster(saved(content[lang]), result.scenario)
    assert again == result.roster
    same = simulate(shop(), again, replications=3, seed=7).to_dict()
    before = result.to_dict()
    for key in ("started", "elapsed_s"):
        del same[key], before[key]
    assert same == before


SHIFTS = (
    *((HOSTILE[2], day, "night", "20:00") for day in ("2026-09-15", "2026-09-16")),
    *((HOSTILE[2], day, HOSTILE[1], "08:00") for day in ("2026-09-16", "2026-09-17")),
    *((HOSTILE[3], day, "hourly", at) for day in ("2026-09-16", "2026-09-17") for at in ("08:00", "10:00")),
)


@given(counts=st.lists(st.integers(0, 9), min_size=len(SHIFTS), max_size=len(SHIFTS)).filter(any))
@settings(max_examples=15, deadline=None)
def test_any_roster_reads_back(result: SimulationResult, counts: list[int]) -> None:
    names = ("group", "date", "shift", "start")
    rows = [
        RosterRow.model_validate({**dict(zip(names, shift, strict=True)), "count": count})
        for shift, count in zip(SHIFTS, counts, strict=True)
        if count
    ]
    scenario = result.scenario
    duties = roster_of(scenario, rows)
    found = {**result.to_dict(), "roster": roster_rows(scenario, duties)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.xlsx"
        path.write_bytes(workbook(found, "zh"))
        assert read_roster(path, scenario) == duties


HEAD = ["组", "班次", "开始", "结束", date(2026, 9, 16), "2026-09-17"]


def test_what_a_planner_changed_and_added_is_read(saved: Saved) -> None:
    group, other = HOSTILE[2:]
    rows: list[list[Any]] = [
        ["", "", "改过的班表"],
        [],
        HEAD,
        [group, "night", "", "", 4.0, ""],
        [other, " hourly ", time(9), "13:00", "", "2"],
        [other, "hourly", timedelta(hours=10), "", 1, 0],
        ["", "", "", "", "", ""],
        [say("workbook.total", "en"), "", "", "", 5, 2],
        [say("workbook.total_hours", "zh"), "", "", "", 5, 2],
    ]
    found = read_roster(saved(planners(rows)), shop())
    assert [(d.group, d.shift.name, d.shift.day.day, d.shift.start / 3600, d.count) for d in found] == [
        (group, "night", 16, 14.0, 4),
        (other, "hourly", 16, 4.0, 1),
        (other, "hourly", 17, 27.0, 2),
    ]


def test_a_table_that_was_saved_as_a_workbook_is_read(saved: Saved, result: SimulationResult) -> None:
    names = ("group", "date", "shift", "start", "end", "count")
    rows: list[list[Any]] = [[*names]]
    for row in files_rows(result):
        rows.append([date.fromisoformat(row[n]) if n == "date" else row[n] for n in names])
    assert read_roster(saved(planners(rows)), result.scenario) == result.roster


def files_rows(result: SimulationResult) -> list[dict[str, Any]]:
    rows = result.to_dict()["roster"]
    assert isinstance(rows, list)
    return rows


@pytest.mark.parametrize(
    ("rows", "place", "key"),
    [
        ([["", "night", "", "", 2]], "排班 A2", "field.empty"),
        ([[HOSTILE[2], "", "", "", 2]], "排班 B2", "field.empty"),
        ([[HOSTILE[2], "nigth", "", "", 2]], "排班 B2", "shifts.unknown.near"),
        ([["nobody", "night", "", "", 2]], "排班 A2", "groups.unknown"),
        ([[HOSTILE[3], "night", "", "", 2]], "排班 B2", "roster.not_theirs"),
        ([[HOSTILE[2], "night", "", "", "two"]], "排班 E2", "number.not"),
        ([[HOSTILE[2], "night", "", "", 2.5]], "排班 E2", "whole.not"),
        ([[HOSTILE[2], "night", "", "", -1]], "排班 E2", "number.least"),
        ([[HOSTILE[2], "night", "soon", "", 1]], "排班 C2", "clock.not"),
        ([[HOSTILE[3], "hourly", "", "", 1]], "排班 E2", "roster.which_shift"),
    ],
)
def test_faults_name_file_sheet_and_cell(saved: Saved, rows: list[list[Any]], place: str, key: str) -> None:
    path = saved(planners([HEAD, *rows]))
    with pytest.raises(InputError) as error:
        read_roster(path, shop())
    (fault,) = error.value.faults
    assert (f"{fault.place}", fault.key) == (f"{path}: {place}", key)
    assert fault.text().startswith(f"{path}: {place}: ")


def test_a_date_outside_the_horizon_is_told_at_its_heading(saved: Saved) -> None:
    path = saved(planners([["group", "shift", "2026-12-24"], [HOSTILE[2], "night", 1]]))
    with pytest.raises(InputError, match=re.escape(f"{path}: 排班 C1: ")):
        read_roster(path, shop())


def test_what_is_no_roster_is_named(saved: Saved, tmp_path: Path) -> None:
    for content, key in (
        (planners([["a", "b"], [1, 2]]), "grid.none"),
        (b"PK\x03\x04 junk", "file.workbook"),
        (b"group,date", "file.workbook"),
    ):
        with pytest.raises(InputError) as error:
            read_roster(saved(content), shop())
        assert [fault.key for fault in error.value.faults] == [key]
    with pytest.raises(InputError, match="no such file"):
        read_roster(tmp_path / "other.xlsx", shop())
    (tmp_path / "old.XLS").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(InputError, match=r"save it as \.xlsx"):
        read_roster(tmp_path / "old.XLS", shop())


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('<c r="E2" t="e"><f>F9</f><v>#REF!</v></c>', "#REF!"),
        ('<c t="e" r="E2"><v>#N/A</v></c>', "#N/A"),
        ('<c r="E2"><f>D2&amp;"1"</f></c>', '=D2&"1"'),
        ('<c r="E2"><f t="shared" si="0"/><v></v></c>', "="),
    ],
)
def test_a_cell_of_which_no_number_is_known_is_not_taken_for_empty(
    cell: str, shown: str, saved: Saved
) -> None:
    """Or people would be missing from the roster, and nobody would know."""
    content = edited(planners([HEAD, [HOSTILE[2], "night", "", "", 2, 1]]), r'<c r="E2".*?</c>', cell)
    path = saved(content)
    with pytest.raises(InputError) as error:
        read_roster(path, shop())
    (fault,) = error.value.faults
    assert (f"{fault.place}", fault.key) == (f"{path}: 排班 E2", "number.not")
    assert fault.values["given"] == shown


def test_a_formula_that_gives_an_empty_text_is_empty(saved: Saved) -> None:
    cell = '<c r="F2" t="str"><f>IF(1,"")</f><v></v></c>'
    content = edited(planners([HEAD, [HOSTILE[2], "night", "", "", 2, 1]]), r'<c r="F2".*?</c>', cell)
    (duty,) = read_roster(saved(content), shop())
    assert (duty.shift.day.day, duty.count) == (16, 2)


def edited(content: bytes, pattern: str, new: str) -> bytes:
    """A workbook whose first sheet says something else, once."""
    old, found = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(found, "w") as parts:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                text, times = re.subn(pattern, lambda _: new, part.decode())
                assert times == 1
                part = text.encode()
            parts.writestr(name, part)
    return found.getvalue()


def test_a_heading_that_should_be_a_date_is_not_passed_over(saved: Saved) -> None:
    head = ["group", "shift", "2026-09-16", "09/l7"]
    path = saved(planners([head, [HOSTILE[2], "night", 1, 2]]))
    with pytest.raises(InputError) as error:
        read_roster(path, shop())
    assert [(f"{fault.place}", fault.key) for fault in error.value.faults] == [
        (f"{path}: 排班 D1", "grid.date")
    ]
    (duty,) = read_roster(saved(planners([head, [HOSTILE[2], "night", 1, 0]])), shop())
    assert duty.count == 1
    (duty,) = read_roster(saved(planners([[*head[:3], "skill"], [HOSTILE[2], "night", 1, 2]])), shop())
    assert duty.count == 1


@pytest.mark.parametrize("at", ["C", "D", "E"])
@pytest.mark.parametrize(
    ("heading", "given"),
    [('t="e"><v>#REF!</v>', "#REF!"), ("><f>TODAY()</f>", "=TODAY()"), (">", ""), ("", "Thu")],
)
def test_people_below_what_is_no_date_are_not_lost(heading: str, given: str, at: str, saved: Saved) -> None:
    """Outside the dates a word is the planner's own; nothing else may stand over people."""
    head: list[Any] = ["group", "shift", date(2026, 9, 15), date(2026, 9, 16), date(2026, 9, 15)]
    content = planners([[*head, "skill"], [HOSTILE[2], "night", 1, 2, 3, 4], ["", "", "", "", "", "", "so"]])
    cell = f'<c r="{at}1" {heading}</c>' if heading else f'<c r="{at}1" t="inlineStr"><is><t>Thu</t></is></c>'
    path = saved(edited(content, f'<c r="{at}1".*?</c>', cell))
    if given == "Thu" and at != "D":
        assert len(read_roster(path, shop())) == 2
        return
    with pytest.raises(InputError) as error:
        read_roster(path, shop())
    (fault,) = error.value.faults
    assert (f"{fault.place}", fault.values.get("given", "")) == (f"{path}: 排班 {at}1", given)


def test_in_a_list_of_shifts_other_columns_are_passed_over(saved: Saved) -> None:
    head = ["group", "date", "shift", "count", "2nd", ""]
    (duty,) = read_roster(saved(planners([head, [HOSTILE[2], "2026-09-16", "night", 1, 2, 3]])), shop())
    assert duty.count == 1


def test_a_plan_of_nobody_reads_back_as_nobody(tmp_path: Path) -> None:
    promised = shop().model_copy(update={"targets": shop().targets[:1]})  # no reply is no time of reply
    nobody = simulate(promised, roster=(), replications=2, seed=7)
    rows = roster_rows(nobody.scenario, nobody.roster)
    for name, content in (
        ("roster.csv", files.roster_csv(rows)),
        ("roster.json", files.roster_json(rows)),
        *((f"{lang}.xlsx", workbook(nobody.to_dict(), lang)) for lang in LANGUAGES),
    ):
        (tmp_path / name).write_bytes(content)
        assert read_roster(tmp_path / name, shop()) == ()
    (tmp_path / "none.csv").write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        read_roster(tmp_path / "none.csv", shop())


def test_a_date_whose_cell_lost_its_look_is_a_date(saved: Saved) -> None:
    (duty,) = read_roster(saved(planners([["group", "shift", 46_281.0], [HOSTILE[2], "night", 1]])), shop())
    assert duty.shift.day == date(2026, 9, 16)


def test_a_far_cell_does_not_eat_the_memory(saved: Saved) -> None:
    rows: list[list[Any]] = [[*HEAD], *[[]] * 200_000, [""] * 100 + [1]]
    with pytest.raises(InputError) as error:
        read_roster(saved(planners(rows)), shop())
    (fault,) = error.value.faults
    assert (fault.key, fault.values["cell"]) == ("file.far_cell", "CW200002")


# -- texts ------------------------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")))
@settings(deadline=None, max_examples=150)
def test_every_text_is_read_back_as_it_was_written(text: str) -> None:
    (row,) = rows_of(planners([[text, 1]], "a"), "a")
    assert row == [text, 1.0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hostile_names_stay_text(lang: Language, content: dict[Language, bytes]) -> None:
    for name in SHEETS:
        texts = {cell for row in rows_of(content[lang], sheet(lang, name)) for cell in row}
        assert any(str(cell).startswith(LONG) for cell in texts)
        shown = HOSTILE[:2] if name in ("demand", "assumptions") else HOSTILE[2:]
        assert all(any(odd in str(cell) for cell in texts) for odd in shown)
    with zipfile.ZipFile(io.BytesIO(content[lang])) as parts:
        every = "".join(
            parts.read(part).decode("utf-8") for part in parts.namelist() if "worksheets/" in part
        )
    formulas = re.findall(r"<f>(.*?)</f>", every)
    assert formulas
    assert all(re.match(r"(SUM|SUMPRODUCT|IF)\(", formula) for formula in formulas)
    assert "<hyperlink" not in every


def test_a_text_that_no_cell_takes_is_cut() -> None:
    (row,) = rows_of(planners([["x" * 40_000]], "a"), "a")
    assert (len(row[0]), row[0][-1]) == (excel.LONGEST, "…")


# -- what the sheets hold ---------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sheets_are_called_as_a_spreadsheet_allows(lang: Language, content: dict[Language, bytes]) -> None:
    names = CalamineWorkbook.from_filelike(io.BytesIO(content[lang])).sheet_names
    assert names == [sheet(lang, name) for name in SHEETS]
    assert len({name.lower() for name in names}) == len(names)
    for name in (*names, say("sheet.name", lang)):
        assert 0 < len(name) <= 31
        assert not re.search(r"[\[\]:*?/\\]|^'|'$", name)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_roster_is_found_again_by_its_headings(lang: Language) -> None:
    for column in ROSTER:
        if column.name in ("group", "shift", "start", "end"):
            word = say(f"workbook.column.{column.name}", lang)
            assert word in (column.name, *column.others)


def test_totals_are_formulas_with_their_values(content: dict[Language, bytes]) -> None:
    rows = rows_of(content["en"], sheet("en", "roster"))
    (shifts,) = (row for row in rows if row[0] == say("workbook.total", "en"))
    (hours,) = (row for row in rows if row[0] == say("workbook.total_hours", "en"))
    assert shifts[5:] == [3.0, 4.0, 7.0]
    assert hours[5:] == [2 * 12 + 16, 3 * 16 + 4, 92.0]


def test_the_numbers_are_those_of_the_result(
    result: SimulationResult, content: dict[Language, bytes]
) -> None:
    coverage = rows_of(content["en"], sheet("en", "coverage"))[4:]
    need = frames.need(result)
    starts = [datetime.fromisoformat(start) for start in need["start"]]
    assert [cells.moment_text(row[0]) for row in coverage] == [format_moment(at) for at in starts]
    for k, name in enumerate(("needed", "present", "busy"), 1):
        assert [row[k] for row in coverage] == pytest.approx(need[name])
    demand = rows_of(content["en"], sheet("en", "demand"))[4:]
    contacts = frames.contacts(result)
    for k, name in enumerate(("p10", "p50", "p90"), 1):
        first = contacts[name][: len(demand)]
        assert [row[k] for row in demand] == pytest.approx(first)
    results = rows_of(content["en"], sheet("en", "results"))
    sums = next(row for row in results if row[0] == say("workbook.sum", "en"))
    cost = result.to_dict()["cost"]
    assert sums[1:6] == pytest.approx([cost[part] for part in (*frames.PAY, "value")])
    verdicts = [
        row[6]
        for row in results
        if row[6] in {say(f"verdict.{v}", "en") for v in ("met", "missed", "undecided")}
    ]
    assert verdicts == [say(f"verdict.{target.verdict}", "en") for target in result.targets]
    assumed = rows_of(content["en"], sheet("en", "assumptions"))
    facts = {row[0]: row[1] for row in assumed if row and row[0]}
    assert facts[say("workbook.fact.seed", "en")] == "7"
    assert facts[say("workbook.fact.digest", "en")] == result.to_dict()["scenario_digest"]
    assert facts["rest"] == "11h"
    assert facts[f"queues.{HOSTILE[0]}.chat.rounds.mean"] == 5
    assert any(path == f"queues.{HOSTILE[0]}.patience" for path in facts)


def test_headings_stay_in_sight(content: dict[Language, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(content["zh"])) as parts:
        sheets = [name for name in parts.namelist() if "worksheets/sheet" in name]
        assert len(sheets) == len(SHEETS)
        for name in sheets:
            text = parts.read(name).decode()
            assert 'state="frozen"' in text
            assert 'fitToHeight="0"' in text


def test_the_same_result_gives_the_same_bytes(
    result: SimulationResult, content: dict[Language, bytes]
) -> None:
    assert workbook(result.to_dict(), "zh") == content["zh"]


def test_a_result_that_lacks_something_is_told(result: SimulationResult) -> None:
    for key in ("intervals", "roster", "groups", "seed", "scenario", "lost_sales"):
        found = {name: value for name, value in result.to_dict().items() if name != key}
        with pytest.raises(InputError) as error:
            workbook(found)
        assert [fault.key for fault in error.value.faults] == ["frame.lacking"]


# -- the command line -------------------------------------------------------------------------------------


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(end.value.code, int)
    return end.value.code


def test_report_writes_it_again(
    result: SimulationResult,
    content: dict[Language, bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "result.json").write_text(result.to_json(), encoding="utf-8")
    again = ("report", tmp_path / "result.json", "--lang", "zh", "-o", tmp_path / "again.xlsx")
    assert run(*again) == 0
    assert (tmp_path / "again.xlsx").read_bytes() == content["zh"]
    assert run(*again) == 2
    assert "--force" in capsys.readouterr().err
    assert run("report", tmp_path / "result.json", "-o", tmp_path / "again.pdf") == 2
    beside = ("--beside", tmp_path / "result.json")
    assert run("report", tmp_path / "result.json", "-o", tmp_path / "both.xlsx", *beside) == 2
    assert "FILE.html" in capsys.readouterr().err
    assert not (tmp_path / "both.xlsx").exists()


def test_without_the_extra_it_is_said_how_to_get_it(
    result: SimulationResult,
    content: dict[Language, bytes],
    saved: Saved,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = excel.import_module

    def lacking(name: str) -> Any:
        if name in ("xlsxwriter", "python_calamine"):
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(excel, "import_module", lacking)
    monkeypatch.setattr(cells, "import_module", lacking)
    path = saved(content["en"])
    for act in (lambda: workbook(result), lambda: read_roster(path, shop())):
        with pytest.raises(InputError) as error:
            act()
        for lang in LANGUAGES:
            assert 'pip install "cssim[excel]"' in error.value.text(lang)


def test_a_plan_without_the_extra_has_the_other_files(
    monkeypatch: pytest.MonkeyPatch, result: SimulationResult
) -> None:
    assert set(cli._pages(result.to_json())) == {files.REPORT, files.WORKBOOK}
    monkeypatch.setattr(excel, "is_there", lambda: False)
    assert set(cli._pages(result.to_json())) == {files.REPORT}
