"""A node under fire: honest traffic, then hostile frames (:mod:`tests.node.hostile_frames`), then honest traffic again.

Twice: on the intake of a node process in this very process, where everything about it can be looked at; and over a
broker on one in a process of its own.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import resource
import sys
import time
from pathlib import Path

import msgspec

from network.bus import MqttBus, embedded_broker
from node.config import load_config
from node.process import NodeProcess
from node.telemetry import Telemetry
from tests.node.hostile_frames import VICTIM, Attack, Voice, honest, record
from tests.node.lab import KEYS, MEMBERS, genesis


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
