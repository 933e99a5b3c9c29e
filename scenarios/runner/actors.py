"""The actors of a run in virtual time: nodes by their numbers, and one more for all the wallets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from consensus.vocabulary import NodeId

CLIENTS: NodeId = 1 << 32
"""The wallets' place among the actors: above every number that a chain may ever give to a node."""


def actor_names(nodes: Iterable[str]) -> Mapping[NodeId, str]:
    """What each actor is called; ``nodes`` are the nodes' names in their order."""
    return {**dict(enumerate(nodes)), CLIENTS: "clients"}
