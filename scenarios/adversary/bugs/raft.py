"""Bugs of Raft's elections and replication."""

from __future__ import annotations

from typing import Any

import msgspec

from consensus.raft import replication
from consensus.raft.messages import AppendEntries, AppendSuccess, PreVote, RequestVoteReply
from consensus.raft.progress import Probe
from consensus.raft.roles import Candidate, Follower, Leader
from scenarios.adversary.bugs.registry import Planter, bug

_HANDLERS = "consensus.raft.core:_HANDLERS"


@bug("raft-vote-ignores-terms", quick=False, protocol="raft", source="hashicorp/raft #94", strategy="relay")
def _vote_ignores_terms(plant: Planter) -> None:
    """A voter compares the lengths of logs whatever their terms."""
    plant.replace(
        "consensus.raft.log:Log.is_up_to_date",
        lambda _: lambda self, last_index, last_term: last_index >= self.last_index,  # noqa: ARG005
    )


@bug("raft-vote-ignores-logs", protocol="raft", source="Raft paper, section 5.4.1 left out")
def _vote_ignores_logs(plant: Planter) -> None:
    """A voter does not ask whether the candidate's log is as complete as its own."""
    plant.replace("consensus.raft.log:Log.is_up_to_date", lambda _: lambda self, index, term: True)  # noqa: ARG005


@bug(
    "raft-vote-cleared-within-term",
    quick=False,
    protocol="raft",
    source="microsoft/CCF #8094",
    nodes=4,
    strategy="contest",
)
def _vote_cleared(plant: Planter) -> None:
    """A server that becomes a follower again forgets for whom it voted in this very term."""

    def wrap(real: Any) -> Any:
        def become_follower(self: Any, now: int, term: int, leader: int | None = None) -> None:
            real(self, now, term, leader)
            self.voted_for = None

        return become_follower

    plant.replace("consensus.raft.server:Server.become_follower", wrap)


@bug(
    "raft-duplicate-vote-counted",
    quick=False,
    protocol="raft",
    source="classic; cf. etcd-io/raft tracker.RecordVote",
    nodes=5,
    strategy="contest",
)
def _duplicate_votes(plant: Planter) -> None:
    """A vote that arrives twice counts twice."""

    def on_reply(real: Any) -> Any:
        def count(server: Any, now: int, sender: int, message: RequestVoteReply) -> None:
            role = server.role
            if isinstance(role, Candidate) and message.granted and sender in role.votes and message.term == server.term:
                role.votes[-1 - sender] = True
            real(server, now, sender, message)

        return count

    def is_won(real: Any) -> Any:
        def counted(server: Any, votes: dict[int, bool]) -> bool:
            joint = server.electorate.configuration.joint
            return real(server, votes) or (not joint and sum(votes.values()) >= server.electorate.quorum_min)

        return counted

    plant.replace_item(_HANDLERS, RequestVoteReply, on_reply)
    plant.replace("consensus.raft.election:_is_won", is_won)


