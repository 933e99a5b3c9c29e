"""Raft: crash faults, a majority decides (Ongaro & Ousterhout 2014; Ongaro's dissertation).

An engineer who knows the paper finds its names: a :class:`~consensus.raft.server.Server` in one of the
:mod:`~consensus.raft.roles`, RequestVote and AppendEntries in :mod:`~consensus.raft.messages`, the rules in
:mod:`~consensus.raft.election`, :mod:`~consensus.raft.append` and :mod:`~consensus.raft.replication`, leadership
:mod:`~consensus.raft.transfer`, linearizable :mod:`~consensus.raft.reads`, :mod:`~consensus.raft.membership` changes,
InstallSnapshot in :mod:`~consensus.raft.snapshot` (leaders) and :mod:`~consensus.raft.installation` (followers),
blocks that catch-up brings in :mod:`~consensus.raft.adoption`, and
what keeps a leader from taking more in :mod:`~consensus.raft.limits`. What differs from the paper, and why:

* The log's entries are the chain's blocks, so equal hashes mean equal logs, and index = height.
* Acknowledgements are signed; the majority of them that commits a block is its certificate. So a block is committed by
  the configuration of that very block, not by the latest in the leader's log: the certificate has to convince whoever
  follows the chain to there. It is as safe: a configuration and the next have no two majorities without a common
  member (proof in :mod:`consensus.raft.certificates`).
* Changes of members are blocks, and every header names those who decide its block. Joint consensus is not only for
  leaders that are asked for it: a change of one voter may go through it too.
* Followers judge blocks before they append them (:class:`consensus.protocols.Verdict`).
* A leader appends no no-op by itself: it asks for a block (:meth:`~consensus.raft.core.RaftCore.wants_block`).
* The log is compacted as the application executes; the state itself is the application's. Where it keeps no snapshot,
  a follower beyond the log is left to the replica's catch-up.
* Snapshots go in chunks that the follower asks for by place and checks one by one, not by byte offset.
* Proposals are not forwarded by the core: replicas gossip transactions to all voters, so that whoever leads has them.
  Reads are: a follower asks its leader for an index.

**By hand.** A core is a value that is stepped: build one, or set one to any state with
:func:`~consensus.raft.restore.restore`; every call takes the time in nanoseconds and returns its effects, the outbox,
in order. There is nothing else: no thread, no clock, no socket. ::

    core = restore(setup, term=1, voted_for=None, log=[first, second], commit_index=1)
    core.start(0)  # a follower: [Trace(...), SetTimer("raft.election", ...)]
    core.receive(1, 2, PreVote(2, 2, 1))  # stepped with one message: [Send(2, PreVoteReply(...))]
    core.timer(2_000_000_000, "raft.election")  # ticked: [..., Broadcast(PreVote(2, 2, 1)), ...]
    core.status().role, core.server.log.last_index, core.state_hash()

``tests/consensus/raft/stage.py`` is a small language of such steps, and ``tests/consensus/transcripts/raft`` the rules
told in it.
"""

from __future__ import annotations

from consensus.configuration import Changeover
from consensus.protocols import ProtocolEntry, register
from consensus.quorum import crash_faults, majority
from consensus.raft.core import RaftCore
from consensus.raft.messages import MESSAGES
from consensus.raft.options import RaftOptions, options_of
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
        options=options_of,
        changeover=Changeover.AT_ONCE,
        decides_from=lambda height, _: height,
    ),
)
