"""Co-insurance: shares are exactly one, and parts add up to the whole whatever the amount and however often."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.coinsurance import OfferArgs, divided
from node.contracts.policy import PolicyArgs
from tests.node.contracts.policy.kit import DAY, House

SHARES = (("insurer-1", 333_333), ("insurer-2", 666_667))


@st.composite
def cuts(draw):
    """Shares of two to sixteen insurers, exactly one together."""
    places = draw(st.lists(st.integers(1, 999_999), min_size=1, max_size=15, unique=True))
    edges = [0, *sorted(places), 1_000_000]
    return tuple(after - before for before, after in pairwise(edges))


@given(st.integers(-(10**12), 10**12), cuts())
def test_parts_add_up_and_each_is_within_a_fen_of_its_share(total, shares):
    parts = divided(total, shares)
    assert sum(parts) == total
    for part, ppm in zip(parts, shares, strict=True):
        assert abs(part - Fraction(total * ppm, 1_000_000)) < 1


@pytest.mark.parametrize(
    ("shares", "code"),
    [
        (SHARES, "ok"),
        ((("insurer-1", 333_333), ("insurer-2", 666_666)), "shares_not_whole"),
        ((("insurer-1", 333_334), ("insurer-2", 666_667)), "shares_not_whole"),
        ((("insurer-1", 0), ("insurer-2", 1_000_000)), "empty_share"),
        ((("insurer-2", 500_000), ("insurer-1", 500_000)), "lead_comes_first"),
        ((("insurer-1", 500_000), ("insurer-1", 500_000)), "insurer_twice"),
        ((("insurer-1", 500_000), ("bob", 500_000)), "wrong_role"),
    ],
)
def test_a_slip_is_whole_or_none(shares, code):
    house = House()
    assert house.do("insurer-1", "coinsurance.offer", OfferArgs(house.id, shares)).code == code
    assert (house.tree.get("slips", house.id) is not None) == (code == "ok")


def agreed():
    house = House()
    house.do("insurer-1", "coinsurance.offer", OfferArgs(house.id, SHARES))
    assert house.do("insurer-2", "coinsurance.sign", OfferArgs(house.id, SHARES)).output["agreed"]
    return house


def test_only_who_is_on_it_signs_once_and_settles():
    house = House()
    house.do("insurer-1", "coinsurance.offer", OfferArgs(house.id, SHARES))
    assert house.do("insurer-1", "coinsurance.sign", OfferArgs(house.id, SHARES)).code == "signed_already"
    assert house.do("insurer-1", "coinsurance.settle", PolicyArgs(house.id)).code == "illegal_transition"
    assert house.do("reinsurer", "coinsurance.settle", PolicyArgs(house.id)).code == "role_not_allowed"


@given(st.lists(st.booleans(), max_size=6))
@settings(max_examples=25)
def test_how_often_it_is_settled_makes_no_difference(settled):
    house = agreed()
    for number, now in enumerate(settled):
        if number == 1:
            house.act("amend", at=40 * DAY)
        if now:
            assert house.do("insurer-2", "coinsurance.settle", PolicyArgs(house.id), at=50 * DAY).code == "ok"
    house.do("insurer-1", "coinsurance.settle", PolicyArgs(house.id), at=60 * DAY)
    income = divided(house.policy.received_fen, (333_333, 666_667))
    slip = house.tree.get("slips", house.id)
    assert slip.premiums == income
    assert -house.balance("insurer-2", "premium-income") == income[1]
    assert house.cash("insurer-2") == income[1]
