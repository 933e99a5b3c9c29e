"""PBFT's own properties (Castro & Liskov 1999, sections 4.2-4.5), for the replicas that are not Byzantine.

* A replica never says two different things in one (phase, view, height), whatever lives lie between.
* Once it has asked for a view, it takes no part in lower ones.
* Its VIEW-CHANGE reports every height at which it sent a COMMIT above the point that it builds on, unless a NEW-VIEW or
  a decision that it learnt of since contradicts that block or one of its ancestors.
* A NEW-VIEW that a correct replica enters contradicts nothing that a quorum committed in a lower view, before or after.
* Two quorums never prepare different blocks in one view and height, nor commit different ones at one height
  (counted over all signed votes that were ever said, heard or not).
* A PREPARE rests on a durable PRE-PREPARE, a COMMIT on a durable prepared certificate.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from consensus.pbft.messages import (
    ACCEPTED,
    PREPARED,
    CommitVote,
    NewView,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    ViewChange,
)
from consensus.properties.electorates import Electorates
from consensus.properties.observer import Observer, Property, Violation, told
from consensus.vocabulary import Broadcast, Commit, Image, NodeId, Put, Record, Reply, Send

KEEP = 1024
"""How many heights below the highest decided one an oracle remembers what was said."""


_JUDGED = frozenset({PrePrepare, Prepare, CommitVote, ViewChange, NewView})


class Claim(NamedTuple):
    """What ``node`` said of ``height`` in ``view``; ``origin`` tells how it came to be."""

    node: NodeId
    phase: str
    view: int
    height: int
    hash: bytes
    origin: str

    def __str__(self) -> str:
        return f"{self.phase} {self.hash.hex()[:16]} in view {self.view} at height {self.height}, {self.origin}"


class Prescription(NamedTuple):
    """What a NEW-VIEW says: everything up to ``base`` is decided, and above it ``hashes`` are proposed again.

    ``epoch`` is the checkpoint above which its members decide.
    """

    epoch: int
    view: int
    base: int
    hashes: dict[int, bytes]
    origin: str

    def contradicts(self, claim: Claim) -> bool:
        return claim.height > self.base and self.hashes.get(claim.height) != claim.hash

    def __str__(self) -> str:
        hashes = {height: block_hash.hex()[:16] for height, block_hash in self.hashes.items()}
        return f"view {self.view} begins above {self.base} with {hashes}, entered by {self.origin}"


def epoch_of(message: NewView) -> int:
    """The checkpoint above which the members of a NEW-VIEW decide."""
    return message.view_changes[0].epoch if message.view_changes else 0


class Height:
    """What was said of one height, by everybody."""

    def __init__(self) -> None:
        self.said: dict[tuple[NodeId, str, int], Claim] = {}
        """(replica, phase, view) -> what it said first."""
        self.votes: dict[tuple[str, int, bytes], set[NodeId]] = {}
        """(phase, view, hash) -> who voted for it (only ever counted)."""
        self.certified: dict[tuple[str, int], Claim] = {}
        """("prepare", view) or ("commit", 0) -> the first vote that completed a quorum."""
        self.durable: set[tuple[NodeId, str, int, bytes]] = set()
        """(replica, space, view, hash) of what ever was on a disk (only ever looked up)."""
        self.parents: dict[bytes, bytes] = {}
        """Hash -> parent, of every block that was proposed."""
        self.decided: bytes | None = None
        """The hash of the block that was decided."""


class PbftSafety(Observer):
    """Watches every replica but the ``liars``, whose votes count all the same.

    Heights more than ``keep`` below the highest decided one are forgotten, so that long runs stay small.
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "no equivocation",
            "a correct replica says one thing in a (phase, view, height), whatever lives lie between",
            "PBFT, section 4.2",
            "O(1)",
        ),
        Property("view left", "who asked for a view takes no part in lower ones", "PBFT, section 4.4", "O(1)"),
        Property(
            "durable before said",
            "a vote rests on records that reached its disk before",
            "Castro, thesis, section 5.2",
            "O(1)",
        ),
        Property(
            "prepared is reported",
            "a VIEW-CHANGE reports every COMMIT that was said above its base",
            "PBFT, section 4.4",
            "O(window), once a view change",
        ),
        Property(
            "one new view",
            "all correct replicas enter a view with one NEW-VIEW",
            "PBFT, section 4.4",
            "O(window), once a view change",
        ),
        Property(
            "new view keeps decisions",
            "a NEW-VIEW contradicts nothing that a quorum committed in a lower view",
            "PBFT, section 4.5.1",
            "O(window), once a view change",
        ),
        Property(
            "conflicting certificates",
            "no two quorums prepare two blocks in one view, or commit two at one height, over all signed votes",
            "PBFT, section 4.2",
            "O(1)",
        ),
    )

    weighs = _JUDGED

    def __init__(
        self,
        voters: tuple[NodeId, ...],
        liars: frozenset[NodeId] = frozenset(),
        keep: int = KEEP,
        electorates: Electorates | None = None,
    ) -> None:
        self.electorates = electorates or Electorates(voters)
        self.liars = liars
        self.keep = keep
        self.heights: dict[int, Height] = {}
        self.decided = 0
        self.asked: dict[NodeId, Claim] = {}
        """Replica -> its VIEW-CHANGE to the highest view of its epoch (its height is the epoch's, its hash that of the
        signature)."""
        self.committed: dict[NodeId, dict[int, Claim]] = {}
        """Replica -> height -> its latest COMMIT."""
        self.entered: dict[NodeId, list[Prescription]] = {}
        """Replica -> the NEW-VIEWs that it entered."""
        self.heads: dict[NodeId, int] = {}
        """Replica -> the highest height that it ever decided."""
        self.new_views: dict[tuple[int, int, str], Prescription] = {}
        """(epoch, view, "" or what a lying primary says) -> its NEW-VIEW, for those that a correct replica entered."""

    def on_leave(
        self,
        now: int,
        node: NodeId,
        incarnation: int,
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002 (what ever was durable is what counts)
    ) -> None:
        message = effect.message
        kind = type(message)
        if kind not in _JUDGED:
            return
        origin = told(now, node, incarnation)
        if kind is PrePrepare and self._author(message) == node:
            block = message.block
            self._at(block.height).parents[block.hash] = block.parent
            self._voted(Claim(node, "pre-prepare", message.view, block.height, block.hash, origin), ACCEPTED)
        elif kind is Prepare and message.replica == node:
            claim = Claim(node, "prepare", message.view, message.height, message.hash, origin)
            self._voted(claim, ACCEPTED)
        elif kind is CommitVote and message.replica == node:
            claim = Claim(node, "commit", message.view, message.height, message.hash, origin)
            self._voted(claim, PREPARED)
        elif kind is ViewChange and message.replica == node:
            self._asked(message, origin)
        elif kind is NewView and self._primary(message.view, epoch_of(message) + 1) == node:
            for proposal in message.pre_prepares:
                self._voted(Claim(node, "pre-prepare", message.view, proposal.height, proposal.hash, origin), None)

    def _at(self, height: int) -> Height:
        at = self.heights.get(height)
        if at is None:
            at = self.heights[height] = Height()
        return at

    def _author(self, message: PrePrepare) -> NodeId:
        """Whose PRE-PREPARE it is: a fresh block's proposer's, whosever turn that was, or the primary's."""
        header = message.block.header
        return header.proposer if header.round == message.view else self._primary(message.view, header.height)

    def _primary(self, view: int, height: int) -> NodeId:
        voters = self.electorates.voters(height)
        return voters[view % len(voters)]

    # -- one thing said, once --------------------------------------------------------------------------------

    def _voted(self, claim: Claim, space: str | None) -> None:
        """A vote leaves its replica. A primary's PRE-PREPARE stands for its PREPARE as well.

        What it rests on reached its disk before, in ``space`` (and may be outdated there by now); None: on nothing.
        """
        self._count(claim)
        if claim.node in self.liars:
            return
        at = self._at(claim.height)
        known = at.said.setdefault((claim.node, claim.phase, claim.view), claim)
        if known.hash != claim.hash:
            raise Violation("no equivocation", str(claim), f"it said {known}")
        asked = self.asked.get(claim.node)
        if asked is not None and claim.view < asked.view and self.electorates.began(claim.height) == asked.height:
            raise Violation("view left", str(claim), f"it asked for view {asked.view}: {asked.origin}")
        if claim.phase == "commit":
            heights = self.committed.setdefault(claim.node, {})
            if claim.height not in heights or claim.view >= heights[claim.height].view:
                heights[claim.height] = claim
        if space is not None and (claim.node, space, claim.view, claim.hash) not in at.durable:
            raise Violation("durable before said", str(claim), f"no {space} record of it ever reached its disk")

    # -- view changes ----------------------------------------------------------------------------------------

    def _asked(self, message: ViewChange, origin: str) -> None:
        node = message.replica
        if node in self.liars:
            return
        claim = Claim(node, "view-change", message.view, message.epoch, message.signature, origin)
        known = self.asked.get(node)
        if known is not None and (known.height, known.view) == (claim.height, claim.view) and known.hash != claim.hash:
            raise Violation("no equivocation", str(claim), f"it said {known}")
        if known is None or (known.height, known.view) < (claim.height, claim.view):
            self.asked[node] = claim
        reported = {proof.height: proof.view for proof in message.prepared}
        heights = self.committed.get(node, {})
        for height in [height for height in heights if height <= message.height]:
            del heights[height]
        for height, claim in heights.items():
            reports = reported.get(height, -1) >= claim.view or claim.view >= message.view
            if not reports and not self._contradicted(claim, message.view):
                asks = f"{origin} asks for view {message.view} from {message.height}, reporting {reported}"
                raise Violation("prepared is reported", asks, f"it said {claim}")

    def _entered(self, node: NodeId, message: NewView, origin: str) -> None:
        base = max((change.height for change in message.view_changes), default=0)
        hashes = {proposal.height: proposal.hash for proposal in message.pre_prepares}
        epoch = epoch_of(message)
        prescription = Prescription(epoch, message.view, base, hashes, origin)
        liar = self._primary(message.view, epoch + 1) in self.liars  # it may well have said two things
        known = self.new_views.setdefault((epoch, message.view, repr((base, hashes)) if liar else ""), prescription)
        if known[:4] != prescription[:4]:
            raise Violation("one new view", str(prescription), str(known))
        for height in range(base + 1, max(self.heights, default=0) + 1):
            decided = self._at(height).certified.get(("commit", 0))
            if decided is not None:
                self._require_kept(prescription, decided)
        self.entered.setdefault(node, []).append(prescription)

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        height: int = commit.height
        self._at(height).decided = commit.block.hash
        if node not in self.liars:
            self.electorates.follow(commit.block)
        self.heads[node] = max(height, self.heads.get(node, 0))
        self.committed.get(node, {}).pop(height - self.keep, None)
        while self.decided < height:
            self.decided += 1
            self.heights.pop(self.decided - self.keep, None)

    def _contradicted(self, claim: Claim, view: int) -> bool:
        """Did its replica learn since that the block, or one that it builds on, is not to be decided?"""
        for prescription in self.entered.get(claim.node, ()):
            same = prescription.epoch == self.electorates.began(claim.height)
            if same and claim.view < prescription.view < view and prescription.contradicts(claim):
                return True
        height, block_hash = claim.height, claim.hash
        while height > self.heads.get(claim.node, 0) + 1:
            parent = self._at(height).parents.get(block_hash)
            if parent is None:
                return False
            height, block_hash = height - 1, parent
        decided = self._at(height - 1).decided
        return decided is not None and self._at(height).parents.get(block_hash) != decided

    def _require_kept(self, prescription: Prescription, claim: Claim) -> None:
        same = prescription.epoch == self.electorates.began(claim.height)
        if same and claim.view < prescription.view and prescription.contradicts(claim):
            raise Violation(
                "new view keeps decisions", str(prescription), f"a quorum's commit is complete with {claim}"
            )

    # -- quorums ---------------------------------------------------------------------------------------------

    def _count(self, claim: Claim) -> None:
        phase = "commit" if claim.phase == "commit" else "prepare"
        at = self._at(claim.height)
        voters = at.votes.setdefault((phase, claim.view, claim.hash), set())
        voters.add(claim.node)
        quorum = self.electorates.quorum(claim.height)
        if len(voters) < quorum or len(voters.intersection(self.electorates.voters(claim.height))) < quorum:
            return
        known = at.certified.setdefault((phase, claim.view if phase == "prepare" else 0), claim)
        if known.hash != claim.hash:
            raise Violation("conflicting certificates", f"complete with {claim}", f"complete with {known}")
        if phase == "commit":
            for prescription in self.new_views.values():
                self._require_kept(prescription, claim)

    # -- disks -----------------------------------------------------------------------------------------------

    def on_durable(
        self,
        now: int,
        node: NodeId,
        incarnation: int,
        records: tuple[Record, ...],
        durable: Image,  # noqa: ARG002
    ) -> None:
        for record in records:
            if not isinstance(record, Put):
                continue
            value = record.value
            kind = type(value)
            if kind is PrePrepare or kind is PreparedCertificate:
                header = value.block.header if kind is PrePrepare else value.header
                self._at(header.height).durable.add((node, record.space, value.view, header.hash))
            elif kind is NewView and node not in self.liars:
                self._entered(node, value, told(now, node, incarnation))
