"""What a message is called: the tag that it carries on the wire, as "raft.append" or "client.receipt"."""

from __future__ import annotations

from typing import Any


def kind_of(message: Any) -> str:
    """The tag of ``message``; the name of its class where it has none (a message that the virtual world garbled)."""
    config = getattr(type(message), "__struct_config__", None)
    tag = None if config is None else config.tag
    return str(tag) if tag is not None else type(message).__name__
