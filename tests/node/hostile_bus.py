"""A node under fire: a real node process, the honest traffic of a network, and frames of everybody who means it harm.

The honest traffic is recorded from a network of replicas: every message that :data:`VICTIM`, a backup of PBFT's four,
is sent. Half of it brings the node to some height, among it the revocation of an observer. Then the attack; then the
other half, which the node must follow to the very head that the recorded network has. So "takes part" is one hash.

The attack is drawn from a seed. Each kind makes its frames out of honest ones, or signs its own as somebody who holds a
key: a member that lies (:data:`LIAR`, PBFT bears one), a wallet, a member that was revoked, a stranger.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec

from consensus.protocols import protocol
from consensus.vocabulary import Broadcast, Send
from network.bus import MqttBus, embedded_broker
from network.codec import MESSAGES_PER_FRAME, MessageCodec
from network.frames import FRAME_BYTES_MAX, FRAME_VERSION, SIGNATURE_BYTES, Frame, seal_frame
from network.gossip import Fetch, Transactions
from network.requests import Query, Submit
from network.topics import build_topic, topic_of
from node.config import load_config
from node.ledger.transaction import encode_transaction, sign_transaction
from node.membership import KeyRing, Revoke, approved
from node.process import NodeProcess
from node.telemetry import Telemetry
from tests.node.lab import KEYS, MEMBERS, NETWORK, Net, genesis, transaction, transfer

VICTIM, LIAR, REVOKED, HEIGHTS = 3, 2, 4, 24
LIFE = 7
"""The incarnation that honest senders speak in; what they said in the one before is old."""
STRANGER = KeyRing.derive(13, ["stranger"])
CODEC = MessageCodec(protocol("pbft").messages)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.decode


class Recorded(Net):
    """A network that notes what the victim is sent: (sender, is it to everyone, message)."""

    def __init__(self):
        self.heard = []
        super().__init__("pbft", voters=4, observers=1)

    def send(self, host, effects):
        for effect in effects:
            if isinstance(effect, Send) and effect.to == VICTIM:
                self.heard.append((host.number, False, effect.message))
            elif isinstance(effect, Broadcast) and host.number != VICTIM:
                self.heard.append((host.number, True, effect.message))
        super().send(host, effects)


def record():
    """(messages up to the middle, messages after it, the head in the middle, the head at the end)."""
    net = Recorded()
    for number in range(1, HEIGHTS // 2):
        net.submit(0, transfer(number))
    net.submit(0, _revocation())
    middle, head = len(net.heard), net[VICTIM].chain.head.hash
    for number in range(HEIGHTS // 2, HEIGHTS):
        net.submit(0, transfer(number))
    return net.heard[:middle], net.heard[middle:], head, net[VICTIM].chain.head.hash


def _revocation():
    change = Revoke("observer", MEMBERS[REVOKED], REVOKED)
    order = approved(NETWORK, 0, "revoke", change, [(n, KEYS.sign(MEMBERS[n])) for n in range(3)])
    body = msgspec.structs.replace(
        transaction(1, "bob").body, contract="registry", action="revoke", arguments=_encode(order)
    )
    return encode_transaction(sign_transaction(body, [("bob", KEYS.sign("bob"))]))


class Voice:
    """Seals frames as one name: (topic, bytes)."""

    def __init__(self, name, sign=None, incarnation=LIFE, sequence=0):
        self.name = name
        self.sign = sign or KEYS.sign(name.removeprefix("wallet."))
        self.incarnation = incarnation
        self.sequence = sequence

    def frame(self, body, receiver=MEMBERS[VICTIM], kind="direct", **changes):
        self.sequence += 1
        frame = Frame(FRAME_VERSION, NETWORK, self.name, self.incarnation, self.sequence, kind, body, receiver)
        return msgspec.structs.replace(frame, **changes)

    def seal(self, body, **details):
        frame = self.frame(body, **details)
        return topic_of(frame), seal_frame(frame, self.sign, bytes_max=2 * FRAME_BYTES_MAX)

    def say(self, *messages, **details):
        return self.seal(CODEC.encode(messages), **details)


def honest(messages, voices):
    """The recorded messages as frames of those who sent them."""
    return [
        voices[sender].say(message, **({"receiver": "", "kind": "voters"} if everyone else {}))
        for sender, everyone, message in messages
    ]


class Attack:
    """Frames of every kind, drawn from ``seed``. ``heard`` and ``coming`` are honest frames, taken and not yet."""

    def __init__(self, seed, heard, coming, messages):
        self._random = random.Random(seed)
        self._heard = heard
        self._coming = coming
        self._honest = [*heard, *coming]
        self._messages = [message for _, _, message in messages]
        liar, bob = MEMBERS[LIAR], "wallet.bob"
        self._liar = Voice(liar, sequence=20_000)
        self._former = Voice(liar, incarnation=LIFE - 1)
        self._wallet = Voice(bob, sequence=20_000)
        self._revoked = Voice(MEMBERS[REVOKED], sequence=20_000)
        self._stranger = Voice("stranger", STRANGER.sign("stranger"))
        self._impostor = Voice(MEMBERS[0], KEYS.sign(liar), sequence=20_000)
        self.sent = Counter()

    def frames(self, count, without=()):
        """So many frames, of the kinds in :data:`KINDS` as often as it says; the kinds ``without`` left out."""
        names = [name for name, often in KINDS.items() if name not in without for _ in range(often)]
        return [self._draw(self._random.choice(names)) for _ in range(count)]

    def lies(self, count):
        """So many frames of a member that says what it likes under its own key."""
        return [self._draw("lie_by_a_member") for _ in range(count)]

    def _draw(self, kind):
        self.sent[kind] += 1
        return getattr(self, f"_{kind}")()

    def _one(self):
        topic, raw = self._random.choice(self._honest)
        return topic, bytearray(raw)

    def _noise(self):
        return self._random.choice(self._honest)[0], self._random.randbytes(self._random.randrange(2000))

    def _flipped(self):
        topic, raw = self._one()
        for place in self._random.sample(range(len(raw)), self._random.choice((1, 1, 1, 8))):
            raw[place] ^= 1 << self._random.randrange(8)
        return topic, bytes(raw)

    def _cut(self):
        topic, raw = self._one()
        return topic, bytes(raw[: self._random.randrange(len(raw))])

    def _longer(self):
        topic, raw = self._one()
        return topic, bytes(raw) + self._random.randbytes(self._random.randrange(1, 64))

    def _field(self):
        """One field is another value; the signature is what it was."""
        topic, raw = self._one()
        fields = _decode(bytes(raw[SIGNATURE_BYTES:]))
        place = self._random.randrange(len(fields))
        odd = (None, -1, 2**63 - 1, 2**64 - 1, 1.5, "", "x" * 70, "A/#", b"", [], [[]], {}, True, list(fields))
        fields[place] = self._random.choice([value for value in odd if value != fields[place]])
        return topic, bytes(raw[:SIGNATURE_BYTES]) + _encode(fields)

    def _spelled(self):
        """The same values in other bytes: an integer in more of them than it needs."""
        topic, raw = self._one()
        at = SIGNATURE_BYTES + 1
        return topic, bytes(raw[:at]) + b"\xcc" + bytes(raw[at:])

    def _deep(self):
        topic, raw = self._one()
        return topic, bytes(raw[:SIGNATURE_BYTES]) + b"\x91" * self._random.choice((100, 2000, 100_000))

    def _oversized(self):
        return self._random.choice(self._honest)[0], _HUGE

    def _replayed(self):
        return self._random.choice(self._heard)

    def _former_life(self):
        return self._former.say(self._random.choice(self._messages))

    def _misplaced(self):
        """A frame that is yet to come, where it does not belong."""
        topic, raw = self._random.choice(self._coming)
        names = [name for name in MEMBERS[:5] if name not in topic]
        return build_topic(NETWORK, self._random.choice(names), "direct", MEMBERS[VICTIM]), raw

    def _meant_for_another(self):
        return self._liar.say(self._random.choice(self._messages), receiver=MEMBERS[0])

    def _by_a_stranger(self):
        return self._stranger.say(self._random.choice(self._messages))

    def _by_the_revoked(self):
        return self._revoked.say(self._random.choice(self._messages))

    def _by_another(self):
        return self._impostor.say(self._random.choice(self._messages))

    def _of_another_network(self):
        frame = self._liar.frame(b"\x90", network="elsewhere")
        topic = build_topic(NETWORK, frame.sender, frame.kind, frame.receiver)
        return topic, seal_frame(frame, self._liar.sign)

    def _of_another_version(self):
        return self._liar.seal(b"\x90", version=2)

    def _nonsense_by_a_member(self):
        body = self._random.randbytes(self._random.randrange(200))
        return self._liar.seal(self._random.choice((body, b"\x91" * 5000, b"", b"\x80", b"\xdd\xff\xff\xff\xff")))

    def _many_by_a_member(self):
        return self._liar.seal(CODEC.encode([Fetch(1)] * (MESSAGES_PER_FRAME + 1)))

    def _lie_by_a_member(self):
        """A message of the protocol with one bit or value changed, wherever that still makes a message."""
        body = bytearray(CODEC.encode([self._random.choice(self._messages)]))
        body[self._random.randrange(1, len(body))] ^= 1 << self._random.randrange(8)
        return self._liar.seal(bytes(body))

    def _forged_transactions_by_a_member(self):
        return self._liar.say(Transactions((self._forged(),)))

    def _forged_transactions_by_a_wallet(self):
        return self._wallet.say(Submit("bob", (self._forged(),)), kind="submit")

    def _wallet_out_of_turn(self):
        words = (*self._messages[:50], Submit("ann", (transfer(900),)), Query("ann", 1, "accounts", "ann/cash"))
        return self._wallet.say(self._random.choice(words))

    def _forged(self):
        raw = bytearray(_ORDINARY)
        raw[self._random.randrange(len(raw))] ^= 1 << self._random.randrange(8)
        return bytes(raw)


_HUGE = bytes(FRAME_BYTES_MAX + 1)
_ORDINARY = transfer(901)

KINDS = {
    "noise": 60, "flipped": 60, "cut": 30, "longer": 30, "field": 60, "spelled": 10, "deep": 6, "oversized": 2,
    "replayed": 60, "former_life": 20, "misplaced": 40, "meant_for_another": 20, "by_a_stranger": 40,
    "by_the_revoked": 40, "by_another": 40, "of_another_network": 10, "of_another_version": 10,
    "nonsense_by_a_member": 20, "many_by_a_member": 1,
    "forged_transactions_by_a_member": 10, "forged_transactions_by_a_wallet": 10, "wallet_out_of_turn": 20,
}  # fmt: skip
"""Kind -> how often, of some 600. Lies of a member come besides: some of them change what a core remembers of it."""


class Siege:
    """What both sieges share: the recording, and everybody's frames."""

    def __init__(self, folder, seed=1):
        self.folder = folder
        first, second, self.middle, self.end = record()
        voices = {number: Voice(MEMBERS[number]) for number in range(5)}
        self.heard, self.coming = honest(first, voices), honest(second, voices)
        self.attack = Attack(seed, self.heard, self.coming, [*first, *second])

    def config(self, bus):
        """The victim's configuration, written."""
        (self.folder / "genesis.bin").write_bytes(genesis("pbft", voters=4, observers=1).encode())
        name = MEMBERS[VICTIM]
        secrets = {"sign_seed": KEYS[name].sign_seed.hex(), "seal_secret": KEYS[name].seal_secret.hex()}
        path = self.folder / "node.json"
        path.write_bytes(msgspec.json.encode({"name": name, "genesis": "genesis.bin", "bus": bus, **secrets}))
        return path


