"""Queries: clients' reads of the state, linearizable and without a transaction.

A query goes to the core, which says from which height on the answer holds (:class:`consensus.vocabulary.Readable`);
once that height is executed here, the answer is what the state says *then*, signed. What may be asked for is what a
contract declares readable (:class:`node.contracts.fields.Readers`): personal data is read by a transaction that shows a
live voucher and leaves a record, never by asking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from consensus.vocabulary import SECOND, Effects, Readable, Reply
from network.requests import Answer, AnswerCode, Busy, BusyReason, Query, answer_bytes
from node.chain_state import ChainState
from node.contracts.runtime import may_read
from node.ledger.state_tree import encode_record
from node.membership import Directory, Registry

QUERIES_MAX = 4096
"""All clients' together."""

PATIENCE_NS = 2 * SECOND
"""A core that has no answer by then will have none: the message that asked another node may be lost."""


class _Waiting(msgspec.Struct):
    """``height``: from where it may be answered; None until the core says so."""

    query: Query
    since: int
    height: int | None = None


class Queries:
    """Every query that waits here, by the context under which the core knows it."""

    def __init__(
        self, directory: Directory, chain: ChainState, sign: Callable[[bytes], bytes], *, client_max: int
    ) -> None:
        self._directory = directory
        self._chain = chain
        self._sign = sign
        self._client_max = client_max
        self._waiting: dict[int, _Waiting] = {}
        self._contexts: dict[tuple[str, int], int] = {}
        self._of_client: Counter[str] = Counter()
        self._last_context = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def ask(self, now: int, query: Query) -> tuple[int | None, Effects]:
        """Take a query in: the context to have it read under, or None and what to say instead.

        A question that waits already is not put twice: the first one's answer serves both.
        """
        registry = Registry(self._directory.founding, self._chain.tree.get)
        if registry.certificate_at(query.client, self._chain.height + 1) is None:
            return None, []  # a stranger, or one whose key was revoked or has expired
        if not may_read(query.namespace, query.key, query.client, registry.role(query.client) or ""):
            return None, [self._answer(query, AnswerCode.NOT_PUBLIC, None)]
        if (query.client, query.number) in self._contexts:
            return None, []
        if self._of_client[query.client] >= self._client_max or len(self._waiting) >= QUERIES_MAX:
            return None, [Reply(query.client, Busy(query.client, (query.number,), BusyReason.QUERIES))]
        self._last_context += 1
        context = self._last_context
        self._waiting[context] = _Waiting(query, now)
        self._contexts[query.client, query.number] = context
        self._of_client[query.client] += 1
        return context, []

    def refuse(self, context: int) -> Effects:
        """Nobody can say here and now from which height on it may be answered."""
        query = self._forget(context).query
        return [self._answer(query, AnswerCode.UNAVAILABLE, None)]

    def readable(self, readable: Readable) -> Effects:
        """The core has spoken; an answer that waits for a height comes from :meth:`executed`."""
        waiting = self._waiting.get(readable.context)
        if waiting is None:
            return []  # refused before, or of a former life
        if readable.height is None:
            return self.refuse(readable.context)
        waiting.height = readable.height
        return self._serve(readable.context, waiting)

    def executed(self) -> Effects:
        """The chain grew: answer what waited for that."""
        effects: Effects = []
        for context, waiting in list(self._waiting.items()):
            effects += self._serve(context, waiting)
        return effects

    def expire(self, now: int) -> Effects:
        """Give up on what has waited too long; its client asks again, or someone else."""
        late = [context for context, waiting in self._waiting.items() if waiting.since + PATIENCE_NS <= now]
        return [effect for context in late for effect in self.refuse(context)]

    def _serve(self, context: int, waiting: _Waiting) -> Effects:
        if waiting.height is None or waiting.height > self._chain.height:
            return []
        query = self._forget(context).query
        record = self._chain.tree.get(query.namespace, query.key)
        return [self._answer(query, AnswerCode.OK, None if record is None else encode_record(record))]

    def _forget(self, context: int) -> _Waiting:
        waiting = self._waiting.pop(context)
        query = waiting.query
        del self._contexts[query.client, query.number]
        self._of_client[query.client] -= 1
        if not self._of_client[query.client]:
            del self._of_client[query.client]
        return waiting

    def _answer(self, query: Query, code: AnswerCode, value: bytes | None) -> Reply:
        height = self._chain.height
        signature = self._sign(answer_bytes(self._directory.network, query, code, height, value))
        answer = Answer(query.client, query.number, code, height, value, signature)
        return Reply(query.client, answer)
