"""A plan once the money is drawn: accrual, interest on its days, and clearing (row 26)."""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.asset_plans.records import PLAN, Plan, contract
from node.contracts.asset_plans.schedule import accrued
from node.contracts.context import Context, Plain
from node.contracts.fields import Arguments, ObjectId
from node.contracts.money import allocate

Lines = tuple[tuple[str, int], ...]


class PlanArgs(Arguments, frozen=True):
    """Which plan."""

    plan: ObjectId


@contract.action(roles=("custodian",))
def accrue(ctx: Context, args: PlanArgs) -> Plain:
    """计息. Book what has accrued since the last time."""
    plan = ctx.find(Plan, args.plan)
    ctx.require(plan.custodian == ctx.client, "not_a_party", ctx.client)
    state = PLAN.next(plan.state, "accrue")
    by_now = accrued(plan.due, plan.starts_ms, plan.dates_ms, ctx.time_ms)
    ctx.put(args.plan, replace(plan, state=state, accrued_fen=by_now))
    post(ctx, f"asset-plans/{ctx.object_id}", "accrual", _accrual(plan, by_now - plan.accrued_fen))
    return {"accrued_fen": by_now, "booked_fen": by_now - plan.accrued_fen}


@contract.action("pay-interest", roles=("project",))
def pay_interest(ctx: Context, args: PlanArgs) -> Plain:
    """付息. The project pays the next instalment on its day, and every investor gets its part by units."""
    plan = ctx.find(Plan, args.plan)
    ctx.require(plan.project == ctx.client, "not_a_party", ctx.client)
    state = PLAN.next(plan.state, "interest")
    ctx.require(plan.paid < len(plan.due), "all_interest_paid", args.plan)
    ctx.require(ctx.time_ms >= plan.dates_ms[plan.paid], "not_due_yet", f"instalment {plan.paid + 1}")
    amount = plan.due[plan.paid]
    through = max(plan.accrued_fen, sum(plan.due[: plan.paid + 1]))
    parts = divided(amount, plan)
    lines = (
        *_accrual(plan, through - plan.accrued_fen),
        (account(plan.project, "payable"), amount),
        (account(plan.project, "cash"), -amount),
        (account(plan.custodian, "receivable"), -amount),
        (account(plan.custodian, "client-money"), amount),
        *_to_investors(plan, parts, "interest-income"),
    )
    post(ctx, f"asset-plans/{ctx.object_id}", "interest", lines)
    ctx.put(args.plan, replace(plan, state=state, paid=plan.paid + 1, accrued_fen=through))
    ctx.emit("interest_paid", plan=args.plan, project=plan.project, custodian=plan.custodian)
    return {"paid_fen": amount, "parts_fen": parts, "left": len(plan.due) - plan.paid - 1}


@contract.action(roles=("project",))
def redeem(ctx: Context, args: PlanArgs) -> Plain:
    """清算. The project pays the capital back once all interest is paid; units end, and base assets are free."""
    plan = ctx.find(Plan, args.plan)
    ctx.require(plan.project == ctx.client, "not_a_party", ctx.client)
    state = PLAN.next(plan.state, "redeem")
    ctx.require(plan.paid == len(plan.due), "interest_open", f"{len(plan.due) - plan.paid} instalments")
    parts = divided(plan.target_fen, plan)
    lines = (
        (account(plan.project, "project-loans"), plan.target_fen),
        (account(plan.project, "cash"), -plan.target_fen),
        (account(plan.custodian, "project-loans"), -plan.target_fen),
        (account(plan.custodian, "client-money"), plan.target_fen),
        *_to_investors(plan, parts, "investments"),
    )
    post(ctx, f"asset-plans/{ctx.object_id}", "clearing", lines)
    ctx.put(args.plan, replace(plan, state=state))
    ctx.emit("plan_cleared", plan=args.plan, manager=plan.manager, custodian=plan.custodian)
    return {"state": state, "repaid_fen": parts}


def divided(amount_fen: int, plan: Plan) -> tuple[int, ...]:
    """``amount_fen`` by the investors' units, largest remainder."""
    return allocate(amount_fen, tuple(units for _, units in plan.investors))


def _accrual(plan: Plan, amount_fen: int) -> Lines:
    return (
        (account(plan.project, "interest-paid"), amount_fen),
        (account(plan.project, "payable"), -amount_fen),
        (account(plan.custodian, "receivable"), amount_fen),
        (account(plan.custodian, "client-money"), -amount_fen),
    )


def _to_investors(plan: Plan, parts: tuple[int, ...], kind: str) -> Lines:
    """Cash through the custodian's hands, booked to ``kind`` at each investor."""
    lines: list[tuple[str, int]] = []
    for (investor, _), part in zip(plan.investors, parts, strict=True):
        lines += [(account(investor, "cash"), part), (account(investor, kind), -part)]
    return tuple(lines)
