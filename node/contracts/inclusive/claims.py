"""Claims 理赔: a hospital settles a bill at discharge, or the small bills of a week in one transaction.

What is eligible is the hospital's statement, bound by its evidence; what is paid the contract works out from the
plan's deductible, ratio and cap. An invoice is settled once; a batch is settled whole or not at all.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, Plain
from node.contracts.fields import AMOUNT_END, Arguments, Digest, Label, Name
from node.contracts.inclusive.enrolment import ROWS_MAX
from node.contracts.inclusive.plans import DAY_MS, Day
from node.contracts.inclusive.pool import disburse
from node.contracts.inclusive.records import Batch, Claim, Member, Plan, claim_key, contract, member_key

Invoice = Annotated[int, Meta(ge=0, lt=10_000_000_000)]
"""A hospital's own number of a bill."""

Eligible = Annotated[int, Meta(gt=0, lt=AMOUNT_END)]
"""What of a bill the plan's terms apply to, in fen."""

Bill = tuple[Label, Invoice, Day, Eligible]
"""(member's pseudonym, invoice, day of the service, eligible fen)."""


class Settle(Arguments, frozen=True):
    """Bills of members of one plan who are insured with one ``insurer``; in a pool, with who leads it."""

    plan: Label
    insurer: Name
    bills: Annotated[tuple[Bill, ...], Meta(min_length=1, max_length=ROWS_MAX)]
    evidence: Digest


@contract.action(roles=("hospital",))
def settle(ctx: Context, args: Settle) -> Plain:
    """一站式结算. Adjudicates every bill in its order and pays the sum to the residents' account."""
    plan = ctx.find(Plan, args.plan)
    eligible = paid = 0
    for bill in args.bills:
        claim = _adjudicate(ctx, args, plan, bill)
        eligible += claim.eligible_fen
        paid += claim.paid_fen
    batch = Batch(
        plan=args.plan,
        hospital=ctx.client,
        insurer=args.insurer,
        bills=len(args.bills),
        eligible_fen=eligible,
        paid_fen=paid,
        evidence=args.evidence,
    )
    ctx.put(ctx.object_id, batch)
    if paid:
        disburse(ctx, args.plan, plan, args.insurer, paid)
    ctx.emit("settled", plan=args.plan, hospital=ctx.client, insurer=args.insurer, bills=len(args.bills))
    return {"eligible_fen": eligible, "paid_fen": paid}


def _adjudicate(ctx: Context, args: Settle, plan: Plan, bill: Bill) -> Claim:
    name, invoice, day, eligible = bill
    key = claim_key(ctx.client, invoice)
    ctx.require(ctx.get(Claim, key) is None, "duplicate_invoice", key)
    ctx.require(plan.first_day <= day < plan.end_day, "not_covered_that_day", key)
    ctx.require(day * DAY_MS <= ctx.time_ms, "service_in_the_future", key)
    place = member_key(args.plan, name)
    member = ctx.find(Member, place)
    ctx.require(plan.settles(args.insurer, member), "insured_elsewhere", place)
    to_date = member.eligible_fen + eligible
    benefit = plan.terms.benefit(to_date)
    claim = Claim(
        plan=args.plan,
        member=name,
        day=day,
        eligible_fen=eligible,
        paid_fen=benefit - member.paid_fen,
        batch=ctx.object_id,
    )
    ctx.put(key, claim)
    ctx.put(place, replace(member, eligible_fen=to_date, paid_fen=benefit))
    return claim
