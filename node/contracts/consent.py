"""Consent 医保个人信息授权管理: vouchers, queries, answers, and a log entry for every field read (rows 1, 3, 20, 39).

The order of a query: an insurer or the insured asks, the subject's voucher authorises, the holder of the data
answers with the signatures of the reader and of the bureau, which supervises. What comes back is the intersection of
what was asked, what the voucher covers and what the reader's institution filed. Values travel sealed to the reader;
the state holds their commitments and the access log. Reads and log entries are made by the same transaction, so
there is no read without an entry.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.access import filed_fields
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.deposits import PURGE_REQUESTED, SUPERVISORS, note_release, purge_released
from node.contracts.endorsement import all_of, record, role, signed
from node.contracts.fields import Arguments, Digest, Label, Labels, Millis, ObjectId, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.vouchers import VOUCHER, Matter, Subject, Voucher, require_acts_for, require_authorised
from node.ledger.transaction import Name
from node.privacy.commitments import Commitments, field_names
from node.privacy.envelope import Envelope

QUERY = Lifecycle("query", {"ASKED": {"answer": "ANSWERED"}, "ANSWERED": {}})


class Query(Record, frozen=True):
    """A question about a subject. ``voucher``, ``granted`` and ``commitments`` are empty until it is answered."""

    namespace: ClassVar[str] = "queries"

    state: str
    asked_by: str
    reader: str
    holder: str
    subject: str
    purpose: str
    fields: tuple[str, ...]
    matter: str
    asked_ms: int
    voucher: str
    granted: tuple[str, ...]
    commitments: Commitments


class AccessEntry(Record, frozen=True):
    """One field read 信息调阅上链留痕; the key is query and field."""

    namespace: ClassVar[str] = "access_log"

    reader: str
    holder: str
    subject: str
    field: str
    voucher: str
    time_ms: int


class Terms(Record, frozen=True):
    """The rules of the house; the key is "terms"."""

    namespace: ClassVar[str] = "consent_terms"

    query_timeout_ms: int


FIELDS_READ = EventKind("fields_read", parties=("reader", "holder", "to"), roles=SUPERVISORS)

contract = Contract(
    "consent", records=(Subject, Voucher, Query, AccessEntry, Terms), events=(FIELDS_READ, PURGE_REQUESTED)
)


class Settings(Arguments, frozen=True):
    """How long a query stays open."""

    query_timeout_ms: Millis


class RegisterArgs(Arguments, frozen=True):
    """People: pseudonym, and the wallets that may act for them."""

    subjects: Annotated[
        tuple[tuple[Digest, Annotated[tuple[Name, ...], Meta(min_length=1, max_length=4)]], ...],
        Meta(min_length=1, max_length=1_000),
    ]


class GrantArgs(Arguments, frozen=True):
    """What the voucher says."""

    subject: Digest
    audience: Name
    purpose: Label
    fields: Labels
    matter: Matter
    expires_ms: Millis


class VoucherArgs(Arguments, frozen=True):
    """Which voucher."""

    voucher: ObjectId


class AskArgs(Arguments, frozen=True):
    """What is asked, of whom, for which reader."""

    subject: Digest
    reader: Name
    holder: Name
    purpose: Label
    fields: Labels
    matter: Matter


class AnswerArgs(Arguments, frozen=True):
    """The fields granted, sealed to holder and reader."""

    query: ObjectId
    voucher: ObjectId
    envelope: Envelope


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set the rules of the house."""
    ctx.put("terms", Terms(query_timeout_ms=settings.query_timeout_ms))


@contract.action(roles=("bureau",))
def register(ctx: Context, args: RegisterArgs) -> Plain:
    """The bureau, which alone knows names and numbers, gives people their pseudonyms; each is given once."""
    for pseudonym, wallets in args.subjects:
        ctx.require(ctx.get(Subject, pseudonym) is None, "registered_already", pseudonym)
        for wallet in wallets:
            ctx.require_role(wallet, "patient")
        ctx.put(pseudonym, Subject(wallets=wallets))
    return {"registered": len(args.subjects)}


@contract.action(roles=("patient",))
def grant(ctx: Context, args: GrantArgs) -> Plain:
    """The subject, or a parent for a child, authorises."""
    require_acts_for(ctx, args.subject)
    ctx.require(args.expires_ms > ctx.time_ms, "voucher_expired", "expires before it is granted")
    voucher = Voucher(
        state="LIVE",
        subject=args.subject,
        audience=args.audience,
        purpose=args.purpose,
        fields=args.fields,
        matter=args.matter,
        expires_ms=args.expires_ms,
        granted_by=ctx.client,
    )
    ctx.put(ctx.object_id, voucher)
    return {"voucher": ctx.object_id}


