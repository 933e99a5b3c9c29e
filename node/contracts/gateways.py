"""Gateways 数据网关: what holders handed over and readers got, line by line, held against the access log (row 39).

Answer and log entries are one transaction, so no read that goes through the chain lacks its entry. What goes past it
shows elsewhere: records leave a holder, and arrive at a reader, through a gateway each, which writes down every field
that passes. Both report their lines here, and every line must have its own entry in the log; one that has none is a
finding, whoever tells of it. A read that one side leaves out is told by the other. Two gateways that are silent
together are beyond this, and beyond any books.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from node.contracts.consent import AccessEntry, Query
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.deposits import SUPERVISORS
from node.contracts.fields import Arguments, Digest, Label, Record
from node.contracts.vouchers import Matter
from node.ledger.transaction import Name

LINES_MAX = 500


class PassedLine(Record, frozen=True):
    """A log entry's line at one of its gateways; the key is "served" or "received", query and field."""

    namespace: ClassVar[str] = "gateway_lines"

    owner: str


class UnloggedRead(Record, frozen=True):
    """Reads of a field that no log entry covers; the key is :func:`unlogged_key` of all but reason, counts and time.

    ``served`` and ``received`` count what each side's gateway told: they are the same reads, so the greater counts.
    """

    namespace: ClassVar[str] = "unlogged_reads"

    holder: str
    reader: str
    subject: str
    field: str
    query: str
    reason: str
    served: int
    received: int
    found_ms: int

    @property
    def reads(self) -> int:
        """How many there were at least."""
        return max(self.served, self.received)


UNLOGGED_READ = EventKind("unlogged_read", parties=("holder", "reader"), roles=SUPERVISORS)

contract = Contract("gateways", records=(PassedLine, UnloggedRead), events=(UNLOGGED_READ,))


class LineArgs(Arguments, frozen=True):
    """One field that passed: under which query ("" for none), to or from whom, of which person."""

    query: Matter
    field: Label
    other: Name
    subject: Digest


class ReportArgs(Arguments, frozen=True):
    """Every line since the last report, in the order in which they passed."""

    lines: Annotated[tuple[LineArgs, ...], Meta(max_length=LINES_MAX)]


class NoArgs(Arguments, frozen=True):
    """Nothing to say."""


@contract.action(roles=("hospital", "bureau", "insurer"))
def report(ctx: Context, args: ReportArgs) -> Plain:
    """What passed one's own gateway: insurers receive, others serve. What the log does not cover is a finding."""
    side = "received" if ctx.role == "insurer" else "served"
    found = 0
    for line in args.lines:
        holder, reader = (line.other, ctx.client) if side == "received" else (ctx.client, line.other)
        reason = unlogged(ctx, side, line, holder, reader)
        if reason:
            found += 1
            _note(ctx, side, line, holder, reader, reason)
        else:
            ctx.put(f"{side}/{line.query}/{line.field}", PassedLine(owner=ctx.client))
    return {"lines": len(args.lines), "unlogged": found}


@contract.action(roles=("bureau",))
def reconcile(ctx: Context, args: NoArgs) -> Plain:  # noqa: ARG001 - an action takes arguments
    """Both ways: reads without an entry, and entries of which a gateway says nothing 未上报.

    A person's own device has no gateway; what it answers is in the log and in nobody's book.
    """
    entries = [(key, entry) for key, entry in ctx.items(AccessEntry) if ctx.role_of(entry.holder) != "patient"]
    told = {
        side: sum(ctx.get(PassedLine, f"{side}/{key}") is not None for key, _ in entries)
        for side in ("served", "received")
    }
    caught = [found for _, found in ctx.items(UnloggedRead)]
    return {
        "entries": len(entries),
        "unserved": len(entries) - told["served"],
        "unreceived": len(entries) - told["received"],
        "unlogged": sum(found.reads for found in caught),
        "one_sided": sum(not (found.served and found.received) for found in caught),
    }


def unlogged(ctx: Context, side: str, line: LineArgs, holder: str, reader: str) -> str:
    """Why no entry of the log covers ``line``; "" where one does, and no other line has used it up."""
    if not line.query:
        return "no_query"
    query = ctx.get(Query, line.query)
    if query is None:
        return "unknown_query"
    if (query.holder, query.reader, query.subject) != (holder, reader, line.subject):
        return "other_parties"
    if query.state != "ANSWERED":
        return "not_answered"
    if ctx.get(AccessEntry, f"{line.query}/{line.field}") is None:
        return "not_granted"
    return "read_again" if ctx.get(PassedLine, f"{side}/{line.query}/{line.field}") is not None else ""


def unlogged_key(line: LineArgs, holder: str, reader: str) -> str:
    """Person, and the hash of who gave which field to whom under which query: short, however long their names."""
    read = msgspec.msgpack.encode(("consortium/unlogged-read", holder, reader, line.field, line.query))
    return f"{line.subject}/{sha256(read).hexdigest()}"


def _note(  # noqa: PLR0913, PLR0917 - the facts of one finding
    ctx: Context, side: str, line: LineArgs, holder: str, reader: str, reason: str
) -> None:
    key = unlogged_key(line, holder, reader)
    known = ctx.get(UnloggedRead, key) or UnloggedRead(
        holder=holder,
        reader=reader,
        subject=line.subject,
        field=line.field,
        query=line.query,
        reason=reason,
        served=0,
        received=0,
        found_ms=ctx.time_ms,
    )
    counted = {side: getattr(known, side) + 1}
    ctx.put(key, replace(known, **counted))
    ctx.emit("unlogged_read", holder=holder, reader=reader, field=line.field, reason=reason)
