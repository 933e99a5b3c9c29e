"""Links: how long a message travels between two actors, and what may befall it.

All links are directed, times are integer nanoseconds, probabilities parts per million. A profile's ``reorder``
needs no setting of its own: messages overtake one another wherever latency varies.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from consensus.vocabulary import MILLISECOND, NodeId
from network.virtual.distributions import Constant, Distribution, Normal
from network.virtual.draws import MILLION


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One direction between two actors. ``duplicate_ppm`` is the chance that a message arrives twice."""

    latency: Distribution
    loss_ppm: int = 0
    duplicate_ppm: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.loss_ppm <= MILLION and 0 <= self.duplicate_ppm <= MILLION):
            raise ValueError(f"a probability lies between 0 and {MILLION} parts per million: {self}")


class Links:
    """Every directed link: ``between[(source, target)]`` where given, else ``default``."""

    def __init__(self, default: Link, between: Mapping[tuple[NodeId, NodeId], Link] | None = None) -> None:
        self.default = default
        self.between = dict(between or {})

    def link(self, source: NodeId, target: NodeId) -> Link:
        return self.between.get((source, target), self.default)


def local_links() -> Links:
    """A quiet local network: 1 ms, give or take 0.2 ms."""
    return Links(Link(latency=Normal(mean_ns=MILLISECOND, sd_ns=MILLISECOND // 5)))


def instant_links() -> Links:
    """No latency at all: every message arrives at the instant it is sent (in a seeded order)."""
    return Links(Link(latency=Constant(ns=0)))
