"""A mutual pool: at every block it has what came in less what went out, and nothing goes out but by its rules."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from node.contracts.accounts import overdrawn, total_of_all_accounts
from node.contracts.property.mutual import (
    AssessArgs,
    ClaimArgs,
    FoundArgs,
    JoinArgs,
    MutualClaimArgs,
    PoolArgs,
    ShowArgs,
)
from tests.node.contracts.property.kit import balance, enclosed, market

MEMBERS = ("patient-1", "patient-2", "patient-3")
ASSESSORS = ("adjuster-1", "adjuster-2", "adjuster-3")
CONTRIBUTION, WAITING, LIMIT = 100, 50, 250
PROOF = "ee" * 32


def founded(quorum=2):
    network = market()
    rules = FoundArgs(CONTRIBUTION, WAITING, LIMIT, ASSESSORS, quorum)
    return network, network.do("manager", "mutual.found", rules).output["pool"]


def join(network, pool, who, at=0):
    personal = enclosed(network, who, {"name": who}, (who,))
    return network.do(who, "mutual.join", JoinArgs(pool, personal), at=at, cosigners=("manager",))


def show(network, claim, who, assessor, *, at, name=None):
    personal = enclosed(network, who, {"name": name or who}, (who, assessor))
    return network.do(who, "mutual.show", ShowArgs(claim, assessor, personal), at=at, cosigners=(assessor,))


moves = st.lists(
    st.tuples(
        st.sampled_from(["join", "contribute", "claim", "show", "assess", "assess", "settle"]),
        st.sampled_from(MEMBERS),
        st.sampled_from(ASSESSORS),
        st.integers(0, 30),
        st.integers(0, 300),
    ),
    max_size=40,
)


class Told:
    """What the receipts say, counted another way than the pool counts it."""

    def __init__(self):
        self.joined, self.claims, self.shown, self.said, self.got = {}, {}, set(), {}, {}
        self.went_in = 0

    def took(self, move, who, assessor, at, fen, output):  # noqa: PLR0917 - one move
        claim = self.claims.get(who, [("", 0, 0)])[-1][0]
        if move in {"join", "contribute"}:
            self.went_in += CONTRIBUTION
            self.joined.setdefault(who, at)
        elif move == "claim":
            self.claims.setdefault(who, []).append((output["claim"], at, fen))
        elif move == "show":
            self.shown.add((claim, assessor))
        elif move == "assess":
            assert (claim, assessor) in self.shown
            self.said.setdefault(claim, set()).add(assessor)
        if output.get("paid_fen"):
            _, occurred, claimed = self.claims[who][-1]
            assert output["paid_fen"] == claimed
            assert len(self.said[claim]) >= 2
            assert occurred >= self.joined[who] + WAITING
            self.got[who] = self.got.get(who, 0) + claimed
            assert self.got[who] <= LIMIT


A_CLAIM = [
    *(("join", who, "adjuster-1", 0, 0) for who in MEMBERS),
    ("claim", "patient-1", "adjuster-1", WAITING, 200),
    *((move, "patient-1", assessor, 0, 0) for assessor in ASSESSORS[:2] for move in ("show", "assess")),
]


def play(network, pool, claim, move, who, assessor, at, fen):  # noqa: PLR0917 - one move
    """What becomes of a move; "claim" is the one that the others are about."""
    match move:
        case "join":
            return join(network, pool, who, at)
        case "contribute":
            return network.do(who, "mutual.contribute", PoolArgs(pool), at=at)
        case "claim":
            return network.do(who, "mutual.claim", ClaimArgs(pool, at, fen, PROOF), at=at)
        case "show":
            return show(network, claim, who, assessor, at=at)
        case "assess":
            return network.do(assessor, "mutual.assess", AssessArgs(claim, True), at=at)
    return network.do("manager", "mutual.settle", MutualClaimArgs(claim), at=at)


@given(moves)
@example([*A_CLAIM, ("claim", "patient-2", "adjuster-1", 0, 150)])
@settings(max_examples=25, deadline=None)
def test_the_pool_has_what_came_in_less_what_went_out_at_every_block(drawn):
    network, pool = founded()
    told, now = Told(), 0
    for move, who, assessor, wait, fen in drawn:
        now += wait
        claim = told.claims.get(who, [("patient-1/999", 0, 0)])[-1][0]
        outcome = play(network, pool, claim, move, who, assessor, now, fen)
        if outcome.code == "ok":
            told.took(move, who, assessor, now, fen, outcome.output)
        record = network.tree.get("mutual_pools", pool)
        there = told.went_in - sum(told.got.values())
        assert (record.in_fen, record.in_fen - record.out_fen) == (told.went_in, there)
        assert balance(network, pool, "cash") == there
        assert (total_of_all_accounts(network.tree), overdrawn(network.tree)) == (0, ())
    for who in MEMBERS:
        assert balance(network, who, "claims-received") == -told.got.get(who, 0)


def played(drawn):
    """The pool after some moves, all of which are accepted."""
    network, pool = founded()
    claim, now = "", 0
    for move, who, assessor, wait, fen in drawn:
        now += wait
        outcome = play(network, pool, claim, move, who, assessor, now, fen)
        assert outcome.code == "ok", outcome
        claim = outcome.output["claim"] if move == "claim" else claim
    return network, pool, claim


def test_the_contract_pays_the_member_with_the_approval_that_makes_the_quorum():
    network, _, _ = played(A_CLAIM[:-1])
    assert balance(network, "patient-1", "claims-received") == 0
    network, pool, claim = played(A_CLAIM)
    assert balance(network, "patient-1", "claims-received") == -200
    assert balance(network, "manager", "cash") == balance(network, "adjuster-1", "cash")
    assert network.tree.get("mutual_pools", pool).out_fen == 200
    assert network.do("patient-1", "mutual.settle", MutualClaimArgs(claim)).code == "illegal_transition"


def test_other_data_than_the_member_joined_with_are_refused():
    network, _, claim = played(A_CLAIM[:4])
    assert show(network, claim, "patient-1", "adjuster-1", at=WAITING, name="somebody else").code == "not_as_joined"
    assert network.do("adjuster-1", "mutual.assess", AssessArgs(claim, True), at=WAITING).code == "not_shown"


def test_what_the_pool_cannot_meet_waits_and_nobody_is_paid_a_part():
    network, pool, claim = played([("join", "patient-1", "", 0, 0), *A_CLAIM[3:]])
    assert balance(network, pool, "cash") == CONTRIBUTION
    assert network.do("manager", "mutual.settle", MutualClaimArgs(claim)).code == "pool_short"
    assert join(network, pool, "patient-2").code == "ok"
    assert network.do("manager", "mutual.settle", MutualClaimArgs(claim)).output["paid_fen"] == 200
    assert balance(network, pool, "cash") == 0


def test_one_rejection_ends_a_claim_that_all_would_have_to_approve():
    network, pool = founded(quorum=3)
    join(network, pool, "patient-1")
    claim = network.do("patient-1", "mutual.claim", ClaimArgs(pool, WAITING, 1, PROOF), at=WAITING).output["claim"]
    show(network, claim, "patient-1", "adjuster-1", at=WAITING)
    said = network.do("adjuster-1", "mutual.assess", AssessArgs(claim, approve=False), at=WAITING)
    assert said.output["state"] == "REJECTED", "nobody can make it three any more"
    again = network.do("patient-1", "mutual.claim", ClaimArgs(pool, WAITING, 1, PROOF), at=WAITING)
    assert again.code == "ok", "the member is not stuck with it"


def test_nobody_dates_their_own_waiting_period_back():
    network, pool = founded()
    args = JoinArgs(pool, enclosed(network, "patient-1", {"name": "ann"}, ("patient-1",)))
    assert network.do("patient-1", "mutual.join", args).code == "signature_missing"
    assert join(network, pool, "patient-1").code == "ok"
