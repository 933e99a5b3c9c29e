"""The messages of PBFT (Castro & Liskov 1999, figure 1 and sections 4.2-4.4) and what a replica keeps on disk.

A sequence number is a block's height. Every protocol message names its sender and is signed, since certificates
are made of them; the frame that carries it is authenticated besides. Who speaks is the frame's sender, and a
message that names another is refused (NEW-VIEW excepted: anyone may pass on the primary's).
"""

from __future__ import annotations

from typing import get_args

import msgspec

from consensus.chain import Block, Certificate, Hash, Header, Natural, Signature
from consensus.snapshots import Snapshot


class PrePrepare(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.pre-prepare"):
    """⟨PRE-PREPARE, v, n, d⟩ and the block: the primary of ``view`` gives ``block`` its height."""

    view: Natural
    block: Block
    signature: Signature


class Prepare(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.prepare"):
    """⟨PREPARE, v, n, d, i⟩: backup ``replica`` accepted the PRE-PREPARE."""

    view: Natural
    height: Natural
    hash: Hash
    replica: Natural
    signature: Signature


class CommitVote(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.commit"):
    """⟨COMMIT, v, n, d, i⟩: at ``replica`` the block is prepared.

    The signature covers :func:`consensus.chain.commit_bytes`, so a quorum of these *is* the block's certificate.
    """

    view: Natural
    height: Natural
    hash: Hash
    replica: Natural
    signature: Signature


class PreparedCertificate(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.prepared"
):
    """An element of the paper's set P: the PRE-PREPARE's header and signature, and quorum - 1 backups' PREPAREs.

    ``prepares`` ascend by replica; the primary's is never among them (its PRE-PREPARE stands for it).
    """

    view: Natural
    header: Header
    signature: Signature
    prepares: tuple[tuple[Natural, Signature], ...]

    @property
    def height(self) -> int:
        return self.header.height

    @property
    def hash(self) -> bytes:
        return self.header.hash


class ViewChange(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.view-change"):
    """⟨VIEW-CHANGE, v+1, n, C, P, i⟩.

    ``height`` and ``hash`` name the block that it builds on: not the stable checkpoint, as in the paper, but the last
    block with a commit ``certificate``, which proves it (None for genesis). ``prepared`` holds certificates for the
    heights right above it, without gaps, each block the parent of the next.
    """

    view: Natural
    replica: Natural
    height: Natural
    hash: Hash
    certificate: Certificate | None
    prepared: tuple[PreparedCertificate, ...]
    signature: Signature
    epoch: Natural = 0
    """The height above which the members that change views began to decide (:mod:`consensus.pbft.epochs`)."""


class Reproposal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An element of the paper's set O: a PRE-PREPARE of the new view, without the block's body."""

    height: Natural
    hash: Hash
    signature: Signature


class NewView(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.new-view"):
    """⟨NEW-VIEW, v+1, V, O⟩, signed by the primary of ``view``: a quorum of VIEW-CHANGEs and what follows from it."""

    view: Natural
    view_changes: tuple[ViewChange, ...]
    pre_prepares: tuple[Reproposal, ...]
    signature: Signature


class Checkpoint(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.checkpoint"):
    """⟨CHECKPOINT, n, d, i⟩: ``replica`` has executed ``height`` and reached the state of this digest (section 4.3).

    The signature covers :func:`consensus.snapshots.checkpoint_bytes`, which names no view.
    """

    height: Natural
    digest: Hash
    replica: Natural
    signature: Signature


class StableCheckpoint(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.stable"):
    """The stable certificate: exactly a quorum of CHECKPOINT signatures, in ascending order of replica.

    Said to whoever is behind it; on disk, the proof of the low watermark.
    """

    height: Natural
    digest: Hash
    signatures: tuple[tuple[Natural, Signature], ...]


class FetchStable(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.fetch-stable"):
    """Ask for the stable certificate of a checkpoint above ``height``."""

    height: Natural


class FetchManifest(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.fetch-manifest"
):
    """Ask for the manifest of the state at the checkpoint of this height."""

    height: Natural


class Manifest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.manifest"):
    """The answer to :class:`FetchManifest`; ``snapshot`` is None where that state is not (or no longer) kept."""

    height: Natural
    snapshot: Snapshot | None


class FetchChunk(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.fetch-chunk"):
    """Ask for one chunk of the state at the checkpoint of this height, by its place in the manifest."""

    height: Natural
    place: Natural


class Chunk(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.chunk"):
    """The answer to :class:`FetchChunk`; ``data`` is None where that state is not (or no longer) kept.

    On disk, a chunk that was received and checked.
    """

    height: Natural
    place: Natural
    data: bytes | None


class Fetch(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.fetch"):
    """Ask a peer for the undecided block of this height and hash (a NEW-VIEW carries no bodies)."""

    height: Natural
    hash: Hash


class Fetched(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.fetched"):
    """The answer to :class:`Fetch`."""

    block: Block


class StatusReport(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.status"):
    """The sender is in ``view`` (Castro 2001, section 5.2): whoever is in a higher one answers with its NEW-VIEW.

    ``stable`` is its stable checkpoint: whoever knows a higher one answers with the certificate.
    """

    view: Natural
    stable: Natural = 0


class ViewRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.view"):
    """On disk: the view of this epoch that the replica is in, or is changing to (``active`` False)."""

    view: Natural
    active: bool
    epoch: Natural = 0


class TransferRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="pbft.transfer"):
    """On disk: the state that is being fetched, and the certificate that proves it."""

    certificate: StableCheckpoint
    snapshot: Snapshot


Message = (
    PrePrepare
    | Prepare
    | CommitVote
    | Checkpoint
    | ViewChange
    | NewView
    | Fetch
    | Fetched
    | StatusReport
    | StableCheckpoint
    | FetchStable
    | FetchManifest
    | Manifest
    | FetchChunk
    | Chunk
)

MESSAGES: tuple[type, ...] = get_args(Message)
RECORDS: tuple[type, ...] = (
    PrePrepare,
    PreparedCertificate,
    ViewChange,
    NewView,
    ViewRecord,
    Checkpoint,
    StableCheckpoint,
    TransferRecord,
    Chunk,
)

ACCEPTED = "pbft.accepted"
"""Durable space: height -> the PRE-PREPARE accepted last. It stands for our own PREPARE (or PRE-PREPARE) too:
Ed25519 signatures are deterministic, so a restarted replica says the same again."""

PREPARED = "pbft.prepared"
"""Durable space: height -> the latest prepared certificate; one of the current view stands for our own COMMIT."""

VIEW = "pbft.view"
"""Durable space: "view" -> ViewRecord, "view-change" -> our last VIEW-CHANGE, "new-view" -> the last NEW-VIEW."""

CHECKPOINTS = "pbft.checkpoint"
"""Durable space: height -> our own CHECKPOINT, "stable" -> the proof of the low watermark, "ahead" -> the proof of a
checkpoint that our own state contradicts: we have diverged."""

TRANSFER = "pbft.transfer"
"""Durable space: "target" -> TransferRecord, place -> Chunk; those of another height are left over and mean nothing."""
