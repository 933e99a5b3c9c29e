"""The ledger of accounts 账簿 of a run: trial balance 试算平衡表, journal 日记账, statements of account 对账单.

:mod:`books` is double entry over postings and nothing else; :mod:`reading` takes them from a run's folder, as of its
end, a height or a moment of business time, and holds them to the balances that the state root fixes; :mod:`telling`
writes them down for people and as CSV, :mod:`against` holds somebody's own book against them. The contract is
:mod:`node.contracts.accounts`.
"""

from scenarios.results.accounts.against import held_against
from scenarios.results.accounts.books import Books, BooksError, Entry, Line, Turnover
from scenarios.results.accounts.reading import AsOf, parse_as_of, read_books

__all__ = ["AsOf", "Books", "BooksError", "Entry", "Line", "Turnover", "held_against", "parse_as_of", "read_books"]
