"""With more than f liars anything may be decided; but then the proofs themselves convict them."""

from __future__ import annotations

from typing import ClassVar

from consensus.chain import Certificate
from consensus.properties import Observer, Property, Violation
from consensus.properties.observer import told
from consensus.vocabulary import Commit, NodeId


class Accountability(Observer):
    """Whoever signed for two blocks of one view and height is a liar.

    Two certificates for different blocks of one view and height share n - 2(n - q) signers at least; a correct replica
    signs one of them only, so those that they share are all among the ``liars`` (Sheng et al., "BFT protocol
    forensics", 2021, section 4).
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "accountability",
            "with more than f liars, two certificates for one height convict liars alone",
            "Sheng et al. 2021, section 4",
            "O(quorum), once a certificate",
        ),
    )

    def __init__(self, liars: frozenset[NodeId]) -> None:
        self._liars = liars
        self._proofs: dict[tuple[int, int], list[tuple[Certificate, str]]] = {}
        self.disagreements = 0

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:
        certificate: Certificate | None = commit.certificate
        if node in self._liars or certificate is None:
            return
        by = told(now, node, incarnation)
        known = self._proofs.setdefault((certificate.round, certificate.height), [])
        for other, origin in known:
            if other.hash != certificate.hash:
                self._convict(certificate, by, other, origin)
        if all(other.hash != certificate.hash for other, _ in known):
            known.append((certificate, by))

    def _convict(self, one: Certificate, by: str, other: Certificate, origin: str) -> None:
        self.disagreements += 1
        theirs = {member for member, _ in other.signatures}
        both = sorted(member for member, _ in one.signatures if member in theirs)
        innocent = [member for member in both if member not in self._liars]
        if innocent or not both:
            raise Violation(
                "accountability",
                f"height {one.height} is {one.hash.hex()[:8]} at {by} and {other.hash.hex()[:8]} at {origin}",
                f"both are signed by {both}, of whom {innocent} do not lie",
            )
