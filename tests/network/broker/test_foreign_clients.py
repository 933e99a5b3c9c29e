"""The server against clients that others wrote: what we believe of MQTT must be what they believe."""

import asyncio
import queue

import aiomqtt
import gmqtt
import paho.mqtt.client as paho
import pytest

from network.bus import embedded_broker, parse_url

DEADLINE_S = 10
PAYLOAD = bytes(range(256)) * 400


@pytest.fixture
async def port():
    async with embedded_broker() as url:
        yield parse_url(url).port


@pytest.mark.parametrize("qos", [0, 1])
async def test_paho(port, qos):
    received, subscribed = queue.Queue(), queue.Queue()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="paho")
    client.on_message = lambda _client, _data, message: received.put((message.topic, message.payload, message.qos))
    client.on_subscribe = lambda _client, _data, _mid, codes, _properties: subscribed.put(
        [code.value for code in codes]
    )
    client.on_connect = lambda *_: client.subscribe([("net/all/+/k", qos), ("net/to/me/#", 2)])

    def session():
        client.connect("127.0.0.1", port)
        client.loop_start()
        assert subscribed.get(timeout=DEADLINE_S) == [qos, 1]
        for topic in ("net/all/a/k", "net/to/me/b/k", "net/to/you/b/k"):
            client.publish(topic, PAYLOAD, qos=qos).wait_for_publish(DEADLINE_S)
        messages = [received.get(timeout=DEADLINE_S) for _ in range(2)]
        client.unsubscribe("net/all/+/k")
        client.disconnect()
        client.loop_stop()
        return messages

    assert await asyncio.to_thread(session) == [("net/all/a/k", PAYLOAD, qos), ("net/to/me/b/k", PAYLOAD, qos)]


async def test_aiomqtt_with_a_will(port):
    will = aiomqtt.Will("wills", b"gone", qos=1)
    async with aiomqtt.Client("127.0.0.1", port, identifier="heir") as heir:
        await heir.subscribe("wills", qos=1)
        dying = aiomqtt.Client("127.0.0.1", port, identifier="dying", will=will)
        await dying.__aenter__()
        dying._client._reset_sockets()
        async with asyncio.timeout(DEADLINE_S):
            message = await anext(aiter(heir.messages))
        assert (message.topic.value, message.payload) == ("wills", b"gone")


async def test_aiomqtt_of_version_5_is_told_that_it_cannot(port):
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5, timeout=DEADLINE_S):
            pass


async def test_gmqtt(port):
    arrived, subscribed, messages = asyncio.Event(), asyncio.Event(), []
    client = gmqtt.Client("gmqtt", clean_session=True)

    def on_message(_client, topic, payload, _qos, _properties):
        messages.append((topic, payload))
        if len(messages) == 20:
            arrived.set()
        return 0

    client.on_message = on_message
    client.on_subscribe = lambda *_: subscribed.set()
    await client.connect("127.0.0.1", port, version=gmqtt.constants.MQTTv311)
    async with asyncio.timeout(DEADLINE_S):
        client.subscribe("net/#", qos=1)
        await subscribed.wait()
        for number in range(20):
            client.publish("net/all/a/k", b"%d" % number, qos=1)
        await arrived.wait()
    await client.disconnect()
    assert messages == [("net/all/a/k", b"%d" % number) for number in range(20)]


@pytest.mark.mosquitto
@pytest.mark.parametrize("qos", [0, 1])
async def test_mosquitto_pub_and_sub(serve, qos):
    server, _ = await serve()
    place = ("-h", "127.0.0.1", "-p", str(server.port), "-q", str(qos))
    pipe = asyncio.subprocess.PIPE
    listening = await asyncio.create_subprocess_exec(
        *("mosquitto_sub", *place, "-C", "2", "-t", "net/all/+/k", "-F", "%q %t %p"), stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not server._subscriptions._wild:  # noqa: ASYNC110 - its output is buffered until it ends
                await asyncio.sleep(0)
            for word in ("first", "second"):
                saying = await asyncio.create_subprocess_exec("mosquitto_pub", *place, "-t", "net/all/a/k", "-m", word)
                assert await saying.wait() == 0
            heard, complaints = await listening.communicate()
    finally:
        if listening.returncode is None:
            listening.kill()
            await listening.wait()
    assert listening.returncode == 0
    assert heard.decode().splitlines() == [f"{qos} net/all/a/k first", f"{qos} net/all/a/k second"]
    assert complaints == b""
    assert server.counters.violations == 0
