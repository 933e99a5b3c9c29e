"""The exported ledger: one block a line, in the one spelling that an auditor accepts.

``docs/ledger-format.md``, section "Exported ledgers", specifies the line. It is canonical: :func:`decode_line` gives
back what :func:`encode_line` made, and refuses every other way of writing the same block.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec

from consensus.chain import Block, Certificate, Header, Natural

LINE_BYTES_MAX = 64 * 1024 * 1024
"""A block's transactions in hex and its certificate need less than 5 MiB; a genesis may name many clients."""

_Hex32 = Annotated[str, msgspec.Meta(min_length=64, max_length=64)]
_Hex64 = Annotated[str, msgspec.Meta(min_length=128, max_length=128)]


class _HeaderLine(msgspec.Struct, forbid_unknown_fields=True):
    version: Natural
    network: str
    height: Natural
    parent: _Hex32
    round: Natural
    proposer: Natural
    members: _Hex32
    transactions: _Hex32
    state_height: Natural
    state: _Hex32


class _CertificateLine(msgspec.Struct, forbid_unknown_fields=True):
    round: Natural
    height: Natural
    hash: _Hex32
    signatures: tuple[tuple[Natural, _Hex64], ...]


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    header: _HeaderLine
    hash: _Hex32
    transactions: tuple[str, ...]
    certificate: _CertificateLine | None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Line).decode


class LineError(Exception):
    """The line is no exported block; the message says why."""


def encode_line(block: Block, certificate: Certificate | None) -> bytes:
    """The line of a block, its newline included."""
    header = block.header
    line = _Line(
        header=_HeaderLine(
            version=header.version,
            network=header.network,
            height=header.height,
            parent=header.parent.hex(),
            round=header.round,
            proposer=header.proposer,
            members=header.members.hex(),
            transactions=header.transactions.hex(),
            state_height=header.state_height,
            state=header.state.hex(),
        ),
        hash=block.hash.hex(),
        transactions=tuple(raw.hex() for raw in block.transactions),
        certificate=None if certificate is None else _certificate_line(certificate),
    )
    return _encode(line) + b"\n"


def decode_line(raw: bytes) -> tuple[Block, Certificate | None]:
    """The block and certificate of a line; LineError where ``raw`` is not exactly what :func:`encode_line` gives."""
    try:
        line = _decode(raw)
        block = Block(_header(line.header), tuple(bytes.fromhex(text) for text in line.transactions))
        certificate = None if line.certificate is None else _certificate(line.certificate)
        stated = bytes.fromhex(line.hash)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors too
        raise LineError(f"not a block: {error}") from None
    if stated != block.hash:
        raise LineError("the stated hash is not the header's")
    if encode_line(block, certificate) != raw:
        raise LineError("not written canonically (spacing, order, case, spelling or line end)")
    return block, certificate


def export_ledger(path: Path, chain: Iterable[tuple[Block, Certificate | None]]) -> None:
    """Write ``chain``, genesis first, to ``path``; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        for block, certificate in chain:
            file.write(encode_line(block, certificate))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _certificate_line(certificate: Certificate) -> _CertificateLine:
    return _CertificateLine(
        round=certificate.round,
        height=certificate.height,
        hash=certificate.hash.hex(),
        signatures=tuple((member, signature.hex()) for member, signature in certificate.signatures),
    )


def _header(line: _HeaderLine) -> Header:
    return Header(
        version=line.version,
        network=line.network,
        height=line.height,
        parent=bytes.fromhex(line.parent),
        round=line.round,
        proposer=line.proposer,
        members=bytes.fromhex(line.members),
        transactions=bytes.fromhex(line.transactions),
        state_height=line.state_height,
        state=bytes.fromhex(line.state),
    )


def _certificate(line: _CertificateLine) -> Certificate:
    return Certificate(
        round=line.round,
        height=line.height,
        hash=bytes.fromhex(line.hash),
        signatures=tuple((member, bytes.fromhex(signature)) for member, signature in line.signatures),
    )
