"""What a run shows of reinsured losses: how soon each tier knew, and reinsurers' reserves in time (rows 13, 15).

``notices.flat.tier-4.latency`` is business time from a loss's first word on the chain to when the fourth tier
(insured, cedent, reinsurer, retrocessionaire) was told of it, where one notice told all; ``notices.tiered.…`` where
each told the next. ``notices.late`` counts what came after its time.
"""

from __future__ import annotations

from collections.abc import Iterator

from consensus.vocabulary import MILLISECOND
from node.contracts.losses import LateNotice, ReserveReport, TreatyLoss
from node.ledger.state_tree import StateTree
from scenarios.results import Metrics
from scenarios.results.accounts.telling import moment
from scenarios.results.figures import Column, Sheet


def measure_losses(metrics: Metrics, tree: StateTree, now_ns: int) -> None:
    """Add what the notices of ``tree``, the state at the end, come to; nothing where there are none."""
    for key, loss in tree.items(TreatyLoss.namespace):
        took_ms = loss.noticed_ms - loss.happened_ms
        metrics.sample(f"notices.{loss.way}.tier-{loss.tier}.latency", now_ns, took_ms * MILLISECOND)
        if tree.get(LateNotice.namespace, key) is not None:
            metrics.count("notices.late", now_ns)


def loss_figures(tree: StateTree) -> Iterator[Sheet]:
    """The series of what reinsurers said that they reserve."""
    reports = [(*key.rsplit("|", 1), report.total_fen) for key, report in tree.items(ReserveReport.namespace)]
    if reports:
        yield Sheet(
            title="Reinsurers' reserves in time 再保险准备金",
            columns=(Column("reinsurer", "text"), Column("at", "text"), Column("reserves", "fen")),
            rows=tuple(
                (reinsurer, moment(int(time_ms)), total_fen)
                for reinsurer, time_ms, total_fen in sorted(reports, key=lambda row: (row[0], int(row[1])))
            ),
            note="Each is the opening of the sum that the chain had added up by then.",
        )
