"""The house: its rules, and what all actions on a claim ask for."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.claims.records import BenefitUse, Claim, Effort, House, StayUse, contract
from node.contracts.context import Context
from node.contracts.fields import Arguments, Fen, Label, Name
from node.contracts.policy import Policy
from node.contracts.products import Benefit
from node.contracts.vouchers import Subject

PANEL_MAX = 16

SAME_STAY = "stay_claimed_before"
"""Why a claim is flagged."""


class Settings(Arguments, frozen=True):
    """See :class:`House`."""

    panel: Annotated[tuple[Name, ...], Meta(max_length=PANEL_MAX)] = ()
    needed: Annotated[int, Meta(ge=1, le=PANEL_MAX)] = 1
    reserves: Annotated[tuple[tuple[Label, Fen], ...], Meta(max_length=64)] = ()


@contract.settings(Settings)
def set_house(ctx: Context, settings: Settings) -> None:
    """Set the rules of the house."""
    ctx.put("house", House(panel=settings.panel, needed=settings.needed, reserves=settings.reserves))


def house(ctx: Context) -> House:
    """The rules of the house: nobody rules and nothing is set aside where none were set."""
    return ctx.get(House, "house") or House(panel=(), needed=1, reserves=())


def count(ctx: Context, insurer: str, what: str) -> None:
    """One more of ``what``, a field of :class:`Effort`, for the claims against ``insurer``."""
    effort = ctx.get(Effort, insurer) or Effort()
    ctx.put(insurer, replace(effort, **{what: getattr(effort, what) + 1}))


def own(ctx: Context, claim_id: str) -> Claim:
    """The claim, which must be against the client."""
    claim = ctx.find(Claim, claim_id)
    ctx.require(claim.insurer == ctx.client, "wrong_insurer", claim.insurer)
    return claim


def require_insured(ctx: Context, claim: Claim) -> None:
    """Refuse unless the client holds the policy or acts for the insured."""
    holder = ctx.find(Policy, claim.policy).holder
    acts = ctx.client == holder or ctx.client in ctx.find(Subject, claim.subject).wallets
    ctx.require(acts, "not_the_insured", ctx.client)


def use_stay(ctx: Context, claim: Claim, stay: str, claim_id: str) -> str:
    """Note that the claim is for that stay at its hospital; why that is suspicious, or "": another was for it."""
    key = f"{claim.hospital}/{stay}"
    used = ctx.get(StayUse, key)
    if used is None:
        ctx.put(key, StayUse(claim=claim_id))
    if used is None or used.claim == claim_id:
        return ""
    ctx.emit("duplicate_suspected", claim=claim_id, insurer=claim.insurer, other=used.claim)
    return SAME_STAY


def require_cleared(ctx: Context, claim: Claim) -> None:
    """Refuse to approve what is flagged unless the bureau signs as well."""
    cleared = not claim.flag or any(ctx.role_of(name) == "bureau" for name in ctx.signers)
    ctx.require(cleared, "flag_not_cleared", claim.flag)


def left_of(ctx: Context, claim: Claim) -> int:
    """What is left of the sum insured of the claim's benefit, in fen, at least nothing."""
    benefit = benefit_of(ctx.find(Policy, claim.policy), claim.benefit)
    used = ctx.get(BenefitUse, f"{claim.policy}/{claim.benefit}")
    return max(0, (benefit.sum_insured_fen if benefit else 0) - (used.used_fen if used else 0))


def use_benefit(ctx: Context, claim: Claim, amount_fen: int) -> None:
    """So much more was approved under the benefit and the policy; less than nothing where a ruling takes it away."""
    policy = ctx.find(Policy, claim.policy)
    ctx.put(claim.policy, replace(policy, claimed_fen=policy.claimed_fen + amount_fen))
    key = f"{claim.policy}/{claim.benefit}"
    used = ctx.get(BenefitUse, key) or BenefitUse(used_fen=0)
    ctx.put(key, BenefitUse(used_fen=used.used_fen + amount_fen))


def benefit_of(policy: Policy, name: str) -> Benefit | None:
    """The policy's benefit of that kind, or None."""
    return next((benefit for benefit in policy.benefits if benefit.name == name), None)
