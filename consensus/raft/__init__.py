"""Raft: crash faults, a majority decides (Ongaro & Ousterhout 2014; Ongaro's dissertation).

An engineer who knows the paper finds its names: a :class:`~consensus.raft.server.Server` in one of the
:mod:`~consensus.raft.roles`, RequestVote and AppendEntries in :mod:`~consensus.raft.messages`, the rules in
:mod:`~consensus.raft.election`, :mod:`~consensus.raft.append` and :mod:`~consensus.raft.replication`, leadership
:mod:`~consensus.raft.transfer` and linearizable :mod:`~consensus.raft.reads`. What differs from the paper, and why:

* The log's entries are the chain's blocks, so equal hashes mean equal logs, and index = height.
* Acknowledgements are signed; the majority of them that commits a block is its certificate.
* Followers judge blocks before they append them (:class:`consensus.protocols.Verdict`).
* A leader appends no no-op by itself: it asks for a block (:meth:`~consensus.raft.core.RaftCore.wants_block`).
* A follower that needs what no one holds in its log any more is left to the replica's catch-up, not to snapshots
  sent by the core.
"""

from __future__ import annotations

from consensus.protocols import ProtocolEntry, register
from consensus.quorum import crash_faults, majority
from consensus.raft.core import RaftCore
from consensus.raft.messages import MESSAGES
from consensus.raft.options import RaftOptions
from consensus.raft.records import RECORDS

__all__ = ["RaftCore", "RaftOptions"]

register(
    ProtocolEntry(
        name="raft",
        core=RaftCore,
        voters_of=lambda members: members,
        quorum=majority,
        faults=crash_faults,
        replies=lambda _: 1,
        read_replies=lambda _: 1,
        messages=MESSAGES,
        records=RECORDS,
    ),
)
