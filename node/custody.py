"""Custody 私有数据保管: what a member of a collection holds of payloads that the chain only commits to.

A payload comes from our own wallet, before its transaction is submitted, or from another member once the chain says
that both may hold it; it is believed as far as it opens the commitments there. It lies in a private space of this
node's store, in no block and no replicated state, until its blocks to live are over or the chain asks for its purge
(:mod:`node.contracts.deposits`). Then what stays is a note of what was erased, without values and salts, so that the
wallet can be told, and attest it on the chain.

Every step is durable before anything is said about it: an acknowledged deposit survives a crash, and a purge that was
confirmed stays done.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from consensus.vocabulary import (
    MILLISECOND,
    Effects,
    Image,
    NodeId,
    Persist,
    Put,
    Record,
    Rejected,
    Reply,
    Send,
    SetTimer,
    Trace,
)
from network.custody import Custody, Deposit, Hand, IsErased, State, Want, custody_bytes
from node.contracts.runtime import Execution
from node.membership.registry import Registry
from node.privacy import Collected, Commitments, Opening, Sealed, derive, seal_openings, unseal

CUSTODY = "custody"
"""Durable space: payloads of collections by "record/version"."""

TIMER = "replica.custody"
RETRY_NS = 250 * MILLISECOND
DEPOSITS_MAX = 4096
"""Payloads from our wallet whose transaction has not come yet."""

_encode = msgspec.msgpack.Encoder().encode
_decode_sealed = msgspec.msgpack.Decoder(Sealed).decode


class Stage(StrEnum):
    """Where a payload is in its life here."""

    DEPOSITED = "deposited"  # by our wallet; no block commits to it yet
    AWAITED = "awaited"  # a block commits to it, and says that we may hold it
    HELD = "held"
    ERASED = "erased"  # for good
    WAIVED = "waived"  # it was to be erased before it ever came


GONE = (Stage.ERASED, Stage.WAIVED)


class Safekept(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One payload. ``openings`` are empty while it is awaited and once it is erased; ``until``: a height, 0 for ever.

    ``members`` are empty before a block names them. ``height``: of the block that brought it to its stage.
    """

    record: str
    version: int
    stage: Stage
    commitments: Commitments
    members: tuple[str, ...] = ()
    until: int = 0
    height: int = 0
    openings: tuple[Opening, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.record}/{self.version}"


