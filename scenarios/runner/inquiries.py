"""Inquiries: a client's reads of the state, without a transaction.

A client asks voters, and believes what enough of them answer equally: one where nodes may crash, a quorum where they
may lie (:attr:`consensus.protocols.ProtocolEntry.read_replies`; ``PbftCore.read`` says why it takes that many). While
blocks are being executed answers may differ, so it asks again until they agree. A read that is never answered took no
effect and stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import msgspec

from consensus.protocols import Crypto
from consensus.vocabulary import Effects, NodeId, Send, Trace
from network.requests import Answer, AnswerCode, Query, answer_bytes
from node.membership import Directory
from scenarios.runner.electors import Electors

_Said = tuple[AnswerCode, bytes | None]


class Inquiry(msgspec.Struct):
    """A read under way. ``said``: what each voter answered last, and of which height."""

    position: int
    query: Query
    called_ns: int
    due_ns: int
    wait_ns: int
    attempts: int = 0
    said: dict[NodeId, tuple[_Said, int]] = {}


class Answered(msgspec.Struct, frozen=True):
    """What a client may believe. ``value``: the record's bytes, None where there is none."""

    inquiry: Inquiry
    code: AnswerCode
    value: bytes | None
    height: int
    digest: bytes


class Inquiries:
    """Every read under way. ``electors`` say whose answers count, and how many equal ones each takes."""

    def __init__(
        self,
        *,
        directory: Directory,
        crypto: Crypto,
        electors: Electors,
        retry_ns: int,
        retry_max_ns: int,
    ) -> None:
        self._directory = directory
        self._crypto = crypto
        self._electors = electors
        self._retry_ns = retry_ns
        self._retry_max_ns = retry_max_ns
        self._open: dict[tuple[str, int], Inquiry] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Inquiry]:
        return iter(self._open.values())

    def ask(self, now: int, position: int, query: Query) -> Effects:
        """Begin a read; a client's numbers are its own, one for each."""
        wait = self._retry_ns
        inquiry = Inquiry(position=position, query=query, called_ns=now, due_ns=now + wait, wait_ns=wait)
        self._open[query.client, query.number] = inquiry
        return self._send(inquiry)

    def retry(self, now: int) -> Effects:
        """Ask again what waited long enough; each time after twice as long."""
        effects: Effects = []
        for inquiry in self._open.values():
            if inquiry.due_ns <= now:
                inquiry.attempts += 1
                inquiry.wait_ns = min(inquiry.wait_ns * 2, self._retry_max_ns)
                inquiry.due_ns = now + inquiry.wait_ns
                effects += self._send(inquiry)
        return effects

    def heard(self, now: int, sender: NodeId, answer: Answer) -> Answered | Trace | None:
        """An answer came: what it completes, or why it counts for nothing; None where it settles nothing yet."""
        inquiry = self._open.get((answer.client, answer.number))
        if inquiry is None or sender not in self._electors.latest:
            return None
        data = answer_bytes(self._directory.network, inquiry.query, answer.code, answer.height, answer.value)
        if not self._crypto.verify(sender, data, answer.signature):
            return Trace("refused", ("an answer whose signature does not verify", sender))
        if answer.code is AnswerCode.UNAVAILABLE:
            inquiry.due_ns = min(inquiry.due_ns, now + self._retry_ns // 4)
            return None
        said = (answer.code, answer.value)
        inquiry.said[sender] = (said, answer.height)
        equal = [height for other, height in inquiry.said.values() if other == said]
        if len(equal) < self._electors.answers_needed:
            return None
        del self._open[answer.client, answer.number]
        return Answered(inquiry, answer.code, answer.value, max(equal), sha256(data).digest())

    def _send(self, inquiry: Inquiry) -> Effects:
        return [Send(node, inquiry.query) for node in self._targets(inquiry)]

    def _targets(self, inquiry: Inquiry) -> tuple[NodeId, ...]:
        """All voters where several must agree; else the home node, or one voter after the other."""
        voters = self._electors.latest
        if self._electors.answers_needed > 1:
            return voters
        client = self._directory.client(inquiry.query.client)
        home = client.home if client is not None else voters[0]
        order = (home, *(voter for voter in voters if voter != home)) if home in voters else voters
        return (order[inquiry.attempts % len(order)],)
