"""Issuing policies 出单: bind an accepted application, pay the premium 缴费.

The full policy stays with holder and insurer (sealed); the chain holds its fingerprint 指纹, a salted hash. Where the
product's terms ask for it, nothing is bound without the disclosure of its key terms and the customer's confirmation
销售可回溯 (row 54).
"""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.consent import Query
from node.contracts.context import Context, Plain
from node.contracts.fields import Arguments, ObjectId
from node.contracts.money import allocate, share
from node.contracts.policy.days import YEAR_MS
from node.contracts.policy.records import (
    POLICY,
    Holding,
    Policy,
    PolicyArgs,
    Terms,
    contract,
    find_own,
    terms_of,
)
from node.contracts.products import Benefit, Product, benefits_of, priced
from node.contracts.risk import add_cover
from node.contracts.sales import require_traceable
from node.contracts.underwriting import APPLICATION, Application, premium_fen
from node.privacy.envelope import Envelope

DOCUMENT_PATH = "policy"
"""The one field of a policy document's envelope; its commitment is the policy's fingerprint."""


class BindArgs(Arguments, frozen=True):
    """Which application, and the policy document sealed to holder and insurer."""

    application: ObjectId
    document: Envelope


@contract.action(roles=("insurer",))
def bind(ctx: Context, args: BindArgs) -> Plain:
    """Issue the policy of an accepted application; its cover counts in the market from here on."""
    application = ctx.find(Application, args.application)
    ctx.require(application.insurer == ctx.client, "wrong_insurer", application.insurer)
    product = ctx.find(Product, application.product)
    terms = terms_of(ctx, application.product)
    ctx.put(args.application, replace(application, state=APPLICATION.next(application.state, "bind")))
    if terms.key_terms:
        require_traceable(ctx, args.application, terms.key_terms)
    fingerprint = carry_document(ctx, args.document, application.applicant)
    policy = Policy(
        state="BOUND",
        holder=application.applicant,
        subject=application.subject,
        insurer=ctx.client,
        product=application.product,
        benefits=benefits_for(product, application),
        premium_fen=premium_fen(product, application),
        application=args.application,
        authorisation=application.authorisation,
        voucher=ctx.find(Query, application.authorisation).voucher,
        fingerprint=fingerprint,
        starts_ms=ctx.time_ms,
        ends_ms=ctx.time_ms + YEAR_MS,
        claimed_fen=0,
        notarisation="",
        covered_from_ms=ctx.time_ms,
        covered_to_ms=ctx.time_ms,
        instalments=terms.instalments,
        instalments_paid=0,
        received_fen=0,
        renews="",
    )
    ctx.put(ctx.object_id, policy)
    add_cover(ctx, policy.subject, sum_insured_fen(policy.benefits))
    hold(ctx, policy.subject, ctx.object_id)
    return {"policy": ctx.object_id, "premium_fen": policy.premium_fen}


@contract.action(roles=("patient",))
def pay_premium(ctx: Context, args: PolicyArgs) -> Plain:
    """The holder pays the premium, or its next instalment, within its grace; the policy is in force."""
    policy = find_own(ctx, args.policy)
    outstanding = 0 < policy.instalments_paid < policy.instalments
    state = POLICY.next(policy.state, "pay_instalment" if outstanding else "pay_premium")
    terms = terms_of(ctx, policy.product)
    in_time = ctx.time_ms < due_ms(policy, policy.instalments_paid) + terms.grace_ms
    ctx.require(in_time, "grace_over", args.policy)
    paid_fen = pay_instalments(ctx, args.policy, replace(policy, state=state), terms, 1)
    return {"premium_fen": paid_fen}


def pay_instalments(ctx: Context, policy_id: str, policy: Policy, terms: Terms, count: int) -> int:
    """Have the holder pay the next ``count`` instalments, and write what the policy is then. What was paid, in fen."""
    paid = policy.instalments_paid + count
    parts = allocate(policy.premium_fen, (1,) * policy.instalments)
    amount_fen = sum(parts[policy.instalments_paid : paid])
    paid_policy = replace(policy, instalments_paid=paid, received_fen=policy.received_fen + amount_fen)
    ctx.put(policy_id, replace(paid_policy, covered_to_ms=covered_to_ms(paid_policy, terms)))
    first = "" if policy.instalments_paid == 0 else f"/{paid}"
    pay(
        ctx,
        f"premium/{policy_id}{first}",
        amount_fen,
        debit=(policy.holder, "premium-paid"),
        credit=(policy.insurer, "premium-income"),
        memo="premium",
    )
    return amount_fen


def due_ms(policy: Policy, instalment: int) -> int:
    """When an instalment, counted from 0, is due: they are spread evenly over the term."""
    return policy.starts_ms + (policy.ends_ms - policy.starts_ms) * instalment // policy.instalments


def covered_to_ms(policy: Policy, terms: Terms) -> int:
    """Until when what is paid covers: to the end, or through the grace of the next instalment."""
    if policy.instalments_paid == policy.instalments:
        return policy.ends_ms
    return min(policy.ends_ms, due_ms(policy, policy.instalments_paid) + terms.grace_ms)


def carry_document(ctx: Context, document: Envelope, holder: str) -> str:
    """Hand the policy document on to holder and insurer, and no one else; its fingerprint."""
    parties = tuple(sorted((holder, ctx.client)))
    ctx.require(document.recipients == parties, "wrong_recipients")
    paths = tuple(path for path, _ in document.commitments)
    ctx.require(paths == (DOCUMENT_PATH,), "wrong_document")
    ctx.carry(document, ctx.object_id)
    return document.commitments[0][1]


def benefits_for(product: Product, application: Application) -> tuple[Benefit, ...]:
    """The benefits applied for, each with its share of the product's sum insured."""
    return tuple(
        replace(priced(benefit, application.band), sum_insured_fen=share(benefit.sum_insured_fen, application.sum_ppm))
        for benefit in benefits_of(product, application.riders)
    )


def sum_insured_fen(benefits: tuple[Benefit, ...]) -> int:
    """What a policy with these benefits may pay at most."""
    return sum(benefit.sum_insured_fen for benefit in benefits)


def hold(ctx: Context, subject: str, policy_id: str) -> None:
    """Enter a policy among those of the person."""
    held = ctx.get(Holding, subject)
    ctx.put(subject, Holding(policies=tuple(sorted((*(held.policies if held else ()), policy_id)))))
