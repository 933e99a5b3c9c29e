"""Mutual insurance 相互保险 (row 29): members pay into a pool, and its contract pays members directly, by fixed rules.

A manager founds a pool with rules that nothing can change: the contribution, how long a member waits before being
covered, the most that a member can get, who assesses, and how many of them must agree. The pool's cash lies in accounts
of its own that no client owns: the one way in is a contribution, the one way out a claim that the assessors approved,
straight to the member 直接将资金支付给参与互助保险的病患者. The pool's record counts both, for everybody to hold
against its accounts at any height.

Members' personal data are sealed to the members themselves; who assesses a claim sees of them what the member shows,
and the chain knows that they are the very data with which the member joined.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import balance, pay
from node.contracts.context import Context, EventKind, Plain, Refusal
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, record, signed
from node.contracts.fields import Arguments, Digest, Fen, Millis, Name, ObjectId, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.privacy.commitments import Commitments
from node.privacy.envelope import Envelope

MUTUAL_CLAIM = Lifecycle(
    "mutual claim",
    {
        "OPEN": {"assess": "OPEN", "approve": "APPROVED", "reject": "REJECTED"},
        "APPROVED": {"pay": "PAID"},
        "PAID": {},
        "REJECTED": {},
    },
)
"""An approved claim that the pool cannot meet waits as it is until it can."""

ASSESSORS_MAX = 15


class MutualPool(Record, frozen=True):
    """A pool: its rules, which stay, and what went in and out. What it has is ``in_fen - out_fen``, at any height.

    ``limit_fen`` is the most that one member ever gets; ``quorum`` of the ``assessors`` approve or reject.
    """

    namespace: ClassVar[str] = "mutual_pools"
    readers: ClassVar[Readers] = Readers.EVERYONE

    manager: str
    contribution_fen: int
    waiting_ms: int
    limit_fen: int
    assessors: tuple[str, ...]
    quorum: int
    members: int
    in_fen: int
    out_fen: int


class Membership(Record, frozen=True):
    """A member; the key is ``wallet/pool``. ``claim`` is the open one, or ""."""

    namespace: ClassVar[str] = "mutual_members"
    readers: ClassVar[Readers] = Readers.OWNER

    joined_ms: int
    paid_fen: int
    received_fen: int
    claim: str
    commitments: Commitments


class MutualClaim(Record, frozen=True):
    """A member's claim on the pool. ``shown_to`` are the assessors who were shown papers, ``approved`` who said yes."""

    namespace: ClassVar[str] = "mutual_claims"
    readers: ClassVar[Readers] = Readers.EVERYONE

    state: str
    pool: str
    member: str
    occurred_ms: int
    amount_fen: int
    evidence: str
    shown_to: tuple[str, ...]
    approved: tuple[str, ...]
    rejected: tuple[str, ...]


PAID = EventKind("mutual_claim_paid", parties=("to", "manager"))

contract = Contract("mutual", records=(MutualPool, Membership, MutualClaim), events=(PAID,))


class FoundArgs(Arguments, frozen=True):
    """The rules of a pool."""

    contribution_fen: Fen
    waiting_ms: Millis
    limit_fen: Fen
    assessors: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=ASSESSORS_MAX)]
    quorum: Annotated[int, Meta(ge=1, le=ASSESSORS_MAX)]


class JoinArgs(Arguments, frozen=True):
    """Which pool, and who one is, sealed to oneself."""

    pool: ObjectId
    personal: Envelope


class PoolArgs(Arguments, frozen=True):
    """Which pool."""

    pool: ObjectId


class ClaimArgs(Arguments, frozen=True):
    """On which pool, for what, when it happened, and the hash of what proves it."""

    pool: ObjectId
    occurred_ms: Millis
    amount_fen: Fen
    evidence: Digest


class ShowArgs(Arguments, frozen=True):
    """For which claim which assessor sees what: fields with which the member joined, sealed to both."""

    claim: ObjectId
    assessor: Name
    personal: Envelope


class AssessArgs(Arguments, frozen=True):
    """Which claim, and what the assessor finds."""

    claim: ObjectId
    approve: bool


class MutualClaimArgs(Arguments, frozen=True):
    """Which claim."""

    claim: ObjectId


