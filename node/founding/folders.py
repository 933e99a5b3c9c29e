"""Writes a network's folder: its genesis, and for every party a folder of its own that can be handed over as it is.

::

    DIR/network.yaml, genesis.bin       what was asked for, and the constitution that everyone shares
    DIR/authority/                      ca.crt, and its key: whoever opens it admits to the bus
    DIR/broker/                         mosquitto.conf, acl, ca.crt, server.crt, server.key
    DIR/nodes/<organisation>/           node.yaml, genesis.bin, keys.json, tls.crt, tls.key, ca.crt
    DIR/wallets/<name>/                 wallet.yaml, and the same besides
    DIR/watchers/<name>/                keys.json, tls.crt, tls.key, ca.crt

Everything is made beside ``DIR`` and put in its place in one step, so that there is never half a network, and nothing
that is there is ever overwritten. Secrets have mode 0600 and folders 0700. A TLS key is encrypted under a random
password that rests in the party's key file; the broker's stands in the open, since a broker starts unattended.
"""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
from ruamel.yaml import YAML

from consensus.chain import FORMAT_VERSION
from network.bus.access import render_access
from network.bus.mosquitto import render_tls_config
from network.topics import wallet_address
from node.contracts import accounts
from node.founding.authority import Authority
from node.founding.description import Description, FoundingError
from node.keystore import KdfCost, Secrets, write_keys, write_private
from node.ledger.genesis import Client, Genesis, Member
from node.membership import Keys

_encode = msgspec.msgpack.Encoder().encode


class _Party:
    """Keys of one organisation or person, drawn at random. Its node, if it has one, signs with a key of its own."""

    def __init__(self) -> None:
        seal_secret = secrets.token_bytes(32)
        self.node = Keys(secrets.token_bytes(32), seal_secret)
        self.wallet = Keys(secrets.token_bytes(32), seal_secret)


def found_network(
    folder: Path, description: Description, passphrase: bytes | None, cost: KdfCost | None = None
) -> bool:
    """Make ``folder``. False, and nothing done, where it holds just this network already.

    ``passphrase`` seals every secret; None leaves them in the open. FoundingError where something else is there.
    """
    if _is_there(folder, description):
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # mode 0700
    try:
        _Founding(made, description, passphrase, cost).write()
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return True


