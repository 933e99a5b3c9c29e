"""Freeze orders 冻结令: an institution, a policy's or a claim's payout is held until the council lets it go.

The regulator asks, by its signature; ``needed`` of the council decide, by theirs; one of the council submits it. The
regulator alone cannot, for these actions are not open to its role; nor can the council without it. Who the order is
about has no vote on it. The same majority lifts it 解冻.

A frozen institution's signature moves nothing, whoever submits; money may come to it, and none leaves it. A frozen
policy or claim stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec.structs import replace

from node.contracts.accounts import Account
from node.contracts.claims import Claim
from node.contracts.context import Context, Plain
from node.contracts.endorsement import role
from node.contracts.fields import Arguments, Label, Name, ObjectId, Record
from node.contracts.oversight.records import FREEZE, WATCH, Freeze, Watch, contract
from node.contracts.policy import Policy

INSTITUTION = "institution"


class HoldArgs(Arguments, frozen=True):
    """An institution, and why."""

    institution: Name
    reason: Label


class OrderArgs(Arguments, frozen=True):
    """A policy or a claim, and why."""

    matter: Literal["policy", "claim"]
    about: ObjectId
    reason: Label


@contract.action(endorse=role("regulator"))
def freeze_institution(ctx: Context, args: HoldArgs) -> Plain:
    """冻结机构. Hold all that an institution would sign, and all money that would leave it."""
    ctx.require(ctx.role_of(args.institution) is not None, "unknown_institution", args.institution)
    return _decide(ctx, INSTITUTION, args.institution, "freeze", args.reason)


@contract.action(endorse=role("regulator"))
def release_institution(ctx: Context, args: HoldArgs) -> Plain:
    """解冻机构."""
    return _decide(ctx, INSTITUTION, args.institution, "lift", args.reason)


@contract.action(endorse=role("regulator"))
def freeze(ctx: Context, args: OrderArgs) -> Plain:
    """冻结保单或赔款. Hold a policy or a claim as it stands: nothing about it is written, nothing is paid."""
    if args.matter == "policy":
        ctx.find(Policy, args.about)
    else:
        ctx.find(Claim, args.about)
    return _decide(ctx, args.matter, args.about, "freeze", args.reason)


@contract.action(endorse=role("regulator"))
def release(ctx: Context, args: OrderArgs) -> Plain:
    """解冻保单或赔款."""
    return _decide(ctx, args.matter, args.about, "lift", args.reason)


def require_free(ctx: Context) -> None:
    """Before any action: refused with "institution_frozen" where one that signs is."""
    if ctx.get(Watch, WATCH) is not None:
        for name in ctx.signers:
            ctx.require(not _frozen(ctx, INSTITUTION, name), "institution_frozen", name)


def require_matter_free(ctx: Context, written: Iterable[tuple[tuple[str, str], Record]]) -> None:
    """After any action: refused with "matter_frozen" or "funds_frozen" where it wrote what is held."""
    for (_, key), record in written:
        match record:
            case Policy():
                ctx.require(not _frozen(ctx, "policy", key), "matter_frozen", key)
            case Claim():
                held = _frozen(ctx, "claim", key) or _frozen(ctx, "policy", record.policy)
                ctx.require(not held, "matter_frozen", key)
            case Account(kind="cash"):
                was = ctx.before(Account, key)
                leaves = was is not None and record.balance_fen < was.balance_fen
                ctx.require(not (leaves and _frozen(ctx, INSTITUTION, record.owner)), "funds_frozen", record.owner)


def _frozen(ctx: Context, kind: str, about: str) -> bool:
    found = ctx.before(Freeze, f"{kind}/{about}")
    return found is not None and found.state == "FROZEN"


def _decide(ctx: Context, kind: str, about: str, event: str, reason: str) -> Plain:
    watch = ctx.get(Watch, WATCH) or Watch((), 0, 0, 0, (), (), 1)
    deciding = tuple(name for name in watch.council if name in ctx.signers and name != about)
    ctx.require(len(deciding) >= watch.needed, "council_short", f"{len(deciding)} of {watch.needed}")
    key = f"{kind}/{about}"
    before = ctx.get(Freeze, key) or Freeze("FREE", "", "", (), 0)
    asked_by = next((name for name in ctx.signers if ctx.role_of(name) == "regulator"), "")
    after = replace(
        before,
        state=FREEZE.next(before.state, event),
        reason=reason,
        asked_by=asked_by,
        decided_by=deciding,
        since_ms=ctx.time_ms,
    )
    ctx.put(key, after)
    ctx.emit("ordered", order=key, state=after.state, reason=reason, decided_by=deciding)
    return {"order": key, "state": after.state}
