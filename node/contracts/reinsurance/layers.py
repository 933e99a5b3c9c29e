"""Layers 超额赔款层: the part of a loss between an attachment and an exhaustion point.

``layer(X) = min(max(X - A, 0), L)``, written "L xs A" ("10 m xs 5 m"). A tower's layers all see the same subject
loss, never what is left after the layer below (a mistake seen in published code: see the tests).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from node.contracts.fields import Fen


class Layer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """``limit`` in excess of ``attachment`` 起赔点, both in fen."""

    limit: Fen
    attachment: Fen

    def recovery(self, loss: int) -> int:
        """What this layer bears of one subject ``loss``, in fen."""
        return in_layer(loss, self.attachment, self.limit)


def in_layer(loss: int, attachment: int, limit: int) -> int:
    """``min(max(loss - attachment, 0), limit)``: the part of ``loss`` in the layer ``limit xs attachment``."""
    return min(max(loss - attachment, 0), limit)


def tower(loss: int, layers: Sequence[Layer]) -> tuple[int, ...]:
    """What each layer bears of one subject loss (per-risk excess of loss 险位超赔)."""
    return tuple(layer.recovery(loss) for layer in layers)


def retained(loss: int, layers: Sequence[Layer]) -> int:
    """What the cedent keeps of one loss under a tower whose layers do not overlap."""
    ordered = sorted(layers, key=lambda layer: layer.attachment)
    if any(low.attachment + low.limit > high.attachment for low, high in pairwise(ordered)):
        raise ValueError("layers overlap: more would be recovered than was lost")
    return loss - sum(tower(loss, layers))
