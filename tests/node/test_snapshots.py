"""States taken over: by whom, from what, what is durable, and how the blocks that were skipped come afterwards."""

import pytest

from consensus.chain import BLOCKS, Block
from consensus.configuration import Configuration
from consensus.snapshots import SNAPSHOT, Snapshot
from consensus.vocabulary import MILLISECOND, SECOND, Install, Put, Send
from network.codec import RecordCodec
from network.gossip import Below, FetchBelow
from network.virtual.faults import Crash
from node.chain_state import ChainState, Divergence, MissingBlock
from node.ledger.store import SqliteStore
from node.options import ReplicaOptions
from node.privacy.vault import VaultRecord
from node.process import NODE_SPACE
from node.replica import VAULT
from scenarios.runner.holdings import held_by
from tests.node.lab import Net, block_on, of, reheaded, rejections, transfer
from tests.node.world import Town, pay

EVERYTHING = 10**9


@pytest.fixture
def ahead():
    """A replica with twelve blocks of one payment each; it has made a snapshot of its head."""
    replica = Net()[0].replica
    for number in range(1, 13):
        replica.chain.append(block_on(replica, [transfer(number)]), f"certificate {number}")
    return replica


def fresh(height=0, of_=None):
    """A chain with the first ``height`` blocks of ``of_``."""
    common = Net().common
    chain = ChainState(common.genesis_block, common.genesis_tree, common.execute)
    for at in range(1, height + 1):
        chain.append(of_.chain.entry(at).block, of_.chain.entry(at).certificate)
    return chain


def snapshot_of(replica):
    """(the snapshot of its head, its chunks)."""
    height = replica.chain.height
    manifest = replica.manifest(height)
    chunks = tuple(replica.chunk(height, place) for place in range(len(manifest)))
    return Snapshot(replica.chain.head.header, Configuration((0,)), manifest), chunks


def fill(chain, of_):
    """Fetch and execute all that is missing; how many messages that took."""
    messages = 0
    while chain.gap is not None and chain.gap.wanted is not None:
        assert chain.gap.add(of_.chain.below(chain.gap.wanted, 4, EVERYTHING))
        messages += 1
    while not chain.whole:
        assert chain.fill(3)
    return messages


# Installing


@pytest.mark.parametrize("height", [0, 5])
def test_an_installed_state_can_be_gone_on_from_at_once(ahead, height):
    chain = fresh(height, ahead)
    chain.install(*snapshot_of(ahead))
    assert (chain.height, chain.head.hash, chain.tree.root) == (12, ahead.chain.head.hash, ahead.chain.tree.root)
    assert chain.executed("ann", 12)
    block = block_on(ahead, [transfer(13)])
    ahead.chain.append(block, None)
    chain.append(block, None)
    assert chain.tree.root == ahead.chain.tree.root


def test_roots_of_heights_that_were_skipped_are_known_since_blocks_may_state_them(ahead):
    chain = fresh()
    chain.install(*snapshot_of(ahead))
    assert [chain.root(height) for height in range(13)] == [ahead.chain.root(height) for height in range(13)]
    assert not chain.states(7, bytes(32))


def test_what_was_skipped_is_said_to_be_missing(ahead):
    chain = fresh(5, ahead)
    chain.install(*snapshot_of(ahead))
    assert not chain.whole
    assert chain.entry(5).block.height == 5
    with pytest.raises(MissingBlock, match="blocks 6 to 12 are not here"):
        chain.entry(6)
    assert [block.height for block, _ in chain.between(1, 64, EVERYTHING)] == [1, 2, 3, 4, 5]
    assert chain.between(6, 64, EVERYTHING) == chain.below(12, 64, EVERYTHING) == ()


def test_a_gap_is_filled_from_above_and_executed_from_below(ahead):
    chain = fresh(5, ahead)
    chain.install(*snapshot_of(ahead))
    assert fill(chain, ahead) == 2
    assert chain.whole
    assert [chain.entry(h) for h in range(13)] == [ahead.chain.entry(h) for h in range(13)]
    assert chain.head == ahead.chain.head


def test_a_second_snapshot_raises_the_gap_and_keeps_what_was_fetched_and_decided(ahead):
    chain = fresh(2, ahead)
    chain.install(*snapshot_of(ahead))
    assert chain.gap.add(ahead.chain.below(12, 4, EVERYTHING)) == 4
    for number in range(13, 21):
        block = block_on(ahead, [transfer(number)])
        ahead.chain.append(block, None)
        if number < 16:
            chain.append(block, None)
    chain.install(*snapshot_of(ahead))
    assert (chain.gap.first, chain.gap.wanted) == (3, 20)
    assert fill(chain, ahead) < 5
    assert [chain.entry(h).block for h in range(21)] == [ahead.chain.entry(h).block for h in range(21)]
    assert [chain.root(h) for h in range(21)] == [ahead.chain.root(h) for h in range(21)]


