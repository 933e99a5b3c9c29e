"""A run's books from the files of its folder: as of its end, of a height, or of a moment of business time.

As of its end the journal lies in ``state/business.jsonl``. As of a height it is what executing the longest exported
ledger up to there gives, by the contracts of this program. Either way the journal is held to the balances beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from node.contracts.accounts import Account, Posting
from node.contracts.runtime import business_entries
from node.ledger import Transaction, TransactionError, decode_transaction
from scenarios.results.accounts.books import Books, BooksError, Entry
from scenarios.results.exports.source import ExtractError, RunFiles, lines
from scenarios.results.replay import ContractMachine

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_decode_entry = msgspec.json.Decoder(tuple[str, str, msgspec.Raw]).decode


class AsOf(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where books go: a height, or a business time in milliseconds; to the end where both are None."""

    height: int | None = None
    moment_ms: int | None = None


def parse_as_of(text: str) -> AsOf:
    """A height like "12", or a moment of business time like "2023-04-18 14:05". ValueError where it is neither."""
    if text.isascii() and text.isdecimal():
        return AsOf(height=int(text))
    try:
        moment = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    except ValueError:
        raise ValueError(f"{text!r} is neither a height, like 12, nor a moment, like `2023-04-18 14:05`") from None
    return AsOf(moment_ms=(moment - _EPOCH) // dt.timedelta(milliseconds=1))


def read_books(folder: Path, as_of: AsOf | None = None) -> Books:
    """The books of the run in ``folder``. BooksError names the file, the place and what is wrong."""
    when = as_of or AsOf()
    try:
        files = RunFiles(folder)
        entries, balances = _at_the_end(files) if when.height is None else _at_height(files, when.height)
    except ExtractError as error:
        raise BooksError(str(error)) from None
    books = Books(entries)
    books.require_agree(balances)
    return books if when.moment_ms is None else books.until(when.moment_ms)


def _at_the_end(files: RunFiles) -> tuple[list[Entry], dict[str, int]]:
    path = files.folder.business
    if files.manifest.business_root is None:
        raise BooksError(f"{path}: the nodes share no business state; ask for a height instead, as of a node's ledger")
    entries: list[Entry] = []
    balances: dict[str, int] = {}
    for number, raw in lines(path):
        try:
            namespace, key, record = _decode_entry(raw)
            if namespace == Posting.namespace:
                entries.append(_entry(key, msgspec.json.decode(record, type=_Posted)))
            elif namespace == Account.namespace:
                balances[key] = msgspec.json.decode(record, type=_Kept).balance_fen
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BooksError(f"{path}:{number}: is no entry of the business state: {error}") from None
    return entries, balances


def _at_height(files: RunFiles, height: int) -> tuple[list[Entry], dict[str, int]]:
    path = files.folder.ledger(files.longest)
    try:
        machine = ContractMachine(files.genesis)
    except ValueError as error:
        raise BooksError(f"{path}:1: {error}") from None
    reached = -1
    for reached, (block, *_) in enumerate(files.chain()):
        if reached > height:
            break
        if reached:
            machine.run(_transactions(path, reached, block.transactions))
    if reached < height:
        raise BooksError(f"{path}: ends at height {reached}, before {height}; ask for a height of at most {reached}")
    return _of_state(business_entries(machine.tree))


def _transactions(path: Path, height: int, raw: Iterable[bytes]) -> list[Transaction]:
    try:
        return [decode_transaction(one) for one in raw]
    except TransactionError as error:
        line = height + 1
        raise BooksError(f"{path}:{line}: holds no transaction: {error}; `consortium verify` tells more") from None


def _of_state(state: Iterable[tuple[str, str, Any]]) -> tuple[list[Entry], dict[str, int]]:
    entries: list[Entry] = []
    balances: dict[str, int] = {}
    for _, key, record in state:
        if isinstance(record, Posting):
            entries.append(Entry(record.time_ms, key, record.memo, record.lines))
        elif isinstance(record, Account):
            balances[key] = record.balance_fen
    return entries, balances


class _Posted(msgspec.Struct):
    """A posting, as the business state's file has it."""

    memo: str
    time_ms: int
    lines: tuple[tuple[str, int], ...]


class _Kept(msgspec.Struct):
    """An account, as the business state's file has it."""

    balance_fen: int


def _entry(key: str, posted: _Posted) -> Entry:
    return Entry(posted.time_ms, key, posted.memo, posted.lines)
