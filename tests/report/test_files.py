"""Results are written whole or not at all, and never over something unasked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cssim.errors import InputError
from cssim.report import files
from cssim.scenario.tables import as_text, kept_text
from cssim.scenario.tables import roster as roster_rows
from cssim.scenario.text import text_source
from cssim.scenario.tree import plain


def listed(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_files_are_written_with_the_folders_that_they_need(tmp_path: Path) -> None:
    files.write({tmp_path / "a" / "b" / "one.json": b"1", tmp_path / "a" / "two.csv": b"2"})
    assert (tmp_path / "a" / "b" / "one.json").read_bytes() == b"1"
    assert listed(tmp_path) == sorted(
        ["a", str(Path("a/b")), str(Path("a/b/one.json")), str(Path("a/two.csv"))]
    )


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"old")
    files.write({tmp_path / "one": b"new"})
    assert (tmp_path / "one").read_bytes() == b"new"
    assert listed(tmp_path) == ["one"]


def test_a_disk_that_fills_up_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one").write_bytes(b"old")
    real = files.os.fsync

    def full(descriptor: int) -> None:
        full.calls += 1
        if full.calls == 2:
            raise OSError(28, "No space left on device")
        real(descriptor)

    full.calls = 0
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(files.WriteError, match="No space left"):
        files.write({tmp_path / "one": b"new", tmp_path / "deep" / "two": b"2"})
    assert (tmp_path / "one").read_bytes() == b"old"
    assert listed(tmp_path) == ["one"]


def test_files_already_moved_are_put_back_if_a_later_one_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"old")
    real = Path.replace

    def held_open(self: Path, target: Path) -> Path:
        if self.name.endswith(".new") and Path(target).name == "two":
            raise PermissionError(13, "open in another program")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", held_open)
    with pytest.raises(files.WriteError, match="two"):
        files.write({tmp_path / name: b"new" for name in ("one", "zero", "two")})
    assert {name: (tmp_path / name).read_bytes() for name in ("one", "two")} == {"one": b"old", "two": b"old"}
    assert listed(tmp_path) == ["one", "two"]


def test_ctrl_c_in_the_middle_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        files.write({tmp_path / "new" / "one": b"1"})
    assert listed(tmp_path) == []


@pytest.mark.parametrize("force", [False, True])
def test_what_is_there_stays_without_force(tmp_path: Path, force: bool) -> None:
    (tmp_path / "one").write_bytes(b"old")
    if force:
        files.require_free([tmp_path / "one"], force=True)
        return
    with pytest.raises(InputError, match="--force"):
        files.require_free([tmp_path / "new", tmp_path / "one"], force=False)


def test_a_folder_is_no_place_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder"):
        files.require_free([tmp_path], force=True)


def test_a_file_is_no_place_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"")
    with pytest.raises(InputError, match="one"):
        files.require_free([tmp_path / "one" / "result.json"], force=True)


def test_a_folder_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    files.require_writable(tmp_path / "here")
    files.require_writable(tmp_path / "deep" / "plan")
    assert listed(tmp_path) == ["here"]


def test_a_folder_in_which_no_file_can_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, content: bytes) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(InputError, match=r"plan.*Permission denied"):
        files.require_writable(tmp_path / "deep" / "plan")
    assert listed(tmp_path) == []


def test_a_name_that_no_disk_takes_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        files.require_free([tmp_path / ("n" * 300)], force=False)


# -- texts that look like formulas ------------------------------------------------------------------------

NAMES = (
    "=1+1",
    "+8613800000000",
    "-2",
    "@here",
    "'=1+1",
    "''@",
    "\tx",
    "<script>",
    "l’équipe",
    "فريق",
    "团队",
)


@given(st.text() | st.sampled_from(NAMES))
def test_no_text_in_a_csv_begins_like_a_formula_and_each_is_given_back(text: str) -> None:
    assert kept_text(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert as_text(kept_text(text)) == text


@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=200)
    | st.sampled_from((*NAMES, "a\nb", "a\r\nb", " a ", '"\n"', "\u3000"))
)
def test_a_roster_of_odd_names_reads_back(name: str) -> None:
    row = {"group": name, "date": "2026-03-02", "shift": name, "start": "08:00", "end": "10:00"}
    content = files.roster_csv([{**row, "count": 2, "cost": 1.0}]).decode("utf-8-sig")
    table = roster_rows(text_source(content, "roster.csv"), {name})
    assert plain(table.rows) == [{**row, "count": 2}]
    assert not table.faults
