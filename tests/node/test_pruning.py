"""Bodies let go of: what stays proves the chain, the node goes on, gives newcomers its state, and can be made whole."""

import pytest

from consensus.chain import BLOCKS, CERTIFICATES, HEADERS
from consensus.snapshots import SNAPSHOT
from consensus.vocabulary import MILLISECOND, Put
from network.codec import RecordCodec
from node.archive import ArchiveError, export_node
from node.chain_state import MissingBlock
from node.custody import CUSTODY, Safekept
from node.ledger import SqliteStore
from node.options import ReplicaOptions
from node.payloads import VAULT
from node.privacy.vault import VaultRecord
from node.process import NODE_SPACE
from node.pruning import prune, restore
from node.snapshots import pruned_to
from scenarios.runner.holdings import held_by
from tests.node.lab import Host, Net, transfer
from tests.node.world import Town, pay

KEPT = 6
CORES = {"raft": {"log_keep": 4}, "pbft": {"checkpoint_interval": 4}}


def database_with(path, common, image):
    store = store_at(path, common)
    store.append([Put(space, key, value) for space, entries in image.items() for key, value in entries.items()])
    store.close()
    return path


def store_at(path, common):
    return SqliteStore(
        path, RecordCodec(common.protocol.records, {NODE_SPACE: int, VAULT: VaultRecord, CUSTODY: Safekept})
    )


def image_in(path, common):
    store = store_at(path, common)
    try:
        return store.load()
    finally:
        store.close()


@pytest.fixture
def net():
    net = Net("raft", 3)
    for number in range(1, 21):
        net.submit(0, transfer(number))
    return net


def pruned(net, tmp_path, number=1):
    database = database_with(tmp_path / f"{number}.sqlite", net.common, net[number].store.load())
    return prune(database, net.common, keep=KEPT), database


def test_headers_certificates_and_state_stay_and_bodies_go(net, tmp_path):
    before = net[1].store.load()
    done, database = pruned(net, tmp_path)
    top = net[1].chain.height
    assert top - KEPT - 3 <= done.height <= top - KEPT
    assert done.height in before[CERTIFICATES]
    after = image_in(database, net.common)
    assert list(after[HEADERS].values()) == [before[BLOCKS][h].header for h in range(1, done.height + 1)]
    assert list(after[BLOCKS]) == list(range(done.height + 1, top + 1))
    assert after[CERTIFICATES] == before[CERTIFICATES]
    others = {space for space in after if space not in {HEADERS, BLOCKS, SNAPSHOT}}
    assert {space: after[space] for space in others} == {space: before[space] for space in others}
    assert pruned_to(after) == done.height


def test_a_pruned_node_stands_where_it_stood_and_goes_on(net, tmp_path):
    done, database = pruned(net, tmp_path)
    old = net[1].chain
    host = Host(net.common, 1, image=image_in(database, net.common))
    net.hosts[1] = host
    net.send(host, host.start())
    net.pump()
    chain = host.chain
    assert (chain.height, chain.head.hash, chain.tree.root) == (old.height, old.head.hash, old.tree.root)
    assert (chain.whole, chain.pruned) == (True, done.height)
    with pytest.raises(MissingBlock, match=f"blocks 1 to {done.height} are not here: pruned"):
        chain.entry(done.height)
    assert not chain.between(1, 64, 10**9)
    net.submit(1, transfer(21), transfer(3))  # the second was executed long ago
    assert chain.height > old.height
    assert net[0].chain.head.hash == chain.head.hash
    again = host.restarted()
    assert (again.chain.head.hash, again.chain.pruned) == (chain.head.hash, done.height)


def test_what_is_pruned_is_no_ledger_to_show(net, tmp_path):
    _, database = pruned(net, tmp_path)
    host = Host(net.common, 1, image=image_in(database, net.common))
    assert len(held_by("member-1", host.chain, {}).certified()) == 1
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_text("exported before")
    with pytest.raises(ArchiveError, match="lacks its first blocks; `consortium prune --undo` has"):
        export_node(database, net.common.genesis_block, ledger)
    restore(database)
    with pytest.raises(ArchiveError, match="lacks its first blocks; letting it run has"):
        export_node(database, net.common.genesis_block, ledger)
    assert ledger.read_text() == "exported before"


def test_a_pruned_node_is_made_whole_again_from_its_peers(net, tmp_path):
    _, database = pruned(net, tmp_path)
    restore(database)
    host = Host(net.common, 1, image=image_in(database, net.common))
    net.hosts[1] = host
    net.send(host, host.start())
    net.pump()
    for _ in range(20):
        if not host.chain.whole:
            net.fire(1, "replica.backfill")
    assert (host.chain.whole, host.chain.pruned) == (True, 0)
    assert host.chain.entry(1).block == net[0].chain.entry(1).block


def test_nothing_is_pruned_twice_in_part_or_where_all_is_young(net, tmp_path):
    _, database = pruned(net, tmp_path)
    with pytest.raises(ArchiveError, match="pruned already"):
        prune(database, net.common, keep=1)
    database = database_with(tmp_path / "young.sqlite", net.common, net[0].store.load())
    with pytest.raises(ArchiveError, match="none is old enough"):
        prune(database, net.common, keep=1000)
    with pytest.raises(ArchiveError, match="nothing of it is pruned"):
        restore(database)
    with pytest.raises(ArchiveError, match="no such database"):
        prune(tmp_path / "nowhere.sqlite", net.common, keep=1)


@pytest.mark.parametrize(("protocol", "voters"), [("raft", 3), ("pbft", 4)])
def test_a_newcomer_takes_its_state_from_pruned_peers(protocol, voters, tmp_path, monkeypatch):
    """The last node has nothing; the others were pruned, so that none could give it the blocks from the first on."""
    monkeypatch.setattr("tests.node.world.standard_oracles", lambda **_: ())  # they know of no world before this one
    options = ReplicaOptions(block_transactions_max=2, snapshot_lag=8)
    settings = {"options": options, "core": CORES[protocol]}
    steps = [pay(number, at_ns=number * 20 * MILLISECOND) for number in range(1, 61)]
    before = Town(protocol, voters, *steps, **settings)
    assert before.run(30)
    before.settle(2)
    more = [pay(number, at_ns=number * 20 * MILLISECOND) for number in range(61, 91)]
    town = Town(protocol, voters, *more, **settings)
    for node in range(voters - 1):
        database = database_with(tmp_path / f"{node}.sqlite", town.common, before.world.image(node))
        prune(database, town.common, keep=KEPT)
        town.world._actors[node].disk.image = image_in(database, town.common)
    assert town.run(60)
    town.settle(6)
    chains = [town.replica(node).chain for node in range(voters)]
    assert len({chain.head.hash for chain in chains}) == 1
    assert all(chain.pruned and chain.whole for chain in chains[:-1])
    assert [node for node, _ in town.heard.installed][:1] == [voters - 1]
    assert chains[-1].tree.root == chains[0].tree.root
