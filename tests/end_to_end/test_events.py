"""A wallet follows events over a real bus, from a real node process that is killed and comes back."""

import asyncio
import subprocess
import sys

import msgspec
import pytest

from consensus.protocols import protocol
from consensus.vocabulary import MILLISECOND, Send, SetTimer, Trace
from network.bus import MqttBus, embedded_broker
from network.codec import MessageCodec
from network.following import Follower, FollowerOptions
from network.requests import Submit, Subscribe
from network.topics import client_filters, wallet_address
from network.wire import Wire
from node.membership import Verifier
from tests.node.lab import KEYS, MEMBERS, NETWORK, genesis
from tests.node.test_process import write_config
from tests.node.test_subscriptions import form

pytestmark = pytest.mark.timeout(120)

DEADLINE_S = 40
WALLET = wallet_address("ann")


class Wallet:
    """Ann's wallet: submits, follows, and notes what happened."""

    def __init__(self, url):
        options = FollowerOptions(
            network=NETWORK,
            client="ann",
            number=1,
            kinds=("collections",),
            nodes=(0,),
            needed=1,
            renew_ns=100 * MILLISECOND,
        )
        key, verifier = KEYS.verify_key(MEMBERS[0]), Verifier()
        self.follower = Follower(options, lambda _, data, signature: verifier.verify(key, data, signature))
        self.happened = []
        self.changed = asyncio.Event()
        self.bus = MqttBus(
            str(url), client_id="ann", subscriptions=client_filters(NETWORK, WALLET), on_message=self.hear
        )
        self.loop = asyncio.get_running_loop()
        self.wire = Wire(
            network=NETWORK,
            codec=MessageCodec(protocol("solo").messages),
            incarnation=1,
            verify_key_of={MEMBERS[0]: key}.get,
            publish=self.bus.publish,
            schedule=self.loop.call_soon,
        )
        self.wire.speak_as(WALLET, KEYS.sign("ann"))

    def hear(self, topic, payload):
        received = self.wire.receive(topic, payload)
        for message in received[1] if received else ():
            self.carry(self.follower.receive(0, 0, message))

    def carry(self, effects):
        for effect in effects:
            match effect:
                case Send(_, Subscribe() as message):
                    self.wire.send(WALLET, MEMBERS[0], "subscribe", message)
                case SetTimer(name, after_ns):
                    self.loop.call_later(after_ns / 1e9, lambda name=name: self.carry(self.follower.timer(0, name)))
                case Trace("happened", (event,)):
                    self.happened.append(event)
                    self.changed.set()

    async def follow(self, number):
        """Submit again and again, under one number, until its event is told; retries are harmless."""
        async with asyncio.timeout(DEADLINE_S):
            while len(self.happened) < number:
                self.wire.send(WALLET, MEMBERS[0], "submit", Submit("ann", (form(number),)))
                self.changed.clear()
                try:
                    async with asyncio.timeout(0.5):
                        await self.changed.wait()
                except TimeoutError:
                    continue


def start(config):
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "node.process", str(config)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )


async def test_events_reach_a_wallet_once_though_their_node_is_killed_in_between(tmp_path):
    async with embedded_broker(tmp_path / "broker.log") as broker:
        url = getattr(broker, "url", broker)
        config = write_config(tmp_path, network=genesis(), bus=str(url))
        wallet = Wallet(url)
        async with wallet.bus:
            wallet.carry(wallet.follower.start(0))
            for number in (1, 2):
                with start(config) as node:
                    try:
                        await wallet.follow(2 * number - 1)
                        await wallet.follow(2 * number)
                    finally:
                        node.kill()
    places = [event.place for event in wallet.happened]
    assert places == sorted(set(places))
    assert len(places) == 4
    assert {event.kind for event in wallet.happened} == {"collection_formed"}
    assert msgspec.msgpack.decode(wallet.happened[0].values) == {"members": ["ann", "bob"]}
