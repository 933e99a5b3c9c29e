"""Small facts that both worlds' runners need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from consensus.protocols import Status
from consensus.vocabulary import NodeId


class RunError(Exception):
    """The run cannot go on, and not because of the network under study. ``hint`` tells the user what to do."""

    def __init__(self, message: str, hint: str = "", *, inconclusive: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.inconclusive = inconclusive


def resolve_target(target: str, names: Sequence[str], voters: Sequence[NodeId], up: Mapping[NodeId, Status]) -> NodeId:
    """The node that a fault means: a name, "leader", or "follower" (the lowest-numbered voter that does not lead).

    The leader is whom most nodes that are up take for it; while nobody leads, the first voter that is up.
    """
    if target not in ("leader", "follower"):
        return list(names).index(target)
    believed = [status.leader for status in up.values() if status.leader in up]
    leaders = sorted(set(believed), key=lambda node: (-believed.count(node), node))
    candidates = [voter for voter in voters if voter in up] or list(voters)
    leader = leaders[0] if leaders and leaders[0] is not None else candidates[0]
    if target == "leader":
        return leader
    return next((voter for voter in candidates if voter != leader), leader)
