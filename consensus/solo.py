"""Solo 单节点排序: one member orders, everyone else observes. The smallest protocol and the worked example.

Rules:

1. The only voter proposes at any time, on top of its last block, and decides its own proposal at once.
2. A block's certificate is the orderer's signature alone (quorum 1 of 1).
3. Nobody else takes part: observers are handed decided blocks through :meth:`Solo.adopt`.

No fault is tolerated: with the orderer down nothing is ordered, and nothing contradicts itself either.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from consensus.chain import BLOCKS, Block, Certificate, commit_bytes, verify_certificate
from consensus.proof import Run, proven_length
from consensus.protocols import ProtocolEntry, Setup, Slot, Status, register
from consensus.vocabulary import Commit, Effects, LocalProtocolError, Readable, Rejected

_ROUND = 0


class Solo:
    """The core of one node under solo ordering."""

    def __init__(self, setup: Setup) -> None:
        self._me = setup.me
        self._voters = setup.voters
        self._crypto = setup.crypto
        blocks = setup.image.get(BLOCKS, {})
        self._height = max((height for height in blocks if isinstance(height, int)), default=0)
        self._head: bytes = blocks[self._height].hash if self._height else setup.genesis

    @property
    def _orders(self) -> bool:
        return self._voters == (self._me,)

    def start(self, now: int) -> Effects:  # noqa: ARG002 - part of the interface
        return []

    def receive(self, now: int, sender: int, message: Any) -> Effects:  # noqa: ARG002
        return [Rejected(sender, f"solo has no messages, got {type(message).__name__}")]

    def timer(self, now: int, name: str) -> Effects:  # noqa: ARG002
        raise LocalProtocolError(f"solo sets no timer, got {name!r}")

    def slot(self) -> Slot | None:
        return Slot(height=self._height + 1, parent=self._head, round=_ROUND) if self._orders else None

    def propose(self, now: int, block: Block) -> Effects:  # noqa: ARG002
        slot = self.slot()
        if slot is None or (block.height, block.parent, block.round) != (slot.height, slot.parent, slot.round):
            raise LocalProtocolError(f"no slot for a block at height {block.height}")
        signature = self._crypto.sign(commit_bytes(_ROUND, block.height, block.hash))
        certificate = Certificate(
            round=_ROUND, height=block.height, hash=block.hash, signatures=((self._me, signature),)
        )
        return self._decide(block, certificate)

    def demand(self, now: int, waiting: bool) -> Effects:  # noqa: ARG002
        return []

    def wants_block(self) -> bool:
        return False

    def adopt(self, now: int, block: Block, certificate: Certificate | None) -> Effects:  # noqa: ARG002
        if block.height != self._height + 1 or block.parent != self._head:
            raise LocalProtocolError(f"block {block.height} does not follow height {self._height}")
        return self._decide(block, certificate)

    def certifies(self, block: Block, certificate: Certificate) -> bool:
        proven = (block.round, block.height, block.hash)
        return (certificate.round, certificate.height, certificate.hash) == proven and verify_certificate(
            certificate, self._voters, 1, self._crypto.verify
        ) is None

    def proves(self, run: Run) -> int:
        return proven_length(run, self._height, self._head, self.certifies)

    def executed(self, now: int, height: int) -> Effects:  # noqa: ARG002  the interface's
        return []

    def read(self, now: int, context: int) -> Effects:  # noqa: ARG002
        return [Readable(context=context, height=self._height)]

    def complain(self, now: int) -> Effects:  # noqa: ARG002
        return []

    def status(self) -> Status:
        role = "leader" if self._orders else "observer"
        return Status(role=role, round=_ROUND, leader=self._voters[0], height=self._height)

    def state_hash(self) -> bytes:
        return sha256(self._height.to_bytes(8) + self._head).digest()

    def _decide(self, block: Block, certificate: Certificate | None) -> Effects:
        self._height, self._head = block.height, block.hash
        return [Commit(height=block.height, block=block, certificate=certificate)]


register(
    ProtocolEntry(
        name="solo",
        core=Solo,
        voters_of=lambda voting: voting[:1],
        quorum=lambda n: 1,  # noqa: ARG005
        faults=lambda n: 0,  # noqa: ARG005
        replies=lambda n: 1,  # noqa: ARG005
        read_replies=lambda n: 1,  # noqa: ARG005
        messages=(),
        records=(),
    )
)
