"""Takeovers: what is owed stays owed, whatever is left to cover it, and it is covered to the fen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from node.contracts import accounts, claims, takeovers
from node.contracts.accounts import Opening, account, total_of_all_accounts
from node.contracts.policy.days import DAY_MS
from node.contracts.takeovers import AgreeArgs, CarryArgs, CompleteArgs
from tests.node.contracts.claiming import CASH, POLICY, RESERVE, Case, insured
from tests.node.contracts.network import Network


def left(cash, received, weights=(3, 2)):
    """A claim against insurer-1, which has ``cash`` and took ``received`` for a year's policy."""
    network = insured(
        Network(
            settings=[
                ("accounts", accounts.Settings((Opening("insurer-1", cash), Opening("insurer-2", CASH)))),
                ("claims", claims.Settings((), 1, (("inpatient", RESERVE),))),
                ("takeovers", takeovers.Settings(tuple(zip(("insurer-1", "insurer-2"), weights, strict=True)))),
            ]
        )
    )
    policy = network.tree.get("policies", POLICY)
    network.tree = network.tree.update(
        {("policies", POLICY): replace(policy, received_fen=received, starts_ms=0, ends_ms=10 * DAY_MS)}
    )
    return Case(network, at=DAY_MS + 1)


def taken(case, who="insurer-2", cosigners=("insurer-1",)):
    return case.network.do(who, "takeovers.agree", AgreeArgs("insurer-1"), at=case.at, cosigners=cosigners)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2 * RESERVE), st.integers(0, RESERVE))
def test_what_is_owed_is_covered_to_the_fen(cash, received):
    case = left(cash, received)
    assert taken(case).code == "ok"
    carried = case.network.do(
        "insurer-2", "takeovers.carry", CarryArgs("insurer-1", (POLICY,), (case.id,)), at=case.at + 1
    ).output
    assert carried["owed_fen"] == RESERVE + received - round_half_up(received * 2, 10)  # the second of ten days
    assert carried["paid_fen"] == min(cash, carried["owed_fen"])
    done = CompleteArgs("insurer-1", 1, 1)
    short = case.network.do("insurer-2", "takeovers.complete", done, at=case.at + 2, cosigners=("bureau",)).output
    assert short["shortfall_fen"] == carried["owed_fen"] - carried["paid_fen"]
    before = case.balance("insurer-2")
    case.network.do("insurer-2", "takeovers.levy", AgreeArgs("insurer-1"), at=case.at + 3)
    record = case.network.tree.get("takeovers", "insurer-1")
    assert (record.state, record.paid_fen + record.levied_fen) == ("SETTLED", record.owed_fen)
    assert case.balance("insurer-2") == before, "the fund has no other member, and nobody pays themselves"
    assert case.balance("insurer-1", "reserve") == 0
    assert case.balance("insurer-2", "reserve") == -RESERVE
    assert total_of_all_accounts(case.network.tree) == 0


def carried_records(case):
    keys = (("policies", POLICY), ("claims", case.id), ("takeovers", "insurer-1"))
    return [case.network.tree.get(*key) for key in keys]


def round_half_up(numerator, denominator):
    """The larger part gets the fen that is left over, and of equal ones the first."""
    return (2 * numerator + denominator) // (2 * denominator)


@pytest.mark.parametrize(
    ("cosigners", "code"),
    [
        ((), "signature_missing"),
        (("regulator", "bureau"), "signature_missing"),
        (("bureau", "insurer-1"), "ok"),
        (("insurer-1",), "ok"),
    ],
)
def test_one_agrees_who_leaves_or_who_orders_it(cosigners, code):
    case = left(0, 0)
    assert taken(case, cosigners=cosigners).code == code
    assert (case.network.tree.get("takeovers", "insurer-1") is None) == (code != "ok")


def test_what_has_ended_is_not_carried_and_nothing_changes():
    case = left(100, 100)
    taken(case)
    assert case.of("ann", "withdraw", "mistake").code == "ok"
    kept = carried_records(case)
    late = CarryArgs("insurer-1", (POLICY,), (case.id,))
    assert case.network.do("insurer-2", "takeovers.carry", late, at=case.at).code == "nothing_to_carry"
    over = CarryArgs("insurer-1", (POLICY,))
    assert case.network.do("insurer-2", "takeovers.carry", over, at=10 * DAY_MS).code == "nothing_to_carry"
    assert carried_records(case) == kept
    assert case.network.tree.get("accounts", account("insurer-2", "takeover-settled")) is None


def test_nobody_pays_into_a_fund_without_members():
    case = left(0, 0)
    taken(case)
    bare = case.network.tree.update({("guarantee_fund", "fund"): takeovers.Guarantee(parts=(("insurer-1", 1),))})
    case.network.tree = bare
    case.network.do(
        "insurer-2", "takeovers.complete", CompleteArgs("insurer-1", 0, 0), at=case.at, cosigners=("bureau",)
    )
    told = case.network.do("insurer-2", "takeovers.levy", AgreeArgs("insurer-1"), at=case.at)
    assert told.code == "nobody_guarantees"


def test_a_policy_is_not_carried_under_a_date_before_the_agreement():
    case = left(100, 100)
    assert taken(case).code == "ok"
    carried = CarryArgs("insurer-1", (POLICY,))
    assert case.network.do("insurer-2", "takeovers.carry", carried, at=case.at - 1).code == "before_agreed"
    assert case.network.do("insurer-2", "takeovers.carry", carried, at=case.at).code == "ok"
