"""The post: takes a message out of a node and says when it arrives where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from consensus.vocabulary import Audience, Broadcast, NodeId, Send
from network.virtual.actors import Actor, Outward
from network.virtual.distributions import TABLE_SHIFT
from network.virtual.draws import happens, mixed
from network.virtual.evidence import TraceHook
from network.virtual.faults import Lasting
from network.virtual.links import Links
from network.virtual.queue import ACTOR_MASK, BAND_ORDINARY, TIE_MASK, TIE_SHIFT, TIME_SHIFT
from network.virtual.routes import routes

_LOSS, _DUPLICATE, _SECOND = 0x10551055, 0x2D0B1E2D, 0x5EC0D000  # salts: what one word is mixed with

Receivers = tuple[int, ...]
"""Indices of actors, each with the ordinary band set, so that they need only be or-ed into a key."""


class Post:
    """All links of a world as they are now. Actors are numbered by index here: nodes first, then the clients."""

    def __init__(self, links: Links, ids: Sequence[NodeId], counts: Counter[str], trace: TraceHook | None) -> None:
        self._links = links
        self._ids = tuple(ids)
        self._places: dict[NodeId, Receivers] = {id_: (i | BAND_ORDINARY,) for i, id_ in enumerate(ids)}
        self._counts = counts
        self._trace = trace
        self._routes = routes(links, ids, ())

    def disturb(self, active: Iterable[Lasting]) -> None:
        """Lay the active faults over the links, in place of those that were there."""
        self._routes = routes(self._links, self._ids, active)

    def receivers(self, actor: Actor, effect: Outward, clients: NodeId | None) -> Receivers:
        """Whom ``effect`` goes to: nobody where a reply has no clients' actor to go to."""
        if type(effect) is Broadcast:
            if effect.to is not None:
                return tuple(receiver for node in effect.to for receiver in self._places[node])
            return actor.audiences[effect.audience]
        if type(effect) is Send:
            return self._places[effect.to]
        return () if clients is None else self._places[clients]

    def arrivals(self, now: int, actor: Actor, message: Any, receivers: Receivers) -> list[int]:
        """The keys of the arrivals of ``message``, sorted: none where everything is lost."""
        words = actor.draws.take(len(receivers))
        table = self._routes[actor.index].table
        if table is None:
            keys = self._disturbed(now, actor, message, zip(words, receivers, strict=True))
        else:
            keys = [
                now + table[word >> TABLE_SHIFT] << TIME_SHIFT | (word & TIE_MASK) << TIE_SHIFT | receiver
                for word, receiver in zip(words, receivers, strict=True)
            ]
        keys.sort()
        return keys

    def _disturbed(self, now: int, actor: Actor, message: Any, drawn: Iterable[tuple[int, int]]) -> list[int]:
        """The arrival keys where links differ or faults are about."""
        keys = []
        hops = self._routes[actor.index].hops
        for word, receiver in drawn:
            hop = hops[receiver & ACTOR_MASK]
            fate = "cut" if hop is None else "lost" if happens(word, _LOSS, hop.loss_ppm) else ""
            if hop is None or fate:
                self._counts[fate] += 1
                if self._trace is not None:
                    self._trace(now, fate, self._ids[receiver & ACTOR_MASK], actor.id, message)
                continue
            copies = [word]
            if happens(word, _DUPLICATE, hop.duplicate_ppm):
                self._counts["duplicated"] += 1
                copies.append(mixed(word, _SECOND))
            for copy in copies:
                time = now + hop.extra_ns + hop.latency[copy >> TABLE_SHIFT]
                keys.append(time << TIME_SHIFT | (copy & TIE_MASK) << TIE_SHIFT | receiver)
        return keys


def audiences(index: int, nodes: int, voters: Sequence[NodeId]) -> dict[Audience, Receivers]:
    """Whom a broadcast of actor ``index`` reaches."""
    return {
        Audience.VOTERS: tuple(node | BAND_ORDINARY for node in sorted(voters) if node != index),
        Audience.NODES: tuple(node | BAND_ORDINARY for node in range(nodes) if node != index),
    }
