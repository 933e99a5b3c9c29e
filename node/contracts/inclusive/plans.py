"""Filing a plan 产品备案: the bureau files it, and every insurer that offers it signs with it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from node.contracts.context import Context, Plain
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Label, Name
from node.contracts.inclusive.records import Plan, contract
from node.contracts.inclusive.terms import PlanTerms

DAY_MS = 86_400_000
INSURERS_MAX = 7
"""One transaction carries eight signatures at most, the bureau's among them."""

Day = Annotated[int, Meta(ge=0, lt=100_000)]
"""A day, counted from 1970-01-01."""


class FilePlan(Arguments, frozen=True):
    """A plan's terms, who offers it, and the days of its cover (``end_day`` is the first without)."""

    plan: Label
    insurers: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=INSURERS_MAX)]
    terms: PlanTerms
    first_day: Day
    end_day: Day


@contract.action(roles=("bureau",), endorse=signed(argument("insurers")))
def file_plan(ctx: Context, args: FilePlan) -> Plain:
    """惠民保定制. A plan's name is used once and its terms never change."""
    for insurer in args.insurers:
        ctx.require_role(insurer, "insurer")
    ctx.require(args.first_day < args.end_day, "cover_empty", args.plan)
    ctx.require(ctx.time_ms < args.first_day * DAY_MS, "cover_in_the_past", args.plan)
    ctx.require(ctx.get(Plan, args.plan) is None, "plan_exists", args.plan)
    filed = Plan(
        bureau=ctx.client,
        insurers=args.insurers,
        terms=args.terms,
        first_day=args.first_day,
        end_day=args.end_day,
    )
    ctx.put(args.plan, filed)
    return {"plan": args.plan}
