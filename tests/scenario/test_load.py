"""Files in and out: encodings, streams, what extends what, tables, copies, digests."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from cssim.errors import Place
from cssim.scenario import load
from cssim.scenario.text import MOST_BYTES
from tests.scenario.build import SMALL, faults, keys, shop, small

# -- texts ------------------------------------------------------------------------------------------------

CHINESE = small(
    """
    name: 双十一，户外服装
    queues: {售前: {volume: {contacts: 900}}}
    groups: {主力: {serves: 售前, people: 8}}
    """
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_file_may_be_written_by_any_chinese_editor(tmp_path: Path, encoding: str, newline: str) -> None:
    file = tmp_path / "shop.yaml"
    file.write_bytes(CHINESE.replace("\n", newline).encode(encoding))
    scenario = load.load(file)
    assert scenario.name == "双十一，户外服装"
    assert scenario.groups["主力"].serves[0].queue == "售前"
    assert scenario == load.loads(CHINESE)


def test_the_byte_order_mark_moves_no_column(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("rset: 11h\n" + SMALL, encoding="utf-8-sig")
    assert [fault.place for fault in faults(lambda: load.load(file))] == [Place(str(file), 1, 1)]


def test_a_stream_and_standard_input_are_read_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load.load(io.StringIO(SMALL)) == load.loads(SMALL)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(CHINESE.encode("gb18030"))))
    assert load.load("-").name == "双十一，户外服装"


def test_a_text_is_called_what_one_likes() -> None:
    assert str(faults(lambda: load.loads("a: [", "pasted.yaml"))[0].place).startswith("pasted.yaml:1:")


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (MOST_BYTES + 1))
    neither = tmp_path / "neither.yaml"
    neither.write_bytes(b"name: \xff\xff\xff\n")
    locked = tmp_path / "locked.yaml"
    locked.touch()
    assert keys(lambda: load.load(large)) == ["file.large"]
    assert keys(lambda: load.load(neither)) == ["file.encoding"]
    assert keys(lambda: load.load("shop\0.yaml")) == ["file.unreadable"]

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert keys(lambda: load.load(locked)) == ["file.unreadable"]


def _work(code: str, *arguments: str) -> float:
    """Seconds of processor time of a fresh interpreter, the least of three."""
    command = [sys.executable, "-c", f"import sys, time\n{code}\nprint(time.process_time())", *arguments]
    return min(float(subprocess.check_output(command)) for _ in range(3))


def test_loading_is_quick(tmp_path: Path) -> None:
    """A file of 200 lines takes less than half a second, imports included; on a slow machine, less than four
    times the import of the libraries that it needs.
    """
    file = tmp_path / "long.yaml"
    lines = [
        f"  q{k}: {{volume: {{contacts: 9}}, patience: {{mean: 60s}}, chat: {{rounds: 3}}}}"
        for k in range(190)
    ]
    names = ", ".join(f"q{k}" for k in range(190))
    over = "queues:\n" + "\n".join(lines) + f"\ngroups: {{team: {{serves: [{names}], people: 8}}}}\n"
    file.write_text(small(over))
    libraries = _work("import numpy, pydantic, ruamel.yaml; pydantic.BaseModel")
    taken = _work("from cssim.scenario.load import load; load(sys.argv[1])", str(file))
    assert taken < max(0.5, 4 * libraries)


# -- what YAML may do -------------------------------------------------------------------------------------


def test_words_mean_what_a_planner_means() -> None:
    scenario = shop(
        """
        name: 618
        queues: {618: {volume: {contacts: 900}}, "007": {volume: {contacts: 1}}, on: {volume: {contacts: 1}}}
        groups: {team: {serves: [618, 007, on], people: 8}}
        shifts: {day: {start: 8:00, end: 20:00, dates: [9-16, 2026-09-16]}}
        """
    )
    assert scenario.name == "618"
    assert list(scenario.queues) == ["618", "007", "on"]
    assert [serve.queue for serve in scenario.groups["team"].serves] == ["618", "007", "on"]
    assert scenario.shifts["day"].start.values == (28800.0,)
    assert scenario.shifts["day"].dates == ("09-16", "2026-09-16")


def test_anchors_aliases_and_merges_are_written_out() -> None:
    scenario = shop(
        """
        queues:
          a: {volume: {contacts: 1}, patience: &slow {mean: 5min, lingers: 50%}}
          b: {volume: {contacts: 1}, patience: *slow}
          c: {volume: {contacts: 1}, patience: {<<: *slow, lingers: 20%}}
        groups: {team: {serves: [a, b, c], people: 8}}
        """
    )
    a, b, c = (queue.patience for queue in scenario.queues.values())
    assert a == b
    assert (c.mean, c.lingers) == (300, 0.2)


def test_a_fault_behind_an_alias_is_told_once_where_it_stands() -> None:
    text = small(
        """
        queues:
          a: {volume: {contacts: 1}, patience: &slow {mean: 5, cv: 1}}
          b: {volume: {contacts: 1}, patience: *slow}
        groups: {team: {serves: [a, b], people: 8}}
        """
    )
    (fault,) = faults(lambda: load.loads(text))
    assert (fault.key, fault.path) == ("duration.unit", "queues.a.patience.mean")


def test_an_empty_value_means_the_default() -> None:
    scenario = shop("rest:\nforecast: ~\nlimits: {seats: , min_on_duty: }\nname: \n")
    assert scenario == shop()


# -- extends ----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the small scenario in a folder of its own."""
    (tmp_path / "bases").mkdir()
    (tmp_path / "bases" / "small.yaml").write_text(SMALL + "rest: 9h\nlimits: {seats: 7, min_on_duty: 1}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_extends_another_key_by_key(folder: Path) -> None:
    (folder / "middle.yaml").write_text("extends: bases/small.yaml\nqueues: {pre_sales: {sale_value: 9}}\n")
    (folder / "bases" / "top.yaml").write_text(
        "extends: ../middle.yaml\nqueues: {pre_sales: {volume: {contacts: 5}}}\nrest: ~\nlimits: {seats: ~}\n"
    )
    found = load.read("bases/top.yaml")
    queue = found.scenario.queues["pre_sales"]
    assert queue.sale_value == 9
    assert queue.volume is not None
    assert queue.volume.contacts == 5
    assert found.scenario.rest == 11 * 3600, "an empty value takes the key out, so that the default applies"
    assert found.scenario.limits.seats is None
    assert found.scenario.limits.min_on_duty == 1
    assert list(found.files) == [
        "bases/top.yaml",
        str(Path("bases/../middle.yaml")),
        str(Path("bases/../bases/small.yaml")),
    ]


def test_lists_and_single_values_are_replaced(folder: Path) -> None:
    (folder / "top.yaml").write_text(
        "extends: bases/small.yaml\n"
        "groups: {team: {serves: [pre_sales], shifts: [day]}}\n"
        "targets: [{preset: pdd_5min}]\n"
    )
    scenario = load.load("top.yaml")
    assert scenario.groups["team"].people == 8
    assert [target.preset for target in scenario.targets] == ["pdd_5min"]


def test_a_group_can_be_taken_out(folder: Path) -> None:
    (folder / "two.yaml").write_text(
        "extends: bases/small.yaml\ngroups: {more: {serves: pre_sales, people: 2}}\n"
    )
    (folder / "one.yaml").write_text("extends: two.yaml\ngroups: {team: ~}\n")
    assert list(load.load("one.yaml").groups) == ["more"]


def test_faults_name_the_file_that_they_stand_in(folder: Path) -> None:
    (folder / "top.yaml").write_text("extends: bases/small.yaml\nrest: 9\n")
    (folder / "bases" / "small.yaml").write_text(SMALL + "limits: {seats: many}\n")
    places = [str(fault.place) for fault in faults(lambda: load.load("top.yaml"))]
    assert places == ["top.yaml:2:7", f"{Path('bases/small.yaml')}:6:17"]


def test_a_circle_of_files_is_a_fault(folder: Path) -> None:
    (folder / "a.yaml").write_text("extends: bases/b.yaml\n")
    (folder / "bases" / "b.yaml").write_text("extends: ../a.yaml\n")
    (fault,) = faults(lambda: load.load("a.yaml"))
    assert fault.key == "extends.circle"
    assert str(fault.place) == f"{Path('bases/b.yaml')}:1:10"


# -- tables -----------------------------------------------------------------------------------------------


def test_counts_are_read_beside_the_file_that_names_them_and_written_into_it(folder: Path) -> None:
    table = folder / "bases" / "counts.csv"
    table.write_bytes(
        "\ufeff开始;结束;接待量\r\n"
        "2026/9/16 8:00;2026/9/16 9:00;30\r\n\r\n"
        "2026/9/16 9:00;2026-09-16 10:30;45.5\r\n".encode()
    )
    (folder / "bases" / "small.yaml").write_text(
        small("queues: {pre_sales: {volume: {counts: counts.csv}}}\n")
    )
    found = load.read("bases/small.yaml")
    volume = found.scenario.queues["pre_sales"].volume
    assert volume is not None
    assert volume.counts is not None
    assert [(row.end, row.contacts) for row in volume.counts] == [
        (datetime(2026, 9, 16, 9), 30),
        (datetime(2026, 9, 16, 10, 30), 45.5),
    ]
    name = str(Path("bases/counts.csv"))
    assert found.files[name] == hashlib.sha256(table.read_bytes()).hexdigest()
    table.unlink()
    assert load.loads(load.dump(found.scenario)) == found.scenario, "a resolved scenario stands alone"


def test_counts_without_an_end_last_as_long_as_most_do_but_not_into_the_next(folder: Path) -> None:
    (folder / "c.csv").write_text(
        "from,contacts\n"
        "2026-09-16 08:00,1\n2026-09-16 08:30,2\n2026-09-16 09:00,3\n2026-09-16 09:10,4\n"
        "2026-09-16 14:00,5\n"
    )
    scenario = shop("queues: {pre_sales: {volume: {counts: c.csv}}}\n")
    volume = scenario.queues["pre_sales"].volume
    assert volume is not None
    ends = [f"{row.end:%H:%M}" for row in volume.counts or ()]
    assert ends == ["08:30", "09:00", "09:10", "09:40", "14:30"]


def test_a_profile_may_be_a_table(folder: Path) -> None:
    (folder / "day.CSV").write_text('"time","weight","why"\n"08:00",1,"opening, quiet"\n12:00,2.5,\n')
    bare = shop("queues: {pre_sales: {volume: {contacts: 9}, profile: day.CSV}}\n")
    shaped = shop("queues: {pre_sales: {volume: {contacts: 9}, profile: {shape: day.CSV}}}\n")
    assert bare.queues["pre_sales"].profile.points == ((28800, 1), (43200, 2.5))
    assert shaped == bare


def test_a_roster_is_read_for_a_scenario(folder: Path) -> None:
    (folder / "last.csv").write_text(
        "组,日期,班次,人数,备注\nteam,9-16,day,5,\nteam,2026-09-16,day,1,新人\n", encoding="gb18030"
    )
    rows = load.read_roster("last.csv", shop())
    assert [(row.group, row.date, row.shift, row.count) for row in rows] == [
        ("team", "09-16", "day", 5),
        ("team", "2026-09-16", "day", 1),
    ]
    assert shop("roster: last.csv\n").roster == rows


def test_every_fault_of_a_roster_is_told_with_its_place(folder: Path) -> None:
    (folder / "last.csv").write_text(
        "group,date,shift,count\ntaem,09-16,day,5\nteam,09-31,day,few\nteam,09-16,,2\n"
    )
    found = [(str(fault.place), fault.key) for fault in faults(lambda: load.read_roster("last.csv", shop()))]
    assert found == [
        ("last.csv:2:1", "groups.unknown.near"),
        ("last.csv:3:6", "date.not"),
        ("last.csv:3:16", "number.not"),
        ("last.csv:4:1", "field.missing"),
    ]
    (folder / "last.csv").write_text("group,date,shift,count\nteam,09-17,day,5\n")
    assert keys(lambda: load.read_roster("last.csv", shop())) == ["date.outside"]
    assert keys(lambda: load.read_roster("nothing.csv", shop())) == ["file.missing"]


def test_a_cell_in_quotes_may_go_over_several_lines_and_places_stay_right(folder: Path) -> None:
    (folder / "last.csv").write_text(
        'group,date,shift,count,note\nteam,09-16,day,5,"sick\nleave"\n\nteam,09-16,day,few,"3"" tall"\n'
    )
    found = [(str(fault.place), fault.key) for fault in faults(lambda: load.read_roster("last.csv", shop()))]
    assert found == [("last.csv:5:16", "number.not")]


def test_a_quote_that_is_never_closed_takes_no_other_line(folder: Path) -> None:
    (folder / "last.csv").write_text('group,date,shift,count,note\nteam,09-16,day,5,"x\nteam,09-16,day,2,\n')
    assert [row.count for row in load.read_roster("last.csv", shop())] == [5, 2]


def test_a_name_in_a_roster_keeps_its_blanks_where_it_has_some(folder: Path) -> None:
    odd = load.from_resolved(json.loads(json.dumps(load.resolved(shop())).replace('"team"', '" team "')))
    (folder / "last.csv").write_text("group,date,shift,count\n team ,09-16, day ,5\n")
    assert [(row.group, row.shift) for row in load.read_roster("last.csv", odd)] == [(" team ", "day")]


# -- copies -----------------------------------------------------------------------------------------------


def test_a_copy_has_one_value_changed() -> None:
    before = shop("queues: {pre_sales: {volume: {contacts: 900}, bot: {resolves: 45%}}}\n")
    digest = load.digest(before)
    after = before.replace("queues.pre_sales.bot.resolves", 0.6)
    assert after.queues["pre_sales"].bot is not None
    assert after.queues["pre_sales"].bot.resolves == 0.6
    assert after.replace("queues.pre_sales.bot.resolves", "45%") == before
    assert load.digest(before) == digest != load.digest(after)


def test_a_copy_may_have_what_was_not_there() -> None:
    after = shop().replace("queues.pre_sales.bot.resolves", "30%")
    assert after == shop("queues: {pre_sales: {volume: {contacts: 900}, bot: {resolves: 30%}}}\n")
    assert shop().replace("targets.0.at_least", "70%").targets[0].at_least == 0.7
    assert shop().replace("horizon.to", datetime(2026, 9, 16, 18)).horizon.seconds == 36000


def test_names_with_dots_are_found() -> None:
    scenario = shop("groups: {a.b: {serves: pre_sales, people: 8}, a: {serves: pre_sales, people: 1}}\n")
    assert load.replace(scenario, "groups.a.b.people", 3).groups["a.b"].people == 3
    assert load.replace(scenario, "groups.a.people", 3).groups["a"].people == 3


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("queues.presales.bot", None, "path.unknown.near"),
        ("queues.pre_sales.colour", 1, "path.unknown"),
        ("targets.1.at_least", "70%", "path.unknown"),
        ("rest.length", "9h", "path.unknown"),
        ("targets.0.preset", "pdd_5min", "path.preset"),
        ("queues.pre_sales.bot.resolvse", "30%", "field.unknown.near"),
        ("queues.pre_sales.patience.mean", "-30s", "duration.negative"),
        ("horizon.to", "2026-09-15 08:00", "horizon.order"),
        ("groups.team.serves", "nothing", "queues.unknown"),
    ],
)
def test_a_copy_is_checked_as_a_file_is(path: str, value: object, key: str) -> None:
    (fault,) = faults(lambda: shop().replace(path, value))
    assert fault.key == key
    assert fault.path
    assert fault.text("zh")


