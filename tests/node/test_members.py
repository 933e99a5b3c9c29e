"""Voters that change: nodes voted in and out while the network works, under both protocols, crashes and lies."""

import pytest

from consensus.chain import Block
from consensus.protocols import Verdict
from consensus.vocabulary import MILLISECOND, SECOND
from network.custody import Deposit
from network.requests import Query
from network.virtual.faults import Crash
from node.ledger.transaction import encode_transaction
from node.options import ReplicaOptions
from tests.node.lab import Net, block_on, reheaded, rejections, transfer
from tests.node.voters import change_step, newcomer, vote
from tests.node.world import Town, pay

PROTOCOLS = ("raft", "pbft")
CORE = {"raft": None, "pbft": {"checkpoint_interval": 4}}


def payments(first, count, *, after):
    """Bob's payments, one after the other, from number ``first`` on."""
    steps = []
    for number in range(first, first + count):
        steps.append(pay(number, "bob", after=(after,)))
        after = steps[-1].id
    return steps


def town_of(protocol, voters, *steps, **details):
    return Town(protocol, voters, *steps, core=CORE[protocol], **details)


def require_voters(town, *voters):
    """All who are up agree that these decide, and so does the registry that each has executed."""
    for node in range(town.nodes):
        replica = town.replica(node)
        if replica is not None:
            assert (node, replica.voting.electors, replica.registry.voters) == (node, voters, voters)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_observer_is_voted_in_and_decides(protocol):
    join = change_step(1, "members", (("add-voter", 4),), 0, (0, 1, 2))
    town = town_of(
        protocol,
        4,
        pay(1, "bob"),
        join,
        *payments(2, 12, after="ann/1"),
        pay(14, "bob", at_ns=20 * SECOND),
        observers=1,
    )
    town.run(19)
    require_voters(town, 0, 1, 2, 3, 4)
    assert town.replica(4).status().role in {"follower", "leader", "backup", "primary"}
    down = (0, 1) if protocol == "raft" else (0,)  # more than the founders could spare without it
    for node in down:
        town.world.inject(Crash(node=node, at_ns=town.world.now))
    assert town.run(60)
    assert town.replica(4).chain.height > 13


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_member_that_is_voted_out_serves_on_as_an_observer(protocol):
    leave = change_step(1, "members", (("remove", 0),), 0, (1, 2, 3, 4))
    town = town_of(protocol, 5, pay(1, "bob"), leave, *payments(2, 10, after="ann/1"))
    assert town.run(60)
    town.settle(2)
    require_voters(town, 1, 2, 3, 4)
    assert town.replica(0).status().role == "observer"
    assert town.replica(0).chain.head.hash == town.replica(1).chain.head.hash


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_lost_key_is_reissued_as_a_new_number_that_takes_its_place(protocol):
    """Member 1 lost its key: node 4 is certified under the same name, and takes its vote in one change."""
    again = change_step(1, "certify", newcomer(4, name="member-1"), 0, (0, 2, 3))
    swap = change_step(2, "members", (("remove", 1), ("add-voter", 4)), 1, (0, 2, 3), after=("ann/1",))
    town = town_of(protocol, 4, again, swap, *payments(1, 12, after="ann/2"), strangers=1)
    assert town.run(60)
    town.settle(2)
    require_voters(town, 0, 2, 3, 4)
    assert town.replica(0).registry.numbers_of("member-1") == (1, 4)
    assert town.replica(1).status().role == "observer"
    assert town.replica(4).chain.head.hash == town.replica(0).chain.head.hash


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_members_change_one_after_the_other_under_crashes(protocol):
    certify = change_step(1, "certify", newcomer(5), 0, (0, 1, 2))
    steps = [
        certify,
        change_step(2, "members", (("add-voter", 4),), 1, (0, 1, 2), after=("ann/1",)),
        change_step(3, "members", (("remove", 0), ("add-voter", 5)), 2, (0, 1, 2, 3), after=("ann/2",)),
        change_step(4, "members", (("remove", 4),), 3, (1, 2, 3, 5), after=("ann/3",)),
        *payments(1, 20, after="ann/1"),
        *[pay(number, "bob", after=("ann/4",)) for number in range(21, 26)],
    ]
    order = (1, 2, 3, 4, 5, 0) * 3
    crashes = [
        Crash(node=node, at_ns=(100 + 250 * turn) * MILLISECOND, for_ns=200 * MILLISECOND)
        for turn, node in enumerate(order)
    ]
    town = town_of(protocol, 4, *steps, observers=1, strangers=1, faults=crashes)
    assert town.run(90)
    town.settle(6)
    require_voters(town, 1, 2, 3, 5)
    heads = {town.replica(node).chain.head.hash for node in range(6)}
    assert len(heads) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_node_that_slept_through_the_changes_catches_up(protocol):
    """Under Raft by a snapshot whose voters it has yet to learn of: the log does not reach back to what it lacks."""
    core = {"raft": {"log_keep": 4}, "pbft": {"checkpoint_interval": 4}}[protocol]
    steps = [
        change_step(1, "certify", newcomer(5), 0, (0, 1, 2)),
        change_step(2, "members", (("add-voter", 4),), 1, (0, 1, 2), after=("ann/1",)),
        change_step(3, "members", (("remove", 0), ("add-voter", 5)), 2, (0, 1, 2, 4), after=("ann/2",)),
        *payments(1, 30, after="ann/3"),
    ]
    asleep = Crash(node=3, at_ns=200 * MILLISECOND, for_ns=12 * SECOND)
    options = ReplicaOptions(snapshot_lag=8)
    town = Town(protocol, 4, *steps, observers=1, strangers=1, core=core, options=options, faults=[asleep])
    assert town.run(30)
    town.settle(25)
    require_voters(town, 1, 2, 3, 4, 5)
    assert town.replica(3).chain.head.hash == town.replica(1).chain.head.hash
    assert all(town.replica(node).chain.whole for node in range(6))


