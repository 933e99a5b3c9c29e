"""``kill -9`` at random instants: four real processes under load, each of which never knows when it ends.

At an instant one node is killed, or two, or all; each starts again after a moment of its own, and may be killed again
while it does. Two instants of three come once something new was decided since the last, for which a quorum must be up,
the others whenever they like. In the end the load ceases, the nodes agree, and their databases are read: what clients
were told must stand in every ledger once, and no vote that a tap on the bus heard, or that a database holds, may
contradict another.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from consensus.chain import BLOCKS
from consensus.vocabulary import MILLISECOND, SECOND, Image, NodeId
from network.bus import MqttBus
from network.codec import CodecError, MessageCodec, RecordCodec
from network.frames import FrameError, open_frame
from network.virtual.draws import Stream
from node.assembly import Common
from node.ledger.store import SqliteStore
from node.process import NODE_SPACE
from scenarios.crashes.reckoning import Chain, Reckoning, reckon
from scenarios.crashes.votes import Votes
from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.results import RunFolder
from scenarios.runner.ground import RunError
from scenarios.runner.plan import Plan, make_plan
from scenarios.runner.processes import SETTLE_S, STOP_S, TICK_S, ProcessesRun

SCENARIO = Path(__file__).with_name("killed.yaml")
PATIENT_NS = 30 * SECOND
"""How long an instant waits at most for something to be decided since the last."""

SETTLE_S_MAX = 10 * SETTLE_S

ROUND = 40
"""Instants of one run: a node executes its whole chain whenever it starts, so a long one makes every start slow."""

TRANSFERS_PER_INSTANT = 40
PACE_S = 8
"""How long the load lasts for each instant: longer than an instant takes on a slow machine."""


class Killed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What became of a run, or of several.

    ``instants`` of killing (fewer than asked for, where the load was over before); ``kills`` of processes, ``starting``
    of those while they started; ``lives``: how often each node began, by its own database; ``frames`` that the tap
    heard.
    """

    protocol: str
    instants: int
    kills: int
    starting: int
    lives: list[int]
    frames: int
    reckoning: Reckoning
    votes: dict[str, int]
    contradictions: list[str]
    seconds: int

    @property
    def faults(self) -> int:
        """All that must be 0."""
        return self.reckoning.faults + len(self.contradictions)

    def add(self, other: Killed) -> None:
        """Take in another run."""
        for name in ("instants", "kills", "starting", "frames", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.lives = [mine + theirs for mine, theirs in zip(self.lives, other.lives, strict=True)]
        self.reckoning.add(other.reckoning)
        self.votes = dict(Counter(self.votes) + Counter(other.votes))
        self.contradictions += other.contradictions


def run_kills(protocol: str, *, instants: int, seed: int, out: Path, bus: str = "embedded") -> Killed:
    """Kill at so many instants; RunError where the run itself fails: a node that does not come back, say.

    Ends before the last instant where the load does: nobody is killed who has nothing to lose.
    """
    began = time.monotonic()
    load = (f"transfers={instants * TRANSFERS_PER_INSTANT}", f"spread={instants * PACE_S} days")  # a day is a second
    scenario = load_scenario(SCENARIO, [f"workload.0.{setting}" for setting in load])
    plan = make_plan(scenario, protocol=protocol, seed=seed)
    folder = RunFolder.create(out, f"killed-{protocol}", seed, dt.datetime.now(dt.UTC))
    folder.write(folder.scenario, scenario.origin.resolved)
    run = KilledRun(plan, bus, folder, instants)
    run.run()
    if run.record.trouble is not None:
        raise run.record.trouble
    if run.record.interrupted:
        raise KeyboardInterrupt
    images = [_image_of(folder.node(name) / "node.sqlite", run.common) for name in plan.node_names]
    for node, image in enumerate(images):
        run.votes.hold(node, image)
    acknowledged = {item.step.transaction_id: item.height for item in run.record.acknowledged}
    return Killed(
        protocol=protocol,
        instants=instants - run.left,
        kills=run.kills,
        starting=run.starting,
        lives=[image[NODE_SPACE]["incarnation"] for image in images],
        frames=run.frames,
        reckoning=reckon(acknowledged, map(_chain, plan.node_names, images)),
        votes=run.votes.counts,
        contradictions=[str(found) for found in run.votes.contradictions],
        seconds=int(time.monotonic() - began),
    )


def run_rounds(  # noqa: PLR0913 - keyword-only
    protocol: str,
    *,
    instants: int,
    seed: int,
    out: Path,
    begun: Killed | None = None,
    progress: Callable[[Killed], None] | None = None,
) -> Killed:
    """As many runs of :data:`ROUND` instants as it takes, each of the next seed, until one shows a fault.

    ``begun`` is what an earlier call came to; ``progress`` is told the sums after each run.
    """
    total = begun
    while total is None or (total.instants < instants and not total.faults):
        done = 0 if total is None else total.instants
        found = run_kills(protocol, instants=min(ROUND, instants - done), seed=seed + done, out=out)
        if total is None:
            total = found
        else:
            total.add(found)
        if progress is not None:
            progress(total)
        if not found.instants:
            break
    return total


def told(found: Killed) -> list[str]:
    """For people."""
    reckoning = found.reckoning
    killed = f"{found.kills} processes at {found.instants} instants, {found.starting} of them while they started"
    heard = f"{sum(found.votes.values()):,} votes in {found.frames:,} frames and {len(found.lives)} databases"
    ledgers = f"double {reckoning.double}, ledgers that differ {reckoning.astray}"
    return [
        f"{found.protocol}: kill -9 of {killed}; lives {', '.join(map(str, found.lives))}; {found.seconds} s",
        f"acknowledged {reckoning.acknowledged:,}: lost {reckoning.lost}, {ledgers}",
        f"{heard}: contradicting {len(found.contradictions)}",
        *(f"FAULT {fault}" for fault in [*found.contradictions, *reckoning.told]),
    ]


class _Reader:
    """Decodes what votes and blocks stand in; everything else in a database is left as it is."""

    def __init__(self, common: Common) -> None:
        self._codec = RecordCodec(common.protocol.records, {NODE_SPACE: int})

    def encode(self, value: Any) -> bytes:
        return self._codec.encode(value)

    def decode(self, space: str, raw: bytes) -> Any:
        try:
            return self._codec.decode(space, raw)
        except CodecError:
            return raw


def _image_of(path: Path, common: Common) -> Image:
    """Everything in a stopped node's database; StoreError where it cannot be read."""
    store = SqliteStore(path, _Reader(common))
    try:
        return store.load()
    finally:
        store.close()


def _chain(name: str, image: Image) -> Chain:
    blocks = image.get(BLOCKS, {})
    held = [blocks[height] for height in range(1, len(blocks) + 1)]
    return Chain(node=name, hashes=[block.hash for block in held], bodies=[block.transactions for block in held])


class KilledRun(ProcessesRun):
    """A run on real processes that are killed, and a tap that hears every vote."""

    ready_s = 300.0  # a machine that is busy killing is slow

    def __init__(self, plan: Plan, bus: str, folder: RunFolder, instants: int) -> None:
        super().__init__(plan, bus, folder.path, folder.scenario, NoView())
        self.left = instants
        self.kills = 0
        self.starting = 0
        self.frames = 0
        self.votes = Votes()
        self._draws = Stream(f"kill/{plan.seed}")
        self._numbers = {name: number for number, name in enumerate(plan.node_names)}
        self._codec = MessageCodec(self.common.protocol.messages)
        self._next_ns = 2 * SECOND
        self._patient_until_ns = PATIENT_NS
        self._wanted_height = 1

    # The tap

    def _tap(self, url: str) -> contextlib.AbstractAsyncContextManager[object]:
        """Hears everything on the bus, and takes note of the votes in it."""
        network = self._plan.genesis.network
        return MqttBus(url, client_id=f"{network}.tap", subscriptions=[f"{network}/#"], on_message=self._hear)

    def _hear(self, topic: str, payload: bytes) -> None:  # noqa: ARG002 - the bus's way to call
        with contextlib.suppress(FrameError, CodecError):
            frame = open_frame(payload, self._plan.genesis.network, self.common.directory.frame_key)
            sender = self._numbers.get(frame.sender)
            if sender is None:
                return
            self.frames += 1
            for message in self._codec.decode(frame.body):
                self.votes.say(sender, self._numbers.get(frame.receiver), message)

    # Killing

    async def _watch(self) -> None:
        while self.left and not self._stopped.is_set() and self._failure is None and not self._drained.is_set():
            self._kill_now_and_then()
            self._notice_deaths()
            self._notice_a_lost_bus(time.monotonic())
            await self._tick()
        if self._clients is not None:
            await self._clients.stop(STOP_S)
        patience = time.monotonic() + SETTLE_S_MAX
        while not self._settled() and self._failure is None and not self._stopped.is_set():
            if time.monotonic() > patience:
                raise RunError("the nodes do not come to one closed chain", inconclusive=True)
            await self._tick()

    async def _tick(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK_S):
                await self._stopped.wait()

    def _kill_now_and_then(self) -> None:
        """The next instant, if it has come; and draw the one after it."""
        now = self._now_ns()
        if not self._began_ns or now < self._next_ns or (now < self._patient_until_ns and not self._goes_on()):
            return
        draws = self._draws
        for victim in self._victims():
            self.kills += 1
            self.starting += self._nodes[victim].view.condition == "starting"
            self._hands.crash(victim, 1 + draws.below(800 * MILLISECOND))
        self.left -= 1
        self._wanted_height = self._height() + 1 + draws.below(4)
        self._next_ns = now + 1 + draws.below(1200 * MILLISECOND)
        self._patient_until_ns = now + PATIENT_NS if draws.below(3) else 0

    def _goes_on(self) -> bool:
        """Have enough nodes come back since the last instant to decide something new?"""
        return self._height() >= self._wanted_height

    def _height(self) -> int:
        return max((node.status.height for node in self._nodes if node.status is not None), default=0)

    def _victims(self) -> list[NodeId]:
        """One node; one time in eight two, and one time in eight all."""
        nodes = len(self._nodes)
        first = self._draws.below(nodes)
        count = {0: nodes, 1: 2}.get(self._draws.below(8), 1)
        return [(first + step) % nodes for step in range(count)]
