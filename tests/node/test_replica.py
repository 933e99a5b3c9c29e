"""The replica: the way of a transaction through one node, and through a small network of them."""

import pytest

from consensus.chain import BLOCKS, CERTIFICATES
from consensus.vocabulary import Broadcast, Commit, Persist, Reply, Send, Trace
from network.gossip import Decided, Fetch, Position, Transactions
from network.requests import Submit
from node.chain_state import Divergence
from node.contracts.accounts import Account
from node.replica import ReplicaOptions
from tests.node.lab import Net, block_on, certified, commits, of, replies, transfer


def balance(host, name):
    return host.chain.tree.get(Account.namespace, f"{name}/cash").balance_fen


def closed(host):
    """Fire the close timer as long as there is one; how many blocks that made."""
    before = host.chain.height
    while "replica.close" in host.timers:
        host.fire("replica.close")
    return host.chain.height - before


# A transaction's way


def test_a_submitted_transaction_is_ordered_executed_and_answered():
    host = Net()[0]
    effects = host.submit(transfer(1, amount=5))
    [receipt] = replies(effects)
    assert [commit.height for commit in commits(effects)] == [1]
    assert (receipt.client, [(e.number, e.code) for e in receipt.entries]) == ("ann", [(1, "ok")])
    assert (balance(host, "ann"), balance(host, "bob")) == (99_995, 100_005)


def test_a_block_is_made_durable_before_it_is_answered_for():
    effects = Net()[0].submit(transfer(1))
    kinds = [type(effect) for effect in effects]
    assert kinds.index(Persist) < kinds.index(Commit) < kinds.index(Reply)
    assert {record.space for record in of(Persist, effects)[0].records} == {BLOCKS, CERTIFICATES}


def test_a_clients_submit_message_is_a_submission():
    effects = Net(observers=1)[0].receive(1, Submit("ann", (transfer(1),)))
    assert [receipt.client for receipt in replies(effects)] == ["ann"]


def test_a_node_that_does_not_order_passes_transactions_on_to_the_voters():
    net = Net(observers=1)
    effects = net[1].submit(transfer(1))
    assert of(Broadcast, effects) == [Broadcast(Transactions((transfer(1),)))]
    assert commits(effects) == []


def test_whoever_orders_does_not_pass_on():
    assert of(Broadcast, Net(observers=1)[0].submit(transfer(1))) == []


def test_gossiped_transactions_are_ordered_and_their_clients_answered():
    effects = Net(observers=1)[0].receive(1, Transactions((transfer(1), transfer(1, "bob"))))
    assert [receipt.client for receipt in replies(effects)] == ["ann", "bob"]


def test_an_observer_executes_and_stays_silent_towards_clients():
    net = Net(observers=1)
    net.submit(0, transfer(1))
    assert net[1].chain.head == net[0].chain.head
    assert net[1].chain.tree.root == net[0].chain.tree.root
    assert of(Reply, net[1].out) == []


def test_a_refused_transaction_is_told_and_nothing_else_happens():
    effects = Net()[0].submit(transfer(1, signers={"ann": "stranger"}))
    assert effects == [Trace("refused", ("the signature of ann does not verify",))]


def test_a_forged_transaction_does_not_spoil_those_beside_it():
    effects = Net()[0].submit(transfer(1, signers={"ann": "stranger"}), transfer(2))
    assert [entry.number for entry in replies(effects)[0].entries] == [2]


# Retries


def test_a_retry_is_answered_by_the_same_receipt_and_executed_once():
    host = Net()[0]
    first = replies(host.submit(transfer(1, amount=5)))
    assert replies(host.submit(transfer(1, amount=5))) == first
    assert (host.chain.height, balance(host, "bob")) == (1, 100_005)


def test_a_retry_in_other_words_is_answered_by_what_became_of_the_first():
    host = Net()[0]
    first = replies(host.submit(transfer(1, amount=5)))
    assert replies(host.submit(transfer(1, amount=77))) == first
    assert balance(host, "bob") == 100_005


