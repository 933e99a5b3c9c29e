"""Membership changes: joint consensus (dissertation, section 4.3) and, as its special case, one server at a time (4.1).

A change is asked for by a block (:mod:`consensus.configuration`) and is in force at every server from the moment its
log holds that block. The leader's rules:

1. **At most one change is under way**: the next may be proposed only when the latest is committed (section 4.1).
2. **None before an entry of the leader's own term is committed** (Ongaro's correction of 2015): otherwise two
   leaders, who do not know of each other's changes, may each go by a configuration whose majorities do not meet.
3. A joint configuration that is to be left *by itself* (``auto_leave``) is left by the leader as soon as rules 1 and
   2 allow it, be it a later leader than the one that entered it.
4. A leader that is removed leads on until the block that removes it is committed, without counting itself; then it
   steps down (section 4.2.2).

A server's rules are few, since votes and acknowledgements are counted only by whoever asks for them, by *its* log: a
server answers every candidate and every leader, known to it or not, because it may have a vote and not know of it yet
(section 4.1, end). It stands itself only if its own log gives it a vote, or takes it away by a block that is not
known to be committed (:meth:`Server.may_stand`). A server that was removed and has not heard of it can do no harm:
its pre-votes find no majority while the others hear a leader (section 4.2.3), and what it missed is left to catch-up.
"""

from __future__ import annotations

from consensus.chain import Block
from consensus.configuration import ConfigurationError
from consensus.raft.electorate import Electorate
from consensus.raft.progress import Progress
from consensus.raft.roles import Candidate, Leader, Observer, PreCandidate
from consensus.raft.server import PeerError, Server
from consensus.vocabulary import LocalProtocolError


def may_change(server: Server) -> bool:
    """May this leader's next block change the configuration (rules 1 and 2)?"""
    return server.configurations.since <= server.commit_index and server.log.term_at(server.commit_index) == server.term


def must_leave(server: Server) -> bool:
    """Is this leader's next block to leave a joint configuration (rule 3)?"""
    configuration = server.electorate.configuration
    return configuration.auto_leave and configuration.joint and may_change(server)


def decides(server: Server, block: Block) -> Electorate:
    """Who decides our own next block; LocalProtocolError where it may not change the configuration as it does."""
    try:
        electorate = server.configurations.following(server.electorate, block)
    except ConfigurationError as error:
        raise LocalProtocolError(f"block {block.height}: {error}") from None
    if electorate is not server.electorate and not may_change(server):
        raise LocalProtocolError(f"block {block.height} may not change the configuration yet")
    return electorate


def take_effect(server: Server, now: int) -> None:
    """Let our role follow, if what was appended or taken back has changed the configuration."""
    if not server.reconfigured:
        return
    server.reconfigured = False
    role = server.role
    configuration = server.electorate.configuration
    server.trace("raft.configuration", configuration.voters, configuration.outgoing, configuration.learners)
    if isinstance(role, Leader):
        start = server.log.last_index
        role.progress = {
            peer: role.progress.get(peer) or Progress(next_index=start, heard_at=now) for peer in server.peers
        }
    elif isinstance(role, Observer if server.may_stand() else PreCandidate | Candidate):
        server.become_follower(now, server.term)


def step_down_if_removed(server: Server) -> None:
    """Rule 4; and whoever asks for votes gives up once the block that takes its own away is known to be committed."""
    if isinstance(server.role, Leader | PreCandidate | Candidate) and not server.may_stand():
        server.become_observer()


def require_possible(server: Server, before: Electorate, block: Block) -> Electorate:
    """Who decides a peer's block, whose parent is decided by ``before``; PeerError where it makes no sense."""
    try:
        return server.configurations.following(before, block)
    except ConfigurationError as error:
        raise PeerError(f"block {block.height}: {error}") from None
