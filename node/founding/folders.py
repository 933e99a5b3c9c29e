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
from node.contracts import accounts
from node.founding.authority import Authority
from node.founding.description import Description, FoundingError
from node.founding.parties import Folders, Party
from node.keystore import KdfCost, Secrets
from node.ledger.genesis import Client, Genesis, Member

_encode = msgspec.msgpack.Encoder().encode


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
        self._description = description
        self._parties = {name: Party() for name in description.wallet_names}
        self._authority = Authority.found(description.network)
        self._folders = Folders(folder, self._authority, passphrase=passphrase, cost=cost)
        self._genesis = _genesis(description, self._parties).encode()

    def write(self) -> None:
        description, folders, genesis = self._description, self._folders, self._genesis
        bus = description.broker.url
        folders.public("network.yaml", _described(description))
        folders.public("genesis.bin", genesis)
        self._write_authority()
        self._write_broker()
        for name in description.organisations:
            folders.node(name, self._parties[name].node, genesis, bus)
        for name in description.wallet_names:
            folders.wallet(name, self._parties[name].wallet, genesis, bus)
        for name in description.watchers:
            folders.party(f"watchers/{name}", name, None)

    def _write_authority(self) -> None:
        password = secrets.token_hex(32)
        self._folders.public("authority/ca.crt", self._authority.certificate)
        self._folders.private("authority/ca.key", self._authority.key(password))
        self._folders.keys("authority/keys.json", "authority", Secrets(tls_password=password))

    def _write_broker(self) -> None:
        description = self._description
        server = self._authority.for_broker(description.broker.hosts)
        user = getpass.getuser() if os.geteuid() == 0 else None
        access = render_access(
            description.network, tuple(description.organisations), description.wallet_names, description.watchers
        )
        self._folders.public("broker/mosquitto.conf", render_tls_config(description.broker.port, user).encode())
        self._folders.private("broker/acl", access.encode())
        self._folders.public("broker/ca.crt", self._authority.certificate)
        self._folders.public("broker/server.crt", server.certificate)
        self._folders.private("broker/server.key", server.key(None))


def _genesis(description: Description, parties: dict[str, Party]) -> Genesis:
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
