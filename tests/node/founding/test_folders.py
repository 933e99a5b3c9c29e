"""A founded network: folders to hand over, which fit each other, and which nothing overwrites."""

import stat

import pytest
from cryptography import x509

from network.bus.tls import TlsIdentity
from node.config import load_config
from node.founding import FoundingError, describe, found_network
from node.keystore import KdfCost, read_keys, write_private
from node.ledger.genesis import decode_genesis

CHEAP = KdfCost(operations=1, memory_bytes=8192)
WORDS = b"correct horse"


def described(**changes):
    return describe("harbour", ["insurer", "bureau"], protocol="solo", observers=["regulator"], **changes)


@pytest.fixture(scope="module")
def harbour(tmp_path_factory):
    folder = tmp_path_factory.mktemp("founding") / "harbour"
    assert found_network(folder, described(wallets=["ann"]), WORDS, CHEAP)
    return folder


def files(folder):
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}


def test_each_node_runs_from_its_own_folder_alone(harbour):
    genesis = decode_genesis((harbour / "genesis.bin").read_bytes())
    for member in genesis.members:
        config = load_config(harbour / "nodes" / member.name / "node.yaml")
        assert config.load_genesis() == genesis
        secrets = config.unlock(lambda _: WORDS)
        assert (secrets.keys().verify_key, secrets.keys().seal_key) == (member.verify_key, member.seal_key)
        config.tls_identity(secrets).context()  # its certificate fits its key, and the password opens it


def test_each_wallet_has_its_own_keys(harbour):
    genesis = decode_genesis((harbour / "genesis.bin").read_bytes())
    assert [client.name for client in genesis.clients] == ["insurer", "bureau", "regulator", "ann"]
    for client in genesis.clients:
        owner, secrets = read_keys(harbour / "wallets" / client.name / "keys.json", lambda _: WORDS)
        assert (owner, secrets.keys().verify_key) == (f"wallet.{client.name}", client.verify_key)
    assert len({party.verify_key for party in (*genesis.members, *genesis.clients)}) == 7


def test_an_organisations_node_and_wallet_open_what_is_sealed_to_it(harbour):
    genesis = decode_genesis((harbour / "genesis.bin").read_bytes())
    assert [member.seal_key for member in genesis.members] == [client.seal_key for client in genesis.clients[:3]]


def test_every_private_file_is_its_owners_alone(harbour):
    private = {"keys.json", "tls.key", "ca.key", "server.key", "acl"}
    modes = {name: stat.S_IMODE(path.stat().st_mode) for name, path in files(harbour).items() if path.name in private}
    assert len(modes) == 3 * 2 + 4 * 2 + 2 + 2 + 2
    assert set(modes.values()) == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in harbour.rglob("*") if path.is_dir()} == {0o700}


def test_no_secret_lies_in_the_open_but_the_brokers(harbour):
    keys = {name: path.read_bytes() for name, path in files(harbour).items() if path.suffix == ".key"}
    assert [name for name, raw in keys.items() if b"BEGIN ENCRYPTED PRIVATE KEY" not in raw] == ["broker/server.key"]
    seeds = [
        secret for path in harbour.rglob("keys.json") for secret in _secrets_of(read_keys(path, lambda _: WORDS)[1])
    ]
    for name, path in files(harbour).items():
        raw = path.read_bytes()
        assert not [name for seed in seeds if seed in raw]


def _secrets_of(secrets):
    raw = [secret for secret in (secrets.sign_seed, secrets.seal_secret) if secret]
    return [*raw, *(secret.hex().encode() for secret in raw), secrets.tls_password.encode()]


def test_a_certificate_names_its_party_and_admits_to_the_bus_alone(harbour):
    certificate = x509.load_pem_x509_certificate((harbour / "wallets" / "ann" / "tls.crt").read_bytes())
    assert certificate.subject.rfc4514_string() == "CN=wallet.ann"
    extensions = certificate.extensions
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [purpose.dotted_string for purpose in purposes] == ["1.3.6.1.5.5.7.3.2"]
    authority = x509.load_pem_x509_certificate((harbour / "authority" / "ca.crt").read_bytes())
    certificate.verify_directly_issued_by(authority)


def test_the_brokers_certificate_is_good_for_its_names(harbour):
    certificate = x509.load_pem_x509_certificate((harbour / "broker" / "server.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["localhost", "127.0.0.1"]


def test_the_same_network_again_changes_nothing(harbour):
    before = {name: path.read_bytes() for name, path in files(harbour).items()}
    assert not found_network(harbour, described(wallets=["ann"]), WORDS, CHEAP)
    assert {name: path.read_bytes() for name, path in files(harbour).items()} == before


def test_another_network_in_its_place_is_refused(harbour):
    before = {name: path.read_bytes() for name, path in files(harbour).items()}
    with pytest.raises(FoundingError, match="holds another network, whose keys would be lost; nothing was changed"):
        found_network(harbour, described(wallets=["bob"]), WORDS, CHEAP)
    assert {name: path.read_bytes() for name, path in files(harbour).items()} == before


@pytest.mark.parametrize(
    "make", [lambda path: path.write_text("mine"), lambda path: (path / "mine").mkdir(parents=True)]
)
def test_what_is_there_and_no_network_is_left_alone(tmp_path, make):
    make(tmp_path / "harbour")
    with pytest.raises(FoundingError, match="is there and holds no network"):
        found_network(tmp_path / "harbour", described(), WORDS, CHEAP)
    assert [path.name for path in tmp_path.iterdir()] == ["harbour"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "harbour").mkdir()
    assert found_network(tmp_path / "harbour", described(), None)
    assert (tmp_path / "harbour" / "nodes" / "bureau" / "node.yaml").exists()


def test_a_founding_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(path, data):
        if path.name == "server.key":
            raise OSError(28, "No space left on device")
        write_private(path, data)

    monkeypatch.setattr("node.founding.parties.write_private", full)
    with pytest.raises(OSError, match="No space left"):
        found_network(tmp_path / "harbour", described(), WORDS, CHEAP)
    assert list(tmp_path.iterdir()) == []


def test_a_node_of_one_organisation_does_not_run_on_anothers_keys(tmp_path):
    found_network(tmp_path / "harbour", described(), None)
    nodes = tmp_path / "harbour" / "nodes"
    (nodes / "bureau" / "keys.json").write_bytes((nodes / "insurer" / "keys.json").read_bytes())
    with pytest.raises(Exception, match="holds the keys of insurer, not of bureau"):
        load_config(nodes / "bureau" / "node.yaml").unlock(pytest.fail)


def test_a_certificate_and_a_key_that_do_not_fit_are_told(harbour):
    nodes = harbour / "nodes"
    with pytest.raises(Exception, match="are no certificate with its key, or the key is sealed under another password"):
        TlsIdentity(
            ca=harbour / "authority" / "ca.crt",
            certificate=nodes / "bureau" / "tls.crt",
            key=nodes / "bureau" / "tls.key",
            password="no",  # noqa: S106
        ).context()
