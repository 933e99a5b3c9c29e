"""Shared customer identification KYC一次录入: entered once, verified once, read by others with consent (row 30).

The customer enters identity data once, sealed to themselves and to the institution in front of them, which verifies
them against documents. Another institution asks the chain, not the customer: the customer's wallet authorises and
hands over the very values that were verified, as their commitments prove, so there is nothing to type in again. Each
access leaves an entry, and a voucher taken back stops the next one: reading and *relying*, which an institution does
whenever it begins business with a customer it has identified before.

The regulator's view for anti-money-laundering 反洗钱 is of the log, never of a value: :class:`AmlView` says who has had
access and how often, :data:`AML_ALERT` tells of a person whom unusually many institutions identify within a time.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from msgspec.structs import replace

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.deposits import PURGE_REQUESTED, SUPERVISORS, note_release
from node.contracts.endorsement import record, signed
from node.contracts.fields import Arguments, Count, Digest, Labels, Millis, ObjectId, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.vouchers import Subject, require_acts_for, require_authorised
from node.ledger.transaction import Name
from node.privacy.commitments import Commitments
from node.privacy.envelope import Envelope

PROFILE = Lifecycle(
    "kyc profile",
    {
        "NONE": {"enter": "ENTERED"},
        "ENTERED": {"verify": "VERIFIED", "enter": "ENTERED"},
        "VERIFIED": {"enter": "ENTERED", "verify": "VERIFIED"},
    },
)
"""Data entered anew, as after a move, are to be verified anew."""

PURPOSE = "kyc"
INSTITUTIONS = ("bank", "broker", "insurer")
"""Roles that have to know their customers."""


class Profile(Record, frozen=True):
    """What is known of a person's identity, by commitments; the key is the pseudonym.

    ``institution`` was shown the data and verifies them: at ``verified_ms``, or not yet where that is 0. ``typed``
    counts the fields that the customer ever entered.
    """

    namespace: ClassVar[str] = "kyc_profiles"

    state: str
    institution: str
    commitments: Commitments
    verified_ms: int
    typed: int


class KycRequest(Record, frozen=True):
    """An institution's question. ``voucher`` and ``granted`` are empty until the customer hands it the data."""

    namespace: ClassVar[str] = "kyc_requests"

    institution: str
    subject: str
    fields: tuple[str, ...]
    voucher: str
    granted: tuple[str, ...]


class KycAccess(Record, frozen=True):
    """One access 调阅记录, ``act`` "disclose" or "rely"; the key is ``pseudonym/client/number``."""

    namespace: ClassVar[str] = "kyc_accesses"

    act: str
    institution: str
    verified_by: str
    voucher: str
    fields: tuple[str, ...]
    time_ms: int


class AmlView(Record, frozen=True):
    """What supervisors read of one person; the key is the pseudonym. ``institutions`` have had access, ascending.

    ``alerts`` counts accesses at which they were too many.
    """

    namespace: ClassVar[str] = "aml_views"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    institutions: tuple[str, ...]
    accesses: int
    last_ms: int
    alerts: int


class KycTerms(Record, frozen=True):
    """For how long a verification is good (0: for good), and what alerts the regulator; the key is "terms"."""

    namespace: ClassVar[str] = "kyc_terms"

    valid_ms: int
    alert_institutions: int
    alert_within_ms: int


REQUESTED = EventKind("kyc_requested", parties=("to", "institution"))
ACCESSED = EventKind("kyc_accessed", parties=("to", "institution"), roles=SUPERVISORS)
AML_ALERT = EventKind("aml_alert", roles=("regulator",))

contract = Contract(
    "kyc",
    records=(Profile, KycRequest, KycAccess, AmlView, KycTerms),
    events=(REQUESTED, ACCESSED, AML_ALERT, PURGE_REQUESTED),
)


