"""The clients of the bare harness: numbered requests at a steady pace, asked again until enough nodes say done."""

from __future__ import annotations

from typing import Any

from consensus.vocabulary import MILLISECOND, Effects, NodeId, Send, SetTimer
from network.virtual.bare.messages import Done, Request

ASK = "client.ask"
AGAIN = "client.again"
AGAIN_NS = 700 * MILLISECOND


class BareClient:
    """Asks every node for requests 1 to ``count``, one each ``pace_ns``; believes ``needed`` equal answers."""

    def __init__(self, nodes: int, needed: int, count: int, pace_ns: int) -> None:
        self._nodes = nodes
        self._needed = needed
        self._count = count
        self._pace_ns = pace_ns
        self.asked: dict[int, int] = {}  # request -> when first
        self.answers: dict[int, dict[NodeId, tuple[int, bytes]]] = {}
        self.acknowledged: dict[int, tuple[int, int]] = {}  # request -> height, and when it was believed

    @property
    def finished(self) -> bool:
        """Is every request acknowledged?"""
        return len(self.acknowledged) == self._count

    def start(self, now: int) -> Effects:  # noqa: ARG002
        return [SetTimer(ASK, self._pace_ns), SetTimer(AGAIN, AGAIN_NS)]

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
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
            return [*self._ask(number), *again]
        open_ = [number for number in self.asked if number not in self.acknowledged]
        effects: Effects = [] if self.finished else [SetTimer(AGAIN, AGAIN_NS)]
        for number in open_[:32]:
            effects += self._ask(number)
        return effects

    def _ask(self, number: int) -> Effects:
        return [Send(node, Request(number)) for node in range(self._nodes)]
