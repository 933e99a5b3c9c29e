"""The files of one run, read line by line; whatever is wrong with one is told with its name and line."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from node.ledger import Genesis, GenesisError, LineError, decode_genesis, decode_line
from scenarios.results.manifest import Manifest, ManifestError, read_manifest
from scenarios.results.run_folder import RunFolder

T = TypeVar("T")

LINE_BYTES_MAX = 64 << 20
"""No line of any file of a run is longer."""


_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode_entry = msgspec.json.Decoder(tuple[str, str, dict[str, Any]]).decode


class ExtractError(Exception):
    """The run cannot be extracted as asked; the message names the file and place, and says what to do."""


class RunFiles:
    """A finished run's folder. ExtractError where it is none, or is from another version of this program."""

    def __init__(self, path: Path) -> None:
        self.folder = RunFolder(path)
        try:
            self.manifest: Manifest = read_manifest(self.folder.manifest)
        except ManifestError as error:
            raise ExtractError(str(error)) from None

    @cached_property
    def genesis(self) -> Genesis:
        """What the longest ledger begins with."""
        for line in self.chain():
            try:
                return decode_genesis(line[0].transactions[0])
            except (GenesisError, IndexError) as error:
                raise ExtractError(f"{self.folder.ledger(self.longest)}:1: is no genesis: {error}") from None
        raise ExtractError(f"{self.folder.ledger(self.longest)}: is empty")

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """The nodes' names: those of the genesis by number, then those that came later."""
        first = [member.name for member in self.genesis.members]
        return (*first, *(name for name in self.manifest.height if name not in first))

    @property
    def longest(self) -> str:
        """The node with the longest exported ledger, the first of several."""
        heights = self.manifest.height
        if not heights:
            raise ExtractError(f"{self.folder.manifest}: names no node")
        return max(heights, key=lambda name: heights[name])

    def chain(self) -> Iterator[tuple[Any, ...]]:
        """The blocks of :attr:`longest`, genesis first, each with its certificate or None behind it."""
        path = self.folder.ledger(self.longest)
        for number, raw in lines(path):
            try:
                yield decode_line(raw)
            except LineError as error:
                raise ExtractError(f"{path}:{number}: {error}; `consortium verify` tells more") from None

    @cached_property
    def business(self) -> dict[str, list[tuple[str, dict[str, Any]]]]:
        """The business state at the end: (key, record) by namespace."""
        path = self.folder.business
        found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for number, raw in lines(path):
            try:
                namespace, key, record = _decode_entry(raw)
            except _UNDECODABLE as error:
                raise ExtractError(f"{path}:{number}: is no entry of the business state: {error}") from None
            found.setdefault(namespace, []).append((key, record))
        return found

    def json_lines(self, path: Path, kind: type[T]) -> Iterator[T]:
        """The lines of a file of JSON lines, each of that type."""
        decode = msgspec.json.Decoder(kind).decode
        for number, raw in lines(path):
            try:
                yield decode(raw)
            except _UNDECODABLE as error:
                raise ExtractError(f"{path}:{number}: {error}") from None

    def document(self, path: Path, kind: Any = Any) -> Any:
        """A file that is one JSON value of that type."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except OSError as error:
            raise _unreadable(path, error) from None
        except _UNDECODABLE as error:
            raise ExtractError(f"{path}: {error}") from None


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line) of a file, which may be gzip's."""
    try:
        with _opened(path) as file:
            number = 0
            while raw := file.readline(LINE_BYTES_MAX):
                number += 1
                if len(raw) == LINE_BYTES_MAX:
                    raise ExtractError(f"{path}:{number}: the line is longer than {LINE_BYTES_MAX >> 20} MiB")
                yield number, raw
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _unreadable(path: Path, error: Exception) -> ExtractError:
    reason = getattr(error, "strerror", None) or str(error)
    return ExtractError(f"{path}: cannot be read: {reason}")


def canonical(value: Any) -> str:
    """A nested value as one cell: JSON in one spelling."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
