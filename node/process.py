"""One organisation's node as an operating-system process: a replica on a real bus, disk and clock.

The loop is short. A frame arrives, is opened and handed to the replica as messages; or a timer fires. The replica
returns effects; :mod:`node.carrier` carries them out in order, with records made durable before anything that depends
on them leaves. Nothing here decides anything.

Standard output carries one JSON object a line (:mod:`node.telemetry`). Where a program starts the node, standard input
takes commands as JSON lines, and its end means that whoever started the node is gone: the node stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from secrets import randbits
from typing import Any

from consensus.vocabulary import (
    MILLISECOND,
    Broadcast,
    CancelTimer,
    Commit,
    Effect,
    Effects,
    Image,
    NodeId,
    Put,
    Rejected,
    Reply,
    Send,
    SetTimer,
    Trace,
)
from network.bus import BusError, MqttBus, MqttOptions
from network.bus.links import LinkFaults
from network.codec import MessageCodec, RecordCodec
from network.custody import Deposit, IsErased
from network.kinds import kind_of
from network.requests import Query, Submit, Subscribe
from network.topics import WALLET_PREFIX, node_filters, wallet_address
from network.wire import Wire
from node.assembly import Common, vault_opener
from node.carrier import Carrier
from node.config import ConfigError, NodeConfig, load_config
from node.custody import CUSTODY, Safekept
from node.door import Door
from node.keystore import KeyFileError, Secrets, is_sealed
from node.ledger.genesis import Genesis
from node.ledger.store import SqliteStore, StoreError
from node.membership import Ed25519Crypto
from node.orders import Orders
from node.passphrase import ask_to_open
from node.privacy.vault import VaultRecord
from node.recollection import Recollection, turn_in
from node.replica import VAULT, Replica
from node.telemetry import Telemetry

_LOG = logging.getLogger(__name__)
NODE_SPACE = "node"
"""Durable space: the node's incarnation."""
_LATE_NS = 20 * MILLISECOND

EXIT_CONFIG = 2
EXIT_STORE = 3
EXIT_INTERNAL = 70
_EXITS = {ConfigError: EXIT_CONFIG, StoreError: EXIT_STORE}
"""What is told in its own words, and with which code it ends."""


