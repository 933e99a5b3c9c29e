"""Faults on a node's links, injected at its own end of the bus, so that they work over any broker.

Each process holds one :class:`LinkFaults` and puts it between itself and the bus::

    faults = LinkFaults(me="insurer-1", seed=7)
    bus = MqttBus(url, ..., on_message=faults.receiving(handle))
    publish = faults.sending(bus.publish)

A broadcast is one publication for many receivers, so each receiver judges what arrives: loss, delay, doubling and
cuts all take effect there. A cut also stops what this node addresses to the peer alone, and isolation stops all it
sends. A partition is therefore two cuts: each side cuts off the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Annotated

import msgspec

from network.bus.interface import OnMessage
from network.topics import Topic, TopicError, parse_topic

PPM = 1_000_000
DELAYED_MAX = 10_000
_PEERS_MAX = 4096  # senders' names are not verified here: beyond so many, they share one sequence of draws

Publish = Callable[[str, bytes], bool]
_Ppm = Annotated[int, msgspec.Meta(ge=0, le=PPM)]


class LinkRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to frames on a link: ratios in parts per million, times in nanoseconds."""

    loss_ppm: _Ppm = 0
    duplicate_ppm: _Ppm = 0
    delay_ns: Annotated[int, msgspec.Meta(ge=0)] = 0
    jitter_ns: Annotated[int, msgspec.Meta(ge=0)] = 0  # up to so much more, drawn for each copy


class LinkCounters(msgspec.Struct):
    """What the faults did."""

    passed: int = 0
    cut_in: int = 0
    cut_out: int = 0
    lost: int = 0
    duplicated: int = 0
    delayed: int = 0
    overflowed: int = 0  # lost because DELAYED_MAX frames were under way


_NO_FAULT = LinkRule()


class LinkFaults:
    """The state of one node's links; every part of it may change at any time.

    Which frames a rule hits is drawn from (seed, me, peer, how many came from that peer): the same frames for the
    same traffic, and independent of what happens on other links.
    """

    def __init__(self, me: str, seed: int = 0) -> None:
        self.me = me
        self.seed = seed
        self.isolated = False  # cut off from everybody, in both directions
        self.counters = LinkCounters()
        self._cut: frozenset[str] = frozenset()
        self._every = _NO_FAULT
        self._rules: dict[str, LinkRule] = {}
        self._arrivals: dict[str, int] = {}
        self._delayed: dict[int, asyncio.TimerHandle] = {}
        self._delayed_ever = 0

    @property
    def cut(self) -> frozenset[str]:
        """The peers that are cut off."""
        return self._cut

    def partition(self, peers: Iterable[str]) -> None:
        """Cut off exactly ``peers``; none heals every cut."""
        self._cut = frozenset(peers)

    def set_rule(self, rule: LinkRule, peer: str | None = None) -> None:
        """Put ``rule`` on the link from ``peer``, or on every link that has no rule of its own."""
        if peer is None:
            self._every = rule
        else:
            self._rules[peer] = rule

    def heal(self) -> None:
        """No cuts, no rules; what is under way still arrives."""
        self.isolated = False
        self._cut = frozenset()
        self._every = _NO_FAULT
        self._rules.clear()

    def close(self) -> None:
        """Forget what is under way."""
        for handle in self._delayed.values():
            handle.cancel()
        self._delayed.clear()

    def receiving(self, handle: OnMessage) -> OnMessage:
        """``handle`` behind the faults of the incoming links."""

        def receive(topic: str, payload: bytes) -> None:
            parts = _parse(topic)
            if parts is None:
                handle(topic, payload)  # no topic of ours: for the handler to refuse
                return
            for delay_ns in self.judge(parts.sender):
                self._hand_over(handle, topic, payload, delay_ns)

        return receive

    def sending(self, publish: Publish) -> Publish:
        """``publish`` behind the cuts. What a cut swallows counts as sent: nobody is told of a torn cable."""

        def send(topic: str, payload: bytes) -> bool:
            parts = _parse(topic)
            if self.isolated or (parts is not None and parts.receiver in self._cut):
                self.counters.cut_out += 1
                return True
            return publish(topic, payload)

        return send

    def judge(self, peer: str) -> tuple[int, ...]:
        """The delays, in nanoseconds, of the copies in which the next frame from ``peer`` arrives; none is loss."""
        if self.isolated or peer in self._cut:
            self.counters.cut_in += 1
            return ()
        rule = self._rules.get(peer, self._every)
        if rule is _NO_FAULT or peer == self.me:
            self.counters.passed += 1
            return (0,)
        loss, duplicate, first, second = self._draw(peer)
        if loss % PPM < rule.loss_ppm:
            self.counters.lost += 1
            return ()
        self.counters.passed += 1
        delays = [rule.delay_ns + first % (rule.jitter_ns + 1)]
        if duplicate % PPM < rule.duplicate_ppm:
            self.counters.duplicated += 1
            delays.append(rule.delay_ns + second % (rule.jitter_ns + 1))
        return tuple(delays)

    def _draw(self, peer: str) -> tuple[int, int, int, int]:
        """Four numbers of 64 bits for the next frame from ``peer``."""
        if peer not in self._arrivals and len(self._arrivals) >= _PEERS_MAX:
            peer = ""
        count = self._arrivals.get(peer, 0)
        self._arrivals[peer] = count + 1
        digest = blake2b(f"{self.seed}/{self.me}/{peer}/{count}".encode(), digest_size=32).digest()
        a, b, c, d = (int.from_bytes(digest[at : at + 8], "big") for at in (0, 8, 16, 24))
        return a, b, c, d

    def _hand_over(self, handle: OnMessage, topic: str, payload: bytes, delay_ns: int) -> None:
        if delay_ns == 0:
            handle(topic, payload)
            return
        if len(self._delayed) >= DELAYED_MAX:
            self.counters.overflowed += 1
            return
        self.counters.delayed += 1
        self._delayed_ever += 1
        ticket = self._delayed_ever

        def arrive() -> None:
            del self._delayed[ticket]
            handle(topic, payload)

        self._delayed[ticket] = asyncio.get_running_loop().call_later(delay_ns / 1e9, arrive)


def _parse(topic: str) -> Topic | None:
    try:
        return parse_topic(topic)
    except TopicError:
        return None