class Settings(Arguments, frozen=True):
    """See :class:`KycTerms`: more than ``alert_institutions`` (0: never) with access within that time."""

    valid_ms: Millis = 0
    alert_institutions: Count = 0
    alert_within_ms: Millis = 0


class EnterArgs(Arguments, frozen=True):
    """Whose identity, before whom, and the data, sealed to the two."""

    subject: Digest
    institution: Name
    identity: Envelope


class SubjectArgs(Arguments, frozen=True):
    """Whose identity."""

    subject: Digest


class RequestArgs(Arguments, frozen=True):
    """Whose identity, and which fields of it."""

    subject: Digest
    fields: Labels


class DiscloseArgs(Arguments, frozen=True):
    """The fields granted, sealed to customer and institution."""

    request: ObjectId
    voucher: ObjectId
    identity: Envelope


class RelyArgs(Arguments, frozen=True):
    """Whose verification, and by which authorisation."""

    subject: Digest
    voucher: ObjectId


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set the rules of the house."""
    terms = KycTerms(settings.valid_ms, settings.alert_institutions, settings.alert_within_ms)
    ctx.put("terms", terms)


@contract.action(roles=("patient",))
def enter(ctx: Context, args: EnterArgs) -> Plain:
    """The customer enters who they are 录入, for one institution to verify."""
    require_acts_for(ctx, args.subject)
    ctx.require(ctx.role_of(args.institution) in INSTITUTIONS, "wrong_role", args.institution)
    ctx.require(args.identity.recipients == tuple(sorted((ctx.client, args.institution))), "wrong_recipients")
    commitments = args.identity.commitments
    ctx.require(bool(commitments), "nothing_entered")
    ctx.carry(args.identity, ctx.object_id)
    before = ctx.get(Profile, args.subject)
    profile = Profile(
        state=PROFILE.next(before.state if before else "NONE", "enter"),
        institution=args.institution,
        commitments=commitments,
        verified_ms=0,
        typed=len(commitments) + (before.typed if before else 0),
    )
    ctx.put(args.subject, profile)
    return {"state": profile.state, "typed": profile.typed}


@contract.action(roles=INSTITUTIONS)
def verify(ctx: Context, args: SubjectArgs) -> Plain:
    """The institution to which they were shown has held the data against documents 身份核验, or does so again."""
    profile = ctx.find(Profile, args.subject)
    ctx.require(profile.institution == ctx.client, "wrong_institution", profile.institution)
    state = PROFILE.next(profile.state, "verify")
    ctx.put(args.subject, replace(profile, state=state, verified_ms=ctx.time_ms))
    return {"state": state}


@contract.action(roles=INSTITUTIONS)
def request(ctx: Context, args: RequestArgs) -> Plain:
    """Ask for access 数据访问请求: of the chain, not of the customer. Says no more than who verified the person."""
    profile = _verified(ctx, args.subject)
    known = KycRequest(institution=ctx.client, subject=args.subject, fields=args.fields, voucher="", granted=())
    ctx.put(ctx.object_id, known)
    to = ctx.find(Subject, args.subject).wallets
    ctx.emit("kyc_requested", request=ctx.object_id, institution=ctx.client, to=to)
    return {"request": ctx.object_id, "verified_by": profile.institution}


@contract.action(roles=("patient",), endorse=signed(record(KycRequest, "request").field("institution")))
def disclose(ctx: Context, args: DiscloseArgs) -> Plain:
    """The customer hands over what was asked, as far as the voucher covers it: the very values that were verified."""
    asked = ctx.find(KycRequest, args.request)
    require_acts_for(ctx, asked.subject)
    ctx.require(not asked.granted, "disclosed_already", args.request)
    profile = _verified(ctx, asked.subject)
    voucher = require_authorised(ctx, args.voucher, asked.subject, asked.institution, PURPOSE)
    held = {path for path, _ in profile.commitments}
    granted = tuple(field for field in asked.fields if field in voucher.fields and field in held)
    ctx.require(bool(granted), "nothing_granted", args.request)
    shown = args.identity.commitments
    ctx.require(tuple(path for path, _ in shown) == tuple(sorted(granted)), "fields_not_granted", args.request)
    ctx.require(all(pair in profile.commitments for pair in shown), "not_as_verified", args.request)
    ctx.require(args.identity.recipients == tuple(sorted((ctx.client, asked.institution))), "wrong_recipients")
    ctx.carry(args.identity, ctx.object_id)
    ctx.put(args.request, replace(asked, voucher=args.voucher, granted=granted))
    note_release(ctx, args.voucher, ctx.object_id, args.request)
    _log(ctx, "disclose", asked.subject, asked.institution, profile, args.voucher, granted)
    return {"granted": granted, "verified_by": profile.institution, "questions": 0}


@contract.action(roles=INSTITUTIONS)
def rely(ctx: Context, args: RelyArgs) -> Plain:
    """Begin business with a customer identified before 依赖他人核验: good as long as voucher and verification are."""
    profile = _verified(ctx, args.subject)
    voucher = require_authorised(ctx, args.voucher, args.subject, ctx.client, PURPOSE)
    _log(ctx, "rely", args.subject, ctx.client, profile, args.voucher, voucher.fields)
    return {"verified_by": profile.institution, "verified_ms": profile.verified_ms, "questions": 0}


def accesses(ctx: Context, subject: str) -> tuple[KycAccess, ...]:
    """All accesses to a person's identity, in order of who submitted them and their number."""
    return tuple(access for _, access in ctx.items(KycAccess, f"{subject}/"))