class NodeProcess:
    """Runs one node until it is told to stop."""

    def __init__(
        self, config: NodeConfig, telemetry: Telemetry, secrets: Secrets | None = None, *, lifeline: bool = True
    ) -> None:
        """``secrets``: those of ``config``, where somebody has unlocked them already."""
        genesis = config.load_genesis()
        secrets = secrets or config.unlock(ask_to_open)
        self._config = config
        self._telemetry = telemetry
        self._common = _common(genesis)
        self._keys = secrets.keys()
        self._tls = config.tls_identity(secrets)
        self._me = _number_in(genesis, config, self._keys.verify_key)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._stop = asyncio.Event()
        self._lifeline = lifeline
        self._exit_code = 0
        self._ready = False
        self._recollection = Recollection()

    async def run(self) -> int:
        """The exit code: 0 after a stop that was asked for."""
        self._loop = asyncio.get_running_loop()
        records = RecordCodec(self._common.protocol.records, {NODE_SPACE: int, VAULT: VaultRecord, CUSTODY: Safekept})
        self._store = SqliteStore(self._config.database, records, erasing=frozenset({CUSTODY}))
        if self._store.repaired:
            _LOG.warning("%s", self._store.repaired)
        image = self._store.load()
        incarnation = self._begin_incarnation(image)
        self._replica = self._build_replica(image)
        self._door = Door(self._common.directory.founding, self._replica.chain, lambda: self._replica.electors)
        self._carrier = Carrier(self._store, self._out, self._fail)
        self._links = LinkFaults(self._me_name, seed=incarnation)
        async with self._open_bus(incarnation) as bus:
            self._bus = bus
            self._feed(self._replica.start)
            self._ready = True
            self._tell_status(first=True)
            await self._until_stopped()
            self._wire.flush()
            self._links.close()
        await self._carrier.close()
        self._tell_status(first=False, last=True)
        return self._exit_code

    @property
    def _me_name(self) -> str:
        return self._config.name

    def _begin_incarnation(self, image: Image) -> int:
        """Durable before the first frame, so that nobody takes new frames for replays of old ones."""
        incarnation = int(image.get(NODE_SPACE, {}).get("incarnation", 0)) + 1
        self._store.append([Put(NODE_SPACE, "incarnation", incarnation)])
        return incarnation

    def _build_replica(self, image: Image) -> Replica:
        common, clock = self._common, self._config.options.clock
        replica = common.replica(
            self._me,
            crypto=Ed25519Crypto(common.directory, self._keys.sign, common.verifier),
            vault=vault_opener(self._me_name, self._keys.seal_secret),
            name=self._me_name,
            seal_secret=self._keys.seal_secret,
            image=image,
            random=partial(randbits, 64),
            protocol_options=self._config.protocol_options,
            options=self._config.options,
        )
        if clock is not None and clock.time_of_day:
            replica.begin_business(time.monotonic_ns() - time.time_ns())
        return replica

    def _filters(self) -> tuple[str, ...]:
        """What to hear: all other members, of voters' talk only what a voter needs, and what is meant for us."""
        kinds = ("voters", "nodes") if self._me in self._replica.electors else ("nodes",)
        others = [name for name in dict.fromkeys(self._door.names) if name != self._me_name]
        return node_filters(self._common.directory.network, self._me_name, kinds, others)

    def _connect(self) -> MqttBus:
        return MqttBus(
            self._config.bus,
            client_id=f"{self._common.directory.network}.{self._me_name}",
            subscriptions=self._filters(),
            on_message=self._links.receiving(self._frame),
            on_state=lambda connected: self._telemetry.event("bus", connected=connected),
            options=MqttOptions(tls=self._tls),
        )

    def _open_bus(self, incarnation: int) -> MqttBus:
        network = self._common.directory.network
        bus = self._connect()
        self._wire = Wire(
            network=network,
            codec=MessageCodec(self._common.protocol.messages),
            incarnation=incarnation,
            verify_key_of=self._door.key,
            other_keys_of=self._door.other_keys,
            publish=self._links.sending(bus.publish),
            schedule=self._loop.call_soon,
        )
        self._wire.speak_as(self._me_name, self._keys.sign)
        return bus

    # Inputs

    def _frame(self, topic: str, payload: bytes) -> None:
        received = self._wire.open(topic, payload) if self._ready else None
        if received is None:
            return
        sender, key, messages = received
        number = self._door.number(sender, key)
        for message in messages:
            self._telemetry.message("heard", kind_of(message))
            self._recollection.heard(time.monotonic_ns(), "clients" if number is None else sender, message)
            if number is None:
                self._from_wallet(sender, message)
            elif isinstance(message, Query | Subscribe | Deposit | IsErased):
                self._telemetry.rejected(sender, f"a node sent a {type(message).__name__}, which only wallets do")
            else:
                self._feed(partial(self._replica.receive, sender=number, message=message))

    def _from_wallet(self, sender: str, message: Any) -> None:
        """A wallet may submit, ask, and have its own node keep payloads, for itself, and nothing else."""
        match message:
            case Submit(client, transactions) if client == sender.removeprefix(WALLET_PREFIX):
                self._feed(partial(self._replica.submit, raws=transactions))
            case Query(client) if client == sender.removeprefix(WALLET_PREFIX):
                self._feed(partial(self._replica.query, query=message))
            case Subscribe(client) if client == sender.removeprefix(WALLET_PREFIX):
                self._feed(partial(self._replica.subscribe, request=message))
            case Deposit(client) | IsErased(client) if client == sender.removeprefix(WALLET_PREFIX):
                self._feed(lambda _: self._replica.keep(message))
            case _:
                what = f"{sender} sent a {type(message).__name__}; wallets only submit and ask, for themselves"
                self._telemetry.rejected("a client", what)

    def _timer(self, name: str, due_ns: int) -> None:
        if time.monotonic_ns() - due_ns > _LATE_NS and self._timers[name].when() <= self._loop.time():
            # We were paused or busy: messages that wait in the socket go first.
            self._timers[name] = self._loop.call_later(0.001, self._fire, name)
            return
        self._fire(name)

    def _fire(self, name: str) -> None:
        del self._timers[name]
        self._feed(partial(self._replica.timer, name=name))

    def _feed(self, step: Callable[[int], Effects]) -> None:
        """One input to the replica. An error there is a divergence or a bug of ours: the node stops and says no more.

        A callback's exception would otherwise end in the loop's log, and the node go on with half an input done.
        """
        if self._exit_code:
            return
        try:
            self._carry(step(time.monotonic_ns()))
        except Exception as error:  # noqa: BLE001 - whatever it is, what follows it cannot be trusted
            self._fail(error)

    def _carry(self, effects: Effects) -> None:
        """Timers never leave the node and need not wait for the disk; everything else keeps its order."""
        outward: Effects = []
        for effect in effects:
            if isinstance(effect, SetTimer):
                self._set_timer(effect)
            elif isinstance(effect, CancelTimer):
                handle = self._timers.pop(effect.name, None)
                if handle is not None:
                    handle.cancel()
            else:
                outward.append(effect)
        self._carrier.carry(outward)

    def _set_timer(self, effect: SetTimer) -> None:
        previous = self._timers.get(effect.name)
        if previous is not None:
            previous.cancel()
        due_ns = time.monotonic_ns() + effect.after_ns
        self._timers[effect.name] = self._loop.call_later(effect.after_ns / 1e9, self._timer, effect.name, due_ns)

    # Effects

    def _out(self, effect: Effect) -> None:
        """Carry out one outward effect; everything before it is durable."""
        if not isinstance(effect, Send | Broadcast | Reply):
            self._tell(effect)
            return
        self._telemetry.message("sent", kind_of(effect.message))
        match effect:
            case Send(to, message):
                self._wire.send(self._me_name, self._door.names[to], "direct", message)
            case Broadcast(message, _, to) if to is not None:
                for node in to:
                    self._wire.send(self._me_name, self._door.names[node], "direct", message)
            case Broadcast(message, audience):
                self._wire.send(self._me_name, "", audience.value, message)
            case Reply(client, message):
                self._wire.send(self._me_name, wallet_address(client), "receipt", message)

    def _tell(self, effect: Effect) -> None:
        """What is no message: what whoever watches this node is to know of it."""
        match effect:
            case Rejected(sender, reason):
                self._telemetry.rejected(self._door.names[sender], reason)
            case Trace(kind, detail) if kind == "refused":
                self._telemetry.rejected("a client", str(detail[0]))
            case Trace() if self._ready and (words := turn_in(effect)) is not None:
                self._recollection.turned(time.monotonic_ns(), words)
            case Commit(height, block, _):
                self._telemetry.committed(height)
                self._recollection.decided(time.monotonic_ns(), height, transactions=bool(block.transactions))

    def _fail(self, error: Exception) -> None:
        """Stop. What is not durable was not said, so this loses nothing that anyone was told."""
        self._exit_code = next((code for kind, code in _EXITS.items() if isinstance(error, kind)), EXIT_INTERNAL)
        message = f"{type(error).__name__}: {error}" if self._exit_code == EXIT_INTERNAL else str(error)
        self._stop.set()
        self._telemetry.event("fatal", message=message)
        _LOG.error("the node stops: %s", message, exc_info=error)
        _say(message)

    # Life

    async def _until_stopped(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop.set)
        orders = Orders(self._links, self._stop, self._replica.begin_business)
        commands = asyncio.create_task(orders.read(sys.stdin)) if self._lifeline else None
        while not self._stop.is_set():
            try:
                async with asyncio.timeout(self._config.status_ms / 1000):
                    await self._stop.wait()
            except TimeoutError:
                self._tell_status(first=False)
                self._bus.listen(self._filters())  # members come, go, and get a vote
                self._require_own_number()
        if commands is not None:
            commands.cancel()

    def _require_own_number(self) -> None:
        """Stop where the chain has given our number to another key: we would vote, and prove, under a wrong name."""
        entry = self._replica.registry.member(self._me)
        if entry is not None and entry.certificate.verify_key != self._keys.verify_key.hex():
            numbers = self._replica.registry.numbers_of(self._me_name)
            mine = [n for n in numbers if self._replica.registry.member_key(n) == self._keys.verify_key]
            remedy = f"set `number: {mine[0]}`" if mine else "the chain does not know its key: have it certified first"
            self._fail(ConfigError(f"{self._me_name} goes by number {self._me}, which is {entry.name}'s; {remedy}"))

    def _tell_status(self, *, first: bool, last: bool = False) -> None:
        replica = self._replica
        self._telemetry.status(
            first=first,
            last=last,
            status=replica.status(),
            mempool=len(replica.mempool),
            head=replica.chain.head,
            root=replica.chain.tree.root,
            whole=replica.chain.whole,
            happenings=self._recollection.take(),
            counters={
                "frames_in": self._wire.frames_in,
                "frames_out": self._wire.frames_out,
                "appends": self._carrier.appends,
                "lost": self._links.counters.lost,
                "duplicated": self._links.counters.duplicated,
                "cut": self._links.counters.cut_in + self._links.counters.cut_out,
                **self._wire.dropped,
            },
        )


