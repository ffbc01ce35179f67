"""What holds for every scenario and for every mistake in one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cssim.errors import Fault, InputError
from cssim.scenario import load
from cssim.scenario.checks import warnings
from cssim.scenario.untold import untold
from tests.scenario.broken_files import FOLDER
from tests.strategies import scenarios

GOOD = (FOLDER / "good.yaml").read_text(encoding="utf-8")
RESOLVED = load.dump(load.loads(GOOD))
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])


@settings(SLOW, max_examples=60)
@given(scenarios())
def test_what_is_written_is_read_again(mapping: dict[str, Any]) -> None:
    scenario = load.from_resolved(mapping)
    again = load.loads(load.dump(scenario))
    assert again == scenario
    assert load.dump(again) == load.dump(scenario)
    assert load.digest(again) == load.digest(scenario)
    assert load.from_resolved(load.resolved(scenario)) == scenario


@settings(SLOW, max_examples=30)
@given(scenarios())
def test_everything_said_of_a_scenario_has_words(mapping: dict[str, Any]) -> None:
    scenario = load.from_resolved(mapping)
    for said in (*warnings(scenario), *untold(scenario)):
        assert said.text("en") != said.text("zh")
    assert untold(load.loads(load.dump(scenario))) == ()


def _faults(reading: Callable[[], object]) -> tuple[Fault, ...]:
    """What is wrong, if anything; any other error than `InputError` goes on."""
    try:
        reading()
    except InputError as error:
        assert error.faults  # noqa: PT017
        return error.faults
    return ()


# -- mistakes ---------------------------------------------------------------------------------------------

PIECES = [
    *"aZ09 .:,-_{}[]#'\"&*!|>%@`~?\n\t：，％［０“\\/<=+\x00\x07\u3000\ufeff\x85\u2028",
    *(
        "\r\n",
        "null",
        "true",
        ".inf",
        ".nan",
        "1e400",
        "9" * 30,
        "0x1F",
        "<<: *a",
        "- ",
        "24:00",
        "99999h",
        "-1",
    ),
    *("pre_sales", "{}", "[]", "''", "1e-320s", "2026-02-30", "9999-12-31", "100%", "flat", "1:0:0:0"),
]


@st.composite
def mistakes(draw: st.DrawFn) -> str:
    """A valid text with a few slips: signs and lines deleted, replaced, put in, moved; words swapped."""
    text = draw(st.sampled_from([GOOD, RESOLVED]))
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["sign", "put in", "line", "double", "move", "indent", "word", "swap"]))
        at = draw(st.integers(0, max(len(text) - 1, 0)))
        lines = text.split("\n")
        line = draw(st.integers(0, len(lines) - 1))
        words = [word.span() for word in re.finditer(r"[^\s,:{}\[\]]+", text)]
        if kind == "sign":
            text = text[:at] + draw(st.sampled_from(["", *PIECES])) + text[at + 1 :]
        elif kind == "put in":
            text = text[:at] + draw(st.sampled_from(PIECES) | st.text(max_size=3)) + text[at:]
        elif kind in ("line", "double", "move", "indent"):
            taken = lines.pop(line)
            other = draw(st.integers(0, len(lines)))
            put = {"line": [], "double": [taken, taken], "move": [taken], "indent": [f" {taken}"]}[kind]
            where = other if kind == "move" else line
            text = "\n".join([*lines[:where], *put, *lines[where:]])
        elif len(words) > 1:
            a, b = sorted(draw(st.lists(st.sampled_from(words), min_size=2, max_size=2)))
            piece = text[slice(*b)] if kind == "swap" else draw(st.sampled_from(PIECES))
            text = text[: a[0]] + piece + text[a[1] :]
    return text


@settings(SLOW, max_examples=300)
@given(mistakes())
def test_a_text_with_slips_loads_or_is_told_what_is_wrong(text: str) -> None:
    for fault in _faults(lambda: load.loads(text)):
        assert fault.text("en") != fault.text("zh")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(PIECES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def _paths(value: object) -> list[tuple[Any, ...]]:
    """Every path below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, inner in items for path in [(key,), *((key, *rest) for rest in _paths(inner))]]


def _put(value: Any, path: tuple[Any, ...], put: object) -> Any:
    if not path:
        return put
    items = dict(value.items() if isinstance(value, dict) else enumerate(value))
    items[path[0]] = _put(items[path[0]], path[1:], put)
    return items if isinstance(value, dict) else list(items.values())


@settings(SLOW, max_examples=200)
@given(st.data(), VALUES)
def test_a_wrong_value_anywhere_loads_or_is_told_where_it_is(data: st.DataObject, wrong: object) -> None:
    resolved = load.resolved(load.loads(GOOD))
    path = data.draw(st.sampled_from(_paths(resolved)))
    for fault in _faults(lambda: load.from_resolved(_put(resolved, path, wrong))):
        assert fault.text("en") != fault.text("zh")
