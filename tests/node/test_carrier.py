"""The carrier: nothing leaves before what it depends on is durable, in the order in which it was said."""

import asyncio
import threading

import pytest

from consensus.vocabulary import Persist, Put, Send
from node.carrier import Carrier
from node.ledger.store import StoreError


class GatedStore:
    """A store whose appends wait at a gate until the test lets one through, or fails it."""

    def __init__(self):
        self.appended = []
        self.closed = False
        self.threads = set()
        self.error = None
        self.begun = threading.Semaphore(0)
        self._gate = threading.Semaphore(0)

    def append(self, records):
        self.threads.add(threading.get_ident())
        self.begun.release()
        self._gate.acquire()
        if self.error is not None:
            raise self.error
        self.appended.append([record.key for record in records])

    def let_through(self):
        self._gate.release()

    def close(self):
        self.closed = True


class Bench:
    def __init__(self):
        self.store = GatedStore()
        self.out = []
        self.failures = []
        self.changed = asyncio.Event()
        self.carrier = Carrier(self.store, self._out, self._failed)

    def _out(self, effect):
        self.out.append(effect.message)
        self.changed.set()

    def _failed(self, error):
        self.failures.append(error)
        self.changed.set()

    async def let_through(self, until):
        """Let one append through and wait until ``until()`` holds."""
        self.store.let_through()
        async with asyncio.timeout(5):
            while not until():
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def bench():
    bench = Bench()
    yield bench
    for _ in range(9):
        bench.store.let_through()
    await bench.carrier.close()


def persist(*keys):
    return Persist(tuple(Put("space", key, key) for key in keys))


def send(message):
    return Send(1, message)


async def test_what_precedes_every_barrier_leaves_at_once(bench):
    bench.carrier.carry([send("a"), persist(1), send("b")])
    assert bench.out == ["a"]


async def test_what_follows_a_barrier_leaves_when_it_is_durable(bench):
    bench.carrier.carry([persist(1), send("b")])
    await bench.let_through(lambda: bench.out)
    assert (bench.store.appended, bench.out) == ([[1]], ["b"])


async def test_a_later_list_waits_behind_an_earlier_barrier(bench):
    bench.carrier.carry([persist(1), send("a")])
    bench.carrier.carry([send("b")])
    assert bench.out == []
    await bench.let_through(lambda: len(bench.out) == 2)
    assert bench.out == ["a", "b"]


async def test_barriers_that_gather_during_an_append_go_together_in_the_next(bench):
    bench.carrier.carry([persist(1), send("a")])
    bench.carrier.carry([persist(2), send("b"), persist(3), send("c")])
    bench.carrier.carry([persist(4), send("d")])
    await bench.let_through(lambda: bench.out == ["a"])
    await bench.let_through(lambda: len(bench.out) == 4)
    assert bench.store.appended == [[1], [2, 3, 4]]
    assert bench.out == ["a", "b", "c", "d"]
    assert bench.carrier.appends == 2


async def test_an_append_covers_only_the_barriers_that_stood_when_it_began(bench):
    bench.carrier.carry([persist(1), send("a")])
    assert await asyncio.to_thread(bench.store.begun.acquire, timeout=5)
    bench.carrier.carry([persist(2), send("b")])
    await bench.let_through(lambda: bench.out)
    assert (bench.store.appended, bench.out) == ([[1]], ["a"])


async def test_after_the_queue_is_empty_nothing_waits_any_more(bench):
    bench.carrier.carry([persist(1), send("a")])
    await bench.let_through(lambda: bench.out)
    bench.carrier.carry([send("b")])
    assert bench.out == ["a", "b"]


async def test_the_disk_is_worked_by_one_thread_which_is_not_the_loops(bench):
    bench.carrier.carry([persist(1), send("a")])
    await bench.let_through(lambda: bench.out)
    bench.carrier.carry([persist(2), send("b")])
    await bench.let_through(lambda: len(bench.out) == 2)
    assert len(bench.store.threads) == 1
    assert threading.get_ident() not in bench.store.threads


async def test_when_the_store_fails_nothing_that_waited_is_ever_said(bench):
    bench.store.error = StoreError("the disk is full")
    bench.carrier.carry([persist(1), send("a")])
    bench.carrier.carry([send("b")])
    await bench.let_through(lambda: bench.failures)
    bench.carrier.carry([send("c")])
    assert bench.failures == [bench.store.error]
    assert bench.out == []


async def test_a_store_that_fails_unforeseen_stops_everything_too(bench):
    bench.store.error = RuntimeError("a bug")
    bench.carrier.carry([persist(1), send("a")])
    await bench.let_through(lambda: bench.failures)
    bench.carrier.carry([send("b")])
    assert (bench.failures, bench.out) == ([bench.store.error], [])


async def test_closing_twice_is_harmless(bench):
    await bench.carrier.close()
    await bench.carrier.close()
    assert bench.store.closed


async def test_closing_finishes_what_is_being_written_and_says_what_waited_for_it(bench):
    bench.carrier.carry([persist(1), send("a")])
    bench.carrier.carry([persist(2), send("b")])
    bench.store.let_through()
    bench.store.let_through()
    await bench.carrier.close()
    assert bench.out == ["a", "b"]
    assert bench.store.closed
