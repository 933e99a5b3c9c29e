"""Policies 保单: bind, pay the premium, notarise by choice, verify (rows 7, 8, 23).

The full policy stays with holder and insurer (sealed); the chain holds its fingerprint 指纹, a salted hash. A holder
may have the policy notarised 保单存证 and gets a hash that is unique: a second notarisation is refused. Anyone who
is shown a policy can compare its fingerprint; one changed bit, also a silent edit by the insurer, shows.
"""

from __future__ import annotations

from hashlib import sha256
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.consent import Query
from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, ObjectId, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.money import share
from node.contracts.products import Benefit, Product, benefits_of
from node.contracts.risk import add_cover
from node.contracts.underwriting import APPLICATION, Application, premium_fen
from node.privacy.envelope import Envelope

POLICY = Lifecycle("policy", {"BOUND": {"pay_premium": "IN_FORCE"}, "IN_FORCE": {"lapse": "LAPSED"}, "LAPSED": {}})

YEAR_MS = 365 * 86_400_000

DOCUMENT_PATH = "policy"
"""The one field of a policy document's envelope; its commitment is the policy's fingerprint."""


class Policy(Record, frozen=True):
    """A policy 保单. ``authorisation`` is the index of the underwriting authorisation record 核保数据授权记录索引.

    ``claimed_fen`` was paid so far. ``notarisation`` is the hash given to the holder, or "".
    """

    namespace: ClassVar[str] = "policies"

    state: str
    holder: str
    subject: str
    insurer: str
    product: str
    benefits: tuple[Benefit, ...]
    premium_fen: int
    application: str
    authorisation: str
    voucher: str
    fingerprint: str
    starts_ms: int
    ends_ms: int
    claimed_fen: int
    notarisation: str


class Holding(Record, frozen=True):
    """A person's policies, in order of their ids, whoever bound first; the key is the pseudonym."""

    namespace: ClassVar[str] = "holdings"

    policies: tuple[str, ...]


class Notarisation(Record, frozen=True):
    """A unique digital policy 唯一数字保单; the key is its hash."""

    namespace: ClassVar[str] = "notarisations"

    policy: str
    holder: str
    authorisation: str
    time_ms: int


contract = Contract("policy", records=(Policy, Holding, Notarisation))


class BindArgs(Arguments, frozen=True):
    """Which application, and the policy document sealed to holder and insurer."""

    application: ObjectId
    document: Envelope


class PolicyArgs(Arguments, frozen=True):
    """Which policy."""

    policy: ObjectId


class NotariseArgs(Arguments, frozen=True):
    """Which policy, and 32 bytes of the holder's choice, so that the hash cannot be foretold."""

    policy: ObjectId
    salt: Digest


class VerifyArgs(Arguments, frozen=True):
    """A policy, and the fingerprint of the document that is held to be it."""

    policy: ObjectId
    fingerprint: Digest


@contract.action(roles=("insurer",))
def bind(ctx: Context, args: BindArgs) -> Plain:
    """Issue the policy of an accepted application; its cover counts in the market from here on."""
    application = ctx.find(Application, args.application)
    ctx.require(application.insurer == ctx.client, "wrong_insurer", application.insurer)
    product = ctx.find(Product, application.product)
    ctx.put(args.application, replace(application, state=APPLICATION.next(application.state, "bind")))
    parties = tuple(sorted((application.applicant, ctx.client)))
    ctx.require(args.document.recipients == parties, "wrong_recipients")
    paths = tuple(path for path, _ in args.document.commitments)
    ctx.require(paths == (DOCUMENT_PATH,), "wrong_document")
    ctx.carry(args.document, ctx.object_id)
    benefits = tuple(
        replace(benefit, sum_insured_fen=share(benefit.sum_insured_fen, application.sum_ppm))
        for benefit in benefits_of(product, application.riders)
    )
    policy = Policy(
        state="BOUND",
        holder=application.applicant,
        subject=application.subject,
        insurer=ctx.client,
        product=application.product,
        benefits=benefits,
        premium_fen=premium_fen(product, application),
        application=args.application,
        authorisation=application.authorisation,
        voucher=ctx.find(Query, application.authorisation).voucher,
        fingerprint=args.document.commitments[0][1],
        starts_ms=ctx.time_ms,
        ends_ms=ctx.time_ms + YEAR_MS,
        claimed_fen=0,
        notarisation="",
    )
    ctx.put(ctx.object_id, policy)
    add_cover(ctx, policy.subject, sum(benefit.sum_insured_fen for benefit in benefits))
    held = ctx.get(Holding, policy.subject)
    ctx.put(policy.subject, Holding(policies=tuple(sorted((*(held.policies if held else ()), ctx.object_id)))))
    return {"policy": ctx.object_id, "premium_fen": policy.premium_fen}


@contract.action(roles=("patient",))
def pay_premium(ctx: Context, args: PolicyArgs) -> Plain:
    """The holder pays the year's premium; the policy is in force."""
    policy = _own(ctx, args.policy)
    ctx.put(args.policy, replace(policy, state=POLICY.next(policy.state, "pay_premium")))
    pay(
        ctx,
        f"premium/{args.policy}",
        policy.premium_fen,
        debit=(ctx.client, "premium-paid"),
        credit=(policy.insurer, "premium-income"),
        memo="premium",
    )
    return {"premium_fen": policy.premium_fen}


@contract.action(roles=("patient",))
def notarise(ctx: Context, args: NotariseArgs) -> Plain:
    """By the holder's choice: put the policy on record and get its unique hash back."""
    policy = _own(ctx, args.policy)
    ctx.require(policy.state == "IN_FORCE", "policy_not_in_force", args.policy)
    ctx.require(not policy.notarisation, "already_notarised", args.policy)
    unique = notarisation_hash(args.policy, policy.fingerprint, args.salt)
    ctx.require(ctx.get(Notarisation, unique) is None, "already_notarised", args.policy)
    ctx.put(args.policy, replace(policy, notarisation=unique))
    record = Notarisation(
        policy=args.policy, holder=ctx.client, authorisation=policy.authorisation, time_ms=ctx.time_ms
    )
    ctx.put(unique, record)
    return {"hash": unique}


@contract.action()
def verify(ctx: Context, args: VerifyArgs) -> Plain:
    """Compare the fingerprint of a document with the policy's; whoever was shown a policy may ask."""
    return {"matches": ctx.find(Policy, args.policy).fingerprint == args.fingerprint}


def notarisation_hash(policy_id: str, fingerprint: str, salt: str) -> str:
    """SHA-256 of msgpack ``["consortium/policy", policy, fingerprint, salt]``, in hex."""
    return sha256(msgspec.msgpack.encode(("consortium/policy", policy_id, fingerprint, salt))).hexdigest()


def in_force(policy: Policy, time_ms: int) -> bool:
    """Does the policy cover what happens at that time?"""
    return policy.state == "IN_FORCE" and policy.starts_ms <= time_ms < policy.ends_ms


def _own(ctx: Context, policy_id: str) -> Policy:
    policy = ctx.find(Policy, policy_id)
    ctx.require(policy.holder == ctx.client, "not_the_holder", ctx.client)
    return policy
