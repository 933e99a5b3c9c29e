"""A transfer, hand by hand: who is next acts, on the amount that was valued, for those who need to know (row 16)."""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.annuities.records import (
    BASELINE_MS,
    TRANSFER,
    AnnuityPlan,
    Transfer,
    TransferQueue,
    TransferStandard,
    UnderWay,
    contract,
)
from node.contracts.context import Context, Plain
from node.contracts.endorsement import all_of, argument, record, signed
from node.contracts.fields import Arguments, Label, Millis, Name, ObjectId
from node.privacy.envelope import Envelope

AMOUNT = "amount_fen"
"""The one field of an account's valuation."""


class Settings(Arguments, frozen=True):
    """What counts as late."""

    within_ms: Millis = BASELINE_MS


class FoundArgs(Arguments, frozen=True):
    """A plan's name, and who runs it beside the client, its trustee."""

    plan: Label
    record_keeper: Name
    custodian: Name
    employer: Name


class RequestArgs(Arguments, frozen=True):
    """From which plan to which, and who the member is, for the two record keepers."""

    from_plan: Label
    to_plan: Label
    identity: Envelope


class TransferArgs(Arguments, frozen=True):
    """Which transfer."""

    transfer: ObjectId


class AmountArgs(Arguments, frozen=True):
    """Which transfer, and its amount, for the institutions of both plans and the member."""

    transfer: ObjectId
    amount: Envelope


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set the standard."""
    ctx.put("standard", TransferStandard(within_ms=settings.within_ms))


@contract.action(
    roles=("trustee",),
    endorse=all_of(signed(argument("record_keeper")), signed(argument("custodian")), signed(argument("employer"))),
)
def found(ctx: Context, args: FoundArgs) -> Plain:
    """A trustee puts an employer's plan on the chain; all who run it sign."""
    ctx.require(ctx.get(AnnuityPlan, args.plan) is None, "plan_exists", args.plan)
    for name, role in ((args.record_keeper, "keeper"), (args.custodian, "custodian"), (args.employer, "employer")):
        ctx.require_role(name, role)
    plan = AnnuityPlan(
        trustee=ctx.client, record_keeper=args.record_keeper, custodian=args.custodian, employer=args.employer
    )
    ctx.put(args.plan, plan)
    return {"plan": args.plan}


@contract.action(roles=("member",), endorse=signed(record(AnnuityPlan, "to_plan").field("employer")))
def request(ctx: Context, args: RequestArgs) -> Plain:
    """转移申请. A member asks, once; the new employer signs that the member has joined."""
    ctx.require(args.from_plan != args.to_plan, "same_plan", args.to_plan)
    old, new = ctx.find(AnnuityPlan, args.from_plan), ctx.find(AnnuityPlan, args.to_plan)
    key = f"{ctx.client}/{args.from_plan}"
    ctx.require(ctx.get(UnderWay, key) is None, "under_way_already", key)
    _require_for(ctx, args.identity, (ctx.client, old.record_keeper, new.record_keeper))
    ctx.carry(args.identity, ctx.object_id)
    transfer = Transfer(
        state="REQUESTED",
        member=ctx.client,
        from_plan=args.from_plan,
        to_plan=args.to_plan,
        trail=(("REQUESTED", ctx.time_ms),),
    )
    ctx.put(ctx.object_id, transfer)
    ctx.put(key, UnderWay(transfer=ctx.object_id))
    queue = ctx.get(TransferQueue, new.trustee) or TransferQueue()
    ctx.put(new.trustee, replace(queue, waiting=queue.waiting + 1))
    return {"transfer": ctx.object_id}


@contract.action(roles=("keeper",))
def value(ctx: Context, args: AmountArgs) -> Plain:
    """估值. The old record keeper says what the account is worth, under seal."""
    transfer, old, new = _between(ctx, args.transfer)
    _require_turn(ctx, old.record_keeper)
    _require_for(ctx, args.amount, _entitled(transfer, old, new))
    ctx.require(tuple(path for path, _ in args.amount.commitments) == (AMOUNT,), "no_amount", args.transfer)
    ctx.carry(args.amount, ctx.object_id)
    return advance(ctx, args.transfer, replace(transfer, amount=args.amount.commitments), "value")


@contract.action(roles=("trustee",))
def release(ctx: Context, args: TransferArgs) -> Plain:
    """转出. The old trustee lets the member go."""
    transfer, old, _ = _between(ctx, args.transfer)
    _require_turn(ctx, old.trustee)
    return advance(ctx, args.transfer, transfer, "release")


@contract.action(roles=("trustee",))
def accept(ctx: Context, args: TransferArgs) -> Plain:
    """转入. The new trustee takes the member."""
    transfer, _, new = _between(ctx, args.transfer)
    _require_turn(ctx, new.trustee)
    return advance(ctx, args.transfer, transfer, "accept")


