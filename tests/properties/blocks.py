"""Blocks and certificates made by hand, for feeding oracles."""

from __future__ import annotations

from consensus.chain import NO_HASH, Block, Certificate, Header, commit_bytes
from network.virtual.crypto import Notary

GENESIS = b"g" * 32
NOTARY = Notary(seed=1, members=7)


def block(height: int, parent: bytes, *, round_: int = 1, mark: str = "") -> Block:
    header = Header(
        version=1,
        network=f"test{mark}",
        height=height,
        parent=parent,
        round=round_,
        proposer=0,
        members=NO_HASH,
        transactions=NO_HASH,
        state_height=0,
        state=NO_HASH,
    )
    return Block(header, ())


def chain(length: int, *, mark: str = "", parent: bytes = GENESIS) -> list[Block]:
    blocks = []
    for height in range(1, length + 1):
        blocks.append(block(height, parent, mark=mark))
        parent = blocks[-1].hash
    return blocks


def certificate(decided: Block, signers: tuple[int, ...], round_: int = 1) -> Certificate:
    data = commit_bytes(round_, decided.height, decided.hash)
    return Certificate(round_, decided.height, decided.hash, tuple((s, NOTARY.sign(s, data)) for s in signers))
