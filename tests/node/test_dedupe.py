"""Once and only once: (client, number) is used up by execution, in any order, and what became of it is said again.

Dedupe by the highest number seen so far, a timestamp's way, would let whoever leads silence a client: order a later
request first, and every earlier one is "old" for ever (seen in Hyperledger Fabric's PBFT). A set of numbers has no such
hole.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.protocols import Verdict
from consensus.vocabulary import MILLISECOND
from network.gossip import Transactions
from network.requests import Submit
from node.contracts import numbers
from node.contracts.runtime import DUPLICATE
from tests.node.lab import Net, block_on, commits, replies, transfer
from tests.node.test_replica import balance
from tests.node.world import Town, pay


def ordered(host):
    blocks = [host.chain.entry(height).block for height in range(1, host.chain.height + 1)]
    return [raw for block in blocks for raw in block.transactions]


def test_a_request_that_was_overtaken_by_a_later_one_is_ordered_all_the_same():
    host = Net()[0]
    host.submit(transfer(1_000_000))
    host.submit(transfer(1))
    host.submit(transfer(999_999))
    assert ordered(host) == [transfer(1_000_000), transfer(1), transfer(999_999)]


@settings(max_examples=20)
@given(st.permutations(range(1, 9)))
def test_any_order_of_numbers_is_executed_once_each(order):
    host = Net()[0]
    for number in order:
        host.submit(transfer(number))
        host.submit(transfer(order[0]))
    assert ordered(host) == [transfer(number) for number in order]
    assert balance(host, "bob") == 100_008


def test_a_replay_is_neither_pooled_nor_accepted_in_a_block():
    host = Net()[0]
    host.submit(transfer(2))
    host.receive(0, Transactions((transfer(2), transfer(2, amount=9))))
    assert len(host.replica.mempool) == 0
    for raw in (transfer(2), transfer(2, amount=9)):
        assert host.replica.validate(block_on(host.replica, [raw])) is Verdict.REJECT


def test_a_replay_that_a_quorum_ordered_all_the_same_changes_nothing():
    host = Net()[0]
    host.submit(transfer(1, amount=5))
    execution = host.chain.append(block_on(host.replica, [transfer(1, amount=7)]), None)
    assert [outcome.code for outcome in execution.outcomes] == [DUPLICATE]
    assert balance(host, "bob") == 100_005


def test_the_receipt_of_an_old_request_is_said_again_and_again_and_after_a_restart():
    host = Net()[0]
    [first] = replies(host.submit(transfer(1)))
    for number in range(2, 30):
        host.submit(transfer(number))
    assert replies(host.submit(transfer(1))) == [first]
    again = host.restarted()
    again.start()
    assert replies(again.submit(transfer(1))) == [first]
    assert commits(again.out) == []


def test_as_many_gaps_as_the_window_holds_are_open_and_the_next_is_refused(monkeypatch):
    monkeypatch.setattr(numbers, "RANGES_MAX", 4)
    host = Net()[0]
    host.submit(*(transfer(number) for number in (1, 3, 5, 7)))
    [receipt] = replies(host.submit(transfer(10**9)))
    assert [entry.code for entry in receipt.entries] == ["number_gaps"]
    [filled] = replies(host.submit(transfer(2)))
    assert [entry.code for entry in filled.entries] == ["ok"]


class Overtaker:
    """A primary that orders ann's later requests first and holds back her earlier ones."""

    def __init__(self, replica):
        self._replica = replica

    def __getattr__(self, name):
        return getattr(self._replica, name)

    def receive(self, now, sender, message):
        match message:
            case Submit(client, transactions):
                message = Submit(client, self._later(transactions))
            case Transactions(transactions):
                message = Transactions(self._later(transactions))
        return self._replica.receive(now, sender, message)

    def _later(self, transactions):
        read = self._replica._intake._admission.read
        return tuple(raw for raw in transactions if read(raw).body.number > 3)


def test_a_primary_that_orders_later_requests_first_silences_nobody():
    steps = [pay(number, at_ns=number * 50 * MILLISECOND) for number in range(1, 200)]
    town = Town("pbft", 4, *steps, wrap=lambda node, replica: replica if node else Overtaker(replica), lying={0})
    assert town.run(60)
    assert sorted(item.step.number for item in town.heard.acknowledged) == list(range(1, 200))
    assert {item.code for item in town.heard.acknowledged} == {"ok"}
    assert "complaint" in [kind for _, kind in town.heard.told]
