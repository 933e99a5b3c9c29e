"""One client's connection, from its first byte to its last.

Outgoing packets are gathered and leave in one write per tick of the event loop. What a client does not read waits
here up to a limit, beyond which messages for it are dropped and counted: a slow client costs itself, never the
server's memory and never its neighbours' time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol, cast

import msgspec

from network.broker import packets
from network.broker.packets import Connect, Kind, ProtocolViolation, Publish, Refusal, Splitter
from network.broker.routing import valid_filter

_LOG = logging.getLogger(__name__)
_PACKET_IDS = 0xFFFF


class BrokerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """A limit on everything a client can make the server hold."""

    packet_bytes_max: int = 4 * 1024 * 1024 + 64 * 1024  # the largest payload of a bus, and its topic
    first_packet_bytes_max: int = 64 * 1024  # a CONNECT
    clients_max: int = 512
    subscriptions_max: int = 8192  # per client; one may listen for thousands of wallets
    queue_bytes_max: int = 32 * 1024 * 1024  # per client: not yet taken by its socket
    in_flight_max: int = 50_000  # per client: QoS 1 messages it has not acknowledged
    connect_s: float = 10.0  # from the first byte to CONNECT


class BrokerCounters(msgspec.Struct):
    """What the server saw since its start."""

    clients: int = 0
    received: int = 0
    delivered: int = 0
    dropped: int = 0  # for clients that do not keep up
    violations: int = 0  # connections closed for what they sent
    refused: int = 0  # connections over the limit


class Server(Protocol):
    """What a session asks of the server it belongs to."""

    limits: BrokerLimits
    counters: BrokerCounters

    def opened(self, session: Session) -> bool: ...

    def joined(self, session: Session) -> None: ...

    def left(self, session: Session, will: Publish | None) -> None: ...

    def publish(self, message: Publish) -> None: ...

    def subscribe(self, session: Session, topic_filter: str, qos: int) -> None: ...

    def unsubscribe(self, session: Session, topic_filter: str) -> None: ...

    def flush_later(self, session: Session) -> None: ...


class Session(asyncio.Protocol):
    """The server's end of a connection. Sessions are clean: nothing outlives it but counts."""

    def __init__(self, server: Server) -> None:
        self.client_id = ""  # empty until CONNECT
        self.filters: set[str] = set()
        self.deadline = 0.0  # loop time by which the client must be heard
        self._server = server
        self._splitter = Splitter(server.limits.first_packet_bytes_max)
        self._transport: asyncio.Transport | None = None  # None before the connection and after its end
        self._patience = server.limits.connect_s
        self._will: Publish | None = None
        self._out: list[bytes] = []
        self._out_bytes = 0
        self._unacknowledged: set[int] = set()
        self._packet_id = 0
        self._now = asyncio.get_running_loop().time
        self._handlers: dict[int, Callable[[int, bytes], None]] = {
            Kind.PUBLISH: self._on_publish,
            Kind.PUBACK: self._on_puback,
            Kind.SUBSCRIBE: self._on_subscribe,
            Kind.UNSUBSCRIBE: self._on_unsubscribe,
            Kind.PINGREQ: self._on_pingreq,
            Kind.DISCONNECT: self._on_disconnect,
        }

    # -- the connection ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._extend()
        if not self._server.opened(self):
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        del error  # how it ended changes nothing
        self._transport = None
        self._out.clear()
        self._server.left(self, self._will)

    def data_received(self, data: bytes) -> None:
        self._extend()
        try:
            for first, body in self._splitter.feed(data):
                self._on_packet(first, body)
                if self._transport is None or self._transport.is_closing():
                    return
        except ProtocolViolation as violation:
            self._server.counters.violations += 1
            self.end(f"protocol violation: {violation}")

    def end(self, why: str) -> None:
        """Close the connection without a word, which is how MQTT 3.1.1 refuses."""
        _LOG.info("client %r put off: %s", self.client_id, why)
        if self._transport is not None:
            self._transport.abort()

    def _extend(self) -> None:
        self.deadline = self._now() + self._patience

    # -- what comes out ---------------------------------------------------------------------------------------

    def deliver(self, head: bytes, payload: bytes, qos: int) -> None:
        """Queue a PUBLISH, its head already encoded; drop it where the client does not keep up."""
        transport, limits = self._transport, self._server.limits
        if transport is None or transport.is_closing():
            return
        waiting = self._out_bytes + transport.get_write_buffer_size()
        if waiting + len(payload) > limits.queue_bytes_max or len(self._unacknowledged) >= limits.in_flight_max:
            self._server.counters.dropped += 1
            return
        self._server.counters.delivered += 1
        if qos:
            self._send(head, packets.encode_packet_id(self._next_packet_id()), payload)
        else:
            self._send(head, payload)

    def flush(self) -> None:
        """Write what has gathered."""
        out, self._out, self._out_bytes = self._out, [], 0
        if self._transport is not None and out:
            self._transport.write(b"".join(out))

    def _send(self, *chunks: bytes) -> None:
        if not self._out:
            self._server.flush_later(self)
        self._out += chunks
        self._out_bytes += sum(map(len, chunks))

    def _next_packet_id(self) -> int:
        """The next free identifier. Invariant: fewer are in use than there are."""
        while True:
            self._packet_id = self._packet_id % _PACKET_IDS + 1
            if self._packet_id not in self._unacknowledged:
                self._unacknowledged.add(self._packet_id)
                return self._packet_id

    # -- what comes in ----------------------------------------------------------------------------------------

    def _on_packet(self, first: int, body: bytes) -> None:
        kind, flags = first >> 4, first & 0x0F
        if not self.client_id:
            self._on_first(first, body)
            return
        handler = self._handlers.get(kind)
        if handler is None:
            raise ProtocolViolation(f"a packet of type {kind}")
        if kind != Kind.PUBLISH and flags != (0x02 if kind in (Kind.SUBSCRIBE, Kind.UNSUBSCRIBE) else 0x00):
            raise ProtocolViolation(f"flags {flags:#x} on a packet of type {kind}")
        handler(flags, body)

    def _on_first(self, first: int, body: bytes) -> None:
        if first != Kind.CONNECT << 4:
            raise ProtocolViolation("the first packet is no CONNECT")
        try:
            connect = packets.decode_connect(body)
        except packets.UnsupportedVersion as violation:
            self._refuse(Refusal.VERSION, str(violation))
            return
        if not connect.client_id and not connect.clean:
            self._refuse(Refusal.IDENTIFIER, "an empty identifier wants a lasting session")
            return
        self._accept(connect)

    def _accept(self, connect: Connect) -> None:
        self.client_id = connect.client_id or f"anonymous-{id(self):x}"
        self._will = connect.will
        self._splitter.packet_bytes_max = self._server.limits.packet_bytes_max
        # Section 3.1.2.10: one and a half times the client's own word; zero turns the check off.
        self._patience = connect.keepalive_s * 1.5 or float("inf")
        self._extend()
        self._server.joined(self)
        self._send(packets.encode_connack(Refusal.ACCEPTED))

    def _refuse(self, code: Refusal, why: str) -> None:
        _LOG.info("connection refused: %s", why)
        if self._transport is not None:
            self._transport.write(packets.encode_connack(code))
            self._transport.close()

    def _on_publish(self, flags: int, body: bytes) -> None:
        message = packets.decode_publish(flags, body)
        self._server.counters.received += 1
        self._server.publish(message)
        if message.qos:
            self._send(packets.encode_puback(message.packet_id))

    def _on_puback(self, _flags: int, body: bytes) -> None:
        if len(body) != 2:
            raise ProtocolViolation("a PUBACK that is not two bytes")
        self._unacknowledged.discard(int.from_bytes(body, "big"))

    def _on_subscribe(self, _flags: int, body: bytes) -> None:
        packet_id, wanted = packets.decode_subscribe(body)
        codes = []
        for topic_filter, qos in wanted:
            room = topic_filter in self.filters or len(self.filters) < self._server.limits.subscriptions_max
            if not (valid_filter(topic_filter) and room):
                codes.append(packets.SUBSCRIPTION_REFUSED)
                continue
            granted = min(qos, 1)
            self.filters.add(topic_filter)
            self._server.subscribe(self, topic_filter, granted)
            codes.append(granted)
        self._send(packets.encode_suback(packet_id, codes))

    def _on_unsubscribe(self, _flags: int, body: bytes) -> None:
        packet_id, filters = packets.decode_unsubscribe(body)
        for topic_filter in filters:
            self.filters.discard(topic_filter)
            self._server.unsubscribe(self, topic_filter)
        self._send(packets.encode_unsuback(packet_id))

    def _on_pingreq(self, _flags: int, body: bytes) -> None:
        if body:
            raise ProtocolViolation("a PINGREQ with a body")
        self._send(packets.PINGRESP)

    def _on_disconnect(self, _flags: int, _body: bytes) -> None:
        self._will = None  # section 3.14.4: a parted client leaves no will
        self.flush()
        if self._transport is not None:
            self._transport.close()
