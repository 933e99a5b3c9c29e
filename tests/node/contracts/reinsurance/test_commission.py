"""A scale slides one way, and a cedent has no part in a good year."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.commission import SlidingScale, loss_participation

SCALE = SlidingScale(points=((350_000, 400_000), (550_000, 250_000), (650_000, 200_000)))


@given(st.integers(0, 2_000_000), st.integers(0, 2_000_000))
def test_a_worse_year_never_earns_more_commission(one, other):
    low, high = sorted((one, other))
    assert SCALE.rate(low) >= SCALE.rate(high)


@pytest.mark.parametrize("points", [((1, 5), (1, 4)), ((1, 4), (2, 5)), ((2, 5), (1, 4))])
def test_a_scale_that_does_not_slide_is_our_own_mistake(points):
    with pytest.raises(ValueError, match="does not slide"):
        SlidingScale(points=points)


def test_a_cedent_has_no_part_in_a_good_year():
    assert loss_participation(1_000_000, 900_000, 250_000) == 0
