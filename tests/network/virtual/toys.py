"""Small machines for testing the world by hand."""

# ruff: noqa: ARG002 (toy machines ignore most inputs)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from consensus.vocabulary import Broadcast, Effects, Image, NodeId, SetTimer
from network.virtual import Constant, Link, Links, Machine, World

MS = 1_000_000


class Note(msgspec.Struct, frozen=True, array_like=True, tag="toy.note"):
    text: str


class Scripted:
    """Does at each input what its script says, and keeps a diary of everything it saw."""

    def __init__(self, me: NodeId, image: Image, incarnation: int, script: dict[Any, Effects], diary: list[Any]):
        self.me, self.image, self.incarnation = me, image, incarnation
        self.script, self.diary = script, diary

    def start(self, now: int) -> Effects:
        self.diary.append((now, self.me, "start", self.incarnation))
        return self.script.get((self.me, "start", self.incarnation), self.script.get((self.me, "start"), []))

    def receive(self, now: int, sender: NodeId, message: Note) -> Effects:
        self.diary.append((now, self.me, sender, message.text))
        return self.script.get((self.me, message.text), [])

    def timer(self, now: int, name: str) -> Effects:
        self.diary.append((now, self.me, "timer", name))
        return self.script.get((self.me, "timer", name), [])


def scripted(script: dict[Any, Effects], diary: list[Any]) -> Callable[[NodeId, Image, int], Machine]:
    return lambda me, image, incarnation: Scripted(me, image, incarnation, script, diary)


def steady(latency_ns: int = MS) -> Links:
    return Links(Link(latency=Constant(ns=latency_ns)))


def play(script: dict[Any, Effects], *, until_ns: int = 100 * MS, **settings: Any) -> list[Any]:
    """Run ``script`` on three nodes with links of 1 ms (unless told otherwise); returns the diary."""
    diary: list[Any] = []
    world = World(
        factory=scripted(script, diary), **({"nodes": 3, "voters": (0, 1), "links": steady(), "seed": 1} | settings)
    )
    world.run(until_ns=until_ns)
    return diary


class Chatter:
    """Broadcasts a numbered note every 10 ms for ever; state is plain data."""

    def __init__(self, me: NodeId, image: Image, incarnation: int) -> None:
        self.me = me
        self.count = 0
        self.heard: list[tuple[int, NodeId, str]] = []

    def start(self, now: int) -> Effects:
        return [SetTimer("speak", 10 * MS)]

    def receive(self, now: int, sender: NodeId, message: Note) -> Effects:
        self.heard.append((now, sender, message.text))
        return []

    def timer(self, now: int, name: str) -> Effects:
        self.count += 1
        return [Broadcast(Note(f"{self.me}.{self.count}")), SetTimer("speak", 10 * MS)]
