"""Books for people, as aligned lines, and for spreadsheets, as CSV: the same rows either way.

CSV has amounts in fen and times in milliseconds, so that nothing is rounded or read in another time zone.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from typing import Literal

from node.contracts.accounts import KINDS
from scenarios.results.accounts.books import Books, Turnover
from scenarios.results.amounts import aligned

View = Literal["trial-balance", "statement", "journal"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def told(books: Books, view: View, *, owner: str | None = None, kind: str | None = None) -> str:
    """The text, ending in a newline."""
    if view == "trial-balance":
        return _trial_balance(books, owner, kind)
    head, rows = table(books, view, owner=owner, kind=kind)
    if not rows:
        return "nothing was posted there\n"
    amounts = {place for place, name in enumerate(head) if name.endswith("_fen")}
    times = {place for place, name in enumerate(head) if name == "time_ms"}
    titles = [name.removesuffix("_fen").removesuffix("_ms") for name in head]
    shown = [
        [
            yuan(int(cell)) if place in amounts else moment(int(cell)) if place in times else cell
            for place, cell in enumerate(row)
        ]
        for row in rows
    ]
    return _columns([titles, *shown], amounts)


def as_csv(books: Books, view: View, *, owner: str | None = None, kind: str | None = None) -> str:
    """The same as CSV."""
    head, rows = table(books, view, owner=owner, kind=kind)
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([head, *rows])
    return written.getvalue()


def table(
    books: Books, view: View, *, owner: str | None = None, kind: str | None = None
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The head and the rows of a view, amounts in fen."""
    match view:
        case "trial-balance":
            head: tuple[str, ...] = ("owner", "kind", "debit_fen", "credit_fen", "balance_fen")
            return head, [_turnover(found) for found in books.trial_balance(owner=owner, kind=kind)]
        case "statement":
            head = ("time_ms", "posting", "memo", "kind", "amount_fen", "balance_fen")
            lines = books.statement(owner or "", kind)
            return head, [
                (str(line.time_ms), line.key, line.memo, line.kind, str(line.amount_fen), str(line.balance_fen))
                for line in lines
            ]
        case "journal":
            head = ("time_ms", "posting", "memo", "account", "debit_fen", "credit_fen")
            entries = books.journal(owner=owner, kind=kind)
            return head, [
                (str(entry.time_ms), entry.key, entry.memo, account, str(max(0, fen)), str(max(0, -fen)))
                for entry in entries
                for account, fen in entry.lines
            ]


def yuan(fen: int) -> str:
    """An amount in yuan, with its thousands apart; exact, for no float has a part in it."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def moment(time_ms: int) -> str:
    """A business time; opening balances come before all of it."""
    if not time_ms:
        return "opening"
    try:
        return f"{_EPOCH + dt.timedelta(milliseconds=time_ms):%Y-%m-%d %H:%M:%S}"
    except OverflowError:
        return f"{time_ms} ms"


def _turnover(found: Turnover) -> tuple[str, ...]:
    return found.owner, found.kind, str(found.debit_fen), str(found.credit_fen), str(found.balance_fen)


def _trial_balance(books: Books, owner: str | None, kind: str | None) -> str:
    found = books.trial_balance(owner=owner, kind=kind)
    if not found:
        return "nothing was posted there\n"
    rows: list[tuple[str, ...]] = [("owner", "kind", "debit", "credit", "balance", "")]
    rows += [_shown(one, KINDS.get(one.kind, "").partition(":")[0]) for one in found]
    debit, credit = sum(one.debit_fen for one in found), sum(one.credit_fen for one in found)
    rows.append(("", "in all", yuan(debit), yuan(credit), yuan(debit - credit), "CNY"))
    return _columns(rows, {2, 3, 4})


def _shown(one: Turnover, nature: str) -> tuple[str, ...]:
    return one.owner, one.kind, yuan(one.debit_fen), yuan(one.credit_fen), yuan(one.balance_fen), nature


def _columns(rows: Sequence[Sequence[str]], numbers: set[int]) -> str:
    """Aligned lines, numbers to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    shown = [[cell.rjust(widths[n]) if n in numbers else cell for n, cell in enumerate(row)] for row in rows]
    return "\n".join(aligned(shown)) + "\n"
