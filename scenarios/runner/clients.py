"""The clients' process: all wallets of a run on a real bus, replaying the workload.

It makes the same plan as the runner from scenario, protocol and seed, so that no secret and no plaintext is handed
over in a file. Acknowledgements go to standard output as JSON lines; standard input starts it and ends it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from consensus.vocabulary import Effects, Send, SetTimer, Trace
from network.bus import BusError, MqttBus
from network.codec import MessageCodec
from network.custody import Deposit, IsErased
from network.requests import Query
from network.topics import client_filters, wallet_address
from network.wire import Wire
from node.assembly import Common
from node.contracts.runtime import OK
from node.membership import Reissue
from scenarios.language import load_scenario
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.plan import Plan, make_plan
from scenarios.runner.speakers import certificate_in

EXIT_BUS = 2
_KINDS: dict[type, str] = {Query: "query", Deposit: "custody", IsErased: "custody"}
"""Of frames, by what is asked; all else is a submission."""
_encode = msgspec.json.Encoder().encode


class ClientsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the runner tells this process."""

    scenario: str
    protocol: str
    seed: int
    bus: str
    incarnation: int


class ClientsProcess:
    """Drives the conductor: frames in, frames out, timers."""

    def __init__(self, config: ClientsConfig, plan: Plan) -> None:
        self._config = config
        self._plan = plan
        self._common = Common(plan.genesis)
        self._conductor, self._known = plan.clients(self._common)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._finished = asyncio.Event()
        self._running = False

    async def run(self) -> None:
        """Connect, wait for the word to start, replay, and stay until told to go."""
        self._loop = asyncio.get_running_loop()
        network = self._common.directory.network
        clients = [client.name for client in self._plan.genesis.clients]
        wallets = list(dict.fromkeys([*clients, *(step.client for step in self._plan.workload.steps)]))
        bus = MqttBus(
            self._config.bus,
            client_id=f"{network}.clients",
            subscriptions=[f for name in wallets for f in client_filters(network, wallet_address(name))],
            on_message=self._frame,
        )
        self._wire = Wire(
            network=network,
            codec=MessageCodec(self._common.protocol.messages),
            incarnation=self._config.incarnation,
            verify_key_of=lambda name: next(iter(self._known.keys_of(name)), None),
            other_keys_of=lambda name: tuple(self._known.keys_of(name))[1:],
            publish=bus.publish,
            schedule=self._loop.call_soon,
        )
        for name in wallets:
            self._wire.speak_as(wallet_address(name), self._plan.keyring.generation(name, 1).sign)
        async with bus:
            self._say("ready")
            await self._commands()
        for step, called_ns in self._conductor.unacknowledged():
            self._say("unacknowledged", id=step.id, called_ns=called_ns)
        self._say("end", dropped=dict(self._wire.dropped))

    async def _commands(self) -> None:
        """A line "start" begins the replay; the end of input ends the process."""
        reader = asyncio.StreamReader()
        transport, _ = await self._loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        try:
            while line := await reader.readline():
                if line.strip() == b"start":
                    self._running = True
                    now = time.monotonic_ns()
                    self._say("started", now_ns=now)
                    self._carry(self._conductor.start(now))
        finally:
            transport.close()

    def _frame(self, topic: str, payload: bytes) -> None:
        opened = self._wire.open(topic, payload) if self._running else None
        number = self._known.keys_of(opened.sender).get(opened.key) if opened is not None else None
        if opened is None or number is None:
            return
        for message in opened.messages:
            self._carry(self._conductor.receive(time.monotonic_ns(), number, message))

    def _timer(self, name: str) -> None:
        del self._timers[name]
        self._carry(self._conductor.timer(time.monotonic_ns(), name))

    def _carry(self, effects: Effects) -> None:
        for effect in effects:
            match effect:
                case Send(to, message):
                    node = self._known.name(to)
                    kind = _KINDS.get(type(message), "submit")
                    self._wire.send(wallet_address(message.client), node, kind, message)
                case SetTimer(name, after_ns):
                    previous = self._timers.pop(name, None)
                    if previous is not None:
                        previous.cancel()
                    self._timers[name] = self._loop.call_later(after_ns / 1e9, self._timer, name)
                case Trace("acknowledged" | "answered" as kind, (acknowledged,)):
                    self._rekey(acknowledged)
                    fields = msgspec.structs.asdict(acknowledged)
                    del fields["step"]
                    self._say(kind, **fields)

    def _rekey(self, acknowledged: Acknowledged) -> None:
        """A wallet that has got another key speaks with it from then on: nodes take no frame under the old one."""
        change = certificate_in(acknowledged.step) if acknowledged.code == OK else None
        if isinstance(change, Reissue):
            keyring = self._plan.keyring
            keys = keyring.generation(change.name, keyring.generation_of(change.name, change.verify_key))
            self._wire.speak_as(wallet_address(change.name), keys.sign)

    def _say(self, event: str, **fields: Any) -> None:
        sys.stdout.write(_encode({"event": event, **fields}).decode() + "\n")
        sys.stdout.flush()


def main() -> int:
    """``python -m scenarios.runner.clients``: the first line of standard input is a :class:`ClientsConfig`.

    Not an argument, which every user of the machine could read: a broker's address may hold a password.
    """
    config = msgspec.json.decode(_first_line(sys.stdin.fileno()), type=ClientsConfig)
    plan = make_plan(load_scenario(Path(config.scenario)), protocol=config.protocol, seed=config.seed)
    try:
        asyncio.run(ClientsProcess(config, plan).run())
    except BusError as error:
        sys.stderr.write(f"clients: {error}\n")
        return EXIT_BUS
    return 0


def _first_line(descriptor: int) -> bytes:
    """Byte by byte: what follows the line is for the event loop to read."""
    line = bytearray()
    while (byte := os.read(descriptor, 1)) not in (b"", b"\n"):
        line += byte
    return bytes(line)


if __name__ == "__main__":
    raise SystemExit(main())
