"""Linearizable reads without writing to the log (dissertation, section 6.4).

**ReadIndex.** The leader notes its commit index, proves by a round of heartbeats begun *after* the read arrived that
it still leads, and then lets the read be answered from any state at that index or later. Until an entry of its own
term is committed it may not know the latest commit index, so the read waits for one
(:meth:`~consensus.raft.core.RaftCore.wants_block`).

**Lease** (section 6.4.1; off unless ``lease_ns`` is set). A round that a majority answered proves more: each of them
grants nobody a vote for the least election timeout after it heard us. Until ``lease_ns`` after that round *began*,
reads need no further round. This assumes that no voter's clock runs faster than ours by more than the factor
``election_timeout_min_ns / lease_ns``, and that a restarted voter keeps its promise (it does: see ``core.start``).
A leader that has told another to stand has no lease for the rest of its term: that election is one which voters
heed in spite of their promise, and the message that starts it may be late.
"""

from __future__ import annotations

from consensus.raft.replication import on_heartbeat
from consensus.raft.roles import Leader, Read
from consensus.raft.server import Server
from consensus.vocabulary import LocalProtocolError, Readable


def begin_read(server: Server, now: int, context: int) -> None:
    """Have ``context`` answered by a ``Readable``; LocalProtocolError at a server that does not lead."""
    role = server.role
    if not isinstance(role, Leader):
        raise LocalProtocolError("reads are asked of the leader")
    if not has_committed_in_term(server):
        role.reads.append(Read(context=context, index=None, beat=0))
    elif _holds_lease(server, now, role):
        server.effects.append(Readable(context=context, height=server.commit_index))
    else:
        _ask_the_voters(server, now, role, [context])


def has_committed_in_term(server: Server) -> bool:
    """Whether an entry of this leader's own term is committed: only then is its commit index the latest there is."""
    return server.log.term_at(server.commit_index) == server.term


def release_waiting(server: Server, now: int, role: Leader) -> None:
    """The first entry of our term is committed: reads that waited for it take their index now."""
    waiting = [read.context for read in role.reads if read.index is None]
    if waiting and has_committed_in_term(server):
        role.reads = [read for read in role.reads if read.index is not None]
        _ask_the_voters(server, now, role, waiting)


def confirm(server: Server, role: Leader) -> None:
    """Release what a majority's answers to a later round of heartbeats prove."""
    confirmed = _confirmed_beat(server, role)
    for sent in [beat for beat in role.sent_at if beat < confirmed]:
        del role.sent_at[sent]
    if not role.reads:
        return
    done = [read for read in role.reads if read.index is not None and read.beat <= confirmed]
    role.reads = [read for read in role.reads if read not in done]
    server.effects += [Readable(context=read.context, height=read.index) for read in done]


def _ask_the_voters(server: Server, now: int, role: Leader, contexts: list[int]) -> None:
    """Begin a round of heartbeats that is to confirm these reads."""
    on_heartbeat(server, now, role)
    index = server.commit_index
    role.reads += [Read(context=context, index=index, beat=role.beat) for context in contexts]
    confirm(server, role)  # a lone voter is its own majority


def _confirmed_beat(server: Server, role: Leader) -> int:
    """The latest round of heartbeats that a quorum, ourselves included, has taken part in."""
    beats = {peer: progress.beat for peer, progress in role.progress.items()}
    beats[server.me] = role.beat
    return server.electorate.reached(beats, least=-1)


def _holds_lease(server: Server, now: int, role: Leader) -> bool:
    lease = server.options.lease_ns
    if lease == 0 or role.abdicated:
        return False
    began = role.sent_at.get(_confirmed_beat(server, role))
    return began is not None and now - began < lease
