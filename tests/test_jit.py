"""What is compiled is kept where that is possible, and the user is told where it is not, or takes long."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numba
import pytest

from cssim.demand.contacts import NOBODY, Trigger
from cssim.engine.log import Outcome
from cssim.errors import InputError
from cssim.experiment import engines
from cssim.experiment.engines import get_ready
from cssim.jit import Loop
from cssim.scenario.clock import GRID
from cssim.scenario.units import DAY


def one() -> int:
    return 1


def test_a_loop_is_compiled_all_the_same_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = numba.njit

    def nowhere(*args: Any, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("no locator available")
        return njit(*args, **options)

    monkeypatch.setattr(numba, "njit", nowhere)
    loop = Loop(one)
    assert loop() == 1
    assert not loop.is_kept


def test_a_full_disk_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, tries = Loop(one), []

    def full() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no space left on device")
        return 1

    monkeypatch.setattr(loop, "compiled", full)
    assert loop() == 1
    assert not loop.is_kept


LOOP = """
from cssim.jit import Loop

def one() -> int:
    return 1

loop = Loop(one)
assert loop() == 1
"""


@pytest.mark.parametrize("left", [0, 5, 300])
@pytest.mark.parametrize("kind", ["nbi", "nbc"])
def test_what_was_kept_and_is_damaged_is_compiled_anew(tmp_path: Path, kind: str, left: int) -> None:
    (tmp_path / "loop.py").write_text(LOOP)
    command = [sys.executable, str(tmp_path / "loop.py")]
    where = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    subprocess.run(command, env=where, check=True)
    (file,) = (tmp_path / "cache").rglob(f"*.{kind}")
    whole = file.read_bytes()
    file.write_bytes(whole[:left])
    subprocess.run(command, env=where, check=True)
    (file,) = (tmp_path / "cache").rglob(f"*.{kind}")
    assert len(file.read_bytes()) == len(whole)


def test_what_comes_from_disk_is_not_taken_for_compiled(tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text(
        LOOP.replace("Loop", "kept") + "from cssim.jit import compiles\nprint(compiles())"
    )
    command = [sys.executable, str(tmp_path / "loop.py")]
    where = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    found = [subprocess.run(command, env=where, check=True, capture_output=True, text=True) for _ in range(2)]
    assert [one.stdout.strip() for one in found] == ["True", "False"]


def test_a_fault_inside_a_loop_is_not_taken_for_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(one)
    with pytest.raises(TypeError):
        loop(1)


def test_getting_ready_compiles_every_loop_once() -> None:
    """So that none is compiled in mid-run, unannounced; in a process of its own, where nothing else ran."""
    code = (
        "from cssim.experiment.engines import get_ready; get_ready()\n"
        "from cssim.jit import LOOPS\n"
        "print({loop.function.__name__: len(loop.compiled.signatures) for loop in LOOPS})"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loops = ast.literal_eval(found.stdout)
    assert {"play", "count", "beginnings"} <= set(loops)
    assert set(loops.values()) == {1}


def test_numbers_that_loops_take_from_other_files_never_change() -> None:
    """A loop that is kept knows of a change in its own file alone."""
    assert (GRID, DAY, NOBODY) == (2**20, 86400, -1)
    assert [trigger.value for trigger in (Trigger.NONE, Trigger.RESOLVED, Trigger.ABANDONED)] == [-1, 0, 1]
    assert [outcome.name for outcome in sorted(Outcome)] == [
        "NEVER",
        "SERVED",
        "DEFLECTED",
        "ABANDONED",
        "LINGERED",
        "BROKEN_OFF",
        "UNFINISHED",
    ]


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is not ready yet."""
    monkeypatch.setattr(engines, "_tried_out", set())


def told(engine: str = "fast") -> list[str]:
    words: list[str] = []
    get_ready(engine, words.append)
    return words


def test_the_user_is_told_of_compiling_once_and_only_where_it_takes_long(
    anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "SOON", 0.0)
    monkeypatch.setattr(engines, "compiles", lambda: True)
    monkeypatch.setattr(engines, "_play_the_smallest", lambda run: time.sleep(0.3))
    assert len(told()) == 1
    assert told() == []
    monkeypatch.setattr(engines, "SOON", 60.0)
    assert told("reference") == []


def test_nothing_is_told_of_an_engine_that_is_only_slow_to_come_from_disk(
    anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "SOON", 0.0)
    monkeypatch.setattr(engines, "compiles", lambda: False)
    monkeypatch.setattr(engines, "_play_the_smallest", lambda run: time.sleep(0.3))
    assert told() == []


def test_the_user_is_told_where_what_was_compiled_cannot_be_kept(
    anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "SOON", 0.0)
    monkeypatch.setattr(engines, "compiles", lambda: True)
    monkeypatch.setattr(engines, "keeps", lambda: False)
    monkeypatch.setattr(engines, "_play_the_smallest", lambda run: time.sleep(0.3))
    assert "NUMBA_CACHE_DIR" in told()[1]


def test_a_fault_of_the_engine_is_not_swallowed(anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(run: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(engines, "_play_the_smallest", broken)
    with pytest.raises(ZeroDivisionError):
        told()


def test_there_is_no_such_engine() -> None:
    with pytest.raises(InputError, match="abacus"):
        told("abacus")
