"""What keeps a leader from taking another block: back-pressure, told in words to whoever asks (``Status.busy``).

Without limits a leader that is cut off, or whose application falls behind, would fill its memory with what it cannot
commit or execute. All limits count whole blocks that are there already, so a single block always goes, however large.
The first block of a term goes whatever an earlier leader left uncommitted, because all that commits only with it
(paper, section 5.4.2).
"""

from __future__ import annotations

from consensus.raft.roles import Leader
from consensus.raft.server import Server

TRANSFER = "the leadership is being handed over"
WINDOW = "as many blocks as may be are uncommitted"
UNCOMMITTED_BYTES = "as many bytes as may be are uncommitted"
UNAPPLIED_BYTES = "as many bytes as may be are committed and not yet executed here"


def limit_reached(server: Server, role: Leader) -> str | None:
    """Why this leader takes no block just now, or None where it does."""
    if role.transfer is not None:
        return TRANSFER
    log, options, commit = server.log, server.options, server.commit_index
    last = log.last_index
    if last > commit and log.last_term == server.term:
        if last - commit >= options.window:
            return WINDOW
        if log.bytes_between(commit, last) >= options.uncommitted_bytes_max:
            return UNCOMMITTED_BYTES
    executed = server.executed_index
    if executed < commit and log.bytes_between(executed, commit) >= options.unapplied_bytes_max:
        return UNAPPLIED_BYTES
    return None
