"""All points of a sweep on a Dask cluster, for what outgrows one machine (extra ``dask``).

Every worker must hold the very same program as the one who asks: that is looked at first. A worker that dies is not the
sweep's end: Dask gives its point to others, and tells the point that has killed several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any

from scenarios.failures import FailureError
from scenarios.sweeps.executing import Finished
from scenarios.sweeps.planning import Point
from scenarios.sweeps.playing import crashed, play
from scenarios.sweeps.program import program_sha256

PATIENCE_S = 30
"""How long a scheduler, and then a first worker, is waited for."""
AHEAD = 4
"""Points in the scheduler's hands for each thread of the workers."""


def on_cluster(points: Iterable[Point], address: str) -> Iterator[Finished]:
    """On the workers of the scheduler at ``address`` ("tcp://host:8786"), in the order in which they finish.

    FailureError where Dask is not installed, nobody answers, or a worker holds another program.
    """
    client = _client(address)
    try:
        threads = _require_workers(client, address)
        yield from _played(client, iter(points), AHEAD * threads)
    finally:
        client.close()


def _played(client: Any, waiting: Iterator[Point], ahead: int) -> Iterator[Finished]:
    distributed: Any = import_module("distributed")

    def begun(some: int) -> list[Any]:
        futures = []
        for point in islice(waiting, some):
            future = client.submit(play, point, pure=False, key=f"consortium-{point.sha256}-{id(points)}")
            points[future.key] = point
            futures.append(future)
        return futures

    points: dict[str, Point] = {}
    under_way = distributed.as_completed(begun(ahead), loop=client.loop)
    for future in under_way:
        point = points.pop(future.key)
        try:
            row = future.result()
        except (distributed.KilledWorker, distributed.CancelledError) as error:
            row = crashed(point, f"the workers that ran it died ({type(error).__name__}); out of memory?")
        yield Finished(point, row)
        under_way.update(begun(1))


def _client(address: str) -> Any:
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise FailureError("--scheduler needs Dask: pip install 'consortium-sim[dask]'") from None
    try:
        return distributed.Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise FailureError(f"no Dask scheduler answers at {address}: {error}") from None


def _require_workers(client: Any, address: str) -> int:
    """How many threads all workers have; FailureError where there is no worker, or one that would play otherwise."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except TimeoutError:
        raise FailureError(f"the scheduler at {address} has no workers; start `dask worker {address}`") from None
    ours = _ours()
    for worker, theirs in sorted(client.run(program_sha256, on_error="return").items()):
        if isinstance(theirs, BaseException):
            raise FailureError(f"the worker {worker} cannot load this program: {theirs}; install it there")
        if theirs != ours:
            raise FailureError(f"the worker {worker} has another version of this program; install the same there")
    return sum(int(threads) for threads in client.nthreads().values())


def _ours() -> str:
    """The program here, which all workers must hold."""
    return program_sha256()
