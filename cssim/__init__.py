"""Plan the people who answer an online shop's chats: a scenario in, the cheapest roster with its proof out.

    shop = cssim.load("scenarios/small_shop.yaml")
    plan = cssim.optimise(shop)
    day = cssim.simulate(shop, plan.roster)

Importing cssim is cheap; each name brings its room with it on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cssim.errors import CssimError, InputError
    from cssim.experiment.simulation import SimulationResult, simulate
    from cssim.queueing import erlang
    from cssim.report import plot
    from cssim.roster.result import RosterResult
    from cssim.roster.search import optimise
    from cssim.scenario.load import dump, load, loads
    from cssim.scenario.schema import Scenario
    from cssim.sweeps.bot import bot_worth
    from cssim.sweeps.frontier import frontier
    from cssim.sweeps.sweep import sweep
    from cssim.sweeps.tornado import tornado

__version__ = "0.1.0"

_ROOMS = ("erlang", "plot")
"""Names that are modules."""

_HOMES = {
    "CssimError": "cssim.errors",
    "InputError": "cssim.errors",
    "RosterResult": "cssim.roster.result",
    "Scenario": "cssim.scenario.schema",
    "SimulationResult": "cssim.experiment.simulation",
    "bot_worth": "cssim.sweeps.bot",
    "dump": "cssim.scenario.load",
    "erlang": "cssim.queueing.erlang",
    "frontier": "cssim.sweeps.frontier",
    "load": "cssim.scenario.load",
    "loads": "cssim.scenario.load",
    "optimise": "cssim.roster.search",
    "plot": "cssim.report.plot",
    "simulate": "cssim.experiment.simulation",
    "sweep": "cssim.sweeps.sweep",
    "tornado": "cssim.sweeps.tornado",
}

__all__ = [
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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cssim' has no attribute {name!r}")
    home = import_module(_HOMES[name])
    found = globals()[name] = home if name in _ROOMS else getattr(home, name)
    return found


def __dir__() -> list[str]:
    return list(__all__)
