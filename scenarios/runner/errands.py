"""Errands: what a wallet settles with its own organisation's node before a step may be submitted.

A payload of a collection is with a node before a transaction commits to it, and a purge is done at a node before its
wallet attests it on the chain. The node's signed word settles an errand; until it comes the wallet asks again, since a
message may be lost and a purge may take a while.
"""

from __future__ import annotations

import msgspec

from consensus.protocols import Crypto
from consensus.vocabulary import Effects, NodeId, Send, Trace
from network.custody import Custody, Deposit, State, custody_bytes
from node.membership import Directory
from scenarios.runner.workload import Errand, Step

_Key = tuple[str, str, int, State]
"""(client, record, version, what its node is to say)."""


class _Waiting(msgspec.Struct):
    position: int
    errand: Errand
    due_ns: int
    wait_ns: int


class Errands:
    """Every errand under way."""

    def __init__(self, *, directory: Directory, crypto: Crypto, retry_ns: int, retry_max_ns: int) -> None:
        self._directory = directory
        self._crypto = crypto
        self._retry_ns = retry_ns
        self._retry_max_ns = retry_max_ns
        self._open: dict[_Key, _Waiting] = {}
        self._left: dict[int, int] = {}  # errands not settled, by position
        self._settled: set[int] = set()  # only ever looked up

    def __len__(self) -> int:
        """Steps that wait."""
        return len(self._left)

    def begin(self, now: int, position: int, step: Step) -> Effects | None:
        """Set out for ``step``; None where nothing is left to settle."""
        if not step.before or position in self._settled:
            return None
        self._left[position] = len(step.before)
        effects: Effects = []
        for errand in step.before:
            waiting = _Waiting(position, errand, now + self._retry_ns, self._retry_ns)
            self._open[_key(errand)] = waiting
            effects.append(self._send(errand))
        return effects

    def retry(self, now: int) -> Effects:
        """Ask again what waited long enough; each time after twice as long."""
        effects: Effects = []
        for waiting in self._open.values():
            if waiting.due_ns <= now:
                waiting.wait_ns = min(waiting.wait_ns * 2, self._retry_max_ns)
                waiting.due_ns = now + waiting.wait_ns
                effects.append(self._send(waiting.errand))
        return effects

    def heard(self, sender: NodeId, word: Custody) -> int | Trace | None:
        """A node's word: the position of the step that nothing holds up any more; or why it counts for nothing."""
        waiting = self._open.get((word.client, word.record, word.version, word.state))
        if waiting is None or sender != self._home(word.client):
            return None
        data = custody_bytes(self._directory.network, word.client, word.record, word.version, word.state)
        if not self._crypto.verify(sender, data, word.signature):
            return Trace("refused", ("a word on custody whose signature does not verify", sender))
        del self._open[_key(waiting.errand)]
        self._left[waiting.position] -= 1
        if self._left[waiting.position]:
            return None
        del self._left[waiting.position]
        self._settled.add(waiting.position)
        return waiting.position

    def _send(self, errand: Errand) -> Send:
        return Send(self._home(errand.client), errand)

    def _home(self, name: str) -> NodeId:
        client = self._directory.client(name)
        assert client is not None, f"the workload names an unknown client {name}"  # noqa: S101
        return client.home


def _key(errand: Errand) -> _Key:
    state = State.KEPT if isinstance(errand, Deposit) else State.ERASED
    return errand.client, errand.record, errand.version, state
