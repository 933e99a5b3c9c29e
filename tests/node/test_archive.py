"""A node's ledger goes to a file and begins another node, or is refused by line; nothing half is ever left."""

import msgspec
import pytest

from consensus.chain import BLOCKS, CERTIFICATES
from consensus.vocabulary import Cut, Drop, Put
from network.codec import RecordCodec
from node.archive import ArchiveError, LedgerCodec, export_node, import_ledger
from node.ledger import AuditError, SqliteStore, StoreError
from scenarios.cli import invoke
from scenarios.results.replay import ContractMachine
from tests.node.lab import MEMBERS, Host, Net, genesis, transfer


@pytest.fixture(scope="module")
def net():
    net = Net("raft", 3)
    for number in range(1, 6):
        net.submit(0, transfer(number))
    assert net[0].chain.height >= 5
    return net


def database_of(host, path, *more):
    """The store of ``host`` as a process has it."""
    records = RecordCodec(host.common.protocol.records, {"node": int})
    store = SqliteStore(path, records)
    image = host.store.load()
    store.append([Put(space, key, value) for space, entries in image.items() for key, value in entries.items()])
    store.append([Put("node", "incarnation", 3), *more])
    store.close()
    return path


@pytest.fixture
def exported(net, tmp_path):
    path = tmp_path / "ledger.jsonl"
    database = database_of(net[0], tmp_path / "node.sqlite")
    return path, export_node(database, net.common.genesis_block, path)


def imported(net, path, database, **details):
    return import_ledger(path, database, net.common.genesis, ContractMachine, **details)


def test_a_ledger_goes_out_and_begins_another_node(net, exported, tmp_path):
    path, done = exported
    chain = net[0].chain
    assert (done.height + done.uncertified, done.lacking) == (chain.height, None)
    told = []
    audit = imported(net, path, tmp_path / "new" / "node.sqlite", progress=told.append)
    assert (audit.height, audit.head) == (done.height, done.head)
    assert told == list(range(1, done.height + 1))
    store = SqliteStore(tmp_path / "new" / "node.sqlite", LedgerCodec())
    image = store.load()
    store.close()
    fresh = Host(net.common, 1, image=image)
    assert fresh.chain.head.hash == done.head
    assert fresh.chain.tree.root == audit.state_root == chain.root(done.height)
    fresh.start()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["node.sqlite"]


def test_a_line_that_is_wrong_is_named_and_nothing_is_left(net, exported, tmp_path):
    path, _ = exported
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"round":', b'"round": ')
    path.write_bytes(b"".join(lines))
    with pytest.raises(AuditError, match=r"ledger\.jsonl:4: "):
        imported(net, path, tmp_path / "new.sqlite")
    assert not list(tmp_path.glob("new.sqlite*"))


def test_nothing_is_imported_over_a_database_or_into_another_network(net, exported, tmp_path):
    path, _ = exported
    with pytest.raises(ArchiveError, match=r"node\.sqlite: is there already"):
        imported(net, path, tmp_path / "node.sqlite")
    with pytest.raises(ArchiveError, match=r"ledger\.jsonl:1: the genesis is not the one of elsewhere"):
        import_ledger(path, tmp_path / "new.sqlite", genesis("raft", 3, network="elsewhere"), ContractMachine)
    assert not list(tmp_path.glob("new.sqlite*"))


def test_what_an_interrupted_import_left_is_in_nobodys_way(net, exported, tmp_path):
    path, done = exported
    (tmp_path / "new.sqlite.part").write_bytes(b"half a database")
    (tmp_path / "new.sqlite.part-wal").write_bytes(b"and its log")
    assert imported(net, path, tmp_path / "new.sqlite").height == done.height


def test_an_export_ends_where_blocks_are_lacking_or_nothing_proves_them(net, tmp_path):
    top = net[0].chain.height
    block = net[0].chain.entry(top).block
    database = database_of(net[0], tmp_path / "a.sqlite", Cut(BLOCKS, 3), Put(BLOCKS, top, block))
    done = export_node(database, net.common.genesis_block, tmp_path / "a.jsonl")
    assert (done.height + done.uncertified, done.lacking) == (2, 3)
    database = database_of(net[0], tmp_path / "b.sqlite", Drop(CERTIFICATES, top + 1), Put(BLOCKS, top, block))
    done = export_node(database, net.common.genesis_block, tmp_path / "b.jsonl")
    assert (done.height, done.uncertified) == (0, top)


def test_a_store_of_another_ledger_is_refused(net, tmp_path):
    other = Net("raft", 3)
    other.submit(0, transfer(1, amount=7))
    database = database_of(net[0], tmp_path / "node.sqlite", Put(BLOCKS, 1, other[0].chain.entry(1).block))
    with pytest.raises(StoreError, match="does not follow the one before it"):
        export_node(database, net.common.genesis_block, tmp_path / "ledger.jsonl")
    with pytest.raises(ArchiveError, match="no such database"):
        export_node(tmp_path / "nowhere.sqlite", net.common.genesis_block, tmp_path / "ledger.jsonl")


def test_the_commands_say_what_they_did(net, tmp_path, capsys):
    for name in ("old", "new"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "genesis.bin").write_bytes(net.common.genesis.encode())
        keys = {"sign_seed": "00" * 32, "seal_secret": "00" * 32}
        config = {"name": MEMBERS[1], "genesis": "genesis.bin", "bus": "mqtt://127.0.0.1:1", **keys}
        path = folder / ("node.json" if name == "old" else "node.yaml")  # every JSON is YAML
        path.write_bytes(msgspec.json.encode(config))
        path.chmod(0o600)
    database_of(net[0], tmp_path / "old" / "node.sqlite")
    ledger = str(tmp_path / "ledger.jsonl")
    assert invoke(["export", str(tmp_path / "old"), ledger]) == 0
    assert invoke(["import", ledger, str(tmp_path / "new")]) == 0
    said = capsys.readouterr()
    assert "ledger.jsonl: " in said.out
    assert "state root" in said.out
    assert "must not begin again" in said.err
    assert invoke(["import", ledger, str(tmp_path / "new")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert invoke(["export", str(tmp_path / "nowhere"), ledger]) == 2
    assert invoke(["prune", str(tmp_path / "new")]) == 2
    assert "none is old enough to be pruned" in capsys.readouterr().err
    assert invoke(["prune", str(tmp_path / "new"), "--undo"]) == 2
    assert "nothing of it is pruned" in capsys.readouterr().err
    assert invoke(["prune", str(tmp_path / "new"), "--keep", "5"]) == 2
    assert "keeps its last 512 blocks at least" in capsys.readouterr().err
    (tmp_path / "new" / "node.sqlite").unlink()
    (tmp_path / "ledger.jsonl").write_bytes(b"{}\n")
    assert invoke(["import", ledger, str(tmp_path / "new")]) == 1
    assert "ledger.jsonl:1: " in capsys.readouterr().err
