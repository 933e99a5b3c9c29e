"""A real mosquitto behind certificates and an access list: each is itself, and nobody comes in without being named.

mosquitto acknowledges what it then drops, so a test that nothing came waits for something sent later that did.
"""

import asyncio
import signal
import socket
import ssl
import subprocess
from contextlib import suppress

import aiomqtt
import msgspec
import pytest

from network.bus import BusError, MqttBus, MqttOptions, find_mosquitto
from network.bus.access import render_access
from network.bus.tls import TlsIdentity
from network.topics import TopicError
from node.founding import Authority, describe, found_network
from tests.network.bus.conftest import Inbox

MOSQUITTO = pytest.mark.mosquitto
HASTY = MqttOptions(patience_s=0.0, attempt_s=3.0)


class Harbour:
    """A founded network, and its broker while it runs."""

    def __init__(self, folder, port, broker):
        self.folder = folder
        self._broker = broker
        self.url = f"mqtts://localhost:{port}"

    def allow(self, text):
        """Change the access list while the broker runs."""
        (self.folder / "broker" / "acl").write_text(text)
        self._broker.send_signal(signal.SIGHUP)

    def identity(self, place):
        folder = self.folder / place
        password = msgspec.json.decode((folder / "keys.json").read_bytes())["unsealed"]["tls_password"]
        return TlsIdentity(
            ca=folder / "ca.crt", certificate=folder / "tls.crt", key=folder / "tls.key", password=password
        )

    def bus(self, place, *filters, identity=None, url=None, options=HASTY):
        box = Inbox()
        bus = MqttBus(
            url or self.url,
            client_id=place.rpartition("/")[2],
            subscriptions=filters,
            on_message=box.on_message,
            on_state=box.on_state,
            options=msgspec.structs.replace(options, tls=identity or self.identity(place)),
        )
        bus.inbox = box
        return bus


@pytest.fixture(scope="module")
def harbour(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("access") / "harbour"
    found_network(folder, describe("harbour", ["insurer", "bureau"], wallets=["ann"], broker=f"localhost:{port}"), None)
    broker = folder / "broker"
    with (
        (broker / "log").open("wb") as log,
        subprocess.Popen([find_mosquitto(), "-c", "mosquitto.conf"], cwd=broker, stderr=log) as process,  # noqa: S603
    ):
        try:
            yield Harbour(folder, port, process)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
async def running(harbour):
    """The network, once its broker answers."""
    async with harbour.bus("nodes/bureau", options=MqttOptions(patience_s=15.0)):
        return harbour


async def complaint_of(bus):
    with pytest.raises(BusError) as caught:
        async with bus:
            pass
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("bus ")]
    return str(caught.value)


async def passed(sender, receiver, published):
    """The topics of ``published`` that reach ``receiver``; the last one must."""
    async with receiver, sender:
        for topic in published:
            assert sender.publish(topic, topic.encode())
        await receiver.inbox.until(lambda: any(topic == published[-1] for topic, _ in receiver.inbox.messages))
        return [topic for topic, _ in receiver.inbox.messages]


@MOSQUITTO
async def test_a_node_publishes_as_itself_and_as_nobody_else(running):
    topics = [
        "harbour/all/insurer/voters",
        "harbour/all/bureau/voters",
        "harbour/to/bureau/bureau/direct",
        "harbour/to/bureau/wallet.ann/submit",
        "elsewhere/all/insurer/voters",
        "harbour/to/bureau/insurer/direct",
    ]
    bureau = running.bus("nodes/bureau", "harbour/all/+/+", "harbour/to/bureau/+/+", "elsewhere/#")
    assert await passed(running.bus("nodes/insurer"), bureau, topics) == [topics[0], topics[-1]]


