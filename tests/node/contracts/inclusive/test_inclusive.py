"""The contract "inclusive": who may do what, what is refused, and where the money goes."""

from __future__ import annotations

import pytest

from node.contracts.accounts import total_of_all_accounts
from node.contracts.inclusive import DAY_MS, Enrol, FilePlan, PlanTerms, Settle, claim_key, member_key
from tests.node.contracts.inclusive.bench import Bench

YUAN = 100  # fen
TERMS = PlanTerms(
    adult_premium=100 * YUAN,
    minor_premium=60 * YUAN,
    adult_age=18,
    deductible=1_000 * YUAN,
    ratio=500_000,
    cap=3_000_000 * YUAN,
)
FILE = FilePlan("plan", ("insurer-1", "insurer-2"), TERMS, 100, 465)
EVIDENCE = "e" * 64


def filed() -> Bench:
    bench = Bench()
    assert bench.do("bureau", "inclusive.file-plan", FILE, at=0, cosigners=FILE.insurers).code == "ok"
    return bench


def enrolled() -> Bench:
    bench = filed()
    for insurer, rows in (("insurer-1", (("ann", 40), ("bo", 17))), ("insurer-2", (("cy", 18),))):
        outcome = bench.do(insurer, "inclusive.enrol", Enrol("plan", rows), at=99 * DAY_MS, cosigners=("bureau",))
        assert outcome.code == "ok"
    return bench


def settle(bench: Bench, *bills, who="hospital-1", insurer="insurer-1", day=200, plan="plan"):
    return bench.do(who, "inclusive.settle", Settle(plan, insurer, bills, EVIDENCE), at=day * DAY_MS)


def test_a_plan_needs_every_insurers_signature_and_is_filed_once_before_its_cover():
    bench = Bench()
    assert bench.do("bureau", "inclusive.file-plan", FILE, at=0, cosigners=("insurer-1",)).code == "signature_missing"
    late = bench.do("bureau", "inclusive.file-plan", FILE, at=100 * DAY_MS, cosigners=FILE.insurers)
    assert late.code == "cover_in_the_past"
    assert bench.do("insurer-1", "inclusive.file-plan", FILE, at=0).code == "role_not_allowed"
    assert bench.do("bureau", "inclusive.file-plan", FILE, at=0, cosigners=FILE.insurers).code == "ok"
    assert bench.do("bureau", "inclusive.file-plan", FILE, at=0, cosigners=FILE.insurers).code == "plan_exists"


def test_enrolment_collects_the_uniform_premium():
    bench = enrolled()
    assert bench.tree.get("inclusive-members", member_key("plan", "bo")).premium_fen == 60 * YUAN
    assert bench.balance("insurer-1", "cash") == 160 * YUAN == -bench.balance("insurer-1", "premium-income")
    assert bench.balance("insurer-2", "cash") == 100 * YUAN
    assert bench.balance("residents", "cash") == -260 * YUAN == -bench.balance("residents", "premium-paid")
    assert total_of_all_accounts(bench.tree) == 0


@pytest.mark.parametrize(
    ("who", "rows", "day", "cosigners", "code"),
    [
        ("insurer-1", (("dee", 5), ("ann", 40)), 99, ("bureau",), "already_enrolled"),
        ("insurer-2", (("ann", 40),), 99, ("bureau",), "already_enrolled"),
        ("insurer-1", (("dee", 5), ("dee", 5)), 99, ("bureau",), "already_enrolled"),
        ("insurer-1", (("dee", 5),), 99, (), "signature_missing"),
        ("insurer-1", (("dee", 5),), 100, ("bureau",), "enrolment_closed"),
        ("hospital-1", (("dee", 5),), 99, ("bureau",), "role_not_allowed"),
        ("insurer-1", (), 99, ("bureau",), "arguments_invalid"),
        ("insurer-1", (("dee", 131),), 99, ("bureau",), "arguments_invalid"),
        ("insurer-1", tuple((f"p{n}", 5) for n in range(1_001)), 99, ("bureau",), "arguments_invalid"),
    ],
)
def test_an_enrolment_is_refused_whole(who, rows, day, cosigners, code):
    bench = enrolled()
    outcome = bench.do(who, "inclusive.enrol", Enrol("plan", rows), at=day * DAY_MS, cosigners=cosigners)
    assert outcome.code == code
    assert bench.tree.get("inclusive-members", member_key("plan", "dee")) is None


