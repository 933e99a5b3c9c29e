"""The server, packet by packet."""

import asyncio
import struct

import pytest

from network.broker.packets import Kind
from network.broker.server import Broker
from network.bus import PAYLOAD_BYTES_MAX

ACCEPTED = (Kind.CONNACK, 0, b"\x00\x00")


def field(data):
    return struct.pack(">H", len(data)) + data


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the server runs in this very loop
            await asyncio.sleep(0)


async def test_the_packets_of_a_quiet_life(serve):
    server, connect = await serve()
    raw = await connect()
    assert await raw.join() == ACCEPTED
    assert await raw.subscribe(b"a/+", b"b/#") == (Kind.SUBACK, 0, b"\x00\x07\x01\x01")
    raw.publish(b"a/x", b"payload", qos=1, packet_id=b"\x00\x09")
    assert await raw.receive() == (Kind.PUBLISH, 2, field(b"a/x") + b"\x00\x01payload")
    assert await raw.receive() == (Kind.PUBACK, 0, b"\x00\x09")
    raw.send(Kind.PUBACK, b"\x00\x01")
    raw.send(Kind.UNSUBSCRIBE, b"\x00\x08" + field(b"a/+"), flags=2)
    assert await raw.receive() == (Kind.UNSUBACK, 0, b"\x00\x08")
    raw.publish(b"a/x", b"unheard")
    assert await raw.alive()
    raw.send(Kind.DISCONNECT)
    assert await raw.receive() is None
    assert server.counters.violations == 0


@pytest.mark.parametrize(("published", "granted", "delivered"), [(0, 1, 0), (1, 0, 0), (1, 1, 1)])
async def test_the_lower_quality_of_service_counts(serve, published, granted, delivered):
    _, connect = await serve()
    sender, receiver = await connect(), await connect()
    await sender.join(b"s")
    await receiver.join(b"r")
    assert await receiver.subscribe(b"t", qos=granted) == (Kind.SUBACK, 0, bytes((0, 7, granted)))
    sender.publish(b"t", b"x", qos=published, packet_id=b"\x00\x01" if published else b"")
    kind, flags, _ = await receiver.receive()
    assert (kind, flags) == (Kind.PUBLISH, delivered << 1)


async def test_a_subscription_with_qos_2_is_granted_1_and_a_bad_filter_refused(serve):
    _, connect = await serve()
    raw = await connect()
    await raw.join()
    assert await raw.subscribe(b"fine", b"a/#/b", qos=2) == (Kind.SUBACK, 0, b"\x00\x07\x01\x80")


async def test_overlapping_subscriptions_deliver_once(serve):
    _, connect = await serve()
    raw = await connect()
    await raw.join()
    await raw.subscribe(b"a/b", b"a/+", b"#")
    raw.publish(b"a/b", b"1")
    raw.publish(b"a/c", b"2")
    assert [(await raw.receive())[2] for _ in range(2)] == [field(b"a/b") + b"1", field(b"a/c") + b"2"]
    assert await raw.alive()


async def test_a_retained_message_is_delivered_now_and_kept_for_nobody(serve):
    _, connect = await serve()
    raw, late = await connect(), await connect()
    await raw.join()
    await raw.subscribe(b"t")
    raw.send(Kind.PUBLISH, field(b"t") + b"x", flags=1)
    assert await raw.receive() == (Kind.PUBLISH, 0, field(b"t") + b"x")
    await late.join(b"late")
    await late.subscribe(b"t")
    assert await late.alive()


async def test_identifiers_are_used_again_only_once_acknowledged(serve):
    server, connect = await serve(in_flight_max=2)
    raw = await connect()
    await raw.join()
    await raw.subscribe(b"t")
    sender = await connect()
    await sender.join(b"s")
    for number in range(3):
        sender.publish(b"t", b"%d" % number, qos=1, packet_id=b"\x00\x01")
        await sender.receive()
    assert [(await raw.receive())[2][3:] for _ in range(2)] == [b"\x00\x010", b"\x00\x021"]
    assert server.counters.dropped == 1
    raw.send(Kind.PUBACK, b"\x00\x01")
    raw.send(Kind.PUBACK, b"\xff\xff")  # one that is not in use harms nobody
    assert await raw.alive()
    sender.publish(b"t", b"4", qos=1, packet_id=b"\x00\x01")
    assert (await raw.receive())[2][3:] == b"\x00\x034"


CONNECT = field(b"MQTT") + b"\x04\x02\x00\x3c" + field(b"x")


