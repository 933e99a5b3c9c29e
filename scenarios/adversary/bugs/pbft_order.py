"""Bugs of PBFT's order of things: what is delivered once, what waits for what, and whose turn it is."""

from __future__ import annotations

from typing import Any

from consensus.pbft.messages import PreparedCertificate
from scenarios.adversary.bugs.registry import Planter, bug


@bug(
    "pbft-sync-and-view-change-deliver",
    protocol="pbft",
    source="SmartBFT: catch-up and a view change both deliver a block",
)
def _both_deliver(plant: Planter) -> None:
    """A block that catch-up brought while views changed is delivered again by the NEW-VIEW that begins above it."""

    def adopt_of(real: Any) -> Any:
        def adopt(self: Any, now: int, block: Any, certificate: Any) -> Any:
            context = self._context
            if context.active is None:
                context.caught_up = (block, certificate)
            return real(self, now, block, certificate)

        return adopt

    def begin_of(real: Any) -> Any:
        def become_active(self: Any, message: Any) -> None:
            real(self, message)
            context = self._context
            block, certificate = getattr(context, "caught_up", (None, None))
            if block is not None and context.active.base.height >= block.height:
                context.out.commit(block, certificate)
            context.caught_up = (None, None)

        return become_active

    plant.replace("consensus.pbft.core:PbftCore.adopt", adopt_of)
    plant.replace("consensus.pbft.view_change:ViewChanges._become_active", begin_of)


@bug(
    "pbft-far-view-blocks-height",
    quick=False,
    protocol="pbft",
    source="a PRE-PREPARE of a far view blocks a sequence: FISCO-BCOS #4308",
    needs="liars",
    lies=("wrong-view",),
)
def _far_view(plant: Planter) -> None:
    """A PRE-PREPARE of a later view takes the place of the one that is to come, and is kept until its view begins."""
    plant.replace("consensus.pbft.normal_case:NormalCase.on_pre_prepare", _holding_far_ones)
    plant.replace("consensus.pbft.normal_case:NormalCase._repeats", _refusing_near_ones)
    plant.replace("consensus.pbft.acceptance:Acceptance._fresh", _waiting_for_far_ones)
    plant.replace("consensus.pbft.view_change:ViewChanges._forget_below", _keeping_far_ones)


def _holding_far_ones(real: Any) -> Any:
    def on_pre_prepare(self: Any, sender: Any, message: Any) -> None:
        real(self, sender, message)
        height = message.block.height
        if message.view > self._context.view and self._log.inside(height):
            self._log.entry(height).held = message

    return on_pre_prepare


def _refusing_near_ones(real: Any) -> Any:
    def repeats(self: Any, entry: Any, message: Any) -> bool:
        far = entry.held is not None and entry.held.view > message.view
        return far or bool(real(self, entry, message))

    return repeats


def _waiting_for_far_ones(real: Any) -> Any:
    def fresh(self: Any, entry: Any) -> Any:
        far = entry.held is not None and entry.held.view > self._context.view
        return None if far else real(self, entry)

    return fresh


def _keeping_far_ones(real: Any) -> Any:
    def forget_below(self: Any, view: int, keep: int) -> None:
        far = [(entry, entry.held) for entry in self._log.entries() if entry.held and entry.held.view > keep]
        real(self, view, keep)
        for entry, held in far:
            entry.held = held

    return forget_below


@bug(
    "pbft-commits-out-of-order",
    protocol="pbft",
    source="a pipeline of chained blocks whose COMMITs do not wait for those below (rule 3)",
)
def _out_of_order(plant: Planter) -> None:
    """A replica says COMMIT for a height whose parent is not prepared yet, and so cannot report it in a view change."""

    def wrap(real: Any) -> Any:
        def prepare(self: Any, view: int) -> None:
            real(self, view)
            log, members = self._log, self._members
            for height in range(log.prepared + 1, log.tip.height + 1):
                entry = log.entry(height)
                accepted = entry.accepted
                if entry.prepared is not None and entry.prepared.view == view:
                    continue
                header = accepted.block.header
                prepares = entry.matching_prepares(view, header.hash, members.author(view, header))
                if len(prepares) >= members.quorum - 1:
                    signatures = tuple((vote.replica, vote.signature) for vote in prepares[: members.quorum - 1])
                    self._say_commit(entry, PreparedCertificate(view, header, accepted.signature, signatures))

        return prepare

    plant.replace("consensus.pbft.normal_case:NormalCase._prepare", wrap)


@bug(
    "pbft-turns-lost-at-restart",
    quick=False,
    protocol="pbft",
    source="a schedule of proposers that is kept in memory alone",
    nodes=4,
    strategy="churn",
    fixed={"rotate_every": 1, "checkpoint_interval": 23, "log_size": 64},
)
def _turns_lost(plant: Planter) -> None:
    """A replica that restarts counts the proposers' turns anew."""
    # Every checkpoint mends it, so they are far apart.
    plant.replace(
        "consensus.pbft.rotation:Rotation.restore",
        lambda _: lambda self, checkpoints, headers: None,  # noqa: ARG005
    )


@bug("pbft-turns-by-own-progress", protocol="pbft", source="whose turn it is, judged by what one has decided oneself")
def _own_progress(plant: Planter) -> None:
    """Whose turn a height is depends on how far the replica has come, not on the height alone."""

    def wrap(real: Any) -> Any:
        def turn(self: Any, schedule: Any, height: int) -> Any:
            return real(self, schedule, max(schedule.start, min(height, self._log.committed.height + 1)))

        return turn

    plant.replace("consensus.pbft.rotation:Rotation._turn", wrap)
