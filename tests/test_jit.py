"""What is compiled is kept where that is possible, and the user is told where it is not, or takes long."""

from __future__ import annotations

import time
from typing import Any

import numba
import pytest

from cssim import jit
from cssim.errors import InputError
from cssim.experiment import engines
from cssim.experiment.engines import get_ready


def one() -> int:
    return 1


def test_a_loop_is_compiled_all_the_same_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = numba.njit

    def nowhere(*args: Any, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("no locator available")
        return njit(*args, **options)

    monkeypatch.setattr(jit, "_not_kept", [])
    assert jit.keeps()
    monkeypatch.setattr(numba, "njit", nowhere)
    assert jit.kept(one)() == 1
    assert not jit.keeps()


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
    monkeypatch.setattr(engines, "_play_the_smallest", lambda run: time.sleep(0.3))
    assert len(told()) == 1
    assert told() == []
    monkeypatch.setattr(engines, "SOON", 60.0)
    assert told("reference") == []


def test_the_user_is_told_where_what_was_compiled_cannot_be_kept(
    anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "SOON", 0.0)
    monkeypatch.setattr(engines, "keeps", lambda: False)
    monkeypatch.setattr(engines, "_play_the_smallest", lambda run: time.sleep(0.3))
    assert "NUMBA_CACHE_DIR" in told()[1]


def test_a_full_disk_does_not_end_the_run(anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def full(run: Any) -> None:
        tries.append(run)
        if len(tries) == 1:
            raise OSError("no space left on device")

    monkeypatch.setattr(engines, "_play_the_smallest", full)
    assert told() == []
    assert len(tries) == 2


def test_a_fault_of_the_engine_is_not_swallowed(anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(run: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(engines, "_play_the_smallest", broken)
    with pytest.raises(ZeroDivisionError):
        told()


def test_there_is_no_such_engine() -> None:
    with pytest.raises(InputError, match="abacus"):
        told("abacus")
