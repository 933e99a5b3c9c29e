"""Intake: room, shares and who passes on; what a client is told; and when a leader is taken for a censor."""

import pytest

from consensus.protocols import Status
from consensus.vocabulary import MILLISECOND, SECOND, Broadcast, Rejected, Reply, SetTimer, Trace
from network.gossip import Transactions
from network.requests import BusyReason, Receipt, Redirect, Submit
from node.ledger.transaction import Transaction, encode_transaction
from node.options import ReplicaOptions
from tests.node.lab import Net, commits, of, replies, transaction, transfer
from tests.node.world import Town, pay

PATIENCE = 4 * SECOND


def observer(**options):
    """A node that pools and orders nothing, of a network whose orderer is out of reach."""
    return Net(observers=1, options=ReplicaOptions(**options))[1]


def busy(effects):
    return [(message.client, message.numbers, message.reason) for message in replies(effects)]


# Back-pressure


def test_beyond_its_bound_a_client_is_told_that_the_node_is_busy():
    host = observer(pool_transactions_max=2)
    effects = host.submit(*(transfer(number) for number in range(1, 6)))
    assert busy(effects) == [("ann", (3, 4, 5), BusyReason.POOL)]
    assert len(host.replica.mempool) == 2


def test_bytes_count_too():
    host = observer(pool_bytes_max=len(transfer(1)))
    assert busy(host.submit(transfer(1), transfer(2))) == [("ann", (2,), BusyReason.POOL)]


def test_no_client_may_take_the_whole_pool():
    host = observer(pool_client_max=2)
    effects = host.submit(*(transfer(number) for number in range(1, 4)), transfer(1, "bob"))
    assert busy(effects) == [("ann", (3,), BusyReason.SHARE)]
    assert ("bob", 1) in host.replica.mempool


def test_a_member_that_leaves_a_co_signature_away_spoils_nothing():
    whole = transaction(1, signers={"ann": "ann", "bob": "bob"})
    stripped = encode_transaction(Transaction(whole.body, whole.signatures[:1]))
    host = Net(observers=2, options=ReplicaOptions())[1]
    (rejected,) = of(Rejected, host.receive(2, Transactions((stripped,))))
    assert rejected.reason == "the signature of ann does not verify"
    host.submit(encode_transaction(whole))
    assert host.replica.mempool.oldest(1, 10) == [encode_transaction(whole)]


def test_what_is_ordered_gives_its_share_back():
    host = Net(options=ReplicaOptions(pool_client_max=1))[0]
    for number in range(1, 5):
        assert type(replies(host.submit(transfer(number)))[0]) is Receipt


def test_a_busy_node_verifies_nothing_that_it_has_no_room_for():
    host = observer(pool_transactions_max=1)
    host.submit(transfer(1))
    forged = transfer(2, signers={"ann": "stranger"})
    assert busy(host.submit(forged)) == [("ann", (2,), BusyReason.POOL)]


def test_a_busy_node_still_answers_what_it_executed_and_does_not_mind_what_it_holds():
    net = Net(observers=1, options=ReplicaOptions(pool_transactions_max=1))
    net.submit(0, transfer(1))
    host = net[1]
    host.submit(transfer(2))
    assert [type(message) for message in replies(host.submit(transfer(1), transfer(2)))] == [Receipt]


def test_gossip_beyond_the_bound_is_left_out_unverified():
    host = observer(pool_transactions_max=1)
    assert of(Reply, host.receive(0, Transactions((transfer(1), transfer(2, signers={"ann": "stranger"}))))) == []
    assert len(host.replica.mempool) == 1


def test_a_core_that_takes_no_block_makes_its_node_busy_once_a_block_waits():
    host = Net(options=ReplicaOptions(block_transactions_max=2))[0]
    core = host.replica.core
    core.slot = lambda: None
    host.replica._intake._status = lambda: Status("leader", 0, 0, 0, busy="the log is full")
    effects = host.submit(*(transfer(number) for number in range(1, 5)))
    assert busy(effects) == [("ann", (3, 4), BusyReason.CORE)]


def test_clients_of_a_busy_network_come_back_and_are_all_served():
    steps = [pay(number, client) for number in range(1, 41) for client in ("ann", "bob")]
    options = ReplicaOptions(pool_transactions_max=8, pool_client_max=5, block_transactions_max=4)
    town = Town("pbft", 4, *steps, options=options, conductor={"retry_ns": 100 * MILLISECOND, "check_ns": 50_000_000})
    assert town.run(60)
    assert len(town.heard.acknowledged) == 80


# Passing on, or sending on


def test_a_node_that_does_not_pass_on_says_who_leads():
    host = observer(forward=False)
    effects = host.submit(transfer(1), transfer(2))
    assert replies(effects) == [Redirect("ann", (1, 2), 0)]
    assert of(Broadcast, effects) == []
    assert len(host.replica.mempool) == 0


def test_whoever_leads_takes_what_comes_though_it_does_not_pass_on():
    assert len(commits(Net(options=ReplicaOptions(forward=False))[0].submit(transfer(1)))) == 1


