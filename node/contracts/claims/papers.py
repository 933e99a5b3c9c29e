"""The manual path 人工: papers are asked for, the insured brings them, a person assesses them (rows 20, 38).

What the chain spares people is counted here: how often papers were asked for, and how often somebody went to the
hospital for its stamp.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.claims.automatic import CHARGES_MAX, approve
from node.contracts.claims.house import count, own, require_cleared, require_insured, use_stay
from node.contracts.claims.records import CLAIM, Claim, ClaimArgs, Papers, ReasonArgs, contract
from node.contracts.context import Context, Plain
from node.contracts.endorsement import record, signed
from node.contracts.fields import Arguments, Digest, Fen, Label, ObjectId
from node.contracts.invoices import use_invoice
from node.contracts.policy import Policy
from node.contracts.vouchers import Voucher, is_live


class ReferArgs(Arguments, frozen=True):
    """The claim, and the voucher that no longer works."""

    claim: ObjectId
    voucher: ObjectId


class HandInArgs(Arguments, frozen=True):
    """Papers: tokens of invoice and stay, keyed by the hospital, the itemised list by class, a hash of all of it."""

    claim: ObjectId
    invoice: Digest
    stay: Digest
    charges: Annotated[tuple[tuple[Label, Fen], ...], Meta(min_length=1, max_length=CHARGES_MAX)]
    evidence: Digest


@contract.action(roles=("insurer",))
def refer(ctx: Context, args: ReferArgs) -> Plain:
    """The authorisation is gone: a person takes over, and the patient must hand in documents."""
    claim = own(ctx, args.claim)
    voucher = ctx.find(Voucher, args.voucher)
    ctx.require(voucher.matter == args.claim, "wrong_matter", args.voucher)
    ctx.require(not is_live(voucher, ctx.time_ms), "voucher_still_live", args.voucher)
    return ask_for_papers(ctx, args.claim, claim, "authorisation_withdrawn")


@contract.action(roles=("insurer",))
def request_papers(ctx: Context, args: ReasonArgs) -> Plain:
    """索取材料. Ask the insured for papers: nothing was authorised, or a bill needs a person's eyes."""
    return ask_for_papers(ctx, args.claim, own(ctx, args.claim), args.reason)


@contract.action(roles=("patient",), endorse=signed(record(Claim, "claim").field("hospital")))
def hand_in(ctx: Context, args: HandInArgs) -> Plain:
    """递交材料. Hand in papers that the hospital stamped (it signs as well).

    An invoice that was claimed for is refused. A stay that was claimed for under another invoice is flagged.
    """
    claim = ctx.find(Claim, args.claim)
    require_insured(ctx, claim)
    state = CLAIM.next(claim.state, "hand_in")
    left = use_invoice(ctx, claim.hospital, args.invoice, args.claim)
    flag = use_stay(ctx, claim, args.stay, args.claim) or claim.flag
    papers = Papers(invoice=args.invoice, charges=left or args.charges, evidence=args.evidence, assessed=False)
    ctx.put(args.claim, papers)
    ctx.put(args.claim, replace(claim, state=state, papers=claim.papers + 1, flag=flag))
    count(ctx, claim.insurer, "hospital_trips")
    return {"papers": claim.papers + 1, "flag": flag}


@contract.action(roles=("insurer",))
def assess(ctx: Context, args: ClaimArgs) -> Plain:
    """人工理算. Approve what the benefit pays for the papers; a flagged claim needs the bureau's signature as well."""
    claim = own(ctx, args.claim)
    ctx.require(claim.state == "MANUAL", "not_on_paper", claim.state)
    papers = ctx.find(Papers, args.claim)
    ctx.require(not papers.assessed, "papers_assessed_already", args.claim)
    require_cleared(ctx, claim)
    ctx.put(args.claim, replace(papers, assessed=True))
    return approve(ctx, args.claim, replace(claim, flag=""), papers.charges)


def ask_for_papers(ctx: Context, claim_id: str, claim: Claim, reason: str) -> Plain:
    """Send a covered claim down the manual path, and tell the policyholder."""
    state = CLAIM.next(claim.state, "refer")
    ctx.put(claim_id, replace(claim, state=state, reason=reason, requests=claim.requests + 1))
    count(ctx, claim.insurer, "documents_requested")
    ctx.emit("documents_requested", claim=claim_id, to=ctx.find(Policy, claim.policy).holder, insurer=ctx.client)
    return {"path": "manual"}
