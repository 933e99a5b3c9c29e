"""Twins: two running copies of one identity, with one key and a disk each (Bano et al., "Twins", 2021).

A twin is a Byzantine node made of correct ones: between them its two copies equivocate, forget and double-vote as no
hand-written lie would. Instances ``0 .. n-1`` are the members; instance ``n + i`` is the copy of the i-th member with a
twin. Messages are routed by instance and counted by identity.

A scenario says, for each view up to ``VIEWS``, into which two parts the instances fall; what is sent across meets
nobody. It is numbered in mixed radix: first which members have a twin (PBFT's primary is fixed by the view, so the
identities are what is permuted), then one digit a view, a bit for each instance but the first. So one integer replays
one scenario. Once ``heal_ns`` is over all parts are joined, and the members without a twin must get on.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import msgspec

from consensus.properties import Observer, standard_oracles
from consensus.protocols import protocol as registered
from consensus.vocabulary import Broadcast, Commit, Effects, Image, Install, NodeId, Record, Reply, Send, Trace
from network.virtual.bare import GENESIS, BareNode
from network.virtual.case import Case
from network.virtual.crypto import Notary
from network.virtual.draws import Stream
from network.virtual.faults import Fault
from network.virtual.machine import Machine
from scenarios.adversary.pbft_oracles import Proofs
from scenarios.adversary.plans import noise
from scenarios.adversary.stage import Stage
from scenarios.adversary.trial import Trial

ONE_IN = 6
"""So many seeds of a swarm with liars are there for one with twins."""

VIEWS = 4
"""Views with a partition of their own; the last one stands for all later views."""


class TwinScenario(msgspec.Struct, frozen=True):
    """Which members are ``twinned``, and for each view the instances in the same part as instance 0 (a bit mask)."""

    members: int
    twinned: tuple[NodeId, ...]
    parts: tuple[int, ...]

    @property
    def instances(self) -> int:
        return self.members + len(self.twinned)

    def identity(self, instance: int) -> NodeId:
        """Who ``instance`` is to the others."""
        return instance if instance < self.members else self.twinned[instance - self.members]

    def instances_of(self, identity: NodeId) -> tuple[int, ...]:
        """Every instance of a member."""
        copies = (self.members + place for place, twin in enumerate(self.twinned) if twin == identity)
        return (identity, *copies)

    def joined(self, view: int, one: int, other: int) -> bool:
        """Are two instances in the same part in ``view``?"""
        part = self.parts[min(view, VIEWS - 1)]
        return (part >> one & 1) == (part >> other & 1)


def scenario_count(members: int, twins: int) -> int:
    """How many scenarios there are for so many members and twins."""
    choices = sum(1 for _ in combinations(range(members), twins))
    return int(choices * (1 << (members + twins - 1)) ** VIEWS)


def scenario(number: int, members: int, twins: int) -> TwinScenario:
    """The scenario of that number; ValueError where there is none."""
    if not 0 <= number < scenario_count(members, twins):
        raise ValueError(f"there are {scenario_count(members, twins)} scenarios, numbered from 0; not {number}")
    parts = []
    radix = 1 << (members + twins - 1)
    for _ in range(VIEWS):
        number, digit = divmod(number, radix)
        parts.append(digit << 1 | 1)
    twinned = list(combinations(range(members), twins))[number]
    return TwinScenario(members, twinned, tuple(parts))


class Instance:
    """One instance: translates identities to instances, and drops what crosses the parts of its view."""

    def __init__(self, machine: Machine, instance: int, plan: TwinScenario, heal_ns: int) -> None:
        self.machine = machine
        self._instance = instance
        self._plan = plan
        self._heal_ns = heal_ns

    def start(self, now: int) -> Effects:
        return self._addressed(self.machine.start(now))

    def receive(self, now: int, sender: int, message: Any) -> Effects:
        plan = self._plan
        if sender >= plan.instances:  # the clients, whom everybody hears
            return self._addressed(self.machine.receive(now, sender, message))
        if now < self._heal_ns and not plan.joined(self._view(message), sender, self._instance):
            return []
        return self._addressed(self.machine.receive(now, plan.identity(sender), message))

    def timer(self, now: int, name: str) -> Effects:
        return self._addressed(self.machine.timer(now, name))

    def _view(self, message: Any) -> int:
        """The view that a message belongs to; one of no view goes by the receiver's own."""
        view = getattr(message, "view", None)
        if view is None:
            view = self.machine.status().round if isinstance(self.machine, BareNode) else 0
        return int(view)

    def _addressed(self, effects: Effects) -> Effects:
        return [self._to_instances(effect) for effect in effects]

    def _to_instances(self, effect: Any) -> Any:
        plan = self._plan
        if isinstance(effect, Send) and effect.to < plan.members:
            copies = tuple(one for one in plan.instances_of(effect.to) if one != self._instance)
            return Broadcast(effect.message, to=copies)
        if isinstance(effect, Broadcast):
            members = range(plan.members) if effect.to is None else effect.to
            receivers = (one for member in members for one in plan.instances_of(member) if one != self._instance)
            return Broadcast(effect.message, to=tuple(dict.fromkeys(receivers)))
        return effect


