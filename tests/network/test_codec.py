"""From messages to bytes and back: what is not exactly a message of this network is refused; nothing else is raised."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.chain import BLOCKS, CERTIFICATES, Certificate
from consensus.protocols import protocol
from network.codec import MESSAGES_PER_FRAME, CodecError, MessageCodec, RecordCodec
from network.gossip import BLOCKS_PER_REPLY, Below, Decided, Fetch, FetchBelow, Position, Transactions
from network.requests import (
    TRANSACTIONS_PER_MESSAGE,
    Answer,
    AnswerCode,
    Busy,
    BusyReason,
    Query,
    Redirect,
    Submit,
)
from tests.properties.blocks import GENESIS, block, certificate

PROTOCOLS = ("pbft", "raft", "solo")
CODEC = MessageCodec(protocol("pbft").messages)
PACK = msgspec.msgpack.encode
DECIDED = block(1, GENESIS)


@pytest.mark.parametrize(
    "message",
    [
        Submit("ann", (b"raw", b"")),
        Transactions(()),
        Position(2**63 - 1, bytes(32)),
        Fetch(0),
        FetchBelow(2**63 - 1),
        Below(((DECIDED, None),)),
        Query("ann", 1, "accounts", "ann/cash"),
        Answer("ann", 1, AnswerCode.OK, 7, None, bytes(64)),
        Answer("ann", 1, AnswerCode.NOT_PUBLIC, 7, b"", bytes(64)),
        Busy("ann", (1, 2), BusyReason.SHARE),
        Redirect("ann", (1,), None),
        Decided(((DECIDED, certificate(DECIDED, (0, 1, 2))), (block(2, DECIDED.hash), None))),
    ],
)
def test_what_was_encoded_decodes_to_the_same(message):
    assert CODEC.decode(CODEC.encode([message, message])) == [message, message]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_messages_of_one_protocol_are_none_of_anothers(name):
    foreign = {"pbft": "raft", "raft": "pbft", "solo": "raft"}[name]
    tag = protocol(foreign).messages[0].__struct_config__.tag
    with pytest.raises(CodecError, match="not a message"):
        MessageCodec(protocol(name).messages).decode(PACK([[tag, 1]]))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        PACK([]) + b"\x00",
        PACK({}),
        PACK(None),
        PACK([None]),
        PACK([["gossip.fetch"]]),
        PACK([["gossip.fetch", 1, 2]]),
        PACK([["gossip.fetch", -1]]),
        PACK([["gossip.fetch", 2**63]]),
        PACK([["gossip.fetch", 1.0]]),
        PACK([["gossip.position", 1, bytes(31)]]),
        PACK([["gossip.decided", []]]),
        PACK([["gossip.decided", [[msgspec.to_builtins(DECIDED), None]] * (BLOCKS_PER_REPLY + 1)]]),
        PACK([["gossip.below", []]]),
        PACK([["gossip.fetch-below", None]]),
        PACK([["client.query", "ann", 1, "accounts", "k" * 257]]),
        PACK([["client.query", "ann", -1, "accounts", "ann/cash"]]),
        PACK([["client.answer", "ann", 1, "perhaps", 7, None, bytes(64)]]),
        PACK([["client.answer", "ann", 1, "ok", 7, None, bytes(63)]]),
        PACK([["client.busy", "ann", [1], "no reason"]]),
        PACK([["client.busy", "ann", [1] * (TRANSACTIONS_PER_MESSAGE + 1), BusyReason.POOL.value]]),
        PACK([["client.redirect", "ann", [1], -1]]),
        PACK([["gossip.transactions", [b""] * (TRANSACTIONS_PER_MESSAGE + 1)]]),
        b"\x91\x93\xafclient.submit\xa1\xff\x90",
        b"\x91" * 5000,
    ],
)
def test_what_is_no_message_is_refused(body):
    with pytest.raises(CodecError):
        CODEC.decode(body)


def test_a_second_spelling_of_a_message_is_refused():
    canonical = PACK([["gossip.fetch", 1]])
    assert CODEC.decode(canonical) == [Fetch(1)]
    with pytest.raises(CodecError, match="not the canonical encoding"):
        CODEC.decode(canonical[:-1] + b"\xcd\x00\x01")


def test_a_frame_holds_a_bounded_number_of_messages():
    fetch = Fetch(1)
    assert len(CODEC.decode(CODEC.encode([fetch] * MESSAGES_PER_FRAME))) == MESSAGES_PER_FRAME
    with pytest.raises(CodecError, match="the limit is"):
        CODEC.decode(CODEC.encode([fetch] * (MESSAGES_PER_FRAME + 1)))


@given(st.binary(max_size=80))
def test_no_bytes_whatever_raise_anything_else(body):
    try:
        messages = CODEC.decode(body)
    except CodecError:
        return
    assert CODEC.encode(messages) == body


@given(st.data())
def test_no_change_of_one_byte_raises_anything_else(data):
    body = bytearray(CODEC.encode([Decided(((DECIDED, certificate(DECIDED, (0, 1, 2))),))]))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        messages = CODEC.decode(bytes(body))
    except CodecError:
        return
    assert CODEC.encode(messages) == body


# Records


def test_blocks_and_certificates_are_records_of_every_protocol():
    proof = certificate(DECIDED, (0,))
    codec = RecordCodec((), {})
    assert codec.decode(BLOCKS, codec.encode(DECIDED)) == DECIDED
    assert codec.decode(CERTIFICATES, codec.encode(proof)) == proof


def test_a_space_of_the_drivers_own_has_its_own_kind():
    codec = RecordCodec((), {"node": int})
    assert codec.decode("node", codec.encode(7)) == 7
    with pytest.raises(CodecError, match="space 'node' does not decode"):
        codec.decode("node", codec.encode("seven"))


def test_a_space_that_nobody_keeps_is_told():
    with pytest.raises(CodecError, match="no record is kept in space 'attic'"):
        RecordCodec((), {}).decode("attic", b"\x00")


@pytest.mark.parametrize("raw", [b"", b"\xc1", b"\x91" * 5000])
def test_a_record_that_rotted_is_told(raw):
    with pytest.raises(CodecError, match="space 'certificates' does not decode"):
        RecordCodec((), {}).decode(CERTIFICATES, raw)


def test_a_record_is_not_taken_for_another_kind():
    codec = RecordCodec((), {})
    with pytest.raises(CodecError):
        codec.decode(BLOCKS, codec.encode(Certificate(0, 1, bytes(32), ())))