def test_many_retries_of_one_block_are_answered_by_one_receipt():
    host = Net()[0]
    raws = [transfer(number) for number in range(1, 60)]
    host.submit(*raws)
    assert len(replies(host.submit(*raws))) == 1


def test_the_same_transaction_twice_in_one_submission_is_executed_once():
    host = Net()[0]
    host.submit(transfer(1), transfer(1))
    assert host.chain.head.transactions == (transfer(1),)


# Blocks


def test_a_block_takes_no_more_transactions_than_it_may():
    host = Net(options=ReplicaOptions(block_transactions_max=2))[0]
    host.submit(*(transfer(number) for number in range(1, 6)))
    assert [len(host.chain.entry(h).block.transactions) for h in (1, 2, 3)] == [2, 2, 1]


def test_a_transaction_larger_than_a_block_may_be_is_ordered_alone():
    host = Net(options=ReplicaOptions(block_bytes_max=300))[0]
    host.submit(transfer(1, size=1000), transfer(2))
    assert host.chain.executed("ann", 1)
    assert host.chain.executed("ann", 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"block_transactions_max": 0},
        {"block_transactions_max": 4097},
        {"block_bytes_max": 0},
        {"block_bytes_max": 2 * 1024 * 1024 + 1},
        {"position_ns": 0},
        {"idle_close_ns": 0},
        {"pool_resend_ns": 0},
        {"position_fanout": -1},
    ],
)
def test_options_that_no_block_or_timer_could_follow_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ReplicaOptions(**wrong)


# Closing an idle chain


def test_a_chain_that_goes_idle_is_closed_by_exactly_one_empty_block():
    host = Net()[0]
    host.submit(transfer(1))
    assert closed(host) == 1
    assert host.chain.head.transactions == ()
    assert host.chain.head.header.state == host.chain.root(1)


def test_a_fresh_chain_is_closed_once_so_that_its_first_state_is_certified():
    host = Net()[0]
    assert closed(host) == 1
    assert host.chain.head.header.state == host.chain.root(0)


def test_a_node_that_only_observes_closes_nothing():
    net = Net(observers=1)
    net.submit(0, transfer(1))
    assert closed(net[1]) == 0


def test_transactions_after_a_close_open_the_chain_again():
    host = Net()[0]
    host.submit(transfer(1))
    closed(host)
    host.submit(transfer(2))
    assert closed(host) == 1
    assert host.chain.height == 4


# Restart


def test_a_restarted_node_has_the_same_chain_and_state():
    host = Net()[0]
    host.submit(*(transfer(number) for number in range(1, 4)))
    closed(host)
    again = host.restarted()
    again.start()
    assert (again.chain.head, again.chain.tree.root) == (host.chain.head, host.chain.tree.root)
    assert [again.chain.entry(h) for h in range(3)] == [host.chain.entry(h) for h in range(3)]


def test_a_restarted_node_answers_a_retry_of_what_it_executed_before():
    host = Net()[0]
    first = replies(host.submit(transfer(1)))
    again = host.restarted()
    again.start()
    assert replies(again.submit(transfer(1))) == first


def test_a_restarted_node_goes_on_where_it_was():
    host = Net()[0]
    host.submit(transfer(1))
    again = host.restarted()
    again.start()
    again.submit(transfer(2))
    assert (again.chain.height, again.chain.head.parent) == (2, host.chain.head.hash)


def test_a_node_that_restarts_on_an_open_chain_closes_it():
    host = Net()[0]
    host.submit(transfer(1))
    again = host.restarted()
    again.start()
    assert closed(again) == 1


def test_a_block_that_was_not_durable_is_not_there_after_a_restart():
    host = Net()[0]
    host.submit(transfer(1))
    host.replica.submit(0, (transfer(2),))  # its effects are lost, as in a crash
    assert host.restarted().chain.height == 1


# Gossip and catch-up


