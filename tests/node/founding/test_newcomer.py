"""A newcomer: folders that fit the network, its way onto the bus, and a proposal that the registry takes as it is."""

import shutil
from pathlib import Path

import msgspec
import pytest

from network.bus.access import render_access, render_addition
from node.config import load_config
from node.founding import FoundingError, Newcomer, Place, admit, describe, found_network, read_proposal, write_proposal
from node.founding.newcomer import PROPOSALS
from node.keystore import KdfCost, KeyFileError, read_keys
from node.ledger.genesis import decode_genesis
from node.membership import Registry, carry_out, verify
from node.membership.rule import RegistryRefusal

CHEAP = KdfCost(operations=1, memory_bytes=8192)
WORDS = b"correct horse"
BROKER = Newcomer(name="broker-2", role="broker")
BOB = Newcomer(name="bob", role="patient", home="bureau")
VOTERS = ("insurer", "bureau", "hospital")


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("founding") / "harbour"
    description = describe("harbour", VOTERS, protocol="raft", observers=["regulator"], wallets=["ann"])
    assert found_network(folder, description, WORDS, CHEAP)
    return folder


@pytest.fixture
def harbour(founded, tmp_path):
    shutil.copytree(founded, tmp_path / "harbour")
    return tmp_path / "harbour"


def admitted(folder, newcomer, **details):
    details = {"opening": lambda _: WORDS, "passphrase": WORDS, "cost": CHEAP} | details
    return admit(folder, newcomer, **details)


def signer(folder, name):
    _, secrets = read_keys(folder / "nodes" / name / "keys.json", lambda _: WORDS)
    return secrets.keys().sign


def genesis_of(folder):
    return decode_genesis((folder / "genesis.bin").read_bytes())


class Ledger:
    """The registry of a chain that carries out proposals, one change a block."""

    def __init__(self, genesis):
        self.records = {}
        self.height = 0
        self.registry = Registry.of(genesis, lambda namespace, key: self.records.get((namespace, key)))

    def carry_out(self, proposal):
        for change in proposal.changes:
            self.height += 1
            order = change.order()
            self.records |= carry_out(self.registry, change.action, order, self.height, verify)


def keys_of(ledger):
    """The keys of those who vote."""
    return {number: ledger.registry.member_key(number) for number in ledger.registry.voters}