class Safe:
    """The payloads of one node. Without a ``seal_secret`` it can open none, and takes part in no collection."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        *,
        me: NodeId,
        network: str,
        registry: Callable[[], Registry],
        height: Callable[[], int],
        seal_secret: bytes,
        sign: Callable[[bytes], bytes],
        image: Image,
    ) -> None:
        self._me = me
        self._network = network
        self._registry = registry
        self._height = height
        self._seal_secret = seal_secret
        self._sign = sign
        self._kept: dict[str, Safekept] = {}
        self._of_record: dict[str, tuple[str, ...]] = {}  # its versions' keys
        self._mortal: dict[str, int] = {}  # until which height, of what does not live for ever
        self._uncommitted: dict[str, None] = {}  # what no block commits to yet
        self._asked: dict[str, int] = {}  # how often, of what is awaited
        for kept in image.get(CUSTODY, {}).values():
            self._note(kept)

    def started(self) -> Effects:
        """Ask again for what was awaited when the last life ended."""
        awaited = [kept.key for kept in self._kept.values() if kept.stage is Stage.AWAITED]
        return [effect for key in awaited for effect in self._await(key)]

    # The chain

    def executed(self, height: int, execution: Execution) -> tuple[list[Record], Effects]:
        """A block was executed: what to make durable with it, and what to ask of others."""
        if not self._seal_secret:
            return [], []
        changed: dict[str, Safekept] = {}
        for outcome in execution.outcomes:
            for envelope in outcome.envelopes:
                if isinstance(envelope, Collected) and self._name in envelope.recipients:
                    kept = self._entrusted(envelope, height)
                    changed[kept.key] = kept
                    self._note(kept)
            purged = [str(event.values["record"]) for event in outcome.events if event.kind == "purge_requested"]
            for key in (key for record in purged for key in self._of_record.get(record, ())):
                changed[key] = self._erase(key, height)
        for key in [key for key, until in self._mortal.items() if until <= height]:
            changed[key] = self._erase(key, height)
        effects = [effect for key in changed for effect in self._turned(key)]
        return [Put(CUSTODY, key, kept) for key, kept in changed.items()], effects

    def _entrusted(self, envelope: Collected, height: int) -> Safekept:
        """What a block commits to: held where our wallet brought just that before, awaited otherwise."""
        known = self._kept.get(f"{envelope.record}/{envelope.version}")
        held = known is not None and known.stage is Stage.DEPOSITED and known.commitments == envelope.commitments
        return Safekept(
            record=envelope.record,
            version=envelope.version,
            stage=Stage.HELD if held else Stage.AWAITED,
            commitments=envelope.commitments,
            members=envelope.recipients,
            until=height + envelope.blocks_to_live if envelope.blocks_to_live else 0,
            height=height,
            openings=known.openings if held and known is not None else (),
        )

    def _erase(self, key: str, height: int) -> Safekept:
        """The note that stays of a payload."""
        kept = self._kept[key]
        if kept.stage not in GONE:
            stage = Stage.ERASED if kept.openings else Stage.WAIVED
            kept = replace(kept, stage=stage, openings=(), height=height)
            self._note(kept)
        return kept

    def _note(self, kept: Safekept) -> None:
        """From now on this is what stands here of a payload."""
        key = kept.key
        if key not in self._kept:
            self._of_record[kept.record] = (*self._of_record.get(kept.record, ()), key)
        self._kept[key] = kept
        self._mortal.pop(key, None)
        self._uncommitted.pop(key, None)
        if kept.stage is Stage.DEPOSITED:
            self._uncommitted[key] = None
        elif kept.until and kept.stage not in GONE:
            self._mortal[key] = kept.until

    def _turned(self, key: str) -> Effects:
        """What follows from the stage that a block brought a payload to."""
        kept = self._kept[key]
        match kept.stage:
            case Stage.AWAITED:
                return self._await(key)
            case Stage.ERASED | Stage.WAIVED:
                self._asked.pop(key, None)
                return [Trace("erased", (kept.record, kept.version))]
            case _:
                return []

    # Our wallet

    def keep(self, message: Deposit | IsErased) -> Effects:
        """A word from our organisation's wallet."""
        return self._deposited(message) if isinstance(message, Deposit) else self._asked_for(message)

    def _deposited(self, deposit: Deposit) -> Effects:
        """Our wallet brings the payload of a transaction to come; it is told once that is durable."""
        openings = self._opened(deposit.record, deposit.version, deposit.sealed)
        if deposit.client != self._name or openings is None:
            return [Trace("refused", ("a deposit that is none of ours",))]
        commitments = tuple((opening.path, opening.digest) for opening in openings)
        key = f"{deposit.record}/{deposit.version}"
        known = self._kept.get(key)
        if known is not None and known.commitments != commitments:
            return [Trace("refused", ("a deposit that is not what was committed to",))]
        if known is not None and known.stage in GONE:
            return [Trace("refused", ("a deposit of what is to be gone",))]
        if known is not None and known.stage is not Stage.AWAITED:
            return [self._say(deposit.client, deposit.record, deposit.version, State.KEPT)]
        if known is None and len(self._uncommitted) >= DEPOSITS_MAX:
            return [Trace("refused", ("a deposit beyond what may wait here",))]
        kept = (
            Safekept(deposit.record, deposit.version, Stage.DEPOSITED, commitments, openings=openings)
            if known is None
            else replace(known, stage=Stage.HELD, openings=openings)
        )
        self._take(kept)
        said = self._say(deposit.client, deposit.record, deposit.version, State.KEPT)
        return [Persist((Put(CUSTODY, key, kept),)), said]

    def _asked_for(self, question: IsErased) -> Effects:
        """Our wallet asks whether a purge is done here; it is told so when it is."""
        kept = self._kept.get(f"{question.record}/{question.version}")
        if question.client != self._name or kept is None or kept.stage not in GONE:
            return []
        return [self._say(question.client, question.record, question.version, State.ERASED)]

    def _say(self, client: str, record: str, version: int, state: State) -> Reply:
        signature = self._sign(custody_bytes(self._network, client, record, version, state))
        return Reply(client, Custody(client, record, version, state, signature))

    # Other members

    def receive(self, sender: NodeId, message: Want | Hand) -> Effects:
        """A word from another node."""
        return self._wanted(sender, message) if isinstance(message, Want) else self._handed(sender, message)

    def _wanted(self, sender: NodeId, want: Want) -> Effects:
        """Another node asks for a payload: it gets it, sealed to it, where the chain names it a member."""
        kept = self._kept.get(f"{want.record}/{want.version}")
        if kept is None or not kept.members:
            return []
        name = self._name_of(sender)
        if name not in kept.members:
            return [Rejected(sender, "wants a payload of a collection that it is no member of")]
        key = self._registry().seal_key_at(name, self._height())
        if kept.stage is not Stage.HELD or key is None:
            return []
        sealed = handed_over(self._seal_secret, kept.record, kept.version, kept.openings, (name, key))
        return [Send(sender, Hand(want.record, want.version, _encode(sealed)))]

    def _handed(self, sender: NodeId, hand: Hand) -> Effects:
        """A member hands over what we may hold; what opens other commitments is refused."""
        kept = self._kept.get(f"{hand.record}/{hand.version}")
        if kept is None or kept.stage is not Stage.AWAITED:
            return []  # it came twice, or too late
        openings = self._opened(hand.record, hand.version, hand.sealed)
        commitments = tuple((opening.path, opening.digest) for opening in openings or ())
        if openings is None or commitments != kept.commitments:
            return [Rejected(sender, "a payload that is not what the chain commits to")]
        held = replace(kept, stage=Stage.HELD, openings=openings)
        self._take(held)
        return [Persist((Put(CUSTODY, kept.key, held),))]

    def timer(self) -> Effects:
        """Ask the next member for what did not come."""
        return [effect for key in list(self._asked) for effect in self._await(key)]

    def _take(self, kept: Safekept) -> None:
        self._note(kept)
        self._asked.pop(kept.key, None)

    def _await(self, key: str) -> Effects:
        """Ask one member after the other, first the one whose transaction it came with."""
        kept = self._kept[key]
        author = kept.record.partition("/")[0]
        others = sorted((name for name in kept.members if name != self._name), key=lambda name: name != author)
        numbers = [node for name in others for node in self._registry().numbers_of(name)]
        nodes = [node for node in numbers if self._name_of(node)]
        if not nodes:
            return []
        attempt = self._asked.get(key, 0)
        self._asked[key] = attempt + 1
        return [Send(nodes[attempt % len(nodes)], Want(kept.record, kept.version)), SetTimer(TIMER, RETRY_NS)]

    @property
    def _name(self) -> str:
        return self._name_of(self._me)

    def _name_of(self, node: NodeId) -> str:
        """The organisation for which that node speaks now; "" where none: not certified yet, or revoked."""
        entry = self._registry().member(node)
        return entry.name if entry is not None and entry.certificate.standing(self._height()) is None else ""

    def _opened(self, record: str, version: int, sealed: bytes) -> tuple[Opening, ...] | None:
        """What lies in an envelope to us; None where it is of another record, or none for us at all."""
        try:
            envelope = _decode_sealed(sealed)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        if (envelope.record, envelope.version) != (record, version):
            return None
        return unseal(envelope, self._name, self._seal_secret)


def handed_over(
    seal_secret: bytes, record: str, version: int, openings: tuple[Opening, ...], party: tuple[str, bytes]
) -> Sealed:
    """What the member with ``seal_secret`` hands to ``party``, a name and its X25519 public key."""
    secret = derive(seal_secret, "hand", record, version, party[0])
    return seal_openings(secret, record, openings, [party], version)
