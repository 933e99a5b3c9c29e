"""Linearizable reads without writing to the log (dissertation, section 6.4).

**ReadIndex.** The leader notes its commit index, proves by a round of heartbeats begun *after* the read arrived that
it still leads, and then lets the read be answered from any state at that index or later. Until an entry of its own
term is committed it may not know the latest commit index, so the read waits for one
(:meth:`~consensus.raft.core.RaftCore.wants_block`).

**At a follower** a read is put to the leader, and answered here, once the follower's own state has come as far as the
index that the leader names. Each question is told from every other by its number and by the life in which it was
asked, so that an answer which comes late, after a restart even, is not taken for another's. The leader asked may
have been replaced, or the question or its answer lost: after the least election timeout the read is given up.

**Lease** (section 6.4.1; off unless ``lease_ns`` is set). A round that a majority answered proves more: each of them
grants nobody a vote for the least election timeout after it heard us. Until ``lease_ns`` after that round *began*,
reads need no further round. This assumes that no voter's clock runs faster than ours by more than the factor
``election_timeout_min_ns / lease_ns``, and that a restarted voter keeps its promise (it does: see ``core.start``).
A leader that has told another to stand has no lease for the rest of its term: that election is one which voters
heed in spite of their promise, and the message that starts it may be late.
"""

from __future__ import annotations

from consensus.raft.messages import ReadIndex, ReadIndexAnswer
from consensus.raft.replication import on_heartbeat
from consensus.raft.roles import Asked, Asker, Follower, Leader, Read
from consensus.raft.server import READS, PeerError, Server
from consensus.vocabulary import NodeId, SetTimer


def begin_read(server: Server, now: int, context: int) -> None:
    """Have ``context`` answered by a ``Readable``: at once with None where no leader is known."""
    role = server.role
    if isinstance(role, Leader):
        _take(server, now, role, context)
    elif isinstance(role, Follower) and role.leader is not None and len(role.asked) < server.options.reads_max:
        _ask_the_leader(server, now, role, role.leader, context)
    else:
        server.answer_read(context, None)


# -- At a follower -------------------------------------------------------------------------------------


def _ask_the_leader(server: Server, now: int, role: Follower, leader: NodeId, context: int) -> None:
    patience = server.options.election_timeout_min_ns
    if not role.asked:
        server.effects.append(SetTimer(name=READS, after_ns=patience))
    server.questions += 1
    role.asked.append(Asked(context=context, number=server.questions, deadline=now + patience))
    server.send(leader, ReadIndex(term=server.term, life=server.life, number=server.questions))


def on_read_index_answer(server: Server, now: int, sender: NodeId, message: ReadIndexAnswer) -> None:  # noqa: ARG001
    """The leader names the index from which on a read may be answered; or it cannot, or not any more."""
    if message.life < 0 or message.number < 0 or (message.index is not None and message.index < 0):
        raise PeerError("a negative number")
    role = server.role
    if not isinstance(role, Follower) or not role.asked or sender != role.leader or message.life != server.life:
        return  # late: what it answers was given up, or asked in another life
    answered = [asked for asked in role.asked if asked.number == message.number]
    role.asked = [asked for asked in role.asked if asked.number != message.number]
    for asked in answered:
        server.answer_read(asked.context, message.index)


def on_reads_timeout(server: Server, now: int) -> None:
    """Give up what has not been answered in time."""
    role = server.role
    if not isinstance(role, Follower):
        return
    overdue = [asked for asked in role.asked if asked.deadline <= now]
    role.asked = [asked for asked in role.asked if asked.deadline > now]
    for asked in overdue:
        server.answer_read(asked.context, None)
    if role.asked:
        server.effects.append(SetTimer(name=READS, after_ns=role.asked[0].deadline - now))


# -- At the leader -------------------------------------------------------------------------------------


def on_read_index(server: Server, now: int, sender: NodeId, message: ReadIndex) -> None:
    """A follower asks, in the belief that we lead."""
    if message.life < 0 or message.number < 0:
        raise PeerError("a negative number")
    asker = Asker(node=sender, life=message.life, number=message.number)
    role = server.role
    if isinstance(role, Leader) and message.term <= server.term:
        _take(server, now, role, asker)
    else:
        server.answer_read(asker, None)


def _take(server: Server, now: int, role: Leader, asker: Asker | int) -> None:
    if len(role.reads) >= server.options.reads_max:
        server.answer_read(asker, None)
    elif not has_committed_in_term(server):
        role.reads.append(Read(asker=asker, index=None, beat=0))
    elif _holds_lease(server, now, role):
        server.answer_read(asker, server.commit_index)
    else:
        _ask_the_voters(server, now, role, [asker])


def has_committed_in_term(server: Server) -> bool:
    """Whether an entry of this leader's own term is committed: only then is its commit index the latest there is."""
    return server.log.term_at(server.commit_index) == server.term


def release_waiting(server: Server, now: int, role: Leader) -> None:
    """The first entry of our term is committed: reads that waited for it take their index now."""
    waiting = [read.asker for read in role.reads if read.index is None]
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
    for read in done:
        server.answer_read(read.asker, read.index)


def _ask_the_voters(server: Server, now: int, role: Leader, askers: list[Asker | int]) -> None:
    """Begin a round of heartbeats that is to confirm these reads."""
    on_heartbeat(server, now, role)
    index = server.commit_index
    role.reads += [Read(asker=asker, index=index, beat=role.beat) for asker in askers]
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
