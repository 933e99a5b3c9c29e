"""Takeovers 业务转让: an insurer leaves in mid-year, or is insolvent, and another carries its obligations on.

The one that leaves signs; where it cannot or will not, the regulator, the bureau and two insurers do (China's Insurance
Law, article 92, has the regulator designate who takes over). The taker carries policies and claims over in batches:
from then on it is their insurer, for every contract. With each goes what covers it, the unearned premium and the case
reserve, as far as the leaving insurer's cash reaches. What lacks is borne by a guarantee fund 保险保障基金, which its
members fill by their declared parts. So what is owed to the insured is the same before and after, and what covers it
adds up to the fen.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import balance, pay
from node.contracts.claims.records import CaseReserve, Claim
from node.contracts.claims.reserves import set_reserve
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import all_of, any_of, argument, role, signed
from node.contracts.fields import Arguments, Count, Name, ObjectId, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.money import allocate
from node.contracts.policy import Policy
from node.contracts.policy.days import days_begun, earned_fen

TAKEOVER = Lifecycle(
    "takeover", {"AGREED": {"carry": "AGREED", "complete": "COMPLETE"}, "COMPLETE": {"levy": "SETTLED"}, "SETTLED": {}}
)

BATCH_MAX = 100
GUARANTORS_MAX = 64
CARRIED_POLICIES = ("BOUND", "IN_FORCE", "LAPSED")
CARRIED_CLAIMS = ("REPORTED", "COVERED", "MANUAL", "APPROVED", "PAID", "DENIED", "DISPUTED")

Part = tuple[Name, Annotated[int, Meta(ge=1, le=1_000_000)]]
"""A member of the guarantee fund, and its weight."""


class Guarantee(Record, frozen=True):
    """Who fills the guarantee fund, and by which weights; the key is "fund"."""

    namespace: ClassVar[str] = "guarantee_fund"

    parts: tuple[tuple[str, int], ...]


class Takeover(Record, frozen=True):
    """What ``taker`` carries on of an insurer; the key is the leaving insurer, so each leaves once.

    ``owed_fen`` is the unearned premium and the reserves of what was carried, ``paid_fen`` what the leaving insurer's
    cash covered of it, ``levied_fen`` what the fund did. Invariant: settled, the two add up to what is owed.
    """

    namespace: ClassVar[str] = "takeovers"

    state: str
    taker: str
    agreed_ms: int
    policies: int = 0
    claims: int = 0
    owed_fen: int = 0
    paid_fen: int = 0
    levied_fen: int = 0


CARRIED = EventKind("carried_over", parties=("holder", "leaving", "taker"))

contract = Contract("takeovers", records=(Takeover, Guarantee), events=(CARRIED,))


class Settings(Arguments, frozen=True):
    """The guarantee fund's members and their weights."""

    fund: Annotated[tuple[Part, ...], Meta(max_length=GUARANTORS_MAX)] = ()


class AgreeArgs(Arguments, frozen=True):
    """Who leaves."""

    leaving: Name


class CarryArgs(Arguments, frozen=True):
    """Policies and claims of the insurer that leaves."""

    leaving: Name
    policies: Annotated[tuple[ObjectId, ...], Meta(max_length=BATCH_MAX)] = ()
    claims: Annotated[tuple[ObjectId, ...], Meta(max_length=BATCH_MAX)] = ()


class CompleteArgs(Arguments, frozen=True):
    """Who leaves, and how much was carried over: the taker says what the others can count."""

    leaving: Name
    policies: Count
    claims: Count


@contract.settings(Settings)
def fund(ctx: Context, settings: Settings) -> None:
    """Put the fund's members on record. Refused with "guarantor_twice" where one stands there more than once."""
    names = [name for name, _ in settings.fund]
    ctx.require(len(set(names)) == len(names), "guarantor_twice")
    ctx.put("fund", Guarantee(parts=settings.fund))


@contract.action(
    roles=("insurer",),
    endorse=any_of(signed(argument("leaving")), all_of(role("regulator"), role("bureau"), role("insurer", 2))),
)
def agree(ctx: Context, args: AgreeArgs) -> Plain:
    """接管. The client will carry on what ``leaving`` owes."""
    ctx.require_role(args.leaving, "insurer")
    ctx.require(args.leaving != ctx.client, "takes_over_itself", ctx.client)
    ctx.require(ctx.get(Takeover, args.leaving) is None, "left_already", args.leaving)
    left_itself = ctx.get(Takeover, ctx.client)
    ctx.require(left_itself is None, "leaves_itself", ctx.client)
    ctx.put(args.leaving, Takeover(state="AGREED", taker=ctx.client, agreed_ms=ctx.time_ms))
    return {"taker": ctx.client}


