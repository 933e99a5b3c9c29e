"""Double entry: books balance, a statement ends in its balance, a moment shows what was posted by then."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.results.accounts import Books, BooksError, Entry
from scenarios.results.accounts.telling import as_csv, told

OWNERS, KINDS = ("insurer-1", "patient-1", "patient-2"), ("cash", "claims-paid", "equity")


@st.composite
def journals(draw):
    """Entries that balance, each of two or more lines."""
    entries = []
    for number in range(draw(st.integers(1, 12))):
        accounts = draw(st.lists(st.tuples(st.sampled_from(OWNERS), st.sampled_from(KINDS)), min_size=2, max_size=5))
        amounts = draw(st.lists(st.integers(-(10**12), 10**12), min_size=len(accounts) - 1, max_size=len(accounts) - 1))
        lines = zip(accounts, [*amounts, -sum(amounts)], strict=True)
        time_ms = draw(st.integers(0, 5))
        entries.append(Entry(time_ms, f"p/{number}", "made up", tuple((f"{o}/{k}", fen) for (o, k), fen in lines)))
    return entries


@settings(deadline=None)  # a busy machine
@given(journals())
def test_the_books_balance_whoever_looks(entries):
    books = Books(entries)
    assert books.total_fen == 0
    assert sum(found.balance_fen for found in books.by_kind()) == 0
    assert sum(found.debit_fen for found in books.by_kind()) == sum(found.credit_fen for found in books.trial_balance())
    each = [found for owner in books.owners for found in books.trial_balance(owner=owner)]
    assert tuple(each) == books.trial_balance()


@settings(deadline=None)  # a busy machine
@given(journals(), st.integers(-1, 6))
def test_a_moment_shows_what_was_posted_by_then(entries, moment_ms):
    replayed = defaultdict(int)
    for entry in entries:
        if entry.time_ms <= moment_ms:
            for account, fen in entry.lines:
                replayed[account] += fen
    found = {f"{one.owner}/{one.kind}": one.balance_fen for one in Books(entries).until(moment_ms).trial_balance()}
    assert found == replayed


@settings(deadline=None)  # a busy machine
@given(journals())
def test_a_statement_ends_in_the_balance_and_its_lines_add_up(entries):
    books = Books(entries)
    for found in books.trial_balance():
        lines = books.statement(found.owner, found.kind)
        assert lines[-1].balance_fen == found.balance_fen == sum(line.amount_fen for line in lines)
        assert [line.time_ms for line in lines] == sorted(line.time_ms for line in lines)


def entry(key, *lines, time_ms=0):
    return Entry(time_ms, key, "memo", lines)


def test_an_entry_that_does_not_balance_makes_no_books():
    with pytest.raises(BooksError, match="the posting p does not balance: it is 1 fen over"):
        Books([entry("p", ("a/cash", 3), ("b/cash", -2))])


def test_an_entry_stands_in_the_journal_once():
    with pytest.raises(BooksError, match="twice"):
        Books([entry("p", ("a/cash", 1), ("b/cash", -1))] * 2)


def test_books_that_differ_from_the_accounts_are_refused():
    books = Books([entry("p", ("a/cash", 3), ("a/equity", -3))])
    books.require_agree({"a/cash": 3, "a/equity": -3, "b/cash": 0})
    with pytest.raises(BooksError, match="a/cash is 3 fen by the journal, 4 fen by the accounts"):
        books.require_agree({"a/cash": 4, "a/equity": -3})
    with pytest.raises(BooksError, match="b/cash is 0 fen by the journal, 7 fen by the accounts"):
        books.require_agree({"a/cash": 3, "a/equity": -3, "b/cash": 7})


def test_cash_below_nothing_is_named():
    books = Books([entry("p", ("a/cash", -1), ("a/equity", 1)), entry("q", ("b/claims-paid", -5), ("b/equity", 5))])
    assert [found.owner for found in books.overdrawn] == ["a"]


BOOKS = Books([
    entry("opening/a", ("a/cash", 500_000), ("a/equity", -500_000)),
    entry("premium/1", ("a/premium-paid", 36_000), ("a/cash", -36_000), time_ms=1_678_356_420_000),
])  # fmt: skip


def test_a_statement_for_people_is_in_yuan_and_for_machines_in_fen():
    assert told(BOOKS, "statement", owner="a", kind="cash").splitlines() == [
        "time                 posting    memo  kind    amount   balance",
        "opening              opening/a  memo  cash  5,000.00  5,000.00",
        "2023-03-09 10:07:00  premium/1  memo  cash   -360.00  4,640.00",
    ]
    assert as_csv(BOOKS, "statement", owner="a", kind="cash").splitlines() == [
        "time_ms,posting,memo,kind,amount_fen,balance_fen",
        "0,opening/a,memo,cash,500000,500000",
        "1678356420000,premium/1,memo,cash,-36000,464000",
    ]


def test_the_trial_balance_says_what_it_comes_to():
    last = told(BOOKS, "trial-balance").splitlines()[-1].split()
    assert last == ["in", "all", "5,360.00", "5,360.00", "0.00", "CNY"]
    assert told(Books([]), "trial-balance") == "nothing was posted there\n"
