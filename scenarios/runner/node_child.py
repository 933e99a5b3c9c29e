"""What the runner knows of one node's process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from consensus.protocols import Status
from scenarios.runner.child import Child
from scenarios.runner.view import NodeView


class NodeChild(msgspec.Struct):
    """A node's process, by its telemetry and by what was done to it."""

    child: Child
    folder: Path
    ready: asyncio.Event
    view: NodeView
    status: Status | None = None
    head: str = ""
    empty_head: bool = False
    mempool: int = 0
    connected: bool = False
    fatal: str = ""  # why it stopped, by its own account
    expected_down: bool = False
    crashes: set[int] = set()  # those that keep it down, by number
    pauses: int = 0  # that keep it standing still
    lock: asyncio.Lock = msgspec.field(default_factory=asyncio.Lock)  # one start or kill at a time
