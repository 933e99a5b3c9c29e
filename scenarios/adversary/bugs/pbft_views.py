"""Bugs of PBFT's view changes, checkpoints and state transfer."""

from __future__ import annotations

from typing import Any

import msgspec

from consensus.pbft.context import PeerError
from scenarios.adversary.bugs.registry import Planter, bug


@bug("pbft-view-change-drops-prepared", protocol="pbft", source="Castro & Liskov, section 4.4: P left empty")
def _drops_prepared(plant: Planter) -> None:
    """A VIEW-CHANGE reports nothing of what was prepared."""
    plant.replace("consensus.pbft.log:Log.prepared_chain", lambda _: lambda self: ())  # noqa: ARG005


@bug(
    "pbft-lowest-view-wins",
    quick=False,
    protocol="pbft",
    source="NEW-VIEW takes the oldest certificate instead of the newest",
    strategy="hoard",
)
def _lowest_view(plant: Planter) -> None:
    """Of two prepared certificates for a height the NEW-VIEW takes that of the lower view."""

    def wrap(real: Any) -> Any:
        def choose(view_changes: Any) -> Any:
            lowest: dict[int, int] = {}
            for change in view_changes:
                for proof in change.prepared:
                    lowest[proof.height] = min(proof.view, lowest.get(proof.height, proof.view))
            cut = [
                msgspec.structs.replace(
                    change, prepared=tuple(proof for proof in change.prepared if proof.view == lowest[proof.height])
                )
                for change in view_changes
            ]
            return real(cut)

        return choose

    plant.replace("consensus.pbft.new_view:choose", wrap)
    plant.replace("consensus.pbft.view_change:choose", wrap)


@bug(
    "pbft-new-view-not-recomputed",
    quick=False,
    protocol="pbft",
    source="bft-smart: proofs not compared",
    needs="liars",
    lies=("bad-proofs",),
)
def _not_recomputed(plant: Planter) -> None:
    """A NEW-VIEW is believed if its signatures are good, whatever follows from its VIEW-CHANGEs."""

    def wrap(_: Any) -> Any:
        def flaw(message: Any, members: Any, *_rest: Any) -> str | None:
            found: str | None = members.flaw_in_signatures(message)
            return found

        return flaw

    plant.replace("consensus.pbft.view_change:flaw_in_new_view", wrap)


@bug("pbft-refuses-new-view", protocol="pbft", source="cf. ConsenSys/quorum #305")
def _refuses(plant: Planter) -> None:
    """A backup refuses a valid NEW-VIEW that leaves out what it had prepared itself, and stays behind for ever."""

    def wrap(real: Any) -> Any:
        def on_new_view(self: Any, message: Any) -> None:
            proposed = {proposal.height: proposal.hash for proposal in message.pre_prepares}
            for entry in self._log.entries():
                if entry.prepared is not None and proposed.get(entry.height) != entry.prepared.hash:
                    raise PeerError("it contradicts what we prepared")
            real(self, message)

        return on_new_view

    plant.replace("consensus.pbft.view_change:ViewChanges.on_new_view", wrap)


@bug("pbft-nobody-joins", quick=False, protocol="pbft", source="Castro & Liskov, section 4.5.2: f + 1 left out")
def _nobody_joins(plant: Planter) -> None:
    """A replica does not follow f + 1 others to a higher view."""
    plant.replace("consensus.pbft.view_change:ViewChanges._join", lambda _: lambda self: None)  # noqa: ARG005


@bug(
    "pbft-contradicted-kept",
    quick=False,
    protocol="pbft",
    strategy="hoard",
    source="certificates kept that a NEW-VIEW contradicts (rule 6)",
)
def _contradicted(plant: Planter) -> None:
    """On entering a view a replica keeps the prepared certificates that its NEW-VIEW leaves out."""
    plant.replace(
        "consensus.pbft.view_change:ViewChanges._forget_contradicted",
        lambda _: lambda self, active: None,  # noqa: ARG005
    )


@bug("pbft-restart-forgets-view", protocol="pbft", source="a restart that begins in view 0")
def _forgets_view(plant: Planter) -> None:
    """A restarted replica takes up its log and not its view."""

    def wrap(real: Any) -> Any:
        def restore(self: Any, image: Any) -> None:
            real(self, {space: entries for space, entries in image.items() if space != "pbft.view"})

        return restore

    plant.replace("consensus.pbft.core:PbftCore._restore", wrap)


@bug(
    "pbft-checkpoint-digest-ignored",
    quick=False,
    protocol="pbft",
    source="checkpoint digests not compared",
    needs="liars",
    lies=("lying-checkpoint",),
)
def _digest_ignored(plant: Planter) -> None:
    """CHECKPOINTs of one height count together whatever state they state."""

    def wrap(real: Any) -> Any:
        def count(self: Any, vote: Any) -> None:
            known = list(self._votes.get(vote.height, {}).values())
            real(self, msgspec.structs.replace(vote, digest=known[0].digest) if known else vote)

        return count

    plant.replace("consensus.pbft.checkpoints:Checkpoints._count", wrap)


@bug(
    "pbft-chunks-not-verified",
    quick=False,
    protocol="pbft",
    source="state transfer that believes its helper",
    needs="liars",
    lies=("lying-transfer",),
    nodes=4,
    strategy="churn",
)
def _chunks(plant: Planter) -> None:
    """A chunk of the state is taken without comparing its digest."""
    plant.replace(
        "consensus.pbft.state_transfer:StateTransfer._fits",
        lambda _: lambda self, data, digest: True,  # noqa: ARG005
    )


@bug(
    "pbft-catch-up-unproven",
    quick=False,
    protocol="pbft",
    source="blocks adopted without a certificate",
    needs="liars",
    lies=("lying-transfer",),
)
def _unproven(plant: Planter) -> None:
    """Whatever blocks a peer sends to one that is behind are taken for decided."""
    plant.replace("consensus.pbft.core:PbftCore.proves", lambda _: lambda self, run: len(run))  # noqa: ARG005


@bug("pbft-timestamp-dedupe", protocol="pbft", source="hyperledger/fabric #1943", needs="replicas")
def _timestamp(plant: Planter) -> None:
    """A client's request counts as done once a later one of it is: so leaving one out censors it for ever."""

    def wrap(_: Any) -> Any:
        def executed(tree: Any, client: str, number: int) -> bool:
            from node.contracts.numbers import ClientNumbers  # noqa: PLC0415 - only here

            done = tree.get(ClientNumbers.namespace, client)
            return done is not None and any(later in done for later in range(number, number + 40))

        return executed

    plant.replace("node.chain_state:is_executed", wrap)


@bug("pbft-no-dedupe", protocol="pbft", source="retries executed again", needs="replicas")
def _no_dedupe(plant: Planter) -> None:
    """A request that was executed is ordered again when its client asks again."""
    plant.replace("node.chain_state:is_executed", lambda _: lambda tree, client, number: False)  # noqa: ARG005
