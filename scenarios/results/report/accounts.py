"""The ledger of accounts 账簿: a trial balance 试算平衡表 and the journal 日记账, from the postings of the final state.

Read in one pass with whatever else reads the postings, and kept as sums: a year of millions fits. Organisations stand
by themselves, wallets are put together as in :mod:`money`. ``consortium accounts`` tells every owner and every line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

from node.contracts.accounts import KINDS
from scenarios.results.accounts.books import Turnover
from scenarios.results.accounts.telling import moment, yuan
from scenarios.results.numbers import Int64
from scenarios.results.report.money import grouped
from scenarios.results.report.parts import Cell, Section, Table
from scenarios.results.report.words import count, natural

JOURNAL_MAX = 400
"""Lines of the journal on the page."""


class _Posted(msgspec.Struct):
    """A posting of the business state."""

    memo: str
    time_ms: Int64
    lines: tuple[tuple[str, Int64], ...]


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """``turnovers`` by owner and kind; ``journal`` are the first lines by business time: (ms, key, memo, account, fen).

    ``odd``: accounts whose kept balance is not what their postings add up to.
    """

    turnovers: tuple[Turnover, ...]
    journal: tuple[tuple[int, str, str, str, int], ...]
    postings: int
    odd: tuple[str, ...]


class Bookkeeper:
    """Adds up the postings that pass."""

    def __init__(self, organisations: Collection[str]) -> None:
        self._organisations = organisations
        self._sums: dict[str, list[int]] = {}
        self._kept: dict[str, int] = {}
        self._journal: list[tuple[int, str, str, str, int]] = []
        self._postings = 0

    def watching(self, entries: Iterable[tuple[str, str, Any]]) -> Iterator[tuple[str, str, Any]]:
        """``entries`` of the business state, as they are. ValueError where a posting or an account is none."""
        for namespace, key, record in entries:
            try:
                if namespace == "postings":
                    self._book(key, msgspec.convert(record, _Posted))
                elif namespace == "accounts":
                    self._kept[key] = msgspec.convert(record["balance_fen"], Int64)
            except (TypeError, KeyError, msgspec.ValidationError):
                lacks = "the posting {} has no lines" if namespace == "postings" else "the account {} has no balance"
                raise ValueError(lacks.format(key)) from None
            yield namespace, key, record

    @property
    def booked(self) -> Booked:
        """What has passed so far."""
        return Booked(
            turnovers=self._turnovers(),
            journal=tuple(sorted(self._journal)[:JOURNAL_MAX]),
            postings=self._postings,
            odd=tuple(
                account
                for account in sorted({*self._sums, *self._kept})
                if sum(self._sums.get(account, ())) != self._kept.get(account, 0)
            ),
        )

    def _book(self, key: str, posted: _Posted) -> None:
        self._postings += 1
        for account, fen in posted.lines:
            found = self._sums.setdefault(account, [0, 0])
            found[fen < 0] += fen
            self._journal.append((posted.time_ms, key, posted.memo, account, fen))
        if len(self._journal) > 4 * JOURNAL_MAX:
            self._journal = sorted(self._journal)[:JOURNAL_MAX]

    def _turnovers(self) -> tuple[Turnover, ...]:
        sums: dict[tuple[str, str], list[int]] = {}
        for account, (debit, credit) in self._sums.items():
            owner, _, kind = account.rpartition("/")
            found = sums.setdefault((grouped(owner, self._organisations), kind), [0, 0])
            found[0] += debit
            found[1] -= credit
        order = sorted(sums.items(), key=lambda item: (natural(item[0][0]), item[0][1]))
        return tuple(
            Turnover(owner=owner, kind=kind, debit_fen=debit, credit_fen=credit)
            for (owner, kind), (debit, credit) in order
        )


def accounts(booked: Booked | None) -> Section:
    """Who has what on which account, and that it adds up."""
    id_, title = "accounts", "Ledger of accounts 账簿"
    if booked is None:
        return Section(id=id_, title=title, absent="the nodes agree on no business state, so there is no file of it")
    if not booked.turnovers:
        return Section(id=id_, title=title, absent="nothing was posted")
    over = sum(found.balance_fen for found in booked.turnovers)
    right = (
        "debits equal credits" if not over else f"debits are {yuan(over)} CNY more than credits: the books are wrong"
    )
    odd = f" {count(len(booked.odd))} accounts differ from their postings, {booked.odd[0]} first." if booked.odd else ""
    return Section(
        id=id_,
        title=title,
        lead=f"{count(booked.postings)} postings, double entry: {right}. Balances count debits positive.{odd}"
        " `consortium accounts` on the run's folder tells every owner's statement, as of any height or moment.",
        tables=[_by_kind(booked), _by_owner(booked), _journal(booked)],
    )


def _by_kind(booked: Booked) -> Table:
    sums: dict[str, list[int]] = {}
    for found in booked.turnovers:
        kept = sums.setdefault(found.kind, [0, 0])
        kept[0] += found.debit_fen
        kept[1] += found.credit_fen
    rows = [
        (kind, _nature(kind), yuan(debit), yuan(credit), yuan(debit - credit))
        for kind, (debit, credit) in sorted(sums.items())
    ]
    debit, credit = (sum(kept[side] for kept in sums.values()) for side in (0, 1))
    style = "number verdict pass" if debit == credit else "number verdict fail"
    rows.append(("in all", "", yuan(debit), yuan(credit), Cell(yuan(debit - credit), style)))  # type: ignore[arg-type]
    return Table(
        caption="Trial balance 试算平衡表 by kind of account, in CNY",
        head=("kind", "nature", "debit 借", "credit 贷", "balance"),
        rows=rows,
        numbers=frozenset({2, 3, 4}),
    )


def _nature(kind: str) -> str:
    return KINDS.get(kind, "–").partition(":")[0]


def _by_owner(booked: Booked) -> Table:
    rows = [
        (found.owner, found.kind, yuan(found.debit_fen), yuan(found.credit_fen), yuan(found.balance_fen))
        for found in booked.turnovers
    ]
    return Table(
        caption="Trial balance by owner and kind, in CNY",
        head=("owner", "kind", "debit 借", "credit 贷", "balance"),
        rows=rows,
        numbers=frozenset({2, 3, 4}),
        folded=True,
    )


def _journal(booked: Booked) -> Table:
    rows = [
        (moment(time_ms), key, memo, account, yuan(fen) if fen > 0 else "", yuan(-fen) if fen < 0 else "")
        for time_ms, key, memo, account, fen in booked.journal
    ]
    return Table(
        caption="Journal 日记账, its beginning by business time, in CNY",
        head=("business time", "posting", "memo", "account", "debit 借", "credit 贷"),
        rows=rows,
        numbers=frozenset({4, 5}),
        folded=True,
    )
