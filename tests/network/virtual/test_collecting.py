"""The collector's threshold belongs to the process: raised for those that play worlds, never lowered."""

import gc

import pytest

from network.virtual import collect_seldom
from network.virtual.collecting import ALIVE_MORE


@pytest.mark.parametrize(("before", "after"), [(700, ALIVE_MORE), (ALIVE_MORE + 1, ALIVE_MORE + 1), (0, 0)])
def test_a_higher_threshold_and_a_collector_that_is_off_stay(before, after):
    kept = gc.get_threshold()
    try:
        gc.set_threshold(before, 7, 9)
        collect_seldom()
        assert gc.get_threshold() == (after, 7, 9)
    finally:
        gc.set_threshold(*kept)
