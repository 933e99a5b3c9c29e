from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from consensus.vocabulary import Persist, Put
from network.virtual import Constant, Crash, Cut, Link, Links, Loss, Pause, Uniform, World
from tests.network.virtual.toys import MS, Chatter, Note

ROOT = Path(__file__).parents[3]

PLAN = [
    Crash(at_ns=35 * MS, node=1, for_ns=20 * MS),
    Loss(at_ns=50 * MS, for_ns=100 * MS, ppm=200_000),
    Cut(at_ns=120 * MS, for_ns=50 * MS, one=(0, 2)),
    Pause(at_ns=150 * MS, for_ns=40 * MS, node=3),
]


class Writer(Chatter):
    """Makes every note durable before it says it."""

    def timer(self, now, name):
        return [Persist((Put("said", self.count, now),)), *super().timer(now, name)]


def chatter(seed: int, plan=PLAN, factory=Writer, nodes=5, **settings) -> World:
    return World(
        factory=factory,
        nodes=nodes,
        voters=range(nodes),
        links=Links(Link(latency=Uniform(low_ns=MS, high_ns=30 * MS))),
        sync=Constant(ns=2 * MS),
        faults=plan,
        seed=seed,
        **settings,
    )


def event_hash(seed: int) -> str:
    world = chatter(seed)
    world.run(until_ns=400 * MS)
    return world.event_sha256()


# A distribution may install a package "tests" of its own, which would hide this folder.
PROGRAM = """
import sys, types
sys.modules["tests"] = tests = types.ModuleType("tests")
tests.__path__ = ["tests"]
from tests.network.virtual.test_world_determinism import event_hash
print(event_hash({}))
"""


def in_another_process(seed: int, hash_seed: str) -> str:
    command = [sys.executable, "-c", PROGRAM.format(seed)]
    environment = {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 (ourselves)
    return done.stdout.strip()


def test_the_same_seed_gives_the_same_events_whatever_the_process() -> None:
    assert in_another_process(7, "1") == in_another_process(7, "2") == event_hash(7)


def test_another_seed_gives_other_events() -> None:
    assert len({event_hash(seed) for seed in range(10)}) == 10


def test_the_events_are_those_of_every_machine_and_python() -> None:
    assert event_hash(7) == "32efa66c9443b579921a343af2f016a8ad98a86f4418d92e078be3e891a51e89"


def test_the_hash_sees_contents_not_only_times() -> None:
    class Other(Writer):
        def timer(self, now, name):
            effects = super().timer(now, name)
            return [*effects[:1], type(effects[1])(Note("x")), *effects[2:]]

    world = chatter(7, factory=Other)
    world.run(until_ns=400 * MS)
    assert world.event_sha256() != event_hash(7)


def arrivals(plan) -> dict[tuple[int, int, str], int]:
    """(receiver, sender, text) -> when, of every delivery."""
    world = chatter(3, plan=plan)
    world.run(until_ns=400 * MS)
    return {(n, sender, text): at for n in range(5) for at, sender, text in world.machine(n).heard}


def test_taking_one_fault_out_of_a_plan_leaves_every_other_latency_as_it_was() -> None:
    whole = arrivals(PLAN[1:])
    for dropped in range(1, len(PLAN) - 1):
        fewer = arrivals(PLAN[1:dropped] + PLAN[dropped + 1 :])
        assert len(fewer) > len(whole)
        assert {key: fewer[key] for key in whole} == whole


def test_a_crash_of_one_node_moves_no_message_between_the_others() -> None:
    calm, crashed = arrivals([]), arrivals(PLAN[:1])
    between_others = [key for key in calm if 1 not in key[:2]]
    assert all(calm[key] == crashed[key] for key in between_others)
    assert any(key not in crashed for key in calm)


def test_observing_and_tracing_change_nothing() -> None:
    world = chatter(7, trace=lambda *_: None)
    world.run(until_ns=400 * MS)
    assert world.event_sha256() == event_hash(7)


def test_a_run_in_pieces_is_the_run_in_one() -> None:
    world = chatter(7)
    for until in range(0, 401 * MS, 7 * MS):
        world.run(until_ns=until)
    world.run(until_ns=400 * MS)
    assert world.event_sha256() == event_hash(7)


def test_a_fork_goes_on_as_the_original_and_apart_from_it() -> None:
    world = chatter(7)
    world.run(until_ns=160 * MS)
    fork, other = world.fork(), world.fork()
    other.inject(Crash(at_ns=0, node=0))
    other.run(until_ns=400 * MS)
    assert world.now == 160 * MS
    fork.run(until_ns=400 * MS)
    world.run(until_ns=400 * MS)
    assert world.event_sha256() == fork.event_sha256() == event_hash(7)
    assert other.event_sha256() != event_hash(7)
    assert other.condition(0) == "down"
    assert world.condition(0) == fork.condition(0) == "up"


def test_gathering_the_arrivals_of_crowds_changes_no_event(monkeypatch) -> None:
    def played(crowd: int) -> tuple[str, list[int], int]:
        monkeypatch.setattr("network.virtual.world.CROWD", crowd)
        times: list[int] = []
        world = chatter(7, nodes=12, trace=lambda now, *_: times.append(now))
        gathered = 0
        for _ in range(50):
            world.run(until_ns=world.now + 3 * MS)
            gathered = max(gathered, len(world._queue.near))
        fork = world.fork()
        fork.run(until_ns=400 * MS)
        assert all(now <= later for now, later in pairwise(times))
        return fork.event_sha256(), times, gathered

    never, gathering = played(1000), played(4)
    assert never[:2] == gathering[:2]
    assert never[2] == 0 < gathering[2]
