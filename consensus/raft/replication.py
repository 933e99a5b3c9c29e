"""Log replication at the leader: sections 5.3 and 5.4.2 of the paper, with etcd's pipelining.

Per follower the leader keeps a :class:`~consensus.raft.progress.Progress`. To those that the log reaches every message
is an AppendEntries: with the blocks that the follower's state allows, or with none as a heartbeat. Because each one
names the entry before it, a heartbeat that follows a lost message is refused, and the refusal starts the repair;
no other retransmission is needed. Those that the log does not reach are sent a snapshot
(:mod:`consensus.raft.snapshot`).

An acknowledgement is a signature over the entry it reaches. A majority of them, the leader's own included,
commits an entry of the leader's term, and with it all before it; the next messages carry the commit index and its
certificate to the followers.
"""

from __future__ import annotations

from collections.abc import Callable

from consensus.chain import Certificate, commit_bytes
from consensus.raft import snapshot
from consensus.raft.answers import heard, leadership_addressed, require_beat
from consensus.raft.messages import AppendDeferral, AppendEntries, AppendFailure, AppendSuccess
from consensus.raft.progress import Behind, Installing, Probe, Progress, Replicate
from consensus.raft.roles import Leader
from consensus.raft.server import PeerError, Server
from consensus.vocabulary import NodeId

# -- Sending -------------------------------------------------------------------------------------------


def announce_leadership(server: Server, role: Leader) -> None:
    """Tell everyone who leads, and probe their logs (section 5.2)."""
    _broadcast_append(server, role, lambda _: True)


def replicate(server: Server, role: Leader) -> None:
    """Send each follower the blocks that it may have."""
    _broadcast_append(server, role, lambda _: False)


def announce_commit(server: Server, role: Leader) -> None:
    """Tell the followers that keep up of a new commit index; the others learn it when they are found."""
    _broadcast_append(server, role, lambda progress: isinstance(progress.state, Replicate))


def on_heartbeat(server: Server, now: int, role: Leader) -> None:
    """Speak to everyone; whatever a probe was waiting for is taken for lost and sent again."""
    role.beat += 1
    role.sent_at[role.beat] = now
    for peer, progress in role.progress.items():
        if isinstance(progress.state, Probe):
            progress.state.waiting = False
        elif not isinstance(progress.state, Replicate):
            snapshot.repeat(server, role, peer, progress)
    _broadcast_append(server, role, lambda _: True)


def _broadcast_append(server: Server, role: Leader, even_if_empty: Callable[[Progress], bool]) -> None:
    """One message to each follower that may have blocks, or is to hear from us even if there are none.

    Followers that need the same message get the same object, as one broadcast where that is all of them.
    """
    groups: dict[tuple[int, int], list[NodeId]] = {}
    base = server.log.base_index
    for peer, progress in role.progress.items():
        if progress.next_index <= base:
            _help_if_behind(server, role, peer, progress)
        count = _blocks_allowed(server, progress)
        if count > 0 or even_if_empty(progress):
            groups.setdefault((_send_from(server, progress), count), []).append(peer)
    for (start, count), members in groups.items():
        message = _append_entries(server, role, start, count)
        for peer in members:
            _note_sent(role.progress[peer], message)
        if len(members) == len(server.peers):
            server.broadcast(message)
            return
        for peer in members:
            server.send(peer, message)


def _send_append(server: Server, role: Leader, peer: NodeId, *, even_if_empty: bool = False) -> None:
    """Send one follower all that it may have now, in as many messages as its limits make of it."""
    progress = role.progress[peer]
    if progress.next_index <= server.log.base_index:
        _help_if_behind(server, role, peer, progress)
    while (count := _blocks_allowed(server, progress)) > 0 or even_if_empty:
        message = _append_entries(server, role, _send_from(server, progress), count)
        _note_sent(progress, message)
        server.send(peer, message)
        even_if_empty = False


def _help_if_behind(server: Server, role: Leader, peer: NodeId, progress: Progress) -> None:
    """Send a snapshot if the log no longer holds what must be sent to a follower, or that could be probed."""
    if progress.next_index <= server.log.base_index and not isinstance(progress.state, Installing | Behind):
        snapshot.send_snapshot(server, role, peer, progress)


def _send_from(server: Server, progress: Progress) -> int:
    """Where the next message starts. One that the log does not reach is probed at the oldest place we know."""
    kind = type(progress.state)
    return server.log.base_index + 1 if kind is Installing or kind is Behind else progress.next_index


