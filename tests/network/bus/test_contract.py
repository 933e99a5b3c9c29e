"""The contract of the bus: the same for every broker there is."""

import asyncio
import contextlib
import os
import random
import socket

import pytest

from network.bus import PAYLOAD_BYTES_MAX, MqttOptions


async def test_what_is_published_reaches_every_subscriber_once(connect):
    async with connect("a") as a, connect("b", ["net/#"]) as b, connect("c", ["net/all/a/k"]) as c:
        assert a.publish("net/all/a/k", b"hello")
        await b.inbox.count(1)
        await c.inbox.count(1)
        assert await a.flush(5)
        assert b.inbox.messages == c.inbox.messages == [("net/all/a/k", b"hello")]
        assert a.inbox.messages == []
        assert a.counters.published == 1
        assert a.counters.published_bytes == 5
        assert b.counters.delivered == 1
        assert b.counters.delivered_bytes == 5


async def test_messages_of_one_sender_come_in_order(connect):
    count = 500
    async with connect("a") as a, connect("b") as b, connect("c", ["net/#"]) as c:
        for number in range(count):
            assert a.publish("net/all/a/k", b"a%d" % number)
            assert b.publish("net/all/b/k", b"b%d" % number)
        await c.inbox.count(2 * count)
        for sender in (b"a", b"b"):
            mine = [int(payload[1:]) for payload in c.inbox.payloads if payload.startswith(sender)]
            assert mine == list(range(count))


async def test_wildcards_choose(connect):
    filters = ["net/all/+/k", "net/to/me/+/+"]
    async with connect("a") as a, connect("b", filters) as b:
        for topic in ("net/all/a/other", "net/to/you/a/k", "nets/all/a/k", "net/all/a/k", "net/to/me/a/x", "net/all/a"):
            a.publish(topic, b"")
        await b.inbox.count(2)
        assert await a.flush(5)
        assert [topic for topic, _ in b.inbox.messages] == ["net/all/a/k", "net/to/me/a/x"]


async def test_a_client_hears_itself_where_its_filters_match(connect):
    async with connect("a", ["net/all/+/k"]) as a:
        a.publish("net/all/a/k", b"echo")
        await a.inbox.count(1)
        assert a.inbox.payloads == [b"echo"]


async def test_a_large_payload_arrives_whole(connect):
    async with connect("a") as a, connect("b", ["net/#"]) as b:
        sent = [random.Random(seed).randbytes(size) for seed, size in enumerate((0, 1, 1 << 20, PAYLOAD_BYTES_MAX))]
        for payload in sent:
            assert a.publish("net/all/a/k", payload)
        await b.inbox.count(len(sent))
        assert b.inbox.payloads == sent


async def test_a_payload_over_the_limit_is_refused_and_the_connection_lives(connect):
    async with connect("a", ["net/#"]) as a:
        assert not a.publish("net/all/a/k", bytes(PAYLOAD_BYTES_MAX + 1))
        assert a.counters.refused_large == 1
        assert a.publish("net/all/a/k", b"small")
        await a.inbox.count(1)
        assert a.counters.connections == 1


async def test_a_payload_over_the_receivers_limit_is_dropped_there(connect):
    async with connect("a") as a, connect("b", ["net/#"], options=MqttOptions(payload_bytes_max=10)) as b:
        a.publish("net/all/a/k", bytes(11))
        a.publish("net/all/a/k", bytes(10))
        await b.inbox.count(1)
        assert b.inbox.payloads == [bytes(10)]
        assert b.counters.refused_large == 1


async def test_after_the_broker_was_killed_and_came_back_all_goes_on(broker, connect):
    async with connect("a") as a, connect("b", ["net/#"]) as b:
        a.publish("net/all/a/k", b"before")
        await b.inbox.count(1)
        await broker.kill()
        await a.inbox.until(lambda: not a.connected)
        await b.inbox.until(lambda: not b.connected)
        assert broker.pid is None
        assert a.publish("net/all/a/k", b"meanwhile")
        assert not await a.flush(0.01)
        await broker.start()
        await b.inbox.until(lambda: b.connected)
        await a.inbox.until(lambda: a.connected)
        assert await a.flush(5)
        a.publish("net/all/a/k", b"after")
        # "meanwhile" is lost where its sender was back before its receiver: the bus does not promise more.
        await b.inbox.until(lambda: b"after" in b.inbox.payloads)
        assert a.inbox.states == b.inbox.states == [True, False, True]
        assert a.counters.connections == 2


