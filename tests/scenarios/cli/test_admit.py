"""`consortium admit`, `approve` and `submit`, as far as they go without a broker."""

import shutil

import msgspec
import pytest

from node.founding import FoundingError, describe, found_network, read_proposal
from node.ledger.genesis import decode_genesis
from node.membership import Founding
from scenarios.admitting import _require_approved, _require_next
from scenarios.cli import invoke


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """Two networks, whose secrets lie in the open: to seal them is slow on purpose."""
    folder = tmp_path_factory.mktemp("founding")
    for name in ("harbour", "island"):
        found_network(folder / name, describe(name, ["insurer", "bureau"], protocol="raft"), None)
    return folder


@pytest.fixture
def sea(founded, tmp_path, monkeypatch):
    shutil.copytree(founded, tmp_path / "sea")
    monkeypatch.chdir(tmp_path / "sea")
    return tmp_path / "sea"


def admitted(*more):
    return invoke(["admit", "harbour", "broker-2", "--role", "broker", "--insecure-no-passphrase", *more])


PROPOSAL = "harbour/proposals/broker-2.json"


def test_it_says_what_to_do_next_and_whoever_signs_sees_what(sea, capsys):
    assert admitted("--votes") == 0
    told = capsys.readouterr().out
    assert "broker-2 asks to join harbour as broker, its node as number 2" in told
    assert "consortium approve harbour/proposals/broker-2.json harbour/nodes/NAME" in told
    assert invoke(["approve", PROPOSAL, "harbour/nodes/bureau"]) == 0
    fields = read_proposal(sea / PROPOSAL).changes[0].change
    keys = f"key {fields['verify_key']}, sealing key {fields['seal_key']}"
    told = capsys.readouterr().out.splitlines()
    assert told == [
        f"change 0 of harbour: let in broker-2 as broker, a node that observes, {keys}",
        told[1],
        "change 2 of harbour: add-voter node 2",
        "harbour/proposals/broker-2.json: approved by bureau, node 1",
    ]
    assert told[1].startswith("change 1 of harbour: let in broker-2 as broker, a wallet at home with node 2, key ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["approve", PROPOSAL, "island/nodes/bureau"], "the proposal is for harbour; bureau belongs to island"),
        (["approve", PROPOSAL, "harbour/wallets/bureau"], "node.yaml: cannot be read"),
        (["approve", "harbour/network.yaml", "harbour/nodes/bureau"], "is no proposal"),
        (["submit", PROPOSAL, "island/wallets/bureau"], "the proposal is for harbour"),
        (["submit", PROPOSAL, "harbour/nodes/bureau"], "wallet.yaml: cannot be read"),
        (["admit", "harbour", "broker-2", "--role", "broker", "--insecure-no-passphrase"], "name of another party"),
        (["admit", "nowhere", "broker-3", "--role", "broker", "--insecure-no-passphrase"], "cannot be read"),
        (["admit", "harbour", "broker-3", "--role", "broker", "--number", "4"], "both --sequence and --number"),
    ],
)
def test_what_cannot_be_says_so(sea, capsys, words, said):
    assert admitted() == 0
    before = (sea / PROPOSAL).read_bytes()
    capsys.readouterr()
    assert invoke(words) == 2
    assert said in capsys.readouterr().err
    assert (sea / PROPOSAL).read_bytes() == before


def test_nothing_is_handed_in_before_its_turn_or_without_a_quorum(sea):
    assert admitted() == 0
    proposal, genesis = read_proposal(sea / PROPOSAL), decode_genesis((sea / "harbour/genesis.bin").read_bytes())
    authority = Founding(genesis).authority
    _require_next(proposal, authority)
    _require_next(proposal, msgspec.structs.replace(authority, sequence=1, members=3))  # the first was carried out
    for sequence, members, said in ((0, 3, "--sequence 0 --number 3"), (2, 3, "carried out already")):
        with pytest.raises(FoundingError, match=said):
            _require_next(proposal, msgspec.structs.replace(authority, sequence=sequence, members=members))
    keys = {number: member.verify_key for number, member in enumerate(genesis.members)}
    with pytest.raises(FoundingError, match="2 of the 2 who vote must approve; so far did: nobody"):
        _require_approved(proposal.counted(keys), authority, genesis)
    for name in ("insurer", "bureau"):
        assert invoke(["approve", PROPOSAL, f"harbour/nodes/{name}"]) == 0
    approved = read_proposal(sea / PROPOSAL)
    _require_approved(approved.counted(keys), authority, genesis)
    with pytest.raises(FoundingError, match="so far did: insurer"):
        _require_approved(approved.counted({0: keys[0], 1: keys[0]}), authority, genesis)


def test_nobody_signs_with_another_key_than_its_nodes_own(sea, capsys):
    assert admitted() == 0
    before = (sea / PROPOSAL).read_bytes()
    config = sea / "harbour/nodes/bureau/node.yaml"
    config.write_text(config.read_text() + "number: 0\n")
    assert invoke(["approve", PROPOSAL, "harbour/nodes/bureau"]) == 2
    assert "holds another key than that of node 0 in harbour" in capsys.readouterr().err
    assert (sea / PROPOSAL).read_bytes() == before
