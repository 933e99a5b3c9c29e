"""Pledge 保单质押 and discount 贴现 of policies (row 24).

A bank advances money on a policy. A *pledge* is a loan with interest at its end, a *discount* buys the policy's
proceeds at a price from which the interest is taken beforehand. Either puts a lien on the policy: there is at most one
at a time, whoever asks first. What the policy pays out goes to the bank until it has what it is owed; the holder may
repay before, and after the due day the bank may end the policy and take what is left of its premium.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from node.contracts.accounts import account, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import record, signed
from node.contracts.fields import MILLION, Arguments, Fen, Millis, ObjectId, Ppm, Readers, Record
from node.contracts.money import share
from node.contracts.policy import Lien, Policy, PolicyArgs, cancelled, in_force, lien_on, surrender_fen, terms_of
from node.contracts.policy.days import interest_fen
from node.contracts.policy.liens import satisfied
from node.contracts.policy.records import CHANGED

DISCOUNT = "discount"


class PledgeLimit(Record, frozen=True):
    """How much of a policy's surrender value a lien may amount to; the key is "limit"."""

    namespace: ClassVar[str] = "pledge_limit"
    readers: ClassVar[Readers] = Readers.EVERYONE

    value_ppm: int


PLEDGED = EventKind("policy_pledged", parties=("bank", "holder", "insurer"))

contract = Contract("pledges", records=(Lien, PledgeLimit), events=(PLEDGED, CHANGED))


class Settings(Arguments, frozen=True):
    """The share of its surrender value that may be owed on a policy."""

    value_ppm: Ppm = MILLION


class PledgeArgs(Arguments, frozen=True):
    """On which policy; as a pledge ``amount_fen`` is what is advanced, as a discount what is owed.

    ``rate_ppm`` is the yearly rate of simple interest, Actual/365.
    """

    policy: ObjectId
    kind: Literal["pledge", "discount"]
    amount_fen: Fen
    rate_ppm: Ppm
    due_ms: Millis


class RepayArgs(Arguments, frozen=True):
    """Which policy, and how much its debtor pays back."""

    policy: ObjectId
    amount_fen: Fen


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set the limit."""
    ctx.put("limit", PledgeLimit(value_ppm=settings.value_ppm))


@contract.action(roles=("bank",), endorse=signed(record(Policy, "policy").field("holder")))
def pledge(ctx: Context, args: PledgeArgs) -> Plain:
    """A bank advances money on the policy of a holder who signs as well. The first one gets the lien."""
    policy = ctx.find(Policy, args.policy)
    ctx.require(lien_on(ctx, args.policy) is None, "pledged_already", args.policy)
    ctx.require(in_force(policy, ctx.time_ms), "policy_not_in_force", args.policy)
    ctx.require(ctx.time_ms < args.due_ms <= policy.ends_ms, "due_outside_the_term", args.policy)
    interest = interest_fen(args.amount_fen, args.rate_ppm, ctx.time_ms, args.due_ms)
    discounted = args.kind == DISCOUNT
    advanced_fen = args.amount_fen - interest if discounted else args.amount_fen
    owed_fen = args.amount_fen if discounted else args.amount_fen + interest
    ctx.require(advanced_fen > 0, "nothing_advanced", args.policy)
    limit = ctx.get(PledgeLimit, "limit")
    value_fen = surrender_fen(policy, terms_of(ctx, policy.product), ctx.time_ms)
    most_fen = share(value_fen, MILLION if limit is None else limit.value_ppm)
    ctx.require(owed_fen <= most_fen, "beyond_the_value", f"{owed_fen} fen owed on a policy worth {most_fen}")
    lien = Lien(
        state="ACTIVE",
        kind=args.kind,
        bank=ctx.client,
        debtor=policy.holder,
        advanced_fen=advanced_fen,
        owed_fen=owed_fen,
        since_ms=ctx.time_ms,
        due_ms=args.due_ms,
    )
    ctx.put(args.policy, lien)
    _advance(ctx, lien)
    ctx.emit("policy_pledged", policy=args.policy, bank=ctx.client, holder=policy.holder, insurer=policy.insurer)
    return {"advanced_fen": advanced_fen, "owed_fen": owed_fen}


@contract.action(roles=("patient",))
def repay(ctx: Context, args: RepayArgs) -> Plain:
    """The debtor pays back; the lien ends with the last fen."""
    lien = ctx.find(Lien, args.policy)
    ctx.require(lien.debtor == ctx.client, "not_the_debtor", ctx.client)
    ctx.require(lien.state == "ACTIVE", "no_active_lien", args.policy)
    ctx.require(0 < args.amount_fen <= lien.owed_fen, "more_than_owed", f"{lien.owed_fen} fen are owed")
    left = satisfied(lien, args.amount_fen)
    ctx.put(args.policy, left)
    lines = (
        (account(ctx.client, "loans-taken"), args.amount_fen),
        (account(ctx.client, "cash"), -args.amount_fen),
        (account(lien.bank, "cash"), args.amount_fen),
        (account(lien.bank, "loans-granted"), -args.amount_fen),
    )
    post(ctx, f"repayment/{ctx.object_id}", "repayment", lines)
    return {"owed_fen": left.owed_fen, "state": left.state}


@contract.action(roles=("bank",))
def enforce(ctx: Context, args: PolicyArgs) -> Plain:
    """After the due day the bank ends the policy; what is left of the premium is its own up to what it is owed."""
    lien = ctx.find(Lien, args.policy)
    ctx.require(lien.bank == ctx.client, "not_the_lien_holder", ctx.client)
    ctx.require(lien.state == "ACTIVE", "no_active_lien", args.policy)
    ctx.require(ctx.time_ms >= lien.due_ms, "not_due_yet", args.policy)
    return cancelled(ctx, args.policy, ctx.find(Policy, args.policy))


def _advance(ctx: Context, lien: Lien) -> None:
    """Book the money, and the whole debt with its interest, on both sides."""
    interest = lien.owed_fen - lien.advanced_fen
    lines = (
        (account(lien.bank, "loans-granted"), lien.owed_fen),
        (account(lien.bank, "cash"), -lien.advanced_fen),
        (account(lien.bank, "interest-income"), -interest),
        (account(lien.debtor, "cash"), lien.advanced_fen),
        (account(lien.debtor, "interest-paid"), interest),
        (account(lien.debtor, "loans-taken"), -lien.owed_fen),
    )
    post(ctx, f"advance/{ctx.object_id}", "advance on a policy", lines)
