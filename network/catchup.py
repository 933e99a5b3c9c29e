"""Catch-up 追块: how a node that missed decided blocks gets them. Pure; the replica feeds it and acts for it.

A peer's :class:`~network.gossip.Position` ahead of ours starts a grace period, since in normal running the missing
block is about to be decided here as well. If we are still behind when it ends, we fetch from that peer. What comes
back is believed only as far as certificates reach, so any peer may serve it. The first fetch goes to one peer; each
that is not answered in time goes to one more of those that claim to be ahead, up to :data:`ASKED_MAX` at once. Where
three of ten messages get lost, half of all fetches fail: asked one by one, one node in thirty would still be behind
after five attempts; so it is one in ten thousand.
"""

from __future__ import annotations

from consensus.proof import Run
from consensus.vocabulary import MILLISECOND, SECOND, Effects, NodeId, Send, SetTimer
from network.gossip import Fetch, Position

GRACE_NS = 150 * MILLISECOND
FAR_GRACE_NS = 4 * SECOND
"""The grace period of whoever is far behind and may be handed a state instead of all those blocks."""

PATIENCE_NS = 500 * MILLISECOND
ASKED_MAX = 4
TIMER = "replica.catchup"


class CatchUp:
    """Which peers are ahead, and what we asked of whom. ``far``: so many blocks behind, we wait for a state first."""

    def __init__(self, *, far: int | None = None) -> None:
        self._heights: dict[NodeId, int] = {}
        self._far = far
        self._waiting = False
        self._asked: tuple[NodeId, ...] = ()

    @property
    def fetching(self) -> bool:
        return bool(self._asked)

    def heard(self, sender: NodeId, position: Position, height: int) -> Effects:
        """A peer told its height; ``height`` is ours."""
        self._heights[sender] = position.height
        if position.height <= height or self._waiting:
            return []
        self._waiting = True
        far = self._far is not None and position.height - height > self._far
        return [SetTimer(TIMER, FAR_GRACE_NS if far else GRACE_NS)]

    def timer(self, height: int) -> Effects:
        """The grace period or our patience ended: fetch, from other peers than the last if there are any."""
        ahead = [peer for peer in sorted(self._heights) if self._heights[peer] > height]
        if not ahead:
            self._waiting, self._asked = False, ()
            return []
        count = min(len(self._asked) + 1, ASKED_MAX, len(ahead))
        last = self._asked[-1] if self._asked else -1
        first = next((place for place, peer in enumerate(ahead) if peer > last), 0)
        self._asked = tuple(ahead[(first + i) % len(ahead)] for i in range(count))
        return [*(Send(peer, Fetch(start=height + 1)) for peer in self._asked), SetTimer(TIMER, PATIENCE_NS)]

    def received(self, sender: NodeId, height: int) -> Effects:
        """Blocks came from ``sender`` and brought us to ``height``: go on with it alone, at once, while it has more."""
        if sender not in self._asked or self._heights[sender] <= height:
            return []
        self._asked = (sender,)
        return [Send(sender, Fetch(start=height + 1)), SetTimer(TIMER, PATIENCE_NS)]


def above(blocks: Run, height: int) -> Run:
    """The part of a run that we do not hold yet; it is believed only as far as the core finds it proven."""
    return [(block, certificate) for block, certificate in blocks if block.height > height]
