"""AppendEntries at its receiver: the consistency check, the judgement of new blocks, what may commit.

The paper's rules (figure 2, "AppendEntries RPC"; section 5.3), in the order in which they are applied:

1. An older term is refused and told of ours.
2. The message must be possible: blocks chained by height, parent hash and rising terms; one leader a term;
   nothing that contradicts what is committed; no two blocks of one term at one index. Otherwise the sender lies or
   is broken, and the message is rejected as a whole, before anything has changed.
3. Without an entry of the previous term at the previous index it is refused, with the place to go back to.
4. New blocks are judged by the application. What it rejects makes the message impossible (rule 2); from the first
   block on that it cannot judge yet, the rest counts as not received, and the leader is told so. Only a block of an
   earlier term may stand unjudged, and of those none that changes members.
5. Only an entry that conflicts truncates, only from there on; equal entries stay, however old the message.
6. Commit up to the leader's commit index, but never past the last entry that this message vouches for.
7. Answer entries, and the first word of each round of heartbeats. What has neither only tells of a commitment, and
   needs no answer: should an earlier one be lost, the next heartbeat asks again.
"""

from __future__ import annotations

import msgspec

from consensus.chain import Block, Certificate, commit_bytes
from consensus.protocols import Verdict
from consensus.raft.certificates import fault_of
from consensus.raft.electorate import Electorate
from consensus.raft.membership import require_possible
from consensus.raft.messages import AppendDeferral, AppendEntries, AppendFailure, AppendSuccess
from consensus.raft.roles import Follower, Leader
from consensus.raft.server import PeerError, Server
from consensus.vocabulary import NodeId


class Plan(msgspec.Struct, frozen=True):
    """What an acceptable message will do: the outcome of rules 2 to 6, computed before any change."""

    fresh: tuple[tuple[Block, Electorate], ...]  # to append, with those who decide it; first, what conflicts goes
    match_index: int  # up to here our log will equal the leader's
    deferred: bool  # blocks beyond match_index await judgement
    certificate: Certificate | None  # verified, of the block at the leader's commit index


def on_append_entries(server: Server, now: int, sender: NodeId, message: AppendEntries) -> None:
    """A leader's entries or heartbeat."""
    if message.term < server.term:
        server.send(sender, _failure(server.term, message, 0, 0))  # of our term alone: it answers no round of that term
        return
    require_one_leader(server, sender, message.term)
    _require_chained(message)
    if not _holds_previous(server, message):
        follow(server, now, sender, message.term)
        server.send(sender, _conflict(server, message))
        return
    plan = _plan(server, message)
    role = follow(server, now, sender, message.term)
    if plan.fresh:
        first, _ = plan.fresh[0]
        if first.header.height <= server.log.last_index:
            server.truncate(first.header.height)
        for block, electorate in plan.fresh:
            server.append(block, electorate)
    _commit(server, message.commit, plan)
    if message.blocks or message.beat > role.beat:
        role.beat = max(role.beat, message.beat)
        server.send(sender, _answer(server, message, plan))


def follow(server: Server, now: int, leader: NodeId, term: int) -> Follower:
    """A leader of our term, or of a later one, was heard."""
    server.become_follower(now, term, leader)
    role = server.role
    assert isinstance(role, Follower)  # noqa: S101
    role.reset_at = now
    role.heard_at = now
    return role


def require_one_leader(server: Server, sender: NodeId, term: int) -> None:
    """Election safety: at most one leader a term (section 5.2)."""
    if term > server.term:
        return
    role = server.role
    leader = server.me if isinstance(role, Leader) else role.leader if isinstance(role, Follower) else None
    if leader not in (None, sender):
        raise PeerError(f"{leader} leads term {term} already")


def _require_chained(message: AppendEntries) -> None:
    """Heights without gaps, each the parent of the next, terms rising, none later than the leader's."""
    if min(message.previous_index, message.previous_term, message.commit, message.beat) < 0:
        raise PeerError("a negative number")
    height, term, parent = message.previous_index, message.previous_term, None
    if term > message.term or (height == 0) != (term == 0):
        raise PeerError(f"no entry {height} is of term {term} under a leader of term {message.term}")
    for block in message.blocks:
        header = block.header
        if header.height != height + 1:
            raise PeerError(f"block {header.height} after {height}")
        if not max(term, 1) <= header.round <= message.term:
            raise PeerError(f"a block of term {header.round} after one of {term}, in term {message.term}")
        if parent is not None and header.parent != parent:
            raise PeerError(f"block {header.height} does not follow its predecessor")
        height, term, parent = header.height, header.round, header.hash


