"""From messages to bytes and back: one msgpack array of tagged structs per frame.

Decoding is typed: what is not exactly one of the messages this network knows is refused as a whole, and so are
bytes that are not what encoding the decoded messages gives (two spellings of one message would be two messages).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from consensus.chain import BLOCKS, CERTIFICATES, HEADERS, Block, Certificate, Header
from consensus.snapshots import DELIVERED, SNAPSHOT, Snapshot
from network.custody import CUSTODY_MESSAGES
from network.gossip import GOSSIP_MESSAGES
from network.requests import REQUEST_MESSAGES

MESSAGES_PER_FRAME = 4096


class CodecError(Exception):
    """These bytes are no message of this network."""


class MessageCodec:
    """Encodes and decodes the messages of clients, of gossip and of one consensus protocol."""

    def __init__(self, protocol_messages: Sequence[type]) -> None:
        union: Any = reduce(or_, (*REQUEST_MESSAGES, *CUSTODY_MESSAGES, *GOSSIP_MESSAGES, *protocol_messages))
        self._decoder: msgspec.msgpack.Decoder[list[Any]] = msgspec.msgpack.Decoder(list[union])
        self._encoder = msgspec.msgpack.Encoder()

    def encode(self, messages: Sequence[Any]) -> bytes:
        return self._encoder.encode(messages)

    def decode(self, body: bytes) -> list[Any]:
        """The messages in ``body``; CodecError for anything else."""
        try:
            messages = self._decoder.decode(body)
        except (ValueError, RecursionError, OverflowError) as error:  # UnicodeDecodeError among them
            raise CodecError(f"not a message: {error}") from None
        if len(messages) > MESSAGES_PER_FRAME:
            raise CodecError(f"{len(messages)} messages in one frame; the limit is {MESSAGES_PER_FRAME}")
        if self._encoder.encode(messages) != body:
            raise CodecError("not the canonical encoding")
        return messages


_LEDGER: dict[str, Any] = {
    BLOCKS: Block,
    CERTIFICATES: Certificate,
    HEADERS: Header,
    SNAPSHOT: Snapshot | bytes,
    DELIVERED: int,
}
"""The replica's own spaces."""


class RecordCodec:
    """Encodes and decodes what a store holds, by space."""

    def __init__(self, protocol_records: Sequence[type], spaces: dict[str, type]) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoders: dict[str, msgspec.msgpack.Decoder[Any]] = {
            space: msgspec.msgpack.Decoder(kind) for space, kind in {**_LEDGER, **spaces}.items()
        }
        self._protocol: msgspec.msgpack.Decoder[Any] | None = (
            msgspec.msgpack.Decoder(reduce(or_, protocol_records)) if protocol_records else None
        )

    def encode(self, value: Any) -> bytes:
        return self._encoder.encode(value)

    def decode(self, space: str, raw: bytes) -> Any:
        """The value at rest in ``space``; CodecError where the bytes are none."""
        decoder = self._decoders.get(space, self._protocol)
        if decoder is None:
            raise CodecError(f"no record is kept in space {space!r}")
        try:
            return decoder.decode(raw)
        except (ValueError, RecursionError, OverflowError) as error:  # UnicodeDecodeError among them
            raise CodecError(f"a record in space {space!r} does not decode: {error}") from None
