"""The mempool: one place per claim, first in first out, bounded."""

from hypothesis import given
from hypothesis import strategies as st

from node.mempool import Mempool, claim_of
from tests.node.lab import transaction, transfer

NOTHING = frozenset()


def pool(*numbers, **bounds):
    filled = Mempool(**bounds)
    for number in numbers:
        filled.add(transfer(number), transaction(number), now=number)
    return filled


def test_transactions_leave_in_the_order_in_which_they_came():
    assert pool(3, 1, 2).take(10, 10**6, NOTHING).raws == [transfer(3), transfer(1), transfer(2)]


def test_taking_leaves_everything_where_it_is():
    filled = pool(1, 2)
    assert filled.take(10, 10**6, NOTHING).raws == filled.take(10, 10**6, NOTHING).raws
    assert len(filled) == 2


def test_the_first_to_claim_a_number_keeps_its_place():
    filled = pool(1)
    rival = transaction(1, amount=99)
    more = transaction(1, signers={"ann": "ann", "bob": "bob"})
    for other in (rival, more, transaction(1)):
        assert filled.holds(other)
        assert not filled.add(b"", other, now=5)
    assert filled.take(10, 10**6, NOTHING).raws == [transfer(1)]
    assert filled.oldest(1, 10) == [transfer(1)]


def test_two_clients_may_use_the_same_number():
    filled = pool(1)
    assert filled.add(transfer(1, "bob"), transaction(1, "bob"), now=0)
    assert len(filled) == 2


def test_a_pool_with_no_place_refuses():
    filled = pool(1, 2, transactions_max=2)
    assert not filled.add(transfer(3), transaction(3), now=0)
    assert len(filled) == 2


def test_a_pool_with_no_bytes_refuses_what_does_not_fit_and_takes_what_does():
    filled = pool(1, bytes_max=len(transfer(1)) + len(transfer(2)))
    assert not filled.add(transfer(3, size=1), transaction(3, size=1), now=0)
    assert filled.add(transfer(2), transaction(2), now=0)


def test_what_is_removed_gives_back_its_place_and_its_bytes():
    size = len(transfer(1))
    filled = pool(1, transactions_max=1, bytes_max=size)
    filled.remove([("ann", 1), ("nobody", 7)])
    assert len(filled) == 0
    assert filled.add(transfer(2), transaction(2), now=0)


def test_a_block_takes_no_more_than_its_count_and_its_bytes():
    filled = pool(1, 2, 3)
    assert len(filled.take(2, 10**6, NOTHING).raws) == 2
    assert len(filled.take(10, 2 * len(transfer(1)), NOTHING)) == 2


def test_a_transaction_larger_than_a_block_goes_alone_and_bars_nobody():
    filled = Mempool()
    filled.add(transfer(1, size=5000), transaction(1, size=5000), now=0)
    filled.add(transfer(2), transaction(2), now=0)
    assert filled.take(10, 1000, NOTHING).raws == [transfer(1, size=5000)]
    assert filled.take(10, 1000, {("ann", 1)}).raws == [transfer(2)]


def test_what_is_claimed_by_a_block_under_way_is_passed_over():
    assert pool(1, 2, 3).take(10, 10**6, {("ann", 2)}).raws == [transfer(1), transfer(3)]


def test_the_oldest_are_those_that_came_by_the_given_time():
    filled = pool(1, 2, 3)
    assert filled.oldest(2, count=10) == [transfer(1), transfer(2)]
    assert filled.oldest(9, count=1) == [transfer(1)]
    assert filled.oldest(0, count=10) == []


@given(st.lists(st.tuples(st.sampled_from(("add", "remove")), st.integers(1, 6)), max_size=40))
def test_the_bytes_counted_are_the_bytes_held(steps):
    filled = Mempool(transactions_max=4, bytes_max=4 * len(transfer(1)))
    for step, number in steps:
        if step == "add":
            filled.add(transfer(number), transaction(number), now=0)
        else:
            filled.remove([claim_of(transaction(number))])
    assert filled._bytes == sum(map(len, filled.take(99, 10**9, NOTHING).raws))
    assert len(filled) <= 4
