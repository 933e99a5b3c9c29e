"""Keeping a policy up 保全: amendment 批改, cancellation 退保, lapse 中止, reinstatement 复效, renewal 续保, expiry.

Whatever changes what was agreed on is signed by holder and insurer; a cancellation is the holder's right alone. What
comes back goes first to a bank that holds a lien on the policy.
"""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, Plain
from node.contracts.endorsement import record, signed
from node.contracts.fields import Arguments, Labels, ObjectId, Ppm
from node.contracts.money import allocate
from node.contracts.policy.days import YEAR_MS, adjustment_fen, days_begun, earned_fen, short_rate_fen
from node.contracts.policy.issuing import (
    benefits_for,
    carry_document,
    due_ms,
    hold,
    pay_instalments,
    sum_insured_fen,
)
from node.contracts.policy.liens import pay_proceeds
from node.contracts.policy.records import (
    POLICY,
    Policy,
    PolicyArgs,
    Renewal,
    Terms,
    contract,
    find_issued,
    find_own,
    terms_of,
)
from node.contracts.products import Product
from node.contracts.risk import add_cover, remove_cover
from node.contracts.underwriting import Application, premium_fen
from node.ledger.records import SUPERVISING
from node.privacy.envelope import Envelope

BY_HOLDER = signed(record(Policy, "policy").field("holder"))
BY_INSURER = signed(record(Policy, "policy").field("insurer"))


class AmendArgs(Arguments, frozen=True):
    """Which policy, what it covers from now on, and the new document for holder and insurer.

    ``riders`` are those that it has then, ``sum_ppm`` is the share of the product's sums insured.
    """

    policy: ObjectId
    riders: Labels
    sum_ppm: Ppm
    document: Envelope


class RenewArgs(Arguments, frozen=True):
    """Which policy goes on for another year, and the new policy's document for holder and insurer."""

    policy: ObjectId
    document: Envelope


@contract.action(roles=("insurer",), endorse=BY_HOLDER)
def amend(ctx: Context, args: AmendArgs) -> Plain:
    """Change the cover in mid-term 批改: the premium's difference for the days left is paid, or comes back.

    The document is another then, and may be notarised anew.
    """
    policy = find_issued(ctx, args.policy)
    state = POLICY.next(policy.state, "amend")
    ctx.require(ctx.time_ms < policy.ends_ms, "policy_ended", args.policy)
    ctx.require(args.sum_ppm > 0, "nothing_covered", args.policy)
    ctx.require(ctx.get(Renewal, args.policy) is None, "already_renewed", args.policy)
    ctx.require(policy.instalments_paid == policy.instalments, "premium_outstanding", args.policy)
    product = ctx.find(Product, policy.product)
    application = ctx.find(Application, policy.application)
    application = replace(application, riders=args.riders, sum_ppm=args.sum_ppm)
    benefits = benefits_for(product, application)
    after_fen = premium_fen(product, application)
    begun, total = days_begun(policy.starts_ms, policy.ends_ms, ctx.time_ms)
    difference_fen = adjustment_fen(policy.premium_fen, after_fen, begun, total)
    ctx.put(policy.application, application)
    remove_cover(ctx, policy.subject, sum_insured_fen(policy.benefits))
    add_cover(ctx, policy.subject, sum_insured_fen(benefits))
    amended = replace(
        policy,
        state=state,
        benefits=benefits,
        premium_fen=after_fen,
        fingerprint=carry_document(ctx, args.document, policy.holder),
        notarisation="",
        received_fen=policy.received_fen + difference_fen,
    )
    ctx.put(args.policy, amended)
    _settle_difference(ctx, args.policy, policy, difference_fen)
    _tell(ctx, args.policy, policy, "amended")
    return {"premium_fen": after_fen, "difference_fen": difference_fen}


@contract.action(roles=("patient",))
def cancel(ctx: Context, args: PolicyArgs) -> Plain:
    """The holder ends the policy 退保; what is not earned comes back, as the product's terms have it."""
    return cancelled(ctx, args.policy, find_own(ctx, args.policy))