def test_a_thousand_people_are_insured_by_one_signature():
    bench = filed()
    rows = tuple((f"p{number}", number % 90) for number in range(1_000))
    outcome = bench.do("insurer-1", "inclusive.enrol", Enrol("plan", rows), at=0, cosigners=("bureau",))
    minors = sum(age < 18 for _, age in rows)
    assert outcome.output == {"people": 1_000, "premium_fen": (minors * 60 + (1_000 - minors) * 100) * YUAN}


def test_the_deductible_is_the_years_and_not_a_bills():
    bench = enrolled()
    assert settle(bench, ("ann", 1, 150, 600 * YUAN)).output == {"eligible_fen": 600 * YUAN, "paid_fen": 0}
    both = settle(bench, ("ann", 2, 151, 600 * YUAN), ("bo", 3, 151, 1_000 * YUAN + 2), who="hospital-2")
    assert both.output == {"eligible_fen": 1_600 * YUAN + 2, "paid_fen": 100 * YUAN + 1}
    assert bench.balance("insurer-1", "claims-paid") == 100 * YUAN + 1
    assert bench.balance("residents", "claims-received") == -100 * YUAN - 1
    claim = bench.tree.get("inclusive-claims", claim_key("hospital-2", 3))
    assert (claim.member, claim.day, claim.paid_fen, claim.batch) == ("bo", 151, 1, "hospital-2/5")
    assert total_of_all_accounts(bench.tree) == 0


def test_row_41_prior_paid_of_one_fen_below_the_cap_leaves_one_fen():
    bench = enrolled()
    eligible = 1_000 * YUAN + 2 * 2_999_999_99
    assert settle(bench, ("ann", 1, 150, eligible)).output["paid_fen"] == 2_999_999_99
    assert settle(bench, ("ann", 2, 151, 10_00)).output["paid_fen"] == 1
    assert settle(bench, ("ann", 3, 152, 10_00)).output["paid_fen"] == 0


@pytest.mark.parametrize(
    ("bills", "options", "code"),
    [
        ((("ann", 7, 150, 1),), {}, "duplicate_invoice"),
        ((("bo", 8, 150, 1), ("bo", 8, 150, 1)), {}, "duplicate_invoice"),
        ((("bo", 8, 99, 1),), {}, "not_covered_that_day"),
        ((("bo", 8, 465, 1),), {"day": 470}, "not_covered_that_day"),
        ((("bo", 8, 201, 1),), {}, "service_in_the_future"),
        ((("cy", 8, 150, 1),), {}, "insured_elsewhere"),
        ((("zed", 8, 150, 1),), {}, "unknown_member"),
        ((("bo", 8, 150, 1),), {"plan": "other"}, "unknown_plan"),
        ((("bo", 8, 150, 1),), {"who": "insurer-1"}, "role_not_allowed"),
        ((("bo", 8, 150, 0),), {}, "arguments_invalid"),
    ],
)
def test_a_batch_is_refused_whole(bills, options, code):
    bench = enrolled()
    assert settle(bench, ("ann", 7, 150, 5_000 * YUAN)).code == "ok"
    before = dict(bench.tree.items("inclusive-members")), bench.balance("insurer-1", "cash")
    assert settle(bench, *bills, **options).code == code
    assert (dict(bench.tree.items("inclusive-members")), bench.balance("insurer-1", "cash")) == before


def test_the_same_number_at_another_hospital_is_another_invoice():
    bench = enrolled()
    assert settle(bench, ("ann", 7, 150, 1)).code == "ok"
    assert settle(bench, ("ann", 7, 150, 1), who="hospital-2").code == "ok"
