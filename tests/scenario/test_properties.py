"""What holds for every scenario, every number and every mistake."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cssim.errors import InputError, Wrong
from cssim.scenario import load
from cssim.scenario.untold import untold
from tests.scenario.broken_files import FOLDER
from tests.strategies import scenarios

