"""The errand: asking other members for payloads that a block says we may hold, until they come; and how many we give.

Each is asked of one member after the other, first of the one whose transaction it came with. Whoever has a backlog (a
new member, a node that was away for long) asks for so many at once, the longest unasked first. Who asks for more than
that, or for the same again and again, is given no more in the same time: each costs the giver a sealing.
"""

from __future__ import annotations

from collections.abc import Callable

from consensus.vocabulary import MILLISECOND, Effects, NodeId, Send, SetTimer
from network.custody import Want
from node.custody.shelf import Safekept

TIMER = "replica.custody"
RETRY_NS = 250 * MILLISECOND
ASKED_AT_ONCE = 64
"""Payloads for which a request may be under way."""


GIVEN_MAX = 2 * ASKED_AT_ONCE
"""Payloads that another node is given within :data:`RETRY_NS`: what it asks for, and once more what was lost."""


class Allowance:
    """How much each other node was given lately."""

    def __init__(self) -> None:
        self._given: dict[NodeId, tuple[int, int]] = {}  # since when, and how many since

    def allows(self, now: int, node: NodeId) -> bool:
        """May ``node`` be given another one? If so it counts."""
        since, count = self._given.get(node, (now, 0))
        if now >= since + RETRY_NS:
            since, count = now, 0
        if count >= GIVEN_MAX:
            return False
        self._given[node] = (since, count + 1)
        return True


class Errand:
    """What one node awaits. ``givers``: the nodes to ask for a payload, in order; () where nobody can be asked yet."""

    def __init__(self, givers: Callable[[Safekept], tuple[NodeId, ...]]) -> None:
        self._givers = givers
        self._awaited: dict[str, tuple[Safekept, int]] = {}  # and how often, the longest unasked first
        self._ticking = False

    def begin(self, kept: Safekept) -> Effects:
        """``kept`` is awaited from now on."""
        if kept.key in self._awaited:
            return []
        self._awaited[kept.key] = (kept, 0)
        asked = [] if len(self._awaited) > ASKED_AT_ONCE else self._ask(kept.key)
        return asked + self._tick()

    def end(self, key: str) -> None:
        """It came, or is not to come any more."""
        self._awaited.pop(key, None)

    def timer(self) -> Effects:
        """Ask the next member for what did not come."""
        self._ticking = False
        asked = [effect for key in list(self._awaited)[:ASKED_AT_ONCE] for effect in self._ask(key)]
        return asked + self._tick()

    def _ask(self, key: str) -> Effects:
        kept, attempt = self._awaited.pop(key)
        nodes = self._givers(kept)
        self._awaited[key] = (kept, attempt + 1 if nodes else attempt)
        return [Send(nodes[attempt % len(nodes)], Want(kept.record, kept.version))] if nodes else []

    def _tick(self) -> Effects:
        """Look again after a while. A timer that runs already is left alone: new errands must not put it off."""
        if self._ticking or not self._awaited:
            return []
        self._ticking = True
        return [SetTimer(TIMER, RETRY_NS)]
