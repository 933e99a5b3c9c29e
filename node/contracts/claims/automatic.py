"""Automatic adjudication 自动审核: on charges that the hospital committed to, opened under the patient's voucher.

The bill must be what the hospital committed to, all of it, and its invoice is used once, whichever insurer it is. Of an
invoice that was settled at the counter, what that left is adjudicated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.claims.house import benefit_of, left_of, own, require_cleared, use_benefit
from node.contracts.claims.records import CLAIM, Claim, contract
from node.contracts.claims.reserves import set_reserve
from node.contracts.claims.rules import PAYABLE, sums
from node.contracts.code_maps import UNMAPPED
from node.contracts.consent import Query
from node.contracts.context import Context, Plain, Refusal
from node.contracts.fields import AMOUNT_END, Arguments, ObjectId
from node.contracts.invoices import use_invoice
from node.contracts.policy import Policy, unwound
from node.privacy.commitments import Opening, is_committed

PURPOSE = "claim"
INVOICE_TOKEN = "e_invoice/token"  # noqa: S105 - a path, no password
INVOICE_TOTAL = "e_invoice/total_fen"
ITEMS = "itemised_list/"
CHARGE = "/charge"
"""``itemised_list/<nn>/charge`` holds (class of charge, amount in fen); its description is another part."""

CHARGES_MAX = 100


class AdjudicateArgs(Arguments, frozen=True):
    """The answered query that rests behind it, the invoice's token and total and every charge, opened."""

    claim: ObjectId
    query: ObjectId
    token: Opening
    total: Opening
    charges: Annotated[tuple[Opening, ...], Meta(min_length=1, max_length=CHARGES_MAX)]


@contract.action(roles=("insurer",))
def adjudicate(ctx: Context, args: AdjudicateArgs) -> Plain:
    """Audit the bill 自动审核 and approve what the benefit pays for."""
    claim = own(ctx, args.claim)
    ctx.require(claim.coding != UNMAPPED, "diagnosis_unmapped", args.claim)
    _require_answer(ctx, args, claim)
    left = use_invoice(ctx, claim.hospital, _text(args.token, INVOICE_TOKEN), args.claim)
    require_cleared(ctx, claim)
    charges = tuple(_charge(opening) for opening in args.charges)
    total = sum(amount for _, amount in charges)
    ctx.require(total == args.total.value, "bill_does_not_add_up", args.claim)
    return approve(ctx, args.claim, replace(claim, answer=args.query, flag=""), left or charges)


def approve(ctx: Context, claim_id: str, claim: Claim, charges: Sequence[tuple[str, int]]) -> Plain:
    """Approve what the benefit pays for all bills of the claim, ``charges`` among them, by the claim's rules.

    Refused with "policy_unwound" or "benefit_not_covered". A further bill adds what the benefit rises by to what was
    approved or ruled before: no bill undoes a ruling.
    """
    policy = ctx.find(Policy, claim.policy)
    ctx.require(not unwound(policy), "policy_unwound", claim.policy)
    benefit = benefit_of(policy, claim.benefit)
    if benefit is None:
        raise Refusal("benefit_not_covered", claim.benefit)
    before_fen = claim.payable_fen or 0
    earlier = (claim.total_fen or 0, claim.excluded_fen or 0)
    billed_fen, left_out_fen = sums(benefit, charges)
    total_fen, excluded_fen = earlier[0] + billed_fen, earlier[1] + left_out_fen
    ctx.require(total_fen < AMOUNT_END, "bill_too_large", claim_id)
    rule = PAYABLE[claim.rules]
    rise_fen = rule(benefit, total_fen, excluded_fen) - rule(benefit, *earlier)
    payable_fen = before_fen + min(rise_fen, left_of(ctx, claim))
    approved = replace(
        claim,
        state=CLAIM.next(claim.state, "approve"),
        total_fen=total_fen,
        excluded_fen=excluded_fen,
        payable_fen=payable_fen,
        decided_ms=ctx.time_ms,
    )
    ctx.put(claim_id, approved)
    use_benefit(ctx, claim, payable_fen - before_fen)
    set_reserve(ctx, claim_id, claim.insurer, max(0, approved.owed_fen))
    return {
        "decision": "approved",
        "total_fen": total_fen,
        "excluded_fen": excluded_fen,
        "payable_fen": payable_fen,
    }


def _require_answer(ctx: Context, args: AdjudicateArgs, claim: Claim) -> None:
    query = ctx.find(Query, args.query)
    ctx.require(query.state == "ANSWERED", "query_not_answered", args.query)
    ctx.require(query.matter == args.claim and query.purpose == PURPOSE, "wrong_matter", args.query)
    ctx.require(query.reader == ctx.client and query.holder == claim.hospital, "wrong_holder", args.query)
    committed = tuple(path for path, _ in query.commitments if path.startswith(ITEMS) and path.endswith(CHARGE))
    ctx.require(tuple(opening.path for opening in args.charges) == committed, "charges_incomplete", args.claim)
    for opening in (args.token, args.total, *args.charges):
        ctx.require(is_committed(query.commitments, opening), "opening_does_not_match", opening.path)
    ctx.require(args.total.path == INVOICE_TOTAL, "wrong_opening", args.total.path)


def _charge(opening: Opening) -> tuple[str, int]:
    match opening.value:
        case (str(kind), int(amount)) if 0 <= amount < AMOUNT_END:
            return kind, amount
    raise Refusal("wrong_opening", opening.path)


def _text(opening: Opening, path: str) -> str:
    if opening.path != path or not isinstance(opening.value, str):
        raise Refusal("wrong_opening", opening.path)
    return opening.value