@MOSQUITTO
async def test_a_wallet_speaks_to_nodes_as_itself(running):
    topics = [
        "harbour/all/wallet.ann/voters",
        "harbour/all/insurer/voters",
        "harbour/to/bureau/wallet.bureau/submit",
        "harbour/to/bureau/wallet.ann/submit",
    ]
    bureau = running.bus("nodes/bureau", "harbour/all/+/+", "harbour/to/bureau/+/+")
    assert await passed(running.bus("wallets/ann"), bureau, topics) == [topics[-1]]


@MOSQUITTO
async def test_what_is_meant_for_one_reaches_nobody_else(running):
    insurer = running.bus("nodes/insurer")
    heard = {}
    async with insurer:
        for place, own in (
            ("nodes/bureau", "harbour/all/insurer/nodes"),
            ("wallets/ann", "harbour/to/wallet.ann/insurer/receipt"),
            ("watchers/dashboard", "harbour/all/insurer/nodes"),
        ):
            private = ["harbour/to/insurer/insurer/direct", "harbour/to/wallet.bureau/insurer/receipt"]
            curious = running.bus(place, "#")
            async with curious:
                for topic in (*private, own):
                    insurer.publish(topic, b"x")
                await curious.inbox.count(1)
                heard[place] = [topic for topic, _ in curious.inbox.messages]
            assert heard[place] == [own]


@MOSQUITTO
async def test_a_watcher_says_nothing(running):
    topics = ["harbour/all/dashboard/voters", "harbour/all/insurer/voters", "harbour/to/bureau/dashboard/direct"]
    bureau = running.bus("nodes/bureau", "#")
    async with bureau, running.bus("watchers/dashboard") as watcher, running.bus("nodes/insurer") as insurer:
        for topic in topics:
            watcher.publish(topic, b"x")
        assert await watcher.flush(5)
        insurer.publish("harbour/all/insurer/nodes", b"x")
        await bureau.inbox.count(1)
        assert [topic for topic, _ in bureau.inbox.messages] == ["harbour/all/insurer/nodes"]


@MOSQUITTO
async def test_nobody_is_put_off_the_bus_by_another_who_takes_its_name(running):
    insurer = running.bus("nodes/insurer", "harbour/to/insurer/+/+")
    impostor = running.bus("nodes/bureau")
    impostor.client_id = insurer.client_id
    async with insurer, impostor:
        impostor.publish("harbour/to/insurer/bureau/direct", b"x")
        await insurer.inbox.count(1)
        assert insurer.inbox.states == [True]


@MOSQUITTO
async def test_nothing_is_kept_to_be_replayed_to_whoever_comes(running):
    retained = "harbour/all/insurer/retained"
    async with running.bus("nodes/insurer") as insurer:
        with suppress(aiomqtt.MqttError):  # the broker may end the connection of whoever tries
            await insurer._client.publish(retained, b"x", qos=1, retain=True, timeout=2)
    fresh = ["harbour/all/insurer/fresh"]
    assert await passed(running.bus("nodes/insurer"), running.bus("nodes/bureau", "harbour/all/+/+"), fresh) == fresh


@MOSQUITTO
async def test_whoever_is_taken_from_the_list_is_heard_no_more(running):
    access = (running.folder / "broker" / "acl").read_text()
    async with running.bus("nodes/insurer") as insurer, running.bus("nodes/bureau", "harbour/all/+/+") as bureau:
        try:
            running.allow(access.replace("topic write harbour/all/insurer/+\n", ""))
            for turn in range(200):  # the broker takes the new list between two of its turns
                insurer.publish(f"harbour/all/insurer/{turn}", b"x")
                assert await insurer.flush(5)
                bureau.publish(f"harbour/all/bureau/{turn}", b"x")
                await bureau.inbox.until(lambda: (f"harbour/all/bureau/{turn}", b"x") in bureau.inbox.messages)  # noqa: B023
                if (f"harbour/all/insurer/{turn}", b"x") not in bureau.inbox.messages:
                    return
            pytest.fail("it is still heard")
        finally:
            running.allow(access)


# Who does not come in


