"""Where a broker is: ``mqtt://[user:password@]host[:port]``, or ``mqtts://`` for TLS."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import msgspec

from network.bus.interface import BusError

PORT_PLAIN = 1883
PORT_TLS = 8883


class BrokerUrl(msgspec.Struct, frozen=True):
    """A broker's address. The password never appears in :attr:`place`, which is for messages and logs."""

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password: str | None = None

    @property
    def place(self) -> str:
        """``host:port``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_url(url: str) -> BrokerUrl:
    """The parts of ``url``; BusError says what is wrong with it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BusError(f"the bus {url!r} is no URL: {error}") from None
    if parts.scheme not in ("mqtt", "mqtts"):
        raise BusError(f"the bus {url!r} does not begin with mqtt:// or mqtts://")
    if not parts.hostname:
        raise BusError(f"the bus {url!r} names no host; write mqtt://HOST:PORT")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise BusError(f"the bus {url!r} has something after the port; write {parts.scheme}://HOST:PORT")
    if port == 0:
        raise BusError(f"the bus {url!r} has port 0, where no broker can be")
    tls = parts.scheme == "mqtts"
    return BrokerUrl(
        host=parts.hostname,
        port=port or (PORT_TLS if tls else PORT_PLAIN),
        tls=tls,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )
