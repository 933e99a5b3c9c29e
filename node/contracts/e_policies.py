"""Electronic policies in bulk 电子保单 (row 58): policy, billing, customer and claim on the chain, many rows at a time.

An insurer issues a batch that a channel has sold and collected the premium of; both sign. Each row is a policy by
itself: whose (a pseudonym), for how much, and the fingerprint of its document. What it pays is limited by its sum
insured, and goes the way back, through the channel.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Digest, Fen, Label, Millis, ObjectId, Record
from node.ledger.transaction import Name

ROWS_MAX = 1_000

Row = tuple[Digest, Fen, Digest]
"""The customer's pseudonym, the premium, and the fingerprint of the document."""


class EPolicy(Record, frozen=True):
    """An electronic policy; the key is its batch and its row there, ``insurer/number/row``."""

    namespace: ClassVar[str] = "e_policies"

    customer: str
    premium_fen: int
    fingerprint: str
    claimed_fen: int


class Batch(Record, frozen=True):
    """What the policies of one batch have in common, and its bill 计费: the sum of their premiums."""

    namespace: ClassVar[str] = "e_policy_batches"

    insurer: str
    channel: str
    product: str
    policies: int
    premium_fen: int
    sum_insured_fen: int
    starts_ms: int
    ends_ms: int


contract = Contract("e-policies", records=(EPolicy, Batch))


class IssueArgs(Arguments, frozen=True):
    """Who sold and billed what, for what sum each, how long, and the policies themselves."""

    channel: Name
    product: Label
    sum_insured_fen: Fen
    term_ms: Millis
    rows: Annotated[tuple[Row, ...], Meta(min_length=1, max_length=ROWS_MAX)]


class SettleArgs(Arguments, frozen=True):
    """A policy by its batch and row, and what is claimed of it."""

    batch: ObjectId
    row: Annotated[int, Meta(ge=0, lt=ROWS_MAX)]
    amount_fen: Fen


@contract.action(roles=("insurer",), endorse=signed(argument("channel")))
def issue(ctx: Context, args: IssueArgs) -> Plain:
    """Issue a batch; the channel that collected its premium pays it on."""
    premium_fen = sum(premium for _, premium, _ in args.rows)
    batch = Batch(
        insurer=ctx.client,
        channel=args.channel,
        product=args.product,
        policies=len(args.rows),
        premium_fen=premium_fen,
        sum_insured_fen=args.sum_insured_fen,
        starts_ms=ctx.time_ms,
        ends_ms=ctx.time_ms + args.term_ms,
    )
    ctx.put(ctx.object_id, batch)
    for row, (customer, premium, fingerprint) in enumerate(args.rows):
        policy = EPolicy(customer=customer, premium_fen=premium, fingerprint=fingerprint, claimed_fen=0)
        ctx.put(key_of(ctx.object_id, row), policy)
    debit, credit = (args.channel, "premium-paid"), (ctx.client, "premium-income")
    pay(ctx, f"e-policies/{ctx.object_id}", premium_fen, debit=debit, credit=credit, memo="premium")
    return {"policies": len(args.rows), "premium_fen": premium_fen}


@contract.action(roles=("insurer",))
def settle(ctx: Context, args: SettleArgs) -> Plain:
    """Pay a claim under a policy in force, as far as its sum insured goes."""
    batch = ctx.find(Batch, args.batch)
    ctx.require(batch.insurer == ctx.client, "wrong_insurer", batch.insurer)
    ctx.require(batch.starts_ms <= ctx.time_ms < batch.ends_ms, "policy_not_in_force", args.batch)
    key = key_of(args.batch, args.row)
    policy = ctx.find(EPolicy, key)
    paid_fen = min(args.amount_fen, batch.sum_insured_fen - policy.claimed_fen)
    ctx.put(key, replace(policy, claimed_fen=policy.claimed_fen + paid_fen))
    debit, credit = (ctx.client, "claims-paid"), (batch.channel, "claims-received")
    pay(ctx, f"e-claim/{ctx.object_id}", paid_fen, debit=debit, credit=credit, memo="claim")
    return {"paid_fen": paid_fen}


def key_of(batch: str, row: int) -> str:
    """The key of a policy, so that those of a batch stand together in their order."""
    return f"{batch}/{row:03d}"
