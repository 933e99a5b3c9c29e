"""Cores alone: all nodes in one thread, no crypto, no disk, no network; and the same loop without a protocol in it.

What is measured is committed commands per CPU-second. The *floor* beside it is what the loop itself costs: the very
same inputs and effects, as recorded from a run of the real cores, handed out by cores that do nothing. A noisy or slow
machine slows both, so their ratio says what the protocol costs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from statistics import median
from time import process_time
from typing import Any

from consensus.chain import FORMAT_VERSION, Block, Header
from consensus.protocols import Application, Core, Setup, Verdict, protocol
from consensus.vocabulary import Broadcast, Commit, Effects, Send

BATCHES = (1, 64, 256)
BLOCKS = 400
REPEATS = 5
COMMAND = bytes(100)
NOTHING = bytes(32)
NOW = 10**10


class Trusting:
    """Signatures that cost nothing."""

    def sign(self, _data: bytes) -> bytes:
        return bytes(64)

    def verify(self, _member: int, _data: bytes, _signature: bytes) -> bool:
        return True


class Accepting(Application):
    """An application that takes every block and whose state never changes."""

    def validate(self, block: Block) -> Verdict:  # noqa: ARG002  the interface's
        return Verdict.ACCEPT

    def manifest(self, height: int) -> tuple[bytes, ...]:  # noqa: ARG002  the interface's
        return (NOTHING,)

    def chunk_digest(self, chunk: bytes) -> bytes:  # noqa: ARG002  the interface's
        return NOTHING


class Loop:
    """Nodes and the queue between them. ``record`` keeps what each input brought."""

    def __init__(self, cores: list[Any]) -> None:
        self.cores = cores
        self.queue: deque[tuple[int, int, Any]] = deque()
        self.height = 0
        self.record: list[Effects] = []

    def take(self, me: int, effects: Effects) -> None:
        """Carry out effects as a driver would, the disk left aside."""
        self.record.append(effects)
        decided: list[int] = []
        for effect in effects:
            kind = type(effect)
            if kind is Broadcast:
                self.queue.extend((me, to, effect.message) for to in range(len(self.cores)) if to != me)
            elif kind is Send:
                self.queue.append((me, effect.to, effect.message))
            elif kind is Commit:
                decided.append(effect.height)
        for height in decided:
            self.height = max(height, self.height)
            self.take(me, self.cores[me].executed(NOW, height))

    def settle(self) -> None:
        """Deliver until nothing is under way."""
        cores, queue = self.cores, self.queue
        while queue:
            sender, to, message = queue.popleft()
            self.take(to, cores[to].receive(NOW, sender, message))

    def order(self, height: int, commands: tuple[bytes, ...]) -> None:
        """Node 0 proposes whenever it may, until ``height`` is decided."""
        leader = self.cores[0]
        while self.height < height:
            while (slot := leader.slot()) is not None and slot.height <= height:
                self.take(0, leader.propose(NOW, _block(slot, commands)))
            if not self.queue and self.height < height:
                raise RuntimeError(f"nothing moves at height {self.height}")
            self.settle()


class Idle:
    """A core without a protocol: it hands out what was recorded, and where it would have proposed."""

    def __init__(self, script: Iterator[Effects], slots: Iterator[Any]) -> None:
        self._script = script
        self._slots = slots

    def receive(self, _now: int, _sender: int, _message: object) -> Effects:
        return next(self._script)

    def executed(self, _now: int, _height: int) -> Effects:
        return next(self._script)

    def propose(self, _now: int, _block: Block) -> Effects:
        return next(self._script)

    def slot(self) -> Any:
        return next(self._slots)


class Asked:
    """A leader whose answers to ``slot`` are written down."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.slots: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    def slot(self) -> Any:
        self.slots.append(self._core.slot())
        return self.slots[-1]


def started(name: str, nodes: int, first_timer: str | None) -> Loop:
    """Cores that have just begun, node 0 leading: ``first_timer`` fires there."""
    cores = [
        protocol(name).core(
            Setup(
                me=me,
                voters=tuple(range(nodes)),
                genesis=NOTHING,
                application=Accepting(),
                crypto=Trusting(),
                image={},
                random=int,
            )
        )
        for me in range(nodes)
    ]
    loop = Loop(list(cores))
    for me, core in enumerate(cores):
        loop.take(me, core.start(0))
    if first_timer is not None:
        loop.take(0, cores[0].timer(NOW, first_timer))
    loop.settle()
    return loop


def measure(name: str, nodes: int, first_timer: str | None = None) -> None:
    """Print a line for each batch size."""
    print(f"{name}, {nodes} nodes, one thread; medians of {REPEATS} runs of {BLOCKS} blocks, commands per CPU-second")  # noqa: T201
    print(f"{'batch':>6} {'committed':>12} {'floor':>12} {'ratio':>6} {'us a block':>11}")  # noqa: T201
    for batch in BATCHES:
        commands = (COMMAND,) * batch
        rates, floors = zip(
            *[_once(lambda: started(name, nodes, first_timer), commands) for _ in range(REPEATS)], strict=True
        )
        rate, floor = median(rates), median(floors)
        print(f"{batch:>6} {rate:>12,.0f} {floor:>12,.0f} {floor / rate:>6.1f} {1e6 * batch / rate:>11,.0f}")  # noqa: T201


def _once(make: Callable[[], Loop], commands: tuple[bytes, ...]) -> tuple[float, float]:
    """Committed commands per CPU-second, with the cores and without."""
    loop = make()
    rate = _rate(loop, commands)
    shadow = make()
    shadow.cores[0] = asked = Asked(shadow.cores[0])
    shadow.record.clear()
    shadow.order(BLOCKS, commands)
    script, slots = iter(shadow.record), iter(asked.slots)
    idle = [Idle(script, slots) for _ in shadow.cores]
    return rate, _rate(Loop(list(idle)), commands)


def _rate(loop: Loop, commands: tuple[bytes, ...]) -> float:
    began = process_time()
    loop.order(BLOCKS, commands)
    return BLOCKS * len(commands) / (process_time() - began)


def _block(slot: Any, commands: tuple[bytes, ...]) -> Block:
    header = Header(
        version=FORMAT_VERSION,
        network="bench",
        height=slot.height,
        parent=slot.parent,
        round=slot.round,
        proposer=0,
        members=NOTHING,
        transactions=NOTHING,
        state_height=0,
        state=NOTHING,
    )
    return Block(header=header, transactions=commands)
