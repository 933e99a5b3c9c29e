"""Leadership transfer (dissertation, section 3.10).

The leader stops taking proposals, brings the chosen follower's log up to its own, and tells it to stand at once:
TimeoutNow, as if its election timer had fired, without pre-votes. Its RequestVotes say that the leader itself asked,
so that voters heed them although they still hear that leader. What has not succeeded within an election timeout is
given up, and the leader takes proposals again; so a target that died costs no more than that.
"""

from __future__ import annotations

from consensus.raft.election import campaign
from consensus.raft.messages import TimeoutNow
from consensus.raft.roles import Candidate, Follower, Leader, PreCandidate, Transfer
from consensus.raft.server import PeerError, Server
from consensus.vocabulary import LocalProtocolError, NodeId


def begin_transfer(server: Server, now: int, target: NodeId) -> None:
    """Hand the leadership over to ``target``; LocalProtocolError where that makes no sense."""
    role = server.role
    if not isinstance(role, Leader):
        raise LocalProtocolError("only a leader can hand its leadership over")
    if target not in server.rivals:
        raise LocalProtocolError(f"node {target} is no voter beside us")
    role.transfer = Transfer(target=target, deadline=now + server.options.election_timeout_min_ns)
    server.trace("raft.transfer", target)
    tell_if_up_to_date(server, role)  # else it is on its way: every answer of the target asks this again


def tell_if_up_to_date(server: Server, role: Leader) -> None:
    """Send TimeoutNow once the target's log is as complete as ours, and again whenever it answers that it still is."""
    transfer = role.transfer
    if transfer is None:
        return
    target = role.progress[transfer.target]
    if target.match_index == server.log.last_index and target.beat >= 0:  # the latter: an empty log matches unasked
        role.abdicated = True
        server.send(transfer.target, TimeoutNow(term=server.term))


def abort_if_overdue(server: Server, now: int, role: Leader) -> None:
    """Give a transfer up after an election timeout, and lead on."""
    if role.transfer is not None and now >= role.transfer.deadline:
        server.trace("raft.transfer-aborted", role.transfer.target)
        role.transfer = None


def on_timeout_now(server: Server, now: int, sender: NodeId, message: TimeoutNow) -> None:
    """Stand for election at once, as our leader asks."""
    if message.term < server.term:
        return
    role = server.role
    if message.term > server.term:
        raise PeerError(f"term {message.term} has not reached us, so our log cannot have been found complete in it")
    if isinstance(role, Leader | Candidate):
        raise PeerError(f"node {sender} does not lead term {server.term}")
    if isinstance(role, Follower) and role.leader not in (None, sender):
        raise PeerError(f"{role.leader} leads term {server.term}, not {sender}")
    if isinstance(role, Follower | PreCandidate) and server.may_stand():  # else it was removed since it was asked
        campaign(server, now, transfer=True)
