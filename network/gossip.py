"""Gossip between nodes, and between clients and nodes: the messages that are no protocol's own.

* New transactions travel from the node that took them to every voter.
* Whoever leads sends each decided block with its certificate to the observers.
* Every node now and then tells a few others, drawn at random, how high it is (:class:`Position`), which is how a
  node that missed something learns that it did; :mod:`network.catchup` fetches what is missing.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from consensus.chain import Block, Certificate, Hash, Natural, Signature

BLOCKS_PER_REPLY = 64
TRANSACTIONS_PER_MESSAGE = 1024

_Raws = Annotated[tuple[bytes, ...], msgspec.Meta(max_length=TRANSACTIONS_PER_MESSAGE)]


class Submit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="client.submit"):
    """A client asks a node to have these transactions, all its own, ordered."""

    client: str
    transactions: _Raws


class Transactions(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="gossip.transactions"):
    """Transactions that the sender has checked and pooled; receivers check them again."""

    transactions: _Raws


class Decided(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="gossip.decided"):
    """Consecutive decided blocks; the last one's certificate vouches for those before it that have none."""

    blocks: Annotated[
        tuple[tuple[Block, Certificate | None], ...], msgspec.Meta(min_length=1, max_length=BLOCKS_PER_REPLY)
    ]


class Position(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="gossip.position"):
    """How high the sender's chain is."""

    height: Natural
    head: Hash


class Fetch(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="gossip.fetch"):
    """Please send decided blocks from height ``start`` on (at most ``BLOCKS_PER_REPLY``)."""

    start: Natural


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


GOSSIP_MESSAGES = (Submit, Transactions, Decided, Position, Fetch, Receipt)

_encode = msgspec.msgpack.Encoder().encode


def receipt_bytes(network: str, client: str, height: int, block: bytes, entries: tuple[ReceiptEntry, ...]) -> bytes:
    """What a node signs in a receipt; equal receipts of two nodes agree in exactly these bytes."""
    return _encode(("consortium/receipt", network, client, height, block, entries))
