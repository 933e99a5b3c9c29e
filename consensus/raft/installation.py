"""Snapshots at the follower: InstallSnapshot and its chunks, received, kept and installed (paper, section 7).

1. An older term is refused and told of ours.
2. The snapshot must be possible: of a height and term that this leader can know decided, with a good certificate if it
   has one, and nothing that contradicts what we hold as committed. A chunk must be one that the manifest lists, and the
   last of them must complete a state that the application can go on from. Otherwise the message is rejected, before
   anything has changed.
3. One that ends at or below our commit index is of no use: we answer that our log equals the leader's up to there.
4. One snapshot is received at a time, every piece durable before it is acknowledged, so that a restart goes on where it
   was. Another takes its place if it is later, or from a later leader; chunks that both list are kept.
5. When all chunks are there, the state is installed. Entries after it stay if our log agrees with it; else all go.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from consensus.configuration import UnknownMembersError
from consensus.raft.append import follow, require_one_leader
from consensus.raft.certificates import fault_of
from consensus.raft.electorate import Electorate
from consensus.raft.incoming import begin
from consensus.raft.messages import AppendSuccess, InstallSnapshot, InstallSnapshotReply, SnapshotChunk
from consensus.raft.roles import Follower
from consensus.raft.server import PeerError, Server
from consensus.snapshots import Snapshot
from consensus.vocabulary import NodeId

CHUNKS_MAX = 2**20
"""A manifest of more chunks is refused."""


def on_install_snapshot(server: Server, now: int, sender: NodeId, message: InstallSnapshot) -> None:
    """A leader offers a snapshot: rules 1 to 4."""
    snapshot = message.snapshot
    if message.term < server.term:
        server.send(sender, InstallSnapshotReply(term=server.term, digest=snapshot.digest, wanted=()))
        return
    require_one_leader(server, sender, message.term)
    snapshot = _possible(server, snapshot, message.term)
    if snapshot.height > server.commit_index:
        _require_state(server, snapshot, begin(snapshot, server.incoming)[0].chunks)
    role = follow(server, now, sender, message.term)
    if snapshot.height <= server.commit_index:
        _say_committed(server, sender, role)
        return
    incoming = server.incoming
    if incoming is not None and incoming.digest != snapshot.digest:
        if incoming.term == message.term and incoming.snapshot.height >= snapshot.height:
            return  # an offer that this leader has replaced since
        incoming = None
    if incoming is None:
        incoming = server.receive_snapshot(snapshot)
    incoming.term = message.term
    _go_on(server, sender, role)


def on_snapshot_chunk(server: Server, now: int, sender: NodeId, message: SnapshotChunk) -> None:
    """A piece of the snapshot that we are receiving: rules 2, 4 and 5."""
    if message.term < server.term:
        server.send(sender, InstallSnapshotReply(term=server.term, digest=message.digest, wanted=()))
        return
    require_one_leader(server, sender, message.term)
    incoming = server.incoming
    expected = incoming is not None and incoming.digest == message.digest
    if incoming is not None and expected:
        _require_listed(server, incoming.snapshot, message)
        _require_state(server, incoming.snapshot, {**incoming.chunks, message.place: message.chunk})
    role = follow(server, now, sender, message.term)
    if expected:
        server.receive_chunk(message.place, message.chunk)
        _go_on(server, sender, role)


def _possible(server: Server, snapshot: Snapshot, term: int) -> Snapshot:
    """Rule 2, for a snapshot: it, without a certificate that cannot be verified here yet."""
    header, log = snapshot.header, server.log
    if header.height < 1 or not 1 <= header.round <= term:
        raise PeerError(f"no block {header.height} of term {header.round} is decided in term {term}")
    if len(snapshot.chunks) > CHUNKS_MAX or not snapshot.configuration.voters:
        raise PeerError(f"a snapshot of {len(snapshot.chunks)} chunks and {snapshot.configuration}")
    if log.holds(header.height) and log.hash_at(header.height) != header.hash:
        if header.height <= server.commit_index:
            raise PeerError(f"block {header.height} contradicts the committed one")
        if log.term_at(header.height) == header.round:
            raise PeerError(f"a second block {header.height} of term {header.round}")
    try:
        members = server.application.members_hash(snapshot.configuration)
    except UnknownMembersError:  # the state itself says who they are: the application judges that once it is here
        return msgspec.structs.replace(snapshot, certificate=None)
    if members not in (None, header.members):
        raise PeerError(f"block {header.height} does not name those who decide it as its members")
    if snapshot.certificate is not None:
        fault = fault_of(Electorate(snapshot.configuration), server.crypto, header, snapshot.certificate)
        if fault is not None:
            raise PeerError(f"certificate of block {header.height}: {fault}")
    return snapshot


def _require_listed(server: Server, snapshot: Snapshot, message: SnapshotChunk) -> None:
    """Rule 2, for a chunk."""
    if not 0 <= message.place < len(snapshot.chunks):
        raise PeerError(f"chunk {message.place} of a snapshot of {len(snapshot.chunks)}")
    if server.application.chunk_digest(message.chunk) != snapshot.chunks[message.place]:
        raise PeerError(f"chunk {message.place} is not the one that the manifest lists")


def _require_state(server: Server, snapshot: Snapshot, chunks: Mapping[int, bytes]) -> None:
    """Rule 2, for what all chunks make up together, once they are here."""
    if len(chunks) < len(snapshot.chunks):
        return
    flaw = server.application.flaw_in_state(snapshot, tuple(chunks[place] for place in range(len(snapshot.chunks))))
    if flaw is not None:
        raise PeerError(f"the snapshot of height {snapshot.height}: {flaw}")


def _go_on(server: Server, leader: NodeId, role: Follower) -> None:
    """Ask for what is missing, or install what is complete."""
    incoming = server.incoming
    assert incoming is not None  # noqa: S101
    wanted = incoming.missing(server.options.snapshot_window)
    if wanted:
        server.send(leader, InstallSnapshotReply(term=server.term, digest=incoming.digest, wanted=wanted))
        return
    server.install(incoming)
    _say_committed(server, leader, role)


def _say_committed(server: Server, leader: NodeId, role: Follower) -> None:
    """Everything up to our commit index is as the leader has it."""
    success = AppendSuccess(term=server.term, match_index=server.commit_index, signature=None, beat=max(role.beat, 0))
    server.send(leader, success)
