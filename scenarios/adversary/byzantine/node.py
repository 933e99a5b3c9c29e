"""The liar: a machine around a machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from consensus.chain import Block
from consensus.pbft.messages import PrePrepare
from consensus.protocols import Crypto
from consensus.vocabulary import Broadcast, Effect, Effects, NodeId, Reply, Send, SetTimer, Trace
from network.gossip import Decided
from network.virtual.draws import Stream
from network.virtual.machine import Machine

Outward = Send | Broadcast | Reply

RELEASE = "liar.release"
"""The timer with which a liar lets go of what it held back."""

LIE = "byzantine."
"""What a liar tells of itself, with its behaviour's name, each time it strikes; nobody but observers hears it."""

MEMORY = 64


class Voice:
    """What a behaviour may use: who it is, its own key, draws, and what it said before. ``hold_ns``: see "delay"."""

    def __init__(self, me: NodeId, voters: tuple[NodeId, ...], crypto: Crypto, draws: Stream, hold_ns: int) -> None:
        self.me = me
        self.voters = voters
        self.others = tuple(voter for voter in voters if voter != me)
        self.crypto = crypto
        self.draws = draws
        self.hold_ns = hold_ns
        self.said: deque[Any] = deque(maxlen=MEMORY)
        self.held: deque[tuple[int, Outward]] = deque()
        self.block: Block | None = None
        """The last block that it said or heard, after which it forges others."""
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

    def note(self, message: Any) -> None:
        """Remember the block that ``message`` carries."""
        if type(message) is PrePrepare:
            self.block = message.block
        elif type(message) is Decided:
            self.block = message.blocks[-1][0]


Speaks = Callable[[Voice, Outward], list[Outward]]
"""What becomes of an outward effect: itself (the very object, where it is left alone), others, several, or nothing."""

Hears = Callable[[Voice, NodeId, Any], bool]
"""Does the node listen to this message?"""


def as_ever(voice: Voice, effect: Outward) -> list[Outward]:  # noqa: ARG001 - a behaviour
    """Says what the machine says."""
    return [effect]


def listens(voice: Voice, sender: NodeId, message: Any) -> bool:  # noqa: ARG001 - a behaviour
    """Hears everything."""
    return True


class Behaviour(msgspec.Struct, frozen=True):
    """How a behaviour bends speaking and hearing. ``holds``: it says everything just under the timeout late."""

    name: str
    speaks: Speaks = as_ever
    hears: Hears = listens
    holds: bool = False


class LyingNode:
    """Bends what ``machine`` says by each of ``behaviours`` in turn, and ignores what one of them refuses to hear."""

    def __init__(self, machine: Machine, voice: Voice, behaviours: tuple[Behaviour, ...]) -> None:
        self.machine = machine
        self._voice = voice
        self._behaviours = behaviours
        self._speaking = tuple(one for one in behaviours if one.speaks is not as_ever)
        self._hearing = tuple(one for one in behaviours if one.hears is not listens)

    def start(self, now: int) -> Effects:
        return self._bent(now, self.machine.start(now))

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        for behaviour in self._hearing:
            if not behaviour.hears(self._voice, sender, message):
                return [Trace(LIE + behaviour.name, ())]
        self._voice.note(message)
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
        struck: list[Effect] = []
        for behaviour in self._speaking:
            bent = [other for one in told for other in behaviour.speaks(self._voice, one)]
            if len(bent) != len(told) or any(one is not other for one, other in zip(bent, told, strict=True)):
                struck.append(Trace(LIE + behaviour.name, ()))
            told = bent
        for one in told:
            self._voice.said.append(one.message)
            self._voice.note(one.message)
        if not self._voice.hold_ns or not told:
            return [*struck, *told]
        due = now + self._voice.hold_ns
        waits = bool(self._voice.held)
        self._voice.held.extend((due, one) for one in told)
        struck.append(Trace(LIE + "delay", ()))
        return struck if waits else [*struck, SetTimer(RELEASE, self._voice.hold_ns)]

    def _released(self, now: int) -> Effects:
        held = self._voice.held
        out: Effects = []
        while held and held[0][0] <= now:
            out.append(held.popleft()[1])
        if held:
            out.append(SetTimer(RELEASE, held[0][0] - now))
        return out
