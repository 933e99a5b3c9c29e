"""The configuration of one node process: a JSON or YAML file, checked before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec

from network.bus.tls import TlsIdentity
from node.keystore import Passphrase, Secrets, read_keys
from node.ledger.genesis import Genesis, GenesisError, decode_genesis
from node.ledger.transaction import Name
from node.replica import ReplicaOptions


class ConfigError(Exception):
    """The file cannot be used; the message names it, the place and what is wrong."""


class TlsFiles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For a bus at mqtts://: the authority to trust, and the certificate and key that say who we are."""

    ca: str
    certificate: str
    key: str


class NodeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Paths are relative to the configuration file's folder.

    A node's secrets lie in the key file ``keys`` (:mod:`node.keystore`), sealed under a passphrase; or, in what a run
    of a scenario writes, as 32 bytes in hex in the configuration itself, which must then be kept private.

    ``number`` is for a node that the consortium certified after the genesis, or under a key that was re-issued.
    """

    name: Name
    genesis: str
    bus: str
    keys: str = ""
    sign_seed: str = ""
    seal_secret: str = ""
    tls: TlsFiles | None = None
    number: Annotated[int, msgspec.Meta(ge=0)] | None = None
    data: str = "."
    protocol_options: dict[str, Any] = {}
    options: ReplicaOptions = ReplicaOptions()
    status_ms: Annotated[int, msgspec.Meta(ge=10)] = 200
    folder: Path = Path()

    @property
    def database(self) -> Path:
        return self.folder / self.data / "node.sqlite"

    def load_genesis(self) -> Genesis:
        path = self.folder / self.genesis
        try:
            return decode_genesis(path.read_bytes())
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
        except GenesisError as error:
            raise ConfigError(f"{path}: is no genesis: {error}") from None

    def unlock(self, passphrase: Passphrase) -> Secrets:
        """The node's secrets. ``passphrase`` is asked where they are sealed; KeyFileError where it does not help."""
        if not self.keys:
            return Secrets(sign_seed=bytes.fromhex(self.sign_seed), seal_secret=bytes.fromhex(self.seal_secret))
        path = self.folder / self.keys
        owner, secrets = read_keys(path, passphrase)
        if owner != self.name:
            raise ConfigError(f"{path}: holds the keys of {owner}, not of {self.name}")
        if secrets.sign_seed is None or secrets.seal_secret is None:
            raise ConfigError(f"{path}: holds no keys for signing and sealing")
        return secrets

    def tls_identity(self, secrets: Secrets) -> TlsIdentity | None:
        """Who the node is to the broker; None where the configuration names no certificate."""
        tls = self.tls
        if tls is None:
            return None
        return TlsIdentity(
            ca=self.folder / tls.ca,
            certificate=self.folder / tls.certificate,
            key=self.folder / tls.key,
            password=secrets.tls_password,
        )


def load_config(path: Path) -> NodeConfig:
    """Read ``path``; ConfigError says what is wrong with it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        if path.suffix == ".json":
            config = msgspec.json.decode(raw, type=NodeConfig)
        else:
            config = msgspec.convert(read_yaml(path, raw), NodeConfig)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    if bool(config.keys) == bool(config.sign_seed or config.seal_secret):
        raise ConfigError(f"{path}: name a file of `keys`, or give sign_seed and seal_secret; not both, not neither")
    if not config.keys:
        for field in ("sign_seed", "seal_secret"):
            _require_key(path, field, getattr(config, field))
    return msgspec.structs.replace(config, folder=path.parent)


def _require_key(path: Path, field: str, text: str) -> None:
    try:
        valid = len(bytes.fromhex(text)) == 32
    except ValueError:
        valid = False
    if not valid:
        raise ConfigError(f"{path}: {field}: must be 64 hexadecimal digits")


def read_yaml(path: Path, raw: bytes) -> Any:
    """What the YAML in ``raw`` says; ConfigError names ``path`` where it is none."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - only those who write YAML pay for it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        return YAML(typ="safe", pure=True).load(raw.decode())
    except YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