@bug("raft-minority-elects", protocol="raft", source="majority off by one at even sizes", nodes=4)
def _minority(plant: Planter) -> None:
    """Half of the servers pass for a majority where their number is even."""
    plant.replace("consensus.raft.electorate:majority", lambda _: lambda n: (n + 1) // 2)


@bug("raft-stale-append-truncates", protocol="raft", source="microsoft/CCF #5991")
def _stale_append_truncates(plant: Planter) -> None:
    """An old AppendEntries that agrees with the log cuts off what follows it there."""

    def wrap(real: Any) -> Any:
        def count_held(server: Any, message: AppendEntries) -> int:
            blocks = message.blocks
            stale = bool(blocks) and blocks[-1].height < server.log.last_index
            if stale and blocks[0].height > server.commit_index:
                return 0
            return int(real(server, message))

        return count_held

    plant.replace("consensus.raft.append:_count_held", wrap)


@bug("raft-commits-past-verified", quick=False, protocol="raft", source="scylladb #9965", strategy="relay")
def _commits_past_verified(plant: Planter) -> None:
    """A follower takes a leader's commit index for its own, though the message vouches for less of its log, or none."""

    def wrap(real: Any) -> Any:
        def on_append(server: Any, now: int, sender: int, message: AppendEntries) -> None:
            real(server, now, sender, message)
            index = min(message.commit, server.log.last_index)
            if message.term == server.term and index > server.commit_index:
                server.commit(index, {})

        return on_append

    plant.replace_item(_HANDLERS, AppendEntries, wrap)


@bug("raft-acks-own-last-index", quick=False, protocol="raft", source="microsoft/CCF #6001")
def _acks_own_last_index(plant: Planter) -> None:
    """A follower acknowledges the end of its own log instead of the end of what was sent."""

    def wrap(real: Any) -> Any:
        def answer(server: Any, message: AppendEntries, plan: Any) -> Any:
            return real(server, message, msgspec.structs.replace(plan, match_index=server.log.last_index))

        return answer

    plant.replace("consensus.raft.append:_answer", wrap)


@bug("raft-commits-older-term", protocol="raft", source="Raft paper, figure 8")
def _commits_older_term(plant: Planter) -> None:
    """A leader commits what a majority holds, whichever term it is of."""

    def wrap(real: Any) -> Any:
        def on_success(server: Any, now: int, sender: int, message: AppendSuccess) -> None:
            real(server, now, sender, message)
            role = server.role
            if not isinstance(role, Leader):
                return
            held = sorted([server.log.last_index, *(p.match_index for p in role.progress.values())], reverse=True)
            index = held[len(held) // 2]
            if index > server.commit_index:
                server.commit(index, {})

        return on_success

    plant.replace_item(_HANDLERS, AppendSuccess, wrap)


@bug("raft-stale-leader-unanswered", quick=False, protocol="raft", source="tikv/raft-rs #84")
def _stale_leader_unanswered(plant: Planter) -> None:
    """AppendEntries of an older term get no answer, so that PreVote and CheckQuorum keep a server out for ever."""

    def wrap(real: Any) -> Any:
        def on_append(server: Any, now: int, sender: int, message: AppendEntries) -> None:
            if message.term >= server.term:
                real(server, now, sender, message)

        return on_append

    plant.replace_item(_HANDLERS, AppendEntries, wrap)


@bug("raft-own-pre-vote-missing", quick=False, protocol="raft", source="hashicorp/raft #605")
def _own_pre_vote(plant: Planter) -> None:
    """A server does not count its own pre-vote."""

    def wrap(real: Any) -> Any:
        def become(self: Any, *args: Any, **kwargs: Any) -> None:
            real(self, *args, **kwargs)
            self.role.votes.clear()

        return become

    plant.replace("consensus.raft.server:Server.become_pre_candidate", wrap)


@bug("raft-pre-vote-resets-timer", quick=False, protocol="raft", source="hashicorp/raft #609")
def _pre_vote_resets_timer(plant: Planter) -> None:
    """Being asked for a pre-vote counts as hearing a leader."""

    def wrap(real: Any) -> Any:
        def on_pre_vote(server: Any, now: int, sender: int, message: PreVote) -> None:
            real(server, now, sender, message)
            if isinstance(server.role, Follower):
                server.role.reset_at = server.role.heard_at = now

        return on_pre_vote

    plant.replace_item(_HANDLERS, PreVote, wrap)


@bug("raft-stuck-in-probe", quick=False, protocol="raft", source="etcd-io/raft, probe state without resume")
def _stuck_in_probe(plant: Planter) -> None:
    """A probe whose answer was lost is never repeated; the follower hears heartbeats that ask it nothing."""

    def wrap(real: Any) -> Any:
        def on_heartbeat(server: Any, now: int, role: Any) -> None:
            everybody = role.progress
            stuck = {peer: p for peer, p in everybody.items() if isinstance(p.state, Probe) and p.state.waiting}
            role.progress = {peer: progress for peer, progress in everybody.items() if peer not in stuck}
            real(server, now, role)
            role.progress = everybody
            for peer in stuck:
                server.send(peer, replication._append_entries(server, role, server.log.base_index + 1, 0))  # noqa: SLF001

        return on_heartbeat

    plant.replace("consensus.raft.replication:on_heartbeat", wrap)


@bug("raft-probes-compacted-log", protocol="raft", source="found here: a leader probed below its log's base")
def _probes_compacted(plant: Planter) -> None:
    """A follower that lags behind the compacted log is still sent what is gone."""
    plant.replace("consensus.raft.replication:_help_if_behind", lambda _: lambda server, role, peer, progress: None)  # noqa: ARG005
    plant.replace("consensus.raft.replication:_send_from", lambda _: lambda server, progress: progress.next_index)  # noqa: ARG005


@bug("raft-deposed-leader-goes-on", quick=False, protocol="raft", source="Raft paper, section 5.1 left out")
def _deposed_leader(plant: Planter) -> None:
    """A leader that hears of a later term takes the term over and goes on leading."""

    def wrap(real: Any) -> Any:
        def become_follower(self: Any, now: int, term: int, leader: int | None = None) -> None:
            if isinstance(self.role, Leader) and term > self.term and leader is None:
                self.enter_term(term)
            else:
                real(self, now, term, leader)

        return become_follower

    plant.replace("consensus.raft.server:Server.become_follower", wrap)


@bug(
    "raft-equal-timeouts", quick=False, protocol="raft", source="Raft paper, section 5.2: randomised timeouts left out"
)
def _equal_timeouts(plant: Planter) -> None:
    """Every server waits equally long before it stands, so that elections split again and again."""
    plant.replace(
        "consensus.raft.server:Server.random_timeout", lambda _: lambda self: self.options.election_timeout_min_ns
    )


@bug("raft-commit-not-announced", quick=False, protocol="raft", source="a commit index that heartbeats do not carry")
def _commit_not_announced(plant: Planter) -> None:
    """Messages without blocks carry no commit index, so the last entry stays undecided at the followers."""

    def wrap(real: Any) -> Any:
        def make(server: Any, role: Any, start: int, count: int, *rest: Any) -> AppendEntries:
            message: AppendEntries = real(server, role, start, count, *rest)
            if message.blocks:
                return message
            return msgspec.structs.replace(message, commit=0, certificate=None)

        return make

    plant.replace("consensus.raft.replication:_append_entries", wrap)


@bug("raft-compacted-term-zero", protocol="raft", source="etcd-io/raft: zeroTermOnErrCompacted in matchTerm")
def _term_zero(plant: Planter) -> None:
    """The term of an entry that a log no longer holds, or not yet, is 0, and 0 matches 0."""

    def term_at(real: Any) -> Any:
        return lambda self, index: real(self, index) if self.holds(index) else 0

    def holds_previous(_: Any) -> Any:
        return lambda server, message: server.log.term_at(message.previous_index) == message.previous_term

    plant.replace("consensus.raft.log:Log.term_at", term_at)
    plant.replace("consensus.raft.append:_holds_previous", holds_previous)
    plant.replace("consensus.raft.append:_require_chained", lambda _: lambda message: None)  # noqa: ARG005
    plant.replace("consensus.raft.replication:_send_from", lambda _: lambda server, progress: progress.next_index)  # noqa: ARG005
