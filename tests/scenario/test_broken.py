"""Broken files: one clear message for each fault, with its place, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cssim.errors import Fault, InputError
from cssim.messages.en import WORDS
from cssim.scenario.load import read
from tests.scenario.broken_files import BROKEN, FOLDER


def told(fault: Fault, file: str) -> str:
    """A fault as the table has it."""
    if fault.place is None:
        return fault.key
    where = f"{fault.place.line}:{fault.place.column}"
    name = Path(fault.place.file).as_posix()
    return f"{where} {fault.key}" if name == file else f"{name}:{where} {fault.key}"


@pytest.mark.parametrize("file", BROKEN)
def test_a_broken_file_is_told_what_is_wrong_and_where(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(InputError) as error:
        read(file)
    assert tuple(told(fault, file) for fault in error.value.faults) == BROKEN[file]
    for lang in ("en", "zh"):
        lines = error.value.text(lang).split("\n")
        assert len(lines) == len(BROKEN[file])
        for line, fault in zip(lines, error.value.faults, strict=True):
            assert line.startswith(str(fault.place or ""))


def test_the_file_that_they_extend_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    assert read("good.yaml").warnings == ()


def test_every_broken_file_is_in_the_table() -> None:
    beside = {"good.yaml"}
    assert {path.name for path in FOLDER.glob("*.yaml")} - beside <= set(BROKEN)


def test_every_message_about_what_is_written_is_seen_at_work() -> None:
    kinds = {
        *("field", "choice", "mapping", "list", "text", "yes_no", "number", "whole", "duration", "clock"),
        *("share", "rate", "date", "moment", "range", "forecast", "spread", "volume", "profile", "rounds"),
        *("shift", "horizon", "sale", "counts", "queues", "groups", "shifts", "follow_ups", "limits"),
        *("yaml", "csv", "extends"),
    }
    seen = {entry.split(" ")[-1] for entries in BROKEN.values() for entry in entries}
    assert {key for key in WORDS if key.split(".")[0] in kinds} <= seen
