"""The notebooks run from a clean kernel, draw what they promise, and conclude what is so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from cssim.experiment.engines import get_ready
from cssim.messages import say
from tests.notebooks import NOTEBOOKS, stripped

ROOT = Path(__file__).parents[1]
NAMES = [path.stem for path in NOTEBOOKS]


@dataclass(frozen=True)
class Expected:
    """What a notebook promises.

    Attributes:
        pictures: how many, at least.
        holds: what its conclusion says, as code that fails in its kernel where it is not so.
    """

    pictures: int
    holds: str


EXPECTED = {
    "first_plan": Expected(
        4,
        """
        assert plan.status == "met"
        assert promise.estimate >= promise.at_least > without.estimate
        assert 0 < plan.gap < 0.5
        assert saved > 0 and lost > 0
        """,
    ),
    "erlang_and_chats": Expected(
        3,
        """
        assert share(simulated(by_chat), "sent") < share(simulated(by_typing), "sent") < WANTED
        assert by_chat < by_typing < needed["fewest_open"]
        assert needed["idle_first"] < needed["fewest_open"]
        assert tight < share(simulated(by_typing), "sent") and idle > 0.1
        call, rounds = in_rounds[1], in_rounds[5]
        assert abs(call.estimate - formula) < 2 * call.worst.half_width
        assert formula - rounds.estimate > 2 * rounds.worst.half_width
        """,
    ),
    "price_of_a_second": Expected(
        3,
        """
        assert kept == len(levels) == 4
        assert levels == sorted(levels) and wages == sorted(wages, reverse=True)
        assert wages[0] > 1.5 * wages[-1]
        assert lost == sorted(lost)
        assert per_second[dearest] > 10 * per_second[-1]
        assert 0 < cheapest < len(levels) - 1
        """,
    ),
    "engines_and_truth": Expected(
        2,
        """
        assert len(cases) == 13 and inside >= len(cases) - 2 and max(map(abs, off)) < 2
        assert unlike == 0 and entries > 10_000
        assert len(set(logs[0].outcome.tolist())) >= 4
        slow = engines["reference"].measured
        assert all(a.counts.tolist() == b.counts.tolist() for a, b in zip(engines["fast"].measured, slow))
        """,
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    """The engine is compiled before a kernel is asked to be quick."""
    get_ready()


def run(notebook: NotebookNode, place: Path) -> NotebookNode:
    """The notebook as a clean kernel leaves it, with this package and nothing of the user's Jupyter."""
    empty, before, after = place / "empty", place / "before.ipynb", place / "after.ipynb"
    empty.mkdir()
    nbformat.write(notebook, before)
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = {
        **os.environ,
        **{name: str(place / name.lower()) for name in own},
        "PYTHONPATH": os.pathsep.join(paths),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONUTF8": "1",
    }
    environment.pop("MPLBACKEND", None)
    command = [sys.executable, "-m", "tests.run_notebook", before, after]
    ended = subprocess.run(command, cwd=empty, env=environment, capture_output=True, encoding="utf-8")
    assert ended.returncode == 0, ended.stderr[-5000:]
    assert not list(empty.iterdir()), "it leaves nothing behind"
    return nbformat.read(after, as_version=4)


def outputs(notebook: NotebookNode) -> Iterator[NotebookNode]:
    for cell in notebook.cells:
        yield from cell.get("outputs", [])


def test_every_notebook_is_expected() -> None:
    assert set(NAMES) == set(EXPECTED)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_is_kept_without_what_a_run_left_in_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == stripped(text), "run: python -m tests.notebooks"
    nbformat.validate(nbformat.reads(text, as_version=4))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_says_first_what_it_shows_and_how_long_it_takes(path: Path) -> None:
    first, *others = nbformat.read(path, as_version=4).cells
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert "Takes about" in first.source
    assert 8 <= 1 + len(others) <= 15


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_runs_draws_and_concludes_what_is_so(path: Path, tmp_path: Path) -> None:
    notebook, expected = nbformat.read(path, as_version=4), EXPECTED[path.stem]
    last = len(notebook.cells)
    lines = [line.removeprefix(8 * " ") for line in expected.holds.splitlines()]
    notebook.cells.append(nbformat.v4.new_code_cell("\n".join(lines)))
    done = run(notebook, tmp_path)

    of_the_engine = {say("engine.compiles"), say("engine.not_kept")}
    said = [output.text.splitlines() for output in outputs(done) if output.output_type == "stream"]
    assert {line for lines in said for line in lines} <= of_the_engine
    pictures = [output for output in outputs(done) if "image/png" in output.get("data", {})]
    assert len(pictures) >= expected.pictures
    conclusion = "".join(
        output.data.get("text/markdown", "") for output in done.cells[last - 1].outputs if "data" in output
    )
    assert conclusion.startswith("**Conclusion.**")
    assert "nan" not in conclusion


def test_what_a_run_leaves_is_found_and_taken_out() -> None:
    clean = NOTEBOOKS[0].read_text(encoding="utf-8")
    notebook = json.loads(clean)
    code = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}]
    code["execution_count"] = 3
    notebook["metadata"]["language_info"]["version"] = "3.11.7"
    run_and_saved = json.dumps(notebook)
    assert run_and_saved != clean
    assert stripped(run_and_saved) == clean
