"""Marks: by what one sees, in any bytes, that they hold a field, its commitment or its ciphertext.

A field's salt is 32 secret bytes of its own: whoever has it has the opening, and nobody has it by chance. Its digest
stands for the commitment. A ciphertext is known by how it begins, wherever one was made of the payload: on the chain,
between a wallet and its node, between two members of a collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from network.custody import Deposit
from node.custody import handed_over
from node.membership import KeyRing
from node.privacy import Collected, Sealed
from scenarios.results.leakage import Holding
from scenarios.roles import Shared
from scenarios.runner.workload import Workload

CIPHERTEXT_BYTES = 32
"""Of a ciphertext's beginning: enough that no two are alike."""

OVERLAP_BYTES = 64
"""A mark is no longer: what is read in pieces must overlap by this."""

_HEX = re.compile(rb"[0-9a-f]{64}")
_decode_sealed = msgspec.msgpack.Decoder(Sealed).decode

PAYLOADS_MAX = 200
"""So many payloads are followed, the first of a run: what holds of them holds of others shared in the same way."""

Mark = tuple[int, Holding]
"""A field's place in the list of all fields, and in what form it was seen."""

FieldName = tuple[Shared, str]


class Marks:
    """Every mark of a run's payloads. ``fields``: (payload, path), in the order of the story."""

    def __init__(self, workload: Workload, keyring: KeyRing) -> None:
        self.fields: list[FieldName] = []
        self._words: dict[str, Mark] = {}  # salts and digests
        self._ciphertexts: list[tuple[bytes, tuple[Mark, ...]]] = []
        self._seen: dict[bytes, tuple[Mark, ...]] = {}
        deposits = [errand for step in workload.steps for errand in step.before if isinstance(errand, Deposit)]
        for shared in workload.shared[:PAYLOADS_MAX]:
            self._enter(shared, keyring, deposits)

    def _enter(self, shared: Shared, keyring: KeyRing, deposits: Sequence[Deposit]) -> None:
        """A payload; of one that was sealed again, its fields are those it had."""
        numbers: list[int] = []
        for opening in shared.openings:
            number, _ = self._words.get(opening.salt, (len(self.fields), Holding.PLAIN))
            if number == len(self.fields):
                self.fields.append((shared, opening.path))
            self._words[opening.salt] = (number, Holding.PLAIN)
            self._words[opening.digest] = (number, Holding.HASH)
            numbers.append(number)
        everything = tuple((number, Holding.CIPHERTEXT) for number in numbers)
        for sealed in _ciphertexts(shared, keyring, deposits):
            self._ciphertexts.append((sealed.ciphertext[:CIPHERTEXT_BYTES], everything))

    def within(self, value: Any) -> tuple[Mark, ...]:
        """What shows in a message or a record: a tree of structs, lists, texts and bytes."""
        inner: Iterable[Any]
        match value:
            case bytes():
                return self._remembered(value)
            case str():
                found = self._words.get(value)
                return () if found is None else (found,)
            case msgspec.Struct():
                inner = (getattr(value, name) for name in value.__struct_fields__)
            case dict():
                inner = (item for pair in value.items() for item in pair)
            case tuple() | list():
                inner = value
            case _:
                return ()
        return tuple(mark for item in inner for mark in self.within(item))

    def in_bytes(self, blob: bytes) -> tuple[Mark, ...]:
        """What shows in ``blob``, wherever it comes from."""
        words = [self._words.get(word.group().decode()) for word in _HEX.finditer(blob)]
        found = [mark for mark in words if mark is not None]
        for beginning, marks in self._ciphertexts:
            if beginning in blob:
                found += marks
        return tuple(dict.fromkeys(found))

    def _remembered(self, blob: bytes) -> tuple[Mark, ...]:
        found = self._seen.get(blob)
        if found is None:
            found = self._seen[blob] = self.in_bytes(blob)
        return found


def _ciphertexts(shared: Shared, keyring: KeyRing, deposits: Sequence[Deposit]) -> Iterator[Sealed]:
    """Every sealed form in which the payload may ever lie somewhere."""
    envelope = shared.envelope
    if isinstance(envelope, Sealed):
        yield envelope
    if not isinstance(envelope, Collected):
        return
    for deposit in deposits:
        if (deposit.record, deposit.version) == (envelope.record, envelope.version):
            yield _decode_sealed(deposit.sealed)
    for giver in envelope.recipients:
        secret = keyring.seal_secret(giver)
        for taker in envelope.recipients:
            if taker != giver:
                party = (taker, keyring.seal_key(taker))
                yield handed_over(secret, envelope.record, envelope.version, shared.openings, party)
