"""The durable store: one SQLite file per node, in WAL mode with ``synchronous=FULL``.

``append`` is one transaction: SQLite syncs the write-ahead log before COMMIT returns, so what was acknowledged
survives a crash of the process and of the machine, and half an append is never seen. The connection holds SQLite's
exclusive lock while it is open, which the operating system releases when the process dies; so two processes cannot
open one store, and no stale lock file outlives a kill.

A store that a crash interrupted is repaired when it is opened: the append that was being written goes, which nobody was
told of (:attr:`SqliteStore.repaired` says so). Anything worse is refused with a message that names file and byte. Every
row carries a CRC-32 of its space, key and value, since SQLite does not notice a bit that flipped inside a value; and
:mod:`node.ledger.store.wal` looks through the write-ahead log before SQLite does, which would forget appends that
counted without a word.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zlib import crc32

from consensus.vocabulary import Cut, Drop, Image, Put, Record
from node.ledger.store.damage import damaged, find_row, offset_of_page, row_named
from node.ledger.store.interface import StoreError
from node.ledger.store.wal import TornTail, WalError, torn_tail

APPLICATION_ID = 0x436F6E73  # "Cons": tells our files from other programs' databases
LAYOUT_VERSION = 1

LOOKS = 3
LOOK_AGAIN_S = 0.1
"""A log that another process writes may look damaged for an instant; then SQLite tells that it is in use."""

_INTEGER_MAX = 2**63 - 1
_JOURNAL_BYTES_MAX = 64 * 1024 * 1024

_CREATE = """
CREATE TABLE records (
    space TEXT NOT NULL,
    key NOT NULL,       -- no type: integers stay integers, strings stay strings
    value BLOB NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (space, key)
)
"""
_PUT = "INSERT OR REPLACE INTO records (space, key, value, crc) VALUES (?, ?, ?, ?)"
# In SQLite's order every string stands above every integer: the ranges below never meet one.
_CUT = "DELETE FROM records WHERE space = ? AND key BETWEEN ? AND ?"
_DROP = "DELETE FROM records WHERE space = ? AND key < ?"
_ROW = "SELECT space, key, value FROM records NOT INDEXED WHERE rowid = ?"
_STANDS = "SELECT 1 FROM records WHERE space = ? AND key = ?"
# What was overwritten is zeroed in the file by secure_delete; the log would keep it until its frames are used again.
_FORGET = "PRAGMA wal_checkpoint(TRUNCATE)"
_LOAD = "SELECT space, key, value, crc FROM records ORDER BY space, key"

_Result = TypeVar("_Result")


class RecordCodec(Protocol):
    """How values become bytes; ``decode`` may raise anything on bytes that it did not make."""

    def encode(self, value: Any) -> bytes: ...

    def decode(self, space: str, raw: bytes) -> Any: ...


class SqliteStore:
    """Opens the file at ``path``, or creates it; StoreError where it is in use, no store, or damaged.

    Blocking: event loops call it from a thread. ``repaired`` tells what opening it has put right; "": nothing.
    """

    def __init__(self, path: Path, codec: RecordCodec, erasing: frozenset[str] = frozenset()) -> None:
        """``erasing``: spaces whose values leave nothing in the files once they are overwritten or removed."""
        self._path = path
        self._erasing = erasing
        self._log = path.with_name(path.name + "-wal")
        self._codec = codec
        self._connection: sqlite3.Connection | None = None
        self.repaired = self._look_through_log()
        self._connection = self._guard(self._connect)

    def append(self, records: Sequence[Record]) -> None:
        rows = [self._row(record) for record in records]
        self._guard(lambda: self._write(rows))

    def load(self) -> Image:
        image: Image = {}
        for space, key, value, crc in self._guard(lambda: self._open().execute(_LOAD).fetchall()):
            if not isinstance(value, bytes) or _checksum(space, key, value) != crc:  # a column's type may have flipped
                path, offset = find_row((self._path, self._log), space, key, value) or (self._path, None)
                raise damaged(path, offset, f"the record at {space}/{key} fails its checksum")
            try:
                image.setdefault(space, {})[key] = self._codec.decode(space, value)
            except Exception as error:  # whatever the codec raises, the record is of no use
                raise StoreError(f"{self._path}: the record at {space}/{key} cannot be read: {error}") from error
        return image

    def shrink(self) -> None:
        """Give the space of what was removed back to the file system. StoreError where there is no room to do it."""
        connection = self._open()
        self._guard(lambda: connection.execute("VACUUM"))
        self._guard(lambda: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _row(self, record: Record) -> tuple[str, tuple[Any, ...]]:
        match record:
            case Put(space, key, value):
                encoded = self._codec.encode(value)
                return _PUT, (space, key, encoded, _checksum(space, key, encoded))
            case Cut(space, start):
                return _CUT, (space, start, _INTEGER_MAX)
            case Drop(space, end):
                return _DROP, (space, end)

    def _write(self, rows: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
        connection = self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            erases = any(self._erases(connection, *row) for row in rows)
            for statement, values in rows:
                connection.execute(statement, values)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite has rolled back by itself where the disk failed
                connection.execute("ROLLBACK")
            raise
        if erases:
            connection.execute(_FORGET).fetchall()

    def _erases(self, connection: sqlite3.Connection, statement: str, values: tuple[Any, ...]) -> bool:
        """Does this row take something away that must leave no trace?"""
        if values[0] not in self._erasing:
            return False
        return statement != _PUT or connection.execute(_STANDS, values[:2]).fetchone() is not None

    def _look_through_log(self) -> str:
        """What SQLite will drop of the log, in words; StoreError where it would drop what had counted."""
        try:
            tail = self._tail()
            if self._log.exists() and self._log.stat().st_size and not self._path.stat().st_size:
                raise damaged(self._path, 0, "it is empty, and its log is not")
        except WalError as error:
            raise damaged(self._log, error.offset, error.what) from None
        except OSError as error:
            raise StoreError(f"{error.filename}: cannot be read: {error.strerror}") from None
        if tail is None:
            return ""
        return f"{self._log}: dropped {tail.length} bytes from byte {tail.offset} on: an append that a crash cut short"

    def _tail(self) -> TornTail | None:
        """The log's torn tail; WalError where it is damaged, and not just being written by somebody else."""
        for _ in range(LOOKS - 1):
            try:
                return torn_tail(self._log)
            except WalError:
                time.sleep(LOOK_AGAIN_S)
        return torn_tail(self._log)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            # Exclusive before WAL: the index of the log then lives in memory and is never shared.
            connection.text_factory = _text
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES_MAX}")
            connection.execute("BEGIN EXCLUSIVE")
            self._adopt(connection)
            connection.execute("COMMIT")
            if self._erasing:  # what a crash kept from being forgotten, too
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute(_FORGET).fetchall()
        except BaseException:
            connection.close()
            raise
        return connection

    def _adopt(self, connection: sqlite3.Connection) -> None:
        """Lay out an empty file; refuse one that is not ours or not whole."""
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        if not tables and not application:
            connection.execute(_CREATE)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {LAYOUT_VERSION}")
            return
        if application != APPLICATION_ID:
            raise StoreError(f"{self._path}: a database of another program, not a node's store")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != LAYOUT_VERSION:
            raise StoreError(f"{self._path}: laid out in version {version}; this program reads {LAYOUT_VERSION}")
        self._require_whole(connection)

    def _require_whole(self, connection: sqlite3.Connection) -> None:
        """StoreError where pages, rows and index do not fit together."""
        told = " ".join(connection.execute("PRAGMA integrity_check(1)").fetchone()[0].split())
        if told == "ok":
            return
        path, offset = self._path, offset_of_page(told, connection.execute("PRAGMA page_size").fetchone()[0])
        row = connection.execute(_ROW, (row_named(told),)).fetchone() if offset is None else None
        if row is not None:
            path, offset = find_row((self._path, self._log), *row) or (path, None)
        raise damaged(path, offset, told)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(f"{self._path}: the store is closed")
        return self._connection

    def _guard(self, work: Callable[[], _Result]) -> _Result:
        """Do ``work``; SQLite's errors become StoreErrors that say what is the matter."""
        try:
            return work()
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def _explain(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        match code:
            case sqlite3.SQLITE_FULL:
                return StoreError(f"{self._path}: the disk is full; nothing of this write was kept", disk_full=True)
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return StoreError(f"{self._path}: in use by another process")
            case sqlite3.SQLITE_NOTADB:
                return damaged(self._path, 0, f"no database, or its header is damaged ({error})")
            case sqlite3.SQLITE_CORRUPT:
                return damaged(self._path, None, str(error))
            case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                return StoreError(f"{self._path}: cannot be opened for writing ({error})")
            case _:
                return StoreError(f"{self._path}: {error}")


def _text(raw: bytes) -> str:
    """Damaged text is still text: its row's checksum will tell."""
    return raw.decode(errors="replace")


def _checksum(space: str, key: int | str, value: bytes) -> int:
    return crc32(value, crc32(f"{space}/{key!r}".encode()))