@contract.action(roles=("manager",))
def found(ctx: Context, args: FoundArgs) -> Plain:
    """Found a pool by rules that nobody can change afterwards."""
    ctx.require(len(set(args.assessors)) == len(args.assessors), "named_twice")
    for name in args.assessors:
        ctx.require_role(name, "adjuster")
    ctx.require(len(args.assessors) < 2 * args.quorum, "minority_decides", str(args.quorum))
    ctx.require(args.quorum <= len(args.assessors), "quorum_out_of_reach", str(args.quorum))
    ctx.require(args.contribution_fen > 0, "nothing_contributed")
    pool = MutualPool(
        manager=ctx.client,
        contribution_fen=args.contribution_fen,
        waiting_ms=args.waiting_ms,
        limit_fen=args.limit_fen,
        assessors=args.assessors,
        quorum=args.quorum,
        members=0,
        in_fen=0,
        out_fen=0,
    )
    ctx.put(ctx.object_id, pool)
    return {"pool": ctx.object_id}


@contract.action(roles=("patient",), endorse=signed(record(MutualPool, "pool").field("manager")))
def join(ctx: Context, args: JoinArgs) -> Plain:
    """Join 入会: the first contribution is paid, the waiting period begins.

    The manager signs as well, or who is ill already would join under an earlier date.
    """
    pool = ctx.find(MutualPool, args.pool)
    key = _key(ctx.client, args.pool)
    ctx.require(ctx.get(Membership, key) is None, "member_already", ctx.client)
    ctx.require(args.personal.recipients == (ctx.client,), "wrong_recipients")
    ctx.carry(args.personal, ctx.object_id)
    member = Membership(ctx.time_ms, 0, 0, "", args.personal.commitments)
    ctx.put(key, member)
    ctx.put(args.pool, replace(pool, members=pool.members + 1))
    _contribute(ctx, args.pool)
    return {"covered_from_ms": ctx.time_ms + pool.waiting_ms}


@contract.action(roles=("patient",))
def contribute(ctx: Context, args: PoolArgs) -> Plain:
    """A member pays another contribution 分摊."""
    return {"pool_fen": _contribute(ctx, args.pool)}


@contract.action(roles=("patient",))
def claim(ctx: Context, args: ClaimArgs) -> Plain:
    """A member claims; one claim at a time."""
    pool = ctx.find(MutualPool, args.pool)
    member = _member(ctx, ctx.client, args.pool)
    ctx.require(args.occurred_ms <= ctx.time_ms, "not_happened_yet")
    ctx.require(args.occurred_ms >= member.joined_ms + pool.waiting_ms, "still_waiting")
    ctx.require(not member.claim, "one_at_a_time", member.claim)
    left_fen = pool.limit_fen - member.received_fen
    ctx.require(0 < args.amount_fen <= left_fen, "beyond_the_limit", f"{left_fen} fen are left")
    claimed = MutualClaim("OPEN", args.pool, ctx.client, args.occurred_ms, args.amount_fen, args.evidence, (), (), ())
    ctx.put(ctx.object_id, claimed)
    ctx.put(_key(ctx.client, args.pool), replace(member, claim=ctx.object_id))
    return {"claim": ctx.object_id}


@contract.action(roles=("patient",), endorse=signed(argument("assessor")))
def show(ctx: Context, args: ShowArgs) -> Plain:
    """The member shows an assessor, who signs for it, data that the chain knows by their commitments."""
    claimed = ctx.find(MutualClaim, args.claim)
    ctx.require(claimed.member == ctx.client, "not_your_claim", ctx.client)
    ctx.require(args.assessor not in claimed.shown_to, "shown_already", args.assessor)
    ctx.require(args.assessor in ctx.find(MutualPool, claimed.pool).assessors, "not_an_assessor", args.assessor)
    ctx.require(args.personal.recipients == tuple(sorted((ctx.client, args.assessor))), "wrong_recipients")
    joined = _member(ctx, ctx.client, claimed.pool).commitments
    shown = args.personal.commitments
    ctx.require(bool(shown) and all(pair in joined for pair in shown), "not_as_joined", args.claim)
    ctx.carry(args.personal, ctx.object_id)
    ctx.put(args.claim, replace(claimed, shown_to=tuple(sorted((*claimed.shown_to, args.assessor)))))
    return {"shown": tuple(path for path, _ in shown)}