@MOSQUITTO
@pytest.mark.parametrize("certified", [True, False])
async def test_a_stranger_does_not_come_in(running, tmp_path, monkeypatch, certified):
    """Not with another authority's certificate, though it bears a member's name; not without any."""
    ca = running.folder / "authority" / "ca.crt"
    stranger = running.bus(
        "nodes/insurer", identity=_written(tmp_path, Authority.found("other").for_client("insurer"), ca)
    )
    if not certified:
        stranger.options = HASTY
        monkeypatch.setattr("network.bus.client.system_context", lambda: ssl.create_default_context(cafile=ca))
    assert "perhaps it admits nobody without a certificate of its own authority" in await complaint_of(stranger)


@MOSQUITTO
async def test_there_is_no_way_around_tls(running):
    stranger = running.bus("nodes/insurer", url=running.url.replace("mqtts", "mqtt"))
    stranger.options = HASTY
    assert "does not answer as an MQTT broker does, or only at mqtts://" in await complaint_of(stranger)


@MOSQUITTO
async def test_a_broker_of_another_authority_is_not_trusted(running, tmp_path):
    other = tmp_path / "other.crt"
    other.write_bytes(Authority.found("other").certificate)
    deceived = msgspec.structs.replace(running.identity("nodes/insurer"), ca=other)
    said = await complaint_of(running.bus("nodes/insurer", identity=deceived))
    assert "the certificate of the broker at localhost" in said
    assert "is not trusted" in said


@MOSQUITTO
async def test_a_broker_under_another_name_is_not_trusted(running):
    said = await complaint_of(running.bus("nodes/insurer", url=running.url.replace("localhost", "127.0.0.2")))
    assert "is not trusted" in said


def _written(folder, issued, ca):
    (folder / "tls.crt").write_bytes(issued.certificate)
    (folder / "tls.key").write_bytes(issued.key(None))
    return TlsIdentity(ca=ca, certificate=folder / "tls.crt", key=folder / "tls.key")


# Files that cannot be used


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        ("ca.crt", "holds no certificate of an authority"),
        ("tls.crt", "are no certificate with its key"),
        ("tls.key", "are no certificate with its key"),
    ],
)
async def test_a_file_that_is_no_certificate_is_named_at_once(tmp_path, spoilt, words):
    authority = Authority.found("n")
    (tmp_path / "ca.crt").write_bytes(authority.certificate)
    identity = _written(tmp_path, authority.for_client("a"), tmp_path / "ca.crt")
    (tmp_path / spoilt).write_bytes(b"spoilt")
    said = await complaint_of(_unconnected(identity))
    assert spoilt in said
    assert words in said
    (tmp_path / spoilt).unlink()
    assert f"{tmp_path / spoilt}: cannot be read: No such file" in await complaint_of(_unconnected(identity))


async def test_certificates_go_with_mqtts_alone(tmp_path):
    identity = TlsIdentity(ca=tmp_path, certificate=tmp_path, key=tmp_path)
    assert "write mqtts://" in await complaint_of(_unconnected(identity, "mqtt://localhost:1"))


def _unconnected(identity, url="mqtts://localhost:1"):
    box = Inbox()
    options = msgspec.structs.replace(HASTY, tls=identity)
    return MqttBus(url, client_id="a", subscriptions=[], on_message=box.on_message, options=options)


def test_a_name_cannot_write_lines_of_its_own_into_the_access_list():
    for name in ("a\ntopic readwrite #", "a/#", "+", ""):
        with pytest.raises(TopicError):
            render_access("n", [name], [], [])
        with pytest.raises(TopicError):
            render_access("n", ["a"], [], [name])
    with pytest.raises(TopicError):
        render_access("n", ["a"], ["b\n"], [])


def test_old_tls_is_not_spoken(tmp_path):
    authority = Authority.found("n")
    (tmp_path / "ca.crt").write_bytes(authority.certificate)
    context = _written(tmp_path, authority.for_client("a"), tmp_path / "ca.crt").context()
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
