"""Pharmacies and drugstores 药店: they answer for records as hospitals do, and what is bought is paid back (row 71).

A sale is registered by the token of its receipt 购药小票, with the customer's signature; its lines stay off the chain.
An insurer agrees with a customer on a drug cover: a share of what is covered, up to a limit. The customer hands a
receipt in and is paid at once. A receipt pays once, whoever hands it in at whichever insurer. Records of purchases are
read by :mod:`node.contracts.consent`, with a pharmacy as their holder.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import MILLION, Arguments, Digest, Fen, Label, Millis, Name, ObjectId, Ppm, Record
from node.contracts.invoices import use_new_invoice

OVER_THE_COUNTER, PRESCRIBED = "otc", "prescribed"
KINDS = (OVER_THE_COUNTER, PRESCRIBED)
"""What was sold: without a prescription 非处方药, or on one 处方药, which alone is covered."""


class Receipt(Record, frozen=True):
    """A sale; the key is ``pharmacy/token``. ``kind`` is one of :data:`KINDS`."""

    namespace: ClassVar[str] = "drug_receipts"

    pharmacy: str
    patient: str
    kind: str
    total_fen: int
    sold_ms: int


class DrugCover(Record, frozen=True):
    """What an insurer pays back of a customer's medicine; the key is the step that agreed on it."""

    namespace: ClassVar[str] = "drug_covers"

    insurer: str
    patient: str
    ratio_ppm: int
    limit_fen: int
    paid_fen: int
    from_ms: int
    to_ms: int


REIMBURSED = EventKind("medicine_reimbursed", parties=("insurer", "patient"))

contract = Contract("pharmacy", records=(Receipt, DrugCover), events=(REIMBURSED,))


class SellArgs(Arguments, frozen=True):
    """The receipt's token, keyed by the pharmacy; what kind of medicine, for how much, and to whom."""

    token: Digest
    patient: Name
    kind: Label
    total_fen: Fen


class CoverArgs(Arguments, frozen=True):
    """Terms of a drug cover."""

    patient: Name
    ratio_ppm: Ppm
    limit_fen: Fen
    from_ms: Millis
    to_ms: Millis


class ReimburseArgs(Arguments, frozen=True):
    """A receipt by pharmacy and token, and the cover that it is handed in under."""

    cover: ObjectId
    pharmacy: Name
    token: Digest


@contract.action(roles=("pharmacy",), endorse=signed(argument("patient")))
def sell(ctx: Context, args: SellArgs) -> Plain:
    """A sale: the customer pays and signs, and the receipt is on record."""
    ctx.require(args.kind in KINDS, "unknown_kind", args.kind)
    key = _key(ctx.client, args.token)
    ctx.require(ctx.get(Receipt, key) is None, "receipt_exists", args.token)
    ctx.put(key, Receipt(ctx.client, args.patient, args.kind, args.total_fen, ctx.time_ms))
    debit, credit = (args.patient, "medicine-paid"), (ctx.client, "medicine-income")
    pay(ctx, f"pharmacy/{ctx.object_id}", args.total_fen, debit=debit, credit=credit, memo="medicine")
    return {"token": args.token}


@contract.action(roles=("insurer",), endorse=signed(argument("patient")))
def cover(ctx: Context, args: CoverArgs) -> Plain:
    """Insurer and customer agree on a drug cover."""
    ctx.require(args.from_ms < args.to_ms, "no_time_at_all")
    agreed = DrugCover(ctx.client, args.patient, args.ratio_ppm, args.limit_fen, 0, args.from_ms, args.to_ms)
    ctx.put(ctx.object_id, agreed)
    return {"cover": ctx.object_id}


@contract.action(roles=("patient",))
def reimburse(ctx: Context, args: ReimburseArgs) -> Plain:
    """The customer hands a receipt in, and the cover pays its share: once, and within its limit."""
    agreed = ctx.find(DrugCover, args.cover)
    ctx.require(agreed.patient == ctx.client, "not_your_cover", agreed.patient)
    receipt = ctx.find(Receipt, _key(args.pharmacy, args.token))
    ctx.require(receipt.patient == ctx.client, "not_your_receipt", args.token)
    ctx.require(receipt.kind == PRESCRIBED, "not_prescribed", args.token)
    ctx.require(agreed.from_ms <= receipt.sold_ms < agreed.to_ms, "not_covered_then", args.cover)
    use_new_invoice(ctx, args.pharmacy, args.token, args.cover)
    due_fen = reimbursed_fen(receipt.total_fen, agreed.ratio_ppm, agreed.limit_fen - agreed.paid_fen)
    ctx.put(args.cover, replace(agreed, paid_fen=agreed.paid_fen + due_fen))
    debit, credit = (agreed.insurer, "claims-paid"), (ctx.client, "claims-received")
    pay(ctx, f"reimburse/{ctx.object_id}", due_fen, debit=debit, credit=credit, memo="medicine")
    ctx.emit("medicine_reimbursed", insurer=agreed.insurer, patient=ctx.client, cover=args.cover)
    return {"paid_fen": due_fen, "left_fen": agreed.limit_fen - agreed.paid_fen - due_fen}


def reimbursed_fen(total_fen: int, ratio_ppm: int, left_fen: int) -> int:
    """What a receipt pays: its share rounded down, and no more than the limit leaves."""
    return min(total_fen * ratio_ppm // MILLION, left_fen)


def _key(pharmacy: str, token: str) -> str:
    return f"{pharmacy}/{token}"
