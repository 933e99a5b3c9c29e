"""The ledgers in a run's folder: one file a node, and large ones that are equal on the disk once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from consensus.chain import Block, Certificate
from node.ledger import export_ledger
from scenarios.results import RunFolder
from scenarios.runner.holdings import Holdings

STORED_ONCE_FROM_BYTES = 16 * 1024 * 1024
"""Below that every node's ledger is a file of its own, which may be changed without changing another's."""


def export_ledgers(folder: RunFolder, holdings: Sequence[Holdings]) -> None:
    """Write what each node can prove.

    A large ledger that is another node's, block for block and certificate for certificate, becomes a second name (a
    hard link) of that node's file. OSError where the disk does not take them.
    """
    written: list[tuple[list[tuple[Block, Certificate | None]], Path]] = []
    for held in holdings:
        chain, path = held.certified(), folder.ledger(held.name)
        same = next((file for other, file in written if other == chain), None)
        if same is None or same.stat().st_size < STORED_ONCE_FROM_BYTES or not _linked(same, path):
            export_ledger(path, chain)
            written.append((chain, path))


def _linked(file: Path, name: Path) -> bool:
    """Give ``file`` another name; False where the file system has no hard links, or has too many to it."""
    with suppress(OSError):
        os.link(file, name)
        return True
    return False
