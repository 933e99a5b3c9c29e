"""Snapshots at the leader: what InstallSnapshot is sent, to whom, and how fast (paper, section 7; dissertation, ch. 5).

The log is kept only ``log_keep`` entries below what the application has executed. A follower that lacks more is sent
the state itself: first the *manifest* (:class:`consensus.snapshots.Snapshot`), then chunks, ``snapshot_window`` of them
under way at a time. The follower keeps what it gets durably and answers each with the lowest places it still lacks;
so a lost chunk, a restart on its side or a new leader on ours costs no more than is really missing. Silence for a whole
heartbeat makes us offer the manifest again. When all are there the follower installs the state and answers as to any
AppendEntries that reaches the snapshot's height; replication goes on from there.

A snapshot is of the latest executed height when a follower turns out to need one, and serves whoever needs one while
the log still reaches back to it. The application may let go of an old one at any time: a newer one takes its place.
"""

from __future__ import annotations

from itertools import pairwise

from consensus.raft.answers import heard, leadership_addressed
from consensus.raft.messages import InstallSnapshot, InstallSnapshotReply, SnapshotChunk
from consensus.raft.progress import Behind, Installing, Progress
from consensus.raft.roles import Leader
from consensus.raft.server import PeerError, Server
from consensus.snapshots import Snapshot
from consensus.vocabulary import NodeId


def send_snapshot(server: Server, role: Leader, peer: NodeId, progress: Progress) -> None:
    """The log does not reach back to what ``peer`` lacks: offer a snapshot; if there is none, catch-up must help."""
    snapshot = _at_hand(server, role)
    if snapshot is None:
        if not isinstance(progress.state, Behind):
            progress.become_behind()
            server.trace("raft.behind", peer, progress.next_index)
        return
    progress.become_installing(snapshot)
    server.trace("raft.snapshot", peer, snapshot.height)
    server.send(peer, InstallSnapshot(term=server.term, snapshot=snapshot))


def repeat(server: Server, role: Leader, peer: NodeId, progress: Progress) -> None:
    """Another heartbeat: what was not heard of since the last one is offered again."""
    state = progress.state
    if isinstance(state, Behind):
        send_snapshot(server, role, peer, progress)
    elif isinstance(state, Installing):
        if state.silent:
            state.inflight.clear()
            server.send(peer, InstallSnapshot(term=server.term, snapshot=state.snapshot))
        state.silent = True


def on_install_snapshot_reply(server: Server, now: int, sender: NodeId, message: InstallSnapshotReply) -> None:
    """A follower names the chunks that it still lacks, or knows a later term."""
    if message.term > server.term and not message.wanted:
        server.become_follower(now, message.term)
        return
    role = leadership_addressed(server, sender, message.term)
    if role is None:
        return
    progress = role.progress[sender]
    state = progress.state
    current = isinstance(state, Installing) and state.digest == message.digest
    if isinstance(state, Installing) and current:
        _require_places(state.snapshot, message.wanted)
    heard(progress, now)
    if isinstance(state, Installing) and current:
        state.silent = False
        if not _fill_window(server, sender, state, message.wanted):
            _replace(server, role, sender, progress)


def _require_places(snapshot: Snapshot, wanted: tuple[int, ...]) -> None:
    count = len(snapshot.chunks)
    ascending = all(a < b for a, b in pairwise(wanted))
    if not ascending or (wanted and not 0 <= wanted[0] <= wanted[-1] < count):
        raise PeerError(f"chunks {wanted[:8]} of a snapshot of {count}")


def _fill_window(server: Server, peer: NodeId, state: Installing, wanted: tuple[int, ...]) -> bool:
    """Send what is wanted and not under way, as far as the window allows; False if it is not kept any more."""
    state.inflight = [place for place in state.inflight if place in wanted]
    for place in wanted:
        if len(state.inflight) >= server.options.snapshot_window:
            break
        if place in state.inflight:
            continue
        chunk = server.application.chunk(state.snapshot.height, place)
        if chunk is None:
            return False
        state.inflight.append(place)
        server.send(peer, SnapshotChunk(term=server.term, digest=state.digest, place=place, chunk=chunk))
    return True


def _replace(server: Server, role: Leader, peer: NodeId, progress: Progress) -> None:
    """The application has let go of this snapshot: send a later one, or leave the follower to catch-up."""
    assert isinstance(progress.state, Installing)  # noqa: S101
    gone = progress.state.snapshot
    if role.snapshot is gone:
        role.snapshot = None
    if server.executed_index > gone.height:
        send_snapshot(server, role, peer, progress)
    else:
        progress.become_behind()


def _at_hand(server: Server, role: Leader) -> Snapshot | None:
    """The snapshot that we are sending already, if the log reaches back to it, or a new one; None: there is none."""
    known, application = role.snapshot, server.application
    if known is not None and known.height >= server.log.base_index and application.manifest(known.height) is not None:
        return known
    role.snapshot = _of_latest(server)
    return role.snapshot


def _of_latest(server: Server) -> Snapshot | None:
    """A snapshot of what is executed here. Its header must be at hand: just after an installation it is not."""
    height = server.executed_index
    if height <= server.log.base_index:
        return None
    chunks = server.application.manifest(height)
    if chunks is None:
        return None
    return Snapshot(
        header=server.log.block_at(height).header,
        configuration=server.configurations.at(height).configuration,
        chunks=chunks,
        certificate=server.certificate if height == server.commit_index else None,
    )
