"""What every answer to a leader must satisfy, whatever it answers."""

from __future__ import annotations

from consensus.raft.progress import Progress
from consensus.raft.roles import Leader
from consensus.raft.server import PeerError, Server
from consensus.vocabulary import NodeId


def leadership_addressed(server: Server, sender: NodeId, term: int) -> Leader | None:
    """Our leadership, if an answer in ``term`` is to it.

    None for an answer to an earlier one, or of a server that was removed. PeerError for one to none that there was.
    """
    if term > server.term:
        raise PeerError(f"an answer in term {term}, where we did not lead")
    role = server.role
    if term < server.term or not isinstance(role, Leader):
        return None
    return role if sender in role.progress else None


def require_beat(role: Leader, beat: int) -> None:
    """Only rounds of heartbeats that have begun can be answered."""
    if not 0 <= beat <= role.beat:
        raise PeerError(f"an answer to heartbeats {beat}; the last were {role.beat}")


def heard(progress: Progress, now: int, beat: int = -1) -> None:
    """A follower is following us still; ``beat`` is the latest round of heartbeats that it tells of."""
    progress.heard_at = now
    progress.beat = max(progress.beat, beat)
