"""Signing a changed message of PBFT anew, as the liar itself."""

from __future__ import annotations

from typing import Any

import msgspec

from consensus.chain import commit_bytes
from consensus.pbft.certificates import new_view_bytes, pre_prepare_bytes, prepare_bytes, view_change_bytes
from consensus.pbft.messages import Checkpoint, CommitVote, NewView, Prepare, PrePrepare, ViewChange
from consensus.protocols import Crypto
from consensus.snapshots import checkpoint_bytes


def resigned(message: Any, crypto: Crypto, **changes: Any) -> Any:
    """``message`` with ``changes`` and a signature of ``crypto``'s owner; unsigned kinds are changed alone."""
    changed = msgspec.structs.replace(message, **changes)
    data = _signed_bytes(changed)
    return changed if data is None else msgspec.structs.replace(changed, signature=crypto.sign(data))


def _signed_bytes(message: Any) -> bytes | None:  # noqa: PLR0911 - one return a kind of message
    match message:
        case PrePrepare(view=view, block=block):
            return pre_prepare_bytes(view, block.height, block.hash)
        case Prepare(view=view, height=height, hash=block_hash):
            return prepare_bytes(view, height, block_hash)
        case CommitVote(view=view, height=height, hash=block_hash):
            return commit_bytes(view, height, block_hash)
        case ViewChange():
            return view_change_bytes(message)
        case NewView(view=view, view_changes=changes, pre_prepares=proposals):
            return new_view_bytes(view, changes, proposals)
        case Checkpoint(height=height, digest=digest):
            return checkpoint_bytes(height, digest)
    return None