def _holds_previous(server: Server, message: AppendEntries) -> bool:
    """The consistency check (section 5.3). Below the log's base everything is committed, hence equal."""
    log, index = server.log, message.previous_index
    if index > log.last_index:
        return False
    if index < log.base_index or log.term_at(index) == message.previous_term:
        return True
    if index <= server.commit_index:
        raise PeerError(f"entry {index} of term {message.previous_term} contradicts the committed one")
    return False


def _conflict(server: Server, message: AppendEntries) -> AppendFailure:
    """Refuse, naming the first index of the conflicting term so that the leader skips it whole (section 5.3)."""
    log, index = server.log, message.previous_index
    if index > log.last_index:
        return _failure(server.term, message, log.last_index + 1, 0)
    first = max(log.first_index_of_term_at(index), server.commit_index + 1)
    return _failure(server.term, message, first, log.term_at(index))


def _failure(term: int, message: AppendEntries, conflict_index: int, conflict_term: int) -> AppendFailure:
    return AppendFailure(
        term=term,
        previous_index=message.previous_index,
        conflict_index=conflict_index,
        conflict_term=conflict_term,
        beat=message.beat,
    )


def _plan(server: Server, message: AppendEntries) -> Plan:
    """Rules 2 and 4 for blocks after an entry that we hold; PeerError where they are impossible."""
    held = _count_held(server, message)
    judged: list[tuple[Block, Electorate]] = []
    electorate = server.configurations.at(message.previous_index + held)
    deferred = False
    for block in message.blocks[held:]:
        verdict = server.application.validate(block)
        if verdict is Verdict.REJECT:
            raise PeerError(f"block {block.header.height} is invalid")
        if verdict is Verdict.WAIT and _must_be_judged(server, block, message.term):
            deferred = True
            break
        electorate = require_possible(server, electorate, block)
        judged.append((block, electorate))
    match_index = message.previous_index + held + len(judged)
    return Plan(
        fresh=tuple(judged),
        match_index=match_index,
        deferred=deferred,
        certificate=_verified_certificate(server, message, match_index, judged),
    )


def _must_be_judged(server: Server, block: Block, term: int) -> bool:
    """May a block that waits not be appended before the application has judged it?

    One of an earlier term may be what keeps this term from committing anything (section 5.4.2), and then nobody could
    ever execute what it waits for. Its own leader had executed that; so it may stand. But who decides what follows a
    change of members would be unknown with it. Since it stands in no log unjudged, every server that holds it has
    executed what it waits for, and with the message that brings it comes a commit index as high.
    """
    return block.round == term or server.application.reconfiguration(block) is not None


def _count_held(server: Server, message: AppendEntries) -> int:
    """How many of the message's blocks we hold already; PeerError where one cannot stand beside ours."""
    log, previous = server.log, message.previous_index
    if message.blocks and log.holds(previous) and message.blocks[0].parent != log.hash_at(previous):
        raise PeerError(f"block {previous + 1} does not follow the entry before it")
    for position, block in enumerate(message.blocks):
        header = block.header
        height = header.height
        if height > log.last_index:
            return position
        if height < log.base_index or log.hash_at(height) == header.hash:
            continue
        if height <= server.commit_index:
            raise PeerError(f"block {height} contradicts the committed one")
        if log.term_at(height) == header.round:
            raise PeerError(f"a second block {height} of term {header.round}")
        return position
    return len(message.blocks)


def _verified_certificate(
    server: Server, message: AppendEntries, match_index: int, fresh: list[tuple[Block, Electorate]]
) -> Certificate | None:
    """The certificate of the leader's commit index, if it is news and we shall hold that block."""
    certificate, index = message.certificate, message.commit
    if certificate is None or not server.commit_index < index <= match_index:
        return None
    place = index - (match_index - len(fresh)) - 1
    if place >= 0:
        block, electorate = fresh[place]
    else:
        block, electorate = server.log.block_at(index), server.configurations.at(index)
    fault = fault_of(electorate, server.crypto, block, certificate)
    if fault is not None:
        raise PeerError(f"certificate of block {index}: {fault}")
    return certificate


def _commit(server: Server, leader_commit: int, plan: Plan) -> None:
    """Rule 6."""
    index = min(leader_commit, plan.match_index)
    if index <= server.commit_index:
        return
    known = plan.certificate
    server.commit(index, {known.height: known} if known is not None else {})


def _answer(server: Server, message: AppendEntries, plan: Plan) -> AppendSuccess | AppendDeferral:
    if plan.deferred:
        return AppendDeferral(term=server.term, match_index=plan.match_index, beat=message.beat)
    index, signature = plan.match_index, None
    if index > server.commit_index and server.log.term_at(index) == server.term:
        signature = server.crypto.sign(commit_bytes(server.term, index, server.log.hash_at(index)))
    return AppendSuccess(term=server.term, match_index=index, signature=signature, beat=message.beat)
