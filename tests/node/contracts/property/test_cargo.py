"""Cargo: whatever the bill says otherwise is named and blocks everything; what is typed is typed once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from node.contracts.property.cargo import (
    FIELDS,
    BillArgs,
    CorrectArgs,
    DeclarationArgs,
    DeclareArgs,
    InsureArgs,
    OfferArgs,
    Particulars,
)
from tests.node.contracts.property.kit import CASH, balance, market

GOODS = Particulars("hs-8516", 12, 900, "ship", "ningbo", "hamburg", "meyer", 100_000)
OTHER = Particulars("hs-9403", 13, 901, "boat", "shanghai", "lagos", "mueller", 100_001)
PAPERS = "ab" * 32
USES = (("exporter", "insure"), ("customs", "clear"), ("bank-1", "take-up"))


def declared(goods=GOODS, network=None):
    network = network or market()
    offer = OfferArgs(("hs-8516",), ("hamburg",), 1_500, 110_000, 200_000)
    cover = network.do("insurer-1", "cargo.offer", offer).output["cover"]
    outcome = network.do("exporter", "cargo.declare", DeclareArgs(goods, PAPERS))
    return network, outcome.output["declaration"], cover


def use(network, who, what, declaration, cover):
    args = InsureArgs(declaration, cover) if what == "insure" else DeclarationArgs(declaration)
    return network.do(who, f"cargo.{what}", args)


@given(st.sets(st.sampled_from(FIELDS)))
@settings(max_examples=40, deadline=None)
def test_each_field_in_which_the_bill_differs_is_named_and_blocks(wrong):
    network, declaration, cover = declared()
    bill = replace(GOODS, **{name: getattr(OTHER, name) for name in wrong})
    outcome = network.do("window", "cargo.lodge", BillArgs(declaration, bill, PAPERS))
    assert sorted(outcome.output["flags"]) == sorted(wrong)
    codes = [use(network, who, what, declaration, cover).code for who, what in USES]
    assert codes == (["not_matched"] * 3 if wrong else ["ok"] * 3)
    if wrong:
        network.do("exporter", "cargo.correct", CorrectArgs(declaration, bill))
        assert network.do("window", "cargo.lodge", BillArgs(declaration, bill, PAPERS)).output["state"] == "MATCHED"
    record = network.tree.get("cargo_declarations", declaration)
    assert (record.typed, record.reused) == (len(FIELDS) + len(wrong), 0 if wrong else 3 * len(FIELDS))


@pytest.mark.parametrize(
    ("value", "code"), [(100_000, "ok"), (100_001, "beyond_the_cover"), (99_999, "ok"), (0, "ok"), (1, "ok")]
)
def test_the_open_cover_holds_to_the_fen(value, code):
    goods = replace(GOODS, value_fen=value)
    network, declaration, cover = declared(goods)
    network.do("window", "cargo.lodge", BillArgs(declaration, goods, PAPERS))
    outcome = use(network, "exporter", "insure", declaration, cover)
    assert outcome.code == code
    if code == "ok":
        insured = outcome.output["insured_fen"]
        assert abs(insured * 10 - value * 11) <= 5
        assert balance(network, "exporter", "cash") == CASH - outcome.output["premium_fen"]


def test_a_vessel_holds_what_the_insurer_wants_on_it_and_no_more():
    network, _, _ = declared()
    insured = []
    for _ in range(3):
        _, declaration, cover = declared(replace(GOODS, value_fen=90_000), network)
        network.do("window", "cargo.lodge", BillArgs(declaration, replace(GOODS, value_fen=90_000), PAPERS))
        insured.append(use(network, "exporter", "insure", declaration, cover).code)
    assert insured == ["ok", "ok", "vessel_full"]
    assert network.tree.get("vessel_exposures", "insurer-1/ship").insured_fen == 198_000
