"""Filing a plan 产品备案: the bureau files it, and every insurer that offers it signs with it.

A pool 共保体 is filed by the bureau and those who lead it, and names everyone's weight. Each of the others signs for
itself, with :func:`join_plan`: a transaction carries eight signatures, a pool may have thirty insurers.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, Plain
from node.contracts.endorsement import argument, signed
from node.contracts.fields import MILLION, Arguments, Label, Name
from node.contracts.inclusive.records import Plan, contract
from node.contracts.inclusive.terms import PlanTerms

DAY_MS = 86_400_000
INSURERS_MAX = 7
"""One transaction carries eight signatures at most, the bureau's among them."""

POOL_MAX = 30
"""A premium is one posting, which has two lines for each insurer of a pool and two for the residents."""

Weighted = tuple[Name, Annotated[int, Meta(gt=0, le=MILLION)]]
"""An insurer of a pool, and its weight among all."""

Day = Annotated[int, Meta(ge=0, lt=100_000)]
"""A day, counted from 1970-01-01."""


class FilePlan(Arguments, frozen=True):
    """A plan's terms, who offers it, and the days of its cover (``end_day`` is the first without).

    ``pool``: who carries it together, those of ``insurers`` among them; empty where each insurer carries its own.
    """

    plan: Label
    insurers: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=INSURERS_MAX)]
    terms: PlanTerms
    first_day: Day
    end_day: Day
    pool: Annotated[tuple[Weighted, ...], Meta(max_length=POOL_MAX)] = ()


class JoinPlan(Arguments, frozen=True):
    """An insurer's signature under a pool that names it."""

    plan: Label


@contract.action(roles=("bureau",), endorse=signed(argument("insurers")))
def file_plan(ctx: Context, args: FilePlan) -> Plain:
    """惠民保定制. A plan's name is used once and its terms never change."""
    pool = tuple(name for name, _ in args.pool)
    for insurer in (*args.insurers, *pool):
        ctx.require_role(insurer, "insurer")
    ctx.require(len(dict.fromkeys(pool)) == len(pool), "pool_names_one_twice", args.plan)
    ctx.require(not pool or all(insurer in pool for insurer in args.insurers), "leads_and_carries_nothing", args.plan)
    ctx.require(args.first_day < args.end_day, "cover_empty", args.plan)
    ctx.require(ctx.time_ms < args.first_day * DAY_MS, "cover_in_the_past", args.plan)
    ctx.require(ctx.get(Plan, args.plan) is None, "plan_exists", args.plan)
    filed = Plan(
        bureau=ctx.client,
        insurers=args.insurers,
        terms=args.terms,
        first_day=args.first_day,
        end_day=args.end_day,
        pool=args.pool,
        joined=tuple(dict.fromkeys(args.insurers)) if pool else (),
    )
    ctx.put(args.plan, filed)
    return {"plan": args.plan}


@contract.action(roles=("insurer",))
def join_plan(ctx: Context, args: JoinPlan) -> Plain:
    """加入共保体. The client takes the weight that the plan was filed with; once, and before cover begins."""
    plan = ctx.find(Plan, args.plan)
    ctx.require(any(ctx.client == name for name, _ in plan.pool), "not_in_the_pool", args.plan)
    ctx.require(ctx.client not in plan.joined, "joined_already", args.plan)
    ctx.require(ctx.time_ms < plan.first_day * DAY_MS, "enrolment_closed", args.plan)
    signed = {*plan.joined, ctx.client}
    joined = tuple(name for name, _ in plan.pool if name in signed)  # whoever came first, the plan is the same
    ctx.put(args.plan, replace(plan, joined=joined))
    return {"plan": args.plan, "joined": len(joined), "of": len(plan.pool)}
