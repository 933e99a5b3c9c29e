"""The conductor: every client of a run as one pure state machine that replays the workload.

It submits each step to its client's home node once the step's time has come and what it waits for is acknowledged;
after a silence it asks further nodes, always with the same transaction. "Acknowledged" means enough equal signed
receipts: one where nodes may crash, f + 1 where they may lie. A node that is busy, or does not pass on, says so: then
the client waits, or goes to whom it was sent. What a step needs of its client's own node is settled before
(:mod:`scenarios.runner.errands`). Reads go the way of :mod:`scenarios.runner.inquiries`. Both worlds run this same
object.
"""

from __future__ import annotations

import heapq
from hashlib import sha256
from typing import Any

import msgspec

from consensus.protocols import Crypto
from consensus.vocabulary import MILLISECOND, SECOND, Effects, NodeId, Send, SetTimer, Trace
from network.custody import Custody
from network.requests import (
    TRANSACTIONS_PER_MESSAGE,
    Answer,
    Busy,
    Query,
    Receipt,
    ReceiptEntry,
    Redirect,
    Submit,
    receipt_bytes,
)
from node.contracts.runtime import OK
from node.membership import Directory
from scenarios.runner.electors import Electors
from scenarios.runner.errands import Errands
from scenarios.runner.inquiries import Answered, Inquiries
from scenarios.runner.workload import Step, Workload

_RELEASE_TIMER = "conductor.release"
_RETRY_TIMER = "conductor.retry"


_Batches = dict[tuple[NodeId, str], list[bytes]]
"""What to submit, by (node, client)."""


class ConductorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``outstanding_max`` bounds what is submitted and not acknowledged; retries back off to ``retry_max_ns``."""

    outstanding_max: int = 2000
    retry_ns: int = 1500 * MILLISECOND
    retry_max_ns: int = 6 * SECOND
    check_ns: int = 250 * MILLISECOND


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """A step that is done, as its client may believe it. Times are run time in nanoseconds.

    Of a read, ``output`` is the record as a map of plain values (None: there is none), as of ``height``.
    """

    step: Step
    position: int
    code: str
    output: Any
    height: int
    receipt: str  # hash of what was signed, hex
    called_ns: int
    returned_ns: int


class _Outstanding(msgspec.Struct):
    position: int
    called_ns: int
    due_ns: int
    wait_ns: int
    attempts: int = 0
    redirected: int = -1  # the attempt in which a redirection was followed
    put_off: int = -1  # the attempt after which a busy node was given time


class Conductor:
    """Replays ``workload``. Whose receipts count, and how many equal ones it takes, ``electors`` say for each height.

    So they do for the answers to a read. What is done is told as a Trace: "acknowledged", or "answered".
    """

    def __init__(
        self,
        *,
        workload: Workload,
        directory: Directory,
        crypto: Crypto,
        electors: Electors,
        options: ConductorOptions | None = None,
    ) -> None:
        self._steps = workload.steps
        self._directory = directory
        self._crypto = crypto
        self._electors = electors
        self._height = 0  # the highest of an acknowledged step
        self._options = options or ConductorOptions()
        self._positions = {(s.client, s.number): index for index, s in enumerate(self._steps) if s.query is None}
        self._dependents, self._missing = self._graph()
        self._ready = [(step.at_ns, index) for index, step in enumerate(self._steps) if not self._missing[index]]
        heapq.heapify(self._ready)
        self._outstanding: dict[tuple[str, int], _Outstanding] = {}
        self._votes: dict[tuple[str, int], dict[NodeId, bytes]] = {}  # what each node said last, by its hash
        self._leader: NodeId | None = None  # where a redirection last sent us
        self._inquiries = Inquiries(
            directory=directory,
            crypto=crypto,
            electors=electors,
            retry_ns=self._options.retry_ns,
            retry_max_ns=self._options.retry_max_ns,
        )
        self._errands = Errands(
            directory=directory,
            crypto=crypto,
            retry_ns=self._options.check_ns,
            retry_max_ns=self._options.retry_max_ns,
        )
        self._done = 0
        self._began_ns = 0

    @property
    def done(self) -> bool:
        """Is every step acknowledged?"""
        return self._done == len(self._steps)

    @property
    def progress(self) -> tuple[int, int]:
        return self._done, len(self._steps)

    def unacknowledged(self) -> list[tuple[Step, int]]:
        """Steps submitted whose fate the clients do not know, with the time of their first submission."""
        return [(self._steps[o.position], o.called_ns) for o in (*self._outstanding.values(), *self._inquiries)]

    def start(self, now: int) -> Effects:
        self._began_ns = now
        return [*self._release(now), SetTimer(_RETRY_TIMER, self._options.check_ns)]

    def timer(self, now: int, name: str) -> Effects:
        if name == _RELEASE_TIMER:
            return self._release(now)
        return [] if self.done else [*self._retry(now), SetTimer(_RETRY_TIMER, self._options.check_ns)]

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        """A word from node ``sender``; what it says falsely, or unasked, counts for nothing."""
        match message:
            case Receipt() if sender in self._electors.at(message.height):
                effects = self._heard_receipt(now, sender, message)
            case Answer():
                effects = self._heard_answer(now, sender, message)
            case Custody():
                return self._heard_custody(now, sender, message)
            case Busy():
                return self._heard_busy(now, message)
            case Redirect():
                return self._heard_redirect(now, sender, message)
            case _:
                return []
        return effects + (self._release(now) if effects else [])

    def _heard_receipt(self, now: int, sender: NodeId, message: Receipt) -> Effects:
        open_entries = {e.number: e for e in message.entries if (message.client, e.number) in self._outstanding}
        if not open_entries:
            return []
        data = receipt_bytes(self._directory.network, message.client, message.height, message.block, message.entries)
        if not self._crypto.verify(sender, data, message.signature):
            return [Trace("refused", ("a receipt whose signature does not verify", sender))]
        digest = sha256(data).digest()
        effects: Effects = []
        for entry in open_entries.values():
            effects += self._count(now, sender, message, entry, digest)
        return effects

    def _heard_answer(self, now: int, sender: NodeId, message: Answer) -> Effects:
        found = self._inquiries.heard(now, sender, message)
        if not isinstance(found, Answered):
            return [] if found is None else [found]
        try:
            output = None if found.value is None else msgspec.msgpack.decode(found.value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            output = None  # enough nodes to be believed agree on bytes that are no record
        position, called_ns = found.inquiry.position, found.inquiry.called_ns
        return [self._finish(now, "answered", position, called_ns, found.code, output, found.height, found.digest)]

    def _heard_custody(self, now: int, sender: NodeId, message: Custody) -> Effects:
        """An errand is settled: the step that waited for it may go."""
        found = self._errands.heard(sender, message)
        if found is None or isinstance(found, Trace):
            return [] if found is None else [found]
        heapq.heappush(self._ready, (self._steps[found].at_ns, found))
        return self._release(now)

    def _heard_busy(self, now: int, message: Busy) -> Effects:
        """Advice, which anyone may give: once for each attempt it puts the next one off, and nothing more."""
        for number in message.numbers:
            outstanding = self._outstanding.get((message.client, number))
            if outstanding is not None and outstanding.put_off < outstanding.attempts:
                outstanding.put_off = outstanding.attempts
                outstanding.due_ns = max(outstanding.due_ns, now + outstanding.wait_ns)
        return []

    def _heard_redirect(self, now: int, sender: NodeId, message: Redirect) -> Effects:
        """Go where we were sent, once for each attempt; without anywhere to go, the next attempt is soon."""
        leader = message.leader
        batches: _Batches = {}
        for number in message.numbers:
            outstanding = self._outstanding.get((message.client, number))
            if outstanding is None:
                continue
            if leader not in self._electors.latest or leader == sender:
                outstanding.due_ns = min(outstanding.due_ns, now + self._options.retry_ns // 4)
            elif outstanding.redirected < outstanding.attempts:
                self._leader, outstanding.redirected = leader, outstanding.attempts
                step = self._steps[outstanding.position]
                batches.setdefault((leader, step.client), []).append(step.raw)
        return self._submit(batches)

    def _count(self, now: int, sender: NodeId, receipt: Receipt, entry: ReceiptEntry, digest: bytes) -> Effects:
        claim = (receipt.client, entry.number)
        step = self._steps[self._positions[claim]]
        if entry.transaction != step.transaction_id:
            return []
        votes = self._votes.setdefault(claim, {})
        votes[sender] = digest
        electors = self._electors.at(receipt.height)
        equal = sum(vote == digest for node, vote in votes.items() if node in electors)
        if equal < self._electors.receipts_needed(receipt.height):
            return []
        try:
            output = msgspec.msgpack.decode(entry.output)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return [Trace("refused", ("a receipt whose output does not decode", sender))]
        outstanding = self._outstanding.pop(claim)
        del self._votes[claim]
        self._height = max(self._height, receipt.height)
        if entry.code == OK:
            self._electors.executed(step.raw, receipt.height)
        position, called_ns = outstanding.position, outstanding.called_ns
        return [
            self._finish(now, "acknowledged", position, called_ns, entry.code, output, receipt.height, digest),
        ]

    def _finish(  # noqa: PLR0913, PLR0917 - what is told of a step
        self, now: int, kind: str, position: int, called_ns: int, code: str, output: Any, height: int, digest: bytes
    ) -> Trace:
        self._done += 1
        self._unlock(position, now)
        acknowledged = Acknowledged(
            step=self._steps[position],
            position=position,
            code=str(code),
            output=output,
            height=height,
            receipt=digest.hex(),
            called_ns=called_ns - self._began_ns,
            returned_ns=now - self._began_ns,
        )
        return Trace(kind, (acknowledged,))

    def _graph(self) -> tuple[dict[int, list[int]], list[int]]:
        by_id = {step.id: index for index, step in enumerate(self._steps)}
        dependents: dict[int, list[int]] = {}
        missing = [0] * len(self._steps)
        for index, step in enumerate(self._steps):
            for earlier in step.after:
                dependents.setdefault(by_id[earlier], []).append(index)
                missing[index] += 1
        return dependents, missing

    def _unlock(self, position: int, now: int) -> None:
        for dependent in self._dependents.get(position, ()):
            self._missing[dependent] -= 1
            if not self._missing[dependent]:
                step = self._steps[dependent]
                thought = now - self._began_ns + step.think_ns if step.think_ns else 0
                heapq.heappush(self._ready, (max(step.at_ns, thought), dependent))

    def _release(self, now: int) -> Effects:
        """Submit what is due, one message per client; ask what is due."""
        batches: _Batches = {}
        asked: Effects = []
        room = self._options.outstanding_max - len(self._outstanding) - len(self._inquiries) - len(self._errands)
        while self._ready and room > 0 and self._ready[0][0] <= now - self._began_ns:
            _, index = heapq.heappop(self._ready)
            step = self._steps[index]
            room -= 1
            if step.query is not None:
                asked += self._inquiries.ask(now, index, Query(step.client, step.number, *step.query))
                continue
            errands = self._errands.begin(now, index, step)
            if errands is not None:
                asked += errands
                continue
            wait = self._options.retry_ns
            self._outstanding[step.client, step.number] = _Outstanding(
                position=index, called_ns=now, due_ns=now + wait, wait_ns=wait
            )
            batches.setdefault((self._first(step), step.client), []).append(step.raw)
        effects = [*self._submit(batches), *asked]
        if self._ready and room > 0:
            effects.append(SetTimer(_RELEASE_TIMER, self._ready[0][0] - (now - self._began_ns)))
        return effects

    def _retry(self, now: int) -> Effects:
        batches: _Batches = {}
        for outstanding in self._outstanding.values():
            if outstanding.due_ns > now:
                continue
            step = self._steps[outstanding.position]
            outstanding.attempts += 1
            self._leader = None  # who does not answer may no longer lead
            outstanding.wait_ns = min(outstanding.wait_ns * 2, self._options.retry_max_ns)
            outstanding.due_ns = now + outstanding.wait_ns
            for node in self._targets(step, outstanding.attempts):
                batches.setdefault((node, step.client), []).append(step.raw)
        return [*self._submit(batches), *self._inquiries.retry(now), *self._errands.retry(now)]

    def _first(self, step: Step) -> NodeId:
        """Whom to ask first: its home, or whoever led when a home last sent us on."""
        return self._home(step) if self._leader is None else self._leader

    def _home(self, step: Step) -> NodeId:
        """Whom the chain certifies has no home before it does."""
        client = self._directory.client(step.client)
        return client.home if client is not None else self._electors.latest[0]

    def _targets(self, step: Step, attempt: int) -> list[NodeId]:
        """The home node and, one after the other, as many voters as it takes to reach a correct one."""
        home = self._home(step)
        electors = self._electors
        others = [voter for voter in electors.latest if voter != home]
        count = min(electors.receipts_needed(self._height), len(others))
        first = attempt * count
        return [home, *(others[(first + i) % len(others)] for i in range(count))] if others else [home]

    @staticmethod
    def _submit(batches: _Batches) -> Effects:
        return [
            Send(node, Submit(client, tuple(raws[start : start + TRANSACTIONS_PER_MESSAGE])))
            for (node, client), raws in batches.items()
            for start in range(0, len(raws), TRANSACTIONS_PER_MESSAGE)
        ]
