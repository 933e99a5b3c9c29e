"""Certificates: whenever a decision comes with a proof, the proof is exactly a quorum of valid signatures."""

from __future__ import annotations

from collections.abc import Callable

from consensus.chain import Certificate, verify_certificate
from consensus.properties.electorates import Electorates
from consensus.properties.memberships import Memberships
from consensus.properties.observer import Observer, Violation, told
from consensus.vocabulary import Commit, NodeId


class Certificates(Observer):
    """``verify(member, data, signature)`` decides a signature, from outside every node."""

    def __init__(
        self,
        voters: tuple[NodeId, ...],
        quorum: int,
        verify: Callable[[NodeId, bytes, bytes], bool],
        liars: frozenset[NodeId] = frozenset(),
        electorates: Electorates | Memberships | None = None,
    ) -> None:
        self.voters = voters
        self.quorum = quorum
        self.verify = verify
        self.liars = liars
        self.electorates = electorates
        """Who decides which block, where members change: PBFT's at checkpoints, Raft's with the block that says so."""
        self.last: dict[NodeId, Certificate] = {}
        """Node -> the last certificate checked: neighbours often hold the same object."""
        self.proven: dict[NodeId, int] = {}
        """Node -> the height up to which its present incarnation holds a proof (its own, or a later block's)."""

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:
        certificate = commit.certificate
        if node in self.liars:
            return
        if self.electorates is not None:
            self.electorates.follow(commit.block)
        if certificate is None:
            return
        by = f"decided by {told(now, node, incarnation)}"
        if (certificate.height, certificate.hash) != (commit.height, commit.block.hash):
            raise Violation(
                "certificates",
                f"height {commit.height} is {commit.block.hash.hex()[:16]}, {by}",
                f"its certificate is for height {certificate.height}, {certificate.hash.hex()[:16]}",
            )
        if not any(certificate is known for known in self.last.values()):
            if self.electorates is not None:
                fault = self.electorates.fault_of(commit.block, certificate, self.verify)
            else:
                fault = verify_certificate(certificate, self.voters, self.quorum, self.verify)
            if fault is not None:
                raise Violation("certificates", f"height {commit.height} {by} with a certificate", fault)
        self.last[node] = certificate
        self.proven[node] = commit.height
