"""Faults on processes: what a node suffers follows from all the faults that are active, however they overlap."""

import asyncio
import signal

import msgspec
import pytest

from network.virtual.links import instant_links
from scenarios.runner.ground import RunError
from scenarios.runner.link_orders import LinkOrders
from scenarios.runner.node_child import NodeChild
from scenarios.runner.process_faults import ProcessHands, Witness
from scenarios.runner.view import NodeView

MS = 10**6
NAMES = ("n0", "n1")


class Child:
    """A process in name only."""

    def __init__(self):
        self.alive = True
        self.starts = 0
        self.signals = []
        self.told = []

    async def start(self):
        assert not self.alive, "two processes of one node"
        await asyncio.sleep(0)
        self.alive = True
        self.starts += 1

    async def kill(self):
        await asyncio.sleep(0)
        self.alive = False

    def send_signal(self, number):
        self.signals.append(number)

    def tell(self, line):
        self.told.append(msgspec.json.decode(line))


class Bench:
    def __init__(self, tmp_path):
        self.log = []
        self.broken = None
        self.nodes = [
            NodeChild(
                child=Child(),
                folder=tmp_path,
                ready=asyncio.Event(),
                view=NodeView(name=name, role="insurer", votes=True, condition="up"),
            )
            for name in NAMES
        ]
        witness = Witness(
            show=lambda _, condition: self.log.append(condition),
            until_ready=self._ready,
            back=lambda number: self.log.append(f"{NAMES[number]} is back"),
            healed=lambda: self.log.append("healed"),
            failed=self.log.append,
        )
        self.hands = ProcessHands(self.nodes, NAMES, LinkOrders(2, instant_links()), witness)

    async def _ready(self, node):
        await asyncio.sleep(0)
        if self.broken is not None:
            raise self.broken
        node.ready.set()

    async def done(self):
        """Until no fault is under way."""
        async with asyncio.timeout(5):
            while self.hands.busy:
                await asyncio.gather(*self.hands._jobs, return_exceptions=True)
                await asyncio.sleep(0)

    @property
    def child(self):
        return self.nodes[0].child


@pytest.fixture
async def bench(tmp_path):
    return Bench(tmp_path)


async def test_a_killed_node_starts_again_after_its_time(bench):
    bench.hands.crash(0, 2 * MS)
    assert bench.nodes[0].expected_down
    await bench.done()
    assert bench.log == ["down", "starting", "n0 is back"]
    assert (bench.child.alive, bench.nodes[0].expected_down) == (True, False)


async def test_a_killed_node_without_a_time_stays_down(bench):
    bench.hands.crash(0, None)
    await bench.done()
    assert bench.log == ["down"]
    assert (bench.child.alive, bench.nodes[0].expected_down) == (False, True)


async def test_two_crashes_at_once_end_with_the_later_and_in_one_process(bench):
    bench.hands.crash(0, 2 * MS)
    bench.hands.crash(0, 20 * MS)
    await bench.done()
    assert bench.child.starts == 1
    assert (bench.child.alive, bench.nodes[0].expected_down) == (True, False)


async def test_a_crash_for_ever_outlasts_one_that_ends(bench):
    bench.hands.crash(0, None)
    bench.hands.crash(0, 2 * MS)
    await bench.done()
    assert (bench.child.starts, bench.nodes[0].expected_down) == (0, True)


async def test_a_node_is_killed_while_it_starts_again(bench):
    starting, ready = asyncio.Event(), asyncio.Event()

    async def until_ready(_):
        starting.set()
        await ready.wait()
        raise RunError("n0 did not start: it was killed")

    bench.hands._witness = msgspec.structs.replace(bench.hands._witness, until_ready=until_ready)
    bench.hands.crash(0, 1)
    await asyncio.wait_for(starting.wait(), 5)
    bench.hands.crash(0, None)
    ready.set()
    await bench.done()
    assert bench.log == ["down", "starting", "down"]
    assert (bench.child.alive, bench.nodes[0].expected_down) == (False, True)


async def test_a_restart_ends_every_crash_and_none_starts_it_twice(bench):
    bench.hands.crash(0, 5 * MS)
    bench.hands.restart(0)
    await bench.done()
    assert bench.child.starts == 1


async def test_a_restart_of_a_node_that_runs_changes_nothing(bench):
    bench.hands.restart(0)
    await bench.done()
    assert (bench.child.starts, bench.log) == (0, [])


async def test_two_restarts_at_once_start_one_process(bench):
    bench.hands.crash(0, None)
    bench.hands.restart(0)
    bench.hands.restart(0)
    await bench.done()
    assert bench.child.starts == 1


async def test_a_node_that_does_not_come_back_is_told(bench):
    bench.broken = RunError("n0 did not start")
    bench.hands.crash(0, 1)
    await bench.done()
    assert bench.log[-1] is bench.broken


async def test_an_unforeseen_error_is_told_as_a_failure_of_the_run(bench):
    bench.broken = OSError("no more processes")
    bench.hands.crash(0, 1)
    await bench.done()
    assert isinstance(bench.log[-1], RunError)
    assert str(bench.log[-1]) == "a fault could not be done: no more processes"


async def test_a_paused_node_goes_on_when_the_last_pause_is_over(bench):
    bench.hands.pause(0, 20 * MS)
    bench.hands.pause(0, 2 * MS)
    await bench.done()
    assert bench.child.signals == [signal.SIGSTOP, signal.SIGSTOP, signal.SIGCONT]


async def test_links_are_cut_and_healed_by_orders_to_every_node(bench):
    bench.hands.cut((0,), (1,), 2 * MS)
    await bench.done()
    assert [[told["cut"] for told in node.child.told] for node in bench.nodes] == [[["n1"], []], [["n0"], []]]
    assert bench.log == ["healed"]


async def test_a_node_that_is_back_learns_which_links_are_cut(bench):
    bench.hands.cut((0,), (1,), None)
    bench.hands.crash(1, 2 * MS)
    await bench.done()
    assert bench.nodes[1].child.told[-1]["cut"] == ["n0"]


async def test_at_the_end_everything_is_left_as_it_is(bench):
    bench.hands.crash(0, 10**12)
    await asyncio.sleep(0)
    bench.hands.cancel()
    await bench.done()
    assert bench.child.starts == 0
