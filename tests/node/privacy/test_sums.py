"""Commitments that add up, held to whole numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.privacy import sums

amounts = st.integers(-(2**40), 2**40)
blinds = st.binary(min_size=32, max_size=32).map(lambda raw: sums.blind_from(raw.hex()))
hidden = st.tuples(amounts, blinds)


@settings(max_examples=40, deadline=None)
@given(st.lists(hidden, min_size=1, max_size=8))
def test_the_sum_of_commitments_opens_to_the_sum_and_to_nothing_else(summands):
    total = sums.NOTHING
    for amount, blind in summands:
        total = sums.plus(total, sums.hide(amount, blind))
    amount, blind = sum(a for a, _ in summands), sums.sum_of_blinds(b for _, b in summands)
    assert sums.opens(total, amount, blind)
    assert not sums.opens(total, amount + 1, blind)
    assert not sums.opens(total, -amount - 1, blind)


@settings(max_examples=20, deadline=None)
@given(hidden, hidden)
def test_what_is_added_can_be_taken_away(one, other):
    first, second = sums.hide(*one), sums.hide(*other)
    assert sums.minus(sums.plus(first, second), second) == first
    difference = sums.sum_of_blinds((one[1], sums.minus_blind(other[1])))
    assert one[1] == other[1] or sums.opens(sums.minus(first, second), one[0] - other[0], difference)


def test_equal_amounts_look_different_and_nothing_hides_nothing_plainly():
    one, other = (sums.blind_from(bytes([n] * 32).hex()) for n in (1, 2))
    assert sums.hide(5, one) != sums.hide(5, other)
    assert sums.hide(0, one) != sums.NOTHING
    assert sums.is_hidden(sums.hide(0, one))


@pytest.mark.parametrize("text", ["", "aa", "00" * 32, "ff" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "zz" * 32])
def test_what_is_no_commitment(text):
    assert not sums.is_hidden(text)


@pytest.mark.parametrize("blind", ["", "00" * 32, "zz" * 32])
def test_what_is_no_blind_opens_nothing(blind):
    with pytest.raises(ValueError, match=r"blind|commitment|hexadecimal"):
        sums.hide(1, blind)
    assert not sums.opens(sums.NOTHING, 0, blind)


@pytest.mark.parametrize("amount", [2**53, -(2**53)])
def test_what_is_beyond_all_amounts_is_not_committed_to(amount):
    with pytest.raises(ValueError, match="cannot be committed to"):
        sums.hide(amount, sums.blind_from("01" * 32))
