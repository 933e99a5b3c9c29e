"""Layers: each cedent agrees on one with a reinsurer as the run begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from node.contracts.indemnity import AgreeLayer
from scenarios.language.models.market import Reinsurance
from scenarios.runner.drafts import Draft
from scenarios.runner.market.cast import CastError, parties
from scenarios.runner.market.stage import Stage


class Layer(NamedTuple):
    """A cedent's layer: the draft that agrees on it, with whom, on which terms."""

    agreed: str
    reinsurer: str
    retention_fen: int
    limit_fen: int


def layers_of(flow: Reinsurance, stage: Stage, layers: dict[str, Layer]) -> Iterator[Draft]:
    """One for each cedent, reinsurers in turns; ``layers`` gets them by cedent."""
    reinsurers = parties(stage.scenario, flow.to, "to", "reinsurer")
    for place, cedent in enumerate(parties(stage.scenario, flow.by, "by", "insurer")):
        if cedent in layers:
            raise CastError("by", f"{cedent} has a layer by another flow `reinsurance` already")
        reinsurer = reinsurers[place % len(reinsurers)]
        draft = stage.draft(
            f"{stage.name}/{cedent}",
            "agreed",
            0,
            cedent,
            "indemnity.agree-layer",
            arguments=AgreeLayer(reinsurer=reinsurer, retention_fen=flow.retention, limit_fen=flow.limit),
            cosigners=(reinsurer,),
            title=f"agrees on an excess of loss with {reinsurer}",
        )
        layers[cedent] = Layer(draft.id, reinsurer, flow.retention, flow.limit)
        yield draft
