"""Forged invoices 伪造发票, as an insurer sees them: what was claimed for is not what the bureau settled.

The bureau registers each e-invoice that it settles with the hospital (:mod:`node.contracts.einvoices`). An invoice that
was claimed for and is not there, or is there with another amount, is forged; a register that comes late says so late.
"""

from __future__ import annotations

from collections.abc import Iterator

from node.contracts.claims import AdjudicateArgs
from node.contracts.einvoices import EInvoice, RegisterArgs
from scenarios.runner.misbehaviour.watching import Alarm, Watched


def forged(ledger: Watched, threshold: int | None) -> Iterator[Alarm]:  # noqa: ARG001 - a fen is too many
    """Claims on invoices that are not registered, or not so."""
    registered: dict[str, int] = {}
    for one in ledger.seen:
        if one.ok and one.is_call("einvoices", "register"):
            registered[one.arguments(RegisterArgs).token] = one.time_ms
    for one in ledger.seen:
        if not one.is_call("claims", "adjudicate") or not one.ok:
            continue
        papers = one.arguments(AdjudicateArgs)
        token = str(papers.token.value)
        known: EInvoice | None = ledger.tree.get(EInvoice.namespace, token)
        if known is None:
            yield Alarm(subject=papers.claim, at_ms=one.time_ms, why="the bureau settled no such invoice")
        elif known.total_fen != papers.total.value:
            why = f"its total is not the {known.total_fen} fen that the bureau settled"
            yield Alarm(subject=papers.claim, at_ms=max(one.time_ms, registered.get(token, 0)), why=why)
