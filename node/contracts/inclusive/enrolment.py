"""Bulk enrolment 批量参保: one signature over up to a thousand people.

The insurer submits, the bureau co-signs that all of them are in the city's basic medical insurance and that their
personal accounts pay (rows 41 and 42). There are no other conditions: not health, age, job or household register.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from node.contracts.context import Context, Plain
from node.contracts.endorsement import record, signed
from node.contracts.fields import Arguments, Label
from node.contracts.inclusive.plans import DAY_MS
from node.contracts.inclusive.pool import collect
from node.contracts.inclusive.records import Member, Plan, contract, member_key
from node.contracts.inclusive.terms import Age

ROWS_MAX = 1_000


class Enrol(Arguments, frozen=True):
    """Rows of (pseudonym, completed years of age)."""

    plan: Label
    rows: Annotated[tuple[tuple[Label, Age], ...], Meta(min_length=1, max_length=ROWS_MAX)]


@contract.action(roles=("insurer",), endorse=signed(record(Plan, "plan").field("bureau")))
def enrol(ctx: Context, args: Enrol) -> Plain:
    """Insure everyone in ``rows`` with the client, or nobody; a person is insured once under a plan."""
    premium = admit(ctx, args.plan, args.rows)
    return {"people": len(args.rows), "premium_fen": premium}


def admit(ctx: Context, name: str, rows: Sequence[tuple[str, int]]) -> int:
    """Make everyone in ``rows`` a member with the client, and collect the premium, in fen: the sum."""
    plan = ctx.find(Plan, name)
    ctx.require(plan.offered_by(ctx.client), "not_offered_by_you", name)
    ctx.require(plan.open, "pool_incomplete", name)
    ctx.require(ctx.time_ms < plan.first_day * DAY_MS, "enrolment_closed", name)
    premium = 0
    for person, age in rows:
        key = member_key(name, person)
        ctx.require(ctx.get(Member, key) is None, "already_enrolled", key)
        member = Member(insurer=ctx.client, age=age, premium_fen=plan.terms.premium(age))
        premium += member.premium_fen
        ctx.put(key, member)
    collect(ctx, name, plan, ctx.client, premium)
    ctx.emit("enrolled", plan=name, insurer=ctx.client, people=len(rows))
    return premium
