"""Catch-up 追块: how a node that missed decided blocks gets them. Pure; the replica feeds it and acts for it.

A peer's :class:`~network.gossip.Position` ahead of ours starts a grace period, since in normal running the missing
block is about to be decided here as well. If we are still behind when it ends, we fetch from that peer. What comes
back is believed only as far as certificates reach, so any peer may serve it. One fetch is out at a time; one that is
not answered in time is sent to the next peer that claims to be ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from consensus.chain import Block, Certificate
from consensus.vocabulary import MILLISECOND, Effects, NodeId, Send, SetTimer
from network.gossip import Fetch, Position

GRACE_NS = 150 * MILLISECOND
PATIENCE_NS = 500 * MILLISECOND
TIMER = "replica.catchup"


class CatchUp:
    """Which peers are ahead, and what we asked of whom."""

    def __init__(self, nodes: int) -> None:
        self._heights = [0] * nodes
        self._waiting = False
        self._asked: NodeId | None = None

    @property
    def fetching(self) -> bool:
        return self._asked is not None

    def heard(self, sender: NodeId, position: Position, height: int) -> Effects:
        """A peer told its height; ``height`` is ours."""
        self._heights[sender] = position.height
        if position.height <= height or self._waiting:
            return []
        self._waiting = True
        return [SetTimer(TIMER, GRACE_NS)]

    def timer(self, height: int) -> Effects:
        """The grace period or our patience ended: fetch, from another peer than the last if there is one."""
        ahead = [peer for peer, tall in enumerate(self._heights) if tall > height]
        if not ahead:
            self._waiting, self._asked = False, None
            return []
        previous = -1 if self._asked is None else self._asked
        self._asked = next((peer for peer in ahead if peer > previous), ahead[0])
        return [Send(self._asked, Fetch(start=height + 1)), SetTimer(TIMER, PATIENCE_NS)]

    def received(self, sender: NodeId, height: int) -> Effects:
        """Blocks came from ``sender`` and brought us to ``height``: go on at once while it has more."""
        if self._asked != sender or self._heights[sender] <= height:
            return []
        return [Send(sender, Fetch(start=height + 1)), SetTimer(TIMER, PATIENCE_NS)]


def provable(
    blocks: Sequence[tuple[Block, Certificate | None]],
    height: int,
    head: bytes,
    certifies: Callable[[Block, Certificate], bool],
) -> list[tuple[Block, Certificate | None]]:
    """The blocks above ``height`` that link to ``head`` and that a certificate among them proves decided."""
    linked: list[tuple[Block, Certificate | None]] = []
    proven = 0
    for block, certificate in blocks:
        if block.height <= height:
            continue
        if block.height != height + 1 + len(linked) or block.parent != head:
            break
        if certificate is not None:
            if not certifies(block, certificate):
                break
            proven = len(linked) + 1
        linked.append((block, certificate))
        head = block.hash
    return linked[:proven]
