"""A plan's contract, its capital, its units and what it is backed by, up to the drawdown (row 26).

The e-contract 电子合同 is a hash that every party signs with its own key, so that a seal that somebody carved 萝卜章
signs nothing; who calls for money, pays or draws under a plan names that hash, and another document's is refused.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.asset_plans.records import (
    ASSETS_MAX,
    CALL,
    DATES_MAX,
    HOLDERS_MAX,
    INVESTORS_MAX,
    PLAN,
    BaseAsset,
    CapitalCall,
    EndHolder,
    Plan,
    contract,
)
from node.contracts.asset_plans.schedule import DAY_MS, instalments
from node.contracts.context import Context, Plain
from node.contracts.endorsement import all_of, argument, record, signed
from node.contracts.fields import Arguments, Digest, Fen, Label, Millis, Name, ObjectId, Ppm

Units = Annotated[int, Meta(ge=1, lt=2**40)]


class EstablishArgs(Arguments, frozen=True):
    """The contract's hash, its parties beside the client, and its terms: yearly rate, and when interest is due."""

    contract: Digest
    custodian: Name
    project: Name
    intermediary: Name
    target_fen: Fen
    unit_fen: Fen
    rate_ppm: Ppm
    dates_ms: Annotated[tuple[Millis, ...], Meta(min_length=1, max_length=DATES_MAX)]


class BackArgs(Arguments, frozen=True):
    """Base assets: (number, a token of who owes it, amount)."""

    plan: ObjectId
    assets: Annotated[tuple[tuple[Label, Digest, Fen], ...], Meta(min_length=1, max_length=ASSETS_MAX)]


class CallArgs(Arguments, frozen=True):
    """Whom to ask for how much, until when, under which contract."""

    plan: ObjectId
    contract: Digest
    investor: Name
    amount_fen: Fen
    until_ms: Millis


class UnderArgs(Arguments, frozen=True):
    """Which plan, by the contract that the client holds in hand."""

    plan: ObjectId
    contract: Digest


class ConfirmArgs(Arguments, frozen=True):
    """Whose payment has come in, or has not."""

    plan: ObjectId
    investor: Name


class BehindArgs(Arguments, frozen=True):
    """Who holds the client's units in the end: (pseudonym, units)."""

    plan: ObjectId
    holders: Annotated[tuple[tuple[Label, Units], ...], Meta(min_length=1, max_length=HOLDERS_MAX)]


@contract.action(
    roles=("manager",),
    endorse=all_of(signed(argument("custodian")), signed(argument("project")), signed(argument("intermediary"))),
)
def establish(ctx: Context, args: EstablishArgs) -> Plain:
    """设立. All parties sign one document, each with its own key."""
    for name, role in ((args.custodian, "custodian"), (args.project, "project"), (args.intermediary, "intermediary")):
        ctx.require_role(name, role)
    ascending = all(one + DAY_MS <= other for one, other in pairwise((ctx.time_ms, *args.dates_ms)))
    ctx.require(ascending, "dates_out_of_order", "each at least a day after the one before, the first after today")
    whole = args.unit_fen > 0 and args.target_fen > 0 and args.target_fen % args.unit_fen == 0
    ctx.require(whole, "units_not_whole", f"{args.target_fen} fen in units of {args.unit_fen}")
    plan = Plan(
        state="RAISING",
        contract=args.contract,
        manager=ctx.client,
        custodian=args.custodian,
        project=args.project,
        intermediary=args.intermediary,
        target_fen=args.target_fen,
        unit_fen=args.unit_fen,
        rate_ppm=args.rate_ppm,
        dates_ms=args.dates_ms,
    )
    ctx.put(ctx.object_id, plan)
    return {"plan": ctx.object_id}


