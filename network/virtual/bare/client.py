"""The clients of the bare harness: numbered requests at a steady pace, asked again until enough nodes say done.

Some of the numbers are reads: how long is the chain? Where nodes may lie a quorum must say the same; where they only
crash, two nodes are asked and *every* answer counts, so that one who ought to have kept silent is heard. And now and
then whoever leads is asked to hand its leadership over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from consensus.vocabulary import MILLISECOND, Broadcast, Effects, NodeId, SetTimer, Trace
from network.virtual.bare.messages import Done, HandOver, Look, Request, Seen
from network.virtual.draws import Stream

ASK = "client.ask"
AGAIN = "client.again"
AGAIN_NS = 700 * MILLISECOND
OPEN_MAX = 32
"""So many requests are asked again at a time, the oldest first."""

READERS = 2
"""How many nodes are asked for a read where one answer is enough."""


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """What the clients do besides appending. ``seed`` keys every draw by the number of the request alone.

    ``reads_in``: so many of :data:`READS_OF` numbers are reads, on average; only what ``readable`` nodes answer counts,
    and ``read_needed`` of them must say the same. ``transfer_every``: with each so-manieth number the leader is asked
    to hand over (0: never). ``identity`` is who an actor is to the others (twins run twice under one name).
    """

    seed: int
    readable: tuple[NodeId, ...]
    read_needed: int
    reads_in: int = 0
    transfer_every: int = 0
    identity: Callable[[NodeId], NodeId] = lambda actor: actor

    def reads(self, number: int) -> bool:
        """Is request ``number`` a read?"""
        return self.reads_in > 0 and Stream(f"{self.seed}/read/{number}").below(READS_OF) < self.reads_in


READS_OF = 8


class Glance(msgspec.Struct, frozen=True):
    """A read that was answered: the chain ended at ``height``. Times are virtual nanoseconds."""

    number: int
    called_ns: int
    returned_ns: int
    height: int


class BareClient:
    """Asks every node for requests 1 to ``count``, one each ``pace_ns``; believes ``needed`` equal answers."""

    def __init__(self, nodes: int, needed: int, count: int, pace_ns: int, habits: Habits | None = None) -> None:
        self._nodes = tuple(range(nodes))
        self._needed = needed
        self._count = count
        self._pace_ns = pace_ns
        self.habits = habits or Habits(seed=0, readable=(), read_needed=1)
        self.asked: dict[int, int] = {}  # request -> when first
        self.answers: dict[int, dict[NodeId, tuple[int, bytes]]] = {}
        self.acknowledged: dict[int, tuple[int, int]] = {}  # request -> height, and when it was believed
        self.glances: list[Glance] = []
        """Every answer to a read that was believed; where one node's word is enough, several for one number."""
        self._attempts: dict[int, list[int]] = {}  # read -> when each attempt was made
        self._seen: dict[Seen, set[NodeId]] = {}  # answer -> who gave it

    @property
    def finished(self) -> bool:
        """Is every request acknowledged, and every read answered?"""
        return len(self.acknowledged) == self._count

    def start(self, now: int) -> Effects:  # noqa: ARG002
        return [SetTimer(ASK, self._pace_ns), SetTimer(AGAIN, AGAIN_NS)]

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        sender = self.habits.identity(sender)
        if isinstance(message, Seen):
            return self._told(now, sender, message)
        if isinstance(message, Done) and message.number not in self.acknowledged:
            answers = self.answers.setdefault(message.number, {})
            answer = answers[sender] = (message.height, message.block)
            if sum(other == answer for other in answers.values()) >= self._needed:
                self.acknowledged[message.number] = (message.height, now)
        return []

    def timer(self, now: int, name: str) -> Effects:
        if name == ASK:
            number = len(self.asked) + 1
            self.asked[number] = now
            again: Effects = [SetTimer(ASK, self._pace_ns)] if number < self._count else []
            return [*self._hand_over(number), *self._ask(now, number), *again]
        open_ = [number for number in self.asked if number not in self.acknowledged]
        effects: Effects = [] if self.finished else [SetTimer(AGAIN, AGAIN_NS)]
        for number in open_[:OPEN_MAX]:
            effects += self._ask(now, number)
        return effects

    def _ask(self, now: int, number: int) -> Effects:
        if self.habits.reads(number):
            return self._look(now, number)
        return [Broadcast(Request(number), to=self._nodes)]

    def _look(self, now: int, number: int) -> Effects:
        attempts = self._attempts.setdefault(number, [])
        attempts.append(now)
        asked = self.habits.readable
        if self.habits.read_needed == 1:
            draws = Stream(f"{self.habits.seed}/read/{number}/{len(attempts)}")
            left = list(asked)
            asked = tuple(left.pop(draws.below(len(left))) for _ in range(min(READERS, len(left))))
        return [Broadcast(Look(number, len(attempts)), to=asked)]

    def _told(self, now: int, sender: NodeId, seen: Seen) -> Effects:
        """An answer to a read; it is compared with the others to the same attempt."""
        attempts = self._attempts.get(seen.number, [])
        if not 1 <= seen.attempt <= len(attempts) or sender not in self.habits.readable:
            return []  # a lie, or of no weight
        tellers = self._seen.setdefault(seen, set())
        before = len(tellers)
        tellers.add(sender)
        if not before < len(tellers) == self.habits.read_needed:
            return []
        self.glances.append(Glance(seen.number, attempts[seen.attempt - 1], now, seen.height))
        self.acknowledged.setdefault(seen.number, (seen.height, now))
        return [Trace("answered", (seen.number, seen.height))]

    def _hand_over(self, number: int) -> Effects:
        every = self.habits.transfer_every
        if not every or number % every:
            return []
        target = Stream(f"{self.habits.seed}/hand-over/{number}").below(len(self._nodes))
        return [Broadcast(HandOver(target), to=self._nodes)]
