"""Statements of account 账单: issued by one side, confirmed line by line by the other, then settled (row 14).

A statement takes up lines of a treaty's account. The reinsurer confirms it or names the lines that do not match,
which go back, are corrected under both signatures and stated again; nothing is settled unconfirmed. Only the balance
becomes public, and only when it is settled, since cash moves in the open.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, Plain, Refusal
from node.contracts.contract import Contract
from node.contracts.endorsement import record
from node.contracts.fields import Arguments, Label, ObjectId, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.treaty import Line, Treaty, both_sides, signed_treaty
from node.privacy.commitments import Commitments, Opening, is_committed
from node.privacy.envelope import Envelope

STATEMENT = Lifecycle(
    "statement",
    {
        "ISSUED": {"confirm": "CONFIRMED", "dispute": "DISPUTED"},
        "DISPUTED": {},
        "CONFIRMED": {"settle": "SETTLED"},
        "SETTLED": {},
    },
)

BALANCE = "balance_fen"
"""The field of a statement that is opened when it is settled: fen due to the reinsurer; negative, to the cedent."""

LINES_MAX = 1_000


class Statement(Record, frozen=True):
    """A statement of account. ``breaks`` are the lines that the other side disputes."""

    namespace: ClassVar[str] = "statements"

    state: str
    treaty: str
    period: str
    lines: tuple[str, ...]
    amounts: Commitments
    breaks: tuple[str, ...]
    issued_ms: int
    answered_ms: int


contract = Contract("statements", records=(Statement,))

LineKey = Annotated[str, Meta(min_length=3, max_length=224)]


class IssueArgs(Arguments, frozen=True):
    """Which lines of which treaty, and the totals sealed to both sides."""

    treaty: ObjectId
    period: Label
    lines: Annotated[tuple[LineKey, ...], Meta(min_length=1, max_length=LINES_MAX)]
    amounts: Envelope


class StatementArgs(Arguments, frozen=True):
    """Which statement."""

    statement: ObjectId


class DisputeArgs(Arguments, frozen=True):
    """Which lines of which statement do not match."""

    statement: ObjectId
    breaks: Annotated[tuple[LineKey, ...], Meta(min_length=1, max_length=LINES_MAX)]


class SettleArgs(Arguments, frozen=True):
    """The balance, opened."""

    statement: ObjectId
    balance: Opening


@contract.action(roles=("insurer",))
def issue(ctx: Context, args: IssueArgs) -> Plain:
    """The cedent states its account."""
    treaty = signed_treaty(ctx, args.treaty)
    ctx.require(treaty.cedent == ctx.client, "not_a_party", ctx.client)
    ctx.require(args.amounts.recipients == tuple(sorted((treaty.cedent, treaty.reinsurer))), "wrong_recipients")
    ctx.carry(args.amounts, ctx.object_id)
    for key in args.lines:
        line = ctx.find(Line, key)
        ctx.require(line.treaty == args.treaty, "wrong_treaty", key)
        ctx.require(not line.statement, "stated_already", key)
        ctx.put(key, replace(line, statement=ctx.object_id))
    statement = Statement(
        state="ISSUED",
        treaty=args.treaty,
        period=args.period,
        lines=args.lines,
        amounts=args.amounts.commitments,
        breaks=(),
        issued_ms=ctx.time_ms,
        answered_ms=0,
    )
    ctx.put(ctx.object_id, statement)
    return {"statement": ctx.object_id, "lines": len(args.lines)}


@contract.action(roles=("reinsurer",))
def confirm(ctx: Context, args: StatementArgs) -> Plain:
    """The reinsurer agrees with every line."""
    statement, _ = _answerable(ctx, args.statement)
    state = STATEMENT.next(statement.state, "confirm")
    ctx.put(args.statement, replace(statement, state=state, answered_ms=ctx.time_ms))
    return {"breaks": 0, "reconciled_after_ms": ctx.time_ms - statement.issued_ms}


@contract.action(roles=("reinsurer",))
def dispute(ctx: Context, args: DisputeArgs) -> Plain:
    """The reinsurer names the lines that do not match; all lines are free to be stated again."""
    statement, _ = _answerable(ctx, args.statement)
    state = STATEMENT.next(statement.state, "dispute")
    for key in args.breaks:
        ctx.require(key in statement.lines, "no_such_line", key)
    for key in statement.lines:
        ctx.put(key, replace(ctx.find(Line, key), statement=""))
    disputed = replace(statement, state=state, breaks=args.breaks, answered_ms=ctx.time_ms)
    ctx.put(args.statement, disputed)
    return {"breaks": len(args.breaks)}


@contract.action(roles=("insurer",), endorse=both_sides(record(Statement, "statement").then(Treaty, "treaty")))
def settle(ctx: Context, args: SettleArgs) -> Plain:
    """Pay the balance of a confirmed statement; both sides sign."""
    statement, treaty = _answerable(ctx, args.statement, by_reinsurer=False)
    balance = args.balance.value
    if args.balance.path != BALANCE or not isinstance(balance, int):
        raise Refusal("wrong_opening", args.balance.path)
    ctx.require(is_committed(statement.amounts, args.balance), "opening_does_not_match", args.statement)
    ctx.put(args.statement, replace(statement, state=STATEMENT.next(statement.state, "settle")))
    payer, payee = (treaty.cedent, treaty.reinsurer) if balance > 0 else (treaty.reinsurer, treaty.cedent)
    pay(
        ctx,
        f"settlement/{args.statement}",
        abs(balance),
        debit=(payer, "treaty-settled"),
        credit=(payee, "treaty-settled"),
        memo="treaty statement",
    )
    return {"balance_fen": balance}


def _answerable(ctx: Context, statement_id: str, *, by_reinsurer: bool = True) -> tuple[Statement, Treaty]:
    statement = ctx.find(Statement, statement_id)
    treaty = ctx.find(Treaty, statement.treaty)
    party = treaty.reinsurer if by_reinsurer else treaty.cedent
    ctx.require(party == ctx.client, "not_a_party", ctx.client)
    return statement, treaty
