"""Ctrl-C between two slices of virtual time instead of in the middle of an event, where everything is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def held_back() -> Iterator[Callable[[], bool]]:
    """Within, the first signal that would end the program by an exception is kept: the yielded function tells of it.

    A second one is not kept: whoever insists is obeyed at once. Signals that are ignored, or would kill, stay so; a
    thread other than the main one, to which no signal comes, changes nothing.
    """
    kept = False
    before: dict[signal.Signals, Callable[[int, FrameType | None], object]] = {}

    def keep(number: int, frame: FrameType | None) -> None:
        nonlocal kept
        if kept:
            before[signal.Signals(number)](number, frame)
        kept = True

    if threading.current_thread() is threading.main_thread():
        for name in _SIGNALS:
            handler = signal.getsignal(name)
            if callable(handler):
                before[name] = handler
                signal.signal(name, keep)
    try:
        yield lambda: kept
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
