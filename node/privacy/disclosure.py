"""Selective disclosure 选择性披露: the holder of a record shows chosen fields of it, with proof, and nothing else.

The chain holds a record's commitments, one for each field; whoever holds the openings can show some of them to someone
who trusts the genesis alone and asks no node. The order is:

1. The verifier makes a :class:`Challenge`: who it is, what for, a number that it uses once, and from which height on
   the proof must be. It signs it.
2. The holder checks who asks (:func:`present` does it) and answers with a :class:`Presentation`: the openings of the
   chosen fields, evidence that the record stands in the state, evidence of what the state says of the holder's own key,
   and the holder's signature over all that and the challenge.
3. The verifier checks it (:class:`Examiner`), once: it answers that challenge and no other, so it cannot be shown to
   anybody else, for another purpose, or again.

Of the other fields it shows what the chain shows everyone: their names and salted commitments. A guess at a value
cannot be tried out without the field's salt, which is 32 secret bytes of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Annotated, Any

import msgspec

from consensus.chain import Hash, Natural, Signature
from node.ledger.genesis import Genesis
from node.ledger.light_client import Evidence, EvidenceError, Handover, LightClient
from node.ledger.records import Record
from node.ledger.signatures import verifier
from node.ledger.transaction import Name
from node.membership.certificates import ClientEntry
from node.membership.registry import Registry
from node.privacy.commitments import FIELDS_MAX, Opening, Value

PRESENTATION_BYTES_MAX = 256 * 1024
OPEN_MAX = 1024
"""Challenges of one verifier that nobody has answered yet; of more, the oldest lapse."""

_encode = msgspec.msgpack.Encoder().encode

Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Purpose = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Sign = Callable[[bytes], bytes]


class PresentationError(Exception):
    """It proves nothing, or answers something else; the message says why. For a holder: not to be answered."""


class Challenge(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A verifier's request. ``nonce`` is used once; the record must stand so at ``height`` or later.

    ``key`` verifies ``signature``; whose it is, is between holder and verifier, who may be a stranger to the network.
    """

    network: Name
    verifier: Name
    purpose: Purpose
    nonce: Hash
    height: Natural
    key: Key
    signature: Signature


