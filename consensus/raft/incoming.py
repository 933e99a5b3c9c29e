"""A snapshot that is being received: what its follower holds of it, and how a restart finds it again."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec

from consensus.raft.records import INCOMING, INCOMING_MANIFEST, IncomingChunk, IncomingManifest
from consensus.snapshots import Snapshot
from consensus.vocabulary import Cut, Image, Put, Record


class Incoming(msgspec.Struct):
    """``chunks`` by place, each checked against the manifest; what is here is durable before it is acknowledged."""

    snapshot: Snapshot
    digest: bytes  # the snapshot's
    chunks: dict[int, bytes]
    term: int = 0  # of the leader that offered it last; 0 after a restart
    low: int = 0  # all below are here

    def missing(self, count_max: int) -> tuple[int, ...]:
        """The lowest places whose chunks are not here yet, at most so many."""
        while self.low in self.chunks:
            self.low += 1
        lacking = (place for place in range(self.low, len(self.snapshot.chunks)) if place not in self.chunks)
        return tuple(islice(lacking, count_max))

    def state(self) -> tuple[bytes, tuple[int, ...], int]:
        """For digests of a server's whole state."""
        return self.digest, tuple(sorted(self.chunks)), self.term


def begin(snapshot: Snapshot, before: Incoming | None) -> tuple[Incoming, list[Record]]:
    """Begin to receive ``snapshot``, with the chunks that it shares with the one received ``before``."""
    held = {} if before is None else {before.snapshot.chunks[place]: chunk for place, chunk in before.chunks.items()}
    chunks = {place: held[digest] for place, digest in enumerate(snapshot.chunks) if digest in held}
    records: list[Record] = [
        Cut(space=INCOMING, start=0),
        Put(space=INCOMING, key=INCOMING_MANIFEST, value=IncomingManifest(snapshot=snapshot)),
        *(chunk_record(place, chunk) for place, chunk in chunks.items()),
    ]
    return Incoming(snapshot=snapshot, digest=snapshot.digest, chunks=chunks), records


def chunk_record(place: int, chunk: bytes) -> Record:
    """What keeps one chunk."""
    return Put(space=INCOMING, key=INCOMING_MANIFEST + 1 + place, value=IncomingChunk(chunk=chunk))


def recovered(image: Image, commit_index: int) -> Incoming | None:
    """What a restart finds; None where nothing was being received, or what was is installed already."""
    space: dict[Any, Any] = image.get(INCOMING, {})
    manifest: IncomingManifest | None = space.get(INCOMING_MANIFEST)
    if manifest is None or manifest.snapshot.height <= commit_index:
        return None
    first = INCOMING_MANIFEST + 1
    chunks = {key - first: record.chunk for key, record in space.items() if key >= first}
    return Incoming(snapshot=manifest.snapshot, digest=manifest.snapshot.digest, chunks=chunks)
