"""What lies on the chain of a policy 保单: its states, its record, who holds which, and the terms of its product."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from node.contracts.context import Context, EventKind
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, Label, Millis, ObjectId, Ppm, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.policy.days import DAY_MS, YEAR_MS
from node.contracts.products import Benefit

POLICY = Lifecycle(
    "policy",
    {
        "BOUND": {"pay_premium": "IN_FORCE", "lapse": "LAPSED", "cancel": "CANCELLED"},
        "IN_FORCE": {
            "pay_instalment": "IN_FORCE",
            "amend": "IN_FORCE",
            "renew": "IN_FORCE",
            "lapse": "LAPSED",
            "cancel": "CANCELLED",
            "expire": "EXPIRED",
        },
        "LAPSED": {"reinstate": "IN_FORCE", "cancel": "CANCELLED", "expire": "EXPIRED"},
        "CANCELLED": {},
        "EXPIRED": {},
    },
)
"""BOUND: issued, not paid for. LAPSED 中止: a premium stayed unpaid beyond its grace. The last two are final."""

INSTALMENTS_MAX = 12


class Policy(Record, frozen=True):
    """A policy 保单. ``authorisation`` is the index of the underwriting authorisation record 核保数据授权记录索引.

    ``premium_fen`` is the year's, ``received_fen`` what was paid less what was given back, ``claimed_fen`` what was
    paid out. ``notarisation`` is the hash given to the holder, or "". Cover runs from ``covered_from_ms`` (the start,
    or a reinstatement) to ``covered_to_ms`` (the end, or the end of grace after the next premium that is due).
    ``renews`` is the policy that this one follows, or "".
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
    covered_from_ms: int
    covered_to_ms: int
    instalments: int
    instalments_paid: int
    received_fen: int
    renews: str


class Holding(Record, frozen=True):
    """A person's policies, in order of their ids, whoever bound first; the key is the pseudonym."""

    namespace: ClassVar[str] = "holdings"

    policies: tuple[str, ...]


class Renewal(Record, frozen=True):
    """That a policy was renewed 续保, and by which; the key is the policy that ends."""

    namespace: ClassVar[str] = "renewals"

    policy: str


class Notarisation(Record, frozen=True):
    """A unique digital policy 唯一数字保单; the key is its hash."""

    namespace: ClassVar[str] = "notarisations"

    policy: str
    holder: str
    authorisation: str
    time_ms: int


class Terms(Record, frozen=True):
    """How policies of a product are kept up; the key is the product. What each field means: :class:`TermsArgs`."""

    namespace: ClassVar[str] = "policy_terms"
    readers: ClassVar[Readers] = Readers.EVERYONE

    grace_ms: int
    reinstate_within_ms: int
    cooling_off_ms: int
    instalments: int
    short_rates: tuple[int, ...]
    key_terms: str


class TermsArgs(Arguments, frozen=True):
    """How policies of ``product`` are kept up.

    A premium may be late by ``grace_ms`` 宽限期; who lapsed may come back within ``reinstate_within_ms`` 复效. Within
    ``cooling_off_ms`` 犹豫期 a cancellation costs nothing; later it costs the earned premium, pro rata, or what
    ``short_rates`` keep, one rate for each of as many equal parts of the year. The year's premium is paid in
    ``instalments``. ``key_terms`` is the hash of the text that must be disclosed before a policy is bound.
    """

    product: Label
    grace_ms: Millis = 60 * DAY_MS
    reinstate_within_ms: Millis = 2 * YEAR_MS
    cooling_off_ms: Millis = 0
    instalments: Annotated[int, Meta(ge=1, le=INSTALMENTS_MAX)] = 1
    short_rates: Annotated[tuple[Ppm, ...], Meta(max_length=INSTALMENTS_MAX)] = ()
    key_terms: Digest | None = None


class Settings(Arguments, frozen=True):
    """The terms of every product that has others than the usual ones."""

    terms: Annotated[tuple[TermsArgs, ...], Meta(max_length=64)] = ()


class PolicyArgs(Arguments, frozen=True):
    """Which policy."""

    policy: ObjectId


CHANGED = EventKind("policy_changed", parties=("holder", "insurer"))

contract = Contract("policy", records=(Policy, Holding, Renewal, Notarisation, Terms), events=(CHANGED,))


@contract.settings(Settings)
def publish(ctx: Context, settings: Settings) -> None:
    """Put the terms on record. Refused with "rates_fall" where waiting would make a cancellation cheaper."""
    for args in settings.terms:
        rates = args.short_rates
        ctx.require(tuple(sorted(rates)) == rates, "rates_fall", args.product)
        ctx.put(args.product, _terms(args))


def terms_of(ctx: Context, product: str) -> Terms:
    """The product's terms, or the usual ones: the defaults of :class:`TermsArgs`."""
    return ctx.get(Terms, product) or _terms(TermsArgs(product=product))


def find_own(ctx: Context, policy_id: str) -> Policy:
    """The policy, whose holder the client is; refused with "not_the_holder"."""
    policy = ctx.find(Policy, policy_id)
    ctx.require(policy.holder == ctx.client, "not_the_holder", ctx.client)
    return policy


def find_issued(ctx: Context, policy_id: str) -> Policy:
    """The policy, whose insurer the client is; refused with "wrong_insurer"."""
    policy = ctx.find(Policy, policy_id)
    ctx.require(policy.insurer == ctx.client, "wrong_insurer", policy.insurer)
    return policy


def in_force(policy: Policy, time_ms: int) -> bool:
    """Does the policy cover what happens at that time?"""
    return policy.state == "IN_FORCE" and policy.covered_from_ms <= time_ms < policy.covered_to_ms


def unwound(policy: Policy) -> bool:
    """Was it cancelled with all of its premium given back, so that it pays for nothing, whenever that happened?"""
    return policy.state == "CANCELLED" and policy.premium_fen > 0 and policy.received_fen <= 0


def _terms(args: TermsArgs) -> Terms:
    return Terms(
        grace_ms=args.grace_ms,
        reinstate_within_ms=args.reinstate_within_ms,
        cooling_off_ms=args.cooling_off_ms,
        instalments=args.instalments,
        short_rates=args.short_rates,
        key_terms=args.key_terms or "",
    )
