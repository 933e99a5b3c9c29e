"""A node's configuration is checked before anything starts, and says what is wrong with it."""

import msgspec
import pytest

from node.business_clock import BusinessClock
from node.config import ConfigError, load_config
from node.keystore import KdfCost, Secrets, write_keys
from tests.node.lab import genesis

GOOD = {
    "name": "member-0",
    "genesis": "genesis.bin",
    "bus": "mqtt://127.0.0.1:1883",
    "sign_seed": "11" * 32,
    "seal_secret": "22" * 32,
}


@pytest.fixture
def written(tmp_path):
    def write(text=None, file="node.json", **changes):
        path = tmp_path / file
        path.write_bytes(text if text is not None else msgspec.json.encode({**GOOD, **changes}))
        return path

    return write


def test_paths_are_relative_to_the_files_folder(written, tmp_path):
    config = load_config(written(data="state"))
    assert config.database == tmp_path / "state" / "node.sqlite"
    (tmp_path / "genesis.bin").write_bytes(genesis().encode())
    assert config.load_genesis() == genesis()


def test_a_nodes_stamps_may_be_bound_to_the_time_of_day(written):
    config = load_config(written(options={"clock": {"ahead_ms": 300_000, "time_of_day": True}}))
    assert config.options.clock == BusinessClock(ahead_ms=300_000, time_of_day=True)


def test_yaml_says_the_same_as_json(written):
    lines = "\n".join(f'{key}: "{value}"' for key, value in GOOD.items())
    assert load_config(written(lines.encode(), "node.yaml")) == load_config(written())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sign_seed": "11" * 31}, "sign_seed: must be 64 hexadecimal digits"),
        ({"seal_secret": "zz" * 32}, "seal_secret: must be 64 hexadecimal digits"),
        ({"name": "No Such Name"}, r"\$\.name"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"status_ms": 0}, "status_ms"),
        ({"options": {"block_transactions_max": 5000}}, "block_transactions_max must be at least 1 and at most 4096"),
        ({"options": {"position_ns": 0}}, "position_ns must be at least 1"),
        ({"options": {"clock": {"ahead_ms": -1}}}, "its bound is not negative"),
        ({"options": {"clock": {"ahead_ms": 1, "time_of_day": True, "run_ns": 2}}}, "the time of day"),
    ],
)
def test_a_wrong_value_is_named(written, changes, words):
    with pytest.raises(ConfigError, match=words):
        load_config(written(**changes))


@pytest.mark.parametrize(
    ("text", "name"),
    [(b"{", "node.json"), (b"\xff", "node.json"), (b"a: [", "node.yaml"), (b"\xff", "node.yaml"), (b"", "node.yaml")],
)
def test_what_is_neither_json_nor_yaml_is_told_with_its_file(written, text, name):
    with pytest.raises(ConfigError, match=name):
        load_config(written(text, name))


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_config(tmp_path / "node.json")


def test_a_missing_or_broken_genesis_is_told(written, tmp_path):
    config = load_config(written())
    with pytest.raises(ConfigError, match=r"genesis\.bin: cannot be read"):
        config.load_genesis()
    (tmp_path / "genesis.bin").write_bytes(genesis().encode()[:-1])
    with pytest.raises(ConfigError, match=r"genesis\.bin: is no genesis"):
        config.load_genesis()


# Secrets in a file of their own


@pytest.mark.parametrize("changes", [{"keys": "keys.json"}, {"sign_seed": "", "seal_secret": ""}])
def test_secrets_stand_in_one_place_and_not_in_two(written, changes):
    with pytest.raises(ConfigError, match="not both, not neither"):
        load_config(written(**changes))


def test_secrets_are_unlocked_from_the_file_that_is_named(written, tmp_path):
    secrets = Secrets(sign_seed=b"\x11" * 32, seal_secret=b"\x22" * 32)
    write_keys(tmp_path / "keys.json", "member-0", secrets, b"correct horse", KdfCost(1, 8192))
    config = load_config(written(keys="keys.json", sign_seed="", seal_secret=""))
    assert config.unlock(lambda path: {"keys.json": b"correct horse"}[path.name]) == secrets
    assert load_config(written()).unlock(pytest.fail) == secrets


def test_a_key_file_without_signing_keys_runs_no_node(written, tmp_path):
    write_keys(tmp_path / "keys.json", "member-0", Secrets(tls_password="x"), None)  # noqa: S106
    config = load_config(written(keys="keys.json", sign_seed="", seal_secret=""))
    with pytest.raises(ConfigError, match=r"keys\.json: holds no keys for signing and sealing"):
        config.unlock(pytest.fail)
