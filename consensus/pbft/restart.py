"""What the disk tells a replica that begins: the epochs of its chain, and the chain's end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consensus.chain import BLOCKS, CERTIFICATES, Block, Certificate
from consensus.pbft.epochs import Epochs
from consensus.pbft.log import Boundary, Log, Point
from consensus.pbft.options import Options
from consensus.protocols import Setup
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot


def epochs_of(setup: Setup, options: Options) -> Epochs:
    """The epochs of the chain that the image holds, from a snapshot on if it begins with one."""
    epochs = Epochs(
        setup.voters,
        setup.genesis,
        setup.application,
        setup.crypto.verify,
        interval=options.checkpoint_interval,
        rotating=options.rotate_every > 0,
    )
    snapshot: Snapshot | None = setup.image.get(SNAPSHOT, {}).get(MANIFEST)
    if snapshot is not None:
        epochs.installed(snapshot)
    start = snapshot.height if snapshot is not None else 0
    for _, block in sorted(setup.image.get(BLOCKS, {}).items()):
        if block.height > start:
            epochs.decided(block)
    return epochs


def log_of(setup: Setup, options: Options) -> Log:
    """The log above what the image shows as committed: by its blocks, or by a snapshot that replaced them.

    Of blocks below the end of the chain nothing is looked at, however long it is.
    """
    blocks: Mapping[Any, Block] = setup.image.get(BLOCKS, {})
    proofs: Mapping[Any, Certificate] = setup.image.get(CERTIFICATES, {})
    snapshot: Snapshot | None = setup.image.get(SNAPSHOT, {}).get(MANIFEST)

    def known(height: int) -> Boundary | None:
        if snapshot is not None and height == snapshot.height:
            return snapshot.header, snapshot.certificate or proofs.get(height)
        return (blocks[height].header, proofs.get(height)) if height in blocks else None

    def point(height: int) -> Point:
        found = known(height)
        return Point(height, found[0].hash if found is not None else setup.genesis)

    height = max(max(blocks, default=0), snapshot.height if snapshot is not None else 0)
    certified = height
    while certified and ((found := known(certified)) is None or found[1] is None):
        certified -= 1
    log = Log(
        committed=point(height),
        certified=point(certified),
        certificate=found[1] if certified and found is not None else None,
        size=options.heights_kept,
        interval=options.checkpoint_interval,
    )
    first = max(1, height - 2 * options.heights_kept)
    for boundary in range(first + -first % options.checkpoint_interval, height + 1, options.checkpoint_interval):
        found = known(boundary)
        if found is not None:
            log.boundaries[boundary] = found
    return log
