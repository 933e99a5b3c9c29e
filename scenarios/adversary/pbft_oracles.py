"""What PBFT's replicas must do at once when views change (Castro & Liskov 1999), beyond what every run is judged by.

:class:`ViewWords` needs that nobody lies and members stay. :class:`Proofs` holds for every replica that does not lie,
whoever else does: what it believes is proven, found here a second time and from the messages alone.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any, ClassVar

from consensus.chain import CERTIFICATES, commit_bytes
from consensus.pbft.certificates import new_view_bytes, pre_prepare_bytes, prepare_bytes, view_change_bytes
from consensus.pbft.messages import (
    PREPARED,
    VIEW,
    NewView,
    PreparedCertificate,
    ViewChange,
    ViewRecord,
)
from consensus.properties import Observer, Property, Violation
from consensus.properties.observer import told
from consensus.vocabulary import Image, Install, NodeId, Put, Record, Trace

Verify = Callable[[NodeId, bytes, bytes], bool]


class ViewWords(Observer):
    """Whoever holds the VIEW-CHANGEs of f + 1 others for higher views joins one of them (section 4.5.2)."""

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "join f + 1", "who holds f + 1 VIEW-CHANGEs for higher views joins them", "PBFT, section 4.5.2", "O(voters)"
        ),
    )

    def __init__(self, voters: tuple[NodeId, ...]) -> None:
        self._voters = frozenset(voters)
        self._faults = (len(voters) - 1) // 3
        self._views: dict[NodeId, int] = {}
        self._heard: dict[NodeId, dict[NodeId, int]] = {}
        """Replica -> who asked it, in this life of it, for which view at most."""
        self._due: dict[NodeId, None] = {}
        """Replicas that were asked something since they were last looked at."""

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        record = image.get(VIEW, {}).get("view")
        self._views[node] = record.view if record is not None else 0
        self._heard[node] = {}
        self._due.pop(node, None)

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:
        if node in self._due:
            self._require_joined(now, node, incarnation)
        if type(message) is ViewChange and message.replica == sender and node in self._voters:
            heard = self._heard[node]
            heard[sender] = max(message.view, heard.get(sender, 0))
            self._due[node] = None

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:  # noqa: ARG002
        for record in records:
            if isinstance(record, Put) and isinstance(record.value, ViewRecord):
                self._views[node] = record.value.view
                self._due[node] = None

    def _require_joined(self, now: int, node: NodeId, incarnation: int) -> None:
        del self._due[node]
        view = self._views[node]
        higher = sorted((asked for asked in self._heard[node].values() if asked > view), reverse=True)
        if len(higher) > self._faults:
            stays = f"node {node}.{incarnation} is in view {view} still, at {now} ns"
            raise Violation("join f + 1", stays, f"{len(higher)} others asked it for views {higher}")


class Proofs(Observer):
    """Judges what every replica but the ``liars`` takes for proven, when it writes it down.

    * A prepared certificate holds the PRE-PREPARE and the PREPAREs of a quorum of different voters (section 4.2).
    * A NEW-VIEW is its primary's; it holds VIEW-CHANGEs of a quorum of different voters, each signed and each proving
      where it begins and what it reports; and it proposes again, height by height, the certificate of the highest view
      above the block chosen before (section 4.4).
    * On entering a view a replica gives up the certificates that its NEW-VIEW leaves out (rule 6 of
      :mod:`consensus.pbft.normal_case`): their blocks may be nowhere to be had any more. What was certified here
      meanwhile needs no giving up: no VIEW-CHANGE of this replica begins below it any more. Nor does what was
      prepared by other members, above the checkpoint with which their epoch begins: their views are others.
    * The chunks of a state that it installs have the digests that the manifest lists.

    ``verify(member, data, signature)`` decides a signature, ``digest_of(chunk)`` is what manifests list. Members are
    ``voters``, until a replica tells of others.
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "prepared is proven",
            "a prepared certificate holds a quorum of different voters' signatures",
            "PBFT, section 4.2",
            "O(quorum), once a certificate",
        ),
        Property(
            "new view is proven",
            "a NEW-VIEW is signed and holds a quorum of proven VIEW-CHANGEs",
            "PBFT, section 4.4",
            "O(quorum · window), once a view",
        ),
        Property(
            "new view recomputed",
            "a NEW-VIEW proposes what its VIEW-CHANGEs prescribe, computed a second time",
            "PBFT, section 4.4",
            "O(window), once a view",
        ),
        Property(
            "given up is forgotten",
            "who enters a view gives up the certificates that its NEW-VIEW leaves out",
            "consensus/pbft/normal_case.py, rule 6",
            "O(window), once a view",
        ),
        Property(
            "state as listed",
            "installed chunks have the digests that the manifest lists",
            "PBFT, section 4.3",
            "O(chunks), once a transfer",
        ),
    )

    def __init__(
        self,
        voters: tuple[NodeId, ...],
        verify: Verify,
        liars: frozenset[NodeId] = frozenset(),
        digest_of: Callable[[bytes], bytes] = lambda chunk: sha256(chunk).digest(),
    ) -> None:
        self._verify = verify
        self._digest_of = digest_of
        self._liars = liars
        self._epochs: dict[int, tuple[NodeId, ...]] = {0: voters}
        """Base height -> who decides above it."""
        self._judged: dict[bytes, NewView] = {}
        """Signature -> the NEW-VIEW found to be in order: everybody writes the same one down."""

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind == "pbft.epoch" and node not in self._liars:
            base, *voters = trace.detail
            self._epochs.setdefault(base, tuple(voters))

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:
        if node in self._liars:
            return
        for record in records:
            if not isinstance(record, Put):
                continue
            if record.space == PREPARED:
                flaw = self._flaw_in_prepared(record.value, self._voters(record.value.height))
                if flaw is not None:
                    has = f"{told(now, node, incarnation)} has height {record.value.height} for prepared"
                    raise Violation("prepared is proven", has, flaw)
            elif isinstance(record.value, NewView):
                self._entered(told(now, node, incarnation), record.value)

    def on_durable(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...], durable: Image) -> None:
        if node in self._liars:
            return
        for record in records:
            if isinstance(record, Put) and isinstance(record.value, NewView):
                self._require_forgotten(told(now, node, incarnation), record.value, durable)

    def on_install(self, now: int, node: NodeId, incarnation: int, install: Install) -> None:
        digests = tuple(map(self._digest_of, install.chunks))
        if node not in self._liars and digests != install.snapshot.chunks:
            differs = sum(one != other for one, other in zip(digests, install.snapshot.chunks, strict=False))
            installs = f"{told(now, node, incarnation)} installs the state of height {install.height}"
            listed = (
                f"{differs} of its {len(digests)} chunks, and {len(install.snapshot.chunks)} are listed, are others"
            )
            raise Violation("state as listed", installs, listed)

    def _epoch(self, height: int) -> int:
        return max(base for base in self._epochs if base < height)

    def _voters(self, height: int) -> tuple[NodeId, ...]:
        return self._epochs[self._epoch(height)]

    # -- what is proven --------------------------------------------------------------------------------------

    def _entered(self, origin: str, message: NewView) -> None:
        known = self._judged.get(message.signature)
        if known is message:
            return
        enters = f"{origin} enters view {message.view}"
        flaw = self._flaw_in_new_view(message)
        if flaw is not None:
            raise Violation("new view is proven", enters, flaw)
        prescribed, proposed = prescribed_by(message), [proposal.hash for proposal in message.pre_prepares]
        if proposed != prescribed:
            raise Violation(
                "new view recomputed",
                f"{enters} with {_short(proposed)}",
                f"its VIEW-CHANGEs prescribe {_short(prescribed)}",
            )
        self._judged[message.signature] = message

    def _flaw_in_new_view(self, message: NewView) -> str | None:
        voters = self._voters(1 + message.view_changes[0].epoch) if message.view_changes else ()
        asking = {change.replica for change in message.view_changes if change.view == message.view}
        if not asking <= set(voters) or not len(asking) == len(message.view_changes) == quorum_of(voters):
            return f"asked for by {sorted(asking)}, {len(message.view_changes)} times, of {voters}"
        signed = new_view_bytes(message.view, message.view_changes, message.pre_prepares)
        if not self._verify(voters[message.view % len(voters)], signed, message.signature):
            return "not signed by its primary"
        flaws = (self._flaw_in_view_change(change, voters) for change in message.view_changes)
        return next((flaw for flaw in flaws if flaw is not None), None)

    def _flaw_in_view_change(self, change: ViewChange, voters: tuple[NodeId, ...]) -> str | None:
        by = f"the VIEW-CHANGE of {change.replica}"
        if not self._verify(change.replica, view_change_bytes(change), change.signature):
            return f"{by} is not signed by it"
        if not self._begins_decided(change, voters):
            return f"{by} does not prove that its block at height {change.height} is decided"
        links = [(change.height, change.hash), *((proof.height, proof.hash) for proof in change.prepared)]
        for (height, block_hash), prepared in zip(links, change.prepared, strict=False):
            if (prepared.height, prepared.header.parent) != (height + 1, block_hash):
                return f"{by} leaves the chain at height {height + 1}"
            flaw = self._flaw_in_prepared(prepared, voters)
            if flaw is not None or prepared.view >= change.view:
                return f"{by}, at height {prepared.height}: {flaw or f'prepared in view {prepared.view}'}"
        return None

    def _begins_decided(self, change: ViewChange, voters: tuple[NodeId, ...]) -> bool:
        proof = change.certificate
        if proof is None:
            return change.height == change.epoch
        signers = self._signers(proof.signatures, commit_bytes(proof.round, change.height, change.hash), voters)
        return signers >= quorum_of(voters)

    def _flaw_in_prepared(self, proof: PreparedCertificate, voters: tuple[NodeId, ...]) -> str | None:
        header = proof.header
        author = header.proposer if header.round == proof.view else voters[proof.view % len(voters)]
        proposed = pre_prepare_bytes(proof.view, header.height, header.hash)
        if header.round > proof.view or not self._verify(author, proposed, proof.signature):
            return f"its PRE-PREPARE in view {proof.view} is not by {author}"
        backups = tuple(signed for signed in proof.prepares if signed[0] != author)
        signers = self._signers(backups, prepare_bytes(proof.view, header.height, header.hash), voters)
        if 1 + signers < quorum_of(voters):
            return f"{signers} backups and {author} are no quorum of {voters}"
        return None

    def _signers(self, signatures: tuple[tuple[NodeId, bytes], ...], data: bytes, voters: tuple[NodeId, ...]) -> int:
        """How many different voters signed ``data``."""
        return len({node for node, signature in signatures if node in voters and self._verify(node, data, signature)})

    # -- what is given up ------------------------------------------------------------------------------------

    def _require_forgotten(self, origin: str, message: NewView, durable: Image) -> None:
        base = max(change.height for change in message.view_changes)
        epoch = message.view_changes[0].epoch
        certified = max(durable.get(CERTIFICATES, ()), default=0)
        prescribed = {proposal.height: proposal.hash for proposal in message.pre_prepares}
        for kept in durable.get(PREPARED, {}).values():
            height = kept.height
            if self._epoch(height) != epoch:
                continue  # one write of the disk holds both: views began anew with the members above a checkpoint
            if height > max(base, certified) and kept.view < message.view and kept.hash != prescribed.get(height):
                raise Violation(
                    "given up is forgotten",
                    f"{origin} keeps {kept.hash.hex()[:8]}, prepared in view {kept.view} at height {height}",
                    f"its view {message.view} begins above {base} with {_short(list(prescribed.values()))}",
                )


def quorum_of(voters: tuple[NodeId, ...]) -> int:
    """The least number of which any two sets share more than f, written independently of the program's."""
    size = len(voters)
    faults = (size - 1) // 3
    return next((enough for enough in range(size + 1) if 2 * enough - size > faults), size)


def prescribed_by(message: NewView) -> list[bytes]:
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