class Presentation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A holder's answer. ``field`` is the record's field that holds the commitments; ``openings`` ascend by path.

    ``record`` is evidence of the record, ``identity`` of the holder's entry in the registry, or that there is none.
    """

    challenge: Hash
    holder: Name
    field: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    openings: Annotated[tuple[Opening, ...], msgspec.Meta(min_length=1, max_length=FIELDS_MAX)]
    record: Evidence
    identity: Evidence
    signature: Signature


class Disclosed(msgspec.Struct, frozen=True):
    """What a presentation proves: values of the record at (namespace, key), as it stood after ``height``.

    ``record`` is what the chain shows everyone of it: its parties, its state, all its commitments. Whether ``holder``
    is one of the parties is for the verifier to look up there. The values were shown for ``purpose`` and nothing else.
    """

    holder: str
    purpose: str
    namespace: str
    key: str
    height: int
    record: dict[str, Any]
    values: dict[str, Value]


def challenge_digest(challenge: Challenge) -> bytes:
    """What a presentation names the challenge by."""
    return sha256(_encode(challenge)).digest()


def present(  # noqa: PLR0913 - the parts of a presentation
    challenge: Challenge,
    *,
    asked_by: bytes,
    holder: str,
    sign: Sign,
    field: str,
    openings: Iterable[Opening],
    record: Evidence,
    identity: Evidence,
) -> Presentation:
    """Answer ``challenge``, which must come from the holder of the key ``asked_by``: who the holder thinks it is.

    PresentationError where it does not, so that nobody in between collects answers.
    """
    if challenge.key != asked_by or not verifier(asked_by)(_challenge_bytes(challenge), challenge.signature):
        raise PresentationError(f"the challenge is not signed by {challenge.verifier}")
    unsigned = Presentation(
        challenge=challenge_digest(challenge),
        holder=holder,
        field=field,
        openings=tuple(sorted(openings, key=lambda opening: opening.path)),
        record=record,
        identity=identity,
        signature=bytes(64),
    )
    return msgspec.structs.replace(unsigned, signature=sign(_presentation_bytes(challenge.network, unsigned)))


def decode_presentation(raw: bytes) -> Presentation:
    """The presentation in ``raw``. PresentationError where it is none, too large, or spelled in another way."""
    if len(raw) > PRESENTATION_BYTES_MAX:
        raise PresentationError(f"{len(raw)} bytes; the limit is {PRESENTATION_BYTES_MAX}")
    try:
        presentation = msgspec.msgpack.decode(raw, type=Presentation)
    except (ValueError, RecursionError) as error:
        raise PresentationError(f"does not decode: {error}") from None
    if _encode(presentation) != raw:
        raise PresentationError("not the canonical encoding")
    return presentation


class Examiner:
    """A verifier, who knows the genesis and what it asked for. Takes each challenge's answer once.

    Where members have changed since the genesis, whoever presents shows each change first (:meth:`follow`).

    ``nonce`` gives 32 bytes that were never used before.
    """

    def __init__(self, genesis: Genesis, name: str, key: bytes, sign: Sign, nonce: Callable[[], bytes]) -> None:
        self._genesis = genesis
        self._client = LightClient(genesis)
        self._name = name
        self._key = key
        self._sign = sign
        self._nonce = nonce
        self._open: dict[bytes, Challenge] = {}

    def follow(self, handover: Handover) -> None:
        """Learn of a change of members, without which later evidence proves nothing. PresentationError: not proven."""
        try:
            self._client.follow(handover)
        except EvidenceError as error:
            raise PresentationError(str(error)) from None

    def ask(self, purpose: str, *, height: int) -> Challenge:
        """A new challenge: for a record as it stands at ``height`` or later, shown by a key in force then.

        Name the highest block that you have heard of: what was shown, or a key that was lost, before it counts for
        nothing. ValueError below 1, which would take a presentation as of any height.
        """
        if height < 1:
            raise ValueError(f"a challenge as of height {height}: name a block, 1 or later, that you have heard of")
        network, nonce = self._genesis.network, self._nonce()
        unsigned = Challenge(network, self._name, purpose, nonce, height, self._key, signature=bytes(64))
        challenge = msgspec.structs.replace(unsigned, signature=self._sign(_challenge_bytes(unsigned)))
        self._open[challenge_digest(challenge)] = challenge
        if len(self._open) > OPEN_MAX:
            self._open.pop(next(iter(self._open)))
        return challenge

    def check(self, raw: bytes) -> Disclosed:
        """What the presentation in ``raw`` proves. PresentationError where it proves nothing to us: nothing changes."""
        presentation = decode_presentation(raw)
        challenge = self._open.get(presentation.challenge)
        if challenge is None:
            raise PresentationError("it answers no challenge of ours that is still open")
        disclosed = check(presentation, challenge, self._genesis, self._client)
        del self._open[presentation.challenge]
        return disclosed


def check(presentation: Presentation, challenge: Challenge, genesis: Genesis, client: LightClient) -> Disclosed:
    """What ``presentation`` proves to the one who made ``challenge``. PresentationError says why it proves nothing."""
    if presentation.challenge != challenge_digest(challenge):
        raise PresentationError("it answers another challenge")
    height = _proven(client, presentation.record)
    if height < challenge.height:
        raise PresentationError(f"the record is shown as of height {height}; asked for was {challenge.height} or later")
    key = _key_of(presentation, genesis, client, height)
    if not verifier(key)(_presentation_bytes(genesis.network, presentation), presentation.signature):
        raise PresentationError(f"the signature of {presentation.holder} does not verify")
    shown = _require_committed(presentation)
    evidence = presentation.record
    return Disclosed(
        holder=presentation.holder,
        purpose=challenge.purpose,
        namespace=evidence.namespace,
        key=evidence.key,
        height=height,
        record=shown,
        values={opening.path: opening.value for opening in presentation.openings},
    )


def _proven(client: LightClient, evidence: Evidence) -> int:
    try:
        return client.check(evidence)
    except EvidenceError as error:
        raise PresentationError(str(error)) from None


def _key_of(presentation: Presentation, genesis: Genesis, client: LightClient, height: int) -> bytes:
    """The holder's key in force where the record was shown to stand, by the registry's own entry or its absence."""
    evidence, holder = presentation.identity, presentation.holder
    place = (ClientEntry.namespace, holder)
    if (evidence.namespace, evidence.key) != place:
        raise PresentationError(f"the evidence of identity is not that of {holder}")
    if _proven(client, evidence) != height:
        raise PresentationError("record and identity are shown as of different heights")
    entry = None if evidence.value is None else _entry(evidence.value)

    def get(namespace: str, key: str) -> Record | None:
        return entry if (namespace, key) == place else None

    found = Registry.of(genesis, get).client_key_at(holder, height)
    if found is None:
        raise PresentationError(f"{holder} has no key in force at height {height}")
    return found


def _entry(value: bytes) -> ClientEntry:
    try:
        return msgspec.msgpack.decode(value, type=ClientEntry)
    except ValueError as error:
        raise PresentationError(f"the registry's entry does not decode: {error}") from None


def _require_committed(presentation: Presentation) -> dict[str, Any]:
    """The record. PresentationError unless every opening is one that it commits to, each shown once."""
    value = presentation.record.value
    if value is None:
        raise PresentationError("the record is shown not to be there")
    record = msgspec.msgpack.decode(value)
    if not isinstance(record, dict) or not isinstance(committed := record.get(presentation.field), list):
        raise PresentationError(f"the record has no commitments in {presentation.field}")
    paths = [opening.path for opening in presentation.openings]
    if paths != sorted(set(paths)):
        raise PresentationError("the openings do not ascend by path, each once")
    for opening in presentation.openings:
        if [opening.path, opening.digest] not in committed:
            raise PresentationError(f"{opening.path} is not what the record commits to")
    return record


def _challenge_bytes(challenge: Challenge) -> bytes:
    asked = (challenge.network, challenge.verifier, challenge.purpose, challenge.nonce, challenge.height, challenge.key)
    return _encode(("consortium/challenge", *asked))


def _presentation_bytes(network: str, presentation: Presentation) -> bytes:
    parts = (presentation.challenge, presentation.holder, presentation.field, presentation.openings)
    return _encode(("consortium/presentation", network, *parts, presentation.record, presentation.identity))