@contract.action(roles=("patient",))
def revoke(ctx: Context, args: VoucherArgs) -> Plain:
    """Take a voucher back: it works for nothing from here on, and what collections hold under it has to go."""
    found = ctx.find(Voucher, args.voucher)
    require_acts_for(ctx, found.subject)
    ctx.put(args.voucher, replace(found, state=VOUCHER.next(found.state, "revoke")))
    purged, beyond = purge_released(ctx, args.voucher, "revoked")
    return {"voucher": args.voucher, "purge_requested": purged, "purge_unavailable": beyond}


@contract.action(roles=("insurer", "patient"))
def ask(ctx: Context, args: AskArgs) -> Plain:
    """Begin a query: by the insurer for itself, or by the insured for an insurer (参保人主动发起)."""
    ctx.find(Subject, args.subject)
    if ctx.role == "patient":
        require_acts_for(ctx, args.subject)
        ctx.require_role(args.reader, "insurer")
    else:
        ctx.require(args.reader == ctx.client, "wrong_reader", "an insurer asks for itself")
    _require_holds_records(ctx, args.holder, args.subject)
    filed_fields(ctx, args.reader, args.purpose)
    query = Query(
        state="ASKED",
        asked_by=ctx.client,
        reader=args.reader,
        holder=args.holder,
        subject=args.subject,
        purpose=args.purpose,
        fields=args.fields,
        matter=args.matter,
        asked_ms=ctx.time_ms,
        voucher="",
        granted=(),
        commitments=(),
    )
    ctx.put(ctx.object_id, query)
    return {"query": ctx.object_id, "asked": len(args.fields)}


@contract.action(
    roles=("bureau", "hospital", "patient", "pharmacy"),
    endorse=all_of(role("bureau"), signed(record(Query, "query").field("reader"))),
)
def answer(ctx: Context, args: AnswerArgs) -> Plain:
    """Answer a query under a voucher: exactly the fields granted, each with its entry in the access log.

    A person answers for what is kept on their own device alone, once they were asked for it.
    """
    query = ctx.find(Query, args.query)
    state = QUERY.next(query.state, "answer")
    ctx.require(query.holder == ctx.client, "wrong_holder", f"{query.holder} was asked")
    deadline_ms = query.asked_ms + ctx.find(Terms, "terms").query_timeout_ms
    ctx.require(ctx.time_ms <= deadline_ms, "query_timed_out", args.query)
    voucher = require_authorised(ctx, args.voucher, query.subject, query.reader, query.purpose, query.matter)
    granted = granted_fields(query.fields, voucher.fields, filed_fields(ctx, query.reader, query.purpose))
    ctx.require(bool(granted), "nothing_granted", args.query)
    envelope = args.envelope
    ctx.require(field_names(envelope.commitments) == tuple(sorted(granted)), "fields_not_granted", args.query)
    ctx.require(envelope.recipients == tuple(sorted({query.holder, query.reader})), "wrong_recipients", args.query)
    ctx.carry(envelope, ctx.object_id)
    answered = replace(query, state=state, voucher=args.voucher, granted=granted, commitments=envelope.commitments)
    ctx.put(args.query, answered)
    note_release(ctx, args.voucher, ctx.object_id, args.query)
    for field in granted:
        _log(ctx, args.query, query, args.voucher, field)
    ctx.emit(
        "fields_read",
        query=args.query,
        reader=query.reader,
        holder=query.holder,
        to=ctx.find(Subject, query.subject).wallets,
        fields=len(granted),
    )
    return {"query": args.query, "granted": granted}


def granted_fields(asked: tuple[str, ...], covered: tuple[str, ...], filed: tuple[str, ...]) -> tuple[str, ...]:
    """Minimum disclosure 最小化披露: what was asked, if the voucher covers it and the institution filed it."""
    return tuple(field for field in asked if field in covered and field in filed)


def _require_holds_records(ctx: Context, holder: str, subject: str) -> None:
    """Bureau, hospitals and drugstores hold records; so do the subject's wallets, for data on a person's own device."""
    if ctx.role_of(holder) not in {"bureau", "hospital", "pharmacy"}:
        ctx.require(holder in ctx.find(Subject, subject).wallets, "wrong_role", f"{holder} holds no records")


def _log(ctx: Context, query_id: str, query: Query, voucher: str, field: str) -> None:
    entry = AccessEntry(
        reader=query.reader,
        holder=query.holder,
        subject=query.subject,
        field=field,
        voucher=voucher,
        time_ms=ctx.time_ms,
    )
    ctx.put(f"{query_id}/{field}", entry)
