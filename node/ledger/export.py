"""The exported ledger: one block a line, in the one spelling that an auditor accepts.

``docs/ledger-format.md``, section "Exported ledgers", specifies the line. It is canonical: :func:`decode_line` gives
back what :func:`encode_line` made, and refuses every other way of writing the same block.

Each certificate says how many blocks it proves: its own, and those before it that have none. So none can be left out
without another line's telling.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

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
    proves: Natural
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


class Line(NamedTuple):
    """A block, what certifies it, and how many blocks that proves: this one, and those before it without (or 0)."""

    block: Block
    certificate: Certificate | None
    proves: int


def lines_of(chain: Iterable[tuple[Block, Certificate | None]]) -> Iterator[bytes]:
    """The lines of ``chain``, genesis first."""
    unproven = 0
    for block, certificate in chain:
        unproven += block.height > 0  # the genesis is agreed on, not proven
        yield encode_line(Line(block, certificate, 0 if certificate is None else unproven))
        if certificate is not None:
            unproven = 0


def encode_line(exported: Line) -> bytes:
    """The line of a block, its newline included."""
    block, certificate, proves = exported
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
        certificate=None if certificate is None else _certificate_line(certificate, proves),
    )
    return _encode(line) + b"\n"


def decode_line(raw: bytes) -> Line:
    """What a line says; LineError where ``raw`` is not exactly what :func:`encode_line` gives."""
    try:
        line = _decode(raw)
        block = Block(_header(line.header), tuple(bytes.fromhex(text) for text in line.transactions))
        certificate = None if line.certificate is None else _certificate(line.certificate)
        exported = Line(block, certificate, 0 if line.certificate is None else line.certificate.proves)
        stated = bytes.fromhex(line.hash)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors too
        raise LineError(f"not a block: {error}") from None
    if stated != block.hash:
        raise LineError("the stated hash is not the header's")
    if encode_line(exported) != raw:
        raise LineError("not written canonically (spacing, order, case, spelling or line end)")
    return exported


def export_ledger(path: Path, chain: Iterable[tuple[Block, Certificate | None]]) -> None:
    """Write ``chain``, genesis first, to ``path``; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        file.writelines(lines_of(chain))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _certificate_line(certificate: Certificate, proves: int) -> _CertificateLine:
    return _CertificateLine(
        round=certificate.round,
        height=certificate.height,
        hash=certificate.hash.hex(),
        proves=proves,
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