def everything(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_registry_takes_what_a_quorum_has_signed(harbour):
    path = admitted(harbour, Newcomer(name="broker-2", role="broker", votes=True))
    ledger = Ledger(genesis_of(harbour))
    with pytest.raises(RegistryRefusal, match="approvals_too_few"):
        ledger.carry_out(read_proposal(path))
    for number, name in ((2, "hospital"), (0, "insurer")):
        write_proposal(path, read_proposal(path).approved(number, signer(harbour, name)))
    assert read_proposal(path).counted(keys_of(ledger)).approvers() == (0, 2)
    ledger.carry_out(read_proposal(path))
    config = load_config(harbour / "nodes" / "broker-2" / "node.yaml")
    keys = config.unlock(lambda _: WORDS).keys()
    assert (config.number, ledger.registry.member(4).name) == (4, "broker-2")
    assert (ledger.registry.member_key(4), ledger.registry.voters) == (keys.verify_key, (0, 1, 2, 4))
    _, secrets = read_keys(harbour / "wallets" / "broker-2" / "keys.json", lambda _: WORDS)
    assert ledger.registry.client_key_at("broker-2", 9) == secrets.keys().verify_key
    assert ledger.registry.client("broker-2").home == 4
    assert config.load_genesis() == genesis_of(harbour)
    config.tls_identity(config.unlock(lambda _: WORDS)).context()


def test_newcomers_follow_one_another(harbour):
    ledger = Ledger(genesis_of(harbour))
    paths = [admitted(harbour, newcomer) for newcomer in (BOB, BROKER, Newcomer(name="bank-2", role="bank"))]
    assert [read_proposal(path).number for path in paths] == [None, 4, 5]
    for path in paths:
        proposal = read_proposal(path)
        for number, name in enumerate(VOTERS[:2]):
            proposal = proposal.approved(number, signer(harbour, name))
        ledger.carry_out(proposal)
    assert ledger.registry.client("bob").home == 1
    assert ledger.registry.member_names()[4:] == ("broker-2", "bank-2")
    assert not (harbour / "nodes" / "bob").exists()


def test_where_others_came_between_the_place_is_said(harbour):
    proposal = read_proposal(admitted(harbour, BROKER, place=Place(sequence=7, number=9)))
    assert [change.sequence for change in proposal.changes] == [7, 8]
    assert load_config(harbour / "nodes" / "broker-2" / "node.yaml").number == 9


def test_an_approval_is_of_these_changes_alone(harbour):
    path = admitted(harbour, BROKER)
    proposal = read_proposal(path).approved(0, signer(harbour, "insurer"))
    keys = keys_of(Ledger(genesis_of(harbour)))
    fields = {**proposal.changes[0].change, "role": "insurer"}
    bent = (msgspec.structs.replace(proposal.changes[0], change=fields), *proposal.changes[1:])
    assert proposal.counted(keys).approvers() == (0,)
    assert msgspec.structs.replace(proposal, changes=bent).counted(keys).approvers() == ()
    assert proposal.approved(1, signer(harbour, "insurer")).counted(keys).approvers() == (0,)


def test_approvals_that_do_not_count_are_left_out_of_what_the_registry_is_shown(harbour):
    """Of an observer, under a wrong key, and of a node that was voted out after it had signed."""
    ledger = Ledger(genesis_of(harbour))
    proposal = read_proposal(admitted(harbour, Newcomer(name="broker-2", role="broker", votes=True)))
    proposal = proposal.approved(3, signer(harbour, "regulator")).approved(9, signer(harbour, "insurer"))
    proposal = proposal.approved(1, signer(harbour, "hospital"))
    for number in (0, 2):
        proposal = proposal.approved(number, signer(harbour, VOTERS[number]))
    with pytest.raises(RegistryRefusal, match="stranger"):
        ledger.carry_out(proposal)
    ledger.carry_out(proposal.counted(keys_of(ledger)))
    assert ledger.registry.voters == (0, 1, 2, 4)


def test_the_access_list_lets_it_in_and_leaves_who_is_out_outside(harbour):
    access = harbour / "broker" / "acl"
    access.write_text(access.read_text().replace("user wallet.ann\n", "user nobody\n"))
    admitted(harbour, BROKER)
    lines = access.read_text().splitlines()
    assert "topic write harbour/all/broker-2/+" in lines
    assert "topic write harbour/to/broker-2/wallet.insurer/+" in lines
    assert "topic write harbour/to/regulator/wallet.broker-2/+" in lines
    assert "user wallet.ann" not in lines
    assert access.stat().st_mode & 0o777 == 0o600


def test_an_addition_makes_the_list_of_a_network_that_had_it_from_the_start():
    before = render_access("net", ("a", "b"), ("a", "ann"), ("board",))
    after = render_addition("net", before, "c", node=True)

    def rights(text):
        user, found = "", set()
        for line in text.splitlines():
            user = line if line.startswith("user ") else user
            if line.startswith("topic "):
                found.add((user, line))
        return found

    assert rights(after) == rights(render_access("net", ("a", "b", "c"), ("a", "ann", "c"), ("board",)))
    assert after.startswith(before.rstrip("\n"))
    assert render_addition("net", after, "c", node=True).rstrip("\n") == after.rstrip("\n")


@pytest.mark.parametrize(
    ("newcomer", "match"),
    [
        (Newcomer(name="insurer", role="insurer"), "name of another party"),
        (Newcomer(name="ann", role="patient", home="insurer"), "name of another party"),
        (Newcomer(name="dashboard", role="bank"), "name of another party"),
        (Newcomer(name="../x", role="bank"), "x"),
        (Newcomer(name="Bank", role="bank"), "Bank"),
        (Newcomer(name="wallet.x", role="bank"), "begin with 'wallet.'"),
        (Newcomer(name="bob", role="patient", home="nowhere"), "no organisation"),
        (Newcomer(name="bob", role="patient", home="bureau", votes=True), "runs no node"),
    ],
)
def test_who_cannot_join_leaves_everything_as_it_is(harbour, newcomer, match):
    before = everything(harbour)
    with pytest.raises(FoundingError, match=match):
        admitted(harbour, newcomer)
    assert everything(harbour) == before


def test_a_newcomer_gets_no_number_of_the_genesis(harbour):
    before = everything(harbour)
    with pytest.raises(FoundingError, match="node 3 is of the genesis; a newcomer gets 4 or a later one"):
        admitted(harbour, BROKER, place=Place(sequence=0, number=3))
    assert everything(harbour) == before


def test_nobody_joins_twice_or_without_the_authority(harbour):
    with pytest.raises(KeyFileError, match="not its passphrase"):
        admitted(harbour, BROKER, opening=lambda _: b"wrong")
    assert not (harbour / "nodes" / "broker-2").exists()
    (harbour / "authority" / "ca.key").rename(harbour / "away")
    with pytest.raises(FoundingError, match=r"ca\.key: cannot be read"):
        admitted(harbour, BROKER)
    (harbour / "away").rename(harbour / "authority" / "ca.key")
    admitted(harbour, BROKER)
    before = everything(harbour)
    with pytest.raises(FoundingError, match="another party"):
        admitted(harbour, BROKER)
    assert everything(harbour) == before


@pytest.mark.parametrize("moves", range(4))
def test_an_admission_that_ends_halfway_says_so_and_is_begun_again(harbour, monkeypatch, moves):
    """It may end before any of the four moves that put things in their places: node, wallet, access list, proposal."""
    access, done = harbour / "broker" / "acl", []

    def interrupted(move):
        def moved(path, to):
            done.append(to)
            if len(done) > moves + 1:  # the first one puts the proposal together, out of sight
                raise KeyboardInterrupt
            return move(path, to)

        return moved

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", interrupted(Path.rename))
        patched.setattr(Path, "replace", interrupted(Path.replace))
        with pytest.raises(KeyboardInterrupt):
            admitted(harbour, BROKER)
    assert not list((harbour / PROPOSALS).iterdir())
    assert not list(harbour.glob(".newcomer-*"))
    if moves:
        with pytest.raises(FoundingError, match=r"broker-2: is there without a proposal.*remove its folders"):
            admitted(harbour, BROKER)
        for kind in ("nodes", "wallets"):
            shutil.rmtree(harbour / kind / "broker-2", ignore_errors=True)
    admitted(harbour, BROKER)
    assert access.read_text().count("user broker-2\n") == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-9],
        lambda raw: raw.replace(b'"certify"', b'"revoke"'),
        lambda raw: raw.replace(b'"certify"', b'"members"'),
        lambda raw: raw.replace(b'"role": "broker"', b'"role": 7'),
        lambda raw: raw.replace(b'"verify_key": "', b'"verify_key": 7, "x": "'),
        lambda raw: raw.replace(b'"kind"', b'"sort"'),
        lambda raw: raw.replace(b'"observer"', b'"voter"'),
        lambda raw: raw.replace(b'"verify_key": "', b'"verify_key": "zz'),
        lambda raw: b"[" * 100_000 + raw,
        lambda raw: b"\xff" + raw,
    ],
)
def test_what_is_no_proposal_is_refused_by_name(harbour, damage):
    path = admitted(harbour, BROKER)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(FoundingError, match=r"broker-2\.json: is no proposal"):
        read_proposal(path)


def test_a_proposal_that_is_not_there(tmp_path):
    with pytest.raises(FoundingError, match="cannot be read"):
        read_proposal(tmp_path / PROPOSALS)
