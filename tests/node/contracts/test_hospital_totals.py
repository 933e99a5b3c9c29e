"""Hospital totals: sums settle once, in cells that are large enough, and pool and insurers come out even."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import accounts, hospital_totals
from node.contracts.accounts import Opening, account, total_of_all_accounts
from node.contracts.hospital_totals import CollectArgs, ReportArgs
from tests.node.contracts import network as network_of_tests
from tests.node.contracts.network import Network

CASES = "ab" * 32
CASH = 10**9


def country(least=5):
    openings = tuple(Opening(name, CASH) for name in ("bureau", "insurer-1", "insurer-2"))
    return Network(
        settings=[
            ("accounts", accounts.Settings(openings)),
            ("hospital-totals", hospital_totals.Settings(least)),
        ]
    )


def report(network, *rows, who="hospital-1", period="year", pool="bureau", cosigners=("bureau",)):
    args = ReportArgs(period=period, pool=pool, rows=rows, cases=CASES)
    return network.do(who, "hospital-totals.report", args, cosigners=cosigners)


def balance(network, who, kind):
    found = network.tree.get("accounts", account(who, kind))
    return found.balance_fen if found else 0


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([("insurer-1", 5, 100, 100)], "ok"),
        ([("insurer-1", 4, 100, 100)], "cell_too_small"),
        ([("insurer-1", 5, 100, 101)], "more_than_billed"),
        ([("insurer-2", 5, 100, 1), ("insurer-1", 5, 100, 1)], "rows_not_ascending"),
        ([("insurer-1", 5, 100, 1), ("insurer-1", 5, 100, 1)], "rows_not_ascending"),
        ([("broker", 5, 100, 1)], "wrong_role"),
        ([("insurer-1", 5, CASH + 1, CASH + 1)], "insufficient_funds"),
    ],
)
def test_rows_are_large_enough_and_in_order(rows, code):
    network = country()
    assert report(network, *rows).code == code
    assert (network.tree.get("hospital_periods", "hospital-1/year") is None) == (code != "ok")


def test_a_period_settles_once_and_with_the_pool_that_pays():
    network = country()
    row = ("insurer-1", 5, 100, 50)
    assert report(network, row, cosigners=()).code == "signature_missing"
    assert report(network, row, pool="insurer-1", cosigners=("insurer-1",)).code == "wrong_role"
    assert report(network, row).output == {"patients": 5, "paid_fen": 50}
    assert report(network, row).code == "reported_already"
    assert report(network, row, period="next").code == "ok"
    assert report(network, row, who="hospital-2").code == "ok"
    assert network.do("insurer-1", "hospital-totals.collect", CollectArgs("bureau")).output == {"paid_fen": 150}
    assert network.do("insurer-1", "hospital-totals.collect", CollectArgs("bureau")).code == "nothing_due"
    assert network.do("insurer-2", "hospital-totals.collect", CollectArgs("bureau")).code == "nothing_due"


AMOUNTS = st.tuples(st.integers(5, 50), st.integers(0, 10**6), st.integers(0, 10**6))


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_pool_and_insurers_come_out_even(years):
    network = country()
    for number, pair in enumerate(years):
        rows = [(f"insurer-{n}", count, max(a, b), min(a, b)) for n, (count, a, b) in enumerate(pair, start=1)]
        assert report(network, *rows, period=f"y{number}").code == "ok"
    for insurer in ("insurer-1", "insurer-2"):
        network.do(insurer, "hospital-totals.collect", CollectArgs("bureau"))
    paid = sum(min(a, b) for pair in years for _, a, b in pair)
    assert -balance(network, "hospital-1", "treatment-income") == balance(network, "hospital-1", "cash") == paid
    assert balance(network, "bureau", "clearing") == 0
    assert balance(network, "bureau", "cash") == CASH
    assert total_of_all_accounts(network.tree) == 0


def test_an_insurer_makes_good_to_the_pool_that_paid(monkeypatch):
    monkeypatch.setattr(network_of_tests, "ROLES", {**network_of_tests.ROLES, "bureau-2": "bureau"})
    network = country()
    assert report(network, ("insurer-1", 5, 100, 50)).code == "ok"
    elsewhere = network.do("insurer-1", "hospital-totals.collect", CollectArgs("bureau-2"))
    assert elsewhere.code == "nothing_due"
    assert network.do("insurer-1", "hospital-totals.collect", CollectArgs("bureau")).output == {"paid_fen": 50}
