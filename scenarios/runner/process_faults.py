"""Faults on real processes: signals, restarts, and orders to the nodes' bus adapters.

What a node suffers at an instant follows from the faults that are active then, as in the virtual world: faults may
overlap, and a node that two crashes keep down starts again when the later one is over.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import msgspec

from consensus.vocabulary import NodeId
from network.virtual.faults import Fault
from scenarios.runner.ground import RunError
from scenarios.runner.link_orders import LinkOrders
from scenarios.runner.node_child import NodeChild


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told what becomes of a fault."""

    show: Callable[[NodeChild, str], None]  # a node's condition changed
    until_ready: Callable[[NodeChild], Awaitable[None]]  # returns when the node is; RunError where it cannot be
    back: Callable[[NodeId], None]  # a node that was down is up again
    healed: Callable[[], None]  # links are as they were
    failed: Callable[[RunError], None]  # a fault could not be done: the run is worth nothing


class ProcessHands:
    """:class:`~scenarios.runner.faults.Hands` on ``nodes``, which may still be filled. Needs a running loop."""

    def __init__(self, nodes: Sequence[NodeChild], names: Sequence[str], orders: LinkOrders, witness: Witness) -> None:
        self._nodes = nodes
        self._names = names
        self._orders = orders
        self._witness = witness
        self._begun: bytes | None = None
        self._crashes = 0
        self._kills: Counter[NodeId] = Counter()
        self._jobs: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Is a fault under way that will end, or one being done?"""
        return bool(self._jobs)

    def cancel(self) -> None:
        """Leave everything as it is."""
        for job in list(self._jobs):
            job.cancel()

    def crash(self, node: NodeId, for_ns: int | None) -> None:
        self._crashes += 1
        self._nodes[node].expected_down = True
        self._nodes[node].crashes.add(self._crashes)
        self._job(self._kill(node, self._crashes, for_ns))

    def restart(self, node: NodeId) -> None:
        self._nodes[node].crashes.clear()
        self._job(self._start_again(node))

    def pause(self, node: NodeId, for_ns: int | None) -> None:
        self._job(self._stand_still(self._nodes[node], for_ns))

    def cut(
        self, one: tuple[NodeId, ...], other: tuple[NodeId, ...], for_ns: int | None, *, one_way: bool = False
    ) -> None:
        self._job(self._disturb(self._orders.cut(one, other, one_way=one_way), for_ns))

    def worsen(self, nodes: tuple[NodeId, ...], loss_ppm: int, delay_ns: int, for_ns: int | None) -> None:
        self._job(self._disturb(self._orders.worsen(nodes, loss_ppm, delay_ns), for_ns))

    def inject(self, item: Fault, nodes: tuple[NodeId, ...] = ()) -> None:  # noqa: ARG002 (the virtual world's)
        raise RunError(f"real processes cannot be made to suffer a {type(item).__name__}", hint="use --mode virtual")

    def lie(self, node: NodeId, behaviours: tuple[str, ...], for_ns: int | None) -> None:  # noqa: ARG002 (likewise)
        raise RunError("real processes do not lie", hint="use --mode virtual")

    def begin_business(self, at_ns: int) -> None:
        """Tell every node, and those that start again, that business began then, on this machine's monotonic clock."""
        self._begun = msgspec.json.encode({"do": "begin", "at_ns": at_ns})
        for node in self._nodes:
            node.child.tell(self._begun)

    def tell_orders(self) -> None:
        """Tell every node which link faults are in force."""
        for number, node in enumerate(self._nodes):
            orders = self._orders.for_node(number, self._names)
            node.child.tell(msgspec.json.encode({"do": "links", **orders}))

    async def _kill(self, number: NodeId, crash: int, for_ns: int | None) -> None:
        """At once, also in the middle of its start."""
        node = self._nodes[number]
        self._kills[number] += 1
        if node.lock.locked():
            await node.child.kill()
        async with node.lock:
            await node.child.kill()
            self._witness.show(node, "down")
        if for_ns is not None:
            await asyncio.sleep(for_ns / 1e9)
            node.crashes.discard(crash)
            await self._start_again(number)

    async def _start_again(self, number: NodeId) -> None:
        """Start it, unless another crash keeps it down or it runs already."""
        node = self._nodes[number]
        async with node.lock:
            if node.crashes or node.child.alive:
                return
            node.ready.clear()
            self._witness.show(node, "starting")
            kills = self._kills[number]
            await node.child.start()
            if self._begun is not None:
                node.child.tell(self._begun)
            try:
                await self._witness.until_ready(node)
            except RunError:
                if self._kills[number] == kills:
                    raise
            if self._kills[number] != kills:
                return  # killed while it started: that crash sees to the rest
            node.expected_down = bool(node.crashes)
        self._witness.back(number)
        self.tell_orders()

    async def _stand_still(self, node: NodeChild, for_ns: int | None) -> None:
        node.pauses += 1
        node.child.send_signal(signal.SIGSTOP)
        self._witness.show(node, "slow")
        if for_ns is not None:
            await asyncio.sleep(for_ns / 1e9)
            node.pauses -= 1
            if not node.pauses:
                node.child.send_signal(signal.SIGCONT)

    async def _disturb(self, order: int, for_ns: int | None) -> None:
        self.tell_orders()
        if for_ns is not None:
            await asyncio.sleep(for_ns / 1e9)
            self._orders.end(order)
            self.tell_orders()
            self._witness.healed()

    def _job(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._job_done)

    def _job_done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._witness.failed(
                error if isinstance(error, RunError) else RunError(f"a fault could not be done: {error}")
            )
