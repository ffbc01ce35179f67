"""Streams are numpy's own, however they are reached."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import PCG64, Generator, SeedSequence

from cssim.demand.streams import Purpose, Streams, key_of

SEEDS = [0, 1, 2**32 - 1, 2**32, 2**70 + 3, 2**200 - 1]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("phase", "replication"), [(0, 0), (3, 2**32 + 5)])
def test_uniforms_are_those_of_the_generator(seed: int, phase: int, replication: int) -> None:
    streams = Streams(seed, phase, replication)
    for purpose in Purpose:
        for name in ("pre_sales", "pre_sales>0:order_change", "售前"):
            expected = streams.of(purpose, name).random(100)
            assert np.array_equal(streams.uniforms(purpose, name, 100), expected)


def test_beginnings_of_many_streams_are_the_uniforms_of_each() -> None:
    streams, counts = Streams(1, 2, 3), [0, 1, 30, 2]
    offsets = np.cumsum([0, *counts])
    keys = np.array([key_of(str(k)) for k in range(4)], dtype=np.uint64)
    together = np.split(streams.beginnings(Purpose.PRESENCE, keys, offsets), offsets[1:-1])
    for k, count in enumerate(counts):
        assert np.array_equal(together[k], streams.of(Purpose.PRESENCE, str(k)).random(count))


def test_a_key_of_one_word_is_read_as_numpy_reads_it() -> None:
    """One name in four billion has one."""
    keys = [0, 5, 2**32 - 1, 2**32]
    found = Streams(9, 0, 1).beginnings(Purpose.PRESENCE, np.array(keys, dtype=np.uint64), np.arange(5))
    seeds = [SeedSequence(9, spawn_key=(0, 1, int(Purpose.PRESENCE), key)) for key in keys]
    assert found.tolist() == [Generator(PCG64(seed)).random() for seed in seeds]