def _number_in(genesis: Genesis, config: NodeConfig, verify_key: bytes) -> NodeId:
    """The number that the node goes by; ConfigError where its name and key are not of the network."""
    if config.number is not None and config.number >= len(genesis.members):
        return config.number  # certified since: the chain says by which key
    found = next((number for number, member in enumerate(genesis.members) if member.name == config.name), None)
    if found is None:
        raise ConfigError(
            f"{config.name} is no member of the network {genesis.network}; where it was certified after the genesis, "
            "its configuration says its `number`"
        )
    if verify_key != genesis.members[found].verify_key:
        raise ConfigError(f"sign_seed is not the one of {config.name} in the network {genesis.network}")
    return found


def _common(genesis: Genesis) -> Common:
    try:
        return Common(genesis)
    except (KeyError, ValueError) as error:  # an unknown protocol; settings that no contract takes
        raise ConfigError(f"the genesis of {genesis.network}: {error.args[0]}") from None


def main(path: str, *, lifeline: bool = True) -> int:
    """``consortium node CONFIG``: run until told to stop; messages go to node.log in the data folder.

    ``lifeline``: take commands on standard input, and stop at its end. Without, only a signal stops the node.
    """
    try:
        config = load_config(Path(path))
        _log_to(config.folder / config.data / "node.log")
        _warn_of_open_secrets(config)
        secrets = config.unlock(ask_to_open)
        process = NodeProcess(config, Telemetry(config.name, sys.stdout), secrets, lifeline=lifeline)
        return asyncio.run(process.run())
    except (ConfigError, KeyFileError, BusError) as error:
        _say(str(error))
        return EXIT_CONFIG
    except StoreError as error:
        _say(str(error))
        return EXIT_STORE
    except Exception:  # noqa: BLE001 - told to people in one line, and to the log in full
        _LOG.exception("the node stops: an error that should not happen")
        _say(f"internal error; see {Path(path).parent / 'node.log'}")
        return EXIT_INTERNAL


def _warn_of_open_secrets(config: NodeConfig) -> None:
    path = config.folder / config.keys
    if config.keys and not is_sealed(path):
        _say(f"warning: the secrets in {path} are not sealed: whoever copies the file is {config.name}")


def _say(message: str) -> None:
    """A line on standard error, which may lie on the very disk that is full: then it is not said."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"consortium node: {message}\n")
        sys.stderr.flush()


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=path, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
