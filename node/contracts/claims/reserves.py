"""Case reserves 个案准备金: what an insurer sets aside for each claim, moved with every event, released at its close.

A reserve is a liability, its movement an expense, booked as a pair: so what an insurer's reserve account holds is at
any time the sum of its open claims' reserves, and the movements of a closed claim add up to nothing.
"""

from __future__ import annotations

from node.contracts.accounts import account, post
from node.contracts.claims.house import house, left_of
from node.contracts.claims.records import CaseReserve, Claim
from node.contracts.context import Context
from node.ledger.state_tree import StateTree


def set_reserve(ctx: Context, claim_id: str, insurer: str, target_fen: int) -> None:
    """Let ``target_fen`` be kept for the claim from here on."""
    kept = ctx.get(CaseReserve, claim_id) or CaseReserve(insurer=insurer, reserve_fen=0, movements=0)
    movement = target_fen - kept.reserve_fen
    if not movement:
        return
    number = kept.movements + 1
    lines = ((account(insurer, "reserve-movement"), movement), (account(insurer, "reserve"), -movement))
    post(ctx, f"reserve/{claim_id}/{number}", "case reserve", lines)
    ctx.put(claim_id, CaseReserve(insurer=insurer, reserve_fen=target_fen, movements=number))


def first_reserve(ctx: Context, claim: Claim) -> int:
    """What the house sets aside for a claim of this kind, at most what is left of the sum insured."""
    return min(dict(house(ctx).reserves).get(claim.benefit, 0), left_of(ctx, claim))


def outstanding(tree: StateTree, insurer: str) -> int:
    """The sum of an insurer's case reserves: what its reserve account must hold."""
    return sum(kept.reserve_fen for _, kept in tree.items(CaseReserve.namespace) if kept.insurer == insurer)