def test_blocks_that_do_not_lie_below_are_not_taken(ahead):
    chain = fresh()
    chain.install(*snapshot_of(ahead))
    held = ahead.chain.below(12, 4, EVERYTHING)
    forged = (Block(reheaded(held[2][0].header, round=9), held[2][0].transactions), None)
    assert chain.gap.add([*held[:2], forged, held[3]]) == 1
    assert chain.gap.wanted == 11
    assert chain.gap.add(held) == 0
    assert chain.gap.add(held[:3]) == 3


def test_a_state_that_is_not_what_its_blocks_lead_to_stops_the_node(ahead):
    """Whoever made it had a quorum's word for it: the blocks show that it is a lie."""
    other = Net()[0].replica
    for number in range(1, 13):
        other.chain.append(block_on(other, [transfer(number, amount=2)]), None)
    snapshot, chunks = snapshot_of(other)
    chain = fresh()
    chain.install(Snapshot(ahead.chain.head.header, snapshot.configuration, snapshot.chunks), chunks)
    with pytest.raises(Divergence, match="another state than the one that was installed"):
        fill(chain, ahead)


def test_a_snapshot_that_contradicts_a_root_of_ours_or_lies_below_us_is_refused(ahead):
    other = Net()[0].replica
    for number in range(1, 14):
        other.chain.append(block_on(other, [transfer(number, amount=2)]), None)
    chain = fresh(5, ahead)
    with pytest.raises(Divergence, match="another root than ours for 1"):
        chain.install(*snapshot_of(other))
    with pytest.raises(Divergence, match="does not lie above ours"):
        fresh(12, ahead).install(*snapshot_of(ahead))
    assert (chain.height, chain.whole) == (5, True)


def test_chunks_that_are_no_state_are_refused(ahead):
    snapshot, chunks = snapshot_of(ahead)
    chain = fresh()
    with pytest.raises(Divergence, match="the snapshot of height 12"):
        chain.install(snapshot, chunks[:-1])
    assert chain.height == 0


# Offering


def test_states_are_kept_for_the_last_heights_that_were_asked_for(ahead):
    first = ahead.manifest(12)
    for number in range(13, 16):
        ahead.chain.append(block_on(ahead, [transfer(number)]), None)
        assert ahead.manifest(number)
    assert ahead.manifest(12) is None
    assert ahead.chunk(12, 0) is None
    assert ahead.manifest(13) not in {first, None}
    assert ahead.manifest(16) is None


def test_a_chunk_is_what_its_manifest_says_and_nothing_beyond_it_is_given(ahead):
    manifest = ahead.manifest(12)
    ahead.chain.append(block_on(ahead, [transfer(13)]), None)
    assert [ahead.chunk_digest(ahead.chunk(12, place)) for place in range(len(manifest))] == list(manifest)
    assert ahead.chunk(12, len(manifest)) is ahead.chunk(12, -1) is ahead.chunk(11, 0) is None


def test_with_snapshots_off_none_is_served():
    host = Net(options=ReplicaOptions(snapshots=False))[0]
    host.submit(transfer(1))
    assert host.replica.manifest(1)
    assert host.replica.chunk(1, 0) is None


# Fetching what was skipped


@pytest.fixture
def skipped():
    """(a network whose observer installed the state of node 0 and lacks its blocks, the observer)."""
    net = Net(observers=2, options=ReplicaOptions(block_transactions_max=1))
    net[0].submit(*(transfer(number) for number in range(1, 101)))
    host = net[1]
    host.replica.core.executed = lambda now, height: []  # noqa: ARG005
    snapshot, chunks = snapshot_of(net[0].replica)
    host.take(host.replica._install(Install(snapshot.height, snapshot, chunks)))
    return net, host


def test_an_answer_in_time_brings_the_next_question_until_nothing_is_missing(skipped):
    net, host = skipped
    net.fire(1, "replica.backfill")
    assert host.chain.gap.wanted is None
    while not host.chain.whole:
        net.fire(1, "replica.backfill")
    assert [host.chain.entry(h) for h in range(101)] == [net[0].chain.entry(h) for h in range(101)]
    assert sorted(host.store.load()[BLOCKS]) == list(range(1, 101))
    assert "replica.backfill" not in host.timers


