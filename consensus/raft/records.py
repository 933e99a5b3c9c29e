"""What a Raft server makes durable: figure 2's "persistent state on all servers".

The space ``raft.state`` holds one :class:`HardState`; ``raft.log`` holds index -> :class:`LogEntry` for the
entries that are not committed yet, and for some that are: committed ones stand in the ledger's own space. The space
``raft.snapshot`` holds a snapshot that is being received: its manifest at 0, the chunk of place p at p + 1.
"""

from __future__ import annotations

import msgspec

from consensus.chain import Block, Natural
from consensus.snapshots import Snapshot

STATE = "raft.state"
STATE_KEY = "state"
LOG = "raft.log"
INCOMING = "raft.snapshot"
INCOMING_MANIFEST = 0


class HardState(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.hard-state"):
    """The latest term this server has seen, and for whom it voted in it (durable before it is acted on)."""

    term: Natural
    voted_for: Natural | None


class LogEntry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.entry"):
    """One entry of the log; its index is the block's height, its term the block's round."""

    block: Block


class IncomingManifest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.manifest"):
    """The snapshot whose chunks are being received."""

    snapshot: Snapshot


class IncomingChunk(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.received"):
    """One of its chunks, checked."""

    chunk: bytes


RECORDS: tuple[type, ...] = (HardState, LogEntry, IncomingManifest, IncomingChunk)
