"""Claims from notice to close: papers, payment, reopening, recovery, disputes, reserves, versions of the rules."""

from itertools import count

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import claims, versions
from node.contracts.accounts import overdrawn, total_of_all_accounts
from node.contracts.claims import CaseReserve, ReasonArgs, RecoverArgs, RuleArgs
from tests.node.contracts.claiming import CASH, POLICY, RESERVE, SUM, Case, house

# --- the way through


def test_from_notice_to_close_on_paper():
    case = Case()
    assert case.reserve == RESERVE
    told = case.approved()
    assert (told.output["total_fen"], told.output["excluded_fen"], told.output["payable_fen"]) == (
        35_000,
        5_000,
        30_000,
    )
    assert case.reserve == 30_000
    assert case.of("insurer-1", "pay").output == {"paid_fen": 30_000}
    assert case.reserve == 0
    counted = case.network.tree.get("claims_effort", "insurer-1")
    assert counted == claims.Effort(reported=1, paid=1, documents_requested=1, hospital_trips=1)
    assert case.of("insurer-1", "close").output == {"state": "CLOSED", "paid_fen": 30_000}
    assert (case.balance("ann"), case.balance("insurer-1")) == (CASH + 30_000, CASH - 30_000)


def test_papers_need_the_hospitals_stamp_the_insured_and_a_request():
    case = Case()
    assert case.papers().code == "illegal_transition"
    case.of("insurer-1", "check")
    case.of("insurer-1", "request-papers", "no_voucher")
    assert case.papers(cosigners=()).code == "signature_missing"
    assert case.of("insurer-1", "assess").code == "unknown_papers"
    assert case.papers().code == "ok"
    assert case.of("insurer-2", "assess").code == "wrong_insurer"
    stranger = ReasonArgs(case.id, "changed_my_mind")
    assert case.do("bob", "withdraw", stranger).code == "not_the_insured"


def test_an_invoice_that_was_claimed_for_is_refused_and_a_stay_flagged():
    first = Case()
    first.approved(invoice=7)
    second = Case(first.network, at=2_000)
    second.of("insurer-1", "check")
    second.of("insurer-1", "request-papers", "no_voucher")
    assert second.papers(invoice=7).code == "invoice_reused"
    assert second.papers(invoice=8).output["flag"] == "stay_claimed_before"
    assert second.of("insurer-1", "assess").code == "flag_not_cleared"
    assert second.of("insurer-1", "assess", cosigners=("bureau",)).code == "ok"
    assert second.of("insurer-1", "assess").code == "not_on_paper"


def test_a_bill_beyond_all_money_is_refused():
    most = 2**53 - 1
    case = Case()
    assert case.approved(("bed", most), ("drug", 1)).code == "bill_too_large"
    assert Case().approved(("bed", most)).output["payable_fen"] == SUM


def test_the_same_papers_are_not_assessed_twice():
    case = Case()
    case.approved()
    case.of("insurer-1", "pay")
    case.of("insurer-1", "close")
    case.of("ann", "reopen", "another_bill")
    case.of("insurer-1", "request-papers", "no_voucher")
    assert case.of("insurer-1", "assess").code == "papers_assessed_already"


def test_a_denied_or_withdrawn_claim_keeps_no_reserve():
    for who, action in (("insurer-1", "deny"), ("ann", "withdraw")):
        case = Case()
        assert case.of(who, action, "a_reason").code == "ok"
        assert case.reserve == 0
        assert case.of("insurer-1", "pay").code == "illegal_transition"


def test_a_reserve_is_no_more_than_what_is_left_of_the_sum_insured():
    case = Case()
    case.approved(("bed", SUM - 10))
    assert Case(case.network, at=2_000).reserve == 10


def test_each_benefit_has_a_sum_insured_of_its_own():
    case = Case()
    assert case.approved(("bed", 2 * SUM)).output["payable_fen"] == SUM
    assert Case(case.network, at=2_000).approved(("bed", 1), stay=2, invoice=2).output["payable_fen"] == 0
    other = Case(case.network, at=3_000, benefit="hepatitis")
    assert other.approved(("drug", SUM), stay=3, invoice=3).output["payable_fen"] == SUM // 2


# --- reopening and recovery


