"""Versions of the code map: never for the past, one after the other, and what they lack adds up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.code_maps import unmapped_ppm, version_at

SWITCHES = ((100, "one"), (200, "two"))


@pytest.mark.parametrize(("time", "version"), [(0, ""), (99, ""), (100, "one"), (199, "one"), (200, "two")])
def test_a_version_is_in_force_from_its_moment_on(time, version):
    assert version_at(SWITCHES, time) == version


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_rate_grows_with_what_is_missing_and_falls_with_what_is_not(mapped, local, unmapped):
    rate = unmapped_ppm(mapped, local, unmapped)
    assert 0 <= rate <= 10**6
    assert rate <= unmapped_ppm(mapped, local, unmapped + 1)
    assert rate >= unmapped_ppm(mapped + 1, local, unmapped)
    assert (rate == 10**6) == (unmapped > 0 and mapped == local == 0)


def test_of_nothing_nothing_is_missing():
    assert unmapped_ppm(0, 0, 0) == 0
