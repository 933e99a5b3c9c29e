"""A protocol of one's own, with a bug: node 0 orders; who hears nothing from it for long orders in its place.

Nobody asks a majority, so two nodes that cannot hear each other decide two blocks at one height.
"""

import msgspec

from consensus.chain import Block, Certificate
from consensus.properties import Observer, Property, Violation
from consensus.protocols import ProtocolEntry, Slot, register
from consensus.solo import Solo
from consensus.vocabulary import MILLISECOND, Audience, Broadcast, SetTimer
from scenarios.adversary import register_oracle

SILENCE = "deputy.silence"
PATIENCE_NS = 400 * MILLISECOND


class Ordered(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="deputy.ordered"):
    """The sender decided this."""

    block: Block
    certificate: Certificate


class Deputy(Solo):
    """Like solo ordering, but that somebody else steps in."""

    def __init__(self, setup):
        super().__init__(setup)
        self._ordering = setup.me == 0

    def start(self, now):
        return [SetTimer(SILENCE, PATIENCE_NS * (self._me + 1))]

    def timer(self, now, name):
        self._ordering = self._me in self._voters
        return [SetTimer(SILENCE, PATIENCE_NS * (self._me + 1))]

    def receive(self, now, sender, message):
        block = message.block
        heard = [SetTimer(SILENCE, PATIENCE_NS * (self._me + 1))]
        self._ordering = self._me == 0
        if (block.height, block.parent) != (self._height + 1, self._head):
            return heard
        return [*self._decide(block, message.certificate), *heard]

    def slot(self):
        return Slot(height=self._height + 1, parent=self._head, round=0) if self._ordering else None

    def propose(self, now, block):
        (decided,) = super().propose(now, block)
        return [decided, Broadcast(Ordered(block, decided.certificate), Audience.NODES)]

    def certifies(self, block, certificate):
        return certificate.hash == block.hash


class OneProposer(Observer):
    """What its author believes: a deputy never comes to order anything."""

    properties = (Property("one proposer", "every block is node 0's", "this file", "O(1)"),)

    def on_commit(self, now, node, incarnation, commit):
        proposer = commit.block.header.proposer
        if proposer != 0:
            decided = f"node {node}.{incarnation} at {now} ns decides height {commit.height}"
            raise Violation("one proposer", decided, f"node {proposer} proposed it")


def add():
    """Make the protocol known, and its oracle."""
    register(
        ProtocolEntry(
            name="deputy",
            core=Deputy,
            voters_of=lambda voting: voting,
            quorum=lambda n: 1,
            faults=lambda n: 0,
            replies=lambda n: 1,
            read_replies=lambda n: 1,
            messages=(Ordered,),
            records=(),
        )
    )
    register_oracle("deputy", lambda trial: OneProposer())
