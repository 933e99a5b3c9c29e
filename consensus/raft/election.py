"""Leader election: the paper's sections 5.2 and 5.4.1, with PreVote and CheckQuorum (dissertation 9.6, 6.2).

A follower that hears no leader for its timeout first asks for *pre-votes*: would a majority vote for it in
the next term? Only then does it enter that term and ask for votes. A voter says yes to either question only to
a candidate whose log is at least as complete as its own, and only when it has not itself heard a leader within
the least election timeout. So terms rise only where an election can be won, and a leader that a majority hears
is not disturbed by a server that came back or is half cut off.

A vote, once given, is durable before it is said, and is given once a term.
"""

from __future__ import annotations

from consensus.raft.messages import PreVote, PreVoteReply, RequestVote, RequestVoteReply
from consensus.raft.replication import announce_leadership
from consensus.raft.roles import Candidate, Follower, Leader, Observer, PreCandidate
from consensus.raft.server import ELECTION, PeerError, Server
from consensus.vocabulary import NodeId, SetTimer


def on_election_timeout(server: Server, now: int) -> None:
    """The election timer fired: wait on, if a leader was heard meanwhile, or stand."""
    role = server.role
    if isinstance(role, Follower):
        remaining = role.reset_at + role.timeout - now
        if remaining > 0:  # the timer is not set again at each heartbeat: it asks here, and sleeps on
            server.effects.append(SetTimer(name=ELECTION, after_ns=remaining))
            return
    if not isinstance(role, Follower | PreCandidate | Candidate):
        return  # fired while being cancelled
    if not server.may_stand():
        server.become_observer()
    elif server.options.pre_vote:
        ask_for_pre_votes(server, now)
    else:
        campaign(server, now)


def ask_for_pre_votes(server: Server, now: int) -> None:
    """Find out whether an election could be won before disturbing anyone with a new term."""
    server.become_pre_candidate()
    server.broadcast(_pre_vote(server), to=server.rivals)
    _count_pre_votes(server, now)


def campaign(server: Server, now: int, *, transfer: bool = False) -> None:
    """Stand for election in the next term (section 5.2)."""
    server.become_candidate(now, transfer=transfer)
    server.broadcast(_request_vote(server, transfer=transfer), to=server.rivals)
    _count_votes(server, now)


def repeat_requests(server: Server) -> None:
    """Ask again those who have not answered: servers retry what gets no response (section 5.1)."""
    role = server.role
    if isinstance(role, PreCandidate):
        request: PreVote | RequestVote = _pre_vote(server)
    elif isinstance(role, Candidate):
        request = _request_vote(server, transfer=role.transfer)
    else:
        return
    for rival in server.rivals:
        if rival not in role.votes:
            server.send(rival, request)


def _pre_vote(server: Server) -> PreVote:
    return PreVote(term=server.term + 1, last_index=server.log.last_index, last_term=server.log.last_term)


def _request_vote(server: Server, *, transfer: bool) -> RequestVote:
    log = server.log
    return RequestVote(term=server.term, last_index=log.last_index, last_term=log.last_term, transfer=transfer)


def on_pre_vote(server: Server, now: int, sender: NodeId, message: PreVote) -> None:
    """Would we vote for ``sender`` in ``message.term``? The answer binds nobody and changes nothing."""
    _require_possible_log(message)
    granted = (
        message.term > server.term
        and not server.stands_by_a_leader(now)
        and server.log.is_up_to_date(message.last_index, message.last_term)
    )
    server.send(sender, PreVoteReply(term=message.term if granted else server.term, granted=granted))


def on_pre_vote_reply(server: Server, now: int, sender: NodeId, message: PreVoteReply) -> None:
    """Count a pre-vote, or learn of a later term from a refusal."""
    if not message.granted and message.term > server.term:
        server.become_follower(now, message.term)
        return
    role = server.role
    expected = server.term + 1 if message.granted else server.term
    if not isinstance(role, PreCandidate) or message.term != expected:
        return  # an answer to an election that is over
    role.votes[sender] = message.granted
    _count_pre_votes(server, now)


def _count_pre_votes(server: Server, now: int) -> None:
    role = server.role
    if not isinstance(role, PreCandidate):
        return
    if _is_won(server, role.votes):
        campaign(server, now)
    elif _is_lost(server, role.votes):
        server.become_follower(now, server.term)  # a majority is out of reach: wait for another timeout


def on_request_vote(server: Server, now: int, sender: NodeId, message: RequestVote) -> None:
    """Give this term's vote to a candidate whose log is at least as complete as ours (sections 5.2, 5.4.1)."""
    _require_possible_log(message)
    if message.term < server.term:
        server.send(sender, RequestVoteReply(term=server.term, granted=False))
        return
    if server.stands_by_a_leader(now) and not message.transfer:
        return  # unheard, its term included (dissertation, section 4.2.3)
    if message.term > server.term or isinstance(server.role, Observer):
        server.become_follower(now, message.term)  # an observer that a candidate counts on may have a vote
    role = server.role
    granted = (
        isinstance(role, Follower)
        and server.voted_for in (None, sender)
        and server.log.is_up_to_date(message.last_index, message.last_term)
    )
    if granted and isinstance(role, Follower):
        server.vote_for(sender)
        role.reset_at = now
    server.send(sender, RequestVoteReply(term=server.term, granted=granted))


def on_request_vote_reply(server: Server, now: int, sender: NodeId, message: RequestVoteReply) -> None:
    """Count a vote, or step back before a later term (section 5.1)."""
    if message.term > server.term:
        if message.granted:
            raise PeerError(f"a vote in term {message.term}, where we did not stand")
        server.become_follower(now, message.term)
        return
    role = server.role
    if not isinstance(role, Candidate) or message.term < server.term:
        return  # an answer to an election that is over
    role.votes[sender] = message.granted
    _count_votes(server, now)


def _count_votes(server: Server, now: int) -> None:
    role = server.role
    if not isinstance(role, Candidate):
        return
    if _is_won(server, role.votes):
        announce_leadership(server, server.become_leader(now))
    elif server.options.pre_vote and _is_lost(server, role.votes):
        server.become_follower(now, server.term)  # the paper's candidate waits for its own timeout all the same


def check_quorum(server: Server, now: int, role: Leader) -> bool:
    """May we still believe that we lead? A leader no majority answers steps down (dissertation, 6.2)."""
    since = now - server.options.election_timeout_max_ns
    heard = [peer for peer, progress in role.progress.items() if progress.heard_at >= since]
    if server.electorate.is_quorum([server.me, *heard]):
        return True
    server.become_follower(now, server.term)
    return False


def _is_won(server: Server, votes: dict[NodeId, bool]) -> bool:
    return server.electorate.is_quorum([voter for voter, granted in votes.items() if granted])


def _is_lost(server: Server, votes: dict[NodeId, bool]) -> bool:
    return server.electorate.is_blocked([voter for voter, granted in votes.items() if not granted])


def _require_possible_log(message: PreVote | RequestVote) -> None:
    """A candidate's last entry is of an earlier term than the one it stands in; index and term start together."""
    if message.term < 1 or message.last_index < 0 or not 0 <= message.last_term < message.term:
        raise PeerError(f"no log ends in term {message.last_term} before an election in term {message.term}")
    if (message.last_index == 0) != (message.last_term == 0):
        raise PeerError(f"no entry {message.last_index} is of term {message.last_term}")
