"""A bare node's reads: each waits for the core's word, then for the height that it names."""

from __future__ import annotations

from consensus.chain import Header
from consensus.vocabulary import Effects, Readable, Reply
from network.virtual.bare.messages import Look, Seen

CLIENT = "client"
"""Whom a bare node's replies go to: there is one clients' actor, and its name is not looked at."""


class Looks:
    """Every :class:`Look` that waits at one node, by the context under which its core knows it.

    One that the core turns away is forgotten: its client asks again.
    """

    def __init__(self) -> None:
        self._asked: dict[int, Look] = {}
        self._due: dict[int, int] = {}  # context -> the height from which on it may be answered
        self._last_context = 0

    def ask(self, look: Look) -> int:
        """Take ``look`` in: the context to have it read under."""
        self._last_context += 1
        self._asked[self._last_context] = look
        return self._last_context

    def readable(self, readable: Readable, head: Header) -> Effects:
        """The core has spoken; an answer that waits for a height comes from :meth:`grown`."""
        if readable.height is None:
            self._asked.pop(readable.context, None)
        elif readable.context in self._asked:
            self._due[readable.context] = readable.height
        return self.grown(head)

    def grown(self, head: Header) -> Effects:
        """Answer what may be answered now that the chain ends with ``head``."""
        if not self._due:
            return []
        ready = [context for context, height in self._due.items() if height <= head.height]
        effects: Effects = []
        for context in ready:
            del self._due[context]
            look = self._asked.pop(context)
            effects.append(Reply(CLIENT, Seen(look.number, look.attempt, head.height, head.hash)))
        return effects
