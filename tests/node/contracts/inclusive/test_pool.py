"""A pool of insurers that carries an inclusive plan together 共保: who signs, and who bears which fen."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.accounts import total_of_all_accounts
from node.contracts.inclusive import DAY_MS, POOL_MAX, Enrol, FilePlan, JoinPlan, PlanTerms, Settle
from node.contracts.inclusive.pool import RESIDENTS
from tests.node.contracts.inclusive.bench import Bench

YUAN = 100  # fen
TERMS = PlanTerms(
    adult_premium=100 * YUAN,
    minor_premium=60 * YUAN,
    adult_age=18,
    deductible=0,
    ratio=500_000,
    cap=3_000_000 * YUAN,
)
POOL = (("insurer-1", 2), ("insurer-2", 1))
FILE = FilePlan("plan", ("insurer-1",), TERMS, 100, 465, POOL)
EVIDENCE = "e" * 64


def file(bench, args=FILE):
    return bench.do("bureau", "inclusive.file-plan", args, at=0, cosigners=args.insurers).code


def join(bench, who="insurer-2", plan="plan", day=1):
    return bench.do(who, "inclusive.join-plan", JoinPlan(plan), at=day * DAY_MS)


def enrol(bench, rows, who="insurer-2"):
    return bench.do(who, "inclusive.enrol", Enrol("plan", rows), at=99 * DAY_MS, cosigners=("bureau",))


def settle(bench, *bills, insurer="insurer-1"):
    return bench.do("hospital-1", "inclusive.settle", Settle("plan", insurer, bills, EVIDENCE), at=200 * DAY_MS)


def pooled(pool=POOL):
    bench = Bench()
    assert file(bench, msgspec.structs.replace(FILE, pool=pool)) == "ok"
    assert join(bench).code == "ok"
    return bench


def test_nobody_enrols_before_everyone_of_the_pool_has_signed():
    bench = Bench()
    assert file(bench) == "ok"
    assert enrol(bench, (("ann", 40),), who="insurer-1").code == "pool_incomplete"
    joined = join(bench)
    assert (joined.code, joined.output) == ("ok", {"plan": "plan", "joined": 2, "of": 2})
    assert enrol(bench, (("ann", 40),), who="insurer-1").code == "ok"
    assert enrol(bench, (("bo", 40),), who="insurer-2").code == "ok"


@pytest.mark.parametrize(
    ("who", "plan", "day", "code"),
    [
        ("insurer-1", "plan", 1, "joined_already"),  # who leads has signed the filing
        ("insurer-2", "other", 1, "unknown_plan"),
        ("insurer-2", "plan", 100, "enrolment_closed"),
        ("hospital-1", "plan", 1, "role_not_allowed"),
    ],
)
def test_who_may_not_join(who, plan, day, code):
    bench = Bench()
    assert file(bench) == "ok"
    assert join(bench, who, plan, day).code == code


def test_in_which_order_they_join_does_not_matter():
    plans = []
    for order in (("insurer-2", "insurer-3"), ("insurer-3", "insurer-2")):
        bench = Bench({"insurer-3": "insurer"})
        assert file(bench, msgspec.structs.replace(FILE, pool=(*POOL, ("insurer-3", 1)))) == "ok"
        assert [join(bench, who).code for who in order] == ["ok", "ok"]
        plans.append(bench.tree.get("inclusive-plans", "plan"))
    assert plans[0] == plans[1]
    assert plans[0].open


def test_nobody_joins_twice_or_a_pool_that_does_not_name_them():
    bench = pooled()
    assert join(bench).code == "joined_already"
    bench = Bench()
    assert file(bench, msgspec.structs.replace(FILE, pool=(("insurer-1", 1),))) == "ok"
    assert join(bench).code == "not_in_the_pool"
    assert enrol(bench, (("ann", 40),)).code == "not_offered_by_you"


@pytest.mark.parametrize(
    ("pool", "code"),
    [
        ((("insurer-2", 1),), "leads_and_carries_nothing"),
        ((("insurer-1", 1), ("insurer-1", 1)), "pool_names_one_twice"),
        ((("insurer-1", 1), ("hospital-1", 1)), "wrong_role"),
        ((("insurer-1", 0),), "arguments_invalid"),
        (tuple((f"insurer-{number}", 1) for number in range(POOL_MAX + 1)), "arguments_invalid"),
    ],
)
def test_a_pool_that_is_none_is_not_filed(pool, code):
    assert file(Bench(), msgspec.structs.replace(FILE, pool=pool)) == code


def test_premium_and_benefit_are_split_to_the_fen_by_largest_remainder():
    bench = pooled()
    assert enrol(bench, (("ann", 40),)).code == "ok"
    assert bench.balance("insurer-1", "premium-income") == -6667
    assert bench.balance("insurer-2", "premium-income") == -3333
    assert settle(bench, ("ann", 1, 150, 202)).output == {"eligible_fen": 202, "paid_fen": 101}
    assert (bench.balance("insurer-1", "claims-paid"), bench.balance("insurer-2", "claims-paid")) == (67, 34)
    assert bench.balance(RESIDENTS, "claims-received") == -101
    assert bench.balance("insurer-1", "cash") == 6667 - 67
    assert total_of_all_accounts(bench.tree) == 0


def test_all_claims_of_a_pool_are_settled_with_who_leads_it():
    bench = pooled()
    assert enrol(bench, (("ann", 40),), who="insurer-2").code == "ok"
    assert settle(bench, ("ann", 1, 150, 200), insurer="insurer-2").code == "insured_elsewhere"
    assert settle(bench, ("ann", 1, 150, 200), insurer="insurer-1").code == "ok"


def test_each_part_is_booked_under_its_carriers_treaty():
    bench = pooled()
    enrol(bench, (("ann", 40),))
    settle(bench, ("ann", 1, 150, 202))
    entries = [(entry.cedent, entry.kind, entry.amount_fen) for _, entry in bench.tree.items("reinsurance-entries")]
    assert entries == [
        *(("insurer-1", "premium", 6667), ("insurer-1", "loss", 67)),
        *(("insurer-2", "premium", 3333), ("insurer-2", "loss", 34)),
    ]


@settings(max_examples=25, deadline=None)
@given(
    weights=st.tuples(st.integers(1, 1_000_000), st.integers(1, 1_000_000)),
    ages=st.lists(st.integers(0, 100), min_size=1, max_size=5),
    bills=st.lists(st.integers(1, 10**9), min_size=1, max_size=5),
)
def test_parts_add_up_whatever_the_weights(weights, ages, bills):
    bench = pooled(tuple(zip(("insurer-1", "insurer-2"), weights, strict=True)))
    assert enrol(bench, tuple((f"p{place}", age) for place, age in enumerate(ages))).code == "ok"
    paid = settle(bench, *(("p0", place, 150, fen) for place, fen in enumerate(bills))).output["paid_fen"]
    premium = sum(100 * YUAN if age >= 18 else 60 * YUAN for age in ages)
    for kind, whole in (("premium-income", -premium), ("claims-paid", paid)):
        parts = [bench.balance(insurer, kind) for insurer in ("insurer-1", "insurer-2")]
        assert sum(parts) == whole
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * sum(weights) - whole * weight) < sum(weights)
    assert total_of_all_accounts(bench.tree) == 0