async def test_what_was_in_flight_when_the_broker_died_is_sent_again(broker, connect):
    async with connect("a", ["net/#"], options=MqttOptions(in_flight_max=8)) as a:
        for number in range(200):
            assert a.publish("net/all/a/k", b"%d" % number)
        await broker.restart()
        await a.inbox.until(lambda: {int(payload) for payload in a.inbox.payloads} == set(range(200)))
        assert await a.flush(5)
        assert a.counters.published == 200
        assert a.counters.dropped_full == a.counters.dropped_closed == 0


async def test_a_restart_keeps_the_address(broker):
    url, pid = broker.url, broker.pid
    await broker.restart()
    assert broker.url == url
    assert broker.pid not in (None, pid)


async def _hostile_connections(port):
    """Leave every sort of rubbish on the port; the connections that are still open."""
    draw = random.Random(7)
    name = b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x01h"
    connect = b"\x10" + bytes([len(name)]) + name
    lines = [
        draw.randbytes(300),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x10\xff\xff\xff\x7fMQTT",
        b"\x10\xff\xff\xff\xff\xff",
        b"\x10",
        connect + b"\x30\xff\xff\xff\x7f" + draw.randbytes(500),
        connect + draw.randbytes(200),
        connect + b"\x82\x09\x00\x01\x00\x04a/#b\x01",
        connect + b"\x30\x05\x00\x03a/+",
        connect + b"\x30\x05\x00\x03\xff\xfe\xfd",
        connect + b"\x32\x06\x00\x01t\x00\x00x",
        connect + connect,
        b"\xc0\x00",
        b"",
    ]
    writers = []
    for line in lines:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(line)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writers.append(writer)
    return writers


async def test_rubbish_on_the_port_disturbs_nobody(broker, connect):
    async with connect("a", ["net/#"]) as a:
        writers = await _hostile_connections(broker.port)
        for number in range(50):
            a.publish("net/all/a/k", b"%d" % number)
        await a.inbox.count(50)
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
        a.publish("net/all/a/k", b"still there")
        await a.inbox.count(51)
        assert a.inbox.states == [True]


async def test_a_client_that_reads_nothing_does_not_hold_up_the_others(broker, connect):
    name = b"\x00\x04MQTT\x04\x02\x00\x00\x00\x01s"
    with socket.create_connection(("127.0.0.1", broker.port)) as deaf:
        deaf.sendall(b"\x10" + bytes([len(name)]) + name + b"\x82\x0a\x00\x01\x00\x05net/#\x01")
        deaf.settimeout(5)
        assert deaf.recv(4) == b"\x20\x02\x00\x00"
        async with connect("a", ["net/#"]) as a:
            payload = os.urandom(100_000)
            for _ in range(600):
                assert a.publish("net/all/a/k", payload)
            await a.inbox.count(600)
            assert a.inbox.states == [True]


async def test_nothing_is_left_behind(connect, open_files):
    async with connect("warm") as warm:  # whatever the first use imports or opens for good
        warm.publish("net/all/a/k", b"")
    tasks, files = asyncio.all_tasks(), open_files()
    for _ in range(5):
        async with connect("a", ["net/#"]) as a, connect("b") as b:
            b.publish("net/all/b/k", b"x")
            await a.inbox.count(1)
    with pytest.raises(RuntimeError, match="body"):  # noqa: PT012
        async with connect("a", ["net/#"]) as a:
            a.publish("net/all/a/k", b"x")
            raise RuntimeError("body")
    assert asyncio.all_tasks() <= tasks
    assert open_files() == files
    assert not a.connected
    assert a.inbox.states == [True, False]


async def test_nothing_is_left_behind_by_reconnections(broker, connect, open_files):
    async with connect("a", ["net/#"]) as a:
        tasks, files = len(asyncio.all_tasks()), open_files()
        for round_ in range(2, 5):
            await broker.restart()
            await a.inbox.until(lambda round_=round_: a.counters.connections == round_ and a.connected)
        assert len(asyncio.all_tasks()) == tasks
        assert open_files() == files
