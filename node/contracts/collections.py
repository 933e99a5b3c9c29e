"""Private data collections 私有数据集合: who holds a payload, for how long, and proof that it is gone (rows 1, 3, 30).

A collection is its members: organisations that agree on how long what they share may live and how soon each of them
must attest a purge. Any set of organisations may share without such an agreement, on the network's own terms. A purge
is begun by taking back the voucher under which the data were released (:mod:`node.contracts.consent` does it by
itself), or is requested here once the voucher has expired. Each member's attestation is a transaction that it
signs; one that fails to come is reported to the regulator.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, EventKind, Plain, Refusal
from node.contracts.contract import Contract
from node.contracts.deposits import (
    DEPOSIT,
    PURGE_REQUESTED,
    SUPERVISORS,
    Collection,
    Deposit,
    Release,
    collection_key,
    release_key,
    request_purge,
)
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Count, Millis, ObjectId
from node.contracts.vouchers import Subject, Voucher, is_live
from node.ledger.transaction import Name

MEMBERS_MAX = 8
"""As many as can sign one transaction."""

HOLDERS = ("bank", "broker", "bureau", "custodian", "hospital", "insurer", "patient", "reinsurer")
"""Roles of those who may hold a private payload."""


EVENTS = (
    EventKind("collection_formed", parties=("members",)),
    PURGE_REQUESTED,
    EventKind("purge_attested", parties=("members",), roles=SUPERVISORS),
    EventKind("purge_overdue", parties=("members",), roles=SUPERVISORS),
)

contract = Contract("collections", records=(Collection, Deposit, Release), events=EVENTS, reads_chain=True)


class FormArgs(Arguments, frozen=True):
    """Who shares, for how many blocks at most (0: no limit), and how soon a purge must be attested."""

    members: Annotated[tuple[Name, ...], Meta(min_length=2, max_length=MEMBERS_MAX)]
    blocks_to_live: Count
    attest_within_ms: Millis


class PurgeArgs(Arguments, frozen=True):
    """Which record, and the voucher under which it was released."""

    record: ObjectId
    voucher: ObjectId


class RecordArgs(Arguments, frozen=True):
    """Which record."""

    record: ObjectId


@contract.action(roles=HOLDERS, endorse=signed(argument("members")))
def form(ctx: Context, args: FormArgs) -> Plain:
    """Agree on terms of sharing, or on new ones; they hold for what is shared from here on."""
    ctx.require(all(a < b for a, b in pairwise(args.members)), "members_out_of_order", "ascending, each once")
    for member in args.members:
        ctx.require(ctx.role_of(member) in HOLDERS, "wrong_role", member)
    key = collection_key(args.members)
    agreed = Collection(
        members=args.members, blocks_to_live=args.blocks_to_live, attest_within_ms=args.attest_within_ms
    )
    ctx.put(key, agreed)
    ctx.emit("collection_formed", members=args.members)
    return {"collection": key}


@contract.action("request-purge", roles=HOLDERS)
def purge(ctx: Context, args: PurgeArgs) -> Plain:
    """Have a payload erased whose voucher was taken back or has expired: by the subject, or by one who holds it."""
    voucher = ctx.find(Voucher, args.voucher)
    ctx.find(Release, release_key(args.voucher, args.record))
    deposit = ctx.get(Deposit, args.record)
    wallets = ctx.find(Subject, voucher.subject).wallets
    concerned = ctx.client in wallets or (deposit is not None and ctx.client in deposit.members)
    ctx.require(concerned, "not_concerned", ctx.client)
    ctx.require(not is_live(voucher, ctx.time_ms), "voucher_live", args.voucher)
    if deposit is None:
        raise Refusal("purge_unavailable", "no collection holds it: what was put on the chain stays there")
    reason = "revoked" if voucher.state == "REVOKED" else "expired"
    purging = request_purge(ctx, args.record, deposit, reason)
    return {"record": args.record, "due_ms": purging.due_ms}


@contract.action(roles=HOLDERS)
def attest(ctx: Context, args: RecordArgs) -> Plain:
    """A member says, by signing this, that nothing of the payload is left with it; the last one completes the purge.

    Once the blocks that the payload may live are over, the first such word begins the purge: the nodes have erased it.
    """
    deposit = ctx.find(Deposit, args.record)
    ctx.require(ctx.client in deposit.members, "not_a_member", ctx.client)
    if deposit.state == "HELD" and 0 < deposit.until <= ctx.chain.height:
        deposit = request_purge(ctx, args.record, deposit, "lived")
    ctx.require(ctx.client in deposit.missing, "attested_already", ctx.client)
    attested = tuple(sorted((*deposit.attested, (ctx.client, ctx.time_ms))))
    state = DEPOSIT.next(deposit.state, "complete" if len(attested) == len(deposit.members) else "attest")
    ctx.put(args.record, replace(deposit, state=state, attested=attested))
    left = len(deposit.members) - len(attested)
    ctx.emit("purge_attested", record=args.record, member=ctx.client, members=deposit.members, left=left)
    return {"record": args.record, "left": left}


@contract.action("report-overdue")
def report_overdue(ctx: Context, args: RecordArgs) -> Plain:
    """Bring to the regulator's notice who has not attested in time; anyone may, once for each member."""
    deposit = ctx.find(Deposit, args.record)
    ctx.require(deposit.state == "PURGING", "no_purge_under_way", args.record)
    ctx.require(ctx.time_ms > deposit.due_ms, "not_overdue", args.record)
    late = deposit.missing
    ctx.require(late != deposit.overdue, "reported_already", args.record)
    ctx.put(args.record, replace(deposit, overdue=late))
    ctx.emit("purge_overdue", record=args.record, members=late, due_ms=deposit.due_ms)
    return {"record": args.record, "overdue": late}
