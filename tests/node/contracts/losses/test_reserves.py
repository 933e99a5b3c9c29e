"""A reserve is the sum of its movements to the fen, and nobody who reads the chain knows either."""

from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.accounts import Account
from node.privacy.sums import hide, opens, sum_of_blinds
from tests.node.contracts.losses.kit import CEDENT, HOUR, LOSS, REINSURER, Table, blind


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=8))
def test_the_reserve_is_the_sum_of_its_movements_whatever_they_are(changes):
    table = Table()
    table.tell()
    for number, fen in enumerate(changes):
        assert table.amount(REINSURER, fen, number).output == {"movements": number + 1}
    total = sum_of_blinds(map(blind, range(len(changes))))
    assert opens(table.loss().reserve, sum(changes), total)
    assert not opens(table.loss().reserve, sum(changes) + 1, total)
    assert table.close(*range(len(changes))).code == ("ok" if sum(changes) == 0 else "reserve_left")


def test_reserves_over_all_losses_are_reported_by_their_sum():
    table = Table()
    table.happened("no-0002", 0)
    table.tell()
    table.tell(reference="no-0002")
    table.amount(REINSURER, 700, 1)
    table.amount(REINSURER, 50, 2, reference="no-0002")
    table.amount(REINSURER, -200, 3)
    assert table.report(550, 1, 2, 3, at=5).output == {"total_fen": 550}
    assert table.report(551, 1, 2, 3).code == "opening_does_not_match"
    assert table.report(550, 1, 2).code == "opening_does_not_match"


def test_a_recovery_lowers_the_reserve_and_is_added_to_what_was_recovered():
    table = Table()
    table.tell()
    table.amount(REINSURER, 900, 1)
    table.amount(CEDENT, -900, 2, kind="recovery")
    assert opens(table.loss().reserve, 0, sum_of_blinds((blind(1), blind(2))))
    moved = table.network.tree.get("reserve_movements", f"insurer-1/900|{LOSS}|0001")
    assert moved.kind == "recovery"
    assert moved.change == hide(-900, blind(2))


def test_both_sides_sign_each_movement_and_nobody_else_gets_it():
    table = Table()
    table.tell()
    assert table.amount(REINSURER, 9, 1, cosigners=()).code == "signature_missing"
    assert table.amount(REINSURER, 9, 1, parties=(CEDENT, "broker")).code == "wrong_recipients"
    assert table.amount(REINSURER, 9, 1, change="ff" * 32).code == "not_a_commitment"
    assert table.amount(REINSURER, 9, 1, reference="no-0009").code == "unknown_treaty_loss"
    assert table.loss().movements == 0


def test_a_closed_loss_does_not_move_nor_is_it_called_for():
    table = Table()
    table.tell()
    assert table.close(cosigners=()).code == "signature_missing"
    assert table.close().code == "ok"
    assert table.close().code == "illegal_transition"
    assert table.amount(REINSURER, 9, 1).code == "illegal_transition"
    assert table.amount(CEDENT, -9, 1, action="call").code == "loss_closed"


def test_a_cash_call_pays_what_was_committed_to_and_releases_as_much():
    table = Table()
    table.tell()
    table.amount(REINSURER, 600, 1)
    called = table.amount(CEDENT, -600, 2, action="call", at=HOUR)
    call = called.output["call"]
    assert called.output["due_ms"] == 11 * HOUR
    assert table.pay(call, 599, 2).code == "opening_does_not_match"
    assert table.pay(call, 600, 1).code == "opening_does_not_match"
    assert table.pay(call, 600, 2, at=13 * HOUR).output == {"paid_fen": 600, "late_ms": 2 * HOUR}
    assert table.pay(call, 600, 2).code == "illegal_transition"
    held = {key: account.balance_fen for key, account in table.network.tree.items(Account.namespace)}
    assert held["insurer-1/cash"] == 600
    assert held["reinsurer/cash"] == 999_400
    assert table.close(1, 2).code == "ok"


def test_the_cedent_calls_and_nobody_else():
    table = Table()
    table.tell()
    assert table.amount(REINSURER, -5, 1, action="call").code == "not_the_cedent"
