"""Contributions, rule by rule, at their boundary values (rows 65 to 68)."""

from __future__ import annotations

import msgspec
import pytest

from node.contracts.accounts import overdrawn, total_of_all_accounts
from node.contracts.contributions import CheckArgs, OpenLevy, RegisterArgs, VoucherArgs
from tests.node.contracts.contributions.levies import AMOUNT, CASH, LIN, MINUTE, ONLINE, SUN, TEN, YEAR, Town

ONE, OTHER = "channel-1", "channel-2"


@pytest.fixture
def town():
    there = Town()
    assert there.register(LIN, SUN) == "ok"
    return there


# Row 65: the lock


@pytest.mark.parametrize("channel", [ONE, OTHER])
@pytest.mark.parametrize(
    ("minutes", "milliseconds", "code"),
    [
        (0, 0, "record_locked"),
        (0, 1, "record_locked"),
        (19, 59_000, "record_locked"),
        (19, 59_999, "record_locked"),
        (20, 0, "ok"),
        (20, 1, "ok"),
        (-1, 0, "record_locked"),  # a stamp from before the lock does not evade it
        (-600, 0, "record_locked"),
    ],
)
def test_a_second_query_within_twenty_minutes_is_refused_in_any_channel(town, channel, minutes, milliseconds, code):
    assert town.query(ONE, LIN).code == "ok"
    assert town.query(channel, LIN, at=TEN + minutes * MINUTE + milliseconds).code == code


def test_a_lock_is_on_one_residents_record(town):
    assert town.query(ONE, LIN).code == "ok"
    assert town.query(OTHER, SUN).code == "ok"


@pytest.mark.parametrize(("after", "code"), [(0, "ok"), (20 * MINUTE - 1, "ok"), (20 * MINUTE, "lock_expired")])
def test_a_payment_must_come_within_its_lock(town, after, code):
    town.query(ONE, LIN)
    assert town.pay(ONE, LIN, at=TEN + after).code == code
    assert len(town.charges()) == (code == "ok")


def test_who_does_not_hold_the_lock_cannot_pay(town):
    assert town.pay(ONE, LIN).code == "not_queried"
    town.query(ONE, LIN)
    assert town.pay(OTHER, LIN).code == "record_locked"
    assert town.pay(ONE, LIN).code == "ok"
    assert town.query(OTHER, LIN, at=TEN + 60 * MINUTE).code == "already_paid"
    assert town.charges() == [f"contributions/{YEAR}/{LIN}"]


def test_a_lock_that_another_channel_took_over_is_lost_whatever_the_stamp(town):
    town.query(ONE, LIN)
    assert town.query(OTHER, LIN, at=TEN + 20 * MINUTE).code == "ok"
    assert town.pay(ONE, LIN, at=TEN + MINUTE).code == "record_locked"  # dated back into its own old window


# Row 66: the order of checks


def test_each_error_has_its_code_and_its_remedy():
    town = Town()
    assert town.query(ONE, LIN, flaw="letter-case").code == "wrong_input"
    assert town.query(ONE, LIN).code == "not_registered"
    assert town.register(LIN, sent=False) == "ok"
    assert town.query(ONE, LIN).code == "no_information"
    assert town.send(LIN) == "ok"
    assert town.send(LIN) == "illegal_transition"
    assert town.query(ONE, LIN).code == "ok"
    assert town.pay(ONE, LIN).code == "ok"
    assert town.query(ONE, LIN).code == "already_paid"
    assert town.query(ONE, LIN, flaw="letter-case").code == "wrong_input"


def test_only_the_places_own_centre_keeps_its_list(town):
    args = RegisterArgs(place="ningbo", year=YEAR, people=(LIN,))
    assert town.do("centre-2", "contributions.register", args).code == "wrong_centre"
    assert town.do("bob", "contributions.register", args).code == "role_not_allowed"
    later = msgspec.structs.replace(args, year=2030)
    assert town.do("centre-1", "contributions.register", later).code == "unknown_levy"
    assert town.register(LIN) == "registered_already"
    assert town.send(SUN, place="hangzhou") == "not_registered"


# Row 67: one place, and paying for others


def test_who_is_on_two_lists_pays_once_one_place_is_kept(town):
    assert town.register(LIN, place="hangzhou") == "ok"
    assert town.query(ONE, LIN).code == "several_places"
    assert town.keep(LIN, "hangzhou").output == {"kept": "hangzhou", "deleted": ("ningbo",)}
    assert town.keep(LIN, "ningbo").code == "not_registered"  # the first to be ordered wins
    assert town.query(ONE, LIN).output["place"] == "hangzhou"
    assert town.pay(ONE, LIN).output["place"] == "hangzhou"


def test_a_record_that_turns_up_between_query_and_payment_stops_the_payment(town):
    town.query(ONE, LIN)
    assert town.register(LIN, place="hangzhou") == "ok"
    assert town.pay(ONE, LIN).code == "several_places"
    assert not town.charges()


def test_a_second_enrolment_is_refused(town):
    town.query(ONE, LIN)
    town.pay(ONE, LIN)
    assert town.register(LIN, place="hangzhou") == "enrolled_already"
    assert town.register(SUN, LIN, place="hangzhou") == "enrolled_already"
    assert town.register(SUN, place="hangzhou") == "ok"  # nobody of that batch was on the list
    assert town.keep(LIN).code == "enrolled_already"