@contract.action(roles=("insurer",))
def carry(ctx: Context, args: CarryArgs) -> Plain:
    """转让保单与赔案. Become the insurer of policies, and of claims on them, and take what covers them."""
    takeover = _own(ctx, args.leaving)
    state = TAKEOVER.next(takeover.state, "carry")
    ctx.require(ctx.time_ms >= takeover.agreed_ms, "before_agreed", args.leaving)  # earlier, more premium is unearned
    owed_fen = sum(_carry_policy(ctx, policy, args.leaving) for policy in args.policies)
    owed_fen += sum(_carry_claim(ctx, claim, args.leaving) for claim in args.claims)
    paid_fen = min(owed_fen, balance(ctx, args.leaving, "cash"))
    _pay(ctx, f"takeover/{ctx.object_id}", args.leaving, ctx.client, paid_fen)
    carried = replace(
        takeover,
        state=state,
        policies=takeover.policies + len(args.policies),
        claims=takeover.claims + len(args.claims),
        owed_fen=takeover.owed_fen + owed_fen,
        paid_fen=takeover.paid_fen + paid_fen,
    )
    ctx.put(args.leaving, carried)
    return {"owed_fen": owed_fen, "paid_fen": paid_fen}


@contract.action(roles=("insurer",), endorse=role("bureau"))
def complete(ctx: Context, args: CompleteArgs) -> Plain:
    """完成转让. Nothing more is carried; the bureau has counted as well."""
    takeover = _own(ctx, args.leaving)
    state = TAKEOVER.next(takeover.state, "complete")
    counted = (args.policies, args.claims) == (takeover.policies, takeover.claims)
    ctx.require(counted, "counts_differ", f"{takeover.policies} and {takeover.claims}")
    ctx.put(args.leaving, replace(takeover, state=state))
    return {"shortfall_fen": takeover.owed_fen - takeover.paid_fen}


@contract.action(roles=("insurer",))
def levy(ctx: Context, args: AgreeArgs) -> Plain:
    """保险保障基金分摊. The members of the fund bear what lacks, each its part; the taker pays itself nothing."""
    takeover = _own(ctx, args.leaving)
    state = TAKEOVER.next(takeover.state, "levy")
    found = ctx.get(Guarantee, "fund")
    parts = [part for part in (found.parts if found else ()) if part[0] != args.leaving]
    ctx.require(bool(parts), "nobody_guarantees", args.leaving)
    lacking_fen = takeover.owed_fen - takeover.paid_fen
    shares = allocate(lacking_fen, [weight for _, weight in parts])
    for (name, _), share_fen in zip(parts, shares, strict=True):
        if name != ctx.client:
            _pay(ctx, f"levy/{args.leaving}/{name}", name, ctx.client, share_fen)
    ctx.put(args.leaving, replace(takeover, state=state, levied_fen=lacking_fen))
    return {
        "levied_fen": lacking_fen,
        "shares": tuple((name, fen) for (name, _), fen in zip(parts, shares, strict=True)),
    }


def _own(ctx: Context, leaving: str) -> Takeover:
    takeover = ctx.find(Takeover, leaving)
    ctx.require(takeover.taker == ctx.client, "not_the_taker", ctx.client)
    return takeover


def _carry_policy(ctx: Context, policy_id: str, leaving: str) -> int:
    """Change the policy's insurer; its unearned premium 未到期责任准备金, in fen."""
    policy = ctx.find(Policy, policy_id)
    ctx.require(policy.insurer == leaving, "wrong_insurer", policy.insurer)
    runs = policy.state in CARRIED_POLICIES and ctx.time_ms < policy.ends_ms
    ctx.require(runs, "nothing_to_carry", policy_id)
    ctx.put(policy_id, replace(policy, insurer=ctx.client))
    ctx.emit("carried_over", holder=policy.holder, leaving=leaving, taker=ctx.client, policy=policy_id)
    begun, total = days_begun(policy.starts_ms, policy.ends_ms, ctx.time_ms)
    return policy.received_fen - earned_fen(policy.received_fen, begun, total)


def _carry_claim(ctx: Context, claim_id: str, leaving: str) -> int:
    """Change the claim's insurer and move its reserve; what is reserved, in fen."""
    claim = ctx.find(Claim, claim_id)
    ctx.require(claim.insurer == leaving, "wrong_insurer", claim.insurer)
    ctx.require(claim.state in CARRIED_CLAIMS, "nothing_to_carry", claim_id)
    ctx.require(ctx.find(Policy, claim.policy).insurer == ctx.client, "policy_first", claim.policy)
    kept = ctx.get(CaseReserve, claim_id)
    reserve_fen = kept.reserve_fen if kept else 0
    set_reserve(ctx, claim_id, leaving, 0)
    ctx.put(claim_id, replace(claim, insurer=ctx.client))
    set_reserve(ctx, claim_id, ctx.client, reserve_fen)
    return reserve_fen


def _pay(ctx: Context, key: str, payer: str, payee: str, amount_fen: int) -> None:
    debit, credit = (payer, "takeover-settled"), (payee, "takeover-settled")
    pay(ctx, key, amount_fen, debit=debit, credit=credit, memo="takeover")
