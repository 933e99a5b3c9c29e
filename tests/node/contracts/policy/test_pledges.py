"""Liens: one at a time whoever is first, and the bank before the holder to the fen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import pledges
from node.contracts.policy import PolicyArgs
from node.contracts.policy.days import interest_fen
from tests.node.contracts.policy.kit import DAY, PREMIUM, YEAR, House

RATE = 73_000
DUE = 100 * DAY


def lend(house, bank="bank-1", kind="pledge", amount=20_000, *, at=DAY, due=DUE, cosigners=("ann",)):
    args = pledges.PledgeArgs(house.id, kind, amount, RATE, due)
    return house.do(bank, "pledges.pledge", args, at=at, cosigners=cosigners)


@pytest.mark.parametrize("order", [("bank-1", "bank-2"), ("bank-2", "bank-1")], ids=" ".join)
def test_of_two_banks_in_one_block_exactly_one_gets_the_lien(order):
    house = House()
    args = pledges.PledgeArgs(house.id, "pledge", 20_000, RATE, DUE)
    asked = [house.transaction(bank, "pledges.pledge", args, at=DAY, cosigners=("ann",)) for bank in order]
    assert [outcome.code for outcome in house.run(*asked).outcomes] == ["ok", "pledged_already"]
    assert house.tree.get("liens", house.id).bank == order[0]
    assert house.cash("ann") == 20_000


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cosigners": ()}, "signature_missing"),
        ({"bank": "insurer-2"}, "role_not_allowed"),
        ({"due": DAY}, "due_outside_the_term"),
        ({"due": YEAR + 1}, "due_outside_the_term"),
        ({"amount": 0}, "nothing_advanced"),
        ({"amount": PREMIUM}, "beyond_the_value"),
        ({"at": YEAR, "due": YEAR}, "policy_not_in_force"),
    ],
)
def test_what_no_bank_may_lend(changes, code):
    house = House()
    assert lend(house, **changes).code == code
    assert list(house.tree.items("liens")) == []


@given(st.integers(1, 30_000), st.sampled_from(["pledge", "discount"]), st.integers(2, 99))
@settings(max_examples=60)
def test_what_is_advanced_and_owed_differ_by_the_interest(amount, kind, day):
    house = House()
    outcome = lend(house, kind=kind, amount=amount, at=day * DAY)
    if outcome.code != "ok":
        assert outcome.code in {"beyond_the_value", "nothing_advanced"}
        return
    interest = interest_fen(amount, RATE, day * DAY, DUE)
    assert outcome.output["owed_fen"] - outcome.output["advanced_fen"] == interest
    assert amount == outcome.output["owed_fen" if kind == "discount" else "advanced_fen"]
    assert (
        house.balance("bank-1", "loans-granted") == -house.balance("ann", "loans-taken") == outcome.output["owed_fen"]
    )
    assert house.cash("bank-1") == -house.cash("ann") == -outcome.output["advanced_fen"]


@given(st.integers(1, 30_000), st.integers(2, 364))
@settings(max_examples=60)
def test_the_bank_comes_first_and_never_gets_more_than_it_is_owed(amount, day):
    house = House()
    owed = lend(house, amount=amount).output
    if owed is None:
        return
    told = house.act("cancel", at=day * DAY).output
    assert told["to_bank_fen"] == min(owed["owed_fen"], told["refund_fen"])
    lien = house.tree.get("liens", house.id)
    assert lien.owed_fen == owed["owed_fen"] - told["to_bank_fen"]
    assert lien.state == ("ACTIVE" if lien.owed_fen else "RELEASED")
    assert house.cash("ann") == amount + told["refund_fen"] - told["to_bank_fen"]
    assert house.balance("ann", "loans-taken") == -lien.owed_fen


def test_a_lien_ends_with_the_last_fen_and_makes_room():
    house = House()
    owed = lend(house).output["owed_fen"]
    pay = lambda amount: house.do("ann", "pledges.repay", pledges.RepayArgs(house.id, amount), at=2 * DAY)  # noqa: E731
    assert pay(owed + 1).code == pay(0).code == "more_than_owed"
    assert pay(owed - 1).output["state"] == "ACTIVE"
    assert lend(house, "bank-2").code == "pledged_already"
    assert pay(1).output["state"] == "RELEASED"
    assert pay(1).code == "no_active_lien"
    assert lend(house, "bank-2").code == "ok"


@pytest.mark.parametrize(
    ("bank", "at", "code"),
    [("bank-1", DUE - 1, "not_due_yet"), ("bank-2", DUE, "not_the_lien_holder"), ("bank-1", DUE, "ok")],
)
def test_a_bank_takes_its_own_when_the_day_has_come(bank, at, code):
    house = House()
    lend(house)
    outcome = house.do(bank, "pledges.enforce", PolicyArgs(house.id), at=at)
    assert outcome.code == code
    assert (house.policy.state == "CANCELLED") == (code == "ok")


def test_the_limit_is_the_networks_own():
    house = House(settings=[("pledges", pledges.Settings(500_000))])
    assert lend(house, amount=18_000).code == "beyond_the_value"
    assert lend(house, amount=17_000).code == "ok"
