"""Plays one run of crashes in virtual time, and reckons up what became of it."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from consensus.chain import BLOCKS, Block
from consensus.properties import Observer, Violation
from consensus.vocabulary import SECOND, Broadcast, Image, NodeId, Record, Reply, Send, Trace
from network.virtual.case import build_world
from network.virtual.world import World
from node.ledger.transaction import decode_transaction
from node.replica import Replica
from scenarios.adversary.books import Model
from scenarios.adversary.replicas import NETWORK, OPENING_FEN, replica_stage
from scenarios.adversary.stage import Stage
from scenarios.adversary.trial import Trial
from scenarios.crashes.plans import STRIKES
from scenarios.crashes.planted import planted
from scenarios.crashes.reaper import Reaper
from scenarios.crashes.reckoning import TOLD_MAX, Chain, Reckoning, reckon
from scenarios.crashes.votes import SPOKEN, Votes

PATIENCE_NS = 120 * SECOND
"""How long after the last crash a run may take to answer every request and to make every ledger whole."""

_STEP_NS = SECOND // 5


class Crashed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Sums over one run or many; see :class:`~scenarios.crashes.reckoning.Reckoning`.

    ``unsynced``: crashes that took something written and not synced; ``torn``: those that cut a write in two;
    ``votes``: promises made (:mod:`scenarios.crashes.votes`), of which ``contradicting`` were broken; ``roots``:
    ledgers that come to another state than they say; ``broken``: runs that an oracle of the adversary's ended, or that
    raised, or never answered every request.
    """

    runs: int = 0
    crashes: int = 0
    unsynced: int = 0
    torn: int = 0
    reckoning: Reckoning = msgspec.field(default_factory=Reckoning)
    votes: int = 0
    contradicting: int = 0
    roots: int = 0
    broken: int = 0
    cpu_ms: int = 0
    told: list[str] = msgspec.field(default_factory=list)

    @property
    def faults(self) -> int:
        """All that must be 0."""
        return self.reckoning.faults + self.contradicting + self.roots + self.broken

    def add(self, other: Crashed) -> None:
        """Take in the sums of another run."""
        for name in ("runs", "crashes", "unsynced", "torn", "votes", "contradicting", "roots", "broken", "cpu_ms"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reckoning.add(other.reckoning)
        self.told = (self.told + other.told)[:TOLD_MAX]


def run_crashes(trial: Trial, *, bug: str | None = None, oracles: bool = True) -> Crashed:
    """Play ``trial`` to its end. ``bug`` names one of :data:`scenarios.crashes.planted.PLANTED`.

    ``oracles``: have the adversary's own oracles watch besides; one that is broken ends the run early.
    """
    began = time.process_time_ns()
    found = Crashed(runs=1)
    witness, reaper = Witness(trial.case.nodes), Reaper(trial, STRIKES)
    with planted(bug) as settings:
        stage = replica_stage(trial)
        watching = (witness, reaper, *(stage.observers if oracles else ()))
        world = build_world(trial.case, msgspec.structs.replace(stage, observers=watching), **settings)
        reaper.bind(world)
        try:
            _play(trial, stage, world)
        except (Violation, Exception) as error:  # noqa: BLE001 - whatever a replica raises is a finding
            found.broken = 1
            found.told.append(f"{type(error).__name__}: {error}")
    found.crashes, found.unsynced, found.torn = (world.counts[what] for what in ("crashed", "unsynced", "torn"))
    _judge(trial, world, witness, found)
    found.told = [f"{trial.case.protocol}, seed {trial.case.seed}: {told}" for told in found.told[:TOLD_MAX]]
    found.cpu_ms = (time.process_time_ns() - began) // 1_000_000
    return found


def _play(trial: Trial, stage: Stage, world: World) -> None:
    """Crashes, and then peace until every request is answered and every ledger whole and durable."""
    world.run(until_ns=trial.case.heal_ns)
    deadline = trial.case.heal_ns + PATIENCE_NS
    while not (stage.finished(world) and _whole(world, trial.case.nodes)):
        if world.now >= deadline:
            raise Violation("liveness", f"not finished {PATIENCE_NS} ns after the last crash", stage.describe(world))
        world.run(until_ns=world.now + _STEP_NS)


def _whole(world: World, nodes: int) -> bool:
    """Is every node up, with every block of its chain on its disk?"""
    for node in range(nodes):
        machine = world.machine(node)
        if not isinstance(machine, Replica) or not machine.chain.whole:
            return False
        if len(world.image(node).get(BLOCKS, {})) < machine.chain.height:
            return False
    return True


def _judge(trial: Trial, world: World, witness: Witness, found: Crashed) -> None:
    """From the disks, as the end of the run left them, and from what the witness saw."""
    nodes = range(trial.case.nodes)
    images = [world.image(node) for node in nodes]
    for node, image in zip(nodes, images, strict=True):
        witness.votes.hold(node, image)
    chains = [_chain(node, image) for node, image in zip(nodes, images, strict=True)]
    found.reckoning = reckon(witness.acknowledged, chains)
    found.votes = sum(witness.votes.counts.values())
    found.contradicting = len(witness.votes.contradictions)
    found.roots = sum(_wrong_root(trial, image) for image in images)
    found.told += [*map(str, witness.votes.contradictions), *found.reckoning.told]


def _chain(node: NodeId, image: Image) -> Chain:
    """The ledger on a disk, from height 1 up to the first block that it lacks."""
    blocks: dict[Any, Any] = image.get(BLOCKS, {})
    held: list[Block] = []
    while (block := blocks.get(len(held) + 1)) is not None:
        held.append(block)
    return Chain(
        node=f"node {node}", hashes=[block.hash for block in held], bodies=[block.transactions for block in held]
    )


def _wrong_root(trial: Trial, image: Image) -> bool:
    """Does a header on this disk state a root that a dictionary does not come to by executing the blocks before it?"""
    model = Model(dict.fromkeys((f"party-{node}" for node in range(trial.case.nodes)), OPENING_FEN))
    roots = [model.tree.root()]
    blocks: dict[Any, Any] = image.get(BLOCKS, {})
    while (block := blocks.get(len(roots))) is not None:
        if block.header.state != roots[block.header.state_height]:
            return True
        for raw in block.transactions:
            body = decode_transaction(raw).body
            if body.network != NETWORK:
                return True
            model.execute(body)
        roots.append(model.tree.root())
    return False


class Witness(Observer):
    """Notes what clients believe and what nodes bind themselves to. Judges nothing."""

    weighs = SPOKEN

    def __init__(self, clients: NodeId) -> None:
        self._clients = clients
        self.votes = Votes()
        self.acknowledged: dict[bytes, int] = {}
        """Transaction -> the height that its client was told."""

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002 (an observer's)
        if trace.kind == "acknowledged" and node == self._clients:
            item = trace.detail[0]
            self.acknowledged[item.step.transaction_id] = item.height

    def on_leave(
        self,
        now: int,  # noqa: ARG002 (an observer's)
        node: NodeId,
        incarnation: int,  # noqa: ARG002
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        if node != self._clients:
            self.votes.say(node, effect.to if type(effect) is Send else None, effect.message)

    def on_durable(
        self,
        now: int,  # noqa: ARG002 (an observer's)
        node: NodeId,
        incarnation: int,  # noqa: ARG002
        records: tuple[Record, ...],
        durable: Image,  # noqa: ARG002
    ) -> None:
        for record in records:
            value = getattr(record, "value", None)
            if value is not None:
                self.votes.store(node, value)
