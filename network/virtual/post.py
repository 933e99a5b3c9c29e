"""The post: takes a message out of a node and says when it arrives where.

A message's latency at each receiver is one word of its sender's stream. What else befalls it is drawn by name and by
the count of what its sender has sent, so a fault that is taken out of a plan moves nothing but its own victims.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from consensus.chain import Natural
from consensus.vocabulary import Audience, Broadcast, NodeId, Send
from network.virtual.actors import Actor, Outward
from network.virtual.distributions import TABLE_SHIFT
from network.virtual.draws import WORD_BITS, mixed
from network.virtual.evidence import TraceHook
from network.virtual.faults import BrokerDown, Lasting, LinkFault
from network.virtual.links import Links
from network.virtual.queue import ACTOR_MASK, ACTOR_SHIFT, BAND_ORDINARY, TIE_MASK, TIE_SHIFT, TIME_SHIFT
from network.virtual.routes import Fate, Hop, Route, route_of

_SECOND, _BEYOND, _HELD = 0x5EC0D000, 0xBE404D00, 0x4E1DBAC4  # salts: what a word is mixed with

_encode = msgspec.msgpack.Encoder().encode

Receivers = tuple[int, ...]
"""Actors by index, each shifted to its place in a key and with the ordinary band set."""


class Garbled(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="virtual.garbled"):
    """What is left of a message of so many bytes that was garbled on its way: no machine can read it."""

    size: Natural


class Sending(NamedTuple):
    """One message under way: its keys (see :func:`network.virtual.queue.key_of`), in *descending* order."""

    message: Any
    keys: list[int]


class Post:
    """All links of a world as they are now. Actors are numbered by index here: nodes first, then the clients."""

    def __init__(self, links: Links, ids: Sequence[NodeId], counts: Counter[str], trace: TraceHook | None) -> None:
        self._links = links
        self._ids = tuple(ids)
        self._places: dict[NodeId, Receivers] = {id_: (_receiver(i),) for i, id_ in enumerate(ids)}
        self._counts = counts
        self._trace = trace
        self._faults: tuple[LinkFault, ...] = ()
        self._routes: list[Route | None] = [None] * len(ids)
        self._broker_down: tuple[BrokerDown, ...] = ()
        self._now = 0  # of the sending at hand
        self._free: dict[tuple[int, int], int] = {}  # (source, target) -> when a link of limited bandwidth is free

    def disturb(self, active: Iterable[Lasting]) -> None:
        """Lay the active faults over the links, in place of those that were there."""
        active = tuple(active)
        self._faults = tuple(fault for fault in active if isinstance(fault, LinkFault))
        self._broker_down = tuple(fault for fault in active if isinstance(fault, BrokerDown))
        self._routes = [None] * len(self._ids)

    def receivers(self, actor: Actor, effect: Outward, clients: NodeId | None) -> Receivers:
        """Whom ``effect`` goes to: nobody where a reply has no clients' actor to go to."""
        if type(effect) is Broadcast:
            if effect.to is not None:
                return tuple(receiver for node in effect.to for receiver in self._places[node])
            return actor.audiences[effect.audience]
        if type(effect) is Send:
            return self._places[effect.to]
        return () if clients is None else self._places[clients]

    def sendings(self, now: int, actor: Actor, message: Any, receivers: Receivers) -> list[Sending]:
        """What goes under way when ``actor`` says ``message`` at ``now``: nothing where everything is lost."""
        actor.sent += 1
        self._now = now
        words = actor.draws.take(len(receivers))
        if self._broker_down:
            if not all(fault.backlog for fault in self._broker_down):
                for receiver in receivers:
                    self._gone("lost", actor, message, receiver)
                return []
            now = max(fault.at_ns + fault.for_ns for fault in self._broker_down)
        route = self._routes[actor.index]
        if route is None:
            route = self._routes[actor.index] = route_of(self._links, self._ids[actor.index], self._ids, self._faults)
        hop = route.hop
        if hop is None or hop.byte_ps or hop.beyond is not None:
            keys = self._by_hop(now, actor, message, route, list(zip(words, receivers, strict=True)))
        else:
            table, start = hop.latency, now + hop.extra_ns << TIME_SHIFT
            keys = [
                start + (table[word >> TABLE_SHIFT] << TIME_SHIFT | (word & TIE_MASK) << TIE_SHIFT | receiver)
                for word, receiver in zip(words, receivers, strict=True)
            ]
        if hop is not None and not route.fates:
            keys.sort(reverse=True)
            return [Sending(message, keys)] if keys else []
        return self._befallen(actor, message, route, keys, receivers, words)

    # -- links that differ -----------------------------------------------------------------------------------

    def _by_hop(self, now: int, actor: Actor, message: Any, route: Route, drawn: list[tuple[int, int]]) -> list[int]:
        """The keys where links differ, have a second leg or a limited bandwidth; -1 for a receiver that is cut off."""
        keys = []
        size = 0
        for word, receiver in drawn:
            target = receiver >> ACTOR_SHIFT & ACTOR_MASK
            hop = route.hops[target]
            if hop is None:
                keys.append(-1)
                continue
            start = now
            if hop.byte_ps:
                size = size or size_of(message)
                start = self._through(now, actor.index, target, size * hop.byte_ps // 1000)
            time = start + hop.extra_ns + _travel(hop, word)
            keys.append(time << TIME_SHIFT | (word & TIE_MASK) << TIE_SHIFT | receiver)
        return keys

    def _through(self, now: int, source: int, target: int, busy_ns: int) -> int:
        """When a message that keeps the link busy for ``busy_ns`` is through, behind those that wait for it."""
        begun = max(now, self._free.get((source, target), 0))
        done = self._free[source, target] = begun + busy_ns
        return done

    # -- fates -----------------------------------------------------------------------------------------------

    def _befallen(  # noqa: PLR0913, PLR0917 (what is sent, to whom, with which draws)
        self, actor: Actor, message: Any, route: Route, keys: list[int], receivers: Receivers, words: array[int]
    ) -> list[Sending]:
        """What is left of a sending once its fates are drawn: the message itself, and garbled ones."""
        garbled: list[int] = []
        for place, key in enumerate(keys):
            if key < 0:
                self._gone("cut", actor, message, receivers[place])
        for fate in route.fates:
            for place, luck in self._struck(actor, fate, receivers):
                key, receiver = keys[place], receivers[place]
                if key < 0:
                    continue
                hop = route.hops[receiver >> ACTOR_SHIFT & ACTOR_MASK]
                assert hop is not None, "nothing befalls what is cut off"  # noqa: S101
                if fate.name == "loss":
                    keys[place] = -1
                    self._gone("lost", actor, message, receiver)
                elif fate.name == "corrupt":
                    keys[place] = -1
                    garbled.append(key)
                    self._counts["garbled"] += 1
                elif fate.name == "duplicate":
                    keys.append(_second(key, hop, words[place], receiver))
                    self._counts["duplicated"] += 1
                else:
                    held_ns = mixed(luck, _HELD) * hop.reorder_ns >> WORD_BITS
                    keys[place] += held_ns << TIME_SHIFT
                    self._counts["reordered"] += 1
        whole = sorted((key for key in keys if key >= 0), reverse=True)
        sendings = [Sending(message, whole)] if whole else []
        if garbled:
            sendings.append(Sending(Garbled(size_of(message)), sorted(garbled, reverse=True)))
        return sendings

    @staticmethod
    def _struck(actor: Actor, fate: Fate, receivers: Receivers) -> list[tuple[int, int]]:
        """Whom it befalls: the place among ``receivers``, and the word that was drawn."""
        words = actor.fate(fate.name, len(receivers))
        if min(words, default=fate.most) >= fate.most:
            return []
        return [
            (place, word)
            for place, word in enumerate(words)
            if word < fate.below[receivers[place] >> ACTOR_SHIFT & ACTOR_MASK]
        ]

    def _gone(self, fate: str, actor: Actor, message: Any, receiver: int) -> None:
        self._counts[fate] += 1
        if self._trace is not None:
            self._trace(self._now, fate, self._ids[receiver >> ACTOR_SHIFT & ACTOR_MASK], actor.id, message)


def _travel(hop: Hop, word: int) -> int:
    """How long the message that drew ``word`` travels."""
    latency = hop.latency[word >> TABLE_SHIFT]
    return latency if hop.beyond is None else latency + hop.beyond[mixed(word, _BEYOND) >> TABLE_SHIFT]


def _second(key: int, hop: Hop, word: int, receiver: int) -> int:
    """The key of the second copy of a message whose first has ``key`` and drew ``word``."""
    other = mixed(word, _SECOND)
    time = (key >> TIME_SHIFT) - _travel(hop, word) + _travel(hop, other)
    return time << TIME_SHIFT | (other & TIE_MASK) << TIE_SHIFT | receiver


def size_of(message: Any) -> int:
    """How many bytes the message takes on the wire, its frame left out."""
    return len(_encode(message))


def _receiver(index: int) -> int:
    return index << ACTOR_SHIFT | BAND_ORDINARY


def audiences(index: int, nodes: int, voters: Sequence[NodeId]) -> dict[Audience, Receivers]:
    """Whom a broadcast of actor ``index`` reaches."""
    return {
        Audience.VOTERS: tuple(_receiver(node) for node in sorted(voters) if node != index),
        Audience.NODES: tuple(_receiver(node) for node in range(nodes) if node != index),
    }