def test_a_path_with_a_hole_is_quoted_from_there() -> None:
    (fault,) = faults(lambda: shop().replace("queues..bot", None))
    assert fault.values["given"] == ".bot"


def test_the_order_of_queues_and_groups_is_part_of_the_digest() -> None:
    team = "groups: {team: {serves: [a, b], people: 8}}\n"
    two = "queues: {a: {volume: {contacts: 1}}, b: {volume: {contacts: 1}}}\n" + team
    other = "queues: {b: {volume: {contacts: 1}}, a: {volume: {contacts: 1}}}\n" + team
    assert load.digest(shop(two)) == load.digest(shop("# a comment\n" + two))
    assert load.digest(shop(two)) != load.digest(shop(other))


def test_a_dump_is_for_people() -> None:
    text = load.dump(shop("name: 小店\nqueues: {pre_sales: {volume: {rate: 200/h}, patience: 90s}}\n"))
    assert text.startswith(
        "name: 小店\nhorizon: {from: 2026-09-16 08:00, to: 2026-09-16 20:00, timezone: Asia"
    )
    assert (
        "\n    patience: {mean: 1min30s, cv: 0, dist: constant, lingers: 0%, zero: 0%, later: null, " in text
    )
    assert "rate: 200/h" in text
    assert not any(line.endswith(" ") for line in text.split("\n"))
