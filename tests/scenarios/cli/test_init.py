"""``consortium init`` and ``consortium node`` as a person types them."""

from functools import partial

import pytest

from node.founding import found_network
from node.keystore import KdfCost, is_sealed
from node.passphrase import FILE_VARIABLE, VARIABLE
from scenarios.cli import invoke

MEMBERS = ("--organisations", "insurer, bureau", "--observers", "regulator", "--protocol", "raft")
WORDS = "correct horse"


@pytest.fixture
def type_(capsys, monkeypatch, tmp_path):
    """Runs a command line in an empty folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    monkeypatch.setenv(VARIABLE, WORDS)
    monkeypatch.setattr("scenarios.founding.found_network", partial(found_network, cost=KdfCost(1, 8192)))

    def run(*words):
        code = invoke(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_network_is_made_and_what_comes_next_is_told(type_, tmp_path):
    code, out, err = type_("init", "harbour", *MEMBERS)
    assert (code, err) == (0, "")
    assert out.startswith("harbour: the network harbour: 3 members; raft, quorum 2 of 2\n")
    for command in (
        "cd harbour/broker && mosquitto -c mosquitto.conf",
        "consortium node harbour/nodes/insurer/node.yaml",
    ):
        assert command in out
    assert is_sealed(tmp_path / "harbour" / "nodes" / "bureau" / "keys.json")


def test_the_same_again_changes_nothing_and_another_is_refused(type_):
    type_("init", "harbour", *MEMBERS, "--insecure-no-passphrase")
    assert type_("init", "harbour", *MEMBERS) == (0, "harbour: holds this network already; nothing was changed\n", "")
    code, out, err = type_("init", "harbour", *MEMBERS, "--wallets", "ann")
    assert (code, out) == (2, "")
    assert "harbour: holds another network, whose keys would be lost; nothing was changed" in err


def test_leaving_secrets_in_the_open_is_said_loudly(type_, tmp_path):
    code, _, err = type_("init", "harbour", *MEMBERS, "--insecure-no-passphrase")
    assert code == 0
    assert "NOTHING IS SEALED" in err
    assert not is_sealed(tmp_path / "harbour" / "nodes" / "bureau" / "keys.json")


def test_a_description_may_stand_in_a_file(type_, tmp_path):
    type_("init", "harbour", *MEMBERS, "--insecure-no-passphrase")
    code, out, _ = type_("init", "again", "--network", "harbour/network.yaml", "--insecure-no-passphrase")
    assert (code, out.splitlines()[0]) == (0, "again: the network harbour: 3 members; raft, quorum 2 of 2")
    again, harbour = ((tmp_path / name / "network.yaml").read_text() for name in ("again", "harbour"))
    assert again == harbour


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "who takes part? Name them: --organisations"),
        (("--organisations", "a", "--network", "n.yaml"), "--network says everything"),
        (("--network", "n.yaml"), "n.yaml: cannot be read"),
        (("--organisations", "Insurer"), "organisations"),
        (("--organisations", "a,a"), "'a' is the name of two parties"),
        (("--organisations", "a", "--protocol", "paxos"), "no protocol 'paxos'"),
        (("--organisations", "a", "--passphrase-file", "none"), "none: the passphrase cannot be read"),
    ],
)
def test_what_cannot_be_made_is_told_and_nothing_is_left(type_, tmp_path, words, complaint):
    code, out, err = type_("init", "harbour", *words)
    assert (code, out) == (2, "")
    assert complaint in err
    assert list(tmp_path.iterdir()) == []


def test_a_node_with_the_wrong_passphrase_does_not_start(type_, monkeypatch):
    type_("init", "harbour", *MEMBERS)
    monkeypatch.setenv(VARIABLE, "wrong horse")
    code, _, err = type_("node", "harbour/nodes/insurer/node.yaml")
    assert code == 2
    assert err.startswith("consortium node: harbour/nodes/insurer/keys.json: this is not its passphrase; try again.")


def test_a_node_whose_secrets_lie_open_says_so(type_):
    type_("init", "harbour", *MEMBERS, "--insecure-no-passphrase", "--broker", "localhost:1")
    code, _, err = type_("node", "harbour/nodes/insurer/node.yaml")
    assert code == 2
    assert "warning: the secrets in harbour/nodes/insurer/keys.json are not sealed" in err
    assert "no broker answers at localhost:1" in err


def test_a_key_file_gets_a_passphrase_of_its_owners_own(type_, tmp_path, monkeypatch):
    type_("init", "harbour", *MEMBERS)
    keys = "harbour/nodes/insurer/keys.json"
    (tmp_path / "mine").write_text("battery staple\n")
    code, out, _ = type_("passphrase", keys, "--new", "mine")
    assert (code, out.split(";")[0]) == (0, f"{keys}: the keys of insurer are sealed under the new passphrase")
    assert type_("passphrase", keys, "--new", "mine")[0] == 2
    monkeypatch.setenv(VARIABLE, "battery staple")
    code, _, err = type_("passphrase", keys, "--new", "none")
    assert (code, err) == (2, "consortium: none: the passphrase cannot be read: No such file or directory\n")
