"""Oracles over executions: what became of each transaction, watched at the event."""

from __future__ import annotations

from typing import ClassVar

from consensus.chain import BLOCKS, Block
from consensus.properties import Observer, Property, Violation
from consensus.vocabulary import Image, NodeId, Put, Record, Rejected, Trace
from node.ledger.transaction import decode_transaction
from node.mempool import Claim
from scenarios.runner.conductor import Acknowledged


class OnceOnly(Observer):
    """No double payment: what a client asks for once stands at one place of the chain, whoever holds the chain.

    Judged by what is durable, for only that may be spoken of: a crash may take an execution with it that was not. And
    an acknowledgement is true: what a client was told stands at that height, durably, somewhere.
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "no double payment",
            "a client's transaction stands at one place of the chain",
            "PBFT, section 4.1 (exactly once)",
            "O(transactions), once a block",
        ),
        Property("durability", "what a client was told stands at that height, durably", "docs/architecture.md", "O(1)"),
    )

    def __init__(self) -> None:
        self._places: dict[Claim, tuple[int, bytes]] = {}
        self._read: dict[bytes, tuple[Claim, ...]] = {}
        self.order: dict[Claim, int] = {}
        """Claim -> its place in the chain: a number that rises from block to block, and within each."""
        self.acknowledged = 0

    def on_durable(
        self,
        now: int,
        node: NodeId,
        incarnation: int,  # noqa: ARG002
        records: tuple[Record, ...],
        durable: Image,  # noqa: ARG002
    ) -> None:
        for record in records:
            if isinstance(record, Put) and record.space == BLOCKS:
                self._stands(now, node, record.value)

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind == "acknowledged":
            self._told(now, trace.detail[0])

    def _stands(self, now: int, node: NodeId, block: Block) -> None:
        claims = self._claims(block)
        if len(set(claims)) != len(claims):
            raise Violation("no double payment", f"block {block.height} at node {node}", "it holds one claim twice")
        for claim in claims:
            place = (block.height, block.hash)
            first = self._places.setdefault(claim, place)
            if first != place:
                raise Violation(
                    "no double payment",
                    f"{claim} stands in block {first[0]} ({first[1].hex()[:8]})",
                    f"at {now} ns node {node} holds it in block {block.height} ({block.hash.hex()[:8]})",
                )

    def _claims(self, block: Block) -> tuple[Claim, ...]:
        claims = self._read.get(block.hash)
        if claims is None:
            bodies = [decode_transaction(raw).body for raw in block.transactions]
            claims = self._read[block.hash] = tuple((body.client, body.number) for body in bodies)
            self.order.update((claim, block.height << 20 | place) for place, claim in enumerate(claims))
        return claims

    def _told(self, now: int, item: Acknowledged) -> None:
        claim = (item.step.client, item.step.number)
        place = self._places.get(claim)
        if place is None or place[0] != item.height:
            where = "nowhere" if place is None else f"at height {place[0]}"
            told = f"{claim} was acknowledged at height {item.height}, at {now} ns"
            raise Violation("durability", told, f"it stands {where}")
        self.acknowledged += 1


class Told(Observer):
    """Keeps what clients were told, for the checker of histories."""

    def __init__(self) -> None:
        self.acknowledged: list[Acknowledged] = []

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind == "acknowledged":
            self.acknowledged.append(trace.detail[0])


class HonestWords(Observer):
    """Where nobody lies, no voter refuses what another says as impossible: that would be its own mistake, or theirs.

    Not counted: what was garbled on its way; blocks that are offered to one who is behind before their proof is known;
    bodies that were asked for before a restart; and chunks of a snapshot that has given way to a later one.
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "honest words", "where nobody lies, nobody's word is refused as impossible", "docs/architecture.md", "O(1)"
        ),
    )

    def __init__(self, voters: tuple[NodeId, ...]) -> None:
        self._voters = frozenset(voters)

    def on_rejected(self, now: int, node: NodeId, incarnation: int, rejected: Rejected) -> None:
        if node not in self._voters or rejected.sender not in self._voters:
            return
        if not any(excuse in rejected.reason for excuse in _EXCUSES):
            refused = f"node {node}.{incarnation} at {now} ns refuses a message of node {rejected.sender}"
            raise Violation("honest words", f"{refused}: {rejected.reason}", "nobody lies")


_EXCUSES = ("Garbled", "blocks that nothing proves", "that nobody asked for", "is not the one that the manifest lists")
