"""Starting up is a feature: the command line and the package bring nothing heavy before it is needed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest

import cssim

HEAVY = ("numpy", "scipy", "pydantic", "simpy", "rich", "ruamel.yaml", "multiprocessing", "matplotlib")

SLOW = ("numba", "simpy", "scipy.stats", "pandas", "matplotlib")

NAMES = [
    "CssimError",
    "InputError",
    "RosterResult",
    "Scenario",
    "SimulationResult",
    "__version__",
    "bot_worth",
    "dump",
    "erlang",
    "frontier",
    "load",
    "loads",
    "optimise",
    "plot",
    "simulate",
    "sweep",
    "tornado",
]


def seconds(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def test_the_public_names_are_these() -> None:
    assert dir(cssim) == NAMES
    assert sorted(cssim.__all__) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(cssim, name) is not None


def test_there_are_no_other_names() -> None:
    with pytest.raises(AttributeError, match="optimize"):
        cssim.optimize  # noqa: B018


@pytest.mark.parametrize("module", ["cssim", "cssim.cli"])
def test_importing_brings_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_help_brings_nothing_heavy() -> None:
    code = (
        "import sys\nfrom cssim.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stderr.strip() == "[]"


SHOP = Path(__file__).parents[1] / "scenarios" / "small_shop.yaml"
QUESTION = ["c", "--rate", "200/h", "--work", "3min", "--agents", "14", "--within", "20s"]


@pytest.mark.parametrize("arguments", [["check", str(SHOP)], ["erlang", *QUESTION], ["new", "--help"]])
def test_what_does_not_simulate_does_not_bring_the_compiler(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom cssim.cli import main\n"
        f"try:\n    main({arguments})\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {SLOW} if name in sys.modules], file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stderr.strip() == "[]"


@pytest.mark.parametrize(("arguments", "most"), [(["--help"], 1.3), (["erlang", *QUESTION], 2.5)])
def test_a_quick_answer_takes_little_more_than_importing_numpy(arguments: list[str], most: float) -> None:
    """Measured in turn, so that a busy machine slows both, and up to three times."""
    for _ in range(3):
        pairs = [(seconds("-m", "cssim", *arguments), seconds("-c", "import numpy")) for _ in range(7)]
        ratio = median(a for a, _ in pairs) / median(b for _, b in pairs)
        if ratio <= most:
            return
    pytest.fail(f"cssim {arguments[0]} took {ratio:.2f} times as long as importing numpy")
