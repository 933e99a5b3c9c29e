"""Events: what a contract tells those who watch, and who may.

A contract declares every kind of event that it emits, and which of its values name the parties. So who may watch is
written down once, beside the contract, and not at each place that emits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

DEPTH_MAX = 16
"""How deep maps and lists may lie within each other in a result or an event."""

Plain = None | bool | int | str | tuple["Plain", ...] | dict[str, "Plain"]
"""What an output or an event may hold; maps are kept with ascending keys."""


class EventKind(msgspec.Struct, frozen=True):
    """A kind of event that a contract may emit, and who may watch for it.

    ``parties`` are the values that name those concerned, ``roles`` are others who may: everyone, where both are empty.
    """

    kind: str
    parties: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def event(self, contract: str, values: Mapping[str, Any]) -> Event:
        """An event of this kind. KeyError or TypeError where a party is not named among the values."""
        told = {name: canonical(value) for name, value in sorted(values.items())}
        if not (self.parties or self.roles):
            return Event(contract, self.kind, told)
        named = {name for party in self.parties for name in _names_in(told[party])}
        return Event(contract, self.kind, told, tuple(sorted(named)), self.roles)


class Event(msgspec.Struct, frozen=True, array_like=True):
    """Something that happened on the chain, for those who watch: a reminder to send, a claim paid.

    ``readers`` and clients of ``roles`` may watch it; everyone, where ``readers`` is None.
    """

    contract: str
    kind: str
    values: dict[str, Plain]
    readers: tuple[str, ...] | None = None
    roles: tuple[str, ...] = ()

    def is_for(self, name: str, role: str) -> bool:
        """May the client ``name`` of that role watch it?"""
        return self.readers is None or name in self.readers or role in self.roles


def canonical(value: Any, depth: int = DEPTH_MAX) -> Plain:
    """``value`` with maps in ascending order of key and lists as tuples; TypeError where it is not plain."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if not depth:
        raise TypeError(f"more than {DEPTH_MAX} lists and maps within each other")
    if isinstance(value, tuple | list):
        return tuple(canonical(item, depth - 1) for item in value)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: canonical(value[key], depth - 1) for key in sorted(value)}
    raise TypeError(f"an output may not hold {type(value).__name__}")


def _names_in(value: Plain) -> Iterator[str]:
    names = value if isinstance(value, tuple) else (value,)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"not the name of a party: {name!r}")
        yield name
