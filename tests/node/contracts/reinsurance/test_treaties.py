"""The contract "reinsurance": a year of accounts under a 40 % quota share and a stop loss, and what is refused."""

from __future__ import annotations

import pytest

from node.contracts.accounts import total_of_all_accounts
from node.contracts.inclusive import DAY_MS, Enrol, FilePlan, PlanTerms, Settle
from node.contracts.reinsurance import MinimumAndDeposit, QuotaShare, StopLoss, Terms
from node.contracts.reinsurance.treaties import ClosePeriod, CloseYear, ConfirmPeriod, ConfirmYear, SignTreaty
from tests.node.contracts.inclusive.bench import Bench

YUAN = 100  # fen
TERMS = Terms(
    quota_share=QuotaShare(cession=400_000, commission=300_000),
    stop_loss=StopLoss(limit=400_000, attachment=800_000, placed=900_000),
    stop_loss_premium=MinimumAndDeposit(deposit=500 * YUAN, rate=50_000),
)
PLAN = PlanTerms(
    adult_premium=100 * YUAN, minor_premium=60 * YUAN, adult_age=18, deductible=0, ratio=1_000_000, cap=10**12
)
BOUNDARIES = (10 * DAY_MS, 200 * DAY_MS, 500 * DAY_MS)
SIGN = SignTreaty("reinsurer", "plan", TERMS, BOUNDARIES)


def act(bench: Bench, who: str, action: str, args, day: int, *cosigners: str):
    return bench.do(who, f"reinsurance.{action}", args, at=day * DAY_MS, cosigners=cosigners)


def signed() -> Bench:
    bench = Bench()
    insurers = ("insurer-1", "insurer-2")
    plan = FilePlan("plan", insurers, PLAN, 100, 465)
    assert bench.do("bureau", "inclusive.file-plan", plan, at=0, cosigners=insurers).code == "ok"
    assert act(bench, "insurer-1", "sign-treaty", SIGN, 10, "reinsurer").code == "ok"
    return bench


def settle(bench: Bench, invoice: int, yuan: int, day: int):
    bill = (f"p{invoice}", invoice, day, yuan * YUAN)
    return bench.do("hospital-1", "inclusive.settle", Settle("plan", "insurer-1", (bill,), "e" * 64), at=day * DAY_MS)


def with_claims() -> Bench:
    """100 adults, 10,000 yuan of premium; 4,000 of losses in the first period and 5,500 in the second."""
    bench = signed()
    rows = tuple((f"p{number}", 30) for number in range(100))
    enrol = bench.do("insurer-1", "inclusive.enrol", Enrol("plan", rows), at=20 * DAY_MS, cosigners=("bureau",))
    assert enrol.code == "ok"
    for invoice, (yuan, day) in enumerate([(4_000, 199), (2_500, 200), (3_000, 464)]):
        assert settle(bench, invoice, yuan, day).code == "ok"
    return bench


def test_a_year_of_accounts():
    bench = with_claims()
    first = act(bench, "insurer-1", "close-period", ClosePeriod("plan", 0), 201)
    # 4,000 of premium less 1,200 of commission less 1,600 of losses
    assert first.output == {"balance_fen": 1_200 * YUAN, "entries": 2}
    assert (
        act(bench, "reinsurer", "confirm-period", ConfirmPeriod("insurer-1", "plan", 0, 1_200 * YUAN), 202).code == "ok"
    )
    second = act(bench, "insurer-1", "close-period", ClosePeriod("plan", 1), 500)
    assert second.output == {"balance_fen": -2_200 * YUAN, "entries": 2}
    confirm = ConfirmPeriod("insurer-1", "plan", 1, -2_200 * YUAN)
    assert act(bench, "reinsurer", "confirm-period", confirm, 501).code == "ok"
    year = act(bench, "insurer-1", "close-year", CloseYear("plan"), 501)
    # net premium 6,000, net loss 5,700 (95 %): 15 % xs 80 % = 900, 90 % placed; premium stays at the deposit
    assert year.output == {"recovery_fen": 810 * YUAN, "adjustment_fen": 0}
    assert act(bench, "reinsurer", "confirm-year", ConfirmYear("insurer-1", "plan", -810 * YUAN), 502).code == "ok"
    assert bench.balance("insurer-1", "premium-ceded") == 4_500 * YUAN == -bench.balance("reinsurer", "premium-assumed")
    assert (
        bench.balance("insurer-1", "recoveries")
        == -(3_800 + 810) * YUAN
        == -bench.balance("reinsurer", "recoveries-paid")
    )
    assert bench.balance("insurer-1", "commission-income") == -1_200 * YUAN
    assert bench.balance("reinsurer", "cash") == (4_500 - 1_200 - 4_610) * YUAN
    assert bench.balance("insurer-1", "cash") == (10_000 - 9_500 - 4_500 + 1_200 + 4_610) * YUAN
    assert total_of_all_accounts(bench.tree) == 0