@pytest.mark.parametrize(
    ("kind", "body", "flags"),
    [
        (Kind.PINGREQ, b"", 0),
        (Kind.CONNECT, CONNECT, 1),
        (Kind.CONNECT, CONNECT[:-1], 0),
        (Kind.CONNECT, CONNECT + b"more", 0),
        (Kind.CONNECT, field(b"MQTT") + b"\x04\x03\x00\x3c" + field(b"x"), 0),  # the reserved flag
        (Kind.CONNECT, field(b"MQTT") + b"\x04\x42\x00\x3c" + field(b"x") + field(b"p"), 0),  # password, no name
        (Kind.CONNECT, field(b"MQTT") + b"\x04\x1e\x00\x3c" + field(b"x"), 0),  # a will of QoS 3
        (Kind.CONNECT, field(b"MQTT") + b"\x04\x22\x00\x3c" + field(b"x"), 0),  # retain, but no will
        (Kind.CONNECT, field(b"HTTP") + b"\x04\x02\x00\x3c" + field(b"x"), 0),
        (Kind.CONNECT, field(b"MQTT") + b"\x04\x02\x00\x3c" + field(b"\xff"), 0),
        (Kind.CONNECT, field(b"MQTT") + b"\x04\x02\x00\x3c" + field(b"a\x00"), 0),
    ],
)
async def test_a_first_packet_that_is_no_good_connect_ends_it(serve, kind, body, flags):
    server, connect = await serve()
    raw = await connect()
    raw.send(kind, body, flags)
    assert await raw.receive() is None
    assert server.counters.violations == 1
    assert server.counters.clients == 0


@pytest.mark.parametrize(
    ("kind", "body", "flags"),
    [
        (Kind.CONNECT, CONNECT, 0),
        (Kind.CONNACK, b"\x00\x00", 0),
        (Kind.PUBREL, b"\x00\x01", 2),
        (0, b"", 0),
        (15, b"", 0),
        (Kind.PINGREQ, b"", 1),
        (Kind.PINGREQ, b"x", 0),
        (Kind.PUBACK, b"\x00", 0),
        (Kind.PUBLISH, field(b"t") + b"\x00\x01", 4),  # QoS 2
        (Kind.PUBLISH, field(b"t") + b"\x00\x01", 6),
        (Kind.PUBLISH, field(b"t") + b"\x00\x00", 2),  # identifier 0
        (Kind.PUBLISH, field(b"t"), 2),
        (Kind.PUBLISH, field(b"a/+"), 0),
        (Kind.PUBLISH, field(b""), 0),
        (Kind.PUBLISH, field(b"/" * 100), 0),
        (Kind.PUBLISH, field(b"\xff\xfe"), 0),
        (Kind.PUBLISH, b"\x00\x09t", 0),
        (Kind.SUBSCRIBE, b"\x00\x01" + field(b"t") + b"\x01", 0),
        (Kind.SUBSCRIBE, b"\x00\x01", 2),
        (Kind.SUBSCRIBE, b"\x00\x00" + field(b"t") + b"\x01", 2),
        (Kind.SUBSCRIBE, b"\x00\x01" + field(b"t") + b"\x03", 2),
        (Kind.SUBSCRIBE, b"\x00\x01" + field(b"t"), 2),
        (Kind.UNSUBSCRIBE, b"\x00\x01", 2),
    ],
)
async def test_what_the_standard_forbids_ends_that_connection_alone(serve, kind, body, flags):
    server, connect = await serve()
    good, bad = await connect(), await connect()
    await good.join(b"good")
    await bad.join(b"bad")
    bad.send(kind, body, flags)
    assert await bad.receive() is None
    assert server.counters.violations == 1
    assert await good.alive()


@pytest.mark.parametrize("level", [3, 5])
async def test_another_version_is_answered_before_the_end(serve, level):
    _, connect = await serve()
    raw = await connect()
    raw.send(Kind.CONNECT, field(b"MQTT") + bytes((level,)) + b"\x02\x00\x3c" + field(b"x"))
    assert await raw.receive() == (Kind.CONNACK, 0, b"\x00\x01")
    assert await raw.receive() is None


async def test_an_empty_identifier_is_for_clean_sessions_only(serve):
    server, connect = await serve()
    first, second, lasting = await connect(), await connect(), await connect()
    assert await first.join(b"") == await second.join(b"") == ACCEPTED
    assert await first.alive()
    assert await lasting.join(b"", flags=0) == (Kind.CONNACK, 0, b"\x00\x02")
    assert server.counters.clients == 2


async def test_a_lasting_session_is_not_kept_and_the_client_is_told(serve):
    _, connect = await serve()
    raw = await connect()
    assert await raw.join(b"x", flags=0) == ACCEPTED  # "session present" is 0


async def test_an_identifier_taken_anew_ends_its_former_connection(serve):
    _, connect = await serve()
    former, later = await connect(), await connect()
    await former.join(b"x")
    await former.subscribe(b"t")
    assert await later.join(b"x") == ACCEPTED
    assert await former.receive() is None
    await later.subscribe(b"u")
    later.publish(b"u", b"1")
    assert await later.receive() == (Kind.PUBLISH, 0, field(b"u") + b"1")


WILL = field(b"wills") + field(b"gone")


async def test_a_will_is_published_when_the_connection_breaks(serve):
    _, connect = await serve()
    heir, dying = await connect(), await connect()
    await heir.join(b"heir")
    await heir.subscribe(b"wills")
    await dying.join(b"dying", flags=0x06, rest=WILL)
    dying.writer.transport.abort()
    assert await heir.receive() == (Kind.PUBLISH, 0, field(b"wills") + b"gone")


