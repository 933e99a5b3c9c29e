"""A server in the test's own event loop, and a client that speaks raw packets to it."""

import asyncio
import struct

import pytest

from network.broker import Broker, BrokerLimits
from network.broker.packets import Kind, encode_length

DEADLINE_S = 5.0


def field(data):
    return struct.pack(">H", len(data)) + data


def packet(kind, body=b"", flags=0):
    return bytes((kind << 4 | flags,)) + encode_length(len(body)) + body


class Raw:
    """One TCP connection, packets by hand."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def send(self, kind, body=b"", flags=0):
        self.writer.write(packet(kind, body, flags))

    async def receive(self):
        """(kind, flags, body) of the next packet; None when the server closed."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                first = (await self.reader.readexactly(1))[0]
                length = shift = 0
                while True:
                    byte = (await self.reader.readexactly(1))[0]
                    length |= (byte & 0x7F) << shift
                    shift += 7
                    if byte < 0x80:
                        break
                return first >> 4, first & 15, await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def join(self, name=b"raw", flags=0x02, keepalive=60, rest=b""):
        self.send(Kind.CONNECT, field(b"MQTT") + bytes((4, flags)) + struct.pack(">H", keepalive) + field(name) + rest)
        return await self.receive()

    async def subscribe(self, *filters, qos=1):
        self.send(Kind.SUBSCRIBE, b"\x00\x07" + b"".join(field(each) + bytes((qos,)) for each in filters), flags=2)
        return await self.receive()

    def publish(self, topic, payload, qos=0, packet_id=b""):
        self.send(Kind.PUBLISH, field(topic) + packet_id + payload, flags=qos << 1)

    async def alive(self):
        self.send(Kind.PINGREQ)
        return await self.receive() == (Kind.PINGRESP, 0, b"")

    def close(self):
        self.writer.close()


@pytest.fixture
async def serve():
    """Starts servers with given limits; gives (server, function that opens a raw connection)."""
    running, connections = [], []

    async def start(**limits):
        server = Broker(BrokerLimits(**limits))
        await server.__aenter__()
        running.append(server)
        port = await server.listen("127.0.0.1", 0)

        async def open_raw():
            raw = Raw(*await asyncio.open_connection("127.0.0.1", port))
            connections.append(raw)
            return raw

        server.port = port
        return server, open_raw

    yield start
    for raw in connections:
        raw.writer.transport.abort()
    for server in running:
        await server.__aexit__(None, None, None)
