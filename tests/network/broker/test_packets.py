import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from network.broker import packets
from network.broker.packets import ProtocolViolation, Splitter, encode_length

bodies = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=300)), max_size=8)


@given(sent=bodies, cuts=st.lists(st.integers(0, 2000), max_size=6))
def test_a_stream_splits_into_its_packets_however_it_is_cut(sent, cuts):
    stream = b"".join(bytes((first,)) + encode_length(len(body)) + body for first, body in sent)
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    splitter = Splitter(packet_bytes_max=1000)
    received = [each for a, b in itertools.pairwise(places) for each in splitter.feed(stream[a:b])]
    assert received == sent


@pytest.mark.parametrize(
    ("length", "encoded"),
    [(0, "00"), (127, "7f"), (128, "8001"), (16_383, "ff7f"), (16_384, "808001"), (268_435_455, "ffffff7f")],
)
def test_lengths_are_encoded_as_the_standard_says(length, encoded):
    assert encode_length(length).hex() == encoded


def test_a_length_over_the_limit_is_refused_at_its_header():
    splitter = Splitter(packet_bytes_max=200)
    assert splitter.feed(b"\x30" + encode_length(200)) == []
    with pytest.raises(ProtocolViolation, match="the limit is 200"):
        Splitter(packet_bytes_max=200).feed(b"\x30" + encode_length(201))


def test_a_length_of_five_bytes_is_refused():
    with pytest.raises(ProtocolViolation, match="four bytes"):
        Splitter(10**9).feed(b"\x30\x80\x80\x80\x80")


decoders = [packets.decode_connect, packets.decode_subscribe, packets.decode_unsubscribe] + [
    lambda body, flags=flags: packets.decode_publish(flags, body) for flags in range(16)
]


@pytest.mark.parametrize("decode", decoders)
@given(body=st.binary(max_size=60) | st.binary(max_size=40).map(lambda rest: b"\x00\x04MQTT\x04\x02\x00\x3c" + rest))
def test_random_bodies_raise_nothing_but_a_protocol_violation(decode, body):
    try:
        decoded = decode(body)
    except ProtocolViolation:
        return
    assert decoded


@given(topic=st.binary(min_size=1, max_size=40), payload=st.binary(max_size=200), qos=st.integers(0, 1))
def test_a_publish_decodes_as_it_was_encoded(topic, payload, qos):
    packet_id = struct.pack(">H", 77) if qos else b""
    raw = packets.encode_publish_head(topic, len(payload), qos) + packet_id + payload
    [(first, body)] = Splitter(1000).feed(raw)
    message = packets.decode_publish(first & 15, body)
    assert (message.topic, message.payload, message.qos, message.packet_id) == (topic, payload, qos, 77 if qos else 0)
