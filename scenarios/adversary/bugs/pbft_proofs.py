"""Bugs of PBFT's proofs: what a replica believes of certificates, VIEW-CHANGEs, CHECKPOINTs and manifests."""

from __future__ import annotations

from typing import Any

from consensus.quorum import byzantine_faults
from scenarios.adversary.bugs.registry import Planter, bug


@bug(
    "pbft-duplicate-prepares",
    quick=False,
    protocol="pbft",
    source="duplicates in a prepared certificate: hyperledger/besu #2449",
    needs="liars",
    lies=("bad-proofs",),
    strategy="hoard",
)
def _duplicates(plant: Planter) -> None:
    """The signers of a certificate are counted, and not asked whether they are different ones."""
    plant.replace("consensus.pbft.certificates:_ascending", lambda _: lambda replicas: True)  # noqa: ARG005


@bug(
    "pbft-bad-proof-hides-good",
    quick=False,
    protocol="pbft",
    source="one bad certificate hides valid ones: vmware/concord-bft #50",
    needs="liars",
    lies=("bad-proofs",),
)
def _hides(plant: Planter) -> None:
    """A VIEW-CHANGE is not checked when it comes, and a bad one takes a good one's place in the NEW-VIEW."""

    def wrap(real: Any) -> Any:
        def on_view_change(self: Any, sender: Any, message: Any) -> None:
            members = self._members
            members.flaw_in_view_change = lambda *_: None
            try:
                real(self, sender, message)
            finally:
                del members.flaw_in_view_change

        return on_view_change

    plant.replace("consensus.pbft.view_change:ViewChanges.on_view_change", wrap)


@bug(
    "pbft-view-changes-unsigned",
    quick=False,
    protocol="pbft",
    source="a new primary that writes others' VIEW-CHANGEs itself",
    needs="liars",
    lies=("bad-proofs",),
)
def _unsigned(plant: Planter) -> None:
    """Who a VIEW-CHANGE in a NEW-VIEW claims to be from is believed."""

    def wrap(_: Any) -> Any:
        def flaw(self: Any, message: Any, _log_size: int) -> str | None:
            found: str | None = self._flaw_in_stable(message) or self._flaw_in_chain(message)
            return found

        return flaw

    plant.replace("consensus.pbft.certificates:Membership.flaw_in_view_change", wrap)


@bug(
    "pbft-wrong-membership",
    quick=False,
    protocol="pbft",
    source="a certificate checked against the wrong membership",
)
def _wrong_members(plant: Planter) -> None:
    """Whatever the height of a certificate, it is judged by the members of today."""
    plant.replace("consensus.pbft.epochs:Epochs.at", lambda _: lambda self, height: self.current)  # noqa: ARG005


@bug(
    "pbft-weak-checkpoint", protocol="pbft", source="Castro & Liskov, section 4.3: f + 1 taken for a stable checkpoint"
)
def _weak(plant: Planter) -> None:
    """CHECKPOINTs of f + 1 make a certificate, as they would suffice to know that the state is right."""
    plant.replace(
        "consensus.pbft.checkpoints:Checkpoints._quorum",
        lambda _: lambda self, height: byzantine_faults(len(self._members_at(height).voters)) + 1,
    )


@bug(
    "pbft-manifest-not-checked",
    quick=False,
    protocol="pbft",
    source="state transfer that believes whom it asks what there is to fetch",
    needs="liars",
    lies=("lying-transfer",),
    strategy="churn",
)
def _manifest(plant: Planter) -> None:
    """The manifest of a state is not held against the digest that a quorum signed."""
    plant.replace(
        "consensus.pbft.state_transfer:StateTransfer._lie_in",
        lambda _: lambda self, snapshot, certificate: None,  # noqa: ARG005
    )
    plant.replace(
        "consensus.pbft.state_transfer:StateTransfer._proven",
        lambda _: lambda self, snapshot: True,  # noqa: ARG005
    )
