"""The configuration of one node process: a JSON or YAML file, checked before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec

from node.ledger.genesis import Genesis, GenesisError, decode_genesis
from node.ledger.transaction import Name
from node.replica import ReplicaOptions


class ConfigError(Exception):
    """The file cannot be used; the message names it, the place and what is wrong."""


class NodeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Paths are relative to the configuration file's folder. Keys are 32 bytes in hex: keep the file private."""

    name: Name
    genesis: str
    bus: str
    sign_seed: str
    seal_secret: str
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
            config = msgspec.convert(_read_yaml(path, raw), NodeConfig)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
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


def _read_yaml(path: Path, raw: bytes) -> Any:
    from ruamel.yaml import YAML  # noqa: PLC0415 - only those who write YAML pay for it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        return YAML(typ="safe", pure=True).load(raw.decode())
    except YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
