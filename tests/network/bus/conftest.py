"""What the bus tests share: an inbox that can be waited on, and a broker of each sort."""

import asyncio
from pathlib import Path

import pytest

from network.bus import MqttBus, embedded_broker, private_mosquitto

DEADLINE_S = 10.0
BROKERS = {"embedded": embedded_broker, "mosquitto": private_mosquitto}


class Inbox:
    """Collects what a bus delivers and tells; every wait has a deadline."""

    def __init__(self):
        self.messages = []
        self.states = []
        self._changed = asyncio.Event()

    def on_message(self, topic, payload):
        self.messages.append((topic, payload))
        self._changed.set()

    def on_state(self, connected):
        self.states.append(connected)
        self._changed.set()

    @property
    def payloads(self):
        return [payload for _, payload in self.messages]

    async def until(self, condition):
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def count(self, number):
        await self.until(lambda: len(self.messages) >= number)


@pytest.fixture
def inbox():
    return Inbox


@pytest.fixture(params=["embedded", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
async def broker(request, tmp_path):
    process = BROKERS[request.param](tmp_path / "broker.log")
    async with process:
        yield process


@pytest.fixture
def connect(broker):
    """Makes a bus at the broker under test; its inbox stands in ``bus.inbox``."""

    def make(client_id, subscriptions=(), **options):
        box = Inbox()
        bus = MqttBus(
            broker.url,
            client_id=client_id,
            subscriptions=subscriptions,
            on_message=box.on_message,
            on_state=box.on_state,
            **options,
        )
        bus.inbox = box
        return bus

    return make


@pytest.fixture
def open_files():
    """Counts this process's open files, sockets included."""

    def count():
        return sum(1 for _ in Path("/dev/fd").iterdir()) if Path("/dev/fd").exists() else 0

    return count