@contract.action(roles=("project",), endorse=signed(record(Plan, "plan").field("intermediary")))
def back(ctx: Context, args: BackArgs) -> Plain:
    """The project side brings base assets, which the intermediary has seen; none backs two plans at a time."""
    plan = ctx.find(Plan, args.plan)
    ctx.require(plan.project == ctx.client, "not_a_party", ctx.client)
    ctx.require(len(plan.assets) + len(args.assets) <= ASSETS_MAX, "too_many_assets", f"at most {ASSETS_MAX}")
    for number, debtor, amount in args.assets:
        found = ctx.get(BaseAsset, number)
        free = found is None or ctx.find(Plan, found.plan).state == "CLEARED"
        ctx.require(free, "asset_backs_another", number)
        ctx.put(number, BaseAsset(plan=args.plan, debtor=debtor, amount_fen=amount))
    brought = tuple((number, amount) for number, _, amount in args.assets)
    backed = replace(plan, state=PLAN.next(plan.state, "back"), assets=(*plan.assets, *brought))
    ctx.put(args.plan, backed)
    return {"backed_fen": backed.backed_fen}


@contract.action(roles=("manager",), endorse=signed(argument("investor")))
def call(ctx: Context, args: CallArgs) -> Plain:
    """缴款通知. Ask an investor, who signs the subscription, for its capital."""
    plan = _under(ctx, args.plan, args.contract)
    ctx.require(plan.manager == ctx.client, "not_a_party", ctx.client)
    ctx.require_role(args.investor, "investor")
    key = _call(args.plan, args.investor)
    ctx.require(ctx.get(CapitalCall, key) is None, "called_already", key)
    whole = args.amount_fen > 0 and args.amount_fen % plan.unit_fen == 0
    ctx.require(whole, "units_not_whole", f"{args.amount_fen} fen in units of {plan.unit_fen}")
    ctx.require(plan.called < INVESTORS_MAX, "too_many_investors", f"at most {INVESTORS_MAX}")
    called = replace(
        plan,
        state=PLAN.next(plan.state, "call"),
        called_fen=plan.called_fen + args.amount_fen,
        called=plan.called + 1,
    )
    ctx.require(called.called_fen <= plan.target_fen, "beyond_the_target", f"{plan.target_fen} fen")
    ctx.put(args.plan, called)
    ctx.put(key, CapitalCall(state="CALLED", amount_fen=args.amount_fen, until_ms=args.until_ms))
    ctx.emit("capital_called", plan=args.plan, investor=args.investor, manager=ctx.client)
    return {"called_fen": called.called_fen}


@contract.action(roles=("manager",))
def lapse(ctx: Context, args: ConfirmArgs) -> Plain:
    """A call that was not paid in time is over, and others may be called on for its amount."""
    plan = ctx.find(Plan, args.plan)
    ctx.require(plan.manager == ctx.client, "not_a_party", ctx.client)
    key = _call(args.plan, args.investor)
    called = ctx.find(CapitalCall, key)
    ctx.require(called.state == "CALLED", "paid_already", key)
    ctx.require(ctx.time_ms > called.until_ms, "call_not_over", key)
    ctx.delete(CapitalCall, key)
    left = replace(
        plan,
        state=PLAN.next(plan.state, "lapse"),
        called_fen=plan.called_fen - called.amount_fen,
        called=plan.called - 1,
    )
    ctx.put(args.plan, left)
    return {"called_fen": left.called_fen}


@contract.action(roles=("investor",))
def pay(ctx: Context, args: UnderArgs) -> Plain:
    """缴款. The investor pays what it was asked for into custody, under the contract that it signed."""
    plan = _under(ctx, args.plan, args.contract)
    key = _call(args.plan, ctx.client)
    called = ctx.find(CapitalCall, key)
    ctx.require(ctx.time_ms <= called.until_ms, "call_is_over", key)
    ctx.put(key, replace(called, state=CALL.next(called.state, "pay")))
    lines = (
        (account(ctx.client, "investments"), called.amount_fen),
        (account(ctx.client, "cash"), -called.amount_fen),
        (account(plan.custodian, "cash"), called.amount_fen),
        (account(plan.custodian, "client-money"), -called.amount_fen),
    )
    post(ctx, f"asset-plans/{ctx.object_id}", "capital paid in", lines)
    return {"paid_fen": called.amount_fen}


