"""PBFT's own properties (Castro & Liskov 1999, sections 4.2-4.5), for the replicas that are not Byzantine.

* A replica never says two different things in one (phase, view, height), whatever lives lie between.
* Once it has asked for a view, it takes no part in lower ones.
* Its VIEW-CHANGE reports every height at which it sent a COMMIT above the point that it builds on.
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
from consensus.vocabulary import Broadcast, Image, NodeId, Reply, Send


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
        """Replica -> height -> its latest COMMIT."""
        self.votes: dict[tuple[str, int, int, bytes], set[NodeId]] = {}
        """(phase, view, height, hash) -> who voted for it (only ever counted)."""
        self.certified: dict[tuple[str, int, int], Claim] = {}
        """("prepare", view, height) or ("commit", 0, height) -> the vote that completed a quorum."""

    def on_leave(
        self, now: int, node: NodeId, incarnation: int, effect: Send | Broadcast | Reply, durable: Image
    ) -> None:
        message, origin = effect.message, told(now, node, incarnation)
        kind = type(message)
        if kind is PrePrepare and self._primary(message.view) == node:
            claim = Claim(node, "pre-prepare", message.view, message.block.height, message.block.hash, origin)
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
