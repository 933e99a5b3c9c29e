"""Bugs of PBFT's three phases, of its certificates, and of what is durable when."""

from __future__ import annotations

from typing import Any

from consensus.pbft.messages import ACCEPTED, PREPARED, VIEW, Prepare
from consensus.vocabulary import Broadcast, Effects, Put, Send
from scenarios.adversary.bugs.registry import Planter, bug

_PERSIST = "consensus.pbft.context:Outbox.persist"


def _forgetting(plant: Planter, space: str) -> None:
    """Records of ``space`` never reach the disk (removals do)."""

    def wrap(real: Any) -> Any:
        def persist(self: Any, record: Any) -> None:
            if not (isinstance(record, Put) and record.space == space):
                real(self, record)

        return persist

    plant.replace(_PERSIST, wrap)


@bug("pbft-primary-prepares-too", protocol="pbft", source="hyperledger/sawtooth-pbft: the primary's PREPARE counted")
def _primary_prepares(plant: Planter) -> None:
    """The primary's PRE-PREPARE counts as one of the backups' PREPAREs as well."""

    def wrap(real: Any) -> Any:
        def accept(self: Any, entry: Any, message: Any) -> None:
            real(self, entry, message)
            primary = self._context.primary
            block = message.block
            entry.prepares.setdefault(
                primary, Prepare(message.view, block.height, block.hash, primary, message.signature)
            )

        return accept

    plant.replace("consensus.pbft.acceptance:Acceptance.accept", wrap)
    plant.replace(
        "consensus.pbft.log:Entry.matching_prepares",
        lambda real: lambda self, view, block_hash, author: real(self, view, block_hash, None),  # noqa: ARG005
    )


@bug(
    "pbft-signer-not-checked",
    quick=False,
    protocol="pbft",
    source="a vote believed to be whose it says it is",
    needs="liars",
)
def _signer_unchecked(plant: Planter) -> None:
    """Who a vote claims to be from is believed, and no signature of a vote is verified."""

    def wrap(real: Any) -> Any:
        def on_vote(self: Any, _sender: int, message: Any) -> bool:
            members = self._members
            verify, members.verify = members.verify, lambda *_: True
            try:
                return bool(real(self, message.replica, message))
            finally:
                members.verify = verify

        return on_vote

    plant.replace("consensus.pbft.normal_case:NormalCase.on_prepare", wrap)
    plant.replace("consensus.pbft.normal_case:NormalCase.on_commit", wrap)


@bug("pbft-votes-of-any-block", protocol="pbft", source="a certificate that mixes blocks", needs="liars")
def _any_block(plant: Planter) -> None:
    """COMMITs of one view and height count together whatever block they are for."""
    plant.replace(
        "consensus.pbft.log:Entry.matching_commits",
        lambda _: (
            lambda self, view, block_hash: [  # noqa: ARG005
                vote for _, vote in sorted(self.commits.items()) if vote.view == view
            ]
        ),
    )


@bug("pbft-quorum-of-2f-plus-1", protocol="pbft", source="2f + 1 where n is not 3f + 1", nodes=5)
def _quorum(plant: Planter) -> None:
    """A quorum is 2f + 1, however many there are."""
    plant.replace("consensus.pbft.epochs:byzantine_quorum", lambda _: lambda n: 2 * ((n - 1) // 3) + 1)


@bug("pbft-quorum-too-small", protocol="pbft", source="f + 1 taken for a quorum")
def _small_quorum(plant: Planter) -> None:
    """One vote less than a quorum is enough."""
    plant.replace("consensus.pbft.epochs:byzantine_quorum", lambda real: lambda n: max(1, real(n) - 1))


@bug("pbft-window-unbounded", protocol="pbft", source="Castro & Liskov, section 4.2: H ignored", needs="liars")
def _window(plant: Planter) -> None:
    """Votes are taken for heights however far above the high watermark."""
    plant.replace("consensus.pbft.log:Log.inside", lambda _: lambda self, height: self.committed.height < height)


@bug("pbft-acceptance-not-durable", protocol="pbft", source="forgotten over a restart: equivocation by amnesia")
def _accepted(plant: Planter) -> None:
    """A replica says PREPARE without having written what for."""
    _forgetting(plant, ACCEPTED)


@bug("pbft-prepared-not-durable", protocol="pbft", source="a COMMIT whose certificate a crash takes")
def _prepared(plant: Planter) -> None:
    """A replica says COMMIT without having written the prepared certificate."""
    _forgetting(plant, PREPARED)


@bug("pbft-view-not-durable", protocol="pbft", source="a replica that is back in a view it left")
def _view(plant: Planter) -> None:
    """The view is kept in memory alone."""
    _forgetting(plant, VIEW)


@bug("pbft-says-before-durable", protocol="pbft", source="votes sent before they are written")
def _hasty(plant: Planter) -> None:
    """What is said leaves before what it rests on is written."""

    def wrap(real: Any) -> Any:
        def drain(self: Any) -> Effects:
            effects: Effects = real(self)
            said = [effect for effect in effects if isinstance(effect, Send | Broadcast)]
            return [*said, *(effect for effect in effects if not isinstance(effect, Send | Broadcast))]

        return drain

    plant.replace("consensus.pbft.context:Outbox.drain", wrap)


@bug("pbft-double-votes-counted", protocol="pbft", source="duplicates counted: hyperledger/besu #2449")
def _doubles(plant: Planter) -> None:
    """A quorum of COMMITs is counted by messages, and a message that is said again is another one."""

    def wrap(real: Any) -> Any:
        def count(self: Any, entry: Any, vote: Any) -> None:
            real(self, entry, vote)
            if entry.decision is None and len(entry.commits) == self._members.quorum - 1:
                self._members.quorum -= 1
                try:
                    real(self, entry, vote)
                finally:
                    self._members.quorum += 1

        return count

    plant.replace("consensus.pbft.normal_case:NormalCase._count_commit", wrap)


@bug(
    "pbft-commit-not-counted-after-view",
    quick=False,
    protocol="pbft",
    source="liveness: late COMMITs of a view left are dropped",
)
def _late_commits(plant: Planter) -> None:
    """A replica that missed a COMMIT never asks for it again."""
    plant.replace("consensus.pbft.retransmission:Retransmission.repeat", lambda _: lambda self: None)  # noqa: ARG005
    plant.replace(
        "consensus.pbft.retransmission:Retransmission._repeat_votes",
        lambda _: lambda self, active: None,  # noqa: ARG005
    )
