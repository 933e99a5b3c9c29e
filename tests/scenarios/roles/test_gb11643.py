"""Identity numbers: our own check beside a well-kept library's, and a second computation of the check character."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from id_validator import validator

from node.contracts.contributions import FLAWS
from scenarios.roles.gb11643 import check_character, flaw_in

TODAY = dt.date(2024, 10, 9)
REGIONS = ("330203", "110105", "310101", "440301", "510104")
dates = st.dates(dt.date(1930, 1, 1), TODAY).map(lambda day: day.strftime("%Y%m%d"))
heads = st.tuples(st.sampled_from(REGIONS), dates, st.integers(0, 999).map("{:03d}".format)).map("".join)


def remainder(identity):
    """ISO 7064's recursion over all eighteen characters: 1 for a number that is right."""
    product = 0
    for character in identity:
        product = (product + (10 if character == "X" else int(character))) * 2
    return product // 2 % 11


@given(heads)
def test_the_check_character_makes_the_number_congruent_to_one(head):
    assert remainder(head + check_character(head)) == 1


@settings(max_examples=20, deadline=None)  # the library reads its whole list for each number
@given(heads, st.sampled_from("0123456789X"))
def test_a_number_passes_if_and_only_if_the_library_says_so(head, last):
    assert (flaw_in(head + last, TODAY) == "") == validator.is_valid(head + last)


@given(heads, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(head, place, by):
    wrong = head[:place] + str((int(head[place]) + by) % 10) + head[place + 1 :]
    assert flaw_in(wrong + check_character(head), TODAY)


@given(st.text(max_size=24))
def test_whatever_is_typed_has_a_flaw_that_can_be_told_or_none(text):
    flaw = flaw_in(text, TODAY)
    assert flaw in FLAWS
    assert not validator.is_valid(text) or text[-1:] == "x"


@pytest.mark.parametrize(
    ("identity", "flaw"),
    [
        ("11010519491231002X", ""),  # the standard's own example
        ("11010519491231002x", "letter-case"),
        ("110105194912310021", "check-character"),
        ("11010519490230002X", "birth-date"),
        ("110105202410100021", "birth-date"),  # tomorrow
        ("99999919491231002" + check_character("99999919491231002"), "region"),
        ("11010519491231002", "form"),
        ("1101051949123100２X", "form"),
        ("11010519491231002X\n", "form"),
        ("", "form"),
    ],
)
def test_each_flaw_has_its_name(identity, flaw):
    assert flaw_in(identity, TODAY) == flaw


def test_a_lower_case_letter_is_refused_with_the_sources_reason():
    assert FLAWS[flaw_in("11010519491231002x", TODAY)] == "the last letter of the ID card should be capitalized"
