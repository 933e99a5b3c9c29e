"""Medical records owned by the patient 患者自有病历: hospitals write them, and the patient alone shows them on.

"If you think of the medical record as an account book, originally it is in the hands of hospitals": here the entry is
the patient's. The author seals it to itself and to them; whoever else reads it was shown it by them, field by field,
the very values that were written, as the commitments prove. Each share and each later look leaves an entry.
"""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.deposits import note_release
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Digest, Name, ObjectId, Record
from node.contracts.vouchers import Subject, require_acts_for, require_authorised
from node.privacy.commitments import Commitments, field_names
from node.privacy.envelope import Envelope

PURPOSE = "care"
"""What a voucher must be for, under which fields of a record are shown."""

AUTHORS = ("hospital", "pharmacy", "patient")
"""Who writes: a patient writes what they measured, or had sequenced, themselves."""


class HealthRecord(Record, frozen=True):
    """One entry of a person's account book; the key is the step that wrote it."""

    namespace: ClassVar[str] = "health_records"

    subject: str
    author: str
    commitments: Commitments
    written_ms: int


class Share(Record, frozen=True):
    """That ``reader`` was shown ``fields`` of a record under a voucher."""

    namespace: ClassVar[str] = "health_shares"

    record: str
    subject: str
    reader: str
    voucher: str
    fields: tuple[str, ...]
    shared_ms: int


class Look(Record, frozen=True):
    """That a reader went back to what it was shown 调阅; the key is the step that did so."""

    namespace: ClassVar[str] = "health_looks"

    share: str
    reader: str
    time_ms: int


SHARED = EventKind("record_shared", parties=("reader", "to"))

contract = Contract("records", records=(HealthRecord, Share, Look), events=(SHARED,))


class WriteArgs(Arguments, frozen=True):
    """Whose record, and what it says, sealed to its author and to the person's wallets."""

    subject: Digest
    content: Envelope


class ShareArgs(Arguments, frozen=True):
    """Which fields of a record, to whom, under which voucher."""

    record: ObjectId
    reader: Name
    voucher: ObjectId
    shown: Envelope


class LookArgs(Arguments, frozen=True):
    """What was shown."""

    share: ObjectId


@contract.action(roles=AUTHORS)
def write(ctx: Context, args: WriteArgs) -> Plain:
    """An author writes into a person's book; nobody but the two can read it."""
    wallets = ctx.find(Subject, args.subject).wallets
    ctx.require(ctx.role != "patient" or ctx.client in wallets, "not_the_subject", ctx.client)
    readers = tuple(sorted({ctx.client, *wallets}))
    ctx.require(args.content.recipients == readers, "wrong_recipients", "a record is its author's and its owner's")
    commitments = args.content.commitments
    ctx.require(bool(commitments), "nothing_written")
    ctx.carry(args.content, ctx.object_id)
    ctx.put(ctx.object_id, HealthRecord(args.subject, ctx.client, commitments, ctx.time_ms))
    return {"record": ctx.object_id, "fields": len(field_names(commitments))}


@contract.action(roles=("patient",), endorse=signed(argument("reader")))
def share(ctx: Context, args: ShareArgs) -> Plain:
    """The owner shows chosen fields to somebody, who signs for having got them."""
    record = ctx.find(HealthRecord, args.record)
    require_acts_for(ctx, record.subject)
    voucher = require_authorised(ctx, args.voucher, record.subject, args.reader, PURPOSE)
    shown = args.shown.commitments
    ctx.require(bool(shown), "nothing_shown")
    ctx.require(all(pair in record.commitments for pair in shown), "not_as_written", args.record)
    fields = field_names(shown)
    ctx.require(all(field in voucher.fields for field in fields), "field_not_covered", args.voucher)
    ctx.require(args.shown.recipients == tuple(sorted((ctx.client, args.reader))), "wrong_recipients")
    ctx.carry(args.shown, ctx.object_id)
    note_release(ctx, args.voucher, ctx.object_id, args.record)
    ctx.put(ctx.object_id, Share(args.record, record.subject, args.reader, args.voucher, fields, ctx.time_ms))
    ctx.emit("record_shared", share=ctx.object_id, reader=args.reader, to=ctx.find(Subject, record.subject).wallets)
    return {"share": ctx.object_id, "fields": fields}


@contract.action()
def look(ctx: Context, args: LookArgs) -> Plain:
    """The reader goes by what it was shown once more: as long as the voucher stands, and with an entry each time."""
    shared = live_share(ctx, args.share, ctx.client)
    ctx.put(ctx.object_id, Look(share=args.share, reader=ctx.client, time_ms=ctx.time_ms))
    return {"fields": shared.fields}


def live_share(ctx: Context, share_id: str, reader: str) -> Share:
    """What ``reader`` was shown, if it still may go by it; refused with what is wrong with it."""
    shared = ctx.find(Share, share_id)
    ctx.require(shared.reader == reader, "wrong_reader", shared.reader)
    require_authorised(ctx, shared.voucher, shared.subject, reader, PURPOSE)
    return shared
