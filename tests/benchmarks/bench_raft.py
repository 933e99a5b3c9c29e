"""How fast the Raft core alone is: three servers in one thread, no crypto, no disk, no network.

Prints committed commands per CPU-second at 1, 64 and 256 commands a block. Run it with
``python tests/benchmarks/bench_raft.py [seconds]``.
"""

from __future__ import annotations

import sys
from collections import deque
from time import process_time

from consensus.chain import Block, Header
from consensus.protocols import Application, Setup, Slot, Verdict
from consensus.raft import RaftCore
from consensus.raft.roles import Leader
from consensus.vocabulary import Broadcast, Commit, Effects, Send, SetTimer


class Accepting(Application):
    """An application that takes every block."""

    def validate(self, block: Block) -> Verdict:  # noqa: ARG002  the interface's
        return Verdict.ACCEPT


class Trusting:
    """Signatures that cost nothing."""

    def sign(self, _data: bytes) -> bytes:
        return bytes(64)

    def verify(self, _member: int, _data: bytes, _signature: bytes) -> bool:
        return True


class Bench:
    """Three servers and the queue between them."""

    def __init__(self, voters: int = 3) -> None:
        self.committed = 0
        self.queue: deque[tuple[int, int, object]] = deque()
        everyone = tuple(range(voters))
        self.cores = [
            RaftCore(
                Setup(
                    me=me,
                    voters=everyone,
                    genesis=bytes(32),
                    application=Accepting(),
                    crypto=Trusting(),
                    image={},
                    random=lambda: 0,
                )
            )
            for me in everyone
        ]
        for me, core in enumerate(self.cores):
            self.take(me, core.start(0))
        self.take(0, self.cores[0].timer(10**10, "raft.election"))
        self.settle()
        assert isinstance(self.cores[0].server.role, Leader)

    def take(self, me: int, effects: Effects) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.queue.append((me, effect.to, effect.message))
            elif isinstance(effect, Broadcast):
                for other in range(len(self.cores)):
                    if other != me:
                        self.queue.append((me, other, effect.message))
            elif isinstance(effect, Commit):
                self.committed += len(effect.block.transactions) if me == 0 else 0
                self.cores[me].executed(0, effect.height)
            elif isinstance(effect, SetTimer):
                pass

    def settle(self) -> None:
        while self.queue:
            sender, receiver, message = self.queue.popleft()
            self.take(receiver, self.cores[receiver].receive(10**10, sender, message))

    def run(self, batch: int, seconds: float) -> float:
        """Committed commands per CPU-second with blocks of ``batch`` commands of 100 bytes."""
        commands = tuple(bytes(100) for _ in range(batch))
        self.committed = 0
        start = process_time()
        while process_time() - start < seconds:
            while (slot := self.cores[0].slot()) is not None:
                self.take(0, self.cores[0].propose(10**10, block_at(slot, commands)))
            self.settle()
        return self.committed / (process_time() - start)


def block_at(slot: Slot, commands: tuple[bytes, ...]) -> Block:
    header = Header(
        version=1,
        network="bench",
        height=slot.height,
        parent=slot.parent,
        round=slot.round,
        proposer=0,
        members=bytes(32),
        transactions=bytes(32),
        state_height=0,
        state=bytes(32),
    )
    return Block(header=header, transactions=commands)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    for batch in (1, 64, 256):
        print(  # noqa: T201  a program that prints figures
            f"raft, 3 servers, {batch:3d} commands a block: {Bench().run(batch, seconds):12,.0f} commands/CPU-s"
        )


if __name__ == "__main__":
    main()
