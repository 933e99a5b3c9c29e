"""Inuring order 互惠顺序: which cover sees which loss, when a quota share and an excess of loss stand together."""

from __future__ import annotations

from typing import NamedTuple

from node.contracts.reinsurance.layers import Layer
from node.contracts.reinsurance.rates import WHOLE, part


class Kept(NamedTuple):
    """One loss by who bears it, in fen. Invariant: the three add up to the loss."""

    quota_share: int
    excess: int
    kept: int


def stacked(loss: int, cession: int, layer: Layer) -> Kept:
    """The quota share (``cession`` in millionths) inures to the excess of loss, which sees what the former leaves."""
    ceded = part(loss, cession)
    excess = layer.recovery(loss - ceded)
    return Kept(quota_share=ceded, excess=excess, kept=loss - ceded - excess)


def side_by_side(loss: int, cession: int, layer: Layer) -> Kept:
    """Both see the whole loss; the excess of loss protects the cedent's share of it, and is scaled to that."""
    ceded = part(loss, cession)
    excess = part(layer.recovery(loss), WHOLE - cession)
    return Kept(quota_share=ceded, excess=excess, kept=loss - ceded - excess)
