"""The bare chain's blocks: numbered requests, and now and then a change of members."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from consensus.chain import FORMAT_VERSION, NO_HASH, Block, Header
from consensus.configuration import Reconfiguration

NETWORK = "bare"
_REQUEST_BYTES = 8
CHANGE = b"change of members "
"""What a transaction that changes members begins with."""

GENESIS = Block(
    header=Header(
        version=FORMAT_VERSION,
        network=NETWORK,
        height=0,
        parent=NO_HASH,
        round=0,
        proposer=0,
        members=NO_HASH,
        transactions=NO_HASH,
        state_height=0,
        state=NO_HASH,
    ),
    transactions=(),
)
"""What every bare chain begins with."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Reconfiguration).decode


def root(transactions: tuple[bytes, ...]) -> bytes:
    """The bare chain's commitment to a block's transactions."""
    return sha256(b"".join(transactions)).digest()


def request(number: int) -> bytes:
    """The transaction that carries a request."""
    return number.to_bytes(_REQUEST_BYTES)


def change(asked: Reconfiguration) -> bytes:
    """The transaction that asks for other members."""
    return CHANGE + _encode(asked)


def numbers(block: Block) -> tuple[int, ...]:
    """The requests in ``block``."""
    return tuple(int.from_bytes(raw) for raw in block.transactions if len(raw) == _REQUEST_BYTES)


def change_in(block: Block) -> Reconfiguration | None:
    """The change of members that ``block`` asks for."""
    for raw in block.transactions:
        if raw.startswith(CHANGE):
            return _decode(raw[len(CHANGE) :])
    return None
