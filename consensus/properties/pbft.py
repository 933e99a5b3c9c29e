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

from typing import Any, NamedTuple

from consensus.chain import BLOCKS
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
from consensus.properties.observer import Observer, Violation, told
from consensus.quorum import byzantine_quorum
from consensus.vocabulary import Broadcast, Commit, Image, NodeId, Put, Record, Reply, Send


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
    """What a NEW-VIEW says: everything up to ``base`` is decided, and above it ``hashes`` are proposed again."""

    view: int
    base: int
    hashes: dict[int, bytes]
    origin: str

    def contradicts(self, claim: Claim) -> bool:
        return claim.height > self.base and self.hashes.get(claim.height) != claim.hash

    def __str__(self) -> str:
        hashes = {height: block_hash.hex()[:16] for height, block_hash in self.hashes.items()}
        return f"view {self.view} begins above {self.base} with {hashes}, entered by {self.origin}"


class PbftSafety(Observer):
    """Watches every replica but the ``liars``, whose votes count all the same."""

    def __init__(self, voters: tuple[NodeId, ...], liars: frozenset[NodeId] = frozenset()) -> None:
        self.voters = voters
        self.quorum = byzantine_quorum(len(voters))
        self.liars = liars
        self.said: dict[tuple[NodeId, str, int, int], Claim] = {}
        """(replica, phase, view, height) -> what it said there first."""
        self.asked: dict[NodeId, tuple[int, str]] = {}
        """Replica -> the highest view that it asked for."""
        self.committed: dict[NodeId, dict[int, Claim]] = {}
        """Replica -> height -> its latest COMMIT, of blocks that it has not seen contradicted."""
        self.parents: dict[bytes, bytes] = {}
        """Hash -> parent, of every block that was ever proposed."""
        self.votes: dict[tuple[str, int, int, bytes], set[NodeId]] = {}
        """(phase, view, height, hash) -> who voted for it (only ever counted)."""
        self.certified: dict[tuple[str, int, int], Claim] = {}
        """("prepare", view, height) or ("commit", 0, height) -> the first vote that completed a quorum."""
        self.new_views: dict[int, Prescription] = {}
        """View -> what its NEW-VIEW says, for those that a correct replica entered."""

    def on_leave(
        self, now: int, node: NodeId, incarnation: int, effect: Send | Broadcast | Reply, durable: Image
    ) -> None:
        message, origin = effect.message, told(now, node, incarnation)
        kind = type(message)
        if kind is PrePrepare and self._primary(message.view) == node:
            claim = Claim(node, "pre-prepare", message.view, message.block.height, message.block.hash, origin)
            self.parents[message.block.hash] = message.block.parent
            self._voted(claim)
            self._require_durable(claim, durable.get(ACCEPTED, {}), durable)
        elif kind is Prepare and message.replica == node:
            claim = Claim(node, "prepare", message.view, message.height, message.hash, origin)
            self._voted(claim)
            self._require_durable(claim, durable.get(ACCEPTED, {}), durable)
        elif kind is CommitVote and message.replica == node:
            claim = Claim(node, "commit", message.view, message.height, message.hash, origin)
            self._voted(claim)
            self._require_durable(claim, durable.get(PREPARED, {}), durable)
        elif kind is ViewChange and message.replica == node:
            self._asked(message, origin)
        elif kind is NewView and self._primary(message.view) == node:
            for proposal in message.pre_prepares:
                self._voted(Claim(node, "pre-prepare", message.view, proposal.height, proposal.hash, origin))

    def _primary(self, view: int) -> NodeId:
        return self.voters[view % len(self.voters)]

    # -- one thing said, once --------------------------------------------------------------------------------

    def _voted(self, claim: Claim) -> None:
        """A vote leaves its replica. A primary's PRE-PREPARE stands for its PREPARE as well."""
        self._count(claim)
        if claim.node in self.liars:
            return
        self._say(claim)
        asked, when = self.asked.get(claim.node, (0, ""))
        if claim.view < asked:
            raise Violation("view left", str(claim), f"it asked for view {asked}: {when}")
        if claim.phase == "commit":
            heights = self.committed.setdefault(claim.node, {})
            if claim.height not in heights or claim.view >= heights[claim.height].view:
                heights[claim.height] = claim

    def _say(self, claim: Claim) -> None:
        known = self.said.setdefault((claim.node, claim.phase, claim.view, claim.height), claim)
        if known.hash != claim.hash:
            raise Violation("no equivocation", str(claim), f"it said {known}")

    # -- view changes ----------------------------------------------------------------------------------------

    def _asked(self, message: ViewChange, origin: str) -> None:
        node = message.replica
        if node in self.liars:
            return
        self._say(Claim(node, "view-change", message.view, 0, message.signature, origin))
        if message.view > self.asked.get(node, (0, ""))[0]:
            self.asked[node] = (message.view, origin)
        reported = {proof.height: proof.view for proof in message.prepared}
        heights = self.committed.get(node, {})
        for height in [height for height in heights if height <= message.height]:
            del heights[height]
        for height, claim in heights.items():
            if reported.get(height, -1) < claim.view < message.view:
                asks = f"{origin} asks for view {message.view} from {message.height}, reporting {reported}"
                raise Violation("prepared is reported", asks, f"it said {claim}")

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:
        if node in self.liars:
            return
        for record in records:
            if isinstance(record, Put) and isinstance(record.value, NewView):
                self._entered(node, record.value, told(now, node, incarnation))

    def _entered(self, node: NodeId, message: NewView, origin: str) -> None:
        base = max((change.height for change in message.view_changes), default=0)
        hashes = {proposal.height: proposal.hash for proposal in message.pre_prepares}
        prescription = Prescription(message.view, base, hashes, origin)
        if self.new_views.setdefault(message.view, prescription)[:3] != prescription[:3]:
            raise Violation("one new view", str(prescription), str(self.new_views[message.view]))
        for (phase, _, _), claim in self.certified.items():
            if phase == "commit" and claim.height > base:
                self._require_kept(prescription, claim)
        self._forget(node, {claim.hash for claim in self._claims(node) if prescription.contradicts(claim)})

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        decided = commit.block
        self._forget(
            node,
            {
                claim.hash
                for claim in self._claims(node)
                if claim.height == decided.height + 1 and self.parents.get(claim.hash) != decided.hash
            },
        )

    def _claims(self, node: NodeId) -> list[Claim]:
        heights = self.committed.get(node, {})
        return [heights[height] for height in sorted(heights)]

    def _forget(self, node: NodeId, contradicted: set[bytes]) -> None:
        """A contradicted block need not be reported any more, nor what was built on it."""
        for claim in self._claims(node):
            if claim.hash in contradicted or self.parents.get(claim.hash) in contradicted:
                contradicted.add(claim.hash)
                del self.committed[node][claim.height]

    @staticmethod
    def _require_kept(prescription: Prescription, claim: Claim) -> None:
        if claim.view < prescription.view and prescription.contradicts(claim):
            raise Violation(
                "new view keeps decisions", str(prescription), f"a quorum's commit is complete with {claim}"
            )

    # -- quorums ---------------------------------------------------------------------------------------------

    def _count(self, claim: Claim) -> None:
        phase = "commit" if claim.phase == "commit" else "prepare"
        voters = self.votes.setdefault((phase, claim.view, claim.height, claim.hash), set())
        voters.add(claim.node)
        if len(voters) < self.quorum:
            return
        place = (phase, claim.view if phase == "prepare" else 0, claim.height)
        known = self.certified.setdefault(place, claim)
        if known.hash != claim.hash:
            raise Violation("conflicting certificates", f"complete with {claim}", f"complete with {known}")
        if phase == "commit":
            for prescription in self.new_views.values():
                self._require_kept(prescription, claim)

    # -- disks -----------------------------------------------------------------------------------------------

    def _require_durable(self, claim: Claim, space: dict[int | str, Any], durable: Image) -> None:
        """The disk holds what the vote rests on, or something later that made it superfluous."""
        if claim.node in self.liars or claim.height in durable.get(BLOCKS, {}):
            return
        record: PrePrepare | PreparedCertificate | None = space.get(claim.height)
        if record is None:
            raise Violation("durable before said", str(claim), "its disk holds nothing there")
        recorded = record.block.hash if isinstance(record, PrePrepare) else record.hash
        if record.view < claim.view or (record.view == claim.view and recorded != claim.hash):
            raise Violation(
                "durable before said", str(claim), f"its disk holds {recorded.hex()[:16]} of view {record.view}"
            )
