"""Who decides each block of a Raft chain, told from the blocks alone and by no code of the cores'.

A block that asks for a change is decided by the configuration that it makes; one under a joint configuration whose
header names the members that remain leaves it (:mod:`consensus.configuration`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from consensus.chain import Block, Certificate, verify_signatures
from consensus.configuration import Configuration
from consensus.protocols import Application
from consensus.vocabulary import NodeId

KEEP = 2048
"""How many heights below the highest seen are remembered."""


class Memberships:
    """The configurations of all blocks seen, those that never were decided included.

    ``application`` says what a block asks for, from the block alone; None where members never change. Blocks more than
    ``keep`` below the highest are forgotten.
    """

    def __init__(self, voters: tuple[NodeId, ...], application: Application | None, keep: int = KEEP) -> None:
        self.founded = Configuration(voters=voters)
        self.application = application
        self.keep = keep
        self.known: dict[int, dict[bytes, tuple[Configuration, bool]]] = {}
        """Height -> hash -> who decides that block, and whether it changed that."""

    def follow(self, block: Block) -> None:
        """``block`` is decided: who decides the next one follows from it."""
        self.of(block)

    def fault_of(
        self, block: Block, certificate: Certificate, verify: Callable[[NodeId, bytes, bytes], bool]
    ) -> str | None:
        """Why ``certificate`` is not exactly a quorum of those who decide ``block``, or None where it is one."""
        configuration = self.deciders(block)
        signers = [member for member, _ in certificate.signatures]
        few = lacking(configuration, signers)
        if few is not None:
            return f"it holds the signatures of {few}"
        for signer in signers:
            if lacking(configuration, [other for other in signers if other != signer]) is None:
                return f"{len(signers)} signatures are a quorum without that of member {signer}"
        return verify_signatures(certificate, configuration.electors, verify)

    def deciders(self, block: Block) -> Configuration:
        """Who decides ``block``; the block before it was shown here earlier, or members never changed."""
        return self.of(block)[0]

    def changes(self, block: Block) -> bool:
        """Does ``block`` change who decides?"""
        return self.of(block)[1]

    def changed_at(self, height: int, block_hash: bytes) -> bool:
        """The same for a block that was shown."""
        return self.known.get(height, {}).get(block_hash, (self.founded, False))[1]

    def known_at(self, height: int, block_hash: bytes) -> Configuration:
        """Who decides a block that was shown."""
        return self.known.get(height, {}).get(block_hash, (self.founded, False))[0]

    def of(self, block: Block) -> tuple[Configuration, bool]:
        """Who decides ``block``, and whether that is news."""
        if self.application is None:
            return self.founded, False
        here = self.known.setdefault(block.height, {})
        if block.hash not in here:
            before, _ = self.known.get(block.height - 1, {}).get(block.parent, (self.founded, False))
            after = self._following(self.application, before, block)
            here[block.hash] = (after, after != before)
            self.known.pop(block.height - self.keep, None)
        return here[block.hash]

    def _following(self, application: Application, before: Configuration, block: Block) -> Configuration:
        asked = application.reconfiguration(block)
        if asked is not None:
            return before.changed(asked)
        if before.joint and application.members_hash(before.left()) == block.header.members:
            return before.left()
        return before


def lacking(configuration: Configuration, nodes: Collection[NodeId]) -> str | None:
    """Why ``nodes`` are no quorum: of which voters there are too few; None where they are one."""
    for voters in (configuration.voters, configuration.outgoing):
        count = sum(voter in nodes for voter in voters)
        if voters and 2 * count <= len(voters):
            return f"{count} of the voters {voters}"
    return None
