"""Following events 事件订阅: a client's side of a subscription, at as many nodes as it likes.

It believes what ``needed`` nodes say alike: one, where nodes may crash; f + 1, where they may lie. Each event is
handed on once, in order of place. What nodes say is cut as they like, so they are compared place by place: how far
does each say that there is nothing more to tell, and what comes then?

Messages may be lost. Every ``renew_ns``, and whenever much was told, the follower says how far it is, and the nodes go
on from there. Away for long, it may be told that nobody knows the events of a while any more; then it goes on after
them and says so, and its client has to look at the state instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec

from consensus.vocabulary import SECOND, Effects, NodeId, Send, SetTimer, Trace
from network.requests import EVENTS_AHEAD_MAX, Happening, Happenings, Place, Subscribe, happenings_bytes

TIMER = "following.renew"
HELD_MAX = 2 * EVENTS_AHEAD_MAX
"""Events of one node that wait for others to say the same."""

Verify = Callable[[NodeId, bytes, bytes], bool]


class FollowerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscription asks for, and whom it believes."""

    network: str
    client: str
    number: int
    kinds: tuple[str, ...]
    nodes: tuple[NodeId, ...]
    needed: int
    since: Place = (1, 0)
    renew_ns: int = SECOND


class _Word(msgspec.Struct):
    """What one node says: from ``since`` up to ``until`` there are ``events`` and nothing else."""

    since: Place
    until: Place
    events: deque[Happening]

    def bound(self, cursor: Place) -> Place | None:
        """Up to where it says there is nothing after ``cursor``; None where it says nothing about that."""
        while self.events and self.events[0].place < cursor:
            self.events.popleft()
        if not self.since <= cursor <= self.until:
            return None
        return self.events[0].place if self.events else self.until


class Follower:
    """A pure state machine. Told as Traces: "happened" with the event; "missed" with the places from and to."""

    def __init__(self, options: FollowerOptions, verify: Verify) -> None:
        self._options = options
        self._verify = verify
        self._words: dict[NodeId, _Word] = {}
        self._told = 0  # events since the last renewal
        self.cursor = options.since
        """Everything before this place is known. To resume, begin there."""

    def start(self, now: int) -> Effects:  # noqa: ARG002 - a machine's interface
        return self._renew()

    def timer(self, now: int, name: str) -> Effects:  # noqa: ARG002
        """Say anew how far we are; had those who answered forgotten what follows, go on without it."""
        return [*self._missed(), *self._renew()] if name == TIMER else []

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:  # noqa: ARG002
        """A node's word; one that is not ours, not signed by it or makes no sense counts for nothing."""
        if not isinstance(message, Happenings) or not self._is_sound(sender, message):
            return []
        if not self._take(sender, message):
            return []
        effects = self._agreed()
        self._told += len(effects)
        return effects + (self._renew() if self._told >= EVENTS_AHEAD_MAX // 2 else [])

    def _renew(self) -> Effects:
        self._told = 0
        options = self._options
        request = Subscribe(options.client, options.number, options.kinds, self.cursor)
        return [*(Send(node, request) for node in options.nodes), SetTimer(TIMER, options.renew_ns)]

    def _is_sound(self, sender: NodeId, message: Happenings) -> bool:
        options = self._options
        if sender not in options.nodes or (message.client, message.number) != (options.client, options.number):
            return False
        bounds = (message.since, *(event.place for event in message.events), message.until)
        if bounds[0] > bounds[1] or any(a >= b for a, b in pairwise(bounds[1:])) or message.oldest > message.since:
            return False
        request = Subscribe(options.client, options.number, options.kinds, self.cursor)
        parts = (message.oldest, message.since, message.until, message.events)
        return self._verify(sender, happenings_bytes(options.network, request, *parts), message.signature)

    def _take(self, sender: NodeId, message: Happenings) -> bool:
        """Add to what ``sender`` said before; False where a message in between is missing, or where it is too much."""
        word = self._words.get(sender)
        if word is None or not word.since <= message.since <= word.until:
            if message.since > self.cursor >= message.oldest:
                return False
            word = self._words[sender] = _Word(message.since, message.since, deque())
        if len(word.events) + len(message.events) > HELD_MAX:
            return False
        word.events.extend(event for event in message.events if event.place >= word.until)
        word.until = max(word.until, message.until)
        return True

    def _agreed(self) -> Effects:
        """What enough nodes say alike, from the cursor on."""
        effects: Effects = []
        while True:
            bounds = {node: word.bound(self.cursor) for node, word in self._words.items()}
            reached = sorted((bound for bound in bounds.values() if bound is not None), reverse=True)
            if len(reached) < self._options.needed:
                return effects
            self.cursor = reached[self._options.needed - 1]  # so many say that nothing lies before it
            following = [self._words[node].events[0] for node, bound in bounds.items() if self._tells(node, bound)]
            event = next((e for e in following if following.count(e) >= self._options.needed), None)
            if event is None:
                return effects
            effects.append(Trace("happened", (event,)))
            self.cursor = (event.place[0], event.place[1] + 1)

    def _tells(self, node: NodeId, bound: Place | None) -> bool:
        """Is there an event, and no end, where this node's bound is, and does it lie at the cursor?"""
        return bound == self.cursor and bool(self._words[node].events)

    def _missed(self) -> Effects:
        """Where enough nodes have forgotten what follows the cursor, and too few know: go on where they can.

        Asked at a renewal, when everyone has had the time to answer.
        """
        begins = sorted(word.since for word in self._words.values() if word.since > self.cursor)
        if len(begins) < self._options.needed:
            return []
        missed = Trace("missed", (self.cursor, begins[self._options.needed - 1]))
        self.cursor = begins[self._options.needed - 1]
        return [missed, *self._agreed()]
