"""The subject book: premiums written and losses paid that a line of business brings under a treaty.

Contracts of a line call :func:`book` as they write and pay; a period's close walks over what they booked. Keys sort
by (business time, id), so that whatever a close computes, it computes in one order at every node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal, NamedTuple

from node.contracts.context import Context
from node.contracts.fields import Record
from node.contracts.reinsurance.terms import Treaty, treaty_key

_TIME_DIGITS = 16

Kind = Literal["premium", "loss"]


class Entry(Record, frozen=True):
    """One line of a bordereau 业务明细: ``amount_fen`` of ``kind``, booked by the object ``source``."""

    namespace: ClassVar[str] = "reinsurance-entries"

    cedent: str
    line: str
    kind: Kind
    amount_fen: int
    time_ms: int
    source: str


class Totals(NamedTuple):
    """Gross amounts of some entries, in fen, and how many there were."""

    premium: int = 0
    loss: int = 0
    entries: int = 0


def book(ctx: Context, cedent: str, line: str, kind: Kind, amount_fen: int) -> None:
    """Book an entry at the transaction's business time, once per kind and transaction; nothing for an amount of 0.

    Refused with "period_closed" where a treaty's account already covers that time.
    """
    if amount_fen == 0:
        return
    treaty = ctx.get(Treaty, treaty_key(cedent, line))
    if treaty is not None:
        ctx.require(ctx.time_ms >= treaty.closed_until_ms, "period_closed", line)
    entry = Entry(cedent=cedent, line=line, kind=kind, amount_fen=amount_fen, time_ms=ctx.time_ms, source=ctx.object_id)
    ctx.put(f"{_prefix(cedent, line)}{ctx.time_ms:0{_TIME_DIGITS}}/{ctx.object_id}/{kind}", entry)


def entries_of(ctx: Context, cedent: str, line: str, start_ms: int, end_ms: int) -> Iterator[Entry]:
    """Entries with ``start_ms <= time_ms < end_ms``, ascending by (business time, id)."""
    for _, entry in ctx.items(Entry, _prefix(cedent, line)):
        if entry.time_ms >= end_ms:
            return
        if entry.time_ms >= start_ms:
            yield entry


def total(entries: Iterable[Entry]) -> Totals:
    """What the entries add up to."""
    premium = loss = count = 0
    for entry in entries:
        count += 1
        if entry.kind == "premium":
            premium += entry.amount_fen
        else:
            loss += entry.amount_fen
    return Totals(premium=premium, loss=loss, entries=count)


def _prefix(cedent: str, line: str) -> str:
    return f"{cedent}/{line}/"