class Silence:
    """A bus on which nobody hears what the node says."""

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    def publish(self, topic, payload):  # noqa: ARG002
        return True

    def listen(self, subscriptions):
        """Heard is what the test hands over."""


class Besieged(NodeProcess):
    """A node whose bus is the test: frames come by calling :meth:`hear`."""

    def __init__(self, siege):
        telemetry = Telemetry(MEMBERS[VICTIM], io.StringIO())
        super().__init__(load_config(siege.config("mqtt://none")), telemetry, lifeline=False)

    def _connect(self):
        return Silence()

    def hear(self, topic, payload):
        self._links.receiving(self._frame)(topic, payload)

    async def hear_all(self, frames):
        """Hear them, and wait until what they made the node write is written."""
        for topic, payload in frames:
            self.hear(topic, payload)
        while self._carrier._writing is not None:
            await asyncio.wait([self._carrier._writing])
        await asyncio.sleep(0)

    def stop(self):
        self._stop.set()

    @property
    def ready(self):
        return self._ready

    @property
    def head(self):
        return self._replica.chain.head.hash

    @property
    def refused(self):
        return dict(self._wire.dropped)

    def state(self):
        """Everything that an attack must leave as it was."""
        replica = self._replica
        chain, status = replica.chain, replica.status()
        return {
            "height": chain.height,
            "head": chain.head.hash.hex(),
            "root": chain.tree.root.hex(),
            "core": replica.core.state_hash().hex(),
            "view": status.round,
            "pool": len(replica.mempool),
            "written": self._carrier.appends,
        }


