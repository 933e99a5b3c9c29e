"""What telling clients of events costs: ``python tests/benchmarks/bench_events.py [SUBSCRIBERS]`` (100).

A block of 500 events told to every subscriber by its node, and heard by a client who believes what 2 of 4 nodes say
alike. CPU time, best of 5; the floor is encoding the same values, which nobody can spare.
"""
# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import msgspec

from consensus.chain import Block, Header
from consensus.vocabulary import Reply
from network.following import Follower, FollowerOptions
from network.requests import Happenings, Subscribe
from node.contracts.context import Event
from node.contracts.runtime import Execution, Outcome
from node.event_log import EventLog
from node.ledger.state_tree import StateTree
from node.subscriptions import Subscriptions

EVENTS = 500
ROUNDS = 5
VALUES = {"amount_fen": 311_290, "claim": "hospital-1/1", "to": "ann"}
_encode = msgspec.msgpack.Encoder().encode


def main() -> None:
    subscribers = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    floor = _best(lambda: [_encode(VALUES) for _ in range(subscribers * EVENTS)]) / (subscribers * EVENTS)
    telling = _best(lambda: told(subscribers)) / (subscribers * EVENTS)
    words = [message for message in told(1) if isinstance(message, Happenings)]
    hearing = _best(lambda: heard(words)) / EVENTS
    print(f"told to one of {subscribers} subscribers: {telling:.2f} us an event (encoding alone: {floor:.2f})")
    print(f"heard from 4 nodes, believed from 2: {hearing:.2f} us an event, signatures apart")


def told(subscribers: int) -> list[object]:
    """What a node says when it executes the block."""
    log = EventLog(EVENTS)
    subscriptions = Subscriptions("bench", log, lambda _: "patient", lambda _: bytes(64), client_max=1)
    for number in range(subscribers):
        subscriptions.subscribe(0, Subscribe(f"client-{number}", 1, ("toy",), (1, 0)))
    outcome = Outcome(bytes(32), "ann", 1, "ok", events=(Event("toy", "paid", dict(VALUES)),) * EVENTS)
    header = Header(1, "bench", 1, bytes(32), 0, 0, bytes(32), bytes(32), 0, bytes(32))
    log.record(Block(header, ()), Execution(StateTree.empty(), (outcome,)))
    return [effect.message for effect in subscriptions.executed() if isinstance(effect, Reply)]


def heard(words: list[Happenings]) -> None:
    """What a client does when four nodes tell it."""
    options = FollowerOptions(
        network="bench", client="client-0", number=1, kinds=("toy",), nodes=(0, 1, 2, 3), needed=2, since=(1, 0)
    )
    follower = Follower(options, lambda *_: True)
    for word in words:
        for node in options.nodes:
            follower.receive(0, node, word)
    if follower.cursor < (1, EVENTS):
        sys.exit(f"heard only up to {follower.cursor}")


def _best(work: Callable[[], object]) -> float:
    """Microseconds of CPU."""
    spent = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent) * 1e6


if __name__ == "__main__":
    main()
