"""Oracles between clients and the chain: nothing is ordered unasked, nothing is believed on too few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from consensus.chain import Block
from consensus.properties import Observer, Property, Violation
from consensus.properties.observer import told
from consensus.vocabulary import Broadcast, Commit, Image, NodeId, Reply, Send, Trace
from network.requests import Receipt, ReceiptEntry, Submit
from network.virtual.bare.blocks import numbers, request
from network.virtual.bare.messages import Done, Request
from node.mempool import Claim

_ASKED: dict[type, Callable[[Any], tuple[bytes, ...]]] = {
    Submit: lambda message: message.transactions,
    Request: lambda message: (request(message.number),),
}
"""What clients ask with, and the transactions in it."""


class Validity(Observer):
    """What correct replicas decide was asked for, byte by byte, by a client of this run, and before.

    ``clients`` is the clients' actor. ``spared``: what begins so is the network's own (changes of members).
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "validity",
            "every transaction in a decided block left a client of this run before",
            "PBFT, section 4.2; Cachin, Guerraoui, Rodrigues 2011, section 5.1",
            "O(transactions), once a block",
        ),
    )

    weighs = frozenset(_ASKED)

    def __init__(self, clients: NodeId, spared: bytes | None = None, liars: frozenset[NodeId] = frozenset()) -> None:
        self._clients = clients
        self._spared = spared
        self._liars = liars
        self._asked: set[bytes] = set()
        self._judged: set[bytes] = set()
        """Hashes of blocks (both are only ever looked up)."""

    def on_leave(
        self,
        now: int,  # noqa: ARG002
        node: NodeId,
        incarnation: int,  # noqa: ARG002
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        if node == self._clients:
            asked = _ASKED.get(type(effect.message))
            if asked is not None:
                self._asked.update(asked(effect.message))

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:
        block: Block = commit.block
        if node in self._liars or block.hash in self._judged:
            return
        for place, raw in enumerate(block.transactions):
            if raw not in self._asked and (self._spared is None or not raw.startswith(self._spared)):
                decides = f"{told(now, node, incarnation)} decides {raw.hex()[:32]}, number {place} of {block.height}"
                raise Violation(
                    "validity", f"{decides}, proposed by node {block.header.proposer}", "nobody asked for it"
                )
        self._judged.add(block.hash)


class TrueAnswers(Observer):
    """In networks of cores: a node that tells a client that its request is decided names a block that holds it."""

    properties: ClassVar[tuple[Property, ...]] = (
        Property("true answers", "a request that is told to be decided stands in the block named", "tests", "O(1)"),
    )

    weighs = frozenset({Done})

    def __init__(self, liars: frozenset[NodeId] = frozenset()) -> None:
        self._liars = liars
        self._holds: dict[bytes, tuple[int, ...]] = {}
        """Hash of a decided block -> the requests in it."""

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        if node not in self._liars and commit.block.hash not in self._holds:
            self._holds[commit.block.hash] = numbers(commit.block)

    def on_leave(
        self,
        now: int,
        node: NodeId,
        incarnation: int,
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        done = effect.message
        if type(done) is not Done or node in self._liars:
            return
        held = self._holds.get(done.block)
        if held is None or done.number not in held:
            says = f"{told(now, node, incarnation)} says that request {done.number} is decided at {done.height}"
            raise Violation("true answers", f"{says}, in {done.block.hex()[:16]}", f"that block holds {held}")


class EnoughWords(Observer):
    """A client believes what ``needed`` different ``voters`` told it in equal words; ``clients`` is its actor."""

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "equal replies",
            "a client accepts only what enough different voters told it in equal words (f + 1 where they may lie)",
            "PBFT, section 4.1",
            "O(voters), once an acknowledgement",
        ),
    )

    hears = frozenset({Receipt})

    def __init__(self, clients: NodeId, voters: tuple[NodeId, ...], needed: int) -> None:
        self._clients = clients
        self._voters = voters
        self._needed = needed
        self._heard: dict[Claim, dict[NodeId, tuple[int, bytes, ReceiptEntry]]] = {}
        """Claim -> voter -> height, block and outcome, as it said last."""
        self.believed = 0

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:  # noqa: ARG002
        if node != self._clients or type(message) is not Receipt or sender not in self._voters:
            return
        for entry in message.entries:
            said = (message.height, message.block, entry)
            self._heard.setdefault((message.client, entry.number), {})[sender] = said

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind != "acknowledged" or node != self._clients:
            return
        item = trace.detail[0]
        words = self._heard.pop((item.step.client, item.step.number), {})
        fitting = [said for said in words.values() if said[0] == item.height and said[2].code == item.code]
        most = max((fitting.count(said) for said in fitting), default=0)
        if most < self._needed:
            accepts = f"{item.step.client} believes at {now} ns that its {item.step.number} is {item.code}"
            heard = {voter: (said[0], said[2].code) for voter, said in sorted(words.items())}
            fact = f"{accepts} at height {item.height}"
            raise Violation("equal replies", fact, f"of the {self._needed} equal words it needs it heard {heard}")
        self.believed += 1
