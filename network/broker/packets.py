"""MQTT 3.1.1 on the wire: bytes to packets and back (OASIS standard, sections 2 and 3).

Only what a server reads and writes. Every rule that lets a server tell a broken or hostile client from a good one
raises :class:`ProtocolViolation`; the only answer that the standard knows is to close the connection.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct

import msgspec

_UINT16 = Struct(">H")
_LENGTH_BYTES_MAX = 4  # of the "remaining length", seven bits each


class Kind(IntEnum):
    """The packet types that a client and a QoS 0/1 server exchange."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class Refusal(IntEnum):
    """Return codes of CONNACK."""

    ACCEPTED = 0
    VERSION = 1
    IDENTIFIER = 2
    UNAVAILABLE = 3


PINGRESP = bytes((Kind.PINGRESP << 4, 0))
SUBSCRIPTION_REFUSED = 0x80


class ProtocolViolation(Exception):  # noqa: N818 - the standard's word for it
    """The client sent what MQTT 3.1.1 does not allow, or what passes this server's limits."""


class UnsupportedVersion(ProtocolViolation):
    """A CONNECT of another version of MQTT; it is answered before the connection is closed."""


class Publish(msgspec.Struct, frozen=True, gc=False):
    """A PUBLISH as received. ``topic`` is not validated yet; ``packet_id`` is 0 at QoS 0."""

    topic: bytes
    payload: bytes
    qos: int
    packet_id: int


class Connect(msgspec.Struct, frozen=True, gc=False):
    """A CONNECT as received; ``will`` is what to publish should the connection break."""

    client_id: str
    clean: bool
    keepalive_s: int
    will: Publish | None


class Splitter:
    """Cuts a byte stream into packets. Holds at most one packet that is not complete yet."""

    def __init__(self, packet_bytes_max: int) -> None:
        self.packet_bytes_max = packet_bytes_max
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The packets that ``data`` completes, each as (first byte, body)."""
        stream: bytes | bytearray = data
        if self._rest:
            self._rest += data
            stream = self._rest
        packets: list[tuple[int, bytes]] = []
        start, end = 0, len(stream)
        while (header := self._header(stream, start, end)) is not None:
            body, stop = header
            if stop > end:
                break
            packets.append((stream[start], bytes(stream[body:stop])))
            start = stop
        if stream is self._rest:
            del self._rest[:start]
        elif start < end:
            self._rest += data[start:]
        return packets

    def _header(self, stream: bytes | bytearray, start: int, end: int) -> tuple[int, int] | None:
        """Where the body of the packet at ``start`` begins and ends; None while that is not known."""
        length = 0
        for place in range(_LENGTH_BYTES_MAX):
            at = start + 1 + place
            if at >= end:
                return None
            byte = stream[at]
            length |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                if length > self.packet_bytes_max:
                    raise ProtocolViolation(f"a packet of {length} bytes; the limit is {self.packet_bytes_max}")
                return at + 1, at + 1 + length
        raise ProtocolViolation("a remaining length of more than four bytes")


class Reader:
    """Reads the fields of one packet's body in order."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._body) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise ProtocolViolation("a packet ends before its fields do")
        self._at += count
        return self._body[self._at - count : self._at]

    def byte(self) -> int:
        return self.take(1)[0]

    def uint16(self) -> int:
        return int(_UINT16.unpack(self.take(2))[0])

    def binary(self) -> bytes:
        return self.take(self.uint16())

    def text(self) -> str:
        return decode_text(self.binary())

    def packet_id(self) -> int:
        value = self.uint16()
        if value == 0:
            raise ProtocolViolation("packet identifier 0")
        return value