def _is_there(folder: Path, description: Description) -> bool:
    """Does ``folder`` hold this very network? FoundingError where it holds anything else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    try:
        same = (folder / "network.yaml").read_bytes() == _described(description)
    except OSError:
        raise FoundingError(f"{folder}: is there and holds no network; name a folder that does not exist yet") from None
    if not same:
        raise FoundingError(
            f"{folder}: holds another network, whose keys would be lost; nothing was changed. Name another folder, or "
            "let its members vote on who joins"
        )
    return True


class _Founding:
    """Writes one network into an empty folder."""

    def __init__(self, folder: Path, description: Description, passphrase: bytes | None, cost: KdfCost | None) -> None:
        self._folder = folder
        self._description = description
        self._passphrase = passphrase
        self._cost = cost
        self._parties = {name: _Party() for name in description.wallet_names}
        self._authority = Authority.found(description.network)
        self._genesis = _genesis(description, self._parties).encode()

    def write(self) -> None:
        description = self._description
        self._public("network.yaml", _described(description))
        self._public("genesis.bin", self._genesis)
        self._write_authority()
        self._write_broker()
        for name in description.organisations:
            self._write_node(name)
        for name in description.wallet_names:
            keys = self._parties[name].wallet
            self._write_party(f"wallets/{name}", wallet_address(name), keys)
            self._write_config(f"wallets/{name}", "wallet.yaml", wallet_address(name), f"The wallet of {name}.")
        for name in description.watchers:
            self._write_party(f"watchers/{name}", name, None)

    def _write_authority(self) -> None:
        password = secrets.token_hex(32)
        self._public("authority/ca.crt", self._authority.certificate)
        self._private("authority/ca.key", self._authority.key(password))
        self._keys("authority/keys.json", "authority", Secrets(tls_password=password))

    def _write_broker(self) -> None:
        description = self._description
        server = self._authority.for_broker(description.broker.hosts)
        user = getpass.getuser() if os.geteuid() == 0 else None
        access = render_access(
            description.network, tuple(description.organisations), description.wallet_names, description.watchers
        )
        self._public("broker/mosquitto.conf", render_tls_config(description.broker.port, user).encode())
        self._private("broker/acl", access.encode())
        self._public("broker/ca.crt", self._authority.certificate)
        self._public("broker/server.crt", server.certificate)
        self._private("broker/server.key", server.key(None))

    def _write_node(self, name: str) -> None:
        self._write_party(f"nodes/{name}", name, self._parties[name].node)
        self._write_config(f"nodes/{name}", "node.yaml", name, f"The node of {name}: consortium node node.yaml")

    def _write_config(self, place: str, file: str, address: str, what: str) -> None:
        self._public(f"{place}/genesis.bin", self._genesis)
        lines = (
            f"# {what}",
            f"name: {address}",
            "genesis: genesis.bin",
            f"bus: {self._description.broker.url}",
            "keys: keys.json",
            "tls: {ca: ca.crt, certificate: tls.crt, key: tls.key}",
            "",
        )
        self._public(f"{place}/{file}", "\n".join(lines).encode())

    def _write_party(self, place: str, address: str, keys: Keys | None) -> None:
        """What lets a party onto the bus, and its own keys where it signs anything."""
        password = secrets.token_hex(32)
        issued = self._authority.for_client(address)
        self._public(f"{place}/ca.crt", self._authority.certificate)
        self._public(f"{place}/tls.crt", issued.certificate)
        self._private(f"{place}/tls.key", issued.key(password))
        held = Secrets(tls_password=password)
        if keys is not None:
            held = Secrets(sign_seed=keys.sign_seed, seal_secret=keys.seal_secret, tls_password=password)
        self._keys(f"{place}/keys.json", address, held)

    def _keys(self, name: str, owner: str, held: Secrets) -> None:
        write_keys(self._make_room(name), owner, held, self._passphrase, self._cost)

    def _private(self, name: str, data: bytes) -> None:
        write_private(self._make_room(name), data)

    def _public(self, name: str, data: bytes) -> None:
        self._make_room(name).write_bytes(data)

    def _make_room(self, name: str) -> Path:
        path = self._folder / name
        for above in reversed(path.relative_to(self._folder).parents):
            (self._folder / above).mkdir(mode=0o700, exist_ok=True)
        return path


def _genesis(description: Description, parties: dict[str, _Party]) -> Genesis:
    organisations = tuple(description.organisations)
    members = tuple(
        Member(name, organisation.role, organisation.votes, parties[name].node.verify_key, parties[name].node.seal_key)
        for name, organisation in description.organisations.items()
    )
    wallets = [(name, organisation.role, name) for name, organisation in description.organisations.items()]
    wallets += [(name, person.role, person.home) for name, person in description.wallets.items()]
    clients = tuple(
        Client(name, role, organisations.index(home), parties[name].wallet.verify_key, parties[name].wallet.seal_key)
        for name, role, home in wallets
    )
    openings = accounts.Settings(openings=tuple(accounts.Opening(*item) for item in description.cash_fen.items()))
    return Genesis(
        version=FORMAT_VERSION,
        network=description.network,
        protocol=description.protocol,
        members=members,
        clients=clients,
        settings=((accounts.contract.name, _encode(openings)),) if description.cash_fen else (),
    )


def _described(description: Description) -> bytes:
    """The description as YAML: the same bytes for the same network, and good to found another one from."""
    text = StringIO()
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.dump(msgspec.to_builtins(description), text)
    return text.getvalue().encode()
