"""What PBFT's replicas must do at once when views change (Castro & Liskov 1999), where nobody lies and members stay.

* Whoever holds the VIEW-CHANGEs of f + 1 others for higher views joins the lowest of the f + 1 highest (section 4.5.2).
* A NEW-VIEW proposes again, height by height, the certificate of the highest view that its VIEW-CHANGEs report above
  the block chosen before (section 4.4), computed here a second time.
"""

from __future__ import annotations

from typing import Any

from consensus.pbft.messages import VIEW, NewView, ViewChange, ViewRecord
from consensus.properties import Observer, Violation
from consensus.vocabulary import Effects, Image, NodeId, Persist, Put


class ViewWords(Observer):
    """Watches the replicas ``voters``."""

    def __init__(self, voters: tuple[NodeId, ...]) -> None:
        self._voters = frozenset(voters)
        self._faults = (len(voters) - 1) // 3
        self._views: dict[NodeId, int] = {}
        self._heard: dict[NodeId, dict[NodeId, int]] = {}
        """Replica -> who asked it, in this life of it, for which view at most."""

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        record = image.get(VIEW, {}).get("view")
        self._views[node] = record.view if record is not None else 0
        self._heard[node] = {}

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:
        if node in self._voters:
            self._require_joined(now, node, incarnation)
        if type(message) is ViewChange and message.replica == sender and node in self._voters:
            heard = self._heard[node]
            heard[sender] = max(message.view, heard.get(sender, 0))

    def on_effects(self, now: int, node: NodeId, incarnation: int, effects: Effects) -> None:
        for effect in effects:
            if type(effect) is Persist:
                for record in effect.records:
                    if isinstance(record, Put) and record.space == VIEW:
                        self._written(now, node, incarnation, record.value)

    def _written(self, now: int, node: NodeId, incarnation: int, value: Any) -> None:
        if isinstance(value, ViewRecord):
            self._views[node] = value.view
        elif isinstance(value, NewView):
            prescribed, proposed = _prescribed(value), [proposal.hash for proposal in value.pre_prepares]
            if proposed != prescribed:
                enters = f"node {node}.{incarnation} at {now} ns enters view {value.view} with {_short(proposed)}"
                raise Violation("new view recomputed", enters, f"its VIEW-CHANGEs prescribe {_short(prescribed)}")

    def _require_joined(self, now: int, node: NodeId, incarnation: int) -> None:
        view = self._views[node]
        higher = sorted((asked for asked in self._heard[node].values() if asked > view), reverse=True)
        if len(higher) > self._faults:
            stays = f"node {node}.{incarnation} is in view {view} still, at {now} ns"
            raise Violation("join f + 1", stays, f"{len(higher)} others asked it for views {higher}")


def _prescribed(message: NewView) -> list[bytes]:
    """The hashes that the VIEW-CHANGEs in ``message`` oblige it to propose, from the lowest height on."""
    base = max(message.view_changes, key=lambda change: change.height)
    proofs = [proof for change in message.view_changes for proof in change.prepared]
    chosen = [base.hash]
    while True:
        height = base.height + len(chosen)
        fitting = [proof for proof in proofs if proof.height == height and proof.header.parent == chosen[-1]]
        if not fitting:
            return chosen[1:]
        newest = max(proof.view for proof in fitting)
        chosen.append(max(proof.hash for proof in fitting if proof.view == newest))


def _short(hashes: list[bytes]) -> list[str]:
    return [block_hash.hex()[:8] for block_hash in hashes]
