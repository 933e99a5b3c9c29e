"""What supervisors see of a run, as tables of its report.

How applicants were treated, who identified whom 反洗钱, what products were filed, what the code maps lacked, what the
live rules found and what was frozen, whose books are closed,
what reinsurers reserve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from node.contracts.code_maps import Transcodings
from node.contracts.fairness import DECISIONS, FairnessTable
from node.contracts.fields import MILLION
from node.contracts.filings import ProductFiling
from node.contracts.kyc import AmlView
from node.contracts.money import allocate
from node.ledger.state_tree import StateTree
from scenarios.results.figures import Column, Sheet
from scenarios.runner.alerts import alert_figures
from scenarios.runner.closings import closing_figures
from scenarios.runner.reinsured_losses import loss_figures

_DAY_MS = 86_400_000
_PSEUDONYM_CHARACTERS = 12


def supervision_figures(tree: StateTree) -> tuple[Sheet, ...]:
    """The tables that the state at the end holds, those of fairness first; none where nothing was published."""
    told = (_fairness, _identities, _filings, _codes, alert_figures, closing_figures, loss_figures)
    return tuple(sheet for tell in told for sheet in tell(tree))


def _fairness(tree: StateTree) -> Iterator[Sheet]:
    for key, table in tree.items(FairnessTable.namespace):
        rows = [(f"{band.first} to {band.last}", band.counts) for band in table.bands]
        whole = tuple(sum(counts[column] for _, counts in rows) for column in range(len(DECISIONS)))
        days = (table.until_ms - table.from_ms) // _DAY_MS
        yield Sheet(
            title=f"How {table.product} treated each age band",
            columns=(Column("age", "text"), Column("decided", "count"), *(Column(name, "ppm") for name in DECISIONS)),
            rows=(*(_shares(name, counts) for name, counts in rows), _shares("all", whole)),
            note=f"Published by the bureau for {days} days ({key}); the ledger bears its sums out.",
        )
        yield Sheet(
            title=f"Why {table.product} decided so",
            columns=(Column("reason", "text"), Column("decided", "count")),
            rows=tuple(table.reasons),
            note="From the ledger: which step of the score cost most, or which threshold was met or missed.",
        )


def _shares(name: str, counts: Sequence[int]) -> tuple[str | int | None, ...]:
    if not any(counts):
        return (name, 0, *(None for _ in counts))
    return (name, sum(counts), *allocate(MILLION, counts))


def _identities(tree: StateTree) -> Iterator[Sheet]:
    views: list[tuple[str, AmlView]] = list(tree.items(AmlView.namespace))
    if views:
        yield Sheet(
            title="Who had access to whose identity",
            columns=(
                Column("person", "text"),
                Column("institutions", "text"),
                Column("accesses", "count"),
                Column("alerts", "count"),
            ),
            rows=tuple(
                (f"{key[:_PSEUDONYM_CHARACTERS]}…", ", ".join(view.institutions), view.accesses, view.alerts)
                for key, view in views
            ),
            note="Pseudonyms alone. An alert: more institutions within a time than the house thinks usual.",
        )


def _filings(tree: StateTree) -> Iterator[Sheet]:
    filed: list[tuple[str, ProductFiling]] = list(tree.items(ProductFiling.namespace))
    if filed:
        yield Sheet(
            title="Products that were filed",
            columns=(
                Column("product", "text"),
                Column("insurer", "text"),
                Column("heads", "count"),
                Column("premium", "fen"),
                Column("paid", "fen"),
                Column("loss ratio", "ppm"),
                Column("band from", "ppm"),
                Column("band to", "ppm"),
            ),
            rows=tuple(
                (name, of.insurer, of.heads, of.premium_fen, of.paid_fen, of.loss_ratio_ppm, of.low_ppm, of.high_ppm)
                for name, of in filed
            ),
            note="What each would take and pay on the data's heads; 95 % of resampled ratios lie in the band.",
        )


def _codes(tree: StateTree) -> Iterator[Sheet]:
    counted: list[tuple[str, Transcodings]] = list(tree.items(Transcodings.namespace))
    if counted:
        yield Sheet(
            title="What the code maps lacked",
            columns=(
                Column("map", "text"),
                Column("hospital", "text"),
                Column("by the map", "count"),
                Column("by its own table", "count"),
                Column("unmapped", "count"),
                Column("unmapped rate", "ppm"),
            ),
            rows=tuple((*key.rsplit("/", 1), of.mapped, of.local, of.unmapped, of.unmapped_ppm) for key, of in counted),
            note="Diagnoses that hospitals reported, by the version of the map that they came through.",
        )
