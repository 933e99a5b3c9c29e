"""Double entry 复式记账: what postings add up to, account by account.

Everything here follows from the journal alone. Amounts are integer fen, debits positive. Entries stand in order of
business time, then of their keys: the order of blocks is not part of a business's books.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

CASH = "cash"


class BooksError(Exception):
    """The books do not hold together, or cannot be read; the message names the file or the entry, and what to do."""


class Entry(msgspec.Struct, frozen=True, order=True):
    """One entry of the journal; ``lines`` are (account, fen, debits positive), and sum up to nothing."""

    time_ms: int
    key: str
    memo: str
    lines: tuple[tuple[str, int], ...]


class Turnover(msgspec.Struct, frozen=True, kw_only=True):
    """What went through one account: both sums are positive, the balance is debits less credits."""

    owner: str
    kind: str
    debit_fen: int
    credit_fen: int

    @property
    def balance_fen(self) -> int:
        return self.debit_fen - self.credit_fen


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a statement of account; ``balance_fen`` is what the account comes to after it."""

    time_ms: int
    key: str
    memo: str
    owner: str
    kind: str
    amount_fen: int
    balance_fen: int


class Books:
    """A journal, closed. BooksError where an entry does not balance or stands there twice."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: tuple[Entry, ...] = tuple(sorted(entries))
        seen: set[str] = set()
        for entry in self.entries:
            over = sum(amount for _, amount in entry.lines)
            if over:
                raise BooksError(f"the posting {entry.key} does not balance: it is {over} fen over")
            if entry.key in seen:
                raise BooksError(f"the posting {entry.key} stands in the journal twice")
            seen.add(entry.key)

    def until(self, moment_ms: int) -> Books:
        """The books of what was posted up to that business time, and at it."""
        return Books(entry for entry in self.entries if entry.time_ms <= moment_ms)

    def trial_balance(self, *, owner: str | None = None, kind: str | None = None) -> tuple[Turnover, ...]:
        """Every account, or those of ``owner``, of ``kind``: by owner, then kind.

        Over all accounts debits equal credits.
        """
        sums: dict[tuple[str, str], list[int]] = {}
        for line in self._lines(owner, kind):
            found = sums.setdefault((line.owner, line.kind), [0, 0])
            found[line.amount_fen < 0] += abs(line.amount_fen)
        return tuple(
            Turnover(owner=name, kind=of, debit_fen=debit, credit_fen=credit)
            for (name, of), (debit, credit) in sorted(sums.items())
        )

    def by_kind(self) -> tuple[Turnover, ...]:
        """The trial balance with all owners of a kind put together; their ``owner`` is ""."""
        sums: dict[str, list[int]] = {}
        for found in self.trial_balance():
            kept = sums.setdefault(found.kind, [0, 0])
            kept[0] += found.debit_fen
            kept[1] += found.credit_fen
        return tuple(
            Turnover(owner="", kind=kind, debit_fen=debit, credit_fen=credit)
            for kind, (debit, credit) in sorted(sums.items())
        )

    def statement(self, owner: str, kind: str | None = None) -> tuple[Line, ...]:
        """What ``owner``'s accounts, or the one of ``kind``, went through, each with its balance afterwards."""
        balances: dict[str, int] = {}
        lines = []
        for line in self._lines(owner, kind):
            balances[line.kind] = balances.get(line.kind, 0) + line.amount_fen
            lines.append(msgspec.structs.replace(line, balance_fen=balances[line.kind]))
        return tuple(lines)

    def journal(self, *, owner: str | None = None, kind: str | None = None) -> tuple[Entry, ...]:
        """The entries that touch an account of ``owner``, of ``kind``; whole, with their other lines."""
        return tuple(entry for entry in self.entries if any(_is_of(account, owner, kind) for account, _ in entry.lines))

    @property
    def owners(self) -> tuple[str, ...]:
        """Who has an account."""
        return tuple(sorted({account.rpartition("/")[0] for entry in self.entries for account, _ in entry.lines}))

    @property
    def total_fen(self) -> int:
        """Debits less credits of everything: nothing, in books that are right."""
        return sum(found.balance_fen for found in self.trial_balance())

    @property
    def overdrawn(self) -> tuple[Turnover, ...]:
        """Cash accounts below nothing: there are none in books that are right."""
        return tuple(found for found in self.trial_balance(kind=CASH) if found.balance_fen < 0)

    def require_agree(self, balances: Mapping[str, int]) -> None:
        """BooksError unless the journal adds up to ``balances``, by account; an account of nothing may be left out."""
        journal = {f"{found.owner}/{found.kind}": found.balance_fen for found in self.trial_balance()}
        for name in sorted({*journal, *balances}):
            if journal.get(name, 0) != balances.get(name, 0):
                said = f"{journal.get(name, 0)} fen by the journal, {balances.get(name, 0)} fen by the accounts"
                raise BooksError(f"{name} is {said}")

    def _lines(self, owner: str | None, kind: str | None) -> Iterator[Line]:
        for entry in self.entries:
            for account, amount in entry.lines:
                if _is_of(account, owner, kind):
                    name, _, of = account.rpartition("/")
                    yield Line(
                        time_ms=entry.time_ms,
                        key=entry.key,
                        memo=entry.memo,
                        owner=name,
                        kind=of,
                        amount_fen=amount,
                        balance_fen=0,
                    )


def _is_of(account: str, owner: str | None, kind: str | None) -> bool:
    name, _, of = account.rpartition("/")
    return owner in {None, name} and kind in {None, of}
