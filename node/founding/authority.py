"""The bus's certificate authority: one per network, which says to the broker who a client is, and to clients who it is.

Certificates of X.509 (RFC 5280) with ECDSA keys on P-256, which every TLS library takes. They admit to the bus and
nothing more: frames, votes and transactions are signed by Ed25519 keys, which the genesis and the registry name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 825
_SKEW = timedelta(hours=1)
"""Certificates are valid from a little before they are made: clocks differ."""


class Issued:
    """A certificate and its private key, as PEM."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @property
    def certificate(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def key(self, password: str | None) -> bytes:
        """PKCS #8; encrypted under ``password`` unless it is None."""
        how = (
            serialization.BestAvailableEncryption(password.encode())
            if password is not None
            else serialization.NoEncryption()
        )
        return self._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


class Authority(Issued):
    """Signs certificates for one network's bus."""

    @classmethod
    def found(cls, network: str) -> Authority:
        """A new one."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"{network[:48]} bus authority")  # 64 characters at most
        builder = _builder(name, name, key.public_key(), AUTHORITY_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(sign_certificates=True), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def load(cls, certificate: bytes, key: bytes, password: str) -> Authority:
        """The one of these PEM files. ValueError where they are none, do not belong together, or stay locked."""
        loaded = x509.load_pem_x509_certificate(certificate)
        opened = serialization.load_pem_private_key(key, password.encode())
        if not isinstance(opened, ec.EllipticCurvePrivateKey) or opened.public_key() != loaded.public_key():
            raise ValueError("the certificate is not that of the key")
        return cls(loaded, opened)

    def for_client(self, name: str) -> Issued:
        """Admits ``name`` to the bus."""
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def for_broker(self, hosts: Sequence[str]) -> Issued:
        """Lets clients know the broker under any of ``hosts``."""
        return self._issue(hosts[0], ExtendedKeyUsageOID.SERVER_AUTH, _alternatives(hosts))

    def _issue(
        self, name: str, purpose: x509.ObjectIdentifier, alternatives: x509.SubjectAlternativeName | None
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(name), self._certificate.subject, key.public_key(), CERTIFICATE_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(sign_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(above, critical=False)
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        return Issued(builder.sign(self._key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - _SKEW,
        not_valid_after=now + timedelta(days=days),
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(hosts: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_alternative(host) for host in hosts])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
