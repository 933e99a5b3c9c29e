"""The liar: a machine around a machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from consensus.protocols import Crypto
from consensus.vocabulary import Broadcast, Effect, Effects, NodeId, Reply, Send, SetTimer
from network.virtual.draws import Stream
from network.virtual.machine import Machine

Outward = Send | Broadcast | Reply

RELEASE = "liar.release"
"""The timer with which a liar lets go of what it held back."""

MEMORY = 64


class Voice:
    """What a behaviour may use: who it is, its own key, draws, and what it said before. ``hold_ns``: see "delay"."""

    def __init__(self, me: NodeId, voters: tuple[NodeId, ...], crypto: Crypto, draws: Stream, hold_ns: int) -> None:
        self.me = me
        self.others = tuple(voter for voter in voters if voter != me)
        self.crypto = crypto
        self.draws = draws
        self.hold_ns = hold_ns
        self.said: deque[Any] = deque(maxlen=MEMORY)
        self.held: deque[tuple[int, Outward]] = deque()
        half = max(1, len(self.others) // 2)
        start = draws.below(len(self.others)) if self.others else 0
        turned = (*self.others[start:], *self.others[:start])
        self.some = tuple(sorted(turned[:half]))
        """Those that it treats differently from the rest."""

    def receivers(self, effect: Send | Broadcast) -> tuple[NodeId, ...]:
        """To whom ``effect`` goes."""
        if isinstance(effect, Send):
            return (effect.to,)
        return self.others if effect.to is None else effect.to

    def split(self, effect: Send | Broadcast, lie: Any) -> list[Outward]:
        """The truth to some of the receivers, ``lie`` to the rest."""
        receivers = self.receivers(effect)
        believed = tuple(node for node in receivers if node in self.some)
        deceived = tuple(node for node in receivers if node not in self.some)
        told: list[Outward] = []
        if believed:
            told.append(Broadcast(effect.message, to=believed))
        if deceived:
            told.append(Broadcast(lie, to=deceived))
        return told


Speaks = Callable[[Voice, Outward], list[Outward]]
"""What becomes of an outward effect: the same, others, several, or nothing."""

Hears = Callable[[Voice, NodeId, Any], bool]
"""Does the node listen to this message?"""


class LyingNode:
    """Bends what ``machine`` says by each of ``speaks`` in turn, and ignores what one of ``hears`` refuses."""

    def __init__(self, machine: Machine, voice: Voice, speaks: tuple[Speaks, ...], hears: tuple[Hears, ...]) -> None:
        self.machine = machine
        self._voice = voice
        self._speaks = speaks
        self._hears = hears

    def start(self, now: int) -> Effects:
        return self._bent(now, self.machine.start(now))

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        if not all(hears(self._voice, sender, message) for hears in self._hears):
            return []
        return self._bent(now, self.machine.receive(now, sender, message))

    def timer(self, now: int, name: str) -> Effects:
        if name == RELEASE:
            return self._released(now)
        return self._bent(now, self.machine.timer(now, name))

    def _bent(self, now: int, effects: Effects) -> Effects:
        bent: Effects = []
        for effect in effects:
            if isinstance(effect, Send | Broadcast | Reply):
                bent += self._outward(now, effect)
            else:
                bent.append(effect)
        return bent

    def _outward(self, now: int, effect: Outward) -> list[Effect]:
        told: list[Outward] = [effect]
        for speaks in self._speaks:
            told = [bent for one in told for bent in speaks(self._voice, one)]
        self._voice.said.extend(one.message for one in told)
        if not self._voice.hold_ns:
            return list(told)
        due = now + self._voice.hold_ns
        waits = bool(self._voice.held)
        self._voice.held.extend((due, one) for one in told)
        return [] if waits or not told else [SetTimer(RELEASE, self._voice.hold_ns)]

    def _released(self, now: int) -> Effects:
        held = self._voice.held
        out: Effects = []
        while held and held[0][0] <= now:
            out.append(held.popleft()[1])
        if held:
            out.append(SetTimer(RELEASE, held[0][0] - now))
        return out
