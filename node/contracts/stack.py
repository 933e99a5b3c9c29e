"""The same stack everywhere: runs a function where nothing lies below it.

How deep calls may lie within each other depends on what called, which differs between a node's process and a
simulated one. In a thread of its own a function always finds the same room: whatever fits elsewhere fits here, and what
does not fit here fits nowhere, so all nodes agree on which contract ran out of it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")

CALLS_MAX = 1000
"""Calls within each other: what the interpreter allows by itself."""


def from_the_bottom(function: Callable[[], Result]) -> Result:
    """What ``function`` gives or raises, called with ``CALLS_MAX`` calls of room."""
    call = _Call(function)
    thread = threading.Thread(target=call, name="a stack of its own")
    limit = sys.getrecursionlimit()
    thread.start()
    thread.join()
    sys.setrecursionlimit(limit)
    if call.error is not None:
        raise call.error
    return call.result


class _Call(Generic[Result]):
    """A call whose outcome is kept for another thread."""

    result: Result

    def __init__(self, function: Callable[[], Result]) -> None:
        self._function = function
        self.error: BaseException | None = None

    def __call__(self) -> None:
        sys.setrecursionlimit(CALLS_MAX)
        try:
            self.result = self._function()
        except BaseException as error:  # noqa: BLE001 - it is raised again, where somebody waits for it
            self.error = error