class ByIdentity(Observer):
    """Shows an oracle the members without a twin as they are, and of the twins only what they say."""

    def __init__(self, oracle: Observer, plan: TwinScenario) -> None:
        self.oracle = oracle
        self.weighs = oracle.weighs
        self._plan = plan

    def _single(self, instance: int) -> bool:
        return instance < self._plan.members and instance not in self._plan.twinned

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:
        if node < self._plan.members:
            self.oracle.on_start(now, node, incarnation, image)

    def on_crash(self, now: int, node: NodeId, incarnation: int) -> None:
        if self._single(node):
            self.oracle.on_crash(now, node, incarnation)

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:
        if self._single(node):
            self.oracle.on_commit(now, node, incarnation, commit)

    def on_install(self, now: int, node: NodeId, incarnation: int, install: Install) -> None:
        if self._single(node):
            self.oracle.on_install(now, node, incarnation, install)

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:
        if self._single(node):
            self.oracle.on_trace(now, node, incarnation, trace)

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:
        if self._single(node):
            self.oracle.on_persist(now, node, incarnation, records)

    def on_durable(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...], durable: Image) -> None:
        if self._single(node):
            self.oracle.on_durable(now, node, incarnation, records, durable)

    def on_leave(
        self, now: int, node: NodeId, incarnation: int, effect: Send | Broadcast | Reply, durable: Image
    ) -> None:
        if node < self._plan.instances:
            self.oracle.on_leave(now, self._plan.identity(node), incarnation, effect, durable)


def twins_of(trial: Trial) -> int:
    """How many twins a trial has: as many as lies are tolerated."""
    return registered(trial.case.protocol).faults(len(trial.case.voters))


def twinned(trial: Trial, strategy: str, liars: int | None) -> Trial:
    """``trial``, with twins in place of other liars and faults where ``strategy`` or its seed wants that.

    The strategy "twins" always does; "swarm" in one of :data:`ONE_IN` seeds, if anybody is to lie at all (``liars`` is
    not 0), and there noise stays. Which scenario is played is drawn. ValueError for "twins" where there can be none:
    under PBFT, from four voters on, a core may have one.
    """
    case = trial.case
    possible = case.protocol == "pbft" and twins_of(trial) > 0
    if strategy == "twins" and case.protocol != "pbft":
        raise ValueError(f"twins lie, and {case.protocol} tolerates no lie")
    swarming = strategy == "swarm" and trial.network == "cores" and liars != 0 and case.seed % ONE_IN == 1
    if not possible or not (strategy == "twins" or swarming):
        return trial
    twins = twins_of(trial)
    number = Stream(f"{case.seed}/twins").below(scenario_count(len(case.voters), twins))
    plan = noise(case) if swarming else ()
    return msgspec.structs.replace(
        trial, case=with_twins(case, twins, plan), network="cores", liars=(), ambush=False, twins=number
    )


def with_twins(case: Case, twins: int, plan: tuple[Fault, ...] = ()) -> Case:
    """``case`` with room for the copies: more nodes, the same voters, and no fault but the twins and ``plan``."""
    return msgspec.structs.replace(case, nodes=len(case.voters) + twins, plan=plan, changing=False)


def twin_stage(trial: Trial) -> Stage:
    """The stage of a trial whose case :func:`with_twins` made."""
    from scenarios.adversary.cores import core_stage  # noqa: PLC0415 - it needs Stage

    assert trial.twins is not None  # noqa: S101 - the caller looked
    case = trial.case
    members = len(case.voters)
    plan = scenario(trial.twins, members, twins_of(trial))
    entry = registered(case.protocol)
    stage = core_stage(trial)

    def build(actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == stage.clients_actor:
            return stage.factory(actor, image, incarnation)
        machine = stage.factory(plan.identity(actor), image, incarnation)
        return Instance(machine, actor, plan, case.heal_ns)

    proofs = Proofs(case.voters, Notary(case.seed, case.nodes).verify, frozenset(plan.twinned))
    oracles = standard_oracles(
        protocol=case.protocol,
        voters=case.voters,
        quorum=entry.quorum(members),
        genesis=GENESIS.hash,
        verify=Notary(case.seed, case.nodes).verify,
        liars=frozenset(plan.twinned),
        options=case.settings,
    )
    singles = tuple(one for one in range(members) if one not in plan.twinned)

    def machines(world: Any) -> list[BareNode]:
        wrapped = (world.machine(one) for one in singles)
        return [one.machine for one in wrapped if isinstance(one, Instance) and isinstance(one.machine, BareNode)]

    def finished(world: Any) -> bool:
        client = world.machine(stage.clients_actor)
        return bool(client.finished) and len({node.head.hash for node in machines(world)}) == 1

    return msgspec.structs.replace(
        stage,
        factory=build,
        observers=tuple(ByIdentity(oracle, plan) for oracle in (*oracles, proofs)),
        finished=finished,
        cores=lambda world: [node.core for node in machines(world)],
        describe=lambda world: "; ".join(f"{node.status()}" for node in machines(world)),
    )
