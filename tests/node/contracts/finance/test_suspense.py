"""Suspense: what is open adds up, by age and in all, and a custodian's books are bounded."""

from hypothesis import given
from hypothesis import strategies as st

from node.contracts import suspense
from node.contracts.suspense import PayArgs, ReceiptArgs, ReportArgs, aged
from tests.node.contracts.inclusive.bench import Bench

DAY = 86_400_000
ROLES = {"custodian-1": "custodian", "custodian-2": "custodian"}


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 10**12))))
def test_every_receipt_is_in_one_age(receipts):
    found = aged(receipts)
    bounds = [range(8), range(8, 31), range(31, 61), range(61, 10**6)]
    assert found == tuple(sum(fen for days, fen in receipts if days in ages) for ages in bounds)


def test_no_more_is_held_than_a_report_can_walk_over(monkeypatch):
    monkeypatch.setattr(suspense, "OPEN_MAX", 2)
    bench = Bench(ROLES)
    paid = [bench.do("custodian-1", "suspense.pay", PayArgs("custodian-2", fen), at=0) for fen in (100, 20, 3)]
    assert [outcome.code for outcome in paid] == ["ok", "ok", "suspense_full"]
    assert bench.balance("custodian-2", "suspense") == -120
    first = ReceiptArgs(paid[0].output["receipt"])
    assert bench.do("custodian-2", "suspense.return", first, at=60 * DAY).code == "ok"
    assert bench.do("custodian-1", "suspense.pay", PayArgs("custodian-2", 3), at=60 * DAY).code == "ok"
    told = bench.do("custodian-2", "suspense.report", ReportArgs(), at=61 * DAY).output
    assert (told["count"], told["by_age_fen"], told["oldest_days"]) == (2, (3, 0, 0, 20), 61)
    assert bench.balance("custodian-2", "suspense") == -23
    assert [bench.balance(name, "cash") for name in ROLES] == [-23, 23]


def test_one_payer_cannot_use_up_what_a_custodian_may_hold_from_others(monkeypatch):
    monkeypatch.setattr(suspense, "OPEN_MAX", 2)
    bench = Bench({**ROLES, "custodian-3": "custodian"})
    paid = [bench.do("custodian-1", "suspense.pay", PayArgs("custodian-2", 1), at=0) for _ in range(3)]
    assert [outcome.code for outcome in paid] == ["ok", "ok", "suspense_full"]
    assert bench.do("custodian-3", "suspense.pay", PayArgs("custodian-2", 1), at=0).code == "ok"
    assert bench.do("custodian-2", "suspense.report", ReportArgs(), at=0).output["count"] == 3