@contract.action(roles=("insurer",))
def lapse(ctx: Context, args: PolicyArgs) -> Plain:
    """A premium stayed unpaid beyond its grace: the policy rests 中止, and covers nothing."""
    policy = find_issued(ctx, args.policy)
    state = POLICY.next(policy.state, "lapse")
    ctx.require(policy.instalments_paid < policy.instalments, "nothing_due", args.policy)
    ends_ms = due_ms(policy, policy.instalments_paid) + terms_of(ctx, policy.product).grace_ms
    ctx.require(ctx.time_ms >= ends_ms, "within_grace", args.policy)
    ctx.put(args.policy, replace(policy, state=state))
    _uncount(ctx, policy)
    _tell(ctx, args.policy, policy, "lapsed")
    return {"state": state}


@contract.action(roles=("patient",), endorse=BY_INSURER)
def reinstate(ctx: Context, args: PolicyArgs) -> Plain:
    """Holder and insurer agree that the policy revives 复效: all that is due is paid, and cover begins again now.

    What happened while it rested stays uncovered.
    """
    policy = find_own(ctx, args.policy)
    state = POLICY.next(policy.state, "reinstate")
    terms = terms_of(ctx, policy.product)
    rested_since_ms = due_ms(policy, policy.instalments_paid) + terms.grace_ms
    in_time = ctx.time_ms < min(policy.ends_ms, rested_since_ms + terms.reinstate_within_ms)
    ctx.require(in_time, "too_late_to_reinstate", args.policy)
    due = sum(due_ms(policy, number) <= ctx.time_ms for number in range(policy.instalments))
    add_cover(ctx, policy.subject, sum_insured_fen(policy.benefits))
    revived = replace(policy, state=state, covered_from_ms=ctx.time_ms)
    paid_fen = pay_instalments(ctx, args.policy, revived, terms, max(0, due - policy.instalments_paid))
    _tell(ctx, args.policy, policy, "reinstated")
    return {"premium_fen": paid_fen, "state": state}


@contract.action(roles=("insurer",), endorse=BY_HOLDER)
def renew(ctx: Context, args: RenewArgs) -> Plain:
    """Another year of the same cover 续保, from the very moment at which this one ends: no gap, and none twice."""
    policy = find_issued(ctx, args.policy)
    ctx.put(args.policy, replace(policy, state=POLICY.next(policy.state, "renew")))
    ctx.require(ctx.get(Renewal, args.policy) is None, "already_renewed", args.policy)
    ctx.require(policy.instalments_paid == policy.instalments, "premium_outstanding", args.policy)
    terms = terms_of(ctx, policy.product)
    ctx.require(ctx.time_ms < policy.ends_ms + terms.grace_ms, "too_late_to_renew", args.policy)
    following = replace(
        policy,
        state="BOUND",
        fingerprint=carry_document(ctx, args.document, policy.holder),
        starts_ms=policy.ends_ms,
        ends_ms=policy.ends_ms + YEAR_MS,
        claimed_fen=0,
        notarisation="",
        covered_from_ms=policy.ends_ms,
        covered_to_ms=policy.ends_ms,
        instalments=terms.instalments,
        instalments_paid=0,
        received_fen=0,
        renews=args.policy,
    )
    ctx.put(ctx.object_id, following)
    ctx.put(args.policy, Renewal(policy=ctx.object_id))
    hold(ctx, policy.subject, ctx.object_id)
    _tell(ctx, args.policy, policy, "renewed")
    return {"policy": ctx.object_id, "premium_fen": following.premium_fen, "starts_ms": following.starts_ms}


