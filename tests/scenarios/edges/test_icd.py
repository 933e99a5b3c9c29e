"""The code map at the hospital's edge: there and back, what it lacks, and a network's own table over it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.edges.icd import (
    all_codes,
    coverage,
    is_icd9,
    look_up,
    map_digest,
    transcode,
    transcode_back,
)


def test_a_code_that_the_map_knows_to_be_nothing_has_no_map():
    assert transcode("E850.0") is None, "the mappings write NoDx"
    assert look_up("E850.0", {}) == (None, "none")


@pytest.mark.parametrize(
    ("icd9", "local", "found"),
    [
        ("611.0", {}, ("N61", "map")),
        ("070.3", {}, (None, "none")),
        ("070.3", {"070.3": "B19.10"}, ("B19.10", "local")),
        ("0703", {"070.3": "B19.10"}, ("B19.10", "local")),
        ("611.0", {"611.0": "N61.0"}, ("N61.0", "local")),
    ],
)
def test_the_network_s_own_table_comes_first(icd9, local, found):
    assert look_up(icd9, local) == found


def test_the_round_trip_over_the_whole_map_is_counted():
    whole = coverage(all_codes(), {})
    assert whole.codes == whole.mapped + whole.local + len(whole.unmapped) == 14_567
    assert (whole.mapped, len(whole.unmapped), whole.returned) == (14_142, 425, 9_380)
    assert whole.unmapped_ppm == 425 * 10**6 // 14_567
    assert all(transcode(code) is None for code in whole.unmapped)


@given(st.lists(st.sampled_from(["611.0", "070.3", "070.30", "E850.0", "V10.0"]), max_size=20))
def test_every_code_is_counted_once_whatever_becomes_of_it(codes):
    found = coverage(codes, {"070.3": "B19.10"})
    assert found.codes == len(codes) == found.mapped + found.local + len(found.unmapped)
    assert found.local == codes.count("070.3")
    assert 0 <= found.returned <= found.mapped + found.local
    assert 0 <= found.unmapped_ppm <= 10**6


def test_a_version_s_digest_fixes_its_table_and_not_how_it_is_written():
    assert map_digest({}) != map_digest({"070.3": "B19.10"}) != map_digest({"070.3": "B19.11"})
    assert map_digest({"070.3": "B19.10", "611.0": "N61"}) == map_digest({"6110": "N61", "0703": "B19.10"})


def test_back_from_icd_10():
    assert transcode_back("B18.1") == "07032"
    assert transcode_back("R40.2130") is None


@pytest.mark.parametrize(
    ("text", "form"), [("611.0", True), ("V10", True), ("E8500", True), ("N61", False), ("", False)]
)
def test_the_form_of_a_code(text, form):
    assert is_icd9(text) is form
