"""Repairs: one thing wrong is enough, each by a rule of its own, and a refusal fits no part."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.property.cover import CoverTerms
from node.contracts.property.repairs import (
    AccidentArgs,
    AuthoriseArgs,
    BuildArgs,
    CoverArgs,
    Job,
    ListArgs,
    MakeArgs,
    RepairArgs,
    labour_fen,
)
from tests.node.contracts.property.kit import CASH, balance, market

CAR, OTHER_CAR = "ca" * 32, "cb" * 32
LAMP, SPARE, DOOR, FAKE = "a1" * 32, "a2" * 32, "d1" * 32, "ff" * 32
PHOTOS = "ee" * 32
LAMP_FITTED = (Job("lamp", LAMP, 40, 1_000),)


@pytest.fixture
def street():
    network = market()
    for car, owner in ((CAR, "owner-1"), (OTHER_CAR, "owner-2")):
        network.do("carmaker", "repairs.build", BuildArgs(car, "sea-lion", owner), cosigners=(owner,))
    for part, models, zone, serials in (
        ("lamp", ("sea-lion",), "front", (LAMP, SPARE)),
        ("door", ("sea-lion",), "left", (DOOR,)),
        ("glass", ("dolphin",), "front", ("91" * 32,)),
    ):
        network.do("carmaker", "repairs.list", ListArgs(part, models, zone, 1_000, 40))
        network.do("carmaker", "repairs.make", MakeArgs(part, serials))
    network.do("carmaker", "repairs.authorise", AuthoriseArgs("shop-1", 18_000))
    terms = CoverArgs(CAR, CoverTerms(30_000, 100, 1_000))
    network.do("insurer-1", "repairs.insure", terms, at=10, cosigners=("owner-1",))
    for at in (9, 10, 999, 1_000):
        network.do("police", "repairs.accident", AccidentArgs(CAR, at, ("front",), PHOTOS), at=2_000)
    return network


def repair(network, jobs=LAMP_FITTED, *, shop="shop-1", car=CAR, owner="owner-1", crash=2):
    args = RepairArgs(f"police/{crash}", car, owner, jobs, PHOTOS)
    return network.do(shop, "repairs.repair", args, at=3_000, cosigners=("owner-1", "owner-2"))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"shop": "shop-2"}, "shop_not_authorised"),
        ({"car": OTHER_CAR}, "other_vehicle"),
        ({"owner": "owner-2"}, "not_the_owner"),
        ({"crash": 1}, "not_insured_then"),
        ({"crash": 4}, "not_insured_then"),
        ({"jobs": (Job("glass", "91" * 32, 10, 10),)}, "part_does_not_fit"),
        ({"jobs": (Job("door", DOOR, 10, 10),)}, "not_damaged"),
        ({"jobs": (Job("lamp", FAKE, 40, 1_000),)}, "serial_unknown"),
        ({"jobs": (Job("lamp", DOOR, 40, 1_000),)}, "serial_of_another_part"),
        ({"jobs": (Job("lamp", LAMP, 41, 1_000),)}, "too_many_hours"),
        ({"jobs": (Job("lamp", LAMP, 40, 1_001),)}, "above_the_list_price"),
        ({"jobs": (Job("lamp", LAMP, 40, 1_000),) * 2}, "serial_used"),
        ({"jobs": (Job("wing", LAMP, 40, 1_000),)}, "unknown_part_kind"),
    ],
)
def test_what_does_not_match_is_refused_and_fits_nothing(street, wrong, code):
    root = street.tree.get("accidents", "police/2"), street.tree.get("part_pieces", f"carmaker/{LAMP}")
    assert repair(street, **wrong).code == code
    assert (street.tree.get("accidents", "police/2"), street.tree.get("part_pieces", f"carmaker/{LAMP}")) == root
    assert balance(street, "insurer-1", "cash") == CASH + 100
    assert repair(street).output == {"paid_fen": 1_000 + 12_000}


def test_a_piece_is_fitted_once_and_an_accident_repaired_once(street):
    assert repair(street).code == "ok"
    assert repair(street, (Job("lamp", SPARE, 40, 1_000),)).code == "illegal_transition"
    assert repair(street, crash=3).code == "serial_used"
    assert repair(street, (Job("lamp", SPARE, 40, 1_000),), crash=3).code == "ok"
    assert balance(street, "shop-1", "repair-income") == -26_000


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_labour_is_paid_by_the_minute_to_the_nearest_fen(minutes, hour):
    assert labour_fen(minutes, hour) == floor(Fraction(minutes * hour, 60) + Fraction(1, 2))
