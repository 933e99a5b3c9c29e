"""Who bears a plan's money: each insurer its own, or a pool 共保体 in parts, to the fen by largest remainder.

Every premium and every benefit is split by itself, so the parts of one transaction add up to what it moved.
"""

from __future__ import annotations

from node.contracts.accounts import account, post
from node.contracts.context import Context
from node.contracts.inclusive.records import Plan
from node.contracts.money import allocate
from node.contracts.personal_accounts import RESIDENTS
from node.contracts.reinsurance.book import book


def collect(ctx: Context, name: str, plan: Plan, insurer: str, premium_fen: int) -> None:
    """The residents pay what ``insurer`` enrolled to those who carry it; booked under each one's treaty."""
    lines = [(account(RESIDENTS, "premium-paid"), premium_fen), (account(RESIDENTS, "cash"), -premium_fen)]
    for carrier, part in _parts(plan, insurer, premium_fen):
        lines += [(account(carrier, "cash"), part), (account(carrier, "premium-income"), -part)]
        book(ctx, carrier, name, "premium", part)
    post(ctx, f"inclusive/{ctx.object_id}", "premium", lines)


def disburse(ctx: Context, name: str, plan: Plan, insurer: str, paid_fen: int) -> None:
    """Those who carry what is settled with ``insurer`` pay the residents; booked under each one's treaty."""
    lines: list[tuple[str, int]] = []
    for carrier, part in _parts(plan, insurer, paid_fen):
        lines += [(account(carrier, "claims-paid"), part), (account(carrier, "cash"), -part)]
        book(ctx, carrier, name, "loss", part)
    lines += [(account(RESIDENTS, "cash"), paid_fen), (account(RESIDENTS, "claims-received"), -paid_fen)]
    post(ctx, f"inclusive/{ctx.object_id}", "benefit", lines)


def _parts(plan: Plan, insurer: str, amount_fen: int) -> list[tuple[str, int]]:
    carriers = plan.carriers(insurer)
    parts = allocate(amount_fen, [weight for _, weight in carriers])
    return [(name, part) for (name, _), part in zip(carriers, parts, strict=True)]
