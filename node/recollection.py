"""What a node recalls of its last messages, for whoever watches a network of real processes.

Nobody sees every message of such a network. So each node keeps its last few in mind, and tells them, and those that
follow, when it turns (to candidate or leader, to another view) or is asked to, until a block is decided again, and
around the first block with transactions. What it tells in all is bounded.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from consensus.vocabulary import Trace
from network.kinds import kind_of, place_of

RECALLED = 40
"""Happenings kept in mind, for the case that something happens."""
TRAILING = 40
"""Happenings told after the block that ends what was told."""
TOLD_MAX = 1500
"""Happenings told in a node's life."""
_TURNS = {"raft.role": 2, "pbft.view_change": 1, "pbft.new_view": 1}
_CHANGING = ("pre-vote", "request-vote", "view-change", "new-view", "timeout-now")
"""Kinds of messages (their ends) upon which a node tells what follows, though it does not turn itself."""
_QUIET = ("client.query", "client.answer", "gossip.", "custody.")

FULL = "transactions"

Happening = tuple[int, str, str, str]
"""(monotonic ns, a message's kind or "decides" or "turns", where it belongs, who sent it or "").

In place of a sender, a block that was decided with transactions says :data:`FULL`.
"""


def turn_in(trace: Trace) -> str | None:
    """What a node turns to, as "role leader 3" or "view change 2"; None where the trace tells of something else."""
    words = _TURNS.get(trace.kind)
    if words is None:
        return None
    return " ".join((trace.kind.rpartition(".")[2].replace("_", " "), *map(str, trace.detail[:words])))


class Recollection:
    """One node's. Times are those of the caller's clock."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, str, Any, str]] = deque(maxlen=RECALLED)
        self._told: list[Happening] = []
        self._room = TOLD_MAX
        self._left: int | None = 0  # how many more are told; None: until a block is decided
        self._round = False  # has a block with transactions been told of?

    def heard(self, now: int, sender: str, message: Any) -> None:
        """A message came."""
        kind = kind_of(message)
        if not self._room or kind.startswith(_QUIET):
            return
        if kind.endswith(_CHANGING):
            self._begin()
            self._left = None
        self._note(now, kind, message, sender)

    def decided(self, now: int, height: int, *, transactions: bool) -> None:
        """A block was decided."""
        if transactions and not self._round:
            self._round = True
            self._begin()
            self._left = None
        self._note(now, "decides", f"height {height}", FULL if transactions else "")
        if self._left is None:
            self._left = TRAILING

    def turned(self, now: int, words: str) -> None:
        """The node turned."""
        self._begin()
        self._left = None
        self._note(now, "turns", words, "")

    def take(self) -> list[Happening]:
        """What is to be told since it was last asked."""
        told, self._told = self._told, []
        return told

    def _begin(self) -> None:
        if self._left == 0:
            for recent in self._recent:
                self._tell(*recent)
            self._recent.clear()

    def _note(self, now: int, what: str, which: Any, sender: str) -> None:
        if self._left == 0:
            self._recent.append((now, what, which, sender))
            return
        self._tell(now, what, which, sender)
        if self._left is not None:
            self._left -= 1

    def _tell(self, now: int, what: str, which: Any, sender: str) -> None:
        if self._room:
            self._room -= 1
            self._told.append((now, what, which if isinstance(which, str) else place_of(which), sender))