def test_what_waits_is_not_passed_on_again_either():
    host = observer(forward=False)
    host.receive(0, Transactions((transfer(1),)))
    host.now = 9 * SECOND
    assert of(Broadcast, host.fire("replica.pool")) == []


@pytest.mark.parametrize(("kind", "voters"), [("raft", 3), ("pbft", 4)])
def test_clients_follow_a_redirection(kind, voters):
    steps = [pay(number, at_ns=number * 100 * MILLISECOND) for number in range(1, 11)]
    town = Town(kind, voters, *steps, options=ReplicaOptions(forward=False))
    assert town.run(30)
    homes = {town.common.directory.client(name).home for name in ("ann", "bob")}
    assert homes == {0}
    assert len(town.heard.acknowledged) == 10


# Batches


def test_a_block_waits_for_company_as_long_as_it_may():
    host = Net(options=ReplicaOptions(batch_delay_ns=5 * MILLISECOND))[0]
    effects = host.submit(transfer(1))
    assert commits(effects) == []
    assert SetTimer("replica.batch", 5 * MILLISECOND) in effects
    host.now += 3 * MILLISECOND
    assert SetTimer not in [type(effect) for effect in host.submit(transfer(2))]
    host.now += 2 * MILLISECOND
    [commit] = commits(host.fire("replica.batch"))
    assert len(commit.block.transactions) == 2


@pytest.mark.parametrize("limit", [{"block_transactions_max": 2}, {"block_bytes_max": 2 * len(transfer(1))}])
def test_a_full_block_does_not_wait(limit):
    host = Net(options=ReplicaOptions(batch_delay_ns=SECOND, **limit))[0]
    assert commits(host.submit(transfer(1))) == []
    assert len(commits(host.submit(transfer(2)))) == 1


def test_without_a_delay_a_block_goes_at_once():
    assert len(commits(Net()[0].submit(transfer(1)))) == 1


# Censorship


class Censor:
    """A replica that does not hear of one client's transactions."""

    def __init__(self, replica, victim):
        self._replica = replica
        self._victim = victim

    def __getattr__(self, name):
        return getattr(self._replica, name)

    def receive(self, now, sender, message):
        if isinstance(message, Submit) and message.client == self._victim:
            return []
        if isinstance(message, Transactions):
            read = self._replica._intake._admission.read
            left = tuple(raw for raw in message.transactions if read(raw).body.client != self._victim)
            message = Transactions(left)
        return self._replica.receive(now, sender, message)


@pytest.mark.parametrize(("voters", "censored"), [(4, ()), (4, (0,)), (7, (0, 1))])
def test_a_primary_that_ignores_a_client_is_replaced(voters, censored):
    """Two in a row are, where seven replicas bear two faults; bob, whom nobody ignores, keeps blocks coming."""
    steps = [pay(number, "bob", at_ns=number * 250 * MILLISECOND) for number in range(1, 100)]
    steps += [pay(number, "ann", at_ns=SECOND) for number in range(1, 4)]
    town = Town(
        "pbft",
        voters,
        *steps,
        options=ReplicaOptions(complain_after_ns=PATIENCE),
        core={"view_change_timeout_ns": SECOND},
        wrap=lambda node, replica: Censor(replica, "ann") if node in censored else replica,
        lying=censored,
    )
    assert town.run(60)
    anns = [item for item in town.heard.acknowledged if item.step.client == "ann"]
    bound = SECOND // 2 + len(censored) * (2 * PATIENCE + 2 * SECOND)
    assert max(item.returned_ns - item.called_ns for item in anns) < bound
    complaints = [node for node, kind in town.heard.told if kind == "complaint"]
    assert bool(complaints) == bool(censored)
    assert max(town.replica(node).status().round for node in range(2, voters)) == len(censored)


def waiting():
    """A backup of PBFT that holds a request, and what it does with its time."""
    net = Net("pbft", 4, options=ReplicaOptions(complain_after_ns=PATIENCE))
    net[1].receive(2, Transactions((transfer(1, "bob"),)))
    return net, net[1]


def complained(host):
    return Trace("complaint", ()) in host.fire("replica.pool")


def test_a_request_that_waits_while_nothing_is_decided_is_the_cores_business():
    _, host = waiting()
    host.now = 3 * PATIENCE
    assert not complained(host)


def test_a_request_that_was_left_out_of_a_block_with_room_for_it_is_complained_of_once_in_a_while():
    net, host = waiting()
    host.now = PATIENCE
    net.submit(0, transfer(1))
    assert host.chain.height >= 1
    assert complained(host)
    assert not complained(host)
    host.now += PATIENCE
    net.submit(0, transfer(2))
    assert complained(host)


def test_a_request_is_given_time():
    net, host = waiting()
    host.now = PATIENCE - 1
    net.submit(0, transfer(1))
    assert not complained(host)


def test_full_blocks_are_no_sign_of_censorship():
    net = Net("pbft", 4, options=ReplicaOptions(complain_after_ns=PATIENCE, block_transactions_max=2))
    host = net[1]
    host.receive(2, Transactions((transfer(1, "bob"),)))
    host.now = PATIENCE
    net.submit(0, transfer(1), transfer(2))
    assert len(host.chain.entry(1).block.transactions) == 2
    assert not complained(host)
