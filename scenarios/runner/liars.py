"""Nodes that lie while a fault says so: ``byzantine`` in a scenario.

A liar has one replica all along, with the node's own key and disk; while one of its faults is on, what it says and
hears is bent as :mod:`scenarios.adversary.byzantine` bends it. The oracles believe none of it, before and after too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from consensus.pbft.options import options_of
from consensus.properties import Observer
from consensus.protocols import Crypto
from consensus.vocabulary import Effects, NodeId
from network.virtual.draws import Stream
from network.virtual.machine import Machine
from node.replica import Replica
from scenarios.adversary.byzantine import LIES, Accountability
from scenarios.adversary.byzantine.node import RELEASE, LyingNode, Voice
from scenarios.language.findings import arithmetic
from scenarios.runner.plan import Plan


class _Lie(msgspec.Struct, frozen=True):
    behaviours: tuple[str, ...]
    until_ns: int | None


class Liars:
    """Who lies how, and until when; outlives the restarts of nodes."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lies: dict[NodeId, list[_Lie]] = {}
        self._watch = Accountability(frozenset(plan.scenario.liars))

    def begin(self, now: int, node: NodeId, behaviours: tuple[str, ...], for_ns: int | None) -> None:
        """From ``now`` on ``node`` lies in these ways too."""
        until_ns = None if for_ns is None else now + for_ns
        self._lies.setdefault(node, []).append(_Lie(behaviours, until_ns))

    def behaviours(self, now: int, node: NodeId) -> tuple[str, ...]:
        """How ``node`` lies at this moment, each way once."""
        lies = (lie for lie in self._lies.get(node, ()) if lie.until_ns is None or now < lie.until_ns)
        return tuple(dict.fromkeys(name for lie in lies for name in lie.behaviours))

    def cast(
        self, replica: Replica, node: NodeId, incarnation: int, crypto: Crypto, voters: tuple[NodeId, ...]
    ) -> Machine:
        """The machine of ``node``: its replica, in the hands of a liar if the scenario has it lie at some time."""
        if node not in self._plan.scenario.liars:
            return replica
        voice = Voice(node, voters, crypto, Stream(f"{self._plan.seed}/liar/{node}/{incarnation}"), 0)
        hold_ns = options_of(self._plan.protocol_options).view_change_timeout_ns * 9 // 10
        return Turncoat(replica, voice, hold_ns, lambda now: self.behaviours(now, node))

    def observers(self, oracles: tuple[Observer, ...]) -> tuple[Observer, ...]:
        """``oracles``, or where too many lie the only promise that is left."""
        return (self._watch,) if self._too_many else oracles

    @property
    def accountability(self) -> str | None:
        """What came of more liars than are tolerated; None where there are not so many."""
        if not self._too_many:
            return None
        names = ", ".join(self._plan.node_names[node] for node in self._plan.scenario.liars)
        asked = f"more than f = {arithmetic(self._plan.scenario).f} lied, so nothing else is asked"
        if not self._watch.disagreements:
            return f"no height fell apart although {names} lied; {asked}"
        return f"a height fell apart, and whoever signed for both sides is one of {names}; {asked}"

    @property
    def forked(self) -> int | None:
        """How many heights fell apart, where more lied than are tolerated."""
        return self._watch.disagreements if self._too_many else None

    @property
    def _too_many(self) -> bool:
        scenario = self._plan.scenario
        return sum(node in scenario.voters for node in scenario.liars) > arithmetic(scenario).f


class Turncoat:
    """A machine that is ``replica`` when it has nothing to hide, and a liar around it when it has."""

    def __init__(
        self, replica: Replica, voice: Voice, hold_ns: int, behaviours: Callable[[int], tuple[str, ...]]
    ) -> None:
        self.replica = replica
        self._voice = voice
        self._hold_ns = hold_ns
        self._behaviours = behaviours

    def start(self, now: int) -> Effects:
        return self._face(now).start(now)

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        return self._face(now).receive(now, sender, message)

    def timer(self, now: int, name: str) -> Effects:
        return self._face(now, held=name == RELEASE).timer(now, name)

    def _face(self, now: int, *, held: bool = False) -> Machine:
        """``held``: what was held back is let go, whether it still lies or not."""
        names = self._behaviours(now)
        if not names and not held:
            return self.replica
        lies = tuple(LIES[name] for name in names)
        self._voice.hold_ns = self._hold_ns if any(lie.holds for lie in lies) else 0
        return LyingNode(self.replica, self._voice, lies)
