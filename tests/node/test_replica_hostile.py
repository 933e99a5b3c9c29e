"""What a hostile member may send to a replica: it changes nothing, costs a bounded amount, and stops nobody."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect as info

from consensus.chain import Block
from consensus.configuration import Configuration
from consensus.protocols import protocol
from consensus.raft.messages import InstallSnapshot, SnapshotChunk
from consensus.snapshots import Snapshot
from consensus.vocabulary import Send, SetTimer
from network.gossip import GOSSIP_MESSAGES, Decided, Fetch, Position, Transactions
from network.requests import REQUEST_MESSAGES, Receipt
from node.ledger.state_chunks import chunk_digest
from node.replica import ReplicaOptions
from tests.node.lab import Net, certified, of, reheaded, rejections, transfer

HIGH = 2**63 - 1
VOTERS = {"solo": 1, "raft": 3, "pbft": 4}
HOSTILE = 1
"""The member whose key the adversary has."""


def state(replica):
    """Everything of a replica that a message could change, catch-up's notes of its peers apart."""
    return (
        replica.core.state_hash(),
        replica.chain.head.hash,
        replica.chain.tree.root,
        len(replica.mempool),
        len(replica._proposals._undecided),
        len(replica._sync._unproven),
    )


@pytest.fixture(params=sorted(VOTERS))
def host(request):
    """A node that leads and has decided one block, in a network with members to be lied to by."""
    net = Net(request.param, VOTERS[request.param], observers=2)
    net.submit(0, transfer(1))
    return net[0]


@pytest.fixture
def behind():
    """(an observer with nothing but genesis, a replica that is three blocks ahead)."""
    net = Net(observers=2, options=ReplicaOptions(block_transactions_max=1))
    net[0].submit(transfer(1), transfer(2), transfer(3))
    return net[1], net[0].replica


# Blocks that are said to be decided


def three(ahead):
    return ahead.chain.between(1, 64, 10**6)


def is_refused(host, blocks, reason):
    before = state(host.replica)
    effects = host.receive(2, Decided(tuple(blocks)))
    assert len(rejections(effects)) == 1
    assert reason in rejections(effects)[0]
    assert state(host.replica) == before


def test_blocks_without_any_certificate_are_refused(behind):
    host, ahead = behind
    is_refused(host, [(block, None) for block, _ in three(ahead)], "no certificate")


def test_a_certificate_by_one_who_does_not_vote_is_refused(behind):
    host, ahead = behind
    [(block, _), *_] = three(ahead)
    is_refused(host, [(block, certified(block, signers=(2,)))], "no certificate")


def test_a_certificate_with_a_forged_signature_is_refused(behind):
    host, ahead = behind
    [(block, _), *_] = three(ahead)
    is_refused(host, [(block, certified(block, keys=("member-2",)))], "no certificate")


def test_a_certificate_of_another_block_is_refused(behind):
    host, ahead = behind
    [(first, _), (_, second), *_] = three(ahead)
    is_refused(host, [(first, second)], "no certificate")


def test_blocks_that_do_not_link_are_refused(behind):
    host, ahead = behind
    [(first, _), *_] = three(ahead)
    unlinked = Block(reheaded(first.header, parent=b"x" * 32), first.transactions)
    is_refused(host, [(unlinked, certified(unlinked))], "no certificate")


@pytest.mark.parametrize("body", [(), (b"junk",), (transfer(9, amount=77),), (transfer(1), transfer(2))])
def test_a_certified_header_over_another_body_is_refused(behind, body):
    host, ahead = behind
    [(first, proof), *_] = three(ahead)
    is_refused(host, [(Block(first.header, body), proof)], "a body not its own")


def test_a_swapped_body_among_true_ones_spoils_the_whole_message(behind):
    host, ahead = behind
    [first, (second, proof), third] = three(ahead)
    is_refused(host, [first, (Block(second.header, ()), proof), third], "decided block 2")


def test_blocks_far_above_our_head_are_ignored(behind):
    host, ahead = behind
    before = state(host.replica)
    assert host.receive(2, Decided(three(ahead)[1:])) == []
    assert state(host.replica) == before


def test_an_empty_message_of_decided_blocks_is_ignored(behind):
    assert behind[0].receive(2, Decided(())) == []


def test_lies_do_not_keep_the_truth_from_being_taken(behind):
    host, ahead = behind
    [(first, proof), *_] = three(ahead)
    host.receive(2, Decided(((Block(first.header, (b"junk",)), proof),)))
    host.receive(0, Decided(three(ahead)))
    assert host.chain.tree.root == ahead.chain.tree.root


# Positions and fetches


def test_an_absurd_height_costs_one_fetch_at_a_time_and_no_more(host):
    assert of(SetTimer, host.receive(HOSTILE, Position(HIGH, bytes(32))))
    for _ in range(20):
        assert host.receive(HOSTILE, Position(HIGH, bytes(32))) == []
    effects = host.fire("replica.catchup")
    assert [(send.to, type(send.message)) for send in of(Send, effects)] == [(HOSTILE, Fetch)]


def test_a_liar_about_its_height_does_not_keep_us_from_asking_others():
    net = Net(observers=3)
    net[0].submit(transfer(1))
    net[1].receive(2, Position(HIGH, bytes(32)))
    net[1].receive(0, Position(1, net[0].chain.head.hash))
    for _ in range(3):
        net.fire(1, "replica.catchup")
    assert net[1].chain.head == net[0].chain.head


