"""The page of the kill matrix speaks of the bank as it is, and what it tells is whole."""

import re

import pytest

from scenarios.adversary.bank import SEEDS
from scenarios.adversary.bank_page import described
from scenarios.adversary.bugs import bugs

AGAIN = "make bug-bank makes the page anew"


@pytest.fixture
def matrix(root):
    return (root / "docs/bug-bank.md").read_text()


def test_it_tells_of_every_bug_there_is(matrix):
    rows = re.findall(r"^\| `([^`]+)` \| ([a-z]+) \|", matrix, re.MULTILINE)
    assert rows == [(name, bug.strategy) for name, bug in bugs().items()], AGAIN
    assert [name for name in bugs() if described(name) not in matrix] == [], AGAIN


def test_every_bug_was_caught_from_every_seed_and_nothing_where_there_is_none(matrix):
    rows = re.findall(r"^\| `[^`]+` \| [a-z]+ \| (\d+)/(\d+) \|", matrix, re.MULTILINE)
    assert len(bugs()) >= 45
    assert set(rows) == {(str(SEEDS), str(SEEDS))}
    assert f"**{len(bugs())} of {len(bugs())} bugs were caught from every one of {SEEDS} seeds**" in matrix
    silent = re.findall(r"^\| (raft|pbft)[^|]* \| ([^|]+) \|", matrix, re.MULTILINE)
    assert {protocol for protocol, _ in silent} == {"raft", "pbft"}
    assert {verdict for _, verdict in silent} == {"nothing"}
