"""The tamper-evident general ledger 防篡改总账: signed totals for each period, and entries shown on demand (row 55).

An insurer closes its books 结账 by signing what each of its accounts turned over since it closed last, what it comes
to, and a digest of the entries. What the accounts come to is checked here, account by account, against the ledger that
everybody executes; an account that is left out is found as well. Turnovers and digest are for an auditor, who may walk
the journal as no action may (``lines_of``). Single entries are held against the ledger on demand.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from node.contracts.accounts import KINDS, POSTING_LINES_MAX, Account, Posting, account
from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Count, Digest, Fen, Label, Readers, Record, SignedFen
from node.ledger.state_tree import StateTree

Line = tuple[int, str, str, int]
"""(business time in ms, posting, kind, fen with debits positive)"""

_encode = msgspec.msgpack.Encoder().encode

KINDS_MAX = 128
POSTING_KEY_MAX = 256


class Closing(Record, frozen=True):
    """Books closed for a period; the key is ``owner/period``. Supervisors may ask for it.

    ``totals`` are (kind, debit, credit, balance) in fen, kinds ascending: what was turned over since ``after_ms`` and
    up to ``closed_ms``, and the balance then, debits positive. ``journal`` is the digest of the period's ``entries``.
    """

    namespace: ClassVar[str] = "ledger_closings"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    after_ms: int
    closed_ms: int
    totals: tuple[tuple[str, int, int, int], ...]
    entries: int
    journal: str


class LastClosing(Record, frozen=True):
    """An owner's newest closing; the key is the owner."""

    namespace: ClassVar[str] = "ledger_last_closings"

    period: str


contract = Contract("general-ledger", records=(Closing, LastClosing))

Total = tuple[Label, Fen, Fen, SignedFen]
"""(kind, debit, credit, balance)"""

Entry = tuple[Annotated[str, Meta(min_length=1, max_length=POSTING_KEY_MAX)], Label, SignedFen]
"""(posting, kind, fen with debits positive): one of the owner's lines of an entry."""


class CloseArgs(Arguments, frozen=True):
    """The period's name, what every account turned over and comes to, how many entries, and their digest."""

    period: Label
    totals: Annotated[tuple[Total, ...], Meta(max_length=KINDS_MAX)]
    entries: Count
    journal: Digest


class ShowArgs(Arguments, frozen=True):
    """Entries of the client's own book."""

    entries: Annotated[tuple[Entry, ...], Meta(min_length=1, max_length=POSTING_LINES_MAX)]


@contract.action(roles=("insurer", "reinsurer", "broker"))
def close(ctx: Context, args: CloseArgs) -> Plain:
    """结账. Sign the books as of now; the transaction's own signature is the one on the statement."""
    key = f"{ctx.client}/{args.period}"
    ctx.require(ctx.get(Closing, key) is None, "closed_already", key)
    last = ctx.get(LastClosing, ctx.client)
    before = None if last is None else ctx.find(Closing, f"{ctx.client}/{last.period}")
    ctx.require(before is None or before.closed_ms < ctx.time_ms, "out_of_order", key)
    stated = {kind: balance for kind, _, _, balance in args.totals}
    ctx.require(tuple(stated) == tuple(sorted(stated)), "totals_unordered", "kinds ascend, each once")
    earlier = {} if before is None else {kind: balance for kind, _, _, balance in before.totals}
    for kind, debit, credit, balance in args.totals:
        ctx.require(kind in KINDS, "unknown_kind", kind)
        ctx.require(earlier.get(kind, 0) + debit - credit == balance, "does_not_add_up", kind)
    for kind in KINDS:
        found = ctx.get(Account, account(ctx.client, kind))
        kept = 0 if found is None else found.balance_fen
        ctx.require(found is None or kind in stated, "account_left_out", kind)
        ctx.require(stated.get(kind, 0) == kept, "balance_differs", f"{kind}: {stated.get(kind, 0)} fen, not {kept}")
    closing = Closing(
        after_ms=0 if before is None else before.closed_ms,
        closed_ms=ctx.time_ms,
        totals=args.totals,
        entries=args.entries,
        journal=args.journal,
    )
    ctx.put(key, closing)
    ctx.put(ctx.client, LastClosing(period=args.period))
    return {"closing": key, "accounts": len(args.totals), "entries": args.entries}


@contract.action(roles=("insurer", "reinsurer", "broker"))
def show(ctx: Context, args: ShowArgs) -> Plain:
    """查账. Hold entries of one's book against the ledger; refused with the first that is another there."""
    for key, kind, fen in args.entries:
        posting = ctx.get(Posting, key)
        ctx.require(posting is not None, "entry_unknown", key)
        name = f"{ctx.client}/{kind}"
        booked = sum(amount for line, amount in (posting.lines if posting else ()) if line == name)
        ctx.require(booked == fen, "entry_differs", f"{key} {kind}: {fen} fen, not {booked}")
    return {"entries": len(args.entries)}


def lines_of(tree: StateTree, owner: str, after_ms: int, until_ms: int) -> tuple[Line, ...]:
    """``owner``'s lines of the journal after a moment (from the beginning: 0) and up to another; by time, then key."""
    return tuple(
        sorted(
            (posting.time_ms, key, name.rpartition("/")[2], fen)
            for key, posting in tree.items(Posting.namespace)
            for name, fen in posting.lines
            if name.rpartition("/")[0] == owner
            and (after_ms < posting.time_ms or not after_ms)
            and posting.time_ms <= until_ms
        )
    )


def digest_of(lines: tuple[Line, ...]) -> str:
    """What an owner signs for a period's lines: SHA-256 of their canonical encoding, in hex."""
    return hashlib.sha256(_encode(lines)).hexdigest()


def turnovers_of(lines: tuple[Line, ...]) -> dict[str, tuple[int, int]]:
    """Kind -> (debits, credits) in fen, kinds ascending."""
    sums: dict[str, list[int]] = {}
    for _, _, kind, fen in lines:
        sums.setdefault(kind, [0, 0])[fen < 0] += abs(fen)
    return {kind: (debit, credit) for kind, (debit, credit) in sorted(sums.items())}
