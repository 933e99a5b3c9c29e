"""Snapshots: the state after a decided block, in chunks that can be checked one by one.

A snapshot's *manifest* lists the digests of its chunks; what the digest of a chunk is, is the application's choice
(:meth:`consensus.protocols.Application.chunk_digest`), so that the chunks may be subtrees of an authenticated state.
:attr:`Snapshot.digest` binds manifest, block and configuration; PBFT's CHECKPOINTs sign it (Castro & Liskov 1999,
section 4.3), Raft's InstallSnapshot carries the manifest before the chunks (Ongaro & Ousterhout 2014, section 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from consensus.chain import Certificate, Hash, Header
from consensus.configuration import Configuration

_encode = msgspec.msgpack.Encoder().encode


class Snapshot(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="snapshot"):
    """What a snapshot says of itself: the last block it covers, who decides after it, and its chunks' digests.

    ``certificate`` proves the block decided where it has one of its own. ``configuration`` is in force right above
    ``header.height``; ``since`` is the header of the block right above which it came into force, for protocols in which
    that begins something (PBFT's epochs; None: the genesis).
    """

    header: Header
    configuration: Configuration
    chunks: tuple[Hash, ...]
    certificate: Certificate | None = None
    since: Header | None = None

    @property
    def height(self) -> int:
        return self.header.height

    @property
    def digest(self) -> bytes:
        """What a checkpoint vote signs; certificates differ between nodes and are left out."""
        return state_digest(self.header, self.configuration, self.chunks, self.since)


def state_digest(
    header: Header, configuration: Configuration, chunks: Sequence[bytes], since: Header | None = None
) -> bytes:
    """SHA-256 over the block's hash, the configuration, the block it is in force since, and all chunks' digests."""
    began = since.hash if since is not None else None
    parts = ("consortium/snapshot", header.height, header.hash, configuration, tuple(chunks), began)
    return sha256(_encode(parts)).digest()


def checkpoint_bytes(height: int, digest: bytes) -> bytes:
    """The bytes that a CHECKPOINT's signature covers."""
    return _encode(("consortium/checkpoint", height, digest))


DELIVERED = "delivered"
"""Space in which a node notes up to which height the blocks that it skipped have been executed after all."""

SNAPSHOT = "snapshot"
"""Durable space of the replica: "manifest" -> Snapshot, place -> bytes of that chunk.

Written by the replica when it installs a snapshot (all records in one ``Persist``); cores read the manifest at a
restart: blocks below its height may be missing from ``BLOCKS``."""

MANIFEST = "manifest"
"""The key of the :class:`Snapshot` in :data:`SNAPSHOT`."""
