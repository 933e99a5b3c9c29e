"""Disputes 争议赔案 (row 60): standard claims go by themselves, contested ones need people, and the contract waits.

A dispute freezes the claim: nothing is paid, denied, closed or reopened until the panel rules. Adjusters and the court
sit on the panel, ``needed`` of them rule together by signing one transaction, and the chain does exactly what the
ruling says, at once. Who is a party sits on no panel.
"""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.claims.house import house, left_of, require_insured, use_benefit
from node.contracts.claims.records import CLAIM, Claim, Dispute, ReasonArgs, contract
from node.contracts.claims.reserves import first_reserve, set_reserve
from node.contracts.claims.settlement import pay_out
from node.contracts.context import Context, Plain
from node.contracts.endorsement import record, signed
from node.contracts.fields import Arguments, Fen, ObjectId
from node.contracts.policy import Policy


class RuleArgs(Arguments, frozen=True):
    """The claim, and what its benefit shall be in all, in fen: nothing dismisses it."""

    claim: ObjectId
    award_fen: Fen


@contract.action(roles=("insurer", "patient", "bureau"))
def dispute(ctx: Context, args: ReasonArgs) -> Plain:
    """异议. A party, or the bureau, contests the claim: it is frozen as it stands until the panel rules."""
    claim = ctx.find(Claim, args.claim)
    if ctx.role == "insurer":
        ctx.require(claim.insurer == ctx.client, "wrong_insurer", claim.insurer)
    elif ctx.role == "patient":
        require_insured(ctx, claim)
    state = CLAIM.next(claim.state, "dispute")
    earlier = ctx.get(Dispute, args.claim)
    ctx.require(earlier is None or earlier.round < claim.reopened, "ruled_already", args.claim)
    holder = ctx.find(Policy, claim.policy).holder
    rules = house(ctx)
    parties = (claim.insurer, claim.hospital, holder)
    panel = tuple(name for name in dict.fromkeys(rules.panel) if name not in parties)
    ctx.require(len(panel) >= rules.needed, "no_panel", f"{len(panel)} of {rules.needed}")
    contested = Dispute(
        raised_by=ctx.client,
        reason=args.reason,
        panel=panel,
        needed=rules.needed,
        award_fen=None,
        round=claim.reopened,
        raised_ms=ctx.time_ms,
        ruled_ms=0,
    )
    ctx.put(args.claim, contested)
    ctx.put(args.claim, replace(claim, state=state))
    set_reserve(ctx, args.claim, claim.insurer, max(claim.owed_fen, first_reserve(ctx, claim)))
    ctx.emit("claim_disputed", claim=args.claim, insurer=claim.insurer, to=holder, panel=panel)
    return {"state": state, "panel": panel, "needed": rules.needed}


@contract.action(
    "rule", endorse=signed(record(Dispute, "claim").field("panel"), at_least=record(Dispute, "claim").number("needed"))
)
def rule_on(ctx: Context, args: RuleArgs) -> Plain:
    """裁决. So many of the panel rule together: the benefit is what they say, and what is owed is paid at once."""
    contested = ctx.find(Dispute, args.claim)
    claim = ctx.find(Claim, args.claim)
    state = CLAIM.next(claim.state, "award" if args.award_fen else "dismiss")
    before_fen = claim.payable_fen or 0
    ctx.require(args.award_fen <= left_of(ctx, claim) + before_fen, "award_beyond_cover", args.claim)
    ctx.put(args.claim, replace(contested, award_fen=args.award_fen, ruled_ms=ctx.time_ms))
    use_benefit(ctx, claim, args.award_fen - before_fen)
    ruled = replace(claim, state=state, payable_fen=args.award_fen, reason="ruled", decided_ms=ctx.time_ms)
    ctx.put(args.claim, ruled)
    paid_fen = pay_out(ctx, args.claim, ruled) if ruled.owed_fen > 0 else 0
    set_reserve(ctx, args.claim, claim.insurer, 0)
    holder = ctx.find(Policy, claim.policy).holder
    ctx.emit("claim_ruled", claim=args.claim, insurer=claim.insurer, to=holder, panel=contested.panel)
    return {"state": state, "award_fen": args.award_fen, "paid_fen": paid_fen}
