"""What becomes of a policy: every action in every state, boundaries of time, and the money in all orders."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.accounts import overdrawn, total_of_all_accounts
from node.contracts.coinsurance import OfferArgs
from node.contracts.pledges import PledgeArgs, RepayArgs
from node.contracts.policy import POLICY, AmendArgs, PolicyArgs, in_force, surrender_fen
from node.contracts.policy.records import TermsArgs, _terms
from tests.node.contracts.parties import sealed
from tests.node.contracts.policy.kit import DAY, PREMIUM, YEAR, House

ACTIONS = {
    "pay-premium": ("pay_premium", "pay_instalment"),
    "amend": ("amend",),
    "cancel": ("cancel",),
    "lapse": ("lapse",),
    "reinstate": ("reinstate",),
    "renew": ("renew",),
    "expire": ("expire",),
}
GRACE = 60 * DAY
FULL = _terms(TermsArgs("x"))


@pytest.mark.parametrize("state", POLICY.table)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_in_every_state(state, action):
    house = House(state, paid=int(state != "BOUND"))
    outcome = house.act(action)
    allowed = [event for event in ACTIONS[action] if event in POLICY.table[state]]
    if state == "IN_FORCE" and action == "pay-premium":
        allowed = []  # all is paid
    assert (outcome.code == "illegal_transition") == (not allowed)
    if outcome.code == "ok":
        assert house.policy.state == POLICY.next(state, allowed[0])
    else:
        assert house.policy.state == state


@pytest.mark.parametrize("action", ["amend", "renew", "reinstate"])
def test_what_both_agreed_on_both_must_sign(action):
    house = House("LAPSED" if action == "reinstate" else "IN_FORCE")
    assert house.act(action, alone=True).code == "signature_missing"


@pytest.mark.parametrize(
    ("action", "who", "code"),
    [
        ("cancel", "bob", "not_the_holder"),
        ("pay-premium", "bob", "not_the_holder"),
        ("lapse", "insurer-2", "wrong_insurer"),
        ("cancel", "insurer-1", "role_not_allowed"),
        ("lapse", "ann", "role_not_allowed"),
    ],
)
def test_nobody_else_may(action, who, code):
    house = House()
    before = dict(house.tree.items("policies"))
    assert house.act(action, who=who, alone=True).code == code
    assert dict(house.tree.items("policies")) == before


@pytest.mark.parametrize(("at", "code"), [(GRACE - 1, "ok"), (GRACE, "grace_over")])
def test_a_premium_comes_within_its_grace(at, code):
    assert House("BOUND", paid=0).act("pay-premium", at=at).code == code


@pytest.mark.parametrize(("at", "code"), [(GRACE - 1, "within_grace"), (GRACE, "ok")])
def test_a_policy_lapses_when_grace_is_over(at, code):
    assert House("BOUND", paid=0).act("lapse", at=at).code == code


@pytest.mark.parametrize(("at", "code"), [(YEAR - 1, "not_ended_yet"), (YEAR, "ok")])
def test_it_expires_when_it_ends(at, code):
    house = House()
    assert house.act("expire", at=at).code == code
    assert (house.tree.get("covers", house.policy.subject) is None) == (code == "ok")


@pytest.mark.parametrize(
    ("at", "code"), [(89 * DAY, "ok"), (GRACE + 90 * DAY - 1, "ok"), (GRACE + 90 * DAY, "too_late_to_reinstate")]
)
def test_it_revives_within_its_time(at, code):
    house = House("LAPSED", instalments=4, paid=0, reinstate_within_ms=90 * DAY)
    outcome = house.act("reinstate", at=at)
    assert outcome.code == code
    if code == "ok":
        due = 1 + sum(at >= number * YEAR // 4 for number in (1, 2, 3))
        assert outcome.output["premium_fen"] == due * PREMIUM // 4
        assert house.policy.covered_from_ms == at


@pytest.mark.parametrize(("who", "code"), [("bob", "not_a_party"), ("insurer-2", "not_a_party"), ("bureau", "ok")])
def test_no_stranger_ends_a_policy_by_dating_ahead(who, code):
    assert House().act("expire", at=YEAR, who=who, alone=True).code == code


def test_what_was_renewed_is_not_amended():
    """The renewal has the cover as it was: what the market counts would never come back to nothing."""
    house = House()
    house.act("renew", at=YEAR - 10 * DAY)
    assert house.act("amend", at=YEAR - 9 * DAY).code == "already_renewed"


def test_a_renewal_leaves_no_gap_and_covers_nothing_twice():
    house = House()
    renewed = house.act("renew", at=YEAR - 10 * DAY)
    following = house.tree.get("policies", renewed.output["policy"])
    assert following.starts_ms == house.policy.ends_ms
    assert house.tree.get("covers", house.policy.subject).policies == 1
    assert house.act("renew", at=YEAR).code == "already_renewed"
    assert house.act("cancel", at=YEAR - 5 * DAY).code == "already_renewed"
    assert house.act("expire", at=YEAR).code == "ok"
    assert house.tree.get("covers", house.policy.subject).policies == 1  # it is the renewal's now
    assert house.act("cancel", at=YEAR, policy=renewed.output["policy"]).code == "ok"
    assert house.tree.get("covers", house.policy.subject) is None


def test_a_renewal_that_is_given_up_leaves_the_running_year_alone():
    house = House()
    renewed = house.act("renew", at=YEAR - 10 * DAY)
    assert house.act("cancel", at=YEAR - 9 * DAY, policy=renewed.output["policy"]).output["refund_fen"] == 0
    assert house.tree.get("covers", house.policy.subject).policies == 1
    assert house.act("renew", at=YEAR - 8 * DAY).code == "ok"


@pytest.mark.parametrize(("at", "code"), [(YEAR + GRACE - 1, "ok"), (YEAR + GRACE, "too_late_to_renew")])
def test_a_renewal_may_be_late_by_the_grace(at, code):
    assert House().act("renew", at=at).code == code


def test_an_amendment_leaves_something_and_comes_before_the_end():
    house = House()
    envelope = sealed("insurer-1/2", {"policy": "x"}, ("ann", "insurer-1"))
    nothing = AmendArgs(house.id, (), 0, envelope)
    assert house.do("insurer-1", "policy.amend", nothing, at=DAY, cosigners=("ann",)).code == "nothing_covered"
    assert house.act("amend", at=YEAR).code == "policy_ended"
    other = AmendArgs(house.id, ("dental",), 1_000_000, sealed("insurer-1/4", {"policy": "x"}, ("ann", "insurer-1")))
    assert house.do("insurer-1", "policy.amend", other, at=DAY, cosigners=("ann",)).code == "unknown_rider"


def test_what_is_paid_in_parts_is_neither_amended_nor_renewed_before_all_is_paid():
    house = House(instalments=2, paid=1)
    assert house.act("amend").code == house.act("renew").code == "premium_outstanding"


@given(st.integers(0, YEAR))
@settings(max_examples=60)
def test_amended_and_cancelled_the_insurer_keeps_what_both_covers_earned(at):
    house = House()
    difference = house.act("amend", at=at).output["difference_fen"] if at < YEAR else 0
    refund = house.act("cancel", at=at).output["refund_fen"]
    kept = PREMIUM + difference - refund
    begun = min(365, at // DAY + 1)
    assert abs(kept - PREMIUM * begun / 365) <= 1
    assert house.cash("insurer-1") == -house.cash("ann") == difference - refund


def test_cover_ends_with_the_grace_although_nobody_says_so():
    house = House("BOUND", instalments=4, paid=0, grace_ms=30 * DAY)
    assert not in_force(house.policy, DAY)
    for paid, due in ((1, YEAR // 4), (2, YEAR // 2), (3, YEAR * 3 // 4)):
        assert house.act("pay-premium", at=DAY * paid).output["premium_fen"] == PREMIUM // 4
        assert house.policy.covered_to_ms == due + 30 * DAY
        assert in_force(house.policy, due + 30 * DAY - 1)
        assert not in_force(house.policy, due + 30 * DAY)
    assert house.act("pay-premium", at=5 * DAY).code == "ok"
    assert house.policy.covered_to_ms == YEAR
    assert house.balance("insurer-1", "premium-income") == -PREMIUM


def test_what_happened_while_it_rested_stays_uncovered():
    house = House("BOUND", instalments=2, paid=0)
    house.act("pay-premium")
    end = YEAR // 2 + GRACE
    assert house.act("lapse", at=end).code == "ok"
    assert not in_force(house.policy, end)
    assert house.act("reinstate", at=end + 10 * DAY).code == "ok"
    assert [in_force(house.policy, end + days * DAY) for days in (0, 9, 10, 11)] == [False, False, True, True]


def test_what_has_paid_a_claim_gives_nothing_back():
    policy = House().policy
    assert surrender_fen(policy, FULL, 0) > 0
    assert surrender_fen(type(policy)(**{**_fields(policy), "claimed_fen": 1}), FULL, 0) == 0
    assert surrender_fen(policy, FULL, YEAR) == 0


def _fields(record):
    return {name: getattr(record, name) for name in record.__struct_fields__}


STEPS = st.lists(
    st.tuples(st.sampled_from([*ACTIONS, "settle", "offer", "pledge", "repay"]), st.integers(0, 40 * DAY)), max_size=14
)


@given(STEPS, st.sampled_from([1, 2, 4, 12]))
@settings(max_examples=80)
def test_money_and_cover_add_up_after_any_history(steps, instalments):
    house = House("BOUND", instalments=instalments, paid=0, cooling_off_ms=5 * DAY)
    now = 0
    known = [house.id]
    for action, wait in steps:
        now += wait
        policy = known[-1]
        if action in ACTIONS:
            outcome = house.act(action, at=now, policy=policy)
            if action == "renew" and outcome.code == "ok":
                known.append(outcome.output["policy"])
        else:
            _other(house, action, policy, now)
        assert total_of_all_accounts(house.tree) == 0
        assert overdrawn(house.tree) == ()
    policies = dict(house.tree.items("policies"))
    received = sum(policy.received_fen for policy in policies.values())
    assert all(policy.received_fen >= 0 for policy in policies.values())
    assert -house.balance("insurer-1", "premium-income") - house.balance("insurer-2", "premium-income") == received
    cover = house.tree.get("covers", house.policy.subject)
    live = [key for key, policy in policies.items() if policy.state in {"BOUND", "IN_FORCE"}]
    renewed = {key for key, _ in house.tree.items("renewals")}
    assert (cover.policies if cover else 0) == len(
        [key for key in live if not (key in renewed and _follows(house, key))]
    )


def _follows(house, key):
    """Is the policy's cover counted with that of the one which renews it?"""
    following = house.tree.get("policies", house.tree.get("renewals", key).policy)
    return following.state in {"BOUND", "IN_FORCE"}


def _other(house, action, policy, now):
    shares = (("insurer-1", 700_001), ("insurer-2", 299_999))
    if action == "offer":
        house.do("insurer-1", "coinsurance.offer", OfferArgs(policy, shares), at=now)
        house.do("insurer-2", "coinsurance.sign", OfferArgs(policy, shares), at=now)
    elif action == "settle":
        house.do("insurer-2", "coinsurance.settle", PolicyArgs(policy), at=now)
    elif action == "pledge":
        args = PledgeArgs(policy, "pledge", 5_000, 43_000, now + 20 * DAY)
        house.do("bank-1", "pledges.pledge", args, at=now, cosigners=("ann",))
    else:
        house.do("ann", "pledges.repay", RepayArgs(policy, 2_000), at=now)
