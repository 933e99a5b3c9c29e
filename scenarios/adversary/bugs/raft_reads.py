"""Bugs of Raft's linearizable reads."""

from __future__ import annotations

from typing import Any

from consensus.raft.roles import Asker, Leader, Read
from scenarios.adversary.bugs.registry import Planter, bug


@bug("raft-read-before-term-commit", quick=False, protocol="raft", source="etcd-io/etcd #7331")
def _before_commit(plant: Planter) -> None:
    """A leader answers reads before an entry of its own term is committed, from a commit index that may be stale."""
    plant.replace("consensus.raft.reads:has_committed_in_term", lambda _: lambda server: True)  # noqa: ARG005


@bug("raft-read-reuses-round", quick=False, protocol="raft", source="etcd-io/etcd #20418")
def _reuses_round(plant: Planter) -> None:
    """A read is confirmed by answers to a round of heartbeats that began before it."""

    def wrap(real: Any) -> Any:
        def ask(server: Any, now: int, role: Leader, askers: list[Asker | int]) -> None:
            if role.beat:
                role.reads += [Read(asker=asker, index=server.commit_index, beat=role.beat) for asker in askers]
            else:
                real(server, now, role, askers)

        return ask

    plant.replace("consensus.raft.reads:_ask_the_voters", wrap)


@bug("raft-read-unconfirmed", quick=False, protocol="raft", source="Raft dissertation, section 6.4, step 3 left out")
def _unconfirmed(plant: Planter) -> None:
    """A leader answers reads without asking whether it still leads."""
    plant.replace("consensus.raft.reads:_holds_lease", lambda _: lambda server, now, role: True)  # noqa: ARG005
