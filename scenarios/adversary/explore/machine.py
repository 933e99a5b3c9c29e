"""One node of a search: a real core, its disk, its timers and its own clock; and what one event does to it.

An event is atomic but for crashes: all effects are carried out in order, and the places in between, where a crash
would leave another disk than before or after the event, are handed out as ``cuts``. That is enough, because of the
queue that every driver keeps (``Persist`` is a barrier): what waits behind a record that is not durable has not left
the node, so losing it all is like not having had the event.

Each node has a clock of its own, which no message carries to another. It stands still but for two events: a timer
that fires moves it to when the timer is due, and a *pause* moves it far beyond whatever the core compares it to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from consensus.chain import BLOCKS, CERTIFICATES
from consensus.protocols import Core
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import (
    SECOND,
    Broadcast,
    CancelTimer,
    Commit,
    Effects,
    Image,
    Install,
    NodeId,
    Persist,
    Put,
    Record,
    Rejected,
    Send,
    SetTimer,
)
from node.ledger.store.interface import apply_record
from scenarios.adversary.explore.graph import clone, digest
from scenarios.adversary.explore.model import Fact, Ledger, Letter, Scene, block_at

PAUSE_NS = 10_000_000 * SECOND
"""Longer than any time that a core's options may name."""


class Outcome(NamedTuple):
    """What one event did. ``flaw``: a property that this node alone has broken."""

    machine: Machine
    letters: tuple[Letter, ...]
    facts: tuple[Fact, ...]
    cuts: tuple[tuple[Image, tuple[Letter, ...]], ...]
    effects: Effects
    flaw: str | None


class Machine:
    """The state of one node. Events are tried on copies: none of these ever changes once it is made."""

    def __init__(self, me: NodeId, core: Core, ledger: Ledger, disk: Image) -> None:
        self.me = me
        self.core = core
        self.ledger = ledger
        self.disk = disk
        self.timers: dict[str, int] = {}
        self.now = 0

    def name(self, *, ordered: bool = False) -> bytes:
        """Equal for equal states."""
        return digest(self.core, self.ledger, self.disk, self.timers, self.now, self.me, ordered=ordered)


def started(scene: Scene, me: NodeId, disk: Image) -> Outcome:
    """A node's life begins, or begins again with what its disk holds."""
    ledger = Ledger(disk)
    image = {space: dict(records) for space, records in disk.items()}
    machine = Machine(me, scene.core(me, image, ledger), ledger, {space: dict(r) for space, r in disk.items()})
    step = _Step(scene, machine)
    step.carry_out(machine.core.start(0))
    if scene.requests:
        step.carry_out(machine.core.demand(0, waiting=True))
    return step.outcome()


def played(scene: Scene, before: Machine, act: Callable[[Core, int], Effects], now: int | None = None) -> Outcome:
    """Whatever ``act`` does with the core, at time ``now`` of its clock (at which it stands, if none is given)."""
    machine = clone(before)
    machine.now = machine.now if now is None else now
    step = _Step(scene, machine)
    step.carry_out(act(machine.core, machine.now))
    return step.outcome()


def delivered(scene: Scene, before: Machine, sender: NodeId, message: Any) -> Outcome:
    """``message`` arrives."""
    return played(scene, before, lambda core, now: core.receive(now, sender, message))


def fired(scene: Scene, before: Machine, timer: str) -> Outcome:
    """A timer that is set fires when it is due (or at once, where that has passed)."""
    machine = clone(before)
    due = machine.timers.pop(timer)
    return played(scene, machine, lambda core, now: core.timer(now, timer), max(machine.now, due))


def paused(scene: Scene, before: Machine) -> Outcome:
    """A long time passes in which nothing reaches the core, not even its timers."""
    return played(scene, before, lambda _core, _now: [], before.now + PAUSE_NS)


def proposed(scene: Scene, before: Machine) -> Outcome | None:
    """The node proposes where it may; None where it may not."""
    slot = before.core.slot()
    if slot is None:
        return None
    return played(scene, before, lambda core, now: core.propose(now, block_at(slot, before.me)))


class _Step:
    """Carrying out what one event brings."""

    def __init__(self, scene: Scene, machine: Machine) -> None:
        self._scene = scene
        self._machine = machine
        self._letters: list[Letter] = []
        self._cuts: list[tuple[Image, tuple[Letter, ...]]] = []
        self._wrote = False
        self._effects: Effects = []
        self._flaw: str | None = None

    def outcome(self) -> Outcome:
        facts = tuple(self._scene.facts(self._machine.me, self._machine.core, self._effects))
        return Outcome(self._machine, tuple(self._letters), facts, tuple(self._cuts), self._effects, self._flaw)

    def carry_out(self, effects: Effects) -> None:  # noqa: C901 - one case an effect
        """Do them in order, then what follows from them at once: executions, and timers of no time."""
        core, now = self._machine.core, self._machine.now
        executed: list[int] = []
        at_once: list[str] = []
        for effect in effects:
            self._effects.append(effect)
            match effect:
                case Persist():
                    self._write(effect.records)
                case Send():
                    self._post((effect.to,), effect.message)
                case Broadcast():
                    to = effect.to if effect.to is not None else self._scene.voters
                    self._post(tuple(node for node in to if node != self._machine.me), effect.message)
                case Commit():
                    self._commit(effect)
                    executed.append(effect.height)
                case Install():
                    self._install(effect)
                    executed.append(effect.height)
                case SetTimer() if effect.after_ns == 0:
                    at_once.append(effect.name)
                case SetTimer():
                    self._machine.timers[effect.name] = now + effect.after_ns
                case CancelTimer():
                    self._machine.timers.pop(effect.name, None)
                case Rejected() if self._scene.honest_is_heard:
                    self._flaw = f"node {self._machine.me} rejects an honest message: {effect.reason}"
        for height in executed:
            self.carry_out(core.executed(now, height))
        for timer in at_once:
            self.carry_out(core.timer(now, timer))

    def _post(self, to: tuple[NodeId, ...], message: Any) -> None:
        self._letters.append(Letter(self._machine.me, to, message))

    def _write(self, records: tuple[Record, ...]) -> None:
        disk = self._machine.disk
        if self._wrote or self._letters:
            self._cuts.append(({space: dict(kept) for space, kept in disk.items()}, tuple(self._letters)))
        self._wrote = True
        for record in records:
            apply_record(disk, record)

    def _commit(self, effect: Commit) -> None:
        ledger = self._machine.ledger
        if effect.height != ledger.height + 1 or effect.block.height != effect.height:
            self._flaw = f"node {self._machine.me} decides height {effect.height} after {ledger.height}"
        records: list[Record] = [Put(BLOCKS, effect.height, effect.block)]
        if effect.certificate is not None:
            records.append(Put(CERTIFICATES, effect.height, effect.certificate))
        self._write(tuple(records))
        ledger.execute(effect.block)

    def _install(self, effect: Install) -> None:
        snapshot = effect.snapshot
        chunks = tuple(Put(SNAPSHOT, place, chunk) for place, chunk in enumerate(effect.chunks))
        self._write((Put(SNAPSHOT, MANIFEST, snapshot), *chunks))
        self._machine.ledger.heads[snapshot.height] = snapshot.header.hash
        self._machine.ledger.height = snapshot.height
