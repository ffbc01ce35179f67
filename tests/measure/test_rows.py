"""Names of columns: each its own, so that none overwrites another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cssim.measure.rows import unique

NAMES = st.lists(st.sampled_from(["a", "b", "a (2)", "a (3)", "a (2) (3)"]) | st.text(max_size=3), max_size=8)


@given(NAMES)
def test_no_two_names_are_the_same_and_the_first_of_each_stands(names: list[str]) -> None:
    found = unique(names)
    assert len(set(found)) == len(names)
    assert all(new == old or new.startswith(f"{old} (") for new, old in zip(found, names, strict=True))
    if len(set(names)) == len(names):
        assert found == names


def test_a_name_that_is_taken_gets_its_number() -> None:
    assert unique(["a", "a"]) == ["a", "a (2)"]
    assert unique(["a", "a", "a (2)"]) == ["a", "a (2)", "a (2) (3)"]
    assert unique(["a", "a (3)", "a"]) == ["a", "a (3)", "a (3) (3)"]
