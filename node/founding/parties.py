"""Writes the folders of parties: what lets each onto the bus, its keys, and the configuration of its node or wallet."""

from __future__ import annotations

import secrets
from pathlib import Path

from network.topics import wallet_address
from node.founding.authority import Authority
from node.keystore import KdfCost, Secrets, write_keys, write_private
from node.membership import Keys


class Party:
    """Keys of one organisation or person, drawn at random. Its node, if it has one, signs with a key of its own."""

    def __init__(self) -> None:
        seal_secret = secrets.token_bytes(32)
        self.node = Keys(secrets.token_bytes(32), seal_secret)
        self.wallet = Keys(secrets.token_bytes(32), seal_secret)


class Folders:
    """Everything is written below ``folder``; ``passphrase`` seals every secret, None leaves them in the open."""

    def __init__(
        self, folder: Path, authority: Authority, *, passphrase: bytes | None, cost: KdfCost | None = None
    ) -> None:
        self._folder = folder
        self._authority = authority
        self._passphrase = passphrase
        self._cost = cost

    def node(self, name: str, keys: Keys, genesis: bytes, bus: str, *, number: int | None = None) -> None:
        """A node's folder; ``number``: in the registry, where the genesis does not name it."""
        place = f"nodes/{name}"
        self.party(place, name, keys)
        more = () if number is None else (f"number: {number}",)
        self._config(place, "node.yaml", name, genesis, bus, f"The node of {name}: consortium node node.yaml", *more)

    def wallet(self, name: str, keys: Keys, genesis: bytes, bus: str) -> None:
        """A wallet's folder."""
        place, address = f"wallets/{name}", wallet_address(name)
        self.party(place, address, keys)
        self._config(place, "wallet.yaml", address, genesis, bus, f"The wallet of {name}.")

    def party(self, place: str, address: str, keys: Keys | None) -> None:
        """What lets a party onto the bus, and its own keys where it signs anything."""
        password = secrets.token_hex(32)
        issued = self._authority.for_client(address)
        self.public(f"{place}/ca.crt", self._authority.certificate)
        self.public(f"{place}/tls.crt", issued.certificate)
        self.private(f"{place}/tls.key", issued.key(password))
        held = Secrets(tls_password=password)
        if keys is not None:
            held = Secrets(sign_seed=keys.sign_seed, seal_secret=keys.seal_secret, tls_password=password)
        self.keys(f"{place}/keys.json", address, held)

    def keys(self, name: str, owner: str, held: Secrets) -> None:
        """A key file."""
        write_keys(self._make_room(name), owner, held, self._passphrase, self._cost)

    def private(self, name: str, data: bytes) -> None:
        """A file of mode 0600."""
        write_private(self._make_room(name), data)

    def public(self, name: str, data: bytes) -> None:
        """A file that anybody may read."""
        self._make_room(name).write_bytes(data)

    def _config(  # noqa: PLR0913, PLR0917 - a file's lines
        self, place: str, file: str, address: str, genesis: bytes, bus: str, what: str, *more: str
    ) -> None:
        self.public(f"{place}/genesis.bin", genesis)
        lines = (
            f"# {what}",
            f"name: {address}",
            *more,
            "genesis: genesis.bin",
            f"bus: {bus}",
            "keys: keys.json",
            "tls: {ca: ca.crt, certificate: tls.crt, key: tls.key}",
            "",
        )
        self.public(f"{place}/{file}", "\n".join(lines).encode())

    def _make_room(self, name: str) -> Path:
        path = self._folder / name
        for above in reversed(path.relative_to(self._folder).parents):
            (self._folder / above).mkdir(mode=0o700, exist_ok=True)
        return path
