"""Receivables: however a token is split, passed on, financed and paid, the firm owes the invoice once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.accounts import overdrawn, total_of_all_accounts
from node.contracts.property.receivables import FinanceArgs, InsureArgs, IssueArgs, PassArgs, ReceivableArgs
from tests.node.contracts.property.kit import CASH, balance, market

AMOUNT, DUE, WAITING, DAY = 100_000, 50, 30, 86_400_000
INVOICE = "4711" * 16
SUPPLIERS, BANKS = ("supplier-1", "supplier-2", "supplier-3"), ("bank-1", "bank-2")

moves = st.lists(
    st.tuples(
        st.sampled_from(["pass", "pass", "finance", "insure", "claim", "settle"]),
        st.integers(0, 9),
        st.sampled_from((*SUPPLIERS, *BANKS)),
        st.sampled_from(SUPPLIERS),
        st.integers(0, 20),
        st.integers(0, AMOUNT),
    ),
    max_size=25,
)


def issued():
    network = market()
    args = IssueArgs("supplier-1", AMOUNT, DUE * DAY, INVOICE)
    outcome = network.do("firm", "receivables.issue", args, cosigners=("supplier-1",))
    assert outcome.code == "ok"
    return network, outcome.output["receivable"]


@given(moves)
@settings(max_examples=30, deadline=None)
def test_tokens_of_an_invoice_add_up_to_it_and_are_paid_once(drawn):
    network, root = issued()
    tokens, day, settled = [root], 0, 0
    for move, which, who, other, wait, fen in drawn:
        day += wait
        at, token = day * DAY, tokens[which % len(tokens)]
        cosigners = {who, other, "supplier-1"}
        match move:
            case "pass":
                args = PassArgs(token, other, fen)
                outcome = network.do(who, "receivables.pass", args, at=at, cosigners=cosigners - {who})
                if outcome.code == "ok":
                    tokens.append(outcome.output["receivable"])
            case "finance":
                held = network.tree.get("receivables", token).holder
                outcome = network.do(
                    "bank-2" if who == "bank-2" else "bank-1",
                    "receivables.finance",
                    FinanceArgs(token, 73_000),
                    at=at,
                    cosigners={held} - {"bank-1", "bank-2"},
                )
            case "insure":
                held = network.tree.get("receivables", token).holder
                args = InsureArgs(token, 900_000, WAITING * DAY, 7)
                outcome = network.do("insurer-1", "receivables.insure", args, at=at, cosigners={held})
            case "claim":
                outcome = network.do(who, "receivables.claim", ReceivableArgs(token), at=at)
                if outcome.code == "ok":
                    assert day >= DUE + WAITING
            case "settle":
                outcome = network.do("firm", "receivables.settle", ReceivableArgs(token), at=at)
                if outcome.code == "ok":
                    settled += outcome.output["to_holder_fen"] + outcome.output["to_insurer_fen"]
        records = [network.tree.get("receivables", token) for token in tokens]
        assert sum(record.amount_fen for record in records) == AMOUNT
        assert sum(record.amount_fen for record in records if record.state == "SETTLED") == settled
        assert balance(network, "firm", "payable") == settled - AMOUNT
        assert balance(network, "firm", "cash") == CASH - settled
        held = sum(balance(network, name, "receivable") for name in (*SUPPLIERS, *BANKS))
        indemnified = sum(record.paid_fen for record in records if record.state == "INDEMNIFIED")
        assert held == AMOUNT - settled - indemnified
    assert (total_of_all_accounts(network.tree), overdrawn(network.tree)) == (0, ())


def test_one_invoice_makes_one_token_of_one_firm():
    network, _ = issued()
    again = IssueArgs("supplier-2", 1, DUE * DAY, INVOICE)
    assert network.do("firm", "receivables.issue", again, cosigners=("supplier-2",)).code == "invoice_reused"


def test_of_two_banks_in_one_block_one_finances():
    network, token = issued()
    asked = [
        network.transaction(bank, "receivables.finance", FinanceArgs(token, 73_000), cosigners=("supplier-1",))
        for bank in BANKS
    ]
    codes = [outcome.code for outcome in network.run(*asked).outcomes]
    assert codes == ["ok", "signature_missing"]
    assert balance(network, "supplier-1", "cash") == CASH + AMOUNT - AMOUNT // 100
