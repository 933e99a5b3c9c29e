"""Bills 一站式结算: settled at the hospital's counter over all layers; the patient pays what is left and no more.

An invoice is settled once, at whichever insurer, by whichever contract; what is left of it one further insurance may be
asked for (:mod:`node.contracts.invoices`). A second bill for a stay is flagged and waits for the bureau, which clears
or rejects it.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts import clearing
from node.contracts.accounts import pay
from node.contracts.claims.automatic import CHARGES_MAX
from node.contracts.context import Context, Plain
from node.contracts.coordination.engine import Settlement, Year, after, coordinate
from node.contracts.coordination.records import BILL, Bill, Entitlement, Scheme, Stay, YearToDate, contract, year_key
from node.contracts.fields import AMOUNT_END, Arguments, Digest, Fen, Label, ObjectId
from node.contracts.invoices import leave, use_new_invoice
from node.contracts.vouchers import Subject

Charges = Annotated[tuple[tuple[Label, Fen], ...], Meta(min_length=1, max_length=CHARGES_MAX)]
"""(class of charge, fen) of every line."""


class SettleArgs(Arguments, frozen=True):
    """Whose bill; tokens of invoice and stay, keyed by the hospital; every line of it."""

    subject: Digest
    invoice: Digest
    stay: Digest
    charges: Charges


class BillArgs(Arguments, frozen=True):
    """Which bill."""

    bill: ObjectId


@contract.action(roles=("hospital",))
def settle(ctx: Context, args: SettleArgs) -> Plain:
    """结算. Settle a bill over the patient's layers in their order, by the terms of the scheme that they joined.

    The patient, who pays the rest, signs as well; refused with "patient_not_there" where none of their wallets did.
    """
    entitlement = ctx.find(Entitlement, args.subject)
    scheme = ctx.find(Scheme, entitlement.scheme)
    ctx.require(scheme.starts_ms <= ctx.time_ms < scheme.ends_ms, "not_entitled_then", entitlement.scheme)
    total_fen = sum(amount for _, amount in args.charges)
    ctx.require(total_fen < AMOUNT_END, "bill_too_large", ctx.object_id)
    payer = _at_the_counter(ctx, args.subject)
    use_new_invoice(ctx, ctx.client, args.invoice, ctx.object_id)
    bill = Bill(
        state="PRESENTED",
        hospital=ctx.client,
        payer=payer,
        subject=args.subject,
        scheme=entitlement.scheme,
        invoice=args.invoice,
        charges=args.charges,
        total_fen=total_fen,
        own_fen=0,
        shares=tuple((terms.name, terms.payer, 0, 0) for terms in scheme.layers if terms.name in entitlement.layers),
    )
    stay = f"{ctx.client}/{args.stay}"
    before = ctx.get(Stay, stay)
    if before is not None:
        return _flag(ctx, bill, scheme, before.bill)
    ctx.put(stay, Stay(bill=ctx.object_id))
    return _settle(ctx, ctx.object_id, replace(bill, state=BILL.next(bill.state, "settle")))


@contract.action(roles=("bureau",))
def clear(ctx: Context, args: BillArgs) -> Plain:
    """放行. A flagged bill is in order after all: it is settled."""
    bill = ctx.find(Bill, args.bill)
    return _settle(ctx, args.bill, replace(bill, state=BILL.next(bill.state, "clear")))


@contract.action(roles=("bureau",))
def reject(ctx: Context, args: BillArgs) -> Plain:
    """驳回. A flagged bill is a duplicate: nothing is paid for it."""
    bill = ctx.find(Bill, args.bill)
    rejected = replace(bill, state=BILL.next(bill.state, "reject"))
    ctx.put(args.bill, rejected)
    return {"state": rejected.state}


def _at_the_counter(ctx: Context, subject: str) -> str:
    """The patient's wallet that signs, and so pays the own part: nobody's money moves on a hospital's word alone."""
    payer = next((wallet for wallet in ctx.find(Subject, subject).wallets if wallet in ctx.signers), "")
    ctx.require(bool(payer), "patient_not_there", subject)
    return payer


def _flag(ctx: Context, bill: Bill, scheme: Scheme, first: str) -> Plain:
    flagged = replace(bill, state=BILL.next(bill.state, "flag"))
    ctx.put(ctx.object_id, flagged)
    payers = tuple(terms.payer for terms in scheme.layers)
    ctx.emit("bill_flagged", bill=ctx.object_id, first=first, hospital=bill.hospital, payers=payers)
    return {"state": flagged.state, "bill": ctx.object_id, "first": first}


def _settle(ctx: Context, bill_id: str, bill: Bill) -> Plain:
    scheme = ctx.find(Scheme, bill.scheme)
    due = [layer for layer, *_ in bill.shares]
    layers = [terms for terms in scheme.layers if terms.name in due]
    years = [_year(ctx, bill, terms.name) for terms in layers]
    settled = coordinate(bill.charges, layers, years)
    for year, share in zip(years, settled.shares, strict=True):
        following = after(year, share)
        to_date = YearToDate(eligible_fen=following.eligible_fen, paid_fen=following.paid_fen)
        ctx.put(year_key(bill.subject, bill.scheme, share.layer), to_date)
    shares = tuple((share.layer, share.payer, share.eligible_fen, share.paid_fen) for share in settled.shares)
    ctx.put(bill_id, replace(bill, own_fen=settled.own_fen, shares=shares))
    leave(ctx, bill.hospital, bill.invoice, bill_id, settled.left)
    _pay(ctx, bill_id, bill, scheme.region, settled)
    payers = tuple(share.payer for share in settled.shares)
    wallets = ctx.find(Subject, bill.subject).wallets
    ctx.emit("bill_settled", bill=bill_id, to=wallets, hospital=bill.hospital, payers=payers)
    return {
        "state": bill.state,
        "bill": bill_id,
        "total_fen": settled.total_fen,
        "own_fen": settled.own_fen,
        "paid": {share.layer: share.paid_fen for share in settled.shares},
    }


def _year(ctx: Context, bill: Bill, layer: str) -> Year:
    found = ctx.get(YearToDate, year_key(bill.subject, bill.scheme, layer))
    return Year(found.eligible_fen, found.paid_fen) if found else Year()


def _pay(ctx: Context, bill_id: str, bill: Bill, region: str, settled: Settlement) -> None:
    payments = [(share.payer, share.paid_fen) for share in settled.shares]
    if clearing.is_elsewhere(ctx, region, bill.hospital):
        clearing.pay_elsewhere(ctx, bill_id, region, bill.hospital, payments)
    else:
        for share in settled.shares:
            source, income = (share.payer, "claims-paid"), (bill.hospital, "treatment-income")
            pay(ctx, f"bill/{bill_id}/{share.layer}", share.paid_fen, debit=source, credit=income, memo="benefit")
    source, income = (bill.payer, "treatment-paid"), (bill.hospital, "treatment-income")
    pay(ctx, f"bill/{bill_id}/own", settled.own_fen, debit=source, credit=income, memo="own part")
