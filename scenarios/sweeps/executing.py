"""All points of a sweep, in this process or in several; a run that takes its process with it loses no other.

Rows come as they are finished. Whoever stops asking for more (Ctrl-C) ends the processes at once: what they were at is
played again when the sweep goes on.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool

import msgspec

from scenarios.sweeps.planning import Point
from scenarios.sweeps.playing import RunRow, crashed, play
from scenarios.workers import stop, workers

AHEAD = 2
"""Points that each process has been given: the one it plays, and the next."""


class Finished(msgspec.Struct, frozen=True):
    """A point, and what came of it."""

    point: Point
    row: RunRow


def in_this_process(points: Iterable[Point]) -> Iterator[Finished]:
    """One after the other."""
    for point in points:
        yield Finished(point, play(point))


def in_processes(points: Iterable[Point], jobs: int) -> Iterator[Finished]:
    """``jobs`` at a time.

    When a process dies, all of its pool's do: what they were at is then played again, one point after the other in one
    process, and the one that it dies of is told as crashed.
    """
    waiting = iter(points)
    while suspects := (yield from _in_one_pool(waiting, jobs * AHEAD, jobs)):
        while suspects:
            rest = iter(suspects)
            left = yield from _in_one_pool(rest, 1, 1)
            if left:
                yield Finished(left[0], crashed(left[0], "the process that ran it died; out of memory?"))
            suspects = list(rest)


def _in_one_pool(waiting: Iterator[Point], ahead: int, jobs: int) -> Generator[Finished, None, list[Point]]:
    """Play until no point waits, or the pool breaks; what was under way when it broke. ``ahead``: at most so many."""
    pool = workers(jobs)
    under_way: dict[Future[RunRow], Point] = {}
    try:
        while True:
            while len(under_way) < ahead and (point := next(waiting, None)) is not None:
                try:
                    under_way[pool.submit(play, point)] = point
                except BrokenProcessPool:
                    return [*under_way.values(), point]
            if not under_way:
                pool.shutdown()
                return []
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda one: isinstance(one.exception(), BrokenProcessPool)):
                if isinstance(future.exception(), BrokenProcessPool):
                    return list(under_way.values())
                yield Finished(under_way.pop(future), future.result())
    finally:
        stop(pool)
