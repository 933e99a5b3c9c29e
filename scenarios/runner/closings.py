"""The auditor's side of the general ledger 总账审计: signed totals and digests held against the journal (row 55).

What a contract cannot walk, an auditor can: every entry of an owner between two closings. A break names the owner, the
period and the account or the digest that is another in the signed book than on the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from node.contracts.general_ledger import Closing, digest_of, lines_of, turnovers_of
from node.ledger.state_tree import StateTree
from scenarios.results import Metrics
from scenarios.results.figures import Column, Sheet


class Break(NamedTuple):
    """One difference between a signed book and the ledger."""

    owner: str
    period: str
    what: str


def audit(tree: StateTree) -> tuple[int, tuple[Break, ...]]:
    """How many closings there are, and every break in them."""
    closings: list[tuple[str, Closing]] = list(tree.items(Closing.namespace))
    return len(closings), tuple(found for key, closing in closings for found in _breaks(tree, key, closing))


def _breaks(tree: StateTree, key: str, closing: Closing) -> Iterator[Break]:
    owner, _, period = key.partition("/")
    lines = lines_of(tree, owner, closing.after_ms, closing.closed_ms)
    booked = turnovers_of(lines)
    for kind, debit, credit, _ in closing.totals:
        found = booked.pop(kind, (0, 0))
        if found != (debit, credit):
            said = f"{kind}: debits {debit} and credits {credit} fen, not {found[0]} and {found[1]}"
            yield Break(owner, period, said)
    for kind in booked:
        yield Break(owner, period, f"{kind}: turned over and not stated")
    if closing.entries != len(lines):
        yield Break(owner, period, f"{closing.entries} entries, not {len(lines)}")
    if closing.journal != digest_of(lines):
        yield Break(owner, period, "the digest is of other entries")


def measure_closings(metrics: Metrics, tree: StateTree, now_ns: int) -> None:
    """``books.closings`` and ``books.breaks``; nothing where nobody closed books."""
    closings, breaks = audit(tree)
    if closings:
        metrics.count("books.closings", now_ns, closings)
        metrics.count("books.breaks", now_ns, len(breaks))


def closing_figures(tree: StateTree) -> Iterator[Sheet]:
    """The table of signed books, with what an audit says of each."""
    closings: list[tuple[str, Closing]] = list(tree.items(Closing.namespace))
    if not closings:
        return
    columns = ("owner", "text"), ("period", "text"), ("accounts", "count"), ("entries", "count"), ("audit", "text")
    yield Sheet(
        title="Books that were closed and signed 总账",
        columns=tuple(Column(name, unit) for name, unit in columns),  # type: ignore[arg-type]
        rows=tuple(
            (
                *key.split("/", 1),
                len(closing.totals),
                closing.entries,
                "; ".join(found.what for found in _breaks(tree, key, closing)) or "as on the ledger",
            )
            for key, closing in closings
        ),
        note="Balances were checked by the contract, turnovers and digests here, entry by entry.",
    )
