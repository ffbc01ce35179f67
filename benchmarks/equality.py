"""Both engines on thousands of generated floors: the same log, float for float, and what the floors showed.

    python -m benchmarks.equality                    5,000 floors, ten minutes
    python -m benchmarks.equality --examples 20000

Every run generates other floors. One on which the engines differ is made as small as it can be and shown;
it belongs into tests/engine/test_equality.py.
"""

from __future__ import annotations

import argparse
from collections import Counter

from hypothesis import HealthCheck, given, settings

from tests.engine.generate import Case, behaviours, cases
from tests.engine.test_equality import assert_equal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--examples", type=int, default=5000)
    examples = parser.parse_args().examples
    seen: Counter[str] = Counter()
    every = list(HealthCheck)

    @settings(max_examples=examples, database=None, deadline=None, suppress_health_check=every)
    @given(cases())
    def compare(case: Case) -> None:
        seen["floors"] += 1
        seen.update(behaviours(assert_equal(case)))

    compare()
    print("\n".join(f"{n:7,d}  {name}" for name, n in seen.most_common()))


if __name__ == "__main__":
    main()
