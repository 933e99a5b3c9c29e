"""The virtual world's disk behind the interface of a store: durable after a sync, with every fault at hand."""

from __future__ import annotations

from collections.abc import Sequence

from consensus.vocabulary import Image, Record
from network.virtual.disk import Disk, apply_records
from node.ledger.store.interface import StoreError, in_order


class SimulatedStore:
    """Writes to ``disk`` and syncs before it answers. Values are kept by reference.

    Faults, each a switch: ``full``, no sync succeeds; ``lost_syncs``, syncs are answered and not done, as by a drive
    whose cache lies; :meth:`lose_power`, after which only what the disk kept is there.
    """

    def __init__(self, disk: Disk | None = None) -> None:
        self.disk = Disk() if disk is None else disk
        self.full = False
        self.lost_syncs = False
        self._unsynced: list[tuple[Record, ...]] = []
        self._closed = False

    def append(self, records: Sequence[Record]) -> None:
        self._require_open()
        if self.full:
            raise StoreError("the simulated disk is full; nothing of this write was kept", disk_full=True)
        self._unsynced.append(tuple(records))
        self.disk.write(tuple(records))
        if not self.lost_syncs:
            self.disk.end_sync(self.disk.begin_sync())
            self._unsynced.clear()

    def load(self) -> Image:
        self._require_open()
        image = self.disk.contents()
        for records in self._unsynced:
            apply_records(image, records)
        return in_order(image)

    def close(self) -> None:
        self._closed = True

    def lose_power(self, records: Sequence[Record] = (), *, survivors: int = 0, torn: int = 0) -> SimulatedStore:
        """The power goes while ``records`` are being appended; the store that a restart finds.

        Of the writes that no sync had covered, the first ``survivors`` reached the disk; of the next one, ``torn``
        records, which only a disk without a journal keeps.
        """
        self._require_open()
        self.disk.write(tuple(records))
        self.disk.begin_sync()
        self.disk.crash(survivors, torn)
        self.close()
        return SimulatedStore(self.disk)

    def _require_open(self) -> None:
        if self._closed:
            raise StoreError("the simulated store is closed")
