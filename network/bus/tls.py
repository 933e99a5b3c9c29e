"""TLS as one client sees it: which authority it trusts, and the certificate that says who it is."""

from __future__ import annotations

import ssl
from pathlib import Path

import msgspec

from network.bus.interface import BusError


class TlsIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """PEM files. ``ca`` is the only authority that is trusted; ``password`` opens ``key`` where it is encrypted."""

    ca: Path
    certificate: Path
    key: Path
    password: str | None = None

    def context(self) -> ssl.SSLContext:
        """For connections to one broker; BusError names the file that cannot be used."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks the host's name and demands a certificate
        context.sslsocket_class = _TidySocket
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        for path in (self.ca, self.certificate, self.key):
            _require_readable(path)
        try:
            context.load_verify_locations(cafile=self.ca)
        except ssl.SSLError:
            raise BusError(f"{self.ca}: holds no certificate of an authority") from None
        try:
            # A password is always given, or OpenSSL would ask for it on a terminal.
            context.load_cert_chain(self.certificate, self.key, password=self.password or "")
        except (ssl.SSLError, OSError) as error:
            raise BusError(
                f"{self.certificate} and {self.key}: are no certificate with its key, or the key is sealed under "
                f"another password ({getattr(error, 'reason', None) or error})"
            ) from None
        return context


def system_context() -> ssl.SSLContext:
    """For brokers whose certificate the system trusts, and which ask for none of ours."""
    context = ssl.create_default_context()
    context.sslsocket_class = _TidySocket
    return context


class _TidySocket(ssl.SSLSocket):
    """Closes itself when the handshake fails; paho forgets it then, and it would stay open until it is collected."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _require_readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise BusError(f"{path}: cannot be read: {error.strerror}") from None
