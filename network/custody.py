"""Custody: payloads that travel between the members of a collection, and never lie on the chain.

A wallet hands a payload to its own organisation's node with :class:`Deposit`, before it submits the transaction that
commits to it; the node says in a :class:`Custody` that it keeps it. When that transaction is executed, every other
member's node asks for the payload with :class:`Want` and is given it in a :class:`Hand`. Later a wallet may ask its
node with :class:`IsErased` whether a purge is done here, and is told so in a signed :class:`Custody`.

What is handed over is sealed to its receiver, so a bus that carries it learns who shares something with whom, of
which record and how long it is, and nothing else.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from consensus.chain import Natural, Signature

SEALED_BYTES_MAX = 128 * 1024
RECORD_LENGTH_MAX = 160

_Record = Annotated[str, msgspec.Meta(min_length=1, max_length=RECORD_LENGTH_MAX)]
_Sealed = Annotated[bytes, msgspec.Meta(max_length=SEALED_BYTES_MAX)]


class Deposit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="custody.deposit"):
    """A wallet gives its node the payload of a record to come; ``sealed``: an envelope, to that node alone."""

    client: str
    record: _Record
    version: Natural
    sealed: _Sealed


class IsErased(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="custody.is-erased"):
    """A wallet asks its node whether nothing of a payload is left there. Silence means: not yet."""

    client: str
    record: _Record
    version: Natural


class State(StrEnum):
    """What a node says of a payload."""

    KEPT = "kept"  # durably
    ERASED = "erased"  # durably, too


class Custody(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="custody.custody"):
    """A node's signed word to its own organisation's wallet on a payload."""

    client: str
    record: _Record
    version: Natural
    state: State
    signature: Signature


class Want(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="custody.want"):
    """A member's node asks another's for a payload that the chain says both may hold."""

    record: _Record
    version: Natural


class Hand(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="custody.hand"):
    """The payload wanted: an envelope, sealed to the node that wants it."""

    record: _Record
    version: Natural
    sealed: _Sealed


CUSTODY_MESSAGES = (Deposit, IsErased, Custody, Want, Hand)

_encode = msgspec.msgpack.Encoder().encode


def custody_bytes(network: str, client: str, record: str, version: int, state: State) -> bytes:
    """What a node signs in a :class:`Custody`."""
    return _encode(("consortium/custody", network, client, record, version, state))
