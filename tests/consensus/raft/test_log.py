"""The log: what it holds, forgets and compares."""

from __future__ import annotations

import pytest

from consensus.raft.log import Log
from tests.consensus.raft.lab import GENESIS, make_block


def log_of(*terms: int, size: int = 1) -> Log:
    log = Log(0, 0, GENESIS.hash)
    for term in terms:
        log.append(make_block(log.last_index + 1, log.last_hash, term, 0, "x" * size))
    return log


def test_an_empty_log_ends_at_its_base():
    log = Log(7, 3, b"h" * 32)
    assert (log.last_index, log.last_term, log.last_hash) == (7, 3, b"h" * 32)
    assert log.holds(7)
    assert not log.holds(8)
    assert not log.holds(6)


def test_terms_and_hashes_are_found_by_index():
    log = log_of(1, 1, 2)
    assert [log.term_at(index) for index in range(4)] == [0, 1, 1, 2]
    assert log.hash_at(0) == GENESIS.hash
    assert log.block_at(2).parent == log.hash_at(1)
    with pytest.raises(IndexError):
        log.block_at(0)
    with pytest.raises(IndexError):
        log.block_at(4)


def test_truncation_forgets_the_tail():
    log = log_of(1, 1, 2, 2)
    log.truncate(3)
    assert (log.last_index, log.last_term) == (2, 1)


def test_compaction_forgets_the_head_and_keeps_its_end_as_base():
    log = log_of(1, 1, 2, 2)
    third = log.hash_at(3)
    log.compact(3)
    assert (log.base_index, log.base_term, log.base_hash) == (3, 2, third)
    assert log.last_index == 4
    with pytest.raises(IndexError):
        log.block_at(3)
    log.compact(2)
    assert log.base_index == 3, "compaction never goes back"


def test_blocks_are_given_within_count_and_bytes_but_one_at_least():
    log = log_of(1, 1, 1, 1, size=100)
    assert [block.height for block in log.blocks_from(2, 2, 10_000)] == [2, 3]
    assert [block.height for block in log.blocks_from(1, 10, 250)] == [1, 2]
    assert [block.height for block in log.blocks_from(1, 10, 5)] == [1]
    assert log.blocks_from(5, 10, 10_000) == ()


@pytest.mark.parametrize(
    ("last_index", "last_term", "expected"),
    [(3, 2, True), (2, 2, False), (9, 1, False), (1, 3, True), (4, 2, True), (0, 0, False)],
)
def test_the_later_last_term_wins_then_the_longer_log(last_index, last_term, expected):
    assert log_of(1, 1, 2).is_up_to_date(last_index, last_term) is expected


def test_a_term_is_bounded_by_its_first_and_last_index():
    log = log_of(1, 1, 3, 3, 3, 5)
    assert log.first_index_of_term_at(5) == 3
    assert log.first_index_of_term_at(2) == 1
    assert log.last_index_of_term(3, 6) == 5
    assert log.last_index_of_term(3, 4) == 4
    assert log.last_index_of_term(2, 6) is None
    assert log.last_index_of_term(7, 6) is None


def test_a_compacted_term_zero_is_no_match():
    log = log_of(1, 2, 3)
    log.compact(2)
    assert log.last_index_of_term(0, 3) is None
    assert log.last_index_of_term(1, 3) is None