def test_who_pays_for_another_sees_the_record_and_enrols_the_other(town):
    seen = town.query(ONE, SUN, payer="bob")
    assert set(seen.output) == {"place", "amount_fen", "until_ms"}
    assert town.pay(ONE, SUN, payer="bob").code == "ok"
    assert town.cash("bob") == CASH - AMOUNT
    assert town.cash("ann") == CASH
    assert town.cash("tax") == AMOUNT
    assert list(town.enrolments()) == [f"{YEAR}/{SUN}"]
    assert town.query(ONE, LIN, payer="bob").code == "ok"  # what bob himself owes is not paid by that


def test_a_payer_must_sign(town):
    town.query(ONE, LIN)
    assert town.pay(ONE, LIN, signed=False).code == "signature_missing"


# Row 68: voucher, receipt, retries


def test_a_hundred_submits_make_one_charge_and_one_voucher(town):
    town.query(ONE, LIN)
    outcomes = [town.pay(ONE, LIN, at=TEN + number) for number in range(100)]
    assert {outcome.code for outcome in outcomes} == {"ok"}
    assert len({msgspec.msgpack.encode(outcome.output) for outcome in outcomes}) == 1
    assert len(town.charges()) == len(town.vouchers()) == 1
    assert town.cash("ann") == CASH - AMOUNT


def test_a_retry_long_after_gets_the_same_receipt(town):
    town.query(ONE, LIN)
    first = town.pay(ONE, LIN)
    assert town.pay(ONE, LIN, at=TEN + 24 * 60 * MINUTE).output == first.output


def test_a_key_names_one_payment_of_one_channel(town):
    town.query(ONE, LIN)
    town.query(OTHER, SUN)
    assert town.pay(ONE, LIN, key="a").code == "ok"
    assert town.pay(ONE, SUN, key="a").code == "key_reused"
    assert town.pay(ONE, LIN, key="a", payer="bob").code == "key_reused"
    assert town.pay(ONE, LIN, key="b").code == "already_paid"
    assert town.pay(OTHER, SUN, key="a").code == "ok"


def test_a_card_without_funds_makes_neither_charge_nor_voucher_and_another_card_may_pay(town):
    for person in (LIN, SUN):
        town.query(ONE, person)
    assert town.register("33" * 32) == "ok"
    town.query(ONE, "33" * 32)
    assert [town.pay(ONE, person, key=f"k{person[0]}").code for person in (LIN, SUN, "33" * 32)] == [
        "ok",
        "ok",
        "insufficient_funds",
    ]
    assert set(town.vouchers()) == {f"{YEAR}/{LIN}", f"{YEAR}/{SUN}"}
    assert town.pay(ONE, "33" * 32, key="k3", payer="bob").code == "ok"
    assert total_of_all_accounts(town.tree) == 0
    assert not overdrawn(town.tree)


def test_before_vouchers_are_online_a_payment_makes_a_receipt_and_the_voucher_follows():
    town = Town(online=ONLINE)
    town.register(LIN, SUN)
    town.query(ONE, LIN)
    receipt = town.pay(ONE, LIN).output
    assert receipt["receipt"].startswith(ONE)
    assert receipt["voucher"] == ""
    assert not town.vouchers()
    issued = town.do("tax", "contributions.issue-voucher", VoucherArgs(YEAR, LIN), at=ONLINE)
    again = town.do("tax", "contributions.issue-voucher", VoucherArgs(YEAR, LIN), at=ONLINE)
    assert (issued.code, again.code) == ("ok", "voucher_exists")
    assert town.do("tax", "contributions.issue-voucher", VoucherArgs(YEAR, SUN)).code == "not_paid"
    town.query(ONE, SUN, at=ONLINE - 1)
    assert town.pay(ONE, SUN, at=ONLINE, key="two").output["voucher"]
    assert len(town.vouchers()) == 2


def test_anyone_can_tell_a_genuine_voucher_from_a_forged_one(town):
    town.query(ONE, LIN)
    seal = town.pay(ONE, LIN).output["voucher"]
    for person, shown, genuine in ((LIN, seal, True), (SUN, seal, False), (LIN, "0" * 64, False)):
        outcome = town.do("bob", "contributions.check-voucher", CheckArgs(YEAR, person, shown))
        assert outcome.output == {"genuine": genuine}


def test_a_levy_is_agreed_with_its_centre_and_stands():
    town = Town()
    args = OpenLevy(place="wenzhou", year=YEAR, centre="centre-1", amount_fen=AMOUNT, vouchers_from_ms=0)
    assert town.do("tax", "contributions.open-levy", args).code == "signature_missing"
    free = msgspec.structs.replace(args, amount_fen=0)
    assert town.do("tax", "contributions.open-levy", free, cosigners=("centre-1",)).code == "nothing_to_collect"
    assert town.do("tax", "contributions.open-levy", args, cosigners=("centre-1",)).code == "ok"
    assert town.do("tax", "contributions.open-levy", args, cosigners=("centre-1",)).code == "levy_exists"
    stranger = msgspec.structs.replace(args, place="jiaxing", centre="bob")
    assert town.do("tax", "contributions.open-levy", stranger, cosigners=("bob",)).code == "wrong_role"