@contract.action()
def expire(ctx: Context, args: PolicyArgs) -> Plain:
    """The term is over, and the cover no longer counts in the market. A party says so, or who watches over them.

    Nobody else: it is final, and goes by the time that its client writes.
    """
    policy = ctx.find(Policy, args.policy)
    concerned = ctx.client in {policy.holder, policy.insurer} or ctx.role in SUPERVISING
    ctx.require(concerned, "not_a_party", ctx.client)
    state = POLICY.next(policy.state, "expire")
    ctx.require(ctx.time_ms >= policy.ends_ms, "not_ended_yet", args.policy)
    ctx.put(args.policy, replace(policy, state=state))
    if policy.state == "IN_FORCE" and ctx.get(Renewal, args.policy) is None:
        remove_cover(ctx, policy.subject, sum_insured_fen(policy.benefits))
    return {"state": state}


def cancelled(ctx: Context, policy_id: str, policy: Policy) -> Plain:
    """End ``policy`` now and pay what is left of its premium: to a lien's bank first, then to the holder."""
    state = POLICY.next(policy.state, "cancel")
    ctx.require(ctx.get(Renewal, policy_id) is None, "already_renewed", policy_id)
    refund_fen = surrender_fen(policy, terms_of(ctx, policy.product), ctx.time_ms)
    if policy.state != "LAPSED":
        _uncount(ctx, policy)
    ctx.put(policy_id, replace(policy, state=state, received_fen=policy.received_fen - refund_fen))
    to_bank_fen = _refund(ctx, f"surrender/{policy_id}", policy_id, policy, refund_fen)
    _tell(ctx, policy_id, policy, "cancelled")
    return {"refund_fen": refund_fen, "to_bank_fen": to_bank_fen}


def surrender_fen(policy: Policy, terms: Terms, time_ms: int) -> int:
    """What is left of the premium if the policy ends at ``time_ms`` 退保金, in fen.

    All that was paid, within the cooling-off time; else what was paid less what is earned, pro rata or by the short
    rates. Nothing once the policy has ended or has paid a claim.
    """
    if policy.claimed_fen or time_ms >= policy.ends_ms:
        return 0
    whole = policy.instalments_paid == policy.instalments
    parts = allocate(policy.premium_fen, (1,) * policy.instalments)
    paid_fen = policy.premium_fen if whole else sum(parts[: policy.instalments_paid])
    if time_ms < policy.starts_ms + terms.cooling_off_ms:
        return min(paid_fen, policy.received_fen)
    begun, total = days_begun(policy.starts_ms, policy.ends_ms, time_ms)
    if terms.short_rates:
        kept_fen = short_rate_fen(policy.premium_fen, begun, total, terms.short_rates)
    else:
        kept_fen = earned_fen(policy.premium_fen, begun, total)
    return max(0, min(paid_fen - kept_fen, policy.received_fen))


def _settle_difference(ctx: Context, policy_id: str, policy: Policy, difference_fen: int) -> None:
    key = f"amendment/{ctx.object_id}"
    if difference_fen < 0:
        _refund(ctx, key, policy_id, policy, -difference_fen)
        return
    debit, credit = (policy.holder, "premium-paid"), (policy.insurer, "premium-income")
    pay(ctx, key, difference_fen, debit=debit, credit=credit, memo="premium")


def _refund(ctx: Context, key: str, policy_id: str, policy: Policy, amount_fen: int) -> int:
    debit, credit = (policy.insurer, "premium-income"), (policy.holder, "premium-paid")
    return pay_proceeds(ctx, key, policy_id, amount_fen, debit=debit, credit=credit, memo="premium refund")


def _uncount(ctx: Context, policy: Policy) -> None:
    """The policy's cover no longer counts; that of the one that it was to follow, if that still runs, counts on."""
    before = ctx.get(Policy, policy.renews) if policy.renews else None
    if before is not None and before.state == "IN_FORCE":
        ctx.delete(Renewal, policy.renews)
        return
    remove_cover(ctx, policy.subject, sum_insured_fen(policy.benefits))


def _tell(ctx: Context, policy_id: str, policy: Policy, what: str) -> None:
    ctx.emit("policy_changed", policy=policy_id, holder=policy.holder, insurer=policy.insurer, what=what)
