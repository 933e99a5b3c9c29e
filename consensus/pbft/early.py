"""What comes before its view: blocks of proposers who entered a view that we are still on our way to.

Where proposers take turns, the second one's PRE-PREPARE may overtake the primary's NEW-VIEW, without which nobody can
say whose turn it is. Of each sender one is kept until that view begins here, so whoever lies takes no place but its
own; any other comes again with the proposer's next resending.
"""

from __future__ import annotations

from consensus.pbft.messages import PrePrepare
from consensus.vocabulary import NodeId


class Early:
    """PRE-PREPAREs whose signatures are verified, at most one of each sender."""

    def __init__(self) -> None:
        self._kept: dict[NodeId, PrePrepare] = {}

    def keep(self, sender: NodeId, message: PrePrepare) -> None:
        """The one of the highest view counts; in one view the one of the lowest height, on which others build."""
        known = self._kept.get(sender)
        if known is None or (known.view, -known.block.height) < (message.view, -message.block.height):
            self._kept[sender] = message

    def take(self, view: int) -> list[tuple[NodeId, PrePrepare]]:
        """We are in ``view`` now: those of it, by ascending sender. What is of an earlier one is forgotten."""
        if not self._kept:
            return []
        taken = [(sender, message) for sender, message in sorted(self._kept.items()) if message.view == view]
        self._kept = {sender: message for sender, message in self._kept.items() if message.view > view}
        return taken