def test_both_sides_sign_and_the_deposit_moves_at_once():
    bench = signed()
    assert bench.balance("insurer-1", "cash") == -500 * YUAN == -bench.balance("reinsurer", "cash")
    assert act(bench, "insurer-1", "sign-treaty", SIGN, 10, "reinsurer").code == "treaty_exists"
    assert act(bench, "insurer-2", "sign-treaty", SIGN, 10).code == "signature_missing"
    assert act(bench, "insurer-2", "sign-treaty", SIGN, 11, "reinsurer").code == "inception_in_the_past"
    wrong = SignTreaty("broker", "plan", TERMS, BOUNDARIES)
    assert act(bench, "insurer-2", "sign-treaty", wrong, 10, "broker").code == "wrong_role"
    flat = SignTreaty("reinsurer", "plan", TERMS, (10 * DAY_MS, 10 * DAY_MS))
    assert act(bench, "insurer-2", "sign-treaty", flat, 10, "reinsurer").code == "periods_not_ascending"


def test_periods_close_in_order_after_they_end_and_once():
    bench = with_claims()
    assert act(bench, "insurer-1", "close-period", ClosePeriod("plan", 1), 600).code == "not_the_next_period"
    assert act(bench, "insurer-1", "close-period", ClosePeriod("plan", 0), 199).code == "period_not_over"
    assert act(bench, "insurer-1", "close-year", CloseYear("plan"), 600).code == "periods_open"
    assert act(bench, "insurer-1", "close-period", ClosePeriod("plan", 0), 200).code == "ok"
    assert act(bench, "insurer-1", "close-period", ClosePeriod("plan", 0), 200).code == "not_the_next_period"
    assert act(bench, "insurer-1", "close-period", ClosePeriod("plan", 1), 600).code == "ok"
    assert act(bench, "insurer-1", "close-period", ClosePeriod("plan", 2), 600).code == "not_the_next_period"
    assert act(bench, "insurer-1", "close-year", CloseYear("plan"), 600).code == "account_unconfirmed"
    assert act(bench, "insurer-2", "close-period", ClosePeriod("plan", 0), 600).code == "unknown_treaty"


def test_nothing_is_booked_into_a_closed_period():
    bench = with_claims()
    assert act(bench, "insurer-1", "close-period", ClosePeriod("plan", 0), 201).code == "ok"
    assert settle(bench, 9, 1, 199).code == "period_closed"
    assert settle(bench, 9, 1, 200).code == "ok"


@pytest.mark.parametrize(
    ("who", "balance", "code"),
    [
        ("reinsurer", 1_200 * YUAN + 1, "balance_differs"),
        ("insurer-2", 1_200 * YUAN, "role_not_allowed"),
        ("reinsurer", 1_200 * YUAN, "ok"),
    ],
)
def test_only_the_reinsurer_confirms_and_only_the_balance_that_it_computed(who, balance, code):
    bench = with_claims()
    assert act(bench, "insurer-1", "close-period", ClosePeriod("plan", 0), 201).code == "ok"
    before = bench.balance("reinsurer", "cash")
    assert act(bench, who, "confirm-period", ConfirmPeriod("insurer-1", "plan", 0, balance), 202).code == code
    assert (bench.balance("reinsurer", "cash") == before) == (code != "ok")


def test_an_account_is_confirmed_once():
    bench = with_claims()
    confirm = ConfirmPeriod("insurer-1", "plan", 0, 1_200 * YUAN)
    assert act(bench, "reinsurer", "confirm-period", confirm, 202).code == "unknown_period_account"
    assert act(bench, "insurer-1", "close-period", ClosePeriod("plan", 0), 201).code == "ok"
    assert act(bench, "reinsurer", "confirm-period", confirm, 202).code == "ok"
    assert act(bench, "reinsurer", "confirm-period", confirm, 202).code == "illegal_transition"
