"""Certificates: whenever a decision comes with a proof, the proof is exactly a quorum of valid signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from consensus.chain import Certificate, verify_certificate
from consensus.properties.electorates import Electorates
from consensus.properties.memberships import Memberships
from consensus.properties.observer import Observer, Property, Violation, told
from consensus.vocabulary import Commit, Image, NodeId

KEEP = 64
"""How many heights below the latest the oracle remembers a certificate."""


class Certificates(Observer):
    """``verify(member, data, signature)`` decides a signature, from outside every node."""

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "certificates",
            "a proof is exactly a quorum of distinct members' valid signatures",
            "docs/ledger-format.md",
            "O(quorum), once a certificate",
        ),
    )

    def __init__(  # noqa: PLR0913 (what a network is)
        self,
        voters: tuple[NodeId, ...],
        quorum: int,
        verify: Callable[[NodeId, bytes, bytes], bool],
        liars: frozenset[NodeId] = frozenset(),
        electorates: Electorates | Memberships | None = None,
        *,
        every: bool = False,
    ) -> None:
        self.voters = voters
        self.quorum = quorum
        self.verify = verify
        self.liars = liars
        self.electorates = electorates
        """Who decides which block, where members change: PBFT's at checkpoints, Raft's with the block that says so."""
        self.every = every
        """Does every node have a proof at once, its own or that of a block which it decides at the same instant?"""
        self.bare: dict[NodeId, tuple[int, str]] = {}
        """Node -> when it decided a block without proof, and which."""
        self.last: dict[NodeId, Certificate] = {}
        """Node -> the last certificate that it showed."""
        self.sound: dict[int, Certificate] = {}
        """Height -> the last certificate found to hold: neighbours often have the same object."""

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:
        certificate = commit.certificate
        if node in self.liars:
            return
        if self.electorates is not None:
            self.electorates.follow(commit.block)
        by = f"decided by {told(now, node, incarnation)}"
        self._require_proof(now, node, f"height {commit.height} {by}")
        if certificate is None:
            if self.every:
                self.bare.setdefault(node, (now, f"height {commit.height} {by}"))
            return
        if (certificate.height, certificate.hash) != (commit.height, commit.block.hash):
            raise Violation(
                "certificates",
                f"height {commit.height} is {commit.block.hash.hex()[:16]}, {by}",
                f"its certificate is for height {certificate.height}, {certificate.hash.hex()[:16]}",
            )
        if certificate is not self.sound.get(commit.height):
            if self.electorates is not None:
                fault = self.electorates.fault_of(commit.block, certificate, self.verify)
            else:
                fault = verify_certificate(certificate, self.voters, self.quorum, self.verify)
            if fault is not None:
                raise Violation("certificates", f"height {commit.height} {by} with a certificate", fault)
            self.sound[commit.height] = certificate
            self.sound.pop(commit.height - KEEP, None)
        self.last[node] = certificate
        self.bare.pop(node, None)

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        self.bare.pop(node, None)

    def _require_proof(self, now: int, node: NodeId, by: str) -> None:
        """What was decided without proof at an earlier instant has none."""
        since, what = self.bare.get(node, (now, ""))
        if since != now:
            raise Violation("certificates", f"{what} without proof", f"nothing proved it by the time that {by}")
