"""The same room on the stack everywhere.

How deep calls may lie within each other depends on what called, which differs between a node's process and a
simulated one. Here a function always finds room for ``CALLS_MAX`` of them, more than the interpreter leaves anybody by
itself: whatever fits elsewhere fits here, and what does not fit here fits nowhere, so all nodes agree on which
contract ran out of room.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

CALLS_MAX = 1000
"""Calls within each other: what the interpreter allows by itself, from its very first call on."""


def with_full_room(function: Callable[[], Result]) -> Result:
    """What ``function`` gives or raises, called with ``CALLS_MAX`` calls of room."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit - _room() + CALLS_MAX)
    try:
        return function()
    finally:
        sys.setrecursionlimit(limit)


def _room() -> int:
    """How many calls within each other would still fit here, by trying."""
    try:
        return 1 + _room()
    except RecursionError:
        return 0
