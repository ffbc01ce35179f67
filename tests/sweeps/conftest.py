"""What tests of sweeps share."""

from __future__ import annotations

import pytest

from cssim.roster import search


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches leave the bound as it is at first: nine tenths of their time on a shop as small as these."""
    monkeypatch.setattr(search, "ROUNDS", 0)
