"""The run in virtual time: every replica and the clients in one process, in the world of :mod:`network.virtual`.

The same replicas and the same conductor that real processes run, with simulated links, disks and time, and with the
oracles of :mod:`consensus.properties` watching every event.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from consensus.properties import Observer, Violation, standard_oracles
from consensus.vocabulary import SECOND, Broadcast, Commit, Effects, Image, NodeId, Rejected, Reply, Send, Trace
from network.virtual.costs import Costs
from network.virtual.distributions import Constant
from network.virtual.draws import Stream
from network.virtual.faults import Crash, Cut, Delay, Fault, Loss, Pause, Restart
from network.virtual.machine import Machine
from network.virtual.world import World
from node.assembly import Common, vault_opener
from node.membership import Ed25519Crypto
from node.replica import Replica
from scenarios.language.models import costs as language
from scenarios.results.event_trace import EventTrace
from scenarios.runner.actors import CLIENTS
from scenarios.runner.clocks import ClaimClocks
from scenarios.runner.conductor import Acknowledged, Conductor
from scenarios.runner.exchanges import Witness
from scenarios.runner.faults import FaultScript, apply_fault, over_ns
from scenarios.runner.ground import resolve_target
from scenarios.runner.holdings import Holdings, held_by
from scenarios.runner.leakage import Taint, meter_for
from scenarios.runner.leaks import BUS, LeakScan, scan_for
from scenarios.runner.liars import Liars, Turncoat
from scenarios.runner.links import links_of
from scenarios.runner.onlooker import Onlooker
from scenarios.runner.patience import held_back
from scenarios.runner.plan import Plan
from scenarios.runner.record import Decision, FaultDone, RunRecord, Unacknowledged
from scenarios.runner.view import NodeView, RunView

SLICE_NS = SECOND // 10
"""How often faults by height are looked at and the view is refreshed, in virtual time."""


class VirtualRun:
    """One run. ``run`` fills a :class:`RunRecord`; afterwards the replicas can be looked at."""

    def __init__(self, plan: Plan, view: RunView, trace: EventTrace | None = None) -> None:
        self._plan = plan
        self._trace = trace
        self._view = view
        self.common = Common(plan.genesis)
        self._shares: dict[NodeId, Common] = {}
        self.record = RunRecord()
        self._nodes = len(plan.genesis.members)
        self._clients = CLIENTS
        self._script = FaultScript(plan.scenario.faults)
        self._names = plan.node_names
        self.scan = scan_for(plan.scenario)
        self.meter = meter_for(plan)
        self._clocks = ClaimClocks(plan.scenario, plan.seed)
        self._liars = Liars(plan)
        self._witness = Witness(self.record.traffic, self._names, lambda: bool(self.record.faults))
        self.world = World(
            factory=self._machine,
            nodes=self._nodes,
            voters=self.common.voters,
            clients_actor=self._clients,
            links=links_of(plan),
            seed=plan.seed,
            trace=trace,
            costs=_costs(plan.scenario.costs),
            checked=self._checked,
            sync=Constant(ns=plan.scenario.network.disk.write),
            observers=(
                *self._liars.observers(self._oracles()),
                _Recorder(self.record, self._clients, self._tell),
                self._witness,
                *((_Tap(self.scan),) if self.scan else ()),
                *((Taint(self.meter, self._names),) if self.meter else ()),
            ),
        )

    def _oracles(self) -> tuple[Observer, ...]:
        common = self.common
        return standard_oracles(
            protocol=common.genesis.protocol,
            voters=common.voters,
            quorum=common.quorum,
            genesis=common.genesis_block.hash,
            verify=lambda member, data, signature: common.verifier.verify(
                common.genesis.members[member].verify_key, data, signature
            ),
            liars=frozenset(self._plan.scenario.liars),
            application=Onlooker(common),
            options=self._plan.protocol_options,
        )

    def run(self) -> RunRecord:
        """Until the workload is drained and every node that is up agrees, or the scenario's duration is over."""
        limit = self._plan.scenario.run.duration
        try:
            with held_back() as interrupted:
                while self.world.now < limit and not self._finished():
                    self._begin_faults()
                    self.world.run(until_ns=min(limit, self._slice_end()))
                    self._show()
                    if interrupted():
                        self.record.interrupted = True
                        break
        except Violation as violation:
            self.record.violations.append((violation.property, f"{violation.fact_a}; but {violation.fact_b}"))
            self._view.violated(self.world.now, violation.property, violation.fact_a)
        self._show()
        self.record.ended_ns = self.world.now
        self.record.event_sha256 = self.world.event_sha256()
        self.record.counters.update(self.world.counts)
        self.record.faults_waiting = self._script.waiting
        self.record.down = [node for node in range(self._nodes) if self.world.condition(node) == "down"]
        self.record.lying = list(self._plan.scenario.liars)
        self.record.accountability = self._liars.accountability
        self.record.forked = self._liars.forked
        self.record.exchanges = self._witness.exchanges()
        self.record.unacknowledged.extend(
            Unacknowledged(step, called) for step, called in self._conductor().unacknowledged()
        )
        return self.record

    def scan_stores(self) -> None:
        """Look for canaries, and for what was shared, in everything that is durable at each node."""
        for node, name in enumerate(self._names):
            for space, entries in self.world.image(node).items():
                for key, value in entries.items():
                    if self.scan is not None:
                        self.scan.look_at_value(name, value, f"{space}/{key}")
                    if self.meter is not None:
                        self.meter.found(name, self.meter.marks.within(value))

    def replica(self, node: NodeId) -> Replica:
        """The replica of ``node``; one that is down is built from what its disk holds."""
        machine = self._inner(node) or self._replica(node, self.world.image(node), 0)
        assert isinstance(machine, Replica)  # noqa: S101
        return machine

    def held(self, node: NodeId) -> Holdings:
        """What ``node`` can show for itself."""
        image = self.world.image(node)
        return held_by(self._names[node], self.replica(node).chain, image)

    # The world

    def _machine(self, actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == self._clients:
            return self._plan.conductor(self.common)
        if self._plan.scenario.costs is not None:  # what it checks is its own work, and forgotten when it restarts
            self._shares[actor] = self.common.apart()
        replica = self._replica(actor, image, incarnation)
        return self._liars.cast(replica, actor, incarnation, self._crypto(actor), self.common.voters)

    def _share(self, node: NodeId) -> Common:
        return self._shares.get(node, self.common)

    def _checked(self, node: NodeId) -> int:
        return self._share(node).verifier.checked

    def _inner(self, node: NodeId) -> Machine | None:
        """The machine of ``node``, a liar's without the liar around it."""
        machine = self.world.machine(node)
        return machine.replica if isinstance(machine, Turncoat) else machine

    def _crypto(self, node: NodeId) -> Ed25519Crypto:
        sign = self._plan.keyring.sign(f"node.{self._names[node]}")
        return Ed25519Crypto(self.common.directory, sign, self._share(node).verifier)

    def _replica(self, actor: NodeId, image: Image, incarnation: int) -> Replica:
        plan, common, name = self._plan, self._share(actor), self._names[actor]
        draws = Stream(f"{plan.seed}/node/{actor}/{incarnation}")
        replica = common.replica(
            actor,
            crypto=self._crypto(actor),
            vault=vault_opener(name, plan.keyring.seal_secret(name)),
            seal_secret=plan.keyring.seal_secret(name),
            image=image,
            random=draws.bits64,
            protocol_options=plan.protocol_options,
            options=plan.replica_options,
        )
        replica.begin_business(0)
        return replica

    def _conductor(self) -> Conductor:
        machine = self.world.machine(self._clients)
        assert isinstance(machine, Conductor)  # noqa: S101
        return machine

    def _finished(self) -> bool:
        """Drained, no fault to come or to end, and everyone up holds the same closed chain, with no block missing.

        A liar may hold what it likes.
        """
        if self.world.machine(self._clients) is None or not self._conductor().done:
            return False
        if self._script.next_ns is not None or self.world.active_faults:
            return False
        honest = (node for node in range(self._nodes) if node not in self._plan.scenario.liars)
        chains = [self.replica(node).chain for node in honest if self.world.condition(node) == "up"]
        if not chains:
            return True
        heads = {chain.head.hash for chain in chains}
        return len(heads) == 1 and not chains[0].head.transactions and all(chain.whole for chain in chains)

    def _slice_end(self) -> int:
        end = self.world.now + SLICE_NS
        upcoming = self._script.next_ns
        return end if upcoming is None else max(self.world.now + 1, min(end, upcoming))

    # Faults

    def _begin_faults(self) -> None:
        height = max((decision.height for decision in self.record.decisions[-64:]), default=0)
        for fault in self._script.due(self.world.now, height):
            hands = VirtualHands(self.world, (*range(self._nodes), self._clients), self._liars)
            line = apply_fault(fault, hands, self._resolve, self._nodes)
            self._told_fault(line, over_ns(fault, self.world.now), fault.kind)

    def _resolve(self, target: str) -> NodeId:
        up = {node: self.replica(node).status() for node in range(self._nodes) if self.world.condition(node) == "up"}
        return resolve_target(target, self._names, self.common.voters, up)

    def _told_fault(self, line: str, until_ns: int | None, kind: str = "") -> None:
        told = line.format(*self._names)
        self.record.faults.append(FaultDone(self.world.now, told, until_ns, kind))
        self._view.fault(self.world.now, told)
        if self._trace is not None:
            self._trace.fault(self.world.now, told, until_ns)

    # The view

    def _tell(self, now: int, item: Acknowledged) -> None:
        self._view.story(now, item.step.client, item.step.title or item.step.id, item.code)
        clocks = self._clocks.heard(item)
        if clocks is not None:
            self._view.clocks(now, *clocks)

    def _show(self) -> None:
        """Refresh the view: at fixed virtual times, so that the same run is told in the same words."""
        now = self.world.now
        if self.world.machine(self._clients) is not None:
            self._view.progress(now, *self._conductor().progress)
        for node in range(self._nodes):
            seen = self._node_view(node)
            self.record.course.stands(now, seen.name, seen.condition, seen.duty, seen.round)
            self._view.node(now, seen)

    def _node_view(self, node: NodeId) -> NodeView:
        member = self._plan.genesis.members[node]
        condition = self.world.condition(node)
        machine = self._inner(node)
        if not isinstance(machine, Replica):
            return NodeView(name=member.name, role=member.role, votes=member.votes, condition="down")
        status = machine.status()
        cut = any(isinstance(fault, Cut) and node in fault.one for fault in self.world.active_faults)
        return NodeView(
            name=member.name,
            role=member.role,
            votes=node in self.common.voters,
            condition="slow" if condition == "paused" else "cut off" if cut else "up",
            duty=status.role,
            round=status.round,
            height=machine.chain.height,
            mempool=len(machine.mempool),
            last_block=machine.chain.head.hash.hex()[:8],
        )


def _costs(costs: language.Costs | None) -> Costs | None:
    """The scenario's costs as the world counts them: a nanosecond a kilobyte is a picosecond a byte."""
    if costs is None:
        return None
    return Costs(
        input_ns=costs.input,
        byte_ps=costs.encode + costs.hash,
        sign_ns=costs.sign,
        verify_ns=costs.verify,
        transaction_ns=costs.transaction,
    )


class _Recorder(Observer):
    """Notes decisions, acknowledgements and rejections as they happen."""

    def __init__(self, record: RunRecord, clients: NodeId, tell: Any) -> None:
        self._record = record
        self._clients = clients
        self._tell = tell

    def on_effects(self, now: int, node: NodeId, incarnation: int, effects: Effects) -> None:  # noqa: ARG002
        for effect in effects:
            if isinstance(effect, Commit):
                self._record.decisions.append(Decision(now, node, effect.height))
            elif isinstance(effect, Rejected):
                self._refused(node, effect.reason)
            elif isinstance(effect, Trace) and effect.kind == "refused":
                self._refused(node, str(effect.detail[0]))
            elif isinstance(effect, Trace) and effect.kind == "acknowledged":
                acknowledged = effect.detail[0]
                self._record.acknowledged.append(acknowledged)
                self._tell(now, acknowledged)
            elif isinstance(effect, Trace) and effect.kind == "answered":
                self._record.answered.append(effect.detail[0])

    def _refused(self, node: NodeId, reason: str) -> None:
        key = f"node {node} refused: {reason}"
        self._record.rejections[key] = self._record.rejections.get(key, 0) + 1


class _Tap(Observer):
    """Looks for canaries in everything that leaves a node."""

    def __init__(self, scan: LeakScan) -> None:
        self._scan = scan

    def on_leave(
        self,
        now: int,  # noqa: ARG002
        node: NodeId,  # noqa: ARG002
        incarnation: int,  # noqa: ARG002
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        self._scan.look_at_value(BUS, effect.message, type(effect.message).__name__)


class VirtualHands:
    """Faults as items of the world's plan, lies apart. ``everyone`` is all its actors."""

    def __init__(self, world: World, everyone: tuple[NodeId, ...], liars: Liars) -> None:
        self._world = world
        self._everyone = everyone
        self._liars = liars

    def crash(self, node: NodeId, for_ns: int | None) -> None:
        self._world.inject(Crash(at_ns=self._world.now, node=node, for_ns=for_ns))

    def restart(self, node: NodeId) -> None:
        self._world.inject(Restart(at_ns=self._world.now, node=node))

    def pause(self, node: NodeId, for_ns: int | None) -> None:
        self._world.inject(Pause(at_ns=self._world.now, node=node, for_ns=for_ns))

    def cut(
        self, one: tuple[NodeId, ...], other: tuple[NodeId, ...], for_ns: int | None, *, one_way: bool = False
    ) -> None:
        self._world.inject(Cut(at_ns=self._world.now, one=one, other=other, one_way=one_way, for_ns=for_ns))

    def worsen(self, nodes: tuple[NodeId, ...], loss_ppm: int, delay_ns: int, for_ns: int | None) -> None:
        if loss_ppm:
            self.inject(Loss(at_ns=0, ppm=loss_ppm, for_ns=for_ns), nodes)
        if delay_ns:
            self.inject(Delay(at_ns=0, extra_ns=delay_ns, for_ns=for_ns), nodes)

    def lie(self, node: NodeId, behaviours: tuple[str, ...], for_ns: int | None) -> None:
        self._liars.begin(self._world.now, node, behaviours, for_ns)

    def inject(self, item: Fault, nodes: tuple[NodeId, ...] = ()) -> None:
        item = replace(item, at_ns=self._world.now)
        if not nodes:
            self._world.inject(item)
            return
        others = tuple(actor for actor in self._everyone if actor not in nodes)
        # Two items of the plan that overlap nowhere: a message between two of ``nodes`` suffers once.
        self._world.inject(replace(item, sources=nodes))
        self._world.inject(replace(item, sources=others, targets=nodes))