def test_reopening_pays_what_the_benefit_rises_by():
    case = Case()
    case.approved()
    assert case.of("ann", "reopen", "another_bill").code == "illegal_transition"
    case.of("insurer-1", "pay")
    case.of("insurer-1", "close")
    assert case.of("ann", "reopen", "another_bill").output == {"state": "COVERED", "reopened": 1}
    assert case.reserve == RESERVE
    case.of("insurer-1", "request-papers", "no_voucher")
    case.papers(("drug", 700), stay=2)
    assert case.of("insurer-1", "assess").output["payable_fen"] == 30_700
    assert case.reserve == 700
    assert case.of("insurer-1", "pay").output == {"paid_fen": 700}
    assert case.balance("ann") == CASH + 30_700


def test_what_was_paid_comes_back_by_subrogation_and_no_more():
    case = Case()
    case.approved()

    def recover(payer, amount):
        return case.do("insurer-1", "recover", RecoverArgs(case.id, payer, amount), cosigners=(payer,))

    assert recover("broker", 1).code == "illegal_transition"
    case.of("insurer-1", "pay")
    assert recover("ann", 1).code == "not_overpaid"
    assert recover("broker", 20_000).output == {"recovered_fen": 20_000}
    assert recover("broker", 10_001).code == "more_than_was_paid"
    assert recover("broker", 10_000).code == "ok"
    assert (case.balance("insurer-1"), case.balance("broker")) == (CASH, CASH - 30_000)
    unsigned = RecoverArgs(case.id, "broker", 1)
    assert case.do("insurer-1", "recover", unsigned).code == "signature_missing"


# --- disputes


def rule(case, award, *panel, who="bureau"):
    return case.do(who, "rule", RuleArgs(case.id, award), cosigners=panel)


@pytest.mark.parametrize("state", ["REPORTED", "COVERED", "MANUAL", "APPROVED"])
def test_a_dispute_freezes_a_claim_wherever_it_stands(state):
    case = Case()
    if state == "APPROVED":
        case.approved()
    elif state != "REPORTED":
        case.of("insurer-1", "check")
        if state == "MANUAL":
            case.of("insurer-1", "request-papers", "no_voucher")
    assert case.claim.state == state
    told = case.of("ann", "dispute", "liability")
    assert told.output == {"state": "DISPUTED", "panel": ("broker", "reinsurer", "bob"), "needed": 2}
    for who, action, reason in (
        ("insurer-1", "check", None),
        ("insurer-1", "request-papers", "x"),
        ("insurer-1", "pay", None),
        ("insurer-1", "deny", "x"),
        ("insurer-1", "close", None),
        ("insurer-1", "dispute", "x"),
        ("ann", "withdraw", "x"),
        ("ann", "reopen", "x"),
    ):
        assert case.of(who, action, reason).code == "illegal_transition", action
    assert case.papers().code == "illegal_transition"
    assert case.of("insurer-1", "assess").code == "not_on_paper"
    assert case.balance("ann") == CASH
    assert rule(case, 12_345, "broker").code == "signature_missing"
    assert rule(case, 12_345, "broker", "insurer-1").code == "signature_missing", "a party sits on no panel"
    assert rule(case, 12_345, "broker", "bob").output == {"state": "PAID", "award_fen": 12_345, "paid_fen": 12_345}
    assert (case.balance("ann"), case.reserve) == (CASH + 12_345, 0)
    assert rule(case, 12_345, "broker", "bob").code == "illegal_transition"


def test_a_ruling_may_dismiss_and_may_not_go_beyond_the_cover():
    case = Case()
    case.of("bureau", "dispute", "fraud")
    assert rule(case, SUM + 1, "broker", "bob").code == "award_beyond_cover"
    assert rule(case, 0, "broker", "bob").output == {"state": "DENIED", "award_fen": 0, "paid_fen": 0}
    assert case.of("ann", "dispute", "again").code == "ruled_already"
    assert case.network.tree.get("policies", POLICY).claimed_fen == 0


def test_what_a_ruling_finds_too_much_is_for_the_holder_to_give_back():
    case = Case()
    case.approved()
    case.of("insurer-1", "pay")
    case.of("insurer-1", "dispute", "overpaid")
    assert rule(case, 25_000, "bob", who="reinsurer").output["paid_fen"] == 0
    assert case.network.tree.get("policies", POLICY).claimed_fen == 25_000
    for amount, code in ((5_001, "not_overpaid"), (5_000, "ok"), (1, "not_overpaid")):
        assert case.do("insurer-1", "recover", RecoverArgs(case.id, "ann", amount), cosigners=("ann",)).code == code