JOIN = (("add-voter", 3),)
VAIN = {
    "too few approve": vote(1, "members", JOIN, 0, (0,)),
    "an approval counts twice": vote(1, "members", JOIN, 0, (0, 0)),
    "an observer approves": vote(1, "members", JOIN, 0, (0, 3)),
    "another sequence": vote(1, "members", JOIN, 1, (0, 1)),
    "another network's approvals": vote(1, "members", JOIN, 0, (0, 1), approved_for="elsewhere"),
    "nobody of that number": vote(1, "members", (("add-voter", 4),), 0, (0, 1)),
    "one who votes already": vote(1, "members", (("add-voter", 2),), 0, (0, 1)),
    "nobody would be left": vote(1, "members", (("remove", 0), ("remove", 1), ("remove", 2)), 0, (0, 1)),
    "out of order": vote(1, "members", (("add-voter", 3), ("remove", 2)), 0, (0, 1)),
    "no arguments": vote(1, "members", JOIN, 0, (0, 1), arguments=b"\x90"),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("why", VAIN)
def test_every_replica_refuses_a_block_with_a_wrong_change_of_members(protocol, why):
    net = Net(protocol, 3, observers=1)
    raw = encode_transaction(VAIN[why])
    block = block_on(net[0].replica, [raw])
    for host in net.hosts:
        assert host.replica.validate(block) is Verdict.REJECT
    net.submit(1, raw)
    assert [len(host.replica.mempool) for host in net.hosts] == [0, 0, 0, 0], "it would wait for ever"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_change_of_members_stands_alone_and_states_the_height_right_below(protocol):
    net = Net(protocol, 3, observers=1)
    raw = encode_transaction(vote(1, "members", JOIN, 0, (0, 1, 2)))
    replica = net[1].replica
    assert replica.validate(block_on(replica, [raw])) is Verdict.ACCEPT
    assert replica.validate(block_on(replica, [raw, transfer(1, "bob")])) is Verdict.REJECT
    first = block_on(replica, [])
    above = block_on(replica, [raw], parent=first.header)
    assert replica.validate(above) is Verdict.REJECT, "it states height 0 two heights below"
    later = Block(reheaded(above.header, state_height=1), above.transactions)
    assert replica.validate(later) is Verdict.WAIT, "height 1 is not executed here"


def test_a_node_that_was_certified_later_is_no_wallet_either():
    host = Net("raft", 1)[0]
    host.submit(encode_transaction(vote(1, "certify", newcomer(1), 0, (0,))))
    for message in (Query("ann", 1, "accounts", "ann/cash"), Deposit("ann", "ann/7", 0, b"")):
        asked = type(message).__name__.lower()
        assert rejections(host.receive(1, message)) == [f"a {asked}, which only clients ask"]
