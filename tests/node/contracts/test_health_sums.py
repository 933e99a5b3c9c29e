"""Sums of the health contracts, worked out another way: what a receipt pays back, and what a label commits to."""

from fractions import Fraction
from hashlib import sha256
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from node.contracts.health.labels import commitment
from node.contracts.health.pharmacy import reimbursed_fen

FEN = st.integers(0, 2**53 - 1)
PPM = st.integers(0, 1_000_000)


@given(FEN, PPM, FEN)
def test_a_receipt_pays_its_share_and_never_more_than_the_limit_leaves(total, ratio, left):
    paid = reimbursed_fen(total, ratio, left)
    assert paid == min(floor(Fraction(total) * Fraction(ratio, 10**6)), left)
    assert 0 <= paid <= min(total, left)


@given(st.lists(FEN, max_size=20), PPM, FEN)
def test_all_receipts_of_a_year_together_stay_within_the_limit(totals, ratio, limit):
    left = limit
    for total in totals:
        left -= reimbursed_fen(total, ratio, left)
    assert 0 <= left <= limit


def test_a_label_commits_to_serial_and_code_together():
    assert commitment("box-1", "7HGT-99QZ-4KMM-P2LA") == sha256(b"box-1/7HGT-99QZ-4KMM-P2LA").hexdigest()
    assert commitment("box-1", "7HGT-99QZ-4KMM-P2LA") != commitment("box-2", "7HGT-99QZ-4KMM-P2LA")