@contract.action(roles=("trustee",))
def decline(ctx: Context, args: TransferArgs) -> Plain:
    """Either trustee stops a transfer that the new one has not taken yet; the member stays where it was."""
    transfer, old, new = _between(ctx, args.transfer)
    ctx.require(ctx.client in {old.trustee, new.trustee}, "not_your_turn", ctx.client)
    return advance(ctx, args.transfer, transfer, "decline")


@contract.action(roles=("custodian",))
def remit(ctx: Context, args: AmountArgs) -> Plain:
    """划款. The old custodian has paid, with the transfer's id: the amount that the account was valued at."""
    transfer, old, new = _between(ctx, args.transfer)
    _require_turn(ctx, old.custodian)
    _show_amount(ctx, args.amount, transfer, _entitled(transfer, old, new))
    return advance(ctx, args.transfer, transfer, "remit")


@contract.action(roles=("custodian",))
def receive(ctx: Context, args: AmountArgs) -> Plain:
    """到账. The new custodian has the amount that was sent."""
    transfer, old, new = _between(ctx, args.transfer)
    _require_turn(ctx, new.custodian)
    _show_amount(ctx, args.amount, transfer, _entitled(transfer, old, new))
    return advance(ctx, args.transfer, transfer, "receive")


@contract.action(roles=("keeper",))
def credit(ctx: Context, args: TransferArgs) -> Plain:
    """入账. The new record keeper credits the member, and the transfer is over."""
    transfer, _, new = _between(ctx, args.transfer)
    _require_turn(ctx, new.record_keeper)
    return advance(ctx, args.transfer, transfer, "credit")


def plans_of(ctx: Context, transfer: Transfer) -> tuple[AnnuityPlan, AnnuityPlan]:
    """The plan that is left, and the one that is joined."""
    return ctx.find(AnnuityPlan, transfer.from_plan), ctx.find(AnnuityPlan, transfer.to_plan)


def advance(ctx: Context, transfer_id: str, transfer: Transfer, event: str) -> Plain:
    """Take a transfer one step further, and the queue with it."""
    state = TRANSFER.next(transfer.state, event)
    ctx.put(transfer_id, replace(transfer, state=state, trail=(*transfer.trail, (state, ctx.time_ms))))
    elapsed_ms = ctx.time_ms - transfer.trail[0][1]
    old, new = plans_of(ctx, transfer)
    if TRANSFER.final(state):
        ctx.delete(UnderWay, f"{transfer.member}/{transfer.from_plan}")
        _leave_queue(ctx, new.trustee, state, elapsed_ms)
    parties = tuple(dict.fromkeys((old.trustee, new.trustee)))
    ctx.emit("annuity_moved", transfer=transfer_id, member=transfer.member, parties=parties, state=state)
    return {"state": state, "elapsed_ms": elapsed_ms}


def _leave_queue(ctx: Context, trustee: str, state: str, elapsed_ms: int) -> None:
    queue = ctx.find(TransferQueue, trustee)
    if state == "DECLINED":
        ctx.put(trustee, replace(queue, waiting=queue.waiting - 1, declined=queue.declined + 1))
        return
    standard = ctx.get(TransferStandard, "standard")
    late = elapsed_ms > (BASELINE_MS if standard is None else standard.within_ms)
    gone = replace(
        queue,
        waiting=queue.waiting - 1,
        credited=queue.credited + 1,
        late=queue.late + late,
        longest_ms=max(queue.longest_ms, elapsed_ms),
    )
    ctx.put(trustee, gone)


def _between(ctx: Context, transfer_id: str) -> tuple[Transfer, AnnuityPlan, AnnuityPlan]:
    transfer = ctx.find(Transfer, transfer_id)
    return transfer, *plans_of(ctx, transfer)


def _require_turn(ctx: Context, name: str) -> None:
    ctx.require(ctx.client == name, "not_your_turn", f"{name} is the one to do this")


def _entitled(transfer: Transfer, old: AnnuityPlan, new: AnnuityPlan) -> tuple[str, ...]:
    """Who may know the amount."""
    institutions = (name for plan in (old, new) for name in (plan.trustee, plan.record_keeper, plan.custodian))
    return (transfer.member, *institutions)


def _show_amount(ctx: Context, amount: Envelope, transfer: Transfer, entitled: tuple[str, ...]) -> None:
    _require_for(ctx, amount, entitled)
    ctx.require(amount.commitments == transfer.amount, "other_amount", "not what the account was valued at")
    ctx.carry(amount, ctx.object_id)


def _require_for(ctx: Context, envelope: Envelope, entitled: tuple[str, ...]) -> None:
    """Those who need to know, all of them and nobody else."""
    ctx.require(sorted(envelope.recipients) == sorted(set(entitled)), "wrong_recipients", ", ".join(sorted(entitled)))
