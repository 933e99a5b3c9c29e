"""What PBFT promises of checkpoints, watermarks and transferred states (Castro & Liskov 1999, section 4.3).

* A correct replica says one digest for each checkpoint, whatever lives lie between, and has it on disk before.
* What a correct replica holds for stable was signed by exactly a quorum of its members, and every correct signer said
  that digest; so f + 1 correct replicas or more have that state. There is one such digest for a height.
* A correct replica's low watermark only rises, and never to a state that contradicts its own.
* It accepts nothing outside its window, which reaches ``log_size`` heights above the low watermark on its disk, or
  above the checkpoint at which the present members began.
* A state that it installs is one that such a quorum signed.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from consensus.pbft.messages import ACCEPTED, CHECKPOINTS, Checkpoint, PrePrepare, StableCheckpoint
from consensus.properties.observer import Observer, Property, Violation, told
from consensus.quorum import byzantine_faults, byzantine_quorum
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import Broadcast, Image, Install, NodeId, Put, Record, Reply, Send, Trace

KEEP = 1024
"""How many heights below the highest stable one the oracle remembers what was said."""


class Said(NamedTuple):
    """A digest, and how it came to be."""

    digest: bytes
    origin: str

    def __str__(self) -> str:
        return f"{self.digest.hex()[:16]}, {self.origin}"


class CheckpointSafety(Observer):
    """Watches every replica but the ``liars``. ``log_size`` is the window's; None: the window is not judged.

    What was said more than ``keep`` heights below the highest stable checkpoint is forgotten.
    Replicas tell of a new set of members by the trace ``pbft.epoch``; until then ``voters`` vote.
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property("no equivocation", "a correct replica says one digest for a checkpoint", "PBFT, section 4.3", "O(1)"),
        Property("durable before said", "a CHECKPOINT is on disk before it is said", "PBFT, section 4.3", "O(1)"),
        Property("low watermark rises", "a low watermark never falls", "PBFT, section 4.3", "O(1)"),
        Property("inside the window", "nothing is accepted outside the window", "PBFT, section 4.3", "O(1)"),
        Property(
            "diverged takes no part",
            "nobody holds for stable what its own state contradicts",
            "PBFT, section 4.3",
            "O(1)",
        ),
        Property(
            "a quorum is stable",
            "a stable certificate is exactly a quorum of members",
            "PBFT, section 4.3",
            "O(quorum), once a checkpoint",
        ),
        Property(
            "signers have the state",
            "every correct signer of a stable certificate said its digest",
            "PBFT, section 4.3",
            "O(quorum), once a checkpoint",
        ),
        Property("one state", "one digest is stable at a height", "PBFT, section 4.3", "O(1)"),
        Property(
            "transferred states are canonical",
            "a state that is installed was said by f + 1 correct replicas or more",
            "PBFT, section 5.3.2 of the thesis",
            "O(what was said), once a transfer",
        ),
    )

    weighs = frozenset({Checkpoint})

    def __init__(
        self,
        voters: tuple[NodeId, ...],
        liars: frozenset[NodeId] = frozenset(),
        log_size: int | None = None,
        keep: int = KEEP,
    ) -> None:
        self.keep = keep
        self.liars = liars
        self.log_size = log_size
        self.epochs: dict[int, tuple[NodeId, ...]] = {0: voters}
        """Base height -> who decides above it."""
        self.said: dict[tuple[int, NodeId], Said] = {}
        """(height, replica) -> the digest that it said, or has on disk."""
        self.durable: set[tuple[int, NodeId]] = set()
        """(height, replica) of every CHECKPOINT that ever was on its replica's disk (only ever looked up)."""
        self.stable: dict[int, Said] = {}
        """Height -> the digest that was first held for stable."""
        self.low: dict[NodeId, int] = {}
        """Replica -> the low watermark on its disk."""

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:
        proof = image.get(CHECKPOINTS, {}).get("stable")
        low = proof.height if isinstance(proof, StableCheckpoint) else 0
        if node not in self.liars and low < self.low.get(node, 0):
            raise Violation(
                "low watermark rises",
                f"{told(now, node, incarnation)} starts at {low}",
                f"it stood at {self.low[node]}",
            )

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind == "pbft.epoch" and node not in self.liars:
            base, *voters = trace.detail
            self.epochs.setdefault(base, tuple(voters))

    def on_leave(
        self,
        now: int,
        node: NodeId,
        incarnation: int,
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002 (what ever was durable is what counts)
    ) -> None:
        message = effect.message
        if type(message) is not Checkpoint or message.replica != node or node in self.liars:
            return
        origin = told(now, node, incarnation)
        self._say(node, message, origin)
        if (message.height, node) not in self.durable:
            raise Violation(
                "durable before said", f"CHECKPOINT {message.height}, {origin}", "no record of it ever reached its disk"
            )

    def on_durable(
        self,
        now: int,
        node: NodeId,
        incarnation: int,
        records: tuple[Record, ...],
        durable: Image,  # noqa: ARG002
    ) -> None:
        if node in self.liars:
            return
        for record in records:
            if not isinstance(record, Put):
                continue
            value = record.value
            if type(value) is Checkpoint:
                self.durable.add((value.height, node))
                self._say(node, value, told(now, node, incarnation))
            elif type(value) is StableCheckpoint and record.key == "stable":
                self._stabilised(node, value, told(now, node, incarnation))
            elif type(value) is PrePrepare and record.space == ACCEPTED and self.log_size is not None:
                height = value.block.height
                low = max(self.low.get(node, 0), self._began(height))
                if not low < height <= low + self.log_size:
                    accepted = f"height {height} accepted, {told(now, node, incarnation)}"
                    raise Violation("inside the window", accepted, f"{low} + {self.log_size}")
            elif (record.space, record.key) == (SNAPSHOT, MANIFEST):
                self._landed(value.height, value.digest, told(now, node, incarnation))

    def on_install(self, now: int, node: NodeId, incarnation: int, install: Install) -> None:
        if node not in self.liars:
            self._landed(install.height, install.snapshot.digest, told(now, node, incarnation))

    def _say(self, node: NodeId, message: Checkpoint, origin: str) -> None:
        said = Said(message.digest, origin)
        known = self.said.setdefault((message.height, node), said)
        if known.digest != message.digest:
            raise Violation("no equivocation", f"CHECKPOINT {message.height} {said}", f"it said {known}")

    def _began(self, height: int) -> int:
        """The checkpoint above which the members that decide ``height`` began: they stand on it without a proof."""
        return max(base for base in self.epochs if base < height)

    def _voters(self, height: int) -> tuple[NodeId, ...]:
        """Who decides the block at ``height``, and signs its state."""
        return self.epochs[self._began(height)]

    def _stabilised(self, node: NodeId, proof: StableCheckpoint, origin: str) -> None:
        height, held = proof.height, Said(proof.digest, origin)
        if height <= self.low.get(node, 0):
            raise Violation("low watermark rises", f"to {height}, {origin}", f"it stood at {self.low[node]}")
        self.low[node] = height
        own = self.said.get((height, node))
        if own is not None and own.digest != proof.digest:
            raise Violation("diverged takes no part", f"stable {height} is {held}", f"its own is {own}")
        self._require_signed(height, held, [signer for signer, _ in proof.signatures])
        known = self.stable.setdefault(height, held)
        if known.digest != proof.digest:
            raise Violation("one state", f"stable {height} is {held}", f"it is {known}")
        if known is held:
            self._forget_below(max(self.stable) - self.keep)

    def _forget_below(self, height: int) -> None:
        for at in [at for at in self.said if at[0] < height]:
            del self.said[at]
            self.durable.discard(at)
        for old in [old for old in self.stable if old < height]:
            del self.stable[old]

    def _require_signed(self, height: int, held: Said, signers: list[NodeId]) -> None:
        voters = self._voters(height)
        quorum = byzantine_quorum(len(voters))
        if len(set(signers)) != quorum or len(signers) != quorum or not set(signers) <= set(voters):
            raise Violation("a quorum is stable", f"stable {height} by {signers}", f"{quorum} of {voters} are a quorum")
        for signer in signers:
            said = self.said.get((height, signer))
            if signer not in self.liars and (said is None or said.digest != held.digest):
                raise Violation("signers have the state", f"stable {height} is {held}", f"replica {signer} said {said}")

    def _landed(self, height: int, digest: bytes, origin: str) -> None:
        signed = sum(
            said.digest == digest for (at, node), said in self.said.items() if at == height and node not in self.liars
        )
        faults = byzantine_faults(len(self._voters(height)))
        if signed <= faults:
            raise Violation(
                "transferred states are canonical",
                f"state {digest.hex()[:16]} at {height} installed, {origin}",
                f"{signed} correct replicas say so",
            )
