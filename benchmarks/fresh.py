"""What only a fresh process can show: how long a start takes, and how much memory a long run.

python -m benchmarks.fresh memory 1000     peak resident bytes after so many replications
python -m benchmarks.fresh start           prepares the engine
python -m benchmarks.fresh first           simulates a first day, with all that has to be compiled
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module


def memory(replications: int) -> int | None:
    """Peak resident bytes of this process after replications of 50,000 contacts, on all cores.

    Chats of three rounds. None where the system does not tell.
    """
    import cssim
    from benchmarks import classical

    scenario = classical.scenario(arrivals=50_000 / classical.DAY, agents=120, rounds=3)
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        cssim.simulate(scenario, replications=replications, seed=0, executor=executor)
    try:
        resource = import_module("resource")
    except ModuleNotFoundError:  # Windows
        return None
    peak = int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak if sys.platform == "darwin" else 1024 * peak


def start() -> None:
    """Import, and bring the engine from disk; say when that was done."""
    import cssim
    from cssim.experiment.engines import get_ready

    assert cssim.simulate is not None  # has brought its room with it
    get_ready()
    print(time.time())


def first() -> None:
    """Import, and simulate a day, with all that is compiled for it."""
    import cssim
    from benchmarks import classical

    cssim.simulate(classical.scenario(), replications=1, seed=0, workers=1)


if __name__ == "__main__":
    if sys.argv[1] == "memory":
        print(memory(int(sys.argv[2])))
    else:
        {"start": start, "first": first}[sys.argv[1]]()
