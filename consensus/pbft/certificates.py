"""What each PBFT signature covers, and whether a claim made of signatures holds.

Functions named ``flaw_in_...`` return why the claim proves nothing, or None when it holds. They look at peers'
data only, change nothing and never raise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import msgspec

from consensus.chain import Block, Certificate, Header, verify_certificate
from consensus.pbft.log import Point
from consensus.pbft.messages import NewView, PreparedCertificate, Reproposal, StableCheckpoint, ViewChange
from consensus.snapshots import Snapshot, checkpoint_bytes
from consensus.vocabulary import NodeId

_encode = msgspec.msgpack.Encoder().encode

Verify = Callable[[NodeId, bytes, bytes], bool]


@lru_cache(maxsize=256)
def pre_prepare_bytes(view: int, height: int, block_hash: bytes) -> bytes:
    """What the primary of ``view`` signs."""
    return _encode(("consortium/pbft/pre-prepare", view, height, block_hash))


@lru_cache(maxsize=256)  # every replica says, and checks, the same
def prepare_bytes(view: int, height: int, block_hash: bytes) -> bytes:
    """What a backup signs that accepted the PRE-PREPARE."""
    return _encode(("consortium/pbft/prepare", view, height, block_hash))


def view_change_bytes(message: ViewChange) -> bytes:
    """Everything in the VIEW-CHANGE but its signature."""
    return _encode(
        (
            "consortium/pbft/view-change",
            message.view,
            message.replica,
            message.height,
            message.hash,
            message.certificate,
            message.prepared,
            message.epoch,
        )
    )


def new_view_bytes(view: int, view_changes: tuple[ViewChange, ...], pre_prepares: tuple[Reproposal, ...]) -> bytes:
    """Everything in the NEW-VIEW but its signature; VIEW-CHANGEs by their signatures, which bind the rest."""
    signatures = tuple((change.replica, change.signature) for change in view_changes)
    return _encode(("consortium/pbft/new-view", view, signatures, pre_prepares))


def _ascending(replicas: list[NodeId]) -> bool:
    return all(a < b for a, b in pairwise(replicas))


def flaw_in_manifest(snapshot: Snapshot, certificate: StableCheckpoint) -> str | None:
    """It must have the certified digest, and bring a proof of its block: whether one that holds, deciders say."""
    proof, header = snapshot.certificate, snapshot.header
    if (snapshot.height, snapshot.digest) != (certificate.height, certificate.digest):
        return "a manifest that is not the certified one"
    if proof is None or (proof.height, proof.hash) != (header.height, header.hash):
        return "a manifest without the proof of its block"
    return None


class Membership:
    """Who votes, how many are a quorum, and whose turn a view is."""

    def __init__(  # noqa: PLR0913 (what a membership is)
        self,
        voters: tuple[NodeId, ...],
        quorum: int,
        faults: int,
        base: Point,
        verify: Verify,
        *,
        first_view: int = 0,
        rotating: bool = False,
    ) -> None:
        self.voters = voters
        self.quorum = quorum
        self.faults = faults
        self.base = base
        """These members decide above this block, which needs no proof among them."""
        self.first_view = first_view
        """The view they begin in."""
        self.verify = verify
        self.rotating = rotating
        """Proposers take turns within a view (:mod:`consensus.pbft.rotation`)."""
        self._places = {voter: place for place, voter in enumerate(voters)}

    def votes(self, node: NodeId) -> bool:
        return node in self._places

    def primary(self, view: int) -> NodeId:
        """The primary of a view: p = v mod |R| (section 4)."""
        return self.voters[view % len(self.voters)]

    def certifies(self, block: Block, certificate: Certificate) -> bool:
        """Does this certificate prove that these members decided ``block``, in the view that proposed it or later?"""
        if certificate.round < block.round:
            return False
        return (certificate.height, certificate.hash) == (block.height, block.hash) and verify_certificate(
            certificate, self.voters, self.quorum, self.verify
        ) is None

    def author(self, view: int, header: Header) -> NodeId | None:
        """Who says the PRE-PREPARE that puts this block into ``view``; None where nobody may.

        A fresh block comes from its proposer, one of an earlier view from the primary, in the NEW-VIEW. Whose turn it
        was to propose a certificate does not prove and need not; its signers saw to that.
        """
        proposer, round_ = header.proposer, header.round
        lawful = self.votes(proposer) if self.rotating else proposer == self.voters[round_ % len(self.voters)]
        if round_ > view or not lawful:
            return None
        return proposer if round_ == view else self.primary(view)

    def distance(self, start: NodeId, end: NodeId) -> int:
        """Steps from ``start`` to ``end`` around the ring of voters."""
        return (self._places[end] - self._places[start]) % len(self.voters)

    def flaw_in_prepared(self, certificate: PreparedCertificate) -> str | None:
        """Section 4.2: a PRE-PREPARE and quorum - 1 matching PREPAREs from different backups."""
        view, height, block_hash = certificate.view, certificate.height, certificate.hash
        author = self.author(view, certificate.header)
        if author is None:
            return f"block of round {certificate.header.round} by {certificate.header.proposer} prepared in view {view}"
        signers = [replica for replica, _ in certificate.prepares]
        if len(signers) != self.quorum - 1 or not _ascending(signers) or author in signers:
            return f"PREPAREs are needed of {self.quorum - 1} backups in ascending order, not of {signers}"
        if not self.verify(author, pre_prepare_bytes(view, height, block_hash), certificate.signature):
            return "PRE-PREPARE not signed by whoever proposes it"
        data = prepare_bytes(view, height, block_hash)
        for replica, signature in certificate.prepares:
            if not self.votes(replica) or not self.verify(replica, data, signature):
                return f"PREPARE not signed by voter {replica}"
        return None

    def flaw_in_checkpoint(self, certificate: StableCheckpoint) -> str | None:
        """Section 4.3: exactly a quorum of different replicas' CHECKPOINTs with this digest."""
        signers = [replica for replica, _ in certificate.signatures]
        if len(signers) != self.quorum or not _ascending(signers):
            return f"CHECKPOINTs are needed of {self.quorum} replicas in ascending order, not of {signers}"
        data = checkpoint_bytes(certificate.height, certificate.digest)
        for replica, signature in certificate.signatures:
            if not self.votes(replica) or not self.verify(replica, data, signature):
                return f"CHECKPOINT not signed by voter {replica}"
        return None

    def flaw_in_proof(self, proof: Certificate) -> str | None:
        """Whatever it is of, these members must have decided it."""
        return verify_certificate(proof, self.voters, self.quorum, self.verify)

    def flaw_in_view_change(self, message: ViewChange, log_size: int) -> str | None:
        """Section 4.4: a provable last stable block, and a chain of prepared certificates right above it."""
        if message.epoch != self.base.height:
            return f"VIEW-CHANGE of the epoch above {message.epoch}, not {self.base.height}"
        if message.view <= self.first_view or not self.votes(message.replica):
            return "no view change by a voter to a later view"
        if len(message.prepared) > 2 * log_size:  # twice: the last certified block may lie below the last decided one
            return f"{len(message.prepared)} prepared certificates; the log holds {log_size} heights"
        if not self.verify(message.replica, view_change_bytes(message), message.signature):
            return "VIEW-CHANGE not signed by its sender"
        return self._flaw_in_stable(message) or self._flaw_in_chain(message)

    def _flaw_in_stable(self, message: ViewChange) -> str | None:
        certificate = message.certificate
        if certificate is None:
            return None if (message.height, message.hash) == self.base else "no proof of the last stable block"
        if certificate.height <= self.base.height:
            return f"the certificate is of a block below the epoch, which begins above {self.base.height}"
        if (certificate.height, certificate.hash) != (message.height, message.hash):
            return "the certificate is of another block"
        return verify_certificate(certificate, self.voters, self.quorum, self.verify)

    def _flaw_in_chain(self, message: ViewChange) -> str | None:
        height, parent = message.height, message.hash
        for prepared in message.prepared:
            height += 1
            if prepared.height != height or prepared.header.parent != parent:
                return f"prepared certificates leave the chain at height {height}"
            if prepared.view >= message.view:
                return f"prepared in view {prepared.view}, not before view {message.view}"
            flaw = self.flaw_in_prepared(prepared)
            if flaw is not None:
                return flaw
            parent = prepared.hash
        return None

    def flaw_in_signatures(self, message: NewView) -> str | None:
        """The NEW-VIEW must be its primary's, over a quorum of different replicas' VIEW-CHANGEs to its view.

        The VIEW-CHANGEs themselves and what follows from them are checked by :mod:`consensus.pbft.new_view`.
        """
        replicas = [change.replica for change in message.view_changes]
        if len(replicas) != self.quorum:
            return f"{len(replicas)} VIEW-CHANGEs where a quorum is {self.quorum}"
        if not _ascending(replicas):
            return "VIEW-CHANGEs not in strictly ascending order of replica"
        if any(change.view != message.view for change in message.view_changes):
            return "a VIEW-CHANGE to another view"
        primary = self.primary(message.view)
        data = new_view_bytes(message.view, message.view_changes, message.pre_prepares)
        if not self.verify(primary, data, message.signature):
            return "NEW-VIEW not signed by the primary of its view"
        for proposal in message.pre_prepares:
            proposed = pre_prepare_bytes(message.view, proposal.height, proposal.hash)
            if not self.verify(primary, proposed, proposal.signature):
                return "a PRE-PREPARE not signed by the primary"
        return None