@contract.action(roles=("adjuster",))
def assess(ctx: Context, args: AssessArgs) -> Plain:
    """An assessor approves or rejects; the one that makes the quorum has the pool pay.

    A claim is rejected as soon as those who have not rejected it are too few to approve.
    """
    claimed = ctx.find(MutualClaim, args.claim)
    state = MUTUAL_CLAIM.next(claimed.state, "assess")
    pool = ctx.find(MutualPool, claimed.pool)
    ctx.require(ctx.client in pool.assessors, "not_an_assessor", ctx.client)
    ctx.require(ctx.client in claimed.shown_to, "not_shown", ctx.client)
    ctx.require(ctx.client not in (*claimed.approved, *claimed.rejected), "assessed_already", ctx.client)
    said = "approved" if args.approve else "rejected"
    names = tuple(sorted((*getattr(claimed, said), ctx.client)))
    claimed = replace(claimed, **{"state": state, said: names})
    needed = pool.quorum if args.approve else len(pool.assessors) - pool.quorum + 1
    if len(names) < needed:
        ctx.put(args.claim, claimed)
        return {"state": claimed.state, "paid_fen": 0}
    if not args.approve:
        ctx.put(args.claim, replace(claimed, state=MUTUAL_CLAIM.next(claimed.state, "reject")))
        _closed(ctx, claimed, paid_fen=0)
        return {"state": "REJECTED", "paid_fen": 0}
    claimed = replace(claimed, state=MUTUAL_CLAIM.next(claimed.state, "approve"))
    if balance(ctx, claimed.pool, "cash") < claimed.amount_fen:
        ctx.put(args.claim, claimed)
        return {"state": claimed.state, "paid_fen": 0}
    return _pay(ctx, args.claim, claimed)


@contract.action()
def settle(ctx: Context, args: MutualClaimArgs) -> Plain:
    """Whoever asks: an approved claim is paid as soon as the pool has enough, in full."""
    claimed = ctx.find(MutualClaim, args.claim)
    has_fen = balance(ctx, claimed.pool, "cash")
    short = claimed.state == "APPROVED" and has_fen < claimed.amount_fen
    ctx.require(not short, "pool_short", f"{has_fen} fen are there")
    return _pay(ctx, args.claim, claimed)


def _pay(ctx: Context, key: str, claimed: MutualClaim) -> Plain:
    pool = ctx.find(MutualPool, claimed.pool)
    paid = replace(claimed, state=MUTUAL_CLAIM.next(claimed.state, "pay"))
    ctx.put(key, paid)
    ctx.put(claimed.pool, replace(pool, out_fen=pool.out_fen + claimed.amount_fen))
    _closed(ctx, claimed, paid_fen=claimed.amount_fen)
    debit, credit = (claimed.pool, "claims-paid"), (claimed.member, "claims-received")
    pay(ctx, f"mutual-claim/{key}", claimed.amount_fen, debit=debit, credit=credit, memo="claim")
    ctx.emit("mutual_claim_paid", claim=key, manager=pool.manager, to=claimed.member)
    return {"state": paid.state, "paid_fen": claimed.amount_fen}


def _contribute(ctx: Context, pool_id: str) -> int:
    pool = ctx.find(MutualPool, pool_id)
    member = _member(ctx, ctx.client, pool_id)
    paid = replace(member, paid_fen=member.paid_fen + pool.contribution_fen)
    ctx.put(_key(ctx.client, pool_id), paid)
    ctx.put(pool_id, replace(pool, in_fen=pool.in_fen + pool.contribution_fen))
    debit, credit = (ctx.client, "premium-paid"), (pool_id, "premium-income")
    pay(ctx, f"mutual/{ctx.object_id}", pool.contribution_fen, debit=debit, credit=credit, memo="contribution")
    return pool.in_fen + pool.contribution_fen - pool.out_fen


def _closed(ctx: Context, claimed: MutualClaim, *, paid_fen: int) -> None:
    """The member may claim again."""
    member = _member(ctx, claimed.member, claimed.pool)
    freed = replace(member, claim="", received_fen=member.received_fen + paid_fen)
    ctx.put(_key(claimed.member, claimed.pool), freed)


def _member(ctx: Context, wallet: str, pool_id: str) -> Membership:
    member = ctx.get(Membership, _key(wallet, pool_id))
    if member is None:
        raise Refusal("not_a_member", wallet)
    return member


def _key(wallet: str, pool_id: str) -> str:
    return f"{wallet}/{pool_id}"
