"""Links: how long a message travels between two actors, and what may befall it.

All links are directed, times are integer nanoseconds, probabilities parts per million. A profile's ``reorder``
needs no setting of its own: messages overtake one another wherever latency varies.

Actors are linked pair by pair (a *mesh*), or each to one broker (a *star*), as they are on a real MQTT bus: there a
message takes the sender's link up and the receiver's link down.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from consensus.vocabulary import MILLISECOND, NodeId
from network.virtual.distributions import Constant, Distribution, Normal
from network.virtual.draws import MILLION


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One direction between two actors. ``duplicate_ppm`` is the chance that a message arrives twice.

    ``bytes_per_s``: what the link carries at most; messages wait in line for it. 0: unlimited.
    """

    latency: Distribution
    loss_ppm: int = 0
    duplicate_ppm: int = 0
    bytes_per_s: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.loss_ppm <= MILLION and 0 <= self.duplicate_ppm <= MILLION):
            raise ValueError(f"a probability lies between 0 and {MILLION} parts per million: {self}")
        if self.bytes_per_s < 0:
            raise ValueError(f"a bandwidth is not negative: {self}")


class Links:
    """Every directed link of a mesh: ``between[(source, target)]`` where given, else ``default``."""

    def __init__(self, default: Link, between: Mapping[tuple[NodeId, NodeId], Link] | None = None) -> None:
        self.default = default
        self.between = dict(between or {})
        self._targets: dict[NodeId, list[NodeId]] = {}
        for source, target in self.between:
            self._targets.setdefault(source, []).append(target)

    def link(self, source: NodeId, target: NodeId) -> Link:
        """The (first) link that a message from ``source`` to ``target`` takes."""
        return self.between.get((source, target), self.default)

    def beyond(self, target: NodeId) -> Link | None:  # noqa: ARG002 (a star's has one)
        """The second link, from the broker to ``target``; None in a mesh."""
        return None

    def every(self) -> tuple[Link, ...]:
        """Each link that there is, once; equal ones are one."""
        return tuple(dict.fromkeys((self.default, *self.between.values())))

    def special(self, source: NodeId) -> list[NodeId]:
        """The targets that ``source`` reaches otherwise than the rest."""
        return self._targets.get(source, [])


class Star(Links):
    """Everyone speaks through one broker: ``spokes[actor]`` is the actor's link to it and from it, else ``default``."""

    def __init__(self, default: Link, spokes: Mapping[NodeId, Link] | None = None) -> None:
        super().__init__(default)
        self.spokes = dict(spokes or {})

    def link(self, source: NodeId, target: NodeId) -> Link:  # noqa: ARG002
        return self.spokes.get(source, self.default)

    def beyond(self, target: NodeId) -> Link | None:
        return self.spokes.get(target, self.default)

    def every(self) -> tuple[Link, ...]:
        return tuple(dict.fromkeys((self.default, *self.spokes.values())))

    def special(self, source: NodeId) -> list[NodeId]:  # noqa: ARG002
        return list(self.spokes)


def local_links() -> Links:
    """A quiet local network: 1 ms, give or take 0.2 ms."""
    return Links(Link(latency=Normal(mean_ns=MILLISECOND, sd_ns=MILLISECOND // 5)))


def instant_links() -> Links:
    """No latency at all: every message arrives at the instant it is sent (in a seeded order)."""
    return Links(Link(latency=Constant(ns=0)))