def _blocks_allowed(server: Server, progress: Progress) -> int:
    """How many blocks the follower's state lets us send now."""
    state = progress.state
    if type(state) is Replicate:
        if state.inflight and _is_full(server, progress, len(state.inflight)):
            return 0
    elif not isinstance(state, Probe) or state.waiting:
        return 0
    end = server.configurations.ending_after(progress.next_index) or server.log.last_index + 1
    return min(end - progress.next_index, server.options.append_blocks_max)


def _is_full(server: Server, progress: Progress, messages: int) -> bool:
    """Whether as much is under way to this follower as may be, by messages or by bytes."""
    if messages >= server.options.inflight_max:
        return True
    after = max(progress.match_index, server.log.base_index)
    return server.log.bytes_between(after, progress.next_index - 1) >= server.options.inflight_bytes_max


def _append_entries(server: Server, role: Leader, start: int, count: int) -> AppendEntries:
    log = server.log
    commit, certificate = _commit_told(server, start - 1)
    return AppendEntries(
        term=server.term,
        previous_index=start - 1,
        previous_term=log.term_at(start - 1),
        blocks=log.blocks_from(start, count, server.options.append_bytes_max) if count else (),
        commit=commit,
        certificate=certificate,
        beat=role.beat,
    )


def _commit_told(server: Server, previous_index: int) -> tuple[int, Certificate | None]:
    """The commit index for a message that starts after ``previous_index``, and its certificate.

    That is ours; but where another configuration decides what follows, its predecessor's voucher goes first. So nobody
    holds a change without a proof from the configuration before it (see :func:`consensus.raft.certificates.proven`).
    """
    if server.configurations.ending_after(previous_index) is not None:
        voucher = server.configurations.voucher(previous_index)
        if voucher is not None:
            return voucher.height, voucher
    return server.commit_index, server.certificate


def _note_sent(progress: Progress, message: AppendEntries) -> None:
    state = progress.state
    progress.told_commit = min(message.commit, message.previous_index + len(message.blocks))
    if isinstance(state, Probe):
        state.waiting = True
    elif isinstance(state, Replicate) and message.blocks:
        progress.next_index = message.blocks[-1].height + 1
        state.inflight.append(message.blocks[-1].height)


def acknowledge_own(server: Server, role: Leader, index: int) -> None:
    """Count our own copy of the entry at ``index``, which is durable before anyone can hear of it."""
    data = commit_bytes(server.term, index, server.log.hash_at(index))
    role.tally.add(index, server.me, server.crypto.sign(data))
    _advance_commit(server, role, index)


# -- Answers -------------------------------------------------------------------------------------------


def on_append_success(server: Server, now: int, sender: NodeId, message: AppendSuccess) -> None:
    """A follower's log equals ours up to ``match_index``."""
    role = leadership_addressed(server, sender, message.term)
    if role is None:
        return
    require_beat(role, message.beat)
    _require_match(server, message.match_index)
    news = _verified_signature(server, role, sender, message)
    progress = role.progress[sender]
    heard(progress, now, message.beat)
    progress.acknowledge(message.match_index)
    _settle(server, role, sender, progress)
    if news is not None:
        role.tally.add(message.match_index, sender, news)
        if _advance_commit(server, role, message.match_index):
            announce_commit(server, role)
            return
    replicating = isinstance(progress.state, Replicate)
    _send_append(server, role, sender, even_if_empty=replicating and _lacks_commit(server, progress))


def on_append_failure(server: Server, now: int, sender: NodeId, message: AppendFailure) -> None:
    """A follower lacks the entry we took for common, or knows a later term."""
    if message.term > server.term:
        server.become_follower(now, message.term)
        return
    if message.conflict_index == 0:
        return  # our earlier term was refused: late, this must not count as an answer to a round of the present one
    role = leadership_addressed(server, sender, message.term)
    if role is None:
        return
    require_beat(role, message.beat)
    if not 1 <= message.conflict_index <= message.previous_index <= server.log.last_index:
        raise PeerError(f"conflict at {message.conflict_index} before {message.previous_index}")
    if not 0 <= message.conflict_term <= server.term:
        raise PeerError(f"an entry of term {message.conflict_term} in term {server.term}")
    progress = role.progress[sender]
    heard(progress, now, message.beat)
    if _is_stale(server, progress, message):
        return
    progress.become_probe(_next_after_conflict(server, message))
    _help_if_behind(server, role, sender, progress)
    _send_append(server, role, sender, even_if_empty=isinstance(progress.state, Probe))


