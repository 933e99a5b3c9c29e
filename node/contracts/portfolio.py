"""Policies from before the chain 存量保单上链: an insurer enters what it had written already, and the holder agrees.

No underwriting is told again and no premium is paid again: the policy is in force for the rest of its term, and its
cover counts in the market like any other's (row 38: policies of many insurers, one platform).
"""

from __future__ import annotations

from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Digest, Fen, Label, Labels, Millis, Name
from node.contracts.policy import Policy
from node.contracts.policy.issuing import hold, sum_insured_fen
from node.contracts.products import Product, benefits_of
from node.contracts.risk import add_cover
from node.contracts.vouchers import Subject

contract = Contract("portfolio")


class EnterArgs(Arguments, frozen=True):
    """A policy on ``holder``'s paper: for whom, which product with which riders, from when to when, at what premium.

    ``fingerprint`` is the salted hash of the policy document that holder and insurer have.
    """

    holder: Name
    subject: Digest
    product: Label
    riders: Labels
    premium_fen: Fen
    starts_ms: Millis
    ends_ms: Millis
    fingerprint: Digest


@contract.action(roles=("insurer",), endorse=signed(argument("holder")))
def enter(ctx: Context, args: EnterArgs) -> Plain:
    """Enter a policy that is in force; refused with "not_in_force", "not_the_subject" or "unknown_rider"."""
    product = ctx.find(Product, args.product)
    ctx.require(args.holder in ctx.find(Subject, args.subject).wallets, "not_the_subject", args.holder)
    ctx.require(args.starts_ms <= ctx.time_ms < args.ends_ms, "not_in_force")
    benefits = benefits_of(product, args.riders)
    policy = Policy(
        state="IN_FORCE",
        holder=args.holder,
        subject=args.subject,
        insurer=ctx.client,
        product=args.product,
        benefits=benefits,
        premium_fen=args.premium_fen,
        application="",
        authorisation="",
        voucher="",
        fingerprint=args.fingerprint,
        starts_ms=args.starts_ms,
        ends_ms=args.ends_ms,
        claimed_fen=0,
        notarisation="",
        covered_from_ms=args.starts_ms,
        covered_to_ms=args.ends_ms,
        instalments=1,
        instalments_paid=1,
        received_fen=args.premium_fen,
        renews="",
    )
    ctx.put(ctx.object_id, policy)
    add_cover(ctx, args.subject, sum_insured_fen(benefits))
    hold(ctx, args.subject, ctx.object_id)
    return {"policy": ctx.object_id}