def test_what_the_holder_gives_back_and_what_others_make_good_are_counted_apart():
    case = Case()
    case.approved()
    case.of("insurer-1", "pay")
    case.of("insurer-1", "dispute", "overpaid")
    rule(case, 20_000, "bob", who="reinsurer")
    for payer, amount, code in (
        ("broker", 15_000, "ok"),
        ("ann", 10_001, "not_overpaid"),
        ("ann", 10_000, "ok"),
        ("broker", 5_001, "more_than_was_paid"),
        ("broker", 5_000, "ok"),
    ):
        back = RecoverArgs(case.id, payer, amount)
        assert case.do("insurer-1", "recover", back, cosigners=(payer,)).code == code, (payer, amount)
    assert (case.claim.returned_fen, case.claim.recovered_fen) == (10_000, 20_000)
    assert case.of("insurer-1", "close").output["paid_fen"] == 0


def again(case, *charges):
    """Close and reopen the claim, and have a further bill assessed."""
    case.of("insurer-1", "close")
    told = case.of("ann", "reopen", "another_bill")
    if told.code != "ok":
        return told
    case.of("insurer-1", "request-papers", "no_voucher")
    case.papers(*charges, stay=2)
    return case.of("insurer-1", "assess")


def test_no_further_bill_undoes_a_ruling():
    """Neither what it denied nor what it granted beyond the rules; and what was granted stays used up."""
    dismissed = Case()
    dismissed.approved()
    dismissed.of("bureau", "dispute", "fraud")
    rule(dismissed, 0, "broker", "bob")
    assert again(dismissed, ("bed", 1)).code == "dismissed"
    assert dismissed.balance("ann") == CASH
    for award in (45_000, 20_000):
        case = Case()
        case.approved()
        case.of("ann", "dispute", "liability")
        rule(case, award, "broker", "bob")
        assert again(case, ("bed", 700)).output["payable_fen"] == award + 700
        assert case.network.tree.get("policies", POLICY).claimed_fen == award + 700
        assert case.of("insurer-1", "pay").output == {"paid_fen": 700}


def test_what_was_paid_is_not_withdrawn_from_those_who_may_claim_it_back():
    case = Case()
    case.approved()
    case.of("insurer-1", "pay")
    case.of("insurer-1", "close")
    case.of("ann", "reopen", "another_bill")
    assert case.of("ann", "withdraw", "enough").code == "paid_already"


@pytest.mark.parametrize(("received", "code"), [(0, "policy_unwound"), (1, "ok")])
def test_a_policy_whose_whole_premium_came_back_pays_for_nothing(received, code):
    """Reported while it was in force, cancelled within the cooling-off time: cover for nothing."""
    case = Case()
    policy = case.network.tree.get("policies", POLICY)
    cancelled = msgspec.structs.replace(policy, state="CANCELLED", premium_fen=100, received_fen=received)
    case.network.tree = case.network.tree.update({("policies", POLICY): cancelled})
    assert case.approved().code == code


def test_nobody_contests_where_nobody_can_rule():
    network = house(needed=4)
    assert Case(network).of("ann", "dispute", "liability").code == "no_panel"


# --- versions of the rules


def switch(network, *, version="v2", since=5_000, at=2_000, signers=("insurer-2",)):
    args = versions.SwitchArgs("claims-payable", version, since)
    return network.do("insurer-1", "versions.switch", args, at=at, cosigners=signers)


@pytest.mark.parametrize(("starts", "payable"), [(100, 30_000), (4_999, 30_000), (5_000, 32_500), (9_000, 32_500)])
def test_what_began_under_a_version_settles_under_it(starts, payable):
    network = house(starts=starts)
    assert switch(network).code == "ok"
    case = Case(network, at=20_000)
    assert case.claim.rules == ("v1" if payable == 30_000 else "v2")
    assert case.approved().output["payable_fen"] == payable


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signers": ()}, "council_short"),
        ({"signers": ("broker",)}, "council_short"),
        ({"version": "v9"}, "unknown_version"),
        ({"since": 2_999}, "version_backdated"),
        ({"since": 3_000}, "ok"),
    ],
)
def test_who_may_switch_to_what_and_when(changes, code):
    assert switch(house(), **changes).code == code


