"""Zero-perception claims 零感知理赔 (rows 20, 38, 40).

At discharge the hospital's node reports the claim by itself and the patient gets a reminder. The insurer checks
whether the policy has the benefit at all, before it reads anything. Under a voucher for this claim alone it pulls
visit, e-invoice and itemised list from the hospital; then the contract adjudicates on the opened charges, each of
which must be what the hospital committed to, and the insurer pays. An invoice pays once. A voucher taken back sends
the claim down the manual path 人工. Diagnoses stay sealed; the chain knows the kind of benefit and the charges.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.consent import Query
from node.contracts.context import Context, EventKind, Plain, Refusal
from node.contracts.contract import Contract
from node.contracts.fields import AMOUNT_END, Arguments, Digest, Label, ObjectId, Record, Text
from node.contracts.lifecycle import Lifecycle
from node.contracts.money import share
from node.contracts.policy import Holding, Policy, in_force
from node.contracts.products import Benefit
from node.contracts.vouchers import Subject, Voucher, is_live
from node.privacy.commitments import Opening, is_committed
from node.privacy.envelope import Envelope

CLAIM = Lifecycle(
    "claim",
    {
        "REPORTED": {"cover": "COVERED", "deny": "DENIED"},
        "COVERED": {"approve": "APPROVED", "refer": "MANUAL"},
        "APPROVED": {"pay": "PAID"},
        "MANUAL": {"approve": "APPROVED", "deny": "DENIED"},
        "PAID": {},
        "DENIED": {},
    },
)

PURPOSE = "claim"
INVOICE_TOKEN = "e_invoice/token"  # noqa: S105 - a path, no password
INVOICE_TOTAL = "e_invoice/total_fen"
ITEMS = "itemised_list/"
CHARGE = "/charge"
"""``itemised_list/<nn>/charge`` holds (class of charge, amount in fen); its description is another part."""

CHARGES_MAX = 100


class Claim(Record, frozen=True):
    """A claim. Amounts are None until adjudicated. ``map_version`` names the code map used at the hospital's edge."""

    namespace: ClassVar[str] = "claims"

    state: str
    hospital: str
    subject: str
    insurer: str
    policy: str
    benefit: str
    map_version: str
    reason: str
    answer: str
    total_fen: int | None
    excluded_fen: int | None
    payable_fen: int | None
    reported_ms: int
    decided_ms: int
    paid_ms: int


class Invoice(Record, frozen=True):
    """An e-invoice that was used 电子发票; the key is its token, keyed by the hospital."""

    namespace: ClassVar[str] = "invoices"

    claim: str


class Adjudication(Struct, frozen=True):
    """What a bill comes to, in fen. Invariant: payable <= total - excluded."""

    total_fen: int
    excluded_fen: int
    payable_fen: int


EVENTS = (
    EventKind("reminder", parties=("to", "insurer")),
    EventKind("documents_requested", parties=("to", "insurer")),
    EventKind("claim_paid", parties=("to", "insurer"), roles=("regulator",)),
)

contract = Contract("claims", records=(Claim, Invoice), events=EVENTS)


class ReportArgs(Arguments, frozen=True):
    """A discharge 出院: whose, what kind of benefit; the visit's facts sealed to hospital and patient."""

    subject: Digest
    benefit: Label
    map_version: Text
    visit: Envelope


class ClaimArgs(Arguments, frozen=True):
    """Which claim."""

    claim: ObjectId


class AdjudicateArgs(Arguments, frozen=True):
    """The answered query that rests behind it, the invoice's token and total and every charge, opened."""

    claim: ObjectId
    query: ObjectId
    token: Opening
    total: Opening
    charges: Annotated[tuple[Opening, ...], Meta(min_length=1, max_length=CHARGES_MAX)]


class ReferArgs(Arguments, frozen=True):
    """The claim, and the voucher that no longer works."""

    claim: ObjectId
    voucher: ObjectId


