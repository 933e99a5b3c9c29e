"""Payloads: what blocks hold for one organisation alone, delivered to its vault and to its safe.

A block that is decided here becomes durable together with what it holds for us. One that was fetched below a snapshot
is durable before it is executed; so where a life ended in between, the next one delivers again. To deliver twice
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from consensus.chain import Block
from consensus.snapshots import DELIVERED, MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import Effects, Image, Persist, Put, Record
from node.contracts.runtime import Execution
from node.custody import Safe
from node.entry import Entry
from node.snapshots import pruned_to

VAULT = "vault"
"""Durable space: what this organisation could open of the sealed payloads on the chain."""

_UP_TO = 0
"""The key in :data:`~consensus.snapshots.DELIVERED`."""

Opened = Callable[[Execution], Mapping[str, Any]]
"""What the organisation can open of a block's sealed payloads, by key in the vault."""


class Payloads:
    """Of one node. ``held``: the blocks that its store in ``image`` held, executed again."""

    def __init__(self, vault: Opened, safe: Safe, image: Image, held: Sequence[tuple[Block, Execution]]) -> None:
        self._vault = vault
        self._safe = safe
        self._undelivered = _undelivered(image, held)

    def executed(self, height: int, execution: Execution) -> tuple[list[Record], Effects]:
        """A block was executed: what to make durable with it, and what to do besides."""
        records: list[Record] = [Put(VAULT, key, opened) for key, opened in self._vault(execution).items()]
        kept, effects = self._safe.executed(height, execution)
        return records + kept, effects

    def started(self, *, whole: bool) -> Effects:
        """Deliver what the last life may not have; ``whole``: is no block missing any more?"""
        late, self._undelivered = self._undelivered, []
        return self._deliver(late, last=whole) + self._safe.started()

    def filled(self, done: Sequence[tuple[Entry, Execution]], *, whole: bool) -> Effects:
        """Blocks that a snapshot made us skip were executed; ``whole``: that was the last of them."""
        return self._deliver([(entry.block, execution) for entry, execution in done], last=whole)

    def _deliver(self, done: Sequence[tuple[Block, Execution]], *, last: bool) -> Effects:
        records: list[Record] = []
        effects: Effects = []
        for block, execution in done:
            more, follows = self.executed(block.height, execution)
            records += more
            effects += follows
        if done and last:
            records.append(Put(DELIVERED, _UP_TO, done[-1][0].height))
        return [Persist(tuple(records)), *effects] if records else effects


def _undelivered(image: Image, held: Sequence[tuple[Block, Execution]]) -> list[tuple[Block, Execution]]:
    """Of the blocks ``held``, those that may have been fetched below a snapshot and never delivered, or more."""
    snapshot: Snapshot | None = image.get(SNAPSHOT, {}).get(MANIFEST)
    if snapshot is None or pruned_to(image):
        return []
    done: int = image.get(DELIVERED, {}).get(_UP_TO, 0)
    return [(block, execution) for block, execution in held if done < block.height <= snapshot.height]
