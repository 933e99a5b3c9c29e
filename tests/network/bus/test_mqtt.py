"""What the client does on its own account: errors for the user, limits, callbacks that fail."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from network.broker.packets import Refusal, encode_connack
from network.bus import BusError, MqttBus, MqttOptions, embedded_broker, parse_url
from network.bus.connection import SubscriptionError, explain

HASTY = MqttOptions(patience_s=0.0, attempt_s=0.3)


def bus_at(port, box, **options):
    return MqttBus(
        f"mqtt://127.0.0.1:{port}",
        client_id="a",
        subscriptions=["net/#"],
        on_message=box.on_message,
        on_state=box.on_state,
        **({"options": HASTY} | options),
    )


async def complaint_of(bus):
    with pytest.raises(BusError) as caught:
        async with bus:
            pass
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("bus ")]
    return str(caught.value)


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
async def listener():
    """Starts a server that answers each connection with given bytes; gives its port."""
    servers = []

    async def start(answer):
        async def serve(reader, writer):
            if answer is None:
                await reader.read()
            else:
                await reader.read(10)
                writer.write(answer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        servers.append(server)
        return server.sockets[0].getsockname()[1]

    yield start
    for server in servers:
        server.close()


async def test_no_broker_is_one_clear_message(inbox, free_port):
    complaint = await complaint_of(bus_at(free_port, inbox()))
    assert complaint.startswith(f"no broker answers at 127.0.0.1:{free_port} (connection refused): start one with ")
    assert "leave --bus out" in complaint


async def test_the_first_connection_is_tried_for_a_while(inbox, free_port):
    box = inbox()
    bus = bus_at(free_port, box, options=MqttOptions(patience_s=10.0))
    entering = asyncio.ensure_future(bus.__aenter__())
    async with embedded_broker(port=free_port):
        await entering
        assert bus.connected
        await bus.__aexit__(None, None, None)
    assert box.states == [True, False]


async def test_a_broker_that_stays_away_is_logged_once_a_while(inbox, free_port, caplog):
    caplog.set_level("INFO", "network.bus.mqtt")
    options = MqttOptions(patience_s=0.3, pause_min_s=0.01, pause_max_s=0.01)
    await complaint_of(bus_at(free_port, inbox(), options=options))
    assert len([record for record in caplog.records if "no broker answers" in record.getMessage()]) == 1


async def test_something_that_is_no_broker_is_said_so(inbox, listener):
    port = await listener(None)
    assert f"what listens at 127.0.0.1:{port} does not answer as an MQTT broker" in await complaint_of(
        bus_at(port, inbox())
    )


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\xff" * 100, b"\x20\x02\x00"])
async def test_an_answer_that_is_no_mqtt_is_an_error_too(inbox, listener, answer):
    port = await listener(answer)
    assert f"127.0.0.1:{port}" in await complaint_of(bus_at(port, inbox()))


async def test_a_refusal_is_not_retried(inbox, listener):
    port = await listener(encode_connack(Refusal.IDENTIFIER))
    bus = bus_at(port, inbox(), options=MqttOptions(patience_s=30.0))
    assert f"the broker at 127.0.0.1:{port} refuses the connection: " in await complaint_of(bus)


async def test_an_unknown_host_is_said_so(inbox):
    box = inbox()
    bus = MqttBus(
        "mqtt://no-such-host.invalid", client_id="a", subscriptions=[], on_message=box.on_message, options=HASTY
    )
    assert "no-such-host.invalid:1883" in await complaint_of(bus)


@pytest.mark.parametrize(
    ("error", "words", "retry"),
    [
        (SubscriptionError("the broker refuses the subscription to a/b"), "subscription to a/b at h:1", False),
        (socket.gaierror(-2, "unknown"), "the host name is not known", False),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "mqtt:// rather than mqtts://", True),
        (ssl.SSLCertVerificationError(1, "x"), "SSL_CERT_FILE", False),
        (TimeoutError("timed out"), "no broker answers at h:1 (timed out)", True),
        (ValueError("odd"), "the connection to the broker at h:1 broke: odd", True),
    ],
)
def test_every_failure_is_explained(error, words, retry):
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_message = "self-signed"
    failure = explain(parse_url("mqtt://h:1"), error)
    assert words in failure.message
    assert failure.retry is retry


async def test_a_full_buffer_drops_and_counts(inbox, free_port):
    bus = bus_at(free_port, inbox(), options=MqttOptions(buffer_max=3, buffer_bytes_max=1000))
    assert [bus.publish("net/all/a/k", bytes(100)) for _ in range(5)] == [True] * 3 + [False] * 2
    assert bus.counters.dropped_full == 2
    other = bus_at(free_port, inbox(), options=MqttOptions(buffer_max=9, buffer_bytes_max=250))
    assert [other.publish("net/all/a/k", bytes(100)) for _ in range(3)] == [True, True, False]


async def test_what_a_bus_listens_to_may_change_while_it_runs(inbox):
    async with embedded_broker() as url:
        box = inbox()
        bus = MqttBus(url, client_id="a", subscriptions=["net/all/b/x"], on_message=box.on_message)
        async with bus:
            bus.listen(["net/all/c/x"])
            while bus._asking:
                await asyncio.wait(bus._asking)
            bus.publish("net/all/c/x", b"new")
            await box.count(1)
            assert box.payloads == [b"new"]


async def test_what_a_bus_listens_to_is_asked_for_at_its_next_connection_if_not_at_once(inbox, free_port):
    box = inbox()
    bus = MqttBus(f"mqtt://127.0.0.1:{free_port}", client_id="a", subscriptions=[], on_message=box.on_message)
    bus.listen(["net/#"])
    async with embedded_broker(port=free_port), bus:
        bus.publish("net/all/c/x", b"new")
        await box.count(1)


async def test_what_is_published_before_the_start_is_sent_at_the_start(inbox):
    async with embedded_broker() as url:
        box = inbox()
        bus = MqttBus(url, client_id="a", subscriptions=["net/#"], on_message=box.on_message)
        bus.publish("net/all/a/k", b"early")
        async with bus:
            await box.count(1)
    assert box.payloads == [b"early"]


async def test_what_is_buffered_leaves_before_the_end(inbox):
    box = inbox()
    async with embedded_broker() as url:
        listening = MqttBus(url, client_id="b", subscriptions=["net/#"], on_message=box.on_message)
        async with listening:
            async with MqttBus(url, client_id="a", subscriptions=[], on_message=box.on_message) as bus:
                for number in range(500):
                    bus.publish("net/all/a/k", b"%d" % number)
            await box.count(500)
    assert bus.counters.published == 500
    assert bus.counters.dropped_closed == 0


async def test_a_callback_that_raises_is_reported_and_breaks_nothing(inbox):
    box, reports = inbox(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context["exception"]))

    def stumble(topic, payload):
        box.on_message(topic, payload)
        raise ZeroDivisionError(payload)

    async with (
        embedded_broker() as url,
        MqttBus(url, client_id="a", subscriptions=["net/#"], on_message=stumble, on_state=box.on_state) as bus,
    ):
        bus.publish("net/all/a/k", b"1")
        bus.publish("net/all/a/k", b"2")
        await box.count(2)
        assert box.states == [True]
    assert [str(report) for report in reports] == ["b'1'", "b'2'"]
    assert bus.counters.our_errors == 2


async def test_a_topic_that_is_none_is_our_own_error_and_holds_up_nothing(inbox):
    box, reports = inbox(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context["exception"]))
    async with (
        embedded_broker() as url,
        MqttBus(url, client_id="a", subscriptions=["net/#"], on_message=box.on_message) as bus,
    ):
        bus.publish("net/#", b"wild")
        bus.publish("net/all/a/k", b"tame")
        await box.count(1)
        assert await bus.flush(5)
    assert box.payloads == [b"tame"]
    assert [type(report) for report in reports] == [ValueError]


async def test_a_second_client_of_the_same_name_puts_the_first_one_off(inbox):
    first, second = inbox(), inbox()
    async with embedded_broker() as url:
        port = parse_url(url).port
        slow = MqttOptions(pause_min_s=5.0, pause_max_s=5.0)
        async with bus_at(port, first, options=slow), bus_at(port, second):
            await first.until(lambda: first.states == [True, False])
            assert second.states == [True]


async def test_nobody_needs_the_callback_of_states(inbox):
    box = inbox()
    async with (
        embedded_broker() as url,
        MqttBus(url, client_id="a", subscriptions=[], on_message=box.on_message) as bus,
    ):
        assert bus.connected
    assert not bus.connected


async def test_a_bus_that_is_cancelled_on_its_way_in_leaves_no_task(inbox, listener):
    port = await listener(None)
    entering = asyncio.ensure_future(bus_at(port, inbox()).__aenter__())
    await asyncio.sleep(0)
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("bus ")]


def test_the_shipped_configuration_is_the_measured_one():
    from importlib.resources import files  # noqa: PLC0415

    from network.bus.mosquitto import render_config  # noqa: PLC0415

    shipped = (Path(str(files("configs"))) / "broker" / "mosquitto.conf").read_text()
    directives = [line for line in shipped.splitlines() if line and not line.startswith("#")]
    assert "\n".join(directives) + "\n" == render_config(1883)
