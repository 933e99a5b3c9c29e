"""Settlement 结案: payment, close, reopening, and what comes back: overpayment and subrogation 追偿."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.claims.house import count, own, require_insured
from node.contracts.claims.records import CLAIM, Claim, ClaimArgs, Dispute, ReasonArgs, contract
from node.contracts.claims.reserves import first_reserve, set_reserve
from node.contracts.context import Context, Plain
from node.contracts.endorsement import argument, signed
from node.contracts.fields import AMOUNT_END, UNIT, Arguments, Name, ObjectId
from node.contracts.policy import Policy, pay_proceeds


class RecoverArgs(Arguments, frozen=True):
    """Who pays back how much: the holder what was too much, or somebody liable for the loss; the payer signs too."""

    claim: ObjectId
    payer: Name
    amount_fen: Annotated[int, Meta(gt=0, lt=AMOUNT_END, extra={UNIT: "fen"})]


@contract.action("pay", roles=("insurer",))
def settle(ctx: Context, args: ClaimArgs) -> Plain:
    """Pay an approved claim to the policyholder, once."""
    claim = own(ctx, args.claim)
    return {"paid_fen": pay_out(ctx, args.claim, replace(claim, state=CLAIM.next(claim.state, "pay")))}


@contract.action(roles=("insurer",))
def close(ctx: Context, args: ClaimArgs) -> Plain:
    """结案. Nothing more is expected; what is still kept for the claim is released."""
    claim = own(ctx, args.claim)
    state = CLAIM.next(claim.state, "close")
    ctx.put(args.claim, replace(claim, state=state))
    set_reserve(ctx, args.claim, claim.insurer, 0)
    return {"state": state, "paid_fen": claim.paid_fen - claim.returned_fen - claim.recovered_fen}


@contract.action(roles=("insurer", "patient"))
def reopen(ctx: Context, args: ReasonArgs) -> Plain:
    """重开. A further bill of the same claim: it is reserved again, and pays what the benefit rises by.

    What a panel dismissed stays dismissed.
    """
    claim = ctx.find(Claim, args.claim)
    if ctx.role == "insurer":
        ctx.require(claim.insurer == ctx.client, "wrong_insurer", claim.insurer)
    else:
        require_insured(ctx, claim)
    state = CLAIM.next(claim.state, "reopen")
    ruled = ctx.get(Dispute, args.claim)
    ctx.require(ruled is None or ruled.award_fen != 0, "dismissed", args.claim)
    reopened = replace(claim, state=state, reason=args.reason, reopened=claim.reopened + 1)
    ctx.put(args.claim, reopened)
    set_reserve(ctx, args.claim, claim.insurer, first_reserve(ctx, reopened))
    return {"state": state, "reopened": reopened.reopened}


@contract.action(roles=("insurer",), endorse=signed(argument("payer")))
def recover(ctx: Context, args: RecoverArgs) -> Plain:
    """追偿. Money for a paid claim comes back: from the holder what was too much, and never more than was paid."""
    claim = own(ctx, args.claim)
    state = CLAIM.next(claim.state, "recover")
    came_back = claim.returned_fen + claim.recovered_fen + args.amount_fen
    ctx.require(came_back <= claim.paid_fen, "more_than_was_paid", args.claim)
    if args.payer == ctx.find(Policy, claim.policy).holder:
        returned = claim.returned_fen + args.amount_fen
        ctx.require(returned <= max(0, -claim.owed_fen), "not_overpaid", args.claim)
        changed = replace(claim, state=state, returned_fen=returned)
    else:
        changed = replace(claim, state=state, recovered_fen=claim.recovered_fen + args.amount_fen)
    ctx.put(args.claim, changed)
    pay(
        ctx,
        f"claim/{args.claim}/recovered/{ctx.object_id}",
        args.amount_fen,
        debit=(args.payer, "claims-returned"),
        credit=(ctx.client, "claims-recovered"),
        memo="claim recovered",
    )
    ctx.emit("claim_recovered", claim=args.claim, payer=args.payer, insurer=ctx.client, amount_fen=args.amount_fen)
    return {"recovered_fen": came_back}


def pay_out(ctx: Context, claim_id: str, claim: Claim) -> int:
    """Pay what ``claim``, as it shall stand, still owes, and write it; the amount in fen, at least nothing."""
    amount_fen = max(0, claim.owed_fen)
    holder = ctx.find(Policy, claim.policy).holder
    number = claim.payments + 1
    paid = replace(claim, paid_ms=ctx.time_ms, paid_fen=claim.paid_fen + amount_fen, payments=number)
    ctx.put(claim_id, paid)
    pay_proceeds(
        ctx,
        f"claim/{claim_id}" if number == 1 else f"claim/{claim_id}/{number}",
        claim.policy,
        amount_fen,
        debit=(claim.insurer, "claims-paid"),
        credit=(holder, "claims-received"),
        memo="claim",
    )
    set_reserve(ctx, claim_id, claim.insurer, 0)
    count(ctx, claim.insurer, "paid")
    ctx.emit("claim_paid", claim=claim_id, to=holder, insurer=claim.insurer, amount_fen=amount_fen)
    return amount_fen