def _verified(ctx: Context, subject: str) -> Profile:
    profile = ctx.find(Profile, subject)
    ctx.require(profile.state == "VERIFIED", "not_verified", subject)
    terms = ctx.get(KycTerms, "terms")
    good = terms is None or not terms.valid_ms or ctx.time_ms < profile.verified_ms + terms.valid_ms
    ctx.require(good, "verification_too_old", subject)
    return profile


def _log(  # noqa: PLR0913, PLR0917 - one entry's facts
    ctx: Context, act: str, subject: str, institution: str, profile: Profile, voucher: str, fields: tuple[str, ...]
) -> None:
    """Write the entry, tell those concerned, and the regulator where the entries are too many."""
    entry = KycAccess(act, institution, profile.institution, voucher, fields, ctx.time_ms)
    ctx.put(f"{subject}/{ctx.object_id}", entry)
    to = ctx.find(Subject, subject).wallets
    ctx.emit("kyc_accessed", act=act, subject=subject, institution=institution, to=to, verified_by=profile.institution)
    view = ctx.get(AmlView, subject) or AmlView(institutions=(), accesses=0, last_ms=0, alerts=0)
    seen = AmlView(
        institutions=tuple(sorted({*view.institutions, institution})),
        accesses=view.accesses + 1,
        last_ms=max(view.last_ms, ctx.time_ms),
        alerts=_alerts(ctx, subject),
    )
    ctx.put(subject, seen)
    if seen.alerts > view.alerts:
        ctx.emit("aml_alert", subject=subject, institutions=seen.institutions)


def _alerts(ctx: Context, subject: str) -> int:
    """How many accesses came when more institutions than usual had had one lately, whatever the order they came in.

    Whoever asks is not told of it.
    """
    terms = ctx.get(KycTerms, "terms")
    if terms is None or not terms.alert_institutions:
        return 0
    in_order = sorted(accesses(ctx, subject), key=lambda access: (access.time_ms, access.institution))
    within: Counter[str] = Counter()
    first = alerts = 0
    for access in in_order:
        within[access.institution] += 1
        while in_order[first].time_ms < access.time_ms - terms.alert_within_ms:
            within[in_order[first].institution] -= 1
            first += 1
        alerts += len(+within) > terms.alert_institutions
    return alerts
