"""The post: takes a message out of a node and says when it arrives where.

A message's latency at each receiver is one word of its sender's stream. What else befalls it is drawn by name and by
the count of what its sender has sent, so a fault that is taken out of a plan moves nothing but its own victims.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from consensus.chain import Natural
from consensus.vocabulary import Audience, Broadcast, NodeId, Send
from network.virtual.actors import Actor, Outward, Way
from network.virtual.distributions import TABLE_SHIFT, quantiles
from network.virtual.draws import WORD_BITS, mixed
from network.virtual.evidence import Sent
from network.virtual.faults import BrokerDown, Lasting, LinkFault
from network.virtual.links import Links
from network.virtual.queue import ACTOR_MASK, ACTOR_SHIFT, BAND_ORDINARY, TIE_MASK, TIE_SHIFT, TIME_SHIFT, Queue
from network.virtual.routes import Hop, Route, route_of, touches
from network.virtual.watch import Watch

_SECOND, _BEYOND, _HELD = 0x5EC0D000, 0xBE404D00, 0x4E1DBAC4  # salts: what a word is mixed with

_TIME_ABOVE_TIE = TIME_SHIFT - TIE_SHIFT

_encode = msgspec.msgpack.Encoder().encode

Receivers = tuple[int, ...]
"""Actors by index, each shifted to its place in a key and with the ordinary band set."""


class Garbled(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="virtual.garbled"):
    """What is left of a message of so many bytes that was garbled on its way: no machine can read it."""

    size: Natural


class Post:
    """All links of a world as they are now: takes messages from ``actors`` (nodes first, then the clients)."""

    def __init__(self, links: Links, actors: Sequence[Actor], queue: Queue, watch: Watch, counts: Counter[str]) -> None:
        self._links = links
        self._actors = actors
        self._ids = tuple(actor.id for actor in actors)
        self._places: dict[NodeId, Receivers] = {id_: (_receiver(i),) for i, id_ in enumerate(self._ids)}
        self._queue = queue
        self._watch = watch
        self._counts = counts
        self._broker_down: tuple[BrokerDown, ...] = ()
        for link in links.every():
            quantiles(link.latency)  # their tables are made, and parameters that describe no duration refused, here
        self._free: dict[tuple[int, int], int] = {}  # (source, target) -> when a link of limited bandwidth is free

    def disturb(self, active: Iterable[Lasting]) -> None:
        """Lay the active faults over the links, in place of those that were there."""
        active = tuple(active)
        broker_down = tuple(fault for fault in active if isinstance(fault, BrokerDown))
        faults = [fault for fault in active if isinstance(fault, LinkFault)]
        for actor in self._actors:
            touching = tuple(fault for fault in faults if touches(fault, actor.id))
            if touching != actor.link_faults or broker_down != self._broker_down:
                actor.link_faults = touching
                actor.way = None
        self._broker_down = broker_down

    def send(self, now: int, actor: Actor, effect: Outward, clients: NodeId | None) -> None:
        """``effect`` leaves ``actor`` at ``now``; a reply goes nowhere where there is no clients' actor."""
        if type(effect) is Broadcast:
            receivers = actor.audiences[effect.audience] if effect.to is None else self._several(effect.to)
        elif type(effect) is Send:
            receivers = self._places[effect.to]
        elif clients is not None:
            receivers = self._places[clients]
        else:
            return
        way = actor.way
        if way is None:
            way = actor.way = self._way(actor)
        count = len(receivers)
        end = actor.drawn = actor.drawn + count
        words: Sequence[int]
        if (hop := way.hop) is None:
            words = actor.draws.take(count)
            keys = self._over_rough_links(
                now, actor, way.route, effect.message, list(zip(words, receivers, strict=True))
            )
        else:
            # Time and tie as one number, the receivers' band still out of it: small integers are quick ones.
            table, start = hop.latency, now + hop.extra_ns << _TIME_ABOVE_TIE
            if count == 1:
                words = (word := actor.draws.word(),)
                arrives = start + (table[word >> TABLE_SHIFT] << _TIME_ABOVE_TIE | word & TIE_MASK)
                keys = [arrives << TIE_SHIFT | receivers[0]]
            else:
                words = actor.draws.take(count)
                keys = [
                    start + (table[word >> TABLE_SHIFT] << _TIME_ABOVE_TIE | word & TIE_MASK) << TIE_SHIFT | receiver
                    for word, receiver in zip(words, receivers, strict=True)
                ]
        if struck := end > way.clear:
            self._befall(now, actor, way, effect.message, keys, receivers, words)
        if struck or hop is None:
            keys = [key for key in keys if key >= 0]
        if keys:
            keys.sort(reverse=True)
            self._launch(now, actor, effect.message, keys)

    def _several(self, nodes: Sequence[NodeId]) -> Receivers:
        return tuple(receiver for node in nodes for receiver in self._places[node])

    def _way(self, actor: Actor) -> Way:
        """The way out of ``actor`` under the faults that are active now."""
        route = route_of(self._links, actor.id, self._ids, actor.link_faults)
        hop = None if self._broker_down or not route.smooth else route.hop
        return Way(route, hop, tuple(actor.strikes(fate.name, fate.most) for fate in route.fates))

    def _launch(self, now: int, actor: Actor, message: Any, keys: list[int]) -> None:
        """``message`` takes off, to arrive at ``keys``, in *descending* order."""
        watch = self._watch
        if watch.trace is None:
            number = self._queue.launch(actor.id, message, keys)
        else:
            to = tuple(self._ids[key >> ACTOR_SHIFT & ACTOR_MASK] for key in reversed(keys))
            message = watch.boarding(message)
            number = self._queue.launch(actor.id, message, keys)
            watch.sent(now, actor, number, Sent(message, size_of(message), to))
        if watch.hash is not None:
            watch.hash.sent(now, actor.index, number, message)

    # -- links that differ -----------------------------------------------------------------------------------

    def _over_rough_links(
        self, now: int, actor: Actor, route: Route, message: Any, drawn: list[tuple[int, int]]
    ) -> list[int]:
        """The key of each arrival where links are not smooth; -1 for a receiver that it cannot reach."""
        leaves = now
        if self._broker_down:
            if not all(fault.backlog for fault in self._broker_down):
                for _, receiver in drawn:
                    self._gone("lost", now, actor, message, receiver)
                return [-1] * len(drawn)
            leaves = max(fault.at_ns + fault.for_ns for fault in self._broker_down)
        keys = []
        size = 0
        for word, receiver in drawn:
            target = receiver >> ACTOR_SHIFT & ACTOR_MASK
            hop = route.hops[target]
            if hop is None:
                self._gone("cut", now, actor, message, receiver)
                keys.append(-1)
                continue
            start = leaves
            if hop.byte_ps:
                size = size or size_of(message)
                start = self._through(leaves, actor.index, target, size * hop.byte_ps // 1000)
            time = start + hop.extra_ns + _travel(hop, word)
            keys.append(time << TIME_SHIFT | (word & TIE_MASK) << TIE_SHIFT | receiver)
        return keys

    def _through(self, now: int, source: int, target: int, busy_ns: int) -> int:
        """When a message that keeps the link busy for ``busy_ns`` is through, behind those that wait for it."""
        begun = max(now, self._free.get((source, target), 0))
        done = self._free[source, target] = begun + busy_ns
        return done

    # -- fates -----------------------------------------------------------------------------------------------

    def _befall(  # noqa: PLR0913, PLR0917 (what is sent, to whom, with which draws)
        self,
        now: int,
        actor: Actor,
        way: Way,
        message: Any,
        keys: list[int],
        receivers: Receivers,
        words: Sequence[int],
    ) -> None:
        """Let what was drawn befall the arrivals in ``keys``: -1 for one that is lost, one more for a second copy."""
        garbled: list[int] = []
        end, route = actor.drawn, way.route
        first = end - len(receivers)
        for fate, strikes in zip(route.fates, way.strikes, strict=True):
            for position, luck in strikes.within(first, end) if end > strikes.clear else ():
                place = position - first
                key, receiver = keys[place], receivers[place]
                target = receiver >> ACTOR_SHIFT & ACTOR_MASK
                if key < 0 or luck >= fate.below[target]:
                    continue
                hop = route.hops[target]
                assert hop is not None, "nothing befalls what is cut off"  # noqa: S101
                if fate.name == "loss":
                    keys[place] = -1
                    self._gone("lost", now, actor, message, receiver)
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
        way.look_ahead()
        if garbled:
            garbled.sort(reverse=True)
            self._launch(now, actor, Garbled(size_of(message)), garbled)

    def _gone(self, fate: str, now: int, actor: Actor, message: Any, receiver: int) -> None:
        self._counts[fate] += 1
        self._watch.lost(now, fate, self._ids[receiver >> ACTOR_SHIFT & ACTOR_MASK], actor.id, message)


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