def test_a_node_tells_its_position_to_a_few_others_and_goes_on_doing_so():
    net = Net(voters=1, observers=5, options=ReplicaOptions(position_fanout=2))
    effects = net[0].fire("replica.position")
    told = of(Send, effects)
    assert {type(send.message) for send in told} == {Position}
    assert len({send.to for send in told} - {0}) == len(told) <= 2
    assert "replica.position" in net[0].timers


def test_a_node_alone_has_nobody_to_tell():
    assert of(Send, Net()[0].fire("replica.position")) == []


def test_a_node_that_missed_blocks_fetches_them():
    net = Net(observers=1)
    net[0].submit(*(transfer(number) for number in range(1, 4)))  # what it tells its observer is lost
    net[1].receive(0, Position(net[0].chain.height, net[0].chain.head.hash))
    net.fire(1, "replica.catchup")
    assert net[1].chain.head == net[0].chain.head
    assert balance(net[1], "bob") == balance(net[0], "bob")


def test_a_long_way_back_is_fetched_in_parts():
    net = Net(observers=1, options=ReplicaOptions(block_transactions_max=1))
    net[0].submit(*(transfer(number) for number in range(1, 151)))
    net[1].receive(0, Position(net[0].chain.height, net[0].chain.head.hash))
    net.fire(1, "replica.catchup")
    assert net[1].chain.height == 150


def test_a_fetch_is_answered_from_the_height_asked_for():
    host = Net(observers=1, options=ReplicaOptions(block_transactions_max=1))[0]
    host.submit(*(transfer(number) for number in range(1, 4)))
    [send] = host.receive(1, Fetch(2))
    assert (send.to, [block.height for block, _ in send.message.blocks]) == (1, [2, 3])


def test_blocks_that_came_already_are_not_taken_again():
    net = Net(observers=1)
    net.submit(0, transfer(1))
    decided = Decided(net[0].chain.between(1, 64, 10**6))
    assert net[1].receive(0, decided) == []


def test_what_waits_too_long_is_told_to_the_voters_again():
    net = Net(observers=1)
    net[1].submit(transfer(1))
    net[1].now = 2 * 10**9
    effects = net[1].fire("replica.pool")
    assert of(Broadcast, effects) == [Broadcast(Transactions((transfer(1),)))]
    assert "replica.pool" in net[1].timers


def test_what_has_just_come_is_not_told_again():
    net = Net(observers=1)
    net[1].submit(transfer(1))
    assert of(Broadcast, net[1].fire("replica.pool")) == []


# Under the protocols that vote


@pytest.mark.parametrize(("protocol", "voters"), [("solo", 1), ("raft", 3), ("raft", 1), ("pbft", 4), ("pbft", 1)])
def test_every_member_comes_to_the_same_chain_and_every_voter_answers(protocol, voters):
    net = Net(protocol, voters, observers=2)
    net.submit(0, transfer(1, amount=5), transfer(1, "bob", payee="ann", amount=3))
    for timer in ("raft.heartbeat", "replica.close"):
        if timer in net[0].timers:
            net.fire(0, timer)
    assert {host.chain.head.hash for host in net.hosts} == {net[0].chain.head.hash}
    assert {host.chain.tree.root for host in net.hosts} == {net[0].chain.tree.root}
    assert {balance(host, "ann") for host in net.hosts} == {99_998}
    assert [len(replies(host.out)) for host in net.hosts] == [2] * voters + [0, 0]


def test_voters_receipts_say_the_same():
    net = Net("pbft", 4)
    net.submit(0, transfer(1))
    said = {(r.client, r.height, r.block, r.entries) for host in net.hosts for r in replies(host.out)}
    assert len(said) == 1
    assert len({r.signature for host in net.hosts for r in replies(host.out)}) == 4


def test_a_quorum_that_decides_another_state_stops_the_node():
    net = Net(observers=1)
    block = block_on(net[1].replica, [], state=bytes(32))
    with pytest.raises(Divergence, match="states root 0000"):
        net[1].receive(0, Decided(((block, certified(block)),)))