def decode_text(raw: bytes) -> str:
    """UTF-8 without U+0000 (section 1.5.3)."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise ProtocolViolation("text that is not UTF-8") from None
    if "\x00" in text:
        raise ProtocolViolation("text with a null character")
    return text


def decode_connect(body: bytes) -> Connect:
    """A CONNECT (section 3.1). User name and password are read and not looked at."""
    reader = Reader(body)
    name, level = reader.binary(), reader.byte()
    if name != b"MQTT":
        raise ProtocolViolation("the first packet is no CONNECT of MQTT 3.1.1")
    if level != 4:
        raise UnsupportedVersion(f"protocol level {level}")
    flags, keepalive_s = reader.byte(), reader.uint16()
    has_will, will_qos = flags & 0x04, flags >> 3 & 3
    if flags & 0x01 or will_qos == 3 or (not has_will and flags & 0x38) or flags & 0xC0 == 0x40:
        raise ProtocolViolation(f"connect flags {flags:#04x}")
    client_id = reader.text()
    will = None
    if has_will:
        topic, payload = reader.binary(), reader.binary()
        will = Publish(topic=topic, payload=payload, qos=will_qos, packet_id=0)
    for present in (flags & 0x80, flags & 0x40):
        if present:
            reader.binary()
    if reader.left:
        raise ProtocolViolation("a CONNECT with something after its fields")
    return Connect(client_id=client_id, clean=bool(flags & 0x02), keepalive_s=keepalive_s, will=will)


def decode_publish(flags: int, body: bytes) -> Publish:
    """A PUBLISH (section 3.3)."""
    qos = flags >> 1 & 3
    if qos > 1:
        raise ProtocolViolation("QoS 2, which this server does not offer" if qos == 2 else "QoS 3")
    reader = Reader(body)
    topic = reader.binary()
    packet_id = reader.packet_id() if qos else 0
    return Publish(topic=topic, payload=reader.take(reader.left), qos=qos, packet_id=packet_id)


def decode_subscribe(body: bytes) -> tuple[int, list[tuple[str, int]]]:
    """A SUBSCRIBE (section 3.8): its identifier, and the filters with the QoS asked for."""
    reader = Reader(body)
    packet_id = reader.packet_id()
    wanted: list[tuple[str, int]] = []
    while reader.left or not wanted:
        topic_filter, qos = reader.text(), reader.byte()
        if qos > 2:
            raise ProtocolViolation(f"a subscription with QoS byte {qos:#04x}")
        wanted.append((topic_filter, qos))
    return packet_id, wanted


def decode_unsubscribe(body: bytes) -> tuple[int, list[str]]:
    """An UNSUBSCRIBE (section 3.10)."""
    reader = Reader(body)
    packet_id = reader.packet_id()
    filters = [reader.text()]
    while reader.left:
        filters.append(reader.text())
    return packet_id, filters


def encode_connack(code: Refusal) -> bytes:
    """A CONNACK without a session present: this server keeps none."""
    return bytes((Kind.CONNACK << 4, 2, 0, code))


def encode_puback(packet_id: int) -> bytes:
    """A PUBACK: this server has taken the message (section 3.4)."""
    return bytes((Kind.PUBACK << 4, 2)) + _UINT16.pack(packet_id)


def encode_suback(packet_id: int, codes: list[int]) -> bytes:
    """A SUBACK: per filter the QoS granted, or :data:`SUBSCRIPTION_REFUSED` (section 3.9)."""
    body = _UINT16.pack(packet_id) + bytes(codes)
    return bytes((Kind.SUBACK << 4,)) + encode_length(len(body)) + body


def encode_unsuback(packet_id: int) -> bytes:
    """An UNSUBACK (section 3.11)."""
    return bytes((Kind.UNSUBACK << 4, 2)) + _UINT16.pack(packet_id)


def encode_publish_head(topic: bytes, payload_bytes: int, qos: int) -> bytes:
    """All of a PUBLISH that comes before packet identifier and payload: equal for all its receivers."""
    length = 2 + len(topic) + (2 if qos else 0) + payload_bytes
    return bytes((Kind.PUBLISH << 4 | qos << 1,)) + encode_length(length) + _UINT16.pack(len(topic)) + topic


def encode_packet_id(packet_id: int) -> bytes:
    """Two bytes, highest first."""
    return _UINT16.pack(packet_id)


def encode_length(length: int) -> bytes:
    """The "remaining length": seven bits a byte, lowest first (section 2.2.3)."""
    encoded = bytearray()
    while length > 0x7F:
        encoded.append(length & 0x7F | 0x80)
        length >>= 7
    encoded.append(length)
    return bytes(encoded)