@contract.action(roles=("custodian",))
def confirm(ctx: Context, args: ConfirmArgs) -> Plain:
    """缴款确认 and 份额登记. The custodian has the money, and the investor its units."""
    plan = ctx.find(Plan, args.plan)
    ctx.require(plan.custodian == ctx.client, "not_a_party", ctx.client)
    key = _call(args.plan, args.investor)
    called = ctx.find(CapitalCall, key)
    ctx.put(key, replace(called, state=CALL.next(called.state, "confirm")))
    units = called.amount_fen // plan.unit_fen
    registered = (*plan.investors, (args.investor, units))
    ctx.put(args.plan, replace(plan, state=PLAN.next(plan.state, "register"), investors=registered))
    return {"units": units}


@contract.action("name-holders", roles=("investor",))
def name_holders(ctx: Context, args: BehindArgs) -> Plain:
    """穿透. An investor that is itself a product says who holds its units in the end: all of them."""
    plan = ctx.find(Plan, args.plan)
    held = dict(plan.investors).get(ctx.client, 0)
    named = sum(units for _, units in args.holders)
    ctx.require(named == held, "look_through_incomplete", f"{named} of {held} units")
    ctx.require(ctx.client not in dict(plan.behind), "named_already", ctx.client)
    names = tuple(holder for holder, _ in args.holders)
    ctx.require(len(set(names)) == len(names), "holder_twice", ctx.client)
    for holder, units in args.holders:
        known = ctx.get(EndHolder, holder) or EndHolder()
        ctx.require(len(known.holdings) < HOLDERS_MAX, "too_many_holdings", holder)
        holdings = (*known.holdings, (args.plan, ctx.client, units))
        ctx.put(holder, EndHolder(units=known.units + units, holdings=holdings))
    ctx.put(args.plan, replace(plan, behind=(*plan.behind, (ctx.client, args.holders))))
    return {"holders": len(args.holders), "units": named}


@contract.action(roles=("project",), endorse=signed(record(Plan, "plan").field("custodian")))
def draw(ctx: Context, args: UnderArgs) -> Plain:
    """放款. Once all is raised and backed, the project has the money, and interest begins."""
    plan = _under(ctx, args.plan, args.contract)
    ctx.require(plan.project == ctx.client, "not_a_party", ctx.client)
    state = PLAN.next(plan.state, "draw")
    ctx.require(plan.raised_fen == plan.target_fen, "not_fully_raised", f"{plan.raised_fen} fen")
    ctx.require(plan.backed_fen >= plan.target_fen, "not_backed", f"{plan.backed_fen} fen")
    ctx.require(ctx.time_ms + DAY_MS <= plan.dates_ms[0], "drawn_too_late", "a day before the first interest is due")
    due = instalments(plan.target_fen, plan.rate_ppm, ctx.time_ms, plan.dates_ms)
    ctx.put(args.plan, replace(plan, state=state, starts_ms=ctx.time_ms, due=due))
    lines = (
        (account(plan.custodian, "project-loans"), plan.target_fen),
        (account(plan.custodian, "cash"), -plan.target_fen),
        (account(plan.project, "cash"), plan.target_fen),
        (account(plan.project, "project-loans"), -plan.target_fen),
    )
    post(ctx, f"asset-plans/{ctx.object_id}", "drawdown", lines)
    return {"due_fen": due, "whole_fen": sum(due)}


def _under(ctx: Context, plan_id: str, contract_hash: str) -> Plan:
    plan = ctx.find(Plan, plan_id)
    ctx.require(plan.contract == contract_hash, "forged_contract", "no party has signed this document")
    return plan


def _call(plan_id: str, investor: str) -> str:
    return f"{plan_id}>{investor}"