@pytest.mark.parametrize("start", [2, 2**62, HIGH])
def test_a_fetch_of_what_is_not_there_is_not_answered(host, start):
    assert host.receive(HOSTILE, Fetch(start)) == []


def test_a_fetch_from_nought_gives_the_first_blocks():
    host = Net(observers=1)[0]
    host.submit(transfer(1))
    [send] = host.receive(1, Fetch(0))
    assert [block.height for block, _ in send.message.blocks] == [1]


# Transactions


def test_forged_transactions_are_refused_one_by_one_and_change_nothing(host):
    before = state(host.replica)
    forged = tuple(transfer(number, signers={"ann": "stranger"}) for number in range(2, 6))
    effects = host.receive(HOSTILE, Transactions((*forged, b"", b"\xc1", bytes(300_000))))
    assert len(rejections(effects)) == 7
    assert state(host.replica) == before


def test_executed_transactions_told_again_are_not_pooled(host):
    assert host.chain.executed("ann", 1)
    before = state(host.replica)
    assert host.receive(HOSTILE, Transactions((transfer(1),) * 1000)) == []
    assert state(host.replica) == before


def test_a_flood_of_valid_transactions_fills_the_pool_and_no_more():
    host = Net(observers=1)[1]
    host.replica.mempool._transactions_max = 50
    for number in range(1, 200):
        host.receive(0, Transactions((transfer(number),)))
    assert len(host.replica.mempool) == 50


# Anything else


def test_messages_of_no_kind_are_refused_and_change_nothing(host):
    before = state(host.replica)
    for message in (None, 7, "x", b"x", (), object(), Receipt("ann", 1, bytes(32), (), bytes(64))):
        assert len(rejections(host.receive(HOSTILE, message))) == 1
    assert state(host.replica) == before


def made(kind):  # noqa: C901, PLR0911 - one case for each type of the wire
    """A strategy for values of a type as its wire format bounds it, from its own description."""
    match kind:
        case info.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: made(field.type) for field in fields})
        case info.IntType():
            return st.one_of(st.integers(0, 4), st.sampled_from([2**31, 2**62, HIGH]))
        case info.BytesType(min_length=32 | 64 as size):
            return st.sampled_from([bytes(size), b"x" * size])
        case info.BytesType():
            return st.sampled_from([b"", b"junk", transfer(1), transfer(2), transfer(3, signers={"ann": "bob"})])
        case info.StrType():
            return st.sampled_from(["lab", "ann", "nobody"])
        case info.BoolType():
            return st.booleans()
        case info.EnumType(cls=cls):
            return st.sampled_from(cls)
        case info.NoneType():
            return st.none()
        case info.UnionType(types=types):
            return st.one_of(*map(made, types))
        case info.VarTupleType(item_type=item, min_length=least):
            return st.lists(made(item), min_size=least or 0, max_size=3).map(tuple)
        case info.TupleType(item_types=items):
            return st.tuples(*map(made, items))
    raise AssertionError(f"no strategy for {kind}")


def offered(net, *, chunks=(), **changed):
    """A Raft leader's InstallSnapshot of a height that nobody has, of a later term than any."""
    head = net[0].chain.head.header
    header = msgspec.structs.replace(head, height=head.height + 3, round=9, **changed)
    return InstallSnapshot(9, Snapshot(header, Configuration(voters=(0, 1, 2)), chunks))


def test_a_raft_leader_s_snapshot_that_is_no_state_is_refused_and_changes_nothing():
    net = Net("raft", 3)
    net.submit(0, transfer(1))
    host = net[2]
    before = state(host.replica)
    for message in (offered(net), offered(net, members=bytes(32)), offered(net, network="another")):
        assert len(rejections(host.receive(HOSTILE, message))) == 1
        assert state(host.replica) == before


def test_a_raft_leader_s_last_chunk_that_completes_no_state_is_refused():
    net = Net("raft", 3)
    net.submit(0, transfer(1))
    host, junk = net[2], b"junk"
    message = offered(net, chunks=(chunk_digest(junk),))
    assert rejections(host.receive(HOSTILE, message)) == []
    before = state(host.replica)
    assert len(rejections(host.receive(HOSTILE, SnapshotChunk(9, message.snapshot.digest, 0, junk)))) == 1
    assert state(host.replica) == before


@pytest.mark.parametrize("name", sorted(VOTERS))
def test_no_message_whatever_raises_or_moves_the_chain(name):
    """Every kind of message there is, with fields as hostile as its format lets them be."""
    net = Net(name, VOTERS[name], observers=1)
    net.submit(0, transfer(1))
    kinds = (*REQUEST_MESSAGES, *GOSSIP_MESSAGES, *protocol(name).messages)
    messages = st.one_of(*(made(info.type_info(kind)) for kind in kinds))

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, VOTERS[name] - 1), messages), max_size=5))
    def hear(story):
        chains = [(host.chain.head.hash, host.chain.tree.root) for host in net.hosts]
        for sender, message in story:
            for host in net.hosts[1:]:
                if host.number != sender:
                    host.receive(sender, message)
        assert chains == [(host.chain.head.hash, host.chain.tree.root) for host in net.hosts]

    hear()
