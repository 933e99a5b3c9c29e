"""What a message is called, and where in a protocol it belongs: for those who watch a run, in few words."""

from __future__ import annotations

from typing import Any

import msgspec

from consensus.chain import Block

_PLACES = ("term", "view", "height", "previous_index", "match_index", "granted")


def kind_of(message: Any) -> str:
    """The tag of ``message`` on the wire, as "raft.append"; the name of its class where it has none."""
    config = getattr(type(message), "__struct_config__", None)
    tag = None if config is None else config.tag
    return str(tag) if tag is not None else type(message).__name__


def place_of(message: Any) -> str:
    """The few numbers that place it: term or view, height, the first digits of a block's hash; or nothing."""
    if not isinstance(message, msgspec.Struct):
        return ""
    found = [f"{name.replace('_', ' ')} {getattr(message, name)}" for name in _PLACES if hasattr(message, name)]
    block = getattr(message, "block", None)
    blocks = getattr(message, "blocks", ())
    digest = getattr(message, "hash", None)
    if isinstance(block, Block):
        found += [f"height {block.height}", _named(block.hash)]
    elif isinstance(digest, bytes):
        found.append(_named(digest))
    elif isinstance(blocks, tuple) and blocks and isinstance(blocks[0], Block):
        found.append(f"height {blocks[0].height}" + (f" to {blocks[-1].height}" if len(blocks) > 1 else ""))
    return ", ".join(found)


def _named(digest: bytes) -> str:
    """A block by the first digits of its hash: two at one height are told apart."""
    return f"block {digest[:2].hex()}"
