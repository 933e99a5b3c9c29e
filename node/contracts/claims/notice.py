"""Notice 报案 and what follows it: the hospital's or the insured's report, the coverage check, denial, withdrawal."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.claims.house import benefit_of, count, own, require_insured, use_stay
from node.contracts.claims.papers import ask_for_papers
from node.contracts.claims.records import CLAIM, Claim, ClaimArgs, ReasonArgs, contract
from node.contracts.claims.reserves import first_reserve, set_reserve
from node.contracts.claims.rules import PAYABLE
from node.contracts.code_maps import UNMAPPED, Coding, MapVersion, count_transcoding
from node.contracts.context import Context, Plain
from node.contracts.fields import UNIT, Arguments, Digest, Label, Name
from node.contracts.policy import Holding, Policy, in_force
from node.contracts.vouchers import Matter, Subject, require_acts_for
from node.privacy.envelope import Envelope

Stay = Annotated[str, Meta(max_length=64, pattern=r"^([0-9a-f]{64})?\Z", extra={UNIT: "digest"})]
"""A stay's token, keyed by its hospital, or "" where it makes none."""


class ReportArgs(Arguments, frozen=True):
    """A discharge 出院: whose, what kind of benefit; the visit's facts sealed to hospital and patient.

    ``stay`` is the same token whenever the hospital reports this stay: a second report is flagged.
    ``map_version`` is the code map that the diagnosis was transcoded by, ``coding`` how it came through.
    """

    subject: Digest
    benefit: Label
    map_version: MapVersion
    coding: Coding
    visit: Envelope
    stay: Stay = ""


class NotifyArgs(Arguments, frozen=True):
    """The insured's own notice: whose stay, where, what kind of benefit; on which policy, where several have it."""

    subject: Digest
    hospital: Name
    benefit: Label
    policy: Matter = ""


@contract.action(roles=("hospital",))
def report(ctx: Context, args: ReportArgs) -> Plain:
    """The chain reports the claim by itself 自动报案, on the policy with this benefit, and reminds the patient."""
    wallets = ctx.find(Subject, args.subject).wallets
    ctx.carry(args.visit, ctx.object_id)
    ctx.require(set(args.visit.recipients) == {ctx.client, *wallets}, "wrong_recipients")
    count_transcoding(ctx, args.map_version, ctx.client, args.coding)
    policy_id, insurer = _open(ctx, args.subject, ctx.client, args.benefit, args.map_version, args.coding)
    claim = ctx.find(Claim, ctx.object_id)
    flag = use_stay(ctx, claim, args.stay, ctx.object_id) if args.stay else ""
    if flag:
        ctx.put(ctx.object_id, replace(claim, flag=flag))
    for wallet in wallets:
        ctx.emit("reminder", to=wallet, claim=ctx.object_id, insurer=insurer)
    return {"claim": ctx.object_id, "policy": policy_id, "insurer": insurer, "reminded": wallets}


@contract.action(roles=("patient",))
def notify(ctx: Context, args: NotifyArgs) -> Plain:
    """客户报案. The insured reports the claim, where the hospital's node does not; papers will be asked for."""
    require_acts_for(ctx, args.subject)
    ctx.require_role(args.hospital, "hospital")
    policy_id, insurer = _open(ctx, args.subject, args.hospital, args.benefit, wanted=args.policy)
    return {"claim": ctx.object_id, "policy": policy_id, "insurer": insurer}


@contract.action(roles=("insurer",))
def check(ctx: Context, args: ClaimArgs) -> Plain:
    """Does the policy have this benefit 责任核对? If not, the claim is denied before anything is read.

    A diagnosis that no code map has is for people: the claim takes the manual path at once.
    """
    claim = own(ctx, args.claim)
    if benefit_of(ctx.find(Policy, claim.policy), claim.benefit) is None:
        _deny(ctx, args.claim, claim, "benefit_not_covered")
        return {"decision": "denied", "reason": "benefit_not_covered"}
    covered = replace(claim, state=CLAIM.next(claim.state, "cover"))
    if claim.coding == UNMAPPED:
        ask_for_papers(ctx, args.claim, covered, "diagnosis_unmapped")
        return {"decision": "manual", "reason": "diagnosis_unmapped"}
    ctx.put(args.claim, covered)
    return {"decision": "covered"}


@contract.action(roles=("insurer",))
def deny(ctx: Context, args: ReasonArgs) -> Plain:
    """拒赔. Deny a claim that nothing was approved of yet, and say why; the reason is public."""
    _deny(ctx, args.claim, own(ctx, args.claim), args.reason)
    return {"decision": "denied", "reason": args.reason}


@contract.action(roles=("patient",))
def withdraw(ctx: Context, args: ReasonArgs) -> Plain:
    """撤案. The insured withdraws the claim before it is decided, for good; not what was paid, which may come back."""
    claim = ctx.find(Claim, args.claim)
    require_insured(ctx, claim)
    state = CLAIM.next(claim.state, "withdraw")
    ctx.require(not claim.paid_fen, "paid_already", args.claim)
    ctx.put(args.claim, replace(claim, state=state, reason=args.reason, decided_ms=ctx.time_ms))
    set_reserve(ctx, args.claim, claim.insurer, 0)
    return {"state": state}


def _open(  # noqa: PLR0913, PLR0917 - the facts of a report
    ctx: Context, subject: str, hospital: str, benefit: str, map_version: str = "", coding: str = "", wanted: str = ""
) -> tuple[str, str]:
    """Open the claim that this transaction reports: its policy and insurer."""
    policy_id, policy = _policy_for(ctx, subject, benefit, wanted)
    claim = Claim(
        state="REPORTED",
        hospital=hospital,
        subject=subject,
        insurer=policy.insurer,
        policy=policy_id,
        benefit=benefit,
        map_version=map_version,
        coding=coding,
        reason="",
        answer="",
        total_fen=None,
        excluded_fen=None,
        payable_fen=None,
        reported_ms=ctx.time_ms,
        decided_ms=0,
        paid_ms=0,
        rules=PAYABLE.at(ctx, policy.starts_ms),
    )
    ctx.put(ctx.object_id, claim)
    count(ctx, policy.insurer, "reported")
    set_reserve(ctx, ctx.object_id, policy.insurer, first_reserve(ctx, claim))
    return policy_id, policy.insurer


def _policy_for(ctx: Context, subject: str, benefit: str, wanted: str) -> tuple[str, Policy]:
    holding = ctx.get(Holding, subject)
    keys = holding.policies if holding else ()
    policies = [(key, ctx.find(Policy, key)) for key in keys if wanted in {"", key}]
    live = [(key, policy) for key, policy in policies if in_force(policy, ctx.time_ms)]
    ctx.require(bool(live), "no_policy_in_force")
    answering = [(key, policy) for key, policy in live if benefit_of(policy, benefit) is not None]
    return (answering or live)[0]


def _deny(ctx: Context, claim_id: str, claim: Claim, reason: str) -> None:
    state = CLAIM.next(claim.state, "deny")
    ctx.put(claim_id, replace(claim, state=state, reason=reason, decided_ms=ctx.time_ms))
    set_reserve(ctx, claim_id, claim.insurer, 0)