@contract.action(roles=("hospital",))
def report(ctx: Context, args: ReportArgs) -> Plain:
    """The chain reports the claim by itself 自动报案, on the policy with this benefit, and reminds the patient."""
    wallets = ctx.find(Subject, args.subject).wallets
    ctx.carry(args.visit, ctx.object_id)
    ctx.require(set(args.visit.recipients) == {ctx.client, *wallets}, "wrong_recipients")
    policy_id, policy = _policy_for(ctx, args.subject, args.benefit)
    claim = Claim(
        state="REPORTED",
        hospital=ctx.client,
        subject=args.subject,
        insurer=policy.insurer,
        policy=policy_id,
        benefit=args.benefit,
        map_version=args.map_version,
        reason="",
        answer="",
        total_fen=None,
        excluded_fen=None,
        payable_fen=None,
        reported_ms=ctx.time_ms,
        decided_ms=0,
        paid_ms=0,
    )
    ctx.put(ctx.object_id, claim)
    for wallet in wallets:
        ctx.emit("reminder", to=wallet, claim=ctx.object_id, insurer=policy.insurer)
    return {"claim": ctx.object_id, "policy": policy_id, "insurer": policy.insurer, "reminded": wallets}


@contract.action(roles=("insurer",))
def check(ctx: Context, args: ClaimArgs) -> Plain:
    """Does the policy have this benefit 责任核对? If not, the claim is denied before anything is read."""
    claim = _own(ctx, args.claim)
    if _benefit(ctx.find(Policy, claim.policy), claim.benefit) is None:
        state = CLAIM.next(claim.state, "deny")
        ctx.put(args.claim, replace(claim, state=state, reason="benefit_not_covered", decided_ms=ctx.time_ms))
        return {"decision": "denied", "reason": "benefit_not_covered"}
    ctx.put(args.claim, replace(claim, state=CLAIM.next(claim.state, "cover")))
    return {"decision": "covered"}


@contract.action(roles=("insurer",))
def adjudicate(ctx: Context, args: AdjudicateArgs) -> Plain:
    """Audit the bill 自动审核 and approve what the benefit pays for."""
    claim = _own(ctx, args.claim)
    _require_answer(ctx, args, claim)
    token = _text(args.token, INVOICE_TOKEN)
    ctx.require(ctx.get(Invoice, token) is None, "invoice_reused", args.claim)
    policy = ctx.find(Policy, claim.policy)
    benefit = _benefit(policy, claim.benefit)
    if benefit is None:
        raise Refusal("benefit_not_covered", claim.benefit)
    charges = tuple(_charge(opening) for opening in args.charges)
    left_fen = benefit.sum_insured_fen - policy.claimed_fen
    result = adjudication(benefit, charges, left_fen)
    ctx.require(result.total_fen == args.total.value, "bill_does_not_add_up", args.claim)
    ctx.put(token, Invoice(claim=args.claim))
    ctx.put(claim.policy, replace(policy, claimed_fen=policy.claimed_fen + result.payable_fen))
    approved = replace(
        claim,
        state=CLAIM.next(claim.state, "approve"),
        answer=args.query,
        total_fen=result.total_fen,
        excluded_fen=result.excluded_fen,
        payable_fen=result.payable_fen,
        decided_ms=ctx.time_ms,
    )
    ctx.put(args.claim, approved)
    return {
        "decision": "approved",
        "total_fen": result.total_fen,
        "excluded_fen": result.excluded_fen,
        "payable_fen": result.payable_fen,
    }


@contract.action(roles=("insurer",))
def refer(ctx: Context, args: ReferArgs) -> Plain:
    """The authorisation is gone: a person takes over, and the patient must hand in documents."""
    claim = _own(ctx, args.claim)
    voucher = ctx.find(Voucher, args.voucher)
    ctx.require(voucher.matter == args.claim, "wrong_matter", args.voucher)
    ctx.require(not is_live(voucher, ctx.time_ms), "voucher_still_live", args.voucher)
    state = CLAIM.next(claim.state, "refer")
    ctx.put(args.claim, replace(claim, state=state, reason="authorisation_withdrawn"))
    ctx.emit("documents_requested", claim=args.claim, to=ctx.find(Policy, claim.policy).holder, insurer=ctx.client)
    return {"path": "manual"}


