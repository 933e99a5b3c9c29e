"""Bugs of who takes part in Raft: changes of members, joint configurations, and leaderships handed over."""

from __future__ import annotations

from typing import Any

import msgspec

from consensus.configuration import Configuration
from consensus.raft.messages import RequestVote, TimeoutNow
from scenarios.adversary.bugs.registry import Planter, bug

_HANDLERS = "consensus.raft.core:_HANDLERS"


@bug("raft-early-change", protocol="raft", source="Ongaro 2015: bug in single-server membership changes")
def _early_change(plant: Planter) -> None:
    """A leader changes the members before an entry of its own term is committed."""
    plant.replace(
        "consensus.raft.membership:may_change",
        lambda _: lambda server: server.configurations.since <= server.commit_index,
    )


@bug("raft-two-changes-at-once", protocol="raft", source="Raft dissertation, section 4.1 left out")
def _two_changes(plant: Planter) -> None:
    """A leader changes the members again before the last change is committed."""
    plant.replace(
        "consensus.raft.membership:may_change",
        lambda _: lambda server: server.log.term_at(server.commit_index) == server.term,
    )


@bug("raft-joint-union-elects", quick=False, protocol="raft", source="microsoft/CCF #3948")
def _union_elects(plant: Planter) -> None:
    """In a joint configuration a candidate wins with a majority of all servers together."""

    def wrap(_: Any) -> Any:
        def is_won(server: Any, votes: dict[int, bool]) -> bool:
            electors = server.electorate.electors
            return 2 * sum(votes.get(voter, False) for voter in electors) > len(electors)

        return is_won

    plant.replace("consensus.raft.election:_is_won", wrap)


@bug("raft-joint-union-commits", protocol="raft", source="microsoft/CCF #3948, for entries", strategy="relay")
def _union_commits(plant: Planter) -> None:
    """In a joint configuration an entry counts as committed with a majority of all servers together."""

    def wrap(_: Any) -> Any:
        def is_committed(tally: Any, index: int, electorate: Any) -> bool:
            electors = electorate.electors
            return 2 * sum(voter in tally.signatures.get(index, ()) for voter in electors) > len(electors)

        return is_committed

    plant.replace("consensus.raft.tally:Tally.is_committed", wrap)


@bug(
    "raft-snapshot-drops-joint",
    quick=False,
    protocol="raft",
    source="etcd-io/raft: ConfState of a snapshot restored",
    nodes=5,
    strategy="lag",
    fixed={"log_keep": 2},
)
def _drops_joint(plant: Planter) -> None:
    """Who installs a snapshot of a joint configuration goes on with the new set of voters alone."""

    def wrap(real: Any) -> Any:
        def install(self: Any, height: int, configuration: Configuration) -> None:
            plain = msgspec.structs.replace(configuration, outgoing=(), learners_next=(), auto_leave=False)
            real(self, height, plain)

        return install

    plant.replace("consensus.raft.configurations:Configurations.install", wrap)


@bug(
    "raft-learner-refuses-vote",
    quick=False,
    protocol="raft",
    source="etcd-io/raft: a promoted learner that may not vote",
    nodes=5,
    strategy="contest",
)
def _learner_refuses(plant: Planter) -> None:
    """A server without a vote as far as it knows the log to be committed answers no candidate."""

    def wrap(real: Any) -> Any:
        def on_request_vote(server: Any, now: int, sender: int, message: RequestVote) -> None:
            if server.me in server.configurations.at(server.commit_index).electors:
                real(server, now, sender, message)

        return on_request_vote

    plant.replace_item(_HANDLERS, RequestVote, wrap)


@bug(
    "raft-removed-server-elected",
    quick=False,
    protocol="raft",
    source="etcd-io/raft: MsgTimeoutNow to one not promotable",
)
def _removed_elected(plant: Planter) -> None:
    """A leadership is handed to whoever is named, with a vote or without, and who is told to stand does."""

    def to_anybody(real: Any) -> Any:
        def begin_transfer(server: Any, now: int, target: int) -> None:
            rivals, server.rivals = server.rivals, server.peers
            try:
                real(server, now, target)
            finally:
                server.rivals = rivals

        return begin_transfer

    def by_anybody(real: Any) -> Any:
        def on_timeout_now(server: Any, now: int, sender: int, message: TimeoutNow) -> None:
            server.may_stand = lambda: True
            try:
                real(server, now, sender, message)
            finally:
                del server.may_stand

        return on_timeout_now

    plant.replace("consensus.raft.transfer:begin_transfer", to_anybody)
    plant.replace_item(_HANDLERS, TimeoutNow, by_anybody)


@bug("raft-learner-counts", protocol="raft", source="a learner taken for a voter")
def _learner_counts(plant: Planter) -> None:
    """A candidate counts the votes, and a leader the acknowledgements, of members that have no vote."""

    def wrap(real: Any) -> Any:
        def make(self: Any, configuration: Configuration, members_hash: bytes | None = None) -> None:
            real(self, configuration, members_hash)
            self.electors = configuration.members
            self._sets = tuple(((*voters, *configuration.learners), needed) for voters, needed in self._sets)
            self._majorities = tuple((frozenset(voters), needed) for voters, needed in self._sets)

        return make

    plant.replace("consensus.raft.electorate:Electorate.__init__", wrap)
