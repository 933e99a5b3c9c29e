"""Carries out a replica's outward effects in order, with ``Persist`` as a barrier.

One first-in-first-out queue per node: what follows a ``Persist`` waits until its records are durable, also when it
comes from a later input. While one append runs, later records gather and go in the next one together (group commit).
Disk work happens on one thread of its own, so that the event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from consensus.vocabulary import Effect, Effects, Persist, Record
from node.ledger.store import Store


class Carrier:
    """``out`` is called with each effect but Persist, when it may leave; ``failed`` when the store failed.

    After a failure nothing leaves any more: neither what waited nor what is given later.
    """

    def __init__(self, store: Store, out: Callable[[Effect], None], failed: Callable[[Exception], None]) -> None:
        self._store = store
        self._out = out
        self._failed = failed
        self._queue: deque[Effect] = deque()
        self._writing: asyncio.Future[None] | None = None
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="disk")
        self._stopped = False
        self._closed = False
        self.appends = 0

    def carry(self, effects: Effects) -> None:
        """Carry out ``effects`` after everything given before."""
        if self._stopped:
            return
        if self._queue:
            self._queue.extend(effects)
            return
        for index, effect in enumerate(effects):
            if isinstance(effect, Persist):
                self._queue.extend(effects[index:])
                self._write()
                return
            self._out(effect)

    async def close(self) -> None:
        """Finish what is being written and close the store. Closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        while self._writing is not None and not self._stopped:
            await asyncio.wait([self._writing])
        self._stopped = True
        await asyncio.get_running_loop().run_in_executor(self._disk, self._store.close)
        self._disk.shutdown()

    def _write(self) -> None:
        """Begin one append of every record that waits now."""
        barriers = [effect for effect in self._queue if isinstance(effect, Persist)]
        records: list[Record] = [record for barrier in barriers for record in barrier.records]
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(self._disk, self._store.append, records)
        self._writing.add_done_callback(lambda future: self._written(future, len(barriers)))

    def _written(self, future: asyncio.Future[None], barriers: int) -> None:
        self._writing = None
        error = future.exception()
        if error is not None:
            self._stopped = True
            self._queue.clear()
            if not isinstance(error, Exception):
                raise error  # the process is being torn down
            self._failed(error)
            return
        self.appends += 1
        while self._queue and not self._stopped:
            effect = self._queue[0]
            if isinstance(effect, Persist):
                if not barriers:
                    self._write()
                    return
                barriers -= 1
            else:
                self._out(effect)
            self._queue.popleft()