class Assault(msgspec.Struct, kw_only=True):
    """What a siege of a process of its own did to it."""

    sent: dict[str, int]
    refused: dict[str, int]
    log: list[str]
    resident: list[int]
    head: str
    root: str
    expected: str


class Stormed:
    """A node in a process of its own, on a broker that it shares with its enemies."""

    def __init__(self, siege, url):
        self._siege = siege
        self._url = url
        self._config = siege.config(url)
        self.status = {}
        self._told = asyncio.Event()

    async def __aenter__(self):
        root = Path(__file__).parents[2]
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "node.process", str(self._config)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
            limit=2**20,
        )
        self._reading = asyncio.create_task(self._read())
        await self.until(lambda: self.status)
        return self

    async def __aexit__(self, *_):
        self._process.stdin.close()
        await self._reading
        assert await self._process.wait() == 0

    async def _read(self):
        while line := await self._process.stdout.readline():
            told = msgspec.json.decode(line)
            if told["event"] in ("ready", "status"):
                self.status = told
                self._told.set()

    async def until(self, condition):
        async with asyncio.timeout(60):
            while not condition():
                self._told.clear()
                await self._told.wait()

    @property
    def resident(self):
        return resident_bytes(self._process.pid)

    @property
    def log(self):
        return [line for line in self._config.with_name("node.log").read_text().splitlines() if "dropped a fr" in line]


