"""Two ledgers of one run against each other: where a height fell apart, and whose signatures stand under both blocks.

Whoever signed for two blocks of one height and round equivocated (Sheng et al., "BFT protocol forensics", 2021, section
4). The signatures themselves are checked by ``consortium verify``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from scenarios.results.exports.source import RunFiles
from scenarios.results.numbers import Natural


class _Header(msgspec.Struct, frozen=True):
    height: Natural


class _Certificate(msgspec.Struct, frozen=True):
    round: Natural
    signatures: tuple[tuple[Natural, str], ...]


class _Line(msgspec.Struct, frozen=True):
    header: _Header
    hash: str
    certificate: _Certificate | None = None


class Split(NamedTuple):
    """A height with two blocks. ``convicted``: nodes that signed for both in one round; nobody where rounds differ."""

    height: int
    holders: tuple[str, str]
    convicted: tuple[str, ...]


def splits(files: RunFiles) -> tuple[Split, ...]:
    """The first height at which each ledger leaves the longest one. ExtractError where a file is malformed.

    Ledgers that end in one block are one, and are not read.
    """
    manifest, longest = files.manifest, files.longest
    whole = manifest.height[longest], manifest.head.get(longest)
    others = [name for name in files.nodes if (manifest.height.get(name), manifest.head.get(name)) != whole]
    found = (_parting(files, longest, name) for name in others if name in manifest.height)
    return tuple(split for split in found if split is not None)


def _parting(files: RunFiles, one: str, other: str) -> Split | None:
    for mine, theirs in zip(_read(files, one), _read(files, other), strict=False):
        if mine.hash != theirs.hash:
            return Split(mine.header.height, (one, other), _both(files.nodes, mine.certificate, theirs.certificate))
    return None


def _both(nodes: tuple[str, ...], one: _Certificate | None, other: _Certificate | None) -> tuple[str, ...]:
    if one is None or other is None or one.round != other.round:
        return ()
    theirs = {member for member, _ in other.signatures}
    return tuple(nodes[member] for member, _ in one.signatures if member in theirs and member < len(nodes))


def _read(files: RunFiles, name: str) -> Iterator[_Line]:
    return files.json_lines(files.folder.ledger(name), _Line)