@contract.action("pay", roles=("insurer",))
def settle(ctx: Context, args: ClaimArgs) -> Plain:
    """Pay an approved claim to the policyholder, once."""
    claim = _own(ctx, args.claim)
    state = CLAIM.next(claim.state, "pay")
    amount_fen = claim.payable_fen or 0
    holder = ctx.find(Policy, claim.policy).holder
    ctx.put(args.claim, replace(claim, state=state, paid_ms=ctx.time_ms))
    pay(
        ctx,
        f"claim/{args.claim}",
        amount_fen,
        debit=(ctx.client, "claims-paid"),
        credit=(holder, "claims-received"),
        memo="claim",
    )
    ctx.emit("claim_paid", claim=args.claim, to=holder, insurer=ctx.client, amount_fen=amount_fen)
    return {"paid_fen": amount_fen}


def adjudication(benefit: Benefit, charges: tuple[tuple[str, int], ...], left_fen: int) -> Adjudication:
    """What ``benefit`` pays of ``charges``, pairs of (class, fen), when ``left_fen`` of its sum insured is left.

    Excluded classes are taken off, then the deductible, then the ratio applies (the exclusions that lead from
    3255.00 to 3112.90 are an assumption: the source gives the two amounts and no rule).
    """
    total_fen = sum(amount for _, amount in charges)
    excluded_fen = sum(amount for kind, amount in charges if kind in benefit.excluded)
    above_fen = max(0, total_fen - excluded_fen - benefit.deductible_fen)
    payable_fen = min(share(above_fen, benefit.ratio_ppm), max(0, left_fen))
    return Adjudication(total_fen=total_fen, excluded_fen=excluded_fen, payable_fen=payable_fen)


def _policy_for(ctx: Context, subject: str, benefit: str) -> tuple[str, Policy]:
    holding = ctx.get(Holding, subject)
    policies = [(key, ctx.find(Policy, key)) for key in (holding.policies if holding else ())]
    live = [(key, policy) for key, policy in policies if in_force(policy, ctx.time_ms)]
    ctx.require(bool(live), "no_policy_in_force")
    answering = [(key, policy) for key, policy in live if _benefit(policy, benefit) is not None]
    return (answering or live)[0]


def _require_answer(ctx: Context, args: AdjudicateArgs, claim: Claim) -> None:
    query = ctx.find(Query, args.query)
    ctx.require(query.state == "ANSWERED", "query_not_answered", args.query)
    ctx.require(query.matter == args.claim and query.purpose == PURPOSE, "wrong_matter", args.query)
    ctx.require(query.reader == ctx.client and query.holder == claim.hospital, "wrong_holder", args.query)
    committed = tuple(path for path, _ in query.commitments if path.startswith(ITEMS) and path.endswith(CHARGE))
    ctx.require(tuple(opening.path for opening in args.charges) == committed, "charges_incomplete", args.claim)
    for opening in (args.token, args.total, *args.charges):
        ctx.require(is_committed(query.commitments, opening), "opening_does_not_match", opening.path)
    ctx.require(args.total.path == INVOICE_TOTAL, "wrong_opening", args.total.path)


def _charge(opening: Opening) -> tuple[str, int]:
    match opening.value:
        case (str(kind), int(amount)) if 0 <= amount < AMOUNT_END:
            return kind, amount
    raise Refusal("wrong_opening", opening.path)


def _text(opening: Opening, path: str) -> str:
    if opening.path != path or not isinstance(opening.value, str):
        raise Refusal("wrong_opening", opening.path)
    return opening.value


def _benefit(policy: Policy, name: str) -> Benefit | None:
    return next((benefit for benefit in policy.benefits if benefit.name == name), None)


def _own(ctx: Context, claim_id: str) -> Claim:
    claim = ctx.find(Claim, claim_id)
    ctx.require(claim.insurer == ctx.client, "wrong_insurer", claim.insurer)
    return claim
