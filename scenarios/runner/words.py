"""Faults in words. Nodes stand as ``{3}``, to be replaced by their names."""

from __future__ import annotations

from consensus.vocabulary import NodeId


def braced(nodes: tuple[NodeId, ...]) -> str:
    """Nodes, one after the other."""
    return ", ".join(f"{{{node}}}" for node in nodes)


def counted(number: int, noun: str, plural: str = "") -> str:
    """As in "1 field", "3 fields"; ``plural`` where it takes more than an s."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def seconds(ns: int) -> str:
    """A duration for people."""
    return f"{ns / 1e9:g} s" if ns >= 10**9 else f"{ns / 1e6:g} ms"


def share(ppm: int) -> str:
    """A share of a whole for people."""
    return f"{ppm / 10_000:g} %"


def lasting(for_ns: int | None) -> str:
    """What is said of a fault's end at its beginning."""
    return "" if for_ns is None else f" for {seconds(for_ns)}"