def on_append_deferral(server: Server, now: int, sender: NodeId, message: AppendDeferral) -> None:
    """A follower will judge the rest once it has executed more: it has what it needs, so send that again.

    At once the first time (what it lacked came with the same message); after that at the pace of heartbeats.
    """
    role = leadership_addressed(server, sender, message.term)
    if role is None:
        return
    require_beat(role, message.beat)
    _require_match(server, message.match_index)
    progress = role.progress[sender]
    heard(progress, now, message.beat)
    news = progress.acknowledge(message.match_index)
    again = isinstance(progress.state, Probe) and progress.state.deferred and not news
    progress.become_probe(message.match_index + 1)
    progress.state = Probe(waiting=again, deferred=True)
    _send_append(server, role, sender)


def _require_match(server: Server, match_index: int) -> None:
    if not 0 <= match_index <= server.log.last_index:
        raise PeerError(f"acknowledges entry {match_index}; the last is {server.log.last_index}")


def _verified_signature(server: Server, role: Leader, sender: NodeId, message: AppendSuccess) -> bytes | None:
    """The acknowledgement's signature where it counts and is new; PeerError where it must be there and is not good."""
    index = message.match_index
    if index <= server.commit_index or server.log.term_at(index) != server.term or role.tally.has(index, sender):
        return None
    if sender not in server.configurations.at(index).electors:
        return None  # a learner's
    if message.signature is None:
        raise PeerError(f"acknowledges entry {index} without a signature")
    if not server.crypto.verify(sender, commit_bytes(server.term, index, server.log.hash_at(index)), message.signature):
        raise PeerError(f"the signature over entry {index} does not verify")
    return message.signature


def _lacks_commit(server: Server, progress: Progress) -> bool:
    """Whether the follower holds entries that we have not yet told it are committed."""
    return progress.told_commit < min(server.commit_index, progress.match_index)


def _settle(server: Server, role: Leader, peer: NodeId, progress: Progress) -> None:
    """A match is known: pipeline from there, if the entries after it are at hand; else a later snapshot is needed."""
    if isinstance(progress.state, Replicate):
        return
    if isinstance(progress.state, Probe) and progress.match_index + 1 < progress.next_index:
        return  # an answer older than the question that is out
    if progress.match_index >= server.log.base_index:
        progress.become_replicate()
    elif isinstance(progress.state, Installing) and progress.match_index >= progress.state.snapshot.height:
        snapshot.send_snapshot(server, role, peer, progress)


def _is_stale(server: Server, progress: Progress, message: AppendFailure) -> bool:
    """Whether this refusal is older than something that we learned since."""
    if message.previous_index <= progress.match_index:
        return True
    if isinstance(progress.state, Behind | Installing):
        return message.conflict_index <= server.log.base_index
    return isinstance(progress.state, Probe) and message.previous_index != progress.next_index - 1


def _next_after_conflict(server: Server, message: AppendFailure) -> int:
    """Skip the whole conflicting term (end of section 5.3).

    If our log has entries of the follower's conflicting term, try after the last of them; if it has none,
    the follower's first index of that term (or its log's end) is as far as the logs can agree.
    """
    if message.conflict_term > 0:
        last = server.log.last_index_of_term(message.conflict_term, message.previous_index - 1)
        if last is not None and last >= message.conflict_index:
            return last + 1
    return message.conflict_index


# -- Commitment ----------------------------------------------------------------------------------------


def _advance_commit(server: Server, role: Leader, index: int) -> bool:
    """Commit ``index`` and all before it if it is acknowledged by a majority of those who decide it (section 5.4.2)."""
    if index <= server.commit_index or not role.tally.is_committed(index, server.configurations.at(index)):
        return False
    certificates: dict[int, Certificate] = {}
    for height in range(server.commit_index + 1, index + 1):
        certificate = _certificate(server, role, height)
        if certificate is not None:
            certificates[height] = certificate
    server.commit(index, certificates)
    role.tally.forget(index)
    return True


def _certificate(server: Server, role: Leader, index: int) -> Certificate | None:
    return role.tally.certificate(server.term, index, server.log.hash_at(index), server.configurations.at(index))
