"""Which flight a message arrives from: kept for a trace alone, so that arrivals can be joined to departures."""

from __future__ import annotations

import copy
from typing import Any


class Flights:
    """Messages under way, by the identity of their objects.

    Machines may send one object again while it is still under way; it then takes off as a copy, so that an object is
    under way once at a time. Identities are only ever looked up: no run depends on them.
    """

    def __init__(self) -> None:
        self._aloft: dict[int, tuple[Any, int, int]] = {}  # the object itself keeps its identity taken

    def boarding(self, message: Any) -> Any:
        """``message``, or a copy of it where it is under way already."""
        return message if self._of(message) is None else copy.copy(message)

    def departed(self, message: Any, number: int, arrivals: int) -> None:
        """``message`` took off as flight ``number``, to arrive so many times."""
        self._aloft[id(message)] = (message, number, arrivals)

    def arrived(self, message: Any) -> int | None:
        """The number of the flight that ``message`` arrives from; None where it is not known."""
        found = self._of(message)
        if found is None:
            return None
        _, number, arrivals = found
        if arrivals > 1:
            self._aloft[id(message)] = (message, number, arrivals - 1)
        else:
            del self._aloft[id(message)]
        return number

    def _of(self, message: Any) -> tuple[Any, int, int] | None:
        found = self._aloft.get(id(message))
        return found if found is not None and found[0] is message else None  # a world's copy has other identities
