"""A book that somebody keeps, held against the ledger 对账: every entry that is another there is named (row 55).

The book is a statement of account as ``consortium accounts --owner NAME --csv`` writes it; amounts are in fen.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from scenarios.results.accounts.books import Books, BooksError
from scenarios.results.accounts.telling import table

Places = dict[tuple[str, str], tuple[int, int]]
"""(posting, kind) -> (business time in ms, fen with debits positive)"""

_BYTES_MAX = 64 << 20


def held_against(books: Books, owner: str, path: Path) -> Iterator[str]:
    """What differs between the book in ``path`` and the ledger, entry by entry. BooksError where it is no book."""
    kept, booked = _read(path), _places(books, owner)
    for place in sorted(kept.keys() | booked.keys()):
        posting, kind = place
        mine, theirs = kept.get(place), booked.get(place)
        if mine == theirs:
            continue
        if theirs is None:
            yield f"{posting} {kind}: in the book and not on the ledger"
        elif mine is None:
            yield f"{posting} {kind}: on the ledger and not in the book"
        elif mine[1] != theirs[1]:
            yield f"{posting} {kind}: {mine[1]} fen in the book, {theirs[1]} on the ledger"
        else:
            yield f"{posting} {kind}: at {mine[0]} ms in the book, at {theirs[0]} on the ledger"


def _places(books: Books, owner: str) -> Places:
    found: Places = {}
    for line in books.statement(owner):
        before = found.get((line.key, line.kind), (line.time_ms, 0))
        found[line.key, line.kind] = (line.time_ms, before[1] + line.amount_fen)
    return found


def _read(path: Path) -> Places:
    head, _ = table(Books(()), "statement")
    found: Places = {}
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise BooksError(f"{path}: larger than {_BYTES_MAX >> 20} MiB")
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if reader.fieldnames is None or tuple(reader.fieldnames) != head:
                raise BooksError(
                    f"{path}:1: its columns must be {','.join(head)}, as `accounts --owner --csv` writes them"
                )
            for row in reader:
                place = row["posting"], row["kind"]
                time_ms, fen = int(row["time_ms"]), int(row["amount_fen"])
                found[place] = (time_ms, found.get(place, (0, 0))[1] + fen)
    except OSError as error:
        raise BooksError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, csv.Error) as error:
        raise BooksError(f"{path}: is no statement of account: {error}") from None
    return found