def test_a_question_that_nobody_answers_is_asked_again(skipped):
    _, host = skipped
    for _ in range(3):
        assert [send.message for send in of(Send, host.fire("replica.backfill"))] == [FetchBelow(100)]


def test_lies_about_older_blocks_are_refused_and_change_nothing(skipped):
    net, host = skipped
    held = list(net[0].chain.below(100, 4, EVERYTHING))
    block, certificate = held[3]
    swapped = (Block(block.header, (transfer(1),)), certificate)
    bodies = host.receive(2, Below((*held[:3], swapped)))
    assert "body not its own" in rejections(bodies)[0]
    stripped = host.receive(2, Below((*held[:3], (block, None))))
    assert "certificate" in rejections(stripped)[0]
    foreign = host.receive(2, Below((*held[:3], (block, held[2][1]))))
    assert "certificate" in rejections(foreign)[0]
    assert host.receive(2, Below(tuple(held[:3]))) == []
    assert host.chain.gap.wanted == 100
    assert host.receive(0, Below(tuple(held)))
    assert host.chain.gap.wanted == 96


def test_a_node_that_lacks_nothing_takes_no_older_blocks(skipped):
    net, _ = skipped
    assert net[0].receive(1, Below(net[0].chain.below(5, 2, EVERYTHING))) == []


def test_blocks_below_a_height_are_served_as_many_as_fit(skipped):
    net, _ = skipped
    [send] = net[0].receive(2, FetchBelow(90))
    assert [block.height for block, _ in send.message.blocks] == list(range(27, 91))
    assert [b.height for b, _ in net[0].chain.below(90, 64, 0)] == [90]
    for end in (0, 101, 2**62):
        assert net[0].receive(2, FetchBelow(end)) == []


def test_a_node_that_restarts_with_a_gap_goes_on_where_it_was(skipped, tmp_path):
    net, host = skipped
    host.receive(0, Below(net[0].chain.below(100, 64, EVERYTHING)))
    codec = RecordCodec(host.common.protocol.records, {NODE_SPACE: int, VAULT: VaultRecord})
    store = SqliteStore(tmp_path / "node.sqlite", codec)
    for space, entries in host.store.load().items():
        store.append([Put(space, key, value) for key, value in entries.items()])
    store.close()
    reopened = SqliteStore(tmp_path / "node.sqlite", codec)
    image = reopened.load()
    reopened.close()
    assert len(image[SNAPSHOT]) == 1 + len(image[SNAPSHOT]["manifest"].chunks)
    host.store = type(host.store)()
    host.store.append([Put(space, key, value) for space, entries in image.items() for key, value in entries.items()])
    again = net.hosts[1] = host.restarted()
    again.start()
    assert (again.chain.height, again.chain.gap.wanted) == (100, 36)
    while not again.chain.whole:
        net.fire(1, "replica.backfill")
    assert again.chain.root(50) == net[0].chain.root(50)
    last = again.restarted()
    assert last.chain.whole
    assert last.chain.tree.root == net[0].chain.tree.root


def test_a_ledger_with_a_gap_is_judged_by_the_part_below_it(skipped):
    net, host = skipped
    held = held_by("n1", host.chain, {})
    assert (held.chain.height, held.lacking) == (0, "blocks 1 to 100")
    assert len(held.certified()) == 1
    assert held_by("n0", net[0].chain, {}).chain is net[0].chain


# Whole networks


@pytest.mark.parametrize(
    ("kind", "voters", "core"),
    [
        ("raft", 3, {"log_keep": 8}),
        ("pbft", 4, {"checkpoint_interval": 4}),
    ],
)
def test_a_voter_that_was_away_for_long_takes_over_the_state_and_then_the_blocks(kind, voters, core):
    steps = [pay(number, at_ns=number * 30 * MILLISECOND) for number in range(1, 161)]
    options = ReplicaOptions(block_transactions_max=2, snapshot_lag=8)
    away = Crash(at_ns=100 * MILLISECOND, node=2, for_ns=3 * SECOND)
    town = Town(kind, voters, *steps, options=options, core=core, faults=(away,))
    assert town.run(60)
    town.settle(6)
    chains = [town.replica(node).chain for node in range(voters)]
    assert [node for node, _ in town.heard.installed][:1] == [2]
    assert {chain.head.hash for chain in chains} == {chains[0].head.hash}
    assert all(chain.whole for chain in chains)
    for height in range(chains[0].height + 1):
        assert chains[2].entry(height).block == chains[0].entry(height).block
        assert chains[2].root(height) == chains[0].root(height)
    assert sorted(town.world.image(2)[BLOCKS]) == list(range(1, chains[0].height + 1))