UNDELIVERED = ("oversized", "meant_for_another")
"""What no broker passes on: too large for any, and on a topic that the node does not hear."""


async def storm(folder, count, seed=1):
    """The same, on a node in a process of its own: everything goes over the embedded broker, unbidden guests too."""
    siege = Siege(folder, seed)
    async with embedded_broker() as url, Stormed(siege, url) as node:
        enemy = MqttBus(url, client_id="enemy", subscriptions=[], on_message=lambda *_: None)
        async with enemy:
            await _publish(enemy, siege.heard)
            await node.until(lambda: node.status["head"] == siege.middle.hex())
            resident = [node.resident]
            for size in batches(count):
                await _publish(enemy, siege.attack.frames(size, without=UNDELIVERED))
                resident.append(node.resident)
            await _publish(enemy, siege.coming)
            await node.until(lambda: node.status["head"] == siege.end.hex())
            resident.append(node.resident)
    status = node.status
    return Assault(
        sent=dict(siege.attack.sent),
        refused={key: number for key, number in status["counters"].items() if key in REASONS},
        log=node.log,
        resident=resident,
        head=status["head"],
        root=status["root"],
        expected=siege.end.hex(),
    )


async def _publish(bus, frames):
    for topic, payload in frames:
        assert bus.publish(topic, payload)
    assert await bus.flush(60)


REASONS = (
    "too_large", "malformed", "not_canonical", "version", "network", "unknown_sender", "signature", "topic", "receiver",
    "replayed", "cloned", "message", "key_revoked",
)  # fmt: skip
"""Why a frame is dropped, as a node counts it."""


class Lines(logging.Handler):
    """Counts the lines that would stand in the node's log."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record_):
        self.lines.append(record_.getMessage())


def resident_bytes(pid="self"):
    """What a process holds in memory; what it held at most where the system does not say."""
    path = Path(f"/proc/{pid}/statm")
    if path.exists():
        return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Outcome(msgspec.Struct, kw_only=True):
    """What a siege did to a node."""

    sent: dict[str, int]
    refused: dict[str, int]
    before: dict[str, object]
    after: dict[str, object]
    """After all frames but a member's lies."""
    lied_to: dict[str, object]
    """After those too."""
    log: list[str]
    cpu_s: float
    resident: list[int]
    """Bytes in memory along the attack, evenly spaced."""
    followed: bool
    """Did the node take part again, up to the head of the network?"""


LIES = 15
"""One frame of so many is a member's lie."""
BATCH = 1000


async def besiege(folder, count, seed=1):
    """``count`` hostile frames on the intake of a node in this process; honest traffic before and after."""
    siege = Siege(folder, seed)
    lines, logger = Lines(), logging.getLogger()
    logger.addHandler(lines)
    try:
        node = Besieged(siege)
        running = asyncio.create_task(node.run())
        while not node.ready:
            assert not running.done(), running.result()
            await asyncio.sleep(0)
        await node.hear_all(siege.heard)
        assert node.head == siege.middle
        before, resident = node.state(), []
        fire = Fire(node, resident, every=max(1, count // BATCH // 20))
        for size in batches(count - count // LIES):
            await fire(siege.attack.frames(size))
        after = node.state()
        for size in batches(count // LIES):
            await fire(siege.attack.lies(size))
        lied_to = node.state()
        await node.hear_all(siege.coming)
        followed = node.head == siege.end
        node.stop()
        assert await running == 0
    finally:
        logger.removeHandler(lines)
    return Outcome(
        sent=dict(siege.attack.sent),
        refused=node.refused,
        before=before,
        after=after,
        lied_to=lied_to,
        log=lines.lines,
        cpu_s=fire.cpu_s,
        resident=resident,
        followed=followed,
    )


def batches(count):
    """``count`` in portions, so that no more frames than that are in memory."""
    return [min(BATCH, count - start) for start in range(0, count, BATCH)]


class Fire:
    """Hands frames to a node, and notes what that costs it."""

    def __init__(self, node, resident, every):
        self._node = node
        self._resident = resident
        self._every = every
        self._fired = 0
        self.cpu_s = 0.0

    async def __call__(self, frames):
        begun = time.process_time()
        await self._node.hear_all(frames)
        self.cpu_s += time.process_time() - begun
        if self._fired % self._every == 0:
            self._resident.append(resident_bytes())
        self._fired += 1
