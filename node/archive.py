"""A node's ledger as a file, and back: what ``consortium export`` and ``consortium import`` do.

The file is the exported ledger of docs/ledger-format.md: it proves itself, so whoever imports it trusts nobody. What a
ledger does not hold stays behind: the votes of the node that wrote it, and what its organisation could open of sealed
payloads. So an import is for a node that begins: a new member, an observer, an auditor who wants to ask questions.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

import msgspec

from consensus.chain import BLOCKS, CERTIFICATES, HEADERS, Block, Certificate
from consensus.snapshots import SNAPSHOT
from consensus.vocabulary import Put, Record
from network.codec import RecordCodec
from node.ledger import Audit, Execute, Genesis, audit_ledger, decode_line, export_ledger
from node.ledger.store import SqliteStore, StoreError

APPEND_BLOCKS = 256
"""Blocks of an import that are made durable together."""

Progress = Callable[[int], None]
"""Told now and then how many blocks are done."""


class ArchiveError(Exception):
    """The export or import cannot be; the message names the file, the matter and what helps."""


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: blocks up to ``height``, whose hash is ``head``.

    ``uncertified`` blocks above it were left out, since nothing proves yet that they are decided; ``lacking`` says
    which block the node skipped with a snapshot and has not fetched (None: it holds all).
    """

    height: int
    head: bytes
    uncertified: int
    lacking: int | None


class LedgerCodec:
    """Decodes what a ledger and its snapshot consist of, and leaves everything else in a store as it is."""

    def __init__(self) -> None:
        self._codec = RecordCodec((), {})

    def encode(self, value: Any) -> bytes:
        return self._codec.encode(value)

    def decode(self, space: str, raw: bytes) -> Any:
        """The value at rest in ``space``; CodecError where the bytes of a block or certificate are none."""
        return self._codec.decode(space, raw) if space in {BLOCKS, CERTIFICATES, HEADERS, SNAPSHOT} else raw


def export_node(database: Path, genesis: Block, path: Path, progress: Progress | None = None) -> Exported:
    """Write the ledger of a stopped node to ``path``; the file appears whole or not at all.

    ArchiveError where the node does not even hold the first blocks, since it is pruned or began with a snapshot;
    StoreError where the database is in use or damaged, OSError where the file cannot be written.
    """
    if not database.is_file():
        raise ArchiveError(f"{database}: there is no such database; give the folder of a node that has run")
    store = SqliteStore(database, LedgerCodec())
    try:
        image = store.load()
    finally:
        store.close()
    blocks, certificates = image.get(BLOCKS, {}), image.get(CERTIFICATES, {})
    top = 0
    while top + 1 in blocks:
        top += 1
    lacking = top + 1 if any(isinstance(h, int) and h > top for h in blocks) else None
    if lacking == 1:  # what it could write would be a genesis, in place of a ledger that may lie there
        remedy = "`consortium prune --undo`" if image.get(HEADERS) else "letting it run"
        raise ArchiveError(f"{database}: lacks its first blocks; {remedy} has the node fetch them from others")
    height = max((h for h in range(1, top + 1) if h in certificates), default=0)
    export_ledger(path, _chain(genesis, blocks, certificates, height, progress))
    head = blocks[height].hash if height else genesis.hash
    return Exported(height=height, head=head, uncertified=top - height, lacking=lacking)


def _chain(
    genesis: Block,
    blocks: Mapping[Any, Block],
    certificates: Mapping[Any, Certificate],
    height: int,
    progress: Progress | None,
) -> Iterator[tuple[Block, Certificate | None]]:
    yield genesis, None
    parent = genesis.hash
    for place in range(1, height + 1):
        block = blocks[place]
        if block.parent != parent:
            raise StoreError(f"block {place} of the store does not follow the one before it: it is of another ledger")
        yield block, certificates.get(place)
        parent = block.hash
        if progress is not None:
            progress(place)


def import_ledger(
    path: Path, database: Path, genesis: Genesis, execute: Execute, progress: Progress | None = None
) -> Audit:
    """Verify the ledger at ``path`` in full, executing it, and make ``database`` of it; what the audit found.

    AuditError names the line that is wrong; ArchiveError says where there is a database already, or where the ledger is
    another network's. The database appears whole or not at all.
    """
    if database.exists():
        raise ArchiveError(f"{database}: is there already; move it away, or import into a folder of its own")
    before = _digest(path)
    audit = audit_ledger(path, execute=execute)
    unfinished = database.with_name(database.name + ".part")
    database.parent.mkdir(parents=True, exist_ok=True)
    _remove(unfinished)
    try:
        _fill(unfinished, path, genesis, progress)
        if _digest(path) != before:
            raise ArchiveError(f"{path}: changed while it was read")
        unfinished.replace(database)
    finally:
        _remove(unfinished)
    _sync_folder(database.parent)
    return audit


def _fill(database: Path, ledger: Path, genesis: Genesis, progress: Progress | None) -> None:
    store = SqliteStore(database, LedgerCodec())
    try:
        waiting: list[Record] = []
        with ledger.open("rb") as file:
            for height, raw in enumerate(file):
                block, certificate, _ = decode_line(raw)
                if height == 0:
                    _require_genesis(ledger, block, genesis)
                    continue
                waiting.append(Put(BLOCKS, height, block))
                if certificate is not None:
                    waiting.append(Put(CERTIFICATES, height, certificate))
                if height % APPEND_BLOCKS == 0:
                    store.append(waiting)
                    waiting.clear()
                if progress is not None:
                    progress(height)
        store.append(waiting)
    finally:
        store.close()


def _require_genesis(ledger: Path, block: Block, genesis: Genesis) -> None:
    if block.transactions != (genesis.encode(),):
        raise ArchiveError(
            f"{ledger}:1: the genesis is not the one of {genesis.network} that the node is configured for"
        )


def _remove(database: Path) -> None:
    """What an import that did not come to its end left of ``database``."""
    for leftover in database.parent.glob(database.name + "*"):
        leftover.unlink()


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()


def _sync_folder(folder: Path) -> None:
    """Make a rename durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
