"""The leakage meter: which node ever held which field, in the clear, as ciphertext or as a hash.

In the virtual world it follows every payload where it goes (:class:`Taint`): into each message as it is handed to a
node, into each record as it becomes durable. With processes nobody sees that, so the stores are searched once the
nodes have stopped, and the bus is overheard while they run. Both look for the same marks
(:mod:`scenarios.runner.marks`) and must come to the same matrix.

What a node could open counts as held in the clear only where it did open it: its vault and its safe say so. Wallets
are people's and organisations' own devices, beside the network, and no places here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from consensus.properties import Observer
from consensus.vocabulary import Broadcast, Image, NodeId, Put, Record, Reply, Send
from network.topics import TopicError, parse_topic, wallet_address
from node.custody import Safekept, Stage
from node.privacy import mode_of
from scenarios.results.leakage import BUS, Holding, Leakage, Row, Talk
from scenarios.roles import Shared
from scenarios.runner.marks import OVERLAP_BYTES, Mark, Marks
from scenarios.runner.plan import Plan

_LEVELS = {holding: level for level, holding in enumerate(Holding)}
_encode = msgspec.msgpack.Encoder().encode

EVERYONE = "all"
LATELY_MAX = 256
"""Messages that are looked at once for all who get them; they stay alive as long as their marks are remembered."""


class Meter:
    """Gathers what was seen where: on the way (``saw``), and at rest once the run is over (``look``, ``found``)."""

    longest = OVERLAP_BYTES

    def __init__(self, plan: Plan) -> None:
        self.marks = Marks(plan.workload, plan.keyring)
        self._places = (*plan.node_names, BUS)
        self._held: dict[str, dict[int, Holding]] = {place: {} for place in self._places}
        self._left: dict[str, set[int]] = {place: set() for place in self._places}  # fields still there in the clear
        self._messages: Counter[tuple[str, str]] = Counter()
        self._bytes: Counter[tuple[str, str]] = Counter()

    def saw(self, place: str, marks: Iterable[Mark]) -> None:
        """These marks showed at ``place``; what is no place of the matrix is passed over."""
        held = self._held.get(place)
        if held is None:
            return
        for number, holding in marks:
            if _LEVELS[holding] > _LEVELS[held.get(number, Holding.NOTHING)]:
                held[number] = holding

    def found(self, place: str, marks: tuple[Mark, ...]) -> None:
        """These marks lie at ``place`` at the end."""
        self.saw(place, marks)
        self._left.setdefault(place, set()).update(number for number, holding in marks if holding is Holding.PLAIN)

    def look(self, place: str, blob: bytes, where: str) -> None:  # noqa: ARG002 - the shape of a searcher
        """These bytes lie at ``place`` at the end."""
        self.found(place, self.marks.in_bytes(blob))

    def heard(self, sender: str, receiver: str, size: int) -> None:
        """A message of ``size`` bytes went over the bus."""
        self._messages[sender, receiver] += 1
        self._bytes[sender, receiver] += size

    def overheard(self, topic: str, payload: bytes) -> None:
        """A frame went over the bus."""
        self.saw(BUS, self.marks.in_bytes(payload))
        try:
            parts = parse_topic(topic)
        except TopicError:
            return
        self.heard(parts.sender, parts.receiver or EVERYONE, len(payload))

    def matrix(self, safes: Mapping[str, Mapping[Any, Safekept]]) -> Leakage:
        """The result. ``safes``: what each node kept of collections, by the node's name."""
        rows = [
            Row(
                record=shared.envelope.record,
                step=shared.step,
                data_class=shared.data_class,
                mode=mode_of(shared.envelope),
                path=path,
                cells={place: self._cell(place, number, shared, safes.get(place, {})) for place in self._places},
            )
            for number, (shared, path) in enumerate(self.marks.fields)
        ]
        talk = [
            Talk(sender=sender, receiver=receiver, messages=count, bytes=self._bytes[sender, receiver])
            for (sender, receiver), count in sorted(self._messages.items())
        ]
        return Leakage(places=self._places, rows=rows, talk=talk)

    def _cell(self, place: str, number: int, shared: Shared, safe: Mapping[Any, Safekept]) -> Holding:
        kept = safe.get(f"{shared.envelope.record}/{shared.envelope.version}")
        if kept is not None and kept.stage in {Stage.ERASED, Stage.LAPSED} and number not in self._left[place]:
            return Holding.PURGED
        return self._held[place].get(number, Holding.NOTHING)


def meter_for(plan: Plan) -> Meter | None:
    """A meter where anything is shared; otherwise there is nothing to follow."""
    return Meter(plan) if plan.workload.shared else None


class Taint(Observer):
    """Follows payloads through the virtual world."""

    def __init__(self, meter: Meter, names: tuple[str, ...]) -> None:
        self._meter = meter
        self._names = names
        self._lately: dict[int, tuple[Any, tuple[Mark, ...]]] = {}

    def _marks(self, message: Any) -> tuple[Mark, ...]:
        """What shows in a message, which this world hands to everybody as one object."""
        known = self._lately.get(id(message))
        if known is None:
            if len(self._lately) >= LATELY_MAX:
                self._lately.clear()
            known = self._lately[id(message)] = (message, self._meter.marks.within(message))
        return known[1]

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:  # noqa: ARG002
        if node < len(self._names):
            self._meter.saw(self._names[node], self._marks(message))

    def on_durable(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...], durable: Image) -> None:  # noqa: ARG002
        if node < len(self._names):
            for record in records:
                if isinstance(record, Put):
                    self._meter.saw(self._names[node], self._meter.marks.within(record.value))

    def on_leave(
        self,
        now: int,  # noqa: ARG002
        node: NodeId,
        incarnation: int,  # noqa: ARG002
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        self._meter.saw(BUS, self._marks(effect.message))
        size = len(_encode(effect.message))
        sender = self._name(node, effect.message)
        for receiver in self._receivers(effect):
            self._meter.heard(sender, receiver, size)

    def _name(self, actor: NodeId, message: Any) -> str:
        """Who speaks or hears: a node, or the wallet that a client's message names."""
        return self._names[actor] if actor < len(self._names) else wallet_address(message.client)

    def _receivers(self, effect: Send | Broadcast | Reply) -> tuple[str, ...]:
        match effect:
            case Send(to, message):
                return (self._name(to, message),)
            case Reply(client, _):
                return (wallet_address(client),)
            case Broadcast(message, _, to) if to is not None:
                return tuple(self._name(node, message) for node in to)
            case _:
                return (EVERYONE,)