async def test_who_parts_in_good_order_leaves_no_will(serve):
    server, connect = await serve()
    heir, parting = await connect(), await connect()
    await heir.join(b"heir")
    await heir.subscribe(b"wills")
    await parting.join(b"parting", flags=0x06, rest=WILL)
    parting.send(Kind.DISCONNECT)
    assert await parting.receive() is None
    await until(lambda: "parting" not in server._joined)
    assert await heir.alive()


async def test_a_will_for_no_topic_is_lost_in_silence(serve):
    server, connect = await serve()
    dying, other = await connect(), await connect()
    await other.join(b"other")
    await dying.join(b"dying", flags=0x06, rest=field(b"a/#") + field(b"x"))
    dying.writer.transport.abort()
    await until(lambda: "dying" not in server._joined)
    assert await other.alive()


async def test_user_name_and_password_are_read_and_not_looked_at(serve):
    _, connect = await serve()
    raw = await connect()
    assert await raw.join(b"x", flags=0xC2, rest=field(b"me") + field(b"secret")) == ACCEPTED


async def test_silent_clients_are_put_off(serve, monkeypatch):
    monkeypatch.setattr("network.broker.server.SWEEP_S", 0.01)
    server, connect = await serve(connect_s=0.05)
    mute, sleepy, patient = await connect(), await connect(), await connect()
    await patient.join(b"patient", keepalive=0)
    await sleepy.join(b"sleepy", keepalive=1)
    server._joined["sleepy"]._patience = 0.05
    assert await sleepy.alive()
    assert await mute.receive() is None
    assert await sleepy.receive() is None
    assert await patient.alive()


async def test_too_many_clients_are_turned_away(serve):
    server, connect = await serve(clients_max=2)
    first, second, third = await connect(), await connect(), await connect()
    await first.join(b"1")
    await second.join(b"2")
    assert await third.receive() is None
    assert server.counters.refused == 1
    first.close()
    await until(lambda: len(server._open) == 1)
    fourth = await connect()
    assert await fourth.join(b"4") == ACCEPTED


async def test_too_many_subscriptions_are_refused(serve):
    _, connect = await serve(subscriptions_max=2)
    raw = await connect()
    await raw.join()
    assert (await raw.subscribe(b"a", b"b", b"c", b"a"))[2] == b"\x00\x07\x01\x01\x80\x01"


async def test_too_large_a_packet_ends_the_connection_before_it_is_read(serve):
    server, connect = await serve(packet_bytes_max=1000)
    raw = await connect()
    await raw.join()
    raw.writer.write(b"\x30\xe9\x07")  # 1,001 bytes to come
    assert await raw.receive() is None
    assert server.counters.violations == 1


async def test_before_connect_a_client_may_say_little(serve):
    server, connect = await serve()
    raw = await connect()
    raw.writer.write(b"\x10\x81\x80\x04")  # 65,537 bytes to come
    assert await raw.receive() is None
    assert server.counters.violations == 1


async def test_a_client_that_does_not_read_loses_messages_and_nobody_else_does(serve):
    server, connect = await serve(queue_bytes_max=1_000_000)
    deaf, sender, good = await connect(), await connect(), await connect()
    await deaf.join(b"deaf", keepalive=0)
    await deaf.subscribe(b"t", qos=0)
    deaf.writer.transport.pause_reading()
    await good.join(b"good")
    await good.subscribe(b"t", qos=0)
    await sender.join(b"sender")
    for _ in range(400):
        sender.publish(b"t", bytes(50_000))
        assert len((await good.receive())[2]) == 50_003
    assert server.counters.dropped > 0
    session = server._joined["deaf"]
    assert session._transport.get_write_buffer_size() <= 1_000_000 + 50_010


async def test_the_largest_payload_of_a_bus_fits():
    assert Broker().limits.packet_bytes_max > PAYLOAD_BYTES_MAX + 1024


async def test_the_server_leaves_nothing_behind(serve):
    server, connect = await serve()
    for _ in range(20):
        raw = await connect()
        await raw.join()
        await raw.subscribe(b"a", b"b/#")
        raw.writer.transport.abort()
    await until(lambda: not server._open)
    assert server._joined == {}
    assert server._subscriptions._exact == server._subscriptions._wild == {}


async def test_packets_may_come_in_any_pieces(serve):
    _, connect = await serve()
    raw = await connect()
    await raw.join()
    await raw.subscribe(b"t")
    stream = b"".join(b"\x30" + bytes((3 + size,)) + field(b"t") + bytes(size) for size in range(40))
    for place in range(0, len(stream), 7):
        raw.writer.write(stream[place : place + 7])
        await raw.writer.drain()
    for size in range(40):
        assert await raw.receive() == (Kind.PUBLISH, 0, field(b"t") + bytes(size))