def test_no_switch_is_undone_or_overtaken():
    network = house()
    assert switch(network, since=5_000).code == "ok"
    assert switch(network, since=5_000, version="v1").code == "version_out_of_order"
    assert switch(network, since=5_001, version="v1").code == "ok"
    assert [versions.in_force("v1", ((5_000, "v2"), (5_001, "v1")), at) for at in (0, 4_999, 5_000, 5_001)] == [
        "v1",
        "v1",
        "v2",
        "v1",
    ]


# --- whatever happens

FIRST = ("check", "request", "papers", "assess", "pay", "close")
USUAL = (*FIRST, "reopen", *FIRST[1:])
OTHERS = ("withdraw", "deny", "dispute", "rule", "recover", *USUAL)
STORIES = st.tuples(st.integers(0, len(USUAL)), st.lists(st.sampled_from(OTHERS), max_size=15)).map(
    lambda drawn: (*USUAL[: drawn[0]], *drawn[1])
)
"""The usual way for a while, and then whatever."""


def play(case, step, amount):
    """One step of a story, whether it is allowed or not."""
    match step:
        case "check" | "assess" | "pay" | "close":
            case.of("insurer-1", step, cosigners=("bureau",))
        case "request":
            case.of("insurer-1", "request-papers", "x")
        case "papers":
            case.papers(("bed", amount), ("self-paid", amount // 3), invoice=case.at)
        case "reopen" | "withdraw" | "dispute":
            case.of("ann", step, "x")
        case "deny":
            case.of("insurer-1", "deny", "x")
        case "rule":
            rule(case, amount, "broker", "bob")
        case "recover":
            case.do("insurer-1", "recover", RecoverArgs(case.id, "broker", amount), cosigners=("broker",))


@settings(max_examples=60)
@given(st.lists(STORIES, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_books_balance_whatever_happens_and_no_claim_pays_more_than_is_covered(stories, random):
    network = house()
    cases = [Case(network) for _ in stories]
    waiting = [[(case, step) for step in story] for case, story in zip(cases, stories, strict=True)]
    steps = []
    while any(waiting):  # each story in its order, the stories in any
        steps.append(random.choice([story for story in waiting if story]).pop(0))
    for at, (case, step) in enumerate(steps, start=10_000):
        case.at = at
        amount = random.randrange(1, SUM)
        play(case, step, amount)
        assert case.reserve >= 0
    assert (total_of_all_accounts(network.tree), overdrawn(network.tree)) == (0, ())
    paid = sum(case.claim.paid_fen for case in cases)
    recovered = sum(case.claim.recovered_fen for case in cases)
    assert cases[0].balance("insurer-1") == CASH - paid + recovered
    policy = network.tree.get("policies", POLICY)
    assert policy.claimed_fen == sum(case.claim.payable_fen or 0 for case in cases) <= SUM
    kept = dict(network.tree.items(CaseReserve.namespace))
    for case in cases:
        assert case.claim.returned_fen + case.claim.recovered_fen <= case.claim.paid_fen
        movements = [record.lines for key, record in network.tree.items("postings", f"reserve/{case.id}/")]
        assert sum(dict(lines)["insurer-1/reserve-movement"] for lines in movements) == case.reserve
        assert len(movements) == (kept[case.id].movements if case.id in kept else 0)


# --- chains that do not touch


def told_in(order):
    """What the state holds once three claims were settled one after the other, in that order."""
    network = house()
    cases = [Case(network) for _ in range(3)]
    for number in order:
        case = cases[number]
        case.at = 5_000
        case.numbers = count(100 * number)
        case.approved(("bed", 1_000 * (number + 1)), stay=number)
        case.of("insurer-1", "pay")
    business = (
        "claims",
        "case_reserves",
        "accounts",
        "postings",
        "policies",
        "invoices",
        "claimed_stays",
        "claims_effort",
    )
    return {space: dict(network.tree.items(space)) for space in business}


IN_TURN = told_in((0, 1, 2))


@given(st.permutations([0, 1, 2]))
@settings(max_examples=6)
def test_independent_claims_commute(order):
    assert told_in(order) == IN_TURN
    assert [claim.paid_fen for _, claim in sorted(IN_TURN["claims"].items())] == [1_000, 2_000, 3_000]
