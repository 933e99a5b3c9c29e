"""What a network is to be: a small YAML file, or a few options of ``consortium init``.

.. code-block:: yaml

    network: harbour
    protocol: pbft
    broker: {host: broker.example, port: 8883}
    organisations:
      insurer: {role: insurer}
      hospital: {role: hospital}
      bureau: {role: bureau}
      reinsurer: {role: reinsurer}
      regulator: {role: regulator, votes: false}
    wallets:
      ann: {role: patient, home: insurer}
    watchers: [dashboard]
    cash_fen: {insurer: 100000000, ann: 200000}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from consensus.protocols import ProtocolEntry, protocol
from network.topics import WALLET_PREFIX, wallet_address
from node.config import ConfigError, read_yaml
from node.ledger.transaction import Name

_HOST = r"^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}\Z"


class FoundingError(Exception):
    """The network cannot be founded so; the message says why and what to do. Nothing was written."""


class BrokerPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where members reach the broker: a host name or an address, and others that its certificate is good for."""

    host: Annotated[str, msgspec.Meta(pattern=_HOST)] = "localhost"
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 8883
    also: tuple[Annotated[str, msgspec.Meta(pattern=_HOST)], ...] = ("127.0.0.1",)

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtts://{host}:{self.port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every name and address that the certificate holds."""
        return tuple(dict.fromkeys((self.host, *self.also)))


class Organisation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A member: it runs a node and holds a wallet. Without a vote its node observes."""

    role: Name
    votes: bool = True


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A wallet without a node; ``home`` is the organisation whose node it talks to first."""

    role: Name
    home: Name


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The network. ``watchers`` may hear what members tell everyone, and say nothing."""

    network: Name
    protocol: Name = "pbft"
    broker: BrokerPlace = BrokerPlace()
    organisations: dict[Name, Organisation]
    wallets: dict[Name, Person] = {}
    watchers: tuple[Name, ...] = ()
    cash_fen: dict[Name, Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]] = {}

    @property
    def wallet_names(self) -> tuple[str, ...]:
        """Who holds a wallet: every organisation, then every person."""
        return (*self.organisations, *self.wallets)

    def entry(self) -> ProtocolEntry:
        """Its protocol; FoundingError where there is none of that name."""
        try:
            return protocol(self.protocol)
        except KeyError as error:
            raise FoundingError(f"protocol: {error.args[0]}") from None

    def check(self) -> None:
        """FoundingError where the parts contradict each other."""
        if not any(organisation.votes for organisation in self.organisations.values()):
            raise FoundingError("organisations: none of them votes; a network needs one at least")
        _check_names(self)
        self.entry()
        for name, person in self.wallets.items():
            if person.home not in self.organisations:
                raise FoundingError(f"wallets: {name}: its home {person.home!r} is no organisation")
        for name in self.cash_fen:
            if name not in self.wallet_names:
                raise FoundingError(f"cash_fen: {name!r} is neither an organisation nor a wallet")


def _check_names(description: Description) -> None:
    """Each name on the bus, which is what certificates and the access list go by, belongs to one party."""
    addresses = [
        *description.organisations,
        *map(wallet_address, description.wallet_names),
        *description.watchers,
    ]
    for name in (*description.organisations, *description.wallets, *description.watchers):
        if name.startswith(WALLET_PREFIX):
            raise FoundingError(
                f"{name!r}: names that begin with {WALLET_PREFIX!r} are wallets' on the bus; take another"
            )
    for address in addresses:
        if len(address) > _ADDRESS_LENGTH_MAX:
            raise FoundingError(f"{address!r} is longer than {_ADDRESS_LENGTH_MAX} characters; take a shorter name")
    _require_distinct(addresses)


def _require_distinct(names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise FoundingError(f"{twice.removeprefix(WALLET_PREFIX)!r} is the name of two parties; rename one")


_ADDRESS_LENGTH_MAX = 64  # of a topic's level, and of a certificate's common name


def read_description(path: Path) -> Description:
    """The description in a YAML file; FoundingError names file, place and what is wrong."""
    try:
        description = msgspec.convert(read_yaml(path, path.read_bytes()), Description)
        description.check()
    except OSError as error:
        raise FoundingError(f"{path}: cannot be read: {error.strerror}") from None
    except (msgspec.ValidationError, UnicodeDecodeError, FoundingError) as error:
        raise FoundingError(f"{path}: {error}") from None
    except ConfigError as error:
        raise FoundingError(str(error)) from None
    return description


def describe(  # noqa: PLR0913 - one parameter an option
    network: str,
    organisations: Iterable[str],
    *,
    protocol: str = "pbft",
    observers: Iterable[str] = (),
    wallets: Iterable[str] = (),
    broker: str = "",
) -> Description:
    """The description that a few options make. Organisations are called as their role; persons bank with the first."""
    members, watching = tuple(organisations), tuple(observers)
    _require_distinct((*members, *watching))
    parts: dict[str, Any] = {
        "network": network,
        "protocol": protocol,
        "broker": _place(broker) if broker else {},
        "organisations": {
            **{name: {"role": _role(name)} for name in members},
            **{name: {"role": _role(name), "votes": False} for name in watching},
        },
        "wallets": {name: {"role": "patient", "home": members[0] if members else ""} for name in wallets},
        "watchers": ["dashboard"],
    }
    try:
        description = msgspec.convert(parts, Description)
    except msgspec.ValidationError as error:
        raise FoundingError(str(error)) from None
    description.check()
    return description


def _role(name: str) -> str:
    """``hospital-2`` is a hospital."""
    stem, _, number = name.rpartition("-")
    return stem if stem and number.isdigit() else name


def _place(text: str) -> dict[str, Any]:
    """``HOST[:PORT]``."""
    host, colon, port = text.rpartition(":")
    if not colon:
        return {"host": text}
    if not port.isdigit():
        raise FoundingError(f"the broker {text!r} has no port after its colon; write HOST:PORT")
    return {"host": host.strip("[]"), "port": int(port)}
