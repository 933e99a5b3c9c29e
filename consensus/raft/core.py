"""Raft as a core of this project: the interface on one side, the paper's rules on the other.

The rules are in the modules beside this one; here every input finds its rule. The story of a block:
:meth:`RaftCore.propose` appends it to the leader's log (durably) and sends AppendEntries (``replication``); followers
check, judge and append it (``append``) and acknowledge with a signature; a majority of those commits it
(``tally``), and the next AppendEntries says so. The story of a leader: silence, pre-votes, votes (``election``).
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec

from consensus.chain import Block, Certificate
from consensus.proof import Run
from consensus.protocols import Setup, Slot, Status
from consensus.raft import (
    adoption,
    append,
    certificates,
    election,
    installation,
    membership,
    reads,
    replication,
    snapshot,
    transfer,
)
from consensus.raft.limits import limit_reached
from consensus.raft.messages import (
    AppendDeferral,
    AppendEntries,
    AppendFailure,
    AppendSuccess,
    InstallSnapshot,
    InstallSnapshotReply,
    PreVote,
    PreVoteReply,
    ReadIndex,
    ReadIndexAnswer,
    RequestVote,
    RequestVoteReply,
    SnapshotChunk,
    TimeoutNow,
)
from consensus.raft.roles import NAMES, Candidate, Follower, Leader, Observer, PreCandidate
from consensus.raft.server import ELECTION, HEARTBEAT, READS, PeerError, Server
from consensus.vocabulary import Effects, LocalProtocolError, NodeId, Rejected, SetTimer

TERM_MAX = 2**62
"""Terms beyond this are refused, so that no forged one can use up the numbers."""

_Handler = Callable[[Server, int, NodeId, Any], None]

_HANDLERS: dict[type, _Handler] = {
    PreVote: election.on_pre_vote,
    PreVoteReply: election.on_pre_vote_reply,
    RequestVote: election.on_request_vote,
    RequestVoteReply: election.on_request_vote_reply,
    AppendEntries: append.on_append_entries,
    AppendSuccess: replication.on_append_success,
    AppendFailure: replication.on_append_failure,
    AppendDeferral: replication.on_append_deferral,
    ReadIndex: reads.on_read_index,
    ReadIndexAnswer: reads.on_read_index_answer,
    InstallSnapshot: installation.on_install_snapshot,
    SnapshotChunk: installation.on_snapshot_chunk,
    InstallSnapshotReply: snapshot.on_install_snapshot_reply,
    TimeoutNow: transfer.on_timeout_now,
}

_encoder = msgspec.msgpack.Encoder()


class RaftCore:
    """One Raft server behind :class:`consensus.protocols.Core`."""

    def __init__(self, setup: Setup) -> None:
        self.server = Server(setup)
        self._started = False

    # -- Inputs ----------------------------------------------------------------------------------------

    def start(self, now: int) -> Effects:
        """Follow nobody yet. A server that restarts stands by the leader it may have heard before.

        Its promise not to vote for another within the least election timeout outlives a crash (leases of a
        leader rest on it), so after a restart it waits that long before it grants a vote.
        """
        if self._started:
            raise LocalProtocolError("started already")
        self._started = True
        server = self.server
        for index in range(server.commit_index + 1, server.log.last_index + 1):
            server.application.validate(server.log.block_at(index))  # judged before; it must know what we build on
        server.reconfigured = False
        if server.may_stand():
            server.become_follower(now, server.term)
        if isinstance(server.role, Follower | Observer) and server.restarted:
            server.role.heard_at = now
        if server.may_stand() and not server.rivals:
            election.ask_for_pre_votes(server, now)
        return server.take_effects()

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        self._require_started()
        server = self.server
        try:
            self._admit(sender, message)
            _HANDLERS[type(message)](server, now, sender, message)
        except PeerError as error:
            return [Rejected(sender=sender, reason=str(error))]
        if server.reconfigured:
            membership.take_effect(server, now)
        if isinstance(server.role, Leader):
            self._after_answer(now, sender, server.role)
        return server.take_effects()

    def _after_answer(self, now: int, sender: NodeId, role: Leader) -> None:
        """What a follower's answer may have made possible, besides replication."""
        if role.reads or len(role.sent_at) > 1:
            reads.release_waiting(self.server, now, role)
            reads.confirm(self.server, role)
        if role.transfer is not None and role.transfer.target == sender:
            transfer.tell_if_up_to_date(self.server, role)
        membership.step_down_if_removed(self.server)

    def _admit(self, sender: NodeId, message: Any) -> None:
        """What every message must satisfy."""
        server = self.server
        if type(message) not in _HANDLERS:
            raise PeerError(f"{type(message).__name__} is no message of Raft")
        if sender == server.me or sender < 0:
            raise PeerError(f"node {sender} is none beside us")
        if not 0 <= message.term <= TERM_MAX:
            raise PeerError(f"term {message.term} is out of bounds")

    def timer(self, now: int, name: str) -> Effects:
        self._require_started()
        server = self.server
        if name == ELECTION:
            election.on_election_timeout(server, now)
        elif name == HEARTBEAT:
            self._on_heartbeat_timer(now)
        elif name == READS:
            reads.on_reads_timeout(server, now)
        else:
            raise LocalProtocolError(f"no timer {name!r} in Raft")
        return server.take_effects()

    def _on_heartbeat_timer(self, now: int) -> None:
        server = self.server
        role = server.role
        if isinstance(role, Leader):
            if not election.check_quorum(server, now, role):
                return
            transfer.abort_if_overdue(server, now, role)
            replication.on_heartbeat(server, now, role)
            reads.confirm(server, role)
        elif isinstance(role, PreCandidate | Candidate):
            election.repeat_requests(server)
        else:
            return  # fired while being cancelled
        server.effects.append(SetTimer(name=HEARTBEAT, after_ns=server.options.heartbeat_ns))

    # -- Proposing -------------------------------------------------------------------------------------

    def slot(self) -> Slot | None:
        server = self.server
        log, role = server.log, server.role
        if not isinstance(role, Leader) or limit_reached(server, role) is not None:
            return None
        configuration = server.electorate.configuration
        return Slot(
            height=log.last_index + 1,
            parent=log.last_hash,
            round=server.term,
            configuration=configuration.left() if membership.must_leave(server) else configuration,
            reconfigurable=not configuration.joint and membership.may_change(server),
        )

    def propose(self, now: int, block: Block) -> Effects:
        self._require_started()
        server = self.server
        role, log, header = server.role, server.log, block.header
        if not isinstance(role, Leader) or limit_reached(server, role) is not None:
            raise LocalProtocolError("there is no slot to propose in")
        if (header.height, header.parent, header.round) != (log.last_index + 1, log.last_hash, server.term):
            raise LocalProtocolError(f"block {block.height} of term {block.round} does not fit the slot {self.slot()}")
        server.append(block, membership.decides(server, block))
        if server.reconfigured:
            membership.take_effect(server, now)
        replication.replicate(server, role)
        replication.acknowledge_own(server, role, block.height)
        reads.release_waiting(server, now, role)
        membership.step_down_if_removed(server)
        return server.take_effects()

    def wants_block(self) -> bool:
        """Say whether this leader needs an entry of its own term though no request waits.

        It may not commit what an earlier leader left by counting copies (section 5.4.2), so what is left
        hangs until something of its own follows; a head committed without a certificate gets its proof from
        the next block; and reads wait for the first commit of the term. A joint configuration that is to be left by
        itself needs one block to be left, and before that one of the term.
        """
        server = self.server
        log, role = server.log, server.role
        if not isinstance(role, Leader):
            return False
        if log.last_term == server.term:
            return membership.must_leave(server)
        uncertified = server.commit_index > 0 and server.certificate is None
        leaving = server.electorate.configuration.auto_leave
        return log.last_index > server.commit_index or uncertified or bool(role.reads) or leaving

    def demand(self, now: int, waiting: bool) -> Effects:  # noqa: ARG002  the interface's
        """Raft's leaders speak when idle, so their silence is judged without this."""
        return []

    # -- Leading ---------------------------------------------------------------------------------------

    def transfer(self, now: int, target: NodeId) -> Effects:
        """Hand our leadership over to ``target`` (see :mod:`consensus.raft.transfer`); no slot meanwhile.

        LocalProtocolError where we do not lead or ``target`` is no other voter.
        """
        self._require_started()
        transfer.begin_transfer(self.server, now, target)
        return self.server.take_effects()

    def read(self, now: int, context: int) -> Effects:
        """Have a linearizable read answered: its ``Readable`` comes now or later, with this ``context``.

        A follower puts it to its leader (see :mod:`consensus.raft.reads`).
        """
        self._require_started()
        reads.begin_read(self.server, now, context)
        return self.server.take_effects()

    # -- Catch-up --------------------------------------------------------------------------------------

    def adopt(self, now: int, block: Block, certificate: Certificate | None) -> Effects:
        """Take a decided block from catch-up (see :mod:`consensus.raft.adoption`)."""
        self._require_started()
        adoption.adopt(self.server, now, block, certificate)
        return self.server.take_effects()

    def certifies(self, block: Block, certificate: Certificate) -> bool:
        return certificates.certifies(self.server, block, certificate)

    def proves(self, run: Run) -> int:
        return certificates.proven(self.server, run)

    def executed(self, now: int, height: int) -> Effects:  # noqa: ARG002  the interface's
        self._require_started()
        self.server.executed(height)
        return self.server.take_effects()

    def complain(self, now: int) -> Effects:  # noqa: ARG002  the interface's
        """Crash faults only: a leader that answers is believed to order what it is given."""
        return []

    # -- Looking in ------------------------------------------------------------------------------------

    def status(self) -> Status:
        server = self.server
        role = server.role
        leader = server.me if isinstance(role, Leader) else role.leader if isinstance(role, Follower) else None
        return Status(
            role=NAMES[type(role)],
            round=max(server.term, server.log.last_term) if isinstance(role, Observer) else server.term,
            leader=leader,
            height=server.commit_index,
            changing=isinstance(role, PreCandidate | Candidate),
            busy=limit_reached(server, role) if isinstance(role, Leader) else None,
            configuration=server.electorate.configuration,
        )

    def state_hash(self) -> bytes:
        server = self.server
        state = (
            server.term,
            server.voted_for,
            server.commit_index,
            server.certificate,
            server.log.base_index,
            server.log.hashes(),
            server.configurations.history(),
            server.role,
            server.executed_index,
            server.incoming.state() if server.incoming is not None else None,
            self._started,
        )
        return sha256(_encoder.encode(state)).digest()

    def _require_started(self) -> None:
        if not self._started:
            raise LocalProtocolError("not started")
