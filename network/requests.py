"""What clients ask of nodes, and what nodes answer.

A client's wallet asks with :class:`Submit` for transactions to be ordered, with :class:`Query` for one entry of the
state, and with :class:`Subscribe` for events. A node answers with :class:`Receipt`, :class:`Answer` or
:class:`Happenings`, all signed, since a client counts how many nodes say the same; or with advice that binds nobody
and so bears no signature but its frame's: :class:`Busy`, later please, and :class:`Redirect`, someone else please.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from consensus.chain import Hash, Natural, Signature

TRANSACTIONS_PER_MESSAGE = 1024
KEY_LENGTH_MAX = 256

Raws = Annotated[tuple[bytes, ...], msgspec.Meta(max_length=TRANSACTIONS_PER_MESSAGE)]
"""Transactions in their canonical bytes."""

Numbers = Annotated[tuple[Natural, ...], msgspec.Meta(max_length=TRANSACTIONS_PER_MESSAGE)]
"""Numbers of one client's transactions or queries."""

_Key = Annotated[str, msgspec.Meta(max_length=KEY_LENGTH_MAX)]

KINDS_MAX = 32
EVENTS_PER_MESSAGE = 256
EVENTS_AHEAD_MAX = 1024
"""Events that a node tells ahead of what a client says it has."""

Place = tuple[Natural, Natural]
"""Where an event stands on the chain: height, and its number among all events of that block, from 0."""


class Submit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="client.submit"):
    """A client asks a node to have these transactions, all its own, ordered."""

    client: str
    transactions: Raws


class ReceiptEntry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What became of one transaction: ``code`` "ok" or a refusal's reason; ``output`` the action's plain result."""

    number: Natural
    transaction: Hash
    code: str
    output: bytes


class Receipt(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="client.receipt"):
    """One node's signed word on all of one client's transactions in one block."""

    client: str
    height: Natural
    block: Hash
    entries: tuple[ReceiptEntry, ...]
    signature: Signature


class Query(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="client.query"):
    """A client asks for the entry at ``key`` of ``namespace``, linearizably: as of some moment after it asked.

    ``number`` is the client's own, one for each question; asking again with the same one is asking again.
    """

    client: str
    number: Natural
    namespace: _Key
    key: _Key


class AnswerCode(StrEnum):
    """What a node makes of a query."""

    OK = "ok"
    NOT_PUBLIC = "not_public"  # the namespace may not be read by asking: personal data needs a voucher 授权凭证
    UNAVAILABLE = "unavailable"  # not now, or not here: ask again, or someone else


class Answer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="client.answer"):
    """One node's signed word on a query: the record's bytes after ``height``; None where there is none.

    Equal answers of different nodes agree in code and value; each may speak of another height.
    """

    client: str
    number: Natural
    code: AnswerCode
    height: Natural
    value: bytes | None
    signature: Signature


class Subscribe(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="client.subscribe"):
    """A client asks to be told of events from the place ``since`` on, of the ``kinds`` "contract" or "contract/kind".

    Asking again with the same number tells the node how far the client came, and makes it begin there anew: so a client
    resumes after it was away. A subscription that is not renewed lapses; no kinds at all end it.
    """

    client: str
    number: Natural
    kinds: Annotated[tuple[_Key, ...], msgspec.Meta(max_length=KINDS_MAX)]
    since: Place


class Happening(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One event, as every honest node tells of it. ``values`` is msgpack of a map with ascending keys."""

    place: Place
    block: Hash
    contract: str
    kind: str
    values: bytes


class Happenings(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="client.happenings"):
    """One node's signed word on a subscription: from ``since`` up to ``until`` there is this to tell, and nothing else.

    Nodes may cut differently; what they say of one place is comparable. Of events before ``oldest`` the node knows
    nothing (any more).
    """

    client: str
    number: Natural
    oldest: Place
    since: Place
    until: Place
    events: Annotated[tuple[Happening, ...], msgspec.Meta(max_length=EVENTS_PER_MESSAGE)]
    signature: Signature


class BusyReason(StrEnum):
    """Which limit is reached."""

    POOL = "the node has as many transactions waiting as it may"
    SHARE = "this client has as many transactions waiting as it may"
    CORE = "whoever leads takes no more for now"
    QUERIES = "this client has as many queries waiting as it may"
    AHEAD = "it is dated further ahead of business time than the node lets clocks differ"
    SUBSCRIPTIONS = "this client, or all clients together, have as many subscriptions as they may"


class Busy(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="client.busy"):
    """These transactions of ``client`` were not even looked at: send them again later."""

    client: str
    numbers: Numbers
    reason: BusyReason


class Redirect(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="client.redirect"):
    """These transactions of ``client`` are passed on by nobody: send them to ``leader`` (None: an election is held)."""

    client: str
    numbers: Numbers
    leader: Natural | None


REQUEST_MESSAGES = (Submit, Receipt, Query, Answer, Subscribe, Happenings, Busy, Redirect)

_encode = msgspec.msgpack.Encoder().encode


def receipt_bytes(network: str, client: str, height: int, block: bytes, entries: tuple[ReceiptEntry, ...]) -> bytes:
    """What a node signs in a receipt; equal receipts of two nodes agree in exactly these bytes."""
    return _encode(("consortium/receipt", network, client, height, block, entries))


def answer_bytes(network: str, query: Query, code: AnswerCode, height: int, value: bytes | None) -> bytes:
    """What a node signs in an answer to ``query``, which it binds as a whole."""
    return _encode(("consortium/answer", network, query, code, height, value))


def happenings_bytes(  # noqa: PLR0913, PLR0917 - all that is signed
    network: str, request: Subscribe, oldest: Place, since: Place, until: Place, events: tuple[Happening, ...]
) -> bytes:
    """What a node signs when it tells of events; it binds who asked for what, not from where on."""
    asked = (request.client, request.number, request.kinds)
    return _encode(("consortium/happenings", network, asked, oldest, since, until, events))
