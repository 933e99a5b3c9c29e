"""The run on real processes: one per organisation, one for the clients' wallets, and a broker between them.

The runner only starts, watches, breaks and ends them. It learns what happens from their telemetry, never from their
memory; ledgers and states are read from the nodes' databases after they have ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from consensus.protocols import Status
from consensus.vocabulary import NodeId
from network.bus import BrokerProcess, BusError, MqttBus, embedded_broker, private_mosquitto
from node.assembly import Common
from node.process import EXIT_STORE
from node.recollection import Happening
from scenarios.runner.child import Child
from scenarios.runner.clients import ClientsConfig
from scenarios.runner.clocks import ClaimClocks
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.exchanges import recalled
from scenarios.runner.faults import FaultScript, apply_fault, over_ns
from scenarios.runner.ground import RunError, resolve_target
from scenarios.runner.leakage import meter_for
from scenarios.runner.leaks import BUS, Searcher, look_through, scan_for
from scenarios.runner.link_orders import LinkOrders
from scenarios.runner.links import links_of
from scenarios.runner.node_child import NodeChild
from scenarios.runner.plan import Plan
from scenarios.runner.process_faults import ProcessHands, Witness
from scenarios.runner.record import Decision, FaultDone, RunRecord, Unacknowledged
from scenarios.runner.speakers import Speakers
from scenarios.runner.view import NodeView, RunView

READY_S = 60.0
STOP_S = 15.0
TICK_S = 0.02
BUS_PATIENCE_S = 10.0
"""How long no node at all may reach the broker before the run is given up."""
SETTLE_S = 30.0
"""How long after the last acknowledgement the nodes may take to agree on one closed chain."""


class ProcessesRun:
    """One run. ``folder`` is the run's folder; nodes live in ``folder/nodes/<name>``."""

    ready_s = READY_S
    """How long a process may take to start."""

    def __init__(self, plan: Plan, bus: str, folder: Path, scenario_file: Path, view: RunView) -> None:
        self._plan = plan
        self._bus = bus
        self._folder = folder
        self._scenario_file = scenario_file
        self._view = view
        self.common = Common(plan.genesis)
        self._speakers = Speakers(plan)
        self.record = RunRecord()
        self._script = FaultScript(plan.scenario.faults)
        self._nodes: list[NodeChild] = []
        self._began_ns = 0
        self._drained = asyncio.Event()
        self._clients: Child | None = None
        self._clients_ready = asyncio.Event()
        self._clients_ended = False
        self._told: list[tuple[NodeId, Happening]] = []
        self._failure: RunError | None = None
        self._broker_process: BrokerProcess | None = None
        self._unconnected_since = 0.0
        self._hands = ProcessHands(
            self._nodes,
            plan.node_names,
            LinkOrders(len(plan.genesis.members), links_of(plan)),
            Witness(
                show=lambda node, condition: self._show(node, condition=condition),
                until_ready=lambda node: self._until_ready([(node.child, node.ready)]),
                back=self._is_back,
                healed=lambda: self._told_fault("the links heal", self._now_ns()),
                failed=self._fail,
            ),
        )
        self.scan = scan_for(plan.scenario)
        self.meter = meter_for(plan)
        self._clocks = ClaimClocks(plan.scenario, plan.seed)

    def run(self) -> RunRecord:
        """Until the workload is drained and the nodes agree, or the scenario's duration is over."""
        try:
            asyncio.run(self._run())
        except KeyboardInterrupt:
            self.record.interrupted = True
        except BusError as error:
            raise RunError(str(error)) from None
        return self.record

    def _conclude(self) -> None:
        """A failure to run at all is told at once; where the ground gave way under a run, what there is gets judged."""
        if self._failure is None:
            return
        if not (self._failure.inconclusive and self._began_ns):
            raise self._failure
        self.record.interrupted = True
        self.record.trouble = self._failure

    async def _run(self) -> None:
        self._stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self._interrupt)
        async with self._broker() as url, self._tap(url):
            try:
                await self._start_nodes(url)
                await self._start_clients(url)
                await self._watch()
            finally:
                await self._end()
        self._conclude()

    def _interrupt(self) -> None:
        self.record.interrupted = True
        self._stopped.set()

    @contextlib.asynccontextmanager
    async def _broker(self) -> AsyncIterator[str]:
        log = self._folder / "broker.log"
        if self._bus not in {"embedded", "mosquitto"}:
            yield self._bus
            return
        self._broker_process = embedded_broker(log) if self._bus == "embedded" else private_mosquitto(log)
        async with self._broker_process as url:
            yield url

    def _tap(self, url: str) -> contextlib.AbstractAsyncContextManager[object]:
        """Where privacy is to be judged or measured, listen to all that members and wallets say on the bus.

        What a stranger publishes is no leak of theirs: it is passed over, as nodes pass it over.
        """
        if self.scan is None and self.meter is None:
            return contextlib.nullcontext()
        network = self._plan.genesis.network
        return MqttBus(
            url,
            client_id=f"{network}.tap",
            subscriptions=[f"{network}/#"],
            on_message=self._overhear,
        )

    def _overhear(self, topic: str, payload: bytes) -> None:
        if not self._speakers.signed(payload):
            return
        if self.scan is not None:
            self.scan.look(BUS, payload, topic)
        if self.meter is not None:
            self.meter.overheard(topic, payload)

    def scan_stores(self) -> None:
        """Look for canaries, and for what was shared, in every file of every node; in the logs of the rest besides."""
        everywhere: list[Searcher] = [self.scan] if self.scan is not None else []
        searchers: list[Searcher] = everywhere if self.meter is None else [*everywhere, self.meter]
        for node in self._nodes if searchers else ():
            for path in sorted(node.folder.iterdir()):
                look_through(searchers, node.child.name, path)
        for path in sorted(self._folder.glob("*.log")):
            look_through(everywhere, "the runner's logs", path)

    # Starting

    async def _start_nodes(self, url: str) -> None:
        genesis = self._plan.genesis
        for number, member in enumerate(genesis.members):
            folder = self._folder / "nodes" / member.name
            self._write_config(folder, number, url)
            child = Child(
                member.name,
                ("-m", "node.process", str(folder / "node.json")),
                folder / "stderr.log",
                partial(self._heard, number),
            )
            view = NodeView(
                name=member.name, role=member.role, votes=number in self.common.voters, condition="starting"
            )
            self._nodes.append(NodeChild(child=child, folder=folder, ready=asyncio.Event(), view=view))
        for node in self._nodes:
            await node.child.start()
        await self._until_ready([(node.child, node.ready) for node in self._nodes])
        self._hands.tell_orders()

    def _write_config(self, folder: Path, number: NodeId, url: str) -> None:
        plan = self._plan
        name = plan.genesis.members[number].name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "genesis.bin").write_bytes(plan.genesis.encode())
        config = {
            "name": name,
            "genesis": "genesis.bin",
            "bus": url,
            "sign_seed": plan.keyring[f"node.{name}"].sign_seed.hex(),
            "seal_secret": plan.keyring.seal_secret(name).hex(),
            "protocol_options": plan.protocol_options,
            "options": plan.replica_options,
        }
        path = folder / "node.json"
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(config)))

    async def _start_clients(self, url: str) -> None:
        config = ClientsConfig(
            scenario=str(self._scenario_file),
            protocol=self._plan.genesis.protocol,
            seed=self._plan.seed,
            bus=url,
            incarnation=time.time_ns(),
        )
        child = Child("clients", ("-m", "scenarios.runner.clients"), self._folder / "clients.log", self._heard_clients)
        self._clients = child
        await child.start()
        child.tell(msgspec.json.encode(config))
        await self._until_ready([(child, self._clients_ready)])
        self._hands.begin_business(time.monotonic_ns())
        child.tell(b"start")

    async def _until_ready(self, children: list[tuple[Child, asyncio.Event]]) -> None:
        """Every child said that it is ready; RunError with its last words where one ended instead."""
        deadline = time.monotonic() + self.ready_s
        for child, ready in children:
            while not ready.is_set():
                if self._stopped.is_set():
                    return
                if not child.alive:
                    await child.wait()
                    cannot_write = child.exit_code == EXIT_STORE
                    reason = (
                        "it could not write; perhaps the disk is full"
                        if cannot_write
                        else f"exit code {child.exit_code}"
                    )
                    raise RunError(
                        f"{child.name} did not start: {child.last_words() or reason}", inconclusive=cannot_write
                    )
                if time.monotonic() > deadline:
                    raise RunError(f"{child.name} was not ready within {self.ready_s:g} s", inconclusive=True)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_S):
                        await ready.wait()

    # Watching

    async def _watch(self) -> None:
        settled_by = float("inf")
        while not self._stopped.is_set() and self._failure is None:
            now = time.monotonic()
            if self._began_ns and self._now_ns() > self._plan.scenario.run.duration:
                return
            if self._drained.is_set():
                settled_by = min(settled_by, now + SETTLE_S)
                if self._settled() or now > settled_by:
                    return
            self._begin_faults()
            self._notice_deaths()
            self._notice_a_lost_bus(now)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._stopped.wait()

    def _settled(self) -> bool:
        """No fault to come or to end, and every node that should be up holds the same closed chain."""
        if self._script.next_ns is not None or self._hands.busy:
            return False
        up = [node for node in self._nodes if not node.expected_down]
        return (
            all(n.view.condition == "up" and not n.mempool for n in up)
            and len({n.head for n in up}) == 1
            and all(n.empty_head for n in up)
        )

    def _notice_deaths(self) -> None:
        """A node that ended without being killed by us ends the run."""
        for node in self._nodes:
            if node.child.alive or node.expected_down or node.view.condition == "down":
                continue
            words = node.fatal or node.child.last_words()
            full = node.child.exit_code == EXIT_STORE
            self._failure = RunError(
                f"{node.child.name} stopped: {words or f'exit code {node.child.exit_code}'}",
                hint="make room and run again; nothing that was acknowledged is lost" if full else "",
                inconclusive=full,
            )
            self._show(node, condition="down")

    def _notice_a_lost_bus(self, now_s: float) -> None:
        """Our own broker ended, or nobody has reached the user's for a while: nothing can be learnt any more."""
        broker = self._broker_process
        if broker is not None and broker.pid is None:
            self._failure = RunError(f"{broker.name} ended in the middle of the run", inconclusive=True)
            return
        alive = [node for node in self._nodes if node.child.alive]
        if not alive or any(node.connected for node in alive):
            self._unconnected_since = now_s
        elif now_s - self._unconnected_since > BUS_PATIENCE_S:
            self._failure = RunError(
                f"no node has reached the broker at {self._bus} for {BUS_PATIENCE_S:g} s",
                hint="what was acknowledged before is kept; start the broker and run again",
                inconclusive=True,
            )

    def _now_ns(self) -> int:
        return time.monotonic_ns() - self._began_ns if self._began_ns else 0

    def _heard(self, number: NodeId, line: dict[str, Any]) -> None:
        """One line of a node's telemetry."""
        node = self._nodes[number]
        match line["event"]:
            case "ready" | "status":
                self._take_status(number, line)
                if line["event"] == "ready":
                    node.ready.set()
            case "bus":
                node.connected = line["connected"]
            case "fatal":
                node.fatal = line["message"]

    def _take_status(self, number: NodeId, line: dict[str, Any]) -> None:
        node = self._nodes[number]
        node.status = Status(
            role=line["duty"],
            round=line["round"],
            leader=line["leader"],
            height=line["height"],
            changing=line["changing"],
        )
        node.head, node.empty_head, node.mempool = line["head"], line["closed"], line["mempool"]
        for height, at_ns in line["commits"]:
            now = max(0, at_ns - self._began_ns) if self._began_ns else 0  # before the clients began, nothing runs yet
            self.record.decisions.append(Decision(now, number, height))
        for key, count in line["rejections"].items():
            told = f"{node.child.name} refused {key}"
            self.record.rejections[told] = self.record.rejections.get(told, 0) + count
        self.record.traffic.told(self._now_ns(), line["messages"])
        self._told += ((number, tuple(happening)) for happening in line["happenings"])
        for key, count in line["counters"].items():
            self.record.counters[f"{node.child.name}.{key}"] = count
        self._show(node, condition="up")

    def _show(self, node: NodeChild, *, condition: str) -> None:
        status = node.status
        if status is not None and condition == "up":
            node.view = msgspec.structs.replace(
                node.view,
                condition=condition,
                duty=status.role,
                round=status.round,
                height=status.height,
                mempool=node.mempool,
                last_block=node.head[:8],
                pid=node.child.pid,
            )
        else:
            node.view = msgspec.structs.replace(node.view, condition=condition, duty="", mempool=0)
        seen = node.view
        self.record.course.stands(self._now_ns(), seen.name, seen.condition, seen.duty, seen.round)
        self._view.node(self._now_ns(), seen)

    def _heard_clients(self, line: dict[str, Any]) -> None:
        steps = self._plan.workload.steps
        match line:
            case {"event": "ready"}:
                self._clients_ready.set()
            case {"event": "started", "now_ns": now_ns}:
                self._began_ns = now_ns
                if not steps:
                    self._drained.set()
            case {"event": "acknowledged", **fields}:
                step = steps[fields["position"]]
                acknowledged = Acknowledged(step=step, **fields)
                self.record.acknowledged.append(acknowledged)
                now = acknowledged.returned_ns
                self._view.story(now, step.client, step.title or step.id, acknowledged.code)
                clocks = self._clocks.heard(acknowledged)
                if clocks is not None:
                    self._view.clocks(now, *clocks)
                self._progressed(now)
            case {"event": "answered", **fields}:
                answered = Acknowledged(step=steps[fields["position"]], **fields)
                self.record.answered.append(answered)
                self._progressed(answered.returned_ns)
            case {"event": "unacknowledged", "id": identifier, "called_ns": called_ns}:
                step = next(step for step in steps if step.id == identifier)
                self.record.unacknowledged.append(Unacknowledged(step, called_ns - self._began_ns))
            case {"event": "end", "dropped": dropped}:
                self._clients_ended = True
                self.record.counters.update({f"clients.{key}": count for key, count in dropped.items()})

    def _progressed(self, now: int) -> None:
        total = len(self._plan.workload.steps)
        self._view.progress(now, self.record.done, total)
        if self.record.done == total:
            self._drained.set()

    # Faults

    def _begin_faults(self) -> None:
        height = max((node.status.height for node in self._nodes if node.status), default=0)
        for fault in self._script.due(self._now_ns() if self._began_ns else -1, height):
            line = apply_fault(fault, self._hands, self._resolve, len(self._nodes)).format(*self._plan.node_names)
            self._told_fault(line, over_ns(fault, self._now_ns()), fault.kind)

    def _told_fault(self, line: str, until_ns: int | None = None, kind: str = "") -> None:
        self.record.faults.append(FaultDone(self._now_ns(), line, until_ns, kind))
        self._view.fault(self._now_ns(), line)

    def _resolve(self, target: str) -> NodeId:
        up = {
            number: node.status
            for number, node in enumerate(self._nodes)
            if node.child.alive and not node.expected_down and node.status is not None
        }
        return resolve_target(target, self._plan.node_names, self.common.voters, up)

    def _is_back(self, number: NodeId) -> None:
        node = self._nodes[number]
        if node.status is not None:
            self.record.resumed.append(Decision(self._now_ns(), number, node.status.height))
        self._told_fault(f"{node.child.name} is back", self._now_ns())

    def _fail(self, failure: RunError) -> None:
        self._failure = failure

    # Ending

    async def _end(self) -> None:
        self.record.ended_ns = self._now_ns()
        self.record.faults_waiting = self._script.waiting
        self.record.down = [number for number, node in enumerate(self._nodes) if not node.child.alive]
        self._hands.cancel()
        if self._clients is not None:
            await self._clients.stop(STOP_S)
        await asyncio.gather(*(node.child.stop(STOP_S) for node in self._nodes if node.child.pid is not None))
        faults = [fault.now_ns for fault in self.record.faults]
        self.record.exchanges = recalled(
            self._told,
            self._plan.node_names,
            began_ns=self._began_ns,
            first_fault_ns=min(faults, default=None),
        )
